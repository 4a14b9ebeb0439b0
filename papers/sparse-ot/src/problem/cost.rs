//! Costs, stored or computed.

use std::ops::Range;

use ndarray::{Array2, ArrayView2};

use super::ProblemError;

/// The costs c(i, j) of moving a unit of mass from row i to column j, of either sign. A cost of +∞ forbids the pair: no plan has
/// mass there.
#[derive(Clone, Debug)]
pub struct Cost {
    rows: usize,
    columns: usize,
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    /// All entries, column after column.
    Matrix(Vec<f64>),
    /// scale · |xᵢ − yⱼ|²; x coordinate after coordinate (each contiguous over the points), y point
    /// after point.
    Points { dimension: usize, x: Vec<f64>, y: Vec<f64>, scale: f64, forbidden: Option<Vec<Vec<u32>>> },
}

impl Cost {
    /// The costs of an m × n matrix, copied; +∞ forbids a pair. Memory 8 m n bytes.
    ///
    /// # Errors
    ///
    /// An empty matrix; an entry that is NaN or −∞.
    pub fn dense(matrix: ArrayView2<'_, f64>) -> Result<Self, ProblemError> {
        let (rows, columns) = matrix.dim();
        check_size(rows, columns)?;
        let mut values: Vec<f64> = Vec::with_capacity(rows * columns);
        for (j, column) in matrix.columns().into_iter().enumerate() {
            values.extend(column);
            let entries = &values[j * rows..];
            if let Some(row) = entries.iter().position(|c| c.is_nan() || *c == f64::NEG_INFINITY) {
                return Err(ProblemError::Cost { row, column: j, value: entries[row] });
            }
        }
        Ok(Self { rows, columns, source: Source::Matrix(values) })
    }

    /// c(i, j) = scale · |xᵢ − yⱼ|² for points x (m × d) and y (n × d), computed whenever it is
    /// read: about 3 d operations per entry instead of 8 bytes of memory. Differences are formed
    /// before squaring, so that near points have accurate costs.
    ///
    /// # Errors
    ///
    /// No points, different dimensions, a coordinate that is not finite, a scale that is not
    /// positive and finite, or costs that overflow.
    pub fn squared_euclidean(
        x: ArrayView2<'_, f64>,
        y: ArrayView2<'_, f64>,
        scale: f64,
    ) -> Result<Self, ProblemError> {
        let (rows, columns) = (x.nrows(), y.nrows());
        check_size(rows, columns)?;
        if x.ncols() != y.ncols() {
            return Err(ProblemError::Dimension { x: x.ncols(), y: y.ncols() });
        }
        for (points, array) in [("x", x), ("y", y)] {
            if let Some(((point, coordinate), &value)) =
                array.indexed_iter().find(|(_, value)| !value.is_finite())
            {
                return Err(ProblemError::Coordinate { points, point, coordinate, value });
            }
        }
        let largest = |points: ArrayView2<'_, f64>| {
            points.iter().fold(0.0f64, |largest, value| largest.max(value.abs()))
        };
        let farthest = (largest(x) + largest(y)).powi(2) * x.ncols() as f64 * scale;
        if !(scale > 0.0 && scale.is_finite() && farthest.is_finite()) {
            return Err(ProblemError::Scale(scale));
        }
        let source = Source::Points {
            dimension: x.ncols(),
            x: x.t().iter().copied().collect(),
            y: y.iter().copied().collect(),
            scale,
            forbidden: None,
        };
        Ok(Self { rows, columns, source })
    }

    /// The same costs, with pairs forbidden where `never` is true. Costs computed from points keep a list of 4 bytes a forbidden pair.
    ///
    /// # Errors
    ///
    /// A mask of another shape.
    pub fn forbidding(mut self, never: ArrayView2<'_, bool>) -> Result<Self, ProblemError> {
        if never.dim() != (self.rows, self.columns) {
            return Err(ProblemError::Mask { found: never.dim(), expected: (self.rows, self.columns) });
        }
        match &mut self.source {
            Source::Matrix(values) => {
                for (c, never) in values.iter_mut().zip(never.t()) {
                    *c = if *never { f64::INFINITY } else { *c };
                }
            }
            Source::Points { forbidden, .. } => {
                let mut lists = forbidden.take().unwrap_or_else(|| vec![Vec::new(); self.columns]);
                for (list, column) in lists.iter_mut().zip(never.columns()) {
                    list.extend((0..).zip(column).filter(|(_, never)| **never).map(|(row, _)| row));
                    list.sort_unstable();
                    list.dedup();
                }
                *forbidden = lists.iter().any(|list| !list.is_empty()).then_some(lists);
            }
        }
        Ok(self)
    }

    /// Whether any pair is forbidden. Cost: a pass over a stored matrix.
    pub fn forbids(&self) -> bool {
        match &self.source {
            Source::Matrix(values) => values.contains(&f64::INFINITY),
            Source::Points { forbidden, .. } => forbidden.is_some(),
        }
    }

    /// The entries of a stored matrix, column after column.
    pub(super) fn stored(&self) -> Option<&[f64]> {
        match &self.source {
            Source::Matrix(values) => Some(values),
            Source::Points { .. } => None,
        }
    }

    /// A stored matrix of the same shape.
    pub(super) fn with_values(&self, values: Vec<f64>) -> Self {
        Self { source: Source::Matrix(values), ..*self }
    }

    /// Number m of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number n of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// c(row, column). Panics beyond the last row or column, as indexing does.
    pub fn entry(&self, row: usize, column: usize) -> f64 {
        assert!(row < self.rows && column < self.columns, "no entry ({row}, {column})");
        match &self.source {
            Source::Matrix(values) => values[column * self.rows + row],
            Source::Points { dimension, x, y, scale, forbidden } => {
                let never = |lists: &Vec<Vec<u32>>| lists[column].binary_search(&(row as u32)).is_ok();
                if forbidden.as_ref().is_some_and(never) {
                    return f64::INFINITY;
                }
                let mut squared = 0.0;
                for d in 0..*dimension {
                    let difference = x[d * self.rows + row] - y[column * dimension + d];
                    squared += difference * difference;
                }
                scale * squared
            }
        }
    }

    /// The costs of `rows` of a column: a slice of the matrix, or computed into `buffer`, which
    /// must be at least as long.
    pub(crate) fn block<'a>(&'a self, column: usize, rows: Range<usize>, buffer: &'a mut [f64]) -> &'a [f64] {
        match &self.source {
            Source::Matrix(values) => &values[column * self.rows..][rows],
            Source::Points { dimension, x, y, scale, forbidden } => {
                let block = &mut buffer[..rows.len()];
                block.fill(0.0);
                for d in 0..*dimension {
                    let target = y[column * dimension + d];
                    for (c, &x) in block.iter_mut().zip(&x[d * self.rows..][rows.clone()]) {
                        let difference = x - target;
                        *c += difference * difference;
                    }
                }
                block.iter_mut().for_each(|c| *c *= scale);
                if let Some(lists) = forbidden {
                    let list = &lists[column];
                    let within = list.partition_point(|row| (*row as usize) < rows.start)
                        ..list.partition_point(|row| (*row as usize) < rows.end);
                    list[within].iter().for_each(|row| block[*row as usize - rows.start] = f64::INFINITY);
                }
                block
            }
        }
    }

    /// A whole column, as [`Cost::block`] gives it.
    pub(crate) fn block_all<'a>(&'a self, column: usize, buffer: &'a mut [f64]) -> &'a [f64] {
        self.block(column, 0..self.rows, buffer)
    }

    /// Number of rows that [`Cost::block`] should be asked for at once: all of a stored column, or
    /// as many computed costs as stay in the nearest cache.
    pub(crate) fn block_rows(&self) -> usize {
        match self.source {
            Source::Matrix(_) => self.rows,
            Source::Points { .. } => self.rows.min(1024),
        }
    }

    /// All costs as an m × n matrix.
    pub fn to_dense(&self) -> Array2<f64> {
        Array2::from_shape_fn((self.rows, self.columns), |(i, j)| self.entry(i, j))
    }

    /// Smallest and largest cost of the pairs that are not forbidden; +∞ and −∞ if all are. Cost: one pass over all entries.
    pub fn range(&self) -> (f64, f64) {
        let mut buffer = vec![0.0; self.rows];
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for j in 0..self.columns {
            for &c in self.block(j, 0..self.rows, &mut buffer) {
                low = low.min(c);
                high = if c < f64::INFINITY { high.max(c) } else { high };
            }
        }
        (low, high)
    }

    /// The costs of some rows and columns, by their indices.
    pub(crate) fn select(&self, rows: &[usize], columns: &[usize]) -> Self {
        let source = match &self.source {
            Source::Matrix(values) => Source::Matrix(
                columns.iter().flat_map(|&j| rows.iter().map(move |&i| values[j * self.rows + i])).collect(),
            ),
            Source::Points { dimension, x, y, scale, forbidden } => Source::Points {
                dimension: *dimension,
                x: (0..*dimension).flat_map(|d| rows.iter().map(move |&i| x[d * self.rows + i])).collect(),
                y: columns
                    .iter()
                    .flat_map(|&j| y[j * dimension..(j + 1) * dimension].iter().copied())
                    .collect(),
                scale: *scale,
                forbidden: forbidden.as_ref().map(|lists| {
                    let never = |row: usize, list: &Vec<u32>| list.binary_search(&(row as u32)).is_ok();
                    let places = |list| {
                        (0u32..)
                            .zip(rows)
                            .filter(|(_, row)| never(**row, list))
                            .map(|(place, _)| place)
                            .collect()
                    };
                    columns.iter().map(|column| places(&lists[*column])).collect()
                }),
            },
        };
        Self { rows: rows.len(), columns: columns.len(), source }
    }

    /// c(i, j) ↦ c(j, i).
    pub fn transposed(&self) -> Self {
        let source = match &self.source {
            Source::Matrix(values) => {
                let mut transposed = Vec::with_capacity(values.len());
                for i in 0..self.rows {
                    transposed.extend(values.iter().skip(i).step_by(self.rows));
                }
                Source::Matrix(transposed)
            }
            Source::Points { dimension, x, y, scale, forbidden } => Source::Points {
                dimension: *dimension,
                x: exchange_axes(y, self.columns, *dimension),
                y: exchange_axes(x, *dimension, self.rows),
                scale: *scale,
                forbidden: forbidden.as_ref().map(|lists| {
                    let mut exchanged = vec![Vec::new(); self.rows];
                    for (column, list) in (0u32..).zip(lists) {
                        list.iter().for_each(|row| exchanged[*row as usize].push(column));
                    }
                    exchanged
                }),
            },
        };
        Self { rows: self.columns, columns: self.rows, source }
    }
}

fn check_size(rows: usize, columns: usize) -> Result<(), ProblemError> {
    if rows == 0 || columns == 0 {
        return Err(ProblemError::Empty { rows, columns });
    }
    let count = rows.max(columns);
    if count > u32::MAX as usize { Err(ProblemError::TooLarge { count }) } else { Ok(()) }
}

/// A row-major `rows` × `columns` matrix as its row-major transpose.
fn exchange_axes(values: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    (0..rows * columns).map(|place| values[place % rows * columns + place / rows]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_matrix_and_points_hold_the_same_costs() {
        let x = array![[0.0, 1.0], [2.0, 3.0], [-1.0, 0.5]];
        let y = array![[1.0, 1.0], [0.0, 0.0]];
        let points = Cost::squared_euclidean(x.view(), y.view(), 0.5).expect("valid points");
        let expected = array![[0.5, 0.5], [2.5, 6.5], [2.125, 0.625]];
        assert_eq!(points.to_dense(), expected);
        assert_eq!(points.transposed().to_dense(), expected.t());
        let dense = Cost::dense(expected.view()).expect("valid costs");
        assert_eq!(dense.to_dense(), expected);
        assert_eq!(dense.transposed().to_dense(), expected.t());
        assert_eq!(dense.range(), (0.5, 6.5));
        for cost in [&points, &dense] {
            assert_eq!(cost.select(&[2, 0], &[1]).to_dense(), array![[0.625], [0.5]]);
            assert_eq!(cost.block(1, 1..3, &mut [0.0; 3]), [6.5, 0.625]);
        }

        let never = array![[false, true], [false, false], [true, false]];
        let mut expected = expected;
        expected.zip_mut_with(&never, |c, never| *c = if *never { f64::INFINITY } else { *c });
        for cost in [points, dense] {
            assert!(!cost.forbids());
            let cost = cost.forbidding(never.view()).expect("a mask of the shape");
            assert!(cost.forbids());
            assert_eq!(cost.to_dense(), expected);
            assert_eq!(cost.transposed().to_dense(), expected.t());
            assert_eq!(cost.select(&[2, 1], &[0]).to_dense(), array![[f64::INFINITY], [2.5]]);
            assert_eq!(cost.block(0, 1..3, &mut [0.0; 3]), [2.5, f64::INFINITY]);
            assert_eq!(cost.range(), (0.5, 6.5));
            let fault = cost.forbidding(never.t()).expect_err("a mask of another shape").to_string();
            assert_eq!(fault, "the mask of forbidden pairs is 2 × 3, the costs are 3 × 2");
        }
    }
}
