//! Routing tokens to experts: which tokens each expert of a mixture works on.
//!
//! A gating network scores t tokens against e experts; softmax over the experts gives the gates. Each
//! expert has `capacity` slots. *Token choice* lets every token pick its best expert and drops what
//! does not fit; *expert choice* lets every expert pick its best tokens. Transport balances the two
//! sides: rows are tokens of mass 1, columns experts of mass t/e, and the sparsity constraint k =
//! capacity on the columns is the number of slots.

use ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use crate::problem::{Cost, Problem, ProblemError};
use crate::regulariser::{Regulariser, SolverError};
use crate::semidual::SemiDual;
use crate::sinkhorn::{SinkhornOptions, solve_sinkhorn};

/// Which tokens each expert works on: `experts[j]` lists token indices, at most `capacity` of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Tokens of each expert.
    pub experts: Vec<Vec<usize>>,
    /// Slots of an expert.
    pub capacity: usize,
}

/// How an assignment uses tokens and slots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// Share of the tokens that at least one expert works on.
    pub covered: f64,
    /// Gates of the chosen pairs, summed, per token.
    pub gate_mass: f64,
    /// Share of the slots in use.
    pub slots_used: f64,
}

impl Assignment {
    /// How it uses tokens and slots, given the gates (t × e).
    pub fn usage(&self, gates: ArrayView2<'_, f64>) -> Usage {
        let tokens = gates.nrows();
        let mut chosen = vec![false; tokens];
        let (mut gate_mass, mut used) = (0.0, 0);
        for (expert, list) in self.experts.iter().enumerate() {
            for &token in list {
                chosen[token] = true;
                gate_mass += gates[(token, expert)];
            }
            used += list.len();
        }
        Usage {
            covered: chosen.iter().filter(|chosen| **chosen).count() as f64 / tokens as f64,
            gate_mass: gate_mass / tokens as f64,
            slots_used: used as f64 / (self.capacity * self.experts.len()) as f64,
        }
    }
}

/// Softmax of every row of the logits (t × e), with the largest taken out so that nothing overflows.
pub fn gates(logits: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut gates = logits.to_owned();
    for mut row in gates.rows_mut() {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.mapv_inplace(|logit| (logit - largest).exp());
        let total = row.sum();
        row.mapv_inplace(|weight| weight / total);
    }
    gates
}

/// The slots of an expert: `factor` times the balanced load, rounded up.
pub fn capacity(tokens: usize, experts: usize, factor: f64) -> usize {
    (factor * tokens as f64 / experts as f64).ceil() as usize
}

/// Every token picks the expert with its largest score; an expert keeps the first that fit.
pub fn token_choice(scores: ArrayView2<'_, f64>, capacity: usize) -> Assignment {
    let mut experts = vec![Vec::new(); scores.ncols()];
    for (token, row) in scores.rows().into_iter().enumerate() {
        let best = (0..row.len()).reduce(|best, expert| if row[expert] > row[best] { expert } else { best });
        if let Some(best) = best.filter(|best| experts[*best].len() < capacity) {
            experts[best].push(token);
        }
    }
    Assignment { experts, capacity }
}

/// Every expert picks the tokens with its `capacity` largest scores; of equal scores, earlier tokens.
pub fn expert_choice(scores: ArrayView2<'_, f64>, capacity: usize) -> Assignment {
    let choose = |column: ndarray::ArrayView1<'_, f64>| {
        let mut tokens: Vec<usize> = (0..column.len()).collect();
        tokens.sort_by(|&left, &right| column[right].total_cmp(&column[left]));
        tokens.truncate(capacity);
        tokens
    };
    Assignment { experts: scores.axis_iter(Axis(1)).map(choose).collect(), capacity }
}

/// The entropic plan between tokens and experts for the cost −logits with ε = 1, after `iterations` of
/// Sinkhorn: the scores of S-BASE (Clark et al. 2022).
///
/// # Errors
/// If the logits are empty or not finite.
pub fn sinkhorn_scores(logits: ArrayView2<'_, f64>, iterations: usize) -> Result<Array2<f64>, RouterError> {
    let problem = balanced(logits.mapv(|logit| -logit).view())?;
    let options = SinkhornOptions { epsilon: 1.0, max_iterations: iterations, tolerance: 0.0 };
    Ok(solve_sinkhorn(&problem, &options)?.plan)
}

/// The sparsity-constrained router: `steps` of ADAM with rate 0.01 from zero on the semi-dual with
/// cost −gates, k = capacity and γ = 1; an expert works on the tokens its column of the plan is
/// positive on.
///
/// # Errors
/// If the gates are empty or not finite, or the capacity is 0.
pub fn sparsity_constrained(
    gates: ArrayView2<'_, f64>,
    capacity: usize,
    steps: usize,
) -> Result<Assignment, RouterError> {
    let problem = balanced(gates.mapv(|gate| -gate).view())?;
    let mut semidual = SemiDual::new(&problem, Regulariser::new(capacity, 1.0))?;
    let mut alpha = vec![0.0; problem.rows()];
    let mut gradient = vec![0.0; problem.rows()];
    let mut adam = Adam::new(alpha.len(), 0.01);
    for _ in 0..steps {
        semidual.evaluate(&alpha, &mut gradient);
        adam.ascend(&mut alpha, &gradient);
    }
    semidual.evaluate(&alpha, &mut gradient);
    let plan = semidual.plan();
    let experts = (0..plan.columns()).map(|expert| plan.column(expert).map(|(token, _)| token).collect());
    Ok(Assignment { experts: experts.collect(), capacity })
}

/// Who routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Router {
    /// Each token picks its best expert; what does not fit is dropped.
    TokenChoice,
    /// The same on the entropic plan: S-BASE.
    SBase,
    /// Each expert picks its best tokens.
    ExpertChoice,
    /// Each expert picks its best tokens on the entropic plan.
    SinkhornExpertChoice,
    /// Sparsity-constrained transport, k = capacity.
    SparsityConstrained,
}

/// Iterations of Sinkhorn and of ADAM, as in the authors' code.
pub const ITERATIONS: usize = 20;
/// All routers with their names.
pub const ROUTERS: [(Router, &str); 5] = [
    (Router::TokenChoice, "token choice"),
    (Router::SBase, "S-BASE"),
    (Router::ExpertChoice, "expert choice"),
    (Router::SinkhornExpertChoice, "Sinkhorn, experts choose"),
    (Router::SparsityConstrained, "sparsity-constrained"),
];

impl Router {
    /// Routes tokens with the given logits (t × e) to experts with `capacity` slots each.
    ///
    /// # Errors
    /// If the logits are empty or not finite, or the capacity is 0.
    pub fn route(self, logits: &Array2<f64>, capacity: usize) -> Result<Assignment, RouterError> {
        let gates = gates(logits.view());
        Ok(match self {
            Self::TokenChoice => token_choice(gates.view(), capacity),
            Self::SBase => token_choice(sinkhorn_scores(logits.view(), ITERATIONS)?.view(), capacity),
            Self::ExpertChoice => expert_choice(gates.view(), capacity),
            Self::SinkhornExpertChoice => {
                expert_choice(sinkhorn_scores(logits.view(), ITERATIONS)?.view(), capacity)
            }
            Self::SparsityConstrained => sparsity_constrained(gates.view(), capacity, ITERATIONS)?,
        })
    }
}

/// Why nothing was routed.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// The scores are no transport problem.
    #[error(transparent)]
    Problem(#[from] ProblemError),
    /// A setting is out of range.
    #[error(transparent)]
    Solver(#[from] SolverError),
}

/// Tokens of mass 1, experts of equal mass.
fn balanced(cost: ArrayView2<'_, f64>) -> Result<Problem, ProblemError> {
    let (tokens, experts) = cost.dim();
    let a = ndarray::Array1::ones(tokens);
    let b = ndarray::Array1::from_elem(experts, tokens as f64 / experts.max(1) as f64);
    Problem::new(Cost::dense(cost)?, a.view(), b.view())
}

/// ADAM (Kingma and Ba 2015) with its usual decay rates 0.9 and 0.999.
#[derive(Clone, Debug)]
pub struct Adam {
    rate: f64,
    step: i32,
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl Adam {
    /// A fresh state for `length` parameters and the given learning rate.
    pub fn new(length: usize, rate: f64) -> Self {
        Self { rate, step: 0, mean: vec![0.0; length], square: vec![0.0; length] }
    }

    /// One step along the gradient. Slices are as long as the state.
    pub fn ascend(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        self.step += 1;
        let mean_bias = 1.0 - 0.9_f64.powi(self.step);
        let square_bias = 1.0 - 0.999_f64.powi(self.step);
        let state = self.mean.iter_mut().zip(&mut self.square);
        for ((parameter, slope), (mean, square)) in parameters.iter_mut().zip(gradient).zip(state) {
            *mean += 0.1 * (slope - *mean);
            *square += 0.001 * (slope * slope - *square);
            *parameter += self.rate * (*mean / mean_bias) / ((*square / square_bias).sqrt() + 1e-8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{arr2, array};

    #[test]
    fn token_choice_drops_what_does_not_fit() {
        let scores = arr2(&[[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
        let assignment = token_choice(scores.view(), 2);
        assert_eq!(assignment.experts, [vec![0, 1], vec![3]]);
        let usage = assignment.usage(scores.view());
        assert_eq!(usage, Usage { covered: 0.75, gate_mass: 0.75, slots_used: 0.75 });
    }

    #[test]
    fn expert_choice_fills_all_slots_and_may_leave_tokens() {
        let scores = arr2(&[[3.0, 3.0], [2.0, 2.0], [1.0, 1.0]]);
        let assignment = expert_choice(scores.view(), 1);
        assert_eq!(assignment.experts, [vec![0], vec![0]]);
        assert_eq!(assignment.usage(scores.view()).slots_used, 1.0);
    }

    /// Every token prefers the first expert; two slots each cover all four tokens only if the plan
    /// balances them.
    #[test]
    fn the_constraint_balances_one_sided_preferences() {
        let logits = array![[1.0, 0.0], [1.1, 0.0], [1.2, 0.0], [1.3, 0.0]];
        let gates = gates(logits.view());
        assert_eq!(token_choice(gates.view(), 2).usage(gates.view()).covered, 0.5);
        let sparse = sparsity_constrained(gates.view(), 2, 200).unwrap();
        assert_eq!(sparse.usage(gates.view()).covered, 1.0);
        let sinkhorn = sinkhorn_scores(logits.view(), 50).unwrap();
        for (token, row) in sinkhorn.rows().into_iter().enumerate() {
            assert!((row.sum() - 1.0).abs() < 1e-3, "token {token}");
        }
    }

    #[test]
    fn capacities_round_up() {
        assert_eq!([1.0, 1.25, 2.0].map(|factor| capacity(196, 32, factor)), [7, 8, 13]);
    }
}
