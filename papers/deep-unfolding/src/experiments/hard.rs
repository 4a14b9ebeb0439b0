//! `hard`: unfolded IHT in the training's conditions, layer by layer, and in six others.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::soft::sizes;
use super::{BETA, Drawn, HARD_WEIGHT, SOFT_WEIGHT, TRAINING, WIDTH, mean, median};
use crate::gradient::HardGradient;
use crate::lasso::{Options, lasso_batch, stacked};
use crate::network::Network;
use crate::problem::{Penalty, Problem};
use crate::signals::{BernoulliGaussian, Model, gaussian_matrix, nmse_decibels};
use crate::sparsest::descent;
use crate::training::{Loss, Training, train};

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

/// A cell: a method on a matrix.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
    /// How it was trained.
    pub variant: Variant,
    /// T.
    pub depth: usize,
    /// M.
    pub rows: usize,
    /// N.
    pub columns: usize,
    /// Adam's steps for each depth.
    pub steps: usize,
    /// Samples of a step.
    pub batch: usize,
    /// Test signals of each condition.
    pub tests: usize,
    /// The matrix.
    pub replicate: u32,
}

/// The signals after a layer in the training's conditions, and after the last one in others.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
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
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let mut cells = Vec::new();
        for size in sizes(profile) {
            let large = size.shape.1 > 100;
            for replicate in 0..size.replicates {
                for (place, (depth, steps)) in size.depths.iter().enumerate() {
                    for (method, variant, _) in METHODS {
                        let once = variant == Variant::Untrained && place > 0;
                        // Runs of the rest of a network for every entry near its threshold: at the smaller depth only, where signals are few too.
                        let costly = variant == Variant::Boundary
                            && (large || (place == 0 && profile == Profile::Quick));
                        if once || costly {
                            continue;
                        }
                        let (rows, columns) = size.shape;
                        cells.push(Parameters {
                            method,
                            variant,
                            depth: *depth,
                            rows,
                            columns,
                            steps: *steps,
                            batch: size.batch,
                            tests: size.tests,
                            replicate,
                        });
                    }
                }
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let drawn = Drawn::new(random, (cell.rows, cell.columns), cell.replicate)?;
        let problem = &drawn.problem;
        let plain =
            |problem: &Problem, depth| Network::plain(Penalty::L0, HARD_WEIGHT, problem.plain_step(), depth);
        let network = match cell.method {
            Method::Iht => Some(plain(problem, cell.depth)),
            Method::IhtToTheEnd | Method::DescentFromZero | Method::DescentFromLasso => None,
            Method::Supervised | Method::Unsupervised => {
                let supervised = cell.method == Method::Supervised;
                let training = Training {
                    free: cell.variant == Variant::SurrogateFree,
                    hard: match cell.variant {
                        Variant::Untrained | Variant::AlmostEverywhere => HardGradient::AlmostEverywhere,
                        Variant::Surrogate | Variant::SurrogateFree => HardGradient::Surrogate { beta: BETA },
                        Variant::Boundary => HardGradient::Boundary { width: WIDTH },
                    },
                    depth: cell.depth,
                    steps: cell.steps,
                    batch: cell.batch,
                    ..Training::new(
                        Penalty::L0,
                        HARD_WEIGHT,
                        if supervised { Loss::Supervised } else { Loss::Unsupervised },
                    )
                };
                let mut source =
                    Model { signals: TRAINING, matrix: problem.matrix(), random: drawn.stream("training")? };
                Some(train(problem, &training, &mut source, |_| ())?.network)
            }
        };
        let mut rows = Vec::new();
        for (condition, name) in CONDITIONS {
            let other = (condition == Condition::OtherMatrix).then(|| -> Result<Problem, Failure> {
                Ok(Problem::new(gaussian_matrix(
                    cell.rows,
                    cell.columns,
                    &mut drawn.stream("other matrix")?,
                ))?)
            });
            let other = other.transpose()?;
            let problem = other.as_ref().unwrap_or(problem);
            let (truth, ys) =
                signals_of(condition).draw(problem.matrix(), cell.tests, &mut drawn.stream(name)?);
            let ended = plain(problem, 300).apply(problem, ys.view());
            let objectives =
                |xs: &Array2<f64>| problem.objectives(ys.view(), xs.view(), Penalty::L0, HARD_WEIGHT);
            let compared = objectives(&ended);
            let mut push = |layer: usize, xs: &Array2<f64>| {
                rows.push(row(condition, layer, (xs, &truth), &objectives(xs), &compared));
            };
            match &network {
                Some(network) => {
                    let layers = network.depth();
                    network.layers(problem, ys.view(), |layer, xs| {
                        if condition == Condition::Training || layer == layers {
                            push(layer, xs);
                        }
                    });
                }
                None if cell.method == Method::IhtToTheEnd => push(300, &ended),
                None => {
                    let starts = match cell.method {
                        Method::DescentFromLasso => stacked(
                            &lasso_batch(problem, ys.view(), SOFT_WEIGHT, &Options::default()),
                            cell.columns,
                        ),
                        _ => Array2::zeros(truth.raw_dim()),
                    };
                    push(0, &descents(problem, &ys, &starts));
                }
            }
        }
        if rows.iter().any(|row| row.condition == Condition::Training && !row.objective.is_finite()) {
            return Ok(Outcome::Diverged("the objective in the training's conditions".into()));
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let deepest = table.cells().map(|(cell, _)| cell.depth).max().unwrap_or(0);
        let mut panels = Vec::new();
        for (title, label, of) in [
            ("recovery", "NMSE, dB", (|row: &Row| row.nmse) as fn(&Row) -> f64),
            ("optimisation", "objective", |row| row.objective),
        ] {
            let mut chart = Chart::new().title(title).x_label("layer").y_label(label).legend_right();
            for (method, variant, name) in METHODS {
                let rows = || {
                    table.rows().filter(move |(cell, row)| {
                        cell.method == method
                            && cell.variant == variant
                            && cell.depth == deepest
                            && row.condition == Condition::Training
                    })
                };
                if matches!(method, Method::IhtToTheEnd | Method::DescentFromLasso) {
                    chart = chart.horizontal_reference(name, mean(rows().map(|(_, row)| of(row))));
                } else if method != Method::DescentFromZero
                    && rows().next().is_some()
                    && variant != Variant::SurrogateFree
                {
                    let means = table.means_by(
                        rows().map(|(_, row)| (row.layer as f64, of(row))),
                        &format!("{title}, {name}"),
                    );
                    chart = chart.line(name, means.iter().map(|mean| (mean.at, mean.mean)));
                    all.extend(means);
                }
            }
            panels.push(if title == "recovery" { chart.y_range(-25.0, 5.0) } else { chart.y_log() });
        }
        report.figure(
            "layers",
            "Mean over matrices in the training's conditions, after each layer of one network. Horizontal lines are IHT run to the end, and a coordinate descent from the LASSO solution, which needs no training.",
            "Two panels of curves over layers.",
            &Figure::new("Unfolded IHT").panels(panels),
        )?;
        let mut figure = Figure::new("Other conditions")
            .subtitle("objective over that of 300 iterations of IHT, mean with 95 % bootstrap interval")
            .columns(1);
        let depths: Vec<usize> = [deepest, 14]
            .into_iter()
            .filter(|depth| *depth == deepest || table.cells().any(|(cell, _)| cell.depth == *depth))
            .collect();
        for (place, depth) in
            depths.iter().enumerate().filter(|(place, depth)| *place == 0 || **depth != deepest)
        {
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
                    ratios(table, (method, variant), *depth, *condition, |row| row.objective)
                        .into_iter()
                        .map(move |ratio| (at as f64, ratio))
                });
                let means = table.means_by(values, &format!("objective over IHT's, depth {depth}, {name}"));
                if means.is_empty() {
                    continue;
                }
                chart = chart.bars_of_means(name, &means);
                all.extend(means);
            }
            figure = figure.panel(if place == 0 { chart } else { chart.without_legend() });
        }
        report.figure(
            "conditions",
            "Networks were trained in the first conditions and met the others only here. Above 1 plain IHT is better.",
            "Bars for seven conditions.",
            &figure,
        )?;
        let ends = METHODS.iter().flat_map(|(method, variant, name)| {
            [
                ("objective", (|row: &Row| row.objective) as fn(&Row) -> f64),
                ("NMSE", |row| row.nmse),
                ("support", |row| row.support),
                ("share worse than IHT", |row| row.worse),
            ]
            .into_iter()
            .flat_map(move |(quantity, of)| {
                let rows = table.rows().filter(|(cell, row)| {
                    cell.method == *method
                        && cell.variant == *variant
                        && row.condition == Condition::Training
                        && (row.layer == cell.depth
                            || cell.variant == Variant::Untrained && row.layer % 300 == 0)
                });
                table.means_by(
                    rows.map(|(cell, row)| (cell.depth as f64, of(row))),
                    &format!("{quantity}, {name}"),
                )
            })
        });
        let ends: Vec<_> = ends.collect();
        report.means_table("layer", &all)?;
        report.means_table("depth", &ends)
    }
}

/// Of each matrix: a quantity of a method over that of IHT run to the end, in a condition.
pub(crate) fn ratios(
    table: &Table<Parameters, Row>,
    (method, variant): (Method, Variant),
    depth: usize,
    condition: Condition,
    of: fn(&Row) -> f64,
) -> Vec<f64> {
    let last = |rows: &[Row]| rows.iter().rfind(|row| row.condition == condition).map(of);
    let ended = |replicate: u32, columns: usize| {
        let mut cells = table.cells().filter(|(cell, _)| {
            cell.method == Method::IhtToTheEnd && cell.replicate == replicate && cell.columns == columns
        });
        cells.next().and_then(|(_, rows)| last(rows))
    };
    let of_depth = |cell: &Parameters| cell.depth == depth || variant == Variant::Untrained;
    let cells = table.cells().filter(|(cell, _)| {
        cell.method == method && cell.variant == variant && of_depth(cell) && cell.columns <= 100
    });
    cells.filter_map(|(cell, rows)| Some(last(rows)? / ended(cell.replicate, cell.columns)?)).collect()
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

fn row(
    condition: Condition,
    layer: usize,
    (xs, truth): (&Array2<f64>, &Array2<f64>),
    objectives: &Array1<f64>,
    compared: &Array1<f64>,
) -> Row {
    let above = |(f, plain): (&f64, &f64)| f64::from(u8::from(*f > plain * (1.0 + 1e-9)));
    Row {
        condition,
        layer,
        nmse: nmse_decibels(xs.view(), truth.view()),
        objective: mean(objectives.iter().copied()),
        median: median(objectives.iter().copied()),
        support: xs.iter().filter(|x| **x != 0.0).count() as f64 / xs.nrows() as f64,
        worse: mean(objectives.iter().zip(compared).map(above)),
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
