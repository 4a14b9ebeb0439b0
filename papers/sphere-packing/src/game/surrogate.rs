//! What the players believe about states they have not solved: one Gaussian process over geometries and sets of multipliers.
//!
//! The covariance of two states is Matérn's of their geometries times λ + (1 − λ) |A ∩ B|/|A ∪ B| of their sets of multipliers, 1 included.
//! Length scale, λ and noise are those of the largest likelihood on a grid.

use ndarray::Array2;

use super::State;
use super::gaussian_process::{GaussianProcess, Prediction, matern};

/// The grid of length scales.
const LENGTHS: [f64; 4] = [0.15, 0.3, 0.6, 1.2];
/// The grid of the share of covariance that sets do not touch.
const SHARES: [f64; 3] = [0.2, 0.5, 0.8];
/// The grid of noise variances: solves end at a gap, and bounds are not smooth where a multiplier stops to matter.
const NOISES: [f64; 3] = [1e-6, 1e-4, 1e-2];

/// A belief, fitted to solved states.
#[derive(Clone, Debug)]
pub struct Surrogate {
    states: Vec<State>,
    process: GaussianProcess,
    length: f64,
    share: f64,
    /// The smallest value known.
    pub best: f64,
}

/// The covariance of two states.
fn covariance(a: &State, b: &State, length: f64, share: f64) -> f64 {
    let distance = a.geometry.iter().zip(&b.geometry).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    let common = a.multipliers.iter().filter(|multiplier| b.multipliers.contains(multiplier)).count();
    let all = a.multipliers.len() + b.multipliers.len() - common;
    let similarity = (common + 1) as f64 / (all + 1) as f64;
    matern(distance / length) * (share + (1.0 - share) * similarity)
}

impl Surrogate {
    /// Fits to states with values; `None` without any.
    pub fn new(known: &[(State, f64)]) -> Option<Self> {
        let states: Vec<State> = known.iter().map(|(state, _)| state.clone()).collect();
        let values: Vec<f64> = known.iter().map(|(_, value)| *value).collect();
        let best = values.iter().copied().fold(f64::INFINITY, f64::min);
        let mut fitted: Option<Self> = None;
        for length in LENGTHS {
            for share in SHARES {
                let kernel = Array2::from_shape_fn((states.len(), states.len()), |(i, j)| {
                    covariance(&states[i], &states[j], length, share)
                });
                for noise in NOISES {
                    let Some(process) = GaussianProcess::new(&kernel, &values, noise) else { continue };
                    if fitted
                        .as_ref()
                        .is_none_or(|fitted| process.log_likelihood > fitted.process.log_likelihood)
                    {
                        fitted = Some(Self { states: states.clone(), process, length, share, best });
                    }
                }
            }
        }
        fitted
    }

    /// What is believed of a state.
    pub fn predict(&self, state: &State) -> Prediction {
        let covariances: Vec<f64> =
            self.states.iter().map(|known| covariance(known, state, self.length, self.share)).collect();
        self.process.predict(&covariances)
    }

    /// The improvement on the best known value that a state is expected to bring.
    pub fn expected_improvement(&self, state: &State) -> f64 {
        self.predict(state).expected_improvement(self.best)
    }
}
