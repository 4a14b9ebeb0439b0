//! Methods of first order.

use std::cell::Cell;
use std::ops::ControlFlow;

use numerics::lbfgs::{LbfgsError, Options, minimise_observed};

use super::{Run, norm};
use crate::oracle::Oracle;

/// x ← x − ∇f(x)/L from 0, until |∇f| ≤ ε or so many queries were made.
pub fn gradient_descent(oracle: &mut dyn Oracle, smoothness: f64, epsilon: f64, limit: usize) -> Run {
    walk(oracle, epsilon, limit, |x, gradient| {
        x.iter_mut().zip(gradient).for_each(|(x, g)| *x -= g / smoothness);
        true
    })
}

/// Nesterov's accelerated gradient with restarts whenever f rises, from 0: y = x + β(x − x₋), x ← y − ∇f(y)/L.
///
/// For nonconvex functions it is a heuristic, without the rate that it has for convex ones.
pub fn accelerated(oracle: &mut dyn Oracle, smoothness: f64, epsilon: f64, limit: usize) -> Run {
    let mut x = vec![0.0; oracle.dimension()];
    let (mut before, mut y, mut gradient) = (x.clone(), x.clone(), x.clone());
    let (mut momentum, mut last, mut found) = (1.0_f64, f64::INFINITY, false);
    while oracle.queries() < limit {
        let value = oracle.query(&y, &mut gradient);
        if norm(&gradient) <= epsilon {
            x.copy_from_slice(&y);
            found = true;
            break;
        }
        if value > last {
            momentum = 1.0;
        }
        last = value;
        before.copy_from_slice(&x);
        x.iter_mut().zip(y.iter().zip(&gradient)).for_each(|(x, (y, g))| *x = y - g / smoothness);
        let next = 0.5 * (1.0 + (1.0 + 4.0 * momentum * momentum).sqrt());
        let beta = (momentum - 1.0) / next;
        momentum = next;
        y.iter_mut().zip(x.iter().zip(&before)).for_each(|(y, (x, before))| *y = x + beta * (x - before));
    }
    Run { queries: oracle.queries(), found, point: x }
}

/// The fastest that a zero-respecting method can be: moves the newest coordinate with a gradient far out, by `far`, and asks again. T + 1 queries.
pub fn greedy(oracle: &mut dyn Oracle, far: f64, epsilon: f64, limit: usize) -> Run {
    walk(oracle, epsilon, limit, |x, gradient| {
        let newest = x.iter().zip(gradient).position(|(x, g)| *x == 0.0 && *g != 0.0);
        if let Some(newest) = newest {
            x[newest] = -far * gradient[newest].signum();
        }
        newest.is_some()
    })
}

/// Asks from 0 on until |∇f| ≤ ε, so many queries were made, or `step`, which moves x by its gradient, says that there is nowhere to go.
fn walk(
    oracle: &mut dyn Oracle,
    epsilon: f64,
    limit: usize,
    mut step: impl FnMut(&mut [f64], &[f64]) -> bool,
) -> Run {
    let mut x = vec![0.0; oracle.dimension()];
    let (mut gradient, mut found) = (x.clone(), false);
    while oracle.queries() < limit {
        oracle.query(&x, &mut gradient);
        found = norm(&gradient) <= epsilon;
        if found || !step(&mut x, &gradient) {
            break;
        }
    }
    Run { queries: oracle.queries(), found, point: x }
}

/// L-BFGS with a line search that fulfils the strong Wolfe conditions, from 0.
///
/// # Errors
/// For an oracle without coordinates.
pub fn limited_memory(oracle: &mut dyn Oracle, epsilon: f64, limit: usize) -> Result<Run, LbfgsError> {
    let start = vec![0.0; oracle.dimension()];
    let seen: Cell<Option<usize>> = Cell::new(None);
    let mut point = start.clone();
    let options = Options { gradient_tolerance: 0.0, relative_decrease: 0.0, ..Options::default() };
    let objective = |x: &[f64], gradient: &mut [f64]| {
        let value = oracle.query(x, gradient);
        if seen.get().is_none() && norm(gradient) <= epsilon {
            seen.set(Some(oracle.queries()));
            point.copy_from_slice(x);
        }
        value
    };
    let minimum = minimise_observed(objective, &start, &options, |progress| {
        if seen.get().is_some() || progress.evaluations >= limit {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    Ok(match seen.get() {
        Some(queries) => Run { queries, found: true, point },
        None => Run { queries: minimum.evaluations, found: false, point: minimum.point },
    })
}
