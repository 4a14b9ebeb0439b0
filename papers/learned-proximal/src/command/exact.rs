//! `learned-proximal exact`.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;
use lab::arguments::{check_output, positive};
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};

use super::prior_of;

/// Posterior mean, median and mode, and what proximal matching learns.
#[derive(Args)]
pub struct ExactCommand {
    /// laplace:B, student:NU or mixture:W,M,V;W,M,V
    #[arg(long)]
    prior: String,
    /// Standard deviation of the noise
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    sigma: f64,
    /// Width of proximal matching
    #[arg(long, value_parser = positive, default_value_t = 0.1, allow_negative_numbers = true)]
    gamma: f64,
    /// Data from here
    #[arg(long, default_value_t = -4.0, allow_negative_numbers = true)]
    from: f64,
    /// To here
    #[arg(long, default_value_t = 4.0, allow_negative_numbers = true)]
    to: f64,
    /// Data
    #[arg(long, default_value_t = 81, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    count: u32,
    /// Write all: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl ExactCommand {
    /// Computes, says and writes.
    ///
    /// # Errors
    /// One line that names the option and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [])?;
        let prior = prior_of(&self.prior)?;
        ensure!(
            (self.to - self.from).is_finite() && self.from < self.to,
            lab::arguments::usage("--from and --to: expected finite numbers, the first below the second")
        );
        let sigma = self.sigma;
        ensure!(
            [sigma, self.gamma].iter().all(|width| (1e-100..1e100).contains(width)),
            lab::arguments::usage("--sigma and --gamma: expected numbers between 1e-100 and 1e100")
        );
        let step = (self.to - self.from) / f64::from(self.count - 1);
        let y: Vec<f64> = (0..self.count).map(|k| self.from + step * f64::from(k)).collect();
        let of = |f: &dyn Fn(f64) -> f64| y.iter().map(|y| f(*y)).collect::<Vec<f64>>();
        let (mean, mode) = (of(&|y| prior.mmse(y, sigma)), of(&|y| prior.map(y, sigma)));
        let matched: Vec<_> = y.iter().map(|y| prior.matched(*y, sigma, self.gamma)).collect();
        let value: Vec<f64> = matched.iter().map(|found| found.value).collect();
        ensure!(
            mean.iter().chain(&mode).chain(&value).all(|x| x.is_finite()),
            "the prior has no density to speak of at some data: a smaller --from and --to, or another --sigma"
        );
        if let Some(out) = &self.out {
            let column = |name: &str, values: Vec<f64>| Column::new(name.into(), values);
            let mut columns =
                vec![column("y", y.clone()), column("mean", mean.clone()), column("mode", mode.clone())];
            if let Some(median) = y.iter().map(|y| prior.median(*y, sigma)).collect::<Option<Vec<f64>>>() {
                columns.push(column("median", median));
            }
            columns.push(column("matched", value.clone()));
            columns.push(column("regulariser_of_mean", of(&|y| prior.mmse_regulariser(y, sigma))));
            columns.push(column(
                "regulariser_of_matched",
                matched.iter().map(|found| found.regulariser).collect(),
            ));
            columns.push(column(
                "negative_log_prior_at_matched",
                value.iter().map(|z| -sigma * sigma * prior.log_density(*z)).collect(),
            ));
            write_columns(out, columns)?;
        }
        let apart =
            |a: &[f64], b: &[f64]| a.iter().zip(b).fold(0.0_f64, |most, (a, b)| most.max((a - b).abs()));
        let tau = learned_proximal::prior::smoothing(sigma, self.gamma);
        Ok(say(&format!(
            "tau                  {} for sigma {} and gamma {}\nregulariser          {} times that of a posterior mean at noise tau\nmatched from mode    {} at most\nmatched from mean    {} at most\nmean from mode       {} at most",
            format_number(tau),
            format_number(sigma),
            format_number(self.gamma),
            format_number(sigma * sigma / (tau * tau)),
            format_number(apart(&value, &mode)),
            format_number(apart(&value, &mean)),
            format_number(apart(&mean, &mode)),
        ))?)
    }
}
