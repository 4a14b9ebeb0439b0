//! `width`: what more parameters do to outliers and bulk.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use networks::Activation;
use serde::{Deserialize, Serialize};

use super::{falling, of_seeds};
use crate::outliers::outliers;
use crate::problems::{Blobs, Geometry, classified, descend, small_network};

/// Spectra of networks of several widths on the same data.
pub struct Width;

/// Clusters, classes and points of the data.
const CLUSTERS: usize = 4;

/// A cell: networks of one width.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Units of each of the two hidden layers.
    pub hidden: usize,
    /// Steps of descent over all rows, rate 0.1.
    pub steps: usize,
    /// Data sets, the same for all widths.
    pub seeds: u32,
}

/// A network at the end of training.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The data set.
    pub replicate: u32,
    /// M.
    pub size: usize,
    /// Mean of the k largest eigenvalues.
    #[column(within = 1e-4)]
    pub top: f64,
    /// Eigenvalues with |λ| < λ_1/1000.
    #[column(absolute = 3.0)]
    pub near_zero: f64,
    /// R1.
    pub gap: usize,
    /// Its ratio.
    #[column(within = 1e-4)]
    pub ratio: f64,
}

impl Experiment for Width {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "width";
    const TITLE: &'static str = "More parameters";
    const QUESTION: &'static str =
        "Do more parameters leave the outliers in place and only lengthen the bulk?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (widths, steps, seeds): (&[usize], _, _) = match profile {
            Profile::Smoke => (&[4, 6], 100, 1),
            Profile::Quick => (&[12, 20, 32], 3_000, 3),
            Profile::Full => (&[12, 24, 40, 64], 10_000, 10),
        };
        widths.iter().map(|&hidden| Parameters { hidden, steps, seeds }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        #[derive(Serialize)]
        struct Key {
            replicate: u32,
        }
        let rows = of_seeds(random, cell.seeds, |replicate, of_network| {
            let blobs = Blobs {
                geometry: Geometry::Box,
                clusters: CLUSTERS,
                classes: CLUSTERS,
                dimension: 10,
                points: 100,
                deviation: 1.0,
            };
            let (x, classes) = blobs.draw(&mut random.shared_stream("data", &Key { replicate })?);
            let network =
                small_network(&[10, cell.hidden, cell.hidden, CLUSTERS], Activation::Relu, of_network)?;
            let (end, ..) = descend(&classified(network, x, &classes)?, 0.1, cell.steps, 1e-4)?;
            let values = falling(&end.hessian())?;
            let found = outliers(&values);
            Ok(vec![Row {
                replicate,
                size: values.len(),
                top: values[..CLUSTERS].iter().sum::<f64>() / CLUSTERS as f64,
                near_zero: values.iter().filter(|value| value.abs() < 1e-3 * values[0]).count() as f64,
                gap: found.gap,
                ratio: found.ratio,
            }])
        })?;
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Outliers and bulk against parameters")
            .subtitle("mean over data sets, 95 % bootstrap interval")
            .columns(2);
        let mut all = Vec::new();
        for (name, label, of) in [
            ("outliers", "mean of the 4 largest eigenvalues", (|row: &Row| row.top) as fn(&Row) -> f64),
            ("bulk", "eigenvalues below a thousandth of the largest", |row| row.near_zero),
        ] {
            let means = table.means_by(table.rows().map(|(_, row)| (row.size as f64, of(row))), label);
            figure = figure.panel(
                Chart::new()
                    .title(name)
                    .x_label("M, parameters")
                    .y_label(label)
                    .x_log()
                    .y_log()
                    .means(name, &means)
                    .without_legend(),
            );
            all.extend(means);
        }
        report.figure(
            "widths",
            "Left the outliers, right the bulk, on the same data with four clusters, after the same number of steps.",
            "Two lines: a nearly level one left, one that rises with slope one right.",
            &figure,
        )?;
        report.means_table("widths", &all)
    }
}
