//! Certificates of the two-point bound.

use num_bigint::BigInt;
use num_traits::Signed;
use serde::{Deserialize, Serialize};

use super::dyadic::Dyadic;
use super::polynomial::{Polynomial, laguerre, laguerre_at_zero};
use super::{Proven, enclosure, require};
use crate::Error;

/// The function f(x) = p(2π|x|²) e^(−π|x|²) of Cohn and Elkies' theorem.
///
/// With M_k = k! 2^k L_k^{n/2−1}, an integer polynomial, p = Σ a_k M_k and the transform has q = Σ (−1)^k a_k M_k. Proved are p < 0 from
/// `square` on and q > 0 from 0 on, hence the bound vol(B_{r/2}) p(0)/q(0) with 2π r² = `square`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwoPoint {
    /// n.
    pub dimension: usize,
    /// 2π r².
    pub square: Dyadic,
    /// a_0, a_1, …
    pub coefficients: Vec<Dyadic>,
}

/// The largest dimension and the most coefficients that are checked.
pub(super) const LARGEST: usize = 400;

/// Whether 2πr² lies in a range beyond which no radius is of use, but numbers become too long to compute with.
pub(super) fn is_moderate(square: &Dyadic) -> bool {
    let limit = |exponent: i64| Dyadic { mantissa: 1.into(), exponent };
    square.plus(&limit(-20).negated()).is_positive() && limit(20).plus(&square.negated()).is_positive()
}

/// Σ a_k M_k and Σ (−1)^k a_k M_k.
pub(super) fn function_and_transform(dimension: usize, coefficients: &[Dyadic]) -> (Polynomial, Polynomial) {
    let zero = Polynomial::constant(&Dyadic::integer(0));
    let (mut function, mut transform) = (zero.clone(), zero);
    for (k, (member, coefficient)) in
        laguerre(dimension, coefficients.len().saturating_sub(1)).iter().zip(coefficients).enumerate()
    {
        let part = member.scaled(coefficient);
        function = function.plus(&part);
        transform = transform.plus(&if k % 2 == 0 { part } else { member.scaled(&coefficient.negated()) });
    }
    (function, transform)
}

impl TwoPoint {
    /// The certificate of a function Σ c_k ℓ_k with ℓ_k(0) = 1, its coefficients relative to M_k cut to `bits` bits.
    pub fn new(dimension: usize, square: Dyadic, normalised: &[Dyadic], bits: u64) -> Self {
        let coefficients = normalised.iter().enumerate().map(|(k, coefficient)| {
            let divisor = laguerre_at_zero(dimension, k);
            let spare = divisor.bits() + bits;
            let mantissa: BigInt = (&coefficient.mantissa << spare) / divisor;
            Dyadic { mantissa, exponent: coefficient.exponent - spare as i64 }.shortened(bits)
        });
        Self { dimension, square, coefficients: coefficients.collect() }
    }

    /// Checks the conditions.
    pub(super) fn check(&self) -> Result<Proven, Error> {
        require((1..=LARGEST).contains(&self.dimension), "the dimension must lie between 1 and 400")?;
        require(
            (1..=LARGEST).contains(&self.coefficients.len()),
            "f must have between 1 and 400 coefficients",
        )?;
        require(is_moderate(&self.square), "the radius is out of range")?;
        let (function, transform) = function_and_transform(self.dimension, &self.coefficients);
        require(transform.is_positive_from(&Dyadic::integer(0)), "the transform is not positive everywhere")?;
        require(
            function.scaled(&Dyadic::integer(-1)).is_positive_from(&self.square),
            "the function is not negative from the radius on",
        )?;
        let ratio = function.at_zero().rational() / transform.at_zero().rational();
        require(ratio.is_positive(), "the function is not positive at the origin")?;
        Ok(Proven {
            dimension: self.dimension,
            bound: enclosure::ball_volume_from_above(self.dimension, &self.square) * ratio,
        })
    }
}
