//! Matrices whose rows and columns are both at hand: kept twice, by rows and transposed.

use ndarray::{Array2, ArrayView2};
use numerics::symmetric::eigen;
use pulp::{Arch, NullaryFnOnce};

/// A matrix, dense or sparse.
#[derive(Clone, Debug)]
pub enum Matrix {
    /// All entries.
    Dense {
        /// By rows, then transposed.
        both: [Vec<f64>; 2],
        /// Rows and columns.
        shape: (usize, usize),
    },
    /// Entries that are not zero.
    Sparse {
        /// By rows, then transposed.
        both: [Compressed; 2],
        /// Rows and columns.
        shape: (usize, usize),
    },
}

/// Compressed rows.
#[derive(Clone, Debug)]
pub struct Compressed {
    starts: Vec<usize>,
    places: Vec<u32>,
    values: Vec<f64>,
}

impl Compressed {
    /// From (row, column, value), of which none stands twice, in any order.
    fn new(rows: usize, entries: &[(usize, usize, f64)], transposed: bool) -> Self {
        let place =
            |&(row, column, _): &(usize, usize, f64)| if transposed { (column, row) } else { (row, column) };
        let mut order: Vec<u32> = (0..entries.len() as u32).collect();
        order.sort_unstable_by_key(|k| place(&entries[*k as usize]));
        let mut starts = vec![0; rows + 1];
        for entry in entries {
            starts[place(entry).0 + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let sorted = order.iter().map(|k| &entries[*k as usize]);
        Self {
            starts,
            places: sorted.clone().map(|entry| place(entry).1 as u32).collect(),
            values: sorted.map(|entry| entry.2).collect(),
        }
    }

    fn row(&self, row: usize) -> (&[u32], &[f64]) {
        let range = self.starts[row]..self.starts[row + 1];
        (&self.places[range.clone()], &self.values[range])
    }
}

impl Matrix {
    /// A dense matrix, copied twice.
    pub fn dense(matrix: ArrayView2<f64>) -> Self {
        let both = [matrix, matrix.t()].map(|view| view.iter().copied().collect());
        Self::Dense { both, shape: matrix.dim() }
    }

    /// A sparse matrix from (row, column, value), of which none stands twice.
    ///
    /// # Panics
    /// If a place is outside of the shape, or rows, columns or entries exceed 2³².
    pub fn sparse(shape: (usize, usize), entries: &[(usize, usize, f64)]) -> Self {
        assert!(
            entries.iter().all(|entry| entry.0 < shape.0 && entry.1 < shape.1),
            "an entry is outside of the matrix"
        );
        assert!(
            [shape.0, shape.1, entries.len()].into_iter().all(|n| u32::try_from(n).is_ok()),
            "the matrix is too large"
        );
        let both = [Compressed::new(shape.0, entries, false), Compressed::new(shape.1, entries, true)];
        Self::Sparse { both, shape }
    }

    /// Rows and columns.
    pub fn shape(&self) -> (usize, usize) {
        match self {
            Self::Dense { shape, .. } | Self::Sparse { shape, .. } => *shape,
        }
    }

    /// `out` becomes A `x`, or Aᵀ `x` if `transposed`. One read of the matrix.
    pub fn apply(&self, transposed: bool, x: &[f64], out: &mut [f64]) {
        match self {
            Self::Dense { both, .. } => {
                Arch::new().dispatch(Dots { rows: &both[usize::from(transposed)], x, out });
            }
            Self::Sparse { both, .. } => {
                let rows = &both[usize::from(transposed)];
                for (row, out) in out.iter_mut().enumerate() {
                    let (places, values) = rows.row(row);
                    *out = places.iter().zip(values).map(|(place, value)| value * x[*place as usize]).sum();
                }
            }
        }
    }

    /// Adds `factor` times a row, or a column if `transposed`, to `out`.
    pub fn add_row(&self, transposed: bool, row: usize, factor: f64, out: &mut [f64]) {
        match self {
            Self::Dense { both, .. } => {
                let row = &both[usize::from(transposed)][row * out.len()..][..out.len()];
                for (o, a) in out.iter_mut().zip(row) {
                    *o += factor * a;
                }
            }
            Self::Sparse { both, .. } => {
                let (places, values) = both[usize::from(transposed)].row(row);
                for (place, value) in places.iter().zip(values) {
                    out[*place as usize] += factor * value;
                }
            }
        }
    }

    /// Squared lengths of the rows, or of the columns if `transposed`.
    pub fn squares(&self, transposed: bool) -> Vec<f64> {
        let square = |row: &[f64]| row.iter().map(|a| a * a).sum();
        let (rows, columns) = self.shape();
        let (count, length) = if transposed { (columns, rows) } else { (rows, columns) };
        match self {
            Self::Dense { both, .. } => {
                both[usize::from(transposed)].chunks_exact(length).map(square).collect()
            }
            Self::Sparse { both, .. } => {
                (0..count).map(|k| square(both[usize::from(transposed)].row(k).1)).collect()
            }
        }
    }

    /// |A|₂ by Golub, Kahan and Lanczos from a fixed start: bidiagonalisation with full orthogonalisation, to 60 steps of two reads of A each. Exact up to rounding where a side of
    /// the matrix is not longer than that; else from below, by less than 10⁻³ on dense random matrices of a thousand rows, the hardest that we tried.
    pub fn spectral_norm(&self) -> f64 {
        let (rows, columns) = self.shape();
        let steps = 60.min(rows).min(columns);
        // Irregular, so that no structured matrix has a leading vector orthogonal to it; an image under Aᵀ, so that the rank bounds the steps.
        let irregular: Vec<f64> = (0..rows).map(|k| 1.0 + 0.5 * (1.0 + k as f64).sqrt().sin()).collect();
        let mut right = vec![0.0; columns];
        self.apply(true, &irregular, &mut right);
        let (mut rights, mut lefts): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (Vec::new(), Vec::new());
        let mut projected = Array2::zeros((steps, steps)); // upper bidiagonal B, A V = U B
        for step in 0..steps {
            if normalise(&mut right, &rights) == 0.0 {
                break;
            }
            let mut left = vec![0.0; rows];
            self.apply(false, &right, &mut left);
            rights.push(right);
            for (k, earlier) in lefts.iter().enumerate() {
                projected[(k, step)] = dot(earlier, &left);
            }
            projected[(step, step)] = normalise(&mut left, &lefts);
            right = vec![0.0; columns];
            self.apply(true, &left, &mut right);
            lefts.push(left);
        }
        let gram = projected.t().dot(&projected);
        eigen(gram.view()).map_or(f64::NAN, |(values, _)| values.into_iter().fold(0.0, f64::max).sqrt())
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Makes a vector orthogonal to others, in two sweeps, and of length 1; returns the length it had, and leaves zero where nothing was left.
fn normalise(vector: &mut [f64], others: &[Vec<f64>]) -> f64 {
    let before = crate::operator::norm(vector);
    for _ in 0..2 {
        for other in others {
            let share = dot(vector, other);
            vector.iter_mut().zip(other).for_each(|(v, o)| *v -= share * o);
        }
    }
    let length = crate::operator::norm(vector);
    if length <= 1e-12 * before {
        vector.fill(0.0);
        return 0.0;
    }
    vector.iter_mut().for_each(|v| *v /= length);
    length
}

/// Dot products of all rows with one vector.
struct Dots<'a> {
    rows: &'a [f64],
    x: &'a [f64],
    out: &'a mut [f64],
}

impl NullaryFnOnce for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        // Sixteen sums for each row, in four vectors of four: additions then do not wait for one another.
        const WIDTH: usize = 16;
        let length = self.x.len();
        let whole = length - length % WIDTH;
        for (row, out) in self.rows.chunks_exact(length).zip(self.out) {
            let mut sums = [0.0_f64; WIDTH];
            for (a, x) in row[..whole].chunks_exact(WIDTH).zip(self.x[..whole].chunks_exact(WIDTH)) {
                for k in 0..WIDTH {
                    sums[k] = a[k].mul_add(x[k], sums[k]);
                }
            }
            let mut sum = 0.0;
            for part in sums {
                sum += part;
            }
            for (a, x) in row[whole..].iter().zip(&self.x[whole..]) {
                sum += a * x;
            }
            *out = sum;
        }
    }
}
