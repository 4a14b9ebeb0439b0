//! `learned-proximal apply`.

use std::path::PathBuf;

use clap::Args;
use lab::arguments::check_output;
use lab::say;
use lab::table::format_number;
use learned_proximal::network::Work;

use super::{Trained, rows_for, write_rows};

/// f of each row.
#[derive(Args)]
pub struct Apply {
    /// The network: .json, as train writes it
    #[arg(long, value_name = "FILE")]
    net: PathBuf,
    /// Rows: .csv or .npy, or MNIST's .gz
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Write denoised rows: .csv
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Apply {
    /// Reads, denoises and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(Some(&self.out), "csv", [self.net.as_path(), self.data.as_path()])?;
        let trained = Trained::read(&self.net)?;
        let rows = rows_for(&trained.network, &self.data)?;
        let y: Vec<f64> = rows.iter().copied().collect();
        let pass = trained.network.potential_and_prox(&y, &mut Work::default());
        let moved = pass.prox.iter().zip(&y).map(|(f, y)| (f - y) * (f - y)).sum::<f64>() / y.len() as f64;
        write_rows(&self.out, &pass.prox, rows.ncols())?;
        Ok(say(&format!(
            "rows                 {} of {} numbers\nrms change           {}\ntrained at sigma     {}",
            rows.nrows(),
            rows.ncols(),
            format_number(moved.sqrt()),
            format_number(trained.sigma),
        ))?)
    }
}
