//! `composition`: what φ(g) does to Barron norms, over the dimension.

use std::f64::consts::TAU;
use std::sync::Arc;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::composition::{norm_of_cube, norm_of_sine};
use crate::spectrum::Lattice;
use crate::torus::Torus;

/// Composition.
pub struct Composition;

/// φ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Function {
    /// sin, exactly in any dimension.
    Sine,
    /// z³, a polynomial.
    Cube,
    /// tanh, whose series at 0 ends at π/2; on grids in up to three dimensions.
    Tanh,
    /// z/√(1 + z²), whose series ends at 1.
    Algebraic,
}

/// All of them with their names.
pub const FUNCTIONS: [(Function, &str); 4] = [
    (Function::Sine, "sin"),
    (Function::Cube, "z³"),
    (Function::Tanh, "tanh"),
    (Function::Algebraic, "z/√(1+z²)"),
];

/// A cell: B_0(φ(g)) for g = (r/d) Σ cos 2πxⱼ.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// φ.
    pub function: Function,
    /// r = B_0(g).
    pub r: f64,
    /// d.
    pub dimension: u32,
}

/// The norm.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// B_0(φ(g)).
    #[column(within = 1e-6)]
    pub norm: f64,
}

impl Experiment for Composition {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "composition";
    const TITLE: &'static str = "Composition and dimension";
    const QUESTION: &'static str = "Can B_0(φ(g)) ≤ Bbᵖ hold for all g of norm b with B and p that do not depend on the dimension, where φ is no polynomial?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (radii, dimensions, grids): (&[f64], &[u32], &[u32]) = match profile {
            Profile::Smoke => (&[5.0], &[1, 100], &[1]),
            Profile::Quick => (&[1.0, 5.0, 10.0, 20.0], &[1, 2, 4, 10, 30, 100, 300, 1_000], &[1, 2, 3]),
            Profile::Full => (
                &[1.0, 5.0, 10.0, 20.0],
                &[1, 2, 4, 10, 30, 100, 300, 1_000, 10_000, 100_000, 1_000_000],
                &[1, 2, 3],
            ),
        };
        let mut cells = Vec::new();
        for (function, _) in FUNCTIONS {
            let exact = matches!(function, Function::Sine | Function::Cube);
            for r in radii {
                let dimensions = if exact { dimensions } else { grids };
                cells.extend(dimensions.iter().map(|dimension| Parameters {
                    function,
                    r: *r,
                    dimension: *dimension,
                }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let norm = match cell.function {
            Function::Sine => norm_of_sine(cell.r, cell.dimension),
            Function::Cube => norm_of_cube(cell.r),
            Function::Tanh => on_grid(cell, f64::tanh)?,
            Function::Algebraic => on_grid(cell, |z| z / (1.0 + z * z).sqrt())?,
        };
        Ok(Outcome::Done(vec![Row { norm }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .title("sin g")
            .x_label("dimension d")
            .y_label("B₀(sin g) over sinh r")
            .x_log()
            .y_log();
        for r in super::contraction::distinct(table.cells().map(|(cell, _)| cell.r)) {
            let rows = table.rows().filter(|(cell, _)| cell.function == Function::Sine && cell.r == r);
            chart = chart.line_with_markers(
                format!("r = {r}"),
                rows.map(|(cell, row)| (f64::from(cell.dimension), row.norm / r.sinh())),
            );
        }
        let mut other =
            Chart::new().title("r = 5").x_label("dimension d").y_label("B₀(φ(g))").x_log().y_log();
        for (function, name) in FUNCTIONS {
            let rows = table.rows().filter(|(cell, _)| cell.function == function && cell.r == 5.0);
            other =
                other.line_with_markers(name, rows.map(|(cell, row)| (f64::from(cell.dimension), row.norm)));
        }
        report.figure(
            "norms",
            "All g have the same norm r. In one dimension sin g hardly has a larger norm than g; in many it comes to sinh r, which no power of r bounds. A polynomial does not see the dimension; tanh and z/√(1+z²) grow beyond their series' radius.",
            "Rising curves that level off at 1, and four functions over the dimension.",
            &Figure::new("Composition").columns(2).panels([chart, other]),
        )
    }
}

fn on_grid(cell: &Parameters, phi: fn(f64) -> f64) -> Result<f64, Failure> {
    let dimension = cell.dimension as usize;
    let side = [4_096, 512, 96][dimension - 1];
    let torus = Torus::new(Arc::new(Lattice::unit(dimension)), side)?;
    let value = |point: usize| torus.place(point).iter().map(|x| (TAU * x).cos()).sum::<f64>();
    let scale = cell.r / f64::from(cell.dimension);
    let mut values: Vec<f64> = (0..torus.points()).map(|point| phi(scale * value(point))).collect();
    let (mut spectrum, mut room) = (Vec::new(), Vec::new());
    torus.transform(&mut values, &mut spectrum, &mut room);
    Ok(torus.barron(&spectrum, 0.0))
}
