//! What people run on their own data.

use clap::{Args, Subcommand, ValueEnum};
use high_dimensional::problems::Integrand;
use high_dimensional::sample;
use lab::say;
use lab::table::format_number;
use numerics::random::stream;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Estimates the mean of a function over the unit square
    Estimate(Estimate),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Estimate(estimate) => estimate.run(),
        }
    }
}

/// Samples and prints mean and standard error.
#[derive(Args)]
pub struct Estimate {
    /// The function
    #[arg(long, value_enum, default_value_t = Function::QuarterDisc)]
    function: Function,
    /// Points, at least 2
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(2..))]
    points: u32,
    /// Seed of the points
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Function {
    /// 1 within distance 1 of the origin
    QuarterDisc,
    /// x y
    Product,
}

impl Estimate {
    fn run(self) -> anyhow::Result<()> {
        let function = match self.function {
            Function::QuarterDisc => Integrand::QuarterDisc,
            Function::Product => Integrand::Product,
        };
        let found = sample(function, self.points as usize, &mut stream(self.seed, &["estimate"]))?;
        say(&format!(
            "mean            {}\nstandard error  {}",
            format_number(found.mean),
            format_number(found.standard_error)
        ))?;
        Ok(())
    }
}
