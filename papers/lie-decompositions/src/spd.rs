//! The affine-invariant geometry of positive definite matrices.
//!
//! d(P, Q) = |log P^{−½} Q P^{−½}|. With Cholesky factors P = L Lᵀ, Q = M Mᵀ and singular values of L⁻¹M no matrix is squared, and at a condition of 10¹² half of the digits that squaring would lose stay.
//! Where P and Q are near, logarithms are taken of one plus the eigenvalues of L⁻¹(Q − P)L⁻ᵀ.

use crate::jacobi::{eigen, singular};
use crate::matrix::{Matrix, cholesky, congruence, forward, identity, largest, product, transpose};
use crate::polar::log_and_rotation;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpdError {
    /// Not symmetric.
    #[error("{0} is not symmetric")]
    Asymmetric(&'static str),
    /// Not positive definite to working precision.
    #[error("{0} is not positive definite")]
    NotPositive(&'static str),
}

fn checked<const N: usize>(a: &Matrix<N>, name: &'static str) -> Result<(), SpdError> {
    let bound = 1e-12 * largest(a);
    let symmetric = (0..N).all(|i| (0..i).all(|j| (a[i][j] - a[j][i]).abs() <= bound));
    if symmetric { Ok(()) } else { Err(SpdError::Asymmetric(name)) }
}

fn factor<const N: usize>(a: &Matrix<N>, name: &'static str) -> Result<Matrix<N>, SpdError> {
    checked(a, name)?;
    cholesky(a).ok_or(SpdError::NotPositive(name))
}

/// L and the eigenvectors and logarithms of eigenvalues of L⁻¹QL⁻ᵀ.
fn relative<const N: usize>(
    p: &Matrix<N>,
    q: &Matrix<N>,
) -> Result<(Matrix<N>, Matrix<N>, [f64; N]), SpdError> {
    let (l, m) = (factor(p, "P")?, factor(q, "Q")?);
    let difference: Matrix<N> = std::array::from_fn(|i| std::array::from_fn(|j| q[i][j] - p[i][j]));
    let half = forward(&l, &difference);
    let whole = forward(&l, &transpose(&half));
    if largest(&whole) < 1e-2 {
        let even: Matrix<N> =
            std::array::from_fn(|i| std::array::from_fn(|j| 0.5 * (whole[i][j] + whole[j][i])));
        let (values, u) = eigen(&even);
        return Ok((l, u, values.map(f64::ln_1p)));
    }
    let found = singular(&forward(&l, &m)).ok_or(SpdError::NotPositive("Q"))?;
    Ok((l, found.u, found.values.map(|value| 2.0 * value.ln())))
}

/// L and log L⁻¹QL⁻ᵀ in the plane, which is twice that of the positive factor of L⁻¹M: a closed form.
fn relative2(p: &Matrix<2>, q: &Matrix<2>) -> Result<Option<(Matrix<2>, Matrix<2>)>, SpdError> {
    let (l, m) = (factor(p, "P")?, factor(q, "Q")?);
    let b = forward(&l, &m);
    // Near pairs have digits that only their difference knows.
    let near = (b[0][0] - 1.0).abs() < 0.1 && (b[1][1] - 1.0).abs() < 0.1 && b[1][0].abs() < 0.1;
    if near {
        return Ok(None);
    }
    let (log, _) = log_and_rotation(&b).map_err(|_| SpdError::NotPositive("Q"))?;
    Ok(Some((l, log.map(|row| row.map(|x| 2.0 * x)))))
}

/// Log_P(Q): the velocity at P of the geodesic that is at Q after one unit.
///
/// # Errors
/// For what is not symmetric or not positive definite.
pub fn log<const N: usize>(p: &Matrix<N>, q: &Matrix<N>) -> Result<Matrix<N>, SpdError> {
    if N == 2 {
        let of = |a: &Matrix<N>| [[a[0][0], a[0][1]], [a[1][0], a[1][1]]];
        if let Some((l, log)) = relative2(&of(p), &of(q))? {
            let found = product(&product(&l, &log), &transpose(&l));
            let off = 0.5 * (found[0][1] + found[1][0]);
            let even = [[found[0][0], off], [off, found[1][1]]];
            return Ok(std::array::from_fn(|i| std::array::from_fn(|j| even[i][j])));
        }
    }
    let (l, u, logs) = relative(p, q)?;
    Ok(congruence(&product(&l, &u), logs))
}

/// Exp_P(V): where the geodesic from P with velocity V is after one unit.
///
/// # Errors
/// For what is not symmetric, and P not positive definite.
pub fn exp<const N: usize>(p: &Matrix<N>, v: &Matrix<N>) -> Result<Matrix<N>, SpdError> {
    let l = factor(p, "P")?;
    checked(v, "V")?;
    let half = forward(&l, v);
    let whole = forward(&l, &transpose(&half));
    let (values, u) = eigen(&whole);
    Ok(congruence(&product(&l, &u), values.map(f64::exp)))
}

/// d(P, Q).
///
/// # Errors
/// As [`log`].
pub fn distance<const N: usize>(p: &Matrix<N>, q: &Matrix<N>) -> Result<f64, SpdError> {
    let (_, _, logs) = relative(p, q)?;
    Ok(logs.iter().map(|value| value * value).sum::<f64>().sqrt())
}

/// The point at a time on the geodesic from P (0) to Q (1).
///
/// # Errors
/// As [`log`].
pub fn geodesic<const N: usize>(p: &Matrix<N>, q: &Matrix<N>, time: f64) -> Result<Matrix<N>, SpdError> {
    let (l, u, logs) = relative(p, q)?;
    Ok(congruence(&product(&l, &u), logs.map(|value| (time * value).exp())))
}

/// The logarithm of a positive definite matrix.
///
/// # Errors
/// As [`log`].
pub fn logarithm<const N: usize>(p: &Matrix<N>) -> Result<Matrix<N>, SpdError> {
    log(&identity(), p)
}
