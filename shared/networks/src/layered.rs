//! Networks whose layers are matrices of their own, dense or convolutional, with rectifiers between them: for whatever is done to single layers.
//!
//! A [`Network`](crate::Network) is one flat vector of parameters, which is what optimisers and curvature want. Here each layer owns its matrix, outputs × inputs as files of
//! weights have it, and a pass takes a function that may change what enters a layer.
//!
//! Images are rows of numbers, pixel by pixel with the channels of a pixel together. A convolution without padding is then a matrix product with patches, and its output has the
//! same form, so both kinds of layer have one matrix of weights, and everything that works on a matrix works on either.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use ndarray_rand::rand_distr::{Distribution, StandardNormal};
use numerics::product::product;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::activation::rectified;
use crate::{NetworkError, Real};

/// The geometry of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Convolution {
    /// Height and width of the input.
    pub side: usize,
    /// Channels of the input.
    pub channels: usize,
    /// Height and width of a patch.
    pub patch: usize,
    /// Distance of neighbouring patches.
    pub stride: usize,
}

impl Convolution {
    /// Patches along a side.
    pub fn positions(&self) -> usize {
        (self.side - self.patch) / self.stride + 1
    }

    /// All patches of all rows, one a row: (rows · positions²) × (patch² · channels).
    pub fn patches<T: Copy + Default>(&self, inputs: ArrayView2<T>) -> Array2<T> {
        let (positions, span) = (self.positions(), self.patch * self.channels);
        let shape = (inputs.nrows() * positions * positions, self.patch * span);
        let mut patches = Array2::from_elem(shape, T::default());
        for (index, mut to) in patches.rows_mut().into_iter().enumerate() {
            let (row, place) = (index / (positions * positions), index % (positions * positions));
            let (top, left) = (place / positions * self.stride, place % positions * self.stride);
            for line in 0..self.patch {
                let from = ((top + line) * self.side + left) * self.channels;
                let part = inputs.slice(ndarray::s![row, from..from + span]);
                to.slice_mut(ndarray::s![line * span..(line + 1) * span]).assign(&part);
            }
        }
        patches
    }

    /// The transpose of [`patches`](Self::patches): adds patches where they came from.
    pub fn gather<T: Real>(&self, patches: ArrayView2<T>, rows: usize) -> Array2<T> {
        let (positions, span) = (self.positions(), self.patch * self.channels);
        let mut inputs = Array2::zeros((rows, self.side * self.side * self.channels));
        for (index, from) in patches.rows().into_iter().enumerate() {
            let (row, place) = (index / (positions * positions), index % (positions * positions));
            let (top, left) = (place / positions * self.stride, place % positions * self.stride);
            for line in 0..self.patch {
                let to = ((top + line) * self.side + left) * self.channels;
                let mut part = inputs.slice_mut(ndarray::s![row, to..to + span]);
                part += &from.slice(ndarray::s![line * span..(line + 1) * span]);
            }
        }
        inputs
    }
}

/// A layer: z = W a + b, on patches if it is a convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer<T> {
    /// W: outputs × inputs; for a convolution channels × (patch² · channels of the input).
    pub weights: Array2<T>,
    /// b.
    pub biases: Array1<T>,
    /// The geometry, if it is a convolution.
    pub convolution: Option<Convolution>,
}

impl<T: Real> Layer<T> {
    /// Numbers that a row of inputs has.
    pub fn inputs(&self) -> usize {
        self.convolution.map_or(self.weights.ncols(), |c| c.side * c.side * c.channels)
    }

    /// Numbers that a row of outputs has.
    pub fn outputs(&self) -> usize {
        self.weights.nrows() * self.convolution.map_or(1, |c| c.positions() * c.positions())
    }

    /// What the matrix multiplies: the inputs, or their patches.
    pub fn operands(&self, inputs: ArrayView2<T>) -> Array2<T> {
        match self.convolution {
            Some(convolution) => convolution.patches(inputs),
            None => inputs.to_owned(),
        }
    }

    /// W a + b of operands, as rows of outputs.
    fn apply(&self, operands: &Array2<T>, rows: usize) -> Array2<T> {
        let product = product(operands.view(), self.weights.t()) + &self.biases;
        let outputs = self.outputs();
        product.into_shape_with_order((rows, outputs)).expect("patches times channels are the outputs")
    }
}

/// A network; rectifiers between its layers, none behind the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Layered<T> {
    /// The layers.
    pub layers: Vec<Layer<T>>,
}

/// What a forward pass leaves for a backward pass.
#[derive(Clone, Debug)]
pub struct LayeredPass<T> {
    /// What each matrix multiplied.
    pub operands: Vec<Array2<T>>,
    /// Inputs of each layer before they were changed.
    pub inputs: Vec<Array2<T>>,
    /// Outputs of the last layer.
    pub logits: Array2<T>,
}

/// Derivatives of a loss by the weights and biases of each layer.
#[derive(Clone, Debug)]
pub struct LayerGradients<T> {
    /// By the weights.
    pub weights: Vec<Array2<T>>,
    /// By the biases.
    pub biases: Vec<Array1<T>>,
    /// By the inputs of each layer.
    pub inputs: Vec<Array2<T>>,
}

impl<T: Real> Layered<T> {
    /// A perceptron of these widths; weights are normal with variance 2/inputs (He and others 2015), biases 0.
    ///
    /// # Errors
    /// Fewer than two widths, or a width of 0.
    pub fn perceptron(widths: &[usize], random: &mut impl Rng) -> Result<Self, NetworkError> {
        if widths.len() < 2 || widths.contains(&0) {
            return Err(NetworkError::Widths(widths.to_vec()));
        }
        let layers = widths.windows(2).map(|pair| layer(pair[0], pair[1], None, random)).collect();
        Ok(Self { layers })
    }

    /// Convolutions with 3 × 3 patches and stride 2 on square images of one channel, then a dense layer to `classes` outputs.
    ///
    /// # Errors
    /// An image too small for so many convolutions, or no channels.
    pub fn convolutional(
        side: usize,
        channels: &[usize],
        classes: usize,
        random: &mut impl Rng,
    ) -> Result<Self, NetworkError> {
        let (mut layers, mut side, mut before) = (Vec::new(), side, 1);
        for &after in channels {
            let convolution = Convolution { side, channels: before, patch: 3, stride: 2 };
            if side < 3 || after == 0 {
                return Err(NetworkError::Image { side, channels: after });
            }
            layers.push(layer(9 * before, after, Some(convolution), random));
            (side, before) = (convolution.positions(), after);
        }
        layers.push(layer(side * side * before, classes, None, random));
        Ok(Self { layers })
    }

    /// From layers that fit together.
    ///
    /// # Errors
    /// No layers, layers whose sizes do not fit, numbers that are not finite.
    pub fn from_layers(layers: Vec<Layer<T>>) -> Result<Self, NetworkError> {
        if layers.is_empty() {
            return Err(NetworkError::Widths(Vec::new()));
        }
        for (index, layer) in layers.iter().enumerate() {
            if layer.weights.iter().chain(&layer.biases).any(|parameter| !parameter.is_finite()) {
                return Err(NetworkError::Parameter(index));
            }
            let shape = |expected: String| NetworkError::Weights {
                layer: index,
                found: layer.weights.dim(),
                expected,
            };
            let (rows, columns) = layer.weights.dim();
            if layer.weights.is_empty() {
                return Err(shape("at least one entry".into()));
            }
            if layer.biases.len() != rows {
                return Err(shape(format!("{} rows for as many biases", layer.biases.len())));
            }
            if let Some(c) = layer.convolution {
                // Sizes from a file can be anything: products of sizes up to 2¹⁵ cannot overflow.
                let sizes = [c.side, c.channels, c.patch, c.stride, rows];
                let modest = sizes.iter().all(|size| (1..=1 << 15).contains(size));
                let sensible = modest && c.patch <= c.side && columns == c.patch * c.patch * c.channels;
                if !sensible {
                    return Err(shape(format!("columns for the patches of {c:?}")));
                }
            }
            if let Some(before) = index.checked_sub(1).map(|before| layers[before].outputs())
                && before != layer.inputs()
            {
                return Err(shape(format!("{before} inputs, as the layer before has outputs")));
            }
        }
        Ok(Self { layers })
    }

    /// Inputs of the network.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, Layer::inputs)
    }

    /// Number of weights and biases.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|layer| layer.weights.len() + layer.biases.len()).sum()
    }

    /// Outputs for rows of inputs.
    ///
    /// # Errors
    /// Rows of another length.
    pub fn forward(&self, inputs: ArrayView2<T>) -> Result<Array2<T>, NetworkError> {
        Ok(self.pass(inputs, |_, values| values.clone())?.logits)
    }

    /// Inputs of every layer.
    ///
    /// # Errors
    /// Rows of another length.
    pub fn layer_inputs(&self, inputs: ArrayView2<T>) -> Result<Vec<Array2<T>>, NetworkError> {
        Ok(self.pass(inputs, |_, values| values.clone())?.inputs)
    }

    /// A forward pass; `change` maps the inputs of each layer.
    ///
    /// # Errors
    /// Rows of another length.
    pub fn pass(
        &self,
        inputs: ArrayView2<T>,
        mut change: impl FnMut(usize, &Array2<T>) -> Array2<T>,
    ) -> Result<LayeredPass<T>, NetworkError> {
        let (rows, found) = inputs.dim();
        if found != self.inputs() {
            return Err(NetworkError::Inputs { expected: self.inputs(), found });
        }
        let mut values = inputs.to_owned();
        let (mut operands, mut kept) = (Vec::new(), Vec::new());
        for (l, layer) in self.layers.iter().enumerate() {
            let changed = change(l, &values);
            let operand = layer.operands(changed.view());
            let mut after = layer.apply(&operand, rows);
            if l + 1 < self.layers.len() {
                after.mapv_inplace(rectified);
            }
            operands.push(operand);
            kept.push(std::mem::replace(&mut values, after));
        }
        Ok(LayeredPass { operands, inputs: kept, logits: values })
    }

    /// Derivatives from those by the logits. `through` maps the derivative by the changed inputs of a layer to that by its inputs.
    pub fn backward(
        &self,
        pass: &LayeredPass<T>,
        by_logits: Array2<T>,
        mut through: impl FnMut(usize, Array2<T>) -> Array2<T>,
    ) -> LayerGradients<T> {
        let rows = by_logits.nrows();
        let mut gradients = LayerGradients { weights: Vec::new(), biases: Vec::new(), inputs: Vec::new() };
        let mut delta = by_logits;
        for (l, layer) in self.layers.iter().enumerate().rev() {
            let channels = layer.weights.nrows();
            let by_positions = delta
                .into_shape_with_order((pass.operands[l].nrows(), channels))
                .expect("outputs are positions times channels");
            gradients.weights.push(product(by_positions.t(), pass.operands[l].view()));
            gradients.biases.push(by_positions.sum_axis(Axis(0)));
            let by_operands = product(by_positions.view(), layer.weights.view());
            let by_inputs = match layer.convolution {
                Some(convolution) => convolution.gather(by_operands.view(), rows),
                None => by_operands,
            };
            delta = through(l, by_inputs);
            if l > 0 {
                // The rectifier before this layer.
                delta.zip_mut_with(&pass.inputs[l], |d, a| {
                    if *a <= T::zero() {
                        *d = T::zero()
                    }
                });
            }
            gradients.inputs.push(delta.clone());
        }
        gradients.weights.reverse();
        gradients.biases.reverse();
        gradients.inputs.reverse();
        gradients
    }
}

fn layer<T: Real>(
    inputs: usize,
    outputs: usize,
    convolution: Option<Convolution>,
    random: &mut impl Rng,
) -> Layer<T> {
    let deviation = (T::of(2.0) / T::of(inputs as f64)).sqrt();
    let mut draw = || -> f64 { StandardNormal.sample(random) };
    Layer {
        weights: Array2::from_shape_simple_fn((outputs, inputs), || deviation * T::of(draw())),
        biases: Array1::zeros(outputs),
        convolution,
    }
}
