//! Small networks: forward and backward passes over batches, products with Hessians, gradients of single examples, optimisers.
//!
//! A [`Network`] is its widths, an [`Activation`] and one flat vector of parameters, in single or double precision. All work is done in matrix products over whole batches;
//! whatever runs in parallel is summed in a fixed order, so that the same input gives the same bits on any number of threads.
//!
//! | module | what it holds |
//! |---|---|
//! | [`activation`] | rectifier, softplus, tanh, erf, GELU, sine, identity, with two derivatives |
//! | [`loss`] | squared, cross-entropy and logistic losses; softmax, accuracy |
//! | [`network`] | parameters, views of layers, parametrisations, initialisations |
//! | [`passes`] | forward, backward, gradients |
//! | [`examples`] | gradients of single examples, their norms, inner products and weighted sums |
//! | [`curvature`] | Hessian- and Gauss–Newton-vector products in blocks |
//! | [`optimiser`] | momentum, Adam, training in batches |
//! | [`layered`] | layers that own their matrices, dense and convolutional, with passes that may change what enters a layer |
//! | [`recurrent`] | RNN, GRU and LSTM on sequences of tokens, with Hessian products |
//!
//! ```
//! use ndarray::array;
//! use networks::{Activation, Initialisation, Loss, Network, Optimiser, Parametrisation, Training, train};
//!
//! let mut random = numerics::random::stream(0, &["example"]);
//! let (x, y) = (array![[0.0], [0.5], [1.0]], array![[0.0], [1.0], [0.0]]);
//! let mut network: Network<f64> =
//!     Network::new(&[1, 16, 1], Activation::Tanh, Parametrisation::Standard, Initialisation::FanIn, &mut random)?;
//! let training = Training { loss: Loss::Squared, optimiser: Optimiser::Adam, rate: 0.05, epochs: 300, batch: 3 };
//! let losses = train(&mut network, x.view(), y.view(), &training, &mut random)?;
//! assert!(losses[299] < 1e-2 * losses[0]);
//! # Ok::<(), networks::NetworkError>(())
//! ```

pub mod activation;
pub mod curvature;
pub mod error;
pub mod examples;
pub mod layered;
pub mod loss;
pub mod network;
pub mod optimiser;
pub mod passes;
pub mod real;
pub mod recurrent;

pub use activation::{ACTIVATIONS, Activation};
pub use error::NetworkError;
pub use layered::{Convolution, Layer, Layered};
pub use loss::{Loss, accuracy, cross_entropy, one_hot, softmax};
pub use network::{Initialisation, Network, Parametrisation, Pass};
pub use optimiser::{Adam, Momentum, Optimiser, Training, descend, train};
pub use real::Real;
pub use recurrent::{Batch, CELLS, Cell, Recurrent, Tape};
