//! Constrained Optimization via Exact Augmented Lagrangian and Randomized Iterative Sketching (Hong, Na, Mahoney, Kolar, ICML 2023).
//!
//! # The problem
//!
//! min f(x) subject to c(x) = 0, with second derivatives. A Newton step on the first-order conditions solves K z = −F, an indefinite system of n + m
//! unknowns; the paper solves it with random projections that touch a row at a time, and decides by an exact augmented Lagrangian how exactly.
//!
//! # The method
//!
//! [`mod@newton`] is the outer method, [`merit`] its merit function, [`sketch`] the random projections with their laws in [`contraction`]. They stand
//! beside what else solves the same systems, [`krylov`] and [`direct`], and what else solves the same problems, [`augmented_lagrangian`] and
//! [`sqp`]. All inner solvers count flops and bytes ([`inner::Work`]).
//!
//! | symbol | here |
//! |---|---|
//! | F = (∇ₓL, c), L = f + λᵀc | [`problem::Point::residual`] |
//! | H, B = H + tI, G, K | ∇²ₓₓL, its shifted form, c′, the system: [`kkt`] |
//! | η₁, η₂ | penalties: [`merit::Penalties`] |
//! | δ, θ, Ψ | error of a step, what it is multiplied with, a bound of the inverse: [`newton::Accuracy`] |
//! | ξ_G, ξ_B | λ_min(GGᵀ), and the curvature on its null space that is hoped for |
//!
//! # An example
//!
//! The point of a circle that is nearest to a corner of a square:
//!
//! ```
//! use sketched_newton::newton::{Options, Verdict, second_order, solve};
//! use sketched_newton::problem::Problem;
//! use sketched_newton::sketch::{Kind, Sampling, Sketch};
//! use sketched_newton::sparse::Sparse;
//!
//! struct Circle;
//! impl Problem for Circle {
//!     fn variables(&self) -> usize { 2 }
//!     fn constraints(&self) -> usize { 1 }
//!     fn values(&self, x: &[f64], c: &mut [f64]) -> f64 {
//!         c[0] = x[0] * x[0] + x[1] * x[1] - 1.0;
//!         (x[0] - 2.0).powi(2) + (x[1] - 2.0).powi(2)
//!     }
//!     fn derivatives(&self, x: &[f64], gradient: &mut [f64], jacobian: &mut Sparse) {
//!         (gradient[0], gradient[1]) = (2.0 * x[0] - 4.0, 2.0 * x[1] - 4.0);
//!         jacobian.push(0, 2.0 * x[0]);
//!         jacobian.push(1, 2.0 * x[1]);
//!         jacobian.end_row();
//!     }
//!     fn hessian(&self, _: &[f64], multipliers: &[f64], hessian: &mut Sparse) {
//!         for variable in 0..2 {
//!             hessian.push(variable, 2.0 + 2.0 * multipliers[0]);
//!             hessian.end_row();
//!         }
//!     }
//! }
//!
//! let mut kaczmarz = Sketch::new(Kind::Kaczmarz(Sampling::Uniform), 1);
//! let found = solve(&Circle, (&[1.0, 0.5], &[0.0]), &mut kaczmarz, &Options::practical(), &mut |_, _| ())?;
//! assert!((found.point.x[0] - 0.5_f64.sqrt()).abs() < 1e-8);
//! assert_eq!(second_order(&Circle, &found.point), Verdict::Minimum);
//! # Ok::<(), sketched_newton::problem::Refusal>(())
//! ```
//!
//! The method alone, in another crate: `sketched-newton = { path = "…", default-features = false }`.

pub mod augmented_lagrangian;
pub mod choice;
#[cfg(feature = "lab")]
pub mod claims;
pub mod contraction;
pub mod direct;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod inner;
pub mod kkt;
pub mod krylov;
pub mod merit;
pub mod models;
pub mod newton;
pub mod problem;
pub mod sketch;
pub mod sparse;
pub mod sqp;
