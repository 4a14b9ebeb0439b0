//! What people run on their own tables.

use clap::Subcommand;

mod mixed;
mod screen;
mod sparse;
mod table;

/// The thesis's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Ranks columns by mutual information with an outcome
    Screen(screen::Screen),
    /// Sparse regression by SCAD, MCP or the lasso, along a path of penalties
    Sparse(Box<sparse::Sparse>),
    /// Mixed model with heavy-tailed clusters
    Mixed(Box<mixed::Mixed>),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Screen(screen) => screen.run(),
            Self::Sparse(sparse) => sparse.run(),
            Self::Mixed(mixed) => mixed.run(),
        }
    }
}
