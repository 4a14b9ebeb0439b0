//! The players, each with the same budget of solved programmes.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::store::Store;
use super::surrogate::Surrogate;
use super::{Evaluation, Game, Geometry, State, tree};
use crate::Error;

/// Who plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Player {
    /// Random geometries and random sets of multipliers.
    Random,
    /// Random geometries with the usual multipliers.
    RandomGeometry,
    /// Bayesian optimisation of the geometry, with the usual multipliers.
    Bayesian,
    /// Tree search over multipliers, at the default geometry.
    Tree,
    /// Both in turn: a geometry for the best multipliers, then multipliers for the best geometry.
    Both,
}

impl Player {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Random, Self::RandomGeometry, Self::Bayesian, Self::Tree, Self::Both];

    /// The name in figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Random => "random search",
            Self::RandomGeometry => "random geometry",
            Self::Bayesian => "Bayesian optimisation",
            Self::Tree => "tree search",
            Self::Both => "both in turn",
        }
    }
}

/// One solved state of a play.
#[derive(Clone, Debug)]
pub struct Move {
    /// The state.
    pub state: State,
    /// What solving it gave.
    pub evaluation: Evaluation,
    /// The best bound so far; none before the first.
    pub best: Option<f64>,
}

/// Geometries that expected improvement is compared at, and steps of its refinement.
const CANDIDATES: usize = 400;
const REFINEMENTS: usize = 100;

/// Simulations of one tree search.
const SIMULATIONS: usize = 300;

/// Plays until `evaluations` states are solved; the first is the [default](Game::default_state). `observe` sees every move and answers whether
/// to go on. The moves depend on `random`, the game and the store's contents at the proposed states only.
///
/// # Errors
///
/// As [`Store::evaluate`].
pub fn play(
    game: &Game,
    player: Player,
    evaluations: usize,
    random: &mut ChaCha8Rng,
    store: &mut Store,
    observe: &mut dyn FnMut(&Move) -> bool,
) -> Result<Vec<Move>, Error> {
    let mut moves: Vec<Move> = Vec::new();
    while moves.len() < evaluations {
        let state = propose(game, player, &moves, random);
        let evaluation = store.evaluate(game, &state)?;
        let before = moves.last().and_then(|last| last.best);
        let best = match (before, evaluation.bound) {
            (Some(before), Some(bound)) => Some(f64::min(before, bound)),
            (before, bound) => before.or(bound),
        };
        moves.push(Move { state, evaluation, best });
        if !observe(&moves[moves.len() - 1]) {
            break;
        }
    }
    Ok(moves)
}

/// The next state to solve.
fn propose(game: &Game, player: Player, moves: &[Move], random: &mut ChaCha8Rng) -> State {
    let start = game.default_state();
    if moves.is_empty() {
        return start;
    }
    let anywhere = |random: &mut ChaCha8Rng| -> Geometry { std::array::from_fn(|_| random.random()) };
    if player == Player::RandomGeometry {
        return State::new(anywhere(random), start.multipliers);
    }
    if player == Player::Random {
        return State::new(anywhere(random), tree::random_set(2 * game.degree, random));
    }
    // A state without a bound counts as the worst that has one, so that the players keep away from it.
    let bounds = || moves.iter().filter_map(|played| played.evaluation.bound);
    let worst = bounds().fold(f64::NEG_INFINITY, f64::max);
    let best = moves
        .iter()
        .filter(|played| played.evaluation.bound.is_some())
        .min_by(|a, b| a.evaluation.bound.partial_cmp(&b.evaluation.bound).expect("bounds are numbers"));
    let known: Vec<(State, f64)> = moves
        .iter()
        .map(|played| {
            (
                played.state.clone(),
                played.evaluation.bound.unwrap_or(if worst.is_finite() { worst } else { 1.0 }),
            )
        })
        .collect();
    let surrogate = Surrogate::new(&known).expect("there are moves");
    let incumbent = best.map_or(&start, |played| &played.state);
    let played = |state: &State| known.iter().any(|(known, _)| known == state);
    match player {
        Player::Both if moves.len().is_multiple_of(2) => {
            multipliers(game, incumbent.geometry, &surrogate, &played, random)
        }
        Player::Tree => multipliers(game, start.geometry, &surrogate, &played, random),
        _ => {
            let set = &incumbent.multipliers;
            let value = |geometry: Geometry| {
                surrogate.expected_improvement(&State { geometry, multipliers: set.clone() })
            };
            let mut found = incumbent.geometry;
            let mut largest = f64::NEG_INFINITY;
            for _ in 0..CANDIDATES {
                let candidate = anywhere(random);
                let improvement = value(candidate);
                if improvement > largest {
                    (found, largest) = (candidate, improvement);
                }
            }
            for step in 0..REFINEMENTS {
                let size = 0.1 * 0.96f64.powi(step as i32);
                let candidate =
                    found.map(|value| (value + size * (2.0 * random.random::<f64>() - 1.0)).clamp(0.0, 1.0));
                let improvement = value(candidate);
                if improvement > largest {
                    (found, largest) = (candidate, improvement);
                }
            }
            State::new(found, set.clone())
        }
    }
}

/// The set that a tree search over the surrogate's expected improvement ends with, new at this geometry; a random one if it ends with none.
fn multipliers(
    game: &Game,
    geometry: Geometry,
    surrogate: &Surrogate,
    played: &dyn Fn(&State) -> bool,
    random: &mut ChaCha8Rng,
) -> State {
    let degree = 2 * game.degree;
    let mut reward = |set: &[crate::three_point::multiplier::Multiplier]| {
        let state = State::new(geometry, set.to_vec());
        if played(&state) { 0.0 } else { surrogate.expected_improvement(&state) }
    };
    let found = tree::search(degree, SIMULATIONS, random, &mut reward);
    State::new(geometry, found.unwrap_or_else(|| tree::random_set(degree, random)))
}
