//! Minimising ψ itself, or ψ_σ, by L-BFGS: the practical mode, outside of the paper's schedules.
//!
//! Where the lower level is regular ψ_σ is as smooth as ψ, so that a quasi-Newton method on it needs far fewer steps than the theorem's schedules, each of them with an inner solve accurate to σ.

use bilevel::levels::{Bilevel, SecondOrder};
use bilevel::selection::{Selected, Selection};
use numerics::lbfgs;
use numerics::symmetric::eigen;

use crate::penalty::{InnerOptions, PenaltyError, penalty_gradient};

/// Why nothing was selected.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SelectError {
    /// The lower level has no finite solution at the start.
    #[error("the lower level has no finite solution at the start: are features or targets too large?")]
    NotFinite,
    /// L-BFGS was given what it does not take.
    #[error("{0}")]
    Lbfgs(String),
    /// ψ_σ has no value at the start.
    #[error(transparent)]
    Penalty(#[from] PenaltyError),
}

/// x kept in the box by a smooth change of variables would move stationary points; beyond ±12 weights are as good as fixed, so that x is cut there and the gradient with it.
fn clamped(x: &[f64]) -> Vec<f64> {
    x.iter().map(|x| x.clamp(-12.0, 12.0)).collect()
}

/// The least ψ that L-BFGS finds from `start` with exact gradients, and its x; ψ is not convex.
///
/// # Errors
/// No finite solution at the start.
pub fn minimise_exact(problem: &Selection, start: &[f64]) -> Result<(Selected, Vec<f64>), SelectError> {
    let mut warm = vec![0.0; start.len()];
    let objective = |x: &[f64], gradient: &mut [f64]| match problem.exact(&clamped(x), &warm) {
        Some(found) => {
            gradient.copy_from_slice(&found.gradient);
            gradient.iter_mut().zip(x).filter(|(_, x)| x.abs() > 12.0).for_each(|(slope, _)| *slope = 0.0);
            warm.copy_from_slice(&found.weights);
            found.value
        }
        None => f64::NAN,
    };
    let options = lbfgs::Options { gradient_tolerance: 1e-9, ..lbfgs::Options::default() };
    let minimum =
        lbfgs::minimise(objective, start, &options).map_err(|fault| SelectError::Lbfgs(fault.to_string()))?;
    let x = clamped(&minimum.point);
    let found = problem.exact(&x, &vec![0.0; start.len()]).ok_or(SelectError::NotFinite)?;
    Ok((found, x))
}

/// The same for ψ_σ by first derivatives alone, warm-started; at most about `calls` gradients. `observe` sees gradients asked for and x after each evaluation. Gives x and why it ended: [`StopReason::Diverged`](lbfgs::StopReason::Diverged) where the calls were spent or a lower problem was
/// not solved.
///
/// # Errors
/// σ out of range, or no solution at the start.
pub fn minimise_penalty(
    problem: &Selection,
    start: &[f64],
    sigma: f64,
    calls: u64,
    mut observe: impl FnMut(u64, &[f64]),
) -> Result<(Vec<f64>, lbfgs::StopReason), SelectError> {
    let (_, q) = problem.dimensions();
    let mut warm = vec![0.0; q];
    let mut spent = 0;
    let inner = |x: &[f64], warm: &[f64], left: u64| {
        let size = |matrix: ndarray::Array2<f64>| {
            eigen(matrix.view()).and_then(|(values, _)| values.last().copied())
        };
        let smoothness = size(problem.lower_yy(x, warm)).unwrap_or(1.0)
            + sigma * size(problem.upper_yy(x, warm)).unwrap_or(1.0);
        // Accurate to a small part of σ, as far as rounding allows.
        InnerOptions {
            tolerance: (1e-4 * sigma).max(1e-13),
            most_steps: left.min(20_000),
            smoothness: 1.05 * smoothness,
        }
    };
    let mut first_fault = None;
    let mut best = (f64::INFINITY, start.to_vec());
    let objective = |x: &[f64], gradient: &mut [f64]| {
        let x = clamped(x);
        if spent >= calls {
            return f64::NAN;
        }
        match penalty_gradient(problem, &x, sigma, &warm, &inner(&x, &warm, calls - spent)) {
            Ok(found) => {
                // Three gradients in x, and those of the inner solves.
                spent += found.inner_gradients + 3;
                if spent > calls {
                    return f64::NAN;
                }
                gradient.copy_from_slice(&found.gradient);
                warm.copy_from_slice(&found.z);
                if found.value < best.0 {
                    best = (found.value, x.clone());
                }
                observe(spent, &best.1);
                found.value
            }
            Err(fault) => {
                if spent == 0 {
                    first_fault = Some(fault);
                }
                f64::NAN
            }
        }
    };
    let ended = lbfgs::minimise(objective, start, &lbfgs::Options::default())
        .map_err(|fault| SelectError::Lbfgs(fault.to_string()))?;
    first_fault.map_or(Ok((best.1, ended.reason)), |fault| Err(fault.into()))
}
