//! `separability`: what less separated clusters do to outliers and bulk, at equal steps and at equal gradients.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use networks::Activation;
use serde::{Deserialize, Serialize};

use super::falling;
use crate::outliers::outliers;
use crate::problems::{Blobs, Geometry, classified, descend, small_network};

/// Spectra at several deviations about the same centres.
pub struct Separability;

/// Clusters and classes of the data.
const CLUSTERS: usize = 4;

/// Where training ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// After the same number of steps.
    EqualSteps,
    /// As soon as |g| is below 0.01.
    EqualGradient,
}

/// Both with their names.
pub const ENDS: [(End, &str); 2] =
    [(End::EqualSteps, "equal steps"), (End::EqualGradient, "equal gradients")];

/// A cell: networks at one deviation.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Standard deviation about a centre.
    pub deviation: f64,
    /// Where training ends.
    pub end: End,
    /// Units of each of the two hidden layers.
    pub hidden: usize,
    /// The most steps, rate 0.1.
    pub steps: usize,
    /// Sets of centres, the same for all deviations.
    pub seeds: u32,
}

/// A network at the end of training.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The centres.
    pub replicate: u32,
    /// λ_1.
    #[column(within = 1e-4)]
    pub first: f64,
    /// λ_{k+1}: the largest that should belong to the bulk.
    #[column(within = 1e-4)]
    pub next: f64,
    /// R1.
    pub gap: usize,
    /// Its ratio.
    #[column(within = 1e-4)]
    pub ratio: f64,
    /// |g|.
    #[column(within = 1e-3)]
    pub slope: f64,
    /// Mean loss.
    #[column(within = 1e-4)]
    pub mean_loss: f64,
    /// Steps taken.
    pub taken: usize,
}

impl Experiment for Separability {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "separability";
    const TITLE: &'static str = "Less separated data";
    const QUESTION: &'static str =
        "Does the separation of clusters move the outliers only, and not the bulk?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (deviations, hidden, steps, seeds): (&[f64], _, _, _) = match profile {
            Profile::Smoke => (&[0.5, 4.0], 6, 100, 1),
            Profile::Quick => (&[0.5, 2.0, 8.0], 20, 3_000, 3),
            Profile::Full => (&[0.5, 1.0, 2.0, 4.0, 8.0], 20, 30_000, 10),
        };
        let cells =
            |&deviation: &f64| ENDS.map(|(end, _)| Parameters { deviation, end, hidden, steps, seeds });
        deviations.iter().flat_map(cells).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        #[derive(Serialize)]
        struct Key {
            replicate: u32,
        }
        let mut rows = Vec::new();
        for replicate in 0..cell.seeds {
            let mut shared = random.shared_stream("data and network", &Key { replicate })?;
            let blobs = Blobs {
                geometry: Geometry::Box,
                clusters: CLUSTERS,
                classes: CLUSTERS,
                dimension: 10,
                points: 100,
                deviation: cell.deviation,
            };
            let (x, classes) = blobs.draw(&mut shared);
            let network =
                small_network(&[10, cell.hidden, cell.hidden, CLUSTERS], Activation::Relu, &mut shared)?;
            let least = if cell.end == End::EqualSteps { 0.0 } else { 0.01 };
            let (end, taken, slope) = descend(&classified(network, x, &classes)?, 0.1, cell.steps, least)?;
            let values = falling(&end.hessian())?;
            let found = outliers(&values);
            rows.push(Row {
                replicate,
                first: values[0],
                next: values[CLUSTERS],
                gap: found.gap,
                ratio: found.ratio,
                slope,
                mean_loss: end.loss_and_gradient().0,
                taken,
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Eigenvalues against the spread of clusters")
            .subtitle("mean over sets of centres, 95 % bootstrap interval")
            .columns(2);
        let mut all = Vec::new();
        for (end, title) in ENDS {
            let mut chart = Chart::new()
                .title(title)
                .x_label("deviation about a centre")
                .y_label("eigenvalue")
                .x_log()
                .y_log();
            for (name, of) in [
                ("first", (|row: &Row| row.first) as fn(&Row) -> f64),
                ("fifth, of the bulk", |row| row.next),
            ] {
                let rows = table.rows().filter(|(cell, _)| cell.end == end);
                let means = table.means_by(
                    rows.map(|(cell, row)| (cell.deviation, of(row))),
                    &format!("{name} eigenvalue, {title}"),
                );
                chart = chart.means(name, &means);
                all.extend(means);
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "spreads",
            "The first eigenvalue and the fifth, which should belong to the bulk of data with four clusters, as the clusters widen about the same centres.",
            "Two panels with two lines each that rise together.",
            &figure,
        )?;
        report.means_table("spreads", &all)
    }
}
