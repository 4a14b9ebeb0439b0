//! Exact optimal transport without a regulariser.
//!
//! min ⟨C, T⟩ over T in U(a, b): a plan with at most m + n − 1 nonzeros. It is the reference for k = 1, where D₁ = OT + (γ/2) ‖b‖², and the sparsest of the classical plans. The network simplex method
//! finds it; a general solver for linear programs, which knows nothing of transport, checks it.

use good_lp::{Expression, ProblemVariables, ResolutionError, Solution, SolverModel, variable};
use thiserror::Error;

use crate::network_simplex::{self, Transport};
use crate::plan::SparsePlan;
use crate::problem::Problem;

/// Why a general linear program was not solved. A checked problem always has a solution, so each of
/// these is trouble with numbers of very different size.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ExactError {
    /// The solver found no feasible plan.
    #[error("the linear program was found infeasible: masses of very different size?")]
    Infeasible,
    /// The solver found no bound on the cost.
    #[error("the linear program was found unbounded: costs of very different size?")]
    Unbounded,
    /// The solver gave up.
    #[error("the linear program was not solved: {0}")]
    Solver(String),
}

/// An optimal plan without a regulariser.
#[derive(Clone, Debug)]
pub struct ExactPlan {
    /// The plan, with at most m + n − 1 nonzeros.
    pub plan: SparsePlan,
    /// ⟨C, T⟩.
    pub cost: f64,
    /// Σᵢ |(T 1)ᵢ − aᵢ|, in units of mass.
    pub row_error: f64,
    /// Σⱼ |(Tᵀ 1)ⱼ − bⱼ|, in units of mass.
    pub column_error: f64,
}

/// min ⟨C, T⟩ over plans in U(a, b), by the network simplex method on the rows and columns that have mass.
///
/// Memory: 8 m n bytes for the costs, and 48 (m + n). Time: some hundredths of a second at 500 × 500, about a second at 2,000 × 2,000.
pub fn solve_exact(problem: &Problem) -> ExactPlan {
    let with_mass =
        |masses: &[f64]| -> Vec<usize> { (0..masses.len()).filter(|&i| masses[i] > 0.0).collect() };
    let (rows, columns) = (with_mass(problem.a()), with_mass(problem.b()));
    let mut costs = Vec::with_capacity(rows.len() * columns.len());
    for &j in &columns {
        costs.extend(rows.iter().map(|&i| problem.cost().entry(i, j)));
    }
    let masses = |masses: &[f64], kept: &[usize]| -> Vec<f64> { kept.iter().map(|&i| masses[i]).collect() };
    let (a, b) = (masses(problem.a(), &rows), masses(problem.b(), &columns));
    let flows = network_simplex::solve(&Transport { costs: &costs, a: &a, b: &b });
    let mut entries: Vec<Vec<(u32, f64)>> = vec![Vec::new(); problem.columns()];
    for (r, s, mass) in flows {
        entries[columns[s]].push((rows[r] as u32, mass));
    }
    let mut plan = SparsePlan::with_rows(problem.rows());
    entries.into_iter().for_each(|column| plan.push_column(column));
    checked(plan, problem)
}

fn checked(plan: SparsePlan, problem: &Problem) -> ExactPlan {
    ExactPlan {
        cost: plan.cost(problem.cost()),
        row_error: plan.row_error(problem.a()),
        column_error: plan.column_error(problem.b()),
        plan,
    }
}

/// The same as a general linear program, to check by.
///
/// For small problems: one variable per pair of a row and a column that both have mass. Costs and
/// masses are scaled to 1 for the solver. Seconds at 128 × 128.
///
/// # Errors
///
/// The solver's failures.
pub fn solve_linear_program(problem: &Problem) -> Result<ExactPlan, ExactError> {
    let mass = problem.mass();
    let (low, high) = problem.cost().range();
    let cost_scale = if high > low { high - low } else { 1.0 };
    let with_mass =
        |masses: &[f64]| -> Vec<usize> { (0..masses.len()).filter(|&i| masses[i] > 0.0).collect() };
    let (rows, columns) = (with_mass(problem.a()), with_mass(problem.b()));

    let mut variables = ProblemVariables::new();
    let flows: Vec<_> = (0..rows.len() * columns.len()).map(|_| variables.add(variable().min(0.0))).collect();
    let flow = |row: usize, column: usize| flows[row * columns.len() + column];
    let mut objective = Expression::with_capacity(flows.len());
    for (r, &i) in rows.iter().enumerate() {
        for (s, &j) in columns.iter().enumerate() {
            objective.add_mul((problem.cost().entry(i, j) - low) / cost_scale, flow(r, s));
        }
    }
    let mut model = variables.minimise(objective).using(good_lp::microlp);
    for (r, &i) in rows.iter().enumerate() {
        let sum: Expression = (0..columns.len()).map(|s| flow(r, s)).sum();
        model = model.with(sum.eq(problem.a()[i] / mass));
    }
    // The last column's equation follows from the others; with it, rounding could make the
    // program infeasible.
    for (s, &j) in columns.iter().enumerate().take(columns.len() - 1) {
        let sum: Expression = (0..rows.len()).map(|r| flow(r, s)).sum();
        model = model.with(sum.eq(problem.b()[j] / mass));
    }
    let solution = model.solve().map_err(|error| match error {
        ResolutionError::Infeasible => ExactError::Infeasible,
        ResolutionError::Unbounded => ExactError::Unbounded,
        other => ExactError::Solver(other.to_string()),
    })?;

    let mut plan = SparsePlan::with_rows(problem.rows());
    let mut entries: Vec<Vec<(u32, f64)>> = vec![Vec::new(); problem.columns()];
    for (s, &j) in columns.iter().enumerate() {
        for (r, &i) in rows.iter().enumerate() {
            let value = solution.value(flow(r, s));
            if value > 0.0 {
                entries[j].push((i as u32, value * mass));
            }
        }
    }
    for column in entries {
        plan.push_column(column);
    }
    Ok(checked(plan, problem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Cost;
    use ndarray::array;

    #[test]
    fn two_by_two_by_hand() {
        // Keep row 0 with column 0 as far as masses allow: 0.3 there, 0.2 across, 0.5 at (1, 1).
        let cost = Cost::dense(array![[0.0, 2.0], [1.0, 0.5]].view()).expect("costs");
        let problem = Problem::new(cost, array![0.5, 0.5].view(), array![0.3, 0.7].view());
        let exact = solve_exact(&problem.expect("a problem"));
        assert!((exact.cost - (0.2 * 2.0 + 0.5 * 0.5)).abs() <= 1e-15);
        assert!(exact.row_error + exact.column_error <= 1e-15);
        assert_eq!(exact.plan.nonzeros(), 3);
    }

    #[test]
    fn rows_and_columns_without_mass_stay_empty() {
        let cost = Cost::dense(array![[5.0, 1.0], [0.0, 0.0]].view()).expect("costs");
        let problem = Problem::new(cost, array![2.0, 0.0].view(), array![0.0, 2.0].view());
        let exact = solve_exact(&problem.expect("a problem"));
        assert_eq!((exact.cost, exact.plan.nonzeros()), (2.0, 1));
    }
}
