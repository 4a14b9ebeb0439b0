//! `hessian-spectrum density`.

use std::path::PathBuf;

use clap::Args;
use hessian_spectrum::lanczos::{Pairs, Wanted, extremes};
use hessian_spectrum::quadrature::{Quadrature, distribution};
use lab::arguments::check_output;
use lab::polars::prelude::Column;
use lab::table::{format_number, write_columns};
use lab::{remark, say};

use super::data::{Data, Training, described};
use super::usage;

/// Stochastic Lanczos quadrature with deflation of the largest eigenpairs.
#[derive(Args)]
pub struct DensityCommand {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    training: Training,
    /// Random vectors
    #[arg(long, default_value_t = 10)]
    vectors: usize,
    /// Lanczos steps for each
    #[arg(long, default_value_t = 80)]
    steps: usize,
    /// Largest eigenpairs that are found first and taken out
    #[arg(long, default_value_t = 20)]
    deflate: usize,
    /// The probability that the band fails
    #[arg(long, default_value_t = 0.05, allow_negative_numbers = true)]
    failure: f64,
    /// Where the distribution goes: .csv with place, lower, estimate, upper
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl DensityCommand {
    /// Reads, trains, computes, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", self.data.files().into_iter().chain(self.training.file()))?;
        if self.vectors == 0 || self.steps == 0 {
            return Err(usage("--vectors and --steps: expected at least 1"));
        }
        if !(self.failure > 0.0 && self.failure < 1.0) {
            return Err(usage(format!("--failure {}: expected between 0 and 1", self.failure)));
        }
        let start = self.data.point(self.training.file())?;
        let parameters = start.network().parameters().len();
        if self.deflate > parameters {
            return Err(usage(format!("--deflate {}: there are {parameters} eigenvalues", self.deflate)));
        }
        let point = self.training.reach(start)?;
        say(&described(&self.data, &point)?)?;
        let mut random = self.data.random("quadrature");
        let known = match self.deflate {
            0 => None,
            top => {
                let found = extremes(&point, &Wanted::new(top, 0), &mut random)?;
                if !found.converged {
                    remark("not all deflated pairs converged: the brackets are not exact")?;
                }
                say(&format!(
                    "deflated            {top} eigenvalues from {} up, {} products",
                    format_number(found.top.values[top - 1]),
                    found.products
                ))?;
                Some(found.top)
            }
        };
        let known: Vec<&Pairs> = known.iter().collect();
        let options = Quadrature { vectors: self.vectors, steps: self.steps, failure: self.failure };
        let found = distribution(&point, &known, &options, &mut random)
            .ok_or_else(|| anyhow::anyhow!("a product is not finite"))?;
        // A quantile lies between the first place that the upper bound allows and the first that the lower one forces.
        let at = |share: f64| {
            let first = |bound: &[f64]| {
                bound.iter().position(|b| *b >= share).map_or(f64::INFINITY, |k| found.places[k])
            };
            format!("{} to {}", format_number(first(&found.upper)), format_number(first(&found.lower)))
        };
        say(&format!(
            "products            {}\nmean eigenvalue     {}\nmean square         {}\nquantiles           10 %: {}, 50 %: {}, 90 %: {}\nband                {} on either side, fails with probability {}",
            found.products,
            format_number(found.moments[0]),
            format_number(found.moments[1]),
            at(0.1),
            at(0.5),
            at(0.9),
            format_number(found.band),
            format_number(self.failure)
        ))?;
        if let Some(out) = &self.out {
            let columns = vec![
                Column::new("place".into(), found.places),
                Column::new("lower".into(), found.lower),
                Column::new("estimate".into(), found.estimate),
                Column::new("upper".into(), found.upper),
            ];
            write_columns(out, columns)?;
        }
        Ok(())
    }
}
