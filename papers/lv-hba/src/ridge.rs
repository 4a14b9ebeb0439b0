//! One ridge weight on validation rows: all stationary points.
//!
//! Lower: |Xw − y|²/2 + eᵗ|w|²/2; upper: |X_v w − y_v|²/2. With XᵀX = VΛVᵀ, c = VᵀXᵀy and G = VᵀX_vᵀX_vV the upper loss at w(t) = V c/(Λ + eᵗ) and its derivative cost O(d²).

use ndarray::{Array1, Array2};
use numerics::symmetric::eigen;

/// The range of t.
pub const RANGE: (f64, f64) = (-12.0, 12.0);

/// A decomposed problem.
#[derive(Clone, Debug)]
pub struct Ridge {
    values: Array1<f64>,
    projected: Array1<f64>,
    gram: Array2<f64>,
    cross: Array1<f64>,
    constant: f64,
}

/// A stationary point of the upper loss in t, or an end of the range where it falls outwards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stationary {
    /// t.
    pub log_weight: f64,
    /// The upper loss.
    pub loss: f64,
    /// Whether it is a minimum.
    pub minimum: bool,
    /// Whether it is an end of the range.
    pub on_bound: bool,
}

impl Ridge {
    /// Rows with targets for training and validation. `None` for shapes that differ, no rows, or numbers that are not finite.
    pub fn new(train: (&Array2<f64>, &Array1<f64>), valid: (&Array2<f64>, &Array1<f64>)) -> Option<Self> {
        let fits = |(x, y): (&Array2<f64>, &Array1<f64>)| {
            x.nrows() == y.len() && x.nrows() > 0 && y.iter().all(|y| y.is_finite())
        };
        if !fits(train)
            || !fits(valid)
            || train.0.ncols() != valid.0.ncols()
            || valid.0.iter().any(|a| !a.is_finite())
        {
            return None;
        }
        let (values, vectors) = eigen(train.0.t().dot(train.0).view())?;
        let turned = valid.0.dot(&vectors);
        Some(Self {
            values: Array1::from(values).mapv(|v| v.max(0.0)),
            projected: vectors.t().dot(&train.0.t().dot(train.1)),
            gram: turned.t().dot(&turned),
            cross: turned.t().dot(valid.1),
            constant: valid.1.dot(valid.1),
        })
    }

    /// The upper loss at t and its derivative.
    pub fn at(&self, log_weight: f64) -> (f64, f64) {
        let weight = log_weight.exp();
        let inverse = self.values.mapv(|v| 1.0 / (v + weight));
        let turned = &self.projected * &inverse;
        let residual = self.gram.dot(&turned) - &self.cross;
        let loss = (turned.dot(&(self.gram.dot(&turned) - &self.cross * 2.0)) + self.constant) / 2.0;
        let slope = -(&turned * &inverse * weight).dot(&residual);
        (loss, slope)
    }

    /// All of them in rising order, none of a loss that does not depend on t, from a grid of 4,801 places, refined to the last bits by bisection on the derivative; ends of [`RANGE`] are listed where they are minima.
    pub fn stationary(&self) -> Vec<Stationary> {
        let place = |k: usize| RANGE.0 + (RANGE.1 - RANGE.0) * k as f64 / 4_800.0;
        // Slopes at the rounding of the loss are none.
        let noise = 1e-13 * (self.constant + self.at(RANGE.1).0 + self.at(RANGE.0).0);
        let slopes: Vec<f64> = (0..=4_800)
            .map(|k| self.at(place(k)).1)
            .map(|slope| if slope.abs() <= noise { 0.0 } else { slope })
            .collect();
        let mut found = Vec::new();
        let mut end = |log_weight: f64, minimum: bool| {
            if minimum {
                found.push(Stationary { log_weight, loss: self.at(log_weight).0, minimum, on_bound: true });
            }
        };
        end(RANGE.0, slopes[0] > 0.0);
        end(RANGE.1, slopes[4_800] < 0.0);
        for k in 0..4_800 {
            if slopes[k] * slopes[k + 1] < 0.0 {
                let (mut low, mut high) = (place(k), place(k + 1));
                for _ in 0..60 {
                    let middle = f64::midpoint(low, high);
                    if self.at(middle).1.signum() == slopes[k].signum() {
                        low = middle
                    } else {
                        high = middle
                    }
                }
                let log_weight = f64::midpoint(low, high);
                found.push(Stationary {
                    log_weight,
                    loss: self.at(log_weight).0,
                    minimum: slopes[k] < 0.0,
                    on_bound: false,
                });
            }
        }
        found.sort_by(|a, b| a.log_weight.total_cmp(&b.log_weight));
        found
    }

    /// The best of the minima.
    pub fn best(&self) -> Option<Stationary> {
        self.stationary().into_iter().filter(|point| point.minimum).min_by(|a, b| a.loss.total_cmp(&b.loss))
    }
}
