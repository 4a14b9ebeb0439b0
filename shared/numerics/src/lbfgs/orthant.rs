//! Minimising f(x) + Σ λᵢ|xᵢ|: the orthant-wise method of Andrew and Gao (2007).
//!
//! Within an orthant the absolute values are linear. Each iteration takes the quasi-Newton direction of the smooth part for the gradient that points into the orthant
//! where the value falls, and sets coordinates that would leave it to zero: so zeros are exact.

use super::history::{History, dot};
use super::{Evaluated, LbfgsError, Minimum, Options, StopReason, max_norm};

/// Minimises f(x) + Σ λᵢ|xᵢ| from `start`; `penalties` holds the λᵢ ≥ 0.
///
/// `objective(x, gradient)` writes ∇f(x) and returns f(x), without the penalty. Value and gradient of the result are of the sum: its gradient is the subgradient
/// of least size, and zero exactly at a stationary point. The curvature condition of [`Options`] is not used: steps are halved until they descend.
///
/// # Errors
/// Those of [`super::minimise`]; a penalty that is negative, not finite, or missing.
pub fn minimise_with_l1(
    mut objective: impl FnMut(&[f64], &mut [f64]) -> f64,
    penalties: &[f64],
    start: &[f64],
    options: &Options,
) -> Result<Minimum, LbfgsError> {
    options.check_start(start)?;
    if penalties.len() != start.len() {
        let value = penalties.len() as f64;
        return Err(LbfgsError::Option { option: "number of penalties", value, range: "one a coordinate" });
    }
    if let Some(&value) = penalties.iter().find(|penalty| !(**penalty >= 0.0 && penalty.is_finite())) {
        return Err(LbfgsError::Option { option: "penalty", value, range: "at least 0 and finite" });
    }
    let n = start.len();
    let mut current = Evaluated { point: start.to_vec(), gradient: vec![0.0; n], value: 0.0 };
    current.value = objective(&current.point, &mut current.gradient) + penalty(&current.point, penalties);
    let mut trial = current.clone();
    let (mut slope, mut direction) = (vec![0.0; n], vec![0.0; n]);
    let mut history = History::new(options.memory, n);
    let (mut iterations, mut evaluations) = (0, 1);
    let mut stalled = false;

    let reason = loop {
        if !current.is_finite() {
            break StopReason::Diverged;
        }
        least_subgradient(&current, penalties, &mut slope);
        if max_norm(&slope) <= options.gradient_tolerance {
            break StopReason::GradientTolerance;
        }
        if stalled {
            break StopReason::RelativeDecrease;
        }
        if iterations == options.max_iterations {
            break StopReason::IterationLimit;
        }
        history.descent(&slope, &mut direction);
        for (d, &s) in direction.iter_mut().zip(&slope) {
            if *d * s >= 0.0 {
                *d = 0.0;
            }
        }
        let mut step = match history.is_empty() {
            true => options.initial_scale.unwrap_or(1.0f64.min(1.0 / dot(&direction, &direction).sqrt())),
            false => 1.0,
        };
        let mut found = false;
        for _ in 0..options.max_line_search_evaluations {
            for i in 0..n {
                let (x, moved) = (current.point[i], current.point[i] + step * direction[i]);
                let orthant = if x != 0.0 { x } else { -slope[i] };
                trial.point[i] = if penalties[i] > 0.0 && moved * orthant <= 0.0 { 0.0 } else { moved };
            }
            trial.value = objective(&trial.point, &mut trial.gradient) + penalty(&trial.point, penalties);
            evaluations += 1;
            let promised: f64 = (0..n).map(|i| slope[i] * (trial.point[i] - current.point[i])).sum();
            if trial.is_finite() && trial.value <= current.value + options.sufficient_decrease * promised {
                found = true;
                break;
            }
            step *= 0.5;
        }
        iterations += 1;
        if !found {
            if history.is_empty() {
                break StopReason::LineSearchFailed;
            }
            history.forget();
            continue;
        }
        let fall = current.value - trial.value;
        history.push(&current.point, &current.gradient, &trial.point, &trial.gradient);
        std::mem::swap(&mut current, &mut trial);
        stalled = fall <= options.relative_decrease * current.value.abs();
    };
    least_subgradient(&current, penalties, &mut slope);
    Ok(Minimum {
        gradient_norm: max_norm(&slope),
        point: current.point,
        value: current.value,
        gradient: slope,
        iterations,
        evaluations,
        reason,
    })
}

fn penalty(x: &[f64], penalties: &[f64]) -> f64 {
    x.iter().zip(penalties).map(|(x, penalty)| penalty * x.abs()).sum()
}

fn least_subgradient(at: &Evaluated, penalties: &[f64], slope: &mut [f64]) {
    for (((slope, &x), &g), &penalty) in slope.iter_mut().zip(&at.point).zip(&at.gradient).zip(penalties) {
        *slope = match x {
            _ if x > 0.0 => g + penalty,
            _ if x < 0.0 => g - penalty,
            _ => g.signum() * (g.abs() - penalty).max(0.0),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// ½ Σ dᵢ (xᵢ − cᵢ)² + Σ λᵢ|xᵢ| has its minimum at the soft thresholds of the cᵢ by λᵢ/dᵢ.
        #[test]
        fn soft_thresholds(rows in prop::collection::vec((0.1f64..10.0, -3.0f64..3.0, 0.0f64..4.0, -3.0f64..3.0), 1..20)) {
            let penalties: Vec<f64> = rows.iter().map(|row| row.2).collect();
            let start: Vec<f64> = rows.iter().map(|row| row.3).collect();
            let found = minimise_with_l1(
                |x, g| {
                    let mut value = 0.0;
                    for (i, &(d, c, ..)) in rows.iter().enumerate() {
                        g[i] = d * (x[i] - c);
                        value += 0.5 * g[i] * (x[i] - c);
                    }
                    value
                },
                &penalties,
                &start,
                &Options { relative_decrease: 0.0, ..Options::default() },
            ).expect("valid input");
            // Where the value falls by less than its rounding, the gradient may still be a little larger than asked for.
            prop_assert!(matches!(found.reason, StopReason::GradientTolerance | StopReason::RelativeDecrease));
            for (x, &(d, c, l, _)) in found.point.iter().zip(&rows) {
                let expected = c.signum() * (c.abs() - l / d).max(0.0);
                prop_assert!((x - expected).abs() < 1e-6, "{} {}", x, expected);
                prop_assert!(expected != 0.0 || *x == 0.0 || l == 0.0, "zeros are exact: {}", x);
            }
        }
    }

    #[test]
    fn faults_are_named() {
        let none = |_: &[f64], _: &mut [f64]| 0.0;
        assert!(minimise_with_l1(none, &[-1.0], &[0.0], &Options::default()).is_err());
        assert!(minimise_with_l1(none, &[], &[0.0], &Options::default()).is_err());
        assert!(minimise_with_l1(none, &[], &[], &Options::default()).is_err());
    }
}
