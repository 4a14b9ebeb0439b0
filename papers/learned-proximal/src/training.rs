//! Training: losses, stages, samples with fresh noise, and populations whose noise is integrated out.

use std::ops::Range;

use ndarray::{Array1, ArrayView2, ArrayViewMut1, Ix1};
use networks::Adam;
use rand::Rng;
use rand_distr::StandardNormal;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::network::{ProximalNetwork, Work};
use crate::prior::Prior;

/// A loss of an output f against what it should be, x.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// |f − x|²: its minimiser is the posterior mean.
    Squared,
    /// Σ |fᵢ − xᵢ|: posterior medians, coordinate by coordinate.
    Absolute,
    /// 1 − exp(−|f − x|²/γ²), |·| over all coordinates: proximal matching. Its minimiser is the mode of the posterior smoothed by normal noise of variance γ²/2.
    Matching {
        /// γ > 0.
        gamma: f64,
    },
}

impl Loss {
    /// The mean over `batch` rows, of which these are some, and its derivative by f into `c`.
    pub fn slope(self, f: &[f64], x: &[f64], n: usize, batch: usize, c: &mut [f64]) -> f64 {
        let share = 1.0 / batch as f64;
        let mut sum = 0.0;
        for ((f, x), c) in f.chunks_exact(n).zip(x.chunks_exact(n)).zip(c.chunks_exact_mut(n)) {
            let squared = || f.iter().zip(x).map(|(f, x)| (f - x) * (f - x)).sum::<f64>();
            let (value, factor) = match self {
                Self::Squared => (squared(), 2.0 * share),
                Self::Absolute => {
                    for ((c, f), x) in c.iter_mut().zip(f).zip(x) {
                        *c = share * if f == x { 0.0 } else { (f - x).signum() };
                    }
                    sum += f.iter().zip(x).map(|(f, x)| (f - x).abs()).sum::<f64>();
                    continue;
                }
                Self::Matching { gamma } => {
                    let exponent = squared() / (gamma * gamma);
                    (-(-exponent).exp_m1(), 2.0 * share * (-exponent).exp() / (gamma * gamma))
                }
            };
            sum += value;
            c.iter_mut().zip(f).zip(x).for_each(|((c, f), x)| *c = factor * (f - x));
        }
        sum * share
    }

    /// The mean over all rows and its derivative.
    pub fn value_and_slope(self, f: &[f64], x: &[f64], n: usize) -> (f64, Vec<f64>) {
        let mut c = vec![0.0; f.len()];
        let value = self.slope(f, x, n, f.len() / n, &mut c);
        (value, c)
    }
}

/// Steps of Adam with one loss and rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// What is minimised.
    pub loss: Loss,
    /// Steps.
    pub steps: usize,
    /// Adam's rate.
    pub rate: f64,
}

/// Why a training ended without a network.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "training diverged: a loss or parameter is not finite after step {step} of stage {stage} (lower the rate)"
)]
pub struct Diverged {
    /// Counted from 1.
    pub stage: usize,
    /// Counted from 1.
    pub step: usize,
}

/// Settings of a training on samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Standard deviation of the noise.
    pub sigma: f64,
    /// Rows of a step.
    pub batch: usize,
    /// Whether convex maps are cut at 0 after each step; without, the network is a gradient but no proximal operator.
    pub convex: bool,
}

/// A gradient summed over chunks of rows, in parallel and in order: the same bits on any number of threads. `slope` writes the derivative of the loss by f of some rows and gives their part of the loss.
pub fn loss_gradient(
    network: &ProximalNetwork,
    y: &[f64],
    works: &mut Vec<Work>,
    slope: &(impl Fn(Range<usize>, &[f64], &mut [f64]) -> f64 + Sync),
) -> (f64, Vec<f64>) {
    let n = network.inputs();
    let widest = network.layers().iter().map(|layer| layer.input.outputs()).max().unwrap_or(1);
    // Thirty-two parts at most, whose gradients are kept until they are summed.
    let rows = (16_384 / widest.max(1)).max(1).max((y.len() / n).div_ceil(32));
    let chunks = y.len().div_ceil(n * rows);
    works.resize_with(works.len().max(chunks), Work::default);
    let parts: Vec<(f64, Vec<f64>)> = y
        .par_chunks(n * rows)
        .zip(works.par_iter_mut())
        .enumerate()
        .map(|(chunk, (y, work))| {
            let pass = network.potential_and_prox(y, work);
            let mut c = vec![0.0; y.len()];
            let start = chunk * rows;
            let value = slope(start..start + y.len() / n, &pass.prox, &mut c);
            (value, network.pullback(y, &c, work).gradient)
        })
        .collect();
    let mut parts = parts.into_iter();
    let (mut value, mut gradient) =
        parts.next().unwrap_or_else(|| (0.0, vec![0.0; network.parameters.len()]));
    for (part, of_part) in parts {
        value += part;
        gradient.iter_mut().zip(of_part).for_each(|(sum, g)| *sum += g);
    }
    (value, gradient)
}

/// Trains on rows of data with fresh normal noise in each step; gives the loss of each step.
///
/// # Errors
/// As soon as a loss or a parameter is not finite.
pub fn train(
    network: &mut ProximalNetwork,
    data: ArrayView2<f64>,
    sampling: &Sampling,
    stages: &[Stage],
    random: &mut impl Rng,
) -> Result<Vec<f64>, Diverged> {
    let n = network.inputs();
    let draw = |x: &mut Vec<f64>, y: &mut Vec<f64>| {
        x.clear();
        for _ in 0..sampling.batch {
            x.extend(data.row(random.random_range(0..data.nrows())));
        }
        y.clear();
        y.extend(x.iter().map(|x| x + sampling.sigma * random.sample::<f64, _>(StandardNormal)));
    };
    train_on(network, n, sampling, stages, draw)
}

/// Trains on pairs (x, y) that `draw` fills in each step, rows of n numbers.
///
/// # Errors
/// As soon as a loss or a parameter is not finite.
pub fn train_on(
    network: &mut ProximalNetwork,
    n: usize,
    sampling: &Sampling,
    stages: &[Stage],
    mut draw: impl FnMut(&mut Vec<f64>, &mut Vec<f64>),
) -> Result<Vec<f64>, Diverged> {
    let (mut x, mut y, mut works) = (Vec::new(), Vec::new(), Vec::new());
    steps(network, stages, sampling.convex, |network, stage| {
        draw(&mut x, &mut y);
        let batch = x.len() / n;
        loss_gradient(network, &y, &mut works, &|rows, f, c| {
            stage.loss.slope(f, &x[rows.start * n..rows.end * n], n, batch, c)
        })
    })
}

/// Trains on a population of one dimension: nodes y with weights, the noise integrated out by the prior's conditional gradients.
///
/// # Errors
/// As soon as a loss or a parameter is not finite.
pub fn train_on_population(
    network: &mut ProximalNetwork,
    prior: &dyn Prior,
    sigma: f64,
    (nodes, weights): (&[f64], &[f64]),
    stages: &[Stage],
) -> Result<Vec<f64>, Diverged> {
    let mut works = Vec::new();
    steps(network, stages, true, |network, stage| {
        loss_gradient(network, nodes, &mut works, &|rows, f, c| {
            for ((c, f), place) in c.iter_mut().zip(f).zip(rows) {
                *c = weights[place] * conditional_slope(prior, sigma, stage.loss, nodes[place], *f);
            }
            // The loss's value is not needed for its descent.
            c.iter().map(|c| c * c).sum::<f64>()
        })
    })
}

/// The derivative by f of the expected loss given y.
pub fn conditional_slope(prior: &dyn Prior, sigma: f64, loss: Loss, y: f64, f: f64) -> f64 {
    match loss {
        Loss::Squared => 2.0 * (f - prior.mmse(y, sigma)),
        Loss::Absolute => 2.0 * prior.posterior_below(y, sigma, f).unwrap_or(f64::NAN) - 1.0,
        Loss::Matching { gamma } => {
            let tau = crate::prior::smoothing(sigma, gamma);
            let m = tau * tau * (y / (sigma * sigma) + 2.0 * f / (gamma * gamma));
            let smoothed = prior.smoothed(m, tau);
            // ln E[exp(−(f − x)²/γ²) | y].
            let spread = sigma * sigma + 0.5 * gamma * gamma;
            let log = 0.5 * (0.5 * gamma * gamma / spread).ln() - (y - f) * (y - f) / (2.0 * spread)
                + smoothed.log
                - prior.smoothed(y, sigma).log;
            2.0 / (gamma * gamma) * (f - m - tau * tau * smoothed.slope) * log.exp()
        }
    }
}

fn steps(
    network: &mut ProximalNetwork,
    stages: &[Stage],
    convex: bool,
    mut gradient: impl FnMut(&ProximalNetwork, &Stage) -> (f64, Vec<f64>),
) -> Result<Vec<f64>, Diverged> {
    let mut losses = Vec::new();
    for (number, stage) in stages.iter().enumerate() {
        let mut adam: Adam<f64, Ix1> = Adam::new(Ix1(network.parameters.len()), 1e-8);
        for step in 1..=stage.steps {
            let (value, slope) = gradient(network, stage);
            if !value.is_finite() || slope.iter().any(|g| !g.is_finite()) {
                return Err(Diverged { stage: number + 1, step });
            }
            losses.push(value);
            adam.step(ArrayViewMut1::from(&mut network.parameters), &Array1::from(slope), stage.rate);
            if convex {
                network.clip();
            }
        }
    }
    Ok(losses)
}
