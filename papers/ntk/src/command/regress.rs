//! `ntk regress`: infinitely wide networks, trained.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use lab::arguments::{not_negative, refuse_beyond_memory, refuse_overwriting};
use lab::table::format_number;
use lab::{input, remark};
use ntk::{Regression, RegressionError, Time};

use super::{NetworkArguments, write_columns};

/// Trains on points with targets and writes mean and bands at other points.
#[derive(Args)]
pub struct Regress {
    /// Training points, one a line: .csv or .npy
    #[arg(long, value_name = "FILE")]
    train_x: PathBuf,
    /// Their targets: .csv or .npy
    #[arg(long, value_name = "FILE")]
    train_y: PathBuf,
    /// Points to predict at
    #[arg(long, value_name = "FILE")]
    test_x: PathBuf,
    #[command(flatten)]
    network: NetworkArguments,
    /// Time of training (steps × rate), or inf
    #[arg(long, value_parser = time, default_value = "inf", allow_negative_numbers = true)]
    time: Time,
    /// Added to the kernel matrix's diagonal: needed where points coincide
    #[arg(long, value_parser = not_negative, default_value_t = 0.0, allow_negative_numbers = true)]
    ridge: f64,
    /// Where mean, deviation, and 10, 50 and 90 % quantiles go: .csv
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Regress {
    /// Reads, trains, writes and says.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        refuse_overwriting(&self.out, [self.train_x.as_path(), &self.train_y, &self.test_x])?;
        let (x, y, test) =
            (input::matrix(&self.train_x)?, input::vector(&self.train_y)?, input::matrix(&self.test_x)?);
        let (points, new) = (x.nrows() as f64, test.nrows() as f64);
        refuse_beyond_memory(
            8.0 * (6.0 * points * points + 4.0 * points * new + 4.0 * new * new),
            "training",
        )?;
        let regression = Regression::new(self.network.architecture(), x.view(), y.view())
            .and_then(|regression| regression.with_ridge(self.ridge))
            .with_context(|| format!("{} with {}", self.train_x.display(), self.train_y.display()))?;
        let posterior = regression.posterior(test.view(), self.time).map_err(|fault| {
            // Which file is at fault: points that coincide are training points.
            let file =
                if matches!(fault, RegressionError::Singular { .. }) { &self.train_x } else { &self.test_x };
            anyhow::Error::new(fault).context(file.display().to_string())
        })?;
        let deviation = posterior.covariance.diag().mapv(|variance| variance.max(0.0).sqrt());
        write_columns(
            &self.out,
            vec![
                ("mean", posterior.mean.to_vec()),
                ("deviation", deviation.to_vec()),
                ("quantile_10", posterior.quantile(0.1).to_vec()),
                ("quantile_50", posterior.quantile(0.5).to_vec()),
                ("quantile_90", posterior.quantile(0.9).to_vec()),
            ],
        )?;
        let conditioning = regression.conditioning();
        remark(&format!(
            "trained on   {} points\neigenvalues  {} to {} (condition {})\npredicted    {} points\nwritten to   {}",
            x.nrows(),
            format_number(conditioning.smallest),
            format_number(conditioning.largest),
            format_number(conditioning.condition),
            test.nrows(),
            self.out.display()
        ))?;
        Ok(())
    }
}

/// A time of the command line.
fn time(text: &str) -> Result<Time, String> {
    match (text, text.parse::<f64>()) {
        ("inf", _) => Ok(Time::Infinite),
        (_, Ok(time)) if time >= 0.0 && time.is_finite() => Ok(Time::At(time)),
        _ => Err("expected a time of at least 0, or inf".into()),
    }
}
