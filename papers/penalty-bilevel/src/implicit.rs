//! Rivals: methods that differentiate the lower solution, and others by first derivatives.
//!
//! AID, ITD, stocBiO and TTSA are for Y = ℝ^q: without constraints below, and with one solution there. Their products with second derivatives are exact here, also where gradients are noisy, and counted.

use bilevel::hypergradient::{conjugate_gradients, neumann, subtract_mixed};
use bilevel::levels::{Bilevel, Products};
use bilevel::oracle::{Part, Sampled};
use bilevel::schedule::Power;

use crate::double_loop::add;
use crate::run::{Begin, Ended, State, Step};

/// How the hypergradient is approximated at the lower iterate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Inverse {
    /// Conjugate gradients to a relative residual (AID).
    ConjugateGradients {
        /// Relative residual.
        tolerance: f64,
        /// Most products.
        most: usize,
    },
    /// Neumann's series (stocBiO, TTSA).
    Neumann {
        /// At most 1/‖g_yy‖.
        step: f64,
        /// Terms.
        terms: usize,
    },
    /// Reverse differentiation through the lower steps (ITD); memory grows with them.
    Unrolled,
}

/// Settings of an implicit method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Lower steps for each upper step, at least 1.
    pub inner_steps: u32,
    /// Their length.
    pub gamma: Power,
    /// Length of upper steps.
    pub alpha: Power,
    /// Samples of each gradient, averaged.
    pub batch: u32,
    /// The inverse of g_yy.
    pub inverse: Inverse,
}

impl Options {
    /// AID with conjugate gradients.
    pub fn aid(gamma: f64, alpha: f64) -> Self {
        let inverse = Inverse::ConjugateGradients { tolerance: 1e-6, most: 50 };
        Self {
            inner_steps: 20,
            gamma: Power::constant(gamma),
            alpha: Power::constant(alpha),
            batch: 1,
            inverse,
        }
    }

    /// ITD through 20 steps.
    pub fn itd(gamma: f64, alpha: f64) -> Self {
        Self { inverse: Inverse::Unrolled, ..Self::aid(gamma, alpha) }
    }

    /// stocBiO: ten lower steps, Neumann's series with ten terms, four samples of each gradient.
    pub fn stocbio(gamma: f64, alpha: f64) -> Self {
        Self {
            inner_steps: 10,
            batch: 4,
            inverse: Inverse::Neumann { step: gamma, terms: 10 },
            ..Self::aid(gamma, alpha)
        }
    }

    /// TTSA: single steps on two time scales, k^(−2/5) below and k^(−3/5) above.
    pub fn ttsa(gamma: f64, alpha: f64) -> Self {
        let power = |value, exponent| Power { value, exponent, offset: 10.0 };
        Self {
            inner_steps: 1,
            gamma: power(gamma, -0.4),
            alpha: power(alpha, -0.6),
            batch: 1,
            inverse: Inverse::Neumann { step: gamma, terms: 10 },
        }
    }
}

/// Runs until the budget is spent.
pub fn implicit<S>(
    oracle: &S,
    begin: &Begin<'_>,
    options: &Options,
    mut observe: impl FnMut(&Step<'_>),
) -> Ended
where
    S: Sampled,
    S::Problem: Products,
{
    let mut state = State::new(oracle, begin);
    let problem = oracle.problem();
    let (d, q) = problem.dimensions();
    let mut path: Vec<Vec<f64>> = Vec::new();
    let (mut step, mut lower_y, mut upper_y) = (vec![0.0; d], vec![0.0; q], vec![0.0; q]);
    let mut scratch = vec![0.0; d.max(q)];
    loop {
        let gamma = options.gamma.at(state.steps);
        path.clear();
        for _ in 0..options.inner_steps.max(1) {
            if options.inverse == Inverse::Unrolled {
                path.push(state.y.clone());
            }
            average(&mut state, Part::LowerY, options.batch, &mut lower_y, &mut scratch[..q]);
            add(&mut state.y, -gamma, &lower_y);
            problem.lower_set().project(&mut state.y);
        }
        average(&mut state, Part::UpperY, options.batch, &mut upper_y, &mut scratch[..q]);
        // f_x from samples, less g_xy v.
        average(&mut state, Part::UpperX, options.batch, &mut step, &mut scratch[..d]);
        match options.inverse {
            Inverse::Unrolled => {
                unrolled(problem, &state.x, &path, gamma, &upper_y, &mut step);
                state.oracle.count_products(2 * path.len() as u64);
            }
            Inverse::ConjugateGradients { tolerance, most } => {
                let (v, _, products) =
                    conjugate_gradients(problem, (&state.x, &state.y), &upper_y, tolerance, most);
                subtract_mixed(problem, &state.x, &state.y, &v, &mut step);
                state.oracle.count_products(products as u64 + 1);
            }
            Inverse::Neumann { step: length, terms } => {
                let v = neumann(length, terms, &upper_y, |v, out| {
                    problem.lower_yy_times(&state.x, &state.y, v, out)
                });
                subtract_mixed(problem, &state.x, &state.y, &v, &mut step);
                state.oracle.count_products(terms as u64);
            }
        }
        add(&mut state.x, -options.alpha.at(state.steps), &step);
        problem.upper_set().project(&mut state.x);
        state.z.copy_from_slice(&state.y);
        if let Some(reason) = state.finish_step(&mut observe) {
            return state.end(reason);
        }
    }
}

/// The mean of the gradient over fresh samples, into `mean`; `one` is scratch of its size.
fn average<S: Sampled>(
    state: &mut State<'_, '_, S>,
    part: Part,
    batch: u32,
    mean: &mut [f64],
    one: &mut [f64],
) {
    mean.fill(0.0);
    for _ in 0..batch.max(1) {
        let sample = state.draw();
        state.oracle.gradient(part, sample, &state.x, &state.y, one);
        add(mean, 1.0 / f64::from(batch.max(1)), one);
    }
}

/// Subtracts γ Σ_t g_xy(y_t) p_t with p_T = f_y and p_{t−1} = p_t − γ g_yy(y_t) p_t, backwards over the lower steps.
fn unrolled(
    problem: &impl Products,
    x: &[f64],
    path: &[Vec<f64>],
    gamma: f64,
    upper_y: &[f64],
    out: &mut [f64],
) {
    let (mut p, mut image, mut mixed) = (upper_y.to_vec(), vec![0.0; upper_y.len()], vec![0.0; out.len()]);
    for y in path.iter().rev() {
        problem.lower_xy_times(x, y, &p, &mut mixed);
        add(out, -gamma, &mixed);
        problem.lower_yy_times(x, y, &p, &mut image);
        add(&mut p, -gamma, &image);
    }
}

/// BOME (Liu, Ye, Wright, Stone and Liu 2022), by first derivatives of exact oracles: q = g(x, y) − g(x, y^T) with y^T after `inner_steps` lower steps, and
/// (x, y) ← (x, y) − α(∇f + λ∇q), λ = max(φ − ⟨∇f, ∇q⟩, 0)/|∇q|², φ = |∇q|²/2.
pub fn bome<S: Sampled>(
    oracle: &S,
    begin: &Begin<'_>,
    (inner_steps, gamma, alpha): (u32, f64, f64),
    mut observe: impl FnMut(&Step<'_>),
) -> Ended {
    let mut state = State::new(oracle, begin);
    let problem = oracle.problem();
    let (d, q) = problem.dimensions();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (mut f, mut g, mut part) =
        ((vec![0.0; d], vec![0.0; q]), (vec![0.0; d], vec![0.0; q]), vec![0.0; d.max(q)]);
    loop {
        state.z.copy_from_slice(&state.y);
        for _ in 0..inner_steps.max(1) {
            let sample = state.draw();
            state.oracle.gradient(Part::LowerY, sample, &state.x, &state.z, &mut part[..q]);
            add(&mut state.z, -gamma, &part[..q]);
            problem.lower_set().project(&mut state.z);
        }
        let sample = state.draw();
        state.oracle.gradient(Part::UpperX, sample, &state.x, &state.y, &mut f.0);
        state.oracle.gradient(Part::UpperY, sample, &state.x, &state.y, &mut f.1);
        state.oracle.gradient(Part::LowerX, sample, &state.x, &state.y, &mut g.0);
        state.oracle.gradient(Part::LowerY, sample, &state.x, &state.y, &mut g.1);
        let other = state.draw();
        state.oracle.gradient(Part::LowerX, other, &state.x, &state.z, &mut part[..d]);
        add(&mut g.0, -1.0, &part[..d]);
        let squared = dot(&g.0, &g.0) + dot(&g.1, &g.1);
        let inner = dot(&f.0, &g.0) + dot(&f.1, &g.1);
        let multiplier = if squared > 0.0 { (0.5 * squared - inner).max(0.0) / squared } else { 0.0 };
        add(&mut state.x, -alpha, &f.0);
        add(&mut state.x, -alpha * multiplier, &g.0);
        add(&mut state.y, -alpha, &f.1);
        add(&mut state.y, -alpha * multiplier, &g.1);
        problem.upper_set().project(&mut state.x);
        problem.lower_set().project(&mut state.y);
        if let Some(reason) = state.finish_step(&mut observe) {
            return state.end(reason);
        }
    }
}

/// The null model: descent along f_x alone, at a lower iterate that follows g. It ignores how the solution moves with x.
pub fn ignoring<S: Sampled>(
    oracle: &S,
    begin: &Begin<'_>,
    (inner_steps, gamma, alpha): (u32, f64, Power),
    mut observe: impl FnMut(&Step<'_>),
) -> Ended {
    let mut state = State::new(oracle, begin);
    let problem = oracle.problem();
    let (d, q) = problem.dimensions();
    let (mut step, mut lower_y, mut scratch) = (vec![0.0; d], vec![0.0; q], vec![0.0; d.max(q)]);
    loop {
        for _ in 0..inner_steps.max(1) {
            average(&mut state, Part::LowerY, 1, &mut lower_y, &mut scratch[..q]);
            add(&mut state.y, -gamma, &lower_y);
            problem.lower_set().project(&mut state.y);
        }
        average(&mut state, Part::UpperX, 1, &mut step, &mut scratch[..d]);
        add(&mut state.x, -alpha.at(state.steps), &step);
        problem.upper_set().project(&mut state.x);
        state.z.copy_from_slice(&state.y);
        if let Some(reason) = state.finish_step(&mut observe) {
            return state.end(reason);
        }
    }
}
