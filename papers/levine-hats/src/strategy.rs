//! A strategy: for every player a table from what the player sees to a guess.
//!
//! Hats are black (1) or white (0). A stack of height h is the number whose bit k is hat k, so hat 0, the
//! one at the bottom, is the lowest bit; files and messages count hats from 1. Player P sees the stacks of
//! the other n − 1 players; the *view* of P is the number that holds these stacks one above the other,
//! the next player's (P + 1, cyclically) in the lowest h bits.

use serde::{Deserialize, Serialize};

/// The guess "none of this block": the player moves on to the next block of an infinite stack.
pub const NEXT: u8 = u8::MAX;

/// Tallest stacks for two players: their tables hold 2^24 guesses each.
pub const MAX_HEIGHT: usize = 24;

/// Most bits of a view, and so the size of a table.
const MAX_VIEW_BITS: usize = 24;

/// Most players: with one hat each, tables of 2^24 guesses.
pub const MAX_PLAYERS: usize = MAX_VIEW_BITS + 1;

/// Most hats of all players together where three or more play: every colouring is visited.
const MAX_HATS: usize = 30;

/// A table of guesses for each player.
///
/// `table(P)[view]` is the number of the hat, counted from 0, that P points at on the own head, or
/// [`NEXT`]. A strategy without [`NEXT`] plays the finite game; with it, the infinite one, block by block.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StrategyFile", into = "StrategyFile")]
pub struct Strategy {
    height: usize,
    tables: Vec<Vec<u8>>,
}

/// Why tables are not a strategy, or not one that the question makes sense for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrategyError {
    /// Fewer than two players, or more than fit.
    #[error("expected 2 to 25 players, found {0}")]
    Players(usize),
    /// No hat, or more than fit; with too many players not even one fits.
    #[error("expected a height from 1 to {most} for {players} players, found {height}")]
    Height {
        /// The number of players.
        players: usize,
        /// The height asked for.
        height: usize,
        /// The largest that fits.
        most: usize,
    },
    /// A table does not have one guess for each view.
    #[error("player {player}: expected {expected} guesses, one for each view, found {found}")]
    Length {
        /// The player, counted from 1.
        player: usize,
        /// The length of a table.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A guess names no hat.
    #[error(
        "player {player}, guess {entry}: expected a hat from 1 to {height} or 0 for the next block, found {found}"
    )]
    Guess {
        /// The player, counted from 1.
        player: usize,
        /// The place in the table, counted from 1.
        entry: usize,
        /// The height.
        height: usize,
        /// The guess found, counted from 1.
        found: u8,
    },
    /// The finite game has no next block.
    #[error("player {player}, guess {entry}: the next block is no answer in the finite game")]
    NextInFiniteGame {
        /// The player, counted from 1.
        player: usize,
        /// The place in the table, counted from 1.
        entry: usize,
    },
    /// For three or more players only the all-white restart has a closed value.
    #[error(
        "with {players} players, the next block must be the answer to the all-white view and to no other"
    )]
    RestartOnly {
        /// The number of players.
        players: usize,
    },
    /// Nobody ever stops.
    #[error("both players always say next block: the game never ends")]
    NeverStops,
    /// The first of a composition must pass on exactly the blocks of one colour.
    #[error(
        "star composition needs a two-player strategy that says next block on the all-white and all-black block only"
    )]
    NotMonochromatic,
    /// A probability outside (0, 1).
    #[error("expected a probability of black hats between 0 and 1, both excluded, found {0}")]
    Bias(String),
    /// Another number of tables than of players.
    #[error("expected one list of guesses for each of {players} players, found {found}")]
    Lists {
        /// The number of players.
        players: usize,
        /// The number of lists.
        found: usize,
    },
    /// An operation is defined for two players only.
    #[error("expected 2 players, found {0}")]
    TwoPlayers(usize),
}

/// The largest height whose tables and colourings fit, for a number of players ≥ 2.
pub fn max_height(players: usize) -> usize {
    if players == 2 { MAX_HEIGHT } else { (MAX_VIEW_BITS / (players - 1)).min(MAX_HATS / players) }
}

/// Checks that stacks of this height fit for this many players.
///
/// # Errors
/// For fewer than two or more than 25 players, height 0, and heights beyond [`max_height`].
pub fn check_size(players: usize, height: usize) -> Result<(), StrategyError> {
    if !(2..=MAX_PLAYERS).contains(&players) {
        return Err(StrategyError::Players(players));
    }
    let most = max_height(players);
    if (1..=most).contains(&height) { Ok(()) } else { Err(StrategyError::Height { players, height, most }) }
}

impl Strategy {
    /// A strategy from its tables, one for each player, guesses counted from 0 or [`NEXT`].
    ///
    /// # Errors
    /// For sizes that do not fit, tables of another length than 2^((n−1)h), and guesses beyond the height.
    pub fn new(height: usize, tables: Vec<Vec<u8>>) -> Result<Self, StrategyError> {
        let players = tables.len();
        check_size(players, height)?;
        let expected = 1 << ((players - 1) * height);
        for (player, table) in tables.iter().enumerate() {
            if table.len() != expected {
                return Err(StrategyError::Length { player: player + 1, expected, found: table.len() });
            }
            let wrong = |&guess: &u8| guess != NEXT && usize::from(guess) >= height;
            if let Some(entry) = table.iter().position(wrong) {
                let found = table[entry].saturating_add(1);
                return Err(StrategyError::Guess { player: player + 1, entry: entry + 1, height, found });
            }
        }
        Ok(Self { height, tables })
    }

    /// The strategy in which all players use the table `guess(view)`.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn symmetric(
        players: usize,
        height: usize,
        guess: impl Fn(usize) -> u8,
    ) -> Result<Self, StrategyError> {
        check_size(players, height)?;
        let table: Vec<u8> = (0..1_usize << ((players - 1) * height)).map(guess).collect();
        Self::new(height, vec![table; players])
    }

    /// How many players, n.
    pub fn players(&self) -> usize {
        self.tables.len()
    }

    /// How many hats a stack (or a block) has, h.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The guesses of a player, by view.
    ///
    /// # Panics
    /// If there is no such player.
    pub fn table(&self, player: usize) -> &[u8] {
        &self.tables[player]
    }

    /// The tables of all players.
    pub fn into_tables(self) -> Vec<Vec<u8>> {
        self.tables
    }

    /// Whether some player says [`NEXT`] on some view.
    pub fn passes_on(&self) -> bool {
        self.first_next().is_some()
    }

    /// The same strategy, but whoever sees nothing but white says [`NEXT`]: the lift of a finite strategy
    /// to infinite stacks. What a player answers to an all-white view never matters in the finite game.
    pub fn with_restart_on_white(mut self) -> Self {
        for table in &mut self.tables {
            table[0] = NEXT;
        }
        self
    }

    /// Requires that no guess is [`NEXT`].
    pub(crate) fn require_finite(&self) -> Result<(), StrategyError> {
        match self.first_next() {
            None => Ok(()),
            Some((player, entry)) => {
                Err(StrategyError::NextInFiniteGame { player: player + 1, entry: entry + 1 })
            }
        }
    }

    /// Requires two players.
    pub(crate) fn require_two(&self) -> Result<(), StrategyError> {
        if self.players() == 2 { Ok(()) } else { Err(StrategyError::TwoPlayers(self.players())) }
    }

    fn first_next(&self) -> Option<(usize, usize)> {
        let next =
            |(player, table): (usize, &Vec<u8>)| Some((player, table.iter().position(|&g| g == NEXT)?));
        self.tables.iter().enumerate().find_map(next)
    }
}

/// A strategy as it stands in a file: hats counted from 1, 0 for the next block.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StrategyFile {
    players: usize,
    height: usize,
    guesses: Vec<Vec<u8>>,
}

impl TryFrom<StrategyFile> for Strategy {
    type Error = StrategyError;

    fn try_from(file: StrategyFile) -> Result<Self, StrategyError> {
        check_size(file.players, file.height)?;
        if file.players != file.guesses.len() {
            return Err(StrategyError::Lists { players: file.players, found: file.guesses.len() });
        }
        // 0 wraps to NEXT.
        let tables =
            file.guesses.into_iter().map(|table| table.into_iter().map(|g| g.wrapping_sub(1)).collect());
        Self::new(file.height, tables.collect())
    }
}

impl From<Strategy> for StrategyFile {
    fn from(strategy: Strategy) -> Self {
        let Strategy { height, tables } = strategy;
        let guesses: Vec<Vec<u8>> =
            tables.into_iter().map(|table| table.into_iter().map(|g| g.wrapping_add(1)).collect()).collect();
        Self { players: guesses.len(), height, guesses }
    }
}
