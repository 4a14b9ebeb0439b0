//! Functions with known means over the unit square.

use serde::{Deserialize, Serialize};

/// A function on the unit square.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Integrand {
    /// 1 within distance 1 of the origin, else 0; mean π/4.
    QuarterDisc,
    /// x y; mean 1/4.
    Product,
}

/// All of them with their names.
pub const INTEGRANDS: [(Integrand, &str); 2] =
    [(Integrand::QuarterDisc, "quarter disc"), (Integrand::Product, "product")];

impl Integrand {
    /// f(x, y).
    pub fn value(self, x: f64, y: f64) -> f64 {
        match self {
            Self::QuarterDisc => f64::from(u8::from(x * x + y * y < 1.0)),
            Self::Product => x * y,
        }
    }

    /// The mean over the unit square, exactly.
    pub fn mean(self) -> f64 {
        match self {
            Self::QuarterDisc => std::f64::consts::FRAC_PI_4,
            Self::Product => 0.25,
        }
    }
}
