//! `diff2 account`.

use clap::Args;
use diff2::privacy::{Mu, NoiseMultiplier, ZeroConcentrated};
use diff2::subsampled::{Subsampled, epsilon_by_divergences};
use lab::arguments::{positive, usage};
use lab::say;
use lab::table::format_number;

use super::{proper_share, rate};

/// Noise multipliers are deviations over the sensitivity of the released mean.
#[derive(Args)]
pub struct Account {
    /// Noise multiplier of full gradients
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    full_noise: f64,
    /// Releases of full gradients
    #[arg(long, default_value_t = 1)]
    full: u64,
    /// Noise multiplier of differences
    #[arg(long, value_parser = positive, allow_negative_numbers = true, requires = "differences")]
    difference_noise: Option<f64>,
    /// Releases of differences
    #[arg(long, requires = "difference_noise")]
    differences: Option<u64>,
    /// Noise multiplier of random minibatches, against one record's presence
    #[arg(long, value_parser = positive, allow_negative_numbers = true, requires = "minibatches")]
    minibatch_noise: Option<f64>,
    /// Releases of random minibatches
    #[arg(long, requires = "minibatch_noise")]
    minibatches: Option<u64>,
    /// The probability that a record is in a minibatch
    #[arg(long, value_parser = rate, default_value_t = 1.0, allow_negative_numbers = true, requires = "minibatches")]
    rate: f64,
    /// δ
    #[arg(long, value_parser = proper_share, allow_negative_numbers = true)]
    delta: f64,
}

impl Account {
    /// Says.
    ///
    /// # Errors
    /// One line that names the fault.
    pub fn run(self) -> anyhow::Result<()> {
        if self.full == 0 && self.differences.unwrap_or(0) == 0 && self.minibatches.unwrap_or(0) == 0 {
            return Err(usage("nothing is released: give --full, --differences or --minibatches"));
        }
        let multiplier = NoiseMultiplier::new;
        let mut parts = vec![(multiplier(self.full_noise)?, self.full)];
        if let (Some(z), Some(count)) = (self.difference_noise, self.differences) {
            parts.push((multiplier(z)?, count));
        }
        let mu = Mu::compose(&parts);
        if let (Some(z), Some(count)) = (self.minibatch_noise, self.minibatches) {
            let part = Subsampled::new(multiplier(z)?, self.rate)?;
            let bound = epsilon_by_divergences(mu, &[(part, count)], self.delta)?;
            return Ok(say(&format!(
                "mu of whole data    {}\nepsilon             at most {}, by Rényi divergences",
                format_number(mu.value()),
                format_number(bound)
            ))?);
        }
        let bounds = ZeroConcentrated::of(mu);
        Ok(say(&format!(
            "mu                  {}\nepsilon             {}, exact\nby Rényi orders     {}\nzero-concentrated   {}, rho {}",
            format_number(mu.value()),
            format_number(mu.epsilon(self.delta)?),
            format_number(bounds.improved_epsilon(self.delta)?),
            format_number(bounds.classic_epsilon(self.delta)?),
            format_number(bounds.rho()),
        ))?)
    }
}
