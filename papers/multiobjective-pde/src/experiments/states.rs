//! `states`: Newton steps and errors of the state equation.

use std::f64::consts::PI;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::state::{MaxPde, Method, Workspace};

/// States.
pub struct States;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Nodes along a side.
    pub n: u64,
    /// κ.
    pub kappa: f64,
}

/// A solution.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Largest difference from sin 2πx sin πy eˣ at a node.
    #[column(within = 1e-6)]
    pub error: f64,
    /// Newton steps.
    pub steps: u64,
    /// Steps of conjugate gradients in all.
    pub inner: u64,
    /// Largest entry of F over that of b.
    #[column(absolute = 1e-10)]
    pub residual: f64,
}

impl Experiment for States {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "states";
    const TITLE: &'static str = "The state equation";
    const QUESTION: &'static str = "A state is known that crosses zero on a line. How many Newton steps does it take to find it, and how fast do errors of the grid fall?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let sides: &[u64] = match profile {
            Profile::Smoke => &[15, 31],
            Profile::Quick => &[15, 31, 63, 127, 255],
            Profile::Full => &[15, 31, 63, 127, 255, 511],
        };
        [1.0, 100.0, 1e4, 1e6]
            .iter()
            .flat_map(|kappa| sides.iter().map(|n| Parameters { n: *n, kappa: *kappa }))
            .collect()
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let pde = MaxPde::new(usize::try_from(cell.n)?, cell.kappa)?;
        let exact = pde.grid().sample(|x, y| (2.0 * PI * x).sin() * (PI * y).sin() * x.exp());
        let b = pde.grid().sample(|x, y| {
            let (sine, cosine) = (2.0 * PI * x).sin_cos();
            let value = sine * (PI * y).sin() * x.exp();
            let second = x.exp() * (PI * y).sin() * (sine * (1.0 - 4.0 * PI * PI) + 4.0 * PI * cosine);
            -second + PI * PI * value + cell.kappa * value.max(0.0)
        });
        let state = pde.solve(&b, None, Method::ConjugateGradients, &mut Workspace::default())?;
        let error = state.y.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        Ok(Outcome::Done(vec![Row {
            error,
            steps: state.steps as u64,
            inner: state.inner as u64,
            residual: state.residual,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut errors = Chart::new().x_label("h").y_label("largest error").x_log().y_log();
        let mut steps = Chart::new().x_label("nodes along a side").y_label("Newton steps").x_log();
        for (kappa, name) in [(1.0, "κ = 1"), (100.0, "κ = 100"), (1e4, "κ = 10⁴"), (1e6, "κ = 10⁶")]
        {
            let rows = || table.rows().filter(|(cell, _)| cell.kappa == kappa);
            errors = errors
                .line_with_markers(name, rows().map(|(cell, row)| (1.0 / (cell.n as f64 + 1.0), row.error)));
            steps =
                steps.line_with_markers(name, rows().map(|(cell, row)| (cell.n as f64, row.steps as f64)));
        }
        report.figure(
            "states",
            "Errors fall with h² across the line where the switch acts. Steps grow slowly with the grid, by about one for each halving of h where κ is large.",
            "Four parallel lines of slope two, and four that rise slowly.",
            &Figure::new("Newton's method on −Δy + κ max(0, y) = b")
                .panel(errors)
                .panel(steps.y_range(0.0, 11.0)),
        )
    }
}
