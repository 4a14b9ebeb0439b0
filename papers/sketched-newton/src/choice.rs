//! Inner solvers by name, for programs.

use std::fmt;
use std::str::FromStr;

use crate::direct::Direct;
use crate::inner::InnerSolver;
use crate::krylov::{Gmres, Minres};
use crate::sketch::{Kind, Sampling, Sketch};

/// An inner solver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// A random projection.
    Sketch(Kind),
    /// GMRES with restarts; without, as long as the system is.
    Gmres(Option<usize>),
    /// MINRES.
    Minres,
    /// L D Lᵀ.
    Direct,
}

/// A name that is no solver's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected gaussian, kaczmarz, kaczmarz:norms, kaczmarz:shuffled, block:ROWS, count:BUCKETS, gmres, gmres:RESTART, minres or ldl"
)]
pub struct UnknownSolver;

impl Choice {
    /// The solver, with a random stream of its own.
    pub fn solver(self, seed: u64) -> Box<dyn InnerSolver> {
        match self {
            Self::Sketch(kind) => Box::new(Sketch::new(kind, seed)),
            Self::Gmres(restart) => Box::new(Gmres { restart: restart.unwrap_or(usize::MAX) }),
            Self::Minres => Box::new(Minres),
            Self::Direct => Box::new(Direct::new()),
        }
    }

    /// Whether it works for symmetric matrices only.
    pub fn needs_symmetry(self) -> bool {
        matches!(self, Self::Minres | Self::Direct)
    }
}

impl FromStr for Choice {
    type Err = UnknownSolver;

    fn from_str(name: &str) -> Result<Self, UnknownSolver> {
        let (kind, size) = name.split_once(':').map_or((name, None), |(kind, size)| (kind, Some(size)));
        let number =
            || size.and_then(|size| size.parse::<usize>().ok()).filter(|size| *size > 0).ok_or(UnknownSolver);
        match (kind, size) {
            ("gaussian", None) => Ok(Self::Sketch(Kind::Gaussian)),
            ("kaczmarz", None) => Ok(Self::Sketch(Kind::Kaczmarz(Sampling::Uniform))),
            ("kaczmarz", Some("norms")) => Ok(Self::Sketch(Kind::Kaczmarz(Sampling::SquaredNorm))),
            ("kaczmarz", Some("shuffled")) => Ok(Self::Sketch(Kind::Kaczmarz(Sampling::Shuffled))),
            ("block", Some(_)) => Ok(Self::Sketch(Kind::Block(number()?))),
            ("count", Some(_)) => Ok(Self::Sketch(Kind::Count(number()?))),
            ("gmres", None) => Ok(Self::Gmres(None)),
            ("gmres", Some(_)) => Ok(Self::Gmres(Some(number()?))),
            ("minres", None) => Ok(Self::Minres),
            ("ldl", None) => Ok(Self::Direct),
            _ => Err(UnknownSolver),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sketch(Kind::Gaussian) => write!(formatter, "gaussian"),
            Self::Sketch(Kind::Kaczmarz(Sampling::Uniform)) => write!(formatter, "kaczmarz"),
            Self::Sketch(Kind::Kaczmarz(Sampling::SquaredNorm)) => write!(formatter, "kaczmarz:norms"),
            Self::Sketch(Kind::Kaczmarz(Sampling::Shuffled)) => write!(formatter, "kaczmarz:shuffled"),
            Self::Sketch(Kind::Block(rows)) => write!(formatter, "block:{rows}"),
            Self::Sketch(Kind::Count(buckets)) => write!(formatter, "count:{buckets}"),
            Self::Gmres(None) => write!(formatter, "gmres"),
            Self::Gmres(Some(restart)) => write!(formatter, "gmres:{restart}"),
            Self::Minres => write!(formatter, "minres"),
            Self::Direct => write!(formatter, "ldl"),
        }
    }
}
