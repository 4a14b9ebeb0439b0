//! Training, with or without quantisers in the loop.
//!
//! Quantisation-aware training runs the forward pass with quantised weights and activations and lets derivatives pass the rounding as if it were not there (the straight-through
//! estimator), except where values were clipped. Adam (Kingma and Ba 2015) updates the underlying real weights.

mod quantisers;

use ndarray::{Array2, ArrayView2, Axis};
use rand::seq::SliceRandom;

use crate::Error;
use networks::Adam;
use networks::softmax;

use crate::network::Network;
use quantisers::Quantisers;
pub use quantisers::{ActivationTraining, QuantisedNetwork, WeightTraining};

/// How to train.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// Passes over the data.
    pub epochs: usize,
    /// Rows of a batch.
    pub batch: usize,
    /// Adam's rate; it falls along half a cosine.
    pub rate: f32,
    /// Seed of the order of rows.
    pub seed: u64,
    /// What weights go through.
    pub weights: WeightTraining,
    /// What activations go through.
    pub activations: ActivationTraining,
    /// A network whose outputs are imitated.
    pub teacher: Option<Teacher<'a>>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            epochs: 10,
            batch: 100,
            rate: 2e-3,
            seed: 0,
            weights: WeightTraining::None,
            activations: ActivationTraining::None,
            teacher: None,
        }
    }
}

/// Knowledge distillation (Hinton and others 2015): the loss is (1 − share) · cross-entropy + share · T² · KL(teacher ‖ student) of softened outputs.
#[derive(Clone, Copy, Debug)]
pub struct Teacher<'a> {
    /// The network to imitate.
    pub network: &'a Network,
    /// Its share of the loss, from 0 to 1.
    pub share: f32,
    /// T > 0.
    pub temperature: f32,
}

/// Trains in place and returns the network with its quantisers applied.
///
/// # Errors
/// Data and labels of different lengths, labels beyond the outputs, settings out of range, a loss that is not finite.
pub fn train(
    network: &mut Network,
    data: ArrayView2<f32>,
    labels: &[usize],
    options: &Options,
) -> Result<QuantisedNetwork, Error> {
    check(network, data, labels, options)?;
    let mut quantisers = Quantisers::new(network, options.weights, options.activations)?;
    let mut order: Vec<usize> = (0..data.nrows()).collect();
    let mut random = numerics::random::stream(options.seed, &["quantization", "batches"]);
    let mut moments: Vec<_> = network
        .layers
        .iter()
        .map(|layer| (Adam::new(layer.weights.raw_dim(), 1e-8), Adam::new(layer.biases.raw_dim(), 1e-8)))
        .collect();
    let steps = options.epochs * data.nrows().div_ceil(options.batch);
    let mut step = 0;
    for _ in 0..options.epochs {
        order.shuffle(&mut random);
        for rows in order.chunks(options.batch) {
            step += 1;
            let inputs = data.select(Axis(0), rows);
            let targets: Vec<usize> = rows.iter().map(|row| labels[*row]).collect();
            let rate =
                0.5 * options.rate * (1.0 + (std::f32::consts::PI * (step - 1) as f32 / steps as f32).cos());

            let quantised = quantisers.apply(network);
            let pass = quantised.pass(inputs.view(), |l, values| quantisers.activate(l, values))?;
            if pass.logits.iter().any(|z| !z.is_finite()) {
                return Err(Error::Diverged { step });
            }
            let by_logits = derivative(&pass.logits, &targets, options.teacher, &inputs)?;
            let mut by_scales = vec![0.0; network.layers.len()];
            let gradients = quantised.backward(&pass, by_logits, |l, delta| {
                let (delta, by_scale) = quantisers.through_activation(l, &pass.inputs[l], delta);
                by_scales[l] = by_scale;
                delta
            });
            for (l, layer) in network.layers.iter_mut().enumerate() {
                let by_weights =
                    quantisers.through_weights(l, &layer.weights, gradients.weights[l].clone(), rate);
                let (of_weights, of_biases) = &mut moments[l];
                of_weights.step(layer.weights.view_mut(), &by_weights, rate);
                of_biases.step(layer.biases.view_mut(), &gradients.biases[l], rate);
            }
            quantisers.update_activations(&by_scales, rate);
        }
    }
    Ok(quantisers.finish(network))
}

fn check(network: &Network, data: ArrayView2<f32>, labels: &[usize], options: &Options) -> Result<(), Error> {
    let outputs = network.layers.last().map_or(0, |layer| layer.outputs());
    if data.nrows() == 0 {
        return Err(Error::Empty("the data".into()));
    }
    if labels.len() != data.nrows() {
        return Err(Error::Shape {
            what: "the labels".into(),
            rows: labels.len(),
            columns: 1,
            expected: format!("{} × 1", data.nrows()),
        });
    }
    if let Some(&label) = labels.iter().find(|label| **label >= outputs) {
        return Err(Error::Setting {
            name: "a label",
            value: label as f64,
            range: "below the number of outputs",
        });
    }
    crate::error::check_finite(data.iter().map(|x| f64::from(*x)), "the data")?;
    let positive = [("the batch", options.batch as f64), ("the rate", f64::from(options.rate))];
    match positive.into_iter().find(|(_, value)| !(*value > 0.0 && value.is_finite())) {
        Some((name, value)) => Err(Error::Setting { name, value, range: "positive" }),
        None => Ok(()),
    }
}

/// Derivative of the mean loss by the logits.
fn derivative(
    logits: &Array2<f32>,
    labels: &[usize],
    teacher: Option<Teacher>,
    inputs: &Array2<f32>,
) -> Result<Array2<f32>, Error> {
    let rows = logits.nrows() as f32;
    let mut hard = softmax(logits.view(), 1.0);
    for (mut row, label) in hard.rows_mut().into_iter().zip(labels) {
        row[*label] -= 1.0;
    }
    let Some(Teacher { network, share, temperature }) = teacher else { return Ok(hard / rows) };
    let soft =
        softmax(logits.view(), temperature) - softmax(network.forward(inputs.view())?.view(), temperature);
    Ok((hard * (1.0 - share) + soft * (share * temperature)) / rows)
}
