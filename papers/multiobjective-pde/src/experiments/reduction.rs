//! `reduction`: errors, bounds and work of reduced bases.

use std::time::Instant;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::problems::two_controls;
use crate::reduced::Reduced;
use crate::state::Workspace;

/// Reduction.
pub struct Reduction;

/// How the basis is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// States of the parameters with the largest bounds.
    Greedy,
    /// Principal functions of all states.
    Principal,
}

/// A cell: two controls as parameters, in [−6, 6]².
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Nodes along a side.
    pub n: u64,
    /// κ.
    pub kappa: f64,
    /// Parameters along a side that states are taken from.
    pub side: u64,
    /// How.
    pub choice: Choice,
}

/// A size of the basis.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Functions.
    pub size: u64,
    /// The largest bound over the parameters that states are taken from.
    #[column(within = 1e-3)]
    pub estimate: f64,
    /// The largest error in the energy norm at 20 fresh parameters.
    #[column(within = 1e-3)]
    pub error: f64,
    /// The least ratio of bound to error there, of errors above 10⁻⁹ of the state.
    #[column(within = 1e-6)]
    pub least_effectivity: f64,
    /// The largest.
    #[column(within = 1e-6)]
    pub largest_effectivity: f64,
    /// 1 + κ/λ₁.
    pub allowed: f64,
    /// Flops of conjugate gradients for the states there, to rounding, over those of the reduced steps, to the error above.
    #[column(within = 0.2)]
    pub saved: f64,
    /// Seconds for a state.
    #[column(time, unit = "s")]
    pub full_seconds: f64,
    /// For a reduced one.
    #[column(time, unit = "s")]
    pub reduced_seconds: f64,
}

/// Fresh parameters.
const FRESH: u32 = 20;

/// Functions in the bases that are measured.
const SIZES: [usize; 6] = [1, 2, 5, 10, 15, 20];

impl Experiment for Reduction {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "reduction";
    const TITLE: &'static str = "Reduced bases";
    const QUESTION: &'static str = "How fast does the error of a reduced basis fall, does its bound hold from both sides, and what does it save?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (n, side) = match profile {
            Profile::Smoke => (15, 3),
            Profile::Quick => (63, 9),
            Profile::Full => (255, 21),
        };
        [Choice::Greedy, Choice::Principal]
            .map(|choice| Parameters { n, kappa: 100.0, side, choice })
            .to_vec()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let n = usize::try_from(cell.n)?;
        let control = two_controls(n, cell.kappa)?;
        let work = &mut Workspace::default();
        let at = |k: u64| -6.0 + 12.0 * k as f64 / (cell.side - 1) as f64;
        let parameters: Vec<Vec<f64>> =
            (0..cell.side * cell.side).map(|k| vec![at(k / cell.side), at(k % cell.side)]).collect();
        let mut stream = random.shared_stream("fresh", &lab::key([("n", cell.n as f64)]))?;
        let fresh: Vec<Vec<f64>> = (0..FRESH)
            .map(|_| vec![stream.random_range(-6.0..6.0), stream.random_range(-6.0..6.0)])
            .collect();
        let mut flops = 0.0;
        let begun = Instant::now();
        let mut states = Vec::new();
        for u in &fresh {
            let state = control.state(u, None, &mut Default::default(), work)?;
            // A step: two transforms of n rows, 10 N log₂ n, and some 30 N around them.
            flops += state.inner as f64 * (n * n) as f64 * (10.0 * (n as f64).log2() + 30.0);
            states.push(state.y);
        }
        let full_seconds = begun.elapsed().as_secs_f64() / f64::from(FRESH);
        // Both choices are nested: smaller bases are prefixes of the largest.
        let most = SIZES[SIZES.len() - 1].min(parameters.len());
        let largest = match cell.choice {
            Choice::Greedy => Reduced::greedy(&control, &parameters, 0.0, most, work)?.0,
            Choice::Principal => Reduced::principal(&control, &parameters, most, work)?,
        };
        let mut rows = Vec::new();
        for size in SIZES.into_iter().filter(|size| *size <= parameters.len()) {
            let reduced = largest.prefix(size);
            let grid = control.pde.grid();
            let mut row = Row {
                size: reduced.size() as u64,
                estimate: 0.0,
                error: 0.0,
                least_effectivity: f64::INFINITY,
                largest_effectivity: 0.0,
                allowed: 1.0 + cell.kappa / grid.least_eigenvalue(),
                saved: 0.0,
                full_seconds,
                reduced_seconds: 0.0,
            };
            for u in &parameters {
                row.estimate = row.estimate.max(reduced.estimate(u, &reduced.solve(u).y, work));
            }
            let begun = Instant::now();
            let found: Vec<_> = fresh.iter().map(|u| reduced.solve(u)).collect();
            row.reduced_seconds = begun.elapsed().as_secs_f64() / f64::from(FRESH);
            row.saved = flops / found.iter().map(|state| state.flops).sum::<f64>();
            for ((u, found), exact) in fresh.iter().zip(&found).zip(&states) {
                let away: Vec<f64> = exact.iter().zip(&found.y).map(|(a, b)| a - b).collect();
                let (error, size) = (grid.energy_norm(&away), grid.energy_norm(exact));
                row.error = row.error.max(error);
                if error > 1e-9 * size {
                    let effectivity = reduced.estimate(u, &found.y, work) / error;
                    row.least_effectivity = row.least_effectivity.min(effectivity);
                    row.largest_effectivity = row.largest_effectivity.max(effectivity);
                }
            }
            rows.push(row);
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut errors = Chart::new().x_label("basis functions").y_label("largest over parameters").y_log();
        let mut effectivities = Chart::new().x_label("basis functions").y_label("bound over error");
        for (cell, rows) in table.cells() {
            let name = match cell.choice {
                Choice::Greedy => "greedy",
                Choice::Principal => "principal",
            };
            errors = errors
                .line_with_markers(
                    format!("{name}: bound"),
                    rows.iter().map(|row| (row.size as f64, row.estimate)),
                )
                .line_with_markers(
                    format!("{name}: error"),
                    rows.iter().map(|row| (row.size as f64, row.error)),
                );
            if cell.choice == Choice::Greedy {
                effectivities = effectivities
                    .line_with_markers(
                        "largest",
                        rows.iter().map(|row| (row.size as f64, row.largest_effectivity)),
                    )
                    .line_with_markers(
                        "least",
                        rows.iter().map(|row| (row.size as f64, row.least_effectivity)),
                    );
                if let Some(row) = rows.first() {
                    effectivities = effectivities.horizontal_reference("1 + κ/λ₁", row.allowed);
                }
            }
        }
        report.figure(
            "reduction",
            "Bounds are computed without any estimated constant and are never below the error.",
            "Falling lines, and ratios between one and the allowed value.",
            &Figure::new("Reduced bases for two controls").panel(errors).panel(effectivities),
        )
    }
}
