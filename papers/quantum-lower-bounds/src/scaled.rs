//! From the chain to the hardest function of a class: smoothness of order p, distance to the minimum, accuracy.
//!
//! f(x) = (L λᵖ⁺¹/ℓ) F(x/λ) with λ = (ℓε/L)^(1/p) has an L-Lipschitz p-th derivative and |∇f| > ε until the last column is found. With f(0) − inf f ≤ Δ it can have
//! T = ⌊(Δ/12)(L/ℓ)^(1/p) ε^(−(1+p)/p)⌋ columns, and T + 1 queries are needed by a method that only moves where it has seen a gradient.

use crate::chain::Chain;
use crate::constants::{CERTIFIED_LIPSCHITZ, GAP, LITERATURE_GAP, LITERATURE_LIPSCHITZ, lipschitz};
use crate::scalars::SLOPE_LIMIT;

/// A scaled chain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaled {
    /// The chain.
    pub chain: Chain,
    /// λ.
    pub scale: f64,
    /// L λᵖ⁺¹/ℓ.
    pub factor: f64,
    /// ε.
    pub epsilon: f64,
}

/// Which constants are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constants {
    /// 12 T for the gap, and 152 for p = 1.
    Literature,
    /// The exact gap, and the suprema of this crate.
    Sharp,
}

/// What no chain fits.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ScalingError {
    /// A number outside its range.
    #[error("{name} is {value}, expected {expected}")]
    Range {
        /// Which.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// Not even one column.
    #[error("with these numbers the gap leaves room for no column: take a smaller epsilon, or a larger gap")]
    TooEasy,
    /// More columns than fit anywhere.
    #[error(
        "the chain would have {0:.1e} columns, at most 1e8 are possible: take a larger epsilon or Lipschitz constant, or a smaller gap"
    )]
    TooLong(f64),
}

impl Scaled {
    /// The longest chain of order p = 1, 2, 3 with f(0) − inf f ≤ `gap`, an L-Lipschitz p-th derivative, and |∇f| > ε before the end.
    ///
    /// # Errors
    /// For numbers that are not positive, another order, and chains that are too short or too long.
    pub fn hardest(
        order: usize,
        gap: f64,
        smoothness: f64,
        epsilon: f64,
        constants: Constants,
    ) -> Result<Self, ScalingError> {
        for (name, value) in [("the gap", gap), ("the Lipschitz constant", smoothness), ("epsilon", epsilon)]
        {
            if !(value > 0.0 && value.is_finite()) {
                return Err(ScalingError::Range { name, value, expected: "a positive number" });
            }
        }
        if !(1..=3).contains(&order) {
            return Err(ScalingError::Range {
                name: "the order",
                value: order as f64,
                expected: "1, 2 or 3",
            });
        }
        let inverse = 1.0 / order as f64;
        let constant = match constants {
            Constants::Literature if order == 1 => LITERATURE_LIPSCHITZ,
            Constants::Sharp if order == 1 => CERTIFIED_LIPSCHITZ,
            _ => lipschitz(order),
        };
        let scale = (constant * epsilon / smoothness).powf(inverse);
        // L λᵖ⁺¹/ℓ = ελ.
        let factor = epsilon * scale;
        let columns = match constants {
            Constants::Literature => gap / (LITERATURE_GAP * factor),
            Constants::Sharp => (gap / factor - 0.5 * SLOPE_LIMIT) / GAP + 1.0,
        };
        if columns < 1.0 {
            return Err(ScalingError::TooEasy);
        }
        if columns > 1e8 {
            return Err(ScalingError::TooLong(columns));
        }
        Ok(Self { chain: Chain::new(columns as usize), scale, factor, epsilon })
    }

    /// T + 1: queries that every method needs which moves only where it has seen a gradient.
    pub fn least_queries(&self) -> usize {
        self.chain.length() + 1
    }

    /// f(x), and ∇f(x) into `gradient`.
    pub fn gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let scaled: Vec<f64> = x.iter().map(|x| x / self.scale).collect();
        let value = self.chain.gradient(&scaled, gradient);
        gradient.iter_mut().for_each(|g| *g *= self.epsilon);
        self.factor * value
    }

    /// Bands of ∇²f(x).
    pub fn hessian(&self, x: &[f64], diagonal: &mut [f64], beside: &mut [f64]) {
        let scaled: Vec<f64> = x.iter().map(|x| x / self.scale).collect();
        self.chain.hessian(&scaled, diagonal, beside);
        diagonal.iter_mut().chain(beside).for_each(|h| *h *= self.epsilon / self.scale);
    }
}
