//! `convex-relu patterns`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use convex_relu::patterns::count;
use convex_relu::problem::{Loss, Problem};
use lab::arguments::{check_output, positive};
use lab::input::matrix;
use lab::ndarray::Array1;
use lab::{say, write_atomically};

use super::data::{MOST, all_cells};

/// Which rows a neuron can see.
#[derive(Args)]
pub struct PatternsCommand {
    /// X: .csv or .npy
    #[arg(long, value_name = "FILE")]
    x: PathBuf,
    /// Adds a column of ones
    #[arg(long)]
    bias: bool,
    /// Cover's count alone, without enumerating
    #[arg(long, conflicts_with = "out")]
    count: bool,
    /// Enumerate up to this many
    #[arg(long, value_parser = positive, default_value_t = MOST, allow_negative_numbers = true)]
    most: f64,
    /// Where patterns go: .csv, one line each, 1 for rows that are active
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl PatternsCommand {
    /// Reads, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.x.as_path()])?;
        let mut x = matrix(&self.x)?;
        if self.bias {
            x.push_column(Array1::ones(x.nrows()).view())?;
        }
        let zeros = Array1::zeros(x.nrows());
        let problem = Problem::new(x.view(), zeros.view(), Loss::Squared, 1.0)
            .with_context(|| self.x.display().to_string())?;
        let expected = count(problem.rows(), problem.rank());
        say(&format!(
            "rows                {}\nrank                {}\nat most             {expected:.0} patterns",
            problem.rows(),
            problem.rank()
        ))?;
        if self.count {
            return Ok(());
        }
        let patterns = all_cells(&problem, self.most)?;
        say(&format!("there are           {}", patterns.len()))?;
        let Some(out) = &self.out else { return Ok(()) };
        let mut text = String::new();
        for pattern in 0..patterns.len() {
            let bits = (0..patterns.rows()).map(|row| if patterns.active(pattern, row) { "1" } else { "0" });
            text += &bits.collect::<Vec<_>>().join(",");
            text.push('\n');
        }
        Ok(write_atomically(out, text.as_bytes())?)
    }
}
