//! What goes into an interior-point iteration and what comes out of it.

use ndarray::Array2;

use super::Problem;
use crate::Error;
use crate::dense::scaled_identity;
use crate::scalar::Scalar;

/// When to stop, and where to start.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The difference of the objectives, relative to 1 + their size, that ends the iteration.
    pub gap: f64,
    /// The largest violation of a constraint, relative to 1 + the largest given number, that counts as feasible.
    pub infeasibility: f64,
    /// Iterations at most.
    pub iterations: usize,
    /// X and Y start as this multiple of the identity.
    pub start: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { gap: 1e-9, infeasibility: 1e-15, iterations: 300, start: 1e3 }
    }
}

impl Settings {
    /// Checks the ranges.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] for a number that is not positive and finite, and for tolerances of 1 or more.
    pub fn validate(&self) -> Result<(), Error> {
        for (name, value) in [("gap", self.gap), ("infeasibility", self.infeasibility), ("start", self.start)]
        {
            if !(value > 0.0 && value.is_finite() && (name == "start" || value < 1.0)) {
                return Err(Error::Setting {
                    name,
                    value,
                    expected: if name == "start" { "a positive number" } else { "a number between 0 and 1" },
                });
            }
        }
        Ok(())
    }
}

/// How an iteration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Feasible on both sides, with the gap asked for.
    Optimal,
    /// x nearly proves that no Y exists: −Σ x_i A_i is nearly positive semidefinite, Bᵀx nearly 0 and b·x = 1.
    PrimalInfeasible,
    /// Y and z nearly prove that no x exists, so that the primal is unbounded if feasible.
    DualInfeasible,
    /// A factorisation failed, steps vanished or residuals grew: the precision does not suffice.
    Breakdown,
    /// The iterations ran out.
    IterationLimit,
    /// The observer asked to stop.
    Stopped,
}

impl Status {
    /// The status in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Optimal => "optimal",
            Self::PrimalInfeasible => "primal infeasible",
            Self::DualInfeasible => "dual infeasible, so the primal is infeasible or unbounded",
            Self::Breakdown => "the precision does not suffice",
            Self::IterationLimit => "the iterations ran out",
            Self::Stopped => "stopped",
        }
    }
}

/// The variables of both problems.
#[derive(Clone, Debug)]
pub struct Iterate<T> {
    /// The multipliers of the constraints.
    pub x: Vec<T>,
    /// The free variables.
    pub z: Vec<T>,
    /// The slack matrices X_b.
    pub slack: Vec<Array2<T>>,
    /// The matrix variables Y_b.
    pub matrices: Vec<Array2<T>>,
    /// Iterations made so far.
    pub iteration: usize,
}

impl<T: Scalar> Iterate<T> {
    /// X = Y = `scale` times the identity, x = z = 0.
    pub fn start(problem: &Problem<T>, scale: f64) -> Self {
        let identities: Vec<Array2<T>> =
            problem.blocks.iter().map(|block| scaled_identity(block.size(), T::from_f64(scale))).collect();
        Self {
            x: vec![T::zero(); problem.constraints()],
            z: vec![T::zero(); problem.free_cost.len()],
            slack: identities.clone(),
            matrices: identities,
            iteration: 0,
        }
    }
}

/// What an iteration reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Iterations made.
    pub iteration: usize,
    /// The primal objective.
    pub primal: f64,
    /// The dual objective.
    pub dual: f64,
    /// Their difference, relative to 1 + their size.
    pub gap: f64,
    /// The largest violation of a primal constraint, relative to 1 + the largest right-hand side.
    pub primal_infeasibility: f64,
    /// The largest violation of a dual constraint, relative to 1 + the largest cost.
    pub dual_infeasibility: f64,
    /// The mean of the eigenvalues of XY.
    pub barrier: f64,
    /// The primal and the dual step that led here.
    pub steps: (f64, f64),
    /// Bits of the arithmetic.
    pub bits: usize,
}

/// Where an iteration ended.
#[derive(Clone, Debug)]
pub struct Solution<T> {
    /// The last iterate, with positive definite matrices.
    pub iterate: Iterate<T>,
    /// The primal objective there, in full precision.
    pub primal: T,
    /// Its measures.
    pub progress: Progress,
    /// How it ended.
    pub status: Status,
}
