//! What all iterative methods share: budgets, traces, reasons to stop.

use bilevel::oracle::{Counted, Counts, Sampled};

/// An iterate as an observer sees it.
pub struct Step<'a> {
    /// Upper steps made.
    pub number: u64,
    /// What was asked of the oracle so far.
    pub counts: Counts,
    /// σ of the step; 0 for methods without.
    pub sigma: f64,
    /// x.
    pub x: &'a [f64],
    /// The lower iterate that the method takes for the solution: y where there are two.
    pub y: &'a [f64],
    /// The second lower iterate; y for methods with one.
    pub z: &'a [f64],
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The budget of calls is spent.
    Budget,
    /// An iterate is not finite: the steps are too long.
    Diverged,
}

/// The last iterates.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// x.
    pub x: Vec<f64>,
    /// Lower iterate of σf + g.
    pub y: Vec<f64>,
    /// Lower iterate of g.
    pub z: Vec<f64>,
    /// σ of the last step.
    pub sigma: f64,
    /// Upper steps made.
    pub steps: u64,
    /// What was asked of the oracle.
    pub counts: Counts,
    /// Why it ended.
    pub reason: StopReason,
}

/// Where a run begins: x, and the lower iterates, which both begin at y.
#[derive(Clone, Copy, Debug)]
pub struct Begin<'a> {
    /// In X.
    pub x: &'a [f64],
    /// In Y.
    pub y: &'a [f64],
    /// Gradients and products to spend; the step at hand is finished.
    pub calls: u64,
    /// Of the samples.
    pub seed: u64,
}

/// The state of a run with two lower iterates.
pub(crate) struct State<'a, 'b, S: Sampled> {
    pub oracle: Counted<'a, S>,
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    pub z: Vec<f64>,
    pub sigma: f64,
    pub steps: u64,
    begin: &'b Begin<'b>,
    sample: u64,
}

impl<'a, 'b, S: Sampled> State<'a, 'b, S> {
    pub fn new(oracle: &'a S, begin: &'b Begin<'b>) -> Self {
        // Samples are numbered from the seed's own place on.
        let sample = begin.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let (x, y, z) = (begin.x.to_vec(), begin.y.to_vec(), begin.y.to_vec());
        Self { oracle: Counted::new(oracle), x, y, z, sigma: 0.0, steps: 0, begin, sample }
    }

    /// A sample that was not drawn before.
    pub fn draw(&mut self) -> u64 {
        self.sample = self.sample.wrapping_add(1);
        self.sample
    }

    /// Reports the step just made; `None` to go on.
    pub fn finish_step(&mut self, observe: &mut impl FnMut(&Step<'_>)) -> Option<StopReason> {
        self.steps += 1;
        let counts = self.oracle.counts();
        if self.x.iter().chain(&self.y).chain(&self.z).any(|v| !v.is_finite()) {
            return Some(StopReason::Diverged);
        }
        observe(&Step { number: self.steps, counts, sigma: self.sigma, x: &self.x, y: &self.y, z: &self.z });
        (counts.calls() >= self.begin.calls).then_some(StopReason::Budget)
    }

    pub fn end(self, reason: StopReason) -> Ended {
        let counts = self.oracle.counts();
        Ended { x: self.x, y: self.y, z: self.z, sigma: self.sigma, steps: self.steps, counts, reason }
    }
}
