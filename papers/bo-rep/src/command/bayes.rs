//! `bo-rep bayes`.

use std::path::PathBuf;

use anyhow::Context;
use bo_rep::files::chains;
use clap::Args;
use lab::arguments::usage;
use lab::say;
use num_traits::ToPrimitive;

/// The smallest error of any classifier.
#[derive(Args)]
pub struct Bayes {
    /// Both chains: .json with matrices P0 and P1 of fractions like "5/24"
    #[arg(long, value_name = "FILE")]
    chains: PathBuf,
    /// Their name, where the file is a list [default: the first]
    #[arg(long)]
    name: Option<String>,
    /// Tokens of a sequence
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    length: u32,
}

/// Types that are counted at most.
const MOST_TYPES: f64 = 3e5;
/// And their memory.
const MOST_BYTES: f64 = 2e9;

impl Bayes {
    /// Reads, counts and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let chains = chains(&self.chains, self.name.as_deref())?;
        let (length, tokens) = (self.length as usize, chains.tokens());
        // Counts of V² pairs with the sum L − 1: a bound of how many types there are.
        let pairs = (tokens * tokens) as f64;
        let types: f64 = (1..length).map(|k| (k as f64 + pairs - 1.0) / k as f64).product();
        // Each kind keeps its counts.
        if types > MOST_TYPES || 2.0 * types * pairs > MOST_BYTES {
            return Err(usage(format!(
                "--length {length}: sequences of {tokens} tokens have up to {types:.1e} kinds of {pairs} counts, expected at most {MOST_TYPES:.0e} kinds and 2 GB"
            )));
        }
        let error = chains.bayes_error(length);
        let approximate = error.to_f64().context("the error has no value")?;
        let exact = error.to_string();
        let shown =
            if exact.len() <= 60 { exact } else { format!("a fraction of {} digits", exact.len() - 1) };
        Ok(say(&format!(
            "tokens       {tokens}\nlength       {length}\nBayes error  {approximate:.16}\nexactly      {shown}"
        ))?)
    }
}
