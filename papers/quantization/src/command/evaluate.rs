//! `quantization evaluate`: accuracy.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use lab::say;
use lab::table::format_number;
use quantization::integer::{IntegerNetwork, Requantisation};
use quantization::kernels::Path;
use quantization::model_file::Model;
use quantization::network::{accuracy, cross_entropy};
use quantization::uniform::{Grid, Layout};

use super::{ModelFile, check_outputs, classes, read_inputs, read_labels};

/// Measures accuracy on data with labels; of a network with 8-bit activations also by integers alone.
#[derive(Args)]
pub struct Evaluate {
    #[command(flatten)]
    model: ModelFile,
    /// Rows of inputs: .csv or .npy
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// A class from 0 on for each row: .csv or .npy
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
}

impl Evaluate {
    /// Reads, computes and says.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let model = self.model.read()?;
        let data = read_inputs(&self.data, &model)?;
        let labels = read_labels(&self.labels, data.nrows(), classes(&model))?;
        let began = Instant::now();
        let logits = model.forward(data.view())?;
        check_outputs(&logits, &self.model.model)?;
        let kind = match &model {
            Model::Real(_) => "real",
            Model::Quantised(_) => "simulated",
        };
        let mut lines = vec![format!(
            "{kind:9}  accuracy {}, cross-entropy {}, {} s",
            format_number(accuracy(logits.view(), &labels)),
            format_number(cross_entropy(logits.view(), &labels)),
            format_number(began.elapsed().as_secs_f64())
        )];
        if let Model::Quantised(quantised) = &model {
            let values: Vec<f64> = logits.iter().map(|z| f64::from(*z)).collect();
            match Grid::of_values(Layout::Asymmetric, 8, &values)
                .and_then(|output| IntegerNetwork::new(quantised, output))
            {
                Ok(network) => {
                    let path = Path::best();
                    let began = Instant::now();
                    let outputs = network.logits(data.view(), Requantisation::Dyadic, path)?;
                    lines.push(format!(
                        "integers   accuracy {}, {} s, by {path}",
                        format_number(accuracy(outputs.view(), &labels)),
                        format_number(began.elapsed().as_secs_f64())
                    ));
                }
                Err(fault) => lines.push(format!("integers   not by integers alone: {fault}")),
            }
        }
        say(&lines.join("\n"))?;
        Ok(())
    }
}
