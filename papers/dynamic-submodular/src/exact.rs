//! The optimum of small instances: by branch and bound for any function, by an integer program for coverage.

use good_lp::{Expression, Solution, SolverModel, Variable, constraint, variable, variables};

use crate::function::{Coverage, Function};
use crate::greedy::{Selection, lazy_greedy};

/// The best set of at most k candidates, by branch and bound: what is chosen and the k − |S| largest remaining gains bound every completion, since gains
/// only fall. Starts from the greedy value.
///
/// Cost: up to C(n, k) nodes; with 40 candidates and k = 4 some thousands.
pub fn optimum<F: Function>(function: &F, candidates: &[usize], cardinality: usize) -> Selection {
    let mut best = lazy_greedy(function, candidates, cardinality);
    let mut chosen = Vec::new();
    branch(function, &function.empty(), candidates, cardinality, &mut chosen, &mut best);
    best
}

fn branch<F: Function>(
    function: &F,
    state: &F::State,
    candidates: &[usize],
    left: usize,
    chosen: &mut Vec<usize>,
    best: &mut Selection,
) {
    let value = function.value(state);
    if value > best.value {
        best.value = value;
        best.elements.clone_from(chosen);
    }
    if left == 0 {
        return;
    }
    best.calls += candidates.len() as u64;
    let mut gains: Vec<(f64, usize)> =
        candidates.iter().map(|&element| (function.gain(state, element), element)).collect();
    gains.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for first in 0..gains.len() {
        // Sets whose element of largest gain here is gains[first].
        let bound: f64 = gains[first..].iter().take(left).map(|(gain, _)| gain).sum();
        if value + bound <= best.value {
            return;
        }
        let element = gains[first].1;
        let rest: Vec<usize> = gains[first + 1..].iter().map(|(_, element)| *element).collect();
        let mut next = state.clone();
        function.add(&mut next, element);
        chosen.push(element);
        branch(function, &next, &rest, left - 1, chosen, best);
        chosen.pop();
    }
}

/// The optimum of a coverage function by an integer program, Σ_p w_p z_p with z_p ≤ Σ_{e covers p} x_e and Σ_e x_e ≤ k: the independent check.
///
/// # Errors
/// What the solver reports.
pub fn coverage_optimum(
    function: &Coverage,
    candidates: &[usize],
    cardinality: usize,
) -> Result<Selection, good_lp::ResolutionError> {
    let mut problem = variables!();
    let x: Vec<Variable> = candidates.iter().map(|_| problem.add(variable().binary())).collect();
    let z: Vec<Variable> =
        (0..function.universe()).map(|_| problem.add(variable().min(0.0).max(1.0))).collect();
    let objective: Expression = z.iter().enumerate().map(|(point, z)| function.weight_of(point) * *z).sum();
    let mut covering: Vec<Expression> = vec![Expression::from(0.0); function.universe()];
    for (element, x) in candidates.iter().zip(&x) {
        for point in function.points(*element) {
            covering[*point as usize] += *x;
        }
    }
    let mut model = problem.maximise(objective).using(good_lp::default_solver);
    model.add_constraint(constraint!(x.iter().sum::<Expression>() <= cardinality as f64));
    for (z, covered) in z.iter().zip(covering) {
        model.add_constraint(constraint!(*z <= covered));
    }
    let solution = model.solve()?;
    let taken = candidates.iter().zip(&x).filter(|(_, x)| solution.value(**x) > 0.5);
    let elements: Vec<usize> = taken.map(|(element, _)| *element).collect();
    Ok(Selection { value: function.value_of(&elements), elements, calls: 0 })
}
