//! Solving σf + g over Y exactly: projected gradient steps to the active face, Newton's method on it.

use ndarray::{Array1, Array2};
use numerics::symmetric::eigen;

use crate::levels::{Bilevel, SecondOrder};
use crate::sets::{Face, norm};

/// A solution of min over y in Y of σf(x, y) + g(x, y).
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// y.
    pub point: Vec<f64>,
    /// |y − P_Y(y − slope)|: zero where y is stationary.
    pub residual: f64,
    /// Newton's steps made.
    pub steps: usize,
}

/// Distance within which a coordinate counts as being at its bound.
pub const ON_BOUND: f64 = 1e-9;

/// σf_y + g_y.
pub fn slope(problem: &(impl Bilevel + ?Sized), x: &[f64], y: &[f64], sigma: f64, out: &mut [f64]) {
    problem.lower_y(x, y, out);
    if sigma > 0.0 {
        let mut upper = vec![0.0; out.len()];
        problem.upper_y(x, y, &mut upper);
        out.iter_mut().zip(upper).for_each(|(out, upper)| *out += sigma * upper);
    }
}

/// |y − P_Y(y − slope)|.
pub fn residual(problem: &(impl Bilevel + ?Sized), x: &[f64], y: &[f64], sigma: f64) -> f64 {
    let mut moved = vec![0.0; y.len()];
    slope(problem, x, y, sigma, &mut moved);
    moved.iter_mut().zip(y).for_each(|(moved, y)| *moved = y - *moved);
    problem.lower_set().project(&mut moved);
    moved.iter().zip(y).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// σ∇²f + ∇²g in y, with the curvature of the set at the face.
pub fn curvature(
    problem: &(impl SecondOrder + ?Sized),
    x: &[f64],
    y: &[f64],
    sigma: f64,
    face: &Face,
) -> Array2<f64> {
    let mut matrix = problem.lower_yy(x, y);
    if sigma > 0.0 {
        matrix.scaled_add(sigma, &problem.upper_yy(x, y));
    }
    let mut along = vec![0.0; y.len()];
    slope(problem, x, y, sigma, &mut along);
    let multiplier = face.curvature(y, &along);
    matrix.diag_mut().iter_mut().for_each(|entry| *entry += multiplier);
    matrix
}

/// Minimises σf + g over Y from `start`, to the last digits. The point found is stationary, and a local minimiser near the start: global only where σf + g is convex in y, or the start
/// lies in the right basin.
///
/// Newton's method on the active face, safeguarded by projected gradient steps whenever it does not lower the residual. `None` if the residual does not fall below 10⁻⁹ (1 + |slope at the start|).
pub fn solve(
    problem: &(impl SecondOrder + ?Sized),
    x: &[f64],
    sigma: f64,
    start: &[f64],
) -> Option<Solution> {
    let set = problem.lower_set();
    let q = start.len();
    let mut y = start.to_vec();
    set.project(&mut y);
    let value = |y: &[f64]| sigma * problem.upper(x, y) + problem.lower(x, y);
    let mut gradient = vec![0.0; q];
    slope(problem, x, &y, sigma, &mut gradient);
    let scale = 1.0 + norm(&gradient);
    let mut step_size = 1.0;
    let mut best = residual(problem, x, &y, sigma);
    if !(scale.is_finite() && best.is_finite()) {
        return None;
    }
    for steps in 0..500 {
        if best <= 1e-15 * scale {
            return Some(Solution { point: y, residual: best, steps });
        }
        slope(problem, x, &y, sigma, &mut gradient);
        // Newton on the face of the point that a projected gradient step reaches.
        let mut candidate = None;
        if let Some(moved) = newton_step(problem, x, &y, sigma, &gradient) {
            let rest = residual(problem, x, &moved, sigma);
            if rest < 0.5 * best || rest < best && rest <= 1e-12 * scale {
                candidate = Some((moved, rest));
            }
        }
        if candidate.is_none() && best <= 1e-13 * scale {
            return Some(Solution { point: y, residual: best, steps });
        }
        let (moved, rest) = candidate.unwrap_or_else(|| {
            let here = value(&y);
            loop {
                let mut moved: Vec<f64> =
                    y.iter().zip(&gradient).map(|(y, slope)| y - step_size * slope).collect();
                set.project(&mut moved);
                let (linear, squared) =
                    moved.iter().zip(&y).zip(&gradient).fold((0.0, 0.0), |(l, s), ((a, b), slope)| {
                        (l + slope * (a - b), s + (a - b) * (a - b))
                    });
                // Armijo with the step's own quadratic; below rounding nothing can be told apart.
                if value(&moved) <= here + linear + squared / (2.0 * step_size) + 1e-15 * here.abs()
                    || step_size < 1e-14
                {
                    step_size *= 2.0;
                    let rest = residual(problem, x, &moved, sigma);
                    break (moved, rest);
                }
                step_size *= 0.5;
            }
        });
        if !rest.is_finite() {
            return None;
        }
        (y, best) = (moved, rest);
    }
    (best <= 1e-9 * scale).then_some(Solution { point: y, residual: best, steps: 500 })
}

/// A step of Newton's method along the face that a projected gradient step would reach; back into the set by projection.
fn newton_step(
    problem: &(impl SecondOrder + ?Sized),
    x: &[f64],
    y: &[f64],
    sigma: f64,
    gradient: &[f64],
) -> Option<Vec<f64>> {
    let set = problem.lower_set();
    let mut reached: Vec<f64> = y.iter().zip(gradient).map(|(y, slope)| y - slope).collect();
    set.project(&mut reached);
    // Only bounds that hold both here and there are taken for active: others are free to be left.
    let (here, there) = (set.face(y, ON_BOUND), set.face(&reached, ON_BOUND));
    let face = if here.active.iter().all(|k| there.active.contains(k)) { here } else { there };
    if face.tangent.ncols() == 0 {
        return None;
    }
    let matrix = curvature(problem, x, y, sigma, &face);
    let reduced = face.tangent.t().dot(&matrix).dot(&face.tangent);
    let right = face.tangent.t().dot(&Array1::from(gradient.to_vec()));
    let (values, vectors) = eigen(reduced.view())?;
    let largest = values.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    let mut coefficients = vectors.t().dot(&right);
    for (coefficient, value) in coefficients.iter_mut().zip(&values) {
        // Flat directions are left alone; the others are followed by the size of their curvature, so that a maximum repels.
        *coefficient = if value.abs() > 1e-13 * largest { *coefficient / value.abs() } else { 0.0 };
    }
    let step = face.tangent.dot(&vectors.dot(&coefficients));
    let mut moved: Vec<f64> = y.iter().zip(&step).map(|(y, step)| y - step).collect();
    set.project(&mut moved);
    Some(moved)
}
