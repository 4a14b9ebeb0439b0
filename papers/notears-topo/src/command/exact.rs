//! `notears-topo exact`: the best order of all.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use lab::arguments::refuse_beyond_memory;
use lab::say;
use notears_topo::exact::{self, LARGEST, LARGEST_REFITTED};

use super::{ScoreArguments, ScoreName, in_order, twelve_digits};

/// Finds the order of least score by dynamic programming over all subsets.
#[derive(Args)]
pub struct Exact {
    /// One observation a line: .csv with or without a header, .npy, .parquet
    data: PathBuf,
    #[command(flatten)]
    score: ScoreArguments,
}

impl Exact {
    /// Reads, solves and says.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        if self.score.score == ScoreName::Mlp {
            let fault = "--score mlp has no exact optimum: training ends in stationary points";
            return Err(lab::Error::Usage(fault.into()).into());
        }
        let problem = self.score.read(&self.data)?;
        let variables = problem.names.len();
        let limit = if problem.plain { LARGEST } else { LARGEST_REFITTED };
        if variables <= limit {
            refuse_beyond_memory(9.0 * 2f64.powi(variables as i32), "the table of all subsets")?;
        }
        let optimum = match problem.plain {
            true => exact::least_squares(&problem.covariance),
            false => exact::refitted(problem.score.as_ref()),
        }
        .with_context(|| self.data.display().to_string())?;
        say(&format!(
            "data    {} rows, {variables} variables\norder   {}\nscore   {} (proven: no order has less)",
            problem.score.rows(),
            in_order(&optimum.order, &problem.names),
            twelve_digits(optimum.score),
        ))?;
        Ok(())
    }
}
