//! What people run on their own data.

use clap::Subcommand;

mod colours;
mod solve;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Solves sparsity-constrained transport for a cost, or points, and two marginals of your own
    Solve(solve::Solve),
    /// Gives one PNG image the colours of another
    Colours(colours::Colours),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Solve(solve) => solve.run(),
            Self::Colours(colours) => colours.run(),
        }
    }
}

/// A number of nonzeros of the command line.
fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("every column needs at least one nonzero".into()),
        Ok(number) => Ok(number),
        Err(_) => Err("expected a whole number, at least 1".into()),
    }
}
