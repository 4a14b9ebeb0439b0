//! The optimum of a height as an integer program: a second proof, independent of the enumeration.
//!
//! ```text
//! max Σ_{x,y} w_xy   over  f_ya, g_xb ∈ {0, 1},  Σ_a f_ya = 1,  Σ_b g_xb = 1,
//!     w_xy ≤ Σ_{a: x_a = 1} f_ya,   w_xy ≤ Σ_{b: y_b = 1} g_xb,   0 ≤ w_xy ≤ 1
//! ```
//!
//! White stacks never win and are left out. Renaming hats allows g(e_1) = 1 and f(e_1) ∈ {1, 2} without loss, e_1 being the stack with
//! only hat 1 black.

#[cfg(feature = "highs")]
use good_lp::highs as solver;
#[cfg(not(feature = "highs"))]
use good_lp::microlp as solver;
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

/// The largest height that this build solves to optimality in reasonable time: 3 with the solver in pure Rust, 4 with HiGHS.
pub const MAX_HEIGHT: usize = if cfg!(feature = "highs") { 4 } else { 3 };

/// Solves the integer program for two players with stacks of `height` hats.
///
/// # Errors
/// For heights outside 1 to [`MAX_HEIGHT`], and what the solver reports.
pub fn solve(height: usize) -> Result<IntegerOptimum, IntegerProgramError> {
    if !(1..=MAX_HEIGHT).contains(&height) {
        return Err(StrategyError::Height { players: 2, height, most: MAX_HEIGHT }.into());
    }
    let (model, f, g, objective) = program(height);
    // HiGHS keeps its threads for the whole process: all its programs must ask for the same number.
    #[cfg(feature = "highs")]
    let model = model.set_threads(1);
    let solution = model.solve()?;
    let tables = [&f, &g].map(|guesses| table(guesses, |guess| solution.value(guess)));
    let strategy = Strategy::new(height, tables.into())?;
    let wins = crate::evaluate::wins(&strategy)?;
    Ok(IntegerOptimum { wins, objective: solution.eval(objective), strategy })
}

/// What the solver has reached when it is cut off.
#[cfg(feature = "highs")]
#[derive(Clone, Debug)]
pub struct CutOff {
    /// The wins of its best strategy, counted again from the tables.
    pub wins: u64,
    /// No strategy wins more, by the solver's word.
    pub bound: u64,
    /// Its best strategy.
    pub strategy: Strategy,
}

/// Searches the integer program of a height that may be too large to solve, over at most so many nodes of branch and bound: a limit that, unlike a time, gives the same answer on every machine.
///
/// # Errors
/// For a height of 0 or above 6, for a search that ends without any strategy, and what the solver reports.
#[cfg(feature = "highs")]
pub fn search_within(height: usize, nodes: i32) -> Result<CutOff, IntegerProgramError> {
    if !(1..=6).contains(&height) {
        return Err(StrategyError::Height { players: 2, height, most: 6 }.into());
    }
    let failed = |what: &str| IntegerProgramError::Solver(good_lp::ResolutionError::Str(what.into()));
    let (model, ..) = program(height);
    let mut model = model.try_into_inner()?;
    model.make_quiet();
    model.set_option("mip_max_nodes", nodes);
    // One thread: the order of nodes is then fixed.
    model.set_option("threads", 1);
    model.set_option("parallel", "off");
    let solved = model.try_solve().map_err(|_| failed("HiGHS gave up"))?;
    let bound = solved.double_info_value(c"mip_dual_bound").map_err(|_| failed("HiGHS tells no bound"))?;
    let values = solved.get_solution();
    let values = values.columns();
    if values.is_empty() || !solved.objective_value().is_finite() {
        return Err(failed("no strategy within this many nodes"));
    }
    // Variables in the order in which `guesses` adds them: the stacks but the white one, their hats, of one table and then the other.
    let half = ((1 << height) - 1) * height;
    let tables = [0, half].map(|first| {
        let guesses: Vec<Vec<f64>> =
            values[first..first + half].chunks_exact(height).map(<[f64]>::to_vec).collect();
        table(&[vec![Vec::new()], guesses].concat(), |value| value)
    });
    let strategy = Strategy::new(height, tables.into())?;
    // Wins are whole numbers; the solver's tolerance must not take one away.
    Ok(CutOff { wins: crate::evaluate::wins(&strategy)?, bound: (bound + 1e-6).floor() as u64, strategy })
}

/// The hat of the largest value for each stack.
fn table<T: Copy>(guesses: &[Vec<T>], value: impl Fn(T) -> f64) -> Vec<u8> {
    let largest = |stack: &Vec<T>| {
        (0..stack.len())
            .max_by(|left, right| value(stack[*left]).total_cmp(&value(stack[*right])))
            .unwrap_or(0) as u8
    };
    guesses.iter().map(largest).collect()
}

#[cfg(feature = "highs")]
type Model = good_lp::solvers::highs::HighsProblem;
#[cfg(not(feature = "highs"))]
type Model = good_lp::solvers::microlp::MicroLpProblem;

/// The guesses of a table's stacks.
type Guesses = Vec<Vec<Variable>>;

/// The program with the variables of both tables and its objective.
fn program(height: usize) -> (Model, Guesses, Guesses, Expression) {
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
    let mut model = variables.maximise(objective.clone()).using(solver);
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
    (model, f, g, objective)
}

/// One binary variable for each stack and hat; the white stack is answered by none.
fn guesses(variables: &mut ProblemVariables, height: usize) -> Vec<Vec<Variable>> {
    let of_stack = |stack: usize| if stack == 0 { 0 } else { height };
    (0..1_usize << height)
        .map(|stack| (0..of_stack(stack)).map(|_| variables.add(variable().binary())).collect())
        .collect()
}
