//! The method of multipliers: f + λᵀc + μ/2 |c|² is minimised in x by Newton's method, then λ ← λ + μc. The paper's third rival.
//!
//! As in the authors' script the Hessian is shifted so that its least eigenvalue is 1 in every step, even where it was larger: steps are
//! short where f is steep, and the method needs many.

use crate::inner::{InnerSolver, Stop};
use crate::kkt::{Shifts, assemble};
use crate::newton::{Iteration, Reason, Solution};
use crate::problem::{Point, Problem, Refusal};
use crate::sparse::{Sparse, dot, norm};

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// |F|₂ at the end.
    pub tolerance: f64,
    /// Updates of λ at most.
    pub updates: u64,
    /// Newton steps between updates at most.
    pub inner: u64,
    /// Products of the inner solver in a Newton step.
    pub steps: u64,
}

impl Options {
    /// The authors' numbers; the number of updates is ours.
    pub fn published() -> Self {
        Self { tolerance: 1e-4, updates: 200, inner: 100, steps: 100_000 }
    }
}

/// Runs the method from (x, λ). Every Newton step is an iteration of the result.
///
/// # Errors
/// As [`crate::newton::solve`].
pub fn solve(
    problem: &dyn Problem,
    start: (&[f64], &[f64]),
    solver: &mut dyn InnerSolver,
    options: &Options,
) -> Result<Solution, Refusal> {
    let mut point = Point::start(problem, start.0, start.1)?;
    let (n, m) = (point.x.len(), point.multipliers.len());
    let mut trial = point.clone();
    let (mut penalty, mut tolerance) = (1.0, 0.1);
    let mut iterations: Vec<Iteration> = Vec::new();
    let mut evaluations = (1, 1);
    let mut reason = Reason::IterationLimit;
    let (mut hessian, mut system) = (Sparse::new(n), Sparse::new(0));
    let value = |point: &Point, penalty: f64| {
        point.objective + point.multiplied() + 0.5 * penalty * dot(&point.constraints, &point.constraints)
    };
    'updates: for _ in 0..options.updates {
        for _ in 0..options.inner {
            let mut gradient = point.stationarity.clone();
            let scaled: Vec<f64> = point.constraints.iter().map(|c| penalty * c).collect();
            point.jacobian.add_transposed(&scaled, &mut gradient);
            if norm(&gradient) <= tolerance {
                break;
            }
            let shifted: Vec<f64> = point.multipliers.iter().zip(&scaled).map(|(l, c)| l + c).collect();
            hessian.clear(n);
            problem.hessian(&point.x, &shifted, &mut hessian);
            let jacobian = point.jacobian.to_dense();
            let dense = hessian.to_dense() + jacobian.t().dot(&jacobian) * penalty;
            let Some(values) = numerics::symmetric::eigenvalues(dense.view()) else {
                reason = Reason::Singular;
                break 'updates;
            };
            let shift = 1.0 - values[0];
            let rows = dense.outer_iter().map(|row| row.to_vec()).collect::<Vec<_>>();
            assemble(
                &Sparse::from_rows(n, rows),
                Shifts { hessian: shift, constraints: 0.0 },
                &Sparse::new(n),
                &mut system,
            );
            let right: Vec<f64> = gradient.iter().map(|g| -g).collect();
            let mut direction = vec![0.0; n];
            let stop = Stop { residual: 1e-4 * norm(&gradient), steps: options.steps };
            let prepared = solver.prepare(&system);
            let work =
                prepared.map(|_| solver.solve(&system, &right, &mut direction, &stop)).unwrap_or_default();
            let slope = dot(&gradient, &direction);
            direction.resize(n + m, 0.0);
            let before = value(&point, penalty);
            let slack =
                10.0 * f64::EPSILON * (point.objective.abs() + point.multiplied().abs() + before.abs());
            let mut step = 1.0;
            let found = (0..60).find(|_| {
                trial.move_to(problem, &point, step, &direction);
                evaluations.0 += 1;
                let enough = trial.is_finite()
                    && value(&trial, penalty) <= before + 0.1 * step * slope.min(0.0) + slack;
                if !enough {
                    step *= 0.5;
                }
                enough
            });
            evaluations.1 += 1;
            iterations.push(Iteration {
                residual: point.residual(),
                delta: tolerance,
                penalties: (penalty, 0.0),
                slope,
                shift,
                step,
                work,
                solved: work.residual <= stop.residual,
                refused: 0,
                inertia_flops: 0.0,
            });
            if found.is_none() {
                reason = Reason::LineSearch;
                break 'updates;
            }
            std::mem::swap(&mut point, &mut trial);
        }
        let multipliers: Vec<f64> =
            point.multipliers.iter().zip(&point.constraints).map(|(l, c)| l + penalty * c).collect();
        point = Point::at(problem, point.x, multipliers);
        if point.residual() <= options.tolerance {
            reason = Reason::Converged;
            break;
        }
        penalty *= 1.5;
        tolerance *= 0.1;
    }
    Ok(Solution { point, reason, iterations, evaluations })
}
