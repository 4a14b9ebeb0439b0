//! `solver-time`: seconds an iteration against the size of the programme.

use std::time::Instant;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::usual;
use crate::scalar::DoubleDouble;
use crate::semidefinite::precision::{Formulation, Plan, Precision, solve};
use crate::three_point::{Harmonics, ThreePointBound};

/// Time by size.
pub struct SolverTime;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Degree of the kernel, d.
    pub degree: u32,
    /// Bits of the arithmetic.
    pub mantissa: u32,
    /// Repetition.
    pub replicate: u32,
}

/// One solve.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Constraints, m.
    pub constraints: u32,
    /// Multiplications of one system's assembly by rank-one terms.
    #[column(within = 1e-9)]
    pub low_rank: f64,
    /// Multiplications of one assembly by general matrices.
    #[column(within = 1e-9)]
    pub general: f64,
    /// Seconds an iteration.
    #[column(time, unit = "s")]
    pub seconds: f64,
}

impl Experiment for SolverTime {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "solver-time";
    const TITLE: &'static str = "Time of one iteration";
    const QUESTION: &'static str = "How do the seconds of one interior-point iteration grow with the programme, and how many multiplications does the rank-one structure save of the Σ m n³ + m² n² that a general solver such as SDPA-GMP needs? Dimension 3, all threads.";
    const REVISION: u32 = 1;
    const RUNS_ALONE: bool = true;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (degrees, bits, replicates): (&[u32], &[u32], u32) = match profile {
            Profile::Smoke => (&[1], &[106], 1),
            Profile::Quick => (&[1, 2, 3], &[106, 256], 1),
            Profile::Full => (&[1, 2, 3, 4, 5, 6], &[106, 192, 256], 1),
        };
        degrees
            .iter()
            .flat_map(|&degree| {
                bits.iter().flat_map(move |&mantissa| {
                    (0..replicates).map(move |replicate| Parameters { degree, mantissa, replicate })
                })
            })
            .collect()
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let Some(precision) = Precision::at_least(cell.mantissa as usize) else {
            return Ok(Outcome::Skipped("no such arithmetic".into()));
        };
        let programme = ThreePointBound::new(usual(3, cell.degree as usize, 8, 1.142, 1.5, Harmonics::All))?;
        let problem = programme.problem::<DoubleDouble>()?;
        let (low_rank, general) = problem.assembly_work();
        // A few iterations from the start: all iterations do the same work.
        const ITERATIONS: usize = 4;
        let mut plan = Plan { from: precision, to: precision, ..Plan::default() };
        plan.settings.iterations = ITERATIONS;
        let mut first = None;
        let mut last = Instant::now();
        solve(&programme, &plan, &mut |_| {
            last = Instant::now();
            first.get_or_insert(last);
            true
        })?;
        let seconds = first.map_or(f64::NAN, |first| (last - first).as_secs_f64() / ITERATIONS as f64);
        Ok(Outcome::Done(vec![Row { constraints: problem.constraints() as u32, low_rank, general, seconds }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut bits: Vec<u32> = table.rows().map(|(cell, _)| cell.mantissa).collect();
        bits.sort_unstable();
        bits.dedup();
        let mut chart =
            Chart::new().x_label("degree of the kernel, d").y_label("seconds an iteration").y_log();
        for bits in &bits {
            let points: Vec<(f64, f64)> = table
                .rows()
                .filter(|(cell, _)| cell.mantissa == *bits)
                .map(|(cell, row)| (f64::from(cell.degree), row.seconds))
                .collect();
            chart = chart.scatter(format!("{bits} bits"), points);
        }
        report.timing_figure(
            "iteration",
            "Wall time of one interior-point iteration, all threads of the machine.",
            "Rising series of points on a logarithmic axis, one for each number of bits.",
            &Figure::new("Time of one iteration").panel(chart),
        )?;
        let once = || table.rows().filter(|(cell, _)| cell.mantissa == bits[0] && cell.replicate == 0);
        let series = |value: fn(&Row) -> f64| -> Vec<(f64, f64)> {
            once().map(|(cell, row)| (f64::from(cell.degree), value(row))).collect()
        };
        let chart = Chart::new()
            .x_label("degree of the kernel, d")
            .y_label("multiplications an assembly")
            .y_log()
            .line_with_markers("general matrices, Σ m n³ + m² n²", series(|row| row.general))
            .line_with_markers("rank-one terms", series(|row| row.low_rank));
        report.figure(
            "work",
            "Multiplications that one assembly of the linear system takes, by the structure that is used.",
            "Two rising curves on a logarithmic axis.",
            &Figure::new("Work of one assembly").panel(chart),
        )
    }
}
