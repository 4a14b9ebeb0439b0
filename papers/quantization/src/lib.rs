//! A Survey of Quantization Methods for Efficient Neural Network Inference (Gholami, Kim, Dong, Yao, Mahoney, Keutzer, 2021, arXiv 2103.13630).
//!
//! # The problem
//!
//! Weights and activations of a network are mapped to integers of few bits,
//!
//! ```text
//! q = clip(⌊r/S⌉ + Z),      r̃ = S (q − Z)
//! ```
//!
//! so that it takes less memory, time and energy, and loses as little accuracy as possible. (Z has ONNX's sign; the survey writes −Z.)
//!
//! # The methods
//!
//! | of the survey | here |
//! |---|---|
//! | uniform quantisation, symmetric and asymmetric | [`uniform`] |
//! | choosing ranges: calibration, static and moving | [`calibration`] |
//! | static and dynamic quantisation of activations | [`mod@quantise`] |
//! | granularity | [`granularity`] |
//! | non-uniform levels, binary codes, extreme quantisation | [`nonuniform`] |
//! | stochastic rounding | [`Grid::quantise_stochastically`](uniform::Grid::quantise_stochastically) |
//! | quantisation-aware training, distillation | [`training`] |
//! | post-training quantisation | [`post_training`] |
//! | zero-shot quantisation | [`zero_shot`] |
//! | simulated and integer-only quantisation | [`Quantised`](quantise::Quantised), [`integer`] |
//! | mixed precision | [`mod@mixed_precision`] |
//! | vector quantisation | [`product`] |
//!
//! Beyond the survey: [`kernels`] multiplies matrices of 8-bit integers near the processor's peak and packed matrices of 4, 2 and 1 bit with vectors, with the same integers on every processor.
//!
//! # An example
//!
//! ```
//! use ndarray::array;
//! use quantization::network::Network;
//! use quantization::quantise::{Settings, quantise};
//!
//! let mut random = numerics::random::stream(0, &["example"]);
//! let network = Network::perceptron(&[2, 8, 2], &mut random)?;
//! let data = array![[0.1f32, 0.9], [0.8, 0.3], [-0.5, 0.2]];
//! let quantised = quantise(&network, data.view(), &Settings::default())?;
//! let error = quantised.forward(data.view())? - network.forward(data.view())?;
//! assert!(error.iter().all(|e| e.abs() < 0.05));
//! # Ok::<(), quantization::Error>(())
//! ```
//!
//! The method alone, in another crate: `quantization = { path = "…", default-features = false }`.

pub mod calibration;
#[cfg(feature = "lab")]
pub mod claims;
pub mod error;
#[cfg(feature = "lab")]
pub mod experiments;
#[cfg(feature = "files")]
mod floats;
pub mod granularity;
pub mod integer;
pub mod kernels;
pub mod mixed_precision;
#[cfg(feature = "files")]
pub mod model_file;
pub mod network;
pub mod nonuniform;
#[cfg(feature = "files")]
pub mod onnx;
pub mod post_training;
pub mod product;
pub mod quantise;
pub mod training;
pub mod uniform;
pub mod zero_shot;

pub use error::Error;
