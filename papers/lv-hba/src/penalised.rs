//! The penalised problem with exact saddles: ψ_c = F/c + f − v over C × Z, minimised for growing c. The recommended way where a problem has exact saddles.
//!
//! ψ_c is minimised by projected gradient steps with the accelerations of L-BFGS: C is affine for equations, and the projection of a point onto it is linear, so that ψ_c after projection is a smooth function of unconstrained variables; for inequalities
//! projected gradient steps with halving are taken. **Richardson** (beyond the paper): the solution is u(c) = u + a/c + O(1/c²), so 2u(2c) − u(c) is off by O(1/c²).

use numerics::lbfgs;

use crate::problem::{Problem, Proximal, clamp};
use crate::value::{Value, exact};

/// A point (x, y, z).
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// x.
    pub x: Vec<f64>,
    /// y.
    pub y: Vec<f64>,
    /// z.
    pub z: Vec<f64>,
}

impl Point {
    fn flat(&self) -> Vec<f64> {
        [&self.x[..], &self.y, &self.z].concat()
    }

    fn split(problem: &dyn Problem, flat: &[f64]) -> Self {
        let sizes = problem.dimensions();
        let (x, rest) = flat.split_at(sizes.x);
        let (y, z) = rest.split_at(sizes.y);
        let mut point = Self { x: x.to_vec(), y: y.to_vec(), z: z.to_vec() };
        problem.project(&mut point.x, &mut point.y);
        clamp(&mut point.z, problem.multipliers());
        point
    }
}

/// ψ_c and its gradient, before projection. `None` without exact saddles.
pub fn penalised(
    problem: &dyn Problem,
    point: &Point,
    c: f64,
    proximal: Proximal,
) -> Option<(f64, Vec<f64>, Value)> {
    let sizes = problem.dimensions();
    let value = exact(problem, (&point.x, &point.y, &point.z), proximal)?;
    let [mut upper_x, mut lower_x] = std::array::from_fn(|_| vec![0.0; sizes.x]);
    let [mut upper_y, mut lower_y] = std::array::from_fn(|_| vec![0.0; sizes.y]);
    let upper = problem.upper(&point.x, &point.y, &mut upper_x, &mut upper_y);
    let lower = problem.lower(&point.x, &point.y, &mut lower_x, &mut lower_y);
    let part = |upper: &[f64], lower: &[f64], value: &[f64]| -> Vec<f64> {
        upper.iter().zip(lower).zip(value).map(|((u, l), v)| u / c + l - v).collect()
    };
    let gradient = [
        part(&upper_x, &lower_x, &value.by_x),
        part(&upper_y, &lower_y, &value.by_y),
        value.by_z.iter().map(|v| -v).collect(),
    ];
    Some((upper / c + lower - value.value, gradient.concat(), value))
}

/// |u − P(u − ∇ψ_c)|, u = (x, y, z): zero exactly at stationary points, times c of the order of R_k.
pub fn residual(problem: &dyn Problem, point: &Point, c: f64, proximal: Proximal) -> Option<f64> {
    let (_, gradient, _) = penalised(problem, point, c, proximal)?;
    let moved: Vec<f64> = point.flat().iter().zip(&gradient).map(|(u, g)| u - g).collect();
    let moved = Point::split(problem, &moved).flat();
    Some(moved.iter().zip(point.flat()).map(|(m, u)| (m - u).powi(2)).sum::<f64>().sqrt())
}

/// Minimises ψ_c from a point, by at most `iterations` of L-BFGS (equations) or projected gradient steps (inequalities). `None` without exact saddles.
pub fn minimise(
    problem: &dyn Problem,
    start: &Point,
    c: f64,
    proximal: Proximal,
    iterations: usize,
) -> Option<Point> {
    let start = Point::split(problem, &start.flat());
    if problem.multipliers() == (f64::NEG_INFINITY, f64::INFINITY) {
        let objective = |flat: &[f64], gradient: &mut [f64]| {
            let point = Point::split(problem, flat);
            let Some((value, slope, _)) = penalised(problem, &point, c, proximal) else { return f64::NAN };
            // The linear part of the projection is symmetric: it maps the slope to that of the composed function. P(u + s) − P(u) is that part of s.
            let ahead: Vec<f64> = flat.iter().zip(&slope).map(|(u, s)| u + s).collect();
            let ahead = Point::split(problem, &ahead).flat();
            gradient.iter_mut().zip(&ahead).zip(point.flat()).for_each(|((g, a), u)| *g = a - u);
            value
        };
        let options = lbfgs::Options {
            max_iterations: iterations,
            gradient_tolerance: 1e-13,
            relative_decrease: 0.0,
            ..lbfgs::Options::default()
        };
        let found = lbfgs::minimise(objective, &start.flat(), &options).ok()?;
        return Some(Point::split(problem, &found.point));
    }
    let mut point = start;
    let (mut value, mut gradient, _) = penalised(problem, &point, c, proximal)?;
    let mut length = 1.0;
    for _ in 0..iterations {
        length *= 2.0;
        let (next, next_value, next_gradient) = loop {
            let moved: Vec<f64> = point.flat().iter().zip(&gradient).map(|(u, g)| u - length * g).collect();
            let next = Point::split(problem, &moved);
            let (next_value, next_gradient, _) = penalised(problem, &next, c, proximal)?;
            let step: Vec<f64> = next.flat().iter().zip(point.flat()).map(|(n, u)| n - u).collect();
            let model: f64 = step.iter().zip(&gradient).map(|(s, g)| s * g + s * s / (2.0 * length)).sum();
            if next_value <= value + model + 1e-15 * value.abs() || length < 1e-14 {
                break (next, next_value, next_gradient);
            }
            length /= 2.0;
        };
        let moved: f64 =
            next.flat().iter().zip(point.flat()).map(|(n, u)| (n - u).powi(2)).sum::<f64>().sqrt();
        (point, value, gradient) = (next, next_value, next_gradient);
        if moved <= 1e-13 * length {
            break;
        }
    }
    Some(point)
}

/// The points for each c of a rising list, each from the one before.
pub fn continued(
    problem: &dyn Problem,
    start: &Point,
    penalties: &[f64],
    proximal: Proximal,
    iterations: usize,
) -> Option<Vec<Point>> {
    let mut point = start.clone();
    penalties
        .iter()
        .map(|c| {
            point = minimise(problem, &point, *c, proximal, iterations)?;
            Some(point.clone())
        })
        .collect()
}

/// 2 u(2c) − u(c), brought into C × Z.
pub fn richardson(problem: &dyn Problem, at: &Point, at_double: &Point) -> Point {
    let flat: Vec<f64> =
        at_double.flat().iter().zip(at.flat()).map(|(double, one)| 2.0 * double - one).collect();
    Point::split(problem, &flat)
}
