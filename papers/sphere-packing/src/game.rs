//! The SDP game: which programme gives the best bound, played with few evaluations.
//!
//! # The game
//!
//! A *state* is a choice of geometry, (r, R) and the kernel's width ρ, and a set of multipliers, the polynomial building blocks of
//! the third condition. A multiplier is assembled token by token from [base polynomials](crate::three_point::multiplier::Base): append a factor,
//! close the product, or stop. The *reward* of a state is minus the bound of its programme, solved, rounded and checked.
//!
//! The players are those of the paper: Bayesian optimisation proposes the geometry by expected improvement over a
//! Gaussian process ([`gaussian_process`]), Monte Carlo tree search the multipliers ([`tree`]), with the process as its model, so that only the
//! states it ends with are solved ([`play`]).
//!
//! # What is a reconstruction
//!
//! The paper's text was not at hand. That continuous parameters are proposed by Bayesian optimisation and polynomials built token by token by
//! tree search, in alternation and with a shared surrogate, is from its abstract and from reviews; the base polynomials, the
//! kernel functions, the acquisition, the constants of the tree search and the length of rollouts are ours.
//!
//! Beyond the paper: every reward is a proven bound. The inner loop rounds each solution to a certificate and checks it exactly.

pub mod gaussian_process;
pub mod play;
pub mod store;
pub mod surrogate;
pub mod tree;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::semidefinite::precision::{Plan, Precision, solve};
use crate::three_point::multiplier::Multiplier;
use crate::three_point::{Certified, Harmonics, Parameters, ThreePointBound};
use crate::two_point::Roots;

/// What all states of a game share.
#[derive(Clone, Debug, PartialEq)]
pub struct Game {
    /// n.
    pub dimension: usize,
    /// d, the kernel's degree.
    pub degree: usize,
    /// Half the degree of f.
    pub radial_degree: usize,
    /// The kernel's harmonics.
    pub harmonics: Harmonics,
    /// r_1 of the two-point bound of the same degree, the unit of the geometry.
    unit: f64,
}

/// The most multipliers besides 1, and the most factors of one.
pub const MOST_MULTIPLIERS: usize = 5;
/// The most factors of one multiplier.
pub const MOST_FACTORS: usize = 4;

/// A point of the geometry, each coordinate in [0, 1]: r from 0.85 to 1.15 times the two-point bound's, R/r from 1.1 to 1.9, ρ from 0 to 1.6.
pub type Geometry = [f64; 3];

/// A choice of programme.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Radii and width.
    pub geometry: Geometry,
    /// Multipliers besides 1, ascending.
    pub multipliers: Vec<Multiplier>,
}

impl State {
    /// A state with its multipliers in order, each once.
    pub fn new(geometry: Geometry, mut multipliers: Vec<Multiplier>) -> Self {
        multipliers.retain(|multiplier| !multiplier.is_one());
        multipliers.sort();
        multipliers.dedup();
        Self { geometry, multipliers }
    }
}

/// What solving a state gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The proven bound, if the programme converged and its certificate holds.
    pub bound: Option<f64>,
    /// Why there is none.
    pub fault: Option<String>,
    /// Iterations of the solver.
    pub iterations: usize,
    /// Bits of the arithmetic that it ended in.
    pub bits: usize,
}

impl Game {
    /// A game; the two-point bound of the same degree is found for its unit.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] for degrees outside their ranges.
    pub fn new(
        dimension: usize,
        degree: usize,
        radial_degree: usize,
        harmonics: Harmonics,
    ) -> Result<Self, Error> {
        // 4N − 1 = 2 d2 + 1, and enough roots for the radius to be near its limit.
        let unit = Roots::with(dimension, radial_degree.div_ceil(2).clamp(1, 8))?.radius();
        let game = Self { dimension, degree, radial_degree, harmonics, unit };
        game.parameters(&game.default_state()).validate()?;
        if degree == 0 {
            return Err(Error::Setting { name: "degree", value: 0.0, expected: "1 to 20 for a game" });
        }
        Ok(game)
    }

    /// Where players start, the defaults of `bound`: the two-point bound's radius, R/r = 1.3, the kernel with f's Gaussian, the [usual
    /// multipliers](Multiplier::usual).
    pub fn default_state(&self) -> State {
        State::new([0.5, 0.25, 1.0 / 1.6], Multiplier::usual(self.degree))
    }

    /// The programme of a state.
    pub fn parameters(&self, state: &State) -> Parameters {
        let [radius, ratio, width] = state.geometry;
        let radius = self.unit * (0.85 + 0.3 * radius);
        Parameters {
            dimension: self.dimension,
            degree: self.degree,
            radial_degree: self.radial_degree,
            radius,
            truncation: radius * (1.1 + 0.8 * ratio),
            width: 1.6 * width,
            harmonics: self.harmonics,
            multipliers: std::iter::once(Multiplier::one())
                .chain(state.multipliers.iter().cloned())
                .collect(),
        }
    }

    /// Solves and proves a state's bound, to a relative gap of 10⁻⁷ in at most 256 bits; the certificate too, where there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Multiplier`] for multipliers of too high a degree.
    pub fn evaluate(&self, state: &State) -> Result<(Evaluation, Option<Certified>), Error> {
        let programme = match ThreePointBound::new(self.parameters(state)) {
            Ok(programme) => programme,
            Err(Error::NotConverged(fault)) => {
                return Ok((Evaluation { bound: None, fault: Some(fault), iterations: 0, bits: 0 }, None));
            }
            Err(other) => return Err(other),
        };
        let mut plan = Plan { to: Precision::Bits256, ..Plan::default() };
        plan.settings.gap = 1e-7;
        plan.settings.infeasibility = 1e-15;
        let outcome = solve(&programme, &plan, &mut |_| true)?;
        let (iterations, bits) = (outcome.iterations(), outcome.last().precision.bits());
        Ok(match outcome.output {
            Ok(certified) => (
                Evaluation { bound: Some(certified.proven.to_f64()), fault: None, iterations, bits },
                Some(certified),
            ),
            Err(fault) => {
                (Evaluation { bound: None, fault: Some(fault.to_string()), iterations, bits }, None)
            }
        })
    }
}
