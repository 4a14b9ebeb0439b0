//! Exact polynomials in one variable, and the proof that one has no root on an interval.
//!
//! By Descartes' rule of signs a polynomial has no more positive roots than its coefficients have changes of sign. Applied
//! to (1 + x)^d p(1/(1 + x)) it counts roots in (0, 1); halving the interval until the counts are zero proves that there are
//! none (Collins and Akritas 1976). Everything is done with integers.
//!
//! Most intervals lie far from where the polynomial nearly touches zero, and need few of its coefficients' bits. On x ≥ 0 a polynomial with coefficients rounded down lies below
//! the one it comes from, so that a proof for the former is one for the latter: coefficients are cut to some bits on every interval, more after a failure, and at last to none.

use num_bigint::BigInt;
use num_traits::{One, Signed, Zero};

use super::dyadic::Dyadic;

/// Halvings of an interval, and intervals in all, after which a count that does not vanish is taken for a root.
const DEEPEST: usize = 400;
const MOST_INTERVALS: usize = 40_000;

/// Bits beyond the degree that coefficients are cut to at first.
const FIRST_BITS: u64 = 128;

/// Σ c_k x^k · 2^`exponent` with integers c_k.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polynomial {
    /// c_0, c_1, …
    pub coefficients: Vec<BigInt>,
    /// The common exponent.
    pub exponent: i64,
}

impl Polynomial {
    /// The polynomial with these coefficients, the constant first.
    pub fn new(coefficients: &[Dyadic]) -> Self {
        let exponent = coefficients.iter().map(|coefficient| coefficient.exponent).min().unwrap_or(0);
        Self {
            coefficients: coefficients.iter().map(|coefficient| coefficient.at(exponent)).collect(),
            exponent,
        }
    }

    /// A constant.
    pub fn constant(value: &Dyadic) -> Self {
        Self::new(std::slice::from_ref(value))
    }

    /// The sum.
    pub fn plus(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        let length = self.coefficients.len().max(other.coefficients.len());
        let mut coefficients = vec![BigInt::zero(); length];
        for part in [self, other] {
            for (sum, coefficient) in coefficients.iter_mut().zip(&part.coefficients) {
                *sum += coefficient << (part.exponent - exponent) as u64;
            }
        }
        Self { coefficients, exponent }
    }

    /// The product.
    pub fn times(&self, other: &Self) -> Self {
        let mut coefficients =
            vec![BigInt::zero(); (self.coefficients.len() + other.coefficients.len()).saturating_sub(1)];
        for (i, a) in self.coefficients.iter().enumerate() {
            for (j, b) in other.coefficients.iter().enumerate() {
                coefficients[i + j] += a * b;
            }
        }
        Self { coefficients, exponent: self.exponent + other.exponent }
    }

    /// The product with a number.
    pub fn scaled(&self, factor: &Dyadic) -> Self {
        let coefficients =
            self.coefficients.iter().map(|coefficient| coefficient * &factor.mantissa).collect();
        Self { coefficients, exponent: self.exponent + factor.exponent }
    }

    /// p(a + b x), for b > 0.
    pub fn substituted(&self, a: &Dyadic, b: &Dyadic) -> Self {
        // Horner's rule with the polynomial a + b x.
        let step = Self::new(&[a.clone(), b.clone()]);
        let mut result = Self { coefficients: Vec::new(), exponent: 0 };
        for coefficient in self.coefficients.iter().rev() {
            let coefficient = Dyadic { mantissa: coefficient.clone(), exponent: self.exponent };
            result = if result.coefficients.is_empty() {
                Self::constant(&coefficient)
            } else {
                result.times(&step).plus(&Self::constant(&coefficient))
            };
        }
        result
    }

    /// p(0).
    pub fn at_zero(&self) -> Dyadic {
        Dyadic { mantissa: self.coefficients.first().cloned().unwrap_or_default(), exponent: self.exponent }
    }

    /// Whether p > 0 on the closed interval from `low` to `high`.
    pub fn is_positive_between(&self, low: &Dyadic, high: &Dyadic) -> bool {
        let width = high.plus(&low.negated());
        if !width.is_positive() {
            return false;
        }
        let unit = self.substituted(low, &width);
        let ends = [unit.coefficients.first().cloned().unwrap_or_default(), unit.coefficients.iter().sum()];
        ends.iter().all(BigInt::is_positive) && has_no_root_in_unit_interval(unit.coefficients)
    }

    /// Whether p > 0 from `low` to infinity.
    pub fn is_positive_from(&self, low: &Dyadic) -> bool {
        let mut shifted = self.substituted(low, &Dyadic::integer(1)).coefficients;
        while shifted.last().is_some_and(Zero::is_zero) {
            shifted.pop();
        }
        let (Some(first), Some(last)) = (shifted.first(), shifted.last()) else { return false };
        if !first.is_positive() || !last.is_positive() {
            return false;
        }
        // Lagrange: all roots lie below 2 max (−c_k / c_d)^(1/(d − k)); a power of two above that is 2^(1 + ⌈bits/(d − k)⌉).
        let degree = shifted.len() - 1;
        let power = shifted.iter().enumerate().filter(|(_, coefficient)| coefficient.is_negative());
        let power = power.map(|(k, coefficient)| {
            let excess = coefficient.bits() as i64 - last.bits() as i64 + 1;
            excess.div_euclid((degree - k) as i64) + 1
        });
        let Some(power) = power.max() else { return true };
        let power = (power + 1).max(0) as u64;
        let unit: Vec<BigInt> =
            shifted.iter().enumerate().map(|(k, coefficient)| coefficient << (k as u64 * power)).collect();
        unit.iter().sum::<BigInt>().is_positive() && has_no_root_in_unit_interval(unit)
    }
}

/// Changes of sign in a list of coefficients, zeros left out.
fn sign_changes(coefficients: &[BigInt]) -> usize {
    let signs: Vec<bool> =
        coefficients.iter().filter(|coefficient| !coefficient.is_zero()).map(Signed::is_negative).collect();
    signs.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

/// Replaces p(x) by p(x + 1).
fn shift_by_one(coefficients: &mut [BigInt]) {
    for start in (0..coefficients.len().saturating_sub(1)).rev() {
        for k in start..coefficients.len() - 1 {
            let (left, right) = coefficients.split_at_mut(k + 1);
            left[k] += &right[0];
        }
    }
}

/// Whether a polynomial that is positive at both ends has no root in (0, 1).
fn has_no_root_in_unit_interval(coefficients: Vec<BigInt>) -> bool {
    let most = coefficients.iter().map(BigInt::bits).max().unwrap_or(0);
    let mut bits = coefficients.len() as u64 + FIRST_BITS;
    while bits < most {
        if stays_positive(coefficients.clone(), Some(bits)) {
            return true;
        }
        bits *= 2;
    }
    stays_positive(coefficients, None)
}

/// The same, with coefficients cut to so many bits; then a failure says nothing.
fn stays_positive(coefficients: Vec<BigInt>, bits: Option<u64>) -> bool {
    let mut open = vec![(coefficients, 0)];
    let mut intervals = 0;
    while let Some((mut coefficients, depth)) = open.pop() {
        intervals += 1;
        if let Some(bits) = bits {
            cut(&mut coefficients, bits);
            // Cut coefficients may no longer be positive at the ends.
            if !coefficients[0].is_positive() || !coefficients.iter().sum::<BigInt>().is_positive() {
                return false;
            }
        }
        let mut reversed: Vec<BigInt> = coefficients.iter().rev().cloned().collect();
        shift_by_one(&mut reversed);
        if sign_changes(&reversed) == 0 {
            continue;
        }
        if depth == DEEPEST || intervals > MOST_INTERVALS {
            return false;
        }
        // 2^d p(x/2), and that at x + 1.
        let degree = coefficients.len() as u64 - 1;
        let left: Vec<BigInt> = coefficients
            .iter()
            .enumerate()
            .map(|(k, coefficient)| coefficient << (degree - k as u64))
            .collect();
        let mut right = left.clone();
        shift_by_one(&mut right);
        if !right[0].is_positive() {
            return false;
        }
        open.push((left, depth + 1));
        open.push((right, depth + 1));
    }
    true
}

/// Divides by the power of two that leaves the largest coefficient so many bits, rounding down.
fn cut(coefficients: &mut [BigInt], bits: u64) {
    let most = coefficients.iter().map(BigInt::bits).max().unwrap_or(0);
    if most > bits {
        coefficients.iter_mut().for_each(|coefficient| *coefficient >>= most - bits);
    }
}

/// Integer polynomials k! 2^k · L_k^ν(z) with ν = n/2 − 1, for k from 0 to `degree`: 2^k times the generalised Laguerre polynomial
/// by its recurrence, so that no fraction arises.
pub fn laguerre(dimension: usize, degree: usize) -> Vec<Polynomial> {
    // With M_k = k! 2^k L_k: M_{k+1} = (4k + n − 2z) M_k − 2k (2k + n − 2) M_{k−1}.
    let integer = |value: i64| Dyadic::integer(value);
    let n = dimension as i64;
    let mut family = vec![Polynomial::constant(&integer(1))];
    for k in 0..degree as i64 {
        let factor = Polynomial::new(&[integer(4 * k + n), integer(-2)]);
        let mut next = family[k as usize].times(&factor);
        if k > 0 {
            next = next.plus(&family[k as usize - 1].scaled(&integer(-2 * k * (2 * k + n - 2))));
        }
        family.push(next);
    }
    family
}

/// The value of k! 2^k L_k^ν at zero: n (n + 2) … (n + 2k − 2).
pub fn laguerre_at_zero(dimension: usize, k: usize) -> BigInt {
    (0..k).fold(BigInt::one(), |product, step| product * (dimension + 2 * step))
}
