//! `diff2 calibrate`.

use clap::Args;
use diff2::privacy::{Mu, ZeroConcentrated};
use diff2::schedule::{Adjacency, Rounds};
use lab::arguments::positive;
use lab::say;
use lab::table::format_number;

use super::{Neighbours, proper_share};

/// Noise for R rounds with a restart every T.
#[derive(Args)]
pub struct Calibrate {
    /// ε
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    epsilon: f64,
    /// δ
    #[arg(long, value_parser = proper_share, allow_negative_numbers = true)]
    delta: f64,
    /// R
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// T; 1 is DP-GD
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    restart: u64,
    /// The share of the budget for full gradients
    #[arg(long, value_parser = proper_share, default_value_t = 0.5, allow_negative_numbers = true)]
    share: f64,
    /// N: nodes times the smallest node's records; deviations are then said in the gradient's units
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    records: Option<u64>,
    /// The clipping radius of gradients
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    clip_gradient: f64,
    /// The clipping radius of differences over the step's length
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    clip_difference: f64,
    /// What neighbouring data sets differ by
    #[arg(long, value_enum, default_value = "replace")]
    neighbours: Neighbours,
}

impl Calibrate {
    /// Says.
    ///
    /// # Errors
    /// One line that names the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let mu = Mu::calibrate(self.epsilon, self.delta)?;
        let rounds = Rounds { rounds: self.rounds, restart: self.restart, share: self.share };
        let [full, difference] = rounds.multipliers(mu)?;
        let (restarts, others) = rounds.counts();
        let classic = ZeroConcentrated::classic_budget(self.epsilon, self.delta)?;
        let mut text = format!(
            "mu                  {}\nfull gradients      {restarts} with noise multiplier {}\n",
            format_number(mu.value()),
            format_number(full.value()),
        );
        if others > 0 {
            text += &format!(
                "differences         {others} with noise multiplier {}\n",
                format_number(difference.value())
            );
        }
        if let Some(records) = self.records {
            let one = Adjacency::from(self.neighbours).factor() / records as f64;
            text += &format!(
                "deviation           {} in each coordinate of a gradient\n",
                format_number(full.value() * self.clip_gradient * one),
            );
            if others > 0 {
                text += &format!(
                    "                    {} of a difference, times the step's length\n",
                    format_number(difference.value() * self.clip_difference * one),
                );
            }
        }
        text += &format!(
            "zero-concentrated   would ask for {} times the noise",
            format_number(mu.value() / classic.value())
        );
        Ok(say(&text)?)
    }
}
