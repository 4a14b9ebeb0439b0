//! Finite networks in the paper's parametrisation: drawing them, and how far training has moved them.
//!
//! z^{l+1} = (w/√n_l) W^l a^l + b b^l, a^{l+1} = σ(z^{l+1}), f = z^L, with all parameters drawn from N(0, 1): the paper's parametrisation, in which the
//! factors stand in the network and not in the initial law. The cost is (1/2N) Σ |f(x_i) − y_i|², and a step of gradient descent with rate η moves
//! time by η in the limit's gradient flow. Passes, descent and the empirical tangent kernel are those of [`networks`].
//!
//! The usual ("standard") parametrisation draws W from N(0, w²/n_l) and has no factors. Its functions have the same law; its gradient with respect to a weight is larger by
//! √n_l/w, so that its tangent kernel is Σ_l (n_l/w²) (weights of layer l) + (biases)/b², which grows with the width; a rate of η there
//! is a rate of η n_l/w² for the weights of layer l here.

use ndarray::{Array1, Array2};
use networks::{Initialisation, Parametrisation};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

pub use networks::NetworkError;

use crate::kernel::Architecture;

/// A fully connected network in double precision.
pub type Network = networks::Network<f64>;

/// Random numbers to draw a network from, by seed.
pub fn coins(seed: u64) -> ChaCha8Rng {
    numerics::random::stream(seed, &["ntk", "network"])
}

impl Architecture {
    /// Draws a network with widths n_0, …, n_L; the number of widths sets the depth. Memory: 8 bytes a parameter.
    ///
    /// # Errors
    /// For fewer than two widths or a width of 0.
    pub fn draw(&self, widths: &[usize], random: &mut impl Rng) -> Result<Network, NetworkError> {
        Network::new(widths, self.activation, self.parametrisation(), Initialisation::Normal, random)
    }

    /// Draws a network of the paper's shape, `inputs` − n − … − n − 1.
    ///
    /// # Errors
    /// As for [`draw`](Self::draw).
    pub fn draw_scalar(
        &self,
        inputs: usize,
        width: usize,
        random: &mut impl Rng,
    ) -> Result<Network, NetworkError> {
        let mut widths = vec![width; self.depth + 1];
        widths[0] = inputs;
        widths[self.depth] = 1;
        self.draw(&widths, random)
    }

    /// A network of given parameters: for each layer its weights, n_l × n_{l+1}, and biases, before the factors w/√n_l and b. The number of layers sets the
    /// depth.
    ///
    /// # Errors
    /// For no layers, a width of 0, layers that do not fit each other, and a parameter that is not finite.
    pub fn with_layers(&self, layers: &[(Array2<f64>, Array1<f64>)]) -> Result<Network, NetworkError> {
        Network::from_layers(self.activation, self.parametrisation(), layers)
    }

    fn parametrisation(&self) -> Parametrisation {
        Parametrisation::Tangent { weight_std: self.weight_std, bias_std: self.bias_std }
    }
}

/// ‖θ − θ'‖/‖θ'‖ over the weights of the hidden layers (all but the first and the last): how far training has moved them.
pub fn hidden_change(after: &Network, before: &Network) -> f64 {
    let (mut moved, mut size) = (0.0, 0.0);
    for l in 1..after.layers().saturating_sub(1).max(1) {
        let (new, old) = (after.weights(l), before.weights(l));
        moved += (&new - &old).mapv(|w| w * w).sum();
        size += old.mapv(|w| w * w).sum();
    }
    if size > 0.0 { (moved / size).sqrt() } else { 0.0 }
}
