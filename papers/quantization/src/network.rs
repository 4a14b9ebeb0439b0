//! Small networks: dense layers and convolutions with rectifiers between them.
//!
//! Images are rows of numbers, pixel by pixel with the channels of a pixel together. A convolution without padding is then a matrix product with patches, and its output has the
//! same form, so both kinds of layer have one matrix of weights, outputs × inputs, and everything that quantises a matrix quantises either.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::Normal;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::uniform::Grid;

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
    fn gather(&self, patches: ArrayView2<f32>, rows: usize) -> Array2<f32> {
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
pub struct Layer {
    /// W: outputs × inputs; for a convolution channels × (patch² · channels of the input).
    pub weights: Array2<f32>,
    /// b.
    pub biases: Array1<f32>,
    /// The geometry, if it is a convolution.
    pub convolution: Option<Convolution>,
}

impl Layer {
    /// Numbers that a row of inputs has.
    pub fn inputs(&self) -> usize {
        self.convolution.map_or(self.weights.ncols(), |c| c.side * c.side * c.channels)
    }

    /// Numbers that a row of outputs has.
    pub fn outputs(&self) -> usize {
        self.weights.nrows() * self.convolution.map_or(1, |c| c.positions() * c.positions())
    }

    /// What the matrix multiplies: the inputs, or their patches.
    pub fn operands(&self, inputs: ArrayView2<f32>) -> Array2<f32> {
        match self.convolution {
            Some(convolution) => convolution.patches(inputs),
            None => inputs.to_owned(),
        }
    }

    /// W a + b of operands, as rows of outputs.
    fn apply(&self, operands: &Array2<f32>, rows: usize) -> Array2<f32> {
        let product = operands.dot(&self.weights.t()) + &self.biases;
        let outputs = self.outputs();
        product.into_shape_with_order((rows, outputs)).expect("patches times channels are the outputs")
    }
}

/// A network; rectifiers between its layers, none behind the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The layers.
    pub layers: Vec<Layer>,
}

/// What a forward pass leaves for a backward pass.
pub(crate) struct Pass {
    /// What each matrix multiplied.
    pub(crate) operands: Vec<Array2<f32>>,
    /// Inputs of each layer before they were quantised.
    pub(crate) inputs: Vec<Array2<f32>>,
    /// Outputs of the last layer.
    pub(crate) logits: Array2<f32>,
}

/// Derivatives of a loss by the weights and biases of each layer.
pub(crate) struct Gradients {
    pub(crate) weights: Vec<Array2<f32>>,
    pub(crate) biases: Vec<Array1<f32>>,
    /// By the (quantised) inputs of each layer.
    pub(crate) inputs: Vec<Array2<f32>>,
}

impl Network {
    /// A perceptron of these widths; weights are normal with variance 2/inputs (He and others 2015), biases 0.
    ///
    /// # Errors
    /// Fewer than two widths, or a width of 0.
    pub fn perceptron(widths: &[usize], random: &mut impl Rng) -> Result<Self, Error> {
        if widths.len() < 2 || widths.contains(&0) {
            return Err(Error::Setting {
                name: "a width",
                value: 0.0,
                range: "at least 1, and there must be two",
            });
        }
        let layers = widths.windows(2).map(|pair| layer(pair[0], pair[1], None, random)).collect();
        Ok(Self { layers })
    }

    /// Convolutions with 3 × 3 patches and stride 2 on square images of one channel, then a dense layer to ten classes.
    ///
    /// # Errors
    /// An image too small for so many convolutions, or no channels.
    pub fn convolutional(
        side: usize,
        channels: &[usize],
        classes: usize,
        random: &mut impl Rng,
    ) -> Result<Self, Error> {
        let (mut layers, mut side, mut before) = (Vec::new(), side, 1);
        for &after in channels {
            let convolution = Convolution { side, channels: before, patch: 3, stride: 2 };
            if side < 3 || after == 0 {
                return Err(Error::Setting {
                    name: "the side of the image",
                    value: side as f64,
                    range: "at least 3 before each convolution",
                });
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
    pub fn from_layers(layers: Vec<Layer>) -> Result<Self, Error> {
        if layers.is_empty() {
            return Err(Error::Empty("the network".into()));
        }
        for (index, layer) in layers.iter().enumerate() {
            let name = format!("layer {index}");
            crate::error::check_finite(
                layer.weights.iter().map(|w| f64::from(*w)),
                &format!("{name}: weights"),
            )?;
            crate::error::check_finite(
                layer.biases.iter().map(|b| f64::from(*b)),
                &format!("{name}: biases"),
            )?;
            let (rows, columns) = layer.weights.dim();
            let shape = |what: String, expected: String| Error::Shape { what, rows, columns, expected };
            if layer.weights.is_empty() {
                return Err(Error::Empty(name));
            }
            if layer.biases.len() != rows {
                return Err(shape(
                    format!("{name}: weights for {} biases", layer.biases.len()),
                    format!("{} rows", layer.biases.len()),
                ));
            }
            if let Some(c) = layer.convolution {
                // Sizes from a file can be anything: products of sizes up to 2¹⁵ cannot overflow.
                let sizes = [c.side, c.channels, c.patch, c.stride, rows];
                let modest = sizes.iter().all(|size| (1..=1 << 15).contains(size));
                let sensible = modest && c.patch <= c.side && columns == c.patch * c.patch * c.channels;
                if !sensible {
                    return Err(shape(
                        format!("{name}: weights"),
                        format!("columns for the patches of {c:?}"),
                    ));
                }
            }
            if let Some(before) = index.checked_sub(1).map(|before| layers[before].outputs())
                && before != layer.inputs()
            {
                return Err(shape(
                    format!("{name}: weights"),
                    format!("{before} inputs, as the layer before has outputs"),
                ));
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
    pub fn forward(&self, inputs: ArrayView2<f32>) -> Result<Array2<f32>, Error> {
        self.forward_simulated(inputs, &[])
    }

    /// The same with the inputs of layer l quantised and back by `grids[l]`, where there is one: *simulated* quantisation.
    ///
    /// # Errors
    /// Rows of another length.
    pub fn forward_simulated(
        &self,
        inputs: ArrayView2<f32>,
        grids: &[Option<Grid>],
    ) -> Result<Array2<f32>, Error> {
        Ok(self.pass(inputs, |l, values| snap_all(values, grids.get(l).copied().flatten()))?.logits)
    }

    /// Inputs of every layer, before its quantiser.
    ///
    /// # Errors
    /// Rows of another length.
    pub fn layer_inputs(&self, inputs: ArrayView2<f32>) -> Result<Vec<Array2<f32>>, Error> {
        Ok(self.pass(inputs, |_, values| values.clone())?.inputs)
    }

    /// A forward pass; `quantise` maps the inputs of each layer.
    pub(crate) fn pass(
        &self,
        inputs: ArrayView2<f32>,
        mut quantise: impl FnMut(usize, &Array2<f32>) -> Array2<f32>,
    ) -> Result<Pass, Error> {
        let (rows, columns) = inputs.dim();
        if columns != self.inputs() {
            return Err(Error::Shape {
                what: "the data".into(),
                rows,
                columns,
                expected: format!("any number × {}", self.inputs()),
            });
        }
        let mut values = inputs.to_owned();
        let (mut operands, mut kept) = (Vec::new(), Vec::new());
        for (l, layer) in self.layers.iter().enumerate() {
            let quantised = quantise(l, &values);
            let operand = layer.operands(quantised.view());
            let mut after = layer.apply(&operand, rows);
            if l + 1 < self.layers.len() {
                after.mapv_inplace(|z| z.max(0.0));
            }
            operands.push(operand);
            kept.push(std::mem::replace(&mut values, after));
        }
        Ok(Pass { operands, inputs: kept, logits: values })
    }

    /// Derivatives from those by the logits. `through` maps the derivative by the quantised inputs of a layer to that by its inputs.
    pub(crate) fn backward(
        &self,
        pass: &Pass,
        by_logits: Array2<f32>,
        mut through: impl FnMut(usize, Array2<f32>) -> Array2<f32>,
    ) -> Gradients {
        let rows = by_logits.nrows();
        let mut gradients = Gradients { weights: Vec::new(), biases: Vec::new(), inputs: Vec::new() };
        let mut delta = by_logits;
        for (l, layer) in self.layers.iter().enumerate().rev() {
            let channels = layer.weights.nrows();
            let by_positions = delta
                .into_shape_with_order((pass.operands[l].nrows(), channels))
                .expect("outputs are positions times channels");
            gradients.weights.push(by_positions.t().dot(&pass.operands[l]));
            gradients.biases.push(by_positions.sum_axis(Axis(0)));
            let by_operands = by_positions.dot(&layer.weights);
            let by_inputs = match layer.convolution {
                Some(convolution) => convolution.gather(by_operands.view(), rows),
                None => by_operands,
            };
            delta = through(l, by_inputs);
            if l > 0 {
                // The rectifier before this layer.
                delta.zip_mut_with(&pass.inputs[l], |d, a| {
                    if *a <= 0.0 {
                        *d = 0.0
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

fn layer(inputs: usize, outputs: usize, convolution: Option<Convolution>, random: &mut impl Rng) -> Layer {
    let normal = Normal::new(0.0, (2.0 / inputs as f32).sqrt()).expect("the deviation is positive");
    Layer {
        weights: Array2::random_using((outputs, inputs), normal, random),
        biases: Array1::zeros(outputs),
        convolution,
    }
}

/// Quantises all values and back.
pub(crate) fn snap_all(values: &Array2<f32>, grid: Option<Grid>) -> Array2<f32> {
    match grid {
        Some(grid) => values.mapv(|value| grid.snap(f64::from(value)) as f32),
        None => values.clone(),
    }
}

/// Share of rows whose largest output is their label's.
///
/// # Panics
/// If there are fewer labels than rows.
pub fn accuracy(logits: ArrayView2<f32>, labels: &[usize]) -> f64 {
    let best = |row: ndarray::ArrayView1<f32>| {
        let larger = |best: usize, place: usize| if row[place] > row[best] { place } else { best };
        (1..row.len()).fold(0, larger)
    };
    let right = logits.rows().into_iter().zip(labels).filter(|(row, label)| best(*row) == **label).count();
    right as f64 / logits.nrows().max(1) as f64
}

/// Softmax by rows.
pub(crate) fn softmax(logits: &Array2<f32>, temperature: f32) -> Array2<f32> {
    let mut shares = logits.clone();
    for mut row in shares.rows_mut() {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.mapv_inplace(|z| ((z - largest) / temperature).exp());
        let total = row.sum();
        row /= total;
    }
    shares
}

/// Mean cross-entropy with the labels.
pub fn cross_entropy(logits: ArrayView2<f32>, labels: &[usize]) -> f64 {
    // log Σ exp z − z of the label, with the largest taken out: exact also where shares are next to nothing.
    let term = |(row, label): (ndarray::ArrayView1<f32>, &usize)| {
        let largest = row.iter().fold(f64::NEG_INFINITY, |a, z| a.max(f64::from(*z)));
        let sum: f64 = row.iter().map(|z| (f64::from(*z) - largest).exp()).sum();
        largest + sum.ln() - f64::from(row[*label])
    };
    let terms = logits.rows().into_iter().zip(labels).map(term);
    terms.sum::<f64>() / logits.nrows().max(1) as f64
}
