//! Concave quadratics over a box: max over λ in a box of bᵀλ − λᵀQλ/2, by active sets.
//!
//! Coordinates at a bound whose slope points outwards are fixed, the others solve a linear system; a step that leaves the box stops at the first bound (primal active set), so the value grows and the method ends after finitely many sets.

use ndarray::{Array2, ArrayView2};
use numerics::cholesky::Cholesky;

/// The maximiser for a positive definite Q, from a start that is brought into the box; `bounds` are (low, high) of each coordinate, which may be infinite. `None` if a system cannot be solved, as for a Q that is not positive definite.
///
/// Cost: p³/3 for each active set, of which there are rarely more than 3p.
///
/// # Panics
/// If lengths differ or a lower bound exceeds the upper one.
pub fn maximise(q: ArrayView2<f64>, b: &[f64], bounds: &[(f64, f64)], start: &[f64]) -> Option<Vec<f64>> {
    let p = b.len();
    assert!(q.dim() == (p, p) && bounds.len() == p && start.len() == p, "one of each for every coordinate");
    let mut lambda: Vec<f64> =
        start.iter().zip(bounds).map(|(l, (low, high))| l.clamp(*low, *high)).collect();
    let mut free: Vec<bool> =
        lambda.iter().zip(bounds).map(|(l, (low, high))| *l > *low && *l < *high).collect();
    let scale = b.iter().fold(1e-300_f64, |m, b| m.max(b.abs()));
    for _ in 0..50 * (p + 1) {
        let slope: Vec<f64> =
            (0..p).map(|i| b[i] - (0..p).map(|j| q[(i, j)] * lambda[j]).sum::<f64>()).collect();
        let places: Vec<usize> = (0..p).filter(|i| free[*i]).collect();
        // The maximiser over the free coordinates.
        let mut step: Vec<f64> = places.iter().map(|i| slope[*i]).collect();
        if !places.is_empty() {
            let sub = Array2::from_shape_fn((places.len(), places.len()), |(i, j)| q[(places[i], places[j])]);
            Cholesky::new(sub.view())?.solve(&mut step);
        }
        let mut length = 1.0_f64;
        let mut blocking = None;
        for (i, d) in places.iter().zip(&step) {
            let (low, high) = bounds[*i];
            let room = match d {
                d if *d > 0.0 => (high - lambda[*i]) / d,
                d if *d < 0.0 => (low - lambda[*i]) / d,
                _ => f64::INFINITY,
            };
            if room < length {
                (length, blocking) = (room.max(0.0), Some((*i, *d > 0.0)));
            }
        }
        for (i, d) in places.iter().zip(&step) {
            lambda[*i] = (lambda[*i] + length * d).clamp(bounds[*i].0, bounds[*i].1);
        }
        if let Some((i, up)) = blocking {
            lambda[i] = if up { bounds[i].1 } else { bounds[i].0 };
            free[i] = false;
            continue;
        }
        // The fixed coordinate whose slope points most inwards is freed; where both bounds are one, none can be.
        let inward = |i: usize| {
            let slope: f64 = b[i] - (0..p).map(|j| q[(i, j)] * lambda[j]).sum::<f64>();
            if lambda[i] <= bounds[i].0 { slope } else { -slope }
        };
        let fixed = (0..p).filter(|i| !free[*i] && bounds[*i].0 < bounds[*i].1);
        match fixed.map(|i| (i, inward(i))).max_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((i, gain)) if gain > 1e-13 * scale => free[i] = true,
            _ => return lambda.iter().all(|l| l.is_finite()).then_some(lambda),
        }
    }
    None
}
