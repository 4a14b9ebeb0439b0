//! `images`: networks trained on images, what their priors say of perturbed ones, and what they are worth in reconstruction.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array2, ArrayView2, s};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::classical::{
    signal_to_noise, structural_similarity, total_variation_reconstruction, wavelet_reconstruction,
};
use crate::inversion::{invert, spectrum};
use crate::network::{ProximalNetwork, Start, Work};
use crate::operator::{LeastSquares, Operator};
use crate::plug_and_play::{Denoiser, Until, douglas_rachford};
use crate::residual::ResidualDenoiser;
use crate::training::{Loss, Sampling, Stage, train};

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

struct Trained {
    proximal: ProximalNetwork,
    gradient_step: ProximalNetwork,
    unconstrained: ResidualDenoiser,
}

/// f = y + ∇ψ of a potential that need not be convex.
struct Unclipped<'a>(&'a ProximalNetwork);

impl Denoiser for Unclipped<'_> {
    fn denoise(&self, y: &[f64], work: &mut Work) -> (Vec<f64>, Option<f64>) {
        (self.0.potential_and_prox(y, work).prox, None)
    }
}

impl Trained {
    /// All three with the same number of steps and rows. `None` if one diverged.
    fn new(cell: &Parameters, data: ArrayView2<f64>, random: &mut ChaCha8Rng) -> Option<Self> {
        let (side, width, steps) = (cell.side as usize, cell.width as usize, cell.steps as usize);
        let n = (side * side) as f64;
        let sampling = Sampling { sigma: SIGMA, batch: 32, convex: true };
        let mut proximal =
            ProximalNetwork::convolutional(side, width, (10.0, 0.02)).ok()?.with_start(Start::Alive, random);
        let mut stages = vec![
            Stage { loss: Loss::Absolute, steps: steps / 2, rate: 1e-2 },
            Stage { loss: Loss::Absolute, steps: steps / 2, rate: 2e-3 },
        ];
        stages.extend([8.0, 4.0, 2.0, 1.0].map(|factor| Stage {
            loss: Loss::Matching { gamma: 0.08 * n.sqrt() * factor },
            steps: steps / 8,
            rate: 5e-4,
        }));
        train(&mut proximal, data, &sampling, &stages, random).ok()?;
        let mut gradient_step =
            ProximalNetwork::convolutional(side, width, (10.0, 1.0)).ok()?.with_start(Start::Uniform, random);
        let free = Sampling { convex: false, ..sampling };
        let stages = [(steps, 3e-3), (steps / 2, 3e-4)].map(|(steps, rate)| Stage {
            loss: Loss::Squared,
            steps,
            rate,
        });
        train(&mut gradient_step, data, &free, &stages, random).ok()?;
        // About as many parameters as the proximal network has: four convolutions of two and a half times its width.
        let mut unconstrained = ResidualDenoiser::new(side, width * 5 / 2, 4, random);
        unconstrained.train(data, (SIGMA, sampling.batch, steps, 3e-3), random).ok()?;
        unconstrained.train(data, (SIGMA, sampling.batch, steps / 2, 3e-4), random).ok()?;
        Some(Self { proximal, gradient_step, unconstrained })
    }

    fn checks(&self, test: ArrayView2<f64>, random: &mut ChaCha8Rng) -> Vec<Row> {
        let n = test.ncols();
        let noisy: Vec<f64> =
            test.iter().map(|x| x + SIGMA * random.sample::<f64, _>(StandardNormal)).collect();
        let mut rows = Vec::new();
        let mut say = |what, who, value| rows.push(Row { what, who, level: 0.0, value, similarity: 0.0 });
        let found = spectrum(&self.proximal, &noisy[..4 * n], 40, random);
        say(What::LargestEigenvalue, Who::Proximal, found.most);
        say(What::SmallestEigenvalue, Who::Proximal, found.least);
        say(What::EigenvalueBound, Who::Proximal, self.proximal.smoothness_bound());
        say(What::Asymmetry, Who::Proximal, found.asymmetry);
        let free = spectrum(&self.gradient_step, &noisy[..4 * n], 40, random);
        say(What::LargestEigenvalue, Who::GradientStep, free.most);
        say(What::SmallestEigenvalue, Who::GradientStep, free.least);
        say(What::Asymmetry, Who::GradientStep, free.asymmetry);
        let worst = noisy[..4 * n].chunks_exact(n).fold(0.0_f64, |worst, y| {
            let mut draw = || -> Vec<f64> { (0..n).map(|_| random.random_range(-1.0..1.0)).collect() };
            worst.max(self.unconstrained.asymmetry(y, &draw(), &draw()))
        });
        say(What::Asymmetry, Who::Unconstrained, worst);
        // Of the trained network, and of one that was never trained.
        let random_network = self.proximal.clone().with_start(Start::Alive, random);
        let least = advantage(&self.proximal, &noisy, random).min(advantage(&random_network, &noisy, random));
        say(What::Advantage, Who::Proximal, least);
        say(What::Parameters, Who::Proximal, self.proximal.parameters.len() as f64);
        say(What::Parameters, Who::Unconstrained, self.unconstrained.parameters() as f64);
        say(What::Dead, Who::Proximal, self.proximal.dead_share());
        let mut work = Work::default();
        let ratio = |x: &[f64]| {
            let pairs =
                x.chunks_exact(n).zip(test.rows()).map(|(x, truth)| signal_to_noise(x, &truth.to_vec()));
            pairs.sum::<f64>() / test.nrows() as f64
        };
        say(What::Denoised, Who::Proximal, ratio(&self.proximal.potential_and_prox(&noisy, &mut work).prox));
        say(
            What::Denoised,
            Who::GradientStep,
            ratio(&self.gradient_step.potential_and_prox(&noisy, &mut work).prox),
        );
        say(What::Denoised, Who::Unconstrained, ratio(&self.unconstrained.apply(&noisy)));
        say(What::Denoised, Who::Data, ratio(&noisy));
        rows
    }

    /// R by inversion; its bounds.
    fn regulariser(&self, x: &[f64]) -> (f64, f64) {
        let found = invert(&self.proximal, x, 1e-6, 60);
        (found.lower, found.upper.unwrap_or(f64::INFINITY))
    }

    fn perturbed(
        &self,
        test: ArrayView2<f64>,
        side: usize,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<Row>, Failure> {
        let images: Vec<Vec<f64>> = test.rows().into_iter().take(8).map(|row| row.to_vec()).collect();
        let clean: Vec<(f64, f64)> = images.iter().map(|x| self.regulariser(x)).collect();
        let mut rows = Vec::new();
        let mut follow =
            |what, grows: Option<What>, levels: &[f64], at: &mut dyn FnMut(usize, f64) -> Vec<f64>| {
                let mut last: Vec<f64> = clean.iter().map(|found| found.0).collect();
                let mut growing = vec![true; images.len()];
                rows.push(Row { what, who: Who::Proximal, level: 0.0, value: 0.0, similarity: 0.0 });
                for level in levels {
                    let values: Vec<f64> =
                        (0..images.len()).map(|k| self.regulariser(&at(k, *level)).0).collect();
                    for k in 0..images.len() {
                        growing[k] &= values[k] > last[k];
                    }
                    let mean = values.iter().zip(&clean).map(|(value, clean)| value - clean.0).sum::<f64>()
                        / images.len() as f64;
                    rows.push(Row { what, who: Who::Proximal, level: *level, value: mean, similarity: 0.0 });
                    last = values;
                }
                if let Some(what) = grows {
                    let share =
                        growing.iter().filter(|growing| **growing).count() as f64 / images.len() as f64;
                    rows.push(Row { what, who: Who::Proximal, level: 0.0, value: share, similarity: 0.0 });
                }
            };
        // The same noise at every level.
        let noise: Vec<Vec<f64>> = images
            .iter()
            .map(|x| x.iter().map(|_| random.sample::<f64, _>(StandardNormal)).collect())
            .collect();
        follow(What::Noise, Some(What::NoiseGrows), &[0.05, 0.1, 0.2, 0.3], &mut |k, level| {
            images[k].iter().zip(&noise[k]).map(|(x, e)| (x + level * e).clamp(0.0, 1.0)).collect()
        });
        follow(What::Blur, Some(What::BlurGrows), &[0.5, 1.0, 2.0], &mut |k, level| {
            reflected_blur(&images[k], side, level)
        });
        follow(What::Blend, None, &[0.25, 0.5, 0.75, 1.0], &mut |k, level| {
            blend(&images[k], &images[images.len() - 1 - k], level)
        });
        let (mut decided, mut above, mut pairs) = (0, 0, 0);
        for k in 0..images.len() {
            let other = (k + 1) % images.len();
            let middle = self.regulariser(&blend(&images[k], &images[other], 0.5));
            let mean = (0.5 * (clean[k].0 + clean[other].0), 0.5 * (clean[k].1 + clean[other].1));
            pairs += 1;
            if middle.0 > mean.1 {
                decided += 1;
                above += 1;
            } else if middle.1 < mean.0 {
                decided += 1;
            }
        }
        let share = if decided > 0 { f64::from(above) / f64::from(decided) } else { 0.0 };
        for (what, value) in
            [(What::MiddleAbove, share), (What::Decided, f64::from(decided) / f64::from(pairs))]
        {
            rows.push(Row { what, who: Who::Proximal, level: 0.0, value, similarity: 0.0 });
        }
        Ok(rows)
    }

    fn reconstructed(
        &self,
        (test, validation): (ArrayView2<f64>, ArrayView2<f64>),
        side: usize,
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<Row>, Failure> {
        let n = side * side;
        let mut rows = Vec::new();
        for task in TASKS {
            let (operator, noise) = match task {
                What::Deblurred => (Operator::blur(side, 1.0)?, 0.02),
                What::DeblurredMore => (Operator::blur(side, 2.0)?, 0.04),
                What::Inpainted => {
                    let seen: Vec<usize> = (0..n).filter(|_| random.random_bool(0.5)).collect();
                    (Operator::mask(n, seen)?, 0.02)
                }
                _ => (Operator::circulant(n, n / 4, random)?, 0.001),
            };
            let mut observe = |images: ArrayView2<f64>| -> Vec<(LeastSquares, Vec<f64>)> {
                let one = |x: Vec<f64>, random: &mut ChaCha8Rng| {
                    let mut observed = operator.apply(&x);
                    observed.iter_mut().for_each(|b| *b += noise * random.sample::<f64, _>(StandardNormal));
                    (LeastSquares { operator: operator.clone(), observed, weight: 1.0 }, x)
                };
                images.rows().into_iter().map(|row| one(row.to_vec(), random)).collect()
            };
            let (choose, judge) = (observe(validation), observe(test));
            for who in
                [Who::Proximal, Who::Unconstrained, Who::GradientStep, Who::TotalVariation, Who::Wavelets]
            {
                let mean = |weight: f64, of: &[(LeastSquares, Vec<f64>)]| {
                    let (mut ratio, mut similarity, mut settled) = (0.0, 0.0, 0.0_f64);
                    for (h, truth) in of {
                        let (x, end) = self.reconstruct(who, h, side, weight);
                        // A run that left the numbers is no image.
                        let ours = signal_to_noise(&x, truth);
                        ratio += if ours.is_finite() { ours.max(-20.0) } else { -20.0 } / of.len() as f64;
                        similarity += structural_similarity(&x, truth, side) / of.len() as f64;
                        settled = settled.max(end);
                    }
                    (ratio, if f64::is_finite(similarity) { similarity } else { 0.0 }, settled)
                };
                let weights = weights(who);
                let scores = weights.map(|weight| mean(weight, &choose).0);
                let best = (0..4).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).ok_or("no weight")?;
                let (value, similarity, settled) = mean(weights[best], &judge);
                rows.push(Row { what: task, who, level: weights[best], value, similarity });
                if who == Who::Proximal {
                    rows.push(Row {
                        what: What::Settled,
                        who,
                        level: weights[best],
                        value: settled,
                        similarity: 0.0,
                    });
                }
            }
        }
        Ok(rows)
    }

    /// An image, and |z − x| of ADMM's last step over its first.
    fn reconstruct(&self, who: Who, h: &LeastSquares, side: usize, weight: f64) -> (Vec<f64>, f64) {
        let start = vec![0.0; side * side];
        let until = Until { steps: 60, change: 1e-9 };
        let trace = match who {
            Who::Proximal => douglas_rachford(&self.proximal, h, &start, weight, until),
            Who::GradientStep => douglas_rachford(&Unclipped(&self.gradient_step), h, &start, weight, until),
            Who::Unconstrained => douglas_rachford(&self.unconstrained, h, &start, weight, until),
            Who::TotalVariation => return (total_variation_reconstruction(h, side, weight, 1_500).x, 0.0),
            Who::Wavelets | Who::Data => return (wavelet_reconstruction(h, side, weight, 1_000).x, 0.0),
        };
        let (first, last) = (trace.entries[0].change, trace.entries[trace.entries.len() - 1].change);
        (trace.x, last / first)
    }
}

/// Four each.
fn weights(who: Who) -> [f64; 4] {
    match who {
        Who::TotalVariation | Who::Wavelets => [3e-4, 3e-3, 3e-2, 0.3],
        _ => [0.003, 0.03, 0.3, 3.0],
    }
}

/// The least advantage of f(y) as a proximal point of y over outputs at data nearby, relative to 1 + the objective: 60 pairs an image at twenty distances.
fn advantage(network: &ProximalNetwork, y: &[f64], random: &mut ChaCha8Rng) -> f64 {
    let n = network.inputs();
    let mut work = Work::default();
    let mut least = f64::INFINITY;
    for y in y.chunks_exact(n) {
        let mut rows = y.to_vec();
        for k in 0..60 {
            // From 10⁻⁶ to 1 in length.
            let length = 10.0_f64.powf(-6.0 + 6.0 * f64::from(k % 20) / 19.0);
            let direction: Vec<f64> = (0..n).map(|_| random.sample(StandardNormal)).collect();
            let size = direction.iter().map(|d: &f64| d * d).sum::<f64>().sqrt();
            rows.extend(y.iter().zip(&direction).map(|(y, d)| y + length / size * d));
        }
        let pass = network.potential_and_prox(&rows, &mut work);
        let values = network.regulariser_at_output(&rows, &pass);
        let objective = |k: usize| {
            let f = &pass.prox[k * n..(k + 1) * n];
            values[k] + 0.5 * f.iter().zip(y).map(|(f, y)| (f - y) * (f - y)).sum::<f64>()
        };
        let own = objective(0);
        for k in 1..values.len() {
            least = least.min((objective(k) - own) / (1.0 + own.abs()));
        }
    }
    least
}

fn blend(x: &[f64], other: &[f64], share: f64) -> Vec<f64> {
    x.iter().zip(other).map(|(x, other)| (1.0 - share) * x + share * other).collect()
}

/// Normal blur with ends that reflect.
fn reflected_blur(x: &[f64], side: usize, width: f64) -> Vec<f64> {
    let reach = (4.0 * width).ceil() as isize;
    let weights: Vec<f64> =
        (-reach..=reach).map(|k| (-(k * k) as f64 / (2.0 * width * width)).exp()).collect();
    let total: f64 = weights.iter().sum();
    let reflect = |k: isize| {
        let period = 2 * side as isize;
        let k = k.rem_euclid(period);
        (if k < side as isize { k } else { period - 1 - k }) as usize
    };
    let along = |x: &[f64], row: bool| -> Vec<f64> {
        (0..side * side)
            .map(|place| {
                let (i, j) = (place / side, place % side);
                let taps = (-reach..=reach).zip(&weights).map(|(k, weight)| {
                    let at = if row {
                        i * side + reflect(j as isize + k)
                    } else {
                        reflect(i as isize + k) * side + j
                    };
                    weight / total * x[at]
                });
                taps.sum()
            })
            .collect()
    };
    along(&along(x, true), false)
}
