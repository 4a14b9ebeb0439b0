//! Variance Reduced Halpern Iteration for Finite-Sum Monotone Inclusions (Cai, Alacaoglu, Diakonikolas, ICLR 2024).
//!
//! # The problem
//!
//! Find u with 0 in F(u) + G(u): F = (F_1 + … + F_n)/n monotone on ℝ^d, G maximally monotone with a cheap resolvent (nothing, a simplex, a box, an l1 norm). Minimisation, saddle points, matrix games and fixed
//! points are such inclusions. The residual |F(u) + g|, g in G(u), is what is made small, at the last point.
//!
//! # The method
//!
//! Halpern's iteration pulls every step back to the first point with a weight of the order of 1/k, and thereby makes the residual fall like 1/k. [`page`] (Algorithm 1) estimates F by differences along
//! the iterates, for F cocoercive on average; [`inexact`] (Algorithms 2 and 3) applies Halpern to the resolvent of F + G and computes that by variance-reduced steps, for F monotone and Lipschitz on average. Both need
//! of the order of n + √n L/ε calls of the F_i, up to logarithms, for a residual of ε; methods without sampling need n L_F/ε. [`potential`] proves steps for Algorithm 1, derived here.
//!
//! [`halpern`] and [`extragradient`] hold the rivals; [`primal_dual`] what solves games fastest; [`operator`] and [`resolvent`] are what a user's own problem implements; [`games`], [`affine`] and [`low_rank`] are operators.
//!
//! | symbol of the paper | here |
//! |---|---|
//! | n, L, L_F | `components`, `average_constant`, `constant` |
//! | η, b, p | `eta`, `batch`, `probability` |
//! | resolvent J | [`resolvent::Resolvent::apply`] |
//!
//! # An example
//!
//! Rock, paper, scissors by Algorithm 2, to a proved gap:
//!
//! ```
//! use ndarray::array;
//! use variance_reduced_halpern::games::{Game, Sampling};
//! use variance_reduced_halpern::inexact::{Inner, Options, resolvent_halpern};
//! use variance_reduced_halpern::operator::FiniteSum;
//! use variance_reduced_halpern::run::{Monitor, Task};
//!
//! let game = Game::dense(array![[0.0, -1.0, 2.0], [1.0, 0.0, -1.0], [-2.0, 1.0, 0.0]].view(), Sampling::SquaredNorms)?;
//! let strategies = game.strategies();
//! let task = Task { operator: &game, resolvent: &strategies, start: &[1.0, 0.0, 0.0, 1.0, 0.0, 0.0], calls: 1_000_000, seed: 0 };
//! let options = Options { restart: Some(0.3), ..Options::new(3, game.average_constant(), 1.0, Inner::Fixed { share: 2.0 }) };
//! let mut monitor = Monitor::new(&game, 1e-6, 1.01);
//! let ended = resolvent_halpern(&task, &options, |step| monitor.look(step));
//! // The residual bounds the gap.
//! assert!(game.gap(&ended.point) <= 2.0 * ended.residual(&game) && ended.residual(&game) <= 1e-6);
//! assert!((ended.point[0] - 0.25).abs() < 1e-5); // (1, 2, 1)/4
//! # Ok::<(), variance_reduced_halpern::games::GameError>(())
//! ```
//!
//! The method alone, in another crate: `variance-reduced-halpern = { path = "…", default-features = false }`.

pub mod affine;
#[cfg(feature = "lab")]
pub mod claims;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod extragradient;
pub mod games;
pub mod halpern;
pub mod inexact;
pub mod low_rank;
pub mod operator;
pub mod page;
pub mod potential;
pub mod primal_dual;
pub mod problems;
pub mod resolvent;
pub mod run;
