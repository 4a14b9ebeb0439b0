//! `quantum-lower-bounds quantum`.

use clap::Args;
use lab::say;
use lab::table::format_number;
use num_traits::ToPrimitive;
use quantum_lower_bounds::hidden_chain::{blank_register_optimum, classical_optimum, hybrid_bound};
use quantum_lower_bounds::quantum::amplitudes::grover;
use quantum_lower_bounds::quantum::optimum::{Answers, QueryProblem};

/// A secret of T letters out of N, and k queries.
#[derive(Args)]
pub struct Quantum {
    /// N
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    letters: u32,
    /// T
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..=1_000))]
    length: u32,
    /// k
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    queries: u32,
    /// Let answers go to blank registers only, as most circuits do
    #[arg(long)]
    blank: bool,
}

/// Matrix variables times constraints of a programme that is solved in a minute or so.
const MOST: usize = 10_000;

impl Quantum {
    /// Computes and says.
    ///
    /// # Errors
    /// If the solver fails.
    pub fn run(self) -> anyhow::Result<()> {
        let Self { letters, length, queries, blank } = self;
        let exact = classical_optimum(letters, length, queries);
        let shown = match exact.to_f64() {
            Some(value) if value > 0.0 => format_number(value),
            _ => "below 1e-308".to_owned(),
        };
        let mut text = format!("classical optimum   {shown}");
        if exact.numer().bits() + exact.denom().bits() < 200 {
            text += &format!(" = {exact}");
        }
        text += &if queries < length {
            format!("\nhybrid bound        {}", format_number(hybrid_bound(letters, length, queries)))
        } else {
            "\nhybrid bound        none: as many queries as levels".to_owned()
        };
        if length == 2 && queries == 1 {
            text += &format!("\nblank register      {}", format_number(blank_register_optimum(letters)));
        }
        let best =
            (0..=u64::from(queries.min(10_000))).map(|k| grover(f64::from(letters), k)).fold(0.0, f64::max);
        text += &format!(
            "
search, as a control {} with up to as many queries of {letters} items",
            format_number(best)
        );
        say(&text)?;
        // N^T inputs, and 2^labels phases for each of N^(T−1) queries, as far as they fit.
        let secrets = f64::from(letters).powi(length as i32);
        let labels = f64::from((letters - 1) * (length - 1) + letters);
        let small = secrets <= 64.0 && (blank || labels <= 8.0);
        let problem = small.then(|| {
            let answers = if blank { Answers::Blank } else { Answers::Phases };
            QueryProblem::chain(letters as usize, length as usize, answers)
        });
        let fitting = problem.filter(|problem| {
            let (blocks, constraints) = problem.size(queries as usize);
            blocks * constraints <= MOST
        });
        let found = match fitting {
            Some(problem) => {
                let found = problem.optimum(queries as usize)?;
                format!("{}, at most {}", format_number(found.attained), format_number(found.bound))
            }
            None => "not computed: the semidefinite programme is too large".to_owned(),
        };
        Ok(say(&format!("quantum optimum     {found}"))?)
    }
}
