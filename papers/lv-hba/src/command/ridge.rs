//! `lv-hba ridge`.

use std::path::{Path, PathBuf};

use clap::Args;
use lab::input::named_matrix;
use lab::say;
use lab::table::format_number;
use lv_hba::ridge::Ridge;
use ndarray::{Array1, Array2, Axis};

use super::usage;

/// Reads training and validation rows and lists all stationary log weights, from -12 to 12, of one ridge penalty, without intercept.
#[derive(Args)]
pub struct RidgeCommand {
    /// Training rows: .csv or .parquet with named columns
    #[arg(long, value_name = "FILE")]
    train: PathBuf,
    /// Validation rows with the same columns
    #[arg(long, value_name = "FILE")]
    valid: PathBuf,
    /// The column of targets
    #[arg(long, value_name = "NAME", default_value = "y")]
    target: String,
}

impl RidgeCommand {
    /// Reads, finds and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let (names, train, y_train) = self.rows(&self.train)?;
        let (others, valid, y_valid) = self.rows(&self.valid)?;
        if names != others {
            return Err(usage(format!(
                "{} and {} have different columns",
                self.train.display(),
                self.valid.display()
            )));
        }
        let ridge = Ridge::new((&train, &y_train), (&valid, &y_valid))
            .ok_or_else(|| anyhow::anyhow!("{}: numbers too large to be squared", self.train.display()))?;
        let best = ridge.best().ok_or_else(|| {
            anyhow::anyhow!("{}: the upper loss does not depend on the weight", self.valid.display())
        })?;
        for point in ridge.stationary() {
            let kind = if point.minimum { "minimum" } else { "maximum" };
            let bound = if point.on_bound { ", on the bound" } else { "" };
            say(&format!(
                "{kind:<20}log weight {}, upper loss {}{bound}",
                format_number(point.log_weight),
                format_number(point.loss)
            ))?;
        }
        say(&format!(
            "best                log weight {}, weight {}",
            format_number(best.log_weight),
            format_number(best.log_weight.exp())
        ))?;
        Ok(())
    }

    fn rows(&self, path: &Path) -> anyhow::Result<(Vec<String>, Array2<f64>, Array1<f64>)> {
        let named = named_matrix(path)?;
        let column = named.names.iter().position(|name| *name == self.target);
        let column = column.ok_or_else(|| {
            usage(format!("--target {}: {} has no such column", self.target, path.display()))
        })?;
        let inputs: Vec<usize> = (0..named.names.len()).filter(|k| *k != column).collect();
        if inputs.is_empty() || named.values.nrows() == 0 {
            return Err(usage(format!("{}: no rows, or no column beside the target", path.display())));
        }
        let names = inputs.iter().map(|k| named.names[*k].clone()).collect();
        Ok((names, named.values.select(Axis(1), &inputs), named.values.column(column).to_owned()))
    }
}
