//! `steps`: the price of ADMM's step.

use std::time::Instant;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table, key};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::{Data, problem};
use crate::admm::{Coupled, Dense};
use crate::patterns::sampled;
use crate::problem::Loss;

/// Steps.
pub struct Steps;

/// A cell: 100 rows and 20 features.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Patterns.
    pub size: usize,
}

/// A step in u, without the rest of an iteration.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Largest difference of both forms over the largest number.
    #[column(absolute = 1e-12)]
    pub apart: f64,
    /// By the factor of all unknowns.
    #[column(time, unit = "s")]
    pub dense: f64,
    /// By the n × n system.
    #[column(time, unit = "s")]
    pub coupled: f64,
}

impl Experiment for Steps {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "steps";
    const TITLE: &'static str = "The price of ADMM's step";
    const QUESTION: &'static str =
        "Is a step quadratic in the patterns in the paper's form, and linear through the outputs?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let sizes: &[usize] = match profile {
            Profile::Smoke => &[5],
            Profile::Quick => &[10, 20, 40, 80],
            Profile::Full => &[10, 20, 40, 80, 160],
        };
        sizes.iter().map(|size| Parameters { size: *size }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut data = random.shared_stream("data", &key([]))?;
        let problem = problem(Data::Gauss, (100, 20), Loss::Squared, 0.1, &mut data)?;
        let patterns = sampled(problem.x(), cell.size, &mut random.stream("directions"));
        let dense = Dense::new(&problem, &patterns, 0.1).ok_or("the dense factor failed")?;
        let mut coupled = Coupled::new(&problem, &patterns, 0.1).ok_or("the n × n factor failed")?;
        let right = Array2::from_shape_fn((problem.rank(), 2 * patterns.len()), |(i, j)| {
            ((3 * i + 7 * j) as f64).sin()
        });
        let given: Vec<f64> = right.t().iter().copied().collect();
        let mut flat = given.clone();
        let repeats = (100_000_000 / (given.len() * given.len())).clamp(3, 500);
        let start = Instant::now();
        for _ in 0..repeats {
            flat.copy_from_slice(&given);
            dense.solve(&mut flat);
        }
        let dense = start.elapsed().as_secs_f64() / repeats as f64;
        let start = Instant::now();
        for _ in 0..500 {
            coupled.solve(&right);
        }
        let seconds = start.elapsed().as_secs_f64() / 500.0;
        let found = coupled.solve(&right);
        let scale = flat.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        let apart = found.t().iter().zip(&flat).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        Ok(Outcome::Done(vec![Row { apart: apart / scale, dense, coupled: seconds }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart =
            Chart::new().title("one step").x_label("patterns").y_label("wall time, s").x_log().y_log();
        for (name, of) in [
            ("all unknowns", (|row: &Row| row.dense) as fn(&Row) -> f64),
            ("n × n system", |row| row.coupled),
        ] {
            chart =
                chart.line_with_markers(name, table.rows().map(|(cell, row)| (cell.size as f64, of(row))));
        }
        let figure = Figure::new("What a step costs").panel(chart);
        report.timing_figure(
            "steps",
            "The factor of all unknowns makes a step quadratic in the patterns, the n × n system linear.",
            "Two lines on logarithmic axes.",
            &figure,
        )
    }
}
