//! Gradient descent, with and without noise.

use rand::Rng;
use rand_distr::StandardNormal;

use crate::objective::Objective;

/// `steps` steps x ← x − `rate` ∇E(x) from `start`; `observe` sees number (from 1) and point of each. Gives the last point.
pub fn descend(
    objective: &impl Objective,
    start: &[f64],
    rate: f64,
    steps: u64,
    mut observe: impl FnMut(u64, &[f64]),
) -> Vec<f64> {
    noisy_descent(objective, start, rate, steps, |_, _, _| {}, &mut observe)
}

/// Annealed Langevin descent as in the authors' scripts: x ← x − ηΔt ∇E(x) + (s₀/ln(k + 1)) √Δt ξ, k = 1, 2, …, with `rate` = ηΔt, η = 1. The first kick
/// is the strongest. `temperature` is s₀.
pub fn langevin(
    objective: &impl Objective,
    start: &[f64],
    (rate, steps, temperature): (f64, u64, f64),
    random: &mut impl Rng,
    mut observe: impl FnMut(u64, &[f64]),
) -> Vec<f64> {
    let kick = |step: u64, _: &[f64], noise: &mut [f64]| {
        let size = temperature / ((step + 1) as f64).ln() * rate.sqrt();
        noise.fill_with(|| size * random.sample::<f64, _>(StandardNormal));
    };
    noisy_descent(objective, start, rate, steps, kick, &mut observe)
}

/// Gradient descent with any noise: `kick(step, point, noise)` adds to `noise`, which is 0, what is added to the step from the point.
pub fn noisy_descent(
    objective: &impl Objective,
    start: &[f64],
    rate: f64,
    steps: u64,
    mut kick: impl FnMut(u64, &[f64], &mut [f64]),
    observe: &mut impl FnMut(u64, &[f64]),
) -> Vec<f64> {
    let mut point = start.to_vec();
    let (mut gradient, mut noise) = (vec![0.0; point.len()], vec![0.0; point.len()]);
    for step in 1..=steps {
        objective.gradient(&point, &mut gradient);
        noise.fill(0.0);
        kick(step, &point, &mut noise);
        for ((x, slope), noise) in point.iter_mut().zip(&gradient).zip(&noise) {
            *x += noise - rate * slope;
        }
        observe(step, &point);
    }
    point
}
