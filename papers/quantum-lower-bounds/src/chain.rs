//! The hard function: a chain in which every column is seen only after the one before.
//!
//! F(x) = −Ψ(1)Φ(x₁) + Σᵢ≥₂ [Ψ(−xᵢ₋₁)Φ(−xᵢ) − Ψ(xᵢ₋₁)Φ(xᵢ)] (Carmon, Duchi, Hinder, Sidford). Where |xⱼ| ≤ ½ for all j > i nothing depends on the coordinates from i + 2 on, so
//! that a method that looks at one point at a time finds one coordinate at a time; and as long as one coordinate is below 1, |∇F| > 1. All
//! entries of ∇F are ≤ 0.

use crate::scalars::{SLOPE_LIMIT, gate, slope};

/// The chain of T columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    length: usize,
}

/// Ψ⁽ᵏ⁾(−x) and Ψ⁽ᵏ⁾(x): one of them is zero.
fn both_gates<const ORDERS: usize>(x: f64) -> ([f64; ORDERS], [f64; ORDERS]) {
    if x < 0.0 { (gate(-x), [0.0; ORDERS]) } else { ([0.0; ORDERS], gate(x)) }
}

impl Chain {
    /// T ≥ 1 columns.
    ///
    /// # Panics
    /// For T = 0.
    pub fn new(length: usize) -> Self {
        assert!(length > 0, "a chain has columns");
        Self { length }
    }

    /// T.
    pub fn length(&self) -> usize {
        self.length
    }

    /// F(0) − inf F = √(πe/2) + (T − 1)·e·√(2πe), exactly; the infimum is approached as all coordinates grow.
    pub fn gap(&self) -> f64 {
        0.5 * SLOPE_LIMIT + (self.length as f64 - 1.0) * std::f64::consts::E * SLOPE_LIMIT
    }

    /// F(x). One exponential and one error function a coordinate.
    pub fn value(&self, x: &[f64]) -> f64 {
        let mut value = -slope::<1>(x[0])[0];
        for pair in x.windows(2) {
            let ([left], [right]) = both_gates::<1>(pair[0]);
            // The term of the closed gate is no number to compute.
            if left > 0.0 {
                value += left * slope::<1>(-pair[1])[0];
            }
            if right > 0.0 {
                value -= right * slope::<1>(pair[1])[0];
            }
        }
        value
    }

    /// F(x), and ∇F(x) into `gradient`, in one pass without memory.
    pub fn gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let [height, rise] = slope::<2>(x[0]);
        let mut value = -height;
        gradient[0] = -rise;
        for place in 1..self.length {
            let ([left, left_rise], [right, right_rise]) = both_gates::<2>(x[place - 1]);
            let [toward, bell] = slope::<2>(if left > 0.0 { -x[place] } else { x[place] });
            value += (left - right) * toward;
            gradient[place - 1] -= (left_rise + right_rise) * toward;
            gradient[place] = -(left + right) * bell;
        }
        value
    }

    /// The Hessian's diagonal, and the entries beside it, one fewer.
    pub fn hessian(&self, x: &[f64], diagonal: &mut [f64], beside: &mut [f64]) {
        diagonal[0] = -slope::<3>(x[0])[2];
        for place in 1..self.length {
            let ([left, left_rise, left_bend], [right, right_rise, right_bend]) =
                both_gates::<3>(x[place - 1]);
            let [toward, bell, bend] = slope::<3>(if left > 0.0 { -x[place] } else { x[place] });
            diagonal[place - 1] += (left_bend - right_bend) * toward;
            beside[place - 1] = (left_rise - right_rise) * bell;
            // Φ″ is odd: the bend at −x is minus that at x.
            diagonal[place] = (left - right) * bend;
        }
    }

    /// The largest index, from 1, of a coordinate beyond the threshold; 0 if there is none.
    pub fn progress(&self, x: &[f64], threshold: f64) -> usize {
        x.iter().rposition(|x| x.abs() > threshold).map_or(0, |place| place + 1)
    }
}

/// The largest absolute eigenvalue of a symmetric tridiagonal matrix, by bisection on the number of eigenvalues beyond; relative error 10⁻¹⁴.
pub fn tridiagonal_norm(diagonal: &[f64], beside: &[f64]) -> f64 {
    let row = |i: usize| {
        let left = if i > 0 { beside[i - 1].abs() } else { 0.0 };
        let right = beside.get(i).map_or(0.0, |b| b.abs());
        diagonal[i].abs() + left + right
    };
    let bound = (0..diagonal.len()).map(row).fold(0.0, f64::max);
    // How many eigenvalues of sign·A are above t, by the signs of the pivots of sign·A − t.
    let above = |t: f64, sign: f64| {
        let mut pivot = 1.0;
        let mut count = 0;
        for (i, entry) in diagonal.iter().enumerate() {
            let square = if i > 0 { beside[i - 1] * beside[i - 1] } else { 0.0 };
            pivot = sign * entry - t - if square == 0.0 { 0.0 } else { square / pivot };
            if pivot == 0.0 {
                pivot = -f64::MIN_POSITIVE;
            }
            count += usize::from(pivot > 0.0);
        }
        count
    };
    let largest = |sign: f64| {
        let (mut low, mut high) = (0.0, bound);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if above(middle, sign) > 0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    };
    largest(1.0).max(largest(-1.0))
}
