//! Empirical Analysis of the Hessian of Over-Parametrized Neural Networks (Sagun, Evci, Güney, Dauphin, Bottou, 2017).
//!
//! # The question
//!
//! L(w) = (1/N) Σ ℓ(f(w, xᵢ), yᵢ) with as many parameters as examples, or more. What are the eigenvalues of its Hessian H, at random starts and where training ends? The paper sees a bulk about zero, which depends on the network,
//! and a few large outliers, which depend on the data; and it sees ends of small- and large-batch training connected through flat regions.
//!
//! # What is here
//!
//! A [`point::Point`] is a network with data and a loss. [`exact`] assembles its Hessian and Gauss–Newton part in N M² flops, and the Gram matrix of output gradients that has the latter's spectrum;
//! products come from the crate `networks`. [`lanczos`] finds extreme eigenpairs with residuals and certifies counts, [`quadrature`] the distribution of all eigenvalues with a band that holds, [`outliers`] counts what stands apart by two
//! rules, [`path`] looks along lines and curves between points.
//!
//! | symbol | here |
//! |---|---|
//! | N, M, C | rows, [`operator::Symmetric::dimension`], outputs |
//! | H, G, K | [`point::Point::hessian`], [`point::Point::gauss_newton_matrix`], [`point::Point::output_gram`] |
//! | order of parameters | layer by layer the weights row by row, then the biases |
//!
//! # An example
//!
//! ```
//! use hessian_spectrum::lanczos::{Wanted, extremes};
//! use hessian_spectrum::problems::{Blobs, Geometry, classified, descend, small_network};
//! use networks::Activation;
//! use numerics::random::stream;
//!
//! let random = &mut stream(0, &["example"]);
//! let blobs = Blobs { geometry: Geometry::Box, clusters: 3, classes: 3, dimension: 5, points: 60, deviation: 1.0 };
//! let (x, classes) = blobs.draw(random);
//! let start = classified(small_network(&[5, 12, 3], Activation::Relu, random)?, x, &classes)?;
//! let (end, ..) = descend(&start, 0.1, 500, 1e-4)?;
//! let found = extremes(&end, &Wanted::new(3, 1), random)?;
//! let all = numerics::symmetric::eigenvalues(end.hessian().view()).ok_or("no eigenvalues")?;
//! assert!(found.converged && (found.top.values[0] - all[all.len() - 1]).abs() < 1e-9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The method alone, in another crate: `hessian-spectrum = { path = "…", default-features = false }`.

#[cfg(feature = "lab")]
pub mod claims;
pub mod exact;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod lanczos;
pub mod operator;
pub mod outliers;
pub mod path;
pub mod point;
pub mod problems;
pub mod quadrature;
