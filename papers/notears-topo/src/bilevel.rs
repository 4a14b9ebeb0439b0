//! The paper's search: swaps from a small candidate set, then from a large one.
//!
//! An edge i → j against the order (j before i) is a candidate if adding it would close cycles of small weight only, [∇h(|W|)]_ij ≤ τ, and would pay, |[∇Q]_ij| > ξ. The swap
//! of i and j then makes room for it. All candidates of the small set are priced; of those that improve, disjoint ones are made together. Where none improves, the large set is
//! searched, a limited number of times.
//!
//! Swaps alone can end where an edge that closes no cycle would still lower a penalised score, because the swap that makes room for it breaks other edges. [`Options::resort`] goes beyond the paper: the
//! order is then sorted anew along the graph with that edge, which lowers the score, so that the end is a KKT point of every convex score.
//!
//! Thresholds are chosen by the size of the set, as in the authors' code, whose ξ is 0. That code takes disjoint swaps greedily, best first; here the best
//! combination is taken ([`schedule`]). Searches with all moves and with insertions are beyond the paper.

use ndarray::{Array2, ArrayView2};

use crate::acyclicity::Form;
use crate::constraints::Precedence;
use crate::inner::Inner;
use crate::order::{Move, Order, Priced, schedule};
use crate::search::Neighbourhood;
use crate::stationarity::{FreeEdge, steepest_edge};
use crate::{Error, graph};

/// Which pairs are looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Candidates {
    /// All.
    All,
    /// The paper's sets.
    Sets(Sets),
}

/// Sizes and thresholds of the candidate sets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sets {
    /// Pairs in the small set, from which τ_* follows; ties make it larger.
    pub small: usize,
    /// Pairs in the large set, from which τ^* follows.
    pub large: usize,
    /// How often the large set may be the one that helps.
    pub large_searches: usize,
    /// ξ: pairs of slopes up to this size are left out. The authors' code has 0.
    pub slope: f64,
}

impl Sets {
    /// The sizes that the authors' later library chooses for linear models.
    pub fn automatic(variables: usize) -> Self {
        let d = variables as f64;
        let pairs = variables * variables.saturating_sub(1) / 2;
        let by_size = (d.sqrt() * (d - 1.0) * d.log10()).floor() as usize;
        let (few, many) = (3 * variables / 2, by_size.min(pairs));
        let (small, large) = (few.min(many).max(1), few.max(many).min(pairs).max(1));
        Self { small, large, large_searches: usize::from(variables >= 10), slope: 0.0 }
    }

    /// Those for models that are not linear.
    pub fn automatic_nonlinear(variables: usize) -> Self {
        let pairs = variables * variables.saturating_sub(1) / 2;
        let (small, large) = (variables.min(pairs).max(1), (3 * variables).min(pairs).max(1));
        Self { small, large, large_searches: 1, slope: 0.0 }
    }
}

/// Which improving moves are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acceptance {
    /// All candidates are priced, the best disjoint ones made.
    Scheduled,
    /// The first that improves: the paper's way where every price is a training. Candidates are priced four at a time.
    First,
}

/// How to search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Swaps are the paper's; `Both` prices swaps and insertions together.
    pub neighbourhood: Neighbourhood,
    /// Which pairs are looked at.
    pub candidates: Candidates,
    /// Which moves are made.
    pub acceptance: Acceptance,
    /// Whether to sort anew along an edge that closes no cycle and would lower the score, where no candidate improves. Beyond the paper.
    pub resort: bool,
    /// A move must lower the score by more than this part of it. Scores from trainings want more than the 1e-12 of exact ones.
    pub tolerance: f64,
}

impl Options {
    /// The paper's search for linear models.
    pub fn of_the_paper(variables: usize) -> Self {
        Self {
            neighbourhood: Neighbourhood::Swaps,
            candidates: Candidates::Sets(Sets::automatic(variables)),
            acceptance: Acceptance::Scheduled,
            resort: false,
            tolerance: 1e-12,
        }
    }

    /// The same with the large set searched as often as that helps; the authors' settings allow it once.
    pub fn unlimited(variables: usize) -> Self {
        let sets = Sets { large_searches: usize::MAX, ..Sets::automatic(variables) };
        Self { candidates: Candidates::Sets(sets), ..Self::of_the_paper(variables) }
    }
}

/// What a search did.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Score of the start, then after every iteration.
    pub trace: Vec<f64>,
    /// Orders after every iteration, the start first.
    pub orders: Vec<Order>,
    /// Moves priced.
    pub priced: u64,
    /// Searches of the large set.
    pub large_searches: usize,
}

/// Searches from where `inner` is, and leaves it at the order found. Scores fall strictly, so it ends.
///
/// # Errors
/// If a regression has no solution.
pub fn search(inner: &mut dyn Inner, precedence: &Precedence, options: &Options) -> Result<Progress, Error> {
    let mut progress = Progress {
        trace: vec![inner.score()],
        orders: vec![inner.order().clone()],
        priced: 0,
        large_searches: 0,
    };
    let mut budget = match options.candidates {
        Candidates::All => 0,
        Candidates::Sets(sets) => sets.large_searches,
    };
    loop {
        let (small, rest) = candidates(inner, options);
        if improve(inner, &small, precedence, options, &mut progress)? {
            continue;
        }
        if budget > 0 && !rest.is_empty() {
            budget -= 1;
            progress.large_searches += 1;
            if improve(inner, &rest, precedence, options, &mut progress)? {
                continue;
            }
        }
        if !(options.resort && resort(inner, precedence, options, &mut progress)?) {
            return Ok(progress);
        }
    }
}

/// The edge of largest residual among those that close no cycle with the graph and with what must precede what, and that are not forbidden: at a KKT point of the constrained problem it is zero. `None` where
/// weights have no derivative or no edge may be added. See [`crate::stationarity`].
pub fn steepest(inner: &dyn Inner, precedence: &Precedence) -> Option<FreeEdge> {
    let (weights, slopes) = (inner.weights(), inner.slopes()?);
    let mut joined = weights.mapv(|weight| f64::from(u8::from(weight != 0.0)));
    precedence.pairs().for_each(|pair| joined[pair] = 1.0);
    let reached = graph::reachability(joined.view());
    steepest_edge(weights.view(), slopes.view(), inner.penalty(), |i, j| {
        inner.allows(i, j) && !reached[(j, i)]
    })
}

/// Sorts anew along the steepest edge that closes no cycle, and otherwise as before; whether that lowered the score.
fn resort(
    inner: &mut dyn Inner,
    precedence: &Precedence,
    options: &Options,
    progress: &mut Progress,
) -> Result<bool, Error> {
    let Some(steepest) = steepest(inner, precedence).filter(|edge| edge.residual > 0.0) else {
        return Ok(false);
    };
    let weights = inner.weights();
    let edges = weights.indexed_iter().filter(|(_, weight)| **weight != 0.0).map(|(edge, _)| edge);
    let pairs: Vec<(usize, usize)> =
        edges.chain(precedence.pairs()).chain([(steepest.from, steepest.to)]).collect();
    let Ok(along) = Precedence::new(inner.order().len(), pairs) else { return Ok(false) };
    let (before, order) = (inner.score(), inner.order().clone());
    inner.reorder(along.legalise(&order))?;
    if inner.score() >= before - options.tolerance * before.abs() {
        inner.reorder(order)?;
        return Ok(false);
    }
    progress.trace.push(inner.score());
    progress.orders.push(inner.order().clone());
    Ok(true)
}

/// Two positions a < b.
pub type Positions = (usize, usize);

/// Pairs of positions: those of the small set, and those of the large set that are not in the small one.
fn candidates(inner: &dyn Inner, options: &Options) -> (Vec<Positions>, Vec<Positions>) {
    let size = inner.order().len();
    let Candidates::Sets(sets) = options.candidates else {
        return ((0..size).flat_map(|a| (a + 1..size).map(move |b| (a, b))).collect(), Vec::new());
    };
    let found = candidate_pairs(inner.weights().view(), inner.slopes().as_ref(), inner.order(), sets.slope);
    let up_to = |count: usize| match found.get(count.saturating_sub(1)) {
        Some(threshold) => found.partition_point(|pair| pair.cycles <= threshold.cycles),
        None => found.len(),
    };
    let (small, large) = (up_to(sets.small), up_to(sets.large.max(sets.small)));
    let places = |pairs: &[Candidate]| pairs.iter().map(|pair| pair.positions).collect();
    (places(&found[..small]), places(&found[small..large]))
}

/// A pair against the order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Positions a < b; the edge leads from b to a.
    pub positions: Positions,
    /// [∇h(|W|)]: the weight of all walks from a to b, which the edge would close to cycles.
    pub cycles: f64,
    /// |[∇Q]|: how much the edge would pay; infinite where weights have no derivative.
    pub slope: f64,
}

/// All pairs of slope above ξ, by the weight of the cycles that they close: the sets Y(W, τ, ξ) are their beginnings.
pub fn candidate_pairs(
    weights: ArrayView2<f64>,
    slopes: Option<&Array2<f64>>,
    order: &Order,
    least_slope: f64,
) -> Vec<Candidate> {
    let variables = order.variables();
    let by_position =
        Array2::from_shape_fn(weights.dim(), |(a, b)| weights[(variables[a], variables[b])].abs());
    // The graph agrees with the order, so |W| is triangular there and the logarithm's form always has a value.
    let walks = Form::LogDeterminant(1.0).evaluate(by_position.view()).map(|(_, derivative)| derivative);
    let mut pairs = Vec::new();
    for b in 0..variables.len() {
        for a in 0..b {
            let slope = slopes.map_or(f64::INFINITY, |slopes| slopes[(variables[b], variables[a])].abs());
            if slope > least_slope {
                let cycles = walks.as_ref().map_or(f64::NAN, |walks| walks[(b, a)]);
                pairs.push(Candidate { positions: (a, b), cycles, slope });
            }
        }
    }
    pairs.sort_by(|x, y| x.cycles.total_cmp(&y.cycles).then(x.positions.cmp(&y.positions)));
    pairs
}

/// Prices candidates and makes what improves; whether anything did.
fn improve(
    inner: &mut dyn Inner,
    pairs: &[Positions],
    precedence: &Precedence,
    options: &Options,
    progress: &mut Progress,
) -> Result<bool, Error> {
    let legal = precedence.legal_moves(inner.order());
    let constrained = !precedence.is_none();
    let moves: Vec<Move> = pairs
        .iter()
        .flat_map(|&(a, b)| {
            let swap = (options.neighbourhood != Neighbourhood::Insertions || a + 1 == b)
                .then_some(Move::Swap(a, b));
            let insert = (options.neighbourhood != Neighbourhood::Swaps && a + 1 < b)
                .then_some([Move::Up { from: b, to: a }, Move::Down { from: a, to: b }]);
            swap.into_iter().chain(insert.into_iter().flatten())
        })
        .filter(|step| !constrained || legal(*step))
        .collect();
    let tolerance = options.tolerance * inner.score().abs();
    let chosen: Vec<Move> = match options.acceptance {
        Acceptance::Scheduled => {
            let changes = inner.price(&moves)?;
            progress.priced += moves.len() as u64;
            let priced: Vec<Priced> = moves
                .iter()
                .zip(changes)
                .map(|(&step, change)| Priced { step, change })
                .filter(|priced| priced.change < -tolerance)
                .collect();
            schedule(&priced, inner.order().len()).into_iter().map(|priced| priced.step).collect()
        }
        Acceptance::First => {
            let mut first = None;
            for some in moves.chunks(4) {
                let changes = inner.price(some)?;
                progress.priced += some.len() as u64;
                first = some.iter().zip(changes).find(|(_, change)| *change < -tolerance);
                if first.is_some() {
                    break;
                }
            }
            first.map(|(&step, _)| step).into_iter().collect()
        }
    };
    if chosen.is_empty() {
        return Ok(false);
    }
    let before = inner.score();
    inner.accept(&chosen)?;
    progress.trace.push(inner.score());
    progress.orders.push(inner.order().clone());
    // Scores that do not fall are rounding, or a training that went another way: an end, not a circle.
    Ok(inner.score() < before)
}

/// The order of a graph, cycles cut at their lightest edges: how the result of another method becomes a start.
pub fn order_of(weights: ArrayView2<f64>) -> Result<Order, Error> {
    graph::topological_order(graph::acyclic_core(weights).0.view())
}
