//! `manufactured`: semilinear control with a known solution.

use lab::{Chart, Columns, Experiment, Failure, Figure, Heatmap, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::choice;
use crate::models::Control;
use crate::newton::{Convexity, Options, solve};
use crate::problem::Problem;

/// Semilinear control.
pub struct ManufacturedControl;

/// A cell: α = 0.01, start at zero.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// N.
    pub side: u64,
    /// Inner solver.
    pub solver: String,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// n + m.
    pub size: u64,
    /// Newton steps.
    pub iterations: u64,
    /// |F|.
    #[column(absolute = 1e-7)]
    pub residual: f64,
    /// Largest error of y, u and λ.
    #[column(absolute = 1e-7)]
    pub error: f64,
    /// Inner steps.
    pub steps: u64,
    /// Inner flops.
    pub flops: f64,
}

impl Experiment for ManufacturedControl {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "manufactured";
    const TITLE: &'static str = "Semilinear control with a known solution";
    const QUESTION: &'static str = "Is the discrete optimum found to all digits, in how many steps?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let sides: &[u64] = match profile {
            Profile::Smoke => &[7],
            Profile::Quick => &[7, 15, 31, 63],
            Profile::Full => &[7, 15, 31, 63, 127],
        };
        let of =
            |side: &u64| ["ldl", "minres"].map(|solver| Parameters { side: *side, solver: solver.into() });
        sides.iter().flat_map(of).filter(|cell| cell.solver == "ldl" || cell.side <= 31).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let (problem, exact) = Control::manufactured(usize::try_from(cell.side)?, 0.01);
        let (n, m) = (problem.variables(), problem.constraints());
        let convexity = if cell.solver == "ldl" { Convexity::Inertia } else { Convexity::Trusted };
        let options = Options { tolerance: 1e-9, delta: 1e-3, convexity, ..Options::practical() };
        let mut solver = choice(&cell.solver)?.solver(random.stream("solver").random());
        let found =
            solve(&problem, (&vec![0.0; n], &vec![0.0; m]), solver.as_mut(), &options, &mut |_, _| ())?;
        let work = found.work();
        let pairs = found.point.x.iter().zip(&exact.variables);
        let pairs = pairs.chain(found.point.multipliers.iter().zip(&exact.multipliers));
        Ok(Outcome::Done(vec![Row {
            size: (n + m) as u64,
            iterations: found.iterations.len() as u64,
            residual: found.point.residual(),
            error: pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max),
            steps: work.steps,
            flops: work.flops,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let of = |solver: &str, number: fn(&Row) -> f64| {
            let rows = table.rows().filter(|(cell, _)| cell.solver == solver);
            rows.map(|(_, row)| (row.size as f64, number(row))).collect::<Vec<_>>()
        };
        let flops = Chart::new()
            .title("flops of all steps")
            .x_label("unknowns n + m")
            .y_label("flops")
            .x_log()
            .y_log()
            .line_with_markers("LDLᵀ", of("ldl", |row| row.flops))
            .line_with_markers("MINRES", of("minres", |row| row.flops));
        let (problem, exact) = Control::manufactured(31, 0.01);
        let points = problem.side() * problem.side();
        let grid = |values: &[f64]| Array2::from_shape_fn((31, 31), |(i, j)| values[i * 31 + j]);
        let show = |title: &str, values: &[f64]| {
            Heatmap::new(grid(values).view())
                .title(title)
                .diverging()
                .x_label("x₁")
                .y_label("x₂")
                .extent((0.0, 1.0), (0.0, 1.0))
        };
        let worst = table.rows().map(|(_, row)| row.error).fold(0.0, f64::max);
        report.figure(
            "control",
            &format!(
                "The solution and the work. The largest error of y, u and λ over all grids is {worst:.1e}."
            ),
            "Two maps of a state and a control, and two rising lines.",
            &Figure::new("Semilinear control")
                .columns(3)
                .panel(show("state y*", &exact.variables[..points]))
                .panel(show("control u*", &exact.variables[points..]))
                .panel(flops),
        )
    }
}
