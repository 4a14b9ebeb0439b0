//! `sizes`: bytes of a network in memory and in its file.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::kernels::{BinaryMatrix, LowBitMatrix, LowBits};
use crate::model_file;
use crate::network::Network;
use crate::quantise::{Settings, quantise};

/// What quantisation saves.
pub struct Sizes;

/// A cell: a width.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Bits a weight.
    #[column(unit = "bit")]
    pub bits: u32,
    /// Units of the hidden layers of 784 – n – n – 10.
    pub width: usize,
}

/// Sizes.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Bytes of weights with scales, packed in memory for products with a vector.
    #[column(unit = "B")]
    pub memory: usize,
    /// Bytes of the file, biases and grids included.
    #[column(unit = "B", within = 1e-3)]
    pub file: Option<usize>,
    /// The same in single precision.
    #[column(unit = "B")]
    pub real_memory: usize,
    /// The same in single precision.
    #[column(unit = "B", within = 1e-3)]
    pub real_file: usize,
}

impl Experiment for Sizes {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "sizes";
    const TITLE: &'static str = "Bytes of a network";
    const QUESTION: &'static str = "How much smaller is a perceptron 784 – n – n – 10 at 8, 4, 2 and 1 bit with a scale for each output, packed in memory and in its file?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let widths: &[usize] = match profile {
            Profile::Smoke => &[32],
            Profile::Quick => &[128, 512, 1024],
            Profile::Full => &[128, 512, 1024, 4096],
        };
        let cells = widths.iter().flat_map(|&width| [8, 4, 2, 1].map(|bits| Parameters { bits, width }));
        cells.collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let widths = [784, cell.width, cell.width, 10];
        let network = Network::perceptron(&widths, &mut random.stream("weights"))?;
        let real_memory = network.layers.iter().map(|layer| 4 * layer.weights.len()).sum();
        let real_file = model_file::write(&network)?.len();
        let mut memory = 0;
        let mut file = None;
        let width = match cell.bits {
            8 => Some(LowBits::Eight),
            4 => Some(LowBits::Four),
            2 => Some(LowBits::Two),
            _ => None,
        };
        match width {
            Some(width) => {
                let settings = Settings { bits: cell.bits, activation_bits: None, ..Settings::default() };
                let quantised = quantise(&network, Array2::zeros((1, 784)).view(), &settings)?;
                for matrix in &quantised.matrices {
                    let scales: Vec<f32> = matrix.grids.iter().map(|grid| grid.scale as f32).collect();
                    memory += LowBitMatrix::new(matrix.integers.view(), &scales, width)?.bytes();
                }
                file = Some(model_file::write_quantised(&quantised)?.len());
            }
            None => {
                for layer in &network.layers {
                    memory += BinaryMatrix::new(layer.weights.mapv(f64::from).view())?.bytes();
                }
            }
        }
        Ok(Outcome::Done(vec![Row { memory, file, real_memory, real_file }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut widths: Vec<usize> = table.cells().map(|(cell, _)| cell.width).collect();
        widths.sort_unstable();
        widths.dedup();
        let chart = |title: &str, ratio: fn(&Row) -> Option<f64>| {
            let mut chart = Chart::new()
                .title(title)
                .x_label("bits a weight")
                .y_label("times smaller than single precision")
                .x_log()
                .y_log()
                .x_ticks([1.0, 2.0, 4.0, 8.0])
                .y_ticks([4.0, 8.0, 16.0, 32.0]);
            for width in &widths {
                let mut points: Vec<(f64, f64)> = table
                    .rows()
                    .filter(|(cell, _)| cell.width == *width)
                    .filter_map(|(cell, row)| Some((f64::from(cell.bits), ratio(row)?)))
                    .collect();
                points.sort_by(|a, b| a.0.total_cmp(&b.0));
                chart = chart.line_with_markers(format!("n = {width}"), points);
            }
            chart.line("32 / bits", [1.0, 2.0, 4.0, 8.0].map(|bits| (bits, 32.0 / bits)))
        };
        let memory: fn(&Row) -> Option<f64> = |row| Some(row.real_memory as f64 / row.memory as f64);
        let file: fn(&Row) -> Option<f64> = |row| Some(row.real_file as f64 / row.file? as f64);
        report.figure(
            "ratios",
            "Single precision over packed weights with their scales in memory, where rows are padded to whole registers, and the files of both, with biases and all.",
            "Lines that fall from near 32 at one bit to near 4 at eight bits, closer to the ideal for wider layers.",
            &Figure::new("Memory saved").columns(2).panel(chart("in memory", memory)).panel(chart("in the file", file)),
        )
    }
}
