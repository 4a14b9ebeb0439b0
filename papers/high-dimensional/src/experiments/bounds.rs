//! `bounds`: the least gradient along a run against the bound that promises it.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::data::{Model, Shape, published_problem, regression};
use crate::sparse::Coefficients;
use crate::sparse::solvers::bound::GradientBound;
use crate::sparse::solvers::{Method, Options, observed, solve};

/// Bounds.
pub struct Bounds;

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
    /// Iterations.
    pub iterations: u64,
    /// Data sets.
    pub sets: u32,
}

/// A data set after an iteration that is a power of two.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub set: u32,
    /// k.
    pub iteration: u64,
    /// The least squared gradient mapping of the tuned setting up to k.
    #[column(within = 1e-3)]
    pub tuned: f64,
    /// Its bound.
    #[column(within = 1e-6)]
    pub tuned_bound: f64,
    /// Of Ghadimi and Lan's setting.
    #[column(within = 1e-3)]
    pub ghadimi_lan: f64,
    /// Its bound.
    #[column(within = 1e-6)]
    pub ghadimi_lan_bound: f64,
    /// The largest ratio of either to its bound, over every iteration up to k.
    #[column(within = 1e-3)]
    pub ratio: f64,
}

impl Experiment for Bounds {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "bounds";
    const TITLE: &'static str = "Gradients and their bound";
    const QUESTION: &'static str =
        "Does the bound hold at every iteration, how loose is it, and which setting has the smaller one?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (rows, columns, rhos, iterations, sets): (_, _, &[f64], _, _) = match profile {
            Profile::Smoke => (60, 90, &[0.5], 64, 1),
            Profile::Quick => (200, 200, &[0.1, 0.9], 1_024, 2),
            Profile::Full => (500, 2_050, &[0.1, 0.5, 0.9], 4_096, 5),
        };
        let mut cells = Vec::new();
        for model in [Model::Linear, Model::Logistic] {
            for penalty in [Shape::Mcp, Shape::Scad] {
                cells.extend(rhos.iter().map(|rho| Parameters {
                    model,
                    penalty,
                    rho: *rho,
                    rows,
                    columns,
                    iterations,
                    sets,
                }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let (rows, columns) = (usize::try_from(cell.rows)?, usize::try_from(cell.columns)?);
        let mut measured = Vec::new();
        for set in 0..cell.sets {
            let mut stream = random.stream(&format!("set {set}"));
            let data = regression(cell.model, rows, columns, cell.rho, 5.0, &mut stream)?;
            let problem = published_problem(&data, cell.model, cell.penalty);
            let start = Coefficients { beta: vec![0.0; columns], intercept: 0.0 };
            let lipschitz = problem.lipschitz();
            let iterations = usize::try_from(cell.iterations)?;
            let options = Options { tolerance: 0.0, iterations, lipschitz: Some(lipschitz), deadline: None };
            // x*: the lowest point found in twice the iterations, by either setting or by coordinate descent.
            let long = Options { iterations: 2 * iterations, ..options };
            let mut reference = solve(&problem, Method::Coordinate, &start, &long)?;
            for method in [Method::Tuned, Method::GhadimiLan] {
                let fit = solve(&problem, method, &start, &long)?;
                if fit.objective < reference.objective {
                    reference = fit;
                }
            }
            let trace = |method| -> Result<Vec<_>, Failure> {
                let mut bound = GradientBound::new(&problem, lipschitz, &start, &reference.at);
                let mut trace = Vec::with_capacity(iterations);
                observed(&problem, method, &start, &options, &mut |seen| {
                    trace.extend(bound.after(&seen));
                    true
                })?;
                Ok(trace)
            };
            let (tuned, ghadimi_lan) = (trace(Method::Tuned)?, trace(Method::GhadimiLan)?);
            let mut ratio = 0.0_f64;
            for (k, (tuned, other)) in (1_u64..).zip(tuned.iter().zip(&ghadimi_lan)) {
                ratio = ratio.max(tuned.least / tuned.bound).max(other.least / other.bound);
                if k.is_power_of_two() {
                    measured.push(Row {
                        set,
                        iteration: k,
                        tuned: tuned.least,
                        tuned_bound: tuned.bound,
                        ghadimi_lan: other.least,
                        ghadimi_lan_bound: other.bound,
                        ratio,
                    });
                }
            }
        }
        Ok(Outcome::Done(measured))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let rho = table.rows().fold(0.0, |most, (cell, _)| cell.rho.max(most));
        let mut figure = Figure::new("Squared gradients and their bounds").columns(2);
        for (model, title) in [(Model::Linear, "squared loss, MCP"), (Model::Logistic, "logistic loss, MCP")]
        {
            let mut chart = Chart::new()
                .title(title)
                .x_label("iteration")
                .y_label("least squared mapping")
                .x_log()
                .y_log();
            for (name, of) in [
                ("tuned", (|row: &Row| row.tuned) as fn(&Row) -> f64),
                ("bound, tuned", |row| row.tuned_bound),
                ("Ghadimi and Lan", |row| row.ghadimi_lan),
                ("bound, Ghadimi and Lan", |row| row.ghadimi_lan_bound),
            ] {
                let shown = table.rows().filter(|(cell, row)| {
                    cell.model == model && cell.penalty == Shape::Mcp && cell.rho == rho && row.set == 0
                });
                chart = chart.line(name, shown.map(|(_, row)| (row.iteration as f64, of(row).max(1e-30))));
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "bounds",
            "One data set with the strongest correlations. The bound holds and is far above what happens; the setting that is faster has the larger bound, since its steps of 0.99/L leave a factor 1 − Lβ of only 0.01.",
            "Two panels of four falling lines, two of them orders of magnitude above the others.",
            &figure,
        )
    }
}
