//! Calibration without data: inputs made to match what is known about activations (ZeroQ, Cai and others 2020).
//!
//! Networks with batch normalisation store mean and variance of activations. The small networks here have none, so [`Statistics`] stands for what such layers would have kept.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::Rng;

use crate::Error;
use crate::network::Network;
use networks::Adam;

/// Mean and standard deviation of each unit's activations, from the second layer's inputs on.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    means: Vec<Array1<f32>>,
    deviations: Vec<Array1<f32>>,
}

impl Statistics {
    /// Of a network on data.
    ///
    /// # Errors
    /// Data of another shape, or none.
    pub fn of(network: &Network, data: ArrayView2<f32>) -> Result<Self, Error> {
        if data.nrows() == 0 {
            return Err(Error::Empty("the data".into()));
        }
        let inputs = network.layer_inputs(data)?;
        let of_columns = |values: &Array2<f32>| moments(values);
        let (means, deviations) = inputs.iter().skip(1).map(of_columns).unzip();
        Ok(Self { means, deviations })
    }
}

fn moments(values: &Array2<f32>) -> (Array1<f32>, Array1<f32>) {
    let rows = values.nrows() as f32;
    let mean = values.sum_axis(Axis(0)) / rows;
    let centred = values - &mean;
    let variance = (&centred * &centred).sum_axis(Axis(0)) / rows;
    (mean, variance.mapv(|v| (v + 1e-8).sqrt()))
}

/// `rows` inputs in [0, 1] whose activations have the given statistics: Adam on the sum over layers of the mean over units of (μ̂ − μ)² + (σ̂ − σ)², from uniform noise.
///
/// # Errors
/// No rows; statistics of another network.
pub fn synthesise(
    network: &Network,
    statistics: &Statistics,
    rows: usize,
    steps: usize,
    random: &mut impl Rng,
) -> Result<Array2<f32>, Error> {
    if rows == 0 {
        return Err(Error::Setting { name: "the number of rows", value: 0.0, range: "at least 1" });
    }
    let fits = network
        .layers
        .iter()
        .skip(1)
        .map(|layer| layer.inputs())
        .eq(statistics.means.iter().map(Array1::len));
    if !fits {
        return Err(Error::Format("the statistics are of another network".into()));
    }
    let mut inputs = Array2::from_shape_simple_fn((rows, network.inputs()), || random.random::<f32>());
    let mut adam = Adam::new(inputs.raw_dim(), 1e-12);
    for _ in 0..steps {
        let pass = network.pass(inputs.view(), |_, values| values.clone())?;
        let outputs = Array2::zeros(pass.logits.dim());
        let gradients = network.backward(&pass, outputs, |l, mut delta| {
            if l > 0 {
                let values = &pass.inputs[l];
                let (mean, deviation) = moments(values);
                let (off_mean, off_deviation) =
                    (&mean - &statistics.means[l - 1], &deviation - &statistics.deviations[l - 1]);
                let centred = (values - &mean) / &deviation;
                let scale = 2.0 / (rows as f32 * values.ncols() as f32);
                delta += &((centred * &off_deviation + &off_mean) * scale);
            }
            delta
        });
        adam.step(inputs.view_mut(), &gradients.inputs[0], 0.05);
        inputs.mapv_inplace(|x| x.clamp(0.0, 1.0));
    }
    Ok(inputs)
}
