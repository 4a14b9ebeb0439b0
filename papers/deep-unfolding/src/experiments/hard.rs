//! `hard`: unfolded IHT in the training's conditions, layer by layer, and in six others.

use std::collections::BTreeSet;

use lab::{Chart, Columns, Experiment, Failure, Figure, Mean, Outcome, Profile, Random, Report, Table};
use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::soft::sizes;
use super::{BETA, Drawn, HARD_WEIGHT, SOFT_WEIGHT, TRAINING, WIDTH, mean};
use crate::gradient::HardGradient;
use crate::lasso::{Options, lasso_batch, stacked};
use crate::network::Network;
use crate::problem::{Penalty, Problem};
use crate::signals::{BernoulliGaussian, Model, gaussian_matrix, nmse_decibels};
use crate::sparsest::descent;
use crate::training::{Loss, Training, train};
use numerics::bootstrap::median;

/// Hard thresholds.
pub struct HardThresholds;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// IHT with the step 1/L.
    Iht,
    /// The same for 300 iterations.
    IhtToTheEnd,
    /// Coordinate descent from zero.
    DescentFromZero,
    /// Coordinate descent from the LASSO solution for the weight 0.1.
    DescentFromLasso,
    /// Trained on the distance from the signal.
    Supervised,
    /// Trained on the objective.
    Unsupervised,
}

/// The backward rule of a network, and what is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// No network.
    Untrained,
    /// Almost everywhere, tied thresholds: what automatic differentiation does.
    AlmostEverywhere,
    /// Surrogate, tied.
    Surrogate,
    /// Surrogate, free.
    SurrogateFree,
    /// With the boundary part, tied.
    Boundary,
}

/// All pairs with their names.
pub const METHODS: [(Method, Variant, &str); 12] = [
    (Method::Iht, Variant::Untrained, "IHT"),
    (Method::IhtToTheEnd, Variant::Untrained, "IHT, 300 iterations"),
    (Method::DescentFromZero, Variant::Untrained, "descent from zero"),
    (Method::DescentFromLasso, Variant::Untrained, "descent from LASSO"),
    (Method::Supervised, Variant::AlmostEverywhere, "supervised"),
    (Method::Unsupervised, Variant::AlmostEverywhere, "unsupervised"),
    (Method::Supervised, Variant::Surrogate, "supervised, surrogate"),
    (Method::Unsupervised, Variant::Surrogate, "unsupervised, surrogate"),
    (Method::Supervised, Variant::SurrogateFree, "supervised, surrogate, free"),
    (Method::Unsupervised, Variant::SurrogateFree, "unsupervised, surrogate, free"),
    (Method::Supervised, Variant::Boundary, "supervised, boundary"),
    (Method::Unsupervised, Variant::Boundary, "unsupervised, boundary"),
];

/// What tests are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// What networks were trained on.
    Training,
    /// p = 0.05.
    Sparser,
    /// p = 0.2.
    Denser,
    /// 10 dB.
    Noisier,
    /// 30 dB.
    Cleaner,
    /// Three times the amplitude, noise included.
    Louder,
    /// Another matrix of the same kind.
    OtherMatrix,
}

/// All of them with their names, the training's first.
pub const CONDITIONS: [(Condition, &str); 7] = [
    (Condition::Training, "training"),
    (Condition::Sparser, "p = 0.05"),
    (Condition::Denser, "p = 0.2"),
    (Condition::Noisier, "10 dB"),
    (Condition::Cleaner, "30 dB"),
    (Condition::Louder, "3 × louder"),
    (Condition::OtherMatrix, "other matrix"),
];

/// A cell: all methods at one depth on a matrix, all against the same ends of IHT.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// T.
    pub depth: usize,
    /// Adam's steps for each depth.
    pub steps: usize,
    /// M.
    pub rows: usize,
    /// N.
    pub columns: usize,
    /// Samples of a step.
    pub batch: usize,
    /// Test signals of each condition.
    pub tests: usize,
    /// Whether the boundary gradient is trained with: it runs the rest of the network for every entry near its threshold.
    pub boundary: bool,
    /// Whether other gradients than the almost-everywhere one train supervised networks too.
    pub both_losses: bool,
    /// The matrix.
    pub replicate: u32,
}

/// The signals after a layer in the training's conditions, and after the last one in others.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The method.
    pub method: Method,
    /// How it was trained.
    pub variant: Variant,
    /// What the tests are drawn from.
    pub condition: Condition,
    /// Layers or iterations done; 0 for descents.
    pub layer: usize,
    /// The normalised error of the signals, dB.
    #[column(absolute = 0.1, unit = "dB")]
    pub nmse: f64,
    /// Mean objective.
    #[column(within = 0.02)]
    pub objective: f64,
    /// Median objective.
    #[column(within = 0.02)]
    pub median: f64,
    /// Mean number of entries that are not zero.
    #[column(within = 0.05)]
    pub support: f64,
    /// Share of signals with an objective above that of 300 iterations of IHT.
    #[column(absolute = 0.02)]
    pub worse: f64,
}

impl Experiment for HardThresholds {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "hard";
    const TITLE: &'static str = "Unfolded IHT";
    const QUESTION: &'static str = "Do both losses find better local minima than IHT run to the end, alike in the training's conditions, and does the unsupervised one keep its gain in others? What do gradients change that automatic differentiation does not give?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let mut cells = Vec::new();
        for size in sizes(profile) {
            let (rows, columns) = size.shape;
            for replicate in 0..size.replicates {
                for (place, (depth, steps)) in size.depths.iter().enumerate() {
                    let boundary = columns <= 100 && (place > 0 || profile != Profile::Quick);
                    cells.push(Parameters {
                        depth: *depth,
                        steps: *steps,
                        rows,
                        columns,
                        batch: size.batch,
                        tests: size.tests,
                        boundary,
                        both_losses: profile != Profile::Quick,
                        replicate,
                    });
                }
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let drawn = Drawn::new(random, (cell.rows, cell.columns), cell.replicate)?;
        let plain =
            |problem: &Problem, depth| Network::plain(Penalty::L0, HARD_WEIGHT, problem.plain_step(), depth);
        let mut networks = Vec::new();
        for (method, variant, _) in METHODS {
            if method == Method::Iht {
                networks.push((method, variant, plain(&drawn.problem, cell.depth)));
            }
            let left_out = match variant {
                Variant::Untrained => true,
                Variant::AlmostEverywhere => false,
                Variant::Boundary if !cell.boundary => true,
                _ => method == Method::Supervised && !cell.both_losses,
            };
            if !left_out {
                networks.push((method, variant, trained(&drawn, cell, method, variant)?));
            }
        }
        let mut rows = Vec::new();
        for (condition, name) in CONDITIONS {
            let other = (condition == Condition::OtherMatrix).then(|| -> Result<Problem, Failure> {
                let mut stream = drawn.stream("other matrix")?;
                Ok(Problem::new(gaussian_matrix(cell.rows, cell.columns, &mut stream))?)
            });
            let other = other.transpose()?;
            let problem = other.as_ref().unwrap_or(&drawn.problem);
            let (truth, ys) = signals_of(condition).draw(
                problem.matrix(),
                cell.tests,
                &mut drawn.stream(&format!("tests, {name}"))?,
            );
            let ended = plain(problem, 300).apply(problem, ys.view());
            let objectives =
                |xs: &Array2<f64>| problem.objectives(ys.view(), xs.view(), Penalty::L0, HARD_WEIGHT);
            let compared = objectives(&ended);
            let mut push = |(method, variant): (Method, Variant), layer: usize, xs: &Array2<f64>| {
                let objectives = objectives(xs);
                let above = |(f, plain): (&f64, &f64)| f64::from(u8::from(*f > plain * (1.0 + 1e-9)));
                rows.push(Row {
                    method,
                    variant,
                    condition,
                    layer,
                    nmse: nmse_decibels(xs.view(), truth.view()),
                    objective: mean(objectives.iter().copied()),
                    median: median(objectives.iter().copied()),
                    support: xs.iter().filter(|x| **x != 0.0).count() as f64 / xs.nrows() as f64,
                    worse: mean(objectives.iter().zip(&compared).map(above)),
                });
            };
            push((Method::IhtToTheEnd, Variant::Untrained), 300, &ended);
            let zeros = Array2::zeros(truth.raw_dim());
            push((Method::DescentFromZero, Variant::Untrained), 0, &descents(problem, &ys, &zeros));
            let starts = lasso_batch(problem, ys.view(), SOFT_WEIGHT, &Options::default());
            let starts = stacked(&starts, cell.columns);
            push((Method::DescentFromLasso, Variant::Untrained), 0, &descents(problem, &ys, &starts));
            for (method, variant, network) in &networks {
                network.layers(problem, ys.view(), |layer, xs| {
                    if condition == Condition::Training || layer == cell.depth {
                        push((*method, *variant), layer, xs);
                    }
                });
            }
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let deepest = table.cells().map(|(cell, _)| cell.depth).max().unwrap_or(0);
        let mut panels = Vec::new();
        for (title, label, of) in [
            ("recovery", "NMSE, dB", (|row: &Row| row.nmse) as fn(&Row) -> f64),
            ("optimisation", "median objective", |row| row.median),
        ] {
            let mut chart = Chart::new().title(title).x_label("layer").y_label(label);
            for (method, variant, name) in METHODS {
                let rows = table.rows().filter(|(cell, row)| {
                    (row.method, row.variant, row.condition) == (method, variant, Condition::Training)
                        && cell.depth == deepest
                        && cell.columns <= 100
                });
                let means = table
                    .means_by(rows.map(|(_, row)| (row.layer as f64, of(row))), &format!("{title}, {name}"));
                let Some(end) = means.last() else { continue };
                if matches!(method, Method::IhtToTheEnd | Method::DescentFromLasso) {
                    chart = chart.horizontal_reference(name, end.mean);
                } else if matches!(variant, Variant::AlmostEverywhere | Variant::SurrogateFree)
                    || method == Method::Iht
                {
                    chart = chart.line(name, means.iter().map(|mean| (mean.at, mean.mean)));
                    all.extend(means);
                }
            }
            panels.push(if title == "recovery" {
                chart.y_range(-25.0, 5.0).without_legend()
            } else {
                chart.y_log()
            });
        }
        report.figure(
            "layers",
            "Mean over matrices in the training's conditions, after each layer of one network. Horizontal lines are IHT run to the end, and a coordinate descent from the LASSO solution, which needs no training.",
            "Two panels of curves over layers.",
            &Figure::new("Unfolded IHT").columns(1).panels(panels),
        )?;
        report.figure(
            "conditions",
            "Networks were trained in the first conditions and met the others only here. Above 1 plain IHT is better.",
            "Bars for seven conditions.",
            &self.conditions(table, &mut all),
        )?;
        for (method, variant, name) in METHODS {
            for (quantity, of) in [
                ("objective", (|row: &Row| row.objective) as fn(&Row) -> f64),
                ("NMSE", |row| row.nmse),
                ("support", |row| row.support),
                ("share worse than IHT", |row| row.worse),
            ] {
                let values = depths(table).into_iter().flat_map(|depth| {
                    let ends = ends(table, (method, variant), depth, Condition::Training);
                    ends.into_iter().map(move |row| (depth as f64, of(row)))
                });
                all.extend(table.means_by(values, &format!("{quantity} at this depth, {name}")));
            }
        }
        report.means_table("layer or depth", &all)
    }
}

impl HardThresholds {
    /// Median objectives in all conditions, a panel for each depth.
    fn conditions(&self, table: &Table<Parameters, Row>, all: &mut Vec<Mean>) -> Figure {
        let mut figure = Figure::new("Other conditions")
            .subtitle("median objective over that of 300 iterations of IHT, mean over matrices, 95 % bootstrap interval")
            .columns(1);
        for (place, depth) in depths(table).into_iter().enumerate() {
            let mut chart = Chart::new()
                .title(format!("depth {depth}"))
                .categories(CONDITIONS.map(|(_, name)| name))
                .y_label("ratio")
                .y_log();
            for (method, variant, name) in METHODS {
                let wanted = matches!(variant, Variant::AlmostEverywhere | Variant::SurrogateFree);
                if !wanted && method != Method::DescentFromLasso {
                    continue;
                }
                let values = CONDITIONS.iter().enumerate().flat_map(|(at, (condition, _))| {
                    let ratios = ratios(table, (method, variant), depth, *condition, |row| row.median);
                    ratios.into_iter().map(move |ratio| (at as f64, ratio))
                });
                let means =
                    table.means_by(values, &format!("median objective over IHT's, depth {depth}, {name}"));
                if means.is_empty() {
                    continue;
                }
                chart = chart.bars_of_means(name, &means);
                all.extend(means);
            }
            let chart = chart.horizontal_reference("", 1.0);
            figure = figure.panel(if place == 0 { chart } else { chart.without_legend() });
        }
        figure
    }
}

/// Depths that were measured on matrices of a hundred columns or fewer, the deepest first.
fn depths(table: &Table<Parameters, Row>) -> Vec<usize> {
    let all: BTreeSet<usize> =
        table.cells().filter(|(cell, _)| cell.columns <= 100).map(|(cell, _)| cell.depth).collect();
    all.into_iter().rev().collect()
}

/// Of each matrix: a quantity at the end of a method over that of IHT run to the end, in a condition.
pub(crate) fn ratios(
    table: &Table<Parameters, Row>,
    (method, variant): (Method, Variant),
    depth: usize,
    condition: Condition,
    of: fn(&Row) -> f64,
) -> Vec<f64> {
    let found = ends(table, (method, variant), depth, condition);
    let iht = ends(table, (Method::IhtToTheEnd, Variant::Untrained), depth, condition);
    found.iter().zip(iht).map(|(found, iht)| of(found) / of(iht)).collect()
}

/// The end of a method in a condition, one row for each matrix of a hundred columns or fewer.
pub(crate) fn ends(
    table: &Table<Parameters, Row>,
    (method, variant): (Method, Variant),
    depth: usize,
    condition: Condition,
) -> Vec<&Row> {
    let cells = table.cells().filter(|(cell, _)| cell.columns <= 100 && cell.depth == depth);
    let wanted =
        move |row: &&Row| row.method == method && row.variant == variant && row.condition == condition;
    cells.filter_map(|(_, rows)| rows.iter().rfind(wanted)).collect()
}

/// A network by a loss and a backward rule.
fn trained(drawn: &Drawn, cell: &Parameters, method: Method, variant: Variant) -> Result<Network, Failure> {
    let loss = if method == Method::Supervised { Loss::Supervised } else { Loss::Unsupervised };
    let training = Training {
        free: variant == Variant::SurrogateFree,
        hard: match variant {
            Variant::Untrained | Variant::AlmostEverywhere => HardGradient::AlmostEverywhere,
            Variant::Surrogate | Variant::SurrogateFree => HardGradient::Surrogate { beta: BETA },
            Variant::Boundary => HardGradient::Boundary { width: WIDTH },
        },
        depth: cell.depth,
        steps: cell.steps,
        batch: cell.batch,
        ..Training::new(Penalty::L0, HARD_WEIGHT, loss)
    };
    let mut source =
        Model { signals: TRAINING, matrix: drawn.problem.matrix(), random: drawn.stream("training")? };
    Ok(train(&drawn.problem, &training, &mut source, |_| ())?.network)
}

fn signals_of(condition: Condition) -> BernoulliGaussian {
    match condition {
        Condition::Training | Condition::OtherMatrix => TRAINING,
        Condition::Sparser => BernoulliGaussian { probability: 0.05, ..TRAINING },
        Condition::Denser => BernoulliGaussian { probability: 0.2, ..TRAINING },
        Condition::Noisier => BernoulliGaussian { decibels: 10.0, ..TRAINING },
        Condition::Cleaner => BernoulliGaussian { decibels: 30.0, ..TRAINING },
        Condition::Louder => BernoulliGaussian { amplitude: 3.0, ..TRAINING },
    }
}

/// Coordinate descents from starts in rows.
pub(super) fn descents(problem: &Problem, ys: &Array2<f64>, starts: &Array2<f64>) -> Array2<f64> {
    let rows: Vec<_> = ys.axis_iter(Axis(0)).zip(starts.axis_iter(Axis(0))).collect();
    let ends: Vec<Array1<f64>> =
        rows.into_par_iter().map(|(y, start)| descent(problem, y, HARD_WEIGHT, start, 1_000).x).collect();
    let mut xs = Array2::zeros(starts.raw_dim());
    xs.axis_iter_mut(Axis(0)).zip(&ends).for_each(|(mut row, end)| row.assign(end));
    xs
}
