//! Sequential quadratic programming with the merit function f + μ|c|₁ and inexact steps: the paper's rivals.
//!
//! The system is the same as [`crate::newton`]'s; what differs is when a step is exact enough. `Adaptive` asks for |r|₁ ≤ κ|F|₁ and lowers κ until the
//! model of the merit function falls; `TwoTests` accepts what either lowers the model or is nearly feasible, after Byrd, Curtis and
//! Nocedal (2008), whose constants are known to us from the authors' script and whose tests are reconstructed.

use crate::inner::{InnerSolver, Stop, Work};
use crate::kkt::{Shifts, assemble, right_side, smallest_reduced_eigenvalue};
use crate::newton::{Iteration, Reason, Solution};
use crate::problem::{Point, Problem, Refusal};
use crate::sparse::{Sparse, dot};

/// When a step is exact enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// κ = 0.1 at first, divided by 2.25 whenever the model does not fall.
    Adaptive,
    /// Either of two tests, looked at after every second product.
    TwoTests,
}

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// |F|₂ at the end.
    pub tolerance: f64,
    /// Outer iterations at most.
    pub iterations: u64,
    /// Steps of the inner solver in an iteration.
    pub steps: u64,
    /// What the smallest eigenvalue of H on the null space of G must reach, or else ξ_B + |H|_F is added; −∞ trusts H.
    pub least_eigenvalue: f64,
    /// ξ_B.
    pub curvature: f64,
    /// The test.
    pub test: Test,
}

impl Options {
    /// The authors' numbers.
    pub fn published(test: Test) -> Self {
        Self {
            tolerance: 1e-4,
            iterations: 10_000,
            steps: 100_000,
            least_eigenvalue: 1e-6,
            curvature: 0.1,
            test,
        }
    }
}

fn norm1(x: &[f64]) -> f64 {
    x.iter().map(|x| x.abs()).sum()
}

/// What the model says of a step.
struct Model {
    /// By how much the model of f falls, without the constraints.
    objective: f64,
    /// |c|₁ and |G dx + c|₁.
    violations: (f64, f64),
    /// |r|₁ of the rows of x.
    dual: f64,
}

impl Model {
    fn of(point: &Point, system: &Sparse, right: &[f64], z: &[f64]) -> Self {
        let n = point.x.len();
        let mut product = vec![0.0; z.len()];
        system.multiply(z, &mut product);
        let along = dot(&point.gradient, &z[..n]);
        // dx · (B dx + Gᵀdλ) less dx · Gᵀdλ.
        let crossed: f64 = (0..point.multipliers.len()).map(|row| z[n + row] * product[n + row]).sum();
        let curvature = dot(&z[..n], &product[..n]) - crossed;
        let after = (n..z.len()).map(|row| (product[row] - right[row]).abs()).sum();
        let dual = (0..n).map(|row| (product[row] - right[row]).abs()).sum();
        Self {
            objective: -along - (0.5 * curvature).max(0.0),
            violations: (norm1(&point.constraints), after),
            dual,
        }
    }

    fn reduction(&self, penalty: f64) -> f64 {
        self.objective + penalty * (self.violations.0 - self.violations.1)
    }

    /// Whether the model falls by enough of what can be gained.
    fn falls(&self, penalty: f64, share: f64) -> bool {
        let (before, after) = self.violations;
        self.reduction(penalty) >= share * penalty * before.max(after - before)
    }
}

/// Runs the method from (x, λ).
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
    let mut trial = point.clone();
    let n = point.x.len();
    let (mut penalty, mut share) = (1.0_f64, 0.1);
    let bound = (norm1(&point.stationarity) / (norm1(&point.constraints) + 1.0)).max(1.0);
    let mut iterations = Vec::new();
    let mut evaluations = (1, 1);
    let (mut hessian, mut system) = (Sparse::new(n), Sparse::new(0));
    let mut reason = Reason::IterationLimit;
    while (iterations.len() as u64) < options.iterations && point.residual() > options.tolerance {
        hessian.clear(n);
        problem.hessian(&point.x, &point.multipliers, &mut hessian);
        let convex = options.least_eigenvalue == f64::NEG_INFINITY
            || smallest_reduced_eigenvalue(&hessian, &point.jacobian) >= options.least_eigenvalue;
        let shift = if convex { 0.0 } else { options.curvature + hessian.frobenius() };
        assemble(&hessian, Shifts { hessian: shift, constraints: 0.0 }, &point.jacobian, &mut system);
        if solver.prepare(&system).is_err() {
            reason = Reason::Singular;
            break;
        }
        let right = right_side(&point);
        let target = norm1(&right);
        let mut z = vec![0.0; right.len()];
        let (mut work, mut refused) = (Work::default(), 0);
        let model = loop {
            // |r|₁ ≤ √d |r|₂.
            let residual = share * target / (right.len() as f64).sqrt();
            let stop = match options.test {
                Test::Adaptive => Stop { residual, steps: options.steps.saturating_sub(work.steps) },
                Test::TwoTests => Stop { residual: 0.0, steps: 2 },
            };
            work.add(&solver.solve(&system, &right, &mut z, &stop));
            let model = Model::of(&point, &system, &right, &z);
            let spent = work.steps >= options.steps || work.residual <= f64::EPSILON * target || refused > 60;
            match options.test {
                Test::Adaptive if model.falls(penalty, 0.09) || spent => break model,
                Test::Adaptive => {
                    penalty *= 1.5;
                    share /= 2.25;
                    refused += 1;
                }
                Test::TwoTests => {
                    let (before, after) = model.violations;
                    let first = model.falls(penalty, 0.09)
                        && model.dual <= (0.1 * norm1(&point.stationarity)).max(bound * before);
                    let second = after <= 0.1 * before && model.dual <= bound * before;
                    if second && !first {
                        // Large enough for the model to fall by a tenth of the gain in feasibility.
                        penalty =
                            penalty.max(-model.objective / (0.9 * (before - after).max(f64::MIN_POSITIVE)));
                    }
                    if first || second || spent {
                        break model;
                    }
                }
            }
        };
        if !z.iter().all(|value| value.is_finite()) {
            reason = Reason::Singular;
            break;
        }
        let reduction = model.reduction(penalty);
        let merit = |point: &Point| point.objective + penalty * norm1(&point.constraints);
        let before = merit(&point);
        let slack = 10.0 * f64::EPSILON * (point.objective.abs() + penalty * norm1(&point.constraints));
        let mut step = 1.0;
        let found = (0..60).find(|_| {
            trial.move_to(problem, &point, step, &z);
            evaluations.0 += 1;
            let enough =
                trial.is_finite() && merit(&trial) <= before - 1e-8 * step * reduction.max(0.0) + slack;
            if !enough {
                step *= 0.5;
            }
            enough
        });
        // Only the point that is accepted needs derivatives.
        evaluations.1 += 1;
        let iteration = Iteration {
            residual: point.residual(),
            delta: share,
            penalties: (penalty, 0.0),
            slope: -reduction,
            shift,
            step,
            work,
            solved: work.steps < options.steps,
            refused,
            inertia_flops: 0.0,
        };
        iterations.push(iteration);
        if found.is_none() {
            reason = Reason::LineSearch;
            break;
        }
        std::mem::swap(&mut point, &mut trial);
    }
    if point.residual() <= options.tolerance {
        reason = Reason::Converged;
    }
    Ok(Solution { point, reason, iterations, evaluations })
}
