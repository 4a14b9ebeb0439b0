//! `multiobjective-pde path`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use lab::arguments::check_output;
use lab::input::{matrix, vector};
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};
use multiobjective_pde::lasso::{area, path};

/// ½|Ax − b|² against |x|₁.
#[derive(Args)]
pub struct PathCommand {
    /// A: .csv or .npy
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    /// b: .csv or .npy
    #[arg(long, value_name = "FILE")]
    rhs: PathBuf,
    /// Kinks at most
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    most: u32,
    /// Write kinks, one a row, with x as place:value pairs: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl PathCommand {
    /// Computes and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.matrix.as_path(), self.rhs.as_path()])?;
        let (a, b) = (matrix(&self.matrix)?, vector(&self.rhs)?);
        let kinks = path(a.view(), b.view(), self.most as usize)
            .with_context(|| format!("{} and {}", self.matrix.display(), self.rhs.display()))?;
        if let Some(out) = &self.out {
            let number = |name: &str, values: Vec<f64>| Column::new(name.into(), values);
            let pairs = kinks.iter().map(|kink| {
                let pairs = kink.x.iter().map(|(place, value)| format!("{}:{value:e}", place + 1));
                pairs.collect::<Vec<_>>().join(" ")
            });
            let columns = vec![
                number("lambda", kinks.iter().map(|kink| kink.lambda).collect()),
                number("loss", kinks.iter().map(|kink| kink.loss).collect()),
                number("l1", kinks.iter().map(|kink| kink.l1).collect()),
                Column::new("x".into(), pairs.collect::<Vec<String>>()),
            ];
            write_columns(out, columns)?;
        }
        let last = &kinks[kinks.len() - 1];
        let cut = if last.lambda > 0.0 { ": the path goes on" } else { "" };
        Ok(say(&format!(
            "kinks               {}{cut}\nlambda              from {} to {}\nloss                from {} to {}\nl1                  up to {}\nlargest support     {}\narea under front    {}",
            kinks.len(),
            format_number(kinks[0].lambda),
            format_number(last.lambda),
            format_number(kinks[0].loss),
            format_number(last.loss),
            format_number(last.l1),
            kinks.iter().map(|kink| kink.x.len()).max().unwrap_or(0),
            format_number(area(&kinks)),
        ))?)
    }
}
