//! `optima`: how often methods end at the global minimum of tiny problems, whose stationary points are all known.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::data::Shape;
use crate::sparse::solvers::{Method as Solver, Options, solve};
use crate::sparse::stationary::stationary_points;
use crate::sparse::{Coefficients, Columns as Matrix, Loss, Problem};

/// Global optima.
pub struct Optima;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The tuned accelerated gradient.
    Tuned,
    /// Proximal gradients.
    Ista,
    /// Coordinate descent.
    Coordinate,
}

/// A cell: four columns, twelve rows.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The penalty.
    pub penalty: Shape,
    /// How.
    pub method: Method,
    /// Problems.
    pub problems: u32,
    /// Starts of each.
    pub starts: u32,
}

/// A problem.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub problem: u32,
    /// Stationary points.
    pub stationary: u64,
    /// Share of random starts that end at the global minimum.
    #[column(absolute = 0.05)]
    pub share: f64,
    /// Whether the start at zero does.
    pub from_zero: bool,
    /// The least objective found less the global minimum: below zero would mean that the enumeration missed one.
    #[column(absolute = 1e-9)]
    pub below: f64,
}

impl Experiment for Optima {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "optima";
    const TITLE: &'static str = "Global minima of tiny problems";
    const QUESTION: &'static str = "How often does a method end at the global minimum, and does any end below what the enumeration knows?";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (problems, starts) = match profile {
            Profile::Smoke => (2, 3),
            Profile::Quick => (30, 20),
            Profile::Full => (200, 100),
        };
        let methods = [Method::Tuned, Method::Ista, Method::Coordinate];
        [Shape::Mcp, Shape::Scad]
            .into_iter()
            .flat_map(|penalty| methods.map(|method| Parameters { penalty, method, problems, starts }))
            .collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut rows = Vec::new();
        for number in 0..cell.problems {
            let key = lab::key([("penalty", f64::from(cell.penalty as u8)), ("problem", f64::from(number))]);
            let mut stream = random.shared_stream("problem", &key)?;
            let mut normal = || -> f64 { StandardNormal.sample(&mut stream) };
            let common: Vec<f64> = (0..12).map(|_| normal()).collect();
            let columns: Vec<Vec<f64>> =
                (0..4).map(|_| common.iter().map(|c| 0.7 * c + 0.7 * normal()).collect()).collect();
            let y: Vec<f64> = (0..12).map(|i| 1.5 * columns[0][i] - columns[1][i] + 0.5 * normal()).collect();
            let x = Matrix::new(&columns)?;
            let problem = Problem {
                x: &x,
                y: &y,
                loss: Loss::Squared,
                weight: 1.0,
                penalty: cell.penalty.penalty(),
                lambda: 0.4,
            };
            let points = stationary_points(&problem)?;
            let least = points.first().ok_or("no stationary point")?.objective;
            let solver = match cell.method {
                Method::Tuned => Solver::Tuned,
                Method::Ista => Solver::Ista,
                Method::Coordinate => Solver::Coordinate,
            };
            let options = Options { tolerance: 1e-9, iterations: 50_000, ..Options::default() };
            let run = |beta: Vec<f64>| -> Result<f64, Failure> {
                Ok(solve(&problem, solver, &Coefficients { beta, intercept: 0.0 }, &options)?.objective)
            };
            let (mut hits, mut lowest) = (0, f64::INFINITY);
            for _ in 0..cell.starts {
                let objective = run((0..4).map(|_| 3.0 * normal()).collect())?;
                lowest = lowest.min(objective);
                hits += u32::from(objective <= least + 1e-8);
            }
            let zero = run(vec![0.0; 4])?;
            rows.push(Row {
                problem: number,
                stationary: points.len() as u64,
                share: f64::from(hits) / f64::from(cell.starts),
                from_zero: zero <= least + 1e-8,
                below: lowest.min(zero) - least,
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let methods = [
            (Method::Tuned, "accelerated"),
            (Method::Ista, "proximal gradients"),
            (Method::Coordinate, "coordinate descent"),
        ];
        let mut chart = Chart::new()
            .x_label("method")
            .y_label("share of starts at the global minimum")
            .y_range(0.0, 1.0)
            .categories(methods.map(|(_, name)| name));
        for (penalty, name) in [(Shape::Mcp, "MCP"), (Shape::Scad, "SCAD")] {
            let rows = table.rows().filter(|(cell, _)| cell.penalty == penalty);
            let place = |method| methods.iter().position(|(m, _)| *m == method).unwrap_or(0) as f64;
            chart = chart.bars_of_means(
                name,
                &table.means_by(rows.map(|(cell, row)| (place(cell.method), row.share)), name),
            );
        }
        let most = table.rows().map(|(_, row)| row.stationary).max().unwrap_or(0);
        report.figure(
            "shares",
            &format!("Shares of random starts that end at the global minimum; problems have up to {most} stationary points."),
            "Pairs of bars with whiskers.",
            &Figure::new("Four columns, twelve rows").panel(chart),
        )
    }
}
