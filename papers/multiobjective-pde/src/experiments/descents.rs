//! `descents`: descent for nonsmooth objectives against gradient sampling.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::descent::{Options, descend, sample_gradients};
use crate::functions::{Test, Tests};

/// Descents.
pub struct Descents;

/// A cell: two test functions on the plane.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The first one.
    pub first: String,
    /// The second one.
    pub second: String,
    /// Starts in [−3, 3]².
    pub starts: u32,
}

/// A start.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Which.
    pub start: u32,
    /// Whether descent ended at a critical point.
    pub critical: bool,
    /// Its iterations.
    pub iterations: u64,
    /// Its evaluations of both objectives.
    pub calls: u64,
    /// Its subgradients.
    pub subgradients: u64,
    /// Whether gradient sampling ended at a critical point.
    pub sampling_critical: bool,
    /// Its evaluations.
    pub sampling_calls: u64,
    /// Its subgradients.
    pub sampling_subgradients: u64,
}

impl Experiment for Descents {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "descents";
    const TITLE: &'static str = "Descent for nonsmooth objectives";
    const QUESTION: &'static str =
        "Does descent end at a critical point from everywhere, and with how many subgradients?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let starts = match profile {
            Profile::Smoke => 3,
            Profile::Quick => 30,
            Profile::Full => 100,
        };
        let mut cells = Vec::new();
        for (place, first) in Test::ALL.iter().enumerate() {
            for second in &Test::ALL[place + 1..] {
                cells.push(Parameters { first: first.name().into(), second: second.name().into(), starts });
            }
        }
        if profile == Profile::Smoke { cells.into_iter().step_by(7).collect() } else { cells }
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let named = |name: &str| {
            Test::ALL
                .into_iter()
                .find(|test| test.name() == name)
                .ok_or_else(|| format!("no function {name}"))
        };
        let pair = Tests(vec![named(&cell.first)?, named(&cell.second)?]);
        let row = |start: u32| {
            let mut stream = random.stream(&format!("start {start}"));
            let x = [stream.random_range(-3.0..3.0), stream.random_range(-3.0..3.0)];
            let found = descend(&pair, &x, &Options::default());
            let sampled = sample_gradients(&pair, &x, &Options::default(), &mut stream);
            Row {
                start,
                critical: found.critical,
                iterations: found.iterations as u64,
                calls: found.calls,
                subgradients: found.subgradients,
                sampling_critical: sampled.critical,
                sampling_calls: sampled.calls,
                sampling_subgradients: sampled.subgradients,
            }
        };
        Ok(Outcome::Done((0..cell.starts).map(row).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let both = || table.rows().filter(|(_, row)| row.critical && row.sampling_critical);
        let subgradients = Chart::new()
            .title("subgradients")
            .x_label("gradient sampling")
            .y_label("descent")
            .x_log()
            .y_log()
            .scatter(
                "starts",
                both().map(|(_, row)| (row.sampling_subgradients as f64, row.subgradients as f64)),
            )
            .diagonal("equal");
        let calls = Chart::new()
            .title("evaluations")
            .x_label("gradient sampling")
            .y_label("descent")
            .x_log()
            .y_log()
            .scatter("starts", both().map(|(_, row)| (row.sampling_calls as f64, row.calls as f64)))
            .diagonal("equal");
        report.figure(
            "work",
            "Starts where both end at a critical point, all pairs of seven functions. Descent takes far fewer subgradients and more evaluations.",
            "Clouds below and above the diagonal.",
            &Figure::new("Work to a critical point").panel(subgradients).panel(calls),
        )
    }
}
