//! `cost`: time of an iteration against the number of variables.

use std::ops::ControlFlow;
use std::time::Instant;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::single_loop::{Options, State, single_loop};
use crate::toys::MerelyConvex;

/// Times.
pub struct Cost;

/// A cell: a size.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// n; there are 3n variables.
    pub size: usize,
    /// Iterations.
    pub iterations: u64,
}

/// A time.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Wall seconds of an iteration.
    #[column(time, unit = "s")]
    pub seconds: f64,
}

impl Experiment for Cost {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "cost";
    const TITLE: &'static str = "The cost of an iteration";
    const QUESTION: &'static str =
        "Does an iteration without second derivatives cost time in proportion to the number of variables?";
    const REVISION: u32 = 1;
    const RUNS_ALONE: bool = true;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let sizes: &[usize] = match profile {
            Profile::Smoke => &[100],
            Profile::Quick => &[1_000, 10_000, 100_000],
            Profile::Full => &[1_000, 3_000, 10_000, 30_000, 100_000],
        };
        sizes
            .iter()
            .map(|&size| Parameters { size, iterations: (30_000_000 / size as u64).clamp(10, 3_000) })
            .collect()
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let problem = MerelyConvex::normalised(cell.size);
        let state = State::new(&problem, &vec![10.0; cell.size], &vec![10.0; 2 * cell.size]);
        let options = Options { steps: cell.iterations, ..Options::default() };
        let began = Instant::now();
        let (_, taken, _) = single_loop(&problem, state, &options, |_| ControlFlow::Continue(()));
        Ok(Outcome::Done(vec![Row { seconds: began.elapsed().as_secs_f64() / taken as f64 }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let chart = Chart::new()
            .x_label("variables")
            .y_label("wall time of an iteration, s")
            .x_log()
            .y_log()
            .line_with_markers(
                "LV-HBA",
                table.rows().map(|(cell, row)| (3.0 * cell.size as f64, row.seconds)),
            )
            .without_legend();
        report.timing_figure(
            "iterations",
            "An iteration on the merely convex toy, whose gradients and projection cost O(n).",
            "A rising line of slope one.",
            &Figure::new("Time of an iteration").panel(chart),
        )
    }
}
