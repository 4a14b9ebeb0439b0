//! Symmetric operators that are known by their products with blocks of vectors.

use ndarray::{Array2, ArrayView2};

/// A symmetric matrix of M rows, through its products.
pub trait Symmetric: Sync {
    /// M.
    fn dimension(&self) -> usize;

    /// A V for K vectors, one a row: K × M.
    ///
    /// # Panics
    /// May panic if the rows have another length.
    fn apply(&self, vectors: ArrayView2<f64>) -> Array2<f64>;
}

/// A matrix in memory, of which both triangles are read.
pub struct Dense(
    /// The matrix.
    pub Array2<f64>,
);

impl Symmetric for Dense {
    fn dimension(&self) -> usize {
        self.0.nrows()
    }

    fn apply(&self, vectors: ArrayView2<f64>) -> Array2<f64> {
        vectors.dot(&self.0)
    }
}

/// A diagonal matrix.
pub struct Diagonal(
    /// Its entries.
    pub ndarray::Array1<f64>,
);

impl Symmetric for Diagonal {
    fn dimension(&self) -> usize {
        self.0.len()
    }

    fn apply(&self, vectors: ArrayView2<f64>) -> Array2<f64> {
        &vectors * &self.0
    }
}
