//! `sparse-ot solve`: transport on a user's own files.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use clap::{Args, ValueEnum};
use lab::polars::prelude::{Column, DataFrame};
use lab::table::{csv_bytes, format_number};
use lab::{input, say, write_atomically};
use numerics::lbfgs::StopReason;
use sparse_ot::{AscentOptions, Cost, Problem, Regulariser, SparsePlan, solve_dual, solve_semidual};

/// Minimises ⟨C, T⟩ + (γ/2)‖T‖² over plans T from a to b with at most k nonzeros per column.
#[derive(Args)]
pub struct Solve {
    /// Cost matrix, m × n: .csv without a header, or .npy
    #[arg(long, value_name = "FILE")]
    cost: PathBuf,
    /// Masses of the m rows: .csv or .npy
    #[arg(long, value_name = "FILE")]
    a: PathBuf,
    /// Masses of the n columns, with the same total: .csv or .npy
    #[arg(long, value_name = "FILE")]
    b: PathBuf,
    /// Most nonzeros of a column, at least 1; above m it is no constraint
    #[arg(long, value_parser = at_least_one)]
    k: usize,
    /// Strength of the regulariser, positive
    #[arg(long, value_parser = positive)]
    gamma: f64,
    /// Which function to maximise
    #[arg(long, value_enum, default_value_t = Method::Semidual)]
    method: Method,
    /// Stop when no row misses its mass by more than this part of the total
    #[arg(long, value_parser = positive, default_value_t = 1e-9)]
    tolerance: f64,
    /// Most iterations
    #[arg(long, default_value_t = 500)]
    iterations: usize,
    /// Where the plan goes: .csv
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How the plan is written
    #[arg(long, value_enum, default_value_t = Layout::Triplets)]
    layout: Layout,
}

#[derive(Clone, Copy, ValueEnum)]
enum Method {
    /// Over the row potentials: every column has its exact mass
    Semidual,
    /// Over the potentials of both sides
    Dual,
}

#[derive(Clone, Copy, ValueEnum)]
enum Layout {
    /// One line `row,column,mass` for each nonzero, counted from 0
    Triplets,
    /// All m lines of n entries
    Dense,
}

impl Solve {
    /// Reads, solves, writes the plan and prints what was found.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let cost = Cost::dense(input::matrix(&self.cost)?.view()).with_context(|| self.cost.display().to_string())?;
        let (a, b) = (input::vector(&self.a)?, input::vector(&self.b)?);
        let problem = Problem::new(cost, a.view(), b.view())?;
        let regulariser = Regulariser::new(self.k, self.gamma);
        let options =
            AscentOptions { tolerance: self.tolerance, max_iterations: self.iterations, ..AscentOptions::default() };
        let started = Instant::now();
        let found = match self.method {
            Method::Semidual => solve_semidual(&problem, regulariser, &options)?,
            Method::Dual => solve_dual(&problem, regulariser, &options)?,
        };
        let seconds = started.elapsed().as_secs_f64();
        write_plan(&found.plan, &self.out, self.layout)?;
        let nonzeros = found.plan.nonzeros_per_column();
        let mean = found.plan.nonzeros() as f64 / nonzeros.len() as f64;
        say(&format!(
            "dual value           {} (a lower bound)\n\
             regularised cost     {} (of the plan written)\n\
             transport cost       {}\n\
             nonzeros per column  {} in the mean, {} at most\n\
             row error            {} of a mass of {}\n\
             column error         {}\n\
             iterations           {}, {}\n\
             seconds              {seconds:.3}\n\
             plan                 {}",
            found.value,
            found.plan.primal_value(problem.cost(), self.gamma),
            found.plan.cost(problem.cost()),
            format_number(mean),
            found.plan.max_nonzeros_per_column(),
            format_number(found.row_error),
            format_number(problem.mass()),
            format_number(found.column_error),
            found.iterations,
            ending(found.reason),
            self.out.display(),
        ))?;
        Ok(())
    }
}

/// The reason for stopping, and what it means for the plan.
fn ending(reason: StopReason) -> &'static str {
    match reason {
        StopReason::GradientTolerance => "converged: the plan meets both marginals",
        StopReason::RelativeDecrease => "stopped: the value no longer rises",
        StopReason::IterationLimit => "stopped at the limit of iterations",
        StopReason::LineSearchFailed => "stopped on a kink, as happens where k binds: see the row error",
        StopReason::Diverged => "stopped: the value is not finite",
        StopReason::Requested => "stopped on request",
    }
}

fn write_plan(plan: &SparsePlan, path: &std::path::Path, layout: Layout) -> anyhow::Result<()> {
    let bytes = match layout {
        Layout::Triplets => {
            let entries = (0..plan.columns()).flat_map(|j| plan.column(j).map(move |(i, mass)| (i, j, mass)));
            let (mut rows, mut columns, mut masses) = (Vec::new(), Vec::new(), Vec::new());
            for (row, column, mass) in entries {
                rows.push(row as u64);
                columns.push(column as u64);
                masses.push(mass);
            }
            let frame = DataFrame::new(
                masses.len(),
                vec![
                    Column::new("row".into(), rows),
                    Column::new("column".into(), columns),
                    Column::new("mass".into(), masses),
                ],
            )?;
            csv_bytes(&frame)?
        }
        Layout::Dense => {
            let dense = plan.to_dense();
            let lines = dense.rows().into_iter().map(|row| {
                let entries: Vec<String> = row.iter().map(f64::to_string).collect();
                entries.join(",") + "\n"
            });
            lines.collect::<String>().into_bytes()
        }
    };
    write_atomically(path, &bytes)?;
    Ok(())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("every column needs at least one nonzero".into()),
        Ok(number) => Ok(number),
        Err(_) => Err("expected a whole number, at least 1".into()),
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && f64::is_finite(number) => Ok(number),
        _ => Err("expected a positive number".into()),
    }
}
