//! `weights`: where supervised training recovers better than the LASSO, over the LASSO's weight.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::{Drawn, TRAINING};
use crate::lasso::{Options, lasso_batch, stacked};
use crate::problem::Penalty;
use crate::signals::{Model, nmse_decibels};
use crate::training::{Loss, Training, train};

/// Weights.
pub struct Weights;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The exact LASSO.
    Optimum,
    /// Supervised, tied thresholds.
    SupervisedTied,
    /// Supervised, free thresholds.
    SupervisedFree,
    /// Unsupervised, tied thresholds.
    Unsupervised,
}

/// All of them with their names.
pub const METHODS: [(Method, &str); 4] = [
    (Method::Optimum, "exact LASSO"),
    (Method::SupervisedTied, "supervised, tied"),
    (Method::SupervisedFree, "supervised, free"),
    (Method::Unsupervised, "unsupervised, tied"),
];

/// A cell: a method with a weight on a matrix.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
    /// λ.
    pub weight: f64,
    /// T.
    pub depth: usize,
    /// Adam's steps for each depth.
    pub steps: usize,
    /// N; there are three fifths as many measurements.
    pub columns: usize,
    /// The matrix.
    pub replicate: u32,
}

/// How well it recovers.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The normalised error of 500 test signals, dB.
    #[column(absolute = 0.1, unit = "dB")]
    pub nmse: f64,
    /// That of the exact LASSO less this one, dB.
    #[column(absolute = 0.1, unit = "dB")]
    pub gain: f64,
}

impl Experiment for Weights {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "weights";
    const TITLE: &'static str = "The weight";
    const QUESTION: &'static str =
        "For which weights does a trained network recover better than the LASSO with the same weight?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (weights, depth, steps, columns, replicates): (&[f64], _, _, _, _) = match profile {
            Profile::Smoke => (&[0.1], 3, 5, 40, 1),
            Profile::Quick => (&[0.01, 0.05, 0.2, 1.0], 14, 40, 100, 2),
            Profile::Full => (&[0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0], 30, 100, 100, 5),
        };
        let mut cells = Vec::new();
        for (method, _) in METHODS {
            for weight in weights {
                cells.extend((0..replicates).map(|replicate| Parameters {
                    method,
                    weight: *weight,
                    depth,
                    steps,
                    columns,
                    replicate,
                }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let drawn = Drawn::new(random, (cell.columns * 3 / 5, cell.columns), cell.replicate)?;
        let (truth, ys) = drawn.signals("tests", 500)?;
        let best =
            stacked(&lasso_batch(&drawn.problem, ys.view(), cell.weight, &Options::default()), cell.columns);
        let least = nmse_decibels(best.view(), truth.view());
        let nmse = if cell.method == Method::Optimum {
            least
        } else {
            let loss =
                if cell.method == Method::Unsupervised { Loss::Unsupervised } else { Loss::Supervised };
            let free = cell.method == Method::SupervisedFree;
            let training = Training {
                free,
                depth: cell.depth,
                steps: cell.steps,
                batch: 32,
                ..Training::new(Penalty::L1, cell.weight, loss)
            };
            let mut source = Model {
                signals: TRAINING,
                matrix: drawn.problem.matrix(),
                random: drawn.stream("training")?,
            };
            let network = train(&drawn.problem, &training, &mut source, |_| ())?.network;
            nmse_decibels(network.apply(&drawn.problem, ys.view()).view(), truth.view())
        };
        Ok(Outcome::Done(vec![Row { nmse, gain: least - nmse }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let mut chart = Chart::new().x_label("weight λ").y_label("NMSE, dB").x_log();
        for (method, name) in METHODS {
            let rows = table.rows().filter(|(cell, _)| cell.method == method);
            let means =
                table.means_by(rows.map(|(cell, row)| (cell.weight, row.nmse)), &format!("NMSE, {name}"));
            chart = chart.means(name, &means);
            all.extend(means);
        }
        report.figure(
            "weights",
            "Normalised error of test signals, mean over matrices with 95 % bootstrap interval. Free thresholds do not know the weight: they undo its bias.",
            "Four curves over the weight.",
            &Figure::new("Recovery over the weight").panel(chart),
        )?;
        report.means_table("weight", &all)
    }
}
