//! `two-point`: proven two-point bounds beside packings and the literature.

use std::collections::BTreeSet;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::packings::{best_known, published};
use crate::two_point::bound_with;

/// The table of dimensions.
pub struct TwoPointTable;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Dimension, n.
    pub dimension: u32,
    /// Roots of the function, N.
    pub roots: u32,
}

/// A proven bound.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Roots of the proven function: fewer than N where more are not found or prove nothing.
    pub used: u32,
    /// Proven upper bound of the density.
    #[column(within = 1e-12)]
    pub bound: f64,
    /// Smallest distance r₁ in the function's own scale.
    #[column(within = 1e-12)]
    pub radius: f64,
    /// Points at the smallest distance in the dual solution.
    #[column(within = 1e-9)]
    pub nearest: f64,
    /// The densest packing known, NaN if none is listed.
    pub packing: f64,
    /// The bound of the literature, NaN if none is listed.
    pub tabled: f64,
}

impl Experiment for TwoPointTable {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "two-point";
    const TITLE: &'static str = "Two-point bounds";
    const QUESTION: &'static str = "How dense can a packing be, by Cohn and Elkies' bound with N double roots, and how far above the densest known packing is that? Every bound is proven by exact integers.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (dimensions, roots) = match profile {
            Profile::Smoke => (9, 4),
            Profile::Quick => (16, 16),
            Profile::Full => (36, 16),
        };
        let mut cells: Vec<Parameters> =
            (1..=dimensions).map(|dimension| Parameters { dimension, roots }).collect();
        let more: &[(u32, u32)] = match profile {
            Profile::Smoke => &[],
            Profile::Quick => &[(8, 20), (24, 16)],
            Profile::Full => &[(4, 24), (8, 32), (12, 24), (16, 24), (24, 32)],
        };
        cells.extend(more.iter().map(|&(dimension, roots)| Parameters { dimension, roots }));
        cells
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let dimension = cell.dimension as usize;
        let bound = bound_with(dimension, cell.roots as usize)?;
        let roots = &bound.roots;
        Ok(Outcome::Done(vec![Row {
            used: roots.count() as u32,
            bound: bound.proven.to_f64(),
            radius: roots.radius(),
            nearest: roots.nearest_pairs(),
            packing: best_known(dimension).map_or(f64::NAN, |packing| packing.density),
            tabled: published(dimension).map_or(f64::NAN, |published| published.two_point),
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        // Density times 2^n would still fall; the excess over the packing is what a picture can show.
        const FLOOR: f64 = 1e-12;
        let mut chart =
            Chart::new().x_label("dimension, n").y_label("bound over best packing, minus 1").y_log();
        let counts: BTreeSet<u32> = table.rows().map(|(cell, _)| cell.roots).collect();
        for count in counts {
            let points: Vec<(f64, f64)> = table
                .rows()
                .filter(|(cell, row)| cell.roots == count && row.packing.is_finite())
                .map(|(cell, row)| (f64::from(cell.dimension), (row.bound / row.packing - 1.0).max(FLOOR)))
                .collect();
            chart = chart.scatter(format!("{count} roots"), points);
        }
        report.figure(
            "excess",
            "How far the two-point bound lies above the densest packing listed (those with a closed form at hand). At the bottom edge: 10⁻¹² or less.",
            "A scatter of relative excess against dimension on a logarithmic axis.",
            &Figure::new("Gap between two-point bound and packing").panel(chart),
        )?;
        let densities: Vec<(f64, f64)> =
            table.rows().map(|(cell, row)| (f64::from(cell.dimension), row.bound)).collect();
        let packings: Vec<(f64, f64)> = table
            .rows()
            .filter(|(_, row)| row.packing.is_finite())
            .map(|(cell, row)| (f64::from(cell.dimension), row.packing))
            .collect();
        let chart = Chart::new()
            .x_label("dimension, n")
            .y_label("share of space covered")
            .y_log()
            .scatter("two-point bound", densities)
            .scatter("best packing listed", packings);
        report.figure(
            "densities",
            "Proven upper bounds of the density, and densities of packings.",
            "Two falling series of points against dimension on a logarithmic axis.",
            &Figure::new("Two-point bounds and packings").panel(chart),
        )
    }
}
