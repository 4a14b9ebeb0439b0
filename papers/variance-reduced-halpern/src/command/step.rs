//! `variance-reduced-halpern step`: proved steps of Algorithm 1 and the calls that they need.

use clap::Args;
use lab::arguments::positive;
use lab::say;
use lab::table::format_number;
use variance_reduced_halpern::page::Options;
use variance_reduced_halpern::potential::{certified_step, predicted_calls, tuned};

use super::usage;

/// Prints ηL for the authors' b and p, for those given and for the best, and calls for a residual.
#[derive(Args)]
pub struct Step {
    /// n, the number of parts
    #[arg(long)]
    components: usize,
    /// b, differences in a step
    #[arg(long)]
    batch: Option<usize>,
    /// p, the probability of a full pass in late steps
    #[arg(long)]
    probability: Option<f64>,
    /// D, the distance from the start to the nearest zero
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    distance: f64,
    /// L, the constant of cocoercivity on average
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    constant: f64,
    /// The residual to reach
    #[arg(long, value_parser = positive, default_value_t = 1e-3, allow_negative_numbers = true)]
    residual: f64,
}

impl Step {
    /// Checks and says.
    ///
    /// # Errors
    /// Options out of range.
    pub fn run(self) -> anyhow::Result<()> {
        let n = self.components;
        if !(2..=1_000_000).contains(&n) {
            return Err(usage(format!("--components {n}: expected from 2 to 1000000")));
        }
        let base = Options::new(1.0, n);
        let own = Options {
            batch: self.batch.unwrap_or(base.batch),
            probability: self.probability.unwrap_or(base.probability),
            ..base
        };
        if !(1..=n).contains(&own.batch) {
            return Err(usage(format!("--batch {}: expected from 1 to {n}", own.batch)));
        }
        // The recursion of the proof is 160/p long.
        if !(1e-4..=1.0).contains(&own.probability) {
            return Err(usage(format!("--probability {}: expected from 1e-4 to 1", own.probability)));
        }
        say("                    b       p           proved ηL   calls a step  calls to the residual")?;
        let mut choices = vec![
            ("authors' b and p", base),
            ("tuned", tuned(n, self.constant * self.distance / self.residual)),
        ];
        if own != base {
            choices.insert(1, ("as given", own));
        }
        for (name, options) in choices {
            let eta = certified_step(&options);
            let options = Options { eta: eta / self.constant, ..options };
            say(&format!(
                "{name:<20}{:<8}{:<12}{:<12}{:<14}{}",
                options.batch,
                format_number(options.probability),
                format_number(eta),
                format_number(options.calls(n)),
                format_number(predicted_calls(&options, n, self.distance, self.residual))
            ))?;
        }
        say(
            "Calls are expected ones of 2D/(η residual) steps, half of what is proved and what runs show; steps are proved without constraints.",
        )?;
        Ok(())
    }
}
