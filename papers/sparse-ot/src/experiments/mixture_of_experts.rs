//! `mixture-of-experts`: small models trained with different routers.

use lab::{Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array2, ArrayView2, Axis, s};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::bars::bars_by_router;
use crate::mixture::{Mixture, Shape};
use crate::router::{Adam, ROUTERS, Router, capacity};

/// Test accuracy of small mixtures of experts on generated digit-like images.
pub struct MixtureOfExperts;

/// A cell: one router, one capacity factor, one replicate of data and starting weights.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Who routes, in training and in testing.
    pub router: Router,
    /// Slots of all experts per token.
    pub capacity_factor: f64,
    /// Steps of ADAM.
    pub steps: usize,
    /// Which data and starting weights; all routers see the same.
    pub replicate: u32,
}

/// A trained model. Training amplifies the last bits: accuracies on another processor may differ by a few images.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Share of 512 test images classified rightly.
    #[column(within = 0.1)]
    pub accuracy: f64,
    /// Mean cross-entropy of the last ten batches.
    #[column(within = 0.5)]
    pub training_loss: f64,
    /// Share of test tokens with an expert.
    #[column(within = 0.1)]
    pub covered: f64,
}

const SHAPE: Shape = Shape { tokens: 16, inputs: 4, width: 16, hidden: 32, experts: 8, classes: 10 };
const SIDE: usize = 8;
const TRAINING: usize = 1024;
const TESTING: usize = 512;
const BATCH: usize = 64;
const RATE: f64 = 0.01;

#[derive(Serialize)]
struct Replicate {
    replicate: u32,
}

/// Images, one a row of `SIDE`² numbers, with their classes.
struct Images {
    pixels: Array2<f64>,
    labels: Vec<usize>,
}

impl Experiment for MixtureOfExperts {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "mixture-of-experts";
    const TITLE: &'static str = "Small trained mixtures of experts";
    const QUESTION: &'static str = "Does the router matter for accuracy? Mixtures of 8 experts learn to classify generated 8 × 8 images of ten classes, cut \
         into 16 tokens; data and starting weights are paired across routers. A token without an expert passes unchanged.";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (steps, replicates, factors): (usize, u32, &[f64]) = match profile {
            Profile::Smoke => (5, 2, &[1.0]),
            Profile::Quick => (150, 10, &[0.5, 1.0]),
            Profile::Full => (600, 20, &[0.25, 0.5, 1.0, 2.0]),
        };
        let mut cells = Vec::new();
        for replicate in 0..replicates {
            for &capacity_factor in factors {
                cells.extend(ROUTERS.iter().map(|(router, _)| Parameters {
                    router: *router,
                    capacity_factor,
                    steps,
                    replicate,
                }));
            }
        }
        cells
    }

    fn measure(&self, parameters: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let key = Replicate { replicate: parameters.replicate };
        let (training, testing) = images(&mut random.shared_stream("images", &key)?);
        let mut model = Mixture::new(SHAPE, &mut random.shared_stream("weights", &key)?);
        let mut order: Vec<usize> = (0..TRAINING).collect();
        let mut shuffle = random.shared_stream("order", &key)?;
        let slots = capacity(BATCH * SHAPE.tokens, SHAPE.experts, parameters.capacity_factor);
        let mut adam = Adam::new(model.parameters.len(), RATE);
        let mut gradient = vec![0.0; model.parameters.len()];
        let mut losses = Vec::with_capacity(parameters.steps);
        for step in 0..parameters.steps {
            let start = step * BATCH % TRAINING;
            if start == 0 {
                order.shuffle(&mut shuffle);
            }
            let batch = &order[start..start + BATCH];
            let tokens = tokens(training.pixels.select(Axis(0), batch).view());
            let labels: Vec<usize> = batch.iter().map(|image| training.labels[*image]).collect();
            let forward = model.embed(tokens.view());
            let assignment = parameters.router.route(forward.logits(), slots)?;
            losses.push(model.loss(tokens.view(), &labels, &forward, &assignment, &mut gradient));
            gradient.iter_mut().for_each(|slope| *slope = -*slope);
            adam.ascend(&mut model.parameters, &gradient);
        }
        let last = &losses[losses.len().saturating_sub(10)..];
        let training_loss = last.iter().sum::<f64>() / last.len() as f64;
        if !training_loss.is_finite() {
            return Ok(Outcome::Diverged(format!("training loss {training_loss}")));
        }
        let (accuracy, covered) = test(&model, parameters.router, slots, &testing)?;
        Ok(Outcome::Done(vec![Row { accuracy, training_loss, covered }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let values =
            table.rows().map(|(cell, row)| (cell.router, cell.capacity_factor, 100.0 * row.accuracy));
        let (chart, all) =
            bars_by_router(table, &values.collect::<Vec<_>>(), "capacity factor", "test accuracy, %");
        let figure = Figure::new("Accuracy by router")
            .subtitle("mean over data and starting weights, 95 % bootstrap interval")
            .panel(chart);
        report.figure(
            "accuracy",
            "Test accuracy of small models trained with each router. This says nothing about the paper's vision models; it shows \
             what the routers do at a size anyone can run.",
            "Bars of the test accuracy for each of five routers, by capacity factor, with error bars.",
            &figure,
        )?;
        report.records(
            "means",
            "Means over replicates with their 95 % bootstrap intervals; `at` is the capacity factor.",
            &all,
        )
    }
}

/// Accuracy and share of tokens with an expert on the test images, routed in batches as in training.
fn test(model: &Mixture, router: Router, slots: usize, testing: &Images) -> Result<(f64, f64), Failure> {
    let (mut right, mut covered) = (0, 0.0);
    for start in (0..TESTING).step_by(BATCH) {
        let tokens = tokens(testing.pixels.slice(s![start..start + BATCH, ..]));
        let forward = model.embed(tokens.view());
        let assignment = router.route(forward.logits(), slots)?;
        covered += assignment.usage(forward.logits().view()).covered;
        let scores = model.classify(&forward, &assignment);
        for (row, label) in scores.rows().into_iter().zip(&testing.labels[start..]) {
            let best = (0..row.len()).reduce(|best, class| if row[class] > row[best] { class } else { best });
            right += usize::from(best == Some(*label));
        }
    }
    Ok((right as f64 / TESTING as f64, covered / (TESTING / BATCH) as f64))
}

/// Cuts images into tokens of 2 × 2 pixels: a row for each token of each image.
fn tokens(pixels: ArrayView2<'_, f64>) -> Array2<f64> {
    let across = SIDE / 2;
    Array2::from_shape_fn((pixels.nrows() * SHAPE.tokens, SHAPE.inputs), |(row, index)| {
        let (image, token) = (row / SHAPE.tokens, row % SHAPE.tokens);
        let (y, x) = (2 * (token / across) + index / 2, 2 * (token % across) + index % 2);
        pixels[(image, y * SIDE + x)]
    })
}

/// Training and test images of ten classes. A class is three strokes; an image draws them shifted by up to
/// one pixel, each fainter or bolder, with noise.
fn images(random: &mut impl Rng) -> (Images, Images) {
    let end = |random: &mut dyn rand::RngCore| [random.random_range(1.0..7.0), random.random_range(1.0..7.0)];
    let classes: Vec<[[[f64; 2]; 2]; 3]> =
        (0..SHAPE.classes).map(|_| std::array::from_fn(|_| [end(random), end(random)])).collect();
    let draw = |count: usize, random: &mut dyn rand::RngCore| {
        let mut pixels = Array2::zeros((count, SIDE * SIDE));
        let mut labels = Vec::with_capacity(count);
        for mut row in pixels.rows_mut() {
            let label = random.random_range(0..SHAPE.classes);
            labels.push(label);
            let shift = [random.random_range(-1.0..1.0), random.random_range(-1.0..1.0)];
            let strengths: [f64; 3] = std::array::from_fn(|_| random.random_range(0.6..1.4));
            for (index, pixel) in row.iter_mut().enumerate() {
                let at = [(index / SIDE) as f64 + shift[0], (index % SIDE) as f64 + shift[1]];
                let strokes = classes[label].iter().zip(strengths);
                let ink: f64 =
                    strokes.map(|(stroke, strength)| strength * (-distance_squared(stroke, at)).exp()).sum();
                let noise: f64 = StandardNormal.sample(random);
                *pixel = ink + 0.3 * noise;
            }
        }
        Images { pixels, labels }
    };
    (draw(TRAINING, random), draw(TESTING, random))
}

/// Squared distance of a point from a line segment.
fn distance_squared([from, to]: &[[f64; 2]; 2], at: [f64; 2]) -> f64 {
    let along = [to[0] - from[0], to[1] - from[1]];
    let offset = [at[0] - from[0], at[1] - from[1]];
    let length = along[0] * along[0] + along[1] * along[1];
    let part = if length > 0.0 {
        ((offset[0] * along[0] + offset[1] * along[1]) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (offset[0] - part * along[0]).powi(2) + (offset[1] - part * along[1]).powi(2)
}
