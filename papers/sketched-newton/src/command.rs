//! What people run on their own problems.

use clap::Subcommand;

mod control;
mod linsolve;
mod logistic;
mod market;
mod merit;
mod method;
mod problem;
mod solve;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Minimises a formula subject to equations
    Solve(Box<solve::Solve>),
    /// The exact augmented Lagrangian and its gradient at a point
    Merit(merit::Merit),
    /// Logistic regression on a sphere, with linear constraints
    Logistic(Box<logistic::Fit>),
    /// Control of an elliptic equation on the unit square
    Control(Box<control::Grid>),
    /// Solves K z = b by a sketch or a usual solver
    Linsolve(linsolve::Linsolve),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Solve(solve) => solve.run(),
            Self::Merit(merit) => merit.run(),
            Self::Logistic(fit) => fit.run(),
            Self::Control(grid) => grid.run(),
            Self::Linsolve(linsolve) => linsolve.run(),
        }
    }
}
