//! What people run on their own equations.

use clap::Subcommand;
use lab::arguments::usage;

mod certify;
mod data;
mod grow;
mod network;
mod norm;
mod solve;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Solves a variational problem of a file, with a bound of the error
    Solve(solve::Solve),
    /// Follows Barron norms along exact iterates of the flow
    Grow(grow::Grow),
    /// Barron norms of a function
    Norm(norm::Norm),
    /// A two-layer network for a function, its error known beforehand
    Network(network::NetworkCommand),
    /// Proves how far a function is from a problem's solution
    Certify(certify::Certify),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Solve(solve) => solve.run(),
            Self::Grow(grow) => grow.run(),
            Self::Norm(norm) => norm.run(),
            Self::Network(network) => network.run(),
            Self::Certify(certify) => certify.run(),
        }
    }
}
