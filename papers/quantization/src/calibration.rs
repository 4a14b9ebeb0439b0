//! Which range a grid covers: calibration.
//!
//! Covering all values wastes integers on outliers; clipping trades their error for a finer grid.

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::error::check_finite;
use crate::uniform::{Grid, Layout};

/// How the range is chosen from values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "method")]
pub enum Calibration {
    /// From the least to the largest value.
    MinMax,
    /// Between percentiles, interpolated linearly: of |r| at `upper` for symmetric grids, else at 100 − `upper` and `upper`. In per cent, above 50.
    Percentile {
        /// The upper percentile.
        upper: f64,
    },
    /// The clipping value i max|r|/1000, i = 1 … 1000, of least mean squared error. Asymmetric grids clip both ends to the same share of their distance from 0.
    MeanSquaredError,
    /// The clipping value whose quantised histogram has the least Kullback–Leibler divergence from the full one, as in TensorRT: 2048 bins of |r|, thresholds from 128 bins on.
    Entropy,
    /// The distance from the centre (0, of asymmetric grids the mean) that is best for a normal distribution of the values' spread around it (ACIQ).
    AnalyticGauss,
    /// That for a Laplace distribution of the values' mean distance from the centre (ACIQ).
    AnalyticLaplace,
}

impl Calibration {
    /// The grid of b bits for values.
    ///
    /// # Errors
    /// Values that are missing or not finite; bits or a percentile out of range.
    pub fn grid(self, layout: Layout, bits: u32, values: &[f64]) -> Result<Grid, Error> {
        check_finite(values.iter().copied(), "the values to calibrate on")?;
        if values.is_empty() {
            return Err(Error::Empty("the tensor".into()));
        }
        let (least, largest) = self.range(layout, bits, values)?;
        Grid::covering(layout, bits, least, largest)
    }

    /// The range for values, which are finite and not empty.
    fn range(self, layout: Layout, bits: u32, values: &[f64]) -> Result<(f64, f64), Error> {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let magnitude = largest.abs().max(least.abs());
        // Never backward, also where all values lie beyond the clip.
        let clipped = |clip: f64| match layout {
            Layout::Asymmetric => (least.clamp(-clip, clip), largest.clamp(-clip, clip)),
            _ => (-clip, clip),
        };
        // A symmetric grid is centred at 0, an asymmetric one at the mean.
        let center = match layout {
            Layout::Asymmetric => values.iter().sum::<f64>() / values.len() as f64,
            _ => 0.0,
        };
        let around = |reach: f64| match layout {
            Layout::Asymmetric => (least.max(center - reach), largest.min(center + reach)),
            _ => (-reach, reach),
        };
        Ok(match self {
            Self::MinMax => (least, largest),
            Self::Percentile { upper } => {
                if !(upper > 50.0 && upper <= 100.0) {
                    return Err(Error::Setting {
                        name: "the percentile",
                        value: upper,
                        range: "above 50, at most 100",
                    });
                }
                let at = |mut values: Vec<f64>, percent: f64| {
                    values.sort_by(f64::total_cmp);
                    numerics::bootstrap::quantile(&values, percent / 100.0)
                };
                match layout {
                    Layout::Asymmetric => (at(values.to_vec(), 100.0 - upper), at(values.to_vec(), upper)),
                    _ => {
                        let clip = at(values.iter().map(|value| value.abs()).collect(), upper);
                        (-clip, clip)
                    }
                }
            }
            Self::MeanSquaredError => {
                let mut best = (f64::INFINITY, (least, largest));
                for step in 1..=1000 {
                    let share = f64::from(step) / 1000.0;
                    let range = match layout {
                        Layout::Asymmetric => (least.min(0.0) * share, largest.max(0.0) * share),
                        _ => (-magnitude * share, magnitude * share),
                    };
                    let error = Grid::covering(layout, bits, range.0, range.1)?.mean_squared_error(values);
                    if error < best.0 {
                        best = (error, range);
                    }
                }
                best.1
            }
            Self::Entropy => clipped(entropy_threshold(values, magnitude, bits)),
            Self::AnalyticGauss => {
                let square =
                    values.iter().map(|value| (value - center).powi(2)).sum::<f64>() / values.len() as f64;
                around(analytic_clip_gauss(bits) * square.sqrt())
            }
            Self::AnalyticLaplace => {
                let size =
                    values.iter().map(|value| (value - center).abs()).sum::<f64>() / values.len() as f64;
                around(analytic_clip_laplace(bits) * size)
            }
        })
    }
}

/// α/b of a Laplace distribution of scale b: the solution of e^(−x) = x/(3·4^bits) (Banner and others 2019).
pub fn analytic_clip_laplace(bits: u32) -> f64 {
    // x e^x = 3·4^bits: Newton on x + ln x = ln(3·4^bits).
    let target = 3f64.ln() + f64::from(bits) * 4f64.ln();
    let mut x = target.max(1.0);
    for _ in 0..50 {
        x -= (x + x.ln() - target) / (1.0 + 1.0 / x);
    }
    x
}

/// α/σ of a normal distribution: the least of 2[(1 + a²)Φ(−a) − a φ(a)] + a²/(3·4^bits).
pub fn analytic_clip_gauss(bits: u32) -> f64 {
    // The derivative is 4[a Φ(−a) − φ(a)] + 2a/(3·4^bits), which grows: bisection.
    let slope = |a: f64| {
        let density = (-0.5 * a * a).exp() / (2.0 * std::f64::consts::PI).sqrt();
        4.0 * (a * upper_tail(a) - density) + 2.0 * a / (3.0 * 4f64.powi(bits as i32))
    };
    let (mut low, mut high) = (0.0, 20.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if slope(middle) < 0.0 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Φ(−a) for a ≥ 0, by the continued fraction of Mills' ratio where a is large and the series of Φ where it is small.
fn upper_tail(a: f64) -> f64 {
    let density = (-0.5 * a * a).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if a < 4.0 {
        let (mut term, mut sum) = (a, a);
        let mut odd = 1.0;
        while term.abs() > 1e-18 {
            odd += 2.0;
            term *= a * a / odd;
            sum += term;
        }
        return 0.5 - density * sum;
    }
    let mut fraction = a;
    for k in (1..200).rev() {
        fraction = a + f64::from(k) / fraction;
    }
    density / fraction
}

/// TensorRT's choice among histogram thresholds.
fn entropy_threshold(values: &[f64], magnitude: f64, bits: u32) -> f64 {
    const BINS: usize = 2048;
    let levels = 1usize << (bits - 1).max(1);
    if magnitude == 0.0 {
        return 0.0;
    }
    let mut histogram = vec![0.0; BINS];
    for value in values {
        let bin = (value.abs() / magnitude * BINS as f64) as usize;
        histogram[bin.min(BINS - 1)] += 1.0;
    }
    let mut best = (f64::INFINITY, BINS);
    for threshold in levels.clamp(128, BINS)..=BINS {
        // What lies beyond the threshold is clipped into the last bin.
        let mut reference = histogram[..threshold].to_vec();
        reference[threshold - 1] += histogram[threshold..].iter().sum::<f64>();
        let mut quantised = vec![0.0; threshold];
        for level in 0..levels {
            let (from, to) = (level * threshold / levels, (level + 1) * threshold / levels);
            let occupied = histogram[from..to].iter().filter(|count| **count > 0.0).count();
            let mean = histogram[from..to].iter().sum::<f64>() / occupied.max(1) as f64;
            for bin in (from..to).filter(|bin| histogram[*bin] > 0.0) {
                quantised[bin] = mean;
            }
        }
        let divergence = divergence(&reference, &quantised);
        if divergence < best.0 {
            best = (divergence, threshold);
        }
    }
    (best.1 as f64 + 0.5) / BINS as f64 * magnitude
}

/// KL(p ‖ q) of unnormalised histograms; infinite where q is 0 and p is not.
fn divergence(p: &[f64], q: &[f64]) -> f64 {
    let (of_p, of_q) = (p.iter().sum::<f64>(), q.iter().sum::<f64>());
    let terms = p.iter().zip(q).filter(|(p, _)| **p > 0.0).map(|(p, q)| {
        let (p, q) = (p / of_p, q / of_q);
        if q > 0.0 { p * (p / q).ln() } else { f64::INFINITY }
    });
    terms.sum()
}

/// A range that follows batches of activations: exponentially weighted means of their ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MovingRange {
    momentum: f64,
    range: Option<(f64, f64)>,
}

impl MovingRange {
    /// With the weight that the past keeps, from 0 to below 1; 0.99 is usual.
    ///
    /// # Errors
    /// A momentum out of range.
    pub fn new(momentum: f64) -> Result<Self, Error> {
        match (0.0..1.0).contains(&momentum) {
            true => Ok(Self { momentum, range: None }),
            false => {
                Err(Error::Setting { name: "the momentum", value: momentum, range: "from 0 to below 1" })
            }
        }
    }

    /// Sees a batch.
    ///
    /// # Errors
    /// Values that are not finite. An empty batch changes nothing.
    pub fn observe(&mut self, values: &[f64]) -> Result<(), Error> {
        check_finite(values.iter().copied(), "a batch")?;
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if least <= largest {
            let mix = |old: f64, new: f64| self.momentum * old + (1.0 - self.momentum) * new;
            let mixed = |(low, high): (f64, f64)| (mix(low, least), mix(high, largest));
            self.range = Some(self.range.map_or((least, largest), mixed));
        }
        Ok(())
    }

    /// The range so far; `None` before the first batch.
    pub fn range(&self) -> Option<(f64, f64)> {
        self.range
    }
}
