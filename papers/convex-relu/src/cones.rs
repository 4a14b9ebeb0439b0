//! The largest correlation within a cell, and with it M(ν).
//!
//! max {c·u : |u| ≤ 1, E X u ≥ 0} is the length of the projection of c on the cone, and by Moreau that of the residual of min over μ ≥ 0 of |c + XᵀEμ|: nonnegative least squares in r
//! dimensions. Any μ ≥ 0 gives an upper bound, so that an unfinished solve is safe.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};
use rayon::prelude::*;

use crate::patterns::Patterns;
use crate::problem::Problem;

/// The projection of c on {u : G u ≥ 0}, with rows g_k, by active sets (Lawson, Hanson 1974) on its dual.
pub fn project(cone: ArrayView2<f64>, c: ArrayView1<f64>) -> Array1<f64> {
    let (rows, dimension) = cone.dim();
    let scale = c.dot(&c).sqrt();
    if scale == 0.0 {
        return Array1::zeros(dimension);
    }
    let lengths: Vec<f64> = cone.outer_iter().map(|row| row.dot(&row).sqrt()).collect();
    let mut passive: Vec<usize> = Vec::new();
    let mut weights: Vec<f64> = Vec::new();
    let mut point = c.to_owned();
    for _ in 0..3 * (rows + dimension) {
        // The constraint that the point violates most.
        let products = cone.dot(&point);
        let violation = |row: usize| if lengths[row] > 0.0 { -products[row] / lengths[row] } else { 0.0 };
        let Some(worst) = (0..rows)
            .filter(|row| !passive.contains(row))
            .max_by(|a, b| violation(*a).total_cmp(&violation(*b)))
            .filter(|row| violation(*row) > 1e-13 * scale)
        else {
            break;
        };
        if passive.len() == dimension {
            break;
        }
        passive.push(worst);
        weights.push(0.0);
        loop {
            let Some(wanted) = least_squares(cone, &passive, &lengths, c) else {
                // Dependent on those that are there: no use.
                passive.pop();
                weights.pop();
                return point;
            };
            if wanted.iter().all(|weight| *weight > 0.0) {
                weights = wanted;
                break;
            }
            // As far as the first weight that becomes zero.
            let steps = weights.iter().zip(&wanted).filter(|(_, wanted)| **wanted <= 0.0);
            let step = steps.map(|(old, new)| old / (old - new)).fold(1.0, f64::min);
            weights.iter_mut().zip(&wanted).for_each(|(old, new)| *old += step * (new - *old));
            let floor = 1e-14 * weights.iter().copied().fold(0.0, f64::max);
            let kept: Vec<usize> = (0..passive.len())
                .filter(|place| weights[*place] > floor && (step < 1.0 || wanted[*place] > 0.0))
                .collect();
            if kept.len() == passive.len() || kept.is_empty() {
                passive.clear();
                weights.clear();
                break;
            }
            passive = kept.iter().map(|place| passive[*place]).collect();
            weights = kept.iter().map(|place| weights[*place]).collect();
        }
        point.assign(&c);
        for (row, weight) in passive.iter().zip(&weights) {
            point.scaled_add(weight / lengths[*row], &cone.row(*row));
        }
        if passive.is_empty() {
            break;
        }
    }
    point
}

/// μ that makes c + Σ μ_k g_k/|g_k| shortest, without signs: by Gram–Schmidt, twice.
fn least_squares(
    cone: ArrayView2<f64>,
    passive: &[usize],
    lengths: &[f64],
    c: ArrayView1<f64>,
) -> Option<Vec<f64>> {
    let count = passive.len();
    let mut basis: Vec<Array1<f64>> = Vec::with_capacity(count);
    let mut triangle = vec![vec![0.0; count]; count];
    for (place, row) in passive.iter().enumerate() {
        let mut column = cone.row(*row).mapv(|x| x / lengths[*row]);
        for _ in 0..2 {
            for (k, unit) in basis.iter().enumerate() {
                let along = unit.dot(&column);
                triangle[k][place] += along;
                column.scaled_add(-along, unit);
            }
        }
        let length = column.dot(&column).sqrt();
        if length < 1e-11 {
            return None;
        }
        triangle[place][place] = length;
        basis.push(column / length);
    }
    let mut weights: Vec<f64> = basis.iter().map(|unit| -unit.dot(&c)).collect();
    for place in (0..count).rev() {
        let known: f64 = (place + 1..count).map(|k| triangle[place][k] * weights[k]).sum();
        weights[place] = (weights[place] - known) / triangle[place][place];
    }
    Some(weights)
}

/// The worst of some patterns: an upper bound of |ν·(Xu)₊| over their cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// An upper bound of the largest value.
    pub most: f64,
    /// Patterns that may add to a network at this β, worst first: the place, the sign, and the value.
    pub worst: Vec<(usize, f64, f64)>,
    /// Patterns that a bound on |XᵀD_iν| excluded before any projection.
    pub screened: usize,
}

/// M(ν) over patterns. Those with |XᵀD_iν| ≤ β are excluded at O(n r) each, the rest need a projection for each sign.
pub fn violation(problem: &Problem, patterns: &Patterns, nu: ArrayView1<f64>) -> Violation {
    let x = problem.x();
    let values: Vec<[f64; 2]> = (0..patterns.len())
        .into_par_iter()
        .with_min_len(16)
        .map(|pattern| {
            let c = patterns.correlation(pattern, x, nu);
            let length = c.dot(&c).sqrt();
            if length <= problem.beta() {
                return [length, f64::NAN];
            }
            let cone = signed_rows(x, patterns, pattern);
            [1.0, -1.0].map(|sign| {
                let projected = project(cone.view(), (sign * &c).view());
                // The residual of any μ ≥ 0 bounds; the length of it is what was found.
                projected.dot(&projected).sqrt()
            })
        })
        .collect();
    let mut worst = Vec::new();
    let (mut most, mut screened) = (0.0_f64, 0);
    for (pattern, [plus, minus]) in values.into_iter().enumerate() {
        most = most.max(plus);
        if minus.is_nan() {
            screened += 1;
            continue;
        }
        most = most.max(minus);
        let signed = [(1.0, plus), (-1.0, minus)].into_iter().filter(|(_, value)| *value > problem.beta());
        worst.extend(signed.map(|(sign, value)| (pattern, sign, value)));
    }
    worst.sort_by(|a, b| b.2.total_cmp(&a.2));
    // Screened patterns are bounded by |XᵀD_iν| only, which may be worse than a bound over all.
    let most = most + problem.slack(nu);
    let most = relaxed(problem, nu).map_or(most, |weak| most.min(weak));
    Violation { most, worst, screened }
}

/// E_i X.
pub fn signed_rows(x: ArrayView2<f64>, patterns: &Patterns, pattern: usize) -> Array2<f64> {
    let mut rows = x.to_owned();
    for (row, mut values) in rows.outer_iter_mut().enumerate() {
        if !patterns.active(pattern, row) {
            values.mapv_inplace(|x| -x);
        }
    }
    rows
}

/// An upper bound of M(ν) over all patterns without enumerating any: (Xu)₊ is (Xu + |Xu|)/2, and Σ ν_k|x_k·u| is at most √(Σν⁺) times the root of the largest eigenvalue of Xᵀdiag(ν⁺)X.
pub fn relaxed(problem: &Problem, nu: ArrayView1<f64>) -> Option<f64> {
    let x = problem.x();
    let linear = x.t().dot(&nu);
    let linear = linear.dot(&linear).sqrt();
    let mut most = 0.0_f64;
    for sign in [1.0, -1.0] {
        let positive = nu.mapv(|nu| (sign * nu).max(0.0));
        let mut scaled = x.to_owned();
        scaled.outer_iter_mut().zip(&positive).for_each(|(mut row, nu)| row *= nu.sqrt());
        let gram = scaled.t().dot(&scaled);
        let largest = numerics::symmetric::eigenvalues(gram.view())?.into_iter().fold(0.0, f64::max);
        most = most.max(0.5 * linear + 0.5 * (positive.sum() * largest).sqrt());
    }
    Some(most + problem.slack(nu))
}
