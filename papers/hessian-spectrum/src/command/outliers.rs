//! `hessian-spectrum outliers`.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use hessian_spectrum::lanczos::{Pairs, Wanted, count_above, extremes};
use hessian_spectrum::outliers::{Outliers, outliers};
use lab::arguments::{check_output, positive};
use lab::polars::prelude::Column;
use lab::table::{format_number, write_columns};
use lab::{remark, say};

use super::data::{Data, Training, described};
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
    /// Proves by the inertia of the matrix that none is missing above the last place where those found are apart; needs the matrix
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
        check_output(self.out.as_deref(), "csv", self.data.files().into_iter().chain(self.training.file()))?;
        let start = self.data.point(self.training.file())?;
        let parameters = start.network().parameters().len();
        if self.certify && parameters > 12_000 {
            return Err(usage(format!(
                "--certify: {parameters} parameters are more than the 12000 that a matrix is made for"
            )));
        }
        if self.certify && self.top < 2 {
            return Err(usage("--certify: expected --top 2 or more"));
        }
        if self.top + self.bottom > 200 {
            return Err(usage(format!(
                "--top {} --bottom {}: more than 200 together; spectrum finds all",
                self.top, self.bottom
            )));
        }
        let wanted = Wanted { tolerance: self.tolerance, ..Wanted::new(self.top, self.bottom) };
        if wanted.top + wanted.bottom == 0 || wanted.top + wanted.bottom > parameters {
            return Err(usage(format!(
                "--top {} --bottom {}: expected from 1 to {parameters} together",
                self.top, self.bottom
            )));
        }
        let point = self.training.reach(start)?;
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
            let mut rule = outliers(&found.top.values);
            // R2 needs the other end.
            let smallest = found.bottom.values.first().map(|value| value.abs());
            rule.above_negative =
                smallest.map_or(0, |limit| found.top.values.iter().filter(|value| **value > limit).count());
            say(&format!("{}, among the {} found", counted(&rule), found.top.values.len()))?;
        }
        let proved = if self.certify { Some(certified(&point.hessian(), &found.top)?) } else { None };
        match &proved {
            Some((line, _)) => say(line)?,
            None => say("certified           no: a missing eigenvalue cannot be excluded without --certify")?,
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
            write_columns(out, columns)?;
        }
        if proved.is_some_and(|(_, right)| !right) {
            bail!("eigenvalues are missing: raise --top, or lower --tolerance");
        }
        Ok(())
    }
}

/// How many eigenvalues are above a place between two that were found, by the inertia of the matrix, and whether that is as many as were found: at the last place where neighbours are apart by more than their residuals.
fn certified(hessian: &ndarray::Array2<f64>, top: &Pairs) -> anyhow::Result<(String, bool)> {
    let scale = top.values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let apart = |k: &usize| {
        top.values[k - 1] - top.values[*k] > 10.0 * (top.residuals[k - 1] + top.residuals[*k]) + 1e-12 * scale
    };
    let Some(place) = (1..top.values.len()).rev().find(apart) else {
        return Ok((
            "certified           no: no two neighbours are apart by more than their residuals".into(),
            true,
        ));
    };
    let shift = f64::midpoint(top.values[place - 1], top.values[place]);
    let count =
        count_above(hessian.view(), shift).ok_or_else(|| anyhow::anyhow!("the Hessian is not finite"))?;
    let verdict = if count == place { "yes" } else { "NO" };
    Ok((
        format!(
            "certified           {verdict}: {count} eigenvalues are above {}, {place} were found",
            format_number(shift)
        ),
        count == place,
    ))
}

/// What both rules say.
pub fn counted(found: &Outliers) -> String {
    let gap = if found.ratio >= 1.5 { format!("{} outliers", found.gap) } else { "no gap".into() };
    let negative =
        format!("\nR2                  {} above the modulus of the smallest", found.above_negative);
    format!(
        "R1                  {gap}: the largest ratio of neighbours is {} at place {}{negative}",
        format_number(found.ratio),
        found.gap
    )
}
