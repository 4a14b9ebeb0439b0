//! Alternating best responses with restarts: the paper's hill climbing.
//!
//! From some start, each player in turn answers the tables of the others as well as possible, ties broken at random, until nothing
//! has improved for a few rounds. Restarts begin afresh or from one of a few *elites*, each the last of a line of strategies that did
//! not get worse: ties are accepted, so that lines drift over the wide plateaus of the problem, and lines that bring nothing for long are given
//! up. Restarts of one round run in parallel, and each derives its randomness from the seed and its own number, so the search finds the
//! same with any number of threads.

use rand::{Rng, RngCore};
use rand_chacha::ChaCha8Rng;
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
    /// Each view is answered by some hat that is black on all others, or any hat if there is none.
    BlackIndex,
    /// Each view is answered by any hat.
    RandomIndex,
    /// An elite, some of its guesses redrawn: one of them to a third, evenly on a logarithmic scale.
    Perturbed,
    /// The modular code, redrawn in the same way.
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
    /// The strategy.
    pub strategy: Strategy,
    /// Its wins of 2^(nh), counted from its tables.
    pub wins: u64,
    /// The number of the restart that found it first; `None` for the strategy to begin with.
    pub found_by: Option<u64>,
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
/// For sizes whose tables do not fit (for three and more players: more than 24 hats in all, or 8 a stack), a `from` of another size, and no starts or an empty round.
pub fn search(
    options: &SearchOptions,
    from: Option<Strategy>,
    mut go_on: impl FnMut(&Incumbent) -> bool,
) -> Result<Incumbent, SearchError> {
    let SearchOptions { players, height, .. } = *options;
    check_size(players, height)?;
    let most = players::MAX_HEIGHT.min(players::MAX_HATS / players);
    if players > 2 && height > most {
        return Err(StrategyError::Height { players, height, most }.into());
    }
    if options.starts.is_empty() || options.round == 0 {
        return Err(SearchError::NothingToDo);
    }
    if let Some(from) = &from
        && (from.players(), from.height()) != (players, height)
    {
        let found = (from.players(), from.height());
        return Err(SearchError::OtherSize { expected: (players, height), found });
    }
    let code = modular(players, height)?;
    let wins = from.as_ref().map(crate::evaluate::wins).transpose()?.unwrap_or(0);
    let mut random = stream(options.seed, &["levine-hats", "search", "founders"]);
    let mut founder = || match &from {
        Some(from) => Elite { tables: from.clone().into_tables(), wins, stale: 0 },
        None => Elite { tables: fresh(players, height, any_hat, &mut random), wins: 0, stale: 0 },
    };
    let mut elites: Vec<Elite> = (0..ELITES).map(|_| founder()).collect();
    let strategy = Strategy::new(height, elites[0].tables.clone())?;
    let mut best = Incumbent { strategy, wins, found_by: None, restarts: 0, hits: 0 };
    loop {
        let restart = |number: u64| {
            let mut random = restart_stream(options.seed, number);
            let kinds = options.starts.len() as u64;
            let (start, line) =
                (options.starts[(number % kinds) as usize], (number / kinds) as usize % ELITES);
            let mut tables = match start {
                Start::Perturbed => perturbed(&elites[line].tables, height, &mut random),
                Start::ModularCode => perturbed(&code.clone().into_tables(), height, &mut random),
                Start::BlackIndex => fresh(players, height, black_hat, &mut random),
                Start::RandomIndex => fresh(players, height, any_hat, &mut random),
            };
            let wins = climb(&mut tables, height, options.patience, &mut random);
            Ended { number, start, line, wins, tables }
        };
        let first = best.restarts;
        let round: Vec<_> = (first..first + options.round as u64).into_par_iter().map(restart).collect();
        best.restarts += options.round as u64;
        for ended in round {
            if ended.wins > best.wins {
                let strategy = Strategy::new(height, ended.tables.clone())?;
                // Counted anew from the tables: the certificate.
                let wins = crate::evaluate::wins(&strategy)?;
                debug_assert_eq!(wins, ended.wins, "the answers and the tables agree");
                best = Incumbent { strategy, wins, found_by: Some(ended.number), hits: 1, ..best };
            } else if ended.wins == best.wins {
                best.hits += 1;
            }
            elites[ended.line].succeed(ended);
        }
        if !go_on(&best) {
            return Ok(best);
        }
    }
}

/// The random numbers of one restart: ties, starts and changes are drawn from it.
pub fn restart_stream(seed: u64, restart: u64) -> ChaCha8Rng {
    stream(seed, &["levine-hats", "search", &restart.to_string()])
}

/// Lines of strategies that are improved side by side.
const ELITES: usize = 8;
/// Changes tried in a line without more wins after which it begins again with whatever comes next.
const PATIENCE_OF_A_LINE: u32 = 400;

/// The last of a line.
#[derive(Clone)]
struct Elite {
    tables: Vec<Vec<u8>>,
    wins: u64,
    stale: u32,
}

/// How a restart ended.
struct Ended {
    number: u64,
    start: Start,
    line: usize,
    wins: u64,
    tables: Vec<Vec<u8>>,
}

impl Elite {
    fn succeed(&mut self, ended: Ended) {
        let given_up = self.stale >= PATIENCE_OF_A_LINE && ended.start != Start::Perturbed;
        if ended.wins > self.wins || given_up {
            *self = Self { tables: ended.tables, wins: ended.wins, stale: 0 };
        } else {
            if ended.wins == self.wins {
                self.tables = ended.tables;
            }
            self.stale += u32::from(ended.start == Start::Perturbed);
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
    #[error("expected a strategy for {} players and height {} to begin with, found one for {} and {}", expected.0, expected.1, found.0, found.1)]
    OtherSize {
        /// The players and the height searched for.
        expected: (usize, usize),
        /// Those of the strategy.
        found: (usize, usize),
    },
}

/// Tables of guesses drawn one by one: `guess(hats that are black on all others, height)`.
fn fresh<R: Rng>(
    players: usize,
    height: usize,
    guess: fn(usize, usize, &mut R) -> u8,
    random: &mut R,
) -> Vec<Vec<u8>> {
    let (views, own) = (1_usize << ((players - 1) * height), (1 << height) - 1);
    let all_black = |view: usize| (0..players - 1).fold(own, |black, other| black & view >> (other * height));
    let mut table = || (0..views).map(|view| guess(all_black(view), height, random)).collect();
    (0..players).map(|_| table()).collect()
}

fn any_hat(_: usize, height: usize, random: &mut impl Rng) -> u8 {
    random.random_range(0..height) as u8
}

fn black_hat(seen: usize, height: usize, random: &mut impl Rng) -> u8 {
    match seen.count_ones() {
        0 => any_hat(seen, height, random),
        black => nth_black(seen, random.random_range(0..black)),
    }
}

/// The hat that is the `nth` black one from below, counted from 0.
fn nth_black(mut stack: usize, nth: u32) -> u8 {
    for _ in 0..nth {
        stack &= stack - 1;
    }
    stack.trailing_zeros() as u8
}

fn perturbed(tables: &[Vec<u8>], height: usize, random: &mut impl Rng) -> Vec<Vec<u8>> {
    let mut tables = tables.to_vec();
    for table in &mut tables {
        let most = (table.len() / 3 + 1) as f64;
        let changes = most.powf(random.random::<f64>()).round() as usize;
        for _ in 0..changes {
            let place = random.random_range(0..table.len());
            table[place] = any_hat(0, height, random);
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
