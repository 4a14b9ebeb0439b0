//! Tables, losses and networks of a user.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use convex_relu::global::Coverage;
use convex_relu::network::Network;
use convex_relu::patterns::{Patterns, cells, count};
use convex_relu::problem::{Loss, Problem};
use lab::arguments::{positive, usage};
use lab::input::{matrix, vector};
use lab::ndarray::{Array1, Array2, Axis};
use lab::write_atomically;
use serde::{Deserialize, Serialize};

/// Inputs and targets.
#[derive(Args)]
pub struct Data {
    /// X: .csv or .npy, a row for each record
    #[arg(long, value_name = "FILE")]
    pub x: PathBuf,
    /// y: .csv or .npy, a number for each; labels 0 and 1 or −1 and 1 for log and hinge
    #[arg(long, value_name = "FILE")]
    pub y: PathBuf,
    /// Squared ½|f − y|², log Σ ln(1 + e^(−yf)), or hinge Σ (1 − yf)₊: sums, not means
    #[arg(long, value_enum, default_value = "squared")]
    pub loss: LossName,
    /// β: what norms weigh; divide yours by the number of rows if your loss is a mean
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    pub beta: f64,
    /// Adds a column of ones
    #[arg(long)]
    pub bias: bool,
}

/// A loss by name.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LossName {
    /// For numbers
    Squared,
    /// For labels
    Log,
    /// For labels
    Hinge,
}

impl From<LossName> for Loss {
    fn from(name: LossName) -> Self {
        match name {
            LossName::Squared => Self::Squared,
            LossName::Log => Self::Logistic,
            LossName::Hinge => Self::Hinge,
        }
    }
}

impl Data {
    /// X, with its ones, and y, labels as ±1.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn read(&self) -> anyhow::Result<(Array2<f64>, Array1<f64>)> {
        let mut x = matrix(&self.x)?;
        let mut y = vector(&self.y)?;
        if x.nrows() != y.len() {
            bail!(
                "{} has {} rows, {} has {} numbers",
                self.x.display(),
                x.nrows(),
                self.y.display(),
                y.len()
            );
        }
        if self.loss != LossName::Squared {
            let zero = y.iter().any(|y| *y == 0.0);
            let low = if zero { 0.0 } else { -1.0 };
            if let Some(row) = y.iter().position(|y| *y != 1.0 && *y != low) {
                bail!(
                    "{}: row {} is {}, where labels are 0 and 1 or −1 and 1",
                    self.y.display(),
                    row + 1,
                    y[row]
                );
            }
            y.mapv_inplace(|y| if y == 1.0 { 1.0 } else { -1.0 });
        }
        if self.bias {
            x.push_column(Array1::ones(x.nrows()).view())?;
        }
        Ok((x, y))
    }

    /// The problem of what was read.
    ///
    /// # Errors
    /// As the problem's.
    pub fn problem(&self, x: &Array2<f64>, y: &Array1<f64>) -> anyhow::Result<Problem> {
        Problem::new(x.view(), y.view(), self.loss.into(), self.beta)
            .with_context(|| format!("{}, {}", self.x.display(), self.y.display()))
    }
}

/// What a bound is a bound of, in words.
pub fn covered(covers: Coverage, patterns: &Patterns) -> String {
    match covers {
        Coverage::All => "over all networks of all widths".to_owned(),
        Coverage::Given => format!("over networks with these {} patterns only", patterns.len()),
    }
}

/// More cells than this are enumerated only if asked for by `--most`.
pub const MOST: f64 = 1e6;

/// All cells, or a refusal that says how many there would be.
///
/// # Errors
/// If there may be more than `most`.
pub fn all_cells(problem: &Problem, most: f64) -> anyhow::Result<Patterns> {
    let expected = count(problem.rows(), problem.rank());
    if expected > most {
        return Err(usage(format!(
            "{} rows of rank {} may have {expected:.3e} patterns, more than {most:.0e}: sample with --patterns, or raise --most",
            problem.rows(),
            problem.rank()
        )));
    }
    Ok(cells(problem.x()))
}

/// A network in a file.
#[derive(Serialize, Deserialize)]
pub struct Saved {
    /// Whether the last input is a one that the program added.
    pub bias: bool,
    /// One row for each neuron.
    pub inner: Vec<Vec<f64>>,
    /// One number for each neuron.
    pub outer: Vec<f64>,
}

impl Saved {
    /// Of a network in the coordinates of X.
    pub fn of(network: &Network, features: usize, bias: bool) -> Self {
        let (inner, outer) = network.layers(features);
        Self {
            bias,
            inner: inner.axis_iter(Axis(1)).map(|column| column.to_vec()).collect(),
            outer: outer.to_vec(),
        }
    }

    /// Writes it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, out: &Path) -> anyhow::Result<()> {
        Ok(write_atomically(out, (serde_json::to_string_pretty(self)? + "\n").as_bytes())?)
    }
}

/// A network of this program (.json), or of two tables: `inner` with a row for each neuron, and `outer`. With it the squares of all weights as they stand.
///
/// # Errors
/// One line that names the file and the fault.
pub fn read_network(
    network: Option<&Path>,
    tables: Option<(&Path, &Path)>,
    features: usize,
) -> anyhow::Result<(Network, f64)> {
    let (inner, outer, named) = match (network, tables) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            let saved: Saved = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
            let width = saved.inner.first().map_or(features, Vec::len);
            if saved.inner.iter().any(|row| row.len() != width) || saved.inner.len() != saved.outer.len() {
                bail!("{}: layers do not fit each other", path.display());
            }
            let rows = saved.inner.len();
            (Array2::from_shape_vec((rows, width), saved.inner.concat())?, Array1::from(saved.outer), path)
        }
        (None, Some((inner, outer))) => (matrix(inner)?, vector(outer)?, inner),
        (None, None) => return Err(usage("give --network, or --inner and --outer")),
    };
    if inner.nrows() != outer.len() {
        bail!("{}: {} neurons, but {} outer weights", named.display(), inner.nrows(), outer.len());
    }
    if !inner.is_empty() && inner.ncols() != features {
        bail!("{}: neurons have {} weights, inputs {} columns", named.display(), inner.ncols(), features);
    }
    if inner.iter().chain(&outer).any(|weight| !weight.is_finite()) {
        bail!("{}: a weight is not finite", named.display());
    }
    let squares = inner.iter().chain(&outer).map(|weight| weight * weight).sum();
    Ok((Network::of_layers(inner.t(), outer.view()), squares))
}
