//! Uniform quantisation: q = clip(⌊r/S⌉ + Z), r̃ = S (q − Z).
//!
//! This is the convention of ONNX and PyTorch, in which Z is the integer that stands for 0. The survey writes Q(r) = Int(r/S) − Z, with the opposite sign of Z. Rounding
//! is to the nearest integer, ties to the even one.

use numerics::elementary::rounded;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Integers of some number of bits with scale and zero point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    /// S > 0: the distance of neighbouring values.
    pub scale: f64,
    /// Z: the integer that stands for 0; from `low` to `high`.
    pub zero_point: i32,
    /// The least integer.
    pub low: i32,
    /// The largest integer.
    pub high: i32,
}

/// How integers are laid around zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// −(2^{b−1} − 1) … 2^{b−1} − 1 with Z = 0: S = max|r| / (2^{b−1} − 1).
    Symmetric,
    /// −2^{b−1} … 2^{b−1} − 1 with Z = 0: S = 2 max|r| / (2^b − 1).
    SymmetricFull,
    /// 0 … 2^b − 1 with S = (β − α)/(2^b − 1), the range widened to contain 0.
    Asymmetric,
}

/// The nearest integer, ties to even, of a number below 2³¹ in size: beyond 2⁵² doubles have no fractions, and the last bits of the sum are the integer. Unlike `round_ties_even` it is no call on processors
/// without SSE 4.1, and unlike a cast it looks at no special cases.
#[inline(always)]
pub(crate) fn nearest(value: f64) -> i32 {
    const SHIFT: f64 = 1.5 * (1u64 << 52) as f64;
    (value + SHIFT).to_bits().wrapping_sub(SHIFT.to_bits()) as i32
}

/// The scale of a range without extent, whose only value is 0: any would do.
const SCALE_OF_ZERO: f64 = 1.0;

impl Grid {
    /// The grid of b bits that covers `least` … `largest`.
    ///
    /// A range without extent (all zeros) gets scale 1, so that nothing divides by zero.
    ///
    /// # Errors
    /// Bits outside 1 … 16 (2 … 16 for symmetric layouts), a range that is not finite or is backward.
    pub fn covering(layout: Layout, bits: u32, least: f64, largest: f64) -> Result<Self, Error> {
        let fewest = if layout == Layout::Asymmetric { 1 } else { 2 };
        if !(fewest..=16).contains(&bits) {
            let range = if fewest == 1 { "from 1 to 16" } else { "from 2 to 16 for symmetric grids" };
            return Err(Error::Setting { name: "the number of bits", value: bits.into(), range });
        }
        for value in [least, largest] {
            if !value.is_finite() {
                return Err(Error::Setting { name: "an end of the range", value, range: "finite" });
            }
        }
        if least > largest {
            return Err(Error::Setting {
                name: "the least value",
                value: least,
                range: "at most the largest",
            });
        }
        let half = 1i32 << (bits - 1);
        let magnitude = largest.abs().max(least.abs());
        let or_one = |scale: f64| if scale > 0.0 { scale } else { SCALE_OF_ZERO };
        Ok(match layout {
            Layout::Symmetric => Self {
                scale: or_one(magnitude / f64::from(half - 1)),
                zero_point: 0,
                low: 1 - half,
                high: half - 1,
            },
            Layout::SymmetricFull => Self {
                scale: or_one(2.0 * magnitude / f64::from(2 * half - 1)),
                zero_point: 0,
                low: -half,
                high: half - 1,
            },
            Layout::Asymmetric => {
                let (least, largest) = (least.min(0.0), largest.max(0.0));
                let high = 2 * half - 1;
                let scale = or_one((largest - least) / f64::from(high));
                let zero_point = ((-least / scale).round_ties_even() as i32).clamp(0, high);
                Self { scale, zero_point, low: 0, high }
            }
        })
    }

    /// Checks a grid that comes from elsewhere.
    ///
    /// # Errors
    /// A scale that is not positive and finite, integers beyond 16 bits or in the wrong order, a zero point outside them.
    pub fn check(&self) -> Result<(), Error> {
        if !(self.scale > 0.0 && self.scale.is_finite()) {
            return Err(Error::Setting { name: "a scale", value: self.scale, range: "positive and finite" });
        }
        let sound = -(1 << 16) <= self.low && self.low < self.high && self.high <= 1 << 16;
        if !sound || !(self.low..=self.high).contains(&self.zero_point) {
            let value = self.zero_point.into();
            return Err(Error::Setting {
                name: "a zero point",
                value,
                range: "within its integers, which have 16 bits at most",
            });
        }
        Ok(())
    }

    /// The grid that covers all values: min-max calibration.
    ///
    /// # Errors
    /// As for [`covering`](Self::covering), and for values that are not finite or missing.
    pub fn of_values(layout: Layout, bits: u32, values: &[f64]) -> Result<Self, Error> {
        crate::error::check_finite(values.iter().copied(), "the tensor")?;
        if values.is_empty() {
            return Err(Error::Empty("the tensor".into()));
        }
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self::covering(layout, bits, least, largest)
    }

    /// The integer of a value, by rounding to nearest; of NaN, the least.
    #[inline(always)]
    pub fn quantise(&self, value: f64) -> i32 {
        // Clipped before rounding: the ends are integers, so the result is the same, and rounding becomes two additions.
        nearest(self.clipped(value / self.scale)) + self.zero_point
    }

    /// What is to be rounded, of a value in units of S: within the range, and of NaN the least.
    #[inline(always)]
    pub(crate) fn clipped(&self, scaled: f64) -> f64 {
        let (least, largest) =
            (f64::from(self.low - self.zero_point), f64::from(self.high - self.zero_point));
        // Comparisons that are false for NaN: one instruction each, where `max` and `min` take four.
        let scaled = if scaled > least { scaled } else { least };
        if scaled < largest { scaled } else { largest }
    }

    /// The integer of a value, rounded up with the probability of its fractional part: without bias inside the range, with variance f(1 − f) ≤ ¼ in units of S².
    pub fn quantise_stochastically(&self, value: f64, random: &mut impl Rng) -> i32 {
        let scaled = value / self.scale;
        let down = scaled.floor();
        let rounded = if random.random::<f64>() < scaled - down { down + 1.0 } else { down };
        (rounded + f64::from(self.zero_point)).clamp(f64::from(self.low), f64::from(self.high)) as i32
    }

    /// The value of an integer.
    pub fn value(&self, integer: i32) -> f64 {
        self.scale * f64::from(integer - self.zero_point)
    }

    /// The value that quantising and back gives: *simulated* quantisation.
    pub fn snap(&self, value: f64) -> f64 {
        self.value(self.quantise(value))
    }

    /// Whether a value lies inside the range, where the straight-through estimator passes gradients.
    pub fn contains(&self, value: f64) -> bool {
        let shifted = rounded(value / self.scale) + f64::from(self.zero_point);
        shifted >= f64::from(self.low) && shifted <= f64::from(self.high)
    }

    /// Mean of (r̃ − r)²; 0 for no values.
    pub fn mean_squared_error(&self, values: &[f64]) -> f64 {
        let total: f64 = values.iter().map(|value| (self.snap(*value) - value).powi(2)).sum();
        total / values.len().max(1) as f64
    }

    /// Bits that the integers take.
    pub fn bits(&self) -> u32 {
        let levels = (self.high - self.low + 1) as u32;
        levels.next_power_of_two().trailing_zeros()
    }
}
