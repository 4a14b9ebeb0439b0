//! Limited-memory BFGS for a smooth function whose value and gradient come from one evaluation.
//!
//! The inverse Hessian is kept as the last few pairs of steps and gradient changes and applied by
//! the two-loop recursion (Nocedal 1980; Nocedal and Wright 2006, algorithm 7.4); the step length
//! satisfies the strong Wolfe conditions (Moré and Thuente 1994). All memory is allocated before
//! the first iteration.
//!
//! Why not the solver of a general framework such as argmin: there, cost and gradient are two
//! calls, so every evaluation of a transport problem would read its cost matrix twice, and a line
//! search that fails (as it must at a kink) is an error that loses the point reached. Here the best
//! point is always returned, together with the reason for stopping.

mod history;
mod line_search;
mod options;
mod orthant;

use std::ops::ControlFlow;

use history::{History, dot};
use line_search::{LineSearch, Step};
pub use options::{LbfgsError, Options};
pub use orthant::minimise_with_l1;

/// Why the iterations ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// No entry of the gradient exceeds the tolerance: a stationary point.
    GradientTolerance,
    /// The value fell by less than `relative_decrease` of its size.
    RelativeDecrease,
    /// `max_iterations` were made.
    IterationLimit,
    /// No step along steepest descent satisfies the line search's conditions: rounding has eaten
    /// the decrease, or the point lies at a kink of a function that is not smooth.
    LineSearchFailed,
    /// The function or its gradient is not finite at the start, or at every step tried however
    /// short.
    Diverged,
    /// The observer asked to stop.
    Requested,
}

/// What the observer sees after every iteration, and once before the first.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Iterations made.
    pub iteration: usize,
    /// Evaluations made.
    pub evaluations: usize,
    /// The current point.
    pub point: &'a [f64],
    /// The function's value there.
    pub value: f64,
    /// The largest size of an entry of the gradient there.
    pub gradient_norm: f64,
}

/// The best point found.
#[derive(Clone, Debug)]
pub struct Minimum {
    /// The point of least value among all evaluated, the start included.
    pub point: Vec<f64>,
    /// The function's value there.
    pub value: f64,
    /// The gradient there.
    pub gradient: Vec<f64>,
    /// The largest size of an entry of the gradient.
    pub gradient_norm: f64,
    /// Iterations made.
    pub iterations: usize,
    /// Evaluations of the function with its gradient.
    pub evaluations: usize,
    /// Why the iterations ended.
    pub reason: StopReason,
}

/// Minimises f from `start`.
///
/// `objective(x, gradient)` writes ∇f(x) and returns f(x). Cost per iteration: one evaluation,
/// rarely more, and 4·memory·n multiplications.
///
/// On a function with kinks the method may stop short of the minimum with
/// [`StopReason::LineSearchFailed`] or [`StopReason::RelativeDecrease`]: neither proves optimality.
///
/// # Errors
///
/// A setting out of range, an empty start, a start that is not finite. A function that is not
/// finite is no error but ends as [`StopReason::Diverged`].
pub fn minimise(
    objective: impl FnMut(&[f64], &mut [f64]) -> f64,
    start: &[f64],
    options: &Options,
) -> Result<Minimum, LbfgsError> {
    minimise_observed(objective, start, options, |_| ControlFlow::Continue(()))
}

/// [`minimise`], calling `observer` at the start and after every iteration; when it breaks, the
/// point reached is returned with [`StopReason::Requested`].
///
/// # Errors
///
/// Those of [`minimise`].
pub fn minimise_observed(
    mut objective: impl FnMut(&[f64], &mut [f64]) -> f64,
    start: &[f64],
    options: &Options,
    mut observer: impl FnMut(&Progress<'_>) -> ControlFlow<()>,
) -> Result<Minimum, LbfgsError> {
    options.check_start(start)?;

    let n = start.len();
    let mut current = Evaluated { point: start.to_vec(), gradient: vec![0.0; n], value: 0.0 };
    current.value = objective(&current.point, &mut current.gradient);
    let mut best = current.clone();
    let mut trial = current.clone();
    let mut direction = vec![0.0; n];
    let mut history = History::new(options.memory, n);
    let mut iterations = 0;
    let mut evaluations = 1;
    let mut stalled = false;

    let reason = loop {
        if !current.is_finite() {
            break StopReason::Diverged;
        }
        let gradient_norm = max_norm(&current.gradient);
        let progress = Progress {
            iteration: iterations,
            evaluations,
            point: &current.point,
            value: current.value,
            gradient_norm,
        };
        if observer(&progress).is_break() {
            break StopReason::Requested;
        }
        if gradient_norm <= options.gradient_tolerance {
            break StopReason::GradientTolerance;
        }
        if stalled {
            break StopReason::RelativeDecrease;
        }
        if iterations == options.max_iterations {
            break StopReason::IterationLimit;
        }

        // The quasi-Newton direction, or steepest descent where rounding has spoilt it.
        history.descent(&current.gradient, &mut direction);
        let mut slope = dot(&current.gradient, &direction);
        if !(slope < 0.0 && slope.is_finite()) {
            history.forget();
            history.descent(&current.gradient, &mut direction);
            slope = dot(&current.gradient, &direction);
        }
        let first_step = if history.is_empty() {
            let length = dot(&direction, &direction).sqrt();
            options.initial_scale.unwrap_or(1.0f64.min(1.0 / length))
        } else {
            1.0
        };

        // A step that satisfies the strong Wolfe conditions.
        let mut search =
            LineSearch::new(current.value, slope, first_step, options.sufficient_decrease, options.curvature);
        let mut found = false;
        let mut any_finite = false;
        for _ in 0..options.max_line_search_evaluations {
            let step = search.step();
            for ((t, &x), &d) in trial.point.iter_mut().zip(&current.point).zip(&direction) {
                *t = x + step * d;
            }
            trial.value = objective(&trial.point, &mut trial.gradient);
            evaluations += 1;
            if !trial.is_finite() {
                search.shorten();
                continue;
            }
            any_finite = true;
            if trial.value < best.value || !best.is_finite() {
                best.copy_from(&trial);
            }
            match search.advance(trial.value, dot(&trial.gradient, &direction)) {
                Step::Accepted => {
                    found = true;
                    break;
                }
                Step::Again => {}
                Step::Failed => break,
            }
        }
        iterations += 1;

        if !found {
            if !any_finite {
                break StopReason::Diverged;
            }
            let gained = best.value < current.value;
            if gained {
                current.copy_from(&best);
            }
            if history.is_empty() && !gained {
                break StopReason::LineSearchFailed;
            }
            history.forget();
            continue;
        }

        let fall = current.value - trial.value;
        let size = current.value.abs().max(trial.value.abs());
        history.push(&current.point, &current.gradient, &trial.point, &trial.gradient);
        std::mem::swap(&mut current, &mut trial);
        stalled = fall <= options.relative_decrease * size;
    };

    if current.is_finite() && (current.value < best.value || !best.is_finite()) {
        best = current;
    }
    Ok(Minimum {
        gradient_norm: max_norm(&best.gradient),
        point: best.point,
        value: best.value,
        gradient: best.gradient,
        iterations,
        evaluations,
        reason,
    })
}

/// A point with the function's value and gradient.
#[derive(Clone)]
struct Evaluated {
    point: Vec<f64>,
    gradient: Vec<f64>,
    value: f64,
}

impl Evaluated {
    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.gradient.iter().all(|g| g.is_finite())
    }

    fn copy_from(&mut self, other: &Self) {
        self.point.copy_from_slice(&other.point);
        self.gradient.copy_from_slice(&other.gradient);
        self.value = other.value;
    }
}

fn max_norm(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rosenbrock(x: &[f64], g: &mut [f64]) -> f64 {
        let (u, v) = (1.0 - x[0], x[1] - x[0] * x[0]);
        g[0] = -2.0 * u - 400.0 * x[0] * v;
        g[1] = 200.0 * v;
        u * u + 100.0 * v * v
    }

    #[test]
    fn rosenbrock_from_the_usual_start() {
        let found = minimise(rosenbrock, &[-1.2, 1.0], &Options::default()).expect("valid input");
        assert_eq!(found.reason, StopReason::GradientTolerance);
        // The Hessian at (1, 1) has eigenvalues 0.4 and 1002: |x − 1| ≤ √2·1e-8/0.399.
        assert!(found.point.iter().all(|x| (x - 1.0).abs() < 4e-8), "{found:?}");
        assert!(found.evaluations < 100, "{}", found.evaluations);
    }

    #[test]
    fn a_kink_ends_with_the_best_point() {
        let found = minimise(
            |x, g| {
                g[0] = if x[0] >= 0.0 { 1.0 } else { -1.0 };
                x[0].abs()
            },
            &[0.7],
            &Options { relative_decrease: 0.0, ..Options::default() },
        )
        .expect("valid input");
        assert!(matches!(found.reason, StopReason::LineSearchFailed | StopReason::RelativeDecrease));
        assert!(found.value < 1e-6, "{found:?}");
    }

    #[test]
    fn a_barrier_is_stepped_back_from() {
        // −ln x + x, infinite for x ≤ 0; minimum at 1.
        let found = minimise(
            |x, g| {
                g[0] = 1.0 - 1.0 / x[0];
                if x[0] > 0.0 { x[0] - x[0].ln() } else { f64::INFINITY }
            },
            &[3.0],
            &Options { initial_scale: Some(150.0), ..Options::default() },
        )
        .expect("valid input");
        assert_eq!(found.reason, StopReason::GradientTolerance);
        assert!((found.point[0] - 1.0).abs() < 2e-8);
    }

    #[test]
    fn nothing_finite_is_divergence() {
        let options = Options::default();
        let everywhere = minimise(|_, _| f64::NAN, &[1.0], &options).expect("valid input");
        assert_eq!(everywhere.reason, StopReason::Diverged);
        assert_eq!(everywhere.point, [1.0]);
        let elsewhere = minimise(
            |x, g| {
                g[0] = 1.0;
                if x[0] == 1.0 { 5.0 } else { f64::NAN }
            },
            &[1.0],
            &options,
        )
        .expect("valid input");
        assert_eq!((elsewhere.reason, elsewhere.value), (StopReason::Diverged, 5.0));
        assert_eq!(elsewhere.point, [1.0]);
    }

    #[test]
    fn limits_and_requests_are_obeyed() {
        let two = Options { max_iterations: 2, ..Options::default() };
        let found = minimise(rosenbrock, &[-1.2, 1.0], &two).expect("valid input");
        assert_eq!((found.reason, found.iterations), (StopReason::IterationLimit, 2));
        let found = minimise_observed(rosenbrock, &[-1.2, 1.0], &Options::default(), |progress| {
            if progress.value < 1.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .expect("valid input");
        assert_eq!(found.reason, StopReason::Requested);
        assert!(found.value < 1.0);
    }

    #[test]
    fn faults_are_named() {
        let none = |_: &[f64], _: &mut [f64]| 0.0;
        assert_eq!(minimise(none, &[], &Options::default()).err(), Some(LbfgsError::EmptyStart));
        assert!(matches!(
            minimise(none, &[0.0, f64::NAN], &Options::default()),
            Err(LbfgsError::Start { index: 1, .. })
        ));
        let options = Options { curvature: 1.5, ..Options::default() };
        let text = minimise(none, &[0.0], &options).expect_err("out of range").to_string();
        assert_eq!(text, "option curvature is 1.5; it must be in (sufficient_decrease, 1)");
    }

    proptest! {
        /// ½ Σ dᵢ (xᵢ − cᵢ)² has its minimum at c; a gradient below 1e-8 bounds the distance by
        /// 1e-8/dᵢ.
        #[test]
        fn quadratics(
            rows in prop::collection::vec((0.01f64..100.0, -10.0f64..10.0, -10.0f64..10.0), 1..30),
        ) {
            let start: Vec<f64> = rows.iter().map(|r| r.2).collect();
            let options = Options { relative_decrease: 0.0, ..Options::default() };
            let found = minimise(
                |x, g| {
                    let mut value = 0.0;
                    for (i, &(d, c, _)) in rows.iter().enumerate() {
                        g[i] = d * (x[i] - c);
                        value += 0.5 * g[i] * (x[i] - c);
                    }
                    value
                },
                &start,
                &options,
            ).expect("valid input");
            prop_assert_eq!(found.reason, StopReason::GradientTolerance);
            for (x, &(d, c, _)) in found.point.iter().zip(&rows) {
                prop_assert!((x - c).abs() <= 1e-8 / d + 1e-14);
            }
        }
    }
}
