//! What people run on their own points.

use std::fmt::Display;
use std::path::Path;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use lab::arguments::{not_negative, positive};
use lab::polars::prelude::Column;
use lab::{Error, write_atomically};
use ndarray::ArrayView2;
use ndarray_npy::{WritableElement, WriteNpyExt};
use ntk::{Activation, Architecture};

mod kernel;
mod regress;
mod train;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Computes the kernel matrix of an infinitely wide network
    Kernel(kernel::Kernel),
    /// Trains an infinitely wide network: mean and bands at any time
    Regress(regress::Regress),
    /// Trains a finite network by gradient descent and watches its tangent kernel
    Train(train::Train),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Kernel(kernel) => kernel.run(),
            Self::Regress(regress) => regress.run(),
            Self::Train(train) => train.run(),
        }
    }
}

/// The network, as all subcommands take it.
#[derive(Args)]
pub struct NetworkArguments {
    /// Affine layers, at least 1
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1_000), default_value_t = 4)]
    depth: u16,
    /// The nonlinearity
    #[arg(long, value_enum, default_value_t = Nonlinearity::Relu)]
    activation: Nonlinearity,
    /// Standard deviation w of the weights; sqrt(2) keeps rectifiers' variances
    #[arg(long, value_parser = positive, allow_negative_numbers = true, default_value_t = 1.0)]
    weight_std: f64,
    /// Standard deviation b of the biases
    #[arg(long, value_parser = not_negative, allow_negative_numbers = true, default_value_t = 0.1)]
    bias_std: f64,
}

impl NetworkArguments {
    /// The architecture that they name.
    pub fn architecture(&self) -> Architecture {
        let activation = match self.activation {
            Nonlinearity::Relu => Activation::Relu,
            Nonlinearity::Erf => Activation::Erf,
            Nonlinearity::Tanh => Activation::Tanh,
            Nonlinearity::Gelu => Activation::Gelu,
            Nonlinearity::Sine => Activation::Sine,
        };
        let Self { depth, weight_std, bias_std, .. } = *self;
        Architecture { depth: depth.into(), activation, weight_std, bias_std }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Nonlinearity {
    /// max(0, z)
    Relu,
    /// erf(z)
    Erf,
    /// tanh(z), by quadrature
    Tanh,
    /// z Φ(z), by quadrature
    Gelu,
    /// sin(z), by quadrature
    Sine,
}

/// Writes a matrix as .npy or .csv, by the name.
fn write_matrix<T: WritableElement + Display>(path: &Path, matrix: ArrayView2<T>) -> anyhow::Result<()> {
    let bytes = match path.extension().and_then(|extension| extension.to_str()) {
        Some("npy") => {
            let mut bytes = Vec::new();
            matrix.write_npy(&mut bytes).with_context(|| path.display().to_string())?;
            bytes
        }
        Some("csv") => {
            let rows = matrix
                .rows()
                .into_iter()
                .map(|row| row.iter().map(T::to_string).collect::<Vec<_>>().join(",") + "\n");
            rows.collect::<String>().into_bytes()
        }
        _ => {
            return Err(Error::Usage(format!(
                "{}: expected a name that ends in .csv or .npy",
                path.display()
            ))
            .into());
        }
    };
    write_atomically(path, &bytes)?;
    Ok(())
}

/// Writes named columns of equal length as .csv.
fn write_columns(path: &Path, columns: Vec<(&str, Vec<f64>)>) -> anyhow::Result<()> {
    let columns = columns.into_iter().map(|(name, values)| Column::new(name.into(), values)).collect();
    lab::table::write_columns(path, columns)
}
