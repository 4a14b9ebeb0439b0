//! The chain as a game of queries: a secret of T letters out of N; a query guesses T − 1 of them and learns how long its right beginning is, and the next letter.
//!
//! Classically every query reveals one letter, and one more with probability 1/N for each lucky guess; a last guess is free. So k queries find the secret with
//! probability exactly 1 − Σ_{m < T−k} C(m + k, m) N⁻ᵐ (1 − 1/N)^(k+1).

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};

/// The best probability of k classical queries on N letters and T levels, as a fraction.
///
/// # Panics
/// Without letters or levels.
pub fn classical_optimum(letters: u32, length: u32, queries: u32) -> BigRational {
    assert!(letters > 0 && length > 0, "a secret has letters");
    if queries >= length {
        return BigRational::one();
    }
    let n = BigInt::from(letters);
    let wrong = BigRational::new(&n - 1, n.clone());
    let miss = (0..=queries).fold(BigRational::one(), |product, _| product * &wrong);
    let mut term = BigRational::one();
    let mut sum = BigRational::zero();
    for m in 0..length - queries {
        sum += &term;
        term *= BigRational::new(BigInt::from(m + 1 + queries), BigInt::from(m + 1) * &n);
    }
    BigRational::one() - sum * miss
}

/// The same by dynamic programming over the number of known letters.
pub fn classical_by_recursion(letters: u32, length: u32, queries: u32) -> f64 {
    let lucky = 1.0 / f64::from(letters);
    let levels = length as usize;
    // value[j]: the best probability with j letters known.
    let mut value: Vec<f64> = (0..=levels).map(|known| lucky.powi((levels - known) as i32)).collect();
    for _ in 0..queries {
        let mut next = value.clone();
        for known in 0..levels {
            let mut sum = 0.0;
            let mut chance = 1.0;
            for gained in 1..=levels - known {
                let last = known + gained == levels;
                sum += chance * if last { 1.0 } else { 1.0 - lucky } * value[known + gained];
                chance *= lucky;
            }
            next[known] = sum;
        }
        value = next;
    }
    value[0]
}

/// The hybrid argument's bound of k quantum queries, k < T: (N^(−(T−k)/2) + 2k/√N)², at most 1.
pub fn hybrid_bound(letters: u32, length: u32, queries: u32) -> f64 {
    let n = f64::from(letters);
    let blind = n.powf(-0.5 * f64::from(length - queries.min(length)));
    (blind + 2.0 * f64::from(queries) / n.sqrt()).powi(2).min(1.0)
}

/// One query with a blank answer register, T = 2: uniform superposition and the best measurement; about 4/N, where classical queries have 2/N.
pub fn blank_register_optimum(letters: u32) -> f64 {
    let n = f64::from(letters);
    (((1.0 + (n - 1.0).powi(2) / n).sqrt() + (n - 1.0) / n.sqrt()) / n).powi(2)
}
