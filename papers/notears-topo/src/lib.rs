//! Optimizing NOTEARS Objectives via Topological Swaps (Deng, Bello, Aragam, Ravikumar, ICML 2023, arXiv 2305.17277).
//!
//! # The problem
//!
//! Given n observations of d variables, find the weighted acyclic graph W that explains each variable best from its parents:
//!
//! ```text
//! min Q(W)   subject to h(W) = 0,      for example Q(W) = ‖X − XW‖² / 2n
//! ```
//!
//! where h(W) = 0 says that W has no cycle. Methods that treat h as one more smooth constraint (NOTEARS, DAGMA) end in points that are nearly acyclic and not local minima.
//!
//! # The method
//!
//! For an order π of the variables the problem is easy: one regression of each variable on those before it. What remains is a search over orders,
//!
//! ```text
//! min over π of Q(π),      Q(π) = min { Q(W) : W_ij = 0 unless i comes before j in π }
//! ```
//!
//! and the paper searches by *topological swaps* of two variables, chosen among candidates by the gradients of Q and h ([`bilevel`]). The result is acyclic by construction.
//!
//! # Beyond the paper
//!
//! For least squares, one Cholesky factor of the covariance matrix prices *every* swap and every insertion of an order, without any regression ([`factor`]), so [`search`] makes
//! thousands of restarts in the time of one swap. [`exact`] finds the optimum to 26 variables, [`Covariance::lower_bound`] bounds it for any number. [`baseline`] has the cheap orders that any method
//! must beat, [`sortability`] says how easy data makes it for them, and [`continuous`] has NOTEARS and DAGMA. [`pruning`] turns an order into a sparse graph.
//!
//! | symbol of the paper | here |
//! |---|---|
//! | Q, ∇Q | [`node_score::NodeScore`], [`Inner::slopes`](inner::Inner::slopes) |
//! | h, ∇h | [`acyclicity::Form`] |
//! | π | [`Order`] |
//! | Y(W, τ, ξ) | [`bilevel::candidate_pairs`] |
//! | s_small, s_large, s_0 | [`bilevel::Sets`] |
//!
//! # An example
//!
//! ```
//! use ndarray::array;
//! use notears_topo::constraints::Precedence;
//! use notears_topo::search::{Neighbourhood, Restarts, search};
//! use notears_topo::{Covariance, exact};
//!
//! // x2 = 2 x1 + e, x3 = x2 − x1 + e in a population with noise of variance 1.
//! let weights = array![[0.0, 2.0, -1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]];
//! let covariance = Covariance::of_population(weights.view(), &[1.0; 3])?;
//! let restarts = Restarts { random: 10, perturbations: 0, seed: 0 };
//! let found = search(&covariance, None, restarts, Neighbourhood::Insertions, &Precedence::none())?;
//! assert_eq!(found.order.variables(), [0, 1, 2]);
//! assert!((found.score - 1.5).abs() < 1e-12);
//! assert_eq!(exact::least_squares(&covariance)?.order, found.order);
//! # Ok::<(), notears_topo::Error>(())
//! ```
//!
//! The method alone, in another crate: `notears-topo = { path = "…", default-features = false }`.

pub mod acyclicity;
pub mod baseline;
pub mod bilevel;
#[cfg(feature = "lab")]
pub mod claims;
pub mod constraints;
pub mod continuous;
pub mod covariance;
pub mod error;
pub mod exact;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod factor;
pub mod graph;
pub mod inner;
pub mod kkt_search;
pub mod node_score;
pub mod order;
pub mod pruning;
mod root;
pub mod search;
pub mod simulate;
pub mod sortability;
pub mod stationarity;

pub use covariance::Covariance;
pub use error::Error;
pub use order::Order;
