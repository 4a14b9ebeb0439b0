//! `learned-proximal apply`.

use std::path::PathBuf;

use clap::Args;
use lab::arguments::check_output;
use lab::say;
use lab::table::format_number;

use super::{Trained, denoised, rows_for, write_rows};

/// f of each row.
#[derive(Args)]
pub struct Apply {
    /// The network: .json, as train writes it
    #[arg(long, value_name = "FILE")]
    net: PathBuf,
    /// Rows: .csv or .npy, or MNIST's .gz
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Rows to read from MNIST's files
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=70_000))]
    count: u32,
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
        let rows = rows_for(&trained.network, &self.data, self.count)?;
        let y: Vec<f64> = rows.iter().copied().collect();
        let outputs = denoised(&trained.network, &rows, &self.data)?;
        let moved = outputs.iter().zip(&y).map(|(f, y)| (f - y) * (f - y)).sum::<f64>() / y.len() as f64;
        write_rows(&self.out, &outputs, rows.ncols())?;
        Ok(say(&format!(
            "rows                 {} of {} numbers\nrms change           {}\ntrained at sigma     {}",
            rows.nrows(),
            rows.ncols(),
            format_number(moved.sqrt()),
            format_number(trained.sigma),
        ))?)
    }
}
