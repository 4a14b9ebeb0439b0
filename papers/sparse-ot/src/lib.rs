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
//! simplex of size bⱼ. L-BFGS maximises the semi-dual; its gradient is the row error of the plan. Every
//! dual value is a lower bound of the problem. Where k binds, the maximum sits on ties between the
//! k-th and the next score, and the plan read off there misses the row masses: the row error says
//! by how much.
//!
//! # An example
//!
//! ```
//! use ndarray::{arr1, arr2};
//! use sparse_ot::{AscentOptions, Cost, Problem, Regulariser, solve_semidual};
//!
//! let cost = arr2(&[[0.0, 1.0, 4.0], [1.0, 0.0, 1.0], [4.0, 1.0, 0.0]]);
//! let mass = arr1(&[0.25, 0.5, 0.25]);
//! let problem = Problem::new(Cost::dense(cost.view())?, mass.view(), mass.view())?;
//! let found = solve_semidual(&problem, Regulariser::new(2, 0.1), &AscentOptions::default())?;
//! assert!(found.plan.max_nonzeros_per_column() <= 2);
//! assert!(found.column_error < 1e-12);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod claims;
mod columns;
pub mod dual;
pub mod exact;
pub mod experiments;
pub mod max_operator;
pub mod plan;
pub mod problem;
pub mod problems;
pub mod regulariser;
pub mod semidual;
mod top_k;

pub use dual::{Dual, solve_dual, solve_dual_observed};
pub use exact::{ExactError, ExactPlan, solve_exact};
pub use max_operator::{ColumnMaximum, conjugate, max_operator};
pub use plan::SparsePlan;
pub use problem::{Cost, MASS_TOLERANCE, Problem, ProblemError};
pub use regulariser::{Regulariser, SolverError};
pub use semidual::{Ascent, AscentOptions, SemiDual, solve_semidual, solve_semidual_observed};
