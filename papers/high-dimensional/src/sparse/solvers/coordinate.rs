//! Coordinate descent.
//!
//! With squared loss a coordinate's problem is a proximal step, solved exactly. With logistic loss it is majorised by a parabola of curvature |xⱼ|²/(4n); where that parabola
//! is flatter than the penalty is concave, the penalty is majorised by its tangent as well. Either way the objective never rises, and what is minimised is the problem's
//! own objective, unlike with rescaled penalties.

use std::time::Instant;

use numerics::sum::fast_dot;

use super::{Iterate, Options};
use crate::sparse::{Coefficients, Loss, Problem, worse};

/// Cycles over the columns that are not zero until nothing moves, then over all; a sweep counts in proportion to the columns that it visits.
pub fn descend(
    problem: &Problem,
    start: &Coefficients,
    options: &Options,
    observe: &mut dyn FnMut(Iterate) -> bool,
) -> (Coefficients, usize) {
    let begun = Instant::now();
    let (n, p) = (problem.y.len() as f64, problem.x.count());
    let mut at = start.clone();
    let mut eta = vec![0.0; problem.y.len()];
    problem.predictor(&at, &mut eta);
    let mut residual = vec![0.0; problem.y.len()];
    problem.residual(&eta, &mut residual);
    let curvature = match problem.loss {
        Loss::Squared => problem.weight,
        Loss::Logistic => 0.25 * problem.weight,
    };
    let curvatures: Vec<f64> = (0..p)
        .map(|column| curvature * fast_dot(problem.x.column(column), problem.x.column(column)) / n)
        .collect();
    let mut visited = 0.0;
    let mut sweeps = 0;
    let mut active: Vec<usize> = (0..p).collect();
    loop {
        let everything = active.len() == p;
        let mut worst = 0.0_f64;
        if problem.loss == Loss::Logistic {
            let slope = -residual.iter().sum::<f64>() / n;
            worst = worse(worst, slope.abs());
            let move_by = -slope / curvature;
            at.intercept += move_by;
            eta.iter_mut().for_each(|eta| *eta += move_by);
            problem.residual(&eta, &mut residual);
        }
        for column in &active {
            let (column, curvature) = (*column, curvatures[*column]);
            if curvature == 0.0 {
                continue;
            }
            let gradient = -fast_dot(problem.x.column(column), &residual) / n;
            let before = at.beta[column];
            worst = worse(worst, problem.violation(gradient, before));
            let after = step(problem, before, gradient, curvature);
            if after != before {
                at.beta[column] = after;
                problem.x.add(column, after - before, &mut eta);
                match problem.loss {
                    Loss::Squared => problem.x.add(column, problem.weight * (before - after), &mut residual),
                    Loss::Logistic => problem.residual(&eta, &mut residual),
                }
            }
        }
        visited += active.len() as f64 / p as f64;
        let now = visited.ceil() as usize;
        if now > sweeps {
            sweeps = now;
            if !observe(Iterate { number: sweeps, at: &at, sequences: None }) {
                return (at, sweeps);
            }
        }
        let limit = options.deadline.is_some_and(|limit| begun.elapsed() > limit);
        // What a column saw, later columns have changed: the end is judged at one point.
        let rests = everything && worst <= options.tolerance && problem.kkt(&at) <= options.tolerance;
        if rests || worst.is_nan() || sweeps >= options.iterations || limit {
            return (at, sweeps);
        }
        // Columns that are in use until they rest, then all again.
        active = if worst <= options.tolerance || everything && active_of(&at).is_empty() {
            (0..p).collect()
        } else if everything {
            active_of(&at)
        } else {
            active
        };
    }
}

fn active_of(at: &Coefficients) -> Vec<usize> {
    at.beta.iter().enumerate().filter(|(_, b)| **b != 0.0).map(|(column, _)| column).collect()
}

/// The coordinate's next value.
fn step(problem: &Problem, before: f64, gradient: f64, curvature: f64) -> f64 {
    let z = before - gradient / curvature;
    if problem.loss == Loss::Squared || curvature > problem.penalty.concavity() {
        return problem.penalty.prox(z, problem.lambda, 1.0 / curvature);
    }
    // The penalty's tangent at |before|: a lasso with its slope.
    let slope = problem.penalty.slope(before.abs(), problem.lambda);
    let threshold = slope / curvature;
    if z.abs() <= threshold { 0.0 } else { z - threshold * z.signum() }
}

/// Logistic coordinate descent as a published script has it, to show what it does: Newton weights v ≤ ¼ in denominators v − 1/γ that are negative, no intercept, loss over n. Gives the
/// largest change of the last sweep (NaN where coefficients became so) and the number of sweeps.
pub fn published_coordinate_descent(problem: &Problem, tolerance: f64, sweeps: usize) -> (f64, usize) {
    let n = problem.y.len() as f64;
    let mut beta = vec![0.0; problem.x.count()];
    let mut eta = vec![0.0; problem.y.len()];
    let concavity = problem.penalty.concavity();
    let mut change = f64::INFINITY;
    for sweep in 1..=sweeps {
        change = 0.0;
        for (column, beta) in beta.iter_mut().enumerate() {
            let x = problem.x.column(column);
            let (mut curvature, mut slope) = (0.0, 0.0);
            for ((x, eta), y) in x.iter().zip(&eta).zip(problem.y) {
                let mean: f64 = 1.0 / (1.0 + f64::exp(-eta));
                curvature += mean * (1.0 - mean) * x * x / n;
                slope += x * (y - mean) / n;
            }
            let z = slope + curvature * *beta;
            let soft = |t: f64| if z.abs() <= t { 0.0 } else { z - t * z.signum() };
            let lambda = problem.lambda;
            let next = match problem.penalty {
                crate::sparse::Penalty::Mcp(gamma) if z.abs() <= curvature * gamma * lambda => {
                    soft(lambda) / (curvature - concavity)
                }
                crate::sparse::Penalty::Scad(_) if z.abs() <= lambda * (curvature + 1.0) => {
                    soft(lambda) / curvature
                }
                crate::sparse::Penalty::Scad(a) if z.abs() <= curvature * a * lambda => {
                    soft(a * lambda / (a - 1.0)) / (curvature - concavity)
                }
                crate::sparse::Penalty::Lasso => soft(lambda) / curvature,
                _ => z / curvature,
            };
            let moved = next - *beta;
            change =
                if moved.is_nan() || f64::is_nan(change) { f64::NAN } else { f64::max(change, moved.abs()) };
            *beta = next;
            problem.x.add(column, moved, &mut eta);
        }
        if change < tolerance || change.is_nan() {
            return (change, sweep);
        }
    }
    (change, sweeps)
}
