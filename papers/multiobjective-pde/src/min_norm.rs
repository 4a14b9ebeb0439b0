//! The shortest vector of a convex hull (Wolfe 1976): what decides on criticality, and the direction of descent.

use ndarray::Array2;
use numerics::cholesky::Cholesky;
use numerics::sum::fast_dot;

/// The shortest vector, and its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Shortest {
    /// The vector.
    pub vector: Vec<f64>,
    /// A weight for each point, of sum one.
    pub weights: Vec<f64>,
}

/// The shortest vector of conv{points}; to a relative accuracy of 10⁻¹² of the longest point's square.
///
/// # Panics
/// For no point.
pub fn shortest(points: &[Vec<f64>]) -> Shortest {
    let gram = Array2::from_shape_fn((points.len(), points.len()), |(i, j)| fast_dot(&points[i], &points[j]));
    let scale = (0..points.len()).map(|i| gram[(i, i)]).fold(0.0, f64::max);
    let first = (0..points.len()).min_by(|a, b| gram[(*a, *a)].total_cmp(&gram[(*b, *b)])).expect("a point");
    let mut corral = vec![first];
    let mut weights = vec![1.0];
    // Each major step shortens the vector; with k points a few k steps do.
    for _ in 0..50 + 10 * points.len() {
        let along = |i: usize| -> f64 { corral.iter().zip(&weights).map(|(j, w)| w * gram[(i, *j)]).sum() };
        let square: f64 = corral.iter().zip(&weights).map(|(i, w)| w * along(*i)).sum();
        let next = (0..points.len()).min_by(|a, b| along(*a).total_cmp(&along(*b))).expect("a point");
        if along(next) >= square - 1e-12 * scale || corral.contains(&next) {
            break;
        }
        corral.push(next);
        weights.push(0.0);
        loop {
            let Some(affine) = affine_minimiser(&gram, &corral, scale) else {
                corral.pop();
                weights.pop();
                break;
            };
            if affine.iter().all(|w| *w > 0.0) {
                weights = affine;
                break;
            }
            // As far towards it as weights stay positive; what reaches zero leaves.
            let step = (weights.iter().zip(&affine))
                .filter(|(_, to)| **to <= 0.0)
                .map(|(from, to)| from / (from - to).max(f64::MIN_POSITIVE))
                .fold(1.0, f64::min);
            for (from, to) in weights.iter_mut().zip(&affine) {
                *from += step * (to - *from);
            }
            let least =
                (0..weights.len()).min_by(|a, b| weights[*a].total_cmp(&weights[*b])).expect("a weight");
            corral.remove(least);
            weights.remove(least);
            let sum: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|w| *w /= sum);
        }
    }
    let mut all = vec![0.0; points.len()];
    let mut vector = vec![0.0; points[0].len()];
    for (i, weight) in corral.iter().zip(&weights) {
        all[*i] = *weight;
        vector.iter_mut().zip(&points[*i]).for_each(|(v, p)| *v += weight * p);
    }
    Shortest { vector, weights: all }
}

/// Weights of sum one of the shortest vector of the affine hull; none for points that are affinely dependent.
fn affine_minimiser(gram: &Array2<f64>, corral: &[usize], scale: f64) -> Option<Vec<f64>> {
    let count = corral.len();
    let matrix = Array2::from_shape_fn((count, count), |(i, j)| gram[(corral[i], corral[j])] + scale);
    let mut solved = vec![1.0; count];
    Cholesky::new(matrix.view())?.solve(&mut solved);
    let sum: f64 = solved.iter().sum();
    let weights: Vec<f64> = solved.iter().map(|w| w / sum).collect();
    weights.iter().all(|w| w.is_finite() && w.abs() < 1e8).then_some(weights)
}
