//! Quantum Lower Bounds for Finding Stationary Points of Nonconvex Functions (Zhang, Li, ICML 2023), made to be run.
//!
//! # The problem
//!
//! How many queries does it take to find a point with |∇f| ≤ ε of a smooth nonconvex function? Classically Ω(ε^(−(1+p)/p)) with derivatives up to order p, Ω(ε⁻⁴) with
//! stochastic gradients, Ω(ε⁻³) if those are mean-squared smooth. The paper carries all three over to quantum queries.
//!
//! # What is here
//!
//! The hard function is a [`chain`] that shows one column at a time ([`scaled`] to a class, hidden by a [`rotation`], noisy behind an [`oracle`]). [`methods`] are the optimisers that walk it, with their queries counted.
//! [`hidden_chain`] is the same as a game, where the best classical probability is a fraction and the best quantum one a semidefinite programme
//! ([`quantum::optimum`]); [`quantum::truncation`] measures the argument that the paper's abstract names, [`quantum::interrogation`] what spread noise leaves
//! of a quantum advantage. [`constants`] and [`enclosure`] give the chain's constants with certainty.
//!
//! | symbol | here |
//! |---|---|
//! | Ψ, Φ | gate and slope: [`scalars`] |
//! | T, d | columns of the chain, dimensions that hide them |
//! | p, L, Δ, ε | order, Lipschitz constant of the p-th derivative, f(0) − inf f, accuracy: [`scaled::Scaled`] |
//! | q | probability that a toss shows the next column: [`oracle::Coin`] |
//! | N, k | letters of the game, queries |
//!
//! # An example
//!
//! ```
//! use quantum_lower_bounds::methods::greedy;
//! use quantum_lower_bounds::oracle::Exact;
//! use quantum_lower_bounds::scaled::{Constants, Scaled};
//!
//! let hardest = Scaled::hardest(1, 1.0, 1.0, 1e-2, Constants::Literature)?;
//! let mut oracle = Exact::new(hardest);
//! let run = greedy(&mut oracle, 10.0 * hardest.scale, 1e-2, 1_000);
//! assert!(run.found && run.queries == hardest.least_queries());
//! # Ok::<(), quantum_lower_bounds::scaled::ScalingError>(())
//! ```
//!
//! The library alone, in another crate: `quantum-lower-bounds = { path = "…", default-features = false }`.

pub mod chain;
#[cfg(feature = "lab")]
pub mod claims;
pub mod constants;
pub mod enclosure;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod hidden_chain;
pub mod methods;
pub mod oracle;
pub mod quantum;
pub mod rotation;
pub mod scalars;
pub mod scaled;
