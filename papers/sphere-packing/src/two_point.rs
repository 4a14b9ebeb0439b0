//! The two-point bound of Cohn and Elkies (2003), from the double roots of its extremal function.
//!
//! # The theorem
//!
//! If f: ℝⁿ → ℝ is radial and of rapid decay, f(x) ≤ 0 for |x| ≥ r, f̂ ≥ 0 and f̂(0) > 0, then no packing of
//! spheres has a density above vol(B_{r/2}) f(0)/f̂(0). (By Poisson's formula, for periodic packings with smallest distance r.)
//!
//! # How f is found
//!
//! With z = 2π|x|², f is Σ c_k ℓ_k(z) e^(−z/2) and f̂ is Σ (−1)^k c_k ℓ_k(z) e^(−z/2). At the optimum of
//! degree 4N − 1, f has a simple root at r_1 and double roots at r_2 … r_N, and f̂ has double roots at all of them. The dual
//! solution, points z_i with weights w_i, then satisfies
//!
//! ```text
//! 1 + Σ_i w_i ℓ_k(z_i) = 0      for k = 1, 3, 5, …, 4N − 1,
//! ```
//!
//! 2N equations in 2N unknowns, which Newton's method solves from the solution with N − 1 roots (Cohn and Elkies, section 7;
//! Cohn and Gonçalves 2019). About 30 bits are needed for every root.
//!
//! # How it becomes a theorem
//!
//! The function through the computed roots is asked to pass them at a small distance on the right side ([`function`]), its
//! coefficients are rounded to binary fractions, and [`certificate`](crate::certificate) checks its signs by exact integers. The bound that is
//! printed is the one that this check proves, rounded up.

mod roots;

use ndarray::Array2;

use crate::Error;
use crate::certificate::two_point::TwoPoint;
use crate::certificate::{Certificate, Dyadic, Proven};
use crate::dense::solve_general;
use crate::laguerre::{self, Recurrence};
use crate::scalar::{Multi, Scalar, convert};
use roots::check_count;
pub use roots::{HIGHEST_DIMENSION, Long, MOST_ROOTS, Roots};

/// The volume of the ball of `radius` in ℝⁿ.
pub fn ball_volume(dimension: usize, radius: f64) -> f64 {
    // vol_n = vol_{n−2} · 2π/n, from vol_0 = 1 and vol_1 = 2.
    let mut volume = if dimension.is_multiple_of(2) { 1.0 } else { 2.0 };
    let mut order = if dimension.is_multiple_of(2) { 2 } else { 3 };
    while order <= dimension {
        volume *= std::f64::consts::TAU / order as f64;
        order += 2;
    }
    volume * radius.powi(dimension as i32)
}

/// The coefficients c_0…c_{4N−1} of a function with f(0) = 1 that passes the roots at a distance: −s_i for f at z_i with i ≥ 2, +s_i for f̂
/// at z_i, both flat there, and f(z_1) = 0. s_i = `slack`/(N w_i), so that f̂(0) = 1 − about 2 `slack`.
///
/// # Errors
///
/// [`Error::NotConverged`] if the linear system is singular.
pub fn function(roots: &Roots, slack: f64) -> Result<Vec<Long>, Error> {
    match roots.count() {
        0..=8 => function_in::<Multi<6>>(roots, slack),
        9..=18 => function_in::<Multi<12>>(roots, slack),
        19..=46 => function_in::<Multi<24>>(roots, slack),
        _ => function_in::<Multi<40>>(roots, slack),
    }
}

fn function_in<T: Scalar>(roots: &Roots, slack: f64) -> Result<Vec<Long>, Error> {
    let count = roots.count();
    let size = 4 * count;
    let mut rows: Vec<Vec<T>> = vec![vec![T::one(); size]];
    let mut right = vec![T::one()];
    let recurrence = Recurrence::new(roots.dimension, size - 1);
    for (i, (square, weight)) in roots.squares.iter().zip(&roots.weights).enumerate() {
        let (values, derivatives) = recurrence.values_and_derivatives(convert::<Long, T>(*square));
        let alternating = |row: &[T]| {
            row.iter()
                .enumerate()
                .map(|(k, value)| if k % 2 == 0 { *value } else { -*value })
                .collect::<Vec<T>>()
        };
        let distance = T::from_f64(slack / count as f64) / convert(*weight);
        let mut add = |row: Vec<T>, value: T| {
            rows.push(row);
            right.push(value);
        };
        add(alternating(&values), distance);
        add(alternating(&derivatives), T::zero());
        add(values, if i == 0 { T::zero() } else { -distance });
        if i > 0 {
            add(derivatives, T::zero());
        }
    }
    // Rows of similar size, so that pivots are compared fairly.
    for (row, value) in rows.iter_mut().zip(&mut right) {
        let largest = row.iter().fold(T::zero(), |largest, entry| largest.max(entry.abs()));
        row.iter_mut().for_each(|entry| *entry = *entry / largest);
        *value = *value / largest;
    }
    let matrix = Array2::from_shape_fn((size, size), |(i, j)| rows[i][j]);
    let solution = solve_general(matrix, &right)
        .ok_or_else(|| Error::NotConverged("the function through the roots is not determined".into()))?;
    Ok(solution.into_iter().map(convert).collect())
}

/// f(x) and f̂(x) at each |x| of `radii`, for the function through the roots without slack and with f(0) = f̂(0) = 1.
///
/// # Errors
///
/// As for [`function`], and [`Error::Setting`] for a radius that is negative or above 20.
pub fn profile(roots: &Roots, radii: &[f64]) -> Result<Vec<(f64, f64)>, Error> {
    if let Some(&value) = radii.iter().find(|radius| !(0.0..=20.0).contains(*radius)) {
        return Err(Error::Setting { name: "radius", value, expected: "0 to 20" });
    }
    let coefficients = function(roots, 0.0)?;
    Ok(radii
        .iter()
        .map(|radius| {
            let square = std::f64::consts::TAU * radius * radius;
            let values = laguerre::values(roots.dimension, coefficients.len() - 1, Long::from_f64(square));
            let (mut even, mut odd) = (Long::ZERO, Long::ZERO);
            for (k, (coefficient, value)) in coefficients.iter().zip(values).enumerate() {
                if k % 2 == 0 { even += *coefficient * value } else { odd += *coefficient * value }
            }
            let gaussian = (-Long::from_f64(square / 2.0)).exp();
            (((even + odd) * gaussian).to_f64(), ((even - odd) * gaussian).to_f64())
        })
        .collect())
}

/// A proven bound and how it came about.
#[derive(Clone, Debug)]
pub struct Bound {
    /// The dual solution.
    pub roots: Roots,
    /// The function, with the signs that the theorem asks for.
    pub certificate: TwoPoint,
    /// What it proves.
    pub proven: Proven,
}

/// The share of the bound that is given away for the certificate's sake.
const SLACK: f64 = 1e-24;

/// Proves the bound of a dual solution, about 2·10⁻²⁴ above its value.
///
/// # Errors
///
/// [`Error::NotConverged`] or [`Error::Certificate`] if the roots are no solution.
pub fn prove(roots: &Roots) -> Result<Bound, Error> {
    let coefficients: Vec<Dyadic> = function(roots, SLACK)?.into_iter().map(Dyadic::exact).collect();
    // The simple root lies at z_1 up to rounding; a little further out the function is negative.
    let square =
        Dyadic::exact(roots.squares[0] * (Long::from_f64(1.0) + Long::from_f64(SLACK))).shortened(160);
    let bits = 160 + 28 * roots.count() as u64;
    let certificate = TwoPoint::new(roots.dimension, square, &coefficients, bits);
    let proven = Certificate::TwoPoint(certificate.clone()).check()?;
    Ok(Bound { roots: roots.clone(), certificate, proven })
}

/// The bound with `count` roots, or with the most below that whose function keeps its signs.
///
/// Where the bound is sharp, as in dimensions 1 and 2, more roots than it needs leave the function undetermined, and the one through
/// them may fail.
///
/// # Errors
///
/// As for [`Roots::one`] and [`prove`], and [`Error::Setting`] for a count outside 1…[`MOST_ROOTS`].
pub fn bound_with(dimension: usize, count: usize) -> Result<Bound, Error> {
    check_count(count)?;
    let mut found = vec![Roots::one(dimension)?];
    while found.len() < count {
        match found[found.len() - 1].grown() {
            Ok(next) => found.push(next),
            Err(_) => break,
        }
    }
    prove_last(&found)
}

/// The bound of the last of some solutions that can be proven.
fn prove_last(found: &[Roots]) -> Result<Bound, Error> {
    let mut fault = Error::NotConverged("no roots".into());
    for roots in found.iter().rev() {
        match prove(roots) {
            Ok(bound) => return Ok(bound),
            Err(error) => fault = error,
        }
    }
    Err(fault)
}

/// The bound with as many roots as make `digits` decimal digits stand still, or `most` roots.
///
/// Digits stand still when what further roots can gain, by the geometric decay of the last two gains, is below half a unit of the
/// last of them. That is an estimate; the bound is proven with however many roots.
///
/// # Errors
///
/// As for [`Roots::with`] and [`prove`], and [`Error::Setting`] for digits outside 1…20. A next solution that is not found ends the search with
/// the last one.
pub fn bound_to_digits(dimension: usize, digits: usize, most: usize) -> Result<(Bound, bool), Error> {
    if !(1..=20).contains(&digits) {
        return Err(Error::Setting { name: "digits", value: digits as f64, expected: "1 to 20" });
    }
    check_count(most)?;
    let mut roots = Roots::one(dimension)?;
    let mut gains: Vec<f64> = Vec::new();
    let mut still = false;
    let mut found = Vec::new();
    while roots.count() < most && !still {
        let Ok(next) = roots.grown() else { break };
        let ratio = (next.squares[0] / roots.squares[0]).to_f64();
        // Below a relative 10⁻¹⁶ the ratio must be formed before it is rounded.
        let gain = if 1.0 - ratio > 1e-8 {
            1.0 - ratio.powf(dimension as f64 / 2.0)
        } else {
            dimension as f64 / 2.0 * ((roots.squares[0] - next.squares[0]) / roots.squares[0]).to_f64()
        };
        gains.push(gain.max(0.0));
        found.push(roots);
        roots = next;
        if let [.., before, last] = gains[..] {
            let decay = if before > 0.0 { (last / before).min(0.999) } else { 0.0 };
            still = last * decay.max(0.1) / (1.0 - decay) < 0.5 * 10f64.powi(-(digits as i32));
        }
    }
    found.push(roots);
    Ok((prove_last(&found)?, still))
}
