//! Quantising a trained network without training it again.

mod adaptive_rounding;
mod equalisation;
mod second_order;

use ndarray::{Array1, Array2, ArrayView2, Axis};
use numerics::product::product;

use crate::Error;
use crate::network::Network;
pub use adaptive_rounding::{AdaptiveRounding, adaptive_rounding};
pub use equalisation::equalise;
pub use second_order::{gptq, optimal_brain};

/// H = XᵀX / rows of what a layer's matrix multiplies: all that the second-order methods need of the data.
///
/// # Errors
/// No rows.
pub fn gram(operands: ArrayView2<f32>) -> Result<Array2<f64>, Error> {
    if operands.is_empty() {
        return Err(Error::Empty("the calibration data".into()));
    }
    let values = operands.mapv(f64::from);
    Ok(product(values.t(), values.view()) / operands.nrows() as f64)
}

/// ‖X (W − Ŵ)ᵀ‖² / rows, from the Gram matrix: what the outputs of a layer lose.
pub fn output_error(weights: ArrayView2<f64>, quantised: ArrayView2<f64>, gram: ArrayView2<f64>) -> f64 {
    let difference = &weights - &quantised;
    (&product(difference.view(), gram) * &difference).sum()
}

/// Corrects biases by the mean error of each layer's outputs on calibration data: b grows by W − Ŵ times the mean input (Nagel and others 2019).
///
/// The inputs are those of the real network, as the data-free original would estimate them.
///
/// # Errors
/// Data of another shape, networks that differ.
pub fn correct_biases(quantised: &mut Network, real: &Network, data: ArrayView2<f32>) -> Result<(), Error> {
    for (l, inputs) in real.layer_inputs(data)?.iter().enumerate() {
        let operands = real.layers[l].operands(inputs.view());
        let mean: Array1<f32> =
            operands.mean_axis(Axis(0)).ok_or(Error::Empty("the calibration data".into()))?;
        let error = (&real.layers[l].weights - &quantised.layers[l].weights).dot(&mean);
        quantised.layers[l].biases += &error;
    }
    Ok(())
}
