//! Model-Based and Sample-Efficient AI-Assisted Math Discovery in Sphere Packing (Tutunov, Maraval, Grosnit, Li, Wang, Bou-Ammar, 2025, arXiv
//! 2512.04829), over the bounds of Cohn and Elkies (2003) and of Cohn, de Laat and Salmon (2022).
//!
//! # The problem
//!
//! How much of ℝⁿ can equal balls cover that do not overlap? Packings answer from below. From above, a function with the right signs is a
//! proof, and a function with a kernel of pairs of neighbours is a better one. The functions come from optimisation: a Newton system
//! ([`two_point`]), or a semidefinite programme ([`three_point`]) whose best form is itself searched for, as a game ([`game`]).
//!
//! # What is printed is proven
//!
//! A floating-point optimum is no proof. Every solution is rounded to binary fractions and checked with integers ([`certificate`]), and the
//! bound that the check implies is what is returned: a theorem, rounded up. Nothing else is called a bound.
//!
//! # An example
//!
//! ```
//! use sphere_packing::two_point::bound_with;
//!
//! let bound = bound_with(8, 6)?;
//! assert_eq!(bound.proven.decimal(6), "0.253760");
//! # Ok::<(), sphere_packing::Error>(())
//! ```
//!
//! # What is known, and what is a reconstruction
//!
//! * The two-point theorem is standard. That its optimum has the form that the Newton system solves for is a conjecture; no proof here needs it.
//! * The three-point theorem is proved in the documentation of [`three_point`]. That it is the published one is taken from summaries: the
//!   published paper was not at hand. Its degree-9 programme may have other harmonics and multipliers than ours.
//! * The game is reconstructed from the abstract and reviews of its paper. What is ours is said in [`game`].
//!
//! # Beyond the papers
//!
//! Proofs inside the search; all harmonics of a kernel's degree ([`Harmonics::All`](three_point::Harmonics::All)), which lower the bounds at equal degree; a solver that raises its
//! own precision ([`semidefinite`]) over numbers of fixed length ([`scalar`]).
//!
//! The method alone, in another crate: `sphere-packing = { path = "…", default-features = false }`.

pub mod certificate;
#[cfg(feature = "lab")]
pub mod claims;
pub mod error;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod game;
pub mod laguerre;
pub mod packings;
pub mod three_point;
pub mod two_point;

pub use error::Error;
pub use semidefinite;
pub use semidefinite::{dense, scalar};
