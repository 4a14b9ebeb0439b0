//! One experiment for each figure or table of the paper.

pub mod convergence;

pub use convergence::Convergence;
