//! min f(β) + Σ p(|βⱼ|) for squared or logistic loss f and the penalties SCAD, MCP and the lasso.
//!
//! p(t) = λt + h(t) with h concave and differentiable, so that the problem is a smooth nonconvex f + h and an ℓ₁ norm. [`solve`](solvers::solve) runs accelerated gradients
//! in two settings, plain ones, or coordinate descent; [`path`](path::path) a sequence of λ with rules that leave columns out and are checked; [`stationary`] finds *all*
//! stationary points of tiny problems. Every answer carries its KKT residual, which needs no trust in the method.

pub mod path;
pub mod penalty;
pub mod solvers;
pub mod stationary;

use numerics::sum::fast_dot;
use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use crate::moments::moments;

pub use penalty::Penalty;

/// Columns of a table, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    rows: usize,
    values: Vec<f64>,
}

/// Which data make no problem.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SparseError {
    /// Sizes that do not fit.
    #[error("{0}")]
    Shape(String),
    /// A value that is NaN or infinite.
    #[error("row {} of column {} is {value}, not a finite number", .row + 1, .column + 1)]
    NotFinite {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// The value.
        value: f64,
    },
    /// An outcome that logistic loss does not take.
    #[error("outcome {} is {value}, expected 0 or 1", .row + 1)]
    NotBinary {
        /// Row, from 0.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A parameter outside its range.
    #[error("{name} is {value}, expected {expected}")]
    Parameter {
        /// Which.
        name: &'static str,
        /// Its value.
        value: f64,
        /// Its range.
        expected: &'static str,
    },
}

impl Columns {
    /// From columns of equal length.
    ///
    /// # Errors
    /// For no columns, no rows, unequal lengths, and values that are not finite.
    pub fn new(columns: &[Vec<f64>]) -> Result<Self, SparseError> {
        let rows = columns.first().map_or(0, Vec::len);
        if rows == 0 {
            return Err(SparseError::Shape("a table needs rows and columns".into()));
        }
        for (column, values) in columns.iter().enumerate() {
            if values.len() != rows {
                return Err(SparseError::Shape(format!(
                    "column {} has {} rows, the first {rows}",
                    column + 1,
                    values.len()
                )));
            }
            if let Some(row) = values.iter().position(|value| !value.is_finite()) {
                return Err(SparseError::NotFinite { row, column, value: values[row] });
            }
        }
        Ok(Self { rows, values: columns.concat() })
    }

    /// n.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// p.
    pub fn count(&self) -> usize {
        self.values.len() / self.rows
    }

    /// A column.
    pub fn column(&self, column: usize) -> &[f64] {
        &self.values[column * self.rows..(column + 1) * self.rows]
    }

    /// Xᵀr into `out`, columns in parallel.
    pub fn transposed(&self, r: &[f64], out: &mut [f64]) {
        out.par_iter_mut()
            .with_min_len(64)
            .enumerate()
            .for_each(|(column, out)| *out = fast_dot(self.column(column), r));
    }

    /// y ← y + a·column.
    pub fn add(&self, column: usize, a: f64, y: &mut [f64]) {
        y.iter_mut().zip(self.column(column)).for_each(|(y, x)| *y += a * x);
    }

    /// Xβ into `out`; columns with a zero cost nothing.
    pub fn product(&self, beta: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for (column, b) in beta.iter().enumerate().filter(|(_, b)| **b != 0.0) {
            self.add(column, *b, out);
        }
    }

    /// Each column with mean 0 and mean square 1, and what was taken off and divided by; constant columns become zero, with a scale of 1.
    pub fn standardised(&self) -> (Self, Vec<f64>, Vec<f64>) {
        let (mut values, mut means, mut scales) = (self.values.clone(), Vec::new(), Vec::new());
        for column in values.chunks_exact_mut(self.rows) {
            let (mean, scale) = moments(column, true);
            column.iter_mut().for_each(|x| *x = if scale == 0.0 { 0.0 } else { (*x - mean) / scale });
            means.push(mean);
            scales.push(if scale == 0.0 { 1.0 } else { scale });
        }
        (Self { rows: self.rows, values }, means, scales)
    }

    /// The largest eigenvalue of XᵀX/n, by power iteration from a random start, 30 times at least and until it grows by less than 10⁻⁵, and a fiftieth more, as the iteration stays below.
    pub fn largest_eigenvalue(&self) -> f64 {
        let n = self.rows;
        let mut random = Xoshiro256PlusPlus::seed_from_u64(0);
        let mut u: Vec<f64> = (0..n).map(|_| random.sample(StandardNormal)).collect();
        let mut across = vec![0.0; self.count()];
        let mut last = 0.0;
        for round in 0..500 {
            let length = fast_dot(&u, &u).sqrt();
            if length == 0.0 {
                return 0.0;
            }
            u.iter_mut().for_each(|u| *u /= length);
            self.transposed(&u, &mut across);
            let value = fast_dot(&across, &across) / n as f64;
            self.product(&across, &mut u);
            if round >= 30 && value <= last * (1.0 + 1e-5) {
                last = value;
                break;
            }
            last = value;
        }
        1.02 * last
    }
}

/// The larger one, NaN being the worst of all.
pub(crate) fn worse(a: f64, b: f64) -> f64 {
    if a.is_nan() || b <= a { a } else { b }
}

/// The loss, a multiple of the mean over rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// (1/2n) Σ (y − xβ)², without intercept: outcome and columns are to be centred.
    Squared,
    /// (1/n) Σ log(1 + e^η) − yη with an intercept that is not penalised.
    Logistic,
}

/// A problem.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// X.
    pub x: &'a Columns,
    /// y.
    pub y: &'a [f64],
    /// The loss.
    pub loss: Loss,
    /// What the loss is multiplied with: 1, or ½ for logistic losses that are divided by 2n, as some papers do. It changes what λ means.
    pub weight: f64,
    /// The penalty.
    pub penalty: Penalty,
    /// λ ≥ 0.
    pub lambda: f64,
}

/// Coefficients.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coefficients {
    /// Of the columns.
    pub beta: Vec<f64>,
    /// The intercept; 0 for squared loss.
    pub intercept: f64,
}

impl<'a> Problem<'a> {
    /// Checks sizes, outcomes and parameters.
    ///
    /// # Errors
    /// With the first fault.
    pub fn check(&self) -> Result<(), SparseError> {
        if self.y.len() != self.x.rows() {
            return Err(SparseError::Shape(format!("{} outcomes for {} rows", self.y.len(), self.x.rows())));
        }
        if let Some(row) = self.y.iter().position(|y| !y.is_finite()) {
            return Err(SparseError::NotFinite { row, column: self.x.count(), value: self.y[row] });
        }
        if self.loss == Loss::Logistic
            && let Some(row) = self.y.iter().position(|y| *y != 0.0 && *y != 1.0)
        {
            return Err(SparseError::NotBinary { row, value: self.y[row] });
        }
        for (name, value) in [("lambda", self.lambda), ("the loss's weight", self.weight)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(SparseError::Parameter { name, value, expected: "a number of zero or more" });
            }
        }
        self.penalty.check()
    }

    /// The same with another λ.
    pub fn with(&self, lambda: f64) -> Self {
        Self { lambda, ..*self }
    }

    /// η = Xβ + intercept.
    pub fn predictor(&self, at: &Coefficients, eta: &mut [f64]) {
        self.x.product(&at.beta, eta);
        eta.iter_mut().for_each(|eta| *eta += at.intercept);
    }

    /// f at η.
    pub fn loss_at(&self, eta: &[f64]) -> f64 {
        let n = self.y.len() as f64;
        let sum: f64 = match self.loss {
            Loss::Squared => eta.iter().zip(self.y).map(|(eta, y)| 0.5 * (y - eta) * (y - eta)).sum(),
            Loss::Logistic => eta
                .iter()
                .zip(self.y)
                .map(|(eta, y)| eta.max(0.0) + (-eta.abs()).exp().ln_1p() - y * eta)
                .sum(),
        };
        self.weight * sum / n
    }

    /// −n ∂f/∂η: residuals, times the weight.
    pub fn residual(&self, eta: &[f64], out: &mut [f64]) {
        for ((out, eta), y) in out.iter_mut().zip(eta).zip(self.y) {
            let mean = match self.loss {
                Loss::Squared => *eta,
                Loss::Logistic => 1.0 / (1.0 + (-eta).exp()),
            };
            *out = self.weight * (y - mean);
        }
    }

    /// The objective.
    pub fn objective(&self, at: &Coefficients) -> f64 {
        let mut eta = vec![0.0; self.y.len()];
        self.predictor(at, &mut eta);
        self.loss_at(&eta) + at.beta.iter().map(|b| self.penalty.value(b.abs(), self.lambda)).sum::<f64>()
    }

    /// ∇f, and its entry for the intercept.
    pub fn gradient(&self, at: &Coefficients) -> (Vec<f64>, f64) {
        let n = self.y.len() as f64;
        let (mut eta, mut residual) = (vec![0.0; self.y.len()], vec![0.0; self.y.len()]);
        self.predictor(at, &mut eta);
        self.residual(&eta, &mut residual);
        let mut gradient = vec![0.0; self.x.count()];
        self.x.transposed(&residual, &mut gradient);
        gradient.iter_mut().for_each(|g| *g /= -n);
        let intercept = if self.loss == Loss::Logistic { -residual.iter().sum::<f64>() / n } else { 0.0 };
        (gradient, intercept)
    }

    /// The largest violation of the first-order conditions: |g + p′ sign β| where β ≠ 0, (|g| − λ)₊ where β = 0, and the intercept's slope.
    pub fn kkt(&self, at: &Coefficients) -> f64 {
        let (gradient, intercept) = self.gradient(at);
        self.kkt_of(&gradient, intercept, at)
    }

    /// The same from gradients that are known.
    pub(crate) fn kkt_of(&self, gradient: &[f64], intercept: f64, at: &Coefficients) -> f64 {
        let violations = gradient.iter().zip(&at.beta).map(|(g, b)| self.violation(*g, *b));
        violations.fold(intercept.abs(), worse)
    }

    /// One coordinate's violation.
    pub(crate) fn violation(&self, gradient: f64, b: f64) -> f64 {
        if b == 0.0 {
            (gradient.abs() - self.lambda).max(0.0)
        } else {
            (gradient + self.penalty.slope(b.abs(), self.lambda) * b.signum()).abs()
        }
    }

    /// A Lipschitz constant of ∇(f + h): the larger of the loss's and the penalty's, as the Hessian lies between minus one and the other.
    pub fn lipschitz(&self) -> f64 {
        let curvature = match self.loss {
            Loss::Squared => 1.0,
            Loss::Logistic => 0.25,
        };
        // The intercept is one more column, of ones.
        let intercept = if self.loss == Loss::Logistic { 1.0 } else { 0.0 };
        let loss = self.weight * curvature * (self.x.largest_eigenvalue() + intercept);
        loss.max(self.penalty.concavity())
    }

    /// The least λ at which β = 0 is stationary, the intercept being fitted.
    pub fn largest_lambda(&self) -> f64 {
        let mut start = Coefficients { beta: vec![0.0; self.x.count()], intercept: 0.0 };
        if self.loss == Loss::Logistic {
            let mean = self.y.iter().sum::<f64>() / self.y.len() as f64;
            start.intercept = (mean / (1.0 - mean)).ln().clamp(-30.0, 30.0);
        }
        self.gradient(&start).0.iter().fold(0.0, |most, g| most.max(g.abs()))
    }
}
