//! The semi-dual: maximise over the row potentials only, every column exact.
//!
//! S(α) = ⟨α, a⟩ − Σⱼ M_k(α − cⱼ; bⱼ), concave in α ∈ ℝᵐ, with gradient a − Σⱼ tⱼ where tⱼ maximises
//! [`max_operator`](mod@crate::max_operator). The plan with columns tⱼ has at most k
//! nonzeros per column and exact column sums; its row sums are those of a only where S is smooth at
//! its maximum. Where the k-th and the next score of a column tie there, S has a kink, no choice
//! of columns need be a transport plan, and L-BFGS stops short. [`crate::relaxation`] ends with a
//! certificate instead.

use std::ops::ControlFlow;

use numerics::lbfgs::{self, StopReason};
use numerics::sum::{Sum, dot};

use crate::columns::Columns;
use crate::max_operator::ExactMass;
use crate::plan::SparsePlan;
use crate::problem::{Problem, with_offsets, without_offsets};
use crate::regulariser::{Regulariser, SolverError, check_potentials};

/// Settings of the ascent on the semi-dual or the dual.
#[derive(Clone, Debug)]
pub struct AscentOptions {
    /// Most iterations. Default 500.
    pub max_iterations: usize,
    /// Stop when no row (for the dual: no row and no column) misses its mass by more than this
    /// part of the total mass; ≥ 0. Default 1e-9.
    pub tolerance: f64,
    /// Stop when an iteration raises the value by at most this part of its size; ≥ 0.
    /// Default 1e-14.
    pub relative_increase: f64,
    /// Pairs kept by L-BFGS, at least 1. Default 10.
    pub memory: usize,
    /// The row potentials to start from; zero by default.
    pub start: Option<Vec<f64>>,
}

impl Default for AscentOptions {
    fn default() -> Self {
        Self { max_iterations: 500, tolerance: 1e-9, relative_increase: 1e-14, memory: 10, start: None }
    }
}

impl AscentOptions {
    /// The same for L-BFGS. The curvature of either dual is a few times 1/γ in the directions that
    /// matter, so γ scales the first step.
    pub(crate) fn lbfgs(&self, problem: &Problem, regulariser: Regulariser) -> lbfgs::Options {
        lbfgs::Options {
            memory: self.memory,
            gradient_tolerance: self.tolerance * problem.mass(),
            relative_decrease: self.relative_increase,
            max_iterations: self.max_iterations,
            initial_scale: Some(regulariser.gamma),
            ..lbfgs::Options::default()
        }
    }
}

/// What an ascent on the semi-dual or the dual found.
#[derive(Clone, Debug)]
pub struct Ascent {
    /// Row potentials α.
    pub alpha: Vec<f64>,
    /// Column potentials β.
    pub beta: Vec<f64>,
    /// The dual value at (α, β): a lower bound of every plan's objective.
    pub value: f64,
    /// The top-k plan: at most k nonzeros per column. From the semi-dual it has exact column sums.
    pub plan: SparsePlan,
    /// Σᵢ |(T 1)ᵢ − aᵢ| of the plan, in units of mass.
    pub row_error: f64,
    /// Σⱼ |(Tᵀ 1)ⱼ − bⱼ| of the plan, in units of mass.
    pub column_error: f64,
    /// Iterations of L-BFGS.
    pub iterations: usize,
    /// Passes over the cost matrix.
    pub evaluations: usize,
    /// Why the ascent ended. Only [`StopReason::GradientTolerance`] proves optimality.
    pub reason: StopReason,
}

/// S and its gradient, with the memory that evaluations need.
#[derive(Clone, Debug)]
pub struct SemiDual<'a> {
    problem: &'a Problem,
    regulariser: Regulariser,
    columns: Columns,
}

impl<'a> SemiDual<'a> {
    /// The semi-dual of a problem; k above m means m.
    ///
    /// # Errors
    ///
    /// k = 0; γ not positive and finite.
    pub fn new(problem: &'a Problem, regulariser: Regulariser) -> Result<Self, SolverError> {
        let regulariser = regulariser.checked(problem.rows())?;
        let columns = Columns::new(problem.cost(), regulariser.k);
        Ok(Self { problem, regulariser, columns })
    }

    /// S(α); writes ∂S/∂α = a − T 1 into `gradient`, where T is the top-k plan at α.
    ///
    /// Both slices have m entries (more or fewer panic). Cost: one pass over the cost matrix,
    /// O(m n + n k log k), in parallel over columns; no memory is allocated after the first calls.
    pub fn evaluate(&mut self, alpha: &[f64], gradient: &mut [f64]) -> f64 {
        let problem = self.problem;
        assert_eq!(alpha.len(), problem.rows(), "one potential per row");
        let rule = ExactMass { gamma: self.regulariser.gamma };
        self.columns.pass(problem.cost(), alpha, &rule, problem.b());
        gradient.copy_from_slice(problem.a());
        self.columns.subtract_row_sums(gradient);
        let mut value = Sum::new();
        value.add(dot(alpha, problem.a()));
        value.add(-self.columns.value().value());
        value.value()
    }

    /// The top-k plan of the last evaluation: at most k nonzeros per column, exact column sums.
    /// Empty before the first.
    pub fn plan(&self) -> SparsePlan {
        self.columns.plan(self.problem.rows())
    }

    /// The column potentials βⱼ = −τⱼ of the last evaluation: with them the dual has the same
    /// value.
    pub fn column_potentials(&self) -> Vec<f64> {
        let mut beta = vec![0.0; self.problem.columns()];
        self.columns.visit(|j, _, threshold| beta[j] = -threshold);
        beta
    }
}

/// Maximises the semi-dual by L-BFGS.
///
/// # Errors
///
/// k = 0, γ or a setting out of range, a start of the wrong length or not finite.
pub fn solve_semidual(
    problem: &Problem,
    regulariser: Regulariser,
    options: &AscentOptions,
) -> Result<Ascent, SolverError> {
    solve_semidual_observed(problem, regulariser, options, |_, _| ControlFlow::Continue(()))
}

/// [`solve_semidual`], calling `observer(iteration, value)` at the start and after every
/// iteration; it may break off.
///
/// # Errors
///
/// Those of [`solve_semidual`].
pub fn solve_semidual_observed(
    problem: &Problem,
    regulariser: Regulariser,
    options: &AscentOptions,
    observer: impl FnMut(usize, f64) -> ControlFlow<()>,
) -> Result<Ascent, SolverError> {
    ascend_centred(problem, options, observer, |problem, options, observer| {
        ascend(problem, regulariser, options, observer)
    })
}

/// Ascends without the offsets of rows and columns, if there are large ones, and adds what they make.
pub(crate) fn ascend_centred<Observer: FnMut(usize, f64) -> ControlFlow<()>>(
    problem: &Problem,
    options: &AscentOptions,
    mut observer: Observer,
    ascend: impl Fn(
        &Problem,
        &AscentOptions,
        &mut dyn FnMut(usize, f64) -> ControlFlow<()>,
    ) -> Result<Ascent, SolverError>,
) -> Result<Ascent, SolverError> {
    if let Some(start) = &options.start {
        check_potentials("rows", start, problem.rows())?;
    }
    let Some(centred) = problem.centred() else {
        return ascend(problem, options, &mut observer);
    };
    let start = options.start.as_ref().map(|start| without_offsets(start, &centred.rows));
    let options = AscentOptions { start, ..options.clone() };
    let mut shifted = |iteration, value| observer(iteration, value + centred.constant);
    let mut found = ascend(&centred.problem, &options, &mut shifted)?;
    found.alpha = with_offsets(&found.alpha, &centred.rows);
    found.beta = with_offsets(&found.beta, &centred.columns);
    found.value += centred.constant;
    Ok(found)
}

fn ascend(
    problem: &Problem,
    regulariser: Regulariser,
    options: &AscentOptions,
    observer: &mut dyn FnMut(usize, f64) -> ControlFlow<()>,
) -> Result<Ascent, SolverError> {
    let mut semidual = SemiDual::new(problem, regulariser)?;
    let start = options.start.clone().unwrap_or_else(|| vec![0.0; problem.rows()]);
    let found = lbfgs::minimise_observed(
        |alpha, gradient| {
            let value = semidual.evaluate(alpha, gradient);
            gradient.iter_mut().for_each(|g| *g = -*g);
            -value
        },
        &start,
        &options.lbfgs(problem, regulariser),
        |progress| observer(progress.iteration, -progress.value),
    )?;
    let mut gradient = found.gradient;
    let value = semidual.evaluate(&found.point, &mut gradient);
    let plan = semidual.plan();
    Ok(Ascent {
        beta: semidual.column_potentials(),
        alpha: found.point,
        value,
        row_error: plan.row_error(problem.a()),
        column_error: plan.column_error(problem.b()),
        plan,
        iterations: found.iterations,
        evaluations: found.evaluations + 1,
        reason: found.reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Cost;
    use ndarray::array;

    /// One column: S(α) = ⟨α, a⟩ − M_k(α − c; b). At α = c all scores are zero: the k lowest rows
    /// share the mass, M_k = −(γ/2) b²/k.
    #[test]
    fn one_column_by_hand() {
        let cost = Cost::dense(array![[1.0], [2.0], [3.0]].view()).expect("costs");
        let problem = Problem::new(cost, array![1.0, 1.0, 2.0].view(), array![4.0].view());
        let problem = problem.expect("a problem");
        let mut semidual = SemiDual::new(&problem, Regulariser::new(2, 3.0)).expect("valid");
        let mut gradient = [0.0; 3];
        let value = semidual.evaluate(&[1.0, 2.0, 3.0], &mut gradient);
        // ⟨c, a⟩ = 9, and (3/2)·16/2 = 12.
        assert_eq!(value, 21.0);
        assert_eq!(gradient, [-1.0, -1.0, 2.0]);
        assert_eq!(semidual.plan().column_sums(), [4.0]);
        // τ = (0 + 0 − γ b)/2.
        assert_eq!(semidual.column_potentials(), [6.0]);
    }

    #[test]
    fn a_request_to_stop_is_obeyed() {
        let cost = Cost::dense(array![[0.0, 1.0], [1.0, 0.0]].view()).expect("costs");
        let problem = Problem::new(cost, array![0.3, 0.7].view(), array![0.5, 0.5].view());
        let found = solve_semidual_observed(
            &problem.expect("a problem"),
            Regulariser::new(2, 1.0),
            &AscentOptions::default(),
            |iteration, _| if iteration == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) },
        )
        .expect("valid input");
        assert_eq!((found.reason, found.iterations), (StopReason::Requested, 1));
    }
}
