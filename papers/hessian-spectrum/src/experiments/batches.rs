//! `batches`: loss along lines and trained curves between ends of large- and small-batch training.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use networks::Activation;
use serde::{Deserialize, Serialize};

use super::of_seeds;
use crate::path::{Path, bend, losses};
use crate::problems::{Blobs, Geometry, classified, descend_in_batches, small_network};

/// Paths between ends.
pub struct Batches;

/// Where the other end comes from; the first is that of full batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Other {
    /// Small batches, from where the full batches ended.
    Continued,
    /// Small batches, from the same start.
    SameStart,
    /// Small batches, from another start.
    OtherStart,
}

/// All of them with their names.
pub const OTHERS: [(Other, &str); 3] =
    [(Other::Continued, "continued"), (Other::SameStart, "same start"), (Other::OtherStart, "other start")];

/// The way between the ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Straight.
    Line,
    /// On a great circle, as in the authors' second program.
    Spherical,
    /// With a trained bend.
    Bend,
}

/// All of them with their names.
pub const WAYS: [(Way, &str); 3] =
    [(Way::Line, "line"), (Way::Spherical, "great circle"), (Way::Bend, "trained bend")];

/// A cell: pairs of ends.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Where the other end comes from.
    pub other: Other,
    /// Units of each of the two hidden layers.
    pub hidden: usize,
    /// Steps of each training: rate 0.1, momentum 0.5; small batches have 6 rows of 60.
    pub steps: usize,
    /// Steps for the bend, rate 0.3, four random places each.
    pub bend_steps: usize,
    /// Data sets.
    pub seeds: u32,
}

/// A place on a path.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The data set.
    pub replicate: u32,
    /// The way.
    pub way: Way,
    /// From 0, the end of full batches, to 1.
    pub place: f64,
    /// Mean loss there.
    #[column(within = 1e-3)]
    pub mean_loss: f64,
    /// Distance between the ends over the length of the first.
    #[column(within = 1e-3)]
    pub apart: f64,
}

impl Experiment for Batches {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "batches";
    const TITLE: &'static str = "Large and small batches";
    const QUESTION: &'static str = "Do large and small batches end in basins that look different and are connected through a flat region? Is there a barrier on the line, and is it lower on a curve?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (hidden, steps, bend_steps, seeds) = match profile {
            Profile::Smoke => (6, 50, 50, 1),
            Profile::Quick => (12, 2_000, 2_000, 3),
            Profile::Full => (12, 10_000, 5_000, 20),
        };
        OTHERS.map(|(other, _)| Parameters { other, hidden, steps, bend_steps, seeds }).to_vec()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        #[derive(Serialize)]
        struct Key {
            replicate: u32,
        }
        let rows = of_seeds(random, cell.seeds, |replicate, own| {
            // All three ends are of the same data and the same first training.
            let mut shared = random.shared_stream("data and start", &Key { replicate })?;
            let blobs = Blobs {
                geometry: Geometry::Box,
                clusters: 4,
                classes: 4,
                dimension: 10,
                points: 60,
                deviation: 2.0,
            };
            let (x, classes) = blobs.draw(&mut shared);
            let widths = [10, cell.hidden, cell.hidden, 4];
            let start = classified(small_network(&widths, Activation::Relu, &mut shared)?, x, &classes)?;
            let full = descend_in_batches(&start, (0.1, 0.5), cell.steps, 60)?;
            let from = match cell.other {
                Other::Continued => full.clone(),
                Other::SameStart => start,
                Other::OtherStart => {
                    let network = small_network(&widths, Activation::Relu, own)?;
                    start.at(network.parameters().to_owned())?
                }
            };
            let small = descend_in_batches(&from, (0.1, 0.5), cell.steps / 10, 6)?;
            let (a, b) = (full.network().parameters(), small.network().parameters());
            let difference = &b - &a;
            let apart = (difference.dot(&difference) / a.dot(&a)).sqrt();
            let bent = bend(&full, b, (0.3, cell.bend_steps, 4), own)?;
            let mut rows = Vec::new();
            for (way, path) in [(Way::Line, Path::Line), (Way::Spherical, Path::Spherical), (Way::Bend, bent)]
            {
                let along = losses(&full, b, &path, 40)?;
                rows.extend(along.into_iter().map(|(place, mean_loss)| Row {
                    replicate,
                    way,
                    place,
                    mean_loss,
                    apart,
                }));
            }
            Ok(rows)
        })?;
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Loss between the ends of large and of small batches")
            .subtitle("geometric mean over data sets")
            .columns(3);
        let mut all = Vec::new();
        for (other, title) in OTHERS {
            let mut chart = Chart::new().title(title).x_label("place").y_label("log₁₀ of the loss");
            for (way, name) in WAYS {
                let rows = table.rows().filter(|(cell, row)| cell.other == other && row.way == way);
                let means = table.means_by(
                    rows.map(|(_, row)| (row.place, row.mean_loss.log10())),
                    &format!("log₁₀ of the loss, {title}, {name}"),
                );
                chart = chart.means(name, &means);
                all.extend(means);
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "paths",
            "From the end of full batches (place 0) to that of batches of six after as many steps. From the same start, and continued, the line has no barrier: the loss only falls on it. From another start it has a high one; on a curve with one trained bend it is far lower, and not gone.",
            "Three panels: monotone lines in the first two, a high arch and a low curve in the third.",
            &figure,
        )?;
        report.means_table("paths", &all)
    }
}
