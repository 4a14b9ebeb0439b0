//! From a full order to a sparse graph, always with a refit.
//!
//! Regressions on all predecessors give d(d − 1)/2 edges, most of them noise. Cutting weights at 0.3, as the field does, changes the model without fitting it again, and the score of
//! what is left can be hundreds of times worse. Here weights are always those of a regression on the parents that are kept.

use ndarray::Array2;

use crate::factor::Factor;
use crate::inner::weights;
use crate::node_score::{Fit, LeastSquares, NodeScore};
use crate::{Covariance, Error, Order};

/// Which parents are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pruning {
    /// All of nonzero weight.
    None,
    /// Those whose weight is at least this large.
    Threshold(f64),
    /// Those that the Bayesian information criterion wants: deviance + log n for each parent, by leaving out the weakest parent as long as that helps.
    Bic,
}

/// Prunes regressions and fits what is kept. `required(i, j)` edges stay.
///
/// # Errors
/// If a regression has no solution.
pub fn prune<S: NodeScore + ?Sized>(
    score: &S,
    fits: &[Fit],
    scales: &[f64],
    pruning: Pruning,
    required: &dyn Fn(usize, usize) -> bool,
) -> Result<Vec<Fit>, Error> {
    fits.iter()
        .enumerate()
        .map(|(node, fit)| {
            let keep = |threshold: f64| -> Vec<usize> {
                let pairs = fit.parents.iter().zip(&fit.weights);
                let kept = pairs.filter(|&(&k, w)| required(k, node) || (*w != 0.0 && w.abs() >= threshold));
                kept.map(|(&k, _)| k).collect()
            };
            match pruning {
                Pruning::None => refit(score, node, &keep(0.0), fit),
                Pruning::Threshold(threshold) => refit(score, node, &keep(threshold), fit),
                Pruning::Bic => {
                    let start = refit(score, node, &keep(0.0), fit)?;
                    eliminate(score, node, start, scales, required)
                }
            }
        })
        .collect()
}

/// Regressions on all predecessors of an order, pruned. For many variables the BIC first leaves out, all at once, the parents that it would leave out one by one from the full
/// regression, which one Cholesky factor tells.
///
/// # Errors
/// If a regression has no solution.
pub fn prune_order(
    covariance: &Covariance,
    order: &Order,
    pruning: Pruning,
    required: &dyn Fn(usize, usize) -> bool,
) -> Result<Vec<Fit>, Error> {
    let score = LeastSquares::new(covariance.clone());
    let factor = Factor::new(covariance, order);
    let variables = order.variables();
    let worth = (covariance.rows() as f64).ln();
    // (S⁻¹)_jj of the first k variables of the order, by position j: columns of T squared and summed.
    let mut precision = vec![0.0; variables.len()];
    let mut fits = vec![None; variables.len()];
    for k in 0..variables.len() {
        let variance = factor.entry(k, k).powi(2);
        let mut kept: Vec<(usize, f64)> = Vec::new();
        for j in 0..k {
            let weight = -factor.inverse_entry(k, j) * factor.entry(k, k);
            // Leaving j out adds weight²/precision to the variance.
            let loss = covariance.rows() as f64 * (weight * weight / (precision[j] * variance)).ln_1p();
            let keep = match pruning {
                Pruning::None => true,
                Pruning::Threshold(threshold) => weight.abs() >= threshold,
                Pruning::Bic => loss > worth,
            };
            if keep || required(variables[j], variables[k]) {
                kept.push((variables[j], weight));
            }
        }
        for (j, sum) in precision[..=k].iter_mut().enumerate() {
            *sum += factor.inverse_entry(k, j).powi(2);
        }
        kept.sort_unstable_by_key(|(parent, _)| *parent);
        let parents: Vec<usize> = kept.into_iter().map(|(parent, _)| parent).collect();
        let node = variables[k];
        let mut fit = score.fit(node, &parents, None)?;
        if pruning == Pruning::Bic {
            fit = eliminate(&score, node, fit, &deviations(covariance), required)?;
        }
        fits[node] = Some(fit);
    }
    Ok(fits.into_iter().flatten().collect())
}

/// The weights of [`prune_order`], without required edges.
///
/// # Errors
/// If a regression has no solution.
pub fn pruned_weights(
    covariance: &Covariance,
    order: &Order,
    pruning: Pruning,
) -> Result<Array2<f64>, Error> {
    Ok(weights(&prune_order(covariance, order, pruning, &|_, _| false)?))
}

/// Standard deviations of the variables, by which weights are made comparable.
pub fn deviations(covariance: &Covariance) -> Vec<f64> {
    covariance.variances().into_iter().map(f64::sqrt).collect()
}

fn refit<S: NodeScore + ?Sized>(score: &S, node: usize, parents: &[usize], old: &Fit) -> Result<Fit, Error> {
    match parents == old.parents {
        true => Ok(old.clone()),
        false => score.fit(node, parents, Some(old)),
    }
}

/// Leaves out the parent of least standardised weight while the criterion falls.
fn eliminate<S: NodeScore + ?Sized>(
    score: &S,
    node: usize,
    mut fit: Fit,
    scales: &[f64],
    required: &dyn Fn(usize, usize) -> bool,
) -> Result<Fit, Error> {
    let worth = (score.rows() as f64).ln();
    loop {
        let size = |place: usize| fit.weights[place].abs() * scales[fit.parents[place]];
        let optional = (0..fit.parents.len()).filter(|&place| !required(fit.parents[place], node));
        let Some(weakest) = optional.min_by(|&x, &y| size(x).total_cmp(&size(y)).then(x.cmp(&y))) else {
            return Ok(fit);
        };
        let mut parents = fit.parents.clone();
        parents.remove(weakest);
        let smaller = score.fit(node, &parents, Some(&fit))?;
        if smaller.deviance - fit.deviance >= worth {
            return Ok(fit);
        }
        fit = smaller;
    }
}
