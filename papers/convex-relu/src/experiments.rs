//! Experiments on exact optima, training by descent, sampled patterns and neurons, ADMM, robust training, and a family that sampling fails on.

use ndarray::{Array1, Array2};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::network::{Network, Neuron};
use crate::patterns::normal;
use crate::problem::{Loss, Problem, ProblemError};

pub mod descents;
pub mod exact;
pub mod hard;
pub mod iterations;
pub mod neurons;
pub mod perturbed;
pub mod sampling;
pub mod steps;

pub use descents::Descents;
pub use exact::Exact;
pub use hard::Hard;
pub use iterations::Iterations;
pub use neurons::Neurons;
pub use perturbed::Perturbed;
pub use sampling::Sampling;
pub use steps::Steps;

/// Data that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Data {
    /// Normal inputs and targets.
    Gauss,
    /// Normal inputs with a column of ones, normal targets.
    Bias,
    /// Normal inputs, targets of four neurons with noise of 0.1.
    Teacher,
}

/// Inputs of n rows and d columns, the last of ones with a bias, and targets for a loss.
fn drawn(
    data: Data,
    (n, d): (usize, usize),
    loss: Loss,
    random: &mut ChaCha8Rng,
) -> (Array2<f64>, Array1<f64>) {
    let mut x = Array2::zeros((n, d));
    x.outer_iter_mut().for_each(|mut row| row.assign(&normal(d, random)));
    if data == Data::Bias {
        x.column_mut(d - 1).fill(1.0);
    }
    let mut y = match data {
        Data::Teacher => {
            let neurons =
                (0..4).map(|k| Neuron { sign: if k % 2 == 0 { 1.0 } else { -1.0 }, z: normal(d, random) });
            let teacher = Network { neurons: neurons.collect() };
            teacher.predict(x.view()) + &(normal(n, random) * 0.1)
        }
        _ => normal(n, random),
    };
    if loss != Loss::Squared {
        y.mapv_inplace(|y| if y > 0.0 { 1.0 } else { -1.0 });
        // Both classes are there.
        y[0] = 1.0;
        y[1] = -1.0;
    }
    (x, y)
}

fn problem(
    data: Data,
    shape: (usize, usize),
    loss: Loss,
    beta: f64,
    random: &mut ChaCha8Rng,
) -> Result<Problem, ProblemError> {
    let (x, y) = drawn(data, shape, loss, random);
    Problem::new(x.view(), y.view(), loss, beta)
}

/// n orthonormal rows of n + 10 columns, and targets.
fn orthonormal(n: usize, beta: f64, random: &mut ChaCha8Rng) -> Result<(Problem, f64), ProblemError> {
    let mut x = Array2::zeros((n, n + 10));
    for row in 0..n {
        let mut next = normal(n + 10, random);
        for _ in 0..2 {
            for earlier in 0..row {
                let along = x.row(earlier).dot(&next);
                next.scaled_add(-along, &x.row(earlier));
            }
        }
        let length = next.dot(&next).sqrt();
        x.row_mut(row).assign(&(next / length));
    }
    let y = normal(n, random);
    let part = |side: f64| {
        let t = y.iter().map(|y| (side * y).max(0.0).powi(2)).sum::<f64>().sqrt();
        if t > beta { beta * t - 0.5 * beta * beta } else { 0.5 * t * t }
    };
    let optimum = part(1.0) + part(-1.0);
    Ok((Problem::new(x.view(), y.view(), Loss::Squared, beta)?, optimum))
}

/// Two half moons with noise, a column of ones behind them, and labels.
fn moons(n: usize, noise: f64, random: &mut ChaCha8Rng) -> (Array2<f64>, Array1<f64>) {
    let mut x = Array2::ones((n, 3));
    let mut y = Array1::zeros(n);
    for row in 0..n {
        let angle = random.random_range(0.0..std::f64::consts::PI);
        let side = if row % 2 == 0 { 1.0 } else { -1.0 };
        let shift = normal(2, random) * noise;
        x[(row, 0)] = side * angle.cos() + if side > 0.0 { 0.0 } else { 1.0 } + shift[0] - 0.5;
        x[(row, 1)] = side * angle.sin() + if side > 0.0 { 0.0 } else { 0.5 } + shift[1] - 0.25;
        y[row] = side;
    }
    (x, y)
}

type Labelled = (Array2<f64>, Array1<f64>);

/// Pen strokes of two classes, pooled to 7 × 7 pixels with a column of ones behind: 200 for training and 1,000 others.
fn strokes(random: &mut ChaCha8Rng) -> (Labelled, Labelled) {
    const SIDE: usize = 28;
    let images = digits::strokes(6_000, 0.12, random);
    let kept: Vec<usize> = (0..images.nrows()).filter(|image| image % 10 < 2).collect();
    let of = |images: &[usize], all: &Array2<f64>| -> Labelled {
        let x = Array2::from_shape_fn((images.len(), 50), |(row, pixel)| {
            if pixel == 49 {
                return 1.0;
            }
            let (top, left) = (4 * (pixel / 7), 4 * (pixel % 7));
            let inside = (0..16).map(|k| all[(images[row], (top + k / 4) * SIDE + left + k % 4)]);
            inside.sum::<f64>() / 16.0
        });
        let y = images.iter().map(|image| if image % 10 == 0 { 1.0 } else { -1.0 }).collect();
        (x, y)
    };
    (of(&kept[..200], &images), of(&kept[200..], &images))
}
