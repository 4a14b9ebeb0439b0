//! Binary floating point of a fixed number of 64-bit limbs, on the stack.
//!
//! The interior-point method spends its time in products of matrices of a few hundred bits. Arbitrary-precision
//! crates allocate every result: at 256 bits a multiplication with an addition took [`Multi`] 20 ns
//! where `astro-float` 0.9 took 116 and `dashu-float` 0.4 took 431, on sums of 10,000 products. The length is part of the type, so that a
//! number is `Copy`, a matrix of numbers is one piece of memory, and no operation has to ask for a precision.

// Limbs are told apart by their places.
#![allow(clippy::needless_range_loop)]

use std::cmp::Ordering;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// The exponent that marks what is no number: the quotient by zero, the root of a negative number.
const NOT_A_NUMBER: i32 = i32::MAX;

/// A number of `L` limbs, 64 `L` bits, rounded to nearest.
///
/// The value is ±0.m · 2^`exponent` with the mantissa's highest bit set, and zero if all limbs are zero. Sums,
/// products and conversions have a relative error of at most 2^(−64 `L`) times two; quotients and roots of a few times that.
#[derive(Clone, Copy, Debug)]
pub struct Multi<const L: usize> {
    /// The mantissa, lowest limb first.
    limbs: [u64; L],
    exponent: i32,
    negative: bool,
}

impl<const L: usize> Multi<L> {
    /// Zero.
    pub const ZERO: Self = Self { limbs: [0; L], exponent: 0, negative: false };

    /// What an undefined operation gives.
    const UNDEFINED: Self = Self { limbs: [1 << 63; L], exponent: NOT_A_NUMBER, negative: false };

    /// Whether this is zero.
    #[inline]
    fn vanishes(&self) -> bool {
        self.limbs[L - 1] == 0
    }

    /// Whether this came of defined operations only.
    pub fn is_finite(&self) -> bool {
        self.exponent != NOT_A_NUMBER
    }

    /// The number `value`, exactly; of infinities and NaN what [`is_finite`](Self::is_finite) denies.
    pub fn from_f64(value: f64) -> Self {
        if value == 0.0 {
            return Self::ZERO;
        }
        if !value.is_finite() {
            return Self::UNDEFINED;
        }
        // Subnormal numbers are brought into the normal range first.
        let (value, offset) =
            if value.abs() < f64::MIN_POSITIVE { (value * 2f64.powi(64), -64) } else { (value, 0) };
        let bits = value.to_bits();
        let mut limbs = [0; L];
        limbs[L - 1] = (1 << 63) | ((bits & ((1 << 52) - 1)) << 11);
        Self { limbs, exponent: ((bits >> 52) & 0x7ff) as i32 - 1022 + offset, negative: bits >> 63 == 1 }
    }

    /// The nearest `f64` or its neighbour; infinite beyond its range, zero below it.
    pub fn to_f64(self) -> f64 {
        if !self.is_finite() {
            return f64::NAN;
        }
        let fraction = self.limbs[L - 1] as f64 * 2f64.powi(-64);
        // In two steps, because 2^exponent may lie outside the range while the value does not.
        let half = self.exponent.clamp(-2200, 2200) / 2;
        let magnitude = fraction * 2f64.powi(half) * 2f64.powi(self.exponent.clamp(-2200, 2200) - half);
        if self.negative { -magnitude } else { magnitude }
    }

    /// The sign, the mantissa and the exponent: the value is ± `mantissa` · 2^(exponent − 64 `L`), lowest limb first.
    pub fn parts(&self) -> (bool, [u64; L], i32) {
        (self.negative, self.limbs, self.exponent)
    }

    /// The number with these [`parts`](Self::parts); `None` unless it is zero or its highest bit is set.
    pub fn from_parts(negative: bool, limbs: [u64; L], exponent: i32) -> Option<Self> {
        if limbs == [0; L] {
            return Some(Self::ZERO);
        }
        (limbs[L - 1] >> 63 == 1 && exponent.abs() < NOT_A_NUMBER / 4).then_some(Self {
            limbs,
            exponent,
            negative,
        })
    }

    /// The number with these parts, the mantissa raised in its last place if `up`.
    #[inline]
    pub(super) fn rounded(negative: bool, limbs: [u64; L], up: bool, exponent: i32) -> Self {
        let (limbs, exponent) = if up { incremented(limbs, exponent) } else { (limbs, exponent) };
        Self { limbs, exponent, negative }
    }

    /// The number times 2^`power`, exactly.
    pub fn times_power_of_two(self, power: i32) -> Self {
        if self.vanishes() || !self.is_finite() {
            self
        } else {
            Self { exponent: self.exponent + power, ..self }
        }
    }

    /// The square root; undefined for negative numbers.
    pub fn sqrt(self) -> Self {
        if self.vanishes() || !self.is_finite() {
            return self;
        }
        if self.negative {
            return Self::UNDEFINED;
        }
        // With an even exponent the rest lies in [1/4, 1), the range of f64.
        let half = self.exponent.div_euclid(2) + self.exponent.rem_euclid(2);
        let rest = self.times_power_of_two(-2 * half);
        // Newton's method for 1/√a doubles the digits: y ← y + y (1 − a y²)/2.
        let one = Self::from_f64(1.0);
        let mut inverse = Self::from_f64(1.0 / rest.to_f64().sqrt());
        let mut bits = 50;
        while bits < 64 * L {
            inverse += (inverse * (one - rest * (inverse * inverse))).times_power_of_two(-1);
            bits *= 2;
        }
        let root = rest * inverse;
        (root + ((rest - root * root) * inverse).times_power_of_two(-1)).times_power_of_two(half)
    }

    /// One over the number; undefined for zero.
    pub fn reciprocal(self) -> Self {
        if self.vanishes() || !self.is_finite() {
            return Self::UNDEFINED;
        }
        let rest = Self { exponent: 0, ..self };
        let one = Self::from_f64(1.0);
        let mut inverse = Self::from_f64(1.0 / rest.to_f64());
        let mut bits = 50;
        while bits < 64 * L {
            inverse += inverse * (one - rest * inverse);
            bits *= 2;
        }
        inverse.times_power_of_two(-self.exponent)
    }

    /// The order of the absolute values.
    #[inline]
    fn compare_magnitudes(&self, other: &Self) -> Ordering {
        match (self.vanishes(), other.vanishes()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        self.exponent.cmp(&other.exponent).then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
    }
}

/// The limbs shifted to the right by `distance` < 64 `L` bits, and the limb that falls out below.
#[inline]
fn shifted_right<const L: usize>(limbs: &[u64; L], distance: usize) -> ([u64; L], u64) {
    let (whole, bits) = (distance / 64, distance % 64);
    let mut shifted = [0; L];
    let guard;
    if bits == 0 {
        shifted[..L - whole].copy_from_slice(&limbs[whole..]);
        guard = if whole > 0 { limbs[whole - 1] } else { 0 };
    } else {
        for place in 0..L - whole - 1 {
            shifted[place] = (limbs[place + whole] >> bits) | (limbs[place + whole + 1] << (64 - bits));
        }
        shifted[L - whole - 1] = limbs[L - 1] >> bits;
        let below = if whole > 0 { limbs[whole - 1] >> bits } else { 0 };
        guard = below | (limbs[whole] << (64 - bits));
    }
    (shifted, guard)
}

/// The mantissa plus one in the last place, with the exponent that this may raise.
#[inline]
fn incremented<const L: usize>(mut limbs: [u64; L], exponent: i32) -> ([u64; L], i32) {
    for limb in &mut limbs {
        let (sum, carried) = limb.overflowing_add(1);
        *limb = sum;
        if !carried {
            return (limbs, exponent);
        }
    }
    limbs[L - 1] = 1 << 63;
    (limbs, exponent + 1)
}

/// The sum of two magnitudes, the first with the larger exponent or an equal one.
#[inline]
fn sum_of_magnitudes<const L: usize>(large: &Multi<L>, small: &Multi<L>, negative: bool) -> Multi<L> {
    let distance = (large.exponent - small.exponent) as usize;
    if distance >= 64 * L {
        return Multi { negative, ..*large };
    }
    let (shifted, guard) = shifted_right(&small.limbs, distance);
    let mut limbs = [0; L];
    let mut carry = false;
    for place in 0..L {
        (limbs[place], carry) = large.limbs[place].carrying_add_with(shifted[place], carry);
    }
    let mut exponent = large.exponent;
    let round = if carry {
        let lost = limbs[0] & 1;
        for place in 0..L - 1 {
            limbs[place] = (limbs[place] >> 1) | (limbs[place + 1] << 63);
        }
        limbs[L - 1] = (limbs[L - 1] >> 1) | (1 << 63);
        exponent += 1;
        lost == 1
    } else {
        guard >> 63 == 1
    };
    if round {
        (limbs, exponent) = incremented(limbs, exponent);
    }
    Multi { limbs, exponent, negative }
}

/// The difference of two magnitudes, the first being the larger.
#[inline]
fn difference_of_magnitudes<const L: usize>(large: &Multi<L>, small: &Multi<L>, negative: bool) -> Multi<L> {
    let distance = (large.exponent - small.exponent) as usize;
    if distance > 64 * L {
        return Multi { negative, ..*large };
    }
    let (shifted, below) =
        if distance == 64 * L { ([0; L], small.limbs[L - 1]) } else { shifted_right(&small.limbs, distance) };
    let (mut guard, mut borrow) = 0u64.overflowing_sub(below);
    let mut limbs = [0; L];
    for place in 0..L {
        (limbs[place], borrow) = large.limbs[place].borrowing_sub_with(shifted[place], borrow);
    }
    // Bring the highest bit back to its place.
    let mut exponent = large.exponent;
    let mut whole = 0;
    while whole < L && limbs[L - 1 - whole] == 0 {
        whole += 1;
    }
    if whole == L {
        if guard == 0 {
            return Multi::ZERO;
        }
        let bits = guard.leading_zeros();
        let mut limbs = [0; L];
        limbs[L - 1] = guard << bits;
        return Multi { limbs, exponent: exponent - 64 * L as i32 - bits as i32, negative };
    }
    if whole > 0 {
        for place in (0..L).rev() {
            limbs[place] = match place.checked_sub(whole) {
                Some(source) => limbs[source],
                None if place + 1 == whole => guard,
                None => 0,
            };
        }
        guard = 0;
        exponent -= 64 * whole as i32;
    }
    let bits = limbs[L - 1].leading_zeros();
    if bits > 0 {
        for place in (1..L).rev() {
            limbs[place] = (limbs[place] << bits) | (limbs[place - 1] >> (64 - bits));
        }
        limbs[0] = (limbs[0] << bits) | (guard >> (64 - bits));
        guard <<= bits;
        exponent -= bits as i32;
    }
    if guard >> 63 == 1 {
        (limbs, exponent) = incremented(limbs, exponent);
    }
    Multi { limbs, exponent, negative }
}

/// One place of a sum or difference of many limbs.
trait Place: Sized {
    fn carrying_add_with(self, other: Self, carry: bool) -> (Self, bool);
    fn borrowing_sub_with(self, other: Self, borrow: bool) -> (Self, bool);
}

impl Place for u64 {
    #[inline(always)]
    fn carrying_add_with(self, other: u64, carry: bool) -> (u64, bool) {
        let (sum, first) = self.overflowing_add(other);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        (sum, first | second)
    }

    #[inline(always)]
    fn borrowing_sub_with(self, other: u64, borrow: bool) -> (u64, bool) {
        let (difference, first) = self.overflowing_sub(other);
        let (difference, second) = difference.overflowing_sub(u64::from(borrow));
        (difference, first | second)
    }
}

impl<const L: usize> Neg for Multi<L> {
    type Output = Self;

    #[inline]
    fn neg(self) -> Self {
        Self { negative: !self.negative, ..self }
    }
}

impl<const L: usize> Add for Multi<L> {
    type Output = Self;

    #[inline]
    fn add(self, other: Self) -> Self {
        if !self.is_finite() || !other.is_finite() {
            return Self::UNDEFINED;
        }
        if self.vanishes() {
            return other;
        }
        if other.vanishes() {
            return self;
        }
        if self.negative == other.negative {
            if self.exponent >= other.exponent {
                sum_of_magnitudes(&self, &other, self.negative)
            } else {
                sum_of_magnitudes(&other, &self, self.negative)
            }
        } else {
            match self.compare_magnitudes(&other) {
                Ordering::Equal => Self::ZERO,
                Ordering::Greater => difference_of_magnitudes(&self, &other, self.negative),
                Ordering::Less => difference_of_magnitudes(&other, &self, other.negative),
            }
        }
    }
}

impl<const L: usize> Sub for Multi<L> {
    type Output = Self;

    #[inline]
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl<const L: usize> Mul for Multi<L> {
    type Output = Self;

    #[inline]
    fn mul(self, other: Self) -> Self {
        if !self.is_finite() || !other.is_finite() {
            return Self::UNDEFINED;
        }
        if self.vanishes() || other.vanishes() {
            return Self::ZERO;
        }
        // Row by row, the finished lowest limb of each going to the low half.
        let mut high = [0u64; L];
        let mut low = [0u64; L];
        // The lowest limbs of small integers and of doubles are zero, and give nothing.
        let first_row = self.limbs.iter().position(|limb| *limb != 0).unwrap_or(0);
        for row in first_row..L {
            let factor = u128::from(self.limbs[row]);
            let first = factor * u128::from(other.limbs[0]) + u128::from(high[0]);
            low[row] = first as u64;
            let mut carry = (first >> 64) as u64;
            for place in 1..L {
                let product =
                    factor * u128::from(other.limbs[place]) + u128::from(high[place]) + u128::from(carry);
                high[place - 1] = product as u64;
                carry = (product >> 64) as u64;
            }
            high[L - 1] = carry;
        }
        let mut exponent = self.exponent + other.exponent;
        let mut guard = low[L - 1];
        if high[L - 1] >> 63 == 0 {
            for place in (1..L).rev() {
                high[place] = (high[place] << 1) | (high[place - 1] >> 63);
            }
            high[0] = (high[0] << 1) | (guard >> 63);
            guard <<= 1;
            exponent -= 1;
        }
        if guard >> 63 == 1 {
            (high, exponent) = incremented(high, exponent);
        }
        Self { limbs: high, exponent, negative: self.negative != other.negative }
    }
}

impl<const L: usize> Div for Multi<L> {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        let inverse = other.reciprocal();
        let quotient = self * inverse;
        quotient + (self - quotient * other) * inverse
    }
}

impl<const L: usize> AddAssign for Multi<L> {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<const L: usize> SubAssign for Multi<L> {
    #[inline]
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl<const L: usize> MulAssign for Multi<L> {
    #[inline]
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl<const L: usize> PartialEq for Multi<L> {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl<const L: usize> PartialOrd for Multi<L> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if !self.is_finite() || !other.is_finite() {
            return None;
        }
        let negative = |number: &Self| number.negative && !number.vanishes();
        Some(match (negative(self), negative(other)) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.compare_magnitudes(other),
            (true, true) => other.compare_magnitudes(self),
        })
    }
}
