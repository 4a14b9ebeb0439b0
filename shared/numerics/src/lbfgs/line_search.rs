//! The line search of Moré and Thuente (ACM TOMS 20, 1994).
//!
//! φ(t) = f(x + t d) with φ'(0) < 0. A step t is accepted when
//!
//! * φ(t) ≤ φ(0) + μ t φ'(0) (sufficient decrease) and
//! * |φ'(t)| ≤ η |φ'(0)| (curvature).
//!
//! The search keeps two ends; the better one has the lowest value so far, and once the ends
//! bracket a minimiser, the interval shrinks by a third at least every two trials. New trials come
//! from cubic and quadratic interpolation, with safeguards.

/// A trial's place on the line: step, value and slope.
#[derive(Clone, Copy)]
struct End {
    step: f64,
    value: f64,
    slope: f64,
}

/// What [`LineSearch::advance`] concludes about the last trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Both conditions hold.
    Accepted,
    /// Evaluate at [`LineSearch::step`] next.
    Again,
    /// The interval is down to rounding.
    Failed,
}

pub(super) struct LineSearch {
    start: End,
    /// μ φ'(0).
    required_slope: f64,
    /// η |φ'(0)|.
    allowed_slope: f64,
    better: End,
    other: End,
    bracketed: bool,
    /// Until a step with sufficient decrease and rising slope is seen, φ(t) − μ t φ'(0) is
    /// searched instead of φ.
    first_stage: bool,
    step: f64,
    limits: (f64, f64),
    longest: f64,
    width: f64,
    width_before: f64,
}

impl LineSearch {
    /// A search from value φ(0) and slope φ'(0) < 0, with first trial `step` > 0.
    pub(super) fn new(value: f64, slope: f64, step: f64, decrease: f64, curvature: f64) -> Self {
        let start = End { step: 0.0, value, slope };
        let longest = step * 1e20;
        Self {
            start,
            required_slope: decrease * slope,
            allowed_slope: curvature * slope.abs(),
            better: start,
            other: start,
            bracketed: false,
            first_stage: true,
            step,
            limits: (0.0, 5.0 * step),
            longest,
            width: longest,
            width_before: 2.0 * longest,
        }
    }

    /// The next trial.
    pub(super) fn step(&self) -> f64 {
        self.step
    }

    /// After a trial that is not finite: the next one lies halfway to the better end, and none will
    /// lie beyond the failed one.
    pub(super) fn shorten(&mut self) {
        self.longest = self.longest.min(self.step);
        self.step = 0.5 * (self.better.step + self.step);
    }

    /// Takes the value and slope at the trial and proposes the next.
    pub(super) fn advance(&mut self, value: f64, slope: f64) -> Step {
        let trial = End { step: self.step, value, slope };
        let required = self.start.value + trial.step * self.required_slope;
        if value <= required && slope.abs() <= self.allowed_slope {
            return Step::Accepted;
        }
        if self.bracketed && (trial.step <= self.limits.0 || trial.step >= self.limits.1) {
            return Step::Failed;
        }
        if trial.step >= self.longest && value <= required && slope <= self.required_slope {
            return Step::Failed;
        }
        if self.first_stage && value <= required && slope >= 0.0 {
            self.first_stage = false;
        }

        if self.first_stage && value <= self.better.value && value > required {
            let tilt = self.required_slope;
            self.better = tilted(self.better, -tilt);
            self.other = tilted(self.other, -tilt);
            self.interpolate(tilted(trial, -tilt));
            self.better = tilted(self.better, tilt);
            self.other = tilted(self.other, tilt);
        } else {
            self.interpolate(trial);
        }

        if self.bracketed {
            let width = (self.other.step - self.better.step).abs();
            if width >= 0.66 * self.width_before {
                self.step = self.better.step + 0.5 * (self.other.step - self.better.step);
            }
            self.width_before = self.width;
            self.width = width;
            let (low, high) = (self.better.step, self.other.step);
            self.limits = (low.min(high), low.max(high));
            // No number lies between the ends that rounding could tell apart.
            if self.limits.1 - self.limits.0 <= f64::EPSILON * self.limits.1 {
                return Step::Failed;
            }
        } else {
            let forward = self.step - self.better.step;
            self.limits = (self.step + 1.1 * forward, self.step + 4.0 * forward);
        }
        self.step = self.step.min(self.longest);
        Step::Again
    }

    /// Chooses the next trial and updates the ends (section 4 of the paper).
    fn interpolate(&mut self, trial: End) {
        let better = self.better;
        let opposite = trial.slope * better.slope.signum() < 0.0;
        let next;
        if trial.value > better.value {
            // Case 1: the minimiser is bracketed; nearer of cubic, or halfway to the quadratic.
            let cubic = cubic_step(better, trial);
            let quadratic = better.step
                + 0.5 * (trial.step - better.step) * better.slope
                    / ((better.value - trial.value) / (trial.step - better.step) + better.slope);
            next = if (cubic - better.step).abs() < (quadratic - better.step).abs() {
                cubic
            } else {
                cubic + 0.5 * (quadratic - cubic)
            };
            self.bracketed = true;
        } else if opposite {
            // Case 2: the slope changed sign; the farther of cubic and secant.
            let cubic = cubic_step(better, trial);
            let secant = secant_step(better, trial);
            next = farther(trial.step, cubic, secant);
            self.bracketed = true;
        } else if trial.slope.abs() < better.slope.abs() {
            // Case 3: the slope flattens; the cubic only if it has its minimiser beyond the trial.
            let secant = secant_step(better, trial);
            let cubic = cubic_step_beyond(better, trial).unwrap_or(if trial.step > better.step {
                self.limits.1
            } else {
                self.limits.0
            });
            if self.bracketed {
                let nearer =
                    if (cubic - trial.step).abs() < (secant - trial.step).abs() { cubic } else { secant };
                let edge = trial.step + 0.66 * (self.other.step - trial.step);
                next = if trial.step > better.step { nearer.min(edge) } else { nearer.max(edge) };
            } else {
                next = farther(trial.step, cubic, secant).clamp(self.limits.0, self.limits.1);
            }
        } else if self.bracketed {
            // Case 4: the slope steepens; towards the other end, or as far as allowed.
            next = cubic_step(self.other, trial);
        } else {
            next = if trial.step > better.step { self.limits.1 } else { self.limits.0 };
        }

        if trial.value > better.value {
            self.other = trial;
        } else {
            if opposite {
                self.other = better;
            }
            self.better = trial;
        }
        // Interpolation on equal values can give 0/0; halve instead.
        self.step = if next.is_finite() { next } else { 0.5 * (self.better.step + self.other.step) };
    }
}

fn tilted(end: End, tilt: f64) -> End {
    End { step: end.step, value: end.value + end.step * tilt, slope: end.slope + tilt }
}

fn farther(from: f64, x: f64, y: f64) -> f64 {
    if (x - from).abs() > (y - from).abs() { x } else { y }
}

/// The zero of the line through the two slopes.
fn secant_step(x: End, t: End) -> f64 {
    t.step + t.slope / (t.slope - x.slope) * (x.step - t.step)
}

/// The minimiser of the cubic through both values and slopes.
fn cubic_step(x: End, t: End) -> f64 {
    let theta = 3.0 * (x.value - t.value) / (t.step - x.step) + x.slope + t.slope;
    let scale = theta.abs().max(x.slope.abs()).max(t.slope.abs());
    let root = (theta / scale).powi(2) - (x.slope / scale) * (t.slope / scale);
    let gamma = (scale * root.max(0.0).sqrt()).copysign(t.step - x.step);
    let p = (gamma - x.slope) + theta;
    let q = ((gamma - x.slope) + gamma) + t.slope;
    x.step + p / q * (t.step - x.step)
}

/// The minimiser of the cubic, if it lies beyond `t` seen from `x`.
fn cubic_step_beyond(x: End, t: End) -> Option<f64> {
    let theta = 3.0 * (x.value - t.value) / (t.step - x.step) + x.slope + t.slope;
    let scale = theta.abs().max(x.slope.abs()).max(t.slope.abs());
    let root = (theta / scale).powi(2) - (x.slope / scale) * (t.slope / scale);
    let gamma = (scale * root.max(0.0).sqrt()).copysign(x.step - t.step);
    let p = (gamma - t.slope) + theta;
    let q = (gamma + (x.slope - t.slope)) + gamma;
    let ratio = p / q;
    (ratio < 0.0 && gamma != 0.0).then_some(t.step + ratio * (x.step - t.step))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the search on φ and returns the accepted step with the number of evaluations.
    fn search(phi: impl Fn(f64) -> (f64, f64), first: f64, mu: f64, eta: f64) -> (f64, usize) {
        let (value, slope) = phi(0.0);
        let mut search = LineSearch::new(value, slope, first, mu, eta);
        for evaluation in 1..50 {
            let step = search.step();
            let (value, slope) = phi(step);
            match search.advance(value, slope) {
                Step::Accepted => return (step, evaluation),
                Step::Again => {}
                Step::Failed => panic!("failed at {step} after {evaluation}"),
            }
        }
        panic!("no step after 50 evaluations");
    }

    /// Test function 1 of the paper, φ(t) = −t/(t² + β), β = 2, with the minimiser √2. The paper's
    /// table 1 (μ = 1e-3, η = 0.1) needs 6, 3, 1 and 4 evaluations from 1e-3, 1e-1, 1e1, 1e3.
    #[test]
    fn first_test_function_of_the_paper() {
        let phi = |t: f64| {
            let d = t * t + 2.0;
            (-t / d, (t * t - 2.0) / (d * d))
        };
        for (first, evaluations) in [(1e-3, 6), (1e-1, 3), (1e1, 1), (1e3, 4)] {
            let (step, used) = search(phi, first, 1e-3, 0.1);
            assert!(used <= evaluations, "{used} from {first}");
            assert!(phi(step).1.abs() <= 0.1 * 0.5);
        }
    }

    /// Test function 2, φ(t) = (t + β)⁵ − 2 (t + β)⁴, β = 0.004, minimiser 1.596 (table 2:
    /// μ = η = 0.1; 12, 8, 8 and 11 evaluations).
    #[test]
    fn second_test_function_of_the_paper() {
        let phi = |t: f64| {
            let u: f64 = t + 0.004;
            (u.powi(5) - 2.0 * u.powi(4), 5.0 * u.powi(4) - 8.0 * u.powi(3))
        };
        for (first, evaluations) in [(1e-3, 12), (1e-1, 8), (1e1, 8), (1e3, 11)] {
            let (step, used) = search(phi, first, 0.1, 0.1);
            assert!(used <= evaluations, "{used} from {first}");
            assert!((step - 1.596).abs() < 0.2, "{step}");
        }
    }
}
