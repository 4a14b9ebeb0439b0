//! Experiments on soft and hard thresholds, the weight, exact optima, and the bias of almost-everywhere gradients.

use std::collections::BTreeMap;

use lab::{Failure, Random};
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;

use crate::problem::Problem;
use crate::signals::{BernoulliGaussian, gaussian_matrix};

pub mod bias;
pub mod exact;
pub mod hard;
pub mod soft;
pub mod weights;

pub use bias::Bias;
pub use exact::ExactOptima;
pub use hard::HardThresholds;
pub use soft::SoftThresholds;
pub use weights::Weights;

/// What networks are trained on: one entry in ten, 20 dB.
pub const TRAINING: BernoulliGaussian =
    BernoulliGaussian { probability: 0.1, decibels: 20.0, amplitude: 1.0 };

/// λ of the ℓ1 objective.
pub const SOFT_WEIGHT: f64 = 0.1;
/// λ of the ℓ0 objective.
pub const HARD_WEIGHT: f64 = 0.02;
/// β of the surrogate gradient: signals are of unit size.
pub const BETA: f64 = 20.0;
/// Half the window of the boundary gradient, a tenth of the plain threshold.
pub const WIDTH: f64 = 0.01;

/// A matrix of a replicate with streams that all methods share on it.
struct Drawn<'a> {
    random: &'a Random,
    replicate: u32,
    problem: Problem,
}

impl<'a> Drawn<'a> {
    fn new(random: &'a Random, (rows, columns): (usize, usize), replicate: u32) -> Result<Self, Failure> {
        let mut matrix = random.shared_stream("matrix", &key(columns, replicate))?;
        let problem = Problem::new(gaussian_matrix(rows, columns, &mut matrix))?;
        Ok(Self { random, replicate, problem })
    }

    /// A stream of this matrix.
    fn stream(&self, purpose: &str) -> Result<ChaCha8Rng, Failure> {
        Ok(self.random.shared_stream(purpose, &key(self.problem.dimensions().1, self.replicate))?)
    }

    /// Signals in rows, and their measurements.
    fn signals(&self, purpose: &str, count: usize) -> Result<(Array2<f64>, Array2<f64>), Failure> {
        Ok(TRAINING.draw(self.problem.matrix(), count, &mut self.stream(purpose)?))
    }
}

fn key(columns: usize, replicate: u32) -> BTreeMap<&'static str, u32> {
    BTreeMap::from([("columns", columns as u32), ("replicate", replicate)])
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    numerics::bootstrap::mean(&values.into_iter().collect::<Vec<_>>())
}
