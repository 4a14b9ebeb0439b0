//! Sparsity-constrained optimal transport (Liu, Puigcerver, Blondel, ICLR 2023).
//!
//! # The problem
//!
//! Move the masses a ∈ ℝᵐ to the masses b ∈ ℝⁿ (both nonnegative, equal totals) at cost
//! C ∈ ℝ^{m×n}, with at most k nonzeros in each column tⱼ of the plan T:
//!
//! ```text
//! min  ⟨C, T⟩ + (γ/2) ‖T‖²   over  T ≥ 0,  T 1 = a,  Tᵀ 1 = b,  ‖tⱼ‖₀ ≤ k for every j
//! ```
//!
//! with the strength γ > 0 of the regulariser. Between k = 1 (exact transport plus a constant) and k = m
//! (quadratically regularised transport) it trades smoothness for sparsity.
//!
//! # The method
//!
//! The problem is not convex, but its dual is, and so is the *semi-dual* in the row potentials α
//! alone. One column of it is a projection: keep the k largest scores αᵢ − cᵢⱼ, project them onto the
//! simplex of size bⱼ ([`semidual`], [`dual`]). Every dual value is a lower bound of the problem.
//! Where k binds, the maximum sits on ties between the k-th and the next score; L-BFGS stalls there,
//! and the plan read off misses the row masses. Beyond the authors' public code, [`relaxation`] solves the convex
//! relaxation, which has the same optimal value, between two certified bounds, and [`mod@repair`] looks
//! for a plan that is sparse and meets both marginals.
//!
//! Three plans come out, each named for what it guarantees:
//!
//! | plan | nonzeros per column | row masses | column masses |
//! |---|---|---|---|
//! | top-k | at most k | missed by the row error stated | exact |
//! | relaxed | a few more than k | exact | exact |
//! | repaired, or none found | at most k | exact | exact |
//!
//! # An example
//!
//! ```
//! use ndarray::{arr1, arr2};
//! use sparse_ot::{Cost, Problem, Regulariser, RelaxationOptions, solve_relaxation};
//!
//! let cost = arr2(&[[0.0, 1.0, 4.0], [1.0, 0.0, 1.0], [4.0, 1.0, 0.0]]);
//! let mass = arr1(&[0.25, 0.5, 0.25]);
//! let problem = Problem::new(Cost::dense(cost.view())?, mass.view(), mass.view())?;
//! let found = solve_relaxation(&problem, Regulariser::new(2, 0.1), &RelaxationOptions::default())?;
//! assert!(found.top_k_plan.max_nonzeros_per_column() <= 2);
//! assert!(found.relaxed_plan.row_error(problem.a()) < 1e-9);
//! assert!(found.relative_gap <= 1e-9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The method alone, in another crate: `sparse-ot = { path = "…", default-features = false }`.

#[cfg(feature = "lab")]
pub mod claims;
mod coarse;
pub mod colour;
mod columns;
pub mod dual;
pub mod exact;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod k_support;
pub mod max_operator;
pub mod mixture;
mod network_simplex;
mod newton;
pub mod plan;
pub mod problem;
pub mod problems;
mod proximal;
mod proximal_dual;
pub mod regulariser;
pub mod relaxation;
pub mod repair;
mod rounding;
pub mod router;
pub mod semidual;
pub mod sinkhorn;
mod top_k;

pub use dual::{Dual, solve_dual, solve_dual_observed};
pub use exact::{ExactError, ExactPlan, solve_exact, solve_linear_program};
pub use k_support::{relaxed_value, squared_k_support_norm};
pub use max_operator::{ColumnMaximum, conjugate, max_operator};
pub use plan::SparsePlan;
pub use problem::{Cost, MASS_TOLERANCE, Problem, ProblemError};
pub use regulariser::{Regulariser, SolverError};
pub use relaxation::{
    Relaxation, RelaxationOptions, RelaxationProgress, RelaxationStop, solve_relaxation,
    solve_relaxation_observed,
};
pub use repair::{Repair, RepairOptions, RepairedPlan, repair};
pub use semidual::{Ascent, AscentOptions, SemiDual, solve_semidual, solve_semidual_observed};
pub use sinkhorn::{Sinkhorn, SinkhornOptions, SinkhornStop, solve_sinkhorn};
