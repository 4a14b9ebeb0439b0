//! Positive definite systems.

use faer::linalg::solvers::{Llt, Solve};
use faer::{ColMut, Mat, Side};
use ndarray::ArrayView2;

use crate::registers::clear_upper_parts;

/// A = LLᵀ.
#[derive(Clone, Debug)]
pub struct Cholesky {
    factor: Llt<f64>,
}

impl Cholesky {
    /// Factors a symmetric matrix, of which only the lower triangle is read. `None` for one that is not square, not finite or not positive definite to working precision. Cost:
    /// n³/3 flops on one thread.
    pub fn new(matrix: ArrayView2<f64>) -> Option<Self> {
        let size = matrix.nrows();
        if size != matrix.ncols() || matrix.iter().any(|entry| !entry.is_finite()) {
            return None;
        }
        let copied = Mat::from_fn(size, size, |i, j| matrix[(i, j)]);
        let factor = copied.llt(Side::Lower);
        clear_upper_parts();
        Some(Self { factor: factor.ok()? })
    }

    /// Replaces b by A⁻¹b. Cost: 2 n² flops.
    ///
    /// # Panics
    /// If b has another length than A has rows.
    pub fn solve(&self, b: &mut [f64]) {
        self.factor.solve_in_place(ColMut::from_slice_mut(b).as_mat_mut());
        clear_upper_parts();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_system_is_solved() {
        let matrix = array![[4.0, 1.0], [1.0, 3.0]];
        let mut b = [1.0, 2.0];
        Cholesky::new(matrix.view()).unwrap().solve(&mut b);
        assert!((b[0] - 1.0 / 11.0).abs() < 1e-15 && (b[1] - 7.0 / 11.0).abs() < 1e-15);
    }

    #[test]
    fn what_is_not_positive_definite_gives_none() {
        for matrix in [
            array![[1.0, 2.0], [2.0, 1.0]],
            array![[f64::NAN, 0.0], [0.0, 1.0]],
            array![[0.0, 0.0], [0.0, 0.0]],
        ] {
            assert!(Cholesky::new(matrix.view()).is_none());
        }
        assert!(Cholesky::new(array![[1.0, 2.0]].view()).is_none());
    }
}
