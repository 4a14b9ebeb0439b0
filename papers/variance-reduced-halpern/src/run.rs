//! What all methods take and return: a task, steps that can be observed, counts, and the certificate of a point.
//!
//! Every method ends a step with a resolvent, u = J(v). Then (v − u)/step is an element g of G(u), so |F(u) + g| is known for one
//! pass over F. It bounds the gap of a game: max over v of ⟨F(u), u − v⟩ ≤ |F(u) + g| · diameter.

use std::ops::ControlFlow;

use crate::operator::{FiniteSum, norm};
use crate::resolvent::Resolvent;

/// Find u with 0 in F(u) + G(u).
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// F.
    pub operator: &'a dyn FiniteSum,
    /// G, through its resolvent.
    pub resolvent: &'a dyn Resolvent,
    /// The first point; every method replaces it by its image under the resolvent, so that it lies where G is defined and comes with an element of G.
    pub start: &'a [f64],
    /// The method stops once so many calls are spent.
    pub calls: u64,
    /// Decides what is drawn.
    pub seed: u64,
}

/// What a run has cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Full passes but those at the start of inner loops.
    pub passes: u64,
    /// Full passes at the start of inner loops, which the authors' program does not charge for games.
    pub inner_starts: u64,
    /// Differences of a part at two points.
    pub differences: u64,
    /// Resolvents.
    pub resolvents: u64,
}

impl Counts {
    /// Evaluations of parts: n for a pass, two for a difference.
    pub fn calls(&self, components: usize) -> u64 {
        (self.passes + self.inner_starts) * components as u64 + 2 * self.differences
    }
}

/// A step, as an observer sees it.
pub struct Step<'a> {
    /// Its number, from 0.
    pub number: u64,
    /// What was spent before it was known.
    pub counts: Counts,
    /// u.
    pub point: &'a [f64],
    /// v, from which the last resolvent came to u.
    pub before: &'a [f64],
    /// The step of that resolvent.
    pub step: f64,
    /// F(u), where the method has just computed it.
    pub value: Option<&'a [f64]>,
}

impl Step<'_> {
    /// |F(u) + g|, g = (v − u)/step; one full pass into `value` unless the method has F(u).
    pub fn residual(&self, operator: &dyn FiniteSum, value: &mut [f64]) -> f64 {
        match self.value {
            Some(known) => value.copy_from_slice(known),
            None => operator.full(self.point, value),
        }
        let square = |((f, v), u): ((&f64, &f64), &f64)| (f + (v - u) / self.step).powi(2);
        value.iter().zip(self.before).zip(self.point).map(square).sum::<f64>().sqrt()
    }
}

/// |u − J(u − F(u))|, the natural residual with step 1: never above |F(u) + g|, and not comparable over scales of F.
pub fn natural_residual(operator: &dyn FiniteSum, resolvent: &dyn Resolvent, point: &[f64]) -> f64 {
    let mut moved = vec![0.0; point.len()];
    operator.full(point, &mut moved);
    moved.iter_mut().zip(point).for_each(|(f, u)| *f = u - *f);
    resolvent.apply(&mut moved, 1.0, &mut Vec::new());
    moved.iter_mut().zip(point).for_each(|(m, u)| *m -= u);
    norm(&moved)
}

/// Why a method stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The observer said so.
    Observer,
    /// The calls are spent.
    Budget,
    /// A number is no longer finite.
    Diverged,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// The last point.
    pub point: Vec<f64>,
    /// From which the last resolvent came to it.
    pub before: Vec<f64>,
    /// The step of that resolvent.
    pub step: f64,
    /// Steps taken.
    pub steps: u64,
    /// What they cost.
    pub counts: Counts,
    /// Why there were no more.
    pub reason: StopReason,
}

impl Ended {
    /// |F(u) + g| at the last point.
    pub fn residual(&self, operator: &dyn FiniteSum) -> f64 {
        let step = Step {
            number: self.steps,
            counts: self.counts,
            point: &self.point,
            before: &self.before,
            step: self.step,
            value: None,
        };
        step.residual(operator, &mut vec![0.0; self.point.len()])
    }
}

/// The state of a run, and its end.
pub(crate) struct Run<'a, O> {
    pub task: &'a Task<'a>,
    pub counts: Counts,
    pub u: Vec<f64>,
    pub before: Vec<f64>,
    pub step: f64,
    pub scratch: Vec<f64>,
    pub steps: u64,
    observe: O,
}

impl<'a, O: FnMut(&Step<'_>) -> ControlFlow<()>> Run<'a, O> {
    pub fn new(task: &'a Task<'a>, step: f64, observe: O) -> Self {
        assert_eq!(task.start.len(), task.operator.dimension(), "the start and F differ in dimension");
        assert!(step > 0.0 && step.is_finite(), "a step must be positive");
        let (u, before) = (task.start.to_vec(), task.start.to_vec());
        let mut run =
            Self { task, counts: Counts::default(), u, before, step, scratch: Vec::new(), steps: 0, observe };
        run.resolve();
        run
    }

    /// `out` becomes F(u), for n calls.
    pub fn full(&mut self, out: &mut [f64]) {
        self.task.operator.full(&self.u, out);
        self.counts.passes += 1;
    }

    /// u becomes J(`before`).
    pub fn resolve(&mut self) {
        self.u.copy_from_slice(&self.before);
        self.task.resolvent.apply(&mut self.u, self.step, &mut self.scratch);
        self.counts.resolvents += 1;
    }

    /// Shows the point; a reason to stop, if there is one.
    pub fn show(&mut self, value: Option<&[f64]>) -> Option<StopReason> {
        let step = Step {
            number: self.steps,
            counts: self.counts,
            point: &self.u,
            before: &self.before,
            step: self.step,
            value,
        };
        if !self.u.iter().sum::<f64>().is_finite() {
            return Some(StopReason::Diverged);
        }
        if (self.observe)(&step).is_break() {
            return Some(StopReason::Observer);
        }
        if self.counts.calls(self.task.operator.components()) >= self.task.calls {
            return Some(StopReason::Budget);
        }
        self.steps += 1;
        None
    }

    pub fn end(self, reason: StopReason) -> Ended {
        Ended {
            point: self.u,
            before: self.before,
            step: self.step,
            steps: self.steps,
            counts: self.counts,
            reason,
        }
    }
}

/// Watches the certificate at calls that grow by a ratio, for stopping and for plots.
pub struct Monitor<'a> {
    operator: &'a dyn FiniteSum,
    tolerance: f64,
    ratio: f64,
    next: f64,
    value: Vec<f64>,
    /// Residuals that needed a pass of their own.
    pub checks: u64,
    /// (calls, residual) at every look.
    pub seen: Vec<(u64, f64)>,
}

impl<'a> Monitor<'a> {
    /// Looks whenever calls have grown by `ratio` > 1, and says stop at a residual of `tolerance` or less.
    pub fn new(operator: &'a dyn FiniteSum, tolerance: f64, ratio: f64) -> Self {
        let value = vec![0.0; operator.dimension()];
        Self { operator, tolerance, ratio, next: 0.0, value, checks: 0, seen: Vec::new() }
    }

    /// An observer.
    pub fn look(&mut self, step: &Step<'_>) -> ControlFlow<()> {
        let calls = step.counts.calls(self.operator.components());
        if (calls as f64) < self.next {
            return ControlFlow::Continue(());
        }
        self.next = (calls as f64 * self.ratio).max(calls as f64 + 1.0);
        self.checks += u64::from(step.value.is_none());
        let residual = step.residual(self.operator, &mut self.value);
        self.seen.push((calls, residual));
        if residual <= self.tolerance { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// The calls at which the tolerance was reached.
    pub fn reached(&self) -> Option<u64> {
        self.seen.last().filter(|(_, residual)| *residual <= self.tolerance).map(|(calls, _)| *calls)
    }
}
