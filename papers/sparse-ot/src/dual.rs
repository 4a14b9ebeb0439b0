//! The dual: maximise over the potentials of rows and columns together.
//!
//! D(α, β) = ⟨α, a⟩ + ⟨β, b⟩ − Σⱼ δ_k(α + βⱼ 1 − cⱼ), concave, with gradient (a − T 1, b − Tᵀ 1) where
//! the columns of T are the maximisers of δ_k. Any potentials give a
//! lower bound on the objective of every plan. Its maximum is that of [`crate::semidual`]; an
//! evaluation needs no sorting, but the columns meet their masses only at the maximum.

use std::ops::ControlFlow;

use numerics::lbfgs;
use numerics::sum::{Sum, dot};

use crate::columns::Columns;
use crate::max_operator::Conjugate;
use crate::plan::SparsePlan;
use crate::problem::Problem;
use crate::regulariser::{Regulariser, SolverError};
use crate::semidual::{Ascent, AscentOptions, SemiDual, ascend_centred};

/// D and its gradient, with the memory that evaluations need.
#[derive(Clone, Debug)]
pub struct Dual<'a> {
    problem: &'a Problem,
    regulariser: Regulariser,
    columns: Columns,
}

impl<'a> Dual<'a> {
    /// The dual of a problem; k above m means m.
    ///
    /// # Errors
    ///
    /// k = 0; γ not positive and finite.
    pub fn new(problem: &'a Problem, regulariser: Regulariser) -> Result<Self, SolverError> {
        let regulariser = regulariser.checked(problem.rows())?;
        let columns = Columns::new(problem.cost(), regulariser.k);
        Ok(Self { problem, regulariser, columns })
    }

    /// D(α, β); writes the gradients a − T 1 and b − Tᵀ 1.
    ///
    /// The slices have m, n, m and n entries (other lengths panic). Cost: one pass over the cost
    /// matrix, O(m n + n k log k), in parallel over columns.
    pub fn evaluate(
        &mut self,
        alpha: &[f64],
        beta: &[f64],
        alpha_gradient: &mut [f64],
        beta_gradient: &mut [f64],
    ) -> f64 {
        let problem = self.problem;
        assert_eq!(alpha.len(), problem.rows(), "one potential per row");
        assert_eq!(beta.len(), problem.columns(), "one potential per column");
        let rule = Conjugate { gamma: self.regulariser.gamma };
        self.columns.pass(problem.cost(), alpha, &rule, beta);
        alpha_gradient.copy_from_slice(problem.a());
        self.columns.subtract_row_sums(alpha_gradient);
        self.columns.visit(|j, entries, _| {
            let mass: f64 = entries.iter().map(|&(_, mass)| mass).sum();
            beta_gradient[j] = problem.b()[j] - mass;
        });
        let mut value = Sum::new();
        value.add(dot(alpha, problem.a()));
        value.add(dot(beta, problem.b()));
        value.add(-self.columns.value().value());
        value.value()
    }

    /// The top-k plan of the last evaluation: at most k nonzeros per column. Empty before the
    /// first.
    pub fn plan(&self) -> SparsePlan {
        self.columns.plan(self.problem.rows())
    }
}

/// Maximises the dual by L-BFGS, starting from the row potentials of the options and the column
/// potentials that are best for them.
///
/// # Errors
///
/// k = 0, γ or a setting out of range, a start of the wrong length or not finite.
pub fn solve_dual(
    problem: &Problem,
    regulariser: Regulariser,
    options: &AscentOptions,
) -> Result<Ascent, SolverError> {
    solve_dual_observed(problem, regulariser, options, |_, _| ControlFlow::Continue(()))
}

/// [`solve_dual`], calling `observer(iteration, value)` at the start and after every iteration; it
/// may break off.
///
/// # Errors
///
/// Those of [`solve_dual`].
pub fn solve_dual_observed(
    problem: &Problem,
    regulariser: Regulariser,
    options: &AscentOptions,
    observer: impl FnMut(usize, f64) -> ControlFlow<()>,
) -> Result<Ascent, SolverError> {
    ascend_centred(problem, options, observer, |problem, options, observer| {
        ascend(problem, regulariser, options, observer)
    })
}

fn ascend(
    problem: &Problem,
    regulariser: Regulariser,
    options: &AscentOptions,
    observer: &mut dyn FnMut(usize, f64) -> ControlFlow<()>,
) -> Result<Ascent, SolverError> {
    let m = problem.rows();
    let mut dual = Dual::new(problem, regulariser)?;
    let mut start = options.start.clone().unwrap_or_else(|| vec![0.0; m]);
    let mut semidual = SemiDual::new(problem, regulariser)?;
    semidual.evaluate(&start, &mut vec![0.0; m]);
    start.extend(semidual.column_potentials());
    drop(semidual);

    let found = lbfgs::minimise_observed(
        |potentials, gradient| {
            let (alpha, beta) = potentials.split_at(m);
            let (alpha_gradient, beta_gradient) = gradient.split_at_mut(m);
            let value = dual.evaluate(alpha, beta, alpha_gradient, beta_gradient);
            gradient.iter_mut().for_each(|g| *g = -*g);
            -value
        },
        &start,
        &options.lbfgs(problem, regulariser),
        |progress| observer(progress.iteration, -progress.value),
    )?;
    let (mut alpha, mut gradient) = (found.point, found.gradient);
    let beta = alpha.split_off(m);
    let (alpha_gradient, beta_gradient) = gradient.split_at_mut(m);
    let value = dual.evaluate(&alpha, &beta, alpha_gradient, beta_gradient);
    let plan = dual.plan();
    Ok(Ascent {
        alpha,
        beta,
        value,
        row_error: plan.row_error(problem.a()),
        column_error: plan.column_error(problem.b()),
        plan,
        iterations: found.iterations,
        evaluations: found.evaluations + 2,
        reason: found.reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Cost;
    use ndarray::array;

    /// One row, one column: D(α, β) = α a + β b − [α + β − c]₊²/(2γ), largest where
    /// α + β = c + γ b, with value c b + (γ/2) b².
    #[test]
    fn one_entry_by_hand() {
        let cost = Cost::dense(array![[3.0]].view()).expect("costs");
        let problem = Problem::new(cost, array![2.0].view(), array![2.0].view());
        let problem = problem.expect("a problem");
        let mut dual = Dual::new(&problem, Regulariser::new(1, 0.5)).expect("valid");
        let (mut rows, mut columns) = ([0.0], [0.0]);
        assert_eq!(dual.evaluate(&[1.0], &[3.0], &mut rows, &mut columns), 7.0);
        assert_eq!((rows, columns), ([0.0], [0.0]));
        // Scores below the cost earn nothing.
        assert_eq!(dual.evaluate(&[1.0], &[1.0], &mut rows, &mut columns), 4.0);
        assert_eq!((rows, columns), ([2.0], [2.0]));
    }
}
