//! The arithmetics by name.

use serde::{Deserialize, Serialize};

/// The arithmetics to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Precision {
    /// `f64`, 53 bits.
    Double,
    /// Two `f64`, 106 bits.
    DoubleDouble,
    /// 192 bits.
    Bits192,
    /// 256 bits.
    Bits256,
    /// 384 bits.
    Bits384,
    /// 512 bits.
    Bits512,
}

impl Precision {
    /// All of them, ascending.
    pub const ALL: [Self; 6] =
        [Self::Double, Self::DoubleDouble, Self::Bits192, Self::Bits256, Self::Bits384, Self::Bits512];

    /// Bits of the mantissa.
    pub fn bits(self) -> usize {
        match self {
            Self::Double => 53,
            Self::DoubleDouble => 106,
            Self::Bits192 => 192,
            Self::Bits256 => 256,
            Self::Bits384 => 384,
            Self::Bits512 => 512,
        }
    }

    /// The shortest with at least `bits` bits.
    pub fn at_least(bits: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|precision| precision.bits() >= bits)
    }
}
