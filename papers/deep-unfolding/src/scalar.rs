//! One layer of IHT on one number: expected losses in closed form, with the part of their derivative that automatic differentiation misses.
//!
//! y = ax + v with noise of variance s², x zero with probability 1 − p and standard normal otherwise. From zero, the layer keeps gay where |y| > b = √(2λ/g)/a. As g grows b falls, and measurements of density f(b) on either side begin to be kept, each changing the loss by its jump. For the objective
//! the jump is −λ(1 − ga²), and the missing part −(b/g) f(b) λ(1 − ga²), with f the density at +b.

use numerics::normal::{density, distribution};
use serde::{Deserialize, Serialize};

use crate::training::Loss;

/// The setting.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scalar {
    /// a > 0.
    pub a: f64,
    /// s².
    pub noise: f64,
    /// p.
    pub probability: f64,
    /// λ.
    pub weight: f64,
}

/// An expected loss and its derivative by the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// The expected loss.
    pub loss: f64,
    /// The expectation of the almost-everywhere derivative.
    pub almost_everywhere: f64,
    /// What is missing.
    pub boundary: f64,
}

impl Scalar {
    /// Where measurements begin to be kept.
    pub fn boundary(&self, step: f64) -> f64 {
        (2.0 * self.weight / step).sqrt() / self.a
    }

    /// The expected loss after one layer of step g from zero.
    pub fn expected(&self, step: f64, loss: Loss) -> Expected {
        let Self { a, noise, probability, weight } = *self;
        let b = self.boundary(step);
        let mut sum = Expected { loss: 0.0, almost_everywhere: 0.0, boundary: 0.0 };
        for (share, signal) in [(1.0 - probability, 0.0), (probability, 1.0)] {
            let variance = a * a * signal + noise;
            let z = b / variance.sqrt();
            // P(|y| > b), E[y²; |y| > b], E[y²; |y| ≤ b], and f(b).
            let kept = 2.0 * distribution(-z);
            let above = variance * (2.0 * z * density(z) + kept);
            let below = variance - above;
            let at = density(z) / variance.sqrt();
            let part = match loss {
                Loss::Unsupervised => {
                    let left = 1.0 - step * a * a;
                    Expected {
                        loss: 0.5 * left * left * above + 0.5 * below + weight * kept,
                        almost_everywhere: -a * a * left * above,
                        boundary: -b / step * at * weight * left,
                    }
                }
                Loss::Supervised => {
                    // x given y has mean my.
                    let mean = a * signal / variance;
                    let off = step * a - mean;
                    Expected {
                        loss: off * off * above + mean * mean * below + signal * noise / variance,
                        almost_everywhere: 2.0 * off * a * above,
                        boundary: b / step * at * (off * off - mean * mean) * b * b,
                    }
                }
            };
            sum.loss += share * part.loss;
            sum.almost_everywhere += share * part.almost_everywhere;
            sum.boundary += share * part.boundary;
        }
        sum
    }
}
