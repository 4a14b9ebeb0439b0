//! Scores that are sums over variables: one regression of each on its parents.

use ndarray::ArrayView2;

use crate::Error;

mod least_squares;
mod logistic;
mod perceptron;

pub use least_squares::{Lasso, LeastSquares};
pub use logistic::Logistic;
pub use perceptron::{Perceptron, PerceptronOptions};

/// The regression of one variable on its parents.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The variables that it was regressed on, ascending.
    pub parents: Vec<usize>,
    /// The weight of each parent; for a perceptron the norm of its first layer.
    pub weights: Vec<f64>,
    /// The loss, penalty included.
    pub loss: f64,
    /// Minus twice the log-likelihood, up to what is the same for all parents: what an information criterion compares.
    pub deviance: f64,
    /// Whatever else the model has.
    pub parameters: Vec<f64>,
}

/// A score Q that is a sum over variables of the least loss of a model of each, given its parents.
pub trait NodeScore: Sync {
    /// Number of variables, d.
    fn variables(&self) -> usize;

    /// Number of observations, n.
    fn rows(&self) -> usize;

    /// Fits `node` on `parents`, which are ascending and without `node`. A convex score ignores `start`; another one trains on from it, from new parameters where a parent
    /// is new.
    ///
    /// # Errors
    /// A loss without minimum, or training that ends without a finite loss.
    fn fit(&self, node: usize, parents: &[usize], start: Option<&Fit>) -> Result<Fit, Error>;

    /// Whether a fit is a function of the parents alone.
    fn is_convex(&self) -> bool {
        true
    }

    /// The derivative of the smooth part of the loss of `node` by the weight of every variable, at a fit: the column of ∇Q. `None` where weights are norms, which have no
    /// derivative at 0.
    fn slopes(&self, node: usize, fit: &Fit) -> Option<Vec<f64>>;

    /// The l1 penalty λ on each weight.
    fn penalty(&self) -> f64 {
        0.0
    }

    /// Whether a fit is surely still the best when it loses one parent and gains another.
    fn stays_optimal(&self, _node: usize, _fit: &Fit, _lost: usize, _gained: usize) -> bool {
        false
    }
}

/// The first entry that is not finite, as an error.
fn check_finite(data: ArrayView2<f64>) -> Result<(), Error> {
    let (rows, columns) = data.dim();
    if rows == 0 || columns == 0 {
        return Err(Error::Empty { rows, columns });
    }
    match data.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((row, column), &value)) => Err(Error::NotFinite { row, column, value }),
        None => Ok(()),
    }
}

/// Solves A x = b for symmetric positive definite A (k × k by rows), in place; `None` if it is not. k³/3 flops.
fn solve_positive(matrix: &mut [f64], right: &mut [f64]) -> Option<()> {
    let k = right.len();
    for i in 0..k {
        for j in 0..=i {
            let (row_i, row_j) = (&matrix[i * k..i * k + j], &matrix[j * k..j * k + j]);
            let product: f64 = row_i.iter().zip(row_j).map(|(x, y)| x * y).sum();
            let rest = matrix[i * k + j] - product;
            if i == j {
                // Of a nearly singular matrix the rest is rounding.
                if rest.is_nan() || rest <= 1e-13 * matrix[i * k + i] {
                    return None;
                }
                matrix[i * k + i] = rest.sqrt();
            } else {
                matrix[i * k + j] = rest / matrix[j * k + j];
            }
        }
    }
    for i in 0..k {
        let product: f64 = matrix[i * k..i * k + i].iter().zip(&right[..i]).map(|(x, y)| x * y).sum();
        right[i] = (right[i] - product) / matrix[i * k + i];
    }
    for i in (0..k).rev() {
        right[i] /= matrix[i * k + i];
        let (before, at) = right.split_at_mut(i);
        for (x, l) in before.iter_mut().zip(&matrix[i * k..i * k + i]) {
            *x -= l * at[0];
        }
    }
    Some(())
}
