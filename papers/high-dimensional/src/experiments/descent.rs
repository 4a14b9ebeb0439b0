//! `descent`: accelerated gradients against coordinate descent on equal terms, and against coordinate descent as published.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::data::{Model, Shape, published_problem, regression};
use crate::sparse::solvers::{Method, Options, published_coordinate_descent, solve};
use crate::sparse::{Coefficients, Problem};

/// Coordinate descent.
pub struct Descent;

/// A cell: logistic loss.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
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
    /// Passes over the table of the tuned accelerated gradient to a KKT residual of 10⁻⁴: two an iteration.
    pub accelerated: f64,
    /// Of coordinate descent on the same objective: two a sweep, beside n exponentials for each coordinate that moves.
    pub coordinate: f64,
    /// CPU seconds of both, wall time of one thread.
    #[column(time, unit = "s")]
    pub accelerated_seconds: f64,
    /// Of coordinate descent.
    #[column(time, unit = "s")]
    pub coordinate_seconds: f64,
    /// Whether accelerated gradients got there.
    pub accelerated_converged: bool,
    /// Whether both did.
    pub both: bool,
    /// Objective of coordinate descent less that of accelerated gradients.
    #[column(absolute = 1e-6)]
    pub lower_by: f64,
    /// The largest change of the last sweep of coordinate descent as published; NaN where coefficients are no numbers.
    #[column(within = 1e-2)]
    pub published_change: f64,
    /// Its sweeps, of 5,000 at most in full, 300 otherwise.
    pub published_sweeps: u64,
}

impl Experiment for Descent {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "descent";
    const TITLE: &'static str = "Accelerated gradients against coordinate descent";
    const QUESTION: &'static str = "On the same objective, to the same KKT residual: which is faster, which ends lower? And does the published coordinate descent converge?";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (rows, columns, rhos, sets): (&[u64], u64, &[f64], u32) = match profile {
            Profile::Smoke => (&[100], 90, &[0.5], 1),
            Profile::Quick => (&[200, 500], 250, &[0.5, 0.9], 3),
            Profile::Full => (&[200, 500, 1_000], 2_050, &[0.1, 0.5, 0.9], 5),
        };
        let mut cells = Vec::new();
        for penalty in [Shape::Mcp, Shape::Scad] {
            for rho in rhos {
                cells.extend(rows.iter().map(|rows| Parameters {
                    penalty,
                    rho: *rho,
                    rows: *rows,
                    columns,
                    sets,
                }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut measured = Vec::new();
        for set in 0..cell.sets {
            let mut stream = random.stream(&format!("set {set}"));
            let (rows, columns) = (usize::try_from(cell.rows)?, usize::try_from(cell.columns)?);
            let data = regression(Model::Logistic, rows, columns, cell.rho, 5.0, &mut stream)?;
            let problem = published_problem(&data, Model::Logistic, cell.penalty);
            let start = Coefficients { beta: vec![0.0; columns], intercept: 0.0 };
            let options = Options { tolerance: 1e-4, iterations: 20_000, ..Options::default() };
            let timed = |method| -> Result<_, Failure> {
                let begun = std::time::Instant::now();
                let fit = solve(&problem, method, &start, &options)?;
                Ok((fit, begun.elapsed().as_secs_f64()))
            };
            let (accelerated, first) = timed(Method::Tuned)?;
            let (coordinate, second) = timed(Method::Coordinate)?;
            let sweeps = if cell.columns > 2_000 { 5_000 } else { 300 };
            // The published loss is over n, with the same λ.
            let published = Problem { weight: 1.0, ..problem };
            let (change, published_sweeps) = published_coordinate_descent(&published, 1e-4, sweeps);
            measured.push(Row {
                set,
                accelerated: 2.0 * accelerated.iterations as f64,
                coordinate: 2.0 * coordinate.iterations as f64,
                accelerated_seconds: first,
                coordinate_seconds: second,
                accelerated_converged: accelerated.converged,
                both: accelerated.converged && coordinate.converged,
                lower_by: coordinate.objective - accelerated.objective,
                published_change: change,
                published_sweeps: published_sweeps as u64,
            });
        }
        Ok(Outcome::Done(measured))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let points = |penalty: Shape| {
            let rows = table.rows().filter(move |(cell, row)| cell.penalty == penalty && row.both);
            rows.map(|(_, row)| (row.accelerated, row.coordinate)).collect::<Vec<_>>()
        };
        let work = Chart::new()
            .title("passes over the table")
            .x_label("accelerated gradient")
            .y_label("coordinate descent")
            .x_log()
            .y_log()
            .scatter("MCP", points(Shape::Mcp))
            .scatter("SCAD", points(Shape::Scad))
            .diagonal("equal");
        let objectives = table
            .rows()
            .filter(|(_, row)| row.both)
            .enumerate()
            .map(|(place, (_, row))| (place as f64, row.lower_by));
        let ends = Chart::new()
            .title("where they end")
            .x_label("data set")
            .y_label("objective, coordinate less accelerated")
            .scatter("data sets", objectives)
            .horizontal_reference("equal", 0.0);
        let lost = table
            .rows()
            .filter(|(_, row)| row.published_change.is_nan() || row.published_change >= 1e-4)
            .count();
        report.figure(
            "passes",
            &format!(
                "On equal terms neither method is ahead by much. Coordinate descent as published did not converge on {lost} of {} data sets.",
                table.rows().count()
            ),
            "Points around a diagonal, and points around zero.",
            &Figure::new("Logistic regression to a KKT residual of 10⁻⁴").panel(work).panel(ends),
        )
    }
}
