//! The rivals: extragradient steps, with an anchor, with sampled differences, and with one call a step.

use std::ops::ControlFlow;

use rand::{Rng, SeedableRng};

use crate::operator::Random;
use crate::run::{Ended, Run, Step, Task};

/// Extragradient (Korpelevich): z̄ = J(z − ηF(z)), z⁺ = J(z − ηF(z̄)), η < 1/L_F. Two passes a step; shown with F(z).
///
/// # Panics
/// If the start has not the operator's dimension or `eta` is not positive.
pub fn extragradient(task: &Task<'_>, eta: f64, observe: impl FnMut(&Step<'_>) -> ControlFlow<()>) -> Ended {
    anchored(task, eta, |_| 0.0, observe)
}

/// Extra anchored gradient (Yoon and Ryu): both half steps from λ_k z_0 + (1 − λ_k) z, λ_k = 1/(k+2), η ≤ 1/L_F here.
///
/// # Panics
/// As [`extragradient`].
pub fn anchored_extragradient(
    task: &Task<'_>,
    eta: f64,
    observe: impl FnMut(&Step<'_>) -> ControlFlow<()>,
) -> Ended {
    anchored(task, eta, |k| 1.0 / (k as f64 + 2.0), observe)
}

fn anchored(
    task: &Task<'_>,
    eta: f64,
    lambda: fn(u64) -> f64,
    observe: impl FnMut(&Step<'_>) -> ControlFlow<()>,
) -> Ended {
    let mut run = Run::new(task, eta, observe);
    let [mut value, mut from] = std::array::from_fn(|_| vec![0.0; task.start.len()]);
    let anchor = run.u.clone();
    let reason = loop {
        let k = run.steps;
        run.full(&mut value);
        if let Some(reason) = run.show(Some(&value)) {
            break reason;
        }
        for ((a, u0), u) in from.iter_mut().zip(&anchor).zip(&run.u) {
            *a = lambda(k) * u0 + (1.0 - lambda(k)) * u;
        }
        half(&mut run.before, &from, &value, eta);
        run.resolve();
        run.full(&mut value);
        half(&mut run.before, &from, &value, eta);
        run.resolve();
    };
    run.end(reason)
}

/// `to` = `from` − η `value`.
fn half(to: &mut [f64], from: &[f64], value: &[f64], eta: f64) {
    for ((t, a), f) in to.iter_mut().zip(from).zip(value) {
        *t = a - eta * f;
    }
}

/// Forward–reflected–backward steps (Malitsky and Tam), z⁺ = J(z − η(2F(z) − F(z′))) with z′ the point before, η < 1/(2L_F). One
/// pass a step; shown with F(z). Without constraints it is the optimistic gradient method.
///
/// # Panics
/// As [`extragradient`].
pub fn forward_reflected(
    task: &Task<'_>,
    eta: f64,
    observe: impl FnMut(&Step<'_>) -> ControlFlow<()>,
) -> Ended {
    let mut run = Run::new(task, eta, observe);
    let [mut value, mut last] = std::array::from_fn(|_| vec![0.0; task.start.len()]);
    let reason = loop {
        run.full(&mut value);
        if run.steps == 0 {
            last.copy_from_slice(&value);
        }
        if let Some(reason) = run.show(Some(&value)) {
            break reason;
        }
        for (((v, u), f), old) in run.before.iter_mut().zip(&run.u).zip(&value).zip(&last) {
            *v = u - eta * (2.0 * f - old);
        }
        run.resolve();
        last.copy_from_slice(&value);
    };
    run.end(reason)
}

/// Variance-reduced extragradient (Alacaoglu and Malitsky, loopless): with p = 1/n, α = 1 − p, a snapshot w and z̃ = αz + (1−α)w,
///
/// ```text
/// z̄ = J(z̃ − γF(w)),   z⁺ = J(z̃ − γ(F(w) + F_i(z̄) − F_i(w))),   w⁺ = z⁺ with probability p
/// ```
///
/// γ < √p/L. Two calls and two resolvents a step, n calls at a snapshot.
///
/// # Panics
/// As [`extragradient`].
pub fn reduced_extragradient(
    task: &Task<'_>,
    gamma: f64,
    observe: impl FnMut(&Step<'_>) -> ControlFlow<()>,
) -> Ended {
    let operator = task.operator;
    let mut random = Random::seed_from_u64(task.seed);
    let p = 1.0 / operator.components() as f64;
    let mut run = Run::new(task, gamma, observe);
    let [mut snapshot, mut at_snapshot, mut from, mut middle] = std::array::from_fn(|_| run.u.clone());
    run.full(&mut at_snapshot);
    let reason = loop {
        if let Some(reason) = run.show(None) {
            break reason;
        }
        for ((a, z), w) in from.iter_mut().zip(&run.u).zip(&snapshot) {
            *a = (1.0 - p) * z + p * w;
        }
        half(&mut run.before, &from, &at_snapshot, gamma);
        run.resolve();
        middle.copy_from_slice(&run.u);
        half(&mut run.before, &from, &at_snapshot, gamma);
        let part = operator.draw(&mut random);
        operator.add_difference(part, &middle, &snapshot, -gamma, &mut run.before);
        run.counts.differences += 1;
        run.resolve();
        if random.random::<f64>() < p {
            snapshot.copy_from_slice(&run.u);
            run.full(&mut at_snapshot);
        }
    };
    run.end(reason)
}
