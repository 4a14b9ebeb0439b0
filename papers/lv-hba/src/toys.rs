//! The two toys of the authors' program, with their exact solutions (derived here).

use ndarray::{Array1, Array2, ArrayView1};
use numerics::cholesky::Cholesky;
use numerics::symmetric::eigen;
use rand::Rng;

use crate::problem::{Dimensions, Problem, Proximal, Saddle, dot};
use crate::quadratic::{Lower, Objective, Quadratic, QuadraticError};

/// The merely convex toy: x in ℝⁿ, y = (y₁, y₂) in ℝ²ⁿ,
///
/// ```text
/// F = |x − y₂|²/2 + |y₁ − 1|²/2,    f = |y₁|²/2 − xᵀy₁ + 1ᵀy₂,    s(1ᵀx + 1ᵀy₁ + 1ᵀy₂) = 0
/// ```
///
/// The lower level has a whole plane of solutions, y₁ = x + 1 and any y₂ with 1ᵀy₂ = −2 1ᵀx − n, and the multiplier −1/s. The optimum is x = −0.3, y₁ = 0.7, y₂ = −0.4 everywhere, F = n/20. Everything costs O(n).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MerelyConvex {
    /// n.
    pub size: usize,
    /// s: 1 in the authors' program; 1/√(2n) gives J_y g length 1.
    pub scale: f64,
    /// The bound of the multiplier's modulus; infinite, or 1,000 in the authors' program.
    pub bound: f64,
}

impl MerelyConvex {
    /// With the constraint normalised.
    pub fn normalised(size: usize) -> Self {
        Self { size, scale: 1.0 / (2.0 * size as f64).sqrt(), bound: f64::INFINITY }
    }

    /// |(x, y) − optimum|/|optimum|.
    pub fn relative_error(&self, x: &[f64], y: &[f64]) -> f64 {
        let n = self.size;
        let square = |v: &[f64], at: f64| v.iter().map(|a| (a - at).powi(2)).sum::<f64>();
        let error = square(x, -0.3) + square(&y[..n], 0.7) + square(&y[n..], -0.4);
        (error / (n as f64 * (0.09 + 0.49 + 0.16))).sqrt()
    }

    /// |x + 0.3|/(0.3 √n).
    pub fn relative_error_of_x(&self, x: &[f64]) -> f64 {
        (x.iter().map(|a| (a + 0.3).powi(2)).sum::<f64>() / self.size as f64).sqrt() / 0.3
    }
}

/// What the penalty does to [`MerelyConvex`]: the stationary point of F/c + f − v, equal in all coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PenalisedToy {
    /// Every x.
    pub x: f64,
    /// Every y₁.
    pub y1: f64,
    /// Every y₂.
    pub y2: f64,
    /// The multiplier z for s = 1.
    pub z: f64,
}

/// It for c and γ₁: x = −(3cγ+2γ+4)/(2D), y₁ = (7cγ+4γ+8)/(2D), y₂ = −(x + y₁), z = −(5cγ+2γ+5)/D, D = 5cγ+2γ+4; x is off by 4(γ+2)/(3D) of itself. Neither n, nor γ₂, nor s matters for x and y.
pub fn penalised_toy(c: f64, gamma1: f64) -> PenalisedToy {
    let (g, d) = (gamma1, 5.0 * c * gamma1 + 2.0 * gamma1 + 4.0);
    let x = -(3.0 * c * g + 2.0 * g + 4.0) / (2.0 * d);
    let y1 = (7.0 * c * g + 4.0 * g + 8.0) / (2.0 * d);
    PenalisedToy { x, y1, y2: -(x + y1), z: -(5.0 * c * g + 2.0 * g + 5.0) / d }
}

impl Problem for MerelyConvex {
    fn dimensions(&self) -> Dimensions {
        Dimensions { x: self.size, y: 2 * self.size, constraints: 1 }
    }

    fn upper(&self, x: &[f64], y: &[f64], by_x: &mut [f64], by_y: &mut [f64]) -> f64 {
        let n = self.size;
        let mut value = 0.0;
        for i in 0..n {
            let (a, b) = (x[i] - y[n + i], y[i] - 1.0);
            (by_x[i], by_y[i], by_y[n + i]) = (a, b, -a);
            value += a * a + b * b;
        }
        value / 2.0
    }

    fn lower(&self, x: &[f64], y: &[f64], by_x: &mut [f64], by_y: &mut [f64]) -> f64 {
        let n = self.size;
        let mut value = 0.0;
        for i in 0..n {
            (by_x[i], by_y[i], by_y[n + i]) = (-y[i], y[i] - x[i], 1.0);
            value += y[i] * y[i] / 2.0 - x[i] * y[i] + y[n + i];
        }
        value
    }

    fn constraint(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        out[0] = self.scale * (x.iter().sum::<f64>() + y.iter().sum::<f64>());
    }

    fn add_jacobian(&self, _x: &[f64], _y: &[f64], lambda: &[f64], by_x: &mut [f64], by_y: &mut [f64]) {
        let step = self.scale * lambda[0];
        by_x.iter_mut().chain(by_y).for_each(|s| *s += step);
    }

    fn project(&self, x: &mut [f64], y: &mut [f64]) {
        let mean = (x.iter().sum::<f64>() + y.iter().sum::<f64>()) / (3 * self.size) as f64;
        x.iter_mut().chain(y).for_each(|a| *a -= mean);
    }

    fn multipliers(&self) -> (f64, f64) {
        (-self.bound, self.bound)
    }

    fn saddle(&self, x: &[f64], y: &[f64], z: &[f64], proximal: Proximal) -> Option<Saddle> {
        let (n, s) = (self.size, self.scale);
        let (one, two) = (1.0 / proximal.gamma1, 1.0 / proximal.gamma2);
        // θ₁ = (x + y₁/γ₁ − sλ)/(1 + 1/γ₁), θ₂ = y₂ − γ₁(1 + sλ); then λ from s(1ᵀx + 1ᵀθ) = (λ − z)/γ₂.
        let first: f64 = (0..n).map(|i| (x[i] + y[i] * one) / (1.0 + one)).sum();
        let second: f64 = y[n..].iter().map(|y| y - proximal.gamma1).sum();
        let slope = n as f64 * s * s * (1.0 / (1.0 + one) + proximal.gamma1);
        // Concave in one variable: the box cuts its maximiser.
        let lambda = (s * (x.iter().sum::<f64>() + first + second) + z[0] * two) / (slope + two);
        let lambda = lambda.clamp(-self.bound, self.bound);
        let theta = (0..n).map(|i| (x[i] + y[i] * one - s * lambda) / (1.0 + one));
        let theta = theta.chain(y[n..].iter().map(|y| y - proximal.gamma1 * (1.0 + s * lambda))).collect();
        Some(Saddle { theta, lambda: vec![lambda] })
    }
}

/// F(x, y) = sin(cᵀx + dᵀy) + ln(1 + |x + y|²).
#[derive(Clone, Debug)]
pub struct Waves {
    /// c.
    pub c: Array1<f64>,
    /// d.
    pub d: Array1<f64>,
}

impl Objective for Waves {
    fn value(&self, x: &[f64], y: &[f64], by_x: &mut [f64], by_y: &mut [f64]) -> f64 {
        let angle = dot(self.c.as_slice().unwrap_or(&[]), x) + dot(self.d.as_slice().unwrap_or(&[]), y);
        let square: f64 = x.iter().zip(y).map(|(x, y)| (x + y) * (x + y)).sum();
        for i in 0..x.len() {
            let outward = 2.0 * (x[i] + y[i]) / (1.0 + square);
            by_x[i] = angle.cos() * self.c[i] + outward;
            by_y[i] = angle.cos() * self.d[i] + outward;
        }
        angle.sin() + square.ln_1p()
    }
}

/// The strongly convex toy: f = |x − y|²/2, Ay + Hx = 0, X the null space of E, F = [`Waves`].
///
/// y*(x) = Mx with M = I − A⁺(A + H). On X, x = Nu, and F depends on u through s = (Nᵀ(c + Mᵀd))ᵀu and |(I + M)Nu|², which for given s is at least s²/κ: every local minimum is one of sin s + ln(1 + s²/κ).
pub struct StronglyConvex {
    /// The problem, with constraints scaled as given.
    pub problem: Quadratic,
    /// M.
    pub response: Array2<f64>,
    /// N: an orthonormal basis of X in its columns.
    pub basis: Array2<f64>,
    /// κ.
    pub kappa: f64,
    waves: Waves,
    /// Of AAᵀ.
    gram: Cholesky,
    /// (Qᵀ Q)⁻¹ a/κ: u = s times this.
    direction: Array1<f64>,
}

impl StronglyConvex {
    /// From A, H (as many rows, n columns), E, c, d. With `normalised` A and H are divided by A's largest singular value.
    ///
    /// # Errors
    /// Shapes that differ, numbers that are not finite, an A without full row rank.
    ///
    /// # Panics
    /// If X is a point, A has no row, or c and d are not as long as A has columns.
    pub fn new(
        a: Array2<f64>,
        h: Array2<f64>,
        e: Array2<f64>,
        waves: Waves,
        normalised: bool,
    ) -> Result<Self, QuadraticError> {
        let n = a.ncols();
        assert!(
            a.nrows() > 0 && waves.c.len() == n && waves.d.len() == n,
            "A has rows, and c and d its length"
        );
        let (mut a, mut h) = (a, h);
        if normalised {
            // By the largest singular value of A, so that the saddle's operator is of the order of one.
            let (values, _) = eigen(a.dot(&a.t()).view()).ok_or(QuadraticError::NotFinite("A"))?;
            let length = values[values.len() - 1].sqrt();
            a /= length;
            h /= length;
        }
        let lower = Lower {
            p: Array2::eye(n),
            q: Array1::zeros(n),
            k: -Array2::<f64>::eye(n),
            a: a.clone(),
            b: h.clone(),
            r: Array1::zeros(a.nrows()),
            equations: true,
            bound: f64::INFINITY,
            e: e.clone(),
        };
        let problem = Quadratic::new(lower, Box::new(waves.clone()))?;
        let singular = || QuadraticError::NotFinite("A");
        let factor = Cholesky::new(a.dot(&a.t()).view()).ok_or_else(singular)?;
        let mut pulled = &a + &h;
        for mut column in pulled.columns_mut() {
            let mut right = column.to_vec();
            factor.solve(&mut right);
            column.assign(&Array1::from(right));
        }
        let response = Array2::<f64>::eye(n) - a.t().dot(&pulled);
        let (values, vectors) = eigen(e.t().dot(&e).view()).ok_or_else(singular)?;
        let largest = values[n - 1].max(1e-300);
        let null: Vec<usize> = (0..n).filter(|i| values[*i] < 1e-12 * largest).collect();
        assert!(!null.is_empty(), "X is a point");
        let basis = vectors.select(ndarray::Axis(1), &null);
        let slope = basis.t().dot(&(&waves.c + &response.t().dot(&waves.d)));
        let moved = (Array2::<f64>::eye(n) + &response).dot(&basis);
        let mut direction = slope.to_vec();
        Cholesky::new(moved.t().dot(&moved).view()).ok_or_else(singular)?.solve(&mut direction);
        let direction = Array1::from(direction);
        let kappa = slope.dot(&direction);
        Ok(Self { problem, response, basis, kappa, waves, gram: factor, direction: direction / kappa })
    }

    /// The authors' kind of instance: n columns, 0.9 n rows of A and H uniform on [0, 1], E of rank ⌊0.45 n⌋, c and d uniform.
    ///
    /// # Errors
    /// As [`Self::new`], with probability zero.
    pub fn draw(n: usize, normalised: bool, random: &mut impl Rng) -> Result<Self, QuadraticError> {
        let mut uniform =
            |rows: usize| Array2::from_shape_simple_fn((rows, n), || random.random_range(0.0..1.0));
        let rows = n * 9 / 10;
        let (a, h, e) = (uniform(rows), uniform(rows), uniform(n * 45 / 100));
        let [c, d] = [uniform(1), uniform(1)].map(|v| v.row(0).to_owned());
        Self::new(a, h, e, Waves { c, d }, normalised)
    }

    /// Φ along the best direction: sin s + ln(1 + s²/κ).
    pub fn along(&self, s: f64) -> f64 {
        s.sin() + (s * s / self.kappa).ln_1p()
    }

    /// The least value over all s, and its s, by a scan of |s| ≤ √(κ(e² − 1)), which holds it, with Newton at the end.
    pub fn optimum(&self) -> (f64, f64) {
        let bound = (self.kappa * (2.0_f64.exp() - 1.0)).sqrt().max(1e-3);
        let steps = 200_000;
        let place = |i: usize| bound * (2.0 * i as f64 / steps as f64 - 1.0);
        let start =
            (0..=steps).map(place).min_by(|a, b| self.along(*a).total_cmp(&self.along(*b))).unwrap_or(0.0);
        let mut s = start;
        for _ in 0..50 {
            let d = self.kappa + s * s;
            let slope = s.cos() + 2.0 * s / d;
            let curvature = -s.sin() + 2.0 * (self.kappa - s * s) / (d * d);
            s -= slope / curvature.abs().max(1e-12);
        }
        if self.along(s) <= self.along(start) { (self.along(s), s) } else { (self.along(start), start) }
    }

    /// x and y at s.
    pub fn at(&self, s: f64) -> (Vec<f64>, Vec<f64>) {
        let x = self.basis.dot(&(&self.direction * s));
        let y = self.response.dot(&x);
        (x.to_vec(), y.to_vec())
    }

    /// Φ(x) = F(x, y*(x)) and its gradient in x, F_x + MᵀF_y: the exact hypergradient.
    pub fn hypergradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let y = self.response.dot(&ArrayView1::from(x));
        let mut by_y = vec![0.0; x.len()];
        let value = self.waves.value(x, y.as_slice().unwrap_or(&[]), gradient, &mut by_y);
        let pulled = self.response.t().dot(&Array1::from(by_y));
        gradient.iter_mut().zip(&pulled).for_each(|(g, p)| *g += p);
        value
    }

    /// The nearest y with Ay + Hx = 0.
    pub fn project_response(&self, x: &[f64], y: &mut [f64]) {
        let lower = self.problem.lower_level();
        let mut multipliers =
            (lower.a.dot(&ArrayView1::from(&*y)) + lower.b.dot(&ArrayView1::from(x))).to_vec();
        self.gram.solve(&mut multipliers);
        let moved = lower.a.t().dot(&ArrayView1::from(&multipliers));
        y.iter_mut().zip(&moved).for_each(|(y, m)| *y -= m);
    }

    /// The nearest point of X.
    pub fn project_upper(&self, x: &mut [f64]) {
        let u = self.basis.t().dot(&ArrayView1::from(&*x));
        x.iter_mut().zip(&self.basis.dot(&u)).for_each(|(x, p)| *x = *p);
    }
}
