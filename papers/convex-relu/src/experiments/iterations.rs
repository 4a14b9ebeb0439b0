//! `iterations`: ADMM's convergence, and its first predictions.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table, key};
use serde::{Deserialize, Serialize};

use super::{Data, moons, problem, strokes};
use crate::admm::{Inner, Options, accuracy, admm};
use crate::global::{Coverage, generate};
use crate::patterns::sampled;
use crate::problem::{Loss, Problem};

/// Iterations.
pub struct Iterations;

/// What is iterated on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// 20 rows, 5 features, 16 patterns, β = 0.01.
    Small,
    /// 100 rows, 10 features, 50 patterns, β = 0.1.
    Larger,
    /// The small one by random blocks.
    Blocks,
    /// Two classes of generated pen strokes, 7 × 7 pixels and a bias: 200 for training, 1,000 for tests; logistic loss, 50 patterns, β = 0.1.
    Strokes,
    /// 200 points of two moons for training, 1,000 for tests; logistic loss, 50 patterns, β = 0.01.
    Moons,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Which.
    pub task: Task,
    /// ρ; 0 for one that adapts from 0.1.
    pub penalty: f64,
    /// Which draw.
    pub replicate: u32,
}

/// At an iteration.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub iteration: usize,
    /// |cost − optimum| over the optimum; NaN for strokes.
    #[column(within = 0.5, absolute = 1e-9)]
    pub error: f64,
    /// The share of test points with the right sign; NaN for regressions.
    #[column(absolute = 0.01)]
    pub accuracy: f64,
}

const SEEN: [usize; 16] =
    [5, 10, 20, 50, 100, 200, 300, 500, 700, 1_000, 1_500, 2_000, 3_000, 4_000, 6_000, 10_000];

impl Experiment for Iterations {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "iterations";
    const TITLE: &'static str = "ADMM";
    const QUESTION: &'static str =
        "Does ADMM converge linearly, and do its first iterations predict already?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (replicates, penalties): (u32, &[f64]) = match profile {
            Profile::Smoke => (2, &[0.01, 0.1]),
            Profile::Quick => (2, &[0.001, 0.01, 0.1, 1.0, 0.0]),
            Profile::Full => (10, &[0.001, 0.01, 0.1, 1.0, 0.0]),
        };
        let mut cells = Vec::new();
        for replicate in 0..replicates {
            // The larger one shows, the small one is judged.
            for task in [Task::Small, Task::Larger].into_iter().take(if replicate == 0 { 2 } else { 1 }) {
                cells.extend(penalties.iter().map(|penalty| Parameters {
                    task,
                    penalty: *penalty,
                    replicate,
                }));
            }
            cells.push(Parameters { task: Task::Blocks, penalty: 0.01, replicate });
            cells.push(Parameters { task: Task::Moons, penalty: 0.1, replicate });
            if replicate < 2 && profile != Profile::Smoke {
                cells.push(Parameters { task: Task::Strokes, penalty: 0.1, replicate });
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let of_task = |task: Task| task as u32;
        let shared = key([
            ("task", f64::from(of_task(if cell.task == Task::Blocks { Task::Small } else { cell.task }))),
            ("replicate", f64::from(cell.replicate)),
        ]);
        let mut data = random.shared_stream("data", &shared)?;
        let mut directions = random.shared_stream("directions", &shared)?;
        let mut test = None;
        let (problem, count) = match cell.task {
            Task::Larger => (problem(Data::Teacher, (100, 10), Loss::Squared, 0.1, &mut data)?, 50),
            Task::Moons => {
                let (x, y) = moons(200, 0.15, &mut data);
                test = Some(moons(1_000, 0.15, &mut data));
                (Problem::new(x.view(), y.view(), Loss::Logistic, 0.01)?, 50)
            }
            Task::Strokes => {
                let (train, held) = strokes(&mut data);
                test = Some(held);
                (Problem::new(train.0.view(), train.1.view(), Loss::Logistic, 0.1)?, 50)
            }
            _ => (problem(Data::Gauss, (20, 5), Loss::Squared, 0.01, &mut data)?, 16),
        };
        let patterns = sampled(problem.x(), count, &mut directions);
        // Strokes are for accuracies alone.
        let optimum = match cell.task {
            Task::Strokes => f64::NAN,
            _ => generate(&problem, &patterns, Coverage::Given, 1e-11).certificate.lower,
        };
        let options = Options {
            penalty: if cell.penalty > 0.0 { cell.penalty } else { 0.1 },
            adaptive: cell.penalty == 0.0,
            iterations: match cell.task {
                Task::Small => 10_000,
                Task::Strokes => 300,
                _ => 1_000,
            },
            inner: if cell.task == Task::Blocks { Inner::RandomBlocks { sweeps: 5 } } else { Inner::Exact },
            ..Options::default()
        };
        let mut rows = Vec::new();
        admm(&problem, &patterns, &options, &mut random.stream("blocks"), |state| {
            if SEEN.contains(&state.iteration) {
                let network = state.network();
                let right =
                    test.as_ref().map(|(x, y)| accuracy(&network.restored(&problem), x.view(), y.view()));
                rows.push(Row {
                    iteration: state.iteration,
                    error: (network.cost(&problem) / optimum - 1.0).abs(),
                    accuracy: right.unwrap_or(f64::NAN),
                });
            }
            false
        });
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("ADMM").columns(2);
        for (task, title) in [(Task::Small, "20 rows, 16 patterns"), (Task::Larger, "100 rows, 50 patterns")]
        {
            let mut chart =
                Chart::new().title(title).x_label("iteration").y_label("error of the cost").x_log().y_log();
            for (penalty, name) in [
                (0.001, "ρ = 0.001"),
                (0.01, "ρ = 0.01"),
                (0.1, "ρ = 0.1"),
                (1.0, "ρ = 1"),
                (0.0, "ρ adapts"),
            ] {
                let rows = table
                    .rows()
                    .filter(|(cell, _)| cell.task == task && cell.penalty == penalty && cell.replicate == 0);
                let points: Vec<_> =
                    rows.map(|(_, row)| (row.iteration as f64, row.error.max(1e-13))).collect();
                if !points.is_empty() {
                    chart = chart.line(name, points);
                }
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "errors",
            "Errors fall at rates that hang on ρ by orders of magnitude, and not evenly.",
            "Two panels of lines on logarithmic axes.",
            &figure,
        )
    }
}
