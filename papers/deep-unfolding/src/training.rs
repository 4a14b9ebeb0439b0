//! Training layer by layer: a network of depth 1, then 2, up to T, each from the one before with one more layer at the plain step.
//!
//! Adam moves the logarithms of steps and thresholds, which keeps them positive and makes its rate a relative one. Moments start anew with each depth, and all layers stay trainable. Gradients of deep networks can blow up on a single batch: such a batch is left out, and the last good numbers
//! are taken up again.

use ndarray::{Array1, Array2, Ix1};
use networks::Adam;
use serde::{Deserialize, Serialize};

use crate::gradient::{HardGradient, Target, gradient};
use crate::network::Network;
use crate::problem::{Penalty, Problem};

/// Samples to learn from.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Signals in rows, where they are known.
    pub xs: Option<Array2<f64>>,
    /// Measurements in rows.
    pub ys: Array2<f64>,
}

/// Where batches come from.
pub trait Signals {
    /// A batch of so many samples.
    fn draw(&mut self, size: usize) -> Batch;
}

/// Which loss is minimised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// The squared distance from the true signal.
    Supervised,
    /// The objective, from measurements alone.
    Unsupervised,
}

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Training {
    /// Soft or hard thresholding.
    pub penalty: Penalty,
    /// λ > 0.
    pub weight: f64,
    /// The loss.
    pub loss: Loss,
    /// Whether thresholds are trained too.
    pub free: bool,
    /// For hard thresholding.
    pub hard: HardGradient,
    /// T ≥ 1.
    pub depth: usize,
    /// Adam's steps for each depth.
    pub steps: usize,
    /// Samples of a step.
    pub batch: usize,
    /// Adam's rate on logarithms.
    pub rate: f64,
    /// Depth by depth; otherwise the whole network at once, from plain steps, with T times as many steps.
    pub incremental: bool,
}

impl Training {
    /// The defaults for a penalty and weight: 14 layers, tied, 40 steps of 0.03 on batches of 64 for each depth, depth by depth.
    pub fn new(penalty: Penalty, weight: f64, loss: Loss) -> Self {
        let hard = HardGradient::AlmostEverywhere;
        Self {
            penalty,
            weight,
            loss,
            free: false,
            hard,
            depth: 14,
            steps: 40,
            batch: 64,
            rate: 0.03,
            incremental: true,
        }
    }
}

/// A trained network.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The network.
    pub network: Network,
    /// The mean loss over the steps of each depth, without batches left out.
    pub losses: Vec<f64>,
    /// Batches left out because loss or gradient was not finite.
    pub left_out: usize,
}

/// Why training ended early.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrainingError {
    /// Supervised training without signals.
    #[error("supervised training needs signals beside the measurements")]
    NoSignals,
    /// Depth, steps, batch, rate or weight.
    #[error("training needs a depth, steps, a batch, a rate and a weight above zero")]
    Options,
    /// Many batches one after the other.
    #[error(
        "at depth {depth}, {batches} batches in a row gave a loss or gradient that is not finite: scale the data, or lower the rate"
    )]
    Diverged {
        /// The depth.
        depth: usize,
        /// How many.
        batches: usize,
    },
}

/// So many batches in a row may be left out.
const PATIENCE: usize = 20;

/// Trains a network. `observe` is called after each depth with the network so far. Cost: T(T + 1)/2 layers for each sample of a depth's steps, each at that of [`gradient`].
///
/// # Errors
/// For settings that are not positive, missing signals, and batches that are not finite time and again.
///
/// # Panics
/// If batches have other shapes than A.
pub fn train(
    problem: &Problem,
    training: &Training,
    source: &mut dyn Signals,
    mut observe: impl FnMut(&Network),
) -> Result<Trained, TrainingError> {
    let Training { penalty, weight, depth, steps, batch, rate, .. } = *training;
    let positive = depth > 0 && steps > 0 && batch > 0;
    if !(positive && rate > 0.0 && rate.is_finite() && weight > 0.0 && weight.is_finite()) {
        return Err(TrainingError::Options);
    }
    let plain = problem.plain_step();
    let layer = [plain.ln(), penalty.threshold(weight, plain).ln()];
    let (stages, steps) =
        if training.incremental { ((1..=depth).collect(), steps) } else { (vec![depth], steps * depth) };
    // Logarithms of all steps, then of all thresholds where they are free.
    let mut logs: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    let network_of = |logs: &[Vec<f64>; 2]| Network {
        penalty,
        weight,
        steps: logs[0].iter().map(|log| log.exp()).collect(),
        thresholds: training.free.then(|| logs[1].iter().map(|log| log.exp()).collect()),
    };
    // Adam forgets scales but for its floor: losses in units of that of zero signals make that one relative too.
    let mut unit = None;
    let mut trained =
        Trained { network: Network::plain(penalty, weight, plain, 1), losses: Vec::new(), left_out: 0 };
    let mut bad = 0;
    for depth in stages {
        logs[0].resize(depth, layer[0]);
        logs[1].resize(depth, layer[1]);
        let mut values = Array1::from(if training.free { logs.concat() } else { logs[0].clone() });
        let mut adam = Adam::<f64, Ix1>::new(values.raw_dim(), 1e-12);
        let mut good = values.clone();
        let (mut sum, mut counted) = (0.0, 0);
        for _ in 0..steps {
            let drawn = source.draw(batch);
            let target = match (training.loss, &drawn.xs) {
                (Loss::Unsupervised, _) => Target::Objective,
                (Loss::Supervised, Some(xs)) => Target::Signals(xs.view()),
                (Loss::Supervised, None) => return Err(TrainingError::NoSignals),
            };
            let network = network_of(&split(&values, depth));
            let found = gradient(&network, problem, drawn.ys.view(), target, training.hard);
            let parameters = network.steps.iter().chain(network.thresholds.iter().flatten());
            let slopes = found.steps.iter().chain(found.thresholds.iter().flatten());
            let slope: Array1<f64> = slopes.zip(parameters).map(|(slope, value)| slope * value).collect();
            let unit = *unit.get_or_insert_with(|| loss_at_zero(&drawn, target));
            let slope = slope / unit;
            if !found.loss.is_finite() || slope.iter().any(|entry| !entry.is_finite()) {
                trained.left_out += 1;
                bad += 1;
                if bad == PATIENCE {
                    return Err(TrainingError::Diverged { depth, batches: PATIENCE });
                }
                values.assign(&good);
                adam = Adam::new(values.raw_dim(), 1e-12);
                continue;
            }
            bad = 0;
            sum += found.loss;
            counted += 1;
            good.assign(&values);
            adam.step(values.view_mut(), &slope, rate);
        }
        if counted == 0 {
            return Err(TrainingError::Diverged { depth, batches: bad });
        }
        trained.losses.push(sum / f64::from(counted));
        // The last step has met no batch yet.
        if network_of(&split(&values, depth)).check().is_err() {
            values.assign(&good);
        }
        logs = split(&values, depth);
        trained.network = network_of(&logs);
        observe(&trained.network);
    }
    Ok(trained)
}

/// The loss of zero signals, or 1 if that is no unit.
fn loss_at_zero(batch: &Batch, target: Target) -> f64 {
    let square = |values: &Array2<f64>| values.iter().map(|v| v * v).sum::<f64>() / values.nrows() as f64;
    let loss = match target {
        Target::Objective => 0.5 * square(&batch.ys),
        Target::Signals(_) => batch.xs.as_ref().map_or(1.0, square),
    };
    if loss.is_normal() { loss } else { 1.0 }
}

/// Logarithms of steps and of thresholds; the latter empty where they are tied.
fn split(values: &Array1<f64>, depth: usize) -> [Vec<f64>; 2] {
    let values = values.to_vec();
    [values[..depth].to_vec(), values[depth..].to_vec()]
}
