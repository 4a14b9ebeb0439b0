//! Convex quadratic lower levels with coupled affine constraints, and any smooth upper level.
//!
//! ```text
//! f(x, y) = yᵀPy/2 + (q + Kx)ᵀy,      g(x, y) = Ay + Bx − r ≤ 0 (or = 0),      X = {x : Ex = 0}, Y the whole space
//! ```
//!
//! Eliminating θ from the saddle problem leaves a quadratic in λ over a box ([`crate::box_quadratic`]); equations leave a linear system. Parts of f in x alone cancel in f − v and are left out.

use std::sync::{Arc, Mutex};

use ndarray::{Array1, Array2, ArrayView1, Axis, concatenate};
use numerics::cholesky::Cholesky;
use numerics::symmetric::eigen;

use crate::box_quadratic::maximise;
use crate::problem::{Dimensions, Problem, Proximal, Saddle};

/// An upper level: F with its gradients.
pub trait Objective: Sync + Send {
    /// F(x, y); gradients are written.
    fn value(&self, x: &[f64], y: &[f64], by_x: &mut [f64], by_y: &mut [f64]) -> f64;
}

/// F(x, y) = |x − a|²/2 + |y − b|²/2.
#[derive(Clone, Debug)]
pub struct Distance {
    /// a.
    pub x: Vec<f64>,
    /// b.
    pub y: Vec<f64>,
}

impl Objective for Distance {
    fn value(&self, x: &[f64], y: &[f64], by_x: &mut [f64], by_y: &mut [f64]) -> f64 {
        by_x.iter_mut().zip(x).zip(&self.x).for_each(|((s, x), a)| *s = x - a);
        by_y.iter_mut().zip(y).zip(&self.y).for_each(|((s, y), b)| *s = y - b);
        by_x.iter().chain(by_y.iter()).map(|s| s * s).sum::<f64>() / 2.0
    }
}

/// The matrices of a lower level.
#[derive(Clone, Debug)]
pub struct Lower {
    /// P, positive semidefinite to 10⁻⁶ of its largest eigenvalue; of one that is not symmetric the symmetric part, which is all that yᵀPy sees.
    pub p: Array2<f64>,
    /// q.
    pub q: Array1<f64>,
    /// K, as many rows as y has numbers, as many columns as x.
    pub k: Array2<f64>,
    /// A.
    pub a: Array2<f64>,
    /// B.
    pub b: Array2<f64>,
    /// r.
    pub r: Array1<f64>,
    /// Whether g = 0 is meant.
    pub equations: bool,
    /// The upper bound of multipliers, or of their modulus for equations; may be infinite.
    pub bound: f64,
    /// E, whose null space is X; no rows for the whole space.
    pub e: Array2<f64>,
}

/// Why there is no such problem.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QuadraticError {
    /// A matrix whose shape does not fit.
    #[error("{matrix} is {} × {}, expected {} × {}", found.0, found.1, expected.0, expected.1)]
    Shape {
        /// Its letter.
        matrix: &'static str,
        /// Its shape.
        found: (usize, usize),
        /// What the others ask for.
        expected: (usize, usize),
    },
    /// A number that is NaN or infinite.
    #[error("{0} has a number that is not finite")]
    NotFinite(&'static str),
    /// P has a negative eigenvalue.
    #[error("P is not positive semidefinite: its least eigenvalue is {0}")]
    NotConvex(f64),
    /// A bound for multipliers that is negative or not a number.
    #[error("the bound of multipliers is {0}, expected at least 0")]
    Bound(f64),
    /// No point satisfies the constraints, as far as could be found.
    #[error("no point satisfies the constraints: the least violation found is {0}")]
    Infeasible(f64),
}

/// A bilevel problem with such a lower level.
pub struct Quadratic {
    lower: Lower,
    upper: Box<dyn Objective>,
    /// [B A; E 0], every row over its length: C's equations or inequalities, then X's.
    rows: Array2<f64>,
    right: Array1<f64>,
    /// rows rowsᵀ, with a hair on the diagonal for parallel rows; and for equations alone its pseudo-inverse.
    gram: Array2<f64>,
    inverse: Option<Array2<f64>>,
    kept: Mutex<Vec<Arc<Prepared>>>,
}

impl Quadratic {
    /// Checks shapes, numbers, convexity and that C is not empty.
    ///
    /// # Errors
    /// The first of those that fails.
    pub fn new(mut lower: Lower, upper: Box<dyn Objective>) -> Result<Self, QuadraticError> {
        let (y, x, m) = (lower.q.len(), lower.k.ncols(), lower.r.len());
        let shape = |matrix, found, expected| {
            if found == expected { Ok(()) } else { Err(QuadraticError::Shape { matrix, found, expected }) }
        };
        shape("P", lower.p.dim(), (y, y))?;
        shape("K", lower.k.dim(), (y, x))?;
        shape("A", lower.a.dim(), (m, y))?;
        shape("B", lower.b.dim(), (m, x))?;
        shape("E", lower.e.dim(), (lower.e.nrows(), x))?;
        for (name, matrix) in
            [("P", &lower.p), ("K", &lower.k), ("A", &lower.a), ("B", &lower.b), ("E", &lower.e)]
        {
            if matrix.iter().any(|a| !a.is_finite()) {
                return Err(QuadraticError::NotFinite(name));
            }
        }
        for (name, vector) in [("q", &lower.q), ("r", &lower.r)] {
            if vector.iter().any(|a| !a.is_finite()) {
                return Err(QuadraticError::NotFinite(name));
            }
        }
        if lower.bound.is_nan() || lower.bound < 0.0 {
            return Err(QuadraticError::Bound(lower.bound));
        }
        if y > 0 {
            lower.p = (&lower.p + &lower.p.t()) / 2.0;
            let (values, _) = eigen(lower.p.view()).ok_or(QuadraticError::NotFinite("P"))?;
            // To the rounding of six digits: the proximal term makes up for that.
            if values[0] < -1e-6 * values[y - 1].abs().max(1e-300) {
                return Err(QuadraticError::NotConvex(values[0]));
            }
        }
        let above = concatenate![Axis(1), lower.b, lower.a];
        let below = concatenate![Axis(1), lower.e, Array2::zeros((lower.e.nrows(), y))];
        let mut rows = concatenate![Axis(0), above, below];
        let mut right = concatenate![Axis(0), lower.r, Array1::zeros(lower.e.nrows())];
        for (mut row, right) in rows.rows_mut().into_iter().zip(&mut right) {
            let length = row.dot(&row).sqrt();
            if length > 0.0 {
                row /= length;
                *right /= length;
            }
        }
        let gram = rows.dot(&rows.t())
            + Array2::<f64>::eye(rows.nrows()) * if lower.equations { 0.0 } else { 1e-13 };
        let inverse = if lower.equations {
            Some(pseudo_inverse(&gram).ok_or(QuadraticError::NotFinite("A"))?)
        } else {
            None
        };
        let problem = Self { lower, upper, rows, right, gram, inverse, kept: Mutex::new(Vec::new()) };
        let (mut start_x, mut start_y) = (vec![0.0; x], vec![0.0; y]);
        problem.project(&mut start_x, &mut start_y);
        let violation = problem.violation(&start_x, &start_y);
        let size = problem.right.iter().fold(1.0_f64, |m, r| m.max(r.abs()));
        if violation > 1e-7 * size { Err(QuadraticError::Infeasible(violation)) } else { Ok(problem) }
    }

    /// The matrices.
    pub fn lower_level(&self) -> &Lower {
        &self.lower
    }

    /// The largest violation of g and of X.
    fn violation(&self, x: &[f64], y: &[f64]) -> f64 {
        let both = Array1::from([x, y].concat());
        let residual = self.rows.dot(&both) - &self.right;
        let m = self.lower.r.len();
        // What is not a number is no point of C.
        let of = |(i, v): (usize, &f64)| match v {
            v if v.is_nan() => f64::INFINITY,
            v if self.lower.equations || i >= m => v.abs(),
            v => v.max(0.0),
        };
        residual.iter().enumerate().map(of).fold(0.0, f64::max)
    }

    /// What the saddles of given proximal parameters share; the last two are kept.
    fn prepared(&self, proximal: Proximal) -> Option<Arc<Prepared>> {
        let mut kept = self.kept.lock().ok()?;
        if let Some(found) = kept.iter().find(|prepared| prepared.proximal == proximal) {
            return Some(found.clone());
        }
        let lower = &self.lower;
        let m = lower.r.len();
        let shifted = &lower.p + &(Array2::<f64>::eye(lower.q.len()) / proximal.gamma1);
        let factor = Cholesky::new(shifted.view())?;
        let mut responses = Array2::zeros((lower.q.len(), m));
        for (row, mut column) in lower.a.rows().into_iter().zip(responses.columns_mut()) {
            let mut right = row.to_vec();
            factor.solve(&mut right);
            column.assign(&Array1::from(right));
        }
        let curvature = lower.a.dot(&responses) + Array2::<f64>::eye(m) / proximal.gamma2;
        let free = lower.equations && lower.bound.is_infinite() && m > 0;
        let equations = if free { Some(Cholesky::new(curvature.view())?) } else { None };
        let new = Arc::new(Prepared { proximal, factor, responses, curvature, equations });
        kept.truncate(1);
        kept.insert(0, new.clone());
        Some(new)
    }

    fn solve(&self, x: &[f64], y: &[f64], z: &[f64], proximal: Proximal) -> Option<Saddle> {
        let (lower, prepared) = (&self.lower, self.prepared(proximal)?);
        let x = ArrayView1::from(x);
        // θ = (P + I/γ₁)⁻¹ (y/γ₁ − q − Kx − Aᵀλ)
        let mut free =
            (ArrayView1::from(y).mapv(|y| y / proximal.gamma1) - &lower.q - lower.k.dot(&x)).to_vec();
        prepared.factor.solve(&mut free);
        let free = Array1::from(free);
        // max over λ of λᵀ(A free + Bx − r + z/γ₂) − λᵀ(A responses + I/γ₂)λ/2
        let linear = lower.a.dot(&free) + lower.b.dot(&x) - &lower.r
            + ArrayView1::from(z).mapv(|z| z / proximal.gamma2);
        let lambda = match &prepared.equations {
            _ if linear.is_empty() => Vec::new(),
            Some(factor) => {
                let mut lambda = linear.to_vec();
                factor.solve(&mut lambda);
                lambda
            }
            None => maximise(
                prepared.curvature.view(),
                linear.as_slice()?,
                &vec![self.multipliers(); z.len()],
                z,
            )?,
        };
        let theta = free - prepared.responses.dot(&ArrayView1::from(&lambda));
        Some(Saddle { theta: theta.to_vec(), lambda })
    }
}

/// Factors that depend on the proximal parameters alone.
struct Prepared {
    proximal: Proximal,
    /// Of P + I/γ₁.
    factor: Cholesky,
    /// Its inverse times Aᵀ.
    responses: Array2<f64>,
    /// A responses + I/γ₂.
    curvature: Array2<f64>,
    /// Its factor, where multipliers have no bounds.
    equations: Option<Cholesky>,
}

/// Of a symmetric positive semidefinite matrix; eigenvalues below 10⁻¹² of the largest count as zero.
fn pseudo_inverse(gram: &Array2<f64>) -> Option<Array2<f64>> {
    if gram.is_empty() {
        return Some(gram.clone());
    }
    let (values, vectors) = eigen(gram.view())?;
    let largest = values[values.len() - 1];
    let inverted = Array1::from(values).mapv(|v| if v > 1e-12 * largest { 1.0 / v } else { 0.0 });
    Some((&vectors * &inverted).dot(&vectors.t()))
}

impl Problem for Quadratic {
    fn dimensions(&self) -> Dimensions {
        Dimensions { x: self.lower.k.ncols(), y: self.lower.q.len(), constraints: self.lower.r.len() }
    }

    fn upper(&self, x: &[f64], y: &[f64], by_x: &mut [f64], by_y: &mut [f64]) -> f64 {
        self.upper.value(x, y, by_x, by_y)
    }

    fn lower(&self, x: &[f64], y: &[f64], by_x: &mut [f64], by_y: &mut [f64]) -> f64 {
        let (x, y) = (ArrayView1::from(x), ArrayView1::from(y));
        let product = self.lower.p.dot(&y);
        let linear = self.lower.k.dot(&x) + &self.lower.q;
        by_x.copy_from_slice(self.lower.k.t().dot(&y).as_slice().expect("a vector is in one piece"));
        by_y.iter_mut().zip(&product).zip(&linear).for_each(|((s, p), l)| *s = p + l);
        product.dot(&y) / 2.0 + linear.dot(&y)
    }

    fn constraint(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        let g =
            self.lower.a.dot(&ArrayView1::from(y)) + self.lower.b.dot(&ArrayView1::from(x)) - &self.lower.r;
        out.iter_mut().zip(&g).for_each(|(o, g)| *o = *g);
    }

    fn add_jacobian(&self, _x: &[f64], _y: &[f64], lambda: &[f64], by_x: &mut [f64], by_y: &mut [f64]) {
        let lambda = ArrayView1::from(lambda);
        by_x.iter_mut().zip(&self.lower.b.t().dot(&lambda)).for_each(|(s, d)| *s += d);
        by_y.iter_mut().zip(&self.lower.a.t().dot(&lambda)).for_each(|(s, d)| *s += d);
    }

    fn project(&self, x: &mut [f64], y: &mut [f64]) {
        if self.right.is_empty() {
            return;
        }
        let both = Array1::from([&x[..], &y[..]].concat());
        let residual = self.rows.dot(&both) - &self.right;
        let multipliers = if let Some(inverse) = &self.inverse {
            inverse.dot(&residual)
        } else {
            // max over μ ≥ 0, free for rows of X, of μᵀ residual − |rowsᵀμ|²/2.
            let m = self.lower.r.len();
            let bounds: Vec<(f64, f64)> = (0..residual.len())
                .map(|i| (if i < m { 0.0 } else { f64::NEG_INFINITY }, f64::INFINITY))
                .collect();
            let zero = vec![0.0; bounds.len()];
            match maximise(self.gram.view(), &residual.to_vec(), &bounds, &zero) {
                Some(found) => Array1::from(found),
                None => return,
            }
        };
        let moved = both - self.rows.t().dot(&multipliers);
        // Rows of zeros that cannot hold have no finite multiplier.
        if moved.iter().any(|m| !m.is_finite()) {
            return;
        }
        let split = x.len();
        x.iter_mut().zip(&moved).for_each(|(x, m)| *x = *m);
        y.iter_mut().zip(moved.iter().skip(split)).for_each(|(y, m)| *y = *m);
    }

    fn equations(&self) -> bool {
        self.lower.equations
    }

    fn multipliers(&self) -> (f64, f64) {
        (if self.lower.equations { -self.lower.bound } else { 0.0 }, self.lower.bound)
    }

    fn saddle(&self, x: &[f64], y: &[f64], z: &[f64], proximal: Proximal) -> Option<Saddle> {
        self.solve(x, y, z, proximal)
    }

    fn solve_lower(&self, x: &[f64]) -> Option<Saddle> {
        let sizes = self.dimensions();
        let mut saddle = Saddle { theta: vec![0.0; sizes.y], lambda: vec![0.0; sizes.constraints] };
        // Proximal points of the saddle problem: with γ = 10⁴ a few come to rounding, also where P is singular.
        let proximal = Proximal { gamma1: 1e4, gamma2: 1e4 };
        let mut last = (f64::INFINITY, f64::INFINITY);
        for _ in 0..1_000 {
            let next = self.solve(x, &saddle.theta, &saddle.lambda, proximal)?;
            let moved = |new: &[f64], old: &[f64]| {
                let size = new.iter().fold(1.0_f64, |m, a| m.max(a.abs()));
                new.iter().zip(old).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / size
            };
            last = (moved(&next.theta, &saddle.theta), moved(&next.lambda, &saddle.lambda));
            saddle = next;
            if last.0.max(last.1) <= 1e-12 {
                return Some(saddle);
            }
        }
        // Where constraints leave but a point, multipliers drift by γ₂ times its rounding for ever.
        if last.0 <= 1e-10 && last.1 <= 1e-6 {
            return Some(saddle);
        }
        // Unbounded below, or no point satisfies the constraints at this x.
        None
    }
}
