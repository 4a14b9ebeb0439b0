//! The networks that are quantised: those of [`networks::layered`] in single precision, with rectifiers between their layers.

use ndarray::{Array2, ArrayView2};

pub use networks::{Convolution, accuracy, cross_entropy};

use crate::Error;
use crate::uniform::Grid;

/// A network; rectifiers between its layers, none behind the last.
pub type Network = networks::Layered<f32>;

/// A layer: z = W a + b, on patches if it is a convolution.
pub type Layer = networks::Layer<f32>;

/// Outputs with the inputs of layer l quantised and back by `grids[l]`, where there is one: *simulated* quantisation.
///
/// # Errors
/// Rows of another length.
pub fn forward_simulated(
    network: &Network,
    inputs: ArrayView2<f32>,
    grids: &[Option<Grid>],
) -> Result<Array2<f32>, Error> {
    Ok(network.pass(inputs, |l, values| snap_all(values, grids.get(l).copied().flatten()))?.logits)
}

/// Quantises all values and back.
pub(crate) fn snap_all(values: &Array2<f32>, grid: Option<Grid>) -> Array2<f32> {
    match grid {
        Some(grid) => values.mapv(|value| grid.snap(f64::from(value)) as f32),
        None => values.clone(),
    }
}
