//! Optimisers that ask an oracle until the gradient is small, with every query counted.

mod deterministic;
mod second_order;
mod stochastic;

pub use deterministic::{accelerated, gradient_descent, greedy, limited_memory};
pub use second_order::{Model, regularised_newton};
pub use stochastic::{Estimator, Schedule, patient, stochastic};

/// What a run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Queries, the one that saw the small gradient included.
    pub queries: usize,
    /// Whether one did.
    pub found: bool,
    /// The last point.
    pub point: Vec<f64>,
}

/// |x|₂.
fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}
