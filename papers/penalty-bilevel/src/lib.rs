//! On Penalty Methods for Nonconvex Bilevel Optimization and First-Order Stochastic Approximation (Kwon, Kwon, Wright, Nowak, ICLR 2024).
//!
//! # The problem
//!
//! ```text
//! min over x in X of ψ(x),      ψ(x) = min over y in S(x) of f(x, y),      S(x) = argmin over y in Y of g(x, y)
//! ```
//!
//! f and g are smooth, X and Y closed and convex; g need not be convex in y, and S(x) may hold many points.
//!
//! # The method
//!
//! [`penalty`] replaces ψ by ψ_σ(x) = min over y of f + (g − g*)/σ, which is O(σ)-close in value and gradient under a proximal error bound, and whose gradient is made of first derivatives at two lower
//! solutions. [`double_loop`] and [`single_loop`] follow that gradient from samples, with σ falling; with momentum the single loop is the paper's second algorithm, without it F2SA. [`implicit`] holds the rivals
//! that differentiate the lower solution, and BOME. [`select`] is the practical mode: a quasi-Newton method on ψ_σ. What other bilevel papers share (levels, sets, oracles, explicit hypergradients, families with known
//! solutions) is the crate `bilevel`; [`problems`] draws from its families.
//!
//! | symbol of the paper | here |
//! |---|---|
//! | σ, α, γ, η | `sigma`, `alpha`, `gamma`, `eta` |
//! | y, z (solutions of σf + g and of g) | `y`, `z` |
//! | T, M, ρ, β | `inner_steps`, `samples`, 1/`proximal`, `beta` |
//!
//! # An example
//!
//! ```
//! use bilevel::levels::Known;
//! use penalty_bilevel::penalty::exact_penalty;
//! use penalty_bilevel::problems::of_rates;
//!
//! let (problem, x) = (of_rates(false), [0.5, -0.2]);
//! let coarse = exact_penalty(&problem, &x, 1e-2)?;
//! let fine = exact_penalty(&problem, &x, 1e-3)?;
//! let psi = problem.value(&x);
//! assert!(coarse.value < fine.value && fine.value < psi && psi - fine.value < 1e-2);
//! # Ok::<(), penalty_bilevel::penalty::PenaltyError>(())
//! ```
//!
//! The method alone, in another crate: `penalty-bilevel = { path = "…", default-features = false }`.

#[cfg(feature = "lab")]
pub mod claims;
pub mod double_loop;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod implicit;
pub mod penalty;
#[cfg(feature = "lab")]
pub mod problem_file;
pub mod problems;
pub mod run;
pub mod select;
pub mod single_loop;
