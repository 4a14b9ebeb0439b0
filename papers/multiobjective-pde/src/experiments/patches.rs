//! `patches`: optimal controls whose state vanishes on a strip, made to be known.

use std::f64::consts::PI;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::control::search::Scalarisation;
use crate::control::{Control, Input, Objective};
use crate::state::{MaxPde, Workspace};

/// Patches.
pub struct Patches;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Nodes along a side.
    pub n: u64,
    /// κ.
    pub kappa: f64,
    /// σ.
    pub cost: f64,
    /// χ on the strip.
    pub chi: f64,
}

/// A problem.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Largest difference of the control found from the known one, relative.
    #[column(absolute = 1e-8)]
    pub error: f64,
    /// Nodes with y = 0, of those found.
    pub zeros: u64,
    /// Nodes of the strip.
    pub strip: u64,
    /// Largest entry of the adjoint equation's residual at the known point with the known χ, over the target's largest value.
    #[column(absolute = 1e-9)]
    pub residual: f64,
    /// The least over χ = 0 and χ = 1 everywhere on the strip.
    #[column(within = 1e-6)]
    pub residual_of_two_sets: f64,
    /// C of the known point.
    pub certificate: f64,
    /// The least increase of the objective over perturbed controls.
    #[column(within = 1e-3)]
    pub least_increase: f64,
}

impl Experiment for Patches {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "patches";
    const TITLE: &'static str = "States that vanish on a strip";
    const QUESTION: &'static str = "Can an optimal state be zero on a whole set, with χ strictly between 0 and 1? And is such a control found?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let sides: &[u64] = match profile {
            Profile::Smoke => &[8],
            Profile::Quick => &[8, 17, 26],
            Profile::Full => &[8, 17, 26, 62],
        };
        let mut cells = Vec::new();
        for (kappa, cost) in [(50.0, 1e-2), (200.0, 1e-3)] {
            for chi in [0.25, 0.5, 1.0] {
                cells.extend(sides.iter().map(|n| Parameters { n: *n, kappa, cost, chi }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let pde = MaxPde::new(usize::try_from(cell.n)?, cell.kappa)?;
        let grid = pde.grid();
        // Cubic wings on both sides of a strip of zeros; n + 1 is a multiple of three, so that its edges are nodes.
        let y = grid.sample(|x, y| {
            let wing = |t: f64| if t > 1e-12 { (3.0 * t).powi(3) } else { 0.0 };
            (PI * y).sin() * (wing(x - 2.0 / 3.0) - wing(1.0 / 3.0 - x))
        });
        let p = grid.sample(|x, y| -cell.cost * (PI * x).sin() * (PI * y).sin());
        let u: Vec<f64> = p.iter().map(|p| -p / cell.cost).collect();
        let chi_of = |strip: f64| -> Vec<f64> {
            let side = |y: &f64| match *y {
                y if y > 0.0 => 1.0,
                y if y < 0.0 => 0.0,
                _ => strip,
            };
            y.iter().map(side).collect()
        };
        let mut applied = vec![0.0; y.len()];
        pde.apply(&chi_of(0.0), &y, &mut applied);
        let f: Vec<f64> = applied.iter().zip(&u).map(|(a, u)| a - u).collect();
        pde.apply(&chi_of(cell.chi), &p, &mut applied);
        let target: Vec<f64> = y.iter().zip(&applied).map(|(y, a)| y - a).collect();
        let size = target.iter().fold(0.0_f64, |most, t| most.max(t.abs()));
        let mut residual = |strip: f64| {
            pde.apply(&chi_of(strip), &p, &mut applied);
            let fault = |((a, y), t): ((&f64, &f64), &f64)| (a - (y - t)).abs();
            applied.iter().zip(&y).zip(&target).map(fault).fold(0.0, f64::max) / size
        };
        let residuals = (residual(cell.chi), residual(0.0).min(residual(1.0)));
        let objective = Objective { target: Some(target), cost: cell.cost };
        let control = Control::new(pde.clone(), f, Input::Onto, vec![objective])?;
        let work = &mut Workspace::default();
        let start = vec![0.0; control.dimension()];
        let found = control.minimise(&Scalarisation::Weights(vec![1.0]), &start, work)?;
        let largest = u.iter().fold(0.0_f64, |most, u| most.max(u.abs()));
        let error = u.iter().zip(&found.u).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / largest;
        let mut stream = random.stream("perturbations");
        let value = control.values(&u, &y)[0];
        let mut least_increase = f64::INFINITY;
        for size in [1e-3, 1e-2, 0.1, 1.0, 10.0] {
            for _ in 0..4 {
                let other: Vec<f64> = u.iter().map(|u| u + size * stream.random_range(-1.0..1.0)).collect();
                let state = control.state(&other, None, &mut Default::default(), work)?;
                least_increase = least_increase.min(control.values(&other, &state.y)[0] - value);
            }
        }
        Ok(Outcome::Done(vec![Row {
            error,
            zeros: found.y.iter().filter(|y| **y == 0.0).count() as u64,
            strip: y.iter().filter(|y| **y == 0.0).count() as u64,
            residual: residuals.0,
            residual_of_two_sets: residuals.1,
            certificate: control.certificate(&control.weighted(&[1.0]), &y, &p),
            least_increase,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .x_label("χ on the strip")
            .y_label("residual of the adjoint equation")
            .y_log()
            .y_range(1e-18, 1.0);
        let floor = |value: f64| value.max(1e-17);
        chart = chart
            .scatter("with that χ", table.rows().map(|(cell, row)| (cell.chi, floor(row.residual))))
            .scatter(
                "with χ in {0, 1}, the better",
                table.rows().map(|(cell, row)| (cell.chi, floor(row.residual_of_two_sets))),
            );
        report.figure(
            "residuals",
            "The known points satisfy the optimality system with their χ, to rounding; with two sets they do only where χ is 1 there.",
            "Points at rounding level, and points far above them for χ below one.",
            &Figure::new("Zero on a strip: one χ fits").panel(chart),
        )
    }
}
