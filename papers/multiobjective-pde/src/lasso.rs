//! The Pareto set of ½|Ax − b|² and |x|₁, exactly: the lasso's path.
//!
//! x is linear in λ between kinks, where a coordinate leaves or enters zero. At a kink the active columns' Cholesky factor gains or loses one; one product with Aᵀ a kink is all that
//! costs, 2mn flops. As a function of s = |x|₁ the loss is convex, with derivative −λ, and quadratic between kinks, so that the area under the front is a finite sum.

use ndarray::{Array1, ArrayView1, ArrayView2};
use numerics::sum::fast_dot;

/// Why there is no path.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LassoError {
    /// Lengths differ.
    #[error("the matrix has {rows} rows, b has {right} numbers")]
    Shape {
        /// Of A.
        rows: usize,
        /// Of b.
        right: usize,
    },
    /// Not a number, or infinite.
    #[error("{0} has an entry that is not finite")]
    NotFinite(&'static str),
    /// There is nothing to choose.
    #[error("Aᵀb is zero: the path is the point 0")]
    Nothing,
}

/// A kink.
#[derive(Clone, Debug, PartialEq)]
pub struct Kink {
    /// λ.
    pub lambda: f64,
    /// The coordinates that are not zero, and their values, in ascending order of place.
    pub x: Vec<(usize, f64)>,
    /// ½|Ax − b|².
    pub loss: f64,
    /// |x|₁.
    pub l1: f64,
}

/// Columns whose squared distance from the span of the active ones is below this part of their squared length count as dependent.
const DEPENDENT: f64 = 1e-12;

/// All kinks from λ = |Aᵀb|_∞ down to λ = 0, or to `most` of them.
///
/// # Errors
/// For shapes that do not fit, for entries that are not finite, and for Aᵀb = 0.
pub fn path(a: ArrayView2<f64>, b: ArrayView1<f64>, most: usize) -> Result<Vec<Kink>, LassoError> {
    if a.nrows() != b.len() {
        return Err(LassoError::Shape { rows: a.nrows(), right: b.len() });
    }
    if a.iter().any(|entry| !entry.is_finite()) {
        return Err(LassoError::NotFinite("the matrix"));
    }
    if b.iter().any(|entry| !entry.is_finite()) {
        return Err(LassoError::NotFinite("b"));
    }
    let mut homotopy = Homotopy::new(a, b);
    if homotopy.lambda == 0.0 {
        return Err(LassoError::Nothing);
    }
    let mut kinks = vec![homotopy.kink()];
    while kinks.len() < most && homotopy.advance() {
        kinks.push(homotopy.kink());
    }
    Ok(kinks)
}

/// ∫ loss d|x|₁ over the path: Simpson's rule, exact on each piece.
pub fn area(kinks: &[Kink]) -> f64 {
    let piece = |pair: &[Kink]| {
        let width = pair[1].l1 - pair[0].l1;
        let middle = 0.5 * (pair[0].loss + pair[1].loss) - width * (pair[0].lambda - pair[1].lambda) / 8.0;
        width / 6.0 * (pair[0].loss + 4.0 * middle + pair[1].loss)
    };
    kinks.windows(2).map(piece).sum()
}

struct Homotopy {
    columns: Vec<Array1<f64>>,
    b: Vec<f64>,
    lambda: f64,
    residual: Vec<f64>,
    /// Aᵀr.
    correlations: Vec<f64>,
    /// Active columns in the order in which they came, with signs and values.
    active: Vec<usize>,
    signs: Vec<f64>,
    values: Vec<f64>,
    is_active: Vec<bool>,
    /// Columns that depend on active ones, until one of those leaves.
    excluded: Vec<bool>,
    /// Columns of the upper factor R of the active ones.
    factor: Vec<Vec<f64>>,
    /// What left at the last kink, and the sign that it left.
    left: Option<(usize, f64)>,
}

impl Homotopy {
    fn new(a: ArrayView2<f64>, b: ArrayView1<f64>) -> Self {
        let columns: Vec<Array1<f64>> = a.columns().into_iter().map(|column| column.to_owned()).collect();
        let residual = b.to_vec();
        let correlations = products(&columns, &residual);
        let lambda = correlations.iter().fold(0.0, |most: f64, c| most.max(c.abs()));
        let count = columns.len();
        let mut homotopy = Self {
            columns,
            b: b.to_vec(),
            lambda,
            residual,
            correlations,
            active: Vec::new(),
            signs: Vec::new(),
            values: Vec::new(),
            is_active: vec![false; count],
            excluded: vec![false; count],
            factor: Vec::new(),
            left: None,
        };
        if let Some(first) = (0..count).find(|j| homotopy.correlations[*j].abs() == lambda && lambda > 0.0) {
            homotopy.enter(first);
        }
        homotopy
    }

    fn kink(&self) -> Kink {
        let mut x: Vec<(usize, f64)> = (self.active.iter().copied().zip(self.values.iter().copied()))
            .filter(|(_, value)| *value != 0.0)
            .collect();
        x.sort_unstable_by_key(|(place, _)| *place);
        Kink {
            lambda: self.lambda,
            l1: self.values.iter().map(|value| value.abs()).sum(),
            loss: 0.5 * fast_dot(&self.residual, &self.residual),
            x,
        }
    }

    fn column(&self, j: usize) -> &[f64] {
        self.columns[j].as_slice().unwrap_or_default()
    }

    /// Makes a column active, unless it depends on those that are.
    fn enter(&mut self, j: usize) {
        let column = self.column(j);
        let mut entries: Vec<f64> = self.active.iter().map(|i| fast_dot(self.column(*i), column)).collect();
        for k in 0..entries.len() {
            let above: f64 = fast_dot(&self.factor[k][..k], &entries[..k]);
            entries[k] = (entries[k] - above) / self.factor[k][k];
        }
        let square = fast_dot(column, column);
        let rest = square - fast_dot(&entries, &entries);
        if rest <= DEPENDENT * square {
            self.excluded[j] = true;
            return;
        }
        entries.push(rest.sqrt());
        self.factor.push(entries);
        self.active.push(j);
        self.signs.push(self.correlations[j].signum());
        self.values.push(0.0);
        self.is_active[j] = true;
    }

    /// Takes the active column in a place out: rotations make the factor triangular again.
    fn leave(&mut self, place: usize) {
        self.left = Some((self.active[place], self.signs[place]));
        self.is_active[self.active[place]] = false;
        self.active.remove(place);
        self.signs.remove(place);
        self.values.remove(place);
        self.factor.remove(place);
        for k in place..self.factor.len() {
            let (x, y) = (self.factor[k][k], self.factor[k][k + 1]);
            let length = x.hypot(y);
            let (cosine, sine) = (x / length, y / length);
            for column in &mut self.factor[k..] {
                let (x, y) = (column[k], column[k + 1]);
                column[k] = cosine * x + sine * y;
                column[k + 1] = cosine * y - sine * x;
            }
            self.factor[k].truncate(k + 1);
        }
        self.excluded.fill(false);
    }

    /// (RᵀR)⁻¹ v.
    fn solve(&self, v: &mut [f64]) {
        let count = v.len();
        for k in 0..count {
            let above = fast_dot(&self.factor[k][..k], &v[..k]);
            v[k] = (v[k] - above) / self.factor[k][k];
        }
        for k in (0..count).rev() {
            v[k] /= self.factor[k][k];
            let (value, column) = (v[k], &self.factor[k]);
            v[..k].iter_mut().zip(column).for_each(|(v, r)| *v -= r * value);
        }
    }

    /// On to the next kink; `false` at the end of the path.
    fn advance(&mut self) -> bool {
        loop {
            if self.lambda <= 0.0 || self.active.is_empty() {
                return false;
            }
            // λ falls by γ: x grows by γd with d = (A_SᵀA_S)⁻¹ sign, correlations by −γ Aᵀ(A_S d).
            let mut direction = self.signs.clone();
            self.solve(&mut direction);
            let mut moved = vec![0.0; self.residual.len()];
            for (j, d) in self.active.iter().zip(&direction) {
                moved.iter_mut().zip(self.column(*j)).for_each(|(m, a)| *m += d * a);
            }
            let slopes = products(&self.columns, &moved);
            let mut step = self.lambda;
            let mut event = None;
            for (place, (value, d)) in self.values.iter().zip(&direction).enumerate() {
                let zero = -value / d;
                if *value != 0.0 && zero > 0.0 && zero < step {
                    (step, event) = (zero, Some((true, place)));
                }
            }
            let just_left = self.left.take();
            for j in 0..self.columns.len() {
                if self.is_active[j] || self.excluded[j] {
                    continue;
                }
                for sign in [1.0, -1.0] {
                    if just_left == Some((j, sign)) {
                        continue;
                    }
                    // sign(c − γ slope) = λ − γ.
                    let gap = (self.lambda - sign * self.correlations[j]).max(0.0);
                    let closing = 1.0 - sign * slopes[j];
                    if closing > 0.0 && gap < step * closing {
                        (step, event) = (gap / closing, Some((false, j)));
                    }
                }
            }
            self.values.iter_mut().zip(&direction).for_each(|(x, d)| *x += step * d);
            self.residual.iter_mut().zip(&moved).for_each(|(r, m)| *r -= step * m);
            for (c, slope) in self.correlations.iter_mut().zip(&slopes) {
                *c -= step * slope;
            }
            self.lambda = if event.is_none() { 0.0 } else { self.lambda - step };
            self.refresh();
            match event {
                Some((true, place)) => {
                    self.values[place] = 0.0;
                    self.leave(place);
                }
                Some((false, j)) => {
                    let before = self.active.len();
                    self.enter(j);
                    if self.active.len() == before {
                        // A dependent column: no kink.
                        continue;
                    }
                }
                None => {}
            }
            return true;
        }
    }

    /// Active values from the normal equations and the residual from them, so that errors do not add up over kinks.
    fn refresh(&mut self) {
        let mut values: Vec<f64> = (self.active.iter().zip(&self.signs))
            .map(|(j, sign)| fast_dot(self.column(*j), &self.b) - self.lambda * sign)
            .collect();
        self.solve(&mut values);
        self.values = values;
        self.residual.copy_from_slice(&self.b);
        for (j, value) in self.active.iter().zip(&self.values) {
            let column = self.columns[*j].as_slice().unwrap_or_default();
            self.residual.iter_mut().zip(column).for_each(|(r, a)| *r -= value * a);
        }
    }
}

/// Aᵀv.
fn products(columns: &[Array1<f64>], v: &[f64]) -> Vec<f64> {
    columns.iter().map(|column| fast_dot(column.as_slice().unwrap_or_default(), v)).collect()
}
