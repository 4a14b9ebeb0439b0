//! `multiobjective-pde descend`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use lab::arguments::{check_output, positive, usage};
use lab::input::matrix;
use lab::polars::prelude::Column;
use lab::say;
use lab::table::write_columns;
use multiobjective_pde::descent::{Options, descend};
use multiobjective_pde::functions::{Objectives, Pieces};
use rayon::prelude::*;
use serde::Deserialize;

/// Objectives and starts.
#[derive(Args)]
pub struct Descend {
    /// Objectives, each a list of formulas of which the largest counts: .json, {"objectives": [["x^2", "y"], ["abs(x - 1)"]]}; coordinates are the names in alphabetical order
    #[arg(long, value_name = "FILE")]
    pieces: PathBuf,
    /// Starts, one a row: .csv or .npy
    #[arg(long, value_name = "FILE")]
    starts: PathBuf,
    /// ε, the radius in which subgradients count
    #[arg(long, value_parser = positive, default_value_t = 1e-3, allow_negative_numbers = true)]
    radius: f64,
    /// δ, the length at which a hull's shortest vector counts as zero
    #[arg(long, value_parser = positive, default_value_t = 1e-3, allow_negative_numbers = true)]
    tolerance: f64,
    /// c, the part of the decrease that is asked for, below 1
    #[arg(long, value_parser = positive, default_value_t = 0.25, allow_negative_numbers = true)]
    decrease: f64,
    /// Iterations at most
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    iterations: u32,
    /// Write end points and objectives, one start a row: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(rename = "note")]
    _note: Option<String>,
    objectives: Vec<Vec<String>>,
}

/// Reads objectives.
///
/// # Errors
/// One line with the file and the fault.
pub fn read(path: &Path) -> anyhow::Result<Pieces> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| name.clone())?;
    let text: Text = serde_json::from_str(&text)
        .map_err(|error| anyhow::anyhow!("{name}: {error}; expected \"objectives\", lists of formulas"))?;
    Pieces::parse(&text.objectives).map_err(|fault| anyhow::anyhow!("{name}: {fault}"))
}

impl Descend {
    /// Descends and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.pieces.as_path(), self.starts.as_path()])?;
        if self.decrease >= 1.0 {
            return Err(usage("--decrease is below 1"));
        }
        let pieces = read(&self.pieces)?;
        let starts = matrix(&self.starts)?;
        if starts.ncols() != pieces.dimension() {
            bail!(
                "{}: {} numbers a row, expected {} ({})",
                self.starts.display(),
                starts.ncols(),
                pieces.dimension(),
                pieces.names().join(", ")
            );
        }
        let options = Options {
            radius: self.radius,
            tolerance: self.tolerance,
            decrease: self.decrease,
            iterations: self.iterations as usize,
        };
        for (row, start) in starts.rows().into_iter().enumerate() {
            let mut values = vec![0.0; pieces.count()];
            pieces.values(&start.to_vec(), &mut values);
            if values.iter().any(|value| !value.is_finite()) {
                bail!("{}: at row {} an objective is {values:?}", self.starts.display(), row + 1);
            }
        }
        let found: Vec<_> = (0..starts.nrows())
            .into_par_iter()
            .map(|row| descend(&pieces, &starts.row(row).to_vec(), &options))
            .collect();
        if let Some(out) = &self.out {
            let column = |name: String, of: &dyn Fn(usize) -> f64| {
                Column::new(name.into(), (0..found.len()).map(of).collect::<Vec<f64>>())
            };
            let mut columns: Vec<Column> = pieces
                .names()
                .iter()
                .enumerate()
                .map(|(place, name)| column(name.clone(), &|row| found[row].x[place]))
                .collect();
            columns.extend(
                (0..pieces.count())
                    .map(|i| column(format!("objective_{}", i + 1), &|row| found[row].values[i])),
            );
            columns.push(column("criticality".into(), &|row| found[row].criticality));
            columns.push(column("calls".into(), &|row| found[row].calls as f64));
            columns.push(column("subgradients".into(), &|row| found[row].subgradients as f64));
            write_columns(out, columns)?;
        }
        let critical = found.iter().filter(|found| found.critical).count();
        let total =
            |of: fn(&multiobjective_pde::descent::Descended) -> u64| found.iter().map(of).sum::<u64>();
        say(&format!(
            "critical            {critical} of {} starts\nobjective calls     {}\nsubgradients        {}\niterations          {}",
            found.len(),
            total(|found| found.calls),
            total(|found| found.subgradients),
            total(|found| found.iterations as u64),
        ))?;
        if critical == 0 {
            bail!("{}: no start ends at a critical point", self.starts.display());
        }
        Ok(())
    }
}
