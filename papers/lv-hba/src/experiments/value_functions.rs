//! `value-functions`: v, its gradient, and the lemma, on random quadratic lower levels.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::problem::{Problem, Proximal};
use crate::problems::random_quadratic;
use crate::value::{certificate, exact};

/// Random problems.
pub struct ValueFunctions;

/// A cell: problems of one size.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Variables of x and of y.
    pub variables: usize,
    /// Constraints.
    pub constraints: usize,
    /// Problems.
    pub problems: u32,
}

/// A problem.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The problem.
    pub replicate: u32,
    /// Largest relative difference of ∇v from central differences.
    #[column(absolute = 1e-7)]
    pub difference: f64,
    /// f − v at a random point of C × Z.
    #[column(within = 1e-6)]
    pub gap: f64,
    /// The lemma's bound there.
    #[column(within = 1e-6, absolute = 1e-9)]
    pub bound: f64,
    /// |f|.
    #[column(within = 1e-6)]
    pub size: f64,
    /// |f − v| at the lower solution with its multipliers, over 1 + |f|.
    #[column(absolute = 1e-9)]
    pub solved: f64,
    /// Largest multiplier there.
    #[column(within = 1e-4, absolute = 1e-8)]
    pub multiplier: f64,
}

impl Experiment for ValueFunctions {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "value-functions";
    const TITLE: &'static str = "The value function";
    const QUESTION: &'static str = "Is v differentiable with the gradient that Danskin's theorem gives, and is f − v zero exactly at lower solutions with their multipliers?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let cell = |variables, constraints, problems| Parameters { variables, constraints, problems };
        match profile {
            Profile::Smoke => vec![cell(4, 2, 5)],
            Profile::Quick => vec![cell(4, 2, 100), cell(8, 6, 100)],
            Profile::Full => vec![cell(4, 2, 1_000), cell(8, 6, 1_000), cell(20, 12, 1_000)],
        }
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut random = random.stream("problems");
        let mut rows = Vec::new();
        for replicate in 0..cell.problems {
            let n = cell.variables;
            let problem = random_quadratic(n, n, cell.constraints, &mut random)?;
            let proximal =
                Proximal { gamma1: random.random_range(0.3..10.0), gamma2: random.random_range(0.3..10.0) };
            let mut draw =
                |count: usize| -> Vec<f64> { (0..count).map(|_| random.random_range(-2.0..2.0)).collect() };
            let (mut x, mut y) = (draw(n), draw(n));
            problem.project(&mut x, &mut y);
            let z: Vec<f64> = draw(cell.constraints).iter().map(|z| z.abs()).collect();
            let value = exact(&problem, (&x, &y, &z), proximal).ok_or("no saddle")?;
            let found = certificate(&problem, (&x, &y, &z), proximal, &value);
            let mut unused = (vec![0.0; n], vec![0.0; n]);
            let lower = problem.lower(&x, &y, &mut unused.0, &mut unused.1);
            let mut difference = 0.0_f64;
            let flat = [&x[..], &y, &z].concat();
            let gradient = [&value.by_x[..], &value.by_y, &value.by_z].concat();
            let scale = gradient.iter().fold(1.0_f64, |m, g| m.max(g.abs()));
            for k in 0..flat.len() {
                let at = |offset: f64| -> Result<f64, Failure> {
                    let mut moved = flat.clone();
                    moved[k] += offset;
                    let (x, rest) = moved.split_at(n);
                    let (y, z) = rest.split_at(n);
                    Ok(exact(&problem, (x, y, z), proximal).ok_or("no saddle")?.value)
                };
                let h = 1e-5;
                difference = difference.max(((at(h)? - at(-h)?) / (2.0 * h) - gradient[k]).abs() / scale);
            }
            let solution = problem.solve_lower(&x).ok_or("no lower solution")?;
            let at_solution =
                exact(&problem, (&x, &solution.theta, &solution.lambda), proximal).ok_or("no saddle")?;
            let least = problem.lower(&x, &solution.theta, &mut unused.0, &mut unused.1);
            rows.push(Row {
                replicate,
                difference,
                gap: found.gap,
                bound: found.bound,
                size: lower.abs(),
                solved: (least - at_solution.value).abs() / (1.0 + least.abs()),
                multiplier: solution.lambda.iter().copied().fold(0.0, f64::max),
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let chart = Chart::new()
            .x_label("the lemma's bound")
            .y_label("f − v")
            .x_log()
            .y_log()
            .scatter(
                "random points of C × Z",
                table.rows().map(|(_, row)| (row.bound.max(1e-12), row.gap.max(1e-12))),
            )
            .diagonal("the bound");
        report.figure(
            "gaps",
            "f − v at random feasible points with random multipliers against its lower bound, half of |y − θ|²/γ₁ plus the complementary part. No point lies below the line; at lower solutions both vanish.",
            "Dots above a diagonal line on logarithmic axes.",
            &Figure::new("The gap and the lemma's bound").panel(chart),
        )?;
        let means = table.means_by(
            table.rows().map(|(cell, row)| (cell.variables as f64, row.difference.log10())),
            "log₁₀ of the largest relative difference of ∇v from differences",
        );
        report.means_table("differences", &means)
    }
}
