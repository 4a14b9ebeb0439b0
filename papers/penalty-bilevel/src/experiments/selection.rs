//! `selection`: weights of a ridge for each feature, chosen on validation rows.

use bilevel::oracle::{Noise, Noisy};
use bilevel::schedule::Power;
use bilevel::selection::{Loss, Selection};
use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::double_loop::{self, double_loop};
use crate::implicit::{self, bome, implicit};
use crate::problems::selection;
use crate::run::{Begin, Step};
use crate::select::{minimise_exact, minimise_penalty};
use crate::single_loop::{self, single_loop};

/// Methods on ridge and logistic selection.
pub struct SelectionOfWeights;

/// The loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Squared loss.
    Ridge,
    /// Logistic loss.
    Logistic,
}

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// L-BFGS on ψ_σ by first derivatives, σ = 0.001.
    PenaltyLbfgs,
    /// The paper's double loop without noise.
    Double,
    /// The single loop with momentum, without noise.
    Momentum,
    /// AID with conjugate gradients.
    Aid,
    /// ITD through 20 steps.
    Itd,
    /// BOME.
    Bome,
}

const METHODS: [(Method, &str); 6] = [
    (Method::PenaltyLbfgs, "penalty, L-BFGS"),
    (Method::Double, "double loop"),
    (Method::Momentum, "single loop, momentum"),
    (Method::Aid, "AID"),
    (Method::Itd, "ITD"),
    (Method::Bome, "BOME"),
];

/// A cell: a loss, a method, a draw of the data.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The loss.
    pub kind: Kind,
    /// The method.
    pub method: Method,
    /// Features, q.
    pub features: usize,
    /// Draw of the data.
    pub replicate: u32,
}

/// A place of the run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Gradients and products of whole data asked for.
    pub calls: u64,
    /// ψ(x) less the least ψ that L-BFGS with exact gradients finds, over the latter.
    #[column(within = 0.2, absolute = 1e-7)]
    pub excess: f64,
}

impl Experiment for SelectionOfWeights {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "selection";
    const TITLE: &'static str = "Choosing a ridge for each feature";
    const QUESTION: &'static str = "150 training and 1,000 validation rows with 50 correlated features (in the quick profile): how many gradients of whole data does each method need to come near the best validation loss?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (features, replicates) = match profile {
            Profile::Smoke => (5, 1),
            Profile::Quick => (50, 2),
            Profile::Full => (50, 20),
        };
        let mut grid = Vec::new();
        for kind in [Kind::Ridge, Kind::Logistic] {
            for (method, _) in METHODS {
                grid.extend((0..replicates).map(|replicate| Parameters {
                    kind,
                    method,
                    features,
                    replicate,
                }));
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let loss = if cell.kind == Kind::Ridge { Loss::Squared } else { Loss::Logistic };
        let key = Data { kind: cell.kind, features: cell.features, replicate: cell.replicate };
        let problem = selection(
            loss,
            (3 * cell.features, 20 * cell.features, cell.features),
            &mut random.shared_stream("data", &key)?,
        );
        let start = vec![-2.0; cell.features];
        let (best, _) = minimise_exact(&problem, &start)?;
        let excess = |problem: &Selection, x: &[f64]| {
            problem.exact(x, &best.weights).map_or(f64::NAN, |found| (found.value - best.value) / best.value)
        };
        let smoothness = problem.curvature_bound(&start);
        let oracle = Noisy { problem, deviation: 0.0, noise: Noise::Additive };
        let (mut rows, mut next) = (Vec::new(), 100.0);
        let mut observe = |step: &Step<'_>| {
            let calls = step.counts.calls();
            if calls as f64 >= next {
                rows.push(Row { calls, excess: excess(&oracle.problem, step.x) });
                next = calls as f64 * 1.8;
            }
        };
        let weights = vec![0.0; cell.features];
        let begin = Begin { x: &start, y: &weights, calls: 10_000, seed: 0 };
        let (gamma, alpha) = (1.0 / smoothness, 5.0);
        match cell.method {
            Method::PenaltyLbfgs => {
                minimise_penalty(&oracle.problem, &start, 1e-3, 30_000, |calls, x| {
                    if calls as f64 >= next {
                        rows.push(Row { calls, excess: excess(&oracle.problem, x) });
                        next = calls as f64 * 1.8;
                    }
                })?;
            }
            Method::Double => {
                let options = double_loop::Options {
                    alpha: Power { value: alpha, exponent: -1.0 / 3.0, offset: 10.0 },
                    inner_steps: Power::constant(10.0),
                    ..double_loop::Options::deterministic(gamma)
                };
                double_loop(&oracle, &begin, &options, &mut observe);
            }
            Method::Momentum => {
                let base = single_loop::Options::momentum();
                let options = single_loop::Options {
                    alpha: Power { value: alpha, ..base.alpha },
                    gamma: Power::constant(gamma),
                    ..base
                };
                single_loop(&oracle, &begin, &options, &mut observe);
            }
            Method::Aid => drop(implicit(
                &oracle,
                &begin,
                &implicit::Options { gamma: Power::constant(gamma), ..implicit::Options::aid(gamma, alpha) },
                &mut observe,
            )),
            Method::Itd => {
                drop(implicit(&oracle, &begin, &implicit::Options::itd(gamma, alpha), &mut observe))
            }
            Method::Bome => drop(bome(&oracle, &begin, (20, gamma, gamma), &mut observe)),
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Validation loss above the best, against gradients of whole data")
            .subtitle("each draw of the data a line")
            .columns(2);
        for (kind, title) in [(Kind::Ridge, "ridge"), (Kind::Logistic, "logistic")] {
            let mut chart = Chart::new()
                .title(title)
                .x_label("gradients and products")
                .y_label("excess over the best ψ, relative")
                .x_log()
                .y_log()
                .y_range(1e-6, 10.0);
            for (slot, (method, name)) in METHODS.into_iter().enumerate() {
                let of = |cell: &Parameters| cell.kind == kind && cell.method == method;
                for (cell, rows) in table.cells().filter(|(cell, _)| of(cell)) {
                    let label = if cell.replicate == 0 { name } else { "" };
                    chart = chart
                        .line(label, rows.iter().map(|row| (row.calls as f64, row.excess)))
                        .styled_as(slot);
                }
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "excess",
            "Validation loss ψ(x) above the best one, against gradients and products asked for. First steps of one length for all methods, not tuned, constant for AID and ITD and falling for the others as their schedules say; L-BFGS on the penalised function needs none.",
            "Two panels of falling lines.",
            &figure,
        )
    }
}

/// What the data of a cell depend on.
#[derive(Serialize)]
struct Data {
    kind: Kind,
    features: usize,
    replicate: u32,
}
