//! `digit-images`: the largest eigenvalues of a network of 4,950 parameters on ten classes of digits.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use networks::{Activation, Initialisation, Network, Parametrisation};
use serde::{Deserialize, Serialize};

use super::of_seeds;
use crate::lanczos::{Wanted, extremes};
use crate::outliers::outliers;
use crate::problems::{classified, descend, pooled};

/// Digits in 49 pixels.
pub struct DigitImages;

/// Where the images come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Strokes that this workspace draws.
    Strokes,
    /// MNIST's test images.
    Mnist,
}

/// A cell: networks on images.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Where the images come from.
    pub source: Source,
    /// N.
    pub images: usize,
    /// Units of the first hidden layer; the second has four fifths of it.
    pub hidden: usize,
    /// Steps of descent over all rows, rate 0.1.
    pub steps: usize,
    /// Networks.
    pub seeds: u32,
}

/// An eigenvalue at the end of training.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The network.
    pub replicate: u32,
    /// From 1, the largest.
    pub place: usize,
    /// λ.
    #[column(within = 1e-3)]
    pub eigenvalue: f64,
    /// R1 of this network, over the eigenvalues found.
    pub gap: usize,
    /// Its ratio.
    #[column(within = 1e-3)]
    pub ratio: f64,
    /// Mean loss.
    #[column(within = 1e-3)]
    pub mean_loss: f64,
}

impl Experiment for DigitImages {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "digit-images";
    const TITLE: &'static str = "Ten classes of digits";
    const QUESTION: &'static str = "Do ten classes give ten outliers on images of digits?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let cell = |source, images, hidden, steps, seeds| Parameters { source, images, hidden, steps, seeds };
        match profile {
            Profile::Smoke => vec![cell(Source::Strokes, 60, 10, 20, 1)],
            Profile::Quick => vec![cell(Source::Strokes, 500, 50, 1_000, 2)],
            Profile::Full => {
                vec![cell(Source::Strokes, 1_000, 50, 20_000, 10), cell(Source::Mnist, 1_000, 50, 20_000, 10)]
            }
        }
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let files =
            ["mnist/t10k-images-idx3-ubyte.gz", "mnist/t10k-labels-idx1-ubyte.gz"].map(lab::data_file);
        if cell.source == Source::Mnist && files.iter().any(Option::is_none) {
            return Ok(Outcome::Skipped("MNIST is not here: make data".into()));
        }
        let rows = of_seeds(random, cell.seeds, |replicate, random| {
            let (images, classes) = match &files {
                [Some(images), Some(labels)] if cell.source == Source::Mnist => {
                    (digits::read(images, cell.images)?, digits::read_labels(labels, cell.images)?)
                }
                _ => (digits::strokes(cell.images, 0.12, random), (0..cell.images).map(|i| i % 10).collect()),
            };
            let widths = [49, cell.hidden, cell.hidden * 4 / 5, 10];
            let network = Network::new(
                &widths,
                Activation::Relu,
                Parametrisation::Standard,
                Initialisation::He,
                random,
            )?;
            let (end, ..) = descend(&classified(network, pooled(&images), &classes)?, 0.1, cell.steps, 1e-4)?;
            let found = extremes(&end, &Wanted { tolerance: 1e-8, ..Wanted::new(24, 0) }, random)?;
            let counted = outliers(&found.top.values);
            let mean_loss = end.loss_and_gradient().0;
            let row = |(k, eigenvalue): (usize, &f64)| Row {
                replicate,
                place: k + 1,
                eigenvalue: *eigenvalue,
                gap: counted.gap,
                ratio: counted.ratio,
                mean_loss,
            };
            Ok(found.top.values.iter().enumerate().map(row).collect())
        })?;
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .x_label("place")
            .y_label("eigenvalue")
            .y_log()
            .vertical_reference("ten classes", 10.5);
        let mut all = Vec::new();
        for (source, name) in [(Source::Strokes, "strokes"), (Source::Mnist, "MNIST")] {
            let rows = || table.rows().filter(move |(cell, _)| cell.source == source);
            if rows().next().is_none() {
                continue;
            }
            let means = table.means_by(
                rows().map(|(_, row)| (row.place as f64, row.eigenvalue)),
                &format!("eigenvalue, {name}"),
            );
            chart = chart.means(name, &means);
            all.extend(means);
        }
        report.figure(
            "eigenvalues",
            "The largest eigenvalues after training on ten classes. A gap after the tenth would make ten outliers.",
            "Falling lines without a step at ten.",
            &Figure::new("Largest eigenvalues on digits").subtitle("mean over networks, 95 % bootstrap interval").panel(chart),
        )?;
        report.means_table("eigenvalues", &all)
    }
}
