//! `diff2 audit`.

use anyhow::bail;
use clap::Args;
use diff2::audit::{self, Fault};
use diff2::schedule::Rounds;
use lab::arguments::positive;
use lab::say;
use lab::table::format_number;
use rand::TryRngCore;

use super::{Neighbours, proper_share, rate};

/// The attack of the strongest adversary, on small runs of this program's own training.
#[derive(Args)]
pub struct Audit {
    /// Runs on each of two neighbouring data sets
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=10_000_000))]
    runs: u32,
    /// Claimed ε
    #[arg(long, value_parser = positive, default_value_t = 3.0, allow_negative_numbers = true)]
    epsilon: f64,
    /// Claimed δ
    #[arg(long, value_parser = proper_share, default_value_t = 1e-5, allow_negative_numbers = true)]
    delta: f64,
    /// R
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    rounds: u64,
    /// T
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    restart: u64,
    /// What neighbouring data sets differ by
    #[arg(long, value_enum, default_value = "replace")]
    neighbours: Neighbours,
    /// Let steps grow within a segment
    #[arg(long)]
    growing: bool,
    /// Multiplies all noise, by 1 at most: below 1 the audit should fail
    #[arg(long, value_parser = rate, default_value_t = 1.0, allow_negative_numbers = true)]
    noise_factor: f64,
    /// Repeat the draws of this seed; otherwise they come from the operating system
    #[arg(long)]
    seed: Option<u64>,
}

impl Audit {
    /// Attacks and says.
    ///
    /// # Errors
    /// If more than the claim was shown, and as the audit.
    pub fn run(self) -> anyhow::Result<()> {
        let plan = audit::Audit {
            epsilon: self.epsilon,
            delta: self.delta,
            rounds: Rounds { rounds: self.rounds, restart: self.restart, share: 0.5 },
            adjacency: self.neighbours.into(),
            runs: self.runs as usize,
            growing: self.growing,
            lattice: true,
            fault: if self.noise_factor == 1.0 { Fault::None } else { Fault::Noise(self.noise_factor) },
            confidence: 0.999,
        };
        let seed = match self.seed {
            Some(seed) => seed,
            None => rand::rngs::OsRng.try_next_u64()?,
        };
        let found = audit::audit(&plan, seed)?;
        say(&format!(
            "claimed             epsilon {}, mu {}\nmu of the attack    {} ± {}\nepsilon             at least {} with 99.9 % confidence, scores taken as normal\n                    at least {} by counts, for any scores",
            format_number(self.epsilon),
            format_number(found.claimed),
            format_number(found.mu),
            format_number(found.error),
            format_number(found.epsilon),
            format_number(found.epsilon_by_counts),
        ))?;
        if found.refutes(self.epsilon) {
            bail!("the claim of epsilon {} is refuted", format_number(self.epsilon));
        }
        Ok(say("not refuted, which is no proof")?)
    }
}
