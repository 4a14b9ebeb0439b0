//! `activations`: layouts of activations, static and dynamic ranges, and calibration without data.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::problem::{Key, Problem, Shape, Source};
use crate::network::forward_simulated;
use crate::quantise::{Settings, forward_dynamic, quantise};
use crate::uniform::{Grid, Layout};
use crate::zero_shot::{Statistics, synthesise};

/// Where ranges of activations come from.
pub struct Activations;

/// A cell: a trained network.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Where images come from.
    pub source: Source,
    /// Draw of images and weights.
    pub replicate: u32,
}

/// Where a range comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Range {
    /// 500 training images, asymmetric.
    Static,
    /// The same, symmetric.
    StaticSymmetric,
    /// The batch itself.
    DynamicBatch,
    /// Each row itself.
    DynamicRow,
    /// Images synthesised to match statistics.
    Synthesised,
    /// Uniform noise.
    Noise,
}

/// The names in figures.
pub const RANGES: [(Range, &str); 6] = [
    (Range::Static, "static, asymmetric"),
    (Range::StaticSymmetric, "static, symmetric"),
    (Range::DynamicBatch, "dynamic, a batch"),
    (Range::DynamicRow, "dynamic, a row"),
    (Range::Synthesised, "synthesised images"),
    (Range::Noise, "noise"),
];

/// A network whose activations are quantised.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Where ranges come from.
    pub range: Range,
    /// Bits of an activation.
    #[column(unit = "bit")]
    pub bits: u32,
    /// Share of test images classified right.
    #[column(within = 0.1)]
    pub accuracy: f64,
    /// Accuracy before.
    #[column(within = 0.05)]
    pub real: f64,
    /// Mean squared error of the logits.
    #[column(within = 0.5)]
    pub logit_error: f64,
    /// Mean squared error of the last layer's inputs on their static grid; of static ranges only.
    #[column(within = 0.5)]
    pub input_error: Option<f64>,
}

const BITS: [u32; 5] = [3, 4, 5, 6, 8];

impl Experiment for Activations {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "activations";
    const TITLE: &'static str = "Ranges of activations";
    const QUESTION: &'static str = "Weights stay real; inputs of every layer are quantised. What does it cost to let grids of rectified activations be symmetric, to fix ranges beforehand instead of measuring them on the batch or the row, and to calibrate without data?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (source, replicates) = match profile {
            Profile::Smoke => (Source::FewStrokes, 2),
            Profile::Quick => (Source::Strokes, 2),
            Profile::Full => (Source::Mnist, 3),
        };
        (0..replicates).map(|replicate| Parameters { source, replicate }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { source, replicate } = *cell;
        let Some(problem) = Problem::draw(Key { source, shape: Shape::Perceptron, replicate }, random)?
        else {
            return Ok(Outcome::Skipped("MNIST is not here: make data".into()));
        };
        let network = &problem.network;
        let real = network.forward(problem.test.view())?;
        let mut stream = random.stream("synthesis");
        let statistics = Statistics::of(network, problem.train.view())?;
        let synthesised = synthesise(network, &statistics, 500, 300, &mut stream)?;
        let noise = Array2::from_shape_simple_fn((500, network.inputs()), || stream.random::<f32>());
        let last = network.layer_inputs(problem.test.view())?.pop().ok_or("a network has layers")?;
        let last: Vec<f64> = last.iter().map(|value| f64::from(*value)).collect();
        let mut rows = Vec::new();
        for bits in BITS {
            for (range, _) in RANGES {
                let data = match range {
                    Range::Synthesised => synthesised.view(),
                    Range::Noise => noise.view(),
                    _ => problem.calibration(),
                };
                let layout =
                    if range == Range::StaticSymmetric { Layout::Symmetric } else { Layout::Asymmetric };
                let mut grid: Option<Grid> = None;
                let logits = match range {
                    Range::DynamicBatch => forward_dynamic(network, problem.test.view(), bits, false)?,
                    Range::DynamicRow => forward_dynamic(network, problem.test.view(), bits, true)?,
                    _ => {
                        let settings = Settings {
                            activation_bits: Some(bits),
                            activation_layout: layout,
                            ..Settings::default()
                        };
                        let grids = quantise(network, data, &settings)?.activations;
                        grid = grids.last().copied().flatten();
                        forward_simulated(network, problem.test.view(), &grids)?
                    }
                };
                let error = (&logits - &real).mapv(|d| f64::from(d * d)).mean().unwrap_or(f64::NAN);
                let calibrated = matches!(range, Range::Static | Range::StaticSymmetric);
                rows.push(Row {
                    range,
                    bits,
                    accuracy: problem.score(logits.view()),
                    real: problem.accuracy,
                    logit_error: error,
                    input_error: grid.filter(|_| calibrated).map(|grid| grid.mean_squared_error(&last)),
                });
            }
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        if table.cells().next().is_none() {
            return Ok(());
        }
        let chart = |label: &str, value: fn(&Row) -> f64, log: bool| {
            let mut chart = Chart::new().x_label("bits of an activation").y_label(label);
            if log {
                chart = chart.y_log();
            }
            for (range, name) in RANGES {
                let rows = table.rows().filter(|(_, row)| row.range == range);
                let means =
                    table.means_by(rows.map(|(_, row)| (f64::from(row.bits), value(row))), "activations");
                chart = chart.line_with_markers(name, means.iter().map(|mean| (mean.at, mean.mean)));
            }
            chart
        };
        report.figure(
            "ranges",
            "Mean accuracy, and mean squared error of the logits, by where ranges of activations come from. A symmetric grid leaves half of its integers unused by activations that are never negative.",
            "Left: accuracies that rise with bits. Right: errors that fall with bits, one line for each origin of ranges.",
            &Figure::new("Where ranges of activations come from")
                .columns(2)
                .width(900.0)
                .panel(chart("accuracy on test images", |row| row.accuracy, false))
                .panel(chart("squared error of the logits", |row| row.logit_error, true)),
        )
    }
}
