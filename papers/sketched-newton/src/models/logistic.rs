//! min (1/N) Σ log(1 + exp(−yᵢ wᵀxᵢ)) subject to A w = b and |w|² = R².

use ndarray::{Array2, ArrayView1, ArrayView2};
use numerics::cholesky::Cholesky;

use crate::problem::Problem;
use crate::sparse::Sparse;

/// Logistic regression on a sphere, with linear constraints.
#[derive(Clone, Debug)]
pub struct Logistic {
    features: Array2<f64>,
    labels: Vec<f64>,
    linear: Array2<f64>,
    right: Vec<f64>,
    radius: f64,
}

/// Which data make no problem.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LogisticError {
    /// Sizes differ, or nothing is there.
    #[error("{0}")]
    Shape(String),
    /// Neither −1 nor 1.
    #[error("label {} is {value}, expected -1 or 1", .row + 1)]
    Label {
        /// Which, counted from 0.
        row: usize,
        /// What it is.
        value: f64,
    },
    /// The plane A w = b does not meet the sphere.
    #[error("no w with A w = b has length {radius}: the shortest one has {shortest:.4}")]
    Infeasible {
        /// R.
        radius: f64,
        /// |A⁺b|.
        shortest: f64,
    },
    /// Rows of A depend on each other.
    #[error("the rows of A are linearly dependent")]
    Dependent,
}

impl Logistic {
    /// Features N × n, labels ±1, A with p < n rows, and R > 0. No row of A is fine.
    ///
    /// # Errors
    /// For sizes that do not fit, other labels, dependent rows of A, and a plane that does not meet the sphere.
    pub fn new(
        features: ArrayView2<f64>,
        labels: ArrayView1<f64>,
        linear: ArrayView2<f64>,
        right: ArrayView1<f64>,
        radius: f64,
    ) -> Result<Self, LogisticError> {
        let (count, n) = features.dim();
        let shape = |fault: String| Err(LogisticError::Shape(fault));
        if count == 0 || n == 0 {
            return shape(format!("{count} rows of {n} features"));
        }
        if labels.len() != count {
            return shape(format!("{} labels for {count} rows", labels.len()));
        }
        if linear.nrows() > 0 && linear.ncols() != n {
            return shape(format!("A has {} columns for {n} features", linear.ncols()));
        }
        if right.len() != linear.nrows() {
            return shape(format!("b has {} numbers for {} rows of A", right.len(), linear.nrows()));
        }
        if linear.nrows() + 1 > n {
            return shape(format!("{} constraints for {n} features", linear.nrows() + 1));
        }
        if let Some(row) = labels.iter().position(|label| label.abs() != 1.0) {
            return Err(LogisticError::Label { row, value: labels[row] });
        }
        if linear.nrows() > 0 {
            let gram = linear.dot(&linear.t());
            let factor = Cholesky::new(gram.view()).ok_or(LogisticError::Dependent)?;
            let mut solution = right.to_vec();
            factor.solve(&mut solution);
            let shortest = right.iter().zip(&solution).map(|(b, y)| b * y).sum::<f64>().max(0.0).sqrt();
            if shortest >= radius {
                return Err(LogisticError::Infeasible { radius, shortest });
            }
        }
        Ok(Self {
            features: features.to_owned(),
            labels: labels.to_vec(),
            linear: linear.to_owned(),
            right: right.to_vec(),
            radius,
        })
    }

    /// yᵢ wᵀxᵢ.
    fn margins(&self, w: &[f64]) -> Vec<f64> {
        let products = self.features.dot(&ArrayView1::from(w));
        products.iter().zip(&self.labels).map(|(product, label)| product * label).collect()
    }
}

/// 1/(1 + eᵗ) without overflow.
fn falling_sigmoid(t: f64) -> f64 {
    if t >= 0.0 { (-t).exp() / (1.0 + (-t).exp()) } else { 1.0 / (1.0 + t.exp()) }
}

impl Problem for Logistic {
    fn variables(&self) -> usize {
        self.features.ncols()
    }

    fn constraints(&self) -> usize {
        self.linear.nrows() + 1
    }

    fn values(&self, w: &[f64], constraints: &mut [f64]) -> f64 {
        for ((c, row), b) in constraints.iter_mut().zip(self.linear.outer_iter()).zip(&self.right) {
            *c = row.iter().zip(w).map(|(a, w)| a * w).sum::<f64>() - b;
        }
        constraints[self.linear.nrows()] = w.iter().map(|w| w * w).sum::<f64>() - self.radius * self.radius;
        let loss = |t: f64| (-t).max(0.0) + (-t.abs()).exp().ln_1p();
        self.margins(w).into_iter().map(loss).sum::<f64>() / self.labels.len() as f64
    }

    fn derivatives(&self, w: &[f64], gradient: &mut [f64], jacobian: &mut Sparse) {
        let count = self.labels.len() as f64;
        gradient.fill(0.0);
        for ((margin, label), row) in
            self.margins(w).into_iter().zip(&self.labels).zip(self.features.outer_iter())
        {
            let factor = -label * falling_sigmoid(margin) / count;
            gradient.iter_mut().zip(row).for_each(|(g, x)| *g += factor * x);
        }
        for row in self.linear.outer_iter() {
            row.iter().enumerate().for_each(|(column, a)| jacobian.push(column, *a));
            jacobian.end_row();
        }
        w.iter().enumerate().for_each(|(column, w)| jacobian.push(column, 2.0 * w));
        jacobian.end_row();
    }

    fn hessian(&self, w: &[f64], multipliers: &[f64], hessian: &mut Sparse) {
        let count = self.labels.len() as f64;
        let weights: Vec<f64> = self
            .margins(w)
            .into_iter()
            .map(|margin| falling_sigmoid(margin) * falling_sigmoid(-margin) / count)
            .collect();
        let mut weighted = self.features.clone();
        for (mut row, weight) in weighted.outer_iter_mut().zip(weights) {
            row *= weight;
        }
        let mut dense = self.features.t().dot(&weighted);
        let curvature = multipliers.last().copied().unwrap_or(0.0);
        dense.diag_mut().mapv_inplace(|value| value + 2.0 * curvature);
        for i in 0..w.len() {
            // The product need not be symmetric to the last bit.
            (0..w.len()).for_each(|j| hessian.push(j, dense[[i.min(j), i.max(j)]]));
            hessian.end_row();
        }
    }
}
