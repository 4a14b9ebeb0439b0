//! What people run on their own networks.

use clap::Subcommand;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// x
    X,
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// None.
    pub fn run(self) -> anyhow::Result<()> {
        Ok(())
    }
}
