//! `neurons`: sampled neurons without constraints.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table, key};
use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use super::{Data, problem};
use crate::global::{Coverage, generate};
use crate::patterns::{cells, normal, sampled};
use crate::problem::Loss;
use crate::scp::scp;

/// Neurons.
pub struct Neurons;

/// A cell: N directions for 20 rows of normal data, squared loss, β = 0.1.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
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
    /// Cost over the global optimum, less one.
    #[column(absolute = 1e-7)]
    pub excess: f64,
    /// The same of as many sampled patterns with constraints.
    #[column(absolute = 1e-7)]
    pub excess_of_patterns: f64,
    /// Neurons of more than a hundred-thousandth of the largest.
    #[column(absolute = 2.0)]
    pub support: usize,
    /// The probability that one more direction lowers the cost.
    #[column(absolute = 2e-3)]
    pub chance: f64,
}

impl Experiment for Neurons {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "neurons";
    const TITLE: &'static str = "Sampled neurons";
    const QUESTION: &'static str = "How fast does the cost of sampled neurons fall to the global optimum, and is the chance of a further fall bounded?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (draws, features, replicates): (&[usize], &[usize], _) = match profile {
            Profile::Smoke => (&[30, 100], &[2], 2),
            Profile::Quick => (&[30, 100, 300, 1_000], &[2, 3], 4),
            Profile::Full => (&[30, 100, 300, 1_000, 3_000], &[2, 3, 4], 10),
        };
        let mut cells = Vec::new();
        for features in features {
            for draws in draws {
                cells.extend((0..replicates).map(|replicate| Parameters {
                    features: *features,
                    draws: *draws,
                    replicate,
                }));
            }
        }
        cells
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut shared = random.shared_stream("data", &key([("features", cell.features as f64)]))?;
        let problem = problem(Data::Gauss, (20, cell.features), Loss::Squared, 0.1, &mut shared)?;
        let all = cells(problem.x());
        let least = generate(&problem, &all, Coverage::All, 1e-11).certificate.lower;
        let mut directions = random.stream("directions");
        let mut matrix = Array2::zeros((problem.rank(), cell.draws));
        matrix
            .axis_iter_mut(Axis(1))
            .for_each(|mut column| column.assign(&normal(problem.rank(), &mut directions)));
        let found = scp(&problem, &matrix, 1e-8, 1_000_000);
        let patterns = sampled(problem.x(), cell.draws, &mut random.stream("directions"));
        let with_cones = generate(&problem, &patterns, Coverage::Given, 1e-7);
        let nu = problem.dual_point(found.network.predict(problem.x()).view());
        let mut probes = random.shared_stream("probes", &key([("features", cell.features as f64)]))?;
        let count = 20_000;
        let violates = |_| {
            let u = normal(problem.rank(), &mut probes);
            let seen = problem.x().dot(&u).mapv(|product| product.max(0.0)).dot(&nu).abs();
            u32::from(seen > problem.beta() * u.dot(&u).sqrt() * (1.0 + 1e-6))
        };
        let hits: u32 = (0..count).map(violates).sum();
        Ok(Outcome::Done(vec![Row {
            excess: found.cost / least - 1.0,
            excess_of_patterns: with_cones.certificate.upper / least - 1.0,
            support: found.network.merged(1e-5, 0.0).neurons.len(),
            chance: f64::from(hits) / f64::from(count),
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Sampled neurons and sampled patterns").columns(3);
        for (title, of) in [
            ("neurons without constraints", (|row: &Row| row.excess) as fn(&Row) -> f64),
            ("patterns of the same directions", |row| row.excess_of_patterns),
            ("chance that one more helps", |row| row.chance),
        ] {
            let y = if title.starts_with("chance") { "probability" } else { "excess of the cost" };
            let mut chart = Chart::new().title(title).x_label("directions N").y_label(y).x_log().y_log();
            let mut drawn = false;
            for (features, name) in [(2, "d = 2"), (3, "d = 3"), (4, "d = 4")] {
                let rows = table.rows().filter(|(cell, _)| cell.features == features);
                let means = table.means_by(rows.map(|(cell, row)| (cell.draws as f64, of(row))), title);
                let shown: Vec<_> = means.into_iter().filter(|mean| mean.low > 1e-9).collect();
                if !shown.is_empty() {
                    drawn = true;
                    chart = chart.means(name, &shown);
                }
            }
            if drawn {
                figure = figure.panel(chart);
            }
        }
        report.figure(
            "excess",
            "The excess falls as N to the power −1/(d − 1): each kink must be hit by a direction.",
            "Two panels of three lines on logarithmic axes.",
            &figure,
        )
    }
}
