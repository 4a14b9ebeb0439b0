//! `quantum-lower-bounds noise`.

use clap::Args;
use lab::say;
use lab::table::format_number;
use quantum_lower_bounds::quantum::amplitudes::expected_amplification;
use quantum_lower_bounds::quantum::interrogation::{classical_overlap, overlap, queries_for};

/// n hidden signs, or a coin with probability 1/n, and k queries.
#[derive(Args)]
pub struct Noise {
    /// n
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    samples: u64,
    /// k, at most n
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    queries: u64,
}

impl Noise {
    /// Computes and says.
    ///
    /// # Errors
    /// If nothing can be printed, or k exceeds n.
    pub fn run(self) -> anyhow::Result<()> {
        let Self { samples, queries } = self;
        if queries > samples {
            return Err(lab::arguments::usage(format!(
                "--queries {queries}: expected at most {samples}, the number of signs"
            )));
        }
        let target = classical_overlap(samples, queries);
        let quantum = overlap(samples, queries);
        // The number of quantum queries is found by bisection, with an eigenvalue each: for long ones it takes long.
        let saved = if samples <= 10_000 {
            let (fewest, _) = queries_for(samples, target);
            format!(
                "\nfor the classical   {fewest} quantum queries suffice, {} times fewer; never more than 4 times",
                format_number(queries as f64 / fewest.max(1) as f64)
            )
        } else {
            "\nfor the classical   not searched beyond 10000 signs".to_owned()
        };
        let q = 1.0 / samples as f64;
        Ok(say(&format!(
            "quantum overlap     {}\nclassical overlap   {}{saved}\ncoherent coin       {} calls in the mean show a column of probability {}, where samples take {}",
            format_number(quantum),
            format_number(target),
            format_number(expected_amplification(q)),
            format_number(q),
            samples,
        ))?)
    }
}
