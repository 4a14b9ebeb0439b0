//! Weighted graphs as matrices: W_ij ≠ 0 is an edge i → j.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ndarray::{Array2, ArrayView2};

use crate::{Error, Order};

/// The topological order that always takes the smallest variable free of predecessors (Kahn 1962).
///
/// # Errors
/// [`Error::Cyclic`] with one cycle; [`Error::Shape`] for a matrix that is not square.
pub fn topological_order(weights: ArrayView2<f64>) -> Result<Order, Error> {
    let (rows, columns) = weights.dim();
    if rows != columns {
        return Err(Error::Shape { what: "the matrix of weights", rows, columns, expected: rows });
    }
    let mut missing: Vec<usize> =
        weights.columns().into_iter().map(|column| column.iter().filter(|w| **w != 0.0).count()).collect();
    let mut ready: BinaryHeap<Reverse<usize>> = (0..rows).filter(|&v| missing[v] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(rows);
    while let Some(Reverse(variable)) = ready.pop() {
        order.push(variable);
        for (child, &weight) in weights.row(variable).iter().enumerate() {
            if weight != 0.0 {
                missing[child] -= 1;
                if missing[child] == 0 {
                    ready.push(Reverse(child));
                }
            }
        }
    }
    match order.len() == rows {
        true => Order::new(order),
        false => Err(Error::Cyclic { cycle: cycle_among(weights, &missing) }),
    }
}

/// Whether the graph has no cycle, exactly: by a topological order, not by a number that is nearly zero.
pub fn is_acyclic(weights: ArrayView2<f64>) -> bool {
    topological_order(weights).is_ok()
}

/// A cycle among variables that miss predecessors: every one has such a predecessor, so walking back must return.
fn cycle_among(weights: ArrayView2<f64>, missing: &[usize]) -> Vec<usize> {
    let Some(mut at) = missing.iter().position(|count| *count > 0) else { return Vec::new() };
    let mut path = vec![at];
    loop {
        let parent = (0..missing.len()).find(|&i| missing[i] > 0 && weights[(i, at)] != 0.0);
        let Some(parent) = parent else { return path };
        if let Some(start) = path.iter().position(|&v| v == parent) {
            let mut cycle = path.split_off(start);
            cycle.push(parent);
            cycle.reverse();
            return cycle;
        }
        path.push(parent);
        at = parent;
    }
}

/// Which variables are reached from which by at least one edge: entry (i, j) for i ⇝ j. Bits, d³/64 operations; cycles are allowed.
pub fn reachability(weights: ArrayView2<f64>) -> Array2<bool> {
    let size = weights.nrows();
    let words = size.div_ceil(64);
    let mut reached = vec![0u64; size * words];
    for ((i, j), &weight) in weights.indexed_iter() {
        if weight != 0.0 {
            reached[i * words + j / 64] |= 1 << (j % 64);
        }
    }
    // Warshall (1962): whoever reaches k reaches what k reaches.
    for k in 0..size {
        let row = reached[k * words..(k + 1) * words].to_vec();
        for i in 0..size {
            if reached[i * words + k / 64] >> (k % 64) & 1 == 1 {
                for (word, more) in reached[i * words..(i + 1) * words].iter_mut().zip(&row) {
                    *word |= more;
                }
            }
        }
    }
    Array2::from_shape_fn((size, size), |(i, j)| reached[i * words + j / 64] >> (j % 64) & 1 == 1)
}

/// Leaves out the lightest edges until no cycle is left, and says up to which weight: how results of continuous methods become graphs.
///
/// Of edges of equal weight all are left out or none. Cost: O(d² log d).
pub fn acyclic_core(weights: ArrayView2<f64>) -> (Array2<f64>, f64) {
    let mut sizes: Vec<f64> = weights.iter().map(|w| w.abs()).filter(|w| *w > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.dedup();
    let cut = |threshold: f64| weights.mapv(|w| if w.abs() > threshold { w } else { 0.0 });
    // Acyclicity is monotone in the threshold: bisect over the weights.
    let thresholds = |index: usize| if index == 0 { 0.0 } else { sizes[index - 1] };
    let (mut low, mut high) = (0, sizes.len());
    while low < high {
        let middle = (low + high) / 2;
        match is_acyclic(cut(thresholds(middle)).view()) {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    (cut(thresholds(low)), thresholds(low))
}

/// How a graph differs from the true one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Structural Hamming distance: edges to add, remove or turn; turning counts once.
    pub hamming: usize,
    /// Edges of the truth that were found with their direction, over all edges of the truth; NaN if it has none.
    pub true_positive_rate: f64,
    /// Edges found that are not in the truth, reversed ones included, over all that were found; 0 if none was.
    pub false_discovery_rate: f64,
    /// Edges found.
    pub edges: usize,
}

/// Compares the edges of a graph with the truth.
///
/// # Errors
/// [`Error::Shape`] if the sizes differ.
pub fn compare(truth: ArrayView2<f64>, found: ArrayView2<f64>) -> Result<Comparison, Error> {
    let size = truth.nrows();
    for (what, matrix) in [("the true graph", truth), ("the graph", found)] {
        if matrix.dim() != (size, size) {
            let (rows, columns) = matrix.dim();
            return Err(Error::Shape { what, rows, columns, expected: size });
        }
    }
    let edge = |matrix: ArrayView2<f64>, i, j| matrix[(i, j)] != 0.0;
    let (mut hamming, mut edges, mut correct, mut true_edges) = (0, 0, 0, 0);
    for i in 0..size {
        for j in 0..size {
            edges += usize::from(edge(found, i, j));
            true_edges += usize::from(edge(truth, i, j));
            correct += usize::from(edge(found, i, j) && edge(truth, i, j));
            if i < j {
                let pair = |matrix| (edge(matrix, i, j), edge(matrix, j, i));
                hamming += usize::from(pair(truth) != pair(found));
            }
        }
    }
    Ok(Comparison {
        hamming,
        true_positive_rate: correct as f64 / true_edges as f64,
        false_discovery_rate: if edges == 0 { 0.0 } else { (edges - correct) as f64 / edges as f64 },
        edges,
    })
}
