//! What people run on their own equations.

use clap::Subcommand;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {}

impl Command {
    /// Runs it.
    pub fn run(self) -> anyhow::Result<()> {
        match self {}
    }
}
