//! Consensus hopping: the swarm is drawn anew around its last consensus.
//!
//! ```text
//! x_k = x_α(N samples of N(x_{k−1}, s² I)),      τ = α s²
//! ```
//!
//! exp(−αE) times the normal density is exp(−α [E(x) + |x − x_{k−1}|²/(2τ)]) up to a factor: the hop is the mean of the Gibbs measure whose mode is the
//! proximal point ([`crate::movement`]), and without sampling error a step of gradient descent on a softened E ([`crate::envelope`]).

use rand::Rng;
use rand_distr::StandardNormal;

use crate::consensus::{Consensus, Refusal, consensus};
use crate::draws::StepDraws;
use crate::objective::Objective;
use crate::swarm::Undefined;

/// A way of hopping, with its memory.
pub struct Hopper {
    /// s > 0, the paper's σ̃.
    pub width: f64,
    /// α in [0, ∞].
    pub alpha: f64,
    /// Samples in pairs x and 2m − x, of which the even part of E cancels; not in the paper.
    pub antithetic: bool,
    /// Where the objective is NaN.
    pub undefined: Undefined,
    dimension: usize,
    points: Vec<f64>,
    values: Vec<f64>,
}

impl Hopper {
    /// Hops of `samples` samples of width `width` at `alpha` in ℝᵈ. Memory: N (d + 1) numbers.
    ///
    /// # Errors
    /// A width that is not positive, or no samples.
    pub fn new(width: f64, alpha: f64, samples: usize, dimension: usize) -> Result<Self, Refusal> {
        if !(width > 0.0 && width.is_finite()) {
            return Err(Refusal::Setting { name: "width", expected: "a positive number", found: width });
        }
        if samples == 0 {
            return Err(Refusal::Setting { name: "samples", expected: "at least 1", found: 0.0 });
        }
        Ok(Self {
            width,
            alpha,
            antithetic: false,
            undefined: Undefined::Refuse,
            dimension,
            points: vec![0.0; samples * dimension],
            values: vec![0.0; samples],
        })
    }

    /// One hop from `center`, which is itself not evaluated. Cost: N values, N d normal numbers.
    ///
    /// # Errors
    /// A center of another dimension; else as [`consensus`].
    pub fn hop(
        &mut self,
        objective: &impl Objective,
        center: &[f64],
        draws: StepDraws,
    ) -> Result<Consensus, Refusal> {
        let dimension = self.dimension;
        if center.len() != dimension || objective.dimension() != dimension {
            return Err(Refusal::Shape { points: center.len(), particles: 1 });
        }
        for (sample, row) in self.points.chunks_exact_mut(dimension).enumerate() {
            // The second of a pair has the generator of the first.
            let (key, sign) =
                if self.antithetic { (sample / 2, 1.0 - 2.0 * (sample % 2) as f64) } else { (sample, 1.0) };
            let mut random = draws.particle(key);
            for (x, center) in row.iter_mut().zip(center) {
                *x = center + sign * self.width * random.sample::<f64, _>(StandardNormal);
            }
        }
        objective.evaluate(&self.points, &mut self.values);
        if self.undefined == Undefined::Infeasible {
            self.values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = f64::INFINITY);
        }
        consensus(&self.points, &self.values, self.alpha)
    }

    /// The samples of the last hop, row by row.
    pub fn points(&self) -> &[f64] {
        &self.points
    }
}
