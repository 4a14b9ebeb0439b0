//! Columns that can enter soon.
//!
//! With correlations c⁰ at a residual r⁰ and a weight λ⁰, a column a_j stays below λ as long as |c⁰_j| + |a_j||r − r⁰| < λ. For a horizon γ in which λ falls by γ and the residual moves by γ|m| at most, the columns with
//! λ⁰ − |c⁰_j| > γ(1 + |a_j||m|) need not be looked at. The horizon is chosen so that a few columns remain; when a path leaves it, correlations are computed anew.

use pulp::{Arch, NullaryFnOnce};

/// The matrix by columns.
pub struct Matrix {
    values: Vec<f64>,
    rows: usize,
    /// |a_j|.
    lengths: Vec<f64>,
}

struct Products<'a> {
    matrix: &'a Matrix,
    columns: &'a [u32],
    v: &'a [f64],
    out: &'a mut [f64],
}

impl NullaryFnOnce for Products<'_> {
    type Output = ();

    /// Dot products in sixteen sums, in an order that does not depend on the instruction set.
    #[inline(always)]
    fn call(self) {
        let rows = self.matrix.rows;
        let (blocks, rest) = self.v.as_chunks::<16>();
        for j in self.columns {
            let column = &self.matrix.values[*j as usize * rows..][..rows];
            let (chunks, tail) = column.as_chunks::<16>();
            let mut sums = [0.0; 16];
            for (a, v) in chunks.iter().zip(blocks) {
                for lane in 0..16 {
                    sums[lane] += a[lane] * v[lane];
                }
            }
            let tail: f64 = tail.iter().zip(rest).map(|(a, v)| a * v).sum();
            self.out[*j as usize] = sums.iter().sum::<f64>() + tail;
        }
    }
}

impl Matrix {
    /// Copies a matrix.
    pub fn new(a: ndarray::ArrayView2<f64>) -> Self {
        let rows = a.nrows();
        let values: Vec<f64> =
            a.columns().into_iter().flat_map(|column| column.into_iter().copied()).collect();
        let lengths = values
            .chunks_exact(rows.max(1))
            .map(|column| column.iter().map(|entry| entry * entry).sum::<f64>().sqrt())
            .collect();
        Self { values, rows, lengths }
    }

    /// Columns.
    pub fn count(&self) -> usize {
        self.lengths.len()
    }

    /// a_j.
    pub fn column(&self, j: usize) -> &[f64] {
        &self.values[j * self.rows..][..self.rows]
    }

    /// a_jᵀv into `out` for these columns.
    pub fn products(&self, columns: &[u32], v: &[f64], out: &mut [f64]) {
        Arch::new().dispatch(Products { matrix: self, columns, v, out });
    }
}

/// Columns at least; fewer are not worth leaving out.
const FEWEST: usize = 64;

/// The columns that are looked at, and for how long that is enough.
pub struct Screen {
    /// The columns.
    pub candidates: Vec<u32>,
    reference: Vec<f64>,
    lambda: f64,
    /// γ, and γ|m|.
    fall: f64,
    way: f64,
    /// Kinks since it was made.
    age: usize,
    /// Columns that are asked for.
    share: usize,
    keys: Vec<(f64, u32)>,
}

impl Screen {
    /// One that lets all columns through at no point: it has to be renewed first.
    pub fn new(columns: usize) -> Self {
        Self {
            candidates: Vec::new(),
            reference: Vec::new(),
            lambda: f64::NAN,
            fall: 0.0,
            way: 0.0,
            age: 0,
            share: columns.div_ceil(8).max(FEWEST),
            keys: Vec::new(),
        }
    }

    /// Chooses anew from fresh correlations of all columns; `speed` is |m|. `skip` are columns that cannot enter.
    pub fn renew(
        &mut self,
        matrix: &Matrix,
        correlations: &[f64],
        residual: &[f64],
        (lambda, speed): (f64, f64),
        skip: impl Fn(usize) -> bool,
    ) {
        // One that was left at once was too small, one that lasted too large.
        if self.age == 0 && !self.reference.is_empty() {
            self.share *= 2;
        } else if self.age > 8 {
            self.share = (self.share / 2).max(FEWEST);
        }
        self.age = 0;
        self.keys.clear();
        self.keys.extend(
            (0..matrix.count())
                .filter(|j| !skip(*j))
                .map(|j| ((lambda - correlations[j].abs()) / (1.0 + matrix.lengths[j] * speed), j as u32)),
        );
        self.candidates.clear();
        if self.keys.len() <= self.share {
            self.fall = f64::INFINITY;
            self.way = f64::INFINITY;
            self.candidates.extend(self.keys.iter().map(|(_, j)| *j));
        } else {
            let (_, last, _) = self.keys.select_nth_unstable_by(self.share, |a, b| a.0.total_cmp(&b.0));
            self.fall = last.0.max(0.0);
            self.way = self.fall * speed;
            let fall = self.fall;
            self.candidates.extend(self.keys.iter().filter(|(key, _)| *key <= fall).map(|(_, j)| *j));
            self.candidates.sort_unstable();
        }
        self.reference.clear();
        self.reference.extend_from_slice(residual);
        self.lambda = lambda;
    }

    /// The longest step from here for which the candidates are enough; negative if they are for none.
    pub fn horizon(&self, residual: &[f64], lambda: f64, speed: f64) -> f64 {
        if self.lambda.is_nan() {
            return f64::NEG_INFINITY;
        }
        if self.fall.is_infinite() {
            return f64::INFINITY;
        }
        let gone: f64 =
            residual.iter().zip(&self.reference).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
        (lambda - self.lambda + self.fall).min((self.way - gone) / speed)
    }

    /// Counts a kink.
    pub fn passed(&mut self) {
        self.age += 1;
    }

    /// Has correlations of all columns computed before the next step, because columns may enter that could not.
    pub fn invalidate(&mut self) {
        self.lambda = f64::NAN;
        self.fall = 0.0;
        self.age = self.age.max(1);
    }
}
