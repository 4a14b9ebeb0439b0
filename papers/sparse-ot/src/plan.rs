//! Transport plans that store their nonzeros only, column after column.

use ndarray::{Array2, ArrayView2};
use numerics::sum::{Sum, sum};

use crate::problem::Cost;

/// An m × n matrix T ≥ 0 in compressed columns, of O(n + nonzeros) memory.
#[derive(Clone, Debug, PartialEq)]
pub struct SparsePlan {
    rows: usize,
    /// Column j holds the entries `starts[j]..starts[j + 1]`.
    starts: Vec<usize>,
    row_indices: Vec<u32>,
    masses: Vec<f64>,
}

impl SparsePlan {
    /// A plan with `rows` rows and no column yet; columns are added by
    /// [`SparsePlan::push_column`].
    pub(crate) fn with_rows(rows: usize) -> Self {
        Self { rows, starts: vec![0], row_indices: Vec::new(), masses: Vec::new() }
    }

    /// A plan that moves nothing.
    pub(crate) fn empty(rows: usize, columns: usize) -> Self {
        Self { starts: vec![0; columns + 1], ..Self::with_rows(rows) }
    }

    /// Adds the next column. Entries of zero mass are left out, the others sorted by row.
    pub(crate) fn push_column(&mut self, entries: impl IntoIterator<Item = (u32, f64)>) {
        let start = self.row_indices.len();
        let mut column: Vec<(u32, f64)> = entries.into_iter().filter(|&(_, mass)| mass != 0.0).collect();
        column.sort_unstable_by_key(|&(row, _)| row);
        for (row, mass) in column {
            if self.row_indices.len() > start && self.row_indices.last() == Some(&row) {
                *self.masses.last_mut().expect("masses are as many as row indices") += mass;
            } else {
                self.row_indices.push(row);
                self.masses.push(mass);
            }
        }
        self.starts.push(self.row_indices.len());
    }

    /// The nonzeros of a matrix.
    pub fn from_dense(matrix: ArrayView2<'_, f64>) -> Self {
        let mut plan = Self::with_rows(matrix.nrows());
        for column in matrix.columns() {
            plan.push_column((0..).zip(column.iter().copied()));
        }
        plan
    }

    /// Number m of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number n of columns.
    pub fn columns(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of stored entries, all different from zero.
    pub fn nonzeros(&self) -> usize {
        self.masses.len()
    }

    /// Nonzeros as a part of all m n entries.
    pub fn density(&self) -> f64 {
        self.nonzeros() as f64 / (self.rows as f64 * self.columns() as f64)
    }

    /// The entries (row, mass) of a column, by rising row.
    pub fn column(&self, column: usize) -> impl ExactSizeIterator<Item = (usize, f64)> + '_ {
        let range = self.starts[column]..self.starts[column + 1];
        let rows = self.row_indices[range.clone()].iter();
        rows.zip(&self.masses[range]).map(|(&row, &mass)| (row as usize, mass))
    }

    /// The mass at (row, column); zero where nothing is stored.
    pub fn entry(&self, row: usize, column: usize) -> f64 {
        self.column(column).find(|&(i, _)| i == row).map_or(0.0, |(_, mass)| mass)
    }

    /// Number of nonzeros of every column.
    pub fn nonzeros_per_column(&self) -> Vec<usize> {
        self.starts.windows(2).map(|ends| ends[1] - ends[0]).collect()
    }

    /// The largest number of nonzeros in a column.
    pub fn max_nonzeros_per_column(&self) -> usize {
        self.starts.windows(2).map(|ends| ends[1] - ends[0]).max().unwrap_or(0)
    }

    /// T 1, compensated.
    pub fn row_sums(&self) -> Vec<f64> {
        let mut sums = vec![Sum::new(); self.rows];
        for (&row, &mass) in self.row_indices.iter().zip(&self.masses) {
            sums[row as usize].add(mass);
        }
        sums.into_iter().map(Sum::value).collect()
    }

    /// Tᵀ 1, compensated.
    pub fn column_sums(&self) -> Vec<f64> {
        (0..self.columns()).map(|j| sum(self.column(j).map(|(_, mass)| mass))).collect()
    }

    /// Σᵢ |(T 1)ᵢ − aᵢ|, in units of mass.
    pub fn row_error(&self, a: &[f64]) -> f64 {
        distance(&self.row_sums(), a)
    }

    /// Σⱼ |(Tᵀ 1)ⱼ − bⱼ|, in units of mass.
    pub fn column_error(&self, b: &[f64]) -> f64 {
        distance(&self.column_sums(), b)
    }

    /// ⟨C, T⟩, compensated.
    pub fn cost(&self, cost: &Cost) -> f64 {
        let columns =
            (0..self.columns()).flat_map(|j| self.column(j).map(move |(i, mass)| cost.entry(i, j) * mass));
        sum(columns)
    }

    /// ‖T‖²_F.
    pub fn squared_norm(&self) -> f64 {
        sum(self.masses.iter().map(|mass| mass * mass))
    }

    /// The objective ⟨C, T⟩ + (γ/2) ‖T‖²_F of the primal problem.
    pub fn primal_value(&self, cost: &Cost, gamma: f64) -> f64 {
        self.cost(cost) + 0.5 * gamma * self.squared_norm()
    }

    /// All m n entries.
    pub fn to_dense(&self) -> Array2<f64> {
        let mut dense = Array2::zeros((self.rows, self.columns()));
        for j in 0..self.columns() {
            for (i, mass) in self.column(j) {
                dense[[i, j]] = mass;
            }
        }
        dense
    }

    /// Tᵀ.
    pub fn transposed(&self) -> Self {
        let mut columns: Vec<Vec<(u32, f64)>> = vec![Vec::new(); self.rows];
        for j in 0..self.columns() {
            for (i, mass) in self.column(j) {
                columns[i].push((j as u32, mass));
            }
        }
        let mut plan = Self::with_rows(self.columns());
        for column in columns {
            plan.push_column(column);
        }
        plan
    }
}

fn distance(x: &[f64], y: &[f64]) -> f64 {
    sum(x.iter().zip(y).map(|(x, y)| (x - y).abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_matrix_survives_the_round_trip() {
        let matrix = array![[0.0, 0.25, 0.0], [0.5, 0.0, 0.25]];
        let plan = SparsePlan::from_dense(matrix.view());
        assert_eq!(plan.to_dense(), matrix);
        assert_eq!(plan.transposed().to_dense(), matrix.t());
        assert_eq!(plan.nonzeros_per_column(), [1, 1, 1]);
        assert_eq!((plan.nonzeros(), plan.density()), (3, 0.5));
        assert_eq!(plan.row_sums(), [0.25, 0.75]);
        assert_eq!(plan.column_sums(), [0.5, 0.25, 0.25]);
        assert_eq!(plan.row_error(&[0.5, 0.5]), 0.5);
        assert_eq!(plan.entry(1, 0), 0.5);
        assert_eq!(plan.entry(0, 0), 0.0);
        // 0.5·3 + 0.25·2 + 0.25·4, and half of 4·(0.25 + 2/16).
        let cost = Cost::dense(array![[1.0, 2.0, 9.0], [3.0, 9.0, 4.0]].view()).expect("costs");
        assert_eq!(plan.cost(&cost), 3.0);
        assert_eq!(plan.primal_value(&cost, 4.0), 3.0 + 0.75);
    }

    #[test]
    fn entries_of_one_place_are_added() {
        let mut plan = SparsePlan::with_rows(2);
        plan.push_column([(1, 0.5), (0, 0.0), (1, 0.25)]);
        assert_eq!(plan.nonzeros(), 1);
        assert_eq!(plan.entry(1, 0), 0.75);
    }
}
