//! What all methods share: where a run begins, what is seen of it, why it ends.

use bilevel::oracle::{Counted, Counts, Part};

use crate::oracle::Stochastic;

/// Where a run begins.
#[derive(Clone, Copy, Debug)]
pub struct Begin<'a> {
    /// d numbers.
    pub x: &'a [f64],
    /// q numbers.
    pub y: &'a [f64],
    /// Gradients and products of single samples to spend; the step at hand is finished.
    pub calls: u64,
    /// Of the samples.
    pub seed: u64,
}

/// A step as an observer sees it.
pub struct Step<'a> {
    /// Steps of x made, from 1.
    pub number: u64,
    /// What was asked of the oracle so far.
    pub counts: Counts,
    /// x after the step.
    pub x: &'a [f64],
    /// The lower iterate.
    pub y: &'a [f64],
    /// The hypergradient's estimate at x before the step.
    pub hypergradient: &'a [f64],
    /// Its running mean, along which x moved.
    pub momentum: &'a [f64],
    /// |x after − x before|.
    pub length: f64,
    /// Whether the lower iterate was updated before the step.
    pub updated: bool,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The budget of calls is spent.
    Budget,
    /// The named quantity is not finite: steps are too long, or a gradient overflowed.
    Diverged(&'static str),
}

/// The last iterates.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// x.
    pub x: Vec<f64>,
    /// y.
    pub y: Vec<f64>,
    /// The last v of the linear system.
    pub multiplier: Vec<f64>,
    /// Steps of x made.
    pub steps: u64,
    /// Steps that were left out because the momentum was zero.
    pub skipped: u64,
    /// What was asked of the oracle.
    pub counts: Counts,
    /// Why it ended.
    pub reason: StopReason,
}

/// The iterates of a run with what it draws and counts.
pub(crate) struct State<'a, S: Stochastic> {
    pub stochastic: &'a S,
    pub oracle: Counted<'a, S>,
    pub x: Vec<f64>,
    pub y: Vec<f64>,
    pub v: Vec<f64>,
    pub steps: u64,
    pub skipped: u64,
    pub scratch: Vec<f64>,
    calls: u64,
    sample: u64,
}

impl<'a, S: Stochastic> State<'a, S> {
    pub fn new(stochastic: &'a S, begin: &Begin<'_>) -> Self {
        Self {
            stochastic,
            oracle: Counted::new(stochastic),
            x: begin.x.to_vec(),
            y: begin.y.to_vec(),
            v: vec![0.0; begin.y.len()],
            steps: 0,
            skipped: 0,
            scratch: vec![0.0; begin.x.len().max(begin.y.len())],
            calls: begin.calls,
            // Samples are numbered from the seed's own place on.
            sample: begin.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15),
        }
    }

    /// A sample that was not drawn before.
    pub fn draw(&mut self) -> u64 {
        self.sample = self.sample.wrapping_add(1);
        self.sample
    }

    /// The mean of a gradient over samples, at x and y.
    pub fn mean(&mut self, part: Part, samples: &[u64], out: &mut [f64]) {
        out.fill(0.0);
        let share = 1.0 / samples.len() as f64;
        let size = out.len();
        for sample in samples {
            self.oracle.gradient(part, *sample, &self.x, &self.y, &mut self.scratch[..size]);
            add(out, share, &self.scratch[..size]);
        }
    }

    /// (∂²g/∂y²) v at x and y, counted.
    pub fn yy(&mut self, sample: u64, v: &[f64], out: &mut [f64]) {
        self.oracle.count_products(1);
        self.stochastic.lower_yy_times(sample, &self.x, &self.y, v, out);
    }

    /// out ← out − (∂²g/∂x∂y) v at x and y, counted.
    pub fn subtract_xy(&mut self, sample: u64, v: &[f64], out: &mut [f64]) {
        self.oracle.count_products(1);
        let size = out.len();
        self.stochastic.lower_xy_times(sample, &self.x, &self.y, v, &mut self.scratch[..size]);
        add(out, -1.0, &self.scratch[..size]);
    }

    /// Calls that may still be made.
    pub fn left(&self) -> u64 {
        self.calls.saturating_sub(self.oracle.counts().calls())
    }

    /// Why the run is over after a step of x, if it is.
    fn over(&self) -> Option<StopReason> {
        let finite = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
        if !finite(&self.x) {
            return Some(StopReason::Diverged("x"));
        }
        if !finite(&self.y) {
            return Some(StopReason::Diverged("the lower iterate"));
        }
        if !finite(&self.v) {
            return Some(StopReason::Diverged("the solution of the linear system"));
        }
        (self.oracle.counts().calls() >= self.calls).then_some(StopReason::Budget)
    }

    /// Counts a step of x along `momentum` whose length is `length`, shows it unless the run left the numbers, and tells why the run is over, if it is.
    pub fn close(
        &mut self,
        length: f64,
        (hypergradient, momentum): (&[f64], &[f64]),
        updated: bool,
        mut observe: impl FnMut(&Step<'_>),
    ) -> Option<StopReason> {
        self.steps += 1;
        let over =
            if length.is_finite() { self.over() } else { Some(StopReason::Diverged("the hypergradient")) };
        if !matches!(over, Some(StopReason::Diverged(_))) {
            observe(&Step {
                number: self.steps,
                counts: self.oracle.counts(),
                x: &self.x,
                y: &self.y,
                hypergradient,
                momentum,
                length,
                updated,
            });
        }
        over
    }

    pub fn end(self, reason: StopReason) -> Ended {
        Ended {
            counts: self.oracle.counts(),
            x: self.x,
            y: self.y,
            multiplier: self.v,
            steps: self.steps,
            skipped: self.skipped,
            reason,
        }
    }
}

/// a ← a + factor b.
#[inline]
pub(crate) fn add(a: &mut [f64], factor: f64, b: &[f64]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += factor * b);
}
