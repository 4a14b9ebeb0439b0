//! The experiments: the bounds in every dimension, what a three-point bound depends on, the game and its players, and the solver.
//!
//! The paper's text was not at hand. Settings are those of its abstract, its reviews and the three-point paper's summaries; sizes are ours.

pub mod degree;
pub mod game;
pub mod geometry;
pub mod precision;
pub mod records;
pub mod roots;
pub mod solver_time;
pub mod sums_of_squares;
pub mod two_point;

pub use degree::Degree;
pub use game::Players;
pub use geometry::GeometryScan;
pub use precision::PrecisionNeeded;
pub use records::Records;
pub use roots::RootConvergence;
pub use solver_time::SolverTime;
pub use sums_of_squares::SumsOfSquares;
pub use two_point::TwoPointTable;

use crate::Error;
use crate::semidefinite::precision::{Outcome, Plan, Precision, solve};
use crate::three_point::multiplier::Multiplier;
use crate::three_point::{Certified, Harmonics, Parameters, ThreePointBound};

/// The programme with the usual multipliers and the kernel's width 1.
fn usual(
    dimension: usize,
    degree: usize,
    radial_degree: usize,
    radius: f64,
    truncation: f64,
    harmonics: Harmonics,
) -> Parameters {
    Parameters {
        dimension,
        degree,
        radial_degree,
        radius,
        truncation,
        width: 1.0,
        harmonics,
        multipliers: Multiplier::usual(degree),
    }
}

/// Solves to a relative gap of 10⁻⁹, from double-double on.
fn solved(parameters: Parameters) -> Result<Outcome<Certified>, Error> {
    let plan = Plan { to: Precision::Bits384, ..Plan::default() };
    Ok(solve(&ThreePointBound::new(parameters)?, &plan, &mut |_| true)?)
}
