//! `sums-of-squares`: the two-point bound as a semidefinite programme, beside Newton's method.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::usual;
use crate::semidefinite::precision::{Plan, solve};
use crate::three_point::{Harmonics, ThreePointBound};
use crate::two_point::{Roots, ball_volume};

/// Two methods for one bound.
pub struct SumsOfSquares;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Dimension, n.
    pub dimension: u32,
    /// N; the programme's degree is 4N − 1.
    pub roots: u32,
}

/// Both values, whose difference is rounding and the stopping gap.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Bound by Newton's method.
    #[column(within = 1e-12)]
    pub newton: f64,
    /// Primal value of the programme of degree 4N − 1.
    #[column(within = 1e-11)]
    pub programme: f64,
    /// |programme/newton − 1|.
    #[column(absolute = 1e-10)]
    pub difference: f64,
    /// Iterations of the solver.
    #[column(within = 0.2)]
    pub iterations: u32,
}

impl Experiment for SumsOfSquares {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "sums-of-squares";
    const TITLE: &'static str = "The two-point bound by two methods";
    const QUESTION: &'static str = "Does the semidefinite programme, at the radius that Newton's method finds, have the optimal value that Newton's method implies? It need not: that the dual solution's form is optimal is a conjecture.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (dimensions, roots): (u32, &[u32]) = match profile {
            Profile::Smoke => (3, &[2]),
            Profile::Quick => (8, &[2, 3, 4]),
            Profile::Full => (24, &[2, 4, 6, 8]),
        };
        (2..=dimensions)
            .flat_map(|dimension| roots.iter().map(move |&roots| Parameters { dimension, roots }))
            .collect()
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let dimension = cell.dimension as usize;
        let roots = Roots::with(dimension, cell.roots as usize)?;
        let radial_degree = 2 * cell.roots as usize - 1;
        let programme = ThreePointBound::new(usual(
            dimension,
            0,
            radial_degree,
            roots.radius(),
            1.3 * roots.radius(),
            Harmonics::All,
        ))?;
        let mut plan = Plan::default();
        plan.settings.gap = 1e-12;
        let outcome = solve(&programme, &plan, &mut |_| true)?;
        let last = outcome.last();
        // The programme's radius is cut to 36 bits: its own volume counts.
        let square = programme.parameters().squares().0;
        let value =
            ball_volume(dimension, (square / std::f64::consts::TAU).sqrt() / 2.0) * last.progress.primal;
        outcome.output.as_ref().map_err(Clone::clone)?;
        Ok(Outcome::Done(vec![Row {
            newton: roots.value(),
            programme: value,
            difference: (value / roots.value() - 1.0).abs(),
            iterations: outcome.iterations() as u32,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .x_label("dimension, n")
            .y_label("relative difference of the two values")
            .y_log()
            .horizontal_reference("asked for", 1e-10);
        let mut counts: Vec<u32> = table.rows().map(|(cell, _)| cell.roots).collect();
        counts.sort_unstable();
        counts.dedup();
        for count in counts {
            let points = table
                .rows()
                .filter(|(cell, _)| cell.roots == count)
                .map(|(cell, row)| (f64::from(cell.dimension), row.difference.max(1e-16)));
            chart = chart.scatter(format!("N = {count}"), points.collect::<Vec<_>>());
        }
        report.figure(
            "differences",
            "Relative difference between the two-point bound by Newton's method and the primal value of the sum-of-squares programme at the same radius.",
            "Points on a logarithmic axis against dimension, with a horizontal line at 10⁻¹⁰.",
            &Figure::new("Newton's method and the semidefinite programme").panel(chart),
        )
    }
}
