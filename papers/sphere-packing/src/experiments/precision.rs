//! `precision`: how far each arithmetic gets before it breaks down.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::usual;
use crate::semidefinite::Status;
use crate::semidefinite::precision::{Plan, Precision, solve};
use crate::three_point::{Harmonics, ThreePointBound};

/// Arithmetics by degree.
pub struct PrecisionNeeded;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Degree of the kernel, d; 0 for a two-point bound.
    pub degree: u32,
    /// Bits of the arithmetic.
    pub mantissa: u32,
}

/// Where it ended. Where rounding errors end an iteration depends on the order of operations of the libraries' eigenvalues.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The relative gap at the end.
    #[column(within = 0.9, absolute = 1e-6)]
    pub gap: f64,
    /// Largest primal residual at the end.
    #[column(absolute = 5e-3)]
    pub residual: f64,
    /// 1 if it reached the gap asked for.
    pub converged: f64,
    /// Interior-point iterations.
    #[column(within = 0.5)]
    pub iterations: u32,
}

/// The gap asked for.
const GAP: f64 = 1e-12;

impl Experiment for PrecisionNeeded {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "precision";
    const TITLE: &'static str = "Precision needed";
    const QUESTION: &'static str = "Which relative gap does the interior-point method reach in each arithmetic before it breaks down, by the degree of the kernel? Dimension 3, r = 1.142, R = 1.5, asked for 10⁻¹².";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (degrees, bits): (&[u32], &[u32]) = match profile {
            Profile::Smoke => (&[0, 1], &[53, 106]),
            Profile::Quick => (&[0, 1, 2, 3], &[53, 106, 192]),
            Profile::Full => (&[0, 1, 2, 3, 4, 5], &[53, 106, 192, 256]),
        };
        degrees
            .iter()
            .flat_map(|&degree| bits.iter().map(move |&mantissa| Parameters { degree, mantissa }))
            .collect()
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let Some(precision) = Precision::at_least(cell.mantissa as usize) else {
            return Ok(Outcome::Skipped("no such arithmetic".into()));
        };
        let programme = ThreePointBound::new(usual(3, cell.degree as usize, 8, 1.142, 1.5, Harmonics::All))?;
        let mut plan = Plan { from: precision, to: precision, ..Plan::default() };
        plan.settings.gap = GAP;
        // The residual is reported, not asked for.
        plan.settings.infeasibility = 1e-6;
        let last = *solve(&programme, &plan, &mut |_| true)?.last();
        let converged = f64::from(u8::from(last.status == Status::Optimal));
        Ok(Outcome::Done(vec![Row {
            gap: last.progress.gap,
            residual: last.progress.primal_infeasibility,
            converged,
            iterations: last.progress.iteration as u32,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .x_label("degree of the kernel, d")
            .y_label("relative gap at the end")
            .y_log()
            .horizontal_reference("asked for", GAP);
        let mut bits: Vec<u32> = table.rows().map(|(cell, _)| cell.mantissa).collect();
        bits.sort_unstable();
        bits.dedup();
        for bits in bits {
            let points: Vec<(f64, f64)> = table
                .rows()
                .filter(|(cell, _)| cell.mantissa == bits)
                .map(|(cell, row)| (f64::from(cell.degree), row.gap.max(1e-16)))
                .collect();
            chart = chart.line_with_markers(format!("{bits} bits"), points);
        }
        report.figure(
            "gaps",
            "The relative gap where the interior-point method ended: below the line it was reached, above it the arithmetic broke down.",
            "Curves over the degree, one for each number of bits, on a logarithmic axis.",
            &Figure::new("Gap reached by arithmetic").panel(chart),
        )
    }
}
