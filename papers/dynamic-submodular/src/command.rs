//! What people run on their own streams.

use clap::Subcommand;

mod generate;
mod operations;
mod replay;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Keeps a solution while the elements of a stream come and go
    Replay(replay::Replay),
    /// Writes a random graph and a stream over its nodes, to try `replay` on
    Generate(generate::Generate),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Replay(replay) => replay.run(),
            Self::Generate(generate) => generate.run(),
        }
    }
}
