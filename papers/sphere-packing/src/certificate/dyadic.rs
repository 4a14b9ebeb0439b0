//! Binary fractions: integers times powers of two, the numbers that certificates are made of.

use std::fmt;
use std::str::FromStr;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Num, One, Signed, ToPrimitive, Zero};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scalar::{Scalar, parts};

/// Exponents, and hexadecimal digits of mantissas, beyond these are taken for damage: computing with them would exhaust memory.
const LARGEST_EXPONENT: u64 = 12_000;
const MOST_DIGITS: usize = 4_000;

/// `mantissa` · 2^`exponent`, written "-3f0p-12" with a hexadecimal mantissa.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dyadic {
    /// Any integer.
    pub mantissa: BigInt,
    /// Of either sign.
    pub exponent: i64,
}

impl Dyadic {
    /// The integer `value`.
    pub fn integer(value: i64) -> Self {
        Self { mantissa: value.into(), exponent: 0 }
    }

    /// The number `value`, exactly; zero if it is not finite.
    pub fn from_f64(value: f64) -> Self {
        let Some(ratio) = BigRational::from_float(value) else { return Self::integer(0) };
        let exponent = 1 - ratio.denom().bits() as i64;
        Self { mantissa: ratio.numer().clone(), exponent }
    }

    /// A scalar of any precision, exactly.
    pub fn exact<T: Scalar>(value: T) -> Self {
        parts(value).fold(Self::integer(0), |sum, part| sum.plus(&Self::from_f64(part)))
    }

    /// The multiple of 2^`exponent` just below or at the number.
    pub fn rounded_down(&self, exponent: i64) -> Self {
        if self.exponent >= exponent {
            return self.clone();
        }
        Self { mantissa: &self.mantissa >> (exponent - self.exponent) as u64, exponent }
    }

    /// The multiple of 2^`exponent` just above or at the number.
    pub fn rounded_up(&self, exponent: i64) -> Self {
        self.negated().rounded_down(exponent).negated()
    }

    /// The number with its mantissa cut to `bits` bits.
    pub fn shortened(&self, bits: u64) -> Self {
        let surplus = self.mantissa.bits().saturating_sub(bits);
        self.rounded_down(self.exponent + surplus as i64)
    }

    /// The sum.
    pub fn plus(&self, other: &Self) -> Self {
        let exponent = self.exponent.min(other.exponent);
        Self { mantissa: self.at(exponent) + other.at(exponent), exponent }
    }

    /// The product.
    pub fn times(&self, other: &Self) -> Self {
        Self { mantissa: &self.mantissa * &other.mantissa, exponent: self.exponent + other.exponent }
    }

    /// The number with the other sign.
    pub fn negated(&self) -> Self {
        Self { mantissa: -&self.mantissa, exponent: self.exponent }
    }

    /// The absolute value.
    pub fn absolute(&self) -> Self {
        Self { mantissa: self.mantissa.abs(), exponent: self.exponent }
    }

    /// Whether the number is smaller than another.
    pub fn is_below(&self, other: &Self) -> bool {
        other.plus(&self.negated()).is_positive()
    }

    /// The mantissa at an exponent that is not larger than the number's.
    pub fn at(&self, exponent: i64) -> BigInt {
        &self.mantissa << (self.exponent - exponent) as u64
    }

    /// Whether the number is above zero.
    pub fn is_positive(&self) -> bool {
        self.mantissa.is_positive()
    }

    /// The number as a fraction.
    pub fn rational(&self) -> BigRational {
        let power = BigInt::one() << self.exponent.unsigned_abs();
        if self.exponent < 0 {
            BigRational::new(self.mantissa.clone(), power)
        } else {
            BigRational::from(&self.mantissa * power)
        }
    }

    /// The nearest `f64` or its neighbour.
    pub fn to_f64(&self) -> f64 {
        self.rational().to_f64().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Dyadic {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        // Trailing zeros go into the exponent.
        let zeros = self.mantissa.trailing_zeros().unwrap_or(0);
        let exponent = if self.mantissa.is_zero() { 0 } else { self.exponent + zeros as i64 };
        write!(formatter, "{}p{exponent}", (&self.mantissa >> zeros).to_str_radix(16))
    }
}

impl FromStr for Dyadic {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = || format!("\"{}\" is no binary fraction", text.chars().take(40).collect::<String>());
        let (mantissa, exponent) = text.split_once('p').ok_or_else(fault)?;
        if mantissa.len() > MOST_DIGITS || mantissa.starts_with('+') || mantissa.contains('_') {
            return Err(fault());
        }
        let mantissa = BigInt::from_str_radix(mantissa, 16).map_err(|_| fault())?;
        let exponent: i64 = exponent.parse().map_err(|_| fault())?;
        if exponent.unsigned_abs() > LARGEST_EXPONENT {
            return Err(fault());
        }
        Ok(Self { mantissa, exponent })
    }
}

impl Serialize for Dyadic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Dyadic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
