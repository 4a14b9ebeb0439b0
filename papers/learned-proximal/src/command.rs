//! What people run on their own data.

use clap::Subcommand;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {}
    }
}
