//! A solver that ends, and proves it.
//!
//! At the optimum of the dual the k-th and the next score of many columns tie: the dual has a kink
//! there, ascent methods stall, and no choice among the tied rows gives a transport plan. The
//! convex relaxation with the k-support norm ([`crate::k_support`]) has the same optimal value and a
//! plan that is feasible. It is solved by the proximal point method (Rockafellar 1976),
//!
//! T⁺ = argmin over U(a, b) of ⟨C, T⟩ + (γ/2) Σⱼ (‖tⱼ‖ₖˢᵖ)² + ‖T − T̄‖²/(2λ),  then T̄ ← T⁺, λ larger,
//!
//! each step through its smooth dual by semi-smooth Newton on lists of candidate
//! entries, so that most iterations never touch the cost matrix.
//!
//! After every step the potentials give a lower bound of the optimum, the semi-dual evaluated on
//! the whole matrix, and the plan, rounded into U(a, b), an upper bound. Both hold whenever the
//! solver stops, also after one step; together they bound the error without trusting the solver.

use std::ops::ControlFlow;

use crate::coarse::starting_potentials;
use crate::k_support::relaxed_value;
use crate::newton::Newton;
use crate::plan::SparsePlan;
use crate::problem::{Problem, with_offsets, without_offsets};
use crate::proximal::Proximal;
use crate::proximal_dual::ProximalDual;
use crate::regulariser::{Regulariser, SolverError, check_potentials};
use crate::rounding::round;
use crate::semidual::SemiDual;

/// Settings of [`solve_relaxation`].
#[derive(Clone, Debug)]
pub struct RelaxationOptions {
    /// Stop when the bounds differ by at most this part of the larger one's size; ≥ 0.
    /// Default 1e-9.
    pub relative_gap: f64,
    /// Most proximal steps. Default 120. With 0 the start alone is certified.
    pub max_iterations: usize,
    /// Most Newton steps within a proximal step, at least 1. Default 40.
    pub max_newton_steps: usize,
    /// Row potentials to start from; by default those of a smaller problem.
    pub start: Option<Vec<f64>>,
}

impl Default for RelaxationOptions {
    fn default() -> Self {
        Self { relative_gap: 1e-9, max_iterations: 120, max_newton_steps: 40, start: None }
    }
}

impl RelaxationOptions {
    fn check(&self, rows: usize) -> Result<(), SolverError> {
        if self.relative_gap.is_nan() || self.relative_gap < 0.0 {
            return Err(SolverError::Option {
                option: "relative_gap",
                value: self.relative_gap,
                range: "at least 0",
            });
        }
        if self.max_newton_steps == 0 {
            return Err(SolverError::Option { option: "max_newton_steps", value: 0.0, range: "at least 1" });
        }
        match &self.start {
            Some(start) => check_potentials("rows", start, rows),
            None => Ok(()),
        }
    }
}

/// Why the proximal steps ended. The bounds hold in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelaxationStop {
    /// The bounds are as close as asked for.
    GapReached,
    /// `max_iterations` steps were made.
    IterationLimit,
    /// Many steps have not brought the bounds closer: they are apart by what rounding leaves.
    Stalled,
    /// The observer asked to stop.
    Requested,
}

/// What the observer sees before the first step and after every one.
#[derive(Clone, Copy, Debug)]
pub struct RelaxationProgress {
    /// Proximal steps made.
    pub iteration: usize,
    /// The best lower bound so far.
    pub lower: f64,
    /// The best upper bound so far.
    pub upper: f64,
    /// Length λ of the last step, in units of mass per cost.
    pub step_length: f64,
    /// Newton steps within the last proximal step.
    pub newton_steps: usize,
    /// Σ |T 1 − a| of the last step before rounding, in units of mass.
    pub row_error: f64,
}

/// The optimum of the relaxation, which is that of the dual and the semi-dual, between two bounds.
#[derive(Clone, Debug)]
pub struct Relaxation {
    /// Row potentials α.
    pub alpha: Vec<f64>,
    /// Column potentials β that are best for α.
    pub beta: Vec<f64>,
    /// The dual at (α, β): no plan, of the relaxation or of the sparse problem, costs less.
    pub lower: f64,
    /// The relaxed objective of the relaxed plan: the optimum costs no more.
    pub upper: f64,
    /// (upper − lower)/max(|upper|, |lower|); 0 if both are 0.
    pub relative_gap: f64,
    /// The relaxed plan: it has both marginals (to 1e-12 of the total mass), and in columns with
    /// ties more than k nonzeros.
    pub relaxed_plan: SparsePlan,
    /// The top-k plan at α: at most k nonzeros per column and exact column sums; its row sums miss
    /// a, see [`SparsePlan::row_error`].
    pub top_k_plan: SparsePlan,
    /// Proximal steps made.
    pub iterations: usize,
    /// Newton steps in all.
    pub newton_steps: usize,
    /// Evaluations on candidate lists.
    pub evaluations: usize,
    /// Columns scanned in full, bounds not counted; n of them read the whole cost matrix.
    pub column_scans: usize,
    /// Why the steps ended.
    pub reason: RelaxationStop,
}

/// Bounds further apart than this part of the best gap count as no progress.
const PROGRESS: f64 = 0.99;
/// So many steps without progress are a stall.
const PATIENCE: usize = 25;
/// A proximal step is solved to this part of its own length.
const INEXACTNESS: f64 = 3e-4;
/// The step length grows by this factor when a step was easy.
const GROWTH: f64 = 6.0;
/// The longest step, in units of the first: far beyond, 1/λ is lost in rounding.
const LONGEST: f64 = 1e8;
/// Part of the cost's spread that the first step smooths over.
const FIRST_SMOOTHING: f64 = 0.2;

/// Solves the relaxation to a certified gap.
///
/// Works for any k (above m it means m; then the relaxation is quadratic optimal transport), any
/// total mass, masses of zero. Cost: a few passes over the cost matrix, and per Newton step a few
/// hundred multiplications with a matrix of as many entries as the plan has nonzeros. Memory beside
/// the cost: O(m + (k + s) n) with s the nonzeros of the plans on the way.
///
/// Should the gap stay above the wish ([`RelaxationStop::Stalled`]), masses or costs span more
/// orders of magnitude than 64-bit numbers resolve; scale the problem or accept the gap stated.
///
/// # Errors
///
/// k = 0, γ or a setting out of range, a start of the wrong length or not finite.
pub fn solve_relaxation(
    problem: &Problem,
    regulariser: Regulariser,
    options: &RelaxationOptions,
) -> Result<Relaxation, SolverError> {
    solve_relaxation_observed(problem, regulariser, options, |_| ControlFlow::Continue(()))
}

/// [`solve_relaxation`], calling `observer` before the first and after every proximal step; when it
/// breaks, the bounds reached are returned with [`RelaxationStop::Requested`].
///
/// # Errors
///
/// Those of [`solve_relaxation`].
pub fn solve_relaxation_observed(
    problem: &Problem,
    regulariser: Regulariser,
    options: &RelaxationOptions,
    mut observer: impl FnMut(&RelaxationProgress) -> ControlFlow<()>,
) -> Result<Relaxation, SolverError> {
    options.check(problem.rows())?;
    let Some(centred) = problem.centred() else {
        return relax(problem, regulariser, options, observer);
    };
    let start = options.start.as_ref().map(|start| without_offsets(start, &centred.rows));
    let options = RelaxationOptions { start, ..options.clone() };
    let constant = centred.constant;
    let mut found = relax(&centred.problem, regulariser, &options, |progress| {
        let (lower, upper) = (progress.lower + constant, progress.upper + constant);
        observer(&RelaxationProgress { lower, upper, ..*progress })
    })?;
    found.alpha = with_offsets(&found.alpha, &centred.rows);
    found.beta = with_offsets(&found.beta, &centred.columns);
    let gap = found.upper - found.lower;
    found.lower += constant;
    found.upper += constant;
    found.relative_gap = relative(gap, found.lower, found.upper);
    Ok(found)
}

/// [`solve_relaxation_observed`] with the costs as they are.
fn relax(
    problem: &Problem,
    regulariser: Regulariser,
    options: &RelaxationOptions,
    mut observer: impl FnMut(&RelaxationProgress) -> ControlFlow<()>,
) -> Result<Relaxation, SolverError> {
    let regulariser = regulariser.checked(problem.rows())?;
    let (m, mass) = (problem.rows(), problem.mass());

    let shortest = first_step_length(problem, regulariser.gamma);
    let mut lambda = shortest;
    let step = Proximal { k: regulariser.k, gamma: regulariser.gamma, lambda };
    let mut alpha = match &options.start {
        Some(start) => start.clone(),
        None => starting_potentials(problem, step),
    };
    let mut bounds = Bounds::new(problem, regulariser)?;
    bounds.raise(&alpha);
    bounds.lower_to(bounds.semidual.plan());
    let mut dual = ProximalDual::new(problem, step);
    let mut newton = Newton::new(m);

    let mut progress = RelaxationProgress {
        iteration: 0,
        lower: bounds.lower,
        upper: bounds.upper,
        step_length: 0.0,
        newton_steps: 0,
        row_error: bounds.semidual.plan().row_error(problem.a()),
    };
    let mut best_gap = f64::INFINITY;
    let mut idle = 0;
    let reason = loop {
        if observer(&progress).is_break() {
            break RelaxationStop::Requested;
        }
        let gap = bounds.relative_gap();
        // Bounds that cross by more than that are rounding's, and prove nothing.
        if gap.abs() <= options.relative_gap {
            break RelaxationStop::GapReached;
        }
        idle = if gap <= PROGRESS * best_gap { 0 } else { idle + 1 };
        best_gap = best_gap.min(gap);
        if progress.iteration == options.max_iterations {
            break RelaxationStop::IterationLimit;
        }
        if idle > PATIENCE {
            break RelaxationStop::Stalled;
        }

        // Maximise the smooth dual of the step, from the potentials of the last one.
        let tolerance = |dual: &ProximalDual<'_>| {
            (INEXACTNESS * dual.distance_to_centre()).clamp(1e-13 * mass, 1e-4 * mass)
        };
        let before = (newton.steps, newton.evaluations);
        let error = newton.maximise(&mut dual, &mut alpha, tolerance, options.max_newton_steps);

        // What it proves.
        bounds.raise(&alpha);
        bounds.lower_to(dual.plan());
        progress = RelaxationProgress {
            iteration: progress.iteration + 1,
            lower: bounds.lower,
            upper: bounds.upper,
            step_length: lambda,
            newton_steps: newton.steps - before.0,
            row_error: error,
        };

        // The next step: longer if this one was easy, shorter if it was not solved at all.
        if error <= tolerance(&dual) {
            if newton.evaluations - before.1 <= 10 {
                lambda *= GROWTH;
            } else if progress.newton_steps <= 20 {
                lambda *= GROWTH.sqrt();
            }
        } else if error > 0.1 * dual.distance_to_centre() {
            lambda *= 0.5;
        }
        lambda = lambda.clamp(0.01 * shortest, LONGEST * shortest);
        dual.advance(lambda);
    };

    bounds.finish();
    Ok(Relaxation {
        beta: bounds.semidual.column_potentials(),
        top_k_plan: bounds.semidual.plan(),
        relative_gap: bounds.relative_gap(),
        alpha: bounds.alpha,
        lower: bounds.lower,
        upper: bounds.upper,
        relaxed_plan: bounds.plan,
        iterations: progress.iteration,
        newton_steps: newton.steps,
        evaluations: newton.evaluations,
        column_scans: dual.scans,
        reason,
    })
}

/// The best bounds so far and what attains them.
struct Bounds<'a> {
    problem: &'a Problem,
    regulariser: Regulariser,
    semidual: SemiDual<'a>,
    gradient: Vec<f64>,
    lower: f64,
    alpha: Vec<f64>,
    upper: f64,
    plan: SparsePlan,
}

impl<'a> Bounds<'a> {
    fn new(problem: &'a Problem, regulariser: Regulariser) -> Result<Self, SolverError> {
        Ok(Self {
            problem,
            regulariser,
            semidual: SemiDual::new(problem, regulariser)?,
            gradient: vec![0.0; problem.rows()],
            lower: f64::NEG_INFINITY,
            alpha: vec![0.0; problem.rows()],
            upper: f64::INFINITY,
            plan: SparsePlan::with_rows(problem.rows()),
        })
    }

    /// Evaluates the semi-dual, on the whole cost matrix.
    fn raise(&mut self, alpha: &[f64]) {
        let value = self.semidual.evaluate(alpha, &mut self.gradient);
        if value > self.lower {
            self.lower = value;
            self.alpha.copy_from_slice(alpha);
        }
    }

    /// Evaluates the relaxed objective of a plan rounded into U(a, b).
    fn lower_to(&mut self, plan: SparsePlan) {
        let Some(plan) = round(&plan, self.problem) else {
            return;
        };
        let value = relaxed_value(&plan, self.problem.cost(), self.regulariser);
        if value < self.upper {
            self.upper = value;
            self.plan = plan;
        }
    }

    fn relative_gap(&self) -> f64 {
        relative(self.upper - self.lower, self.lower, self.upper)
    }

    /// Leaves the semi-dual at the best potentials.
    fn finish(&mut self) {
        let alpha = std::mem::take(&mut self.alpha);
        self.semidual.evaluate(&alpha, &mut self.gradient);
        self.alpha = alpha;
    }
}

/// A gap in units of the larger bound's size.
pub(crate) fn relative(gap: f64, lower: f64, upper: f64) -> f64 {
    let size = upper.abs().max(lower.abs());
    match size {
        0.0 => 0.0,
        // No plan yet.
        f64::INFINITY => f64::INFINITY,
        size => gap / size,
    }
}

/// The first λ: 1/λ is γ, or what it takes to smooth over a part of the cost's spread. The spread
/// is the standard deviation of the costs after row and column means are taken away, which the
/// optimum does not depend on, over a sample of at most 256 rows and 64 columns.
fn first_step_length(problem: &Problem, gamma: f64) -> f64 {
    let cost = problem.cost();
    let rows: Vec<usize> = (0..cost.rows()).step_by(cost.rows().div_ceil(256)).collect();
    let columns: Vec<usize> = (0..cost.columns()).step_by(cost.columns().div_ceil(64)).collect();
    // Pairs that are avoided say nothing about the others.
    let mean_of = |pairs: &mut dyn Iterator<Item = (usize, usize)>| {
        let open = pairs.filter(|(i, j)| !problem.avoids(*i, *j));
        let (count, total) =
            open.fold((0, 0.0), |(count, total), (i, j)| (count + 1, total + cost.entry(i, j)));
        if count > 0 { total / f64::from(count) } else { 0.0 }
    };
    let row_means: Vec<f64> = rows.iter().map(|&i| mean_of(&mut columns.iter().map(|&j| (i, j)))).collect();
    let mean = row_means.iter().sum::<f64>() / rows.len() as f64;
    let (mut squares, mut count) = (0.0, 0.0);
    for &j in &columns {
        let column_mean = mean_of(&mut rows.iter().map(|&i| (i, j)));
        for (&i, row_mean) in rows.iter().zip(&row_means).filter(|(i, _)| !problem.avoids(**i, j)) {
            let rest = cost.entry(i, j) - row_mean - column_mean + mean;
            squares += rest * rest;
            count += 1.0;
        }
    }
    // The mass of a column, averaged over the mass.
    let column_mass = problem.b().iter().map(|b| b * b).sum::<f64>() / problem.mass();
    let smoothing = FIRST_SMOOTHING * (squares / count).sqrt() / column_mass;
    1.0 / if smoothing.is_finite() { smoothing.max(gamma) } else { gamma }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Cost;
    use ndarray::array;

    /// Three rows of mass 1 and one column of mass 3 at no cost, k = 1: the only plan has three
    /// equal entries, whose k-support norm is their sum: (γ/2)·9.
    #[test]
    fn the_only_plan_by_hand() {
        let cost = Cost::dense(array![[0.0], [0.0], [0.0]].view()).expect("costs");
        let problem = Problem::new(cost, array![1.0, 1.0, 1.0].view(), array![3.0].view());
        let problem = problem.expect("a problem");
        let found = solve_relaxation(&problem, Regulariser::new(1, 2.0), &RelaxationOptions::default())
            .expect("valid input");
        assert_eq!(found.reason, RelaxationStop::GapReached);
        assert!((found.lower - 9.0).abs() <= 1e-8 && (found.upper - 9.0).abs() <= 1e-8);
        assert_eq!(found.relaxed_plan.nonzeros(), 3);
        assert_eq!(found.top_k_plan.nonzeros(), 1);
    }

    #[test]
    fn limits_and_requests_are_obeyed() {
        let cost = Cost::dense(array![[0.0, 1.0, 0.3], [0.7, 0.2, 0.5]].view()).expect("costs");
        let problem = Problem::new(cost, array![0.3, 0.7].view(), array![0.5, 0.2, 0.3].view());
        let problem = problem.expect("a problem");
        let regulariser = Regulariser::new(1, 1.0);
        let none = RelaxationOptions { max_iterations: 0, ..RelaxationOptions::default() };
        let start = solve_relaxation(&problem, regulariser, &none).expect("valid input");
        assert_eq!((start.reason, start.iterations), (RelaxationStop::IterationLimit, 0));
        let mut seen = Vec::new();
        let stopped = solve_relaxation_observed(
            &problem,
            regulariser,
            &RelaxationOptions { relative_gap: 0.0, ..RelaxationOptions::default() },
            |progress| {
                seen.push((progress.lower, progress.upper));
                if seen.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        )
        .expect("valid input");
        assert_eq!((stopped.reason, stopped.iterations), (RelaxationStop::Requested, 2));
        assert_eq!(seen[0], (start.lower, start.upper));
        assert!(seen.windows(2).all(|pair| pair[1].0 >= pair[0].0 && pair[1].1 <= pair[0].1));
    }
}
