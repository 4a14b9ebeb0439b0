//! `hessian-spectrum outliers`.

use std::path::PathBuf;

use clap::Args;
use hessian_spectrum::lanczos::{Wanted, count_above, extremes};
use hessian_spectrum::outliers::{Outliers, outliers};
use lab::arguments::positive;
use lab::polars::prelude::{Column, DataFrame};
use lab::table::{csv_bytes, format_number};
use lab::{remark, say, write_atomically};

use super::data::{Data, Training, check_out, described};
use super::usage;

/// Finds eigenpairs at both ends from products with blocks of vectors.
#[derive(Args)]
pub struct OutliersCommand {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    training: Training,
    /// Largest eigenvalues to find
    #[arg(long, default_value_t = 20)]
    top: usize,
    /// Smallest eigenvalues to find
    #[arg(long, default_value_t = 3)]
    bottom: usize,
    /// Residual |Hv - λv| over the largest |λ|
    #[arg(long, value_parser = positive, default_value_t = 1e-10, allow_negative_numbers = true)]
    tolerance: f64,
    /// Proves by the inertia of the matrix that none above the gap is missing; needs the matrix
    #[arg(long)]
    certify: bool,
    /// Where values and residuals go: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl OutliersCommand {
    /// Reads, trains, computes, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_out(self.out.as_deref(), self.data.files().into_iter().chain(self.training.file()))?;
        let parameters = self.data.point(self.training.file())?.network().parameters().len();
        if self.certify && parameters > 12_000 {
            return Err(usage(format!(
                "--certify: {parameters} parameters are more than the 12000 that a matrix is made for"
            )));
        }
        let wanted = Wanted { tolerance: self.tolerance, ..Wanted::new(self.top, self.bottom) };
        if wanted.top + wanted.bottom == 0 || wanted.top + wanted.bottom > parameters {
            return Err(usage(format!(
                "--top {} --bottom {}: expected from 1 to {parameters} together",
                self.top, self.bottom
            )));
        }
        let point = self.training.reach(&self.data)?;
        say(&described(&self.data, &point)?)?;
        let found = extremes(&point, &wanted, &mut self.data.random("Lanczos"))?;
        let ends = [("largest", &found.top), ("smallest", &found.bottom)];
        for (name, pairs) in ends {
            for (k, (value, residual)) in pairs.values.iter().zip(&pairs.residuals).enumerate() {
                say(&format!(
                    "{name:<9}{:>4}       {:<14}residual {}",
                    k + 1,
                    format_number(*value),
                    format_number(*residual)
                ))?;
            }
        }
        say(&format!("products            {}", found.products))?;
        if !found.converged {
            remark("not all residuals came below the tolerance")?;
        }
        if self.top > 1 {
            let both: Vec<f64> = found.top.values.iter().chain(&found.bottom.values).copied().collect();
            let rule = outliers(&both);
            let above = if self.bottom > 0 {
                counted(&rule)
            } else {
                counted(&Outliers { above_negative: 0, ..outliers(&found.top.values) })
            };
            say(&above)?;
            if self.certify {
                self.prove(&point.hessian(), &found.top.values, rule.gap)?;
            } else {
                say("certified           no: a missing eigenvalue cannot be excluded without --certify")?;
            }
        }
        if let Some(out) = &self.out {
            let all = || {
                ends.into_iter().flat_map(|(name, pairs)| {
                    pairs.values.iter().zip(&pairs.residuals).enumerate().map(move |pair| (name, pair))
                })
            };
            let columns = vec![
                Column::new("end".into(), all().map(|(name, _)| name).collect::<Vec<&str>>()),
                Column::new("place".into(), all().map(|(_, (k, _))| k as u64 + 1).collect::<Vec<u64>>()),
                Column::new("eigenvalue".into(), all().map(|(_, (_, pair))| *pair.0).collect::<Vec<f64>>()),
                Column::new("residual".into(), all().map(|(_, (_, pair))| *pair.1).collect::<Vec<f64>>()),
            ];
            write_atomically(out, &csv_bytes(&DataFrame::new(all().count(), columns)?)?)?;
        }
        Ok(())
    }

    fn prove(&self, hessian: &ndarray::Array2<f64>, top: &[f64], gap: usize) -> anyhow::Result<()> {
        // In the middle of the gap, or below the last that was found.
        let place = if gap > 0 && gap < top.len() { gap } else { top.len() - 1 };
        let shift = f64::midpoint(top[place - 1], top[place]);
        let count =
            count_above(hessian.view(), shift).ok_or_else(|| anyhow::anyhow!("the Hessian is not finite"))?;
        let verdict = if count == place { "yes" } else { "NO" };
        say(&format!(
            "certified           {verdict}: {count} eigenvalues are above {}, {place} were found",
            format_number(shift)
        ))?;
        Ok(())
    }
}

/// What both rules say.
pub fn counted(found: &Outliers) -> String {
    let gap = if found.ratio >= 1.5 { format!("{} outliers", found.gap) } else { "no gap".into() };
    let negative = match found.above_negative {
        0 => String::new(),
        count => format!(
            "\nR2                  {count} of these eigenvalues are above the modulus of the smallest"
        ),
    };
    format!(
        "R1                  {gap}: the largest ratio of neighbours is {} at place {}{negative}",
        format_number(found.ratio),
        found.gap
    )
}
