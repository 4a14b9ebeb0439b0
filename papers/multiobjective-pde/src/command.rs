//! What people run on their own problems.

use clap::Subcommand;

mod cover;
mod descend;
mod front;
mod indicator;
mod path;
mod problem;
mod reduce;
mod state;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Solves −Δy + κ max(0, y) = b on a square
    State(state::State),
    /// Points of a front of an optimal control problem, with what is proven of them
    Front(front::Front),
    /// Descends for several objectives that are maxima of formulas
    Descend(descend::Descend),
    /// Covers the critical set of objectives by boxes
    Cover(cover::CoverCommand),
    /// The lasso's path, exactly
    Path(path::PathCommand),
    /// Volume, gaps and dominated points of a front
    Indicator(indicator::Indicator),
    /// A reduced basis for states of a problem with several controls, with its bound
    Reduce(reduce::Reduce),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::State(state) => state.run(),
            Self::Front(front) => front.run(),
            Self::Descend(descend) => descend.run(),
            Self::Cover(cover) => cover.run(),
            Self::Path(path) => path.run(),
            Self::Indicator(indicator) => indicator.run(),
            Self::Reduce(reduce) => reduce.run(),
        }
    }
}
