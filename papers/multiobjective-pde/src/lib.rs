//! Multiobjective optimization of non-smooth PDE-constrained problems (Bernreuther, Dellnitz, Gebken, Müller, Peitz, Sonntag, Volkwein, 2023), made to be run.
//!
//! # The problem
//!
//! Several objectives pull a control u in different directions, and its state is a solution of an equation with a switch,
//!
//! ```text
//! J_i(u) = ½|y − y_i|² + (σ_i/2)|u|²,     −Δy + κ max(0, y) = f + B u on (0, 1)²,  y = 0 on the boundary
//! ```
//!
//! A Pareto point is a control that no other improves in all objectives. The paper is an overview of methods that find such points, one by one or all of them, where objectives are
//! not differentiable, expensive, or known inexactly.
//!
//! # What is here
//!
//! The [`state`] equation by Newton's method over fast sine transforms ([`grid`]) or Cholesky factors ([`direct`]). Its optimal [`control`] for weights and reference points ([`front`]), by
//! Newton's method with two sets, a search on the objective, and three sets, with a certificate of global optimality. A [`reduced`] basis with a bound on both sides. For objectives
//! that are any functions ([`functions`]): [`descent`] with ε-subdifferentials, and a [`cover`] of the whole critical set by boxes. Two Pareto sets followed exactly as curves: the
//! lasso's ([`lasso`]) and that of a loss that is not convex ([`continuation`]). And the [`hypervolume`] of a front.
//!
//! | symbol | here |
//! |---|---|
//! | N = n², h | nodes inside, 1/(n + 1): [`grid::Grid`] |
//! | A, λ₁ | five-point Laplacian, its least eigenvalue |
//! | χ | derivative of the switch, 1 where y > 0, 0 where y < 0 |
//! | α, z | weights, reference point: [`control::search::Scalarisation`] |
//! | p | adjoint |
//! | ε, δ | radius and tolerance of a descent: [`descent::Options`] |
//!
//! # An example
//!
//! ```
//! use multiobjective_pde::control::search::Scalarisation;
//! use multiobjective_pde::control::{Control, Input, Kind, Objective};
//! use multiobjective_pde::state::{MaxPde, Workspace};
//!
//! let pde = MaxPde::new(15, 10.0)?;
//! let up = pde.grid().sample(|x, y| x * (1.0 - x) * y * (1.0 - y));
//! let down: Vec<f64> = up.iter().map(|value| -value).collect();
//! let objectives = [up, down].map(|target| Objective { target: Some(target), cost: 1e-3 });
//! let control = Control::new(pde, vec![0.0; 225], Input::Onto, objectives.to_vec())?;
//!
//! let weights = Scalarisation::Weights(vec![0.3, 0.7]);
//! let found = control.minimise(&weights, &vec![0.0; 225], &mut Workspace::default())?;
//! assert_eq!(found.kind, Kind::Global);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The library alone, in another crate: `multiobjective-pde = { path = "…", default-features = false }`.

#[cfg(feature = "lab")]
pub mod claims;
pub mod continuation;
pub mod control;
pub mod cover;
pub mod descent;
pub mod direct;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod front;
pub mod functions;
pub mod grid;
pub mod hypervolume;
pub mod lasso;
pub mod min_norm;
pub mod reduced;
pub mod state;
