//! `quantization train`: a network to try things on.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lab::arguments::refuse_one_file_for_two;
use lab::{Error, input, remark, write_atomically};
use ndarray_npy::WriteNpyExt;
use quantization::experiments::problem::{Key, Problem, Shape, Source};
use quantization::model_file::{self, Model};
use quantization::network::{Network, accuracy};
use quantization::onnx;
use quantization::training::{Options, train};

use super::{check_name, is_onnx, read_labels};

/// Trains a network on your data, or on random strokes in ten classes.
#[derive(Args)]
pub struct Train {
    /// Rows of numbers: .csv or .npy
    #[arg(long, value_name = "FILE", requires = "labels")]
    data: Option<PathBuf>,
    /// A class from 0 on for each row: .csv or .npy
    #[arg(long, value_name = "FILE", requires = "data")]
    labels: Option<PathBuf>,
    /// The network's shape; on your data a perceptron with two hidden layers of 64 and 32 units
    #[arg(long, value_enum, default_value_t = ShapeName::Perceptron)]
    shape: ShapeName,
    /// Passes over your data; 12 by default
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000), requires = "data")]
    epochs: Option<u32>,
    /// Seed of strokes, weights and batches
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where 2000 test images of strokes go: .npy
    #[arg(long, value_name = "FILE", conflicts_with = "data", requires = "test_labels")]
    test_data: Option<PathBuf>,
    /// Where their labels go: .csv
    #[arg(long, value_name = "FILE", conflicts_with = "data", requires = "test_data")]
    test_labels: Option<PathBuf>,
    /// Where the network goes: .safetensors or .onnx
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShapeName {
    /// Two hidden layers
    Perceptron,
    /// Two convolutions, for strokes
    Convolutional,
}

impl Train {
    /// Trains, writes and says.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_name(&self.out)?;
        if let (Some(data), Some(labels)) = (&self.test_data, &self.test_labels) {
            refuse_one_file_for_two(data, labels)?;
            for (path, ending) in [(data, "npy"), (labels, "csv")] {
                if path.extension().is_none_or(|extension| extension != ending) {
                    let fault = format!("{}: expected a name that ends in .{ending}", path.display());
                    return Err(Error::Usage(fault).into());
                }
            }
        }
        let mut random = numerics::random::stream(self.seed, &["quantization", "train", "weights"]);
        let (network, score) = match (&self.data, &self.labels) {
            (Some(data), Some(labels)) => {
                if self.shape == ShapeName::Convolutional {
                    return Err(Error::Usage("--shape convolutional is for strokes".into()).into());
                }
                let rows = input::matrix(data)?.mapv(|x| x as f32);
                let labels = read_labels(labels, rows.nrows(), 1_000)?;
                let classes = labels.iter().max().map_or(1, |largest| largest + 1).max(2);
                let mut network = Network::perceptron(&[rows.ncols(), 64, 32, classes], &mut random)?;
                let options = Options {
                    epochs: self.epochs.unwrap_or(12) as usize,
                    seed: self.seed,
                    ..Options::default()
                };
                train(&mut network, rows.view(), &labels, &options)?;
                let score = accuracy(network.forward(rows.view())?.view(), &labels);
                (network, format!("{score:.4} on the data it was trained on"))
            }
            _ => {
                let mut images = numerics::random::stream(self.seed, &["quantization", "train", "images"]);
                let shape = match self.shape {
                    ShapeName::Perceptron => Shape::Perceptron,
                    ShapeName::Convolutional => Shape::Convolutional,
                };
                let key = Key { source: Source::Strokes, shape, replicate: 0 };
                let problem = Problem::from_streams(key, &mut images, &mut random)
                    .map_err(|fault| anyhow::anyhow!("{fault}"))?
                    .ok_or_else(|| anyhow::anyhow!("strokes could not be drawn"))?;
                if let (Some(data), Some(labels)) = (&self.test_data, &self.test_labels) {
                    let mut bytes = Vec::new();
                    problem.test.write_npy(&mut bytes)?;
                    write_atomically(data, &bytes)?;
                    let lines: String =
                        problem.test_labels.iter().map(|label| format!("{label}\n")).collect();
                    write_atomically(labels, lines.as_bytes())?;
                }
                let score = format!("{:.4} on 2000 test images", problem.accuracy);
                (problem.network, score)
            }
        };
        let bytes = if is_onnx(&self.out) { onnx::write(&network) } else { model_file::write(&network)? };
        write_atomically(&self.out, &bytes)?;
        let model = Model::Real(network);
        remark(&format!(
            "network   {} layers, {} parameters\naccuracy  {score}\nwritten to {}",
            model.network().layers.len(),
            model.network().parameters(),
            self.out.display()
        ))?;
        Ok(())
    }
}
