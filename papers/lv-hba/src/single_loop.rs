//! LV-HBA: one step on the saddle, one on (x, y), one on z, without second derivatives.
//!
//! ```text
//! θ ← P_Y(θ − η(∂_y f(x, θ) + J_yᵀλ + (θ − y)/γ₁)),    λ ← P_Z(λ − η(−g(x, θ) + (λ − z)/γ₂))
//! (x, y) ← P_C((x, y) − α(∂F/c_k + ∂f(x, y) − ∂v)),     z ← P_Z(z + β(λ − z)/γ₂),        c_k = c (k+1)^p
//! ```
//!
//! with ∂v taken at (θ, λ). This is the order of the authors' program; their paper's box was not at hand. Rows of g should have norms near 1: the saddle step needs η < 2ρ/L_B².

use std::ops::ControlFlow;

use crate::problem::{Problem, Proximal, Saddle, clamp};
use crate::value::{Scratch, saddle_step};

/// The parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// γ₁ and γ₂.
    pub proximal: Proximal,
    /// η, of the saddle.
    pub eta: f64,
    /// α, of (x, y).
    pub alpha: f64,
    /// β, of z.
    pub beta: f64,
    /// c, the first penalty parameter.
    pub penalty: f64,
    /// p in [0, 1/2), its growth.
    pub growth: f64,
    /// Steps.
    pub steps: u64,
}

impl Default for Options {
    /// For constraints whose rows have length 1.
    fn default() -> Self {
        Self {
            proximal: Proximal { gamma1: 10.0, gamma2: 1.0 },
            eta: 0.3,
            alpha: 0.1,
            beta: 0.2,
            penalty: 1.0,
            growth: 0.49,
            steps: 20_000,
        }
    }
}

/// Where the iterations are.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// x.
    pub x: Vec<f64>,
    /// y.
    pub y: Vec<f64>,
    /// z.
    pub z: Vec<f64>,
    /// (θ, λ).
    pub saddle: Saddle,
}

impl State {
    /// From x and y, brought into C, with θ = y and multipliers of zero.
    pub fn new(problem: &dyn Problem, x: &[f64], y: &[f64]) -> Self {
        let (mut x, mut y) = (x.to_vec(), y.to_vec());
        problem.project(&mut x, &mut y);
        let mut zero = vec![0.0; problem.dimensions().constraints];
        clamp(&mut zero, problem.multipliers());
        Self { saddle: Saddle { theta: y.clone(), lambda: zero.clone() }, x, y, z: zero }
    }
}

/// A step, as an observer sees it.
pub struct Step<'a> {
    /// k + 1 steps are done.
    pub number: u64,
    /// c_k of this step.
    pub penalty: f64,
    /// Where it led.
    pub state: &'a State,
    /// The distance that (x, y, z) moved over α: the fixed-point residual, of the order of R_k.
    pub residual: f64,
}

/// Why it stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The observer said so.
    Observer,
    /// All steps are done.
    Steps,
    /// A number is not finite.
    Diverged,
}

/// Runs LV-HBA from a state. A step costs two gradients of f, one of F, three products with Jacobians and one projection; no allocation.
pub fn single_loop(
    problem: &dyn Problem,
    mut state: State,
    options: &Options,
    mut observe: impl FnMut(&Step<'_>) -> ControlFlow<()>,
) -> (State, u64, StopReason) {
    let sizes = problem.dimensions();
    let mut scratch = Scratch::new(problem);
    let [mut upper_x, mut lower_x, mut value_x, mut old_x] = std::array::from_fn(|_| vec![0.0; sizes.x]);
    let [mut upper_y, mut lower_y, mut unused, mut old_y] = std::array::from_fn(|_| vec![0.0; sizes.y]);
    for k in 0..options.steps {
        let penalty = options.penalty * ((k + 1) as f64).powf(options.growth);
        let State { x, y, z, saddle } = &mut state;
        saddle_step(problem, (x, y, z), options.proximal, options.eta, saddle, &mut scratch);
        problem.upper(x, y, &mut upper_x, &mut upper_y);
        problem.lower(x, y, &mut lower_x, &mut lower_y);
        problem.lower(x, &saddle.theta, &mut value_x, &mut unused);
        problem.add_jacobian(x, &saddle.theta, &saddle.lambda, &mut value_x, &mut unused);
        old_x.copy_from_slice(x);
        old_y.copy_from_slice(y);
        for i in 0..sizes.x {
            x[i] -= options.alpha * (upper_x[i] / penalty + lower_x[i] - value_x[i]);
        }
        for i in 0..sizes.y {
            let by_y = (old_y[i] - saddle.theta[i]) / options.proximal.gamma1;
            y[i] -= options.alpha * (upper_y[i] / penalty + lower_y[i] - by_y);
        }
        problem.project(x, y);
        let mut moved: f64 =
            x.iter().zip(&old_x).chain(y.iter().zip(&old_y)).map(|(new, old)| (new - old).powi(2)).sum();
        let (low, high) = problem.multipliers();
        for (z, lambda) in z.iter_mut().zip(&saddle.lambda) {
            let next = (*z + options.beta * (lambda - *z) / options.proximal.gamma2).clamp(low, high);
            moved += ((next - *z) * options.alpha / options.beta).powi(2);
            *z = next;
        }
        let residual = moved.sqrt() / options.alpha;
        if !residual.is_finite() {
            return (state, k + 1, StopReason::Diverged);
        }
        if observe(&Step { number: k + 1, penalty, state: &state, residual }).is_break() {
            return (state, k + 1, StopReason::Observer);
        }
    }
    (state, options.steps, StopReason::Steps)
}
