//! Double-double numbers as a scalar, with the product of their matrices in vectors of eight columns.
//!
//! One multiplication with an addition takes an exact product with its error, the two mixed products and one exact
//! sum: twelve operations, of which a processor with AVX-512 does sixteen lanes a cycle. The low parts are summed
//! without normalising; their error after k terms is k units of 2⁻¹⁰⁶ of the largest partial sum, as for any sum of that length.
//! B is copied once into panels of eight columns with high and low parts apart, so that the inner loop reads whole
//! vectors. All paths do the same operations on the same numbers and give the same bits.
#![allow(unsafe_code)]

use super::double_double::{quick_two_sum, two_sum};
use super::{DoubleDouble, Scalar, Sizes};

/// Columns of a panel: the lanes of one vector of AVX-512, two of AVX2.
const LANES: usize = 8;

/// Rows of the result that are computed together, to hide the latency of the sums.
const ROWS: usize = 4;

/// High and low parts of eight columns of one row of B.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Vectors {
    high: [f64; LANES],
    low: [f64; LANES],
}

/// Adds `sign` · Aᵀ B to C.
fn accumulate(c: &mut [DoubleDouble], a: &[DoubleDouble], b: &[DoubleDouble], sizes: Sizes, sign: f64) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F.
            return unsafe { with_avx512(c, a, b, sizes, sign) };
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: the processor has AVX2 and FMA.
            return unsafe { with_avx2(c, a, b, sizes, sign) };
        }
    }
    portable(c, a, b, sizes, sign);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn with_avx512(c: &mut [DoubleDouble], a: &[DoubleDouble], b: &[DoubleDouble], sizes: Sizes, sign: f64) {
    portable(c, a, b, sizes, sign);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn with_avx2(c: &mut [DoubleDouble], a: &[DoubleDouble], b: &[DoubleDouble], sizes: Sizes, sign: f64) {
    portable(c, a, b, sizes, sign);
}

#[inline(always)]
fn portable(c: &mut [DoubleDouble], a: &[DoubleDouble], b: &[DoubleDouble], sizes: Sizes, sign: f64) {
    let Sizes { depth, rows, columns } = sizes;
    let mut panel = vec![Vectors { high: [0.0; LANES], low: [0.0; LANES] }; depth];
    for first in (0..columns).step_by(LANES) {
        let width = LANES.min(columns - first);
        for (step, vectors) in panel.iter_mut().enumerate() {
            let source = &b[step * columns + first..step * columns + first + width];
            for (lane, value) in source.iter().enumerate() {
                (vectors.high[lane], vectors.low[lane]) = (sign * value.high, sign * value.low);
            }
        }
        let mut row = 0;
        while row < rows {
            let height = ROWS.min(rows - row);
            let sums = if height == ROWS {
                tile::<ROWS>(a, &panel, rows, row)
            } else {
                let mut sums = [([0.0; LANES], [0.0; LANES]); ROWS];
                for (place, sum) in sums.iter_mut().enumerate().take(height) {
                    [*sum] = tile::<1>(a, &panel, rows, row + place);
                }
                sums
            };
            for (place, (high, low)) in sums.iter().enumerate().take(height) {
                let target = &mut c[(row + place) * columns + first..(row + place) * columns + first + width];
                for (lane, entry) in target.iter_mut().enumerate() {
                    let (high, low) = quick_two_sum(high[lane], low[lane]);
                    *entry += DoubleDouble { high, low };
                }
            }
            row += height;
        }
    }
}

/// The sums of `R` rows of the result from `row` on, over one panel.
#[inline(always)]
fn tile<const R: usize>(
    a: &[DoubleDouble],
    panel: &[Vectors],
    rows: usize,
    row: usize,
) -> [([f64; LANES], [f64; LANES]); R] {
    let mut sums = [([0.0; LANES], [0.0; LANES]); R];
    for (step, vectors) in panel.iter().enumerate() {
        let factors: &[DoubleDouble; R] =
            a[step * rows + row..step * rows + row + R].try_into().expect("R entries of the row");
        for (factor, (high, low)) in factors.iter().zip(&mut sums) {
            for lane in 0..LANES {
                let product = factor.high * vectors.high[lane];
                let error = factor.high.mul_add(vectors.high[lane], -product);
                let error = factor.high.mul_add(vectors.low[lane], error);
                let error = factor.low.mul_add(vectors.high[lane], error);
                let (sum, lost) = two_sum(high[lane], product);
                high[lane] = sum;
                low[lane] += lost + error;
            }
        }
    }
    sums
}

impl Scalar for DoubleDouble {
    const BITS: usize = 106;

    fn from_f64(value: f64) -> Self {
        Self { high: value, low: 0.0 }
    }

    fn to_f64(self) -> f64 {
        self.high
    }

    fn sqrt(self) -> Self {
        if self.high <= 0.0 {
            return Self::from_f64(if self.high == 0.0 { 0.0 } else { f64::NAN });
        }
        let root = self.high.sqrt();
        let rest = self - Self::from_f64(root) * Self::from_f64(root);
        Self::renormalised(root, rest.high / (2.0 * root))
    }

    fn is_finite(self) -> bool {
        self.high.is_finite() && self.low.is_finite()
    }

    fn times_power_of_two(self, power: i32) -> Self {
        let factor = 2f64.powi(power);
        Self { high: self.high * factor, low: self.low * factor }
    }

    fn accumulate(c: &mut [Self], a: &[Self], b: &[Self], sizes: Sizes, sign: f64) {
        accumulate(c, a, b, sizes, sign);
    }

    fn to_text(self) -> String {
        format!("{:016x}{:016x}", self.high.to_bits(), self.low.to_bits())
    }

    fn from_text(text: &str) -> Option<Self> {
        if text.len() != 32 || !text.is_ascii() {
            return None;
        }
        let part = |digits| u64::from_str_radix(digits, 16).ok().map(f64::from_bits);
        Some(Self { high: part(&text[..16])?, low: part(&text[16..])? })
    }
}
