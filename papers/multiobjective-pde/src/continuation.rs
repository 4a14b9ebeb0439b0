//! The Pareto critical set of a smooth loss f and |x|₁, followed as a curve.
//!
//! On a support S with signs s the set is where ∇_S f(x) + λs = 0 and |∇_j f(x)| ≤ λ elsewhere. It is followed by arc length in (x_S, λ): a step along the tangent, Newton's method back to the curve. So it passes where λ turns
//! around, which happens for losses that are not convex, and it finds points that no weighted sum has as a minimiser. At a kink a coordinate enters or leaves the support.

use ndarray::Array2;
use rayon::prelude::*;

/// A smooth loss.
pub trait Loss: Sync {
    /// Numbers of a point.
    fn dimension(&self) -> usize;
    /// f.
    fn value(&self, x: &[f64]) -> f64;
    /// ∇f.
    fn gradient(&self, x: &[f64], gradient: &mut [f64]);
    /// ∇²f.
    fn hessian(&self, x: &[f64]) -> Array2<f64>;
}

/// Σ 1 − e^(−(x_i − a_i)²): bounded, and not convex away from a.
#[derive(Clone, Debug, PartialEq)]
pub struct Wells(pub Vec<f64>);

impl Loss for Wells {
    fn dimension(&self) -> usize {
        self.0.len()
    }

    fn value(&self, x: &[f64]) -> f64 {
        x.iter().zip(&self.0).map(|(x, a)| -(-(x - a) * (x - a)).exp_m1()).sum()
    }

    fn gradient(&self, x: &[f64], gradient: &mut [f64]) {
        for ((g, x), a) in gradient.iter_mut().zip(x).zip(&self.0) {
            *g = 2.0 * (x - a) * (-(x - a) * (x - a)).exp();
        }
    }

    fn hessian(&self, x: &[f64]) -> Array2<f64> {
        let curvature = |i: usize| {
            let away = x[i] - self.0[i];
            (2.0 - 4.0 * away * away) * (-away * away).exp()
        };
        Array2::from_shape_fn((x.len(), x.len()), |(i, j)| if i == j { curvature(i) } else { 0.0 })
    }
}

impl Wells {
    /// Whether x minimises f + λ|x|₁ globally, to 10⁻⁹: coordinates separate, and each is searched on a grid with steps of 10⁻³, refined.
    pub fn weight_reaches(&self, x: &[f64], lambda: f64) -> bool {
        let own = self.value(x) + lambda * x.iter().map(|x| x.abs()).sum::<f64>();
        let least: f64 = self
            .0
            .par_iter()
            .map(|a| {
                let value = |t: f64| -(-(t - a) * (t - a)).exp_m1() + lambda * t.abs();
                // Minimisers lie between 0 and a.
                let steps = 1_000 * (a.abs().ceil() as usize).max(1);
                let (place, coarse) = (0..=steps)
                    .map(|k| (k, value(a * k as f64 / steps as f64)))
                    .fold((0, f64::INFINITY), |best, next| if next.1 < best.1 { next } else { best });
                let (mut low, mut high) =
                    ((place as f64 - 1.0).max(0.0) / steps as f64, (place as f64 + 1.0) / steps as f64);
                for _ in 0..60 {
                    let (left, right) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
                    if value(a * left) < value(a * right) { high = right } else { low = left }
                }
                coarse.min(value(a * 0.5 * (low + high)))
            })
            .sum();
        own <= least + 1e-9
    }
}

/// A point of the curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// x.
    pub x: Vec<f64>,
    /// λ.
    pub lambda: f64,
    /// Arc length in x since the start.
    pub arc: f64,
    /// Largest violation of criticality.
    pub residual: f64,
    /// Whether the support changes here.
    pub kink: bool,
}

/// Follows the curve from 0 with λ = |∇f(0)|_∞ until λ = 0, or for `most` points that are `step` apart, or until the curve cannot be followed.
pub fn follow(loss: &dyn Loss, step: f64, most: usize) -> Vec<Point> {
    let n = loss.dimension();
    let mut x = vec![0.0; n];
    let mut gradient = vec![0.0; n];
    loss.gradient(&x, &mut gradient);
    let lambda = gradient.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
    let mut points = vec![Point { x: x.clone(), lambda, arc: 0.0, residual: 0.0, kink: true }];
    let Some(first) = gradient.iter().position(|g| g.abs() == lambda).filter(|_| lambda > 0.0) else {
        return points;
    };
    let mut curve = Curve { loss, support: vec![first], signs: vec![-gradient[first].signum()], lambda };
    let mut toward = curve.leaving(first);
    let mut arc = 0.0;
    while points.len() < most {
        let Some(tangent) = curve.tangent(&x, &toward) else { return points };
        let mut length = step;
        let found = loop {
            if let Some(found) = curve.correct(&x, &tangent, length) {
                break found;
            }
            length *= 0.5;
            if length < 1e-10 {
                return points;
            }
        };
        // The first event on the way, by halving the step until it is at the end.
        let event = |curve: &Curve, to: &(Vec<f64>, f64)| curve.event(&to.0, to.1);
        let (to, met) = match event(&curve, &found) {
            None => (found, None),
            Some(_) => {
                let (mut low, mut high, mut at) = (0.0, length, found);
                while high - low > 1e-14 * step {
                    let middle = 0.5 * (low + high);
                    if middle == low || middle == high {
                        break;
                    }
                    match curve.correct(&x, &tangent, middle) {
                        Some(found) if event(&curve, &found).is_some() => (high, at) = (middle, found),
                        Some(_) => low = middle,
                        None => break,
                    }
                }
                let met = event(&curve, &at);
                (at, met)
            }
        };
        arc += x.iter().zip(&to.0).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
        // The tangent of the step is the orientation of the next.
        toward = tangent;
        (x, curve.lambda) = to;
        match met {
            Some(Event::Ends) => {
                curve.lambda = 0.0;
                points.push(curve.point(&x, arc, true));
                return points;
            }
            Some(Event::Leaves(place)) => {
                let coordinate = curve.support.remove(place);
                curve.signs.remove(place);
                x[coordinate] = 0.0;
                if curve.support.is_empty() {
                    points.push(curve.point(&x, arc, true));
                    return points;
                }
                toward = curve.receding(&x, coordinate);
            }
            Some(Event::Enters(coordinate)) => {
                let mut gradient = vec![0.0; n];
                loss.gradient(&x, &mut gradient);
                curve.support.push(coordinate);
                curve.signs.push(-gradient[coordinate].signum());
                toward = curve.leaving(coordinate);
            }
            None => {}
        }
        points.push(curve.point(&x, arc, met.is_some()));
    }
    points
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// A coordinate of the support reaches zero.
    Leaves(usize),
    /// A gradient outside the support reaches λ.
    Enters(usize),
    /// λ is zero.
    Ends,
}

struct Curve<'a> {
    loss: &'a dyn Loss,
    support: Vec<usize>,
    signs: Vec<f64>,
    lambda: f64,
}

impl Curve<'_> {
    /// The Jacobian of ∇_S f + λs by (x_S, λ), with a last row.
    fn bordered(&self, x: &[f64], last: &[f64]) -> Array2<f64> {
        let hessian = self.loss.hessian(x);
        let count = self.support.len();
        Array2::from_shape_fn((count + 1, count + 1), |(i, j)| match (i, j) {
            (i, j) if i == count => last[j],
            (i, j) if j == count => self.signs[i],
            (i, j) => hessian[(self.support[i], self.support[j])],
        })
    }

    /// The unit tangent in (x_S, λ) with a positive product with `toward`.
    fn tangent(&self, x: &[f64], toward: &[f64]) -> Option<Vec<f64>> {
        let count = self.support.len();
        let mut right = vec![0.0; count + 1];
        right[count] = 1.0;
        let mut tangent = solve(self.bordered(x, toward), right)?;
        let length = tangent.iter().map(|t| t * t).sum::<f64>().sqrt();
        let orientation: f64 = tangent.iter().zip(toward).map(|(a, b)| a * b).sum();
        let scale = orientation.signum() / length;
        tangent.iter_mut().for_each(|t| *t *= scale);
        tangent.iter().all(|t| t.is_finite()).then_some(tangent)
    }

    /// A direction in which a new coordinate grows from zero with its sign.
    fn leaving(&self, coordinate: usize) -> Vec<f64> {
        let mut toward = vec![0.0; self.support.len() + 1];
        if let Some(place) = self.support.iter().position(|i| *i == coordinate) {
            toward[place] = self.signs[place];
        }
        toward
    }

    /// The tangent along which |∇_j f| − λ falls for a coordinate that has just left.
    fn receding(&self, x: &[f64], coordinate: usize) -> Vec<f64> {
        let hessian = self.loss.hessian(x);
        let mut gradient = vec![0.0; x.len()];
        self.loss.gradient(x, &mut gradient);
        let sign = gradient[coordinate].signum();
        // The derivative of λ − |∇_j f| in (x_S, λ).
        let mut toward: Vec<f64> = self.support.iter().map(|i| -sign * hessian[(coordinate, *i)]).collect();
        toward.push(1.0);
        toward
    }

    /// The point of the curve at a distance along the tangent.
    fn correct(&self, x: &[f64], tangent: &[f64], length: f64) -> Option<(Vec<f64>, f64)> {
        let count = self.support.len();
        let mut at = x.to_vec();
        for (i, t) in self.support.iter().zip(tangent) {
            at[*i] += length * t;
        }
        let mut lambda = self.lambda + length * tangent[count];
        let mut gradient = vec![0.0; x.len()];
        for _ in 0..20 {
            self.loss.gradient(&at, &mut gradient);
            let mut right: Vec<f64> =
                self.support.iter().zip(&self.signs).map(|(i, s)| -(gradient[*i] + lambda * s)).collect();
            let fault = right.iter().fold(0.0_f64, |most, r| most.max(r.abs()));
            let moved: f64 = self.support.iter().zip(tangent).map(|(i, t)| t * (at[*i] - x[*i])).sum::<f64>()
                + tangent[count] * (lambda - self.lambda);
            right.push(length - moved);
            if fault <= 1e-15 {
                return Some((at, lambda));
            }
            let change = solve(self.bordered(&at, tangent), right)?;
            for (i, d) in self.support.iter().zip(&change) {
                at[*i] += d;
            }
            lambda += change[count];
            let size = change.iter().fold(0.0_f64, |most, d| most.max(d.abs()));
            if size <= 1e-15 {
                return Some((at, lambda));
            }
            if size.is_nan() || size > 1.0 {
                return None;
            }
        }
        self.loss.gradient(&at, &mut gradient);
        let fault = |(i, s): (&usize, &f64)| (gradient[*i] + lambda * s).abs();
        let worst = self.support.iter().zip(&self.signs).map(fault).fold(0.0, f64::max);
        (worst <= 1e-12).then_some((at, lambda))
    }

    /// What is past an event at a point.
    fn event(&self, x: &[f64], lambda: f64) -> Option<Event> {
        if lambda < 0.0 {
            return Some(Event::Ends);
        }
        let leaves = self.support.iter().zip(&self.signs).position(|(i, s)| x[*i] * s < 0.0);
        if let Some(place) = leaves {
            return Some(Event::Leaves(place));
        }
        let mut gradient = vec![0.0; x.len()];
        self.loss.gradient(x, &mut gradient);
        // What has just left touches λ to rounding.
        let enters = |j: &usize| !self.support.contains(j) && gradient[*j].abs() > lambda + 1e-12;
        (0..x.len()).find(enters).map(Event::Enters)
    }

    fn point(&self, x: &[f64], arc: f64, kink: bool) -> Point {
        let mut gradient = vec![0.0; x.len()];
        self.loss.gradient(x, &mut gradient);
        let inside =
            self.support.iter().zip(&self.signs).map(|(i, s)| (gradient[*i] + self.lambda * s).abs());
        let outside = (0..x.len())
            .filter(|j| !self.support.contains(j))
            .map(|j| (gradient[j].abs() - self.lambda).max(0.0));
        let residual = inside.chain(outside).fold(0.0, f64::max);
        Point { x: x.to_vec(), lambda: self.lambda, arc, residual, kink }
    }
}

/// Gaussian elimination with pivots for the few unknowns of a support; none for a singular matrix.
fn solve(matrix: Array2<f64>, right: Vec<f64>) -> Option<Vec<f64>> {
    use faer::linalg::solvers::Solve;
    let count = right.len();
    let factor = faer::Mat::from_fn(count, count, |i, j| matrix[(i, j)]).partial_piv_lu();
    let mut solved = right;
    factor.solve_in_place(faer::ColMut::from_slice_mut(&mut solved).as_mat_mut());
    solved.iter().all(|s| s.is_finite()).then_some(solved)
}
