//! Sparse recovery from y = Ax + v, by ½‖y − Ax‖² + λ‖x‖₁ or + λ‖x‖₀.
//!
//! Every method here looks at A through its Gram matrix G = AᵀA, which is computed once, and at y through Aᵀy: a gradient is Gx − Aᵀy. Signals and
//! measurements stand in the rows of matrices.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use numerics::symmetric::eigenvalues;
use pulp::{Arch, NullaryFnOnce};
use serde::{Deserialize, Serialize};

/// What is added to ½‖y − Ax‖².
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Penalty {
    /// λ‖x‖₁: convex; its proximal map is soft thresholding.
    L1,
    /// λ‖x‖₀, λ for every entry that is not zero; its proximal map is hard thresholding.
    L0,
}

impl Penalty {
    /// The threshold of the proximal map for this weight and step g: λg, or √(2λg).
    pub fn threshold(self, weight: f64, step: f64) -> f64 {
        match self {
            Self::L1 => weight * step,
            Self::L0 => (2.0 * weight * step).sqrt(),
        }
    }

    /// Its derivative by the step: λ, or √(λ/(2g)).
    pub fn threshold_slope(self, weight: f64, step: f64) -> f64 {
        match self {
            Self::L1 => weight,
            Self::L0 => (weight / (2.0 * step)).sqrt(),
        }
    }

    /// Soft or hard thresholding of u at t ≥ 0; NaN stays NaN. At |u| = t hard thresholding gives zero; both are minimisers there.
    pub fn shrink(self, u: f64, threshold: f64) -> f64 {
        match self {
            Self::L1 => soft(u, threshold),
            Self::L0 => hard(u, threshold),
        }
    }

    /// x = P(u), without a branch that depends on an entry.
    #[inline(always)]
    pub(crate) fn shrink_all(self, threshold: f64, u: &[f64], x: &mut [f64]) {
        match self {
            Self::L1 => x.iter_mut().zip(u).for_each(|(x, u)| *x = soft(*u, threshold)),
            Self::L0 => x.iter_mut().zip(u).for_each(|(x, u)| *x = hard(*u, threshold)),
        }
    }

    /// λ‖x‖₁ or λ‖x‖₀.
    pub fn value<'a>(self, weight: f64, x: impl IntoIterator<Item = &'a f64>) -> f64 {
        let x = x.into_iter();
        weight
            * match self {
                Self::L1 => x.map(|entry| entry.abs()).sum::<f64>(),
                Self::L0 => x.filter(|entry| **entry != 0.0).count() as f64,
            }
    }
}

#[inline(always)]
fn soft(u: f64, threshold: f64) -> f64 {
    let left = u.abs() - threshold;
    // The sum turns −0 into 0.
    (if left <= 0.0 { 0.0 } else { left }).copysign(u) + 0.0
}

#[inline(always)]
fn hard(u: f64, threshold: f64) -> f64 {
    if u.abs() <= threshold { 0.0 } else { u }
}

/// Why a matrix is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProblemError {
    /// It has no entry.
    #[error("the matrix is empty")]
    Empty,
    /// An entry is NaN or infinite.
    #[error("row {row}, column {column} of the matrix is not finite")]
    NotFinite {
        /// From 0.
        row: usize,
        /// From 0.
        column: usize,
    },
    /// Squares of entries leave the numbers, or all of them vanish while entries do not.
    #[error("the matrix has entries whose squares are no numbers: scale it")]
    Scale,
}

/// A matrix with what all methods need of it.
#[derive(Clone, Debug)]
pub struct Problem {
    a: Array2<f64>,
    /// Aᵀ by rows, so that a column of A is a slice.
    columns: Array2<f64>,
    gram: Array2<f64>,
    lipschitz: f64,
}

impl Problem {
    /// Computes G and its largest eigenvalue: 2 M N² flops and, with K = min(M, N), some K²N + K³ more. G takes 8 N² bytes.
    ///
    /// # Errors
    /// For an empty matrix, entries that are not finite, and such whose squares are not.
    pub fn new(a: Array2<f64>) -> Result<Self, ProblemError> {
        if a.is_empty() {
            return Err(ProblemError::Empty);
        }
        if let Some(((row, column), _)) = a.indexed_iter().find(|(_, entry)| !entry.is_finite()) {
            return Err(ProblemError::NotFinite { row, column });
        }
        let a = a.as_standard_layout().to_owned();
        let gram = a.t().dot(&a).as_standard_layout().to_owned();
        let spectrum =
            if a.nrows() < a.ncols() { eigenvalues(a.dot(&a.t()).view()) } else { eigenvalues(gram.view()) };
        let lipschitz =
            spectrum.and_then(|values| values.last().copied()).ok_or(ProblemError::Scale)?.max(0.0);
        if !lipschitz.is_finite() || (lipschitz == 0.0 && a.iter().any(|entry| *entry != 0.0)) {
            return Err(ProblemError::Scale);
        }
        let columns = a.t().as_standard_layout().to_owned();
        Ok(Self { a, columns, gram, lipschitz })
    }

    /// A, M × N.
    pub fn matrix(&self) -> ArrayView2<'_, f64> {
        self.a.view()
    }

    /// G = AᵀA, N × N.
    pub fn gram(&self) -> ArrayView2<'_, f64> {
        self.gram.view()
    }

    /// L, the largest eigenvalue of G.
    pub fn lipschitz(&self) -> f64 {
        self.lipschitz
    }

    /// 1/L, the step of ISTA and IHT; 1 for a matrix of zeros.
    pub fn plain_step(&self) -> f64 {
        if self.lipschitz > 0.0 { 1.0 / self.lipschitz } else { 1.0 }
    }

    /// M and N.
    pub fn dimensions(&self) -> (usize, usize) {
        self.a.dim()
    }

    /// Aᵀy for measurements in rows: 2 M N flops for each.
    ///
    /// # Panics
    /// If rows have another length than M.
    pub fn correlations(&self, ys: ArrayView2<f64>) -> Array2<f64> {
        ys.dot(&self.a).as_standard_layout().to_owned()
    }

    /// ½‖y − Ax‖² + λ·penalty for each pair of rows: 2 M N flops each.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn objectives(
        &self,
        ys: ArrayView2<f64>,
        xs: ArrayView2<f64>,
        penalty: Penalty,
        weight: f64,
    ) -> Array1<f64> {
        let residuals = &ys - &xs.dot(&self.a.t());
        residuals
            .axis_iter(Axis(0))
            .zip(xs.axis_iter(Axis(0)))
            .map(|(r, x)| 0.5 * squared(r) + penalty.value(weight, x))
            .collect()
    }

    /// A column of A.
    pub(crate) fn column(&self, column: usize) -> ArrayView1<'_, f64> {
        self.columns.row(column)
    }

    /// y − Ax: 2 M flops for each entry that is not zero.
    pub(crate) fn residual(&self, y: ArrayView1<f64>, x: ArrayView1<f64>) -> Array1<f64> {
        let mut residual = y.to_owned();
        for (column, entry) in x.iter().enumerate().filter(|(_, entry)| **entry != 0.0) {
            residual.scaled_add(-entry, &self.column(column));
        }
        residual
    }

    /// Aᵀr.
    pub(crate) fn correlation(&self, r: ArrayView1<f64>) -> Array1<f64> {
        let mut correlation = Array1::zeros(self.a.ncols());
        if let (Some(matrix), Some(out)) = (self.a.as_slice(), correlation.as_slice_mut()) {
            let r = r.to_vec();
            Arch::new().dispatch(Product { matrix, v: &r, out });
        }
        correlation
    }

    /// G over some rows and columns.
    pub(crate) fn gram_part(&self, places: &[usize]) -> Array2<f64> {
        let (size, rows) = (self.gram.ncols(), self.gram_rows());
        let mut part = Vec::with_capacity(places.len() * places.len());
        for i in places {
            let from = &rows[i * size..(i + 1) * size];
            part.extend(places.iter().map(|j| from[*j]));
        }
        Array2::from_shape_vec((places.len(), places.len()), part).unwrap_or_default()
    }

    /// A vector v over some columns of A with Av = 0: the first column that depends on those before it, by Cholesky factorisation row by row. `None` if they are independent. Cost: k³/3 flops up to the k-th column.
    pub(crate) fn dependence(&self, places: &[usize]) -> Option<Vec<f64>> {
        let mut factor: Vec<Vec<f64>> = Vec::new();
        for (k, column) in places.iter().enumerate() {
            let row = &self.gram_rows()[column * self.gram.ncols()..(column + 1) * self.gram.ncols()];
            let mut pivot = row[*column];
            let mut entries = Vec::with_capacity(k + 1);
            for (above, place) in factor.iter().zip(places) {
                let dot: f64 = above.iter().zip(&entries).map(|(a, b): (&f64, &f64)| a * b).sum();
                let entry = (row[*place] - dot) / above[entries.len()];
                pivot -= entry * entry;
                entries.push(entry);
            }
            if pivot <= 1e-11 * row[*column] {
                // Lᵀw = L⁻¹g gives the column as a combination of those before.
                for i in (0..k).rev() {
                    let below: f64 = (i + 1..k).map(|j| factor[j][i] * entries[j]).sum();
                    entries[i] = (entries[i] - below) / factor[i][i];
                }
                entries.push(-1.0);
                entries.resize(places.len(), 0.0);
                return Some(entries);
            }
            entries.push(pivot.sqrt());
            factor.push(entries);
        }
        None
    }

    /// G as one slice by rows.
    pub(crate) fn gram_rows(&self) -> &[f64] {
        self.gram.as_slice().unwrap_or_default()
    }

    /// Replaces `out` by Gv: 2 N flops for each entry of v that is not zero.
    pub(crate) fn gram_product(&self, v: &[f64], out: &mut [f64]) {
        Arch::new().dispatch(Product { matrix: self.gram_rows(), v, out });
    }

    /// x = P(x − g(Gx − b)), with room for twice N numbers.
    pub(crate) fn proximal_step(
        &self,
        b: &[f64],
        step: f64,
        shrink: (Penalty, f64),
        x: &mut [f64],
        room: &mut [Vec<f64>; 2],
    ) {
        Arch::new().dispatch(ProximalStep { gram: self.gram_rows(), b, step, shrink, x, room });
    }

    /// Adds the multiple of a row of G.
    pub(crate) fn add_gram_row(&self, row: usize, factor: f64, out: &mut [f64]) {
        let size = out.len();
        let row = &self.gram_rows()[row * size..(row + 1) * size];
        Arch::new().dispatch(Row { row, factor, out });
    }
}

/// ‖v‖².
pub(crate) fn squared(v: ArrayView1<f64>) -> f64 {
    v.dot(&v)
}

struct Product<'a> {
    matrix: &'a [f64],
    v: &'a [f64],
    out: &'a mut [f64],
}

impl NullaryFnOnce for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        product(self.matrix, self.v, self.out);
    }
}

struct ProximalStep<'a> {
    gram: &'a [f64],
    b: &'a [f64],
    step: f64,
    shrink: (Penalty, f64),
    x: &'a mut [f64],
    room: &'a mut [Vec<f64>; 2],
}

impl NullaryFnOnce for ProximalStep<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let [slope, u] = self.room;
        advance(self.gram, self.b, self.step, self.x, slope, u);
        self.shrink.0.shrink_all(self.shrink.1, u, self.x);
    }
}

/// Gx − b, and u = x − g(Gx − b).
#[inline(always)]
pub(crate) fn advance(gram: &[f64], b: &[f64], step: f64, x: &[f64], slope: &mut [f64], u: &mut [f64]) {
    product(gram, x, slope);
    for (((slope, u), b), x) in slope.iter_mut().zip(u).zip(b).zip(x) {
        *slope -= b;
        *u = x - step * *slope;
    }
}

struct Row<'a> {
    row: &'a [f64],
    factor: f64,
    out: &'a mut [f64],
}

impl NullaryFnOnce for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.out.iter_mut().zip(self.row).for_each(|(out, g)| *out += self.factor * g);
    }
}

/// out = Σ vⱼ · row j of the matrix, eight rows at a time, so that `out` is read and written once for eight. Thresholded iterates have few entries, and a row of G for each
/// beats the dense product, which would read all of G.
#[inline(always)]
pub(crate) fn product(matrix: &[f64], v: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    // Places of entries, found without a branch: which of them are zero is not for a processor to guess.
    let mut held = [0; 64 + 8];
    let mut count = 0;
    for (block, entries) in v.chunks(64).enumerate() {
        for (j, entry) in entries.iter().enumerate() {
            held[count] = 64 * block + j;
            count += usize::from(*entry != 0.0);
        }
        let whole = count / 8 * 8;
        for eight in held[..whole].chunks_exact(8) {
            add_rows::<8>(matrix, v, eight, out);
        }
        held.copy_within(whole..count, 0);
        count -= whole;
    }
    let whole = count / 4 * 4;
    for four in held[..whole].chunks_exact(4) {
        add_rows::<4>(matrix, v, four, out);
    }
    for one in held[whole..count].chunks_exact(1) {
        add_rows::<1>(matrix, v, one, out);
    }
}

/// Adds multiples of K rows at once. Fused multiply-adds, which every processor of the last ten years has; without them this is right but slow.
#[inline(always)]
fn add_rows<const K: usize>(matrix: &[f64], v: &[f64], places: &[usize], out: &mut [f64]) {
    let size = out.len();
    let rows: [&[f64]; K] = std::array::from_fn(|k| &matrix[places[k] * size..(places[k] + 1) * size]);
    let factors: [f64; K] = std::array::from_fn(|k| v[places[k]]);
    for i in 0..size {
        let mut sum = out[i];
        for k in 0..K {
            sum = factors[k].mul_add(rows[k][i], sum);
        }
        out[i] = sum;
    }
}
