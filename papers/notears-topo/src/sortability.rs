//! Sortability: how well a simple number of each variable already tells the causal order.
//!
//! On simulated data variances grow along directed paths, so sorting by variance wins contests that were meant to be about structure (Reisach, Seiler and Weichwald 2021); R² on all
//! others does something similar on standardised data (Reisach and others 2023). A benchmark must say how sortable its data is. Values near ½ mean that the criterion says nothing.

use ndarray::ArrayView2;

use crate::baseline::coefficients_of_determination;
use crate::{Covariance, graph};

/// Both criteria along the paths of a graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sortability {
    /// By variance; NaN for a graph without edges.
    pub variance: f64,
    /// By R² on all other variables; NaN for a graph without edges.
    pub determination: f64,
}

/// Both sortabilities of data whose graph is (taken to be) this one.
pub fn sortability(weights: ArrayView2<f64>, covariance: &Covariance) -> Sortability {
    Sortability {
        variance: sorted_share(weights, &covariance.variances()),
        determination: sorted_share(weights, &coefficients_of_determination(covariance)),
    }
}

/// Over path lengths 1, 2, … and pairs that a path of that length joins: the share whose end has the larger key; ties count one half.
///
/// NaN for a graph without edges or with a cycle, and for keys that are not finite. Cost: d³/64 operations for each length up to the longest path.
pub fn sorted_share(weights: ArrayView2<f64>, keys: &[f64]) -> f64 {
    let size = weights.nrows();
    if !graph::is_acyclic(weights) || keys.iter().any(|key| !key.is_finite()) {
        return f64::NAN;
    }
    let children: Vec<Vec<usize>> =
        weights.rows().into_iter().map(|row| (0..size).filter(|&j| row[j] != 0.0).collect()).collect();
    let words = size.div_ceil(64);
    // Bit j of row i: a path of the current length leads from i to j.
    let mut joined = vec![0u64; size * words];
    for (i, children) in children.iter().enumerate() {
        for &j in children {
            joined[i * words + j / 64] |= 1 << (j % 64);
        }
    }
    let edges = joined.clone();
    let (mut sorted, mut all) = (0.0, 0.0);
    while joined.iter().any(|word| *word != 0) {
        for i in 0..size {
            for j in (0..size).filter(|j| joined[i * words + j / 64] >> (j % 64) & 1 == 1) {
                all += 1.0;
                let ratio = keys[j] / keys[i];
                sorted += if (ratio - 1.0).abs() <= 1e-9 { 0.5 } else { f64::from(u8::from(ratio > 1.0)) };
            }
        }
        // One edge more in front: i → k, then a path from k.
        let mut longer = vec![0u64; size * words];
        for i in 0..size {
            for k in (0..size).filter(|k| edges[i * words + k / 64] >> (k % 64) & 1 == 1) {
                for (word, more) in
                    longer[i * words..(i + 1) * words].iter_mut().zip(&joined[k * words..(k + 1) * words])
                {
                    *word |= more;
                }
            }
        }
        joined = longer;
    }
    sorted / all
}
