//! What people run on their own data.

use clap::{Subcommand, ValueEnum};
use diff2::schedule::Adjacency;

mod account;
mod audit;
mod calibrate;
mod table;
mod train;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// The privacy of noisy releases, exact and by the usual bounds
    Account(account::Account),
    /// The noise that a budget asks for
    Calibrate(calibrate::Calibrate),
    /// Trains a model on a table of records
    Train(Box<train::Train>),
    /// Attacks the training, and fails if more than the claim is shown
    Audit(audit::Audit),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Account(account) => account.run(),
            Self::Calibrate(calibrate) => calibrate.run(),
            Self::Train(train) => train.run(),
            Self::Audit(audit) => audit.run(),
        }
    }
}

/// Which data sets must not be told apart.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Neighbours {
    /// One record is replaced by another
    Replace,
    /// One record contributes nothing, their number being public
    ZeroOut,
}

impl From<Neighbours> for Adjacency {
    fn from(neighbours: Neighbours) -> Self {
        match neighbours {
            Neighbours::Replace => Self::Replace,
            Neighbours::ZeroOut => Self::ZeroOut,
        }
    }
}

/// A number between 0 and 1, without them.
fn proper_share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number < 1.0 => Ok(number),
        _ => Err("expected a number between 0 and 1".into()),
    }
}

/// A number above 0 and up to 1.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number <= 1.0 => Ok(number),
        _ => Err("expected a number above 0 and up to 1".into()),
    }
}
