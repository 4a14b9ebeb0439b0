//! Certificates: files from which a bound follows by exact arithmetic, and their checker.
//!
//! The checker computes with integers and fractions only and uses none of the solvers' arithmetic. A certificate holds the function that
//! proves a bound, in binary fractions; the theorem's conditions on it become statements about polynomials with integer
//! coefficients, which are decided exactly. The only numbers that are enclosed are π, a root and exponentials, in the direction that keeps the bound true.

pub mod dyadic;
pub mod enclosure;
mod gram;
pub mod polynomial;
pub mod three_point;
pub mod trivariate;
pub mod two_point;

pub use dyadic::Dyadic;

use num_rational::BigRational;
use num_traits::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::Error;

/// The first field of every file.
pub const FORMAT: &str = "sphere-packing certificate 1";

/// A file's content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// [`FORMAT`].
    pub format: String,
    /// What proves the bound.
    #[serde(flatten)]
    pub certificate: Certificate,
}

/// What proves a bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
// One exists at a time.
#[allow(clippy::large_enum_variant)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Certificate {
    /// A function of Cohn and Elkies' theorem.
    TwoPoint(two_point::TwoPoint),
    /// A function and a kernel of the truncated three-point theorem.
    ThreePoint(three_point::ThreePoint),
}

/// What a certificate proves: no packing of spheres in this dimension is denser.
#[derive(Clone, Debug, PartialEq)]
pub struct Proven {
    /// n.
    pub dimension: usize,
    /// An upper bound of the density, exactly.
    pub bound: BigRational,
}

impl Proven {
    /// The bound as a decimal, rounded up to `digits` digits.
    pub fn decimal(&self, digits: usize) -> String {
        enclosure::decimal_from_above(&self.bound, digits)
    }

    /// The bound as an `f64` that is not below it.
    pub fn to_f64(&self) -> f64 {
        self.bound.to_f64().map_or(f64::NAN, f64::next_up)
    }
}

impl Certificate {
    /// Checks every condition of the theorem.
    ///
    /// # Errors
    ///
    /// [`Error::Certificate`] with the first condition that does not hold.
    pub fn check(&self) -> Result<Proven, Error> {
        match self {
            Self::TwoPoint(certificate) => certificate.check(),
            Self::ThreePoint(certificate) => certificate.check(),
        }
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        let file = File { format: FORMAT.into(), certificate: self.clone() };
        serde_json::to_string_pretty(&file).expect("a certificate has no keys that JSON lacks") + "\n"
    }

    /// Reads a file's text.
    ///
    /// # Errors
    ///
    /// [`Error::NoCertificate`] if it is none.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let file: File =
            serde_json::from_str(text).map_err(|error| Error::NoCertificate(error.to_string()))?;
        if file.format != FORMAT {
            return Err(Error::NoCertificate(format!("its format is \"{}\", not \"{FORMAT}\"", file.format)));
        }
        Ok(file.certificate)
    }
}

/// Refuses what does not hold.
fn require(holds: bool, condition: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Certificate(condition.to_owned())) }
}
