//! A root of the covariance matrix, by QR.
//!
//! Variances of linear models grow along the order, from 1 to 10¹¹ in tables of fifty variables, and what the predecessors leave of a variable
//! is then a 10⁻¹¹th of it. Squares in S = XᵀX/n keep eight digits of that at best and none beyond 10⁻¹⁶. A factor X/√n = Q R of the data
//! themselves has S = RᵀR and keeps all that the data hold, parts of a variance down to their rounding, near 10⁻²⁸. Columns are standardised
//! first; a QR factorisation does not notice, but no column is then lost in the rounding of another.

use faer::Mat;
use faer::linalg::solvers::Qr;
use ndarray::{Array2, ArrayView2, Axis};

/// Rows of the data that are worked on together.
pub(crate) const ROWS_AT_ONCE: usize = 1024;

/// A with AᵀA = S, as a matrix with columns of length 1 and the standard deviations they are to be multiplied by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Root {
    /// d × d, upper triangular.
    matrix: Array2<f64>,
    deviations: Vec<f64>,
}

impl Root {
    /// Of data with one observation a row, with the means and standard deviations of its columns. One pass over blocks of rows; 2 n d² flops, a
    /// block and a triangle of memory.
    pub fn of(data: ArrayView2<f64>, means: &[f64], deviations: &[f64]) -> Self {
        let (rows, size) = data.dim();
        let scale = (rows as f64).sqrt();
        let mut triangle = Mat::<f64>::zeros(0, size);
        for block in data.axis_chunks_iter(Axis(0), ROWS_AT_ONCE) {
            let above = triangle.nrows();
            let stacked = Mat::from_fn(above + block.nrows(), size, |i, j| match i < above {
                true => triangle[(i, j)],
                false => (block[(i - above, j)] - means[j]) / (deviations[j] * scale),
            });
            triangle = Qr::new(stacked.as_ref()).thin_R().to_owned();
        }
        let entry = |i: usize, j: usize| if i <= j && i < triangle.nrows() { triangle[(i, j)] } else { 0.0 };
        Self {
            matrix: Array2::from_shape_fn((size, size), |(i, j)| entry(i, j)),
            deviations: deviations.to_vec(),
        }
    }

    /// With columns of length 1: the root of the correlation matrix.
    pub fn standardised(&self) -> Self {
        Self { matrix: self.matrix.clone(), deviations: vec![1.0; self.deviations.len()] }
    }

    /// The part of each variance that the columns before leave.
    pub fn unexplained(&self) -> Vec<f64> {
        self.matrix.diag().iter().map(|entry| entry * entry).collect()
    }

    /// The Cholesky factor L of S with variables in this order, as L_bm at m·d + b: the triangle of the columns taken in that order. 4d³/3 flops.
    pub fn cholesky(&self, variables: &[usize], columns: &mut [f64]) {
        let d = variables.len();
        let triangle = self.triangle(variables);
        for m in 0..d {
            let sign = triangle[(m, m)].signum();
            for (b, &variable) in variables.iter().enumerate() {
                let entry = if b < m { 0.0 } else { sign * triangle[(m, b)] * self.deviations[variable] };
                columns[m * d + b] = entry;
            }
        }
    }

    fn triangle(&self, variables: &[usize]) -> Mat<f64> {
        let rows = self.matrix.nrows();
        let columns = Mat::from_fn(rows, variables.len(), |i, j| self.matrix[(i, variables[j])]);
        Qr::new(columns.as_ref()).thin_R().to_owned()
    }

    /// Weights of the regression of a variable on others, and the variance that they leave. 2 d k² flops for k parents. `None` where parents
    /// depend on each other.
    pub fn regress(&self, node: usize, parents: &[usize]) -> Option<(Vec<f64>, f64)> {
        let k = parents.len();
        let variables: Vec<usize> = parents.iter().copied().chain([node]).collect();
        let triangle = self.triangle(&variables);
        let mut weights = vec![0.0; k];
        for i in (0..k).rev() {
            let later: f64 = (i + 1..k).map(|j| triangle[(i, j)] * weights[j]).sum();
            if triangle[(i, i)] == 0.0 {
                return None;
            }
            weights[i] = (triangle[(i, k)] - later) / triangle[(i, i)];
        }
        let deviation = self.deviations[node];
        for (weight, &parent) in weights.iter_mut().zip(parents) {
            *weight *= deviation / self.deviations[parent];
        }
        // With as many parents as rows nothing is left.
        let left = if k < triangle.nrows() { triangle[(k, k)] * deviation } else { 0.0 };
        Some((weights, left * left))
    }

    /// E x_i (x_j − Σ w_k x_k) for every i.
    pub fn covariances_with_residual(&self, node: usize, parents: &[usize], weights: &[f64]) -> Vec<f64> {
        let mut residual = self.matrix.column(node).mapv(|entry| entry * self.deviations[node]);
        for (&parent, weight) in parents.iter().zip(weights) {
            residual.scaled_add(-weight * self.deviations[parent], &self.matrix.column(parent));
        }
        let columns = self.matrix.columns().into_iter().zip(&self.deviations);
        columns.map(|(column, deviation)| column.dot(&residual) * deviation).collect()
    }
}
