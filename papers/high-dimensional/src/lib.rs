//! Robust and efficient methods for high-dimensional data (Yang, thesis, 2025; three manuscripts).
//!
//! # The problem
//!
//! Many more columns than rows: which columns matter, with which coefficients, and can clusters that do not fit be kept from deciding?
//!
//! # The methods
//!
//! [`information`] screens columns by mutual information from binned kernel densities, which sees what correlation does not. [`sparse`] fits SCAD and MCP by accelerated gradients whose
//! damping minimises the bound of Ghadimi and Lan, beside plain gradients and coordinate descent on the same objective. [`mixed`] fits mixed models with q-Gaussian clusters, by proximal
//! nonlinear conjugate gradients where there is a penalty.
//!
//! | symbol | here |
//! |---|---|
//! | I(X; Y) | mutual information, nats: [`information::screen`] |
//! | λ, γ, a | the penalties' size and shapes: [`sparse::Penalty`] |
//! | α_k | damping of the accelerated gradient: [`sparse::solvers::Method::Tuned`] |
//! | L | Lipschitz constant of the smooth part, the larger of the loss's and the penalty's |
//! | q, ν, m | Tsallis' index, degrees of freedom, rows of a cluster: [`mixed::Shape`] |
//!
//! # An example
//!
//! ```
//! use high_dimensional::sparse::solvers::{Method, Options, solve, support};
//! use high_dimensional::sparse::{Coefficients, Columns, Loss, Penalty, Problem};
//!
//! let wave = |k: usize| (0..40).map(|i| ((i * (k + 2)) as f64).sin()).collect::<Vec<f64>>();
//! let (x, _, _) = Columns::new(&(0..100).map(wave).collect::<Vec<_>>())?.standardised();
//! let y: Vec<f64> = x.column(7).iter().map(|x| 2.0 * x).collect();
//! let problem = Problem { x: &x, y: &y, loss: Loss::Squared, weight: 1.0, penalty: Penalty::Mcp(3.0), lambda: 0.4 };
//! let start = Coefficients { beta: vec![0.0; 100], intercept: 0.0 };
//! let fit = solve(&problem, Method::Tuned, &start, &Options::default())?;
//! assert!(fit.converged && fit.kkt <= 1e-6);
//! assert_eq!(support(&fit.at), [7]);
//! # Ok::<(), high_dimensional::sparse::SparseError>(())
//! ```
//!
//! The methods alone, in another crate: `high-dimensional = { path = "…", default-features = false }`.

#[cfg(feature = "lab")]
pub mod claims;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod information;
pub mod mixed;
mod moments;
pub mod sparse;
