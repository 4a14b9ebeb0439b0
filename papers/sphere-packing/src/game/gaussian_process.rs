//! Regression by a Gaussian process, and the improvement that it expects.

use ndarray::Array2;
use numerics::normal::{density, distribution};

use crate::dense::{cholesky, solve, solve_transposed};

/// A process with zero mean and unit variance before scaling, conditioned on noisy values.
#[derive(Clone, Debug)]
pub struct GaussianProcess {
    /// U with K + noise = Uᵀ U.
    factor: Array2<f64>,
    /// (K + noise)⁻¹ y.
    weights: Vec<f64>,
    mean: f64,
    scale: f64,
    /// log p(y), up to a constant.
    pub log_likelihood: f64,
}

/// The mean and the standard deviation of a prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
}

impl GaussianProcess {
    /// Conditions on `values` at points with the covariances `kernel` (of unit variance) and the noise variance `noise`; `None` if that is not positive
    /// definite or there are no values. Values are standardised. n³/6 multiplications.
    pub fn new(kernel: &Array2<f64>, values: &[f64], noise: f64) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        // All values alike, or one value: the scale is arbitrary.
        let scale = if variance > 1e-24 { variance.sqrt() } else { 1.0 };
        let mut covariance = kernel.clone();
        covariance.diag_mut().iter_mut().for_each(|entry| *entry += noise);
        let factor = cholesky(&covariance)?;
        let right = Array2::from_shape_fn((values.len(), 1), |(i, _)| (values[i] - mean) / scale);
        let half = solve_transposed(&factor, &right);
        let log_likelihood = -0.5 * half.iter().map(|value| value * value).sum::<f64>()
            - factor.diag().iter().map(|pivot| pivot.ln()).sum::<f64>();
        let weights = solve(&factor, &half).iter().copied().collect();
        Some(Self { factor, weights, mean, scale, log_likelihood })
    }

    /// The prediction at a point with the covariances `covariance` to the known points.
    pub fn predict(&self, covariance: &[f64]) -> Prediction {
        let mean: f64 =
            covariance.iter().zip(&self.weights).map(|(covariance, weight)| covariance * weight).sum();
        let column = Array2::from_shape_fn((covariance.len(), 1), |(i, _)| covariance[i]);
        let half = solve_transposed(&self.factor, &column);
        let variance = (1.0 - half.iter().map(|value| value * value).sum::<f64>()).max(0.0);
        Prediction { mean: self.mean + self.scale * mean, deviation: self.scale * variance.sqrt() }
    }
}

impl Prediction {
    /// How far below `best` the value is expected to be, counting values above as zero.
    pub fn expected_improvement(&self, best: f64) -> f64 {
        let gain = best - self.mean;
        if self.deviation <= 0.0 {
            return gain.max(0.0);
        }
        let ratio = gain / self.deviation;
        (gain * distribution(ratio) + self.deviation * density(ratio)).max(0.0)
    }
}

/// Matérn's covariance of smoothness 5/2 at a distance, in length scales.
pub fn matern(distance: f64) -> f64 {
    let scaled = 5f64.sqrt() * distance;
    (1.0 + scaled + scaled * scaled / 3.0) * (-scaled).exp()
}
