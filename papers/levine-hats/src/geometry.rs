//! The geometric picture: a stack is a point of [0, 1), hat k its k-th binary digit.
//!
//! A strategy for two players then is a pair of measurable functions f, g: [0, 1) → ℕ, and its value is the area of the *win region*
//! {(x, y): hat f(y) of x is black and hat g(x) of y is black}, the overlap of two regions of area 1/2 each.

use ndarray::Array2;

use crate::strategy::{NEXT, Strategy, StrategyError};

/// Tallest stacks that are drawn.
const MAX_HEIGHT: usize = 13;

/// The regions of the unit square, drawn on 2^h × 2^h cells: row i is y = i/2^h, column j is x = j/2^h.
#[derive(Clone, Debug)]
pub struct Regions {
    /// Where the first player is right.
    pub first_right: Array2<bool>,
    /// Where the second player is right.
    pub second_right: Array2<bool>,
}

impl Regions {
    /// The regions of a finite strategy; cells in which a player passes on to the next block count as wrong for that player.
    ///
    /// # Errors
    /// If there are not two players, and for heights above 13: the picture would have 4^h cells.
    pub fn of(strategy: &Strategy) -> Result<Self, StrategyError> {
        strategy.require_two()?;
        let height = strategy.height();
        if height > MAX_HEIGHT {
            return Err(StrategyError::Height { players: 2, height, most: MAX_HEIGHT });
        }
        let side = 1 << height;
        let right = |own: usize, guess: u8| guess != NEXT && own >> guess & 1 == 1;
        let stack: Vec<usize> = (0..side).map(|cell| stack_of_cell(cell, height)).collect();
        let (f, g) = (strategy.table(0), strategy.table(1));
        Ok(Self {
            first_right: Array2::from_shape_fn((side, side), |(y, x)| right(stack[x], f[stack[y]])),
            second_right: Array2::from_shape_fn((side, side), |(y, x)| right(stack[y], g[stack[x]])),
        })
    }

    /// Where both are right.
    pub fn win_region(&self) -> Array2<bool> {
        Array2::from_shape_fn(self.first_right.dim(), |at| self.first_right[at] && self.second_right[at])
    }
}

/// The stack whose digits, hat 1 first, are those of `cell`/2^h.
pub fn stack_of_cell(cell: usize, height: usize) -> usize {
    (0..height).filter(|hat| cell >> (height - 1 - hat) & 1 == 1).map(|hat| 1 << hat).sum()
}
