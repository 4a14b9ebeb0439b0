//! What people run on their own objectives and particles.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use consensus_based::canyon::Canyon;
use consensus_based::consensus::Refusal;
use consensus_based::objective::Objective;
use consensus_based::problems::{BENCHMARKS, Problem};
use lab::arguments::{not_negative, usage};
use lab::polars::prelude::Column;
use lab::table::format_number;

use formula::Formula;

mod compare;
mod consensus;
mod formula;
mod minimise;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Minimises a formula, a mean of a formula over data, or a test function by a swarm
    Minimise(minimise::Minimise),
    /// Computes the consensus of particles in a file
    Consensus(consensus::ConsensusOf),
    /// Runs hopping, minimising movement and gradient descent side by side, with residuals
    Compare(compare::Compare),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Minimise(minimise) => minimise.run(),
            Self::Consensus(consensus) => consensus.run(),
            Self::Compare(compare) => compare.run(),
        }
    }
}

/// What is minimised.
#[derive(Args)]
pub struct ObjectiveArguments {
    /// A formula such as "(x-1)^2 + abs(y)", whose names are the coordinates in alphabetical order (e, PI and TAU are numbers); or a test function: canyon, ackley, rastrigin,
    /// sphere, griewank, salomon, alpine, rosenbrock, levy, styblinski-tang, schwefel
    #[arg(long, value_name = "NAME|FORMULA", allow_hyphen_values = true)]
    objective: String,
    /// Data: .csv, .npy or .parquet. The objective is the mean of the formula over its rows; names that are columns come from there, the others are the coordinates
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Dimension of a test function [default: 2]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000), conflicts_with = "data")]
    dimension: Option<u32>,
}

/// An objective that the command line names.
pub enum Target {
    /// The landscape of the paper's figures.
    Canyon,
    /// A test function.
    Benchmark(Problem),
    /// A formula.
    Formula(Box<Formula>),
}

impl ObjectiveArguments {
    /// The objective, and the names of its coordinates.
    pub fn objective(&self) -> anyhow::Result<(Target, Vec<String>)> {
        let numbered = |d: usize| (1..=d).map(|k| format!("x{k}")).collect::<Vec<_>>();
        let dimension = self.dimension.unwrap_or(2) as usize;
        if self.data.is_none() {
            if self.objective == "canyon" {
                return match self.dimension {
                    None | Some(2) => Ok((Target::Canyon, numbered(2))),
                    Some(_) => Err(usage("--dimension: the canyon has two dimensions")),
                };
            }
            let known = BENCHMARKS.into_iter().find(|(_, name)| *name == self.objective);
            if let Some((benchmark, name)) = known {
                if name == "rosenbrock" && dimension < 2 {
                    return Err(usage("--dimension: rosenbrock needs at least 2"));
                }
                return Ok((
                    Target::Benchmark(Problem { benchmark, dimension, shift: 0.0 }),
                    numbered(dimension),
                ));
            }
        }
        if self.dimension.is_some() {
            return Err(usage(format!(
                "--dimension is for test functions, and {:?} is none",
                self.objective
            )));
        }
        let formula = Formula::parse(&self.objective, self.data.as_deref())?;
        let names = formula.parameters().to_vec();
        Ok((Target::Formula(Box::new(formula)), names))
    }
}

impl Objective for Target {
    fn dimension(&self) -> usize {
        match self {
            Self::Canyon => 2,
            Self::Benchmark(problem) => problem.dimension(),
            Self::Formula(formula) => formula.dimension(),
        }
    }

    fn evaluate(&self, points: &[f64], values: &mut [f64]) {
        match self {
            Self::Canyon => Canyon.evaluate(points, values),
            Self::Benchmark(problem) => problem.evaluate(points, values),
            Self::Formula(formula) => formula.evaluate(points, values),
        }
    }

    fn gradient(&self, point: &[f64], gradient: &mut [f64]) {
        match self {
            Self::Canyon => Canyon.gradient(point, gradient),
            Self::Benchmark(problem) => problem.gradient(point, gradient),
            Self::Formula(formula) => formula.gradient(point, gradient),
        }
    }
}

/// A refusal of the library, with the option that it is about.
fn refused(refusal: Refusal) -> anyhow::Error {
    match refusal {
        Refusal::Setting { name, expected, found } => {
            let option = match name {
                "share of effective particles" => "--effective-share",
                "bounds" | "box" => "--box",
                "width" => "--tau and --alpha: the width of hops",
                name => &format!("--{name}"),
            };
            usage(format!("{option}: expected {expected}, found {}", format_number(found)))
        }
        other => other.into(),
    }
}

/// Numbers separated by commas, as many as there are coordinates.
fn coordinates(option: &str, text: &str, names: &[String]) -> anyhow::Result<Vec<f64>> {
    let number = |part: &str| part.trim().parse::<f64>().ok().filter(|x| x.is_finite());
    let found: Option<Vec<f64>> = text.split(',').map(number).collect();
    match found {
        Some(found) if found.len() == names.len() => Ok(found),
        Some(found) => Err(usage(format!(
            "{option}: expected {} numbers ({}), found {}",
            names.len(),
            shortened(names),
            found.len()
        ))),
        None => Err(usage(format!("{option}: expected finite numbers separated by commas, found {text:?}"))),
    }
}

/// The first names of many.
fn shortened(names: &[String]) -> String {
    let end = if names.len() > 4 { ", …" } else { "" };
    names.iter().take(4).cloned().collect::<Vec<_>>().join(", ") + end
}

/// An inverse temperature: a number of at least 0, or inf.
fn alpha(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(alpha) if alpha >= 0.0 => Ok(alpha),
        _ => Err("expected a number of at least 0, or inf".into()),
    }
}

/// Writes named columns of equal length as .csv.
fn write_columns(path: &Path, columns: Vec<(String, Vec<f64>)>) -> anyhow::Result<()> {
    let columns = columns.into_iter().map(|(name, values)| Column::new(name.into(), values)).collect();
    lab::table::write_columns(path, columns)
}

/// Refuses a name that does not end in .csv, before anything is computed.
fn expect_csv(out: Option<&Path>) -> anyhow::Result<()> {
    match out {
        Some(path) if path.extension().is_none_or(|extension| extension != "csv") => {
            Err(usage(format!("{}: expected a name that ends in .csv", path.display())))
        }
        _ => Ok(()),
    }
}
