//! `integer-only`: integers from end to end against simulated quantisation.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::problem::{Key, Problem, Shape, Source};
use crate::integer::{IntegerNetwork, Requantisation};
use crate::kernels::Path;
use crate::quantise::{Settings, quantise};
use crate::uniform::{Grid, Layout};

/// Networks without floating-point operations.
pub struct IntegerOnly;

/// A cell: a trained network.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Where images come from.
    pub source: Source,
    /// The network.
    pub shape: Shape,
    /// Draw of images and weights.
    pub replicate: u32,
}

/// A way of requantising.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// How sums become outputs.
    pub requantisation: Requantisation,
    /// Share of test images classified right.
    #[column(within = 0.1)]
    pub accuracy: f64,
    /// Accuracy of simulated quantisation.
    #[column(within = 0.1)]
    pub simulated: f64,
    /// Accuracy of the real network.
    #[column(within = 0.05)]
    pub real: f64,
    /// Share of outputs that equal those of single-precision requantisation.
    #[column(within = 0.1)]
    pub equal: f64,
    /// Largest difference from simulated logits, in steps of the output's grid.
    #[column(absolute = 2)]
    pub largest_difference: f64,
    /// Outputs that differ between the paths of this processor; none where it has one only.
    pub between_paths: Option<usize>,
}

impl Experiment for IntegerOnly {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "integer-only";
    const TITLE: &'static str = "Integers from end to end";
    const QUESTION: &'static str = "Networks with 8-bit weights and activations: does inference by integer additions, multiplications and shifts give what simulated quantisation gives, however sums are requantised and whichever instructions compute?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (source, replicates) = match profile {
            Profile::Smoke => (Source::FewStrokes, 1),
            Profile::Quick => (Source::Strokes, 2),
            Profile::Full => (Source::Mnist, 3),
        };
        let shapes = [Shape::Perceptron, Shape::Convolutional, Shape::Deep];
        let cells =
            shapes.into_iter().flat_map(|shape| (0..replicates).map(move |replicate| (shape, replicate)));
        cells.map(|(shape, replicate)| Parameters { source, shape, replicate }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { source, shape, replicate } = *cell;
        let Some(problem) = Problem::draw(Key { source, shape, replicate }, random)? else {
            return Ok(Outcome::Skipped("MNIST is not here: make data".into()));
        };
        let quantised = quantise(&problem.network, problem.calibration(), &Settings::default())?;
        let logits = quantised.forward(problem.calibration())?;
        let logits: Vec<f64> = logits.iter().map(|z| f64::from(*z)).collect();
        let output = Grid::of_values(Layout::Asymmetric, 8, &logits)?;
        let network = IntegerNetwork::new(&quantised, output)?;
        let inputs = network.quantise(problem.test.view());
        let simulated = quantised.forward(problem.test.view())?;
        // Where the output's range clips simulated logits, integers must clip too.
        let clipped = simulated.mapv(|z| output.snap(f64::from(z)));
        let reference = network.forward(inputs.view(), Requantisation::Float, Path::best())?;
        let mut rows = Vec::new();
        for requantisation in [Requantisation::Float, Requantisation::Dyadic, Requantisation::DyadicTwice] {
            let outputs = network.forward(inputs.view(), requantisation, Path::best())?;
            let mut between_paths = 0;
            for path in Path::available() {
                between_paths += different(&outputs, &network.forward(inputs.view(), requantisation, path)?);
            }
            let values = network.values(&outputs);
            let differences =
                values.iter().zip(&clipped).map(|(a, b)| (f64::from(*a) - b).abs() / output.scale);
            rows.push(Row {
                requantisation,
                accuracy: problem.score(values.view()),
                simulated: problem.score(simulated.view()),
                real: problem.accuracy,
                equal: 1.0 - different(&outputs, &reference) as f64 / outputs.len() as f64,
                largest_difference: differences.fold(0.0, f64::max),
                between_paths: (Path::available().len() > 1).then_some(between_paths),
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let of = |requantisation: Requantisation, value: fn(&Row) -> f64| -> Vec<f64> {
            let rows = table.rows().filter(|(_, row)| row.requantisation == requantisation);
            rows.map(|(_, row)| value(row)).collect()
        };
        let names: Vec<String> = table
            .cells()
            .map(|(cell, _)| {
                let shape = match cell.shape {
                    Shape::Perceptron => "perceptron",
                    Shape::Convolutional => "convolutions",
                    Shape::Deep => "deep",
                };
                format!("{shape} {}", cell.replicate + 1)
            })
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        report.figure(
            "accuracy",
            "Accuracy of each network in real numbers, by simulated quantisation, and by integers alone with one rounding shift for each output.",
            "Bars in groups of three that are nearly equal in each group.",
            &Figure::new("Accuracy of integers").width(900.0).panel(
                Chart::new()
                    .y_label("accuracy on test images")
                    .categories(names)
                    .bars("real", of(Requantisation::Dyadic, |row| row.real))
                    .bars("simulated", of(Requantisation::Dyadic, |row| row.simulated))
                    .bars("integers", of(Requantisation::Dyadic, |row| row.accuracy)),
            ),
        )
    }
}

fn different(a: &Array2<u8>, b: &Array2<u8>) -> usize {
    a.iter().zip(b).filter(|(x, y)| x != y).count()
}
