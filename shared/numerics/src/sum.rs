//! Sums and inner products that lose almost nothing to rounding.
//!
//! A plain sum of n numbers may be wrong by n·ε·Σ|xᵢ|. Neumaier (1974) carries the rounding error
//! of every addition in a second number and adds it at the end, so that the error no longer grows
//! with n: |error| ≤ ε·|Σ xᵢ| + O(n ε²)·Σ|xᵢ|. Values of dual objectives are such sums: large terms
//! of both signs that nearly cancel.

/// A running compensated sum.
///
/// Adds in the order it is given, so the same numbers in the same order give the same bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    total: f64,
    correction: f64,
}

impl Sum {
    /// The empty sum, zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one number.
    #[inline]
    pub fn add(&mut self, value: f64) {
        let next = self.total + value;
        self.correction += if self.total.abs() >= value.abs() {
            (self.total - next) + value
        } else {
            (value - next) + self.total
        };
        self.total = next;
    }

    /// The sum so far. Infinite or NaN terms give what a plain sum gives.
    #[inline]
    pub fn value(self) -> f64 {
        let corrected = self.total + self.correction;
        if self.total.is_finite() { corrected } else { self.total }
    }
}

impl Extend<f64> for Sum {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        for value in values {
            self.add(value);
        }
    }
}

/// Σ xᵢ, compensated, in the order of the iterator. Zero for no numbers.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut total = Sum::new();
    total.extend(values);
    total.value()
}

/// Σ xᵢ yᵢ in eight sums side by side, which a processor adds at once, always in the same order; not compensated. As fast as memory.
///
/// Both slices must have the same length; of a longer one the rest is ignored.
#[inline]
pub fn fast_dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let length = x.len().min(y.len());
    let ((x, x_rest), (y, y_rest)) = (x[..length].as_chunks::<8>(), y[..length].as_chunks::<8>());
    for (x, y) in x.iter().zip(y) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}

/// Σ xᵢ yᵢ with products and additions compensated: as accurate as if computed in twice the
/// precision and rounded once (algorithm Dot2 of Ogita, Rump and Oishi 2005).
///
/// Both slices must have the same length; of a longer one the rest is ignored. Products beyond
/// 10³⁰⁰ in size fall back to the plain product.
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut total = Sum::new();
    for (&x, &y) in x.iter().zip(y) {
        let product = x * y;
        total.add(product);
        let rest = product_error(x, y, product);
        if rest.is_finite() {
            total.correction += rest;
        }
    }
    total.value()
}

/// x·y − product without rounding (Dekker 1971), given product = fl(x·y).
#[inline]
fn product_error(x: f64, y: f64, product: f64) -> f64 {
    let (x_high, x_low) = split(x);
    let (y_high, y_low) = split(y);
    x_low * y_low - (((product - x_high * y_high) - x_low * y_high) - x_high * y_low)
}

/// x as the sum of two numbers of at most 26 bits (Veltkamp).
#[inline]
fn split(x: f64) -> (f64, f64) {
    const FACTOR: f64 = 134_217_729.0; // 2²⁷ + 1
    let shifted = FACTOR * x;
    let high = shifted - (shifted - x);
    (high, x - high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small_terms_between_large_ones_survive() {
        // Neumaier's own example; the plain sum gives 0.
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
    }

    #[test]
    fn nothing_sums_to_zero() {
        assert_eq!(sum([]), 0.0);
        assert_eq!(dot(&[], &[]), 0.0);
    }

    #[test]
    fn infinities_are_kept() {
        assert_eq!(sum([1.0, f64::INFINITY]), f64::INFINITY);
        assert!(sum([f64::INFINITY, f64::NEG_INFINITY]).is_nan());
    }

    #[test]
    fn product_errors_are_carried() {
        // (1 + 2⁻³⁰)² = 1 + 2⁻²⁹ + 2⁻⁶⁰; the last term is lost by the plain product.
        let x = 1.0 + (-30f64).exp2();
        assert_eq!(dot(&[x, -1.0, -1.0], &[x, 1.0, (-29f64).exp2()]), (-60f64).exp2());
    }

    proptest! {
        /// Integers below 2⁵³ add without rounding, so the compensated sum is exact on them.
        #[test]
        fn integers_are_exact(values in prop::collection::vec(-1_000_000i64..1_000_000, 0..200)) {
            let exact: i64 = values.iter().sum();
            prop_assert_eq!(sum(values.iter().map(|&v| v as f64)), exact as f64);
        }

        /// Every number and its negative: the sum is zero in any order, to the last bit of the
        /// compensated bound (2 n² ε² Σ|x|, here below 1e-25 of the largest term).
        #[test]
        fn cancelling_terms_leave_nothing(values in prop::collection::vec(-1e12f64..1e12, 1..50)) {
            let mut all = values.clone();
            all.extend(values.iter().rev().map(|v| -v));
            prop_assert!(sum(all.iter().copied()).abs() <= 1e-25 * 1e12 * values.len() as f64);
        }
    }
}
