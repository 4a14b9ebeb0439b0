//! `quantization inspect`: what is in a network.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use lab::table::format_number;
use lab::{Chart, Error, Figure, say, write_atomically};
use quantization::model_file::Model;

use super::{ModelFile, read_model};

/// Sizes, ranges and histograms of a network's layers; of a quantised one also its grids and, beside the network before, the error.
#[derive(Args)]
pub struct Inspect {
    #[command(flatten)]
    model: ModelFile,
    /// The network before quantisation: .safetensors or .onnx
    #[arg(long, value_name = "FILE")]
    before: Option<PathBuf>,
    /// Where a picture of the histograms goes: .svg or .png
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
}

impl Inspect {
    /// Reads and says.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let model = self.model.read()?;
        let before = self.before.as_deref().map(|path| read_model(path, &[])).transpose()?;
        let layers = &model.network().layers;
        let mut lines = Vec::new();
        for (l, layer) in layers.iter().enumerate() {
            let (rows, columns) = layer.weights.dim();
            let kind = if layer.convolution.is_some() { "convolution" } else { "dense" };
            let ends = layer
                .weights
                .iter()
                .fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), w| (a.min(*w), b.max(*w)));
            let mut line = format!(
                "layer {l}  {kind} {rows} × {columns}, weights {} to {}",
                format_number(ends.0.into()),
                format_number(ends.1.into())
            );
            if let Model::Quantised(quantised) = &model {
                let matrix = &quantised.matrices[l];
                let grid = matrix.grid(0, 0);
                line += &format!(
                    ", {} bit ({} to {}), {} scales, {} bytes",
                    grid.bits(),
                    grid.low,
                    grid.high,
                    matrix.grids.len(),
                    (matrix.size_bits() / 8.0).ceil()
                );
                match quantised.activations[l] {
                    Some(grid) => {
                        line += &format!(", inputs {} bit, scale {}", grid.bits(), format_number(grid.scale))
                    }
                    None => line += ", inputs real",
                }
            }
            if let Some(before) = &before {
                let Some(real) =
                    before.network().layers.get(l).filter(|real| real.weights.dim() == layer.weights.dim())
                else {
                    bail!(
                        "layer {l} of {} has another shape before quantisation",
                        self.model.model.display()
                    );
                };
                let square = |values: ndarray::ArrayView2<f32>| {
                    values.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>()
                };
                let error = square((&layer.weights - &real.weights).view())
                    / square(real.weights.view()).max(f64::MIN_POSITIVE);
                line += &format!(", error {} of the mean square", format_number(error));
            }
            lines.push(line);
        }
        if let Some(path) = &self.figure {
            let panels = layers.iter().enumerate().map(|(l, layer)| {
                let values: Vec<f64> = layer.weights.iter().map(|w| f64::from(*w)).collect();
                Chart::new()
                    .title(format!("layer {l}"))
                    .x_label("weight")
                    .y_label("count")
                    .histogram("weights", values, 60)
                    .without_legend()
            });
            let figure = Figure::new("Weights by layer").panels(panels);
            let bytes = match path.extension().and_then(|extension| extension.to_str()) {
                Some("svg") => figure.to_svg()?.into_bytes(),
                Some("png") => figure.to_png()?,
                _ => {
                    let fault = format!("{}: expected a name that ends in .svg or .png", path.display());
                    return Err(Error::Usage(fault).into());
                }
            };
            write_atomically(path, &bytes)?;
            lines.push(format!("histograms written to {}", path.display()));
        }
        say(&lines.join("\n"))?;
        Ok(())
    }
}
