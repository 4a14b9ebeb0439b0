//! The paper's Algorithm 2: one loop with momentum (as reconstructed, see the README), and without momentum F2SA.
//!
//! ```text
//! v ← G(new; ξ) + (1 − η_k)(v − G(old; ξ))      for each of x, y, z, the same sample ξ at the new and the old point
//! y ← P_Y(y − γ_k v_y),   z ← P_Y(z − γ_k v_z),   x ← P_X(x − α_k v_x)
//! ```
//!
//! G_y = σ_k f_y + g_y at y, G_z = g_y at z, G_x = f_x + (g_x(y) − g_x(z))/σ_k, at the old point too with the current σ_k. A step asks for 12 gradients, without momentum for 6.

use bilevel::levels::Bilevel;
use bilevel::oracle::{Part, Sampled};
use bilevel::schedule::Power;

use crate::double_loop::add;
use crate::run::{Begin, Ended, State, Step};

/// Settings of the single loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// σ_k.
    pub sigma: Power,
    /// α_k.
    pub alpha: Power,
    /// γ_k.
    pub gamma: Power,
    /// η_k, at most 1; `None` is F2SA: no momentum, no second evaluation.
    pub eta: Option<Power>,
    /// Lower steps for each upper step, at least 1 (F2SA's T; the paper's single loop has 1).
    pub inner_steps: u32,
    /// Both g_x of a step from the same sample.
    pub share_samples: bool,
}

impl Options {
    /// The paper's schedule with momentum, for 5 in the exponent: σ ~ k^(−1/5), α ~ k^(−3/5), γ ~ k^(−2/5), η ~ k^(−4/5).
    pub fn momentum() -> Self {
        let power = |value, exponent| Power { value, exponent, offset: 10.0 };
        Self {
            sigma: power(1.0, -0.2),
            alpha: power(0.5, -0.6),
            gamma: power(0.5, -0.4),
            eta: Some(power(1.0, -0.8)),
            inner_steps: 1,
            share_samples: false,
        }
    }

    /// F2SA, for 7: σ ~ k^(−1/7), α ~ k^(−5/7), γ ~ k^(−4/7).
    pub fn without_momentum() -> Self {
        let power = |value, exponent| Power { value, exponent: exponent / 7.0, offset: 10.0 };
        Self {
            sigma: power(1.0, -1.0),
            alpha: power(0.5, -5.0),
            gamma: power(0.5, -4.0),
            eta: None,
            inner_steps: 1,
            share_samples: false,
        }
    }
}

/// A running estimate of a gradient.
struct Estimate {
    value: Vec<f64>,
    started: bool,
}

impl Estimate {
    fn new(size: usize) -> Self {
        Self { value: vec![0.0; size], started: false }
    }

    /// v ← new + (1 − η)(v − old); the first is the gradient itself.
    fn update(&mut self, new: &[f64], old: Option<&[f64]>, eta: f64) {
        match old.filter(|_| self.started) {
            Some(old) => {
                for ((v, new), old) in self.value.iter_mut().zip(new).zip(old) {
                    *v = new + (1.0 - eta) * (*v - old);
                }
            }
            None => self.value.copy_from_slice(new),
        }
        self.started = true;
    }
}

/// Runs until the budget is spent; `observe` sees every upper step.
pub fn single_loop<S: Sampled>(
    oracle: &S,
    begin: &Begin<'_>,
    options: &Options,
    mut observe: impl FnMut(&Step<'_>),
) -> Ended {
    let mut state = State::new(oracle, begin);
    let problem = oracle.problem();
    let (d, q) = problem.dimensions();
    let (mut v_x, mut v_y, mut v_z) = (Estimate::new(d), Estimate::new(q), Estimate::new(q));
    let (mut new, mut old, mut part) = (vec![0.0; q.max(d)], vec![0.0; q.max(d)], vec![0.0; q.max(d)]);
    // The points at which the estimates of the lower levels, and that of the upper one, were last updated.
    let mut lower_old = (state.x.clone(), state.y.clone(), state.z.clone());
    let mut upper_old = lower_old.clone();
    let mut held = [0.0; 4];
    loop {
        let k = state.steps;
        let sigma = options.sigma.held(k, &mut held[0]);
        let (alpha, gamma) = (options.alpha.held(k, &mut held[1]), options.gamma.held(k, &mut held[2]));
        let eta = options.eta.map_or(1.0, |eta| eta.held(k, &mut held[3]).min(1.0));
        state.sigma = sigma;
        let momentum = options.eta.is_some();
        let second = momentum && k > 0;
        for inner in 0..options.inner_steps.max(1) {
            // Within a step the estimates go on from the last inner point, also in the first step.
            let second = momentum && (k > 0 || inner > 0);
            let sample = state.draw();
            let slope = |oracle: &bilevel::oracle::Counted<'_, S>,
                         x: &[f64],
                         y: &[f64],
                         out: &mut [f64],
                         part: &mut [f64]| {
                oracle.gradient(Part::UpperY, sample, x, y, part);
                oracle.gradient(Part::LowerY, sample, x, y, out);
                add(out, sigma, part);
            };
            slope(&state.oracle, &state.x, &state.y, &mut new[..q], &mut part[..q]);
            if second {
                slope(&state.oracle, &lower_old.0, &lower_old.1, &mut old[..q], &mut part[..q]);
            }
            v_y.update(&new[..q], second.then_some(&old[..q]), eta);
            let sample = state.draw();
            state.oracle.gradient(Part::LowerY, sample, &state.x, &state.z, &mut new[..q]);
            if second {
                state.oracle.gradient(Part::LowerY, sample, &lower_old.0, &lower_old.2, &mut old[..q]);
            }
            v_z.update(&new[..q], second.then_some(&old[..q]), eta);
            if momentum {
                keep(&mut lower_old, &state.x, &state.y, &state.z);
            }
            if options.inner_steps > 1 {
                add(&mut state.y, -gamma, &v_y.value);
                add(&mut state.z, -gamma, &v_z.value);
                problem.lower_set().project(&mut state.y);
                problem.lower_set().project(&mut state.z);
            }
        }
        let (sample, other) = (state.draw(), state.draw());
        let other = if options.share_samples { sample } else { other };
        let slope = |oracle: &bilevel::oracle::Counted<'_, S>,
                     x: &[f64],
                     y: &[f64],
                     z: &[f64],
                     out: &mut [f64],
                     part: &mut [f64]| {
            oracle.gradient(Part::UpperX, sample, x, y, out);
            oracle.gradient(Part::LowerX, sample, x, y, part);
            add(out, 1.0 / sigma, part);
            oracle.gradient(Part::LowerX, other, x, z, part);
            add(out, -1.0 / sigma, part);
        };
        slope(&state.oracle, &state.x, &state.y, &state.z, &mut new[..d], &mut part[..d]);
        if second {
            slope(&state.oracle, &upper_old.0, &upper_old.1, &upper_old.2, &mut old[..d], &mut part[..d]);
        }
        v_x.update(&new[..d], second.then_some(&old[..d]), eta);
        if momentum {
            keep(&mut upper_old, &state.x, &state.y, &state.z);
        }
        if options.inner_steps <= 1 {
            add(&mut state.y, -gamma, &v_y.value);
            add(&mut state.z, -gamma, &v_z.value);
            problem.lower_set().project(&mut state.y);
            problem.lower_set().project(&mut state.z);
        }
        add(&mut state.x, -alpha, &v_x.value);
        problem.upper_set().project(&mut state.x);
        if let Some(reason) = state.finish_step(&mut observe) {
            return state.end(reason);
        }
    }
}

type Point = (Vec<f64>, Vec<f64>, Vec<f64>);

fn keep(old: &mut Point, x: &[f64], y: &[f64], z: &[f64]) {
    old.0.copy_from_slice(x);
    old.1.copy_from_slice(y);
    old.2.copy_from_slice(z);
}
