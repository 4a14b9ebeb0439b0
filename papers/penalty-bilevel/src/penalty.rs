//! The penalised function ψ_σ and its gradient from first derivatives.
//!
//! ```text
//! ψ_σ(x) = min over y in Y of { f(x, y) + (g(x, y) − g*(x))/σ } = (ℓ(x, σ) − ℓ(x, 0))/σ,      ℓ(x, σ) = min over y in Y of σf + g
//! ∇ψ_σ(x) = f_x(x, y) + (g_x(x, y) − g_x(x, z))/σ,      y in argmin σf + g,   z in argmin g
//! ```
//!
//! ℓ is concave in σ: ψ_σ never exceeds ψ, and grows as σ falls. Where the lower level is regular ψ − ψ_σ = O(σ); [`closeness`] tells from three values whether that is seen at a point.

use bilevel::families::Scalar;
use bilevel::levels::{Bilevel, Known, Lower, Upper};
use bilevel::lower;
use bilevel::sets::{ConvexSet, norm};
use numerics::lbfgs;

/// ψ_σ at a point, with the residuals that certify it.
#[derive(Clone, Debug, PartialEq)]
pub struct PenaltyPoint {
    /// ψ_σ(x), right where y and z are global minimisers.
    pub value: f64,
    /// Its gradient.
    pub gradient: Vec<f64>,
    /// Minimiser of σf + g.
    pub y: Vec<f64>,
    /// Minimiser of g.
    pub z: Vec<f64>,
    /// |y − P_Y(y − slope)| of σf + g.
    pub residual_y: f64,
    /// The same of g at z.
    pub residual_z: f64,
    /// Gradients taken of f and g in y.
    pub inner_gradients: u64,
}

/// Why there is no penalised value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PenaltyError {
    /// σ is not positive.
    #[error("sigma: expected a positive number, found {0}")]
    Sigma(f64),
    /// x lies outside X, or is not finite.
    #[error("x: expected {expected} finite numbers in X, found {found}")]
    Point {
        /// d.
        expected: usize,
        /// What is wrong.
        found: String,
    },
    /// A lower problem was not solved.
    #[error("the minimiser of {what} was not found: residual {residual:.3e}")]
    Unsolved {
        /// σf + g or g.
        what: &'static str,
        /// |y − P_Y(y − slope)|.
        residual: f64,
    },
}

/// Checks σ and x.
///
/// # Errors
/// Of the first that is wrong.
pub fn check(problem: &(impl Bilevel + ?Sized), x: &[f64], sigma: f64) -> Result<(), PenaltyError> {
    if !(sigma > 0.0 && sigma.is_finite()) {
        return Err(PenaltyError::Sigma(sigma));
    }
    let (expected, _) = problem.dimensions();
    let point = |found: String| Err(PenaltyError::Point { expected, found });
    if x.len() != expected {
        return point(format!("{} numbers", x.len()));
    }
    match x.iter().find(|x| !x.is_finite()) {
        Some(x) => point(x.to_string()),
        None if !problem.upper_set().contains(x, 1e-9) => point("a point outside".into()),
        None => Ok(()),
    }
}

/// Writes f_x(x, y) + (g_x(x, y) − g_x(x, z))/σ. Where y and z are inexact its error is about (mixed derivatives)·(their errors)/σ, and rounding adds 10⁻¹⁶|g_x|/σ.
pub fn assemble(
    problem: &(impl Bilevel + ?Sized),
    x: &[f64],
    (y, z): (&[f64], &[f64]),
    sigma: f64,
    out: &mut [f64],
) {
    let mut at = [vec![0.0; x.len()], vec![0.0; x.len()]];
    problem.upper_x(x, y, out);
    problem.lower_x(x, y, &mut at[0]);
    problem.lower_x(x, z, &mut at[1]);
    for ((out, at_y), at_z) in out.iter_mut().zip(&at[0]).zip(&at[1]) {
        *out += (at_y - at_z) / sigma;
    }
}

fn finish(
    problem: &(impl Bilevel + ?Sized),
    x: &[f64],
    sigma: f64,
    y: Vec<f64>,
    z: Vec<f64>,
    inner_gradients: u64,
) -> PenaltyPoint {
    let mut gradient = vec![0.0; x.len()];
    assemble(problem, x, (&y, &z), sigma, &mut gradient);
    let value = problem.upper(x, &y) + (problem.lower(x, &y) - problem.lower(x, &z)) / sigma;
    let (residual_y, residual_z) =
        (lower::residual(problem, x, &y, sigma), lower::residual(problem, x, &z, 0.0));
    PenaltyPoint { value, gradient, y, z, residual_y, residual_z, inner_gradients }
}

/// ψ_σ to rounding, by Newton's method from a start that the problem knows to lie in the right basin.
///
/// # Errors
/// σ or x out of range; a lower problem that is not solved.
pub fn exact_penalty(
    problem: &(impl Known + ?Sized),
    x: &[f64],
    sigma: f64,
) -> Result<PenaltyPoint, PenaltyError> {
    check(problem, x, sigma)?;
    let z = problem.solution(x);
    if z.iter().any(|z| !z.is_finite()) {
        return Err(PenaltyError::Unsolved { what: "g", residual: f64::NAN });
    }
    let start = problem.near_penalised(x, sigma);
    let y = lower::solve(problem, x, sigma, &start);
    let y = y.ok_or_else(|| PenaltyError::Unsolved {
        what: "sigma f + g",
        residual: lower::residual(problem, x, &start, sigma),
    })?;
    Ok(finish(problem, x, sigma, y.point, z, 0))
}

/// How hard the lower problems are tried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InnerOptions {
    /// Residual at which to stop; 0 runs all steps.
    pub tolerance: f64,
    /// Most steps for each of y and z.
    pub most_steps: u64,
    /// Steps are 1 over this; an upper bound of the curvature of σf + g in y. Too small a number diverges.
    pub smoothness: f64,
}

/// ψ_σ from first derivatives alone, for z from `start`, then for y from z, so that both follow the same solution: by L-BFGS and then, or where Y is not ℝ^q only, by accelerated projected gradient steps with restarts.
///
/// # Errors
/// σ or x out of range; a residual above the tolerance after all steps, or not finite.
pub fn penalty_gradient(
    problem: &(impl Bilevel + ?Sized),
    x: &[f64],
    sigma: f64,
    start: &[f64],
    options: &InnerOptions,
) -> Result<PenaltyPoint, PenaltyError> {
    check(problem, x, sigma)?;
    let inner = if *problem.lower_set() == ConvexSet::Whole { quasi_newton } else { accelerated };
    let (z, first) = inner(problem, x, 0.0, start, options);
    let (y, second) = inner(problem, x, sigma, &z, options);
    let found = finish(problem, x, sigma, y, z, first + second);
    for (what, residual) in [("g", found.residual_z), ("sigma f + g", found.residual_y)] {
        if !residual.is_finite() || options.tolerance > 0.0 && residual > options.tolerance {
            return Err(PenaltyError::Unsolved { what, residual });
        }
    }
    Ok(found)
}

/// L-BFGS until the residual, which is the gradient's size, is at most half the tolerance. Gives the best point and the gradients taken.
fn quasi_newton<P: Bilevel + ?Sized>(
    problem: &P,
    x: &[f64],
    sigma: f64,
    start: &[f64],
    options: &InnerOptions,
) -> (Vec<f64>, u64) {
    let objective = |y: &[f64], gradient: &mut [f64]| {
        lower::slope(problem, x, y, sigma, gradient);
        sigma * problem.upper(x, y) + problem.lower(x, y)
    };
    let settings = lbfgs::Options {
        // Entries of the gradient, of which there are q.
        gradient_tolerance: 0.5 * options.tolerance / (start.len() as f64).sqrt(),
        relative_decrease: 0.0,
        max_iterations: options.most_steps.try_into().unwrap_or(usize::MAX),
        initial_scale: Some(1.0 / options.smoothness),
        ..lbfgs::Options::default()
    };
    let (near, evaluations) = match lbfgs::minimise(objective, start, &settings) {
        Ok(minimum) => (minimum.point, minimum.evaluations as u64),
        Err(_) => return (vec![f64::NAN; start.len()], 0),
    };
    // Line searches compare values, whose rounding hides what the last digits of a gradient still tell: gradient steps do the rest.
    if lower::residual(problem, x, &near, sigma) <= options.tolerance {
        return (near, evaluations);
    }
    let (point, gradients) = accelerated(problem, x, sigma, &near, options);
    (point, evaluations + gradients)
}

/// FISTA with restarts by the gradient's sign (O'Donoghue and Candès 2015). Gives the point and the gradients taken.
fn accelerated<P: Bilevel + ?Sized>(
    problem: &P,
    x: &[f64],
    sigma: f64,
    start: &[f64],
    options: &InnerOptions,
) -> (Vec<f64>, u64) {
    let set = problem.lower_set();
    let q = start.len();
    let mut point = start.to_vec();
    set.project(&mut point);
    let (mut ahead, mut slope, mut next) = (point.clone(), vec![0.0; q], vec![0.0; q]);
    let (mut momentum, mut gradients) = (1.0_f64, 0);
    for _ in 0..options.most_steps {
        lower::slope(problem, x, &ahead, sigma, &mut slope);
        gradients += 1;
        for k in 0..q {
            next[k] = ahead[k] - slope[k] / options.smoothness;
        }
        set.project(&mut next);
        // (ahead − next)·(next − point) > 0: the momentum points uphill.
        let uphill: f64 = (0..q).map(|k| (ahead[k] - next[k]) * (next[k] - point[k])).sum();
        let moved = (0..q).map(|k| (ahead[k] - next[k]).powi(2)).sum::<f64>().sqrt();
        if uphill > 0.0 {
            momentum = 1.0;
            ahead.copy_from_slice(&point);
        } else {
            let later = f64::midpoint(1.0, (1.0 + 4.0 * momentum * momentum).sqrt());
            let beta = (momentum - 1.0) / later;
            for k in 0..q {
                ahead[k] = next[k] + beta * (next[k] - point[k]);
            }
            momentum = later;
            point.copy_from_slice(&next);
        }
        // A short step hints at a small residual at the point, which is then looked at.
        if moved * options.smoothness.max(1.0) <= options.tolerance {
            gradients += 1;
            if lower::residual(problem, x, &point, sigma) <= options.tolerance {
                break;
            }
        }
    }
    (point, gradients)
}

/// What three values of ψ_σ say about closeness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Closeness {
    /// The ratio is within a tenth of 2: ψ_σ is in its linear regime, ψ − ψ_σ ≈ 2(ψ_{σ/2} − ψ_σ).
    Linear,
    /// Nothing changes beyond rounding: the penalty is exact.
    Exact,
    /// Anything else: closeness is not observed at this σ. A growth exponent p gives 2^(1/(p−1)), a kink nearer than σ gives 1/2.
    NotObserved,
}

/// (ψ_{σ/2} − ψ_σ)/(ψ_{σ/4} − ψ_{σ/2}) and its reading, from the values at σ, σ/2, σ/4 and the distance |y − z| at the last: a penalty is exact only where y solves the lower level too. A local test: a jump
/// of ψ farther than 2σ from x is not seen.
pub fn closeness([coarse, middle, fine]: [f64; 3], distance: f64) -> (f64, Closeness) {
    let (first, second) = (middle - coarse, fine - middle);
    let rounding = 1e-13 * (1.0 + fine.abs());
    if first.abs() <= rounding && second.abs() <= rounding {
        return (f64::NAN, if distance <= 1e-9 { Closeness::Exact } else { Closeness::NotObserved });
    }
    let ratio = first / second;
    (ratio, if (ratio - 2.0).abs() <= 0.2 { Closeness::Linear } else { Closeness::NotObserved })
}

/// ψ_σ(x) and its derivative for a problem of one variable each, from the minimisers in closed form.
pub fn scalar_penalty(scalar: Scalar, x: f64, sigma: f64) -> (f64, f64) {
    let (y, z) = (scalar.penalised(x, sigma), scalar.near_penalised(&[x], 0.0)[0]);
    let mut slope = [0.0];
    assemble(&scalar, &[x], (&[y], &[z]), sigma, &mut slope);
    (scalar.upper(&[x], &[y]) + (scalar.lower(&[x], &[y]) - scalar.lower(&[x], &[z])) / sigma, slope[0])
}

/// Richardson's 2 ψ_{σ/2} − ψ_σ, value and gradient: its bias is O(σ²) where ψ_σ is smooth in σ. Not in the paper.
pub fn richardson(coarse: &PenaltyPoint, fine: &PenaltyPoint) -> (f64, Vec<f64>) {
    let gradient = fine.gradient.iter().zip(&coarse.gradient).map(|(fine, coarse)| 2.0 * fine - coarse);
    (2.0 * fine.value - coarse.value, gradient.collect())
}

/// |x − P_X(x − step·gradient)|/step: the size of the gradient that X lets count.
pub fn gradient_mapping(problem: &(impl Bilevel + ?Sized), x: &[f64], gradient: &[f64], step: f64) -> f64 {
    let mut moved: Vec<f64> = x.iter().zip(gradient).map(|(x, slope)| x - step * slope).collect();
    problem.upper_set().project(&mut moved);
    moved.iter_mut().zip(x).for_each(|(moved, x)| *moved -= x);
    norm(&moved) / step
}
