//! `penalty-path`: the penalised problem with exact saddles, for growing c, and Richardson's extrapolation (beyond the paper).

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::key;
use crate::penalised::{Point, continued, minimise, richardson};
use crate::problem::Proximal;
use crate::toys::{MerelyConvex, StronglyConvex};

/// Errors along c.
pub struct PenaltyPath;

/// A toy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Toy {
    /// The merely convex one.
    Merely,
    /// The strongly convex one, from the basin of its global optimum.
    Strongly,
}

/// A cell: problems of one kind.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The toy.
    pub toy: Toy,
    /// n.
    pub size: usize,
    /// Problems; one for the merely convex toy, which has no parameters.
    pub problems: u32,
}

/// A penalty.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The problem.
    pub replicate: u32,
    /// c.
    pub penalty: f64,
    /// |x − x*|/|x*|.
    #[column(within = 1e-3, absolute = 1e-9)]
    pub error: f64,
    /// The same after extrapolation from c and 2c.
    #[column(within = 1e-2, absolute = 1e-9)]
    pub extrapolated: f64,
    /// Φ(x) − F*; 0 for the merely convex toy, whose Φ depends on the lower solution.
    #[column(within = 1e-2, absolute = 1e-10)]
    pub upper: f64,
}

impl Experiment for PenaltyPath {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "penalty-path";
    const TITLE: &'static str = "The penalised problem solved exactly";
    const QUESTION: &'static str = "Beyond the paper: how do the errors of the penalised problem's own solution fall with c, and does extrapolation help?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (size, problems) = match profile {
            Profile::Smoke => (10, 1),
            Profile::Quick => (40, 5),
            Profile::Full => (100, 10),
        };
        vec![
            Parameters { toy: Toy::Merely, size, problems: 1 },
            Parameters { toy: Toy::Strongly, size, problems },
        ]
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let (n, proximal) = (cell.size, Proximal { gamma1: 10.0, gamma2: 1.0 });
        // Beyond, the penalised problem is so flat along X that the minimiser stops before its error is that of the penalty.
        let penalties = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0];
        let mut draws = random.shared_stream("toys", &key([("n", n as f64)]))?;
        let mut rows = Vec::new();
        for replicate in 0..cell.problems {
            if cell.toy == Toy::Merely {
                let problem = MerelyConvex::normalised(n);
                let start = Point { x: vec![0.0; n], y: vec![0.0; 2 * n], z: vec![0.0] };
                let path = continued(&problem, &start, &penalties, proximal, 2_000).ok_or("no saddle")?;
                for (penalty, point) in penalties.into_iter().zip(path) {
                    let double =
                        minimise(&problem, &point, 2.0 * penalty, proximal, 2_000).ok_or("no saddle")?;
                    let better = richardson(&problem, &point, &double);
                    rows.push(Row {
                        replicate,
                        penalty,
                        error: problem.relative_error_of_x(&point.x),
                        extrapolated: problem.relative_error_of_x(&better.x),
                        upper: 0.0,
                    });
                }
                continue;
            }
            let toy = StronglyConvex::draw(n, true, &mut draws)?;
            let (least, s) = toy.optimum();
            let (x_best, y_best) = toy.at(s);
            let start =
                Point { x: x_best.clone(), y: y_best, z: vec![0.0; toy.problem.lower_level().r.len()] };
            let error = |x: &[f64]| {
                let square = |a: f64, b: f64| (a - b) * (a - b);
                (x.iter().zip(&x_best).map(|(a, b)| square(*a, *b)).sum::<f64>()
                    / x_best.iter().map(|b| b * b).sum::<f64>())
                .sqrt()
            };
            let path = continued(&toy.problem, &start, &penalties, proximal, 100_000).ok_or("no saddle")?;
            let mut unused = vec![0.0; n];
            for (penalty, point) in penalties.into_iter().zip(path) {
                let double =
                    minimise(&toy.problem, &point, 2.0 * penalty, proximal, 100_000).ok_or("no saddle")?;
                let better = richardson(&toy.problem, &point, &double);
                rows.push(Row {
                    replicate,
                    penalty,
                    error: error(&point.x),
                    extrapolated: error(&better.x),
                    upper: toy.hypergradient(&point.x, &mut unused) - least,
                });
            }
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Errors of the penalised problem's solution")
            .subtitle("geometric mean over problems")
            .columns(2);
        let mut all = Vec::new();
        for (toy, title) in [(Toy::Merely, "merely convex"), (Toy::Strongly, "strongly convex")] {
            let mut chart = Chart::new().title(title).x_label("c").y_label("log₁₀ of the error").x_log();
            for (name, of) in [
                ("x", (|row: &Row| row.error) as fn(&Row) -> f64),
                ("x, extrapolated", |row| row.extrapolated),
                ("upper value", |row| row.upper),
            ] {
                if toy == Toy::Merely && name == "upper value" {
                    continue;
                }
                let rows = table.rows().filter(|(cell, _)| cell.toy == toy);
                let means = table.means_by(
                    rows.map(|(_, row)| (row.penalty, of(row).abs().max(1e-16).log10())),
                    &format!("log₁₀ of the error, {title}, {name}"),
                );
                chart = chart.means(name, &means);
                all.extend(means);
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "errors",
            "Errors of x fall like 1/c, those of the upper value at the exact lower solution like 1/c², and those of 2u(2c) − u(c) faster than those of u(c) until the minimiser's own accuracy stops them.",
            "Two panels of falling lines, that of the extrapolation the lower one.",
            &figure,
        )?;
        report.means_table("errors", &all)
    }
}
