//! How far a graph is from a KKT point.
//!
//! By Wei, Gao and Yu (2020), an acyclic W is a KKT point of min Q(W) + λ|W|₁ subject to h(|W|) = 0 iff the score's slope vanishes at every edge that closes no cycle. For a convex
//! score it then is a local minimum. For plain least squares on a full order no edge can be added without a cycle, and every order's optimum is such a point: there
//! the test has no teeth.

use ndarray::{Array2, ArrayView2};
use numerics::product::product;

use crate::{Error, graph};

/// The largest |∂Q/∂W_ij| over edges i → j that close no cycle: |Q' + λ sign W| where there is an edge, max(0, |Q'| − λ) where there is none.
///
/// Which edges close a cycle is decided exactly, by reachability. `slopes` is ∇Q without the penalty.
///
/// # Errors
/// [`Error::Cyclic`]: a graph with a cycle is not feasible.
pub fn kkt_residual(weights: ArrayView2<f64>, slopes: ArrayView2<f64>, penalty: f64) -> Result<f64, Error> {
    graph::topological_order(weights)?;
    let reached = graph::reachability(weights);
    Ok(steepest_edge(weights, slopes, penalty, |i, j| !reached[(j, i)]).map_or(0.0, |edge| edge.residual))
}

/// An edge that may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FreeEdge {
    /// Its cause, i.
    pub from: usize,
    /// Its effect, j.
    pub to: usize,
    /// How far it is from satisfying its condition.
    pub residual: f64,
}

/// The edge of largest residual among those that `may` be; `None` if none may. Of equal residuals the first in row-major order.
pub fn steepest_edge(
    weights: ArrayView2<f64>,
    slopes: ArrayView2<f64>,
    penalty: f64,
    may: impl Fn(usize, usize) -> bool,
) -> Option<FreeEdge> {
    let residual = |(i, j): (usize, usize)| {
        let (weight, slope) = (weights[(i, j)], slopes[(i, j)]);
        match weight == 0.0 {
            true => (slope.abs() - penalty).max(0.0),
            false => (slope + penalty * weight.signum()).abs(),
        }
    };
    let free = weights.indexed_iter().map(|(edge, _)| edge).filter(|&(i, j)| i != j && may(i, j));
    let edges = free.map(|(from, to)| FreeEdge { from, to, residual: residual((from, to)) });
    edges.reduce(|worst, other| if other.residual > worst.residual { other } else { worst })
}

/// ∇Q of least squares at any W: −S (I − W).
pub fn least_squares_slopes(covariance: &crate::Covariance, weights: ArrayView2<f64>) -> Array2<f64> {
    product(covariance.matrix(), weights) - covariance.matrix()
}

/// Q of least squares at any W, cyclic or not: ½ tr (I − W)ᵀ S (I − W).
pub fn least_squares_score(covariance: &crate::Covariance, weights: ArrayView2<f64>) -> f64 {
    let rest = Array2::<f64>::eye(weights.nrows()) - weights;
    0.5 * (&covariance.matrix().dot(&rest) * &rest).sum()
}
