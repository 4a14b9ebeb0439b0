//! Numbers of 106 bits as unevaluated sums of two `f64`.
//!
//! The algorithms are those of Dekker (1971) and Knuth, as in Hida, Li and Bailey's QD library, with the sum that keeps
//! its accuracy under cancellation. Products use the fused multiply–add, whose result is the same on every machine.

use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// The sum `high` + `low` with |`low`| at most half a unit in the last place of `high`: about 32 decimal digits, in the range of `f64`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
#[repr(C)]
pub struct DoubleDouble {
    /// The number rounded to `f64`.
    pub high: f64,
    /// What that leaves.
    pub low: f64,
}

/// The sum of two numbers and its rounding error.
#[inline(always)]
pub(super) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// The sum of two numbers and its rounding error, for |a| ≥ |b|.
#[inline(always)]
pub(super) fn quick_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, b - (sum - a))
}

impl DoubleDouble {
    #[inline(always)]
    pub(super) fn renormalised(high: f64, low: f64) -> Self {
        let (high, low) = quick_two_sum(high, low);
        Self { high, low }
    }
}

impl Neg for DoubleDouble {
    type Output = Self;

    #[inline]
    fn neg(self) -> Self {
        Self { high: -self.high, low: -self.low }
    }
}

impl Add for DoubleDouble {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        let (high, low) = two_sum(self.high, other.high);
        let (second, rest) = two_sum(self.low, other.low);
        let (high, low) = quick_two_sum(high, low + second);
        Self::renormalised(high, low + rest)
    }
}

impl Sub for DoubleDouble {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for DoubleDouble {
    type Output = Self;

    #[inline]
    fn mul(self, other: Self) -> Self {
        let product = self.high * other.high;
        let error = self.high.mul_add(other.high, -product);
        Self::renormalised(product, error + (self.high * other.low + self.low * other.high))
    }
}

impl Div for DoubleDouble {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let first = self.high / other.high;
        let rest = self - other * Self { high: first, low: 0.0 };
        let second = rest.high / other.high;
        let rest = rest - other * Self { high: second, low: 0.0 };
        let third = rest.high / other.high;
        Self::renormalised(first, second) + Self { high: third, low: 0.0 }
    }
}

impl AddAssign for DoubleDouble {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for DoubleDouble {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl MulAssign for DoubleDouble {
    #[inline]
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}
