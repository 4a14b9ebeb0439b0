//! Alternating best responses with restarts: the paper's hill climbing.
//!
//! From some start, each player in turn answers the tables of the others as well as possible, ties broken at random, until nothing
//! has improved for a few rounds. Restarts are independent; those of one round run in parallel, and each derives its randomness from the
//! seed and its own number, so the search finds the same with any number of threads.

use rand::seq::IndexedRandom;
use rand::{Rng, RngCore};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use numerics::random::stream;

use crate::best_response::Responder;
use crate::constructions::modular;
use crate::players;
use crate::strategy::{Strategy, StrategyError, check_size};

/// Where a restart begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Each view is answered by some hat that is black in it (in the next player's stack).
    BlackIndex,
    /// Each view is answered by any hat.
    RandomIndex,
    /// The best strategy so far, up to a third of its guesses redrawn.
    Perturbed,
    /// The modular code, up to a third of its guesses redrawn.
    ModularCode,
}

/// All starts, in the order in which restarts take turns.
pub const STARTS: [Start; 4] = [Start::BlackIndex, Start::RandomIndex, Start::Perturbed, Start::ModularCode];

/// What is searched for, and how.
#[derive(Clone, Debug)]
pub struct SearchOptions {
    /// Players, at least 2.
    pub players: usize,
    /// Hats of a stack.
    pub height: usize,
    /// Seed of all random choices.
    pub seed: u64,
    /// Restarts that run side by side and start from the same incumbent. Default 64.
    pub round: usize,
    /// Where restarts begin, in turns. Default: all four.
    pub starts: Vec<Start>,
    /// Rounds of answers without improvement after which a restart ends. Default 5.
    pub patience: usize,
}

impl SearchOptions {
    /// The defaults for a size.
    pub fn new(players: usize, height: usize) -> Self {
        Self { players, height, seed: 0, round: 64, starts: STARTS.to_vec(), patience: 5 }
    }
}

/// The best strategy found, and when.
#[derive(Clone, Debug)]
pub struct Incumbent {
    /// The strategy; recomputing its wins is the certificate.
    pub strategy: Strategy,
    /// Its wins of 2^(nh).
    pub wins: u64,
    /// The number of the restart that found it first.
    pub found_by: u64,
    /// Where that restart began.
    pub start: Start,
    /// Restarts done.
    pub restarts: u64,
    /// Restarts that reached these wins.
    pub hits: u64,
}

/// Searches until `go_on` says no; it is asked after each round of restarts, and is where a caller shows progress or looks at a clock.
/// At least one round is done. `from` is an incumbent to begin with.
///
/// Cost of one answer: O(h 2^h) for two players, O(2^(nh)) for more; a restart takes some ten to thirty answers.
///
/// # Errors
/// For sizes whose tables do not fit, a `from` of another size, and no starts or an empty round.
pub fn search(
    options: &SearchOptions,
    from: Option<Strategy>,
    mut go_on: impl FnMut(&Incumbent) -> bool,
) -> Result<Incumbent, SearchError> {
    let SearchOptions { players, height, .. } = *options;
    check_size(players, height)?;
    if players > 2 && height > players::MAX_HEIGHT {
        return Err(StrategyError::Height { players, height, most: players::MAX_HEIGHT }.into());
    }
    if options.starts.is_empty() || options.round == 0 {
        return Err(SearchError::NothingToDo);
    }
    if let Some(from) = &from
        && (from.players(), from.height()) != (players, height)
    {
        return Err(SearchError::OtherSize { players: from.players(), height: from.height() });
    }
    let code = modular(players, height)?;
    let wins = from.as_ref().map(crate::evaluate::wins).transpose()?.unwrap_or(0);
    let mut best = Incumbent {
        strategy: from.unwrap_or_else(|| code.clone()),
        wins,
        found_by: 0,
        start: Start::Perturbed,
        restarts: 0,
        hits: 0,
    };
    loop {
        let first = best.restarts;
        let restart = |number: u64| {
            let mut random = stream(options.seed, &["levine-hats", "search", &number.to_string()]);
            let start = options.starts[(number % options.starts.len() as u64) as usize];
            let mut tables = start_tables(start, &best.strategy, &code, &mut random);
            let wins = climb(&mut tables, height, options.patience, &mut random);
            (wins, number, start, tables)
        };
        let round = (first..first + options.round as u64).into_par_iter().map(restart).collect::<Vec<_>>();
        best.restarts += options.round as u64;
        for (wins, number, start, tables) in round {
            if wins > best.wins {
                let strategy = Strategy::new(height, tables)?;
                best = Incumbent { strategy, wins, found_by: number, start, hits: 1, ..best };
            } else if wins == best.wins {
                best.hits += 1;
            }
        }
        if !go_on(&best) {
            return Ok(best);
        }
    }
}

/// Why a search did not begin.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Sizes do not fit.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// No starts, or rounds of no restarts.
    #[error("a search needs at least one start and one restart in a round")]
    NothingToDo,
    /// The strategy to begin with is of another size.
    #[error("the strategy to begin with is for {players} players and height {height}")]
    OtherSize {
        /// Its players.
        players: usize,
        /// Its height.
        height: usize,
    },
}

fn start_tables(start: Start, best: &Strategy, code: &Strategy, random: &mut impl Rng) -> Vec<Vec<u8>> {
    let (players, height) = (best.players(), best.height());
    let views = 1_usize << ((players - 1) * height);
    match start {
        Start::RandomIndex => {
            (0..players).map(|_| (0..views).map(|_| random.random_range(0..height) as u8).collect()).collect()
        }
        Start::BlackIndex => {
            let mut black_hat = |view: usize| {
                let seen = view & ((1 << height) - 1);
                match seen.count_ones() {
                    0 => random.random_range(0..height) as u8,
                    black => nth_black(seen, random.random_range(0..black)),
                }
            };
            (0..players).map(|_| (0..views).map(&mut black_hat).collect()).collect()
        }
        Start::Perturbed => perturbed(best, random),
        Start::ModularCode => perturbed(code, random),
    }
}

/// The hat that is the `nth` black one from below, counted from 0.
fn nth_black(mut stack: usize, nth: u32) -> u8 {
    for _ in 0..nth {
        stack &= stack - 1;
    }
    stack.trailing_zeros() as u8
}

fn perturbed(strategy: &Strategy, random: &mut impl Rng) -> Vec<Vec<u8>> {
    let mut tables = strategy.clone().into_tables();
    let hats: Vec<u8> = (0..strategy.height() as u8).collect();
    for table in &mut tables {
        let changes = random.random_range(1..=table.len() / 3 + 1);
        for _ in 0..changes {
            let place = random.random_range(0..table.len());
            table[place] = hats.choose(random).copied().unwrap_or(0);
        }
    }
    tables
}

/// Alternates best responses until `patience` rounds in a row bring nothing; returns the wins of the tables left behind.
fn climb(tables: &mut [Vec<u8>], height: usize, patience: usize, random: &mut impl RngCore) -> u64 {
    if let [f, g] = tables {
        let mut responder = Responder::new(height);
        return until_stale(patience, || {
            responder.respond(g, f, random);
            responder.respond(f, g, random)
        });
    }
    let mut all = players::Table::new(tables.len(), height);
    for (player, guesses) in tables.iter().enumerate() {
        all.set(player, guesses);
    }
    until_stale(patience, || {
        let mut wins = 0;
        for (player, guesses) in tables.iter_mut().enumerate() {
            wins = all.respond(player, guesses, random);
            all.set(player, guesses);
        }
        wins
    })
}

/// Repeats what never makes things worse until it has brought nothing `patience` times in a row.
fn until_stale(patience: usize, mut improve: impl FnMut() -> u64) -> u64 {
    let (mut best, mut stale) = (0, 0);
    loop {
        let wins = improve();
        if wins > best {
            (best, stale) = (wins, 0);
        } else {
            stale += 1;
        }
        if stale >= patience {
            return best;
        }
    }
}
