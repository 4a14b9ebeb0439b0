//! The small triangular systems of blocks.

use ndarray::{Array1, Array2, Axis};

/// L of AᵀA = LLᵀ, by Householder's reflections of A, whose columns are the rows given here and are overwritten; none if they depend on each other.
pub fn triangle(columns: &mut Array2<f64>) -> Option<Array2<f64>> {
    let count = columns.nrows();
    let mut lower = Array2::zeros((count, count));
    for j in 0..count {
        let (mut done, mut later) = columns.view_mut().split_at(Axis(0), j + 1);
        let mut mirror = done.slice_mut(ndarray::s![j, j..]);
        let length = mirror.dot(&mirror).sqrt();
        if !(length > 0.0 && length.is_finite()) {
            return None;
        }
        let side = if mirror[0] > 0.0 { -length } else { length };
        mirror[0] -= side;
        let half_square = -side * mirror[0];
        // R has the sign that makes the diagonal positive.
        lower[(j, j)] = length;
        for (k, mut column) in later.outer_iter_mut().enumerate() {
            let mut column = column.slice_mut(ndarray::s![j..]);
            let along = mirror.dot(&column) / half_square;
            column.scaled_add(-along, &mirror);
            lower[(j + 1 + k, j)] = if side > 0.0 { column[0] } else { -column[0] };
        }
    }
    Some(lower)
}

/// (LLᵀ)⁻¹ of a vector.
pub fn solve_factored(factor: &Array2<f64>, right: &mut Array1<f64>) {
    let size = right.len();
    for i in 0..size {
        let known: f64 = (0..i).map(|k| factor[(i, k)] * right[k]).sum();
        right[i] = (right[i] - known) / factor[(i, i)];
    }
    for i in (0..size).rev() {
        let known: f64 = (i + 1..size).map(|k| factor[(k, i)] * right[k]).sum();
        right[i] = (right[i] - known) / factor[(i, i)];
    }
}

/// LLᵀ times a vector.
pub fn multiply_factored(factor: &Array2<f64>, z: &Array1<f64>) -> Array1<f64> {
    let size = z.len();
    let inner: Array1<f64> =
        (0..size).map(|i| (i..size).map(|k| factor[(k, i)] * z[k]).sum::<f64>()).collect();
    (0..size).map(|i| (0..=i).map(|k| factor[(i, k)] * inner[k]).sum::<f64>()).collect()
}
