//! `recovery`: how many of the selected columns are true, with rules that leave columns out rightly and too often.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::data::{Model, Shape, regression};
use crate::sparse::path::{Rule, Step, lambdas, path};
use crate::sparse::solvers::{Method, Options};
use crate::sparse::{Loss, Problem};

/// Recovery of signals.
pub struct Recovery;

/// How a path is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Accelerated gradients, the strong rule, and a check of all columns.
    Accelerated,
    /// Accelerated gradients, half the gradient in the rule, and no check: as published.
    Halved,
    /// Coordinate descent, the strong rule, and a check.
    Coordinate,
}

impl Way {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Accelerated, "accelerated, rule checked"),
        (Self::Halved, "accelerated, rule as published"),
        (Self::Coordinate, "coordinate descent, rule checked"),
    ];
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The loss.
    pub model: Model,
    /// The penalty.
    pub penalty: Shape,
    /// How.
    pub way: Way,
    /// Signal-to-noise ratio of squared loss.
    pub ratio: f64,
    /// n, for fitting and for testing.
    pub rows: u64,
    /// p.
    pub columns: u64,
    /// Data sets.
    pub sets: u32,
}

/// A data set: the λ whose linear predictor is nearest to the true one on test rows, which only a simulation knows.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub set: u32,
    /// Share of selected columns that are true.
    #[column(absolute = 1e-6)]
    pub precision: f64,
    /// Share of true columns that are selected.
    #[column(absolute = 1e-6)]
    pub recall: f64,
    /// Squared error of the linear predictor over that of zero, on test rows.
    #[column(within = 1e-3)]
    pub error: f64,
    /// The largest KKT residual along the path, over all columns.
    #[column(within = 0.5)]
    pub kkt: f64,
    /// Columns that the rule left out wrongly and that were put back, along the path.
    pub violations: u64,
}

/// Share of the logistic loss without columns, below which classes count as separated: there is no minimiser then, as coefficients grow for ever under a flat penalty, and the path ends.
const SEPARATED: f64 = 0.1;

impl Experiment for Recovery {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "recovery";
    const TITLE: &'static str = "Which columns are selected";
    const QUESTION: &'static str = "Do accelerated gradients select fewer wrong columns than coordinate descent, and what has the published strong rule to do with it?";
    const REVISION: u32 = 8;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (rows, columns, ratios, sets): (u64, u64, &[f64], u32) = match profile {
            Profile::Smoke => (80, 90, &[5.0], 1),
            Profile::Quick => (200, 250, &[1.0, 7.0], 4),
            Profile::Full => (1_000, 2_050, &[1.0, 3.0, 7.0, 10.0], 5),
        };
        let mut cells = Vec::new();
        for model in [Model::Linear, Model::Logistic] {
            for penalty in [Shape::Mcp, Shape::Scad] {
                for ratio in ratios {
                    // Logistic outcomes have their own noise.
                    if model == Model::Linear || *ratio == ratios[0] {
                        cells.extend(Way::ALL.map(|(way, _)| Parameters {
                            model,
                            penalty,
                            way,
                            ratio: *ratio,
                            rows,
                            columns,
                            sets,
                        }));
                    }
                }
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut measured = Vec::new();
        for set in 0..cell.sets {
            let key = lab::key([
                ("model", f64::from(cell.model as u8)),
                ("ratio", cell.ratio),
                ("rows", cell.rows as f64),
                ("set", f64::from(set)),
            ]);
            let mut stream = random.shared_stream("data", &key)?;
            let (rows, columns) = (usize::try_from(cell.rows)?, usize::try_from(cell.columns)?);
            let data = regression(cell.model, rows, columns, 0.1, cell.ratio, &mut stream)?;
            let problem = Problem {
                x: &data.x,
                y: &data.y,
                loss: cell.model.loss(),
                weight: 1.0,
                penalty: cell.penalty.penalty(),
                lambda: 0.0,
            };
            let (method, rule) = match cell.way {
                Way::Accelerated => (Method::Tuned, Rule::Strong),
                Way::Halved => (Method::Tuned, Rule::Halved),
                Way::Coordinate => (Method::Coordinate, Rule::Strong),
            };
            let tolerance =
                if problem.loss == Loss::Squared { 1e-5 * problem.largest_lambda() } else { 1e-5 };
            let options = Options { tolerance, iterations: 20_000, ..Options::default() };
            // Equally spaced, down to a tenth.
            let sequence = lambdas(&problem, 40, 0.1, false);
            let count = |step: &Step| step.fit.at.beta.iter().filter(|b| **b != 0.0).count();
            let separated = |step: &Step| {
                let mut eta = vec![0.0; rows];
                problem.predictor(&step.fit.at, &mut eta);
                problem.loss == Loss::Logistic && problem.loss_at(&eta) < SEPARATED * 2.0_f64.ln()
            };
            // No fit beyond as many columns as half of the rows is of use.
            let mut keep_on = |step: &Step| 2 * count(step) < rows && !separated(step);
            let mut steps = path(&problem, &sequence, method, rule, &options, &mut keep_on)?;
            steps.retain(|step| !separated(step));
            let truth = predictor(&data.test, &data.truth.0, data.truth.1);
            let zero: f64 = truth.iter().map(|t| t * t).sum();
            let error = |step: &Step| {
                let found = predictor(&data.test, &step.fit.at.beta, step.fit.at.intercept);
                let offset = if problem.loss == Loss::Squared { data.truth.1 } else { 0.0 };
                found.iter().zip(&truth).map(|(f, t)| (f + offset - t).powi(2)).sum::<f64>() / zero
            };
            let chosen = steps.iter().min_by(|a, b| error(a).total_cmp(&error(b))).ok_or("no step")?;
            let selected: Vec<bool> = chosen.fit.at.beta.iter().map(|b| *b != 0.0).collect();
            let hits = selected.iter().zip(&data.signal).filter(|(s, t)| **s && **t).count() as f64;
            let (all, true_ones) = (
                selected.iter().filter(|s| **s).count() as f64,
                data.signal.iter().filter(|t| **t).count() as f64,
            );
            measured.push(Row {
                set,
                precision: if all > 0.0 { hits / all } else { 0.0 },
                recall: hits / true_ones,
                error: error(chosen),
                kkt: steps.iter().map(|step| step.fit.kkt / tolerance).fold(0.0, f64::max),
                violations: steps.iter().map(|step| step.violations as u64).sum(),
            });
        }
        Ok(Outcome::Done(measured))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let groups = [
            (Model::Linear, Shape::Mcp, "squared, MCP"),
            (Model::Linear, Shape::Scad, "squared, SCAD"),
            (Model::Logistic, Shape::Mcp, "logistic, MCP"),
            (Model::Logistic, Shape::Scad, "logistic, SCAD"),
        ];
        let mut figure = Figure::new("The λ that predicts best on test rows").columns(1);
        for (title, of) in
            [("precision", (|row: &Row| row.precision) as fn(&Row) -> f64), ("recall", |row| row.recall)]
        {
            let mut chart = Chart::new()
                .title(title)
                .x_label("loss and penalty")
                .y_label("share of columns")
                .y_range(0.0, 1.0)
                .categories(groups.map(|(_, _, name)| name));
            for (way, name) in Way::ALL {
                let rows = table.rows().filter(|(cell, _)| cell.way == way);
                let place = |cell: &Parameters| {
                    groups.iter().position(|(m, p, _)| *m == cell.model && *p == cell.penalty)
                };
                let values = rows.filter_map(|(cell, row)| Some((place(cell)? as f64, of(row))));
                chart = chart.bars_of_means(name, &table.means_by(values, name));
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "shares",
            "Selected columns that are true, and true columns that are selected, means over data sets and noise.",
            "Two panels of groups of bars.",
            &figure,
        )
    }
}

fn predictor(columns: &[Vec<f64>], beta: &[f64], intercept: f64) -> Vec<f64> {
    let mut eta = vec![intercept; columns.first().map_or(0, Vec::len)];
    for (column, b) in columns.iter().zip(beta).filter(|(_, b)| **b != 0.0) {
        eta.iter_mut().zip(column).for_each(|(eta, x)| *eta += b * x);
    }
    eta
}
