//! Gradient is All You Need? How Consensus-Based Optimization can be Interpreted as a Stochastic Relaxation of Gradient Descent (Riedl, Klock, Geldhauser,
//! Fornasier, arXiv 2306.09778).
//!
//! # The problem
//!
//! A function E: ℝᵈ → ℝ ∪ {+∞} is minimised globally, from its values alone.
//!
//! # The methods
//!
//! A swarm X₁, …, X_N drifts towards its *consensus*, the mean with weights exp(−αE), and is shaken in proportion to its distance from it ([`swarm`]):
//!
//! ```text
//! x_α = Σ Xᵢ exp(−αE(Xᵢ)) / Σ exp(−αE(Xᵢ)),      dXᵢ = −λ (Xᵢ − x_α) dt + σ D(Xᵢ − x_α) dBᵢ
//! ```
//!
//! The paper's theorem leads to gradient descent in three links, each of which is a module: [`hopping`] draws the swarm anew around its consensus with width
//! s; [`movement`] takes proximal points with step τ = αs², which are the modes of the measures whose means are hops; [`descent`] takes explicit steps.
//! [`consensus`](mod@consensus) has the weighted mean in a form that survives every α and every size of energies. Beyond the paper, [`envelope`] computes hops on a line without sampling
//! error and shows that they are gradient steps on a softened E, and [`quadratic`] has them in closed form. [`evolution`] is CMA-ES, the rival;
//! [`canyon`], [`problems`] and [`curves`] are what is minimised; [`principle`] is the inequality behind global convergence.
//!
//! | symbol of the paper | here |
//! |---|---|
//! | α, λ, σ, Δt, N | `alpha`, `drift`, `noise`, `step`, `particles` |
//! | σ̃, τ | `width`, `tau` = `alpha`·`width`² |
//! | x_α | `Consensus::point` |
//!
//! # An example
//!
//! ```
//! use consensus_based::draws::Draws;
//! use consensus_based::problems::{Benchmark, Problem};
//! use consensus_based::swarm::{Options, Start, minimise};
//!
//! let problem = Problem { benchmark: Benchmark::Rastrigin, dimension: 3, shift: 1.0 };
//! let start = Start::Uniform { low: -3.0, high: 3.0 };
//! let found = minimise(&problem, &Options::default(), &start, (400, 0.0), Draws::new(0, 0), |_, _, _| {})?;
//! assert!(found.best.value < 0.01, "{:?}", found.best);
//! # Ok::<(), consensus_based::consensus::Refusal>(())
//! ```
//!
//! The method alone, in another crate: `consensus-based = { path = "…", default-features = false }`.

pub mod canyon;
#[cfg(feature = "lab")]
pub mod claims;
pub mod consensus;
pub mod curves;
pub mod descent;
pub mod draws;
mod elementary;
pub mod envelope;
pub mod evolution;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod hopping;
pub mod movement;
pub mod objective;
pub mod principle;
pub mod problems;
pub mod quadratic;
pub mod swarm;
