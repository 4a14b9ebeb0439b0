//! `exact`: how often each method misses the global optimum of the ℓ0 objective, and by how much.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array1, Array2, ArrayView1, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::hard::descents;
use super::{BETA, Drawn, HARD_WEIGHT, SOFT_WEIGHT, TRAINING, mean};
use crate::gradient::HardGradient;
use crate::lasso::{Options, lasso_batch, stacked};
use crate::network::Network;
use crate::problem::Penalty;
use crate::signals::Model;
use crate::sparsest;
use crate::training::{Loss, Training, train};

/// Exact optima.
pub struct ExactOptima;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// IHT, 300 iterations.
    Iht,
    /// Supervised, almost everywhere.
    Supervised,
    /// Unsupervised, almost everywhere.
    Unsupervised,
    /// Unsupervised by the surrogate, free thresholds.
    Surrogate,
    /// Coordinate descent from zero.
    FromZero,
    /// Coordinate descent from the LASSO solution.
    FromLasso,
    /// Coordinate descent from the end of the unsupervised network.
    FromNetwork,
}

/// All of them with their names.
pub const METHODS: [(Method, &str); 7] = [
    (Method::Iht, "IHT"),
    (Method::Supervised, "supervised"),
    (Method::Unsupervised, "unsupervised"),
    (Method::Surrogate, "surrogate, free"),
    (Method::FromZero, "descent from zero"),
    (Method::FromLasso, "descent from LASSO"),
    (Method::FromNetwork, "descent from network"),
];

/// A cell: a method on a matrix.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
    /// N; there are two thirds as many measurements.
    pub columns: usize,
    /// T.
    pub depth: usize,
    /// Adam's steps for each depth.
    pub steps: usize,
    /// Problems.
    pub problems: usize,
    /// The matrix.
    pub replicate: u32,
}

/// How it ends.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Share of problems where the support's least squares are above the optimum.
    #[column(absolute = 0.03)]
    pub missed: f64,
    /// Mean of (F − F*)/F* where the method stopped.
    #[column(within = 0.05, absolute = 1e-6)]
    pub excess: f64,
}

impl Experiment for ExactOptima {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "exact";
    const TITLE: &'static str = "Exact optima";
    const QUESTION: &'static str =
        "How often does a method miss the global optimum that enumeration of all supports proves?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (columns, depth, steps, problems, replicates) = match profile {
            Profile::Smoke => (9, 3, 5, 10, 1),
            Profile::Quick => (18, 14, 40, 50, 6),
            Profile::Full => (18, 30, 100, 200, 20),
        };
        let of = |method| {
            (0..replicates).map(move |replicate| Parameters {
                method,
                columns,
                depth,
                steps,
                problems,
                replicate,
            })
        };
        METHODS.iter().flat_map(|(method, _)| of(*method)).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let drawn = Drawn::new(random, (cell.columns * 2 / 3, cell.columns), cell.replicate)?;
        let problem = &drawn.problem;
        let (_, ys) = drawn.signals("tests", cell.problems)?;
        let rows: Vec<_> = ys.axis_iter(Axis(0)).collect();
        let optima: Vec<_> = rows.into_par_iter().map(|y| sparsest::exact(problem, y, HARD_WEIGHT)).collect();
        let least = optima
            .into_iter()
            .map(|optimum| Ok(optimum?.objective))
            .collect::<Result<Array1<f64>, Failure>>()?;
        let network = |loss, free, hard| -> Result<Array2<f64>, Failure> {
            let training = Training {
                free,
                hard,
                depth: cell.depth,
                steps: cell.steps,
                batch: 32,
                ..Training::new(Penalty::L0, HARD_WEIGHT, loss)
            };
            let mut source =
                Model { signals: TRAINING, matrix: problem.matrix(), random: drawn.stream("training")? };
            Ok(train(problem, &training, &mut source, |_| ())?.network.apply(problem, ys.view()))
        };
        let plain = HardGradient::AlmostEverywhere;
        let xs = match cell.method {
            Method::Iht => {
                Network::plain(Penalty::L0, HARD_WEIGHT, problem.plain_step(), 300).apply(problem, ys.view())
            }
            Method::Supervised => network(Loss::Supervised, false, plain)?,
            Method::Unsupervised => network(Loss::Unsupervised, false, plain)?,
            Method::Surrogate => network(Loss::Unsupervised, true, HardGradient::Surrogate { beta: BETA })?,
            Method::FromZero => descents(problem, &ys, &Array2::zeros((cell.problems, cell.columns))),
            Method::FromLasso => {
                let starts = lasso_batch(problem, ys.view(), SOFT_WEIGHT, &Options::default());
                descents(problem, &ys, &stacked(&starts, cell.columns))
            }
            Method::FromNetwork => descents(problem, &ys, &network(Loss::Unsupervised, false, plain)?),
        };
        let found = problem.objectives(ys.view(), xs.view(), Penalty::L0, HARD_WEIGHT);
        // On the least squares of each support: a method that stops before them has not missed yet.
        let settled = |(y, x): (ArrayView1<f64>, ArrayView1<f64>)| sparsest::settled(problem, y, x);
        let ends: Vec<Array1<f64>> = ys.outer_iter().zip(xs.outer_iter()).map(settled).collect();
        let mut at_rest = xs.clone();
        at_rest.outer_iter_mut().zip(&ends).for_each(|(mut row, end)| row.assign(end));
        let rested = problem.objectives(ys.view(), at_rest.view(), Penalty::L0, HARD_WEIGHT);
        let excess: Vec<f64> = found.iter().zip(&least).map(|(f, least)| f / least - 1.0).collect();
        Ok(Outcome::Done(vec![Row {
            missed: mean(
                rested.iter().zip(&least).map(|(f, least)| f64::from(u8::from(*f > least * (1.0 + 1e-9)))),
            ),
            excess: mean(excess.iter().map(|e| e.max(0.0))),
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let mut figure = Figure::new("Against global optima")
            .subtitle("mean over matrices, 95 % bootstrap interval")
            .columns(1);
        for (title, label, of) in [
            ("missed", "share of problems", (|row: &Row| row.missed) as fn(&Row) -> f64),
            ("excess", "mean (F − F*)/F*", |row| row.excess),
        ] {
            let at =
                |method: Method| METHODS.iter().position(|(other, _)| *other == method).unwrap_or(0) as f64;
            let means = table.means_by(table.rows().map(|(cell, row)| (at(cell.method), of(row))), title);
            figure = figure.panel(
                Chart::new()
                    .title(title)
                    .categories(METHODS.map(|(_, name)| name))
                    .y_label(label)
                    .bars_of_means("", &means),
            );
            all.extend(means);
        }
        report.figure(
            "missed",
            "A problem is missed where the least squares on the support found are above the optimum that enumeration proves; the excess is that of the point where a method stops. 12 measurements of 18 numbers.",
            "Two panels of seven bars.",
            &figure,
        )?;
        report.means_table("method", &all)
    }
}
