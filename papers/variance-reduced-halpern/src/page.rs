//! Algorithm 1: Halpern's iteration with the PAGE estimator of F, for F cocoercive on average.
//!
//! ```text
//! u_{k+1} = J( λ_k u_0 + (1 − λ_k) u_k − η F̃_k ),      λ_k = 2/(k + 4)
//! ```
//!
//! F̃_k is F(u_k) with probability p_k, and else F̃_{k−1} plus the mean of b differences between u_k and u_{k−1}. The first two
//! passes are always full: differences to a stale point would follow otherwise. p_k = max(4/(k+4), p_∞), and by default b = ⌊√n⌋
//! and p_∞ = 4/(√n + 5), which is what the authors' program does.

use std::ops::ControlFlow;

use rand::{Rng, SeedableRng};

use crate::operator::{FiniteSum, Random};
use crate::run::{Ended, Run, Step, Task};

/// The parameters of Algorithm 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// η > 0; see [`crate::potential`] for what is proved.
    pub eta: f64,
    /// b, the differences of a step, from 1 to n.
    pub batch: usize,
    /// p_∞, the probability of a full pass in late steps, in (0, 1].
    pub probability: f64,
}

impl Options {
    /// The authors' b and p_∞ for n parts.
    pub fn new(eta: f64, components: usize) -> Self {
        let root = (components as f64).sqrt();
        Self { eta, batch: components.isqrt().max(1), probability: (4.0 / (root + 5.0)).min(1.0) }
    }

    /// The mean number of calls of a late step, p_∞ n + 2b(1 − p_∞).
    pub fn calls(&self, components: usize) -> f64 {
        self.probability * components as f64 + 2.0 * self.batch as f64 * (1.0 - self.probability)
    }

    /// p_k.
    pub fn probability_at(&self, k: u64) -> f64 {
        if k <= 1 { 1.0 } else { (4.0 / (k as f64 + 4.0)).max(self.probability) }
    }
}

/// Runs Algorithm 1. Points are shown once their estimator is known, with F(u) where that was a full pass.
///
/// A step costs p_k n + 2b(1 − p_k) calls in the mean, one resolvent, O(d) besides.
///
/// # Panics
/// If the start has not the operator's dimension, or an option is out of its range.
pub fn page_halpern(
    task: &Task<'_>,
    options: &Options,
    observe: impl FnMut(&Step<'_>) -> ControlFlow<()>,
) -> Ended {
    let (operator, n) = (task.operator, task.operator.components());
    assert!((1..=n).contains(&options.batch), "the batch must be from 1 to n");
    assert!(options.probability > 0.0 && options.probability <= 1.0, "p must be in (0, 1]");
    let mut random = Random::seed_from_u64(task.seed);
    let mut batches = Batches((0..if operator.is_uniform() { n } else { 0 }).collect());
    let mut run = Run::new(task, options.eta, observe);
    let mut estimate = vec![0.0; task.start.len()];
    let anchor = run.u.clone();
    let mut last = anchor.clone();
    let reason = loop {
        let k = run.steps;
        let p = options.probability_at(k);
        // With p = 1 nothing is drawn: such a run is the deterministic one, to the bit.
        let full = p >= 1.0 || random.random::<f64>() < p;
        if full {
            run.full(&mut estimate);
        } else {
            let scale = 1.0 / options.batch as f64;
            for turn in 0..options.batch {
                let part = batches.draw(turn, operator, &mut random);
                operator.add_difference(part, &run.u, &last, scale, &mut estimate);
            }
            run.counts.differences += options.batch as u64;
        }
        if let Some(reason) = run.show(full.then_some(&estimate)) {
            break reason;
        }
        last.copy_from_slice(&run.u);
        let lambda = 2.0 / (k as f64 + 4.0);
        for (((v, u0), u), f) in run.before.iter_mut().zip(&anchor).zip(&run.u).zip(&estimate) {
            *v = lambda * u0 + (1.0 - lambda) * u - options.eta * f;
        }
        run.resolve();
    };
    run.end(reason)
}

/// Draws without replacement where q is uniform: a permutation of which a batch is the head. Empty for other laws.
struct Batches(Vec<usize>);

impl Batches {
    /// The part at place `turn` of the batch; places are asked for in order.
    fn draw(&mut self, turn: usize, operator: &dyn FiniteSum, random: &mut Random) -> usize {
        if self.0.is_empty() {
            return operator.draw(random);
        }
        let other = random.random_range(turn..self.0.len());
        self.0.swap(turn, other);
        self.0[turn]
    }
}
