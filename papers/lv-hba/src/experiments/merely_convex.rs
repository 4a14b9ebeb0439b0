//! `merely-convex`: LV-HBA on the toy whose lower level has many solutions.

use std::ops::ControlFlow;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::problem::{Problem, Proximal, Saddle};
use crate::single_loop::{Options, State, single_loop};
use crate::toys::{MerelyConvex, penalised_toy};
use crate::value::{at_saddle, exact};

/// The toy.
pub struct MerelyConvexToy;

/// Settings and start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    /// The constraint normalised, the defaults, all coordinates 10 at the start.
    Normalised,
    /// The same from a random start.
    RandomStart,
    /// The authors' script: constraint not normalised, its steps, 1,500 iterations.
    Published,
}

/// A cell: a run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Settings and start.
    pub setting: Setting,
    /// n; there are 3n variables.
    pub size: usize,
    /// p, the growth of c.
    pub growth: f64,
    /// Steps.
    pub steps: u64,
}

/// A step.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// k.
    pub step: u64,
    /// c_k.
    pub penalty: f64,
    /// |(x, y) − optimum|/|optimum|.
    #[column(within = 1e-4)]
    pub error: f64,
    /// |x + 0.3|/(0.3 √n).
    #[column(within = 1e-4)]
    pub error_of_x: f64,
    /// The same of the penalised problem's solution at c_k.
    pub law: f64,
    /// c_k times the distance moved over α, the least so far: of the order of min R_k.
    #[column(within = 1e-3)]
    pub residual: f64,
    /// |(θ, λ) − exact saddle|, the least so far.
    #[column(within = 1e-3)]
    pub saddle: f64,
    /// f − v.
    #[column(within = 1e-3, absolute = 1e-12)]
    pub gap: f64,
}

impl Experiment for MerelyConvexToy {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "merely-convex";
    const TITLE: &'static str = "A lower level with many solutions";
    const QUESTION: &'static str = "Does LV-HBA converge where the lower level is merely convex, do residuals fall as fast as the theorem says for each growth p of the penalty, and do the published settings work?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, steps): (&[usize], _) = match profile {
            Profile::Smoke => (&[10], 500),
            Profile::Quick => (&[100], 20_000),
            Profile::Full => (&[100, 1_000, 10_000], 100_000),
        };
        let mut grid = Vec::new();
        for &size in sizes {
            let cell = |setting, growth, steps| Parameters { setting, size, growth, steps };
            grid.extend([0.1, 0.25, 0.4, 0.49].map(|growth| cell(Setting::Normalised, growth, steps)));
            grid.push(cell(Setting::RandomStart, 0.49, steps));
        }
        grid.push(Parameters {
            setting: Setting::Published,
            size: sizes[0],
            growth: 0.3,
            steps: 1_500.min(steps),
        });
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let n = cell.size;
        let published = cell.setting == Setting::Published;
        let problem = if published {
            MerelyConvex { size: n, scale: 1.0, bound: 1_000.0 }
        } else {
            MerelyConvex::normalised(n)
        };
        let mut random = random.stream("start");
        let start: Vec<f64> =
            (0..3 * n)
                .map(|_| {
                    if cell.setting == Setting::RandomStart { random.random_range(-10.0..10.0) } else { 10.0 }
                })
                .collect();
        let mut state = State::new(&problem, &start[..n], &start[n..]);
        let options = if published {
            // The script brings x alone into C, and starts from the exact multiplier.
            (state.x, state.y) = (vec![-20.0; n], vec![10.0; 2 * n]);
            state.saddle = Saddle { theta: vec![1.0; 2 * n], lambda: vec![1.0] };
            state.z = vec![-1.0];
            Options {
                proximal: Proximal { gamma1: 10.0, gamma2: 10.0 },
                eta: 0.01,
                alpha: 0.008,
                beta: 0.02,
                penalty: 0.025,
                growth: cell.growth,
                steps: cell.steps,
            }
        } else {
            Options { growth: cell.growth, steps: cell.steps, ..Options::default() }
        };
        let (mut rows, mut next) = (Vec::new(), 1.0_f64);
        let (mut least_residual, mut least_saddle) = (f64::INFINITY, f64::INFINITY);
        single_loop(&problem, state, &options, |step| {
            least_residual = least_residual.min(step.penalty * step.residual);
            let seen = step.number as f64 >= next || step.number == cell.steps;
            // The saddle's distance is looked at often, since its least counts.
            if seen || step.number % 16 == 0 {
                let point = (&step.state.x[..], &step.state.y[..], &step.state.z[..]);
                if let Some(exact) = problem.saddle(point.0, point.1, point.2, options.proximal) {
                    let pairs = exact
                        .theta
                        .iter()
                        .zip(&step.state.saddle.theta)
                        .chain(exact.lambda.iter().zip(&step.state.saddle.lambda));
                    least_saddle = least_saddle.min(pairs.map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt());
                }
            }
            if seen {
                next = (next * 1.25).ceil();
                let (x, y, z) = (&step.state.x[..], &step.state.y[..], &step.state.z[..]);
                let value = exact(&problem, (x, y, z), options.proximal).unwrap_or_else(|| {
                    at_saddle(&problem, (x, y, z), options.proximal, step.state.saddle.clone())
                });
                let mut unused = (vec![0.0; n], vec![0.0; 2 * n]);
                let lower = problem.lower(x, y, &mut unused.0, &mut unused.1);
                let toy = penalised_toy(step.penalty, options.proximal.gamma1);
                rows.push(Row {
                    step: step.number,
                    penalty: step.penalty,
                    error: problem.relative_error(x, y),
                    error_of_x: problem.relative_error_of_x(x),
                    law: (toy.x + 0.3).abs() / 0.3,
                    residual: least_residual,
                    saddle: least_saddle,
                    gap: lower - value.value,
                });
            }
            ControlFlow::Continue(())
        });
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let size = table.cells().map(|(cell, _)| cell.size).min().unwrap_or(0);
        let rows = |setting, growth: f64| {
            table
                .rows()
                .filter(move |(cell, _)| {
                    cell.setting == setting && cell.size == size && (cell.growth - growth).abs() < 1e-9
                })
                .map(|(_, row)| row)
        };
        let mut errors =
            Chart::new().title("error of x").x_label("k").y_label("relative error").x_log().y_log();
        let mut residuals =
            Chart::new().title("least residual").x_label("k").y_label("min c_k |moved|/α").x_log().y_log();
        for growth in [0.1, 0.25, 0.4, 0.49] {
            let name = format!("p = {growth}");
            errors = errors
                .line(&name, rows(Setting::Normalised, growth).map(|row| (row.step as f64, row.error_of_x)));
            residuals = residuals.line(
                &name,
                rows(Setting::Normalised, growth).map(|row| (row.step as f64, row.residual.max(1e-16))),
            );
        }
        errors = errors
            .line(
                "law of the penalty, p = 0.49",
                rows(Setting::Normalised, 0.49).map(|row| (row.step as f64, row.law)),
            )
            .line(
                "random start, p = 0.49",
                rows(Setting::RandomStart, 0.49).map(|row| (row.step as f64, row.error_of_x)),
            )
            .line(
                "published settings",
                rows(Setting::Published, 0.3).map(|row| (row.step as f64, row.error_of_x)),
            );
        report.figure(
            "errors",
            "With the constraint normalised LV-HBA follows the penalised problem's exact solution as c grows. The published settings end farther away than they began. From a random start x comes there as well.",
            "Two panels: errors that fall with the law, one that rises; residuals that fall.",
            &Figure::new("The merely convex toy").columns(2).panel(errors).panel(residuals),
        )?;
        let normalised = table.cells().filter(|(cell, _)| cell.setting == Setting::Normalised);
        let last = normalised.filter_map(|(cell, rows)| rows.last().map(|row| (cell.growth, row.error_of_x)));
        report.means_table(
            "last",
            &table.means_by(last, "relative error of x at the end, symmetric start, over p"),
        )
    }
}
