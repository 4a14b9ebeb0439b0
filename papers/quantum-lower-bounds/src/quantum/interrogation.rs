//! Noise that is spread over signs, which no coherence helps much against.
//!
//! The next column is n^(−1/2) Σ sₗeₗ with hidden signs; a query shows one √n sₗeₗ. Learning the column is learning n signs, of which k coherent queries give a
//! mean overlap equal to the largest eigenvalue of the (k + 1) × (k + 1) tridiagonal matrix with √((w + 1)(n − w))/n beside the diagonal (van Dam's interrogation with
//! the best weights). Classical queries give √(k/n), and no quantum algorithm more than 2√(k/n): a factor of four in queries at most.

use crate::chain::tridiagonal_norm;

/// The best mean overlap of k ≤ n coherent queries of n signs.
pub fn overlap(signs: u64, queries: u64) -> f64 {
    let n = signs as f64;
    let beside: Vec<f64> =
        (0..queries.min(signs)).map(|w| ((w as f64 + 1.0) * (n - w as f64)).sqrt() / n).collect();
    tridiagonal_norm(&vec![0.0; beside.len() + 1], &beside)
}

/// √(k/n).
pub fn classical_overlap(signs: u64, queries: u64) -> f64 {
    (queries.min(signs) as f64 / signs as f64).sqrt()
}

/// The fewest queries whose overlap reaches `target`, quantum and classical.
pub fn queries_for(signs: u64, target: f64) -> (u64, u64) {
    let quantum = (0..=signs).collect::<Vec<_>>().partition_point(|k| overlap(signs, *k) < target);
    let classical = (target * target * signs as f64).ceil();
    (quantum as u64, classical as u64)
}
