//! Eigenvalues of symmetric matrices.

use faer::{Mat, Side};
use ndarray::{Array2, ArrayView2};

use crate::registers::clear_upper_parts;

/// Eigenvalues in ascending order, and eigenvectors of length 1 in the columns of a matrix in the same order.
///
/// Only the lower triangle is read. `None` for a matrix that is not square, is empty, or has an entry that is not finite, and in the
/// (never seen) case that the iteration does not converge. Cost: about 10 n³ flops on one thread, so that the bits do not depend on the number
/// of threads; memory: three matrices.
pub fn eigen(matrix: ArrayView2<f64>) -> Option<(Vec<f64>, Array2<f64>)> {
    let size = matrix.nrows();
    if size == 0 || size != matrix.ncols() || matrix.iter().any(|entry| !entry.is_finite()) {
        return None;
    }
    let found = Mat::from_fn(size, size, |i, j| matrix[(i, j)]).self_adjoint_eigen(Side::Lower);
    clear_upper_parts();
    let found = found.ok()?;
    let (values, vectors) = (found.S().column_vector(), found.U());
    let vectors = Array2::from_shape_fn((size, size), |(i, j)| vectors[(i, j)]);
    Some(((0..size).map(|i| values[i]).collect(), vectors))
}

/// Eigenvalues alone, in ascending order; for what [`eigen`] gives `None`. About 4/3 n³ flops on one thread.
pub fn eigenvalues(matrix: ArrayView2<f64>) -> Option<Vec<f64>> {
    let size = matrix.nrows();
    if size == 0 || size != matrix.ncols() || matrix.iter().any(|entry| !entry.is_finite()) {
        return None;
    }
    let found = Mat::from_fn(size, size, |i, j| matrix[(i, j)]).self_adjoint_eigenvalues(Side::Lower);
    clear_upper_parts();
    found.ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    #[test]
    fn a_matrix_is_rebuilt_from_its_eigenvectors() {
        let matrix = array![[2.0, 1.0, 0.5], [1.0, -1.0, 0.0], [0.5, 0.0, 3.0]];
        let (values, vectors) = eigen(matrix.view()).unwrap();
        assert!(values.is_sorted());
        let alone = eigenvalues(matrix.view()).unwrap();
        assert!(alone.iter().zip(&values).all(|(a, b)| (a - b).abs() < 1e-14));
        let rebuilt = vectors.dot(&Array2::from_diag(&Array1::from(values))).dot(&vectors.t());
        assert!((rebuilt - &matrix).iter().all(|difference| difference.abs() < 1e-14));
        assert!((vectors.t().dot(&vectors) - Array2::<f64>::eye(3)).iter().all(|d| d.abs() < 1e-14));
    }

    #[test]
    fn what_has_no_eigenvalues_gives_none() {
        assert!(eigen(Array2::zeros((0, 0)).view()).is_none());
        assert!(eigen(Array2::zeros((2, 3)).view()).is_none());
        assert!(eigen(array![[f64::NAN]].view()).is_none());
    }
}
