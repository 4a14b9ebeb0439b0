//! What people run on their own data and problems.

use clap::Subcommand;

mod gradient;
mod select;
mod solve;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Chooses a ridge weight for each feature on validation data
    Select(select::Select),
    /// Computes ψ, ψ_σ and their gradients at a point of a problem in a file
    Gradient(gradient::Gradient),
    /// Runs a method on a problem in a file
    Solve(solve::Solve),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Select(select) => select.run(),
            Self::Gradient(gradient) => gradient.run(),
            Self::Solve(solve) => solve.run(),
        }
    }
}
