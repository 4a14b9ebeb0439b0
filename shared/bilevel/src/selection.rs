//! Choosing hyperparameters on validation data: a weight of the ridge for each feature.
//!
//! ```text
//! g(x, w) = mean over training rows of ℓ(wᵀa, b) + ½ Σ exp(x_j) w_j²,      f(x, w) = mean over validation rows of ℓ(wᵀa, b)
//! ```
//!
//! with ℓ(z, b) = (z − b)²/2 or ln(1 + exp(−bz)), b = ±1; no intercept. The lower level is strongly convex: its solution and the hypergradient are exact up to rounding. With squared losses rounding is that of sums of
//! squares: a validation loss below 10⁻¹⁵ of the mean square of the targets is noise.

use ndarray::{Array1, Array2, ArrayView1, Axis};
use numerics::cholesky::Cholesky;
use numerics::symmetric::eigen;

use crate::levels::{Bilevel, Known, Lower, Products, SecondOrder, Upper};
use crate::oracle::{Part, Sampled};
use crate::sets::ConvexSet;

/// The loss of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// (z − b)²/2.
    Squared,
    /// ln(1 + exp(−bz)), b = ±1.
    Logistic,
}

impl Loss {
    /// ℓ(z, b).
    pub fn value(self, z: f64, b: f64) -> f64 {
        match self {
            Self::Squared => 0.5 * (z - b) * (z - b),
            // ln(1 + e^(−m)) for either sign of the margin.
            Self::Logistic => (-(b * z).abs()).exp().ln_1p() + (-b * z).max(0.0),
        }
    }

    /// ∂ℓ/∂z.
    pub fn slope(self, z: f64, b: f64) -> f64 {
        match self {
            Self::Squared => z - b,
            Self::Logistic => -b / (1.0 + (b * z).exp()),
        }
    }

    /// ∂²ℓ/∂z².
    pub fn curvature(self, z: f64, b: f64) -> f64 {
        match self {
            Self::Squared => 1.0,
            Self::Logistic => {
                let p = 1.0 / (1.0 + (b * z).exp());
                p * (1.0 - p)
            }
        }
    }
}

/// Rows a with their targets b.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// One row each.
    pub features: Array2<f64>,
    /// As many targets.
    pub targets: Array1<f64>,
}

impl Rows {
    fn mean(&self, loss: Loss, w: &[f64]) -> f64 {
        let z = self.features.dot(&ArrayView1::from(w));
        z.iter().zip(&self.targets).map(|(z, b)| loss.value(*z, *b)).sum::<f64>() / self.targets.len() as f64
    }

    /// One pass over the rows.
    fn mean_slope(&self, loss: Loss, w: &[f64]) -> Array1<f64> {
        let (mut slope, n) = (vec![0.0; w.len()], self.targets.len() as f64);
        for (row, b) in self.features.rows().into_iter().zip(&self.targets) {
            let z: f64 = row.dot(&ArrayView1::from(w));
            let weight = loss.slope(z, *b) / n;
            slope.iter_mut().zip(row).for_each(|(slope, a)| *slope += weight * a);
        }
        Array1::from(slope)
    }

    fn mean_curvature(&self, loss: Loss, w: &[f64]) -> Array2<f64> {
        let z = self.features.dot(&ArrayView1::from(w));
        let n = self.targets.len() as f64;
        let roots: Array1<f64> =
            z.iter().zip(&self.targets).map(|(z, b)| (loss.curvature(*z, *b) / n).sqrt()).collect();
        let scaled = &self.features * &roots.insert_axis(Axis(1));
        scaled.t().dot(&scaled)
    }
}

/// The problem.
#[derive(Clone, Debug)]
pub struct Selection {
    loss: Loss,
    train: Rows,
    valid: Rows,
    bounds: ConvexSet,
    /// For squared losses: XᵀX/n, Xᵀb/n and |b|²/n of training and validation rows, after which the rows are not read again.
    moments: Option<[Moments; 2]>,
}

#[derive(Clone, Debug)]
struct Moments {
    squares: Array2<f64>,
    products: Array1<f64>,
    targets: f64,
}

/// Why there is nothing to select.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SelectionError {
    /// Tables do not fit.
    #[error("{0}")]
    Shape(String),
    /// A label that is not −1 or 1.
    #[error("labels must be -1 and 1: found {0}")]
    Label(f64),
    /// All targets are the same.
    #[error("all {0} targets are {1}: there is nothing to learn")]
    Constant(&'static str, f64),
}

/// An exact value with its derivative.
#[derive(Clone, Debug, PartialEq)]
pub struct Selected {
    /// ψ(x).
    pub value: f64,
    /// ∇ψ(x).
    pub gradient: Vec<f64>,
    /// The lower level's solution.
    pub weights: Vec<f64>,
}

impl Selection {
    /// x is kept in [−12, 12] in each coordinate, so that no weight overflows.
    ///
    /// # Errors
    /// Tables that do not fit or are empty, labels that are not ±1, targets that are all the same.
    pub fn new(loss: Loss, train: Rows, valid: Rows) -> Result<Self, SelectionError> {
        for (name, rows) in [("training", &train), ("validation", &valid)] {
            if rows.features.nrows() != rows.targets.len() || rows.features.is_empty() {
                let (n, q) = rows.features.dim();
                return Err(SelectionError::Shape(format!(
                    "{n} × {q} {name} rows with {} targets",
                    rows.targets.len()
                )));
            }
            let first = rows.targets[0];
            if rows.targets.iter().all(|b| *b == first) {
                return Err(SelectionError::Constant(
                    if name == "training" { "training" } else { "validation" },
                    first,
                ));
            }
            if loss == Loss::Logistic
                && let Some(label) = rows.targets.iter().find(|b| b.abs() != 1.0)
            {
                return Err(SelectionError::Label(*label));
            }
        }
        if train.features.ncols() != valid.features.ncols() {
            let (q, other) = (train.features.ncols(), valid.features.ncols());
            return Err(SelectionError::Shape(format!("{q} training and {other} validation features")));
        }
        let moments = |rows: &Rows| {
            let n = rows.targets.len() as f64;
            Moments {
                squares: rows.features.t().dot(&rows.features) / n,
                products: rows.features.t().dot(&rows.targets) / n,
                targets: rows.targets.dot(&rows.targets) / n,
            }
        };
        let moments = (loss == Loss::Squared).then(|| [moments(&train), moments(&valid)]);
        Ok(Self { loss, train, valid, bounds: ConvexSet::Box { low: -12.0, high: 12.0 }, moments })
    }

    /// Training and validation rows.
    pub fn rows(&self) -> (&Rows, &Rows) {
        (&self.train, &self.valid)
    }

    /// An upper bound of the curvature of f + g in w at x, wherever w is (logistic curvature is largest at 0), with three to spare for weights that grow.
    pub fn curvature_bound(&self, x: &[f64]) -> f64 {
        let zero = vec![0.0; x.len()];
        let largest =
            |matrix: Array2<f64>| eigen(matrix.view()).and_then(|(values, _)| values.last().copied());
        largest(self.lower_yy(x, &zero)).unwrap_or(f64::NAN)
            + largest(self.upper_yy(x, &zero)).unwrap_or(f64::NAN)
            + 3.0
    }

    fn mean(&self, which: usize, w: &[f64]) -> f64 {
        match &self.moments {
            Some(moments) => {
                let Moments { squares, products, targets } = &moments[which];
                let w = ArrayView1::from(w);
                0.5 * (w.dot(&squares.dot(&w)) - 2.0 * w.dot(products) + targets)
            }
            None => if which == 0 { &self.train } else { &self.valid }.mean(self.loss, w),
        }
    }

    fn mean_slope(&self, which: usize, w: &[f64]) -> Array1<f64> {
        match &self.moments {
            Some(moments) => moments[which].squares.dot(&ArrayView1::from(w)) - &moments[which].products,
            None => if which == 0 { &self.train } else { &self.valid }.mean_slope(self.loss, w),
        }
    }

    /// ψ and ∇ψ to rounding, from `start` (ignored for squared losses).
    ///
    /// Squared losses take one factorisation, q³/3 + O(q²). Logistic ones take Newton's method with a factor that is kept while steps shrink fast, since a step costs 4 n q and a factor n q² + q³/3: two or three
    /// factors from a start nearby. `None` if x is not finite or a factorisation fails.
    pub fn exact(&self, x: &[f64], start: &[f64]) -> Option<Selected> {
        let ridge: Array1<f64> = x.iter().map(|x| x.exp()).collect();
        let (w, factor) = if let Some([train, _]) = &self.moments {
            let mut matrix = train.squares.clone();
            matrix.diag_mut().scaled_add(1.0, &ridge);
            let factor = Cholesky::new(matrix.view())?;
            let mut w = train.products.clone();
            factor.solve(w.as_slice_mut()?);
            (w, factor)
        } else {
            self.newton(x, &ridge, Array1::from(start.to_vec()))?
        };
        let weights = w.to_vec();
        let mut multiplier = self.mean_slope(1, &weights);
        factor.solve(multiplier.as_slice_mut()?);
        let gradient: Vec<f64> = (0..x.len()).map(|j| -ridge[j] * w[j] * multiplier[j]).collect();
        let value = self.mean(1, &weights);
        let finite = value.is_finite() && gradient.iter().all(|slope| slope.is_finite());
        finite.then_some(Selected { value, gradient, weights })
    }

    /// The weights, and the factor of the second derivatives at them.
    fn newton(&self, x: &[f64], ridge: &Array1<f64>, mut w: Array1<f64>) -> Option<(Array1<f64>, Cholesky)> {
        let factor_at = |w: &Array1<f64>| {
            let mut matrix = self.train.mean_curvature(self.loss, w.as_slice()?);
            matrix.diag_mut().scaled_add(1.0, ridge);
            Cholesky::new(matrix.view())
        };
        let mut factor = factor_at(&w)?;
        let (mut fresh, mut last) = (true, f64::INFINITY);
        for _ in 0..200 {
            let mut step = self.train.mean_slope(self.loss, w.as_slice()?) + ridge * &w;
            factor.solve(step.as_slice_mut()?);
            let change =
                step.iter().zip(&w).fold(0.0_f64, |a, (step, w)| a.max(step.abs() / (1.0 + w.abs())));
            if !change.is_finite() {
                return None;
            }
            if !fresh && change > 0.25 * last {
                // The factor is too old.
                (factor, fresh, last) = (factor_at(&w)?, true, f64::INFINITY);
                continue;
            }
            // Halving where a step does not lower g; near the solution steps need no such care, and values cost as much as slopes.
            let mut length = 1.0;
            let mut moved = &w - &step;
            if change > 0.1 {
                let here = self.lower(x, w.as_slice()?);
                while length > 1e-6 && self.lower(x, moved.as_slice()?) > here {
                    length *= 0.5;
                    moved = &w - &step * length;
                }
            }
            w = moved;
            (fresh, last) = (false, change);
            if change * length < 1e-8 {
                break;
            }
            if length < 1.0 {
                (factor, fresh, last) = (factor_at(&w)?, true, f64::INFINITY);
            }
        }
        // The factor that the hypergradient needs gives the last digits too.
        let factor = factor_at(&w)?;
        let mut step = self.train.mean_slope(self.loss, w.as_slice()?) + ridge * &w;
        factor.solve(step.as_slice_mut()?);
        w -= &step;
        Some((w, factor))
    }
}

impl Upper for Selection {
    fn upper(&self, _: &[f64], w: &[f64]) -> f64 {
        self.mean(1, w)
    }
    fn upper_x(&self, _: &[f64], _: &[f64], out: &mut [f64]) {
        out.fill(0.0);
    }
    fn upper_y(&self, _: &[f64], w: &[f64], out: &mut [f64]) {
        out.copy_from_slice(self.mean_slope(1, w).as_slice().unwrap_or_default());
    }
}

impl Lower for Selection {
    fn lower(&self, x: &[f64], w: &[f64]) -> f64 {
        self.mean(0, w) + 0.5 * x.iter().zip(w).map(|(x, w)| x.exp() * w * w).sum::<f64>()
    }
    fn lower_x(&self, x: &[f64], w: &[f64], out: &mut [f64]) {
        for ((out, x), w) in out.iter_mut().zip(x).zip(w) {
            *out = 0.5 * x.exp() * w * w;
        }
    }
    fn lower_y(&self, x: &[f64], w: &[f64], out: &mut [f64]) {
        let slope = self.mean_slope(0, w);
        for (((out, slope), x), w) in out.iter_mut().zip(slope).zip(x).zip(w) {
            *out = slope + x.exp() * w;
        }
    }
}

impl Bilevel for Selection {
    fn dimensions(&self) -> (usize, usize) {
        (self.train.features.ncols(), self.train.features.ncols())
    }
    fn upper_set(&self) -> &ConvexSet {
        &self.bounds
    }
}

impl Products for Selection {
    fn lower_yy_times(&self, x: &[f64], w: &[f64], v: &[f64], out: &mut [f64]) {
        let direction = ArrayView1::from(v);
        let image = match &self.moments {
            Some([train, _]) => train.squares.dot(&direction),
            None => {
                let features = &self.train.features;
                let (z, mut along) = (features.dot(&ArrayView1::from(w)), features.dot(&direction));
                let n = self.train.targets.len() as f64;
                along
                    .iter_mut()
                    .zip(&z)
                    .zip(&self.train.targets)
                    .for_each(|((a, z), b)| *a *= self.loss.curvature(*z, *b) / n);
                features.t().dot(&along)
            }
        };
        for (((out, image), x), v) in out.iter_mut().zip(image).zip(x).zip(v) {
            *out = image + x.exp() * v;
        }
    }
    fn lower_xy_times(&self, x: &[f64], w: &[f64], v: &[f64], out: &mut [f64]) {
        for (((out, x), w), v) in out.iter_mut().zip(x).zip(w).zip(v) {
            *out = x.exp() * w * v;
        }
    }
}

impl SecondOrder for Selection {
    fn lower_yy(&self, x: &[f64], w: &[f64]) -> Array2<f64> {
        let mut matrix = match &self.moments {
            Some([train, _]) => train.squares.clone(),
            None => self.train.mean_curvature(self.loss, w),
        };
        matrix.diag_mut().iter_mut().zip(x).for_each(|(entry, x)| *entry += x.exp());
        matrix
    }
    fn upper_yy(&self, _: &[f64], w: &[f64]) -> Array2<f64> {
        match &self.moments {
            Some([_, valid]) => valid.squares.clone(),
            None => self.valid.mean_curvature(self.loss, w),
        }
    }
}

impl Known for Selection {
    fn solution(&self, x: &[f64]) -> Vec<f64> {
        let start = vec![0.0; x.len()];
        self.exact(x, &start).map_or_else(|| vec![f64::NAN; x.len()], |found| found.weights)
    }
}

/// Gradients from `batch` rows drawn with replacement, of training rows for g and of validation rows for f.
#[derive(Clone, Debug)]
pub struct Batches {
    /// The problem.
    pub problem: Selection,
    /// Rows a sample, at least 1.
    pub batch: usize,
}

impl Sampled for Batches {
    type Problem = Selection;

    fn problem(&self) -> &Selection {
        &self.problem
    }

    fn gradient(&self, part: Part, sample: u64, x: &[f64], y: &[f64], out: &mut [f64]) {
        use rand::{Rng, SeedableRng};
        let (train, valid) = self.problem.rows();
        let rows = match part {
            // These do not depend on rows.
            Part::UpperX | Part::LowerX => return crate::oracle::exact(&self.problem, part, x, y, out),
            Part::UpperY => valid,
            Part::LowerY => train,
        };
        let mut random =
            rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(sample.wrapping_mul(4).wrapping_add(part as u64));
        out.fill(0.0);
        for _ in 0..self.batch {
            let row = random.random_range(0..rows.targets.len());
            let features = rows.features.row(row);
            let z: f64 = features.iter().zip(y).map(|(a, y)| a * y).sum();
            let slope = self.problem.loss.slope(z, rows.targets[row]) / self.batch as f64;
            out.iter_mut().zip(features).for_each(|(out, a)| *out += slope * a);
        }
        if part == Part::LowerY {
            out.iter_mut().zip(x).zip(y).for_each(|((out, x), y)| *out += x.exp() * y);
        }
    }
}
