//! `iterations`: how many iterations gradient methods take to the same objective.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::data::{Model, Shape, published_problem, regression};
use crate::sparse::Coefficients;
use crate::sparse::solvers::{Method, Options, observed};

/// Iterations.
pub struct Iterations;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The loss.
    pub model: Model,
    /// The penalty.
    pub penalty: Shape,
    /// Correlation of neighbours.
    pub rho: f64,
    /// n.
    pub rows: u64,
    /// p.
    pub columns: u64,
    /// Data sets.
    pub sets: u32,
}

/// A data set.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub set: u32,
    /// Iterations of the tuned accelerated gradient until its objective is near the one that it ends at.
    pub tuned: u64,
    /// Of Ghadimi and Lan's setting, to the same objective or better.
    pub ghadimi_lan: u64,
    /// Of proximal gradients.
    pub ista: u64,
    /// Of the tuned setting with restarts.
    pub restarted: u64,
    /// The tuned setting's last objective.
    #[column(within = 1e-6)]
    pub objective: f64,
}

/// Iterations of the tuned setting at most.
const LIMIT: usize = 2_000;

/// How many times its iterations the others may take; one that does not come near counts as many.
const PATIENCE: u64 = 8;

impl Experiment for Iterations {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "iterations";
    const TITLE: &'static str = "Iterations to the same objective";
    const QUESTION: &'static str =
        "Does the tuned damping need fewer iterations than Ghadimi and Lan's, and than proximal gradients?";
    const REVISION: u32 = 4;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (rows, columns, rhos, sets): (&[u64], u64, &[f64], u32) = match profile {
            Profile::Smoke => (&[100], 90, &[0.5], 1),
            Profile::Quick => (&[200, 400], 200, &[0.1, 0.5, 0.9], 3),
            Profile::Full => (&[200, 500, 1_000, 3_000], 2_050, &[0.1, 0.5, 0.9], 5),
        };
        let mut cells = Vec::new();
        for model in [Model::Linear, Model::Logistic] {
            for penalty in [Shape::Mcp, Shape::Scad] {
                for rho in rhos {
                    cells.extend(rows.iter().map(|rows| Parameters {
                        model,
                        penalty,
                        rho: *rho,
                        rows: *rows,
                        columns,
                        sets,
                    }));
                }
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut measured = Vec::new();
        for set in 0..cell.sets {
            let data = regression(
                cell.model,
                usize::try_from(cell.rows)?,
                usize::try_from(cell.columns)?,
                cell.rho,
                5.0,
                &mut random.stream(&format!("set {set}")),
            )?;
            let problem = published_problem(&data, cell.model, cell.penalty);
            let target = match cell.model {
                Model::Linear => 3.0_f64.exp(),
                Model::Logistic => (-4.0_f64).exp(),
            };
            let mut start = Coefficients { beta: vec![0.0; data.x.count()], intercept: 0.0 };
            if cell.model == Model::Linear {
                // The sign of the covariance.
                start.beta = problem.gradient(&start).0.iter().map(|g| -g.signum()).collect();
            }
            let options = Options {
                tolerance: 1e-4,
                iterations: LIMIT,
                lipschitz: Some(problem.lipschitz()),
                deadline: None,
            };
            // Objectives cost as much as an iteration: often at first, then by hundredths.
            let looks = |k: usize| k < 50 || k.is_multiple_of((k / 50).max(1));
            let mut trace = Vec::new();
            let fit = observed(&problem, Method::Tuned, &start, &options, &mut |seen| {
                if looks(seen.number) {
                    trace.push((seen.number as u64, problem.objective(seen.at)));
                }
                true
            })?;
            let near = |objective: f64| objective - fit.objective <= target;
            let tuned = trace
                .iter()
                .find(|(_, objective)| near(*objective))
                .map_or(fit.iterations as u64, |(k, _)| *k);
            let others = |method: Method| -> Result<u64, Failure> {
                let limit = PATIENCE * tuned;
                let options = Options { tolerance: 0.0, iterations: usize::try_from(limit)?, ..options };
                let mut found = limit;
                observed(&problem, method, &start, &options, &mut |seen| {
                    let done = looks(seen.number) && near(problem.objective(seen.at));
                    if done {
                        found = seen.number as u64;
                    }
                    !done
                })?;
                Ok(found)
            };
            measured.push(Row {
                set,
                tuned,
                ghadimi_lan: others(Method::GhadimiLan)?,
                ista: others(Method::Ista)?,
                restarted: others(Method::Restarted)?,
                objective: fit.objective,
            });
        }
        Ok(Outcome::Done(measured))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Iterations over those of the tuned setting").columns(2);
        for (model, title) in [(Model::Linear, "squared loss"), (Model::Logistic, "logistic loss")] {
            let mut chart = Chart::new()
                .title(title)
                .x_label("tuned iterations")
                .y_label("ratio")
                .x_log()
                .y_log()
                .horizontal_reference("equal", 1.0);
            for (name, of) in [
                ("proximal gradients", (|row: &Row| row.ista) as fn(&Row) -> u64),
                ("Ghadimi, Lan", |row| row.ghadimi_lan),
                ("with restarts", |row| row.restarted),
            ] {
                let rows = table.rows().filter(|(cell, _)| cell.model == model);
                chart = chart.scatter(
                    name,
                    rows.map(|(_, row)| (row.tuned as f64, of(row) as f64 / row.tuned as f64)),
                );
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "ratios",
            "Each point is a data set: what the others need to the objective that the tuned setting ends at, over what that needs; eight and more are shown as eight.",
            "Two panels of points and a line at one.",
            &figure,
        )
    }
}
