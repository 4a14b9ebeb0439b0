//! Lie group decompositions for equivariant neural networks (Mironenco, Forré, ICLR 2024), made to be run.
//!
//! # The problem
//!
//! A network that is to commute with all affine maps needs features on GL⁺(n), a group that is neither compact nor covered by its exponential. How are its elements given by numbers, how is it
//! integrated over, and what do kernels on it look like?
//!
//! # The method
//!
//! Every g is p r with a positive definite p and a rotation r, uniquely: (log p, r) are coordinates of the whole group ([`polar`]; [`exponential`] for what it replaces, [`spd`] for the geometry of p).
//! Haar measure in them is a product of known factors, so that it is drawn factor by factor ([`haar`], [`sobol`]) and integrals over it are tested against known ones ([`spherical`]).
//! A layer's kernel is a small network of g⁻¹x and the coordinates of g⁻¹g̃, its integral a mean over samples: [`signals`] for signals on which everything but that mean is exact, [`network`] for images, [`glyphs`] for images that are deformed exactly.
//!
//! | symbol | here |
//! |---|---|
//! | g = exp(X) r | X = log p, r a rotation; s I + t S(ψ) and θ in the plane: [`polar::Polar2`] |
//! | T | radius of a ball: t ≤ T in the plane, the Frobenius norm of X elsewhere |
//! | ξ⁻¹ | coordinates as kernels see them |
//! | N, K, C | samples, pixels along a kernel's side, channels |
//!
//! # An example
//!
//! ```
//! use lie_decompositions::haar::{Ball, Law, Points, draw};
//! use lie_decompositions::polar::Polar2;
//!
//! let g = [[2.0, 1.0], [0.0, 0.5]];
//! let polar = Polar2::of(&g)?;
//! assert!(polar.scale.abs() < 1e-15);
//!
//! let mut random = numerics::random::stream(0, &["example"]);
//! let ball = Ball { radius: 1.0, log_scale: 0.0 };
//! let samples = draw(Law::Haar(ball), Points::Sobol, 1_000, &mut random)?;
//! assert!((samples.weights.iter().sum::<f64>() - ball.volume()).abs() < 1e-9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The library alone, in another crate: `lie-decompositions = { path = "…", default-features = false }`.

#[cfg(feature = "lab")]
pub mod claims;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod exponential;
pub mod glyphs;
pub mod haar;
pub mod jacobi;
pub mod matrix;
pub mod network;
pub mod polar;
pub mod signals;
pub mod sobol;
pub mod spd;
pub mod spherical;
