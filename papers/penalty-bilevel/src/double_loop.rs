//! The paper's Algorithm 1: two loops, the inner one with proximal steps (as reconstructed, see the README).
//!
//! ```text
//! for k = 0, 1, …:  w = y, u = z
//!   T_k times:  w ← P_Y(w − γ_t (σ_k f_y(x, w) + g_y(x, w) + (w − y)/ρ)),   u ← P_Y(u − γ_t (g_y(x, u) + (u − z)/ρ))
//!   y ← (1 − β) y + β w,   z ← (1 − β) z + β u
//!   x ← P_X(x − α_k · mean over M_k samples of [f_x(x, y) + (g_x(x, y) − g_x(x, z))/σ_k])
//! ```
//!
//! An upper step asks for 3 T_k + 3 M_k gradients.

use bilevel::levels::Bilevel;
use bilevel::oracle::{Part, Sampled};
use bilevel::schedule::Power;

use crate::run::{Begin, Ended, State, Step};

/// Settings of the double loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// σ_k.
    pub sigma: Power,
    /// α_k.
    pub alpha: Power,
    /// T_k, rounded up, at least 1.
    pub inner_steps: Power,
    /// M_k, rounded up, at least 1.
    pub samples: Power,
    /// γ_t at the first inner step.
    pub gamma: f64,
    /// Inner steps until γ_t falls like 1/t; ∞ keeps it, as without noise.
    pub gamma_offset: f64,
    /// 1/ρ, the weight of the proximal term; 0 leaves it out, which is fine where gradient steps reach a solution from everywhere.
    pub proximal: f64,
    /// β in (0, 1].
    pub beta: f64,
    /// Both g_x of a step from the same sample, whose noise then cancels where it is additive: an easier oracle than the paper's.
    pub share_samples: bool,
}

impl Options {
    /// The schedule for exact gradients: σ and α fall like k^(−1/3), a constant number of inner steps of length `gamma`.
    pub fn deterministic(gamma: f64) -> Self {
        Self {
            sigma: Power { value: 1.0, exponent: -1.0 / 3.0, offset: 10.0 },
            alpha: Power { value: 0.5, exponent: -1.0 / 3.0, offset: 10.0 },
            inner_steps: Power::constant(20.0),
            samples: Power::constant(1.0),
            gamma,
            gamma_offset: f64::INFINITY,
            proximal: 0.0,
            beta: 1.0,
            share_samples: false,
        }
    }

    /// The schedule for noisy gradients: the same σ and α, inner steps and samples grow like k^(4/3).
    pub fn noisy(gamma: f64) -> Self {
        let growing = |value| Power { value, exponent: 4.0 / 3.0, offset: 10.0 };
        Self {
            inner_steps: growing(5.0),
            samples: growing(1.0),
            gamma_offset: 8.0,
            ..Self::deterministic(gamma)
        }
    }
}

/// Runs until the budget is spent; `observe` sees every upper step.
pub fn double_loop<S: Sampled>(
    oracle: &S,
    begin: &Begin<'_>,
    options: &Options,
    mut observe: impl FnMut(&Step<'_>),
) -> Ended {
    let mut state = State::new(oracle, begin);
    let problem = oracle.problem();
    let (d, q) = problem.dimensions();
    let (mut w, mut u, mut f, mut g) = (vec![0.0; q], vec![0.0; q], vec![0.0; q], vec![0.0; q]);
    let (mut step, mut part) = (vec![0.0; d], vec![0.0; d]);
    loop {
        let k = state.steps;
        state.sigma = options.sigma.at(k);
        let sigma = state.sigma;
        w.copy_from_slice(&state.y);
        u.copy_from_slice(&state.z);
        for t in 0..options.inner_steps.at(k).ceil().max(1.0) as u64 {
            let gamma = options.gamma / (1.0 + t as f64 / options.gamma_offset);
            let sample = state.draw();
            state.oracle.gradient(Part::UpperY, sample, &state.x, &w, &mut f);
            state.oracle.gradient(Part::LowerY, sample, &state.x, &w, &mut g);
            for i in 0..q {
                w[i] -= gamma * (sigma * f[i] + g[i] + options.proximal * (w[i] - state.y[i]));
            }
            problem.lower_set().project(&mut w);
            let sample = state.draw();
            state.oracle.gradient(Part::LowerY, sample, &state.x, &u, &mut g);
            for i in 0..q {
                u[i] -= gamma * (g[i] + options.proximal * (u[i] - state.z[i]));
            }
            problem.lower_set().project(&mut u);
        }
        for i in 0..q {
            state.y[i] += options.beta * (w[i] - state.y[i]);
            state.z[i] += options.beta * (u[i] - state.z[i]);
        }
        let samples = options.samples.at(k).ceil().max(1.0) as u64;
        step.fill(0.0);
        for _ in 0..samples {
            let sample = state.draw();
            let other = if options.share_samples { sample } else { state.draw() };
            state.oracle.gradient(Part::UpperX, sample, &state.x, &state.y, &mut part);
            add(&mut step, 1.0, &part);
            state.oracle.gradient(Part::LowerX, sample, &state.x, &state.y, &mut part);
            add(&mut step, 1.0 / sigma, &part);
            state.oracle.gradient(Part::LowerX, other, &state.x, &state.z, &mut part);
            add(&mut step, -1.0 / sigma, &part);
        }
        add(&mut state.x, -options.alpha.at(k) / samples as f64, &step);
        problem.upper_set().project(&mut state.x);
        if let Some(reason) = state.finish_step(&mut observe) {
            return state.end(reason);
        }
    }
}

/// to += scale · v.
pub(crate) fn add(to: &mut [f64], scale: f64, v: &[f64]) {
    to.iter_mut().zip(v).for_each(|(to, v)| *to += scale * v);
}
