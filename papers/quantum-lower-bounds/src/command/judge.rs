//! `quantum-lower-bounds judge`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use lab::input::matrix;
use lab::say;
use lab::table::format_number;
use quantum_lower_bounds::oracle::{Exact, Oracle};

use super::Class;

/// The points that an optimiser asked for, in order: how many columns each found, and which was the first with a small gradient.
#[derive(Args)]
pub struct Judge {
    /// Query points, one a row: .csv or .npy
    trace: PathBuf,
    #[command(flatten)]
    class: Class,
}

impl Judge {
    /// Reads and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let name = self.trace.display();
        let function = self.class.hardest()?;
        let length = function.chain.length();
        let points = matrix(&self.trace)?;
        if points.ncols() != length {
            bail!(
                "{name}: {} numbers a row, expected {length}, one for each column of the chain",
                points.ncols()
            );
        }
        let mut oracle = Exact::new(function);
        let mut gradient = vec![0.0; length];
        let (mut first, mut smallest) = (None, f64::INFINITY);
        for point in points.outer_iter() {
            oracle.query(&point.to_vec(), &mut gradient);
            let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
            smallest = smallest.min(norm);
            if norm <= function.epsilon {
                first = Some(oracle.queries());
                break;
            }
        }
        let found = format!(
            "columns found       {} of {length}, {} by one query at most",
            oracle.found(),
            oracle.most_found_by_one()
        );
        let verdict = match first {
            Some(queries) => format!(
                "first small gradient at query {queries} of {}, where judging ends\nleast possible      {} for a method that moves only where it has seen a gradient{}",
                points.nrows(),
                function.least_queries(),
                if queries < function.least_queries() { ": this one knew where to go" } else { "" }
            ),
            None => format!(
                "no small gradient   in {} queries, the smallest is {}",
                oracle.queries(),
                format_number(smallest)
            ),
        };
        Ok(say(&format!("{verdict}\n{found}"))?)
    }
}
