//! The continuous methods that the paper improves on: NOTEARS, GOLEM and DAGMA, for least squares with an l1 penalty.
//!
//! All minimise over all matrices with a zero diagonal and push an acyclicity function h(W ∘ W) to zero. NOTEARS and DAGMA end with tiny weights that may still close cycles, so what they return has to be
//! cut ([`crate::graph::acyclic_core`]), and a score below that of every acyclic graph is no triumph. The inner problems are solved by the orthant-wise quasi-Newton
//! method instead of bounds on split variables (NOTEARS) and Adam (GOLEM, DAGMA).

use faer::Mat;
use faer::linalg::solvers::DenseSolveCore;
use ndarray::{Array2, ArrayView2, Zip};
use numerics::lbfgs::{self, StopReason};
use numerics::registers::clear_upper_parts;
use numerics::sum::fast_dot;

use crate::acyclicity::Form;
use crate::{Covariance, Error};

/// What a continuous method returned.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// W, as returned: zeros are exact, cycles possible.
    pub weights: Array2<f64>,
    /// h(W ∘ W) at the end.
    pub acyclicity: f64,
    /// Evaluations of score and h with gradients.
    pub evaluations: usize,
    /// Whether it ended by its own rule rather than a limit.
    pub converged: bool,
}

/// Settings of [`notears`]; the defaults are those of its authors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NotearsOptions {
    /// λ on |W|₁.
    pub l1: f64,
    /// Ends when h is at most this.
    pub tolerance: f64,
    /// Ends when the weight of the quadratic penalty exceeds this.
    pub largest_penalty: f64,
    /// Most rounds of multipliers.
    pub rounds: usize,
    /// Most quasi-Newton iterations in a round.
    pub iterations: usize,
}

impl Default for NotearsOptions {
    fn default() -> Self {
        Self { l1: 0.1, tolerance: 1e-8, largest_penalty: 1e16, rounds: 100, iterations: 15_000 }
    }
}

/// DAGs with NO TEARS (Zheng, Aragam, Ravikumar, Xing 2018): min Q + λ|W|₁ + α h + ½ ρ h² with h = tr exp(W ∘ W) − d, α and ρ growing until h vanishes.
///
/// Cost: some thousand evaluations of about 40 d³ flops.
///
/// # Errors
/// A setting out of range.
pub fn notears(covariance: &Covariance, options: &NotearsOptions) -> Result<Solution, Error> {
    check_penalty(options.l1)?;
    let size = covariance.variables();
    let (mut point, mut h) = (vec![0.0; size * size], f64::INFINITY);
    let (mut rho, mut alpha) = (1.0, 0.0);
    let mut evaluations = 0;
    for _ in 0..options.rounds {
        let (mut next, mut next_h) = (point.clone(), h);
        while rho < options.largest_penalty {
            let objective = |x: &[f64], gradient: &mut [f64]| {
                let weights = as_matrix(x, size);
                let Some((h, by_square)) = Form::Exponential.evaluate(weights.mapv(|w| w * w).view()) else {
                    return f64::INFINITY;
                };
                let value = least_squares(covariance, weights, gradient);
                add_acyclicity(weights, &by_square, alpha + rho * h, gradient);
                value + (alpha + 0.5 * rho * h) * h
            };
            let found = minimise(objective, options.l1, &point, size, options.iterations)?;
            evaluations += found.evaluations;
            next = found.point;
            let squares = as_matrix(&next, size).mapv(|w| w * w);
            next_h = Form::Exponential.evaluate(squares.view()).map_or(f64::INFINITY, |(h, _)| h);
            // The authors' rule: go on with a heavier penalty until h is a quarter of what it was.
            if next_h > 0.25 * h {
                rho *= 10.0;
            } else {
                break;
            }
        }
        (point, h) = (next, next_h);
        alpha += rho * h;
        if h <= options.tolerance || rho >= options.largest_penalty {
            break;
        }
    }
    let weights = as_matrix(&point, size).to_owned();
    Ok(Solution { weights, acyclicity: h, evaluations, converged: h <= options.tolerance })
}

/// Settings of [`dagma`]; the defaults are those of its authors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DagmaOptions {
    /// λ on |W|₁.
    pub l1: f64,
    /// Steps along the central path.
    pub steps: usize,
    /// First weight μ of the score; it falls tenfold with every step.
    pub first_weight: f64,
    /// Most quasi-Newton iterations in a step.
    pub iterations: usize,
}

impl Default for DagmaOptions {
    fn default() -> Self {
        Self { l1: 0.02, steps: 5, first_weight: 1.0, iterations: 10_000 }
    }
}

/// DAGMA (Bello, Aragam, Ravikumar 2022): min μ (Q + λ|W|₁) + h along μ → 0, h = d log s − log det(sI − W ∘ W), s = 1, 0.9, 0.8, 0.7, 0.6.
///
/// Steps out of the domain of h are infinite, and so refused by the line search.
///
/// # Errors
/// A setting out of range.
pub fn dagma(covariance: &Covariance, options: &DagmaOptions) -> Result<Solution, Error> {
    check_penalty(options.l1)?;
    let size = covariance.variables();
    let mut point = vec![0.0; size * size];
    let (mut mu, mut evaluations, mut converged) = (options.first_weight, 0, true);
    let mut last = 1.0;
    for step in 0..options.steps {
        let s = [1.0, 0.9, 0.8, 0.7, 0.6][step.min(4)];
        let form = Form::LogDeterminant(s);
        let objective = |x: &[f64], gradient: &mut [f64]| {
            let weights = as_matrix(x, size);
            let Some((h, by_square)) = form.evaluate(weights.mapv(|w| w * w).view()) else {
                return f64::INFINITY;
            };
            let value = least_squares(covariance, weights, gradient);
            gradient.iter_mut().for_each(|g| *g *= mu);
            add_acyclicity(weights, &by_square, 1.0, gradient);
            mu * value + h
        };
        let found = minimise(objective, mu * options.l1, &point, size, options.iterations)?;
        evaluations += found.evaluations;
        converged &= !matches!(found.reason, StopReason::IterationLimit | StopReason::Diverged);
        // Outside the domain of a smaller s the step begins where it may not: what was found before stays.
        if found.reason != StopReason::Diverged {
            point = found.point;
        }
        last = s;
        mu *= 0.1;
    }
    let weights = as_matrix(&point, size).to_owned();
    let squares = weights.mapv(|w| w * w);
    let acyclicity = Form::LogDeterminant(last).evaluate(squares.view()).map_or(f64::NAN, |(h, _)| h);
    Ok(Solution { weights, acyclicity, evaluations, converged })
}

/// Settings of [`golem`]; the defaults are those of its authors for noise of equal variances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GolemOptions {
    /// λ₁ on |W|₁.
    pub l1: f64,
    /// λ₂ on h.
    pub acyclicity: f64,
    /// Most quasi-Newton iterations.
    pub iterations: usize,
}

impl Default for GolemOptions {
    fn default() -> Self {
        Self { l1: 0.02, acyclicity: 5.0, iterations: 10_000 }
    }
}

/// GOLEM (Ng, Ghassami, Zhang 2020) for noise of equal variances: min (d/2) log Q − log |det(I − W)| + λ₁|W|₁ + λ₂ h with h = tr exp(W ∘ W) − d. The constraint is soft:
/// what comes out has cycles of weights that are not always tiny.
///
/// # Errors
/// A setting out of range.
pub fn golem(covariance: &Covariance, options: &GolemOptions) -> Result<Solution, Error> {
    check_penalty(options.l1)?;
    if !(options.acyclicity >= 0.0 && options.acyclicity.is_finite()) {
        return Err(Error::Setting {
            name: "the weight of h",
            value: options.acyclicity,
            range: "at least 0",
        });
    }
    let size = covariance.variables();
    let half = size as f64 / 2.0;
    let objective = |x: &[f64], gradient: &mut [f64]| {
        let weights = as_matrix(x, size);
        let inside = Form::Exponential.evaluate(weights.mapv(|w| w * w).view());
        let (Some((h, by_square)), Some((logarithm, inverse))) = (inside, inverse_of_rest(weights)) else {
            return f64::INFINITY;
        };
        let value = least_squares(covariance, weights, gradient);
        // −log |det(I − W)| has the derivative (I − W)⁻ᵀ.
        for (g, (i, j)) in gradient.iter_mut().zip(ndarray::indices(weights.dim())) {
            *g = half * *g / value + inverse[(j, i)];
        }
        add_acyclicity(weights, &by_square, options.acyclicity, gradient);
        half * value.ln() - logarithm + options.acyclicity * h
    };
    let found = minimise(objective, options.l1, &vec![0.0; size * size], size, options.iterations)?;
    let weights = as_matrix(&found.point, size).to_owned();
    let acyclicity = Form::Exponential.evaluate(weights.mapv(|w| w * w).view()).map_or(f64::NAN, |(h, _)| h);
    let converged = !matches!(found.reason, StopReason::IterationLimit | StopReason::Diverged);
    Ok(Solution { weights, acyclicity, evaluations: found.evaluations, converged })
}

/// log |det(I − W)| and (I − W)⁻¹; `None` if it is singular.
fn inverse_of_rest(weights: ArrayView2<f64>) -> Option<(f64, Array2<f64>)> {
    let size = weights.nrows();
    let rest = Mat::from_fn(size, size, |i, j| f64::from(u8::from(i == j)) - weights[(i, j)]);
    let factors = rest.partial_piv_lu();
    let logarithm: f64 = (0..size).map(|k| factors.U()[(k, k)].abs().ln()).sum();
    let inverse = factors.inverse();
    clear_upper_parts();
    let inverse = Array2::from_shape_fn((size, size), |(i, j)| inverse[(i, j)]);
    (logarithm.is_finite() && inverse.iter().all(|entry| entry.is_finite())).then_some((logarithm, inverse))
}

fn check_penalty(l1: f64) -> Result<(), Error> {
    match l1 >= 0.0 && l1.is_finite() {
        true => Ok(()),
        false => Err(Error::Setting { name: "the l1 penalty", value: l1, range: "at least 0" }),
    }
}

fn as_matrix(x: &[f64], size: usize) -> ArrayView2<'_, f64> {
    ArrayView2::from_shape((size, size), x).expect("the point has size² coordinates")
}

/// Q = ½ tr (I − W)ᵀ S (I − W), and its gradient −S (I − W).
fn least_squares(covariance: &Covariance, weights: ArrayView2<f64>, gradient: &mut [f64]) -> f64 {
    let slopes = crate::stationarity::least_squares_slopes(covariance, weights);
    gradient.copy_from_slice(slopes.as_slice().expect("standard layout"));
    let weights = weights.to_slice().expect("the point is one piece");
    0.5 * (fast_dot(gradient, weights) - slopes.diag().sum())
}

/// Adds multiple · ∂h/∂W = multiple · 2 W ∘ ∂h/∂(W ∘ W), and keeps the diagonal at zero.
fn add_acyclicity(weights: ArrayView2<f64>, by_square: &Array2<f64>, multiple: f64, gradient: &mut [f64]) {
    let size = weights.nrows();
    let mut gradient = ndarray::ArrayViewMut2::from_shape((size, size), gradient).expect("sizes agree");
    Zip::from(&mut gradient).and(weights).and(by_square).for_each(|g, &w, &d| *g += multiple * 2.0 * w * d);
    gradient.diag_mut().fill(0.0);
}

fn minimise(
    objective: impl FnMut(&[f64], &mut [f64]) -> f64,
    l1: f64,
    start: &[f64],
    size: usize,
    iterations: usize,
) -> Result<lbfgs::Minimum, Error> {
    // What SciPy's L-BFGS-B, the authors' solver, stops at.
    let options = lbfgs::Options {
        gradient_tolerance: 1e-5,
        relative_decrease: 2.2e-9,
        max_iterations: iterations,
        ..Default::default()
    };
    let penalties = vec![l1; size * size];
    lbfgs::minimise_with_l1(objective, &penalties, start, &options).map_err(|fault| match fault {
        lbfgs::LbfgsError::Option { option, value, range } => Error::Setting { name: option, value, range },
        _ => Error::Diverged { column: 0 },
    })
}
