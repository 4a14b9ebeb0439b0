//! Searching strategies for infinite stacks that play in blocks, with hats black with any probability p.
//!
//! A player may say "next block". With the probabilities of [`evaluate`](crate::evaluate) a pair has the value V = (d + p c)/(1 − r), so
//! it is at least V if d + p c + V r ≥ V: Dinkelbach's method for a ratio. A player therefore answers view y by
//! the largest of
//!
//! ```text
//! hat a:  Σ_b y_b C[a][b] + p N[a]        next:  p Σ_b y_b G[b] + V R
//! ```
//!
//! where `C[a][b] = P(x_a = 1, g(x) = b)`, `N[a] = P(x_a = 1, g(x) = next)`, `G[b] = P(g(x) = b)`, `R = P(g(x) = next)`, and V is the
//! value so far. The search runs in floating point; what it finds is a table, evaluated exactly afterwards.

use num_rational::BigRational;
use num_traits::ToPrimitive;
use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use numerics::random::stream;

use crate::evaluate::{biased_value, check_bias};
use crate::strategy::{NEXT, Strategy, StrategyError};

/// Tallest blocks that are searched.
pub const MAX_BLOCK: usize = 12;

/// Which blocks a player may pass on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopping {
    /// Exactly the white block is passed on.
    PassOnWhite,
    /// Exactly the blocks of one colour are passed on: the paper's Definition 12.
    PassOnOneColour,
    /// The search decides.
    Free,
}

/// A block strategy and its exact value.
#[derive(Clone, Debug)]
pub struct BlockStrategy {
    /// The tables.
    pub strategy: Strategy,
    /// The value of the infinite game.
    pub value: BigRational,
    /// Restarts that reached it (to 1e-12).
    pub hits: u64,
}

/// The best of `restarts` runs of alternating best responses for blocks of k hats and p = `bias`. The same with any number of threads.
///
/// # Errors
/// If the block is larger than [`MAX_BLOCK`] or zero, p is not between 0 and 1, or no restart is asked for ([`StrategyError::NeverStops`]).
pub fn search_blocks(
    block: usize,
    bias: &BigRational,
    stopping: Stopping,
    restarts: u64,
    seed: u64,
) -> Result<BlockStrategy, StrategyError> {
    if !(1..=MAX_BLOCK).contains(&block) {
        return Err(StrategyError::Height { players: 2, height: block, most: MAX_BLOCK });
    }
    check_bias(bias)?;
    let game = Game::new(block, bias.to_f64().unwrap_or(f64::NAN), stopping);
    let climb = |number: u64| {
        let mut random = stream(seed, &["levine-hats", "blocks", &number.to_string()]);
        game.climb(&mut random)
    };
    let ends: Vec<(f64, Vec<u8>, Vec<u8>)> = (0..restarts).into_par_iter().map(climb).collect();
    let best = ends.iter().map(|(value, ..)| *value).fold(f64::NEG_INFINITY, f64::max);
    let reached: Vec<_> = ends.into_iter().filter(|(value, ..)| *value >= best - 1e-12).collect();
    let hits = reached.len() as u64;
    // At least one reached the best; of several, the first.
    let Some((_, f, g)) = reached.into_iter().next() else { return Err(StrategyError::NeverStops) };
    let strategy = Strategy::new(block, vec![f, g])?;
    let value = biased_value(&strategy, bias)?;
    Ok(BlockStrategy { strategy, value, hits })
}

/// Probabilities of a player's guesses; guess k stands for the next block.
struct Counts {
    total: Vec<f64>,
    /// `[guess][hat seen]`.
    black: Vec<Vec<f64>>,
}

struct Game {
    block: usize,
    bias: f64,
    stopping: Stopping,
    /// `[stack]`: its probability.
    weight: Vec<f64>,
}

/// Improvements of the value below this are rounding.
const ROUNDING: f64 = 1e-13;
/// Rounds without improvement after which a restart ends.
const PATIENCE: usize = 6;

impl Game {
    fn new(block: usize, bias: f64, stopping: Stopping) -> Self {
        let weight = |stack: usize| {
            let black = stack.count_ones() as i32;
            bias.powi(black) * (1.0 - bias).powi(block as i32 - black)
        };
        Self { block, bias, stopping, weight: (0..1 << block).map(weight).collect() }
    }

    fn climb(&self, random: &mut impl Rng) -> (f64, Vec<u8>, Vec<u8>) {
        let views = 1_usize << self.block;
        let start = |random: &mut dyn FnMut(usize) -> usize| -> Vec<u8> {
            let guess = |seen: usize| match self.must_pass(seen) {
                Some(true) => NEXT,
                _ => random(self.block) as u8,
            };
            (0..views).map(guess).collect()
        };
        let mut draw = |below: usize| random.random_range(0..below);
        let (mut f, mut g) = (start(&mut draw), start(&mut draw));
        if self.stopping == Stopping::Free {
            // Half of the restarts begin by passing on white; what else is passed on is the search's choice.
            if draw(2) == 0 {
                f[0] = NEXT;
                g[0] = NEXT;
            }
        }
        let (mut value, mut stale) = (0.0, 0);
        while stale < PATIENCE {
            let counts = self.count(&g);
            self.respond(&counts, value, &mut f, &mut draw);
            let counts = self.count(&f);
            self.respond(&counts, value, &mut g, &mut draw);
            let reached = self.value(&self.count(&f), &self.count(&g));
            if reached > value + ROUNDING {
                stale = 0;
            } else {
                stale += 1;
            }
            value = reached.max(value);
        }
        // The tables left behind are worth at least the value so far; report what they are worth.
        (self.value(&self.count(&f), &self.count(&g)), f, g)
    }

    /// Whether the block must be passed on, must not be, or (`None`) may be.
    fn must_pass(&self, seen: usize) -> Option<bool> {
        let all_black = (1 << self.block) - 1;
        match self.stopping {
            Stopping::PassOnWhite => Some(seen == 0),
            Stopping::PassOnOneColour => Some(seen == 0 || seen == all_black),
            Stopping::Free => None,
        }
    }

    fn count(&self, table: &[u8]) -> Counts {
        let mut total = vec![0.0; self.block + 1];
        let mut black = vec![vec![0.0; self.block]; self.block + 1];
        for (seen, (&guess, &weight)) in table.iter().zip(&self.weight).enumerate() {
            let guess = if guess == NEXT { self.block } else { usize::from(guess) };
            total[guess] += weight;
            for (hat, sum) in black[guess].iter_mut().enumerate() {
                *sum += weight * (seen >> hat & 1) as f64;
            }
        }
        Counts { total, black }
    }

    fn respond(&self, partner: &Counts, value: f64, table: &mut [u8], draw: &mut impl FnMut(usize) -> usize) {
        let next = self.block;
        let mut scores = vec![0.0; self.block + 1];
        for (seen, guess) in table.iter_mut().enumerate() {
            for (a, score) in scores[..next].iter_mut().enumerate() {
                let hats = (0..next).filter(|b| seen >> b & 1 == 1);
                *score = hats.map(|b| partner.black[b][a]).sum::<f64>() + self.bias * partner.black[next][a];
            }
            let hats = (0..next).filter(|b| seen >> b & 1 == 1);
            scores[next] =
                self.bias * hats.map(|b| partner.total[b]).sum::<f64>() + value * partner.total[next];
            let allowed = match self.must_pass(seen) {
                Some(true) => next..next + 1,
                Some(false) => 0..next,
                None => 0..next + 1,
            };
            let best = scores[allowed.clone()].iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let tied = |a: &usize| scores[*a] >= best - ROUNDING;
            let ties = allowed.clone().filter(tied).count();
            let chosen = allowed.clone().filter(tied).nth(draw(ties.max(1))).unwrap_or(allowed.start);
            *guess = if chosen == next { NEXT } else { chosen as u8 };
        }
    }

    fn value(&self, f: &Counts, g: &Counts) -> f64 {
        let next = self.block;
        let mut right = 0.0;
        let mut one_passes_on = 0.0;
        for a in 0..next {
            right += (0..next).map(|b| f.black[a][b] * g.black[b][a]).sum::<f64>();
            one_passes_on += f.black[next][a] * g.total[a] + g.black[next][a] * f.total[a];
        }
        let stops = 1.0 - f.total[next] * g.total[next];
        if stops <= ROUNDING { 0.0 } else { (right + self.bias * one_passes_on) / stops }
    }
}
