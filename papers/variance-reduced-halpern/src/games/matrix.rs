//! Matrices whose rows and columns are both at hand: kept twice, by rows and transposed.

use ndarray::ArrayView2;
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

    /// |A|₂ by the power method on AᵀA from a fixed start, until it grows by less than 10⁻⁶ of itself or 500 steps: a lower bound that is
    /// seldom off by more than 10⁻⁴ of itself.
    pub fn spectral_norm(&self) -> f64 {
        let (rows, columns) = self.shape();
        // No eigenvector of a structured matrix is orthogonal to this start.
        let mut x: Vec<f64> = (0..columns).map(|k| 1.0 + 0.5 * (1.0 + k as f64).sqrt().sin()).collect();
        let (mut image, mut last) = (vec![0.0; rows], 0.0);
        for _ in 0..500 {
            let length = crate::operator::norm(&x);
            if length == 0.0 {
                return 0.0;
            }
            x.iter_mut().for_each(|x| *x /= length);
            self.apply(false, &x, &mut image);
            let norm = crate::operator::norm(&image);
            self.apply(true, &image, &mut x);
            if norm - last <= 1e-6 * norm {
                return norm;
            }
            last = norm;
        }
        last
    }
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
            for k in 0..WIDTH {
                sum += sums[k];
            }
            for (a, x) in row[whole..].iter().zip(&self.x[whole..]) {
                sum += a * x;
            }
            *out = sum;
        }
    }
}
