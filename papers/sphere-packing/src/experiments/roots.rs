//! `roots`: how the two-point bound falls with the number of roots.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::two_point::Roots;

/// Convergence of the two-point bound.
pub struct RootConvergence;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Dimension, n.
    pub dimension: u32,
    /// Largest number of roots.
    pub most: u32,
}

/// The bound with some number of roots.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Roots, N.
    pub roots: u32,
    /// Value of the bound with N roots.
    #[column(within = 1e-12)]
    pub value: f64,
    /// How much of it the next root takes away; NaN for the last.
    #[column(within = 1e-6)]
    pub gain: f64,
}

impl Experiment for RootConvergence {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "roots";
    const TITLE: &'static str = "Convergence in the number of roots";
    const QUESTION: &'static str = "How many double roots does the two-point bound need? The share of the bound that each further root takes away.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (dimensions, most): (&[u32], u32) = match profile {
            Profile::Smoke => (&[2, 3], 5),
            Profile::Quick => (&[3, 4, 8, 24], 16),
            Profile::Full => (&[3, 4, 8, 12, 16, 24, 36], 20),
        };
        dimensions.iter().map(|&dimension| Parameters { dimension, most }).collect()
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let mut roots = Roots::one(cell.dimension as usize)?;
        let mut rows = Vec::new();
        while roots.count() < cell.most as usize {
            let Ok(next) = roots.grown() else { break };
            // Formed before rounding: late gains are below the last place of f64.
            let gain = (roots.squares[0] - next.squares[0]).to_f64() / roots.squares[0].to_f64()
                * f64::from(cell.dimension)
                / 2.0;
            rows.push(Row { roots: roots.count() as u32, value: roots.value(), gain });
            roots = next;
        }
        rows.push(Row { roots: roots.count() as u32, value: roots.value(), gain: f64::NAN });
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart =
            Chart::new().x_label("roots, N").y_label("relative decrease by the next root").y_log();
        let mut dimensions: Vec<u32> = table.rows().map(|(cell, _)| cell.dimension).collect();
        dimensions.dedup();
        for dimension in dimensions {
            let points: Vec<(f64, f64)> = table
                .rows()
                .filter(|(cell, row)| cell.dimension == dimension && row.gain > 0.0)
                .map(|(_, row)| (f64::from(row.roots), row.gain))
                .collect();
            chart = chart.line_with_markers(format!("n = {dimension}"), points);
        }
        report.figure(
            "gains",
            "The share of the two-point bound that one more double root takes away (to first order in the change of r₁²).",
            "Falling curves on a logarithmic axis, one for each dimension.",
            &Figure::new("Convergence of the two-point bound").panel(chart),
        )
    }
}
