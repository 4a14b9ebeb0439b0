//! `clipping`: calibration methods under outliers.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::uniform::{Grid, Layout};

/// Error of grids whose range is chosen in different ways.
pub struct Clipping;

/// A cell: a tensor.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Share of values that are outliers.
    pub outliers: f64,
    /// Standard deviation of outliers.
    pub deviation: f64,
    /// Draw.
    pub replicate: u32,
}

/// How a range is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// All values.
    MinMax,
    /// The 99.9th percentile of sizes.
    Percentile,
    /// Least squared error.
    MeanSquaredError,
    /// Least divergence of histograms.
    Entropy,
    /// ACIQ, normal.
    AnalyticGauss,
    /// ACIQ, Laplace.
    AnalyticLaplace,
}

/// The choices with names.
pub const CHOICES: [(Choice, &str, Calibration); 6] = [
    (Choice::MinMax, "min-max", Calibration::MinMax),
    (Choice::Percentile, "percentile 99.9", Calibration::Percentile { upper: 99.9 }),
    (Choice::MeanSquaredError, "least squared error", Calibration::MeanSquaredError),
    (Choice::Entropy, "entropy", Calibration::Entropy),
    (Choice::AnalyticGauss, "analytic, normal", Calibration::AnalyticGauss),
    (Choice::AnalyticLaplace, "analytic, Laplace", Calibration::AnalyticLaplace),
];

/// A grid's error.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// How the range was chosen.
    pub choice: Choice,
    /// Bits.
    #[column(unit = "bit")]
    pub bits: u32,
    /// Mean squared error over the values' mean square.
    #[column(within = 1e-3)]
    pub error: f64,
    /// Scale of the grid.
    #[column(within = 1e-3)]
    pub scale: f64,
}

const BITS: [u32; 3] = [4, 6, 8];

impl Experiment for Clipping {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "clipping";
    const TITLE: &'static str = "Clipping under outliers";
    const QUESTION: &'static str = "Normal values with a share of outliers of ten times their deviation: which way of choosing the range of a symmetric grid loses least?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let replicates = match profile {
            Profile::Smoke => 1,
            Profile::Quick => 4,
            Profile::Full => 20,
        };
        let shares = [0.0, 1e-4, 1e-3, 1e-2];
        let cells = shares
            .into_iter()
            .flat_map(|outliers| (0..replicates).map(move |replicate| (outliers, replicate)));
        cells.map(|(outliers, replicate)| Parameters { outliers, deviation: 10.0, replicate }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut random = random.stream("values");
        let values: Vec<f64> = (0..10_000)
            .map(|_| {
                let outlier = random.random::<f64>() < cell.outliers;
                let draw: f64 = random.sample(StandardNormal);
                if outlier { cell.deviation * draw } else { draw }
            })
            .collect();
        let square = values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64;
        let mut rows = Vec::new();
        for bits in BITS {
            for (choice, _, calibration) in CHOICES {
                let grid: Grid = calibration.grid(Layout::Symmetric, bits, &values)?;
                rows.push(Row {
                    choice,
                    bits,
                    error: grid.mean_squared_error(&values) / square,
                    scale: grid.scale,
                });
            }
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut shares: Vec<f64> = table.cells().map(|(cell, _)| cell.outliers).collect();
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        let mut figure = Figure::new("Error by choice of range")
            .subtitle("normal values, a share of which is ten times as large")
            .columns(3)
            .width(960.0);
        for bits in BITS {
            let mut chart = Chart::new()
                .title(format!("{bits} bits"))
                .x_label("share of outliers")
                .y_label("relative squared error")
                .y_log()
                .categories(shares.iter().map(ToString::to_string));
            for (choice, name, _) in CHOICES {
                let points = shares.iter().enumerate().map(|(place, share)| {
                    let rows = table.rows().filter(|(cell, row)| {
                        cell.outliers == *share && (row.choice, row.bits) == (choice, bits)
                    });
                    (
                        place as f64,
                        numerics::bootstrap::mean(&rows.map(|(_, row)| row.error).collect::<Vec<_>>()),
                    )
                });
                chart = chart.line_with_markers(name, points.collect::<Vec<_>>());
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "errors",
            "Mean squared error over the values' mean square, by how the range is chosen. Covering all values (min-max) spends the grid on outliers; clipping spends it on the others.",
            "Three panels of curves of error against the share of outliers, one for each choice of range.",
            &figure,
        )
    }
}
