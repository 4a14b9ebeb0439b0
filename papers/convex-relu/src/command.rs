//! What people run on their own data.

use clap::Subcommand;

mod certify;
mod data;
mod patterns;
mod robust;
mod train;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Trains a network, with a proof of how far it is from the global optimum
    Train(train::Train),
    /// Proves how far a network from elsewhere is from the global optimum
    Certify(certify::Certify),
    /// Counts or enumerates activation patterns
    Patterns(patterns::PatternsCommand),
    /// Trains against perturbed inputs
    Robust(robust::RobustCommand),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Train(train) => train.run(),
            Self::Certify(certify) => certify.run(),
            Self::Patterns(patterns) => patterns.run(),
            Self::Robust(robust) => robust.run(),
        }
    }
}
