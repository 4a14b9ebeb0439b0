//! The problems of the paper's figures, from the authors' program, and families with known zeros.

use ndarray::{Array1, Array2};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::affine::{Affine, AffineError, Law};
use crate::low_rank::LowRankSum;

/// The policeman and the burglar: A_ij = w_j (1 − exp(−0.8 |i − j|)) with w_j = |N(0, 1)|, of nearly rank one.
///
/// Weights belong to the columns, over which x minimises, as in the authors' program: the game is then solved by one pure x. Nemirovski's game is the transpose.
pub fn policeman(size: usize, random: &mut impl Rng) -> Array2<f64> {
    let weights: Vec<f64> = (0..size)
        .map(|_| {
            let w: f64 = StandardNormal.sample(random);
            w.abs()
        })
        .collect();
    policeman_of(&weights)
}

/// The same game for given weights.
pub fn policeman_of(weights: &[f64]) -> Array2<f64> {
    let size = weights.len();
    Array2::from_shape_fn((size, size), |(i, j)| weights[j] * (1.0 - (-0.8 * i.abs_diff(j) as f64).exp()))
}

/// The value of [`policeman_of`]: the least w_j (1 − exp(−0.8 max(j, n − 1 − j))).
pub fn policeman_value(weights: &[f64]) -> f64 {
    let last = weights.len() - 1;
    let worth = |(j, w): (usize, &f64)| w * (1.0 - (-0.8 * j.max(last - j) as f64).exp());
    weights.iter().enumerate().map(worth).fold(f64::INFINITY, f64::min)
}

/// Independent entries, uniform on (−1, 1).
pub fn uniform(size: usize, random: &mut impl Rng) -> Array2<f64> {
    Array2::from_shape_simple_fn((size, size), || random.random_range(-1.0..1.0))
}

/// The quadratic with linear constraints of Figure 1b: L(x, y) = xᵀHx/2 − hᵀx − ⟨Ax − b, y⟩, H = 2AᵀA, A with 1/4 on and −1/4 beside its antidiagonal (a chain), b = 1/4 everywhere and
/// h = e_n/4. Part i holds columns i and n + i of K.
///
/// The zero is x* = (1, …, n), y* = −1/2 everywhere.
///
/// # Errors
/// For n = 0.
pub fn chain(n: usize) -> Result<Affine, AffineError> {
    let mut a = Array2::<f64>::zeros((n, n));
    for i in 0..n {
        a[(i, n - 1 - i)] = 0.25;
        if i + 1 < n {
            a[(i, n - 2 - i)] = -0.25;
        }
    }
    let hessian = a.t().dot(&a) * 2.0;
    let mut k = Array2::zeros((2 * n, 2 * n));
    k.slice_mut(ndarray::s![..n, ..n]).assign(&hessian);
    k.slice_mut(ndarray::s![..n, n..]).assign(&-&a.t());
    k.slice_mut(ndarray::s![n.., ..n]).assign(&a);
    let mut offset = vec![0.0; 2 * n];
    if n > 0 {
        offset[n - 1] = -0.25;
        offset[n..].fill(-0.25);
    }
    Affine::new(k.view(), offset, (0..n).map(|i| vec![i, n + i]).collect(), Law::Uniform)
}

/// The zero of [`chain`].
pub fn chain_zero(n: usize) -> Vec<f64> {
    (1..=n).map(|i| i as f64).chain(std::iter::repeat_n(-0.5, n)).collect()
}

/// Robust least squares: min over x max over y of |Ax − y|²/2 − λ|y − b|²/2, λ > 1, as an affine operator with a block for each coordinate.
///
/// Its zero is the least-squares solution x* and y* = (λb − Ax*)/(λ − 1).
///
/// # Errors
/// Shapes that differ, λ ≤ 1 (not monotone), numbers that are not finite.
pub fn robust_least_squares(
    a: &Array2<f64>,
    b: &Array1<f64>,
    lambda: f64,
    law: Law,
) -> Result<Affine, AffineError> {
    let (rows, columns) = a.dim();
    if b.len() != rows {
        return Err(AffineError::Shape { rows, columns, length: b.len() });
    }
    let d = rows + columns;
    let mut k = Array2::zeros((d, d));
    k.slice_mut(ndarray::s![..columns, ..columns]).assign(&a.t().dot(a));
    k.slice_mut(ndarray::s![..columns, columns..]).assign(&-&a.t());
    k.slice_mut(ndarray::s![columns.., ..columns]).assign(a);
    for i in columns..d {
        k[(i, i)] = lambda - 1.0;
    }
    let offset = [vec![0.0; columns], (b * -lambda).to_vec()].concat();
    Affine::new(k.view(), offset, (0..d).map(|i| vec![i]).collect(), law)
}

/// F_i(z) = ⟨a_i, z − z*⟩ a_i in 20 dimensions, with |a_i| = 1, |z*| = 1. `common` is the share of a direction that all a_i have in common: near 1 L_F comes near L = 1.
pub fn projections(n: usize, common: f64, random: &mut impl Rng) -> LowRankSum {
    let d = 20;
    let shared = unit(d, random);
    let mut vectors = Array2::zeros((n, d));
    for mut row in vectors.rows_mut() {
        row.assign(&(&unit(d, random) * (1.0 - common) + &shared * common));
        let length = row.dot(&row).sqrt();
        row /= length;
    }
    LowRankSum::projections(&vectors, unit(d, random).to_vec())
}

/// F_i(x, y) = (⟨q_i, y⟩ p_i, −⟨p_i, x⟩ q_i) about a known zero of length 1, in 10 + 10 dimensions, with unit p_i and q_i: standard normals plus `common` times a direction that all have in
/// common. Without it L_F falls like 1/√n while L stays.
pub fn bilinear(n: usize, common: f64, random: &mut impl Rng) -> LowRankSum {
    let [p, q] = std::array::from_fn(|_| {
        let shared = unit(10, random) * common;
        let mut vectors = Array2::zeros((n, 10));
        for mut row in vectors.rows_mut() {
            row.assign(&(&shared + &normal(10, random)));
            let length = row.dot(&row).sqrt();
            row /= length;
        }
        vectors
    });
    LowRankSum::bilinear(&p, &q, unit(20, random).to_vec())
}

fn normal(d: usize, random: &mut impl Rng) -> Array1<f64> {
    (0..d).map(|_| -> f64 { StandardNormal.sample(random) }).collect()
}

fn unit(d: usize, random: &mut impl Rng) -> Array1<f64> {
    let x = normal(d, random);
    let length = x.dot(&x).sqrt();
    x / length
}
