//! The regulariser (γ/2) ‖t‖² on columns t with at most k nonzeros, and what all solvers reject.

use numerics::lbfgs::LbfgsError;
use thiserror::Error;

/// Ω(t) = (γ/2) ‖t‖² if ‖t‖₀ ≤ k, +∞ otherwise, for every column t of a plan (Liu, Puigcerver
/// and Blondel 2023).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regulariser {
    /// Most nonzeros of a column, at least 1. Values above the number m of rows mean m, which is
    /// no constraint.
    pub k: usize,
    /// Strength, positive, in units of cost per mass.
    pub gamma: f64,
}

impl Regulariser {
    /// The regulariser of strength `gamma` on columns with at most `k` nonzeros.
    pub fn new(k: usize, gamma: f64) -> Self {
        Self { k, gamma }
    }

    /// Itself with k at most `rows`.
    ///
    /// # Errors
    ///
    /// k = 0; a strength that is not positive and finite.
    pub(crate) fn checked(self, rows: usize) -> Result<Self, SolverError> {
        if self.k == 0 {
            return Err(SolverError::NoNonzeros);
        }
        if !(self.gamma > 0.0 && self.gamma.is_finite()) {
            return Err(SolverError::Gamma(self.gamma));
        }
        Ok(Self { k: self.k.min(rows), ..self })
    }
}

/// Why a solver did not start. What happens later is told by the reason for stopping in its result.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum SolverError {
    /// k = 0 allows no mass at all.
    #[error("k is 0; every column needs at least one nonzero")]
    NoNonzeros,
    /// The strength γ is not positive and finite.
    #[error("gamma is {0}; it must be positive and finite")]
    Gamma(f64),
    /// Potentials of the wrong length.
    #[error("{found} potentials for {expected} {side}")]
    PotentialLength {
        /// `rows` or `columns`.
        side: &'static str,
        /// The length needed.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A potential is NaN or infinite.
    #[error("potential {index} of the {side} is {value}; potentials must be finite")]
    Potential {
        /// `rows` or `columns`.
        side: &'static str,
        /// Its index.
        index: usize,
        /// Its value.
        value: f64,
    },
    /// A setting is outside its range.
    #[error("option {option} is {value}; it must be {range}")]
    Option {
        /// Name of the field.
        option: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        range: &'static str,
    },
    /// The settings of L-BFGS are out of range.
    #[error(transparent)]
    Ascent(#[from] LbfgsError),
}

/// Potentials must be as many as rows or columns, and finite.
pub(crate) fn check_potentials(
    side: &'static str,
    potentials: &[f64],
    expected: usize,
) -> Result<(), SolverError> {
    if potentials.len() != expected {
        return Err(SolverError::PotentialLength { side, expected, found: potentials.len() });
    }
    match potentials.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(SolverError::Potential { side, index, value: potentials[index] }),
        None => Ok(()),
    }
}
