//! Plain Monte Carlo (step numbers as in the paper's algorithm box).

use rand::Rng;

use crate::problems::Integrand;

/// What sampling found, with a certificate of how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean of f over the points.
    pub mean: f64,
    /// Standard error of it: the sample's standard deviation over √N.
    pub standard_error: f64,
}

/// Why nothing can be estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SamplingError {
    /// A standard error needs two points.
    #[error("expected at least 2 points, found {0}")]
    Points(usize),
}

/// The mean of f over N = `points` uniform points of the unit square. Cost: N values of f; memory: none.
///
/// # Errors
/// For fewer than two points.
pub fn sample(f: Integrand, points: usize, random: &mut impl Rng) -> Result<Estimate, SamplingError> {
    if points < 2 {
        return Err(SamplingError::Points(points));
    }
    // Welford's update: no cancellation where the mean is far from zero.
    let (mut mean, mut squares) = (0.0, 0.0);
    for number in 1..=points {
        let value = f.value(random.random(), random.random());
        let distance = value - mean;
        mean += distance / number as f64;
        squares += distance * (value - mean);
    }
    let n = points as f64;
    Ok(Estimate { mean, standard_error: (squares / (n - 1.0) / n).sqrt() })
}
