//! Problems with closed Φ whose smoothness is unbounded.
//!
//! With φ(x) = Σ c cosh(a x) + b cos(w x), or c x⁴/4 in place of the first term, and ψ(y) = Σ √(1 + (y − t)²):
//!
//! | family | f | g | y* |
//! |---|---|---|---|
//! | cosh, quartic | φ(x) + ψ(y) | yᵀHy/2 − yᵀ(Bx + c₀) | H⁻¹(Bx + c₀) |
//! | penalty | φ(x) + ψ(y) | yᵀ(H + diag(m + s σ(x)))y/2 − yᵀc₀ | (H + diag)⁻¹ c₀ |
//! | coupled | φ(x) + Σ cosh(α(y − Ax)) | uᵀHu/2, u = y − Ax − r tanh(Cx) | Ax + r tanh(Cx) |
//!
//! σ is the sigmoid. In the last family ∂f/∂y is bounded along the lower solutions and grows exponentially off them: the family in which the lower iterate has to be accurate.

use bilevel::levels::{Bilevel, Known, Lower, Products, SecondOrder, Upper};
use ndarray::{Array1, Array2, ArrayView1};
use numerics::cholesky::Cholesky;
use numerics::symmetric::eigen;

use crate::classifier::sigmoid;

/// c g(a x) + b cos(w x) in each coordinate.
#[derive(Clone, Debug)]
pub struct Growth {
    /// c > 0.
    pub c: Vec<f64>,
    /// a of cosh(a x); none for x⁴/4.
    pub a: Option<Vec<f64>>,
    /// b.
    pub b: Vec<f64>,
    /// w.
    pub w: Vec<f64>,
}

/// How the lower level depends on x.
#[derive(Clone, Debug)]
pub enum Coupling {
    /// Bx + c₀ is its linear term; ψ is the upper level's part of y.
    Linear {
        /// q × d.
        b: Array2<f64>,
        /// q numbers.
        c0: Array1<f64>,
        /// Of ψ, q numbers.
        t: Array1<f64>,
    },
    /// The curvature of coordinate k is m + s σ(x_k); d = q.
    Penalty {
        /// q numbers.
        c0: Array1<f64>,
        /// Of ψ.
        t: Array1<f64>,
        /// m ≥ 0.
        m: f64,
        /// s > 0.
        s: f64,
    },
    /// The solution is Ax + r tanh(Cx); cosh(α(y − Ax)) is the upper level's part of y.
    Coupled {
        /// q × d.
        a: Array2<f64>,
        /// q × d.
        c: Array2<f64>,
        /// r.
        r: f64,
        /// α.
        alpha: f64,
    },
}

/// A problem of one of the families.
#[derive(Clone, Debug)]
pub struct Family {
    growth: Growth,
    h: Array2<f64>,
    coupling: Coupling,
    factor: Cholesky,
    convexity: f64,
    smoothness: f64,
}

/// Why a problem is none.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FamilyError {
    /// A field of the wrong size.
    #[error("{field} has {found} numbers, expected {expected}")]
    Size {
        /// Which.
        field: &'static str,
        /// Found.
        found: usize,
        /// Expected.
        expected: usize,
    },
    /// A matrix of the wrong shape.
    #[error("{field} is {} × {}, expected {} × {}", found.0, found.1, expected.0, expected.1)]
    Shape {
        /// Which.
        field: &'static str,
        /// Found.
        found: (usize, usize),
        /// Expected.
        expected: (usize, usize),
    },
    /// H is not symmetric and positive definite.
    #[error("H is not symmetric and positive definite: the lower level is not strongly convex")]
    NotConvex,
    /// A number is out of range.
    #[error("{0}")]
    Range(&'static str),
}

impl Family {
    /// Checks sizes and strong convexity. Cost: q³.
    ///
    /// # Errors
    /// Fields that do not fit each other, an H that is not positive definite, c ≤ 0, s ≤ 0, m < 0.
    pub fn new(growth: Growth, h: Array2<f64>, coupling: Coupling) -> Result<Self, FamilyError> {
        let (d, q) = (growth.c.len(), h.nrows());
        let size = |field, found, expected| {
            if found == expected { Ok(()) } else { Err(FamilyError::Size { field, found, expected }) }
        };
        size("b", growth.b.len(), d)?;
        size("w", growth.w.len(), d)?;
        size("a", growth.a.as_ref().map_or(d, Vec::len), d)?;
        let shape = |field, matrix: &Array2<f64>, expected| {
            if matrix.dim() == expected {
                Ok(())
            } else {
                Err(FamilyError::Shape { field, found: matrix.dim(), expected })
            }
        };
        shape("H", &h, (q, q))?;
        if d == 0 || q == 0 {
            return Err(FamilyError::Range("expected at least one coordinate of x and of y"));
        }
        if growth.c.iter().any(|c| *c <= 0.0) {
            return Err(FamilyError::Range("c: expected numbers above 0"));
        }
        let (mut least, mut most) = (0.0, 0.0);
        match &coupling {
            Coupling::Linear { b, c0, t } => {
                shape("B", b, (q, d))?;
                size("c0", c0.len(), q)?;
                size("t", t.len(), q)?;
            }
            Coupling::Penalty { c0, t, m, s } => {
                size("c0", c0.len(), q)?;
                size("t", t.len(), q)?;
                size("c", d, q)?;
                if *m < 0.0 || *s <= 0.0 {
                    return Err(FamilyError::Range("expected m of at least 0 and s above 0"));
                }
                (least, most) = (*m, m + s);
            }
            Coupling::Coupled { a, c, .. } => {
                shape("A", a, (q, d))?;
                shape("C", c, (q, d))?;
            }
        }
        let symmetric = h.indexed_iter().all(|((i, j), x)| (x - h[[j, i]]).abs() <= 1e-12 * x.abs());
        let factor = Cholesky::new(h.view()).filter(|_| symmetric).ok_or(FamilyError::NotConvex)?;
        let (values, _) = eigen(h.view()).ok_or(FamilyError::NotConvex)?;
        let (convexity, smoothness) = (values[0] + least, values[q - 1] + most);
        Ok(Self { growth, h, coupling, factor, convexity, smoothness })
    }

    /// μ: g is strongly convex in y with it. For the penalty family a lower bound.
    pub fn convexity(&self) -> f64 {
        self.convexity
    }

    /// A bound of ‖g_yy‖, reached but for the penalty family.
    pub fn smoothness(&self) -> f64 {
        self.smoothness
    }

    fn growth_slope(&self, x: &[f64], out: &mut [f64]) {
        let Growth { c, a, b, w } = &self.growth;
        for (k, (out, x)) in out.iter_mut().zip(x).enumerate() {
            let wave = b[k] * w[k] * (w[k] * x).sin();
            *out = match a {
                Some(a) => c[k] * a[k] * (a[k] * x).sinh(),
                None => c[k] * x * x * x,
            } - wave;
        }
    }

    /// (L₀, L₁) with which φ′ is (L₀, L₁)-smooth within 1/(√2 L₁): |φ′(x + h) − φ′(x)| ≤ (L₀ + L₁|φ′(x)|)|h|. Pointwise φ″ ≤ l₀ + l₁|φ′| with l₁ = a for cosh; for the quartic, where any l₁ > 0 will do with l₀ = 4c/l₁², it is 1.
    /// Over the radius the bound grows by at most √2(e^{1/√2} − 1) = 1.4535 (Grönwall), which both constants take on.
    pub fn growth_constants(&self) -> (f64, f64) {
        let Growth { c, a, b, w } = &self.growth;
        let (mut l0, mut l1) = (0.0_f64, 0.0_f64);
        for k in 0..c.len() {
            let slope = a.as_ref().map_or(1.0, |a| a[k]);
            let base = a.as_ref().map_or(4.0 * c[k], |a| c[k] * a[k] * a[k]);
            // The wave adds at most b w² to φ″ and at most b w to φ′.
            l0 = l0.max(base + b[k].abs() * w[k] * w[k] + slope * b[k].abs() * w[k].abs());
            l1 = l1.max(slope);
        }
        let growth = std::f64::consts::SQRT_2 * std::f64::consts::FRAC_1_SQRT_2.exp_m1();
        (growth * l0, growth * l1)
    }

    fn dot(matrix: &Array2<f64>, v: &[f64]) -> Array1<f64> {
        matrix.dot(&ArrayView1::from(v))
    }

    /// out ← out + factor Mᵀ v.
    fn add_transposed(matrix: &Array2<f64>, v: &[f64], factor: f64, out: &mut [f64]) {
        for (row, v) in matrix.rows().into_iter().zip(v) {
            out.iter_mut().zip(row).for_each(|(out, m)| *out += factor * v * m);
        }
    }

    /// H v into `out`.
    fn times_h(&self, v: &[f64], out: &mut [f64]) {
        for (out, row) in out.iter_mut().zip(self.h.rows()) {
            *out = row.iter().zip(v).map(|(h, v)| h * v).sum();
        }
    }

    /// −(A + r diag(sech²(Cx)) C)ᵀ v, the transposed derivative of u by x.
    fn inner_transposed(&self, x: &[f64], v: &[f64], out: &mut [f64]) {
        if let Coupling::Coupled { a, c, r, .. } = &self.coupling {
            out.fill(0.0);
            Self::add_transposed(a, v, -1.0, out);
            let scaled: Vec<f64> =
                Self::dot(c, x).iter().zip(v).map(|(z, v)| v * r / z.cosh().powi(2)).collect();
            Self::add_transposed(c, &scaled, -1.0, out);
        }
    }

    /// y − Ax − r tanh(Cx).
    fn inner(&self, x: &[f64], y: &[f64]) -> Vec<f64> {
        match &self.coupling {
            Coupling::Coupled { a, c, r, .. } => {
                let (ax, cx) = (Self::dot(a, x), Self::dot(c, x));
                (0..y.len()).map(|k| y[k] - ax[k] - r * cx[k].tanh()).collect()
            }
            _ => y.to_vec(),
        }
    }

    fn added_curvature(&self, x: &[f64], k: usize) -> f64 {
        match self.coupling {
            Coupling::Penalty { m, s, .. } => m + s * sigmoid(x[k]),
            _ => 0.0,
        }
    }

    /// Bx + c₀ or c₀.
    fn linear(&self, x: &[f64], k: usize) -> f64 {
        match &self.coupling {
            Coupling::Linear { b, c0, .. } => c0[k] + b.row(k).iter().zip(x).map(|(b, x)| b * x).sum::<f64>(),
            Coupling::Penalty { c0, .. } => c0[k],
            Coupling::Coupled { .. } => 0.0,
        }
    }
}

impl Upper for Family {
    fn upper(&self, x: &[f64], y: &[f64]) -> f64 {
        let Growth { c, a, b, w } = &self.growth;
        let grown: f64 = x
            .iter()
            .enumerate()
            .map(|(k, x)| {
                b[k] * (w[k] * x).cos()
                    + match a {
                        Some(a) => c[k] * (a[k] * x).cosh(),
                        None => 0.25 * c[k] * x.powi(4),
                    }
            })
            .sum();
        grown
            + match &self.coupling {
                Coupling::Linear { t, .. } | Coupling::Penalty { t, .. } => {
                    y.iter().zip(t).map(|(y, t)| (1.0 + (y - t) * (y - t)).sqrt()).sum::<f64>()
                }
                Coupling::Coupled { a, alpha, .. } => {
                    Self::dot(a, x).iter().zip(y).map(|(ax, y)| (alpha * (y - ax)).cosh()).sum::<f64>()
                }
            }
    }

    fn upper_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        self.growth_slope(x, out);
        if let Coupling::Coupled { a, alpha, .. } = &self.coupling {
            let pull: Vec<f64> =
                Self::dot(a, x).iter().zip(y).map(|(ax, y)| alpha * (alpha * (y - ax)).sinh()).collect();
            Self::add_transposed(a, &pull, -1.0, out);
        }
    }

    fn upper_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        match &self.coupling {
            Coupling::Linear { t, .. } | Coupling::Penalty { t, .. } => {
                for ((out, y), t) in out.iter_mut().zip(y).zip(t) {
                    *out = (y - t) / (1.0 + (y - t) * (y - t)).sqrt();
                }
            }
            Coupling::Coupled { a, alpha, .. } => {
                for ((out, y), ax) in out.iter_mut().zip(y).zip(Self::dot(a, x)) {
                    *out = alpha * (alpha * (y - ax)).sinh();
                }
            }
        }
    }
}

impl Lower for Family {
    fn lower(&self, x: &[f64], y: &[f64]) -> f64 {
        let u = self.inner(x, y);
        let mut image = vec![0.0; u.len()];
        self.lower_yy_times(x, y, &u, &mut image);
        let quadratic = 0.5 * u.iter().zip(&image).map(|(u, h)| u * h).sum::<f64>();
        quadratic - y.iter().enumerate().map(|(k, y)| y * self.linear(x, k)).sum::<f64>()
    }

    fn lower_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        match &self.coupling {
            Coupling::Linear { b, .. } => {
                out.fill(0.0);
                Self::add_transposed(b, y, -1.0, out);
            }
            Coupling::Penalty { s, .. } => {
                for ((out, x), y) in out.iter_mut().zip(x).zip(y) {
                    let p = sigmoid(*x);
                    *out = 0.5 * s * p * (1.0 - p) * y * y;
                }
            }
            Coupling::Coupled { .. } => {
                let u = self.inner(x, y);
                let mut image = vec![0.0; u.len()];
                self.times_h(&u, &mut image);
                self.inner_transposed(x, &image, out);
            }
        }
    }

    fn lower_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        if matches!(self.coupling, Coupling::Coupled { .. }) {
            self.times_h(&self.inner(x, y), out);
            return;
        }
        self.times_h(y, out);
        for (k, out) in out.iter_mut().enumerate() {
            *out += self.added_curvature(x, k) * y[k] - self.linear(x, k);
        }
    }
}

impl Bilevel for Family {
    fn dimensions(&self) -> (usize, usize) {
        (self.growth.c.len(), self.h.nrows())
    }
}

impl Products for Family {
    fn lower_yy_times(&self, x: &[f64], _: &[f64], v: &[f64], out: &mut [f64]) {
        self.times_h(v, out);
        if matches!(self.coupling, Coupling::Penalty { .. }) {
            for (k, out) in out.iter_mut().enumerate() {
                *out += self.added_curvature(x, k) * v[k];
            }
        }
    }

    fn lower_xy_times(&self, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        match &self.coupling {
            Coupling::Linear { b, .. } => {
                out.fill(0.0);
                Self::add_transposed(b, v, -1.0, out);
            }
            Coupling::Penalty { s, .. } => {
                for (k, out) in out.iter_mut().enumerate() {
                    let p = sigmoid(x[k]);
                    *out = s * p * (1.0 - p) * y[k] * v[k];
                }
            }
            Coupling::Coupled { .. } => {
                let mut image = vec![0.0; v.len()];
                self.times_h(v, &mut image);
                self.inner_transposed(x, &image, out);
            }
        }
    }
}

impl SecondOrder for Family {
    fn lower_yy(&self, x: &[f64], _: &[f64]) -> Array2<f64> {
        let mut matrix = self.h.clone();
        for (k, entry) in matrix.diag_mut().iter_mut().enumerate() {
            *entry += self.added_curvature(x, k);
        }
        matrix
    }

    fn upper_yy(&self, x: &[f64], y: &[f64]) -> Array2<f64> {
        Array2::from_diag(&match &self.coupling {
            Coupling::Linear { t, .. } | Coupling::Penalty { t, .. } => {
                y.iter().zip(t).map(|(y, t)| (1.0 + (y - t) * (y - t)).powf(-1.5)).collect::<Array1<f64>>()
            }
            Coupling::Coupled { a, alpha, .. } => Self::dot(a, x)
                .iter()
                .zip(y)
                .map(|(ax, y)| alpha * alpha * (alpha * (y - ax)).cosh())
                .collect(),
        })
    }
}

impl Known for Family {
    fn solution(&self, x: &[f64]) -> Vec<f64> {
        match &self.coupling {
            Coupling::Coupled { .. } => {
                self.inner(x, &vec![0.0; self.h.nrows()]).iter().map(|u| -u).collect()
            }
            Coupling::Linear { .. } => {
                let mut y: Vec<f64> = (0..self.h.nrows()).map(|k| self.linear(x, k)).collect();
                self.factor.solve(&mut y);
                y
            }
            Coupling::Penalty { c0, .. } => {
                let mut y = c0.to_vec();
                match Cholesky::new(self.lower_yy(x, &y).view()) {
                    Some(factor) => factor.solve(&mut y),
                    None => y.fill(f64::NAN),
                }
                y
            }
        }
    }
}

impl Family {
    /// Φ and its gradient into `gradient`: f_x − g_xy v at the solution. Cost: two triangular solves, or a factorisation for the penalty family.
    pub fn gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let y = self.solution(x);
        let mut v = vec![0.0; y.len()];
        self.upper_y(x, &y, &mut v);
        match self.coupling {
            Coupling::Penalty { .. } => match Cholesky::new(self.lower_yy(x, &y).view()) {
                Some(factor) => factor.solve(&mut v),
                None => v.fill(f64::NAN),
            },
            _ => self.factor.solve(&mut v),
        }
        bilevel::hypergradient::assemble(self, x, &y, &v, gradient);
        self.upper(x, &y)
    }

    /// (K₀, K₁) with which Φ is (K₀, K₁)-smooth by the paper's lemma as derived here, and the radius within which: of families that are linear below, whose ∂²g/∂y² and ∂²g/∂x∂y do not change; none for others.
    ///
    /// K₁ = √(1 + κ²) L_x1 and K₀ = √(1 + κ²)(L_x0 + L_x1 κ ℓ_f + κ L_y0) with κ = ‖B‖/μ at most and ℓ_f = √q. ∂f/∂y does not depend on x and is 1-Lipschitz.
    pub fn lemma_constants(&self) -> Option<(f64, f64, f64)> {
        let Coupling::Linear { b, .. } = &self.coupling else {
            return None;
        };
        let (values, _) = eigen(b.t().dot(b).view())?;
        let slope = values.last()?.max(0.0).sqrt() / self.convexity;
        let length = (1.0 + slope * slope).sqrt();
        let (l0, l1) = self.growth_constants();
        let bound = (self.h.nrows() as f64).sqrt();
        let k0 = length * (l0 + l1 * slope * bound + slope);
        Some((k0, length * l1, 1.0 / (length * std::f64::consts::SQRT_2 * l1)))
    }
}

/// The cosh problem of the experiments: three coordinates each, κ = 2.9.
pub fn cosh() -> Family {
    use ndarray::array;
    let coupling = Coupling::Linear {
        b: array![[1.0, 0.3, 0.0], [-0.2, 0.8, 0.1], [0.0, 0.4, 1.0]],
        c0: Array1::zeros(3),
        t: array![1.0, -1.0, 0.5],
    };
    experimental(coupling)
}

/// The coupled problem of the experiments.
pub fn coupled() -> Family {
    use ndarray::array;
    let coupling = Coupling::Coupled {
        a: array![[1.0, 0.3, 0.0], [-0.2, 0.8, 0.1], [0.0, 0.4, 1.0]],
        c: array![[0.6, -0.4, 0.2], [0.3, 0.5, -0.3], [-0.2, 0.3, 0.7]],
        r: 0.5,
        alpha: 1.0,
    };
    experimental(coupling)
}

fn experimental(coupling: Coupling) -> Family {
    let growth = Growth { c: vec![1.0; 3], a: Some(vec![1.0; 3]), b: vec![0.5; 3], w: vec![3.0; 3] };
    let h = ndarray::array![[2.0, 0.5, 0.0], [0.5, 1.5, 0.3], [0.0, 0.3, 1.0]];
    Family::new(growth, h, coupling).expect("the matrix is positive definite")
}
