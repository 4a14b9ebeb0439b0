//! Quantising a whole network after training.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::calibration::Calibration;
use crate::granularity::{Granularity, QuantisedMatrix, grids};
use crate::network::{Network, forward_simulated, snap_all};
use crate::post_training::{
    AdaptiveRounding, adaptive_rounding, correct_biases, equalise, gptq, gram, optimal_brain,
};
use crate::training::QuantisedNetwork;
use crate::uniform::{Grid, Layout};

/// How weights are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// To the nearest integer.
    Nearest,
    /// To the nearest, then biases corrected by the mean error.
    BiasCorrection,
    /// Layers equalised first, then to the nearest with biases corrected.
    Equalisation,
    /// AdaRound.
    AdaptiveRounding,
    /// OBQ.
    OptimalBrain,
    /// GPTQ.
    Gptq,
}

/// Settings of [`quantise`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Bits of weights, b.
    pub bits: u32,
    /// Layout of weights.
    pub layout: Layout,
    /// Which weights share a scale.
    pub granularity: Granularity,
    /// How ranges of weights are chosen.
    pub calibration: Calibration,
    /// How weights are rounded.
    pub method: Method,
    /// Bits of the inputs of every layer; `None` leaves them real.
    pub activation_bits: Option<u32>,
    /// How ranges of activations are chosen.
    pub activation_calibration: Calibration,
    /// Layout of activations.
    pub activation_layout: Layout,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bits: 8,
            layout: Layout::Symmetric,
            granularity: Granularity::Channel,
            calibration: Calibration::MinMax,
            method: Method::Nearest,
            activation_bits: Some(8),
            activation_calibration: Calibration::MinMax,
            activation_layout: Layout::Asymmetric,
        }
    }
}

/// A quantised network.
#[derive(Clone, Debug)]
pub struct Quantised {
    /// Integers and grids of each layer.
    pub matrices: Vec<QuantisedMatrix>,
    /// The same weights, back in real numbers, with the biases.
    pub network: Network,
    /// The grid of each layer's inputs.
    pub activations: Vec<Option<Grid>>,
}

impl Quantised {
    /// Outputs for rows of inputs by simulated quantisation.
    ///
    /// # Errors
    /// Rows of another length.
    pub fn forward(&self, inputs: ArrayView2<f32>) -> Result<Array2<f32>, Error> {
        forward_simulated(&self.network, inputs, &self.activations)
    }

    /// Bits of weights with scales and zero points, and of biases (32 each).
    pub fn size_bits(&self) -> f64 {
        let biases: usize = self.network.layers.iter().map(|layer| layer.biases.len()).sum();
        self.matrices.iter().map(QuantisedMatrix::size_bits).sum::<f64>() + 32.0 * biases as f64
    }
}

/// Quantises with ranges and statistics from calibration data (rows of inputs).
///
/// # Errors
/// Settings out of range, data that is missing, not finite or of another shape, weights that are not finite.
pub fn quantise(network: &Network, data: ArrayView2<f32>, settings: &Settings) -> Result<Quantised, Error> {
    if data.nrows() == 0 {
        return Err(Error::Empty("the calibration data".into()));
    }
    crate::error::check_finite(data.iter().map(|x| f64::from(*x)), "the calibration data")?;
    let mut real = network.clone();
    if settings.method == Method::Equalisation {
        equalise(&mut real, 10);
    }
    let inputs = real.layer_inputs(data)?;
    let mut matrices = Vec::new();
    for (layer, inputs) in real.layers.iter().zip(&inputs) {
        let weights = layer.weights.mapv(f64::from);
        matrices.push(matrix(weights.view(), || gram(layer.operands(inputs.view()).view()), settings)?);
    }
    let mut quantised = real.clone();
    for (layer, matrix) in quantised.layers.iter_mut().zip(&matrices) {
        layer.weights = matrix.values().mapv(|value| value as f32);
    }
    if matches!(settings.method, Method::BiasCorrection | Method::Equalisation) {
        correct_biases(&mut quantised, &real, data)?;
    }
    let activations = match settings.activation_bits {
        None => vec![None; inputs.len()],
        Some(bits) => inputs
            .iter()
            .map(|values| {
                let values: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
                settings.activation_calibration.grid(settings.activation_layout, bits, &values).map(Some)
            })
            .collect::<Result<_, _>>()?,
    };
    Ok(Quantised { matrices, network: quantised, activations })
}

/// One matrix; `gram` is asked for only by the methods that need it.
fn matrix(
    weights: ArrayView2<f64>,
    gram: impl FnOnce() -> Result<Array2<f64>, Error>,
    settings: &Settings,
) -> Result<QuantisedMatrix, Error> {
    let Settings { bits, layout, granularity, calibration, .. } = *settings;
    // Scales are kept in single precision, so that a file gives them back as they are.
    let mut grids = grids(weights, granularity, layout, bits, calibration)?;
    // An output whose weights are next to nothing gets a coarser one: its biases must fit 32 bits beside its weights.
    let floor = grids.iter().map(|grid| grid.scale).fold(0.0, f64::max) * 2f64.powi(-16);
    grids.iter_mut().for_each(|grid| grid.scale = f64::from(grid.scale.max(floor) as f32));
    match settings.method {
        Method::AdaptiveRounding => {
            adaptive_rounding(weights, gram()?.view(), &grids, granularity, &AdaptiveRounding::default())
        }
        Method::OptimalBrain => optimal_brain(weights, gram()?.view(), &grids, granularity, 0.01),
        Method::Gptq => gptq(weights, gram()?.view(), &grids, granularity, 0.01),
        Method::Nearest | Method::BiasCorrection | Method::Equalisation => {
            QuantisedMatrix::on_grids(weights, grids, granularity)
        }
    }
}

/// Outputs with activations quantised *dynamically*: every layer's inputs get a grid from their own range, for the batch or for each row.
///
/// # Errors
/// Rows of another length, bits out of range.
pub fn forward_dynamic(
    network: &Network,
    inputs: ArrayView2<f32>,
    bits: u32,
    by_row: bool,
) -> Result<Array2<f32>, Error> {
    // Bits are checked before anything is computed.
    Grid::covering(Layout::Asymmetric, bits, 0.0, 1.0)?;
    let snap = |values: &Array2<f32>| {
        let flat: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
        snap_all(values, Grid::of_values(Layout::Asymmetric, bits, &flat).ok())
    };
    let pass = network.pass(inputs, |_, values| match by_row {
        false => snap(values),
        true => {
            let mut snapped = values.clone();
            for mut row in snapped.rows_mut() {
                let one = row.to_owned().insert_axis(ndarray::Axis(0));
                row.assign(&snap(&one).row(0));
            }
            snapped
        }
    })?;
    Ok(pass.logits)
}

impl From<Quantised> for QuantisedNetwork {
    fn from(quantised: Quantised) -> Self {
        Self { network: quantised.network, activations: quantised.activations }
    }
}
