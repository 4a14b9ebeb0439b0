//! What people run on their own data and problems.

use clap::Subcommand;
use lab::arguments::usage;

mod gradient;
mod select;
mod solve;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Chooses a ridge weight for each feature on validation data
    Select(select::Select),
    /// Computes ψ, ψ_σ and their gradients at a point of a problem in a file
    Gradient(gradient::Gradient),
    /// Runs a method on a problem in a file
    Solve(solve::Solve),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Select(select) => select.run(),
            Self::Gradient(gradient) => gradient.run(),
            Self::Solve(solve) => solve.run(),
        }
    }
}

/// Numbers separated by commas, `expected` of them.
fn numbers(option: &str, text: &str, expected: usize) -> anyhow::Result<Vec<f64>> {
    let number = |part: &str| part.trim().parse::<f64>().ok().filter(|x| x.is_finite());
    match text.split(',').map(number).collect::<Option<Vec<f64>>>() {
        Some(found) if found.len() == expected => Ok(found),
        Some(found) => Err(usage(format!("{option}: expected {expected} numbers, found {}", found.len()))),
        None => Err(usage(format!("{option}: expected finite numbers separated by commas, found {text:?}"))),
    }
}

/// A number of calls, also as 1e6.
fn calls(text: &str) -> Result<u64, String> {
    match text.parse::<f64>() {
        Ok(number) if (100.0..=1e15).contains(&number) && number.fract() == 0.0 => Ok(number as u64),
        _ => Err("expected a whole number from 100 to 1e15".into()),
    }
}
