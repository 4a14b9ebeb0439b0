//! `learned-proximal prior`.

use std::path::PathBuf;

use clap::Args;
use lab::arguments::{check_output, positive};
use lab::polars::prelude::Column;
use lab::table::{format_number, write_columns};
use lab::{remark, say};
use learned_proximal::inversion::{StopReason, invert};
use ndarray::parallel::prelude::*;

use super::{Trained, denoised, rows_for};

/// R of each row by inversion.
#[derive(Args)]
pub struct PriorCommand {
    /// The network: .json, as train writes it
    #[arg(long, value_name = "FILE")]
    net: PathBuf,
    /// Rows: .csv or .npy, or MNIST's .gz
    #[arg(long, value_name = "FILE")]
    at: PathBuf,
    /// Rows to read from MNIST's files
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=70_000))]
    count: u32,
    /// Residual to reach, over 1 + |x|
    #[arg(long, value_parser = positive, default_value_t = 1e-10, allow_negative_numbers = true)]
    tolerance: f64,
    /// Newton steps at most
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Write lower and upper bound, residual and the length of R's gradient: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl PriorCommand {
    /// Reads, inverts, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.net.as_path(), self.at.as_path()])?;
        let network = Trained::read(&self.net)?.network;
        let rows = rows_for(&network, &self.at, self.count)?;
        denoised(&network, &rows, &self.at)?;
        let points: Vec<Vec<f64>> = rows.rows().into_iter().map(|row| row.to_vec()).collect();
        let found: Vec<_> =
            points.par_iter().map(|x| invert(&network, x, self.tolerance, self.steps as usize)).collect();
        if network.alpha() == 0.0 {
            remark("the network has alpha 0: there is no upper bound")?;
        }
        let slope = |(found, x): (&learned_proximal::inversion::Inverse, &Vec<f64>)| {
            found.y.iter().zip(x).map(|(y, x)| (y - x) * (y - x)).sum::<f64>().sqrt()
        };
        let column = |name: &str, values: Vec<f64>| Column::new(name.into(), values);
        if let Some(out) = &self.out {
            let mut columns = vec![column("lower", found.iter().map(|f| f.lower).collect())];
            if network.alpha() > 0.0 {
                columns
                    .push(column("upper", found.iter().map(|f| f.upper.unwrap_or(f64::INFINITY)).collect()));
            }
            columns.push(column("residual", found.iter().map(|f| f.residual).collect()));
            columns.push(column("gradient", found.iter().zip(&points).map(slope).collect()));
            write_columns(out, columns)?;
        }
        let reached: Vec<_> = found.iter().filter(|f| f.reason == StopReason::Converged).collect();
        if let Some(row) = found.iter().position(|f| f.reason == StopReason::Unbounded) {
            remark(&format!(
                "row {}: the network does not reach this point, R is infinite there or all but",
                row + 1
            ))?;
        }
        let widest = reached.iter().filter_map(|f| Some(f.upper? - f.lower)).fold(0.0_f64, f64::max);
        let mean = reached.iter().map(|f| f.lower).sum::<f64>() / reached.len() as f64;
        Ok(say(&format!(
            "rows                 {}\ninverted             {} to the tolerance\nmean of R            {} over these\nbounds apart         {} at most\nproducts and passes  {} a row",
            found.len(),
            reached.len(),
            if reached.is_empty() { "none".into() } else { format_number(mean) },
            if network.alpha() > 0.0 { format_number(widest) } else { "unknown, alpha is 0".into() },
            found.iter().map(|f| f.evaluations).sum::<usize>() / found.len(),
        ))?)
    }
}
