//! The distribution of all eigenvalues from a few products: stochastic Lanczos quadrature with brackets that hold, and a band that fails with a stated probability (beyond the paper).
//!
//! For a unit vector v, m Lanczos steps give nodes θ and weights ω, and the distribution μ_v of v over the eigenvectors satisfies, at every node (Chebyshev, Markov, Stieltjes),
//!
//! ```text
//! Σ_{j < i} ω_j ≤ μ_v(−∞, θ_i)   and   μ_v(−∞, θ_i] ≤ Σ_{j ≤ i} ω_j
//! ```
//!
//! With v uniform on the sphere μ_v(−∞, x] is Beta(r/2, (M − r)/2), r eigenvalues being at most x: its mean is r/M, and it is sub-Gaussian with variance factor 1/(2(M + 2)) (Marchal and Arbel 2017). Over the at most M values of r,
//! n vectors are all within √(ln(2M/α)/(n(M + 2))) of r/M with probability 1 − α.
//!
//! Outliers carry next to no mass and nearly all of the moments, so that without deflation these are noise. Pairs that are known are projected out of v and added as atoms of mass 1/M.

use ndarray::{Array1, Array2, Axis};
use numerics::symmetric::eigen;
use rand::Rng;
use rayon::prelude::*;

use crate::lanczos::{Pairs, on_sphere};
use crate::operator::Symmetric;

/// How many products are spent, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quadrature {
    /// n, random vectors, at least 1.
    pub vectors: usize,
    /// m, Lanczos steps for each, at least 1.
    pub steps: usize,
    /// α, the probability that the band fails, in (0, 1).
    pub failure: f64,
}

impl Default for Quadrature {
    fn default() -> Self {
        Self { vectors: 10, steps: 80, failure: 0.05 }
    }
}

/// The distribution of eigenvalues.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// Places, ascending: all nodes and atoms.
    pub places: Vec<f64>,
    /// A lower bound for the share of eigenvalues at or below each place, which is meant to within 10⁻¹² of the largest modulus; so for the upper bound.
    pub lower: Vec<f64>,
    /// An upper bound for it.
    pub upper: Vec<f64>,
    /// The estimate in the middle: mean weights.
    pub estimate: Vec<f64>,
    /// The width of the random part of the band, on either side.
    pub band: f64,
    /// The mean eigenvalue and the mean square, estimated.
    pub moments: [f64; 2],
    /// Products with a vector, those of deflation not counted.
    pub products: usize,
}

/// Estimates the distribution, given pairs to deflate (possibly none).
///
/// Cost: vectors · steps products, in blocks of one vector each, all vectors in parallel, and 4 steps² M flops a vector for orthogonality; memory: steps M numbers for each thread. `None` if a product is not finite.
///
/// # Panics
/// If an option is out of its range.
pub fn distribution(
    operator: &impl Symmetric,
    known: &[&Pairs],
    options: &Quadrature,
    random: &mut impl Rng,
) -> Option<Distribution> {
    assert!(options.vectors > 0 && options.steps > 0, "a vector and a step at least");
    assert!(options.failure > 0.0 && options.failure < 1.0, "a probability");
    let dimension = operator.dimension();
    let atoms: Vec<f64> = known.iter().flat_map(|pairs| pairs.values.iter().copied()).collect();
    let rest = dimension.saturating_sub(atoms.len());
    let starts: Vec<Array1<f64>> = (0..options.vectors).map(|_| on_sphere(dimension, random)).collect();
    let rules: Vec<(Vec<f64>, Vec<f64>)> = if rest == 0 {
        Vec::new()
    } else {
        starts
            .into_par_iter()
            .map(|start| rule(operator, known, start, options.steps))
            .collect::<Option<_>>()?
    };
    let mut places: Vec<f64> =
        rules.iter().flat_map(|(nodes, _)| nodes.iter().copied()).chain(atoms.iter().copied()).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let (rest_share, n) = (rest as f64 / dimension as f64, rules.len().max(1) as f64);
    let band = if rest == 0 {
        0.0
    } else {
        ((2.0 * rest as f64 / options.failure).ln() / (n * (rest as f64 + 2.0))).sqrt()
    };
    let (mut lower, mut upper, mut estimate) = (Vec::new(), Vec::new(), Vec::new());
    let largest = places.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    // Atoms and nodes come with rounding.
    let slack = 1e-12 * largest;
    for &place in &places {
        let at_or_below =
            |limit: f64| atoms.iter().filter(|atom| **atom <= limit).count() as f64 / dimension as f64;
        let (mut low, mut high, mut middle) = (0.0, 0.0, 0.0);
        for (nodes, weights) in &rules {
            // μ(−∞, x] ≥ the weights of all nodes below the last one that is not above x; ≤ those up to the first one not below x.
            let below = nodes.partition_point(|node| *node <= place + slack);
            let first = nodes.partition_point(|node| *node < place - slack);
            low += weights[..below.saturating_sub(1)].iter().sum::<f64>();
            high += weights[..(first + 1).min(weights.len())].iter().sum::<f64>();
            middle += weights[..below].iter().sum::<f64>();
        }
        let shift = |mean: f64, by: f64| (mean / n + by).clamp(0.0, 1.0) * rest_share;
        lower.push(at_or_below(place - slack) + shift(low, -band));
        upper.push((at_or_below(place + slack) + shift(high, band)).min(1.0));
        estimate.push(at_or_below(place + slack) + shift(middle, 0.0));
    }
    let moment = |power: i32| {
        let of_rules: f64 = rules
            .iter()
            .flat_map(|(nodes, weights)| nodes.iter().zip(weights))
            .map(|(node, weight)| weight * node.powi(power))
            .sum();
        (atoms.iter().map(|atom| atom.powi(power)).sum::<f64>() + of_rules / n * rest as f64)
            / dimension as f64
    };
    Some(Distribution {
        moments: [moment(1), moment(2)],
        products: rules.iter().map(|(nodes, _)| nodes.len()).sum(),
        places,
        lower,
        upper,
        estimate,
        band,
    })
}

/// Nodes and weights of one start, projected off what is known.
fn rule(
    operator: &impl Symmetric,
    known: &[&Pairs],
    mut start: Array1<f64>,
    steps: usize,
) -> Option<(Vec<f64>, Vec<f64>)> {
    let deflate = |vector: &mut Array1<f64>| {
        for pairs in known {
            *vector -= &pairs.vectors.dot(&*vector).dot(&pairs.vectors);
        }
    };
    deflate(&mut start);
    deflate(&mut start);
    let length = start.dot(&start).sqrt();
    start /= length;
    let dimension = operator.dimension() - known.iter().map(|pairs| pairs.values.len()).sum::<usize>();
    let steps = steps.min(dimension);
    let mut basis = Array2::zeros((0, start.len()));
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    let mut vector = start;
    loop {
        basis.push_row(vector.view()).ok()?;
        let mut next = operator.apply(vector.view().insert_axis(Axis(0))).row(0).to_owned();
        let alpha = next.dot(&vector);
        diagonal.push(alpha);
        if diagonal.len() == steps {
            break;
        }
        for _ in 0..2 {
            deflate(&mut next);
            next -= &basis.dot(&next).dot(&basis);
        }
        let beta = next.dot(&next).sqrt();
        let size = diagonal.iter().chain(&beside).fold(0.0_f64, |a: f64, b: &f64| a.max(b.abs()));
        if !beta.is_finite() {
            return None;
        }
        // An invariant subspace: the rule is exact.
        if beta <= 1e-14 * size {
            break;
        }
        beside.push(beta);
        vector = next / beta;
    }
    let m = diagonal.len();
    let mut tridiagonal = Array2::from_diag(&Array1::from(diagonal));
    for (k, beta) in beside.iter().take(m - 1).enumerate() {
        (tridiagonal[(k, k + 1)], tridiagonal[(k + 1, k)]) = (*beta, *beta);
    }
    let (nodes, vectors) = eigen(tridiagonal.view())?;
    Some((nodes, vectors.row(0).mapv(|x| x * x).to_vec()))
}
