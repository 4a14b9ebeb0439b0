//! Matrix games, min over x max over y of yᵀAx over probability simplices: the point is (x, y), F = (Aᵀy, −Ax).
//!
//! A part is a row i and a column j of A: F_ij(x, y) = (A_i: y_i/q_i, −A_:j x_j/q′_j), at two half calls, one for the row and one for the column.
//! Drawn uniformly as pairs i = j, as in the authors' program for square matrices, L = √n max of the lengths of rows and columns; drawn
//! apart, in proportion to their squared lengths, L = |A|_F: on matrices of nearly rank one as small as L_F = |A|₂.

use ndarray::ArrayView2;
use rand::Rng;
use rand_distr::Distribution;
use rand_distr::weighted::WeightedAliasIndex;

use crate::operator::{FiniteSum, Random};
use crate::resolvent::Simple;

mod matrix;

pub use matrix::{Compressed, Matrix};

/// The law of rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// Row i with column i, uniformly; for square matrices.
    Pairs,
    /// A row and a column, independent and uniform.
    Uniform,
    /// A row and a column, independent, in proportion to squared lengths.
    SquaredNorms,
}

/// Why there is no game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GameError {
    /// No entry.
    #[error("the matrix is empty")]
    Empty,
    /// An entry is NaN or infinite, or its square overflows.
    #[error("an entry of the matrix, or the square of its length, is not finite")]
    NotFinite,
    /// Pairs of a row and the column of the same number.
    #[error("pairs of rows and columns need a square matrix, not one of {0} × {1}")]
    NotSquare(usize, usize),
    /// Nothing to sample in proportion to.
    #[error("all entries are zero")]
    Zero,
}

/// A game with a law for its parts.
#[derive(Clone, Debug)]
pub struct Game {
    matrix: Matrix,
    sampling: Sampling,
    /// 1/q of rows, then of columns.
    weights: [Vec<f64>; 2],
    laws: Option<[WeightedAliasIndex<f64>; 2]>,
    average_constant: f64,
    constant: f64,
}

impl Game {
    /// Keeps the matrix; computes |A|₂ ([`Matrix::spectral_norm`]).
    ///
    /// # Errors
    /// A matrix without entries, not finite, zero, or not square for [`Sampling::Pairs`].
    pub fn new(matrix: Matrix, sampling: Sampling) -> Result<Self, GameError> {
        let (rows, columns) = matrix.shape();
        if rows == 0 || columns == 0 {
            return Err(GameError::Empty);
        }
        if sampling == Sampling::Pairs && rows != columns {
            return Err(GameError::NotSquare(rows, columns));
        }
        let squares = [matrix.squares(false), matrix.squares(true)];
        let total: f64 = squares[0].iter().sum();
        if !total.is_finite() {
            return Err(GameError::NotFinite);
        }
        if total <= 0.0 {
            return Err(GameError::Zero);
        }
        let largest = |of: &[f64]| of.iter().copied().fold(0.0, f64::max);
        let (weights, laws, average_constant) = if sampling == Sampling::SquaredNorms {
            let laws = squares.clone().map(WeightedAliasIndex::new);
            let [Ok(of_rows), Ok(of_columns)] = laws else { return Err(GameError::NotFinite) };
            let weights = squares.map(|squares| squares.iter().map(|square| total / square).collect());
            (weights, Some([of_rows, of_columns]), total.sqrt())
        } else {
            let average =
                (rows as f64 * largest(&squares[0])).max(columns as f64 * largest(&squares[1])).sqrt();
            ([vec![rows as f64; rows], vec![columns as f64; columns]], None, average)
        };
        let constant = matrix.spectral_norm();
        Ok(Self { matrix, sampling, weights, laws, average_constant, constant })
    }

    /// From a dense matrix; y plays rows, x columns.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn dense(matrix: ArrayView2<f64>, sampling: Sampling) -> Result<Self, GameError> {
        if matrix.iter().any(|entry| !entry.is_finite()) {
            return Err(GameError::NotFinite);
        }
        Self::new(Matrix::dense(matrix), sampling)
    }

    /// A.
    pub fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// The product of the two simplices.
    pub fn strategies(&self) -> Simple {
        let (rows, columns) = self.matrix.shape();
        Simple::Simplices(vec![columns, rows])
    }

    /// Both players uniform.
    pub fn uniform(&self) -> Vec<f64> {
        let (rows, columns) = self.matrix.shape();
        [vec![1.0 / columns as f64; columns], vec![1.0 / rows as f64; rows]].concat()
    }

    /// min Aᵀy and max Ax, which hold the value between them for strategies x and y. Two reads of A.
    pub fn bracket(&self, point: &[f64]) -> (f64, f64) {
        let (rows, columns) = self.matrix.shape();
        let (mut above, mut below) = (vec![0.0; rows], vec![0.0; columns]);
        self.matrix.apply(false, &point[..columns], &mut above);
        self.matrix.apply(true, &point[columns..], &mut below);
        (below.into_iter().fold(f64::INFINITY, f64::min), above.into_iter().fold(f64::NEG_INFINITY, f64::max))
    }

    /// The gap max Ax − min Aᵀy, zero at a solution and above zero elsewhere.
    pub fn gap(&self, point: &[f64]) -> f64 {
        let (below, above) = self.bracket(point);
        above - below
    }
}

impl FiniteSum for Game {
    fn dimension(&self) -> usize {
        let (rows, columns) = self.matrix.shape();
        rows + columns
    }

    /// Half of rows and columns, rounded up.
    fn components(&self) -> usize {
        self.dimension().div_ceil(2)
    }

    fn full(&self, point: &[f64], out: &mut [f64]) {
        let columns = self.matrix.shape().1;
        let ((x, y), (of_x, of_y)) = (point.split_at(columns), out.split_at_mut(columns));
        self.matrix.apply(true, y, of_x);
        self.matrix.apply(false, x, of_y);
        of_y.iter_mut().for_each(|value| *value = -*value);
    }

    /// Row · columns + column, or the number of a pair.
    fn draw(&self, random: &mut Random) -> usize {
        let (rows, columns) = self.matrix.shape();
        match (&self.laws, self.sampling) {
            (Some([of_rows, of_columns]), _) => of_rows.sample(random) * columns + of_columns.sample(random),
            (None, Sampling::Pairs) => random.random_range(0..rows),
            (None, _) => random.random_range(0..rows) * columns + random.random_range(0..columns),
        }
    }

    fn is_uniform(&self) -> bool {
        self.sampling == Sampling::Pairs
    }

    fn add_difference(&self, part: usize, u: &[f64], v: &[f64], scale: f64, out: &mut [f64]) {
        let columns = self.matrix.shape().1;
        let (row, column) =
            if self.sampling == Sampling::Pairs { (part, part) } else { (part / columns, part % columns) };
        let (of_x, of_y) = out.split_at_mut(columns);
        let y = u[columns + row] - v[columns + row];
        if y != 0.0 {
            self.matrix.add_row(false, row, scale * self.weights[0][row] * y, of_x);
        }
        let x = u[column] - v[column];
        if x != 0.0 {
            self.matrix.add_row(true, column, -scale * self.weights[1][column] * x, of_y);
        }
    }

    fn average_constant(&self) -> f64 {
        self.average_constant
    }

    fn constant(&self) -> f64 {
        self.constant
    }
}
