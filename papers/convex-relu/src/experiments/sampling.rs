//! `sampling`: the chance that one more pattern helps, and what it says of the gap.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table, key};
use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::{Data, problem};
use crate::cones::violation;
use crate::global::{Coverage, generate};
use crate::patterns::{cells, normal, sampled};
use crate::problem::Loss;

/// Sampling.
pub struct Sampling;

/// A cell: N normal directions for a problem of normal data, β = 0.1.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// n.
    pub rows: usize,
    /// d.
    pub features: usize,
    /// N.
    pub draws: usize,
    /// Which draw of directions.
    pub replicate: u32,
}

/// What the sample gives.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Different patterns.
    pub patterns: usize,
    /// Patterns of the optimum over the sample.
    #[column(absolute = 1.0)]
    pub support: usize,
    /// The probability that one more direction lowers the optimum.
    #[column(absolute = 1e-6)]
    pub chance: f64,
    /// The optimum over the sample, over that over all patterns, less one.
    #[column(absolute = 1e-8)]
    pub excess: f64,
}

impl Experiment for Sampling {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "sampling";
    const TITLE: &'static str = "Sampled patterns";
    const QUESTION: &'static str = "With which probability would one more sampled pattern lower the optimum, and how far is it then from the global one?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (draws, replicates): (&[usize], _) = match profile {
            Profile::Smoke => (&[10], 3),
            Profile::Quick => (&[5, 10, 20, 40, 80, 160], 16),
            Profile::Full => (&[5, 10, 20, 40, 80, 160, 320], 200),
        };
        let mut cells = Vec::new();
        for (rows, features) in [(10, 2), (12, 3)] {
            for draws in draws {
                cells.extend((0..replicates).map(|replicate| Parameters {
                    rows,
                    features,
                    draws: *draws,
                    replicate,
                }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut shared = random.shared_stream("data", &key([("rows", cell.rows as f64)]))?;
        let problem = problem(Data::Gauss, (cell.rows, cell.features), Loss::Squared, 0.1, &mut shared)?;
        let all = cells(problem.x());
        let least = generate(&problem, &all, Coverage::All, 1e-11).certificate.lower;
        let sample = sampled(problem.x(), cell.draws, &mut random.stream("directions"));
        let found = generate(&problem, &sample, Coverage::Given, 1e-11);
        // The share of directions whose pattern violates, by many directions that are the same for all cells.
        let worst = violation(&problem, &all, found.nu.view()).worst;
        let limit = problem.beta() * (1.0 + 1e-7);
        let violating: Vec<bool> = {
            let mut flags = vec![false; all.len()];
            worst.iter().filter(|(_, _, value)| *value > limit).for_each(|(place, ..)| flags[*place] = true);
            flags
        };
        let mut probes = random.shared_stream("probes", &key([("rows", cell.rows as f64)]))?;
        let probe = |direction: Array1<f64>| {
            let place = all.find(problem.x(), direction.view());
            u32::from(place.is_some_and(|place| violating[place]))
        };
        let count = 4_000;
        let hits: u32 = (0..count).map(|_| probe(normal(problem.rank(), &mut probes))).sum();
        Ok(Outcome::Done(vec![Row {
            patterns: sample.len(),
            support: found.network.neurons.len(),
            chance: f64::from(hits) / f64::from(count),
            excess: found.certificate.lower / least - 1.0,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("One more pattern").columns(2);
        for (rows, title) in [(10, "10 rows, 2 features"), (12, "12 rows, 3 features")] {
            let mut chart = Chart::new()
                .title(title)
                .x_label("sampled directions N")
                .y_label("probability, or excess")
                .x_log()
                .y_log();
            for (name, of) in [
                (
                    "chance that one more helps",
                    (|_: &Parameters, row: &Row| row.chance) as fn(&Parameters, &Row) -> f64,
                ),
                ("its bound: neurons over N + 1", |cell, row| row.support as f64 / (cell.draws + 1) as f64),
                ("excess of the optimum", |_, row| row.excess),
            ] {
                let rows = table.rows().filter(|(cell, _)| cell.rows == rows);
                let means = table.means_by(rows.map(|(cell, row)| (cell.draws as f64, of(cell, row))), name);
                let shown: Vec<_> =
                    means.into_iter().filter(|mean| mean.mean > 1e-9 && mean.low > 1e-10).collect();
                if !shown.is_empty() {
                    chart = chart.means(name, &shown);
                }
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "chances",
            "The chance that one more pattern lowers the optimum stays below its bound.",
            "Two panels of three lines on logarithmic axes.",
            &figure,
        )
    }
}
