//! Jacobi's rotations for small matrices: singular values by one side, eigenvalues by two. Slow to grow, accurate for each value relative to itself where scaling allows.

use crate::matrix::{Matrix, identity, transpose};

/// a = u diag(values) vᵀ; values in no order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Singular<const N: usize> {
    /// Orthogonal.
    pub u: Matrix<N>,
    /// Positive.
    pub values: [f64; N],
    /// Orthogonal.
    pub v: Matrix<N>,
}

/// Sweeps at most; six are usual.
const SWEEPS: usize = 60;

/// Singular values and vectors of a regular matrix by rotations of its columns.
///
/// None if a column vanishes, or for what is not finite. About N³ · 20 flops.
pub fn singular<const N: usize>(a: &Matrix<N>) -> Option<Singular<N>> {
    // Columns are rows here.
    let mut columns = transpose(a);
    let mut v = identity::<N>();
    for _ in 0..SWEEPS {
        let mut turned = false;
        for p in 0..N {
            for q in p + 1..N {
                let dot = |x: &[f64; N], y: &[f64; N]| -> f64 { x.iter().zip(y).map(|(x, y)| x * y).sum() };
                let (alpha, beta) = (dot(&columns[p], &columns[p]), dot(&columns[q], &columns[q]));
                let gamma = dot(&columns[p], &columns[q]);
                if gamma * gamma <= 0.25 * f64::EPSILON * f64::EPSILON * alpha * beta || gamma == 0.0 {
                    continue;
                }
                turned = true;
                let zeta = (beta - alpha) / (2.0 * gamma);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let cosine = 1.0 / (1.0 + t * t).sqrt();
                let sine = cosine * t;
                rotate(&mut columns, p, q, cosine, sine);
                rotate(&mut v, p, q, cosine, sine);
            }
        }
        if !turned {
            break;
        }
    }
    let mut values = [0.0; N];
    for (value, column) in values.iter_mut().zip(&mut columns) {
        *value = column.iter().map(|x| x * x).sum::<f64>().sqrt();
        if !(*value > 0.0 && value.is_finite()) {
            return None;
        }
        column.iter_mut().for_each(|x| *x /= *value);
    }
    Some(Singular { u: transpose(&columns), values, v: transpose(&v) })
}

/// Rows p and q of a matrix turned.
fn rotate<const N: usize>(rows: &mut Matrix<N>, p: usize, q: usize, cosine: f64, sine: f64) {
    let (x, y) = (rows[p], rows[q]);
    rows[p] = std::array::from_fn(|k| cosine * x[k] - sine * y[k]);
    rows[q] = std::array::from_fn(|k| sine * x[k] + cosine * y[k]);
}

/// Eigenvalues, in no order, and eigenvectors in columns of a symmetric matrix.
pub fn eigen<const N: usize>(a: &Matrix<N>) -> ([f64; N], Matrix<N>) {
    let mut a = *a;
    let mut vectors = identity::<N>();
    for _ in 0..SWEEPS {
        let mut turned = false;
        for p in 0..N {
            for q in p + 1..N {
                let off = a[p][q];
                if off.abs() <= f64::EPSILON * 0.25 * (a[p][p] * a[q][q]).abs().sqrt() || off == 0.0 {
                    continue;
                }
                if off.abs() < f64::MIN_POSITIVE || off.is_nan() {
                    continue;
                }
                turned = true;
                let theta = (a[q][q] - a[p][p]) / (2.0 * off);
                let t = if theta == 0.0 {
                    1.0
                } else {
                    theta.signum() / (theta.abs() + (1.0 + theta * theta).sqrt())
                };
                let cosine = 1.0 / (1.0 + t * t).sqrt();
                let sine = cosine * t;
                a[p][p] -= t * off;
                a[q][q] += t * off;
                a[p][q] = 0.0;
                a[q][p] = 0.0;
                for k in (0..N).filter(|k| *k != p && *k != q) {
                    let (x, y) = (a[k][p], a[k][q]);
                    a[k][p] = cosine * x - sine * y;
                    a[k][q] = sine * x + cosine * y;
                    a[p][k] = a[k][p];
                    a[q][k] = a[k][q];
                }
                rotate(&mut vectors, p, q, cosine, sine);
            }
        }
        if !turned {
            break;
        }
    }
    (std::array::from_fn(|i| a[i][i]), transpose(&vectors))
}
