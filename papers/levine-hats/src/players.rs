//! The best answer of one of three or more players to the tables of the others.
//!
//! All 2^(nh) colourings are visited. Where every other player is right, the black hats of the own stack are counted into the view at
//! hand, all h of them by one addition: the counts are the bytes of one 64-bit word. A response costs 2^(nh) additions.

use rand::{Rng, RngCore};

use crate::evaluate::turn;

/// Tallest stacks whose counts fit into bytes: 2^(h−1) ≤ 255 and h ≤ 8.
pub const MAX_HEIGHT: usize = 8;

/// Tables of three or more players that answer each other.
#[derive(Clone, Debug)]
pub struct Table {
    players: usize,
    height: usize,
    /// `[stack]`: byte a is 1 if hat a is black.
    spread: Vec<u64>,
    /// `[player][colouring]`: whether the player is right.
    right: Vec<Vec<bool>>,
    counts: Vec<u64>,
}

impl Table {
    /// For n ≥ 2 players and stacks of up to 8 hats. Memory: (n + 8·2^(−h)) 2^(nh) bytes.
    ///
    /// # Panics
    /// For taller stacks.
    pub fn new(players: usize, height: usize) -> Self {
        assert!(height <= MAX_HEIGHT, "counts of taller stacks do not fit");
        let spread = |stack: usize| (0..height).map(|a| ((stack >> a & 1) as u64) << (8 * a)).sum();
        Self {
            players,
            height,
            spread: (0..1 << height).map(spread).collect(),
            right: vec![vec![false; 1 << (players * height)]; players],
            counts: vec![0; 1 << ((players - 1) * height)],
        }
    }

    /// Takes note of a player's table.
    pub fn set(&mut self, player: usize, guesses: &[u8]) {
        let (height, hats) = (self.height, self.players * self.height);
        let (own, all) = ((1_usize << height) - 1, (1_usize << hats) - 1);
        for (state, right) in self.right[player].iter_mut().enumerate() {
            let turned = turn(state, player * height, hats) & all;
            *right = (turned & own) >> guesses[turned >> height] & 1 == 1;
        }
    }

    /// Writes the best response of `player` to the tables that were [`set`](Self::set) for the others, ties broken at random, and
    /// returns on how many colourings all are right.
    pub fn respond(&mut self, player: usize, guesses: &mut [u8], random: &mut impl RngCore) -> u64 {
        let (height, hats) = (self.height, self.players * self.height);
        let (own, all) = ((1_usize << height) - 1, (1_usize << hats) - 1);
        self.counts.fill(0);
        for state in 0..=all {
            let others_right = (0..self.players).all(|other| other == player || self.right[other][state]);
            let turned = turn(state, player * height, hats) & all;
            self.counts[turned >> height] += self.spread[turned & own] * u64::from(others_right);
        }
        let mut value = 0;
        for (guess, counts) in guesses.iter_mut().zip(&self.counts) {
            let count = |a: usize| counts >> (8 * a) & 0xff;
            let best = (0..height).map(count).max().unwrap_or(0);
            let ties = (0..height).filter(|&a| count(a) == best).count();
            let chosen = if ties == 1 { 0 } else { random.random_range(0..ties) };
            *guess = (0..height).filter(|&a| count(a) == best).nth(chosen).unwrap_or(0) as u8;
            value += best;
        }
        value
    }
}
