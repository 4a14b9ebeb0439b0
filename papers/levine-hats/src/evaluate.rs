//! The value of a strategy, as an exact fraction.
//!
//! For two players nothing of size 4^h is touched. With the counts
//!
//! ```text
//! C[a][b] = #{x : x_a = 1, g(x) = b}      D[a][b] = #{y : y_b = 1, f(y) = a}
//! ```
//!
//! the players win on `Σ_{a,b} C[a][b] D[a][b]` of the 4^h colourings, because the colours of the two stacks are
//! independent. For three or more players every colouring is visited.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::strategy::{NEXT, Strategy, StrategyError};

/// The number of colourings, of 2^(nh), on which everybody points at a black hat.
///
/// Cost: O(h 2^h) for two players, O(n 2^(nh)) for more.
///
/// # Errors
/// If a player says [`NEXT`], which the finite game does not have.
pub fn wins(strategy: &Strategy) -> Result<u64, StrategyError> {
    strategy.require_finite()?;
    if strategy.players() > 2 {
        return Ok(wins_by_enumeration(strategy));
    }
    let (f, g) = (Counts::of(strategy, 0), Counts::of(strategy, 1));
    Ok(f.both_right(&g))
}

/// The value of the finite game, [`wins`] of 2^(nh).
///
/// # Errors
/// As for [`wins`].
pub fn finite_value(strategy: &Strategy) -> Result<BigRational, StrategyError> {
    let colourings = BigInt::one() << (strategy.players() * strategy.height());
    Ok(BigRational::new(wins(strategy)?.into(), colourings))
}

/// The value of the infinite game played in blocks of h hats, where hats are black with probability 1/2.
///
/// Two players, any stopping set: with d the pairs of blocks on which both stop and are right, c those on which one
/// stops, is right, and the other passes on, and r those on which both pass on, V = (d + c/2)/(4^h − r): the hat that
/// is chosen in a later block while the partner has stopped is black with probability 1/2, independently of all that happened.
/// Three or more players: [`NEXT`] on the all-white view and only there, V = wins/(2^(nh) − 1).
/// A strategy that never says [`NEXT`] has its finite value.
///
/// # Errors
/// If both players always say [`NEXT`]; with three or more players for any other stopping set.
pub fn infinite_value(strategy: &Strategy) -> Result<BigRational, StrategyError> {
    biased_value(strategy, &BigRational::new(1.into(), 2.into()))
}

/// [`infinite_value`] where a hat is black with probability `bias`, 0 < p < 1: V = (d + p c)/(1 − r), with
/// probabilities in place of counts. Exact for a rational p.
///
/// # Errors
/// As for [`infinite_value`], and for p outside (0, 1).
pub fn biased_value(strategy: &Strategy, bias: &BigRational) -> Result<BigRational, StrategyError> {
    check_bias(bias)?;
    if strategy.players() > 2 {
        return biased_value_of_many(strategy, bias);
    }
    let height = strategy.height();
    let class = class_probabilities(height, bias);
    let (f, g) = (Counts::of(strategy, 0), Counts::of(strategy, 1));
    let (f, g) = (f.weighted(&class), g.weighted(&class));
    let mut right = BigRational::zero();
    let mut one_passes_on = BigRational::zero();
    for a in 0..height {
        for b in 0..height {
            right += &f.black[a][b] * &g.black[b][a];
        }
        one_passes_on += &f.black[height][a] * &g.total[a] + &g.black[height][a] * &f.total[a];
    }
    let stops = BigRational::one() - &f.total[height] * &g.total[height];
    if stops.is_zero() {
        return Err(StrategyError::NeverStops);
    }
    Ok((right + bias * one_passes_on) / stops)
}

/// The number of winning colourings by visiting each of the 2^(nh): the definition, and the oracle for all else.
/// A player who says [`NEXT`] counts as wrong.
pub fn wins_by_enumeration(strategy: &Strategy) -> u64 {
    wins_by_black_hats(strategy).iter().sum()
}

/// Winning colourings by their number of black hats, 0 to nh.
fn wins_by_black_hats(strategy: &Strategy) -> Vec<u64> {
    let (players, height) = (strategy.players(), strategy.height());
    let hats = players * height;
    let own = (1_usize << height) - 1;
    let all = (1_usize << hats) - 1;
    let mut wins = vec![0; hats + 1];
    for state in 0..=all {
        let right = |player: usize| {
            // Rotated so that the player's own stack is lowest: the view is what lies above it.
            let turned = turn(state, player * height, hats) & all;
            let guess = strategy.table(player)[turned >> height];
            guess != NEXT && (turned & own) >> guess & 1 == 1
        };
        wins[state.count_ones() as usize] += u64::from((0..players).all(right));
    }
    wins
}

/// Requires a probability between 0 and 1, both excluded.
pub(crate) fn check_bias(bias: &BigRational) -> Result<(), StrategyError> {
    let inside = *bias > BigRational::zero() && *bias < BigRational::one();
    if inside { Ok(()) } else { Err(StrategyError::Bias(bias.to_string())) }
}

/// The lowest `width` bits of `state`, turned down by `by` < width; bits above are not cleared.
fn turn(state: usize, by: usize, width: usize) -> usize {
    state >> by | state << (width - by)
}

fn biased_value_of_many(strategy: &Strategy, bias: &BigRational) -> Result<BigRational, StrategyError> {
    let players = strategy.players();
    let restart = |player: usize| {
        let table = strategy.table(player);
        table[0] == NEXT && table[1..].iter().all(|&guess| guess != NEXT)
    };
    let restarts = strategy.passes_on();
    if restarts && !(0..players).all(restart) {
        return Err(StrategyError::RestartOnly { players });
    }
    let hats = players * strategy.height();
    let class = class_probabilities(hats, bias);
    let value = wins_by_black_hats(strategy)
        .into_iter()
        .zip(&class)
        .map(|(wins, probability)| probability * BigRational::from_integer(wins.into()))
        .sum::<BigRational>();
    Ok(if restarts { value / (BigRational::one() - &class[0]) } else { value })
}

/// The probability of one given stack with w black hats, p^w (1 − p)^(h − w), for w = 0, …, h.
fn class_probabilities(height: usize, bias: &BigRational) -> Vec<BigRational> {
    let white = BigRational::one() - bias;
    (0..=height).map(|w| bias.pow(w as i32) * white.pow((height - w) as i32)).collect()
}

/// How often a player makes each guess, split by the number of black hats seen and by the colour of each hat seen:
/// for guess a, weight class w and hat b seen. Guess h stands for [`NEXT`].
struct Counts {
    height: usize,
    /// `[a][w]`: stacks of w black hats answered by a.
    total: Vec<Vec<u64>>,
    /// `[a][b][w]`: those of them whose hat b is black.
    black: Vec<Vec<Vec<u64>>>,
}

struct Weighted {
    total: Vec<BigRational>,
    black: Vec<Vec<BigRational>>,
}

impl Counts {
    /// Counts of one of two players. Cost: O(h 2^h) additions.
    fn of(strategy: &Strategy, player: usize) -> Self {
        let height = strategy.height();
        let mut total = vec![vec![0; height + 1]; height + 1];
        let mut black = vec![vec![vec![0; height + 1]; height]; height + 1];
        for (seen, &guess) in strategy.table(player).iter().enumerate() {
            let guess = if guess == NEXT { height } else { usize::from(guess) };
            let weight = seen.count_ones() as usize;
            total[guess][weight] += 1;
            for (hat, count) in black[guess].iter_mut().enumerate() {
                count[weight] += (seen >> hat & 1) as u64;
            }
        }
        Self { height, total, black }
    }

    /// Pairs of stacks on which neither passes on and both are right.
    fn both_right(&self, other: &Self) -> u64 {
        let sum = |counts: &[u64]| counts.iter().sum::<u64>();
        let pairs = (0..self.height).flat_map(|a| (0..self.height).map(move |b| (a, b)));
        pairs.map(|(a, b)| sum(&self.black[a][b]) * sum(&other.black[b][a])).sum()
    }

    fn weighted(&self, class: &[BigRational]) -> Weighted {
        let weigh = |counts: &Vec<u64>| {
            let terms = counts.iter().zip(class).filter(|(count, _)| **count > 0);
            terms.map(|(&count, weight)| weight * BigRational::from_integer(count.into())).sum()
        };
        Weighted {
            total: self.total.iter().map(weigh).collect(),
            black: self.black.iter().map(|row| row.iter().map(weigh).collect()).collect(),
        }
    }
}
