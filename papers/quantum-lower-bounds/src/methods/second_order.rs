//! Methods that see the Hessian, tridiagonal here: every subproblem is solved to rounding with O(T) flops a trial.

use super::{Run, norm};
use crate::oracle::Oracle;

/// What keeps a Newton step short.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// gᵀs + ½ sᵀHs + (M/6)|s|³ with M the Lipschitz constant of the Hessian (Nesterov, Polyak 2006).
    Cubic {
        /// M.
        lipschitz: f64,
    },
    /// |s| ≤ Δ, doubled where the model is right and quartered where it is not.
    TrustRegion {
        /// Δ at the beginning.
        radius: f64,
    },
}

/// (H + λI)⁻¹(−g) by elimination without pivots; `None` unless all pivots are positive.
fn solve(diagonal: &[f64], beside: &[f64], shift: f64, gradient: &[f64], step: &mut [f64]) -> Option<()> {
    let d = diagonal.len();
    let mut pivots = vec![0.0; d];
    for i in 0..d {
        let (mut pivot, mut right) = (diagonal[i] + shift, -gradient[i]);
        if i > 0 {
            let factor = beside[i - 1] / pivots[i - 1];
            pivot -= factor * beside[i - 1];
            right -= factor * step[i - 1];
        }
        if !(pivot > 0.0 && pivot.is_finite()) {
            return None;
        }
        pivots[i] = pivot;
        step[i] = right;
    }
    for i in (0..d).rev() {
        let next = if i + 1 < d { beside[i] * step[i + 1] } else { 0.0 };
        step[i] = (step[i] - next) / pivots[i];
    }
    Some(())
}

/// The minimiser of the model. In the hard case, a gradient without part along the lowest eigenvector, the step stays a little short.
fn minimise(diagonal: &[f64], beside: &[f64], gradient: &[f64], step: &mut [f64], model: Model) {
    let row = |i: usize| {
        let left = if i > 0 { beside[i - 1].abs() } else { 0.0 };
        diagonal[i].abs() + left + beside.get(i).map_or(0.0, |b| b.abs())
    };
    let bound = (0..diagonal.len()).map(row).fold(0.0, f64::max);
    let (target, scale) = match model {
        Model::Cubic { lipschitz } => ((0.5 * lipschitz * norm(gradient)).sqrt(), lipschitz),
        Model::TrustRegion { radius } => (norm(gradient) / radius, 1.0),
    };
    // Too small a shift gives no positive pivots, or too long a step.
    let mut too_long = |shift: f64| match solve(diagonal, beside, shift, gradient, step) {
        None => true,
        Some(()) => match model {
            Model::Cubic { .. } => norm(step) > 2.0 * shift / scale,
            Model::TrustRegion { radius } => norm(step) > radius,
        },
    };
    if matches!(model, Model::TrustRegion { .. }) && !too_long(0.0) {
        return;
    }
    let (mut low, mut high) = (0.0, bound + target);
    while too_long(high) {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle =
            if low == 0.0 && high > 1e-12 * (bound + target) { 0.25 * high } else { 0.5 * (low + high) };
        if middle <= low || middle >= high {
            break;
        }
        if too_long(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    too_long(high);
}

/// Newton's method with a regularised model, from 0: each query gives value, gradient and Hessian.
pub fn regularised_newton(oracle: &mut dyn Oracle, model: Model, epsilon: f64, limit: usize) -> Run {
    let d = oracle.dimension();
    let mut x = vec![0.0; d];
    let (mut gradient, mut diagonal, mut beside) = (x.clone(), x.clone(), vec![0.0; d - 1]);
    let (mut step, mut trial, mut trial_gradient) = (x.clone(), x.clone(), x.clone());
    let mut model = model;
    let mut value = oracle.query(&x, &mut gradient);
    let mut found = norm(&gradient) <= epsilon;
    if !found {
        oracle.hessian(&mut diagonal, &mut beside);
    }
    while !found && oracle.queries() < limit {
        minimise(&diagonal, &beside, &gradient, &mut step, model);
        trial.iter_mut().zip(x.iter().zip(&step)).for_each(|(t, (x, s))| *t = x + s);
        let after = oracle.query(&trial, &mut trial_gradient);
        found = norm(&trial_gradient) <= epsilon;
        let mut accept = true;
        if let Model::TrustRegion { radius } = &mut model {
            let linear: f64 = gradient.iter().zip(&step).map(|(g, s)| g * s).sum();
            let quadratic: f64 = (0..d)
                .map(|i| {
                    diagonal[i] * step[i] * step[i]
                        + if i + 1 < d { 2.0 * beside[i] * step[i] * step[i + 1] } else { 0.0 }
                })
                .sum();
            let ratio = (value - after) / -(linear + 0.5 * quadratic);
            accept = ratio >= 0.1;
            if ratio < 0.25 {
                *radius *= 0.25;
            } else if ratio > 0.75 && norm(&step) > 0.99 * *radius {
                *radius *= 2.0;
            }
        }
        if accept || found {
            std::mem::swap(&mut x, &mut trial);
            std::mem::swap(&mut gradient, &mut trial_gradient);
            value = after;
            oracle.hessian(&mut diagonal, &mut beside);
        }
    }
    Run { queries: oracle.queries(), found, point: x }
}
