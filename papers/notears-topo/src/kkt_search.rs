//! NOFEARS: local search by the KKT conditions (Wei, Gao, Yu 2020), for least squares with an l1 penalty.
//!
//! An acyclic graph is a KKT point iff no edge that closes no cycle would enter it. From any acyclic graph the edge that its condition asks for most enters, its effect is
//! fitted anew, and so on until none does. Then single edges are reversed where that lowers the score, and edges enter again. A reconstruction from the paper's description,
//! whose search also drops constraints in groups.

use ndarray::{Array2, ArrayView2};

use crate::graph::{acyclic_core, reachability};
use crate::inner::weights as weights_of;
use crate::node_score::{Fit, Lasso, NodeScore};
use crate::stationarity::steepest_edge;
use crate::{Covariance, Error};

/// Slopes up to this part of the penalty are rounding.
const TOLERANCE: f64 = 1e-6;

/// A KKT point that no reversal of one edge improves, from the acyclic core of `start`, with penalty λ > 0.
///
/// Cost: for every edge that enters or is reversed a look at all pairs and one or two regressions; for the last round two regressions an edge.
///
/// # Errors
/// A penalty that is not positive and finite; a start of another shape.
pub fn nofears(covariance: &Covariance, l1: f64, start: ArrayView2<f64>) -> Result<Array2<f64>, Error> {
    let size = covariance.variables();
    if start.dim() != (size, size) {
        let (rows, columns) = start.dim();
        return Err(Error::Shape { what: "the start", rows, columns, expected: size });
    }
    let score = Lasso::new(covariance.clone(), l1)?;
    let (core, _) = acyclic_core(start);
    let parents = |node: usize| (0..size).filter(|i| core[(*i, node)] != 0.0).collect::<Vec<_>>();
    let mut fits =
        (0..size).map(|node| fitted(&score, node, parents(node))).collect::<Result<Vec<_>, Error>>()?;
    loop {
        while let Some((from, to)) = entering(&score, &fits, l1) {
            let mut parents = fits[to].parents.clone();
            parents.push(from);
            let fit = fitted(&score, to, parents)?;
            // An edge at the edge of its condition may enter with a weight that is zero but for rounding, and would ask again.
            if fit.loss >= fits[to].loss {
                break;
            }
            fits[to] = fit;
        }
        match best_reversal(&score, &fits)? {
            Some(changed) => changed.into_iter().for_each(|Changed { node, fit }| fits[node] = fit),
            None => return Ok(weights_of(&fits)),
        }
    }
}

/// The regression on these parents, without those whose weight is zero.
fn fitted(score: &Lasso, node: usize, mut parents: Vec<usize>) -> Result<Fit, Error> {
    parents.sort_unstable();
    parents.dedup();
    let mut fit = score.fit(node, &parents, None)?;
    let kept: Vec<usize> = (0..parents.len()).filter(|k| fit.weights[*k] != 0.0).collect();
    fit.parents = kept.iter().map(|k| parents[*k]).collect();
    fit.weights = kept.iter().map(|k| fit.weights[*k]).collect();
    Ok(fit)
}

/// The edge that closes no cycle and whose condition is missed most, if that is more than rounding.
fn entering(score: &Lasso, fits: &[Fit], l1: f64) -> Option<(usize, usize)> {
    let weights = weights_of(fits);
    let mut slopes = Array2::zeros(weights.dim());
    for (node, fit) in fits.iter().enumerate() {
        slopes.column_mut(node).assign(&ndarray::Array1::from(score.slopes(node, fit)?));
    }
    let reached = reachability(weights.view());
    let edge =
        steepest_edge(weights.view(), slopes.view(), l1, |i, j| weights[(i, j)] == 0.0 && !reached[(j, i)])?;
    (edge.residual > TOLERANCE * l1).then_some((edge.from, edge.to))
}

/// A regression of a node that replaces its last.
struct Changed {
    node: usize,
    fit: Fit,
}

/// The reversal of one edge that lowers the score most, as new regressions of its two ends.
fn best_reversal(score: &Lasso, fits: &[Fit]) -> Result<Option<[Changed; 2]>, Error> {
    let total: f64 = fits.iter().map(|fit| fit.loss).sum();
    let mut best = (-1e-9 * total, None);
    for to in 0..fits.len() {
        for &from in &fits[to].parents {
            let mut without = weights_of(fits);
            without[(from, to)] = 0.0;
            // Another way from its cause to its effect would close a cycle with the reversed edge.
            if reachability(without.view())[(from, to)] {
                continue;
            }
            let others = fits[to].parents.iter().copied().filter(|parent| *parent != from).collect();
            let more = fits[from].parents.iter().copied().chain([to]).collect();
            let (effect, cause) = (fitted(score, to, others)?, fitted(score, from, more)?);
            let change = effect.loss + cause.loss - fits[to].loss - fits[from].loss;
            if change < best.0 {
                best =
                    (change, Some([Changed { node: from, fit: cause }, Changed { node: to, fit: effect }]));
            }
        }
    }
    Ok(best.1)
}
