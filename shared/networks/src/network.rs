//! A fully connected network: widths, an activation, and one flat vector of parameters.
//!
//! ```text
//! a⁰ = x,   z^{l+1} = f_l aˡ Wˡ + g bˡ,   a^{l+1} = σ(z^{l+1}),   output z^L without σ
//! ```
//!
//! Rows are examples. Wˡ is n_l × n_{l+1}. The flat vector holds, layer by layer, the weights row by row and then the biases. The factors f_l and g are 1
//! in the usual parametrisation, and w/√n_l and b in that of the tangent kernel ([`Parametrisation`]).

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2, s};
use ndarray_rand::rand_distr::{Distribution, StandardNormal, Uniform};
use rand::Rng;

use crate::{Activation, NetworkError, Real};

/// Where the scale of the weights stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Parametrisation {
    /// In the weights: f = g = 1.
    Standard,
    /// In the network: f_l = weight_std/√n_l and g = bias_std, with parameters of order one (Jacot and others 2018).
    Tangent {
        /// w.
        weight_std: f64,
        /// b.
        bias_std: f64,
    },
}

/// The law that weights and biases are drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initialisation {
    /// Weights and biases from N(0, 1): for [`Parametrisation::Tangent`].
    Normal,
    /// Weights from N(0, 2/n_l), biases 0 (He and others 2015), for rectifiers.
    He,
    /// Weights uniform on ±√(6/(n_l + n_{l+1})), biases 0 (Glorot and Bengio 2010).
    Glorot,
    /// Weights from N(0, 1/n_l), biases 0 (LeCun and others 1998).
    LeCun,
    /// Weights and biases uniform on ±1/√n_l: what PyTorch does unless told otherwise.
    FanIn,
}

/// A fully connected network.
#[derive(Clone, Debug, PartialEq)]
pub struct Network<T> {
    widths: Vec<usize>,
    activation: Activation,
    parametrisation: Parametrisation,
    parameters: Array1<T>,
}

/// What a forward pass leaves for a backward pass.
#[derive(Clone, Debug)]
pub struct Pass<T> {
    /// a⁰, …, a^{L−1}: N × n_l.
    pub inputs: Vec<Array2<T>>,
    /// z¹, …, z^L: N × n_{l+1}.
    pub before: Vec<Array2<T>>,
}

impl<T: Real> Pass<T> {
    /// z^L: the outputs, N × n_L.
    pub fn outputs(&self) -> ArrayView2<'_, T> {
        self.before[self.before.len() - 1].view()
    }
}

/// How many parameters a network of these widths has: Σ (n_l + 1) n_{l+1}.
pub(crate) fn count(widths: &[usize]) -> usize {
    widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
}

impl<T: Real> Network<T> {
    /// Draws a network of widths n_0, …, n_L.
    ///
    /// # Errors
    /// For fewer than two widths or a width of 0.
    pub fn new(
        widths: &[usize],
        activation: Activation,
        parametrisation: Parametrisation,
        initialisation: Initialisation,
        random: &mut impl Rng,
    ) -> Result<Self, NetworkError> {
        let zeros = Array1::zeros(count(widths));
        let mut network = Self::from_parameters(widths, activation, parametrisation, zeros)?;
        for l in 0..network.layers() {
            let (inputs, outputs) = (widths[l] as f64, widths[l + 1] as f64);
            let normal = |deviation: f64, random: &mut _| -> T {
                let draw: f64 = StandardNormal.sample(random);
                T::of(deviation * draw)
            };
            let uniform = |bound: f64| Uniform::new(-bound, bound).expect("the bound is positive");
            let mut draw: Box<dyn FnMut(&mut _) -> T> = match initialisation {
                Initialisation::Normal => Box::new(|random| normal(1.0, random)),
                Initialisation::He => Box::new(move |random| normal((2.0 / inputs).sqrt(), random)),
                Initialisation::LeCun => Box::new(move |random| normal((1.0 / inputs).sqrt(), random)),
                Initialisation::Glorot => {
                    let law = uniform((6.0 / (inputs + outputs)).sqrt());
                    Box::new(move |random| T::of(law.sample(random)))
                }
                Initialisation::FanIn => {
                    let law = uniform((1.0 / inputs).sqrt());
                    Box::new(move |random| T::of(law.sample(random)))
                }
            };
            network.weights_mut(l).mapv_inplace(|_| draw(random));
            if matches!(initialisation, Initialisation::Normal | Initialisation::FanIn) {
                network.biases_mut(l).mapv_inplace(|_| draw(random));
            }
        }
        Ok(network)
    }

    /// A network with these parameters, in the order that the [module](self) says.
    ///
    /// # Errors
    /// For fewer than two widths, a width of 0, another number of parameters, and one that is not finite.
    pub fn from_parameters(
        widths: &[usize],
        activation: Activation,
        parametrisation: Parametrisation,
        parameters: Array1<T>,
    ) -> Result<Self, NetworkError> {
        if widths.len() < 2 || widths.contains(&0) {
            return Err(NetworkError::Widths(widths.to_vec()));
        }
        let expected = count(widths);
        if parameters.len() != expected {
            return Err(NetworkError::Parameters { expected, found: parameters.len() });
        }
        // The views of the layers need one piece of memory.
        let parameters = parameters.as_standard_layout().into_owned();
        let network = Self { widths: widths.to_vec(), activation, parametrisation, parameters };
        let finite = |l: &usize| network.weights(*l).iter().chain(network.biases(*l)).all(|p| p.is_finite());
        match (0..network.layers()).find(|l| !finite(l)) {
            Some(l) => Err(NetworkError::Parameter(l)),
            None => Ok(network),
        }
    }

    /// A network of given layers: weights n_l × n_{l+1} and biases.
    ///
    /// # Errors
    /// For no layers, layers that do not fit each other, and what [`from_parameters`](Self::from_parameters) refuses.
    pub fn from_layers(
        activation: Activation,
        parametrisation: Parametrisation,
        layers: &[(Array2<T>, Array1<T>)],
    ) -> Result<Self, NetworkError> {
        let widths: Vec<usize> = layers
            .first()
            .map(|layer| layer.0.nrows())
            .into_iter()
            .chain(layers.iter().map(|layer| layer.0.ncols()))
            .collect();
        let mut parameters = Vec::new();
        for (layer, (weights, biases)) in layers.iter().enumerate() {
            let inputs = widths[layer];
            if weights.nrows() != inputs || weights.ncols() != biases.len() {
                return Err(NetworkError::Layer {
                    layer,
                    weights: weights.dim(),
                    biases: biases.len(),
                    inputs,
                });
            }
            parameters.extend(weights.iter().chain(biases).copied());
        }
        Self::from_parameters(&widths, activation, parametrisation, Array1::from(parameters))
    }

    /// n_0, …, n_L.
    pub fn widths(&self) -> &[usize] {
        &self.widths
    }

    /// L.
    pub fn layers(&self) -> usize {
        self.widths.len() - 1
    }

    /// n_0.
    pub fn inputs(&self) -> usize {
        self.widths[0]
    }

    /// n_L.
    pub fn outputs(&self) -> usize {
        self.widths[self.layers()]
    }

    /// σ.
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// Where the scale of the weights stands.
    pub fn parametrisation(&self) -> Parametrisation {
        self.parametrisation
    }

    /// All parameters, in the order that the [module](self) says.
    pub fn parameters(&self) -> ArrayView1<'_, T> {
        self.parameters.view()
    }

    /// All parameters, to change.
    pub fn parameters_mut(&mut self) -> ArrayViewMut1<'_, T> {
        self.parameters.view_mut()
    }

    /// Wˡ of layer l: n_l × n_{l+1}.
    ///
    /// # Panics
    /// If there is no such layer; so do the next three.
    pub fn weights(&self, l: usize) -> ArrayView2<'_, T> {
        weights_of(&self.widths, self.parameters.view(), l)
    }

    /// bˡ of layer l: n_{l+1}.
    pub fn biases(&self, l: usize) -> ArrayView1<'_, T> {
        biases_of(&self.widths, self.parameters.view(), l)
    }

    /// Wˡ, to change.
    pub fn weights_mut(&mut self, l: usize) -> ArrayViewMut2<'_, T> {
        split_mut(&self.widths, self.parameters.view_mut(), l).0
    }

    /// bˡ, to change.
    pub fn biases_mut(&mut self, l: usize) -> ArrayViewMut1<'_, T> {
        split_mut(&self.widths, self.parameters.view_mut(), l).1
    }

    /// f_l and g of layer l.
    pub fn factors(&self, l: usize) -> (T, T) {
        match self.parametrisation {
            Parametrisation::Standard => (T::one(), T::one()),
            Parametrisation::Tangent { weight_std, bias_std } => {
                (T::of(weight_std / (self.widths[l] as f64).sqrt()), T::of(bias_std))
            }
        }
    }

    pub(crate) fn check_inputs(&self, x: ArrayView2<T>) -> Result<(), NetworkError> {
        match x.ncols() == self.inputs() {
            true => Ok(()),
            false => Err(NetworkError::Inputs { expected: self.inputs(), found: x.ncols() }),
        }
    }

    pub(crate) fn check_targets(&self, x: ArrayView2<T>, y: ArrayView2<T>) -> Result<(), NetworkError> {
        self.check_inputs(x)?;
        let expected = (x.nrows(), self.outputs());
        if y.dim() == expected { Ok(()) } else { Err(NetworkError::Targets { expected, found: y.dim() }) }
    }
}

/// Where the parameters of a layer begin.
fn offset(widths: &[usize], l: usize) -> usize {
    count(&widths[..=l])
}

/// The weights of a layer in a flat vector of parameters, or in anything of that order, such as a gradient.
///
/// # Panics
/// If there is no such layer; so does the next one.
pub(crate) fn weights_of<'a, T>(widths: &[usize], flat: ArrayView1<'a, T>, l: usize) -> ArrayView2<'a, T> {
    let (inputs, outputs) = (widths[l], widths[l + 1]);
    let start = offset(widths, l);
    let part = flat.slice_move(s![start..start + inputs * outputs]);
    part.into_shape_with_order((inputs, outputs)).expect("a flat vector is contiguous")
}

/// The biases of a layer in the same.
pub(crate) fn biases_of<'a, T>(widths: &[usize], flat: ArrayView1<'a, T>, l: usize) -> ArrayView1<'a, T> {
    let end = offset(widths, l + 1);
    flat.slice_move(s![end - widths[l + 1]..end])
}

/// Weights and biases of a layer in a flat vector, to change.
pub(crate) fn split_mut<'a, T>(
    widths: &[usize],
    flat: ArrayViewMut1<'a, T>,
    l: usize,
) -> (ArrayViewMut2<'a, T>, ArrayViewMut1<'a, T>) {
    let (inputs, outputs) = (widths[l], widths[l + 1]);
    let layer = flat.slice_move(s![offset(widths, l)..offset(widths, l + 1)]);
    let (weights, biases) = layer.split_at(ndarray::Axis(0), inputs * outputs);
    (weights.into_shape_with_order((inputs, outputs)).expect("a flat vector is contiguous"), biases)
}
