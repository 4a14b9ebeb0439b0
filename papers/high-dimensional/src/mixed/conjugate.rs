//! Proximal nonlinear conjugate gradients for f + h, f smooth and not necessarily convex, h with a proximal operator.
//!
//! G(x) = (x − prox_{sh}(x − s∇f(x)))/s takes the gradient's place, d ← −G + βd with β = max(0, min(β_HS, β_DY)), and the forward–backward envelope
//! φ(x) = f − s/2 |∇f|² + M(x − s∇f) judges a step, M being the Moreau envelope of sh; it is an exact penalty function of the problem. After each step along d comes a proximal one, which keeps zeros exact and falls as far
//! as ISTA would. Reconstructed from the abstract's words.

use numerics::sum::fast_dot;

/// A smooth function with a separable proximal term.
pub trait Composite {
    /// f, and ∇f into `gradient`; infinite or NaN where f is not defined.
    fn smooth(&self, x: &[f64], gradient: &mut [f64]) -> f64;
    /// h.
    fn term(&self, x: &[f64]) -> f64;
    /// argmin h(u) + |u − x|²/(2·step), in place.
    fn prox(&self, x: &mut [f64], step: f64);
}

/// Settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The largest entry of G at the end.
    pub tolerance: f64,
    /// Gradients at most.
    pub gradients: usize,
    /// s at the beginning; it is halved where f curves more than 1/s.
    pub step: f64,
    /// Conjugate directions; otherwise proximal steps alone (ISTA).
    pub conjugate: bool,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Where.
    pub x: Vec<f64>,
    /// f + h there.
    pub objective: f64,
    /// The largest entry of G.
    pub residual: f64,
    /// Gradients of f that were computed.
    pub gradients: usize,
    /// Whether the residual is small enough.
    pub converged: bool,
    /// The largest relative rise of f + h from one iterate to the next.
    pub largest_rise: f64,
}

/// A point with all that is known of it.
#[derive(Clone)]
struct State {
    x: Vec<f64>,
    smooth: f64,
    gradient: Vec<f64>,
    /// prox(x − s∇f).
    forward: Vec<f64>,
    /// G.
    mapping: Vec<f64>,
    /// φ.
    envelope: f64,
}

struct Run<'a> {
    problem: &'a dyn Composite,
    step: f64,
    gradients: usize,
}

impl Run<'_> {
    fn at(&mut self, x: Vec<f64>) -> State {
        let mut gradient = vec![0.0; x.len()];
        let smooth = self.problem.smooth(&x, &mut gradient);
        self.gradients += 1;
        self.state(x, smooth, gradient)
    }

    fn state(&self, x: Vec<f64>, smooth: f64, gradient: Vec<f64>) -> State {
        let step = self.step;
        let mut forward: Vec<f64> = x.iter().zip(&gradient).map(|(x, g)| x - step * g).collect();
        self.problem.prox(&mut forward, step);
        let mapping: Vec<f64> = x.iter().zip(&forward).map(|(x, u)| (x - u) / step).collect();
        // f − s∇f·G + s/2 |G|² + h(u).
        let envelope = smooth - step * fast_dot(&gradient, &mapping)
            + 0.5 * step * fast_dot(&mapping, &mapping)
            + self.problem.term(&forward);
        State { x, smooth, gradient, forward, mapping, envelope }
    }

    /// Whether f at the proximal point is what a curvature of 1/s allows.
    fn falls(&self, state: &State, there: f64) -> bool {
        let model = state.smooth - self.step * fast_dot(&state.gradient, &state.mapping)
            + 0.5 * self.step * fast_dot(&state.mapping, &state.mapping);
        there <= model + 1e-12 * (1.0 + state.smooth.abs()) || self.step < 1e-18
    }

    /// The proximal step from a state, s halved until f falls as a curvature of 1/s allows.
    fn forward(&mut self, state: &mut State) -> State {
        loop {
            let next = self.at(state.forward.clone());
            if self.falls(state, next.smooth) {
                return next;
            }
            self.step *= 0.5;
            *state =
                self.state(std::mem::take(&mut state.x), state.smooth, std::mem::take(&mut state.gradient));
        }
    }
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |most, x| most.max(x.abs()))
}

/// Minimises from a start.
pub fn minimise(problem: &dyn Composite, start: &[f64], options: &Options) -> Found {
    let mut run = Run { problem, step: options.step, gradients: 0 };
    let mut state = run.at(start.to_vec());
    let mut direction: Vec<f64> = state.mapping.iter().map(|g| -g).collect();
    let mut objective = state.smooth + problem.term(&state.x);
    let mut length = options.step;
    let mut rise = 0.0_f64;
    while largest(&state.mapping) > options.tolerance
        && run.gradients < options.gradients
        && state.smooth.is_finite()
    {
        let mut along = None;
        if options.conjugate {
            let slope = fast_dot(&state.mapping, &direction);
            if slope
                > -1e-4
                    * fast_dot(&state.mapping, &state.mapping).sqrt()
                    * fast_dot(&direction, &direction).sqrt()
            {
                direction.iter_mut().zip(&state.mapping).for_each(|(d, g)| *d = -g);
            }
            let slope = fast_dot(&state.mapping, &direction);
            // The last length, then secants of the slope, until it has fallen to a third; of what Armijo's test accepts the last.
            let mut trial_length = length;
            for _ in 0..5 {
                let x: Vec<f64> = state.x.iter().zip(&direction).map(|(x, d)| x + trial_length * d).collect();
                let trial = run.at(x);
                let there = fast_dot(&trial.mapping, &direction);
                let falls = trial.envelope.is_finite()
                    && trial.envelope <= state.envelope + 1e-4 * trial_length * slope;
                let factor = if there.is_finite() && there > slope { slope / (slope - there) } else { 10.0 };
                let factor = if falls { factor.clamp(0.1, 10.0) } else { factor.clamp(0.05, 0.5) };
                let enough = falls && there.abs() <= 0.3 * slope.abs();
                if falls {
                    length = trial_length;
                    along = Some(trial);
                }
                if enough {
                    break;
                }
                trial_length *= factor;
            }
        }
        let before = state.mapping.clone();
        let moved = along.is_some();
        let mut from = along.unwrap_or_else(|| state.clone());
        let mut next = run.forward(&mut from);
        let mut value = next.smooth + problem.term(&next.x);
        if moved && value > objective {
            // The step s was too long for the envelope to speak for f + h: a proximal step alone never rises.
            next = run.forward(&mut state);
            value = next.smooth + problem.term(&next.x);
        }
        rise = rise.max((value - objective) / (1.0 + objective.abs()));
        objective = value;
        let change: Vec<f64> = next.mapping.iter().zip(&before).map(|(new, old)| new - old).collect();
        let curvature = fast_dot(&direction, &change);
        let beta = if moved && curvature > 0.0 {
            let (hestenes, dai) = (
                fast_dot(&next.mapping, &change) / curvature,
                fast_dot(&next.mapping, &next.mapping) / curvature,
            );
            hestenes.min(dai).max(0.0)
        } else {
            0.0
        };
        direction.iter_mut().zip(&next.mapping).for_each(|(d, g)| *d = beta * *d - g);
        state = next;
    }
    let residual = largest(&state.mapping);
    Found {
        converged: residual <= options.tolerance,
        x: state.x,
        objective,
        residual,
        gradients: run.gradients,
        largest_rise: rise,
    }
}

/// FISTA with restarts whenever f + h rises, with the same backtracking: a rival. One gradient an iteration is counted, at the extrapolated point; values at proximal points are not.
pub fn accelerated(problem: &dyn Composite, start: &[f64], options: &Options) -> Found {
    let mut run = Run { problem, step: options.step, gradients: 0 };
    let mut last = start.to_vec();
    let mut state = run.at(start.to_vec());
    let mut objective = state.smooth + problem.term(&state.x);
    let (mut momentum, mut rise) = (1.0_f64, 0.0_f64);
    let mut scratch = vec![0.0; start.len()];
    while largest(&state.mapping) > options.tolerance
        && run.gradients < options.gradients
        && state.smooth.is_finite()
    {
        let smooth = loop {
            let smooth = problem.smooth(&state.forward, &mut scratch);
            if run.falls(&state, smooth) {
                break smooth;
            }
            run.step *= 0.5;
            state = run.state(state.x, state.smooth, state.gradient);
        };
        let next = state.forward.clone();
        let value = smooth + problem.term(&next);
        if value > objective {
            momentum = 1.0;
        }
        rise = rise.max((value - objective) / (1.0 + objective.abs()));
        objective = value;
        let following = 0.5 * (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt());
        let weight = (momentum - 1.0) / following;
        momentum = following;
        state = run.at(next.iter().zip(&last).map(|(x, last)| x + weight * (x - last)).collect());
        last = next;
    }
    let residual = largest(&state.mapping);
    Found {
        converged: residual <= options.tolerance,
        objective: state.smooth + problem.term(&state.x),
        x: state.x,
        residual,
        gradients: run.gradients,
        largest_rise: rise,
    }
}
