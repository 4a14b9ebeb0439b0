//! What people run on their own data and problems.

use clap::Subcommand;
use lab::arguments::usage;

mod machine;
mod quadratic;
mod ridge;
mod toy;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Runs a method on one of the authors' toys, whose solutions are known
    Solve(toy::Solve),
    /// Solves a quadratic bilevel problem of a file, with certificates
    Qp(quadratic::Qp),
    /// Explains a point of such a problem: the value function, its saddle and the lemma's bound
    Value(quadratic::Explain),
    /// Weights the rows of a support vector machine by validation rows
    Svm(machine::Svm),
    /// Finds all stationary ridge weights on validation rows
    Ridge(ridge::RidgeCommand),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Solve(solve) => solve.run(),
            Self::Qp(qp) => qp.run(),
            Self::Value(explain) => explain.run(),
            Self::Svm(svm) => svm.run(),
            Self::Ridge(ridge) => ridge.run(),
        }
    }
}
