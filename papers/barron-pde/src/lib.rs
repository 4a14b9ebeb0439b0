//! Neural Network Approximations of PDEs Beyond Linearity: A Representational Perspective (Marwah, Lipton, Lu, Risteski, ICML 2023).
//!
//! # The problem
//!
//! u minimises ∫ L(x, u, ∇u) − fu. If composition with the derivatives of L raises Barron norms by at most Bbᵖ, a solution is approximated by functions of finite Barron norm, and so by two-layer networks whose width does not grow exponentially with the dimension.
//!
//! # The method
//!
//! The proof follows a flow preconditioned by (I − Δ)⁻¹, which converges exponentially, and bounds the Barron norm of each iterate. Here that flow runs: on grids ([`torus`], [`equation`], [`flow`]) and on exact sparse spectra in any dimension ([`spectrum`], [`growth`]). [`norms`] estimates norms from grids, [`two_layer`] builds networks with their error known beforehand, [`kantorovich`] encloses the norm of
//! an exact solution, [`composition`] shows what the assumption on Barron norms forces, and [`trained`] holds what people train instead.
//!
//! | symbol of the paper | here |
//! |---|---|
//! | λ, Λ | bounds of L's second derivatives; in H¹ [`equation::Curvature`] |
//! | η | [`flow::Options::step`] |
//! | B_L, p | [`growth::Growing::bound`], of the families at hand |
//! | the Barron norm | B_s = Σ (1 + \|ω\|)ˢ\|c\|, s = 1: [`spectrum::Spectrum::barron`] |
//!
//! # An example
//!
//! ```
//! use std::sync::Arc;
//! use barron_pde::equation::{Equation, Flux, Potential};
//! use barron_pde::flow::{Discrete, Options, flow};
//! use barron_pde::spectrum::{Lattice, Spectrum};
//! use barron_pde::torus::Torus;
//!
//! // −Δu + u + u³ = 40 cos 2πk·x in a thousand dimensions is an equation on a circle.
//! let lattice = Arc::new(Lattice::spanned(&[[vec![1, 1], vec![0; 998]].concat()])?);
//! let f = Spectrum::cosines(lattice.clone(), &[(vec![1], 40.0, 0.0)])?;
//! let torus = Torus::new(lattice, 64)?;
//! let forcing = torus.spread(&f)?;
//! let equation = Equation { flux: Flux::Linear, potential: Potential::Reaction { alpha: 1.0 } };
//! let problem = Discrete::new(&torus, equation, &forcing);
//! let zero = vec![Default::default(); torus.coefficients()];
//! let found = flow(&problem, zero, &Options::default(), |_, _| ());
//! assert!(found.certificate < 1e-10 * torus.h1(&found.u));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The method alone, in another crate: `barron-pde = { path = "…", default-features = false }`.

#[cfg(feature = "lab")]
pub mod claims;
pub mod composition;
pub mod equation;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod flow;
pub mod growth;
pub mod kantorovich;
pub mod norms;
pub mod spectrum;
pub mod torus;
pub mod trained;
pub mod two_layer;
