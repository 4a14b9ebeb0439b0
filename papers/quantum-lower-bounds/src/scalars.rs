//! The two functions that the chain is made of, with their derivatives.
//!
//! Ψ(x) = exp(1 − (2x − 1)⁻²) for x > ½ and 0 before: a gate that opens smoothly. Φ(x) = √e ∫ exp(−t²/2) dt up to x: a slope that pulls to the right.

use std::f64::consts::{E, PI, SQRT_2};

/// Beyond this distance above ½ and not before it, Ψ and its derivatives are more than the smallest positive number.
const CLOSED: f64 = 0.018;

/// Ψ and its first derivatives, as many as are asked for, up to four.
pub fn gate<const ORDERS: usize>(x: f64) -> [f64; ORDERS] {
    let mut values = [0.0; ORDERS];
    // Exact near ½, where all digits count.
    let distance = x - 0.5;
    if distance.is_nan() {
        return [f64::NAN; ORDERS];
    }
    if distance <= CLOSED {
        return values;
    }
    let w = 0.5 / distance;
    let square = w * w;
    let value = (1.0 - square).exp();
    let cube = w * square;
    // Ψ⁽ᵏ⁾ = 2ᵏ Ψ P_k(w) with P₁ = 2w³ and P_{k+1} = 2w³P_k − w²P_k′.
    let factors = [
        1.0,
        4.0 * cube,
        8.0 * square * square * (2.0 * square - 3.0),
        32.0 * cube * square * (2.0 * square * square - 9.0 * square + 6.0),
        64.0 * cube * cube * (4.0 * cube * cube - 36.0 * square * square + 75.0 * square - 30.0),
    ];
    for (derivative, factor) in values.iter_mut().zip(factors) {
        *derivative = value * factor;
    }
    values
}

/// Φ and its first derivatives, up to four; relative accuracy is kept far to the left.
pub fn slope<const ORDERS: usize>(x: f64) -> [f64; ORDERS] {
    let bell = (0.5 - 0.5 * x * x).exp();
    let square = x * x;
    let all = [
        (0.5 * PI * E).sqrt() * libm::erfc(-x / SQRT_2),
        bell,
        -x * bell,
        (square - 1.0) * bell,
        x * (3.0 - square) * bell,
    ];
    let mut values = [0.0; ORDERS];
    // Far out x² is infinite where the bell is zero.
    values
        .iter_mut()
        .zip(all)
        .for_each(|(to, from)| *to = if from.is_nan() && !x.is_nan() { 0.0 } else { from });
    values
}

/// sup Φ = √(2πe), which is also what a column is worth: the chain falls by e of it for every column.
pub const SLOPE_LIMIT: f64 = 4.132_731_354_122_493;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_that_of_the_slope() {
        assert!(((2.0 * PI * E).sqrt() - SLOPE_LIMIT).abs() < 1e-15);
        assert_eq!(slope::<5>(f64::INFINITY)[1..], [0.0; 4]);
        assert_eq!(slope::<5>(f64::NEG_INFINITY), [0.0; 5]);
    }
}
