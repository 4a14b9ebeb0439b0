//! What people run on their own networks.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, Subcommand};
use lab::{Error, input};
use ndarray::Array2;
use quantization::model_file::{self, Model};
use quantization::onnx;

mod evaluate;
mod inspect;
mod quantise;
mod train;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Trains a small network, to have one
    Train(train::Train),
    /// Quantises a network after training
    #[command(alias = "quantise")]
    Quantize(Box<quantise::Quantise>),
    /// Measures accuracy, by simulation and by integers alone
    Evaluate(evaluate::Evaluate),
    /// Says what is in a network: sizes, ranges, errors
    Inspect(inspect::Inspect),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Train(train) => train.run(),
            Self::Quantize(quantise) => quantise.run(),
            Self::Evaluate(evaluate) => evaluate.run(),
            Self::Inspect(inspect) => inspect.run(),
        }
    }
}

/// A network to read.
#[derive(Args)]
struct ModelFile {
    /// A network: .safetensors, or .onnx for a chain of Gemm, MatMul, Add, Relu and Conv
    model: PathBuf,
    /// Names of layers in their order, for a .safetensors file from elsewhere whose order is another [default: the order of the file]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    layers: Vec<String>,
}

impl ModelFile {
    fn read(&self) -> anyhow::Result<Model> {
        read_model(&self.model, &self.layers)
    }
}

/// Reads a network.
fn read_model(path: &Path, layers: &[String]) -> anyhow::Result<Model> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let model = match is_onnx(path) {
        true if !layers.is_empty() => {
            return Err(
                Error::Usage("--layers is for .safetensors: ONNX has an order of its own".into()).into()
            );
        }
        true => onnx::read(&bytes).map(Model::Real),
        false => model_file::read_layers(&bytes, layers),
    };
    model.with_context(|| path.display().to_string())
}

fn is_onnx(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "onnx")
}

/// Reads rows of inputs for a network.
fn read_inputs(path: &Path, model: &Model) -> anyhow::Result<Array2<f32>> {
    let numbers = input::matrix(path)?;
    let inputs = numbers.mapv(|x| x as f32);
    if let Some(((row, column), _)) = inputs.indexed_iter().find(|(_, x)| !x.is_finite()) {
        let found = numbers[(row, column)];
        anyhow::bail!(
            "{} row {}, column {}: {found} is beyond single precision",
            path.display(),
            row + 1,
            column + 1
        );
    }
    let expected = model.network().inputs();
    if inputs.ncols() != expected {
        anyhow::bail!("{}: rows of {} numbers, the network takes {expected}", path.display(), inputs.ncols());
    }
    Ok(inputs)
}

/// Reads a label for each row, below the number of classes.
fn read_labels(path: &Path, rows: usize, classes: usize) -> anyhow::Result<Vec<usize>> {
    let values = input::vector(path)?;
    if values.len() != rows {
        anyhow::bail!("{}: {} labels for {rows} rows", path.display(), values.len());
    }
    let label = |(index, value): (usize, &f64)| match *value >= 0.0
        && value.fract() == 0.0
        && *value < classes as f64
    {
        true => Ok(*value as usize),
        false => Err(anyhow::anyhow!(
            "{} entry {}: expected a label from 0 to {}, found {value}",
            path.display(),
            index + 1,
            classes - 1
        )),
    };
    values.iter().enumerate().map(label).collect()
}

/// Refuses outputs that are not finite.
fn check_outputs(outputs: &Array2<f32>, model: &Path) -> anyhow::Result<()> {
    match outputs.iter().all(|z| z.is_finite()) {
        true => Ok(()),
        false => anyhow::bail!("{}: its outputs leave single precision on this data", model.display()),
    }
}

/// Classes that a network tells apart.
fn classes(model: &Model) -> usize {
    model.network().layers.last().map_or(0, |layer| layer.outputs())
}

/// Refuses other endings than .safetensors and .onnx.
fn check_name(path: &Path) -> Result<(), Error> {
    match is_onnx(path) || path.extension().is_some_and(|extension| extension == "safetensors") {
        true => Ok(()),
        false => Err(Error::Usage(format!(
            "{}: expected a name that ends in .safetensors or .onnx",
            path.display()
        ))),
    }
}
