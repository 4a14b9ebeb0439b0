//! Supervised and unsupervised learning of unfolded ISTA and IHT (Nagahisa, Hayakawa, Iiguni, arXiv 2509.01331, 2025, second version 2026).
//!
//! # The problem
//!
//! Recover a sparse x from y = Ax + v by ½‖y − Ax‖² + λ‖x‖₁ (convex) or + λ‖x‖₀ (not convex) ([`problem`]). ISTA and IHT are proximal gradient steps with soft and hard thresholds.
//!
//! # The method
//!
//! [`network`] unfolds T of these steps into layers with steps of their own, [`training`] learns them layer by layer, supervised from signals or unsupervised from the objective, with the derivatives of [`gradient`]: almost everywhere, by a surrogate, or with the part that hard thresholds' jumps contribute, whose closed form
//! in one dimension is in [`scalar`]. What networks are held against: [`iterations`] (FISTA, AMP), [`lasso`] (exact solutions with duality gaps), [`sparsest`] (coordinate descent and global optima by enumeration), [`chebyshev`] (steps from the spectrum). [`signals`] draws problems.
//!
//! | symbol of the note | here |
//! |---|---|
//! | A, G = AᵀA, L | [`problem::Problem`] |
//! | λ | `weight` |
//! | g_k, t_k | [`network::Network::steps`], [`network::Network::thresholds`] |
//! | T | depth |
//!
//! # An example
//!
//! ```
//! use deep_unfolding::network::Network;
//! use deep_unfolding::problem::{Penalty, Problem};
//! use deep_unfolding::signals::{BernoulliGaussian, Model, gaussian_matrix};
//! use deep_unfolding::training::{Loss, Training, train};
//! use numerics::random::stream;
//!
//! let problem = Problem::new(gaussian_matrix(30, 50, &mut stream(0, &["matrix"])))?;
//! let signals = BernoulliGaussian { probability: 0.1, decibels: 20.0, amplitude: 1.0 };
//! let mut source = Model { signals, matrix: problem.matrix(), random: stream(0, &["training"]) };
//! let training = Training { depth: 8, ..Training::new(Penalty::L1, 0.1, Loss::Unsupervised) };
//! let network = train(&problem, &training, &mut source, |_| ())?.network;
//! // Eight trained layers are nearer to the LASSO's optimum than sixteen iterations of ISTA.
//! let (_, ys) = signals.draw(problem.matrix(), 200, &mut stream(0, &["tests"]));
//! let mean = |network: &Network| problem.objectives(ys.view(), network.apply(&problem, ys.view()).view(), Penalty::L1, 0.1).mean();
//! assert!(mean(&network) < mean(&Network::plain(Penalty::L1, 0.1, problem.plain_step(), 16)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The method alone, in another crate: `deep-unfolding = { path = "…", default-features = false }`.

pub mod chebyshev;
#[cfg(feature = "lab")]
pub mod claims;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod gradient;
pub mod iterations;
pub mod lasso;
pub mod network;
pub mod problem;
pub mod scalar;
pub mod signals;
pub mod sparsest;
pub mod training;
