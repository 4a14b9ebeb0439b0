//! The optimum of a height as an integer program: a second proof, independent of the enumeration.
//!
//! ```text
//! max Σ_{x,y} w_xy   over  f_ya, g_xb ∈ {0, 1},  Σ_a f_ya = 1,  Σ_b g_xb = 1,
//!     w_xy ≤ Σ_{a: x_a = 1} f_ya,   w_xy ≤ Σ_{b: y_b = 1} g_xb,   0 ≤ w_xy ≤ 1
//! ```
//!
//! White stacks never win and are left out. Renaming hats allows g(e_1) = 1 and f(e_1) ∈ {1, 2} without loss, e_1 being the stack with
//! only hat 1 black.

use good_lp::{
    Expression, ProblemVariables, Solution, SolverModel, Variable, constraint, variable, variables,
};

use crate::strategy::{Strategy, StrategyError};

/// An optimal strategy by the solver's word, and its wins.
#[derive(Clone, Debug)]
pub struct IntegerOptimum {
    /// The wins of the strategy, counted again from its tables.
    pub wins: u64,
    /// The objective that the solver reports as optimal.
    pub objective: f64,
    /// The strategy.
    pub strategy: Strategy,
}

/// Why there is no optimum.
#[derive(Debug, thiserror::Error)]
pub enum IntegerProgramError {
    /// The solver failed, or was stopped.
    #[error("the solver of the integer program: {0}")]
    Solver(#[from] good_lp::ResolutionError),
    /// The height does not fit, or a table is no strategy.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
}

/// The largest height that this build solves in reasonable time: 3 with the solver in pure Rust, 5 with HiGHS.
pub const MAX_HEIGHT: usize = if cfg!(feature = "highs") { 5 } else { 3 };

/// Solves the integer program for two players with stacks of `height` hats.
///
/// # Errors
/// For heights outside 1 to [`MAX_HEIGHT`], and what the solver reports.
pub fn solve(height: usize) -> Result<IntegerOptimum, IntegerProgramError> {
    if !(1..=MAX_HEIGHT).contains(&height) {
        return Err(StrategyError::Height { players: 2, height, most: MAX_HEIGHT }.into());
    }
    let mut variables = variables!();
    let stacks = 1_usize << height;
    let f = guesses(&mut variables, height);
    let g = guesses(&mut variables, height);
    let mut wins = Vec::new();
    for x in 1..stacks {
        for y in 1..stacks {
            wins.push((x, y, variables.add(variable().min(0.0).max(1.0))));
        }
    }
    let objective: Expression = wins.iter().map(|(_, _, win)| *win).sum();
    let mut model = variables.maximise(objective.clone()).using(good_lp::default_solver);
    for table in [&f, &g] {
        for stack in &table[1..] {
            model.add_constraint(constraint!(stack.iter().sum::<Expression>() == 1.0));
        }
    }
    let named = |table: &[Variable], black: usize| -> Expression {
        table.iter().enumerate().filter(|(hat, _)| black >> hat & 1 == 1).map(|(_, guess)| *guess).sum()
    };
    for (x, y, win) in &wins {
        model.add_constraint(constraint!(*win <= named(&f[*y], *x)));
        model.add_constraint(constraint!(*win <= named(&g[*x], *y)));
    }
    model.add_constraint(constraint!(g[1][0] == 1.0));
    model.add_constraint(constraint!(f[1].iter().take(2).sum::<Expression>() == 1.0));
    let solution = model.solve()?;
    let table = |guesses: &[Vec<Variable>]| -> Vec<u8> {
        let largest = |stack: &Vec<Variable>| {
            let value = |hat: &usize| solution.value(stack[*hat]);
            (0..stack.len()).max_by(|left, right| value(left).total_cmp(&value(right))).unwrap_or(0) as u8
        };
        guesses.iter().map(largest).collect()
    };
    let strategy = Strategy::new(height, vec![table(&f), table(&g)])?;
    let wins = crate::evaluate::wins(&strategy)?;
    Ok(IntegerOptimum { wins, objective: solution.eval(objective), strategy })
}

/// One binary variable for each stack and hat; the white stack is answered by none.
fn guesses(variables: &mut ProblemVariables, height: usize) -> Vec<Vec<Variable>> {
    let of_stack = |stack: usize| if stack == 0 { 0 } else { height };
    (0..1_usize << height)
        .map(|stack| (0..of_stack(stack)).map(|_| variables.add(variable().binary())).collect())
        .collect()
}
