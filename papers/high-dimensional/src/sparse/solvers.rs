//! Accelerated gradients in two settings, plain ones, and coordinate descent, on the same problem with the same certificate.

use std::time::{Duration, Instant};

use numerics::sum::fast_dot;

use super::{Coefficients, Loss, Problem, SparseError, worse};

pub mod bound;
mod coordinate;

pub use coordinate::published_coordinate_descent;

/// How a problem is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The accelerated gradient of Ghadimi and Lan (2016) with damping α_k = 2/(1 + √(1 + 4/α²_{k−1})) and steps 0.99/L and 0.99/(Lα_k), which minimise its bound: the thesis's.
    Tuned,
    /// The tuned setting, begun anew where its last move points uphill (O'Donoghue and Candès, 2015).
    Restarted,
    /// The tuned one's scheme with α_k = 2/(k + 1) and steps 1/(2L) and k/(4L): Ghadimi and Lan's own.
    GhadimiLan,
    /// Proximal gradients with step 1/L.
    Ista,
    /// Cyclic coordinate descent on the same objective, monotone.
    Coordinate,
}

/// When to stop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// KKT residual.
    pub tolerance: f64,
    /// Iterations, or sweeps over all columns, at most.
    pub iterations: usize,
    /// The Lipschitz constant, where it is known.
    pub lipschitz: Option<f64>,
    /// Begin no iteration after so long.
    pub deadline: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self { tolerance: 1e-6, iterations: 50_000, lipschitz: None, deadline: None }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The coefficients.
    pub at: Coefficients,
    /// Their objective.
    pub objective: f64,
    /// Their KKT residual, computed anew.
    pub kkt: f64,
    /// Iterations, or sweeps.
    pub iterations: usize,
    /// Whether the residual is small enough.
    pub converged: bool,
}

/// What an observer sees after an iteration.
#[derive(Clone, Copy, Debug)]
pub struct Iterate<'a> {
    /// Which, from 1.
    pub number: usize,
    /// The coefficients.
    pub at: &'a Coefficients,
    /// How accelerated gradients came there; none of coordinate descent.
    pub sequences: Option<Sequences<'a>>,
}

/// Ghadimi and Lan's three sequences, `at` being x^ag_k.
#[derive(Clone, Copy, Debug)]
pub struct Sequences<'a> {
    /// x^md_k, where the gradient was taken.
    pub middle: &'a Coefficients,
    /// x_k.
    pub inner: &'a Coefficients,
    /// α_k.
    pub damping: f64,
    /// λ_k, the step of x_k.
    pub inner_step: f64,
    /// β_k, the step from x^md_k to x^ag_k.
    pub step: f64,
}

/// Solves from a start.
///
/// # Errors
/// As [`Problem::check`], and for a start of the wrong length.
pub fn solve(
    problem: &Problem,
    method: Method,
    start: &Coefficients,
    options: &Options,
) -> Result<Fit, SparseError> {
    observed(problem, method, start, options, &mut |_| true)
}

/// The same, with each iteration shown; `false` ends the run.
///
/// # Errors
/// As [`solve`].
pub fn observed(
    problem: &Problem,
    method: Method,
    start: &Coefficients,
    options: &Options,
    observe: &mut dyn FnMut(Iterate) -> bool,
) -> Result<Fit, SparseError> {
    problem.check()?;
    if start.beta.len() != problem.x.count() {
        return Err(SparseError::Shape(format!(
            "{} coefficients for {} columns",
            start.beta.len(),
            problem.x.count()
        )));
    }
    let (at, iterations) = match method {
        Method::Coordinate => coordinate::descend(problem, start, options, observe),
        _ => accelerated(problem, method, start, options, observe),
    };
    let (kkt, objective) = (problem.kkt(&at), problem.objective(&at));
    Ok(Fit { at, objective, kkt, iterations, converged: kkt <= options.tolerance })
}

/// Two passes over X an iteration: the predictor is linear, so that η at the extrapolated point needs none of its own.
fn accelerated(
    problem: &Problem,
    method: Method,
    start: &Coefficients,
    options: &Options,
    observe: &mut dyn FnMut(Iterate) -> bool,
) -> (Coefficients, usize) {
    let begun = Instant::now();
    let (n, p) = (problem.y.len(), problem.x.count());
    let lipschitz = options.lipschitz.unwrap_or_else(|| problem.lipschitz());
    let has_intercept = problem.loss == Loss::Logistic;
    let (mut x, mut aggregate) = (start.clone(), start.clone());
    let mut middle = start.clone();
    let (mut eta, mut residual, mut gradient) = (vec![0.0; n], vec![0.0; n], vec![0.0; p]);
    let mut damping = 1.0_f64;
    let (mut fresh, mut last) = (true, start.clone());
    for k in 1..=options.iterations {
        if options.deadline.is_some_and(|limit| begun.elapsed() > limit) {
            return (aggregate, k - 1);
        }
        let (alpha, inner, outer) = match method {
            Method::Tuned | Method::Restarted => {
                if !fresh {
                    damping = 2.0 / (1.0 + (1.0 + 4.0 / (damping * damping)).sqrt());
                }
                fresh = false;
                let step = 0.99 / lipschitz;
                (damping, step / damping, step)
            }
            Method::GhadimiLan => {
                let step = 0.5 / lipschitz;
                (2.0 / (k as f64 + 1.0), 0.5 * k as f64 * step, step)
            }
            _ => (1.0, 1.0 / lipschitz, 1.0 / lipschitz),
        };
        for ((m, a), x) in middle.beta.iter_mut().zip(&aggregate.beta).zip(&x.beta) {
            *m = (1.0 - alpha) * a + alpha * x;
        }
        middle.intercept = (1.0 - alpha) * aggregate.intercept + alpha * x.intercept;
        problem.predictor(&middle, &mut eta);
        problem.residual(&eta, &mut residual);
        problem.x.transposed(&residual, &mut gradient);
        let mut worst = 0.0_f64;
        for (g, b) in gradient.iter_mut().zip(&middle.beta) {
            *g /= -(n as f64);
            worst = worse(worst, problem.violation(*g, *b));
            *g += problem.penalty.concave_slope(*b, problem.lambda);
        }
        let slope = if has_intercept { -residual.iter().sum::<f64>() / n as f64 } else { 0.0 };
        // The extrapolated point is as good an answer as any.
        let worst = worse(worst, slope.abs());
        if worst <= options.tolerance || worst.is_nan() {
            return (middle, k - 1);
        }
        let soft = |z: f64, t: f64| if z.abs() <= t { 0.0 } else { z - t * z.signum() };
        for (((x, a), m), g) in x.beta.iter_mut().zip(&mut aggregate.beta).zip(&middle.beta).zip(&gradient) {
            *x = soft(*x - inner * g, inner * problem.lambda);
            *a = soft(m - outer * g, outer * problem.lambda);
        }
        x.intercept -= inner * slope;
        aggregate.intercept = middle.intercept - outer * slope;
        if method == Method::Ista {
            x.clone_from(&aggregate);
        }
        if method == Method::Restarted {
            // The step from the middle is minus the gradient's mapping.
            let uphill: f64 = (middle.beta.iter().zip(&aggregate.beta).zip(&last.beta))
                .map(|((m, a), l)| (m - a) * (a - l))
                .sum::<f64>()
                + (middle.intercept - aggregate.intercept) * (aggregate.intercept - last.intercept);
            if uphill > 0.0 {
                (fresh, damping) = (true, 1.0);
                x.clone_from(&aggregate);
            }
            last.clone_from(&aggregate);
        }
        let sequences =
            Sequences { middle: &middle, inner: &x, damping: alpha, inner_step: inner, step: outer };
        if !observe(Iterate { number: k, at: &aggregate, sequences: Some(sequences) }) {
            return (aggregate, k);
        }
    }
    (aggregate, options.iterations)
}

/// 1/α_k of the tuned setting, α₀ = 1 being that of the first iteration; it grows like k/2 + (ln k)/4 + 0.82324.
pub fn inverse_damping(k: u64) -> f64 {
    (0..k).fold(1.0_f64, |inverse, _| 0.5 * (1.0 + (1.0 + 4.0 * inverse * inverse).sqrt()))
}

/// Which columns an answer uses.
pub fn support(at: &Coefficients) -> Vec<usize> {
    at.beta.iter().enumerate().filter(|(_, b)| **b != 0.0).map(|(column, _)| column).collect()
}

/// Whether no direction within the support, and of the intercept of logistic loss, decreases the objective to second order; dense, |support|³.
pub fn is_local_minimum(problem: &Problem, at: &Coefficients) -> bool {
    let columns = support(at);
    if columns.is_empty() {
        return true;
    }
    let mut eta = vec![0.0; problem.y.len()];
    problem.predictor(at, &mut eta);
    let weights: Vec<f64> = match problem.loss {
        Loss::Squared => vec![1.0; eta.len()],
        Loss::Logistic => {
            eta.iter().map(|eta| (1.0 / (1.0 + (-eta).exp())) * (1.0 / (1.0 + eta.exp()))).collect()
        }
    };
    let n = problem.y.len() as f64;
    let ones = vec![1.0; problem.y.len()];
    let column = |i: usize| columns.get(i).map_or(&ones[..], |place| problem.x.column(*place));
    let size = columns.len() + usize::from(problem.loss == Loss::Logistic);
    let hessian = ndarray::Array2::from_shape_fn((size, size), |(i, j)| {
        let weighted: Vec<f64> = column(i).iter().zip(&weights).map(|(x, w)| x * w).collect();
        let curvature = match columns.get(i) {
            Some(place) if i == j => problem.penalty.curvature(at.beta[*place].abs(), problem.lambda),
            _ => 0.0,
        };
        problem.weight * fast_dot(&weighted, column(j)) / n + curvature
    });
    numerics::symmetric::eigenvalues(hessian.view()).is_some_and(|values| values[0] >= -1e-9)
}
