//! What people run on their own data.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use lab::arguments::usage;
use lab::polars::prelude::Column;
use lab::table::write_columns;
use lab::write_atomically;
use learned_proximal::network::{ProximalNetwork, Work};
use learned_proximal::prior::{Laplace, Mixture, Prior, Student};
use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

mod apply;
mod certify;
mod exact;
mod prior;
mod reconstruct;
mod train;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Trains a learned proximal network on rows of data, or on a prior of one dimension
    Train(train::Train),
    /// Denoises rows with a trained network
    Apply(apply::Apply),
    /// Says what the learned regulariser is at points, with bounds on both sides
    Prior(prior::PriorCommand),
    /// Checks what makes a network a proximal operator, and which steps it allows
    Certify(certify::Certify),
    /// Reconstructs from linear measurements with a trained network, with a record of the objective
    Reconstruct(reconstruct::Reconstruct),
    /// Computes exact denoisers and regularisers of a prior of one dimension
    Exact(exact::ExactCommand),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Train(train) => train.run(),
            Self::Apply(apply) => apply.run(),
            Self::Prior(prior) => prior.run(),
            Self::Certify(certify) => certify.run(),
            Self::Reconstruct(reconstruct) => reconstruct.run(),
            Self::Exact(exact) => exact.run(),
        }
    }
}

/// A network as a file holds it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trained {
    /// Standard deviation of the noise that it was trained with.
    sigma: f64,
    /// γ of its last stage; none if it was not proximal matching.
    gamma: Option<f64>,
    network: ProximalNetwork,
}

impl Trained {
    fn write(&self, path: &Path) -> anyhow::Result<()> {
        Ok(write_atomically(path, &serde_json::to_vec(self)?)?)
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
        let mut read: Self = serde_json::from_slice(&bytes)
            .map_err(|error| anyhow::anyhow!("{name}: {error}; expected a file that train has written"))?;
        ensure!(read.sigma > 0.0 && read.sigma.is_finite(), "{name}: sigma is {}", read.sigma);
        // Shape, finite parameters and signs are checked as those of a new network.
        read.network = read.network.checked().with_context(|| name)?;
        Ok(read)
    }
}

/// Rows of data: .csv, .npy, or MNIST's .gz.
fn rows(path: &Path, count: u32) -> anyhow::Result<Array2<f64>> {
    if path.extension().is_some_and(|extension| extension == "gz") {
        return Ok(digits::read(path, count as usize)?);
    }
    Ok(lab::input::matrix(path)?)
}

/// Rows that fit a network.
fn rows_for(network: &ProximalNetwork, path: &Path, count: u32) -> anyhow::Result<Array2<f64>> {
    let rows = rows(path, count)?;
    let n = network.inputs();
    ensure!(rows.ncols() == n, "{}: {} numbers a row, the network takes {n}", path.display(), rows.ncols());
    if let Some(((row, column), x)) = rows.indexed_iter().find(|(_, x)| x.abs() > LARGEST) {
        bail!("{}: row {}, number {}: {x:e} is too large", path.display(), row + 1, column + 1);
    }
    Ok(rows)
}

/// Numbers whose squares and products with weights stay far from overflow.
const LARGEST: f64 = 1e100;

/// f of each row, in parts that need little memory.
///
/// # Errors
/// A row whose output is not finite.
fn denoised(network: &ProximalNetwork, rows: &Array2<f64>, path: &Path) -> anyhow::Result<Vec<f64>> {
    let (n, mut work) = (network.inputs(), Work::default());
    let mut outputs = Vec::with_capacity(rows.len());
    for part in rows.axis_chunks_iter(Axis(0), 64) {
        let y: Vec<f64> = part.iter().copied().collect();
        let pass = network.potential_and_prox(&y, &mut work);
        outputs.extend(pass.prox);
    }
    if let Some(place) = outputs.iter().position(|f| !f.is_finite()) {
        bail!("{}: row {}: the network's output is not finite there", path.display(), place / n + 1);
    }
    Ok(outputs)
}

/// Writes rows of n numbers as columns x1, …, xn of a CSV file.
fn write_rows(path: &Path, values: &[f64], n: usize) -> anyhow::Result<()> {
    let column = |k: usize| {
        let values: Vec<f64> = values.iter().skip(k).step_by(n).copied().collect();
        Column::new(format!("x{}", k + 1).into(), values)
    };
    write_columns(path, (0..n).map(column).collect())
}

/// A prior of one dimension: laplace:B, student:NU or mixture:W,M,V;W,M,V.
fn prior_of(text: &str) -> anyhow::Result<Box<dyn Prior>> {
    let fault = || {
        usage(format!(
            "--prior {text}: expected laplace:B, student:NU or mixture:W,M,V;W,M,V;… with weights, means and variances"
        ))
    };
    let (word, rest) = text.split_once(':').ok_or_else(fault)?;
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| fault());
    let refused = |error: learned_proximal::prior::PriorError| usage(format!("--prior {text}: {error}"));
    Ok(match word {
        "laplace" => Box::new(Laplace::new(number(rest)?).map_err(refused)?),
        "student" => Box::new(Student::new(number(rest)?).map_err(refused)?),
        "mixture" => {
            let mut components = Vec::new();
            for part in rest.split(';') {
                let numbers = part.split(',').map(number).collect::<Result<Vec<f64>, _>>()?;
                components.push(<[f64; 3]>::try_from(numbers).map_err(|_| fault())?);
            }
            Box::new(Mixture::new(components).map_err(refused)?)
        }
        _ => bail!(fault()),
    })
}
