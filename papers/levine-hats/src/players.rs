//! The best answer of one of three or more players to the tables of the others.
//!
//! All 2^(nh) colourings are visited. Where every other player is right, the black hats of the own stack are counted into the view at
//! hand, all h of them by one addition: the counts are the bytes of one 64-bit word. A response costs (n − 1) 2^(nh) bitwise ands of bytes and
//! 2^(nh) additions.

use rand::{Rng, RngCore};

/// Tallest stacks whose counts fit into bytes: 2^(h−1) ≤ 255 and h ≤ 8.
pub const MAX_HEIGHT: usize = 8;

/// Most hats of all players together: a byte is kept for each of 2^24 colourings and player.
pub const MAX_HATS: usize = 24;

/// Tables of three or more players that answer each other.
#[derive(Clone, Debug)]
pub struct Table {
    players: usize,
    height: usize,
    /// `[stack]`: byte a is 1 if hat a is black.
    spread: Vec<u64>,
    /// `[player][colouring]`: all bits set where the player is right, else none.
    right: Vec<Vec<u8>>,
    /// `[colouring]`: all bits set where every player but one is right.
    others: Vec<u8>,
    counts: Vec<u64>,
}

impl Table {
    /// For n ≥ 2 players and stacks of up to 8 hats. Memory: (n + 1 + 8·2^(−h)) 2^(nh) bytes.
    ///
    /// # Panics
    /// For taller stacks, and more than [`MAX_HATS`] hats in all.
    pub fn new(players: usize, height: usize) -> Self {
        assert!(height <= MAX_HEIGHT && players * height <= MAX_HATS, "counts of so many hats do not fit");
        let spread = |stack: usize| (0..height).map(|a| ((stack >> a & 1) as u64) << (8 * a)).sum();
        Self {
            players,
            height,
            spread: (0..1 << height).map(spread).collect(),
            right: vec![vec![0; 1 << (players * height)]; players],
            others: vec![0; 1 << (players * height)],
            counts: vec![0; 1 << ((players - 1) * height)],
        }
    }

    /// Takes note of a player's table of 2^((n−1)h) guesses below h.
    ///
    /// # Panics
    /// For a shorter table, or if there is no such player.
    pub fn set(&mut self, player: usize, guesses: &[u8]) {
        let walk = Walk::of(self.players, self.height, player);
        let right = &mut self.right[player];
        walk.each_view(|view, first, stride| {
            let guess = guesses[view];
            for own in 0..1 << self.height {
                right[first + own * stride] = ((own >> guess & 1) as u8).wrapping_neg();
            }
        });
    }

    /// Writes the best response of `player` to the tables that were [`set`](Self::set) for the others, ties broken at random, and
    /// returns on how many colourings all are right.
    ///
    /// # Panics
    /// If there is no such player.
    pub fn respond(&mut self, player: usize, guesses: &mut [u8], random: &mut impl RngCore) -> u64 {
        let height = self.height;
        self.others.fill(u8::MAX);
        for right in
            self.right.iter().enumerate().filter(|(other, _)| *other != player).map(|(_, right)| right)
        {
            for (all, right) in self.others.iter_mut().zip(right) {
                *all &= right;
            }
        }
        let walk = Walk::of(self.players, height, player);
        walk.each_view(|view, first, stride| {
            let own = self.others[first..].iter().step_by(stride);
            self.counts[view] =
                self.spread.iter().zip(own).map(|(hats, &right)| hats & i64::from(right as i8) as u64).sum();
        });
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

/// The colourings in the order of a player's views.
struct Walk {
    /// Bits of a colouring below and above the player's own stack.
    below: usize,
    above: usize,
    height: usize,
}

impl Walk {
    fn of(players: usize, height: usize, player: usize) -> Self {
        Self { below: player * height, above: (players - 1 - player) * height, height }
    }

    /// Calls `visit` with each view, the colouring in which the own stack is white, and how far apart two neighbouring own stacks are.
    fn each_view(&self, mut visit: impl FnMut(usize, usize, usize)) {
        for low in 0..1_usize << self.below {
            for high in 0..1_usize << self.above {
                // The next player's stack, which lies just above the own one, is lowest in a view.
                visit(low << self.above | high, high << (self.below + self.height) | low, 1 << self.below);
            }
        }
    }
}
