//! What people run on their own data.

use std::path::Path;

use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use deep_unfolding::problem::{Penalty, Problem};
use lab::arguments::refuse_beyond_memory;
use lab::arguments::{not_negative, usage};
use lab::input::{named_matrix, vector};
use lab::polars::prelude::Column;
use ndarray::{Array2, Axis};

mod apply;
mod solve;
mod train;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Recovers sparse signals: the LASSO with its duality gap, or the ℓ0 objective
    Solve(solve::Solve),
    /// Trains an unfolded network for a matrix, from samples or from a model of signals
    Train(train::Train),
    /// Recovers signals by a trained network, beside what needs no training
    Apply(apply::Apply),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Solve(solve) => solve.run(),
            Self::Train(train) => train.run(),
            Self::Apply(apply) => apply.run(),
        }
    }
}

/// What is added to ½‖y − Ax‖².
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PenaltyName {
    /// λ‖x‖₁
    L1,
    /// λ‖x‖₀
    L0,
}

impl From<PenaltyName> for Penalty {
    fn from(name: PenaltyName) -> Self {
        match name {
            PenaltyName::L1 => Self::L1,
            PenaltyName::L0 => Self::L0,
        }
    }
}

/// A matrix with its Gram matrix.
fn read_problem(path: &Path) -> anyhow::Result<Problem> {
    let a = named_matrix(path)?.values;
    let (rows, columns) = a.dim();
    let bytes =
        8.0 * (columns * columns + 2 * rows * columns) as f64 + 24.0 * rows.min(columns).pow(2) as f64;
    refuse_beyond_memory(bytes, &format!("the Gram matrix of {}", path.display()))?;
    Problem::new(a).with_context(|| path.display().to_string())
}

/// Vectors of a known length in the columns of a file, or one alone in a line or an array of one dimension; here they stand in rows.
fn read_columns(path: &Path, length: usize, what: &str) -> anyhow::Result<Array2<f64>> {
    let values = match named_matrix(path) {
        Ok(named) => named.values,
        Err(fault) => vector(path).map(|one| one.insert_axis(Axis(1))).map_err(|_| fault)?,
    };
    let (rows, columns) = values.dim();
    if rows == length {
        return Ok(values.t().as_standard_layout().to_owned());
    }
    if rows == 1 && columns == length {
        return Ok(values);
    }
    Err(usage(format!(
        "{}: {rows} × {columns} numbers, expected {length} rows with {what} in each column",
        path.display()
    )))
}

/// Refuses vectors whose squares are no numbers, or vanish while they do not.
fn check_scale(path: &Path, rows: &Array2<f64>) -> anyhow::Result<()> {
    for (k, row) in rows.outer_iter().enumerate() {
        let square = row.dot(&row);
        if !square.is_finite() || (square < 1e-290 && row.iter().any(|entry| *entry != 0.0)) {
            anyhow::bail!(
                "{}: the squares of column {} leave the numbers: scale the data",
                path.display(),
                k + 1
            );
        }
    }
    Ok(())
}

/// Writes rows as the columns x1, x2, … of a file.
fn write_columns(path: &Path, rows: &Array2<f64>) -> anyhow::Result<()> {
    let column =
        |(k, row): (usize, ndarray::ArrayView1<f64>)| Column::new(format!("x{}", k + 1).into(), row.to_vec());
    let columns = rows.outer_iter().enumerate().map(column).collect();
    lab::table::write_columns(path, columns)
}
