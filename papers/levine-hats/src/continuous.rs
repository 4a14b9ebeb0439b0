//! Uncountable stacks: the value is 1/2 for every number of players.
//!
//! No player alone is right with probability above 1/2, so 1/2 bounds the value. It is attained if all players are right on one and the same
//! set, which needs a set all of whose sections along every axis are hats. The paper's definition of the game was not at hand; two
//! models give its answer:
//!
//! * **Circle hats.** Stacks are points of the circle ℝ/ℤ, hat t is black on [t, t + 1/2). All players are right exactly where
//!   x_1 + … + x_n mod 1 < 1/2, if each points at minus the sum of the others. The value 1/2 is attained.
//! * **Frequency hats.** Stacks are points of [0, 1), hat t > 0 is black where the fractional part of t x is at least 1/2 (t = 2^(k−1) is
//!   binary digit k). If each points at T times the product of the others, all are right exactly where frac(T x_1 ⋯ x_n) ≥ 1/2.
//!   The area tends to 1/2 as T grows.

/// Whether all players win with circle hats: the definition of the strategy applied to every player, stacks in [0, 1).
pub fn circle_wins(stacks: &[f64]) -> bool {
    (0..stacks.len()).all(|player| {
        let others: f64 =
            stacks.iter().enumerate().filter(|(other, _)| *other != player).map(|(_, x)| x).sum();
        let hat = -others;
        (stacks[player] - hat).rem_euclid(1.0) < 0.5
    })
}

/// Whether all players win with frequency hats at scale T, stacks in [0, 1).
pub fn frequency_wins(stacks: &[f64], scale: f64) -> bool {
    (0..stacks.len()).all(|player| {
        let others: f64 =
            stacks.iter().enumerate().filter(|(other, _)| *other != player).map(|(_, x)| x).product();
        (scale * others * stacks[player]).fract() >= 0.5
    })
}

/// The probability that frequency hats win at scale T > 0, Σ_m P((m + 1/2)/T ≤ x_1 ⋯ x_n < (m + 1)/T), from
/// P(x_1 ⋯ x_n ≤ s) = s Σ_{j<n} (−ln s)^j / j!. For n = 2 and T = 1 it is (1 − ln 2)/2.
///
/// Cost: 2T evaluations; rounding below 1e-10 for T up to 10^6.
pub fn frequency_area(players: usize, scale: f64) -> f64 {
    let below = |s: f64| {
        if s <= 0.0 {
            return 0.0;
        }
        if s >= 1.0 {
            return 1.0;
        }
        let (mut term, mut sum) = (1.0, 0.0);
        for j in 0..players {
            sum += term;
            term *= -s.ln() / (j as f64 + 1.0);
        }
        s * sum
    };
    let pieces = (0..scale.ceil() as u64).map(|m| {
        let m = m as f64;
        below((m + 1.0) / scale) - below((m + 0.5) / scale)
    });
    numerics::sum::sum(pieces)
}
