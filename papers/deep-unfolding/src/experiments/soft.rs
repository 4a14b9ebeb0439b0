//! `soft`: unfolded ISTA against the exact LASSO solutions, layer by layer.

use lab::{Chart, Columns, Experiment, Failure, Figure, Mean, Outcome, Profile, Random, Report, Table};
use ndarray::{Array1, Array2, Axis};
use numerics::bootstrap::quantile;
use numerics::symmetric::eigenvalues;
use serde::{Deserialize, Serialize};

use super::{Drawn, SOFT_WEIGHT, TRAINING, mean};
use crate::chebyshev::{bit_reversed, chebyshev_steps};
use crate::iterations::{amp, fista};
use crate::lasso::{Options, StopReason, lasso_batch, stacked};
use crate::network::Network;
use crate::problem::{Penalty, Problem};
use crate::signals::{Model, nmse_decibels};
use crate::training::{Loss, Training, train};
use numerics::bootstrap::median;

/// Soft thresholds.
pub struct SoftThresholds;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The exact solutions.
    Optimum,
    /// ISTA with the step 1/L, three times as many iterations as layers.
    Ista,
    /// FISTA.
    Fista,
    /// AMP, the best of five α on other signals.
    Amp,
    /// Chebyshev steps on [10 % quantile of λ_min(G_SS), L] over supports of other signals' solutions.
    Chebyshev,
    /// Trained on the distance from the signal, tied thresholds.
    SupervisedTied,
    /// The same with free thresholds.
    SupervisedFree,
    /// Trained on the objective, tied thresholds.
    UnsupervisedTied,
    /// The same with free thresholds.
    UnsupervisedFree,
}

/// All of them with their names.
pub const METHODS: [(Method, &str); 9] = [
    (Method::Optimum, "exact LASSO"),
    (Method::Ista, "ISTA"),
    (Method::Fista, "FISTA"),
    (Method::Amp, "AMP"),
    (Method::Chebyshev, "Chebyshev steps"),
    (Method::SupervisedTied, "supervised, tied"),
    (Method::SupervisedFree, "supervised, free"),
    (Method::UnsupervisedTied, "unsupervised, tied"),
    (Method::UnsupervisedFree, "unsupervised, free"),
];

/// A cell: a method on a matrix.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The method.
    pub method: Method,
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
    /// Test signals.
    pub tests: usize,
    /// The matrix.
    pub replicate: u32,
}

/// The signals after a layer.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Layers or iterations done; 0 for exact solutions.
    pub layer: usize,
    /// The normalised error of the signals, dB.
    #[column(absolute = 0.05, unit = "dB")]
    pub nmse: f64,
    /// (F − F*)/F*, mean over signals.
    #[column(within = 0.05, absolute = 1e-9)]
    pub suboptimality: f64,
    /// Its median.
    #[column(within = 0.05, absolute = 1e-9)]
    pub median: f64,
    /// 10 log₁₀ of Σ|x − x*|²/Σ|x*|² with the LASSO solutions x*, dB.
    #[column(absolute = 0.1, unit = "dB")]
    pub distance: f64,
    /// Share of signals with an objective above that of ISTA after as many layers.
    #[column(absolute = 0.02)]
    pub worse: f64,
    /// The layer's step; 1/L where there is none to learn.
    #[column(within = 0.05)]
    pub step: f64,
    /// The layer's threshold; λ/L where there is none to learn.
    #[column(within = 0.05)]
    pub threshold: f64,
}

/// Depth, steps and how many cells share them.
pub(super) struct Sizes {
    pub shape: (usize, usize),
    pub depths: &'static [(usize, usize)],
    pub batch: usize,
    pub tests: usize,
    pub replicates: u32,
}

/// What both penalties are measured at: depths with steps each.
pub(super) fn sizes(profile: Profile) -> Vec<Sizes> {
    let one = |shape, depths, batch, tests, replicates| Sizes { shape, depths, batch, tests, replicates };
    match profile {
        Profile::Smoke => vec![one((24, 40), &[(5, 10)], 16, 50, 1)],
        Profile::Quick => vec![one((60, 100), &[(30, 20), (14, 40)], 32, 500, 4)],
        Profile::Full => vec![
            one((60, 100), &[(30, 100), (14, 100)], 64, 1_000, 10),
            one((250, 500), &[(20, 100)], 64, 1_000, 3),
        ],
    }
}

impl Experiment for SoftThresholds {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "soft";
    const TITLE: &'static str = "Unfolded ISTA";
    const QUESTION: &'static str = "Does supervised training recover signals better than the LASSO that ISTA solves, without minimising it, and does unsupervised training come near the LASSO's solution faster than ISTA?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let mut cells = Vec::new();
        for size in sizes(profile) {
            for replicate in 0..size.replicates {
                for (place, (depth, steps)) in size.depths.iter().enumerate() {
                    for (method, _) in METHODS {
                        let untrained =
                            matches!(method, Method::Optimum | Method::Ista | Method::Fista | Method::Amp);
                        // One run of these serves all depths.
                        if untrained && place > 0 {
                            continue;
                        }
                        let (rows, columns) = size.shape;
                        cells.push(Parameters {
                            method,
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
        let (problem, weight) = (&drawn.problem, SOFT_WEIGHT);
        let (truth, ys) = drawn.signals("tests", cell.tests)?;
        let optima = lasso_batch(problem, ys.view(), weight, &Options::default());
        if let Some(bad) = optima.iter().position(|solution| solution.reason == StopReason::Sweeps) {
            return Err(format!("signal {bad}: the LASSO did not converge").into());
        }
        let judge = Judge {
            problem,
            truth,
            best: stacked(&optima, cell.columns),
            least: optima.iter().map(|s| s.objective).collect(),
            ys,
        };
        let plain = problem.plain_step();
        let ista = Network::plain(Penalty::L1, weight, plain, cell.depth);
        let mut compared = Vec::new();
        ista.layers(problem, judge.ys.view(), |_, xs| compared.push(judge.objectives(xs)));
        let mut rows = Vec::new();
        let network = match cell.method {
            Method::Optimum => {
                rows.push(judge.row(0, &judge.best, None, (plain, weight * plain)));
                None
            }
            Method::Fista => {
                fista(problem, judge.ys.view(), weight, cell.depth, |layer, xs| {
                    rows.push(judge.row(layer, xs, compared.get(layer - 1), (plain, weight * plain)));
                });
                None
            }
            Method::Amp => {
                let alpha = tuned_alpha(&drawn, cell)?;
                amp(problem, judge.ys.view(), alpha, cell.depth, |layer, xs| {
                    rows.push(judge.row(layer, xs, compared.get(layer - 1), (plain, weight * plain)));
                });
                None
            }
            Method::Ista => Some(Network::plain(Penalty::L1, weight, plain, 3 * cell.depth)),
            Method::Chebyshev => {
                let least = support_curvature(&drawn, cell, 0.1)?;
                let steps = chebyshev_steps(least, problem.lipschitz(), cell.depth)
                    .ok_or("no interval of curvatures")?;
                Some(Network { penalty: Penalty::L1, weight, steps: bit_reversed(&steps), thresholds: None })
            }
            method => {
                let supervised = matches!(method, Method::SupervisedTied | Method::SupervisedFree);
                let training = Training {
                    free: matches!(method, Method::SupervisedFree | Method::UnsupervisedFree),
                    depth: cell.depth,
                    steps: cell.steps,
                    batch: cell.batch,
                    ..Training::new(
                        Penalty::L1,
                        weight,
                        if supervised { Loss::Supervised } else { Loss::Unsupervised },
                    )
                };
                let mut source =
                    Model { signals: TRAINING, matrix: problem.matrix(), random: drawn.stream("training")? };
                Some(train(problem, &training, &mut source, |_| ())?.network)
            }
        };
        if let Some(network) = network {
            network.layers(problem, judge.ys.view(), |layer, xs| {
                let numbers = (network.steps[layer - 1], network.threshold(layer - 1));
                rows.push(judge.row(layer, xs, compared.get(layer - 1), numbers));
            });
        }
        if rows.last().is_some_and(|row| !row.suboptimality.is_finite()) {
            return Ok(Outcome::Diverged("the objective after the last layer".into()));
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let deepest = table.cells().map(|(cell, _)| cell.depth).max().unwrap_or(0);
        let shown = |cell: &Parameters| cell.depth == deepest && cell.columns <= 100;
        let mut panels = Vec::new();
        for (title, label, log) in
            [("recovery", "NMSE, dB", false), ("optimisation", "median of (F − F*)/F*", true)]
        {
            let mut chart = Chart::new().title(title).x_label("layer").y_label(label);
            for (method, name) in METHODS {
                let rows = table.rows().filter(|(cell, _)| cell.method == method && shown(cell));
                let of = |row: &Row| if log { row.median } else { row.nmse };
                if method == Method::Optimum {
                    if !log {
                        chart = chart.horizontal_reference(name, mean(rows.map(|(_, row)| row.nmse)));
                    }
                    continue;
                }
                let rows = rows.filter(|(_, row)| row.layer <= deepest);
                let means = table
                    .means_by(rows.map(|(_, row)| (row.layer as f64, of(row))), &format!("{title}, {name}"));
                chart = chart.line(name, means.iter().map(|mean| (mean.at, mean.mean)));
                all.extend(means);
            }
            panels.push(if log { chart.y_log().without_legend() } else { chart.y_range(-25.0, 5.0) });
        }
        report.figure(
            "layers",
            "Mean over matrices, after each layer of one network. Layers inside a trained network leave long steps for later ones to mend: what counts is its end.",
            "Two panels of eight curves over layers.",
            &Figure::new("Unfolded ISTA").columns(1).panels(panels),
        )?;
        let mut chart = Chart::new().x_label("rank of the step").y_label("step").y_log();
        for method in [Method::UnsupervisedTied, Method::SupervisedTied, Method::Chebyshev] {
            let name = METHODS.iter().find(|(other, _)| *other == method).map_or("", |(_, name)| name);
            let sorted = sorted_steps(table, method, deepest);
            let values = sorted
                .iter()
                .flat_map(|steps| steps.iter().enumerate().map(|(rank, step)| (rank as f64 + 1.0, *step)));
            let means = table.means_by(values, &format!("sorted steps, {name}"));
            chart = chart.means(name, &means);
            all.extend(means);
        }
        report.figure(
            "steps",
            "Learned steps in ascending order beside Chebyshev steps for the curvatures of supports, mean over matrices with 95 % bootstrap intervals.",
            "Three rising curves.",
            &Figure::new("Learned steps").panel(chart),
        )?;
        all.extend(ends(table));
        report.means_table("layer, rank or depth", &all)
    }
}

/// The end of every method at each depth.
fn ends(table: &Table<Parameters, Row>) -> Vec<Mean> {
    let mut found = Vec::new();
    for (method, name) in METHODS {
        for (quantity, of) in [
            ("median suboptimality", (|row: &Row| row.median) as fn(&Row) -> f64),
            ("distance from the LASSO solution", |row| row.distance),
            ("share worse than ISTA", |row| row.worse),
        ] {
            let rows = table.rows().filter(|(cell, row)| {
                cell.method == method && cell.columns <= 100 && (row.layer == cell.depth || row.layer == 0)
            });
            let values = rows.map(|(cell, row)| (cell.depth as f64, of(row)));
            found.extend(table.means_by(values, &format!("{quantity} at this depth, {name}")));
        }
    }
    found
}

/// The steps of each matrix's network in ascending order.
pub(crate) fn sorted_steps(table: &Table<Parameters, Row>, method: Method, depth: usize) -> Vec<Vec<f64>> {
    let cells =
        table.cells().filter(|(cell, rows)| cell.method == method && cell.depth == depth && !rows.is_empty());
    cells
        .map(|(_, rows)| {
            let mut steps: Vec<f64> = rows.iter().map(|row| row.step).collect();
            steps.sort_by(f64::total_cmp);
            steps
        })
        .collect()
}

struct Judge<'a> {
    problem: &'a Problem,
    truth: Array2<f64>,
    ys: Array2<f64>,
    /// The LASSO solutions.
    best: Array2<f64>,
    /// Their objectives.
    least: Array1<f64>,
}

impl Judge<'_> {
    fn objectives(&self, xs: &Array2<f64>) -> Array1<f64> {
        self.problem.objectives(self.ys.view(), xs.view(), Penalty::L1, SOFT_WEIGHT)
    }

    fn row(
        &self,
        layer: usize,
        xs: &Array2<f64>,
        compared: Option<&Array1<f64>>,
        (step, threshold): (f64, f64),
    ) -> Row {
        let objectives = self.objectives(xs);
        let left = || objectives.iter().zip(&self.least).map(|(f, least)| (f / least - 1.0).max(0.0));
        let worse = compared.map_or(0.0, |plain| {
            mean(objectives.iter().zip(plain).map(|(f, p)| f64::from(u8::from(*f > p * (1.0 + 1e-12)))))
        });
        Row {
            layer,
            nmse: nmse_decibels(xs.view(), self.truth.view()),
            suboptimality: mean(left()),
            median: median(left()),
            distance: nmse_decibels(xs.view(), self.best.view()).max(-200.0),
            worse,
            step,
            threshold,
        }
    }
}

/// The α of AMP with the least error on other signals.
fn tuned_alpha(drawn: &Drawn, cell: &Parameters) -> Result<f64, Failure> {
    let (xs, ys) = drawn.signals("tuning", 200)?;
    let error = |alpha: f64| {
        nmse_decibels(amp(&drawn.problem, ys.view(), alpha, cell.depth, |_, _| ()).view(), xs.view())
    };
    let tried = [1.1, 1.3, 1.5, 1.8, 2.1].map(|alpha| (error(alpha), alpha));
    tried.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).map(|best| best.1).ok_or_else(|| "no α".into())
}

/// A quantile of the least eigenvalue of G_SS over supports S of other signals' solutions.
fn support_curvature(drawn: &Drawn, cell: &Parameters, probability: f64) -> Result<f64, Failure> {
    let (_, ys) = drawn.signals("tuning", 200.min(2 * cell.tests))?;
    let solutions = lasso_batch(&drawn.problem, ys.view(), SOFT_WEIGHT, &Options::default());
    let mut least = Vec::new();
    for solution in solutions {
        let support: Vec<usize> = (0..cell.columns).filter(|j| solution.x[*j] != 0.0).collect();
        if support.is_empty() {
            continue;
        }
        let part = drawn.problem.gram().select(Axis(0), &support).select(Axis(1), &support);
        least.push(
            *eigenvalues(part.view())
                .and_then(|values| values.into_iter().next())
                .as_ref()
                .ok_or("no eigenvalues")?,
        );
    }
    least.sort_by(f64::total_cmp);
    if least.is_empty() { Err("all solutions are zero".into()) } else { Ok(quantile(&least, probability)) }
}
