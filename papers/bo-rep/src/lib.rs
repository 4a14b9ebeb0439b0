//! Bilevel optimisation under unbounded smoothness (Hao, Gong, Liu, ICLR 2024), made to be run.
//!
//! # The problem
//!
//! ```text
//! min over x of Φ(x) = f(x, y*(x)),      y*(x) = argmin over y of g(x, y)
//! ```
//!
//! with g strongly convex in y and an f whose curvature is *not* bounded: it may grow with the gradient, as losses of recurrent networks do. A step that is short enough for the steepest point is too short everywhere else.
//!
//! # The method
//!
//! BO-REP ([`bo_rep`](bo_rep::bo_rep)) moves x by steps of fixed length along a running mean of hypergradients. Their error grows with the gradient times the error of y, so y has to be accurate at every step: it starts refined and is
//! updated periodically, its iterates averaged. SLIP, SOBA, MA-SOBA, stocBiO, TTSA and clipped steps are other settings of the same loop; [`recursive`] holds SABA, SUSTAIN and VRBO, [`script`] what the authors' public scripts compute.
//!
//! | problems | |
//! |---|---|
//! | [`families`] | closed Φ, growing like cosh, x⁴, or off the lower solutions only |
//! | [`representation`] | recurrent encoder above, linear head below: ∇Φ by two passes back |
//! | [`cleaning`] | a weight a training row above, a classifier below |
//! | [`chains`] | sequences whose Bayes error is known, and the error of any classifier |
//! | [`smoothness`] | how the smoothness of a loss grows with its gradient |
//!
//! | symbol | here |
//! |---|---|
//! | x, y | upper and lower variable, d and q numbers |
//! | v | g_yy⁻¹ f_y |
//! | η, γ, β | steps of x and y, momentum |
//! | I, N, Q | period and number of lower steps, terms of Neumann's series |
//! | μ, κ | strong convexity of g, its condition |
//!
//! # An example
//!
//! ```
//! use bilevel::sets::norm;
//! use bo_rep::bo_rep::{Options, bo_rep};
//! use bo_rep::families::cosh;
//! use bo_rep::oracle::Noisy;
//! use bo_rep::run::Begin;
//!
//! let problem = cosh();
//! let options = Options::bo_rep(0.01, 0.05, problem.smoothness());
//! let begin = Begin { x: &[6.0, -5.4, 4.8], y: &[0.0; 3], calls: 20_000, seed: 0 };
//! let ended = bo_rep(&Noisy::none(problem.clone()), &begin, &options, |_| {});
//!
//! let mut gradient = [0.0; 3];
//! problem.gradient(&[6.0, -5.4, 4.8], &mut gradient);
//! assert!(norm(&gradient) > 200.0);
//! problem.gradient(&ended.x, &mut gradient);
//! assert!(norm(&gradient) < 0.3);
//! ```
//!
//! The library alone, in another crate: `bo-rep = { path = "…", default-features = false }`.

pub mod bo_rep;
pub mod chains;
#[cfg(feature = "lab")]
pub mod claims;
pub mod classifier;
pub mod cleaning;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod families;
#[cfg(feature = "lab")]
pub mod files;
mod newton;
pub mod oracle;
pub mod recursive;
pub mod representation;
pub mod run;
pub mod script;
pub mod smoothness;
