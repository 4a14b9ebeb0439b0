//! `hessian-spectrum spectrum`.

use std::path::PathBuf;

use clap::Args;
use hessian_spectrum::outliers::outliers;
use lab::arguments::check_output;
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};
use numerics::symmetric::eigenvalues;

use super::data::{Data, Training, described};
use super::usage;

/// Assembles the Hessian and finds all of its eigenvalues.
#[derive(Args)]
pub struct Spectrum {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    training: Training,
    /// The Gauss-Newton part beside the Hessian, in --out
    #[arg(long, requires = "out")]
    gauss_newton: bool,
    /// Where the eigenvalues go, largest first: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Parameters beyond which the matrix and its eigenvalues take too long.
const MOST: usize = 12_000;

impl Spectrum {
    /// Reads, trains, computes, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", self.data.files().into_iter().chain(self.training.file()))?;
        let start = self.data.point(self.training.file())?;
        let parameters = start.network().parameters().len();
        if parameters > MOST {
            return Err(usage(format!(
                "{parameters} parameters: the Hessian alone has {:.1} GB, more than the {MOST} parameters that this command takes; outliers and density need no matrix",
                8.0 * (parameters as f64).powi(2) / 1e9
            )));
        }
        let point = self.training.reach(start)?;
        say(&described(&self.data, &point)?)?;
        let falling = |matrix: ndarray::Array2<f64>| -> anyhow::Result<Vec<f64>> {
            let mut values =
                eigenvalues(matrix.view()).ok_or_else(|| anyhow::anyhow!("the Hessian is not finite"))?;
            values.reverse();
            Ok(values)
        };
        let hessian = point.hessian();
        let (trace, square) = (hessian.diag().sum(), hessian.iter().map(|h| h * h).sum::<f64>());
        let values = falling(hessian)?;
        let count = |limit: f64| values.iter().filter(|value| value.abs() <= limit * values[0].abs()).count();
        say(&format!(
            "eigenvalues         {} largest, {} smallest\nnear zero           {} below 1e-3 of the largest, {} below 1e-12\nnegative            {}",
            format_number(values[0]),
            format_number(values[values.len() - 1]),
            count(1e-3),
            count(1e-12),
            values.iter().filter(|value| **value < 0.0).count()
        ))?;
        // The sums of eigenvalues and of their squares are the matrix's.
        let error = ((values.iter().sum::<f64>() - trace).abs()
            / trace.abs().max(square.sqrt()).max(f64::MIN_POSITIVE))
        .max((values.iter().map(|v| v * v).sum::<f64>() - square).abs() / square.max(f64::MIN_POSITIVE));
        say(&format!("check               trace and Frobenius norm agree to {}", format_number(error)))?;
        say(&super::outliers::counted(&outliers(&values)))?;
        if let Some(out) = &self.out {
            let mut columns = vec![
                Column::new("place".into(), (1..=values.len() as u64).collect::<Vec<u64>>()),
                Column::new("hessian".into(), values.clone()),
            ];
            if self.gauss_newton {
                columns.push(Column::new("gauss_newton".into(), falling(point.gauss_newton_matrix())?));
            }
            write_columns(out, columns)?;
        }
        Ok(())
    }
}
