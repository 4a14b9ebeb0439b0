//! Constrained Bi-Level Optimization: Proximal Lagrangian Value Function Approach and Hessian-free Algorithm (Yao, Yu, Zeng, Zhang, ICLR 2024).
//!
//! # The problem
//!
//! min over x in X and y of F(x, y), where y minimises f(x, ·) over Y subject to g(x, y) ≤ 0: lower-level constraints that may couple both levels ([`problem`]).
//!
//! # The method
//!
//! [`value`] replaces the lower level's optimality by f − v ≤ 0 with the proximal Lagrangian value function v, the saddle value of a Lagrangian with two proximal terms: it is smooth, and f = v exactly at lower solutions with their multipliers. [`single_loop`] is LV-HBA, one first-order step on the
//! saddle, on (x, y) and on z for each value of a growing penalty; [`penalised`] solves the penalised problem with exact saddles. [`quadratic`] and [`toys`] are problems with exact saddles and solutions, [`machine`] and [`ridge`] lower levels that are solved exactly, with exact hypergradients;
//! [`rivals`] holds other methods, each with its true gradients.
//!
//! | symbol of the paper | here |
//! |---|---|
//! | γ₁, γ₂ | [`problem::Proximal`] |
//! | θ, λ | [`problem::Saddle`] |
//! | η, α, β, c_k = c (k+1)^p | `eta`, `alpha`, `beta`, `penalty`, `growth` |
//! | Z = \[0, r\]^p | [`problem::Problem::multipliers`] |
//!
//! # An example
//!
//! ```
//! use std::ops::ControlFlow;
//! use lv_hba::single_loop::{Options, State, single_loop};
//! use lv_hba::toys::{MerelyConvex, penalised_toy};
//!
//! let problem = MerelyConvex::normalised(50);
//! let state = State::new(&problem, &[10.0; 50], &[10.0; 100]);
//! let options = Options { steps: 5_000, ..Options::default() };
//! let (end, steps, _) = single_loop(&problem, state, &options, |_| ControlFlow::Continue(()));
//! // It sits on the penalised problem's exact solution for the last c.
//! let law = penalised_toy((steps as f64).powf(0.49), 10.0);
//! assert!((end.x[0] - law.x).abs() < 1e-3 && problem.relative_error_of_x(&end.x) < 0.01);
//! ```
//!
//! The method alone, in another crate: `lv-hba = { path = "…", default-features = false }`.

pub mod box_quadratic;
#[cfg(feature = "lab")]
pub mod claims;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod machine;
pub mod penalised;
pub mod problem;
pub mod problems;
pub mod quadratic;
pub mod ridge;
pub mod rivals;
pub mod single_loop;
pub mod toys;
pub mod value;
