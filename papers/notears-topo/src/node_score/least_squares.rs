//! Least squares, plain and with an l1 penalty, from the covariance matrix.

use super::{Fit, NodeScore, solve_positive};
use crate::{Covariance, Error};

/// ½ E(x_j − Σ w_k x_k)²: the paper's linear score, one regression at a time. For full orders [`crate::factor`] does the same much faster; this one
/// serves where edges are forbidden, and as another method's answer.
#[derive(Clone, Debug)]
pub struct LeastSquares {
    covariance: Covariance,
}

impl LeastSquares {
    /// On this covariance.
    pub fn new(covariance: Covariance) -> Self {
        Self { covariance }
    }
}

impl NodeScore for LeastSquares {
    fn variables(&self) -> usize {
        self.covariance.variables()
    }

    fn rows(&self) -> usize {
        self.covariance.rows()
    }

    fn fit(&self, node: usize, parents: &[usize], _start: Option<&Fit>) -> Result<Fit, Error> {
        let collinear =
            || Error::Collinear { column: parents.last().copied().unwrap_or(node), unexplained: 0.0 };
        if let Some(root) = self.covariance.root() {
            let (weights, variance) = root.regress(node, parents).ok_or_else(collinear)?;
            let deviance = self.covariance.rows() as f64 * variance.ln();
            return Ok(Fit {
                parents: parents.to_vec(),
                weights,
                loss: 0.5 * variance,
                deviance,
                parameters: Vec::new(),
            });
        }
        let matrix = self.covariance.matrix();
        let mut weights: Vec<f64> = parents.iter().map(|&i| matrix[(i, node)]).collect();
        let mut gram: Vec<f64> =
            parents.iter().flat_map(|&i| parents.iter().map(move |&j| matrix[(i, j)])).collect();
        solve_positive(&mut gram, &mut weights).ok_or_else(collinear)?;
        let loss = quadratic(&self.covariance, node, parents, &weights);
        let deviance = self.covariance.rows() as f64 * (2.0 * loss).ln();
        Ok(Fit { parents: parents.to_vec(), weights, loss, deviance, parameters: Vec::new() })
    }

    fn slopes(&self, node: usize, fit: &Fit) -> Option<Vec<f64>> {
        Some(slopes(&self.covariance, node, fit))
    }
}

/// ½ E(x_j − Σ w_k x_k)² + λ Σ |w_k|: the score of NOTEARS.
#[derive(Clone, Debug)]
pub struct Lasso {
    covariance: Covariance,
    penalty: f64,
}

/// Rounds through all weights; more are only needed where parents nearly coincide.
const ROUNDS: usize = 10_000;

impl Lasso {
    /// On this covariance, with penalty λ > 0.
    ///
    /// # Errors
    /// A penalty that is not positive and finite.
    pub fn new(covariance: Covariance, penalty: f64) -> Result<Self, Error> {
        match penalty > 0.0 && penalty.is_finite() {
            true => Ok(Self { covariance, penalty }),
            false => Err(Error::Setting { name: "the l1 penalty", value: penalty, range: "positive" }),
        }
    }

    /// The exact minimum for weights of these signs: a linear system on the support. `None` unless it keeps the signs and no other weight wants to enter.
    fn polished(&self, node: usize, parents: &[usize], weights: &[f64]) -> Option<Vec<f64>> {
        let matrix = self.covariance.matrix();
        let support: Vec<usize> = (0..parents.len()).filter(|&k| weights[k] != 0.0).collect();
        let mut gram: Vec<f64> = support
            .iter()
            .flat_map(|&k| support.iter().map(move |&l| matrix[(parents[k], parents[l])]))
            .collect();
        let mut solution: Vec<f64> = support
            .iter()
            .map(|&k| matrix[(parents[k], node)] - self.penalty * weights[k].signum())
            .collect();
        solve_positive(&mut gram, &mut solution)?;
        let mut exact = vec![0.0; parents.len()];
        for (&k, &weight) in support.iter().zip(&solution) {
            if weight * weights[k] <= 0.0 {
                return None;
            }
            exact[k] = weight;
        }
        let entering = (0..parents.len()).filter(|&k| exact[k] == 0.0).any(|k| {
            let fitted: f64 = support.iter().map(|&l| matrix[(parents[k], parents[l])] * exact[l]).sum();
            (fitted - matrix[(parents[k], node)]).abs() > self.penalty * (1.0 + 1e-12)
        });
        (!entering).then_some(exact)
    }
}

impl NodeScore for Lasso {
    fn variables(&self) -> usize {
        self.covariance.variables()
    }

    fn rows(&self) -> usize {
        self.covariance.rows()
    }

    /// Coordinate descent; whenever the support has settled, the minimum on it is solved for and taken if it satisfies the conditions of optimality.
    fn fit(&self, node: usize, parents: &[usize], _start: Option<&Fit>) -> Result<Fit, Error> {
        let matrix = self.covariance.matrix();
        let mut weights = vec![0.0; parents.len()];
        // What is left of the covariance of each parent with the node.
        let mut left: Vec<f64> = parents.iter().map(|&i| matrix[(i, node)]).collect();
        let mut next_try = 4;
        for round in 0..ROUNDS {
            let mut largest = 0.0f64;
            for k in 0..parents.len() {
                let variance = matrix[(parents[k], parents[k])];
                let pull = left[k] + variance * weights[k];
                let weight = pull.signum() * (pull.abs() - self.penalty).max(0.0) / variance;
                let moved = weight - weights[k];
                if moved != 0.0 {
                    weights[k] = weight;
                    let row = matrix.row(parents[k]);
                    for (left, &i) in left.iter_mut().zip(parents) {
                        *left -= moved * row[i];
                    }
                    largest = largest.max(moved.abs() * variance.sqrt());
                }
            }
            let settled = largest <= 1e-13 * matrix[(node, node)].sqrt();
            if settled || round == next_try {
                if let Some(exact) = self.polished(node, parents, &weights) {
                    weights = exact;
                    break;
                }
                next_try += next_try / 2;
            }
            if settled {
                break;
            }
        }
        let squares = quadratic(&self.covariance, node, parents, &weights);
        let loss = squares + self.penalty * weights.iter().map(|w| w.abs()).sum::<f64>();
        let deviance = self.covariance.rows() as f64 * (2.0 * squares).ln();
        Ok(Fit { parents: parents.to_vec(), weights, loss, deviance, parameters: Vec::new() })
    }

    fn slopes(&self, node: usize, fit: &Fit) -> Option<Vec<f64>> {
        Some(slopes(&self.covariance, node, fit))
    }

    fn penalty(&self) -> f64 {
        self.penalty
    }

    fn stays_optimal(&self, node: usize, fit: &Fit, lost: usize, gained: usize) -> bool {
        let matrix = self.covariance.matrix();
        let idle = fit.parents.iter().zip(&fit.weights).all(|(&k, &w)| k != lost || w == 0.0);
        let fitted: f64 = fit.parents.iter().zip(&fit.weights).map(|(&k, &w)| matrix[(gained, k)] * w).sum();
        idle && (matrix[(gained, node)] - fitted).abs() <= self.penalty
    }
}

/// ½ E(x_j − Σ w_k x_k)². Summed from the residual covariances, so that little cancels.
fn quadratic(covariance: &Covariance, node: usize, parents: &[usize], weights: &[f64]) -> f64 {
    let matrix = covariance.matrix();
    let mut value = matrix[(node, node)];
    for (&i, &w) in parents.iter().zip(weights) {
        let fitted: f64 = parents.iter().zip(weights).map(|(&k, &v)| matrix[(i, k)] * v).sum();
        value -= w * (2.0 * matrix[(i, node)] - fitted);
    }
    0.5 * value
}

/// −E x_i (x_j − Σ w_k x_k) for every i.
fn slopes(covariance: &Covariance, node: usize, fit: &Fit) -> Vec<f64> {
    if let Some(root) = covariance.root() {
        let covariances = root.covariances_with_residual(node, &fit.parents, &fit.weights);
        return covariances.into_iter().map(|covariance| -covariance).collect();
    }
    let matrix = covariance.matrix();
    (0..covariance.variables())
        .map(|i| {
            let fitted: f64 = fit.parents.iter().zip(&fit.weights).map(|(&k, &w)| matrix[(i, k)] * w).sum();
            fitted - matrix[(i, node)]
        })
        .collect()
}
