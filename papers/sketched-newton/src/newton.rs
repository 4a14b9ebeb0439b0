//! AdaSketch-Newton: Newton's method on the first-order conditions with a randomised inner solver, made global by the exact augmented Lagrangian.
//!
//! A step z solves K z = −F only up to θδ|F|/(|K|_F Ψ), where Ψ ≥ |K⁻¹|: then |z̃ − z| ≤ θδ|z|. If z does not go down L_η by
//! (η₂/2)|F|² to first order, η₁ grows, η₂ and δ shrink and the solver goes on from where it was; a line search follows.
//!
//! # δ does not adapt in the published setting
//!
//! δ is kept below δ_trial = (1/2 − β)η₂/((1 + η₁ + η₂)Y²Ψ²) and above 10⁻⁶. Ψ = 20 max(|B|_F², 1)/(min(ξ_G, 1) min(ξ_B, 1)) is at least
//! 20/ξ_B = 200 and Y ≥ 1, so that δ_trial ≤ 0.4·0.1/(2.1·200²) < 5·10⁻⁷ whatever the problem: δ is at the floor from the first step on, and as η₁ only grows and η₂ only shrinks it stays
//! there. The penalties do move.

use std::time::Instant;

use crate::direct::Direct;
use crate::inner::{Inertia, InnerSolver, Stop, Work};
use crate::kkt::{Shifts, assemble, right_side, smallest_gram_eigenvalue, smallest_reduced_eigenvalue};
use crate::problem::{Point, Problem, Refusal};
use crate::sparse::{Sparse, dot};

mod options;

pub use options::{Accuracy, Convexity, Options, Slope};

/// Why the method stopped.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// |F|₂ is at most the tolerance.
    Converged,
    /// The constraints' gradients are (nearly) dependent: λ_min(GGᵀ) where it is computed.
    DependentConstraints(f64),
    /// So many steps were done.
    IterationLimit,
    /// No step length decreases L_η by what its slope promises.
    LineSearch,
    /// The inner solver gave no finite step, or the system is singular.
    Singular,
    /// The deadline is over.
    Deadline,
}

/// One outer iteration.
#[derive(Clone, Copy, Debug)]
pub struct Iteration {
    /// |F|₂ before the step.
    pub residual: f64,
    /// δ when the step was accepted.
    pub delta: f64,
    /// η₁ and η₂ then.
    pub penalties: (f64, f64),
    /// ∇L_η · z.
    pub slope: f64,
    /// t.
    pub shift: f64,
    /// α.
    pub step: f64,
    /// Work of the inner solver.
    pub work: Work,
    /// Whether it met its tolerance.
    pub solved: bool,
    /// How often the descent test sent it back.
    pub refused: u32,
    /// Flops of factorisations that only gave the inertia, which are not in `work`.
    pub inertia_flops: f64,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Solution {
    /// The last point. Its residual can be checked without trusting the method.
    pub point: Point,
    /// Why it is the last.
    pub reason: Reason,
    /// All iterations.
    pub iterations: Vec<Iteration>,
    /// Points at which f and c were asked for, and those at which derivatives were.
    pub evaluations: (u64, u64),
}

impl Solution {
    /// Work of the inner solver in all iterations.
    pub fn work(&self) -> Work {
        let mut total = Work::default();
        self.iterations.iter().for_each(|iteration| total.add(&iteration.work));
        total
    }
}

/// What second order says about a point with |F| = 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Inertia (n, m, 0): a strict local minimum.
    Minimum,
    /// More than m negative eigenvalues: f decreases along some feasible curve.
    Saddle,
    /// Zero eigenvalues: undecided.
    Degenerate,
}

/// The verdict at a point, by factoring K.
pub fn second_order(problem: &dyn Problem, point: &Point) -> Verdict {
    let system = crate::kkt::at(problem, point);
    let (n, m) = (point.x.len(), point.multipliers.len());
    match Direct::new().inertia(&system) {
        Ok(Inertia { positive, negative, zero: 0 }) if (positive, negative) == (n, m) => Verdict::Minimum,
        Ok(Inertia { zero: 0, .. }) => Verdict::Saddle,
        _ => Verdict::Degenerate,
    }
}

/// The smallest t of 0 and a geometric sequence that gives K the inertia (n, m, 0); where K is singular, with a small s.
fn shifts_by_inertia(
    hessian: &Sparse,
    jacobian: &Sparse,
    solver: &mut dyn InnerSolver,
    own: &mut Direct,
    system: &mut Sparse,
) -> Option<Shifts> {
    let (n, m) = (hessian.rows(), jacobian.rows());
    let scale = hessian.frobenius().max(1.0);
    let mut shifts = Shifts::default();
    for _ in 0..14 {
        assemble(hessian, shifts, jacobian, system);
        let inertia = match solver.prepare(system) {
            Ok(None) => own.prepare(system),
            other => other,
        };
        let Inertia { positive, negative, zero } =
            inertia.ok().flatten().unwrap_or(Inertia { zero: 1, ..Inertia::default() });
        if (positive, negative, zero) == (n, m, 0) {
            return Some(shifts);
        }
        if (zero > 0 || negative < m) && shifts.constraints == 0.0 {
            shifts.constraints = 1e-8 * jacobian.frobenius().max(1.0);
        } else {
            shifts.hessian = if shifts.hessian == 0.0 { 1e-4 * scale } else { 8.0 * shifts.hessian };
        }
    }
    None
}

/// Runs the method from (x, λ); `observe` sees every point with the iteration that led to the next.
///
/// # Errors
/// For lengths that do not fit, more constraints than variables, a start that is not finite, and options outside their ranges.
pub fn solve(
    problem: &dyn Problem,
    start: (&[f64], &[f64]),
    solver: &mut dyn InnerSolver,
    options: &Options,
    observe: &mut dyn FnMut(&Iteration, &Point),
) -> Result<Solution, Refusal> {
    options.check()?;
    let begun = Instant::now();
    let mut point = Point::start(problem, start.0, start.1)?;
    let mut trial = point.clone();
    let mut run = Run::new(options, point.x.len());
    let mut solution = Solution {
        point: point.clone(),
        reason: Reason::IterationLimit,
        iterations: Vec::new(),
        evaluations: (1, 1),
    };
    for _ in 0..options.iterations {
        if point.residual() <= options.tolerance {
            break;
        }
        if options.deadline.is_some_and(|limit| begun.elapsed() >= limit) {
            solution.reason = Reason::Deadline;
            break;
        }
        let (iteration, direction) = match run.direction(problem, &point, solver) {
            Ok(found) => found,
            Err(reason) => {
                solution.reason = reason;
                break;
            }
        };
        let step = run.line_search(problem, &point, &mut trial, &iteration, &direction);
        solution.evaluations.0 += step.map_or(u64::from(options.halvings), |(_, tried)| tried);
        solution.evaluations.1 += step.map_or(u64::from(options.halvings), |(_, tried)| tried);
        let Some((step, _)) = step else {
            solution.reason = Reason::LineSearch;
            solution.iterations.push(iteration);
            break;
        };
        let iteration = Iteration { step, ..iteration };
        observe(&iteration, &point);
        solution.iterations.push(iteration);
        std::mem::swap(&mut point, &mut trial);
    }
    if point.residual() <= options.tolerance {
        solution.reason = Reason::Converged;
    }
    solution.point = point;
    Ok(solution)
}

/// What goes from one iteration to the next.
struct Run<'a> {
    options: &'a Options,
    penalties: crate::merit::Penalties,
    delta: f64,
    hessian: Sparse,
    system: Sparse,
    factorisation: Direct,
}

impl<'a> Run<'a> {
    fn new(options: &'a Options, variables: usize) -> Self {
        let penalties = options.penalties;
        let factorisation = Direct::new();
        Self {
            options,
            penalties,
            delta: options.delta,
            hessian: Sparse::new(variables),
            system: Sparse::new(0),
            factorisation,
        }
    }

    /// The step and how it came about; the system is left as it was solved.
    fn direction(
        &mut self,
        problem: &dyn Problem,
        point: &Point,
        solver: &mut dyn InnerSolver,
    ) -> Result<(Iteration, Vec<f64>), Reason> {
        let options = self.options;
        self.hessian.clear(point.x.len());
        problem.hessian(&point.x, &point.multipliers, &mut self.hessian);
        let gram = match options.accuracy {
            Accuracy::Bound { .. } => smallest_gram_eigenvalue(&point.jacobian),
            _ => f64::INFINITY,
        };
        if gram.is_nan() || gram < options.least_gram {
            return Err(Reason::DependentConstraints(gram));
        }
        let shifts = match options.convexity {
            Convexity::Trusted => Shifts::default(),
            Convexity::Reduced { least } => {
                let smallest = smallest_reduced_eigenvalue(&self.hessian, &point.jacobian);
                let hessian =
                    if smallest < least { options.curvature + self.hessian.frobenius() } else { 0.0 };
                Shifts { hessian, constraints: 0.0 }
            }
            Convexity::Inertia => {
                let (hessian, system) = (&self.hessian, &mut self.system);
                shifts_by_inertia(hessian, &point.jacobian, solver, &mut self.factorisation, system)
                    .ok_or(Reason::Singular)?
            }
        };
        if options.convexity != Convexity::Inertia {
            assemble(&self.hessian, shifts, &point.jacobian, &mut self.system);
            solver.prepare(&self.system).map_err(|_| Reason::Singular)?;
        }
        let scale = self.scale(point, gram, shifts.hessian)?;
        let slope_hessian = match options.slope {
            Slope::Exact => None,
            Slope::ObjectiveHessian => {
                let mut hessian = Sparse::new(point.x.len());
                problem.hessian(&point.x, &vec![0.0; point.multipliers.len()], &mut hessian);
                Some(hessian)
            }
        };
        let slope_hessian = slope_hessian.as_ref().unwrap_or(&self.hessian);
        let residual = point.residual();
        let theta = if options.power > 0.0 { residual.powf(options.power).min(1.0) } else { 1.0 };
        let kept = self.delta;
        self.delta = self.bounded(self.delta, &scale);
        let right = right_side(point);
        let mut z = vec![0.0; right.len()];
        let (mut work, mut refused) = (Work::default(), 0);
        loop {
            let stop = Stop { residual: theta * self.delta * residual / scale.system, steps: options.steps };
            work.add(&solver.solve(&self.system, &right, &mut z, &stop));
            if !z.iter().all(|value| value.is_finite()) {
                return Err(Reason::Singular);
            }
            let slope = dot(&self.penalties.gradient(point, slope_hessian), &z);
            let exhausted = self.penalties.constraints > 1e8 || self.penalties.stationarity < 1e-8;
            if exhausted || slope <= -0.5 * self.penalties.stationarity * residual * residual {
                let iteration = Iteration {
                    residual,
                    delta: self.delta,
                    penalties: (self.penalties.constraints, self.penalties.stationarity),
                    slope,
                    shift: shifts.hessian,
                    step: 0.0,
                    work,
                    solved: work.residual <= stop.residual,
                    refused,
                    inertia_flops: self.factorisation.take_pending().flops,
                };
                if matches!(options.accuracy, Accuracy::Fixed) {
                    self.delta = kept;
                }
                return Ok((iteration, z));
            }
            refused += 1;
            self.penalties.constraints *= options.growth.powi(2);
            self.penalties.stationarity /= options.growth;
            self.delta = self.bounded(self.delta / options.growth.powi(4), &scale);
        }
    }

    /// Norms that the tolerance is measured in.
    fn scale(&self, point: &Point, gram: f64, shift: f64) -> Result<Scale, Reason> {
        let options = self.options;
        let hessian = self.hessian.frobenius();
        let largest = point.jacobian.frobenius().max(hessian).max(1.0);
        let frobenius = self.system.frobenius();
        Ok(match options.accuracy {
            Accuracy::Residual => Scale { system: 1.0, inverse: 1.0, largest },
            Accuracy::Bound { .. } => {
                let shifted: f64 = (0..self.hessian.rows())
                    .map(|row| {
                        let (columns, values) = self.hessian.row(row);
                        let place = columns.iter().position(|column| *column as usize == row);
                        let diagonal = place.map_or(0.0, |place| values[place]);
                        values.iter().map(|value| value * value).sum::<f64>() - diagonal * diagonal
                            + (diagonal + shift).powi(2)
                    })
                    .sum();
                let inverse = 20.0 * shifted.max(1.0) / (gram.min(1.0) * options.curvature.min(1.0));
                Scale { system: frobenius * inverse, inverse, largest }
            }
            Accuracy::Exact | Accuracy::Fixed => {
                let found =
                    crate::contraction::spectrum(self.system.to_dense().view()).ok_or(Reason::Singular)?;
                if found.smallest <= f64::EPSILON * frobenius {
                    return Err(Reason::Singular);
                }
                let inverse = 1.0 / found.smallest;
                Scale { system: frobenius * inverse, inverse, largest }
            }
        })
    }

    /// δ within what the setting allows.
    fn bounded(&self, delta: f64, scale: &Scale) -> f64 {
        let options = self.options;
        let (first, second) = (self.penalties.constraints, self.penalties.stationarity);
        let trial = (0.5 - options.armijo) * second
            / ((1.0 + first + second) * scale.largest.powi(2) * scale.inverse.powi(2));
        match options.accuracy {
            Accuracy::Bound { floor } => delta.min(trial).max(floor),
            Accuracy::Exact => delta.min(trial),
            // Beyond rounding nothing can be asked for.
            Accuracy::Fixed | Accuracy::Residual => delta.max(1e-12),
        }
    }

    /// α and how many were tried; the point there is in `trial`.
    fn line_search(
        &self,
        problem: &dyn Problem,
        point: &Point,
        trial: &mut Point,
        iteration: &Iteration,
        direction: &[f64],
    ) -> Option<(f64, u64)> {
        let before = self.penalties.value(point);
        let slack = self.penalties.rounding(point);
        let mut step = 1.0;
        for tried in 1..=u64::from(self.options.halvings) {
            trial.move_to(problem, point, step, direction);
            let allowed = before + step * self.options.armijo * iteration.slope.min(0.0) + slack;
            if trial.is_finite() && (!self.options.search || self.penalties.value(trial) <= allowed) {
                return Some((step, tried));
            }
            step *= 0.5;
        }
        None
    }
}

/// |K|_F Ψ, Ψ and Y.
struct Scale {
    system: f64,
    inverse: f64,
    largest: f64,
}
