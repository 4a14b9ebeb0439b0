//! Title of the paper (Authors, Venue Year).
//!
//! # The problem
//!
//! A sentence or two, then the formula with the domain of each symbol. Here, to have something that runs: the mean of a function f over the unit square,
//!
//! ```text
//! I = ∫ f(x, y) dx dy,      (x, y) ∈ [0, 1]²
//! ```
//!
//! # The method
//!
//! Five sentences. [`sampling`] has plain Monte Carlo, which takes the mean of f at N random points: its error falls as N^(−1/2) whatever f is, with the
//! standard error as an estimate of itself. [`stratified`] is the baseline, one point in each cell of a grid. [`problems`] has functions with known means.
//!
//! | symbol of the paper | here |
//! |---|---|
//! | N | `points` |
//!
//! # An example
//!
//! ```
//! use high_dimensional::problems::Integrand;
//!
//! let mut random = numerics::random::stream(0, &["example"]);
//! let found = high_dimensional::sample(Integrand::QuarterDisc, 10_000, &mut random)?;
//! assert!((found.mean - Integrand::QuarterDisc.mean()).abs() < 6.0 * found.standard_error);
//! # Ok::<(), high_dimensional::SamplingError>(())
//! ```
//!
//! The method alone, in another crate: `high-dimensional = { path = "…", default-features = false }`.

#[cfg(feature = "lab")]
pub mod claims;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod problems;
pub mod sampling;
pub mod stratified;

pub use sampling::{Estimate, SamplingError, sample};
pub use stratified::sample_cells;
