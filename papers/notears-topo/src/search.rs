//! Local search over orders under least squares, by moves whose price is known in advance.
//!
//! Every iteration prices the whole neighbourhood from one Cholesky factor ([`crate::factor`]), accepts the best set of moves on disjoint
//! intervals, and updates the factor by rotations. Restarts are independent and run in parallel.

use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::constraints::Precedence;
use crate::factor::{Factor, Scratch};
use crate::order::{Move, Order, Priced, schedule};
use crate::{Covariance, Error};

/// Which moves are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Neighbourhood {
    /// All d(d − 1)/2 swaps: the paper's move. 2d³ flops an iteration.
    Swaps,
    /// All d(d − 1) insertions. 10 d² flops an iteration.
    Insertions,
    /// Insertions, and swaps where no insertion improves.
    Both,
}

/// A local optimum, and the way to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Descent {
    /// The order reached.
    pub order: Order,
    /// Its score Q.
    pub score: f64,
    /// Score of the start, then after every iteration.
    pub trace: Vec<f64>,
    /// Moves accepted.
    pub moves: usize,
    /// Moves priced.
    pub priced: u64,
    /// Floating-point operations, by the leading terms: 2d³/3 for a factorisation, 10d² for the prices of insertions, 2d³ for those of swaps, 12d for each place that a variable is moved.
    pub flops: f64,
}

/// A move must lower the score by more than this part of it.
const RELATIVE_TOLERANCE: f64 = 1e-12;
/// Iterations between factorisations from scratch.
const UPDATES: usize = 50;
/// Rotations are trusted while predicted and recomputed score agree so well.
const DRIFT: f64 = 1e-10;

/// Descends from a start until no move of the neighbourhood improves.
///
/// # Errors
/// A start of another size.
pub fn descend(
    covariance: &Covariance,
    start: &Order,
    neighbourhood: Neighbourhood,
    precedence: &Precedence,
) -> Result<Descent, Error> {
    check_size(covariance, start)?;
    let order = precedence.legalise(start);
    let mut state = State::new(covariance, order);
    Ok(state.descend(covariance, neighbourhood, precedence, true))
}

/// How to search globally.
#[derive(Clone, Copy, Debug)]
pub struct Restarts {
    /// Descents from random orders besides the given start.
    pub random: usize,
    /// After each descent, how often some moves are undone at random and the descent repeated, keeping what is better.
    pub perturbations: usize,
    /// The seed of all randomness.
    pub seed: u64,
}

/// The best of many descents: from `start` if there is one, and from random orders, in parallel.
///
/// The result does not depend on the number of threads; of equal scores the earliest start wins. The trace is that of the winner's first descent.
///
/// # Errors
/// A start of another size; no start at all.
pub fn search(
    covariance: &Covariance,
    start: Option<&Order>,
    restarts: Restarts,
    neighbourhood: Neighbourhood,
    precedence: &Precedence,
) -> Result<Descent, Error> {
    if let Some(start) = start {
        check_size(covariance, start)?;
    }
    let given = usize::from(start.is_some());
    if given + restarts.random == 0 {
        return Err(Error::Setting { name: "the number of starts", value: 0.0, range: "at least 1" });
    }
    let variables = covariance.variables();
    let found: Vec<Descent> = (0..given + restarts.random)
        .into_par_iter()
        .map(|index| {
            let mut random =
                numerics::random::stream(restarts.seed, &["notears-topo", "restart", &index.to_string()]);
            let order = match start {
                Some(start) if index == 0 => start.clone(),
                _ => Order::random(variables, &mut random),
            };
            let mut state = State::new(covariance, precedence.legalise(&order));
            let mut best = state.descend(covariance, neighbourhood, precedence, true);
            for _ in 0..restarts.perturbations {
                state.restart(covariance, precedence.legalise(&perturbed(&best.order, &mut random)));
                let other = state.descend(covariance, neighbourhood, precedence, false);
                best.moves += other.moves;
                best.priced += other.priced;
                best.flops += other.flops;
                if other.score < best.score * (1.0 - RELATIVE_TOLERANCE) {
                    (best.order, best.score) = (other.order, other.score);
                }
            }
            best
        })
        .collect();
    let best = found.into_iter().reduce(|best, other| if other.score < best.score { other } else { best });
    best.ok_or(Error::Setting { name: "the number of starts", value: 0.0, range: "at least 1" })
}

/// Some insertions at random, of variables over distances of up to a quarter of the order.
fn perturbed(order: &Order, random: &mut impl Rng) -> Order {
    let mut order = order.clone();
    let size = order.len();
    if size < 2 {
        return order;
    }
    let reach = (size / 4).max(1);
    for _ in 0..2 + random.random_range(0..3) {
        let from = random.random_range(0..size);
        let low = from.saturating_sub(reach);
        let to = random.random_range(low..(from + reach + 1).min(size));
        match from.cmp(&to) {
            std::cmp::Ordering::Greater => order.apply(Move::Up { from, to }),
            std::cmp::Ordering::Less => order.apply(Move::Down { from, to }),
            std::cmp::Ordering::Equal => {}
        }
    }
    order
}

fn check_size(covariance: &Covariance, order: &Order) -> Result<(), Error> {
    match order.len() == covariance.variables() {
        true => Ok(()),
        false => Err(Error::NotAnOrder { size: covariance.variables(), found: order.variables().to_vec() }),
    }
}

/// An order with its factor and memory.
struct State {
    order: Order,
    factor: Factor,
    scratch: Scratch,
    improving: Vec<Priced>,
}

impl State {
    fn new(covariance: &Covariance, order: Order) -> Self {
        let factor = Factor::new(covariance, &order);
        Self { order, factor, scratch: Scratch::default(), improving: Vec::new() }
    }

    fn restart(&mut self, covariance: &Covariance, order: Order) {
        self.factor.refactor(covariance, &order);
        self.order = order;
    }

    fn descend(
        &mut self,
        covariance: &Covariance,
        neighbourhood: Neighbourhood,
        precedence: &Precedence,
        traced: bool,
    ) -> Descent {
        let size = self.order.len() as u64;
        let mut score = self.factor.score();
        let mut trace = if traced { vec![score] } else { Vec::new() };
        let (mut moves, mut priced) = (0, 0);
        let mut since_factored = 0;
        let d = size as f64;
        let factorisation = 2.0 / 3.0 * d.powi(3);
        let mut flops = factorisation;
        loop {
            self.improving.clear();
            let tolerance = RELATIVE_TOLERANCE * score;
            if neighbourhood != Neighbourhood::Swaps {
                self.factor.price_insertions(tolerance, &mut self.scratch, &mut self.improving);
                priced += size * (size - 1);
                flops += 10.0 * d * d;
                precedence.retain_legal(&self.order, &mut self.improving);
            }
            if neighbourhood != Neighbourhood::Insertions && self.improving.is_empty() {
                self.factor.price_swaps(tolerance, &mut self.scratch, &mut self.improving);
                priced += size * (size - 1) / 2;
                flops += 2.0 * d.powi(3);
                precedence.retain_legal(&self.order, &mut self.improving);
            }
            let chosen = schedule(&self.improving, self.order.len());
            if chosen.is_empty() {
                // What rotations made of the factor must not decide that this is an optimum.
                if since_factored == 0 {
                    break;
                }
                self.factor.refactor(covariance, &self.order);
                flops += factorisation;
                since_factored = 0;
                continue;
            }
            let mut predicted = score;
            for Priced { step, change } in &chosen {
                predicted += change;
                self.order.apply(*step);
                self.factor.apply(*step);
                let (first, last) = step.interval();
                flops += 12.0 * d * (last - first) as f64;
            }
            moves += chosen.len();
            since_factored += 1;
            score = self.factor.score();
            let drifted = (score - predicted).abs() > DRIFT * score;
            if since_factored == UPDATES || drifted {
                self.factor.refactor(covariance, &self.order);
                flops += factorisation;
                since_factored = 0;
                score = self.factor.score();
                // A decrease that was rounding only: stop rather than run in circles.
                if drifted && traced && trace.last().is_some_and(|last| score >= *last) {
                    break;
                }
            }
            if traced {
                trace.push(score);
            }
        }
        Descent { order: self.order.clone(), score: self.factor.score(), trace, moves, priced, flops }
    }
}
