//! Sparse matrices by rows, which is how sketches touch them.

use ndarray::Array2;

/// A matrix whose rows are lists of (column, value); an absent entry is zero. Columns of a row may come in any order, each at most once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sparse {
    columns: usize,
    starts: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f64>,
}

impl Sparse {
    /// A matrix without rows.
    pub fn new(columns: usize) -> Self {
        Self { columns, starts: vec![0], indices: Vec::new(), values: Vec::new() }
    }

    /// Its rows from dense ones; zeros are left out.
    pub fn from_rows<R: AsRef<[f64]>>(columns: usize, rows: impl IntoIterator<Item = R>) -> Self {
        let mut matrix = Self::new(columns);
        for row in rows {
            for (column, value) in row.as_ref().iter().enumerate().filter(|(_, value)| **value != 0.0) {
                matrix.push(column, *value);
            }
            matrix.end_row();
        }
        matrix
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self, columns: usize) {
        self.columns = columns;
        self.starts.clear();
        self.starts.push(0);
        self.indices.clear();
        self.values.clear();
    }

    /// Appends an entry to the row that is being written.
    pub fn push(&mut self, column: usize, value: f64) {
        debug_assert!(column < self.columns, "column {column} of {}", self.columns);
        self.indices.push(column as u32);
        self.values.push(value);
    }

    /// Ends the row that is being written.
    pub fn end_row(&mut self) {
        self.starts.push(self.indices.len());
    }

    /// How many rows are complete.
    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How many entries are stored.
    pub fn entries(&self) -> usize {
        self.values.len()
    }

    /// Columns and values of a row.
    pub fn row(&self, row: usize) -> (&[u32], &[f64]) {
        let range = self.starts[row]..self.starts[row + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// Row · x.
    pub fn row_dot(&self, row: usize, x: &[f64]) -> f64 {
        let (columns, values) = self.row(row);
        columns.iter().zip(values).map(|(column, value)| value * x[*column as usize]).sum()
    }

    /// y ← y + factor · row.
    pub fn add_row(&self, row: usize, factor: f64, y: &mut [f64]) {
        let (columns, values) = self.row(row);
        for (column, value) in columns.iter().zip(values) {
            y[*column as usize] += factor * value;
        }
    }

    /// y ← A x.
    pub fn multiply(&self, x: &[f64], y: &mut [f64]) {
        for (row, sum) in y.iter_mut().enumerate() {
            *sum = self.row_dot(row, x);
        }
    }

    /// y ← y + Aᵀ x.
    pub fn add_transposed(&self, x: &[f64], y: &mut [f64]) {
        for (row, factor) in x.iter().enumerate() {
            self.add_row(row, *factor, y);
        }
    }

    /// |A x − b|₂.
    pub fn residual(&self, x: &[f64], b: &[f64]) -> f64 {
        let squares = b.iter().enumerate().map(|(row, right)| (self.row_dot(row, x) - right).powi(2));
        squares.sum::<f64>().sqrt()
    }

    /// |row|₂² of every row.
    pub fn row_norms_squared(&self) -> Vec<f64> {
        (0..self.rows()).map(|row| self.row(row).1.iter().map(|value| value * value).sum()).collect()
    }

    /// |A|_F.
    pub fn frobenius(&self) -> f64 {
        self.values.iter().map(|value| value * value).sum::<f64>().sqrt()
    }

    /// Aᵀ, its rows sorted by column.
    pub fn transposed(&self) -> Self {
        let mut starts = vec![0; self.columns + 1];
        for column in &self.indices {
            starts[*column as usize + 1] += 1;
        }
        for column in 0..self.columns {
            starts[column + 1] += starts[column];
        }
        let mut next = starts.clone();
        let mut indices = vec![0; self.entries()];
        let mut values = vec![0.0; self.entries()];
        for row in 0..self.rows() {
            let (columns, entries) = self.row(row);
            for (column, value) in columns.iter().zip(entries) {
                let place = &mut next[*column as usize];
                indices[*place] = row as u32;
                values[*place] = *value;
                *place += 1;
            }
        }
        Self { columns: self.rows(), starts, indices, values }
    }

    /// Whether A = Aᵀ, to the last bit.
    pub fn is_symmetric(&self) -> bool {
        let transposed = self.transposed();
        self.rows() == self.columns && transposed.transposed() == transposed
    }

    /// The dense matrix.
    pub fn to_dense(&self) -> Array2<f64> {
        let mut dense = Array2::zeros((self.rows(), self.columns));
        for row in 0..self.rows() {
            let (columns, values) = self.row(row);
            for (column, value) in columns.iter().zip(values) {
                dense[[row, *column as usize]] += value;
            }
        }
        dense
    }
}

/// |x|₂.
pub(crate) fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}

/// x · y.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}
