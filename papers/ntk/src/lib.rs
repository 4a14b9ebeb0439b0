//! Neural Tangent Kernel: Convergence and Generalization in Neural Networks (Jacot, Gabriel, Hongler, NeurIPS 2018, arXiv 1806.07572).
//!
//! # The problem
//!
//! A fully connected network f_θ: ℝ^{n₀} → ℝ of L affine layers is trained by gradient descent on a squared cost. Its parameters move in a space that is not convex;
//! its function moves along the *tangent kernel*
//!
//! ```text
//! Θ_θ(x, y) = Σ_p ∂_p f_θ(x) ∂_p f_θ(y),      ∂_t f(x) = −(1/N) Σ_i Θ_θ(x, x_i) (f(x_i) − y_i)
//! ```
//!
//! As all widths grow, Θ_θ tends at initialisation to a fixed kernel (Theorem 1), and stays constant during training (Theorem 2). Training is then a linear equation in
//! function space.
//!
//! # The method
//!
//! [`kernel`] computes the limit Θ^(L) and the covariance Σ^(L) of the outputs at initialisation, layer by layer from Gaussian expectations ([`activation`]), to the
//! last digits also where points nearly coincide. [`regression`] solves the linear equation at every time, with mean and covariance over
//! initialisations. [`network`] has finite networks in the paper's parametrisation, their training, and their tangent kernel by contraction. [`spectrum`] has
//! eigenvalues on the circle and the sphere.
//!
//! | symbol of the paper | here |
//! |---|---|
//! | L, β | [`Architecture::depth`], [`Architecture::bias_std`] |
//! | Θ^(L), Σ^(L) | [`Kind::Ntk`], [`Kind::Nngp`] |
//! | Θ^(L)(θ) | [`networks::Network::tangent_kernel`] |
//!
//! # An example
//!
//! ```
//! use ndarray::array;
//! use ntk::{Architecture, Kind, Regression, Time};
//!
//! let architecture = Architecture::of_the_paper(4);
//! let points = array![[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]];
//! let kernel = architecture.matrix(Kind::Ntk, points.view())?;
//! assert_eq!(kernel[(0, 1)], kernel[(1, 0)]);
//! // After infinite training the mean passes through the targets.
//! let targets = array![0.0, 1.0, 0.5];
//! let trained = Regression::new(architecture, points.view(), targets.view())?;
//! let mean = trained.mean(points.view(), Time::Infinite)?;
//! assert!((mean[1] - 1.0).abs() < 1e-9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The method alone, in another crate: `ntk = { path = "…", default-features = false }`.

pub mod activation;
#[cfg(feature = "lab")]
pub mod claims;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod kernel;
pub mod network;
pub mod regression;
pub mod spectrum;

pub use activation::Activation;
pub use kernel::{Architecture, KernelError, Kernels, Kind};
pub use network::{Network, NetworkError};
pub use networks::{Loss, descend};
pub use regression::{Conditioning, Posterior, Regression, RegressionError, Time};
