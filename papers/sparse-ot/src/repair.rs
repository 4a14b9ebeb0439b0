//! A plan that is sparse and feasible: at most k nonzeros per column *and* both marginals.
//!
//! The dual solution does not give one. Where scores tie, the top-k plan misses the row sums and the
//! relaxed plan has more than k nonzeros. Whether such a plan exists at all is a combinatorial
//! question; this module searches for one and measures it against the dual bound.
//!
//! 1. *Dive.* Starting from the supports of the two plans, columns with too many nonzeros lose
//!    their smallest entry for good, the least important half of them at a time, and the
//!    relaxation is solved again on the entries left. Where rows then starve, they are offered
//!    entries in columns with a place free; if that does not help, what was taken last is given
//!    back and protected.
//! 2. *Fixed support.* With at most k entries left in every column, the problem is quadratic
//!    transport on a fixed support: smooth, and solved to rounding by Newton's method.
//! 3. *Exchange.* Entries of the support that carry nothing make room for the best ones outside.
//!    The plan before stays feasible, so the objective can only fall.
//!
//! If the dive fails, it is tried from sparser plans, since any support that contains a feasible plan
//! is feasible: from the vertex of the linear program, for small problems, and from the relaxations
//! of weaker regularisers and of k = 1.

use crate::exact::solve_exact;
use crate::newton::Newton;
use crate::plan::SparsePlan;
use crate::problem::{Problem, without_offsets};
use crate::proximal::Proximal;
use crate::proximal_dual::ProximalDual;
use crate::regulariser::{Regulariser, SolverError, check_potentials};
use crate::relaxation::{Relaxation, RelaxationOptions, relative, solve_relaxation};
use crate::rounding::round_on_support;
use crate::semidual::SemiDual;

/// Settings of [`repair`].
#[derive(Clone, Copy, Debug)]
pub struct RepairOptions {
    /// Most rounds of the dive. Default 150.
    pub max_rounds: usize,
    /// Most rounds of exchange. Default 30.
    pub max_exchanges: usize,
    /// Largest number of matrix entries for which the linear program is tried. Default 20 000.
    pub max_exact_entries: usize,
}

impl Default for RepairOptions {
    fn default() -> Self {
        Self { max_rounds: 150, max_exchanges: 30, max_exact_entries: 20_000 }
    }
}

/// A plan with at most k nonzeros per column and both marginals.
#[derive(Clone, Debug)]
pub struct RepairedPlan {
    /// The plan.
    pub plan: SparsePlan,
    /// P: its objective ⟨C, T⟩ + (γ/2) ‖T‖²_F.
    pub value: f64,
    /// D: the dual bound, below which no such plan can be.
    pub lower: f64,
    /// (P − D)/max(|P|, |D|): how far from optimal the plan can be at most.
    pub relative_gap: f64,
    /// Σᵢ |(T 1)ᵢ − aᵢ|, at most 1e-9 of the total mass.
    pub row_error: f64,
    /// Σⱼ |(Tᵀ 1)ⱼ − bⱼ|, at most 1e-9 of the total mass.
    pub column_error: f64,
}

/// What the search came to.
#[derive(Clone, Debug)]
pub enum Repair {
    /// A plan was found. Boxed because it is large.
    Found(Box<RepairedPlan>),
    /// None was found; there may be one.
    NotFound,
    /// There is none: the rows with mass are more than k times the columns with mass.
    Infeasible {
        /// Rows with mass.
        rows: usize,
        /// Nonzeros allowed in all: k times the columns with mass.
        places: usize,
    },
}

impl Repair {
    /// The plan, if one was found.
    pub fn found(self) -> Option<RepairedPlan> {
        match self {
            Self::Found(plan) => Some(*plan),
            Self::NotFound | Self::Infeasible { .. } => None,
        }
    }
}

/// Marginal error allowed in the result, as a part of the total mass.
const TOLERANCE: f64 = 1e-9;
/// Row error of a relaxation in the dive that counts as solved, as a part of the total mass.
const DIVE_TOLERANCE: f64 = 1e-10;
/// Newton steps after which a relaxation in the dive counts as infeasible.
const DIVE_NEWTON_STEPS: usize = 100;
/// λγ in the dive: the proximal term then weighs as much as the regulariser, and keeps what was
/// decided.
const DIVE_STEP: f64 = 1.0;
/// Exchanges end when the objective falls by less than this part of its size.
const LEAST_GAIN: f64 = 1e-9;
/// Entries offered to a row that starves.
const OFFERS: usize = 2;

/// Searches for a plan with at most k nonzeros per column and both marginals, starting from a
/// solved relaxation of the same problem and regulariser.
///
/// Deterministic. Cost: some hundred Newton steps on the entries of the relaxed plan.
///
/// # Errors
///
/// k = 0, γ not positive, potentials of another problem.
pub fn repair(
    problem: &Problem,
    regulariser: Regulariser,
    relaxation: &Relaxation,
    options: &RepairOptions,
) -> Result<Repair, SolverError> {
    let regulariser = regulariser.checked(problem.rows())?;
    check_potentials("rows", &relaxation.alpha, problem.rows())?;
    check_potentials("columns", &relaxation.beta, problem.columns())?;
    if let Some(centred) = problem.centred() {
        let constant = centred.constant;
        let relaxation = Relaxation {
            alpha: without_offsets(&relaxation.alpha, &centred.rows),
            beta: without_offsets(&relaxation.beta, &centred.columns),
            lower: relaxation.lower - constant,
            upper: relaxation.upper - constant,
            ..relaxation.clone()
        };
        let mut found = repair(&centred.problem, regulariser, &relaxation, options)?;
        if let Repair::Found(plan) = &mut found {
            let gap = plan.value - plan.lower;
            plan.value += constant;
            plan.lower += constant;
            plan.relative_gap = relative(gap, plan.lower, plan.value);
        }
        return Ok(found);
    }
    let positive = |masses: &[f64]| masses.iter().filter(|&&mass| mass > 0.0).count();
    let rows = positive(problem.a());
    let places = regulariser.k * positive(problem.b());
    if rows > places {
        return Ok(Repair::Infeasible { rows, places });
    }

    let search = Search { problem, regulariser };
    let sparse = |plan: &SparsePlan| plan.max_nonzeros_per_column() <= regulariser.k;
    let improve = |plan| search.exchange(plan, &relaxation.alpha, options.max_exchanges);
    let max_rounds = options.max_rounds;
    let mut best = if sparse(&relaxation.relaxed_plan) {
        improve(relaxation.relaxed_plan.clone())
    } else {
        search.dive(relaxation, max_rounds).and_then(improve)
    };
    if best.is_none() && problem.rows() * problem.columns() <= options.max_exact_entries {
        best = Some(solve_exact(problem).plan).filter(sparse).and_then(improve);
    }
    let fallbacks = [
        Regulariser { gamma: 0.1 * regulariser.gamma, ..regulariser },
        Regulariser { gamma: 0.01 * regulariser.gamma, ..regulariser },
        Regulariser { k: 1, ..regulariser },
    ];
    for sparser in fallbacks {
        if best.is_some() || regulariser.k == 1 {
            break;
        }
        let start = Some(relaxation.alpha.clone());
        let options = RelaxationOptions { start, relative_gap: 1e-6, ..Default::default() };
        let other = solve_relaxation(problem, sparser, &options)?;
        best = if sparse(&other.relaxed_plan) {
            improve(other.relaxed_plan)
        } else {
            search.dive(&other, max_rounds).and_then(improve)
        };
    }
    Ok(match best {
        Some((plan, value)) => Repair::Found(Box::new(RepairedPlan {
            value,
            lower: relaxation.lower,
            relative_gap: relative(value - relaxation.lower, relaxation.lower, value),
            row_error: plan.row_error(problem.a()),
            column_error: plan.column_error(problem.b()),
            plan,
        })),
        None => Repair::NotFound,
    })
}

/// Allowed rows of every column.
type Support = Vec<Vec<u32>>;

struct Search<'a> {
    problem: &'a Problem,
    regulariser: Regulariser,
}

impl Search<'_> {
    fn support_of(&self, plan: &SparsePlan) -> Support {
        (0..plan.columns()).map(|j| plan.column(j).map(|(i, _)| i as u32).collect()).collect()
    }

    /// A plan with at most k entries per column.
    fn dive(&self, relaxation: &Relaxation, max_rounds: usize) -> Option<SparsePlan> {
        let problem = self.problem;
        let (k, mass) = (self.regulariser.k, problem.mass());
        let mut plan = relaxation.relaxed_plan.clone();
        let mut support = self.support_of(&plan);
        for (rows, top) in support.iter_mut().zip(self.support_of(&relaxation.top_k_plan)) {
            rows.extend(top);
            rows.sort_unstable();
            rows.dedup();
        }
        let mut protected: Support = vec![Vec::new(); problem.columns()];
        let mut taken: Vec<(usize, u32)> = Vec::new();
        let mut offered: Vec<u32> = Vec::new();
        let mut alpha = relaxation.alpha.clone();
        let mut beta = relaxation.beta.clone();
        let gamma = self.regulariser.gamma;
        let step = Proximal { k, gamma, lambda: DIVE_STEP / gamma };
        let tolerance = DIVE_TOLERANCE * mass;
        for _ in 0..max_rounds {
            let mut dual = ProximalDual::restricted(problem, step, &support, &plan);
            let mut newton = Newton::new(problem.rows());
            let mut trial = alpha.clone();
            let error = newton.maximise(&mut dual, &mut trial, |_| tolerance, DIVE_NEWTON_STEPS);
            if error > tolerance {
                let lacking: Vec<u32> = (0..problem.rows())
                    .filter(|&i| newton.gradient()[i] > tolerance / problem.rows() as f64)
                    .map(|i| i as u32)
                    .collect();
                let (new, stuck): (Vec<u32>, Vec<u32>) =
                    lacking.into_iter().partition(|row| !offered.contains(row));
                let served = self.offer(&new, &plan, &mut support, &alpha, &beta);
                // Rows for which that is no help, or was none, get back what was taken last.
                let mut returned = false;
                taken.retain(|&(j, row)| {
                    let back = stuck.contains(&row) || new.contains(&row) && !served.contains(&row);
                    if back {
                        support[j].push(row);
                        protected[j].push(row);
                        returned = true;
                    }
                    !back
                });
                if served.is_empty() && !returned {
                    return None;
                }
                offered.extend(served);
                continue;
            }
            alpha = trial;
            plan = dual.plan();
            for (beta, column) in beta.iter_mut().zip(dual.columns()) {
                *beta = column.shape.beta;
            }

            // What every column with too many nonzeros would lose.
            if plan.max_nonzeros_per_column() <= k {
                return Some(plan);
            }
            let mut losses: Vec<(f64, usize, u32)> = (0..problem.columns())
                .filter(|&j| plan.column(j).len() > k)
                .filter_map(|j| {
                    plan.column(j)
                        .filter(|&(i, _)| !protected[j].contains(&(i as u32)))
                        .min_by(|x, y| x.1.total_cmp(&y.1))
                        .map(|(row, loss)| (loss, j, row as u32))
                })
                .collect();
            if losses.is_empty() {
                return None;
            }
            losses.sort_unstable_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
            losses.truncate(losses.len().div_ceil(2));
            taken.clear();
            offered.clear();
            for (_, j, row) in losses {
                support[j].retain(|&other| other != row);
                taken.push((j, row));
            }
        }
        None
    }

    /// Allows each row entries in the columns that suit it best among those with a place free, and
    /// returns the rows for which there was one.
    fn offer(
        &self,
        rows: &[u32],
        plan: &SparsePlan,
        support: &mut Support,
        alpha: &[f64],
        beta: &[f64],
    ) -> Vec<u32> {
        let cost = self.problem.cost();
        let mut free: Vec<usize> =
            (0..plan.columns()).map(|j| self.regulariser.k.saturating_sub(plan.column(j).len())).collect();
        let mut served = Vec::new();
        for &row in rows {
            let mut columns: Vec<(f64, usize)> = (0..plan.columns())
                .filter(|&j| free[j] > 0 && self.problem.b()[j] > 0.0 && !support[j].contains(&row))
                .filter(|&j| !self.problem.avoids(row as usize, j))
                .map(|j| (alpha[row as usize] + beta[j] - cost.entry(row as usize, j), j))
                .collect();
            columns.sort_unstable_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
            for &(_, j) in columns.iter().take(OFFERS) {
                support[j].push(row);
                free[j] -= 1;
            }
            if !columns.is_empty() {
                served.push(row);
            }
        }
        served
    }

    /// The best plan on a fixed support, with its objective and row potentials.
    fn solve(&self, support: &Support, alpha: &[f64]) -> Option<(SparsePlan, f64, Vec<f64>)> {
        let problem = self.problem;
        let nonempty = |(rows, &b): (&Vec<u32>, &f64)| !rows.is_empty() || b == 0.0;
        if !support.iter().zip(problem.b()).all(nonempty) {
            return None;
        }
        // Without more than k entries nothing ties; the proximal term only guards Newton's steps.
        let gamma = self.regulariser.gamma;
        let step = Proximal { k: problem.rows(), gamma, lambda: 1e8 / gamma };
        let none = SparsePlan::empty(problem.rows(), problem.columns());
        let mut dual = ProximalDual::restricted(problem, step, support, &none);
        let mut alpha = alpha.to_vec();
        let mass = problem.mass();
        Newton::new(alpha.len()).maximise(&mut dual, &mut alpha, |_| 1e-13 * mass, 200);
        let plan = round_on_support(&dual.plan(), problem.a(), problem.b());
        let value = self.feasible_value(&plan)?;
        Some((plan, value, alpha))
    }

    /// The objective of a plan that has both marginals.
    fn feasible_value(&self, plan: &SparsePlan) -> Option<f64> {
        let problem = self.problem;
        let error = plan.row_error(problem.a()).max(plan.column_error(problem.b()));
        (error <= TOLERANCE * problem.mass())
            .then(|| plan.primal_value(problem.cost(), self.regulariser.gamma))
    }

    /// Solves on the support of a plan and lets entries outside take the places of those without
    /// mass, as long as the objective falls. `None` if no plan has both marginals.
    fn exchange(&self, plan: SparsePlan, alpha: &[f64], max_exchanges: usize) -> Option<(SparsePlan, f64)> {
        let problem = self.problem;
        let plan = round_on_support(&plan, problem.a(), problem.b());
        let mut alpha = alpha.to_vec();
        let mut best = self.feasible_value(&plan).map(|value| (plan.clone(), value));
        let mut semidual = SemiDual::new(problem, self.regulariser).ok()?;
        let mut gradient = vec![0.0; problem.rows()];
        let mut support = self.support_of(&plan);
        for _ in 0..max_exchanges {
            let Some((next, value, potentials)) = self.solve(&support, &alpha) else {
                break;
            };
            let gained = best.as_ref().is_none_or(|&(_, before)| value < before - LEAST_GAIN * before.abs());
            if best.as_ref().is_none_or(|&(_, before)| value < before) {
                best = Some((next.clone(), value));
            }
            if !gained {
                break;
            }
            alpha = potentials;
            semidual.evaluate(&alpha, &mut gradient);
            let wanted = self.support_of(&semidual.plan());
            support = self.support_of(&next);
            for (rows, wanted) in support.iter_mut().zip(wanted) {
                for row in wanted {
                    if rows.len() < self.regulariser.k && !rows.contains(&row) {
                        rows.push(row);
                    }
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Cost;
    use ndarray::{Array2, array};

    fn repaired(cost: Array2<f64>, a: &[f64], b: &[f64], k: usize, gamma: f64) -> (Repair, f64) {
        let cost = Cost::dense(cost.view()).expect("costs");
        let problem = Problem::new(cost, a.into(), b.into()).expect("a problem");
        let regulariser = Regulariser::new(k, gamma);
        let relaxation =
            solve_relaxation(&problem, regulariser, &RelaxationOptions::default()).expect("valid input");
        let found = repair(&problem, regulariser, &relaxation, &RepairOptions::default());
        (found.expect("valid input"), relaxation.upper)
    }

    /// Two rows, two columns, uniform, no cost: with k = 1 the relaxation may split, the two
    /// permutations cannot; both cost (γ/2)·2·(½)², which is D₁.
    #[test]
    fn a_permutation_is_found() {
        let half = [0.5, 0.5];
        let (found, upper) = repaired(Array2::zeros((2, 2)), &half, &half, 1, 4.0);
        let found = found.found().expect("a permutation exists");
        assert_eq!(found.plan.nonzeros(), 2);
        assert!((found.value - 1.0).abs() <= 1e-12 && (upper - 1.0).abs() <= 1e-8);
    }

    /// a = b = (1, 2)/3 leaves only one plan with one entry per column, the diagonal. Masses
    /// (0.3, 0.7) against (0.5, 0.5) leave none.
    #[test]
    fn masses_decide_what_exists() {
        let (one, two) = (1.0 / 3.0, 2.0 / 3.0);
        let costs = || array![[0.0, 5.0], [5.0, 0.0]];
        let (found, _) = repaired(costs(), &[one, two], &[one, two], 1, 1.0);
        let found = found.found().expect("the diagonal");
        assert!((found.plan.entry(0, 0) - one).abs() <= 1e-12);
        let (found, _) = repaired(costs(), &[0.3, 0.7], &[0.5, 0.5], 1, 1.0);
        assert!(matches!(found, Repair::NotFound));
    }
}
