//! ∇ψ at a solution of the lower level.
//!
//! With N an orthonormal basis of the directions along the active face of Y at y*, and L the second derivatives of the lower level with the curvature of that face,
//!
//! ```text
//! ∇ψ = f_x − g_xy v,      v = N (Nᵀ L N)⁺ Nᵀ f_y
//! ```
//!
//! which is the formula with the pseudo-inverse of the system of optimality conditions (Kwon, Kwon, Wright and Nowak 2024, Theorem 3.2): where the lower level has several solutions the range conditions make every solution v of that system give
//! the same ∇ψ. y* must minimise f over S(x). At another point of S(x) the formula is a number without a meaning for ψ.

use ndarray::Array1;
use numerics::symmetric::eigen;

use crate::levels::{Products, SecondOrder};
use crate::lower::{ON_BOUND, curvature};

/// A hypergradient with what can be said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypergradient {
    /// f(x, y).
    pub value: f64,
    /// f_x − g_xy v.
    pub gradient: Vec<f64>,
    /// v.
    pub multiplier: Vec<f64>,
    /// Coordinates of y at a bound.
    pub active: Vec<usize>,
    /// Rank of the second derivatives along the face, and the size of that space.
    pub rank: (usize, usize),
    /// The smallest eigenvalue that counts over the largest that does not: below 10³ the rank is undecided. ∞ where all count or none is left out.
    pub rank_gap: f64,
    /// |Nᵀ(L v − f_y)|/|f_y|: not zero where f_y leaves the range, as at a point that does not minimise f over S(x).
    pub range_residual: f64,
    /// ½ f_yᵀ v: how fast min over y of f + (g − min g)/σ leaves ψ(x) as σ grows from 0.
    pub gap_constant: f64,
}

/// The formula at y, which must be a solution of the lower level. Cost: q³. `None` where a derivative is not finite.
pub fn dense(problem: &(impl SecondOrder + ?Sized), x: &[f64], y: &[f64]) -> Option<Hypergradient> {
    let (d, q) = problem.dimensions();
    let face = problem.lower_set().face(y, ON_BOUND);
    let mut upper_y = vec![0.0; q];
    problem.upper_y(x, y, &mut upper_y);
    let upper_y = Array1::from(upper_y);
    let (mut multiplier, mut rank, mut rank_gap, mut range_residual) = (vec![0.0; q], 0, f64::INFINITY, 0.0);
    let size = face.tangent.ncols();
    if size > 0 {
        let matrix = curvature(problem, x, y, 0.0, &face);
        let reduced = face.tangent.t().dot(&matrix).dot(&face.tangent);
        let (values, vectors) = eigen(reduced.view())?;
        let largest = values.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        let cut = 1e-10 * largest * size as f64;
        let right = vectors.t().dot(&face.tangent.t().dot(&upper_y));
        let mut coefficients = right.clone();
        let (mut least_kept, mut most_left, mut left_over) = (f64::INFINITY, 0.0_f64, 0.0);
        for (coefficient, value) in coefficients.iter_mut().zip(&values) {
            if value.abs() > cut {
                rank += 1;
                least_kept = least_kept.min(value.abs());
                *coefficient /= value;
            } else {
                most_left = most_left.max(value.abs());
                left_over += *coefficient * *coefficient;
                *coefficient = 0.0;
            }
        }
        if rank < size && most_left > 0.0 {
            rank_gap = least_kept / most_left;
        }
        let length = upper_y.dot(&upper_y).sqrt();
        range_residual = if length > 0.0 { f64::sqrt(left_over) / length } else { 0.0 };
        multiplier = face.tangent.dot(&vectors.dot(&coefficients)).to_vec();
    }
    let mut gradient = vec![0.0; d];
    assemble(problem, x, y, &multiplier, &mut gradient);
    let gap_constant = 0.5 * multiplier.iter().zip(&upper_y).map(|(v, f)| v * f).sum::<f64>();
    let found = Hypergradient {
        value: problem.upper(x, y),
        gradient,
        multiplier,
        active: face.active,
        rank: (rank, size),
        rank_gap,
        range_residual,
        gap_constant,
    };
    (found.value.is_finite() && found.gradient.iter().all(|slope| slope.is_finite())).then_some(found)
}

/// Subtracts g_xy v.
pub fn subtract_mixed(problem: &(impl Products + ?Sized), x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
    let mut mixed = vec![0.0; out.len()];
    problem.lower_xy_times(x, y, v, &mut mixed);
    out.iter_mut().zip(mixed).for_each(|(out, mixed)| *out -= mixed);
}

/// Writes f_x − g_xy v.
pub fn assemble(problem: &(impl Products + ?Sized), x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
    problem.upper_x(x, y, out);
    subtract_mixed(problem, x, y, v, out);
}

/// v from g_yy v = right by conjugate gradients from 0, for Y = ℝ^q and a positive semidefinite g_yy: until the residual is at most `tolerance`·|right|, `most` products are made, or a direction has no
/// curvature to speak of, as where f_y leaves the range of a singular g_yy. Gives the v of least residual, that relative residual and the products made.
pub fn conjugate_gradients(
    problem: &(impl Products + ?Sized),
    (x, y): (&[f64], &[f64]),
    right: &[f64],
    tolerance: f64,
    most: usize,
) -> (Vec<f64>, f64, usize) {
    let q = right.len();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut rest = right.to_vec();
    let (mut v, mut direction, mut image) = (vec![0.0; q], rest.clone(), vec![0.0; q]);
    let begin = dot(&rest, &rest);
    let mut squared = begin;
    let mut best = (squared, v.clone());
    let (mut products, mut largest) = (0, 0.0_f64);
    while products < most && squared > tolerance * tolerance * begin {
        problem.lower_yy_times(x, y, &direction, &mut image);
        products += 1;
        let (curved, length) = (dot(&direction, &image), dot(&direction, &direction));
        largest = largest.max(curved / length);
        // Rounding leaves a little curvature in directions that have none: a step along them would be as long as it is wrong.
        if curved <= 1e-12 * largest * length {
            break;
        }
        let step = squared / curved;
        for k in 0..q {
            v[k] += step * direction[k];
            rest[k] -= step * image[k];
        }
        let next = dot(&rest, &rest);
        for k in 0..q {
            direction[k] = rest[k] + next / squared * direction[k];
        }
        squared = next;
        if squared < best.0 {
            best = (squared, v.clone());
        }
    }
    (best.1, if begin > 0.0 { (best.0 / begin).sqrt() } else { 0.0 }, products)
}

/// v ≈ step Σ_{j<terms} (I − step g_yy)^j f_y, Neumann's series with 0 < step ≤ 1/‖g_yy‖; makes terms − 1 products. On a singular g_yy with f_y outside its range v grows without bound.
pub fn neumann(
    step: f64,
    terms: usize,
    upper_y: &[f64],
    mut product: impl FnMut(&[f64], &mut [f64]),
) -> Vec<f64> {
    let (mut term, mut image) = (upper_y.to_vec(), vec![0.0; upper_y.len()]);
    let mut v: Vec<f64> = term.iter().map(|f| step * f).collect();
    for _ in 1..terms {
        product(&term, &mut image);
        for ((term, image), v) in term.iter_mut().zip(&image).zip(&mut v) {
            *term -= step * image;
            *v += step * *term;
        }
    }
    v
}
