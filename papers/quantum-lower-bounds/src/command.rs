//! What people run: the hard function for their own optimisers, and the quantum side of it.

use clap::{Args, Subcommand};
use lab::arguments::positive;
use quantum_lower_bounds::scaled::{Constants, Scaled};

mod chain;
mod judge;
mod noise;
mod quantum;
mod serve;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// The hardest function of a class: its chain, its bounds, its values at your points
    Chain(chain::ChainCommand),
    /// Judges the query points of your optimiser, or of any other
    Judge(judge::Judge),
    /// Answers queries on standard input, for an optimiser in any language
    Serve(serve::Serve),
    /// Best probabilities of classical and quantum queries of a hidden chain
    Quantum(quantum::Quantum),
    /// What quantum queries gain on noise that is spread over signs, and on a coherent coin
    Noise(noise::Noise),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Chain(chain) => chain.run(),
            Self::Judge(judge) => judge.run(),
            Self::Serve(serve) => serve.run(),
            Self::Quantum(quantum) => quantum.run(),
            Self::Noise(noise) => noise.run(),
        }
    }
}

/// A class of functions, or a chain of a length.
#[derive(Args)]
struct Class {
    /// p: gradients alone, Hessians as well, third derivatives as well
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    order: u8,
    /// f(0) less its infimum
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    gap: f64,
    /// The Lipschitz constant of the p-th derivative
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    lipschitz: f64,
    /// The gradient's norm that is to be found
    #[arg(long, value_parser = positive, default_value_t = 1e-2, allow_negative_numbers = true)]
    epsilon: f64,
    /// Use the certified constants of this crate instead of the literature's
    #[arg(long)]
    sharp: bool,
}

impl Class {
    fn hardest(&self) -> anyhow::Result<Scaled> {
        let constants = if self.sharp { Constants::Sharp } else { Constants::Literature };
        let order = usize::from(self.order);
        Scaled::hardest(order, self.gap, self.lipschitz, self.epsilon, constants)
            .map_err(|error| lab::arguments::usage(error.to_string()))
    }
}
