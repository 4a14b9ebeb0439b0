//! `levine-hats evaluate`: the exact value of a strategy in a file.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use lab::say;
use levine_hats::bounds::{conjectured_wins, min_weight};
use levine_hats::{BigRational, Strategy, biased_value, infinite_value, wins};

use super::{probability, read, shown};

/// Prints the exact value of a strategy: finite, or infinite if it passes on some blocks.
#[derive(Args)]
pub struct Evaluate {
    /// The strategy: .json with players, height and guesses (hats from 1, 0 for the next block)
    file: PathBuf,
    /// Probability of a black hat, as 3/10 or 0.3 [default: 1/2]
    #[arg(long, value_parser = probability)]
    bias: Option<BigRational>,
}

impl Evaluate {
    /// Reads, computes and says.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        describe(&read(&self.file)?, self.bias.as_ref()).with_context(|| self.file.display().to_string())
    }
}

/// Says what a strategy is worth, once all of it is known.
pub fn describe(strategy: &Strategy, bias: Option<&BigRational>) -> anyhow::Result<()> {
    let (players, height) = (strategy.players(), strategy.height());
    let what = if strategy.passes_on() { "blocks" } else { "stacks" };
    let mut lines = vec![format!("size       {players} players, {what} of {height} hats")];
    match (bias, strategy.passes_on()) {
        (Some(bias), _) => {
            let value = biased_value(strategy, bias)?;
            lines.push(format!("value      {} with black hats at {bias}", shown(&value)));
        }
        (None, true) => {
            lines.push(format!("value      {} (infinite stacks)", shown(&infinite_value(strategy)?)))
        }
        (None, false) => {
            let (wins, hats) = (wins(strategy)?, players * height);
            let value = wins as f64 / 2_f64.powi(hats as i32);
            lines.push(format!("wins       {wins} of 2^{hats} = {value:.12}"));
            lines.push(format!("at most    {} (fewest black hats)", min_weight(players, height)));
            if players == 2 {
                let conjectured = conjectured_wins(height);
                lines.push(format!("conjecture {conjectured} = ⌊7·4^{height}/20⌋"));
                if wins > conjectured {
                    lines.push(
                        "THIS STRATEGY REFUTES V_2 = 7/20: it wins more than 7/20 allows at this height"
                            .into(),
                    );
                }
            }
            let infinite = infinite_value(&strategy.clone().with_restart_on_white())?;
            lines.push(format!("infinite   at least {} (start again on white)", shown(&infinite)));
        }
    }
    say(&lines.join("\n"))?;
    Ok(())
}
