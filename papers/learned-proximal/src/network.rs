//! The learned proximal network: the gradient of an input-convex potential, exactly a proximal operator whatever its weights.
//!
//! ```text
//! a₁ = H₁ y + b₁,    a_k = W_k z_{k−1} + H_k y + b_k,    z_k = g(a_k),    ψ(y) = wᵀz_K + hᵀy + α|y|²/2,    f = ∇ψ
//! ```
//!
//! with W_k ≥ 0, w ≥ 0 and g(a) = ln(1 + e^{βa})/β, convex, growing and smooth: every z_k, and ψ, is convex in y. A map is a proximal operator exactly if it is the gradient of a convex function (Gribonval and Nikolova 2020), here of
//!
//! ```text
//! R(x) = ψ*(x) − |x|²/2,      R(f(y)) = ⟨y, f(y)⟩ − |f(y)|²/2 − ψ(y),      ∇R(f(y)) = y − f(y)
//! ```
//!
//! so that values of the learned regulariser at outputs cost nothing beside f. The gradient of a loss of f by the weights is a derivative of a derivative; it is worked out by hand below, and gives products with ψ's second derivatives on its way.

mod pass;

use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::map::Map;

pub use pass::{Pass, Pulled, Work};

/// A layer's maps: of the layer before it, with weights that are not negative, and of the input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// W_k; none for the first.
    pub convex: Option<Map>,
    /// H_k.
    pub input: Map,
    /// Whether there is a b_k.
    pub bias: bool,
}

/// A network: its shape, and one vector of parameters, layer by layer W, H, b, then w and h.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProximalNetwork {
    layers: Vec<Layer>,
    /// Whether there is an h.
    linear: bool,
    /// β.
    beta: f64,
    /// α.
    alpha: f64,
    /// All parameters.
    pub parameters: Vec<f64>,
}

/// Why there is no network.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// No layers, or maps that do not fit.
    #[error("layer {0}: its maps do not fit each other, the input or the layer before it")]
    Layer(usize),
    /// Another number of parameters.
    #[error("this shape has {expected} parameters, found {found}")]
    Parameters {
        /// Of the shape.
        expected: usize,
        /// Found.
        found: usize,
    },
    /// β or α out of range.
    #[error("{name} is {value}, expected {expected}")]
    Range {
        /// Which.
        name: &'static str,
        /// Found.
        value: f64,
        /// In words.
        expected: &'static str,
    },
    /// A parameter that is not finite, or below 0 where it must not be.
    #[error("parameter {0} is not finite, or is negative in a map that has to be convex")]
    Parameter(usize),
    /// More parameters than a billion.
    #[error("a network of more than a billion parameters")]
    TooLarge,
    /// A side that strides do not divide.
    #[error("a side of {0} pixels: expected a multiple of 4, at least 8")]
    Side(usize),
}

/// Of one network.
const MOST_PARAMETERS: usize = 1_000_000_000;

/// How parameters begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Uniform up to 1/√fan-in, then convex maps cut at 0: half of their weights begin dead, and may stay so.
    Uniform,
    /// The same with absolute values in convex maps over their fan-in: alive, and outputs of order one.
    Alive,
    /// Convex maps e^{N(−10, 0.1²)}, as the public code does for images: alive but tiny.
    Exponential,
}

/// Where parameters of a layer lie.
#[derive(Clone, Debug)]
struct Places {
    convex: std::ops::Range<usize>,
    input: std::ops::Range<usize>,
    bias: std::ops::Range<usize>,
}

impl ProximalNetwork {
    /// A network of layers with zero parameters.
    ///
    /// # Errors
    /// Maps that do not fit, β not positive, α negative.
    pub fn new(layers: Vec<Layer>, linear: bool, beta: f64, alpha: f64) -> Result<Self, NetworkError> {
        let range = |name, value, expected| Err(NetworkError::Range { name, value, expected });
        if !(beta > 0.0 && beta.is_finite()) {
            return range("beta", beta, "a positive number");
        }
        if !(alpha >= 0.0 && alpha.is_finite()) {
            return range("alpha", alpha, "a number of at least 0");
        }
        if layers.is_empty() {
            return Err(NetworkError::Layer(0));
        }
        for (k, layer) in layers.iter().enumerate() {
            if !layer.input.is_sound() || !layer.convex.as_ref().is_none_or(Map::is_sound) {
                return Err(NetworkError::Layer(k));
            }
            let fits = match (&layer.convex, k.checked_sub(1).map(|before| &layers[before])) {
                (None, None) => true,
                (Some(convex), Some(before)) => {
                    convex.inputs() == before.input.outputs()
                        && convex.outputs() == layer.input.outputs()
                        && convex.features() == layer.input.features()
                }
                _ => false,
            };
            if !fits || layer.input.inputs() != layers[0].input.inputs() || layer.input.inputs() == 0 {
                return Err(NetworkError::Layer(k));
            }
        }
        let mut network = Self { layers, linear, beta, alpha, parameters: Vec::new() };
        let count = network.count();
        if count > MOST_PARAMETERS {
            return Err(NetworkError::TooLarge);
        }
        network.parameters = vec![0.0; count];
        Ok(network)
    }

    /// Dense layers of these widths on n inputs; the first has a bias or not.
    ///
    /// # Errors
    /// No layer, a size of 0, β or α out of range.
    pub fn dense(
        n: usize,
        widths: &[usize],
        first_bias: bool,
        (beta, alpha): (f64, f64),
    ) -> Result<Self, NetworkError> {
        if let Some(empty) = widths.iter().position(|width| *width == 0) {
            return Err(NetworkError::Layer(empty));
        }
        let layer = |k: usize| Layer {
            convex: (k > 0).then(|| Map::Dense { inputs: widths[k - 1], outputs: widths[k] }),
            input: Map::Dense { inputs: n, outputs: widths[k] },
            bias: k > 0 || first_bias,
        };
        Self::new((0..widths.len()).map(layer).collect(), true, beta, alpha)
    }

    /// The public code's network for grey images, with sides divisible by four: convolutions with strides 1, 2, 1, 2 of `width` filters each, then a dense layer of 64, each with a map of the resized image. 317,056 parameters for 28 pixels and 64 filters.
    ///
    /// # Errors
    /// A side that is not divisible by four, a width of 0, β or α out of range.
    pub fn convolutional(side: usize, width: usize, (beta, alpha): (f64, f64)) -> Result<Self, NetworkError> {
        if side < 8 || !side.is_multiple_of(4) {
            return Err(NetworkError::Side(side));
        }
        let convolution =
            |side, channels, stride| Map::Convolution { side, channels, filters: width, stride };
        let resized = |factor: usize, map| Map::Resized { side, factor, map: Box::new(map) };
        let (half, quarter) = (side / 2, side / 4);
        let layers = vec![
            Layer { convex: None, input: convolution(side, 1, 1), bias: false },
            Layer { convex: Some(convolution(side, width, 2)), input: convolution(side, 1, 2), bias: true },
            Layer {
                convex: Some(convolution(half, width, 1)),
                input: resized(2, convolution(half, 1, 1)),
                bias: true,
            },
            Layer {
                convex: Some(convolution(half, width, 2)),
                input: resized(2, convolution(half, 1, 2)),
                bias: true,
            },
            Layer {
                convex: Some(Map::Dense { inputs: quarter * quarter * width, outputs: 64 }),
                input: resized(4, Map::Dense { inputs: quarter * quarter, outputs: 64 }),
                bias: true,
            },
        ];
        Self::new(layers, false, beta, alpha)
    }

    /// With these parameters.
    ///
    /// # Errors
    /// Another number of them, one that is not finite, or a negative one in a convex map.
    pub fn with_parameters(mut self, parameters: Vec<f64>) -> Result<Self, NetworkError> {
        if parameters.len() != self.parameters.len() {
            return Err(NetworkError::Parameters {
                expected: self.parameters.len(),
                found: parameters.len(),
            });
        }
        if let Some(place) = parameters.iter().position(|p| !p.is_finite()) {
            return Err(NetworkError::Parameter(place));
        }
        self.parameters = parameters;
        let negative = self.convex_places().into_iter().flatten().find(|place| self.parameters[*place] < 0.0);
        negative.map_or(Ok(self), |place| Err(NetworkError::Parameter(place)))
    }

    /// The network itself, if its shape and parameters are those of a network: for what comes from a file.
    ///
    /// # Errors
    /// As for [`new`](Self::new) and [`with_parameters`](Self::with_parameters).
    pub fn checked(self) -> Result<Self, NetworkError> {
        // Before anything is laid out: what a file says of sizes need not be so.
        let sound = |layer: &Layer| layer.input.is_sound() && layer.convex.as_ref().is_none_or(Map::is_sound);
        if let Some(layer) = self.layers.iter().position(|layer| !sound(layer)) {
            return Err(NetworkError::Layer(layer));
        }
        let expected = self.count();
        if self.layers.is_empty() || self.parameters.len() != expected {
            return Err(NetworkError::Parameters { expected, found: self.parameters.len() });
        }
        Self::new(self.layers, self.linear, self.beta, self.alpha)?.with_parameters(self.parameters)
    }

    /// With random parameters.
    #[must_use]
    pub fn with_start(mut self, start: Start, random: &mut impl Rng) -> Self {
        let (places, w, h) = self.places();
        let mut fill = |parameters: &mut [f64], fan_in: usize, convex: bool| {
            let bound = 1.0 / (fan_in as f64).sqrt();
            for parameter in parameters {
                let uniform: f64 = random.random_range(-bound..bound);
                *parameter = match (convex, start) {
                    (true, Start::Exponential) => {
                        (-10.0 + 0.1 * random.sample::<f64, _>(StandardNormal)).exp()
                    }
                    (true, Start::Alive) => 2.0 * uniform.abs() * bound,
                    _ => uniform,
                };
            }
        };
        for (layer, places) in self.layers.iter().zip(&places) {
            if let Some(convex) = &layer.convex {
                fill(&mut self.parameters[places.convex.clone()], convex.fan_in(), true);
            }
            fill(&mut self.parameters[places.input.clone()], layer.input.fan_in(), false);
            fill(&mut self.parameters[places.bias.clone()], layer.input.fan_in(), false);
        }
        let last = self.layers[self.layers.len() - 1].input.outputs();
        fill(&mut self.parameters[w], last, true);
        let n = self.inputs();
        fill(&mut self.parameters[h], n, false);
        self.clip();
        self
    }

    /// Multiplies ψ less α|y|²/2 by a factor of at least 0.
    pub fn scale(&mut self, factor: f64) {
        let (_, w, h) = self.places();
        for place in w.chain(h) {
            self.parameters[place] *= factor;
        }
    }

    /// Cuts convex maps and w at 0, as after every step of training.
    pub fn clip(&mut self) {
        for places in self.convex_places() {
            self.parameters[places].iter_mut().for_each(|p| *p = p.max(0.0));
        }
    }

    /// The share of weights in convex maps that are 0.
    pub fn dead_share(&self) -> f64 {
        let (mut dead, mut all) = (0, 0);
        for places in self.convex_places() {
            all += places.len();
            dead += self.parameters[places].iter().filter(|p| **p == 0.0).count();
        }
        dead as f64 / all as f64
    }

    /// n.
    pub fn inputs(&self) -> usize {
        self.layers[0].input.inputs()
    }

    /// β.
    pub fn beta(&self) -> f64 {
        self.beta
    }

    /// α.
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// Layers.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Parameters of the shape.
    fn count(&self) -> usize {
        let (_, w, h) = self.places();
        w.end.max(h.end)
    }

    /// Places of layers, of w, and of h.
    fn places(&self) -> (Vec<Places>, std::ops::Range<usize>, std::ops::Range<usize>) {
        let mut next = 0;
        let mut take = |count: usize| {
            next += count;
            next - count..next
        };
        let places = self
            .layers
            .iter()
            .map(|layer| Places {
                convex: take(layer.convex.as_ref().map_or(0, Map::weights)),
                input: take(layer.input.weights()),
                bias: take(if layer.bias { layer.input.features() } else { 0 }),
            })
            .collect();
        let w = take(self.layers[self.layers.len() - 1].input.outputs());
        let h = take(if self.linear { self.inputs() } else { 0 });
        (places, w, h)
    }

    fn convex_places(&self) -> Vec<std::ops::Range<usize>> {
        let (places, w, _) = self.places();
        places.into_iter().map(|places| places.convex).chain([w]).collect()
    }

    /// A bound of the largest eigenvalue of f′ that holds everywhere: α + (β/4) Σ_k max(v̄_k) J_k², J_1 = |H_1|, J_k = |W_k| J_{k−1} + |H_k|, v̄_K = w, v̄_{k−1} = W_kᵀ v̄_k. Loose: tens of times what is met for dense networks, a million times for convolutions.
    pub fn smoothness_bound(&self) -> f64 {
        let (places, w, _) = self.places();
        let (mut jacobians, mut before) = (Vec::new(), 0.0);
        for (layer, places) in self.layers.iter().zip(&places) {
            let convex =
                layer.convex.as_ref().map_or(0.0, |map| map.norm(&self.parameters[places.convex.clone()]));
            before = convex * before + layer.input.norm(&self.parameters[places.input.clone()]);
            jacobians.push(before);
        }
        let mut adjoint = self.parameters[w].to_vec();
        let mut sum = 0.0;
        for (k, layer) in self.layers.iter().enumerate().rev() {
            let most = adjoint.iter().fold(0.0_f64, |a, b| a.max(*b));
            sum += most * jacobians[k] * jacobians[k];
            if let Some(convex) = &layer.convex {
                let mut lower = vec![0.0; convex.inputs()];
                convex.adjoint(&self.parameters[places[k].convex.clone()], &adjoint, &mut lower);
                adjoint = lower;
            }
        }
        self.alpha + 0.25 * self.beta * sum
    }
}
