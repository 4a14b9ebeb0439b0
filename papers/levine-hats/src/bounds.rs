//! What is known about the values, from above and below.
//!
//! V_{n,h} is the value for n players with stacks of h hats, V_n its limit in h, V_2(p) that of two players whose hats are
//! black with probability p. Upper bounds for finite stacks do not bound V_n, since V_{n,h} grows with h.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One;

/// The value that the paper's recursive strategies attain for two players, and that is conjectured to be V_2.
pub const CONJECTURED: (u64, u64) = (7, 20);

/// Upper bounds on V_2 proved without a computer by Heilman and Tamuz (arXiv 2503.09042); 81/224 is the smallest that is quoted
/// anywhere, from an unrefereed source.
pub const PUBLISHED_UPPER: [f64; 2] = [0.37406, 0.37193];

/// The number of wins, of 4^h, that the chain reaches and that would be optimal if V_2 = 7/20: ⌊7·4^h/20⌋.
///
/// # Panics
/// For h > 30.
pub fn conjectured_wins(height: usize) -> u64 {
    assert!(height <= 30, "7·4^h must fit");
    7 * (1_u64 << (2 * height)) / 20
}

/// The min-weight bound: no strategy for n players wins on more than this many of the 2^(nh) colourings.
///
/// Given the numbers of black hats |x_1|, …, |x_n|, every stack is uniform on those with its number and independent of what its owner
/// sees, so its owner is right with probability |x_i|/h, and all are right with probability min_i |x_i|/h at most:
/// V_{n,h} ≤ E[min_i |x_i|]/h. Rounded down to a whole number of wins. Cost: O(h) powers.
///
/// # Panics
/// If h = 0 or nh > 120.
pub fn min_weight(players: usize, height: usize) -> u128 {
    assert!(height > 0 && players * height <= 120, "there is a hat, and 2^(nh) fits");
    // h · wins = Σ_{w ≥ 1} #{all |x_i| ≥ w}
    let at_least = |w: usize| (w..=height).map(|j| binomial(height, j)).sum::<u128>();
    let total: u128 = (1..=height).map(|w| at_least(w).pow(players as u32)).sum();
    total / height as u128
}

/// V_{n,2} = (3^n + 1)/(2·4^n), exact.
pub fn value_of_two_hats(players: u32) -> BigRational {
    let power = |base: u32| BigInt::from(base).pow(players);
    BigRational::new(power(3) + 1, power(4) * 2)
}

/// V_{n,3} = (7^n + 4^n + 1)/(3·8^n), exact.
pub fn value_of_three_hats(players: u32) -> BigRational {
    let power = |base: u32| BigInt::from(base).pow(players);
    BigRational::new(power(7) + power(4) + 1, power(8) * 3)
}

/// How many of the (2^k − 2)^2 pairs of blocks of two colours a strategy that passes on blocks of one colour must win to be worth 7/20:
/// 7(4^(k−1) − 1)/5 − (2^k − 2). It is whole for odd k only, which is why no even block attains 7/20 (Theorem 22).
pub fn wins_needed_in_mixed_blocks(block: usize) -> BigRational {
    let power = |base: u32, exponent: usize| BigInt::from(base).pow(exponent as u32);
    let blocks = BigRational::new((power(4, block.max(1) - 1) - 1) * 7, 5.into());
    blocks - BigRational::from_integer(power(2, block) - 2)
}

/// The lower bound on V_n from a finite strategy with this many wins: all-white views start again, wins/(2^(nh) − 1).
///
/// # Panics
/// If there are no hats.
pub fn lifted(wins: u64, players: usize, height: usize) -> BigRational {
    BigRational::new(wins.into(), (BigInt::one() << (players * height)) - 1)
}

/// The limit of pointing at the first level that is all black: 1/(n + 1).
pub fn first_black(players: usize) -> f64 {
    1.0 / (players as f64 + 1.0)
}

/// max_h (1 − 2^(−h))^n / h: the modular code of the lowest black hat wins a share 1/h of the states without a white stack, for the best of the h
/// sums. About c/log n, the largest growth known.
pub fn lowest_black_code(players: usize) -> f64 {
    let value = |height: i32| (1.0 - 0.5_f64.powi(height)).powi(players as i32) / f64::from(height);
    (1..64).map(value).fold(0.0, f64::max)
}

/// The published lower bounds U_1, U_2, U_3 on V_2(p), as a companion script of the paper writes them: the first two are attributed there
/// to Buhler et al. (arXiv 1407.4711, Theorem 3), the third is the paper's Theorem 29. For 0 < p ≤ 1/2; U_3 is 0/0 at p = 1.
pub fn published_biased(p: f64) -> [f64; 3] {
    let polynomial = |coefficients: &[f64]| coefficients.iter().rev().fold(0.0, |sum, c| sum * p + c);
    [
        p * polynomial(&[1.0, 1.0, 1.0, 3.0, -3.0, 1.0]) / ((1.0 + p) * (2.0 - p) * (1.0 + p * p)),
        p * polynomial(&[1.0, 5.0, -10.0, 10.0, -5.0, 1.0])
            / (polynomial(&[2.0, -2.0, 1.0]) * (1.0 + p) * (2.0 - p)),
        polynomial(&[0.0, 5.0, -20.0, 51.0, -82.0, 85.0, -52.0, 10.0, 10.0, -7.0])
            / polynomial(&[10.0, -45.0, 120.0, -210.0, 250.0, -200.0, 100.0, -25.0]),
    ]
}

/// U_4(p), the value of [`white_restart_block`](crate::constructions::white_restart_block) for n players. For two players it exceeds the
/// published bounds for p < 0.4302; it may be known, the papers' full texts were not at hand. For 0 < p ≤ 1.
pub fn white_restart(players: usize, p: f64) -> f64 {
    let (n, q) = (players as i32, 1.0 - p);
    let wins = (1.0 - q.powi(3)).powi(n) + (3.0 * p * p * q + p.powi(3)).powi(n) + p.powi(3 * n);
    wins / (3.0 * (1.0 - q.powi(3 * n)))
}

/// n choose k, exact while it fits 128 bits.
fn binomial(n: usize, k: usize) -> u128 {
    (0..k as u128).fold(1, |product, i| product * (n as u128 - i) / (i + 1))
}
