//! Unfolded ISTA and IHT: T proximal gradient steps, each with a step of its own.
//!
//! Layer k takes x to P(x − g_k(Gx − Aᵀy)) with soft or hard thresholding P at t_k. **Tied** thresholds are those of the proximal map, λg_k or √(2λg_k), so
//! that a network has T numbers; **free** ones are T more. With all steps 1/L and tied thresholds the network is ISTA or IHT itself.

use ndarray::{Array2, ArrayView2, Axis, Zip};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::problem::{Penalty, Problem};

/// A network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// Soft or hard thresholding.
    pub penalty: Penalty,
    /// λ > 0 of the objective, and of tied thresholds.
    pub weight: f64,
    /// g_k > 0.
    pub steps: Vec<f64>,
    /// t_k > 0, as many as steps; tied where absent.
    pub thresholds: Option<Vec<f64>>,
}

/// Why a network is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// The weight.
    #[error("the weight is {0}, expected a positive number")]
    Weight(f64),
    /// A network without layers.
    #[error("the network has no steps")]
    Empty,
    /// A step or threshold.
    #[error("{name} {layer} is {found}, expected a positive number")]
    Parameter {
        /// "step" or "threshold".
        name: &'static str,
        /// From 1.
        layer: usize,
        /// What stands there.
        found: f64,
    },
    /// Another number of thresholds.
    #[error("{thresholds} thresholds for {steps} steps")]
    Lengths {
        /// How many thresholds.
        thresholds: usize,
        /// How many steps.
        steps: usize,
    },
}

impl Network {
    /// ISTA or IHT with a constant step.
    pub fn plain(penalty: Penalty, weight: f64, step: f64, depth: usize) -> Self {
        Self { penalty, weight, steps: vec![step; depth], thresholds: None }
    }

    /// Checks what a file may have brought.
    ///
    /// # Errors
    /// Names the first number that is none of a network.
    pub fn check(&self) -> Result<(), NetworkError> {
        if !(self.weight > 0.0 && self.weight.is_finite()) {
            return Err(NetworkError::Weight(self.weight));
        }
        if self.steps.is_empty() {
            return Err(NetworkError::Empty);
        }
        let positive = |name: &'static str, values: &[f64]| {
            let fault = values.iter().position(|value| !(*value > 0.0 && value.is_finite()));
            fault.map_or(Ok(()), |layer| {
                Err(NetworkError::Parameter { name, layer: layer + 1, found: values[layer] })
            })
        };
        positive("step", &self.steps)?;
        let Some(thresholds) = &self.thresholds else { return Ok(()) };
        if thresholds.len() != self.steps.len() {
            return Err(NetworkError::Lengths { thresholds: thresholds.len(), steps: self.steps.len() });
        }
        positive("threshold", thresholds)
    }

    /// T.
    pub fn depth(&self) -> usize {
        self.steps.len()
    }

    /// t_k, tied or free.
    pub fn threshold(&self, layer: usize) -> f64 {
        let tied = || self.penalty.threshold(self.weight, self.steps[layer]);
        self.thresholds.as_ref().map_or_else(tied, |thresholds| thresholds[layer])
    }

    /// The signals that the network finds for measurements in rows, from zero. 2 N flops for each entry that is not zero in each layer.
    ///
    /// # Panics
    /// If rows have another length than M.
    pub fn apply(&self, problem: &Problem, ys: ArrayView2<f64>) -> Array2<f64> {
        self.layers(problem, ys, |_, _| ())
    }

    /// The same; `observe` sees the signals after each layer, from 1. What stands there is the prefix of this network, not the network that was trained to that depth.
    ///
    /// # Panics
    /// If rows have another length than M.
    pub fn layers(
        &self,
        problem: &Problem,
        ys: ArrayView2<f64>,
        mut observe: impl FnMut(usize, &Array2<f64>),
    ) -> Array2<f64> {
        let correlations = problem.correlations(ys);
        let mut xs = Array2::zeros(correlations.raw_dim());
        for layer in 0..self.depth() {
            self.step(problem, &correlations, layer, &mut xs);
            observe(layer + 1, &xs);
        }
        xs
    }

    fn step(&self, problem: &Problem, correlations: &Array2<f64>, layer: usize, xs: &mut Array2<f64>) {
        let (step, threshold) = (self.steps[layer], self.threshold(layer));
        Zip::from(xs.axis_iter_mut(Axis(0)))
            .and(correlations.axis_iter(Axis(0)))
            .into_par_iter()
            .for_each_init(
                || [vec![0.0; correlations.ncols()], vec![0.0; correlations.ncols()]],
                |room, (mut x, b)| {
                    if let (Some(x), Some(b)) = (x.as_slice_mut(), b.to_slice()) {
                        problem.proximal_step(b, step, (self.penalty, threshold), x, room);
                    }
                },
            );
    }
}
