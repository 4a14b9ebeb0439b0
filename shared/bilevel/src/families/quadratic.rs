//! Quadratic lower levels, singular or on a set.

use ndarray::{Array1, Array2, ArrayView1};
use numerics::symmetric::eigen;

use crate::levels::{Bilevel, Known, Lower, Products, SecondOrder, Upper};
use crate::lower;
use crate::sets::{ConvexSet, SetError};

/// f = (y − t)ᵀQ(y − t)/2 + (x − s)ᵀP(x − s)/2 + xᵀRy − waves Σ cos 2xᵢ, with Q and P symmetric.
#[derive(Clone, Debug)]
pub struct UpperQuadratic {
    /// q × q.
    pub q: Array2<f64>,
    /// q numbers.
    pub t: Array1<f64>,
    /// d × d.
    pub p: Array2<f64>,
    /// d numbers.
    pub s: Array1<f64>,
    /// d × q.
    pub r: Array2<f64>,
    /// Makes ψ nonconvex.
    pub waves: f64,
}

/// g = yᵀGy/2 − (Kx + k)ᵀy + xᵀUx/2 + uᵀx + c over Y, with f an [`UpperQuadratic`].
///
/// Where Y = ℝ^q, G may be singular with Kx + k in its range for every x: then S(x) is an affine space. On other sets it must be positive definite.
#[derive(Clone, Debug)]
pub struct Quadratic {
    upper: UpperQuadratic,
    lower_matrix: Array2<f64>,
    slope: Array2<f64>,
    offset: Array1<f64>,
    own: Array2<f64>,
    own_slope: Array1<f64>,
    own_offset: f64,
    set: ConvexSet,
    upper_set: ConvexSet,
    /// G⁺, and an orthonormal basis of the null space of G.
    inverse: Array2<f64>,
    null: Array2<f64>,
}

/// Why there is no such problem.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QuadraticError {
    /// Sizes do not fit.
    #[error("{0}: expected {1} × {2}, found {3} × {4}")]
    Shape(&'static str, usize, usize, usize, usize),
    /// A number is NaN or infinite.
    #[error("{0} has an entry that is not finite")]
    NotFinite(&'static str),
    /// G has a negative eigenvalue, or is singular on a bounded set.
    #[error("the lower level's matrix is not positive {0}definite: its least eigenvalue is {1:.3e}")]
    Indefinite(&'static str, f64),
    /// A matrix of second derivatives differs from its transpose.
    #[error("{0} is not symmetric")]
    Asymmetric(&'static str),
    /// f has negative curvature along S(x).
    #[error("f is unbounded below along the lower solutions: its least curvature there is {0:.3e}")]
    Unbounded(f64),
    /// Y is empty or no set.
    #[error(transparent)]
    Set(#[from] SetError),
}

impl Quadratic {
    /// g = |By − Ax − b|²/2 over ℝ^q, with B of any rank.
    ///
    /// # Errors
    /// Sizes that do not fit, entries that are not finite.
    pub fn least_squares(
        b: &Array2<f64>,
        a: &Array2<f64>,
        offset: &Array1<f64>,
        upper: UpperQuadratic,
    ) -> Result<Self, QuadraticError> {
        shape("A", a, b.nrows(), upper.s.len())?;
        vector("b", offset, b.nrows())?;
        let parts = (b.t().dot(b), b.t().dot(a), b.t().dot(offset));
        let own = (a.t().dot(a), a.t().dot(offset), 0.5 * offset.dot(offset));
        Self::new(parts, own, ConvexSet::Whole, upper)
    }

    /// g = (y − Ax − b)ᵀH(y − Ax − b)/2 over a set.
    ///
    /// # Errors
    /// Sizes that do not fit, entries that are not finite, a set that is none, H that is not positive definite.
    pub fn centred(
        h: &Array2<f64>,
        a: &Array2<f64>,
        offset: &Array1<f64>,
        set: ConvexSet,
        upper: UpperQuadratic,
    ) -> Result<Self, QuadraticError> {
        shape("A", a, h.nrows(), upper.s.len())?;
        vector("b", offset, h.nrows())?;
        let (ha, hb) = (h.dot(a), h.dot(offset));
        let own = (a.t().dot(&ha), a.t().dot(&hb), 0.5 * offset.dot(&hb));
        Self::new((h.clone(), ha, hb), own, set, upper)
    }

    /// g = yᵀHy/2 − (Ax + b)ᵀy over a set.
    ///
    /// # Errors
    /// As [`centred`](Self::centred).
    pub fn linear(
        h: &Array2<f64>,
        a: &Array2<f64>,
        offset: &Array1<f64>,
        set: ConvexSet,
        upper: UpperQuadratic,
    ) -> Result<Self, QuadraticError> {
        let d = upper.s.len();
        Self::new(
            (h.clone(), a.clone(), offset.clone()),
            (Array2::zeros((d, d)), Array1::zeros(d), 0.0),
            set,
            upper,
        )
    }

    fn new(
        (lower_matrix, slope, offset): (Array2<f64>, Array2<f64>, Array1<f64>),
        (own, own_slope, own_offset): (Array2<f64>, Array1<f64>, f64),
        set: ConvexSet,
        upper: UpperQuadratic,
    ) -> Result<Self, QuadraticError> {
        set.check()?;
        let (q, d) = (lower_matrix.nrows(), upper.s.len());
        shape("the lower level's matrix", &lower_matrix, q, q)?;
        shape("A", &slope, q, d)?;
        vector("b", &offset, q)?;
        shape("Q", &upper.q, q, q)?;
        vector("t", &upper.t, q)?;
        shape("P", &upper.p, d, d)?;
        shape("R", &upper.r, d, q)?;
        vector("s", &upper.s, d)?;
        for (name, matrix) in [("the lower level's matrix", &lower_matrix), ("Q", &upper.q), ("P", &upper.p)]
        {
            let largest = matrix.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
            if matrix.indexed_iter().any(|((i, j), entry)| (entry - matrix[(j, i)]).abs() > 1e-12 * largest) {
                return Err(QuadraticError::Asymmetric(name));
            }
        }
        let (values, vectors) =
            eigen(lower_matrix.view()).ok_or(QuadraticError::NotFinite("the lower level's matrix"))?;
        let largest = values.last().copied().unwrap_or(0.0).abs();
        let cut = 1e-10 * largest * q as f64;
        if values[0] < -cut {
            return Err(QuadraticError::Indefinite("semi", values[0]));
        }
        if set != ConvexSet::Whole && values[0] <= cut {
            return Err(QuadraticError::Indefinite("", values[0]));
        }
        let rank_from = values.iter().position(|value| *value > cut).unwrap_or(q);
        let kept = vectors.slice(ndarray::s![.., rank_from..]);
        let scaled = &kept / &Array1::from(values[rank_from..].to_vec());
        let (inverse, null) = (scaled.dot(&kept.t()), vectors.slice(ndarray::s![.., ..rank_from]).to_owned());
        let along = null.t().dot(&upper.q).dot(&null);
        let size = upper.q.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        if let Some((curvatures, _)) = eigen(along.view())
            && curvatures[0] < -1e-10 * size
        {
            return Err(QuadraticError::Unbounded(curvatures[0]));
        }
        Ok(Self {
            upper,
            lower_matrix,
            slope,
            offset,
            own,
            own_slope,
            own_offset,
            set,
            upper_set: ConvexSet::Whole,
            inverse,
            null,
        })
    }

    /// The same with x in a set.
    pub fn with_upper_set(mut self, set: ConvexSet) -> Self {
        self.upper_set = set;
        self
    }

    /// Directions of the lower level without curvature, orthonormal, in columns.
    pub fn null_space(&self) -> &Array2<f64> {
        &self.null
    }

    fn right(&self, x: &[f64]) -> Array1<f64> {
        self.slope.dot(&ArrayView1::from(x)) + &self.offset
    }
}

fn shape(
    name: &'static str,
    matrix: &Array2<f64>,
    rows: usize,
    columns: usize,
) -> Result<(), QuadraticError> {
    if matrix.dim() != (rows, columns) {
        return Err(QuadraticError::Shape(name, rows, columns, matrix.nrows(), matrix.ncols()));
    }
    if matrix.iter().all(|entry| entry.is_finite()) { Ok(()) } else { Err(QuadraticError::NotFinite(name)) }
}

fn vector(name: &'static str, vector: &Array1<f64>, length: usize) -> Result<(), QuadraticError> {
    if vector.len() != length {
        return Err(QuadraticError::Shape(name, length, 1, vector.len(), 1));
    }
    if vector.iter().all(|entry| entry.is_finite()) { Ok(()) } else { Err(QuadraticError::NotFinite(name)) }
}

/// out = matrix · v, without allocating.
fn times(matrix: &Array2<f64>, v: &[f64], out: &mut [f64]) {
    for (row, out) in matrix.rows().into_iter().zip(out) {
        *out = row.iter().zip(v).map(|(a, v)| a * v).sum();
    }
}

/// out += scale · matrixᵀ · v, without allocating.
fn add_transposed(matrix: &Array2<f64>, v: &[f64], scale: f64, out: &mut [f64]) {
    for (row, v) in matrix.rows().into_iter().zip(v) {
        for (out, a) in out.iter_mut().zip(row) {
            *out += scale * a * v;
        }
    }
}

/// (v − center)ᵀM(v − center)/2.
fn half_form(matrix: &Array2<f64>, v: &[f64], center: Option<&Array1<f64>>) -> f64 {
    let offset = |k: usize| v[k] - center.map_or(0.0, |center| center[k]);
    let row = |(i, row): (usize, ArrayView1<f64>)| {
        offset(i) * row.iter().enumerate().map(|(j, a)| a * offset(j)).sum::<f64>()
    };
    0.5 * matrix.rows().into_iter().enumerate().map(row).sum::<f64>()
}

/// out = M(v − center).
fn form_slope(matrix: &Array2<f64>, v: &[f64], center: &Array1<f64>, out: &mut [f64]) {
    for (row, out) in matrix.rows().into_iter().zip(out) {
        *out = row.iter().zip(v).zip(center).map(|((a, v), c)| a * (v - c)).sum();
    }
}

impl Upper for Quadratic {
    fn upper(&self, x: &[f64], y: &[f64]) -> f64 {
        let u = &self.upper;
        let mixed: f64 =
            u.r.rows()
                .into_iter()
                .zip(x)
                .map(|(row, x)| x * row.iter().zip(y).map(|(r, y)| r * y).sum::<f64>())
                .sum();
        let waves =
            if u.waves == 0.0 { 0.0 } else { u.waves * x.iter().map(|x| (2.0 * x).cos()).sum::<f64>() };
        half_form(&u.q, y, Some(&u.t)) + half_form(&u.p, x, Some(&u.s)) + mixed - waves
    }

    fn upper_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        let u = &self.upper;
        form_slope(&u.p, x, &u.s, out);
        for ((out, row), x) in out.iter_mut().zip(u.r.rows()).zip(x) {
            *out += row.iter().zip(y).map(|(r, y)| r * y).sum::<f64>();
            if u.waves != 0.0 {
                *out += 2.0 * u.waves * (2.0 * x).sin();
            }
        }
    }

    fn upper_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        form_slope(&self.upper.q, y, &self.upper.t, out);
        add_transposed(&self.upper.r, x, 1.0, out);
    }
}

impl Lower for Quadratic {
    fn lower(&self, x: &[f64], y: &[f64]) -> f64 {
        let right = self.right(x);
        half_form(&self.lower_matrix, y, None) - right.iter().zip(y).map(|(r, y)| r * y).sum::<f64>()
            + half_form(&self.own, x, None)
            + self.own_slope.iter().zip(x).map(|(u, x)| u * x).sum::<f64>()
            + self.own_offset
    }

    fn lower_x(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        times(&self.own, x, out);
        out.iter_mut().zip(&self.own_slope).for_each(|(out, u)| *out += u);
        add_transposed(&self.slope, y, -1.0, out);
    }

    fn lower_y(&self, x: &[f64], y: &[f64], out: &mut [f64]) {
        for (i, out) in out.iter_mut().enumerate() {
            let curved: f64 = self.lower_matrix.row(i).iter().zip(y).map(|(g, y)| g * y).sum();
            let tilt: f64 = self.slope.row(i).iter().zip(x).map(|(k, x)| k * x).sum();
            *out = curved - tilt - self.offset[i];
        }
    }
}

impl Bilevel for Quadratic {
    fn dimensions(&self) -> (usize, usize) {
        (self.upper.s.len(), self.offset.len())
    }
    fn upper_set(&self) -> &ConvexSet {
        &self.upper_set
    }
    fn lower_set(&self) -> &ConvexSet {
        &self.set
    }
}

impl Products for Quadratic {
    fn lower_yy_times(&self, _: &[f64], _: &[f64], v: &[f64], out: &mut [f64]) {
        times(&self.lower_matrix, v, out);
    }
    fn lower_xy_times(&self, _: &[f64], _: &[f64], v: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        add_transposed(&self.slope, v, -1.0, out);
    }
}

impl SecondOrder for Quadratic {
    fn lower_yy(&self, _: &[f64], _: &[f64]) -> Array2<f64> {
        self.lower_matrix.clone()
    }
    fn upper_yy(&self, _: &[f64], _: &[f64]) -> Array2<f64> {
        self.upper.q.clone()
    }
}

impl Known for Quadratic {
    /// G⁺(Kx + k), moved along the null space to the least f; on a set by Newton's method.
    fn solution(&self, x: &[f64]) -> Vec<f64> {
        let y = self.inverse.dot(&self.right(x));
        if self.set != ConvexSet::Whole {
            let found = lower::solve(self, x, 0.0, y.as_slice().unwrap_or_default());
            return found.map_or_else(|| vec![f64::NAN; y.len()], |found| found.point);
        }
        if self.null.ncols() == 0 {
            return y.to_vec();
        }
        let mut slope = vec![0.0; y.len()];
        self.upper_y(x, y.as_slice().unwrap_or_default(), &mut slope);
        let reduced = self.null.t().dot(&self.upper.q).dot(&self.null);
        let right = self.null.t().dot(&Array1::from(slope));
        let Some((values, vectors)) = eigen(reduced.view()) else { return vec![f64::NAN; y.len()] };
        let largest = values.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        let mut along = vectors.t().dot(&right);
        // Where f is flat too, every point is as good.
        along.iter_mut().zip(&values).for_each(|(along, value)| {
            *along = if *value > 1e-12 * largest.max(1e-300) { *along / value } else { 0.0 }
        });
        (y - self.null.dot(&vectors.dot(&along))).to_vec()
    }
}
