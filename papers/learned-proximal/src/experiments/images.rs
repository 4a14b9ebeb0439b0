//! `images`: networks trained on images, what their priors say of perturbed ones, and what they are worth in reconstruction.

mod perturbed;
mod reconstruction;
mod trained;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array2, s};
use serde::{Deserialize, Serialize};

use trained::Trained;

/// Images.
pub struct Images;

/// A cell: one training of all networks.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// MNIST's test images, else strokes.
    pub mnist: bool,
    /// Pixels along a side.
    pub side: u32,
    /// Filters.
    pub width: u32,
    /// Steps with the absolute loss; half as many of matching.
    pub steps: u32,
    /// Training.
    pub replicate: u32,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Mean of R at images with noise of this deviation, less that without.
    Noise,
    /// At images blurred by this width.
    Blur,
    /// At blends with another image by this share.
    Blend,
    /// Share of images on which R grows at every step of noise.
    NoiseGrows,
    /// Of blur.
    BlurGrows,
    /// Share of pairs of images whose middle has a larger R than their mean, of those that bounds decide.
    MiddleAbove,
    /// Share of pairs that bounds decide.
    Decided,
    /// The largest eigenvalue of f′ met.
    LargestEigenvalue,
    /// The smallest.
    SmallestEigenvalue,
    /// The certified bound of the largest.
    EigenvalueBound,
    /// Asymmetry of f′.
    Asymmetry,
    /// The least of [R(f(y′)) + |f(y′) − y|²/2] − [R(f(y)) + |f(y) − y|²/2] over y′ at distances from 10⁻⁶ to 1 of y, over 1 + the objective; trained and random networks.
    Advantage,
    /// Share of weights in convex maps that are zero.
    Dead,
    /// Parameters.
    Parameters,
    /// Peak signal-to-noise ratio of the denoised, in decibels.
    Denoised,
    /// Of images blurred by 1 pixel, noise 0.02.
    Deblurred,
    /// By 2 pixels, noise 0.04.
    DeblurredMore,
    /// Of images of which half of the pixels are seen, noise 0.02.
    Inpainted,
    /// Of a quarter as many random measurements as pixels, noise 0.001.
    Sensed,
    /// |z − x| of ADMM at its last step over its first, the largest over test images.
    Settled,
}

/// Whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// The learned proximal network.
    Proximal,
    /// A residual network without structure.
    Unconstrained,
    /// The gradient of a potential that need not be convex.
    GradientStep,
    /// Total variation.
    TotalVariation,
    /// Haar wavelets.
    Wavelets,
    /// The data themselves, if they are images.
    Data,
}

impl Who {
    /// As it stands on axes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Proximal => "proximal",
            Self::Unconstrained => "unconstrained",
            Self::GradientStep => "gradient step",
            Self::TotalVariation => "TV",
            Self::Wavelets => "wavelets",
            Self::Data => "data",
        }
    }
}

/// A number.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// What.
    pub what: What,
    /// Whose.
    pub who: Who,
    /// Of perturbations; the weight chosen on validation images, of reconstructions.
    pub level: f64,
    /// The number.
    pub value: f64,
    /// Structural similarity, of reconstructions.
    pub similarity: f64,
}

/// σ of training.
const SIGMA: f64 = 0.1;
/// Images that are tested, and that weights are chosen on.
const TEST: usize = 8;
const VALIDATION: usize = 3;
/// Reconstructions.
pub const TASKS: [What; 4] = [What::Deblurred, What::DeblurredMore, What::Inpainted, What::Sensed];

impl Experiment for Images {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "images";
    const TITLE: &'static str = "Figure 3 and reconstruction: networks of images";
    const QUESTION: &'static str = "Does the learned regulariser grow as images are perturbed, is it nonconvex, is the network a proximal operator where others are none, and does it reconstruct as well? Weights of every method from four values on validation images.";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let of = |mnist, side, width, steps, replicates: u32| {
            (0..replicates)
                .map(move |replicate| Parameters { mnist, side, width, steps, replicate })
                .collect::<Vec<_>>()
        };
        match profile {
            Profile::Smoke => of(false, 8, 2, 8, 1),
            Profile::Quick => of(false, 12, 8, 280, 3),
            Profile::Full => [of(false, 28, 16, 2_000, 3), of(true, 28, 16, 2_000, 3)].concat(),
        }
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut stream = random.stream("all");
        let side = cell.side as usize;
        let data = match (cell.mnist, lab::data_file("mnist/t10k-images-idx3-ubyte.gz")) {
            (true, None) => return Ok(Outcome::Skipped("MNIST is not in data/: make data brings it".into())),
            (true, Some(path)) => digits::read(&path, 10_000)?,
            (false, _) => shrunk(&digits::strokes(1_000, 0.12, &mut stream), side),
        };
        let held = TEST + VALIDATION;
        let (training, held) = (data.slice(s![held.., ..]), data.slice(s![..held, ..]));
        let (test, validation) = (held.slice(s![..TEST, ..]), held.slice(s![TEST.., ..]));
        let Some(trained) = Trained::new(cell, training, &mut stream) else {
            return Ok(Outcome::Diverged("training".into()));
        };
        let mut rows = trained.checks(test, &mut stream);
        rows.extend(trained.perturbed(test, side, &mut stream)?);
        rows.extend(trained.reconstructed((test, validation), side, &mut stream)?);
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let of = |what: What, who: Who| {
            table.rows().filter(move |(cell, row)| !cell.mnist && row.what == what && row.who == who)
        };
        let mut figure = Figure::new("The learned regulariser at perturbed images").columns(3).width(1_100.0);
        for (what, title, label) in [
            (What::Noise, "noise", "deviation"),
            (What::Blur, "blur", "width in pixels"),
            (What::Blend, "blend with another image", "share of the other"),
        ] {
            let means = table.means_by(of(what, Who::Proximal).map(|(_, row)| (row.level, row.value)), title);
            let chart = Chart::new()
                .title(title)
                .x_label(label)
                .y_label("R, less that of the image")
                .without_legend();
            figure = figure.panel(chart.means("R", &means));
        }
        report.figure(
            "perturbed",
            "Means over test images, and over trainings with 95 % intervals. Strokes.",
            "Three panels: lines that rise with noise, change with blur and arch over blends.",
            &figure,
        )?;
        let whos = [Who::Proximal, Who::Unconstrained, Who::GradientStep, Who::TotalVariation, Who::Wavelets];
        let mut figure = Figure::new("Reconstruction").columns(2);
        for (what, title) in TASKS.into_iter().zip([
            "blurred by 1 pixel, noise 0.02",
            "blurred by 2 pixels, noise 0.04",
            "half of the pixels, noise 0.02",
            "n/4 random measurements",
        ]) {
            let mut means = Vec::new();
            for (place, who) in whos.into_iter().enumerate() {
                means.extend(table.means_by(of(what, who).map(|(_, row)| (place as f64, row.value)), title));
            }
            let chart = Chart::new()
                .title(title)
                .x_label("method")
                .y_label("signal to noise, dB")
                .categories(whos.map(Who::name))
                .without_legend();
            figure = figure.panel(chart.bars_of_means("signal to noise", &means));
        }
        report.figure(
            "reconstruction",
            "Means over eight test images and over trainings with 95 % intervals, strokes; every method's weight chosen from four on validation images.",
            "Four panels of bars by method.",
            &figure,
        )
    }
}

/// Means of squares of pixels, until the side is this.
fn shrunk(images: &Array2<f64>, side: usize) -> Array2<f64> {
    let full = digits::SIDE;
    Array2::from_shape_fn((images.nrows(), side * side), |(image, place)| {
        // The pixels that meet, weighted by how much of them does.
        let span = |k: usize| {
            let (low, high) = ((k * full) as f64 / side as f64, ((k + 1) * full) as f64 / side as f64);
            (low.floor() as usize..high.ceil() as usize).map(move |pixel| {
                (pixel, (high.min(pixel as f64 + 1.0) - low.max(pixel as f64)) * side as f64 / full as f64)
            })
        };
        span(place / side)
            .flat_map(|row| span(place % side).map(move |column| (row, column)))
            .map(|((row, a), (column, b))| a * b * images[[image, row * full + column]])
            .sum()
    })
}
