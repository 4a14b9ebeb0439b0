//! BO-REP, and the methods that differ from it by their settings alone.
//!
//! ```text
//! y₀ ← refined start: epochs k = 0, 1, … of n 2ᵏ steps of length a/2ᵏ, each from the mean of the one before, within a ball of radius R/2^{k/2}
//! for t = 0, 1, …
//!   every I-th step but the first: N steps y ← P_ball(y − γ g_y(x, y)) within radius R of where they begin; y ← their mean
//!   h = f_x(x, y) − g_xy(x, y) v with v ≈ g_yy⁻¹ f_y
//!   m = h at t = 0, else β m + (1 − β) h
//!   x ← x − η m/|m|
//! ```
//!
//! This is a reconstruction from the abstract and from public code: the paper's text was not at hand. The box above is what the tests' traces follow.
//!
//! SLIP takes one lower step before each step of x and no mean; SOBA and MA-SOBA do that with one step on the linear system and plain steps of x, with and without momentum; stocBiO takes several lower steps and Neumann's series
//! on batches; TTSA lets both steps shrink. Clipping, which is ours, is SLIP with steps that are cut only where they are long.

mod options;

pub use options::{Inverse, LowerUpdates, Move, Options, OptionsError, Refine};

use bilevel::hypergradient::conjugate_gradients;
use bilevel::levels::{Bilevel, SecondOrder};
use bilevel::oracle::Part;
use bilevel::sets::norm;
use numerics::cholesky::Cholesky;

use crate::oracle::Stochastic;
use crate::run::{Begin, Ended, State, Step, add};

/// Runs until the budget is spent; `observe` sees every step of x. A step costs three gradients and products, those of the inverse, and those of the lower steps.
pub fn bo_rep<S: Stochastic>(
    stochastic: &S,
    begin: &Begin<'_>,
    options: &Options,
    mut observe: impl FnMut(&Step<'_>),
) -> Ended {
    let mut state = State::new(stochastic, begin);
    let (d, q) = state.oracle.problem().dimensions();
    let mut lower = LowerLoop { mean: vec![0.0; q], center: vec![0.0; q], slope: vec![0.0; q] };
    if let Some(refine) = &options.refine {
        lower.refine(&mut state, refine);
    }
    let mut samples = vec![0; options.batch as usize];
    let (mut h, mut m, mut upper_y) = (vec![0.0; d], vec![0.0; d], vec![0.0; q]);
    let mut work = (vec![0.0; q], vec![0.0; q]);
    loop {
        let t = state.steps;
        let gamma = options.gamma.at(t);
        let updated = match options.lower {
            LowerUpdates::Periodic { period, inner, ball } if t > 0 && t.is_multiple_of(period) => {
                lower.averaged(&mut state, u64::from(inner), gamma, ball, &mut samples);
                true
            }
            LowerUpdates::Periodic { .. } => false,
            LowerUpdates::EveryStep { inner } => {
                for _ in 0..inner {
                    lower.step(&mut state, gamma, &mut samples);
                }
                true
            }
        };
        samples.iter_mut().for_each(|sample| *sample = state.draw());
        state.mean(Part::UpperX, &samples, &mut h);
        state.mean(Part::UpperY, &samples, &mut upper_y);
        solve(&mut state, options.inverse, &upper_y, &mut work);
        let sample = state.draw();
        let v = std::mem::take(&mut state.v);
        state.subtract_xy(sample, &v, &mut h);
        state.v = v;
        if t == 0 {
            m.copy_from_slice(&h);
        } else {
            m.iter_mut().zip(&h).for_each(|(m, h)| *m = options.beta * *m + (1.0 - options.beta) * h);
        }
        let length = advance(&mut state, &m, options.eta.at(t), options.step);
        if let Some(reason) = state.close(length, (&h, &m), updated, &mut observe) {
            return state.end(reason);
        }
    }
}

/// Moves x along m and gives the length of the step. What is not finite is no direction.
pub(crate) fn advance<S: Stochastic>(state: &mut State<'_, S>, m: &[f64], eta: f64, step: Move) -> f64 {
    // Scaled by the largest entry, so that squares of huge entries do not overflow.
    let largest = m.iter().fold(0.0_f64, |a, m| if m.is_nan() { f64::NAN } else { a.max(m.abs()) });
    if !largest.is_finite() {
        return f64::NAN;
    }
    if largest == 0.0 {
        state.skipped += 1;
        return 0.0;
    }
    let size = largest * m.iter().map(|m| (m / largest) * (m / largest)).sum::<f64>().sqrt();
    let factor = match step {
        Move::Plain => eta,
        Move::Normalised => eta / size,
        Move::Clipped { longest } => eta.min(longest / size),
    };
    add(&mut state.x, -factor, m);
    factor * size
}

/// v into the state, by the chosen way.
pub(crate) fn solve<S: Stochastic>(
    state: &mut State<'_, S>,
    inverse: Inverse,
    upper_y: &[f64],
    (term, image): &mut (Vec<f64>, Vec<f64>),
) {
    let mut v = std::mem::take(&mut state.v);
    match inverse {
        Inverse::ConjugateGradients { tolerance, most } => {
            let problem = state.oracle.problem();
            let (found, _, products) =
                conjugate_gradients(problem, (&state.x, &state.y), upper_y, tolerance, most);
            state.oracle.count_products(products as u64);
            v.copy_from_slice(&found);
        }
        Inverse::Neumann { step, terms } => {
            term.copy_from_slice(upper_y);
            v.iter_mut().zip(upper_y).for_each(|(v, f)| *v = step * f);
            for _ in 1..terms {
                let sample = state.draw();
                state.yy(sample, term, image);
                add(term, -step, image);
                add(&mut v, step, term);
            }
        }
        Inverse::Linear { step } => {
            let sample = state.draw();
            state.yy(sample, &v, image);
            for ((v, image), f) in v.iter_mut().zip(image).zip(upper_y) {
                *v -= step * (*image - f);
            }
        }
    }
    state.v = v;
}

/// Steps of the lower iterate.
struct LowerLoop {
    mean: Vec<f64>,
    center: Vec<f64>,
    slope: Vec<f64>,
}

impl LowerLoop {
    fn step<S: Stochastic>(&mut self, state: &mut State<'_, S>, gamma: f64, samples: &mut [u64]) {
        samples.iter_mut().for_each(|sample| *sample = state.draw());
        state.mean(Part::LowerY, samples, &mut self.slope);
        add(&mut state.y, -gamma, &self.slope);
    }

    /// Steps within a ball around where they begin, and their mean.
    fn averaged<S: Stochastic>(
        &mut self,
        state: &mut State<'_, S>,
        steps: u64,
        gamma: f64,
        ball: f64,
        samples: &mut [u64],
    ) {
        self.mean.fill(0.0);
        self.center.copy_from_slice(&state.y);
        for _ in 0..steps {
            self.step(state, gamma, samples);
            let away = self.center.iter().zip(&state.y).map(|(c, y)| (y - c) * (y - c)).sum::<f64>().sqrt();
            if away > ball {
                state.y.iter_mut().zip(&self.center).for_each(|(y, c)| *y = c + (*y - c) * ball / away);
            }
            add(&mut self.mean, 1.0 / steps as f64, &state.y);
        }
        state.y.copy_from_slice(&self.mean);
    }

    fn refine<S: Stochastic>(&mut self, state: &mut State<'_, S>, refine: &Refine) {
        for epoch in 0..refine.epochs {
            let halves = 0.5_f64.powi(epoch as i32);
            let steps = refine.first_steps.saturating_mul(1 << epoch.min(62));
            let ball = refine.ball * halves.sqrt();
            // A start never takes more than is left to spend.
            let left = state.left();
            if left == 0 {
                break;
            }
            self.averaged(state, steps.min(left), refine.first_rate * halves, ball, &mut [0]);
        }
    }
}

/// What can be said of a point without trusting the method that found it.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// |g_y|/μ, which bounds |y − y*(x)|.
    pub lower: f64,
    /// |g_yy v − f_y|/μ, which bounds how far v is from g_yy⁻¹ f_y at (x, y).
    pub linear: f64,
    /// ∇Φ(x) by Newton's method below and a factorisation.
    pub gradient: Vec<f64>,
    /// Φ(x).
    pub value: f64,
}

/// The certificate of (x, y, v) by true gradients; μ is the strong convexity of the lower level. `None` where the lower level cannot be solved or what comes out is not finite. Cost: a few factorisations of q × q.
pub fn certificate(
    problem: &(impl SecondOrder + ?Sized),
    (x, y, v): (&[f64], &[f64], &[f64]),
    convexity: f64,
) -> Option<Certificate> {
    let mut slope = vec![0.0; y.len()];
    problem.lower_y(x, y, &mut slope);
    let lower = norm(&slope) / convexity;
    let mut rest = vec![0.0; y.len()];
    problem.lower_yy_times(x, y, v, &mut rest);
    problem.upper_y(x, y, &mut slope);
    add(&mut rest, -1.0, &slope);
    let solution = bilevel::lower::solve(problem, x, 0.0, y)?.point;
    let mut exact = vec![0.0; y.len()];
    problem.upper_y(x, &solution, &mut exact);
    Cholesky::new(problem.lower_yy(x, &solution).view())?.solve(&mut exact);
    let mut gradient = vec![0.0; x.len()];
    bilevel::hypergradient::assemble(problem, x, &solution, &exact, &mut gradient);
    let value = problem.upper(x, &solution);
    let finite = value.is_finite() && gradient.iter().all(|slope| slope.is_finite());
    finite.then_some(Certificate { lower, linear: norm(&rest) / convexity, gradient, value })
}
