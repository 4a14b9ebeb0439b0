//! Finite networks: forward and backward passes, gradient descent, and the empirical tangent kernel.
//!
//! z^{l+1} = (w/√n_l) W^l a^l + b b^l, a^{l+1} = σ(z^{l+1}), f = z^L, with all parameters drawn from N(0, 1): the paper's parametrisation, in which the
//! factors stand in the network and not in the initial law. The cost is (1/2N) Σ |f(x_i) − y_i|², and a step of gradient descent with rate η moves
//! time by η in the limit's gradient flow.
//!
//! The usual ("standard") parametrisation draws W from N(0, w²/n_l) and has no factors. Its functions have the same law; its gradient with respect to a weight is larger by
//! √n_l/w, so that its tangent kernel is Σ_l (n_l/w²) (weights of layer l) + (biases)/b², which grows with the width; a rate of η there
//! is a rate of η n_l/w² for the weights of layer l here.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::StandardNormal;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::activation::Activation;
use crate::kernel::Architecture;

/// Random numbers to draw a network from, by seed.
pub fn coins(seed: u64) -> ChaCha8Rng {
    numerics::random::stream(seed, &["ntk", "network"])
}

/// A fully connected network.
#[derive(Clone, Debug)]
pub struct Network {
    activation: Activation,
    weight_std: f64,
    bias_std: f64,
    layers: Vec<Layer>,
}

#[derive(Clone, Debug)]
struct Layer {
    /// n_l × n_{l+1}.
    weights: Array2<f64>,
    biases: Array1<f64>,
}

/// What a forward pass leaves for a backward pass.
struct Pass {
    /// a^0, …, a^{L−1}: N × n_l.
    inputs: Vec<Array2<f64>>,
    /// z^1, …, z^L: N × n_{l+1}.
    before: Vec<Array2<f64>>,
}

/// Why a network cannot do what was asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// Depth 0 or a width of 0.
    #[error("a network needs at least one layer and one unit in each; found widths {0:?}")]
    Widths(Vec<usize>),
    /// Inputs of another dimension.
    #[error("the network takes {expected} coordinates, found {found}")]
    Inputs {
        /// n_0.
        expected: usize,
        /// Found.
        found: usize,
    },
    /// A layer that does not fit the one before it, or its own biases.
    #[error(
        "layer {layer} has {weights:?} weights and {biases} biases: expected {inputs} rows and a bias for each column"
    )]
    Layer {
        /// Counted from 0.
        layer: usize,
        /// Rows and columns found.
        weights: (usize, usize),
        /// Found.
        biases: usize,
        /// Outputs of the layer before it.
        inputs: usize,
    },
    /// A parameter that is NaN or infinite.
    #[error("layer {0} has a parameter that is not finite")]
    Parameter(usize),
    /// Targets of another shape than the outputs.
    #[error("expected targets of shape {expected:?}, found {found:?}")]
    Targets {
        /// N and n_L.
        expected: (usize, usize),
        /// Found.
        found: (usize, usize),
    },
    /// The cost is not finite any more.
    #[error("training diverged: the cost is not finite after step {step} (lower the rate)")]
    Diverged {
        /// The step, counted from 1.
        step: usize,
    },
}

impl Network {
    /// Draws a network of `architecture` with widths n_0, …, n_L; the number of widths sets the depth. Memory: 8 bytes a parameter.
    ///
    /// # Errors
    /// For fewer than two widths or a width of 0.
    pub fn new(
        architecture: &Architecture,
        widths: &[usize],
        random: &mut impl Rng,
    ) -> Result<Self, NetworkError> {
        if widths.len() < 2 || widths.contains(&0) {
            return Err(NetworkError::Widths(widths.to_vec()));
        }
        let layer = |pair: &[usize]| Layer {
            weights: Array2::random_using((pair[0], pair[1]), StandardNormal, random),
            biases: Array1::random_using(pair[1], StandardNormal, random),
        };
        let Architecture { activation, weight_std, bias_std, .. } = *architecture;
        Ok(Self { activation, weight_std, bias_std, layers: widths.windows(2).map(layer).collect() })
    }

    /// A network of given parameters: for each layer its weights, n_l × n_{l+1}, and biases, before the factors w/√n_l and b. The number of layers sets the
    /// depth.
    ///
    /// # Errors
    /// For no layers, a width of 0, layers that do not fit each other, and a parameter that is not finite.
    pub fn from_layers(
        architecture: &Architecture,
        layers: impl IntoIterator<Item = (Array2<f64>, Array1<f64>)>,
    ) -> Result<Self, NetworkError> {
        let layers: Vec<Layer> =
            layers.into_iter().map(|(weights, biases)| Layer { weights, biases }).collect();
        let widths: Vec<usize> = layers
            .first()
            .map(|layer| layer.weights.nrows())
            .into_iter()
            .chain(layers.iter().map(|layer| layer.weights.ncols()))
            .collect();
        if widths.len() < 2 || widths.contains(&0) {
            return Err(NetworkError::Widths(widths));
        }
        for (number, layer) in layers.iter().enumerate() {
            let (weights, biases, inputs) = (layer.weights.dim(), layer.biases.len(), widths[number]);
            if weights.0 != inputs || weights.1 != biases {
                return Err(NetworkError::Layer { layer: number, weights, biases, inputs });
            }
            if layer.weights.iter().chain(&layer.biases).any(|parameter| !parameter.is_finite()) {
                return Err(NetworkError::Parameter(number));
            }
        }
        let Architecture { activation, weight_std, bias_std, .. } = *architecture;
        Ok(Self { activation, weight_std, bias_std, layers })
    }

    /// Weights and biases of each layer, as [`from_layers`](Self::from_layers) takes them.
    pub fn layers(&self) -> impl Iterator<Item = (&Array2<f64>, &Array1<f64>)> {
        self.layers.iter().map(|layer| (&layer.weights, &layer.biases))
    }

    /// Widths n_{depth}: the paper's shape, `inputs` − n − … − n − 1.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn scalar(
        architecture: &Architecture,
        inputs: usize,
        width: usize,
        random: &mut impl Rng,
    ) -> Result<Self, NetworkError> {
        let mut widths = vec![width; architecture.depth + 1];
        widths[0] = inputs;
        widths[architecture.depth] = 1;
        Self::new(architecture, &widths, random)
    }

    /// n_0.
    pub fn inputs(&self) -> usize {
        self.layers[0].weights.nrows()
    }

    /// n_L.
    pub fn outputs(&self) -> usize {
        self.layers[self.layers.len() - 1].biases.len()
    }

    /// How many parameters there are.
    pub fn parameters(&self) -> usize {
        self.layers.iter().map(|layer| layer.weights.len() + layer.biases.len()).sum()
    }

    /// f(x) for the rows of `x`: N × n_L. Cost: 2 N Σ n_l n_{l+1} flops.
    ///
    /// # Errors
    /// For rows of another length than n_0.
    pub fn forward(&self, x: ArrayView2<f64>) -> Result<Array2<f64>, NetworkError> {
        let mut pass = self.pass(x)?;
        Ok(pass.before.pop().unwrap_or_default())
    }

    fn pass(&self, x: ArrayView2<f64>) -> Result<Pass, NetworkError> {
        if x.ncols() != self.inputs() {
            return Err(NetworkError::Inputs { expected: self.inputs(), found: x.ncols() });
        }
        let mut inputs = vec![x.to_owned()];
        let mut before: Vec<Array2<f64>> = Vec::new();
        for layer in &self.layers {
            if let Some(z) = before.last() {
                inputs.push(z.mapv(|z| self.activation.value(z)));
            }
            let input = &inputs[inputs.len() - 1];
            let mut z = input.dot(&layer.weights) * self.factor(layer);
            z += &(&layer.biases * self.bias_std);
            before.push(z);
        }
        Ok(Pass { inputs, before })
    }

    /// w/√n_l.
    fn factor(&self, layer: &Layer) -> f64 {
        self.weight_std / (layer.weights.nrows() as f64).sqrt()
    }

    /// ∂⟨c, f⟩/∂z^l for l = 1, …, L, with c the rows of `last`.
    fn backward(&self, pass: &Pass, last: Array2<f64>) -> Vec<Array2<f64>> {
        let mut deltas = vec![last];
        for l in (1..self.layers.len()).rev() {
            let layer = &self.layers[l];
            let mut delta = deltas[deltas.len() - 1].dot(&layer.weights.t());
            let factor = self.factor(layer);
            delta.zip_mut_with(&pass.before[l - 1], |delta, z| {
                *delta *= factor * self.activation.derivative(*z)
            });
            deltas.push(delta);
        }
        deltas.reverse();
        deltas
    }

    /// The empirical tangent kernel of one output, Θ(x_i, y_j) = Σ_p ∂_p f_c(x_i) ∂_p f_c(y_j), by contraction: layer by layer the product of the Gram
    /// matrices of activations and of back-propagated derivatives. No Jacobian is stored.
    ///
    /// Cost: two passes and 2 N M Σ (n_l + n_{l+1}) flops; memory (N + M) Σ n_l + N M numbers.
    ///
    /// # Errors
    /// For rows of another length than n_0.
    ///
    /// # Panics
    /// If there is no such output.
    pub fn tangent_kernel(
        &self,
        x: ArrayView2<f64>,
        y: ArrayView2<f64>,
        output: usize,
    ) -> Result<Array2<f64>, NetworkError> {
        assert!(output < self.outputs(), "output {output} of {}", self.outputs());
        let one = |rows: usize| {
            let mut last = Array2::zeros((rows, self.outputs()));
            last.slice_mut(s![.., output]).fill(1.0);
            last
        };
        let (left, right) = (self.pass(x)?, self.pass(y)?);
        let (left_deltas, right_deltas) =
            (self.backward(&left, one(x.nrows())), self.backward(&right, one(y.nrows())));
        let mut kernel = Array2::zeros((x.nrows(), y.nrows()));
        for (l, layer) in self.layers.iter().enumerate() {
            let mut activations = left.inputs[l].dot(&right.inputs[l].t()) * self.factor(layer).powi(2);
            activations += self.bias_std * self.bias_std;
            kernel += &(activations * left_deltas[l].dot(&right_deltas[l].t()));
        }
        Ok(kernel)
    }

    /// The Jacobian of one output, N × parameters, each layer's weights (row by row) and then its biases: for tests, and small networks.
    ///
    /// # Errors
    /// For rows of another length than n_0.
    pub fn jacobian(&self, x: ArrayView2<f64>, output: usize) -> Result<Array2<f64>, NetworkError> {
        let pass = self.pass(x)?;
        let mut last = Array2::zeros((x.nrows(), self.outputs()));
        last.slice_mut(s![.., output]).fill(1.0);
        let deltas = self.backward(&pass, last);
        let mut jacobian = Array2::zeros((x.nrows(), self.parameters()));
        for (i, mut row) in jacobian.rows_mut().into_iter().enumerate() {
            let mut place = 0;
            for (l, layer) in self.layers.iter().enumerate() {
                for a in pass.inputs[l].row(i) {
                    for delta in deltas[l].row(i) {
                        row[place] = self.factor(layer) * a * delta;
                        place += 1;
                    }
                }
                for delta in deltas[l].row(i) {
                    row[place] = self.bias_std * delta;
                    place += 1;
                }
            }
        }
        Ok(jacobian)
    }

    /// Adds `step` to parameter number `index`, in the order of [`jacobian`](Self::jacobian).
    ///
    /// # Panics
    /// If there is no such parameter.
    pub fn nudge(&mut self, mut index: usize, step: f64) {
        for layer in &mut self.layers {
            if index < layer.weights.len() {
                let columns = layer.weights.ncols();
                layer.weights[(index / columns, index % columns)] += step;
                return;
            }
            index -= layer.weights.len();
            if index < layer.biases.len() {
                layer.biases[index] += step;
                return;
            }
            index -= layer.biases.len();
        }
        panic!("there is no such parameter");
    }

    /// ‖θ − θ'‖/‖θ'‖ over the weights of the hidden layers (all but the first and the last): how far training has moved them.
    pub fn hidden_change(&self, before: &Self) -> f64 {
        let inner = 1..self.layers.len().saturating_sub(1).max(1);
        let (mut moved, mut size) = (0.0, 0.0);
        for (layer, old) in self.layers[inner.clone()].iter().zip(&before.layers[inner]) {
            moved += (&layer.weights - &old.weights).mapv(|w| w * w).sum();
            size += old.weights.mapv(|w| w * w).sum();
        }
        if size > 0.0 { (moved / size).sqrt() } else { 0.0 }
    }

    /// One step of gradient descent on all rows; returns the cost before it. Cost: 6 N × parameters flops.
    fn step(&mut self, x: ArrayView2<f64>, y: ArrayView2<f64>, rate: f64) -> Result<f64, NetworkError> {
        let pass = self.pass(x)?;
        let expected = (x.nrows(), self.outputs());
        if y.dim() != expected {
            return Err(NetworkError::Targets { expected, found: y.dim() });
        }
        let error = &pass.before[pass.before.len() - 1] - &y;
        let rows = x.nrows() as f64;
        let cost = error.iter().map(|e| e * e).sum::<f64>() / (2.0 * rows);
        let deltas = self.backward(&pass, error / rows);
        let bias = self.bias_std;
        for ((layer, input), delta) in self.layers.iter_mut().zip(&pass.inputs).zip(&deltas) {
            let factor = self.weight_std / (layer.weights.nrows() as f64).sqrt();
            ndarray::linalg::general_mat_mul(-rate * factor, &input.t(), delta, 1.0, &mut layer.weights);
            layer.biases.scaled_add(-rate * bias, &delta.sum_axis(Axis(0)));
        }
        Ok(cost)
    }

    /// Full-batch gradient descent; `observe` is called before each step and after the last with the number of steps done, and may look at the network.
    /// Returns the cost before each step.
    ///
    /// # Errors
    /// For shapes that do not fit, and as soon as the cost is not finite.
    pub fn train(
        &mut self,
        x: ArrayView2<f64>,
        y: ArrayView2<f64>,
        rate: f64,
        steps: usize,
        mut observe: impl FnMut(usize, &Self),
    ) -> Result<Vec<f64>, NetworkError> {
        let mut costs = Vec::with_capacity(steps);
        for step in 0..steps {
            observe(step, self);
            let cost = self.step(x, y, rate)?;
            if !cost.is_finite() {
                return Err(NetworkError::Diverged { step: step + 1 });
            }
            costs.push(cost);
        }
        observe(steps, self);
        Ok(costs)
    }

    /// Minibatch gradient descent: each epoch goes once through the rows in a random order. Returns the mean cost of each epoch's batches.
    ///
    /// # Errors
    /// As for [`train`](Self::train).
    pub fn train_in_batches(
        &mut self,
        x: ArrayView2<f64>,
        y: ArrayView2<f64>,
        rate: f64,
        epochs: usize,
        batch: usize,
        random: &mut impl Rng,
    ) -> Result<Vec<f64>, NetworkError> {
        let mut order: Vec<usize> = (0..x.nrows()).collect();
        let mut costs = Vec::with_capacity(epochs);
        for epoch in 0..epochs {
            order.shuffle(random);
            let (mut sum, mut batches) = (0.0, 0.0);
            for rows in order.chunks(batch.max(1)) {
                sum += self.step(x.select(Axis(0), rows).view(), y.select(Axis(0), rows).view(), rate)?;
                batches += 1.0;
            }
            if !sum.is_finite() {
                return Err(NetworkError::Diverged { step: epoch + 1 });
            }
            costs.push(sum / batches);
        }
        Ok(costs)
    }
}
