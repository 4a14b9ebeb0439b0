//! Transport problems with known shape: the inputs of the experiments.

use ndarray::{Array1, Array2, ArrayView1};
use ndarray_rand::RandomExt;
use rand_distr::{Exp1, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::problem::{Cost, Problem, ProblemError};
use numerics::sum::sum;
use rand::Rng;

/// A pair of histograms on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistogramPair {
    /// N(10, 4²) to N(16, 5²): the first pair of the authors' notebook.
    Gaussians,
    /// N(16, 5²) to ½ N(8, 5²) + ½ N(24, 5²): the second.
    GaussianToMixture,
}

/// The histogram on bins 0, …, `bins` − 1 with mass proportional to a mixture of Gaussian densities,
/// each given as (weight, mean, standard deviation), total 1.
pub fn histogram(bins: usize, mixture: &[(f64, f64, f64)]) -> Array1<f64> {
    let density = |bin: usize| -> f64 {
        let component = |&(weight, mean, deviation): &(f64, f64, f64)| {
            let distance = (bin as f64 - mean) / deviation;
            weight / deviation * (-0.5 * distance * distance).exp()
        };
        mixture.iter().map(component).sum()
    };
    normalised((0..bins).map(density).collect())
}

/// A pair of histograms on 32 bins with the cost (i − j)² / 31², as in the authors' notebook.
///
/// # Errors
/// None for these inputs; the checks of [`Problem::new`] are passed on.
pub fn histograms_on_a_line(pair: HistogramPair) -> Result<Problem, ProblemError> {
    const BINS: usize = 32;
    let largest = (BINS - 1) as f64;
    let cost = Array2::from_shape_fn((BINS, BINS), |(i, j)| ((i as f64 - j as f64) / largest).powi(2));
    let (a, b) = match pair {
        HistogramPair::Gaussians => {
            (histogram(BINS, &[(1.0, 10.0, 4.0)]), histogram(BINS, &[(1.0, 16.0, 5.0)]))
        }
        HistogramPair::GaussianToMixture => {
            (histogram(BINS, &[(1.0, 16.0, 5.0)]), histogram(BINS, &[(0.5, 8.0, 5.0), (0.5, 24.0, 5.0)]))
        }
    };
    Problem::new(Cost::dense(cost.view())?, a.view(), b.view())
}

/// Two clouds of `size` points: N(0, I), and N((4, 4), Σ) with unit variances and a correlation of −0.8.
/// Each is a matrix of `size` rows and two columns.
pub fn clouds(size: usize, random: &mut impl Rng) -> (Array2<f64>, Array2<f64>) {
    let source = Array2::random_using((size, 2), StandardNormal, random);
    let mut target = Array2::<f64>::random_using((size, 2), StandardNormal, random);
    for mut point in target.rows_mut() {
        let (first, second) = (point[0], point[1]);
        point[0] = 4.0 + first;
        point[1] = 4.0 - 0.8 * first + 0.6 * second;
    }
    (source, target)
}

/// Transport between points (one a row) with masses `a` and `b` under the squared Euclidean cost, scaled to
/// a maximum of 1.
///
/// # Errors
/// If there are no points, all points coincide, or the masses are no two marginals.
pub fn matching_problem(
    source: &Array2<f64>,
    target: &Array2<f64>,
    a: ArrayView1<'_, f64>,
    b: ArrayView1<'_, f64>,
) -> Result<Problem, ProblemError> {
    let (_, largest) = Cost::squared_euclidean(source.view(), target.view(), 1.0)?.range();
    let cost = Cost::squared_euclidean(source.view(), target.view(), 1.0 / largest)?;
    Problem::new(Cost::dense(cost.to_dense().view())?, a, b)
}

/// [`clouds`] of `size` points with masses drawn from the exponential distribution, total 1.
///
/// # Errors
/// If `size` is 0.
pub fn points_in_the_plane(size: usize, random: &mut impl Rng) -> Result<Problem, ProblemError> {
    let (source, target) = clouds(size, random);
    let a = normalised(Array1::random_using(size, Exp1, random));
    let b = normalised(Array1::random_using(size, Exp1, random));
    matching_problem(&source, &target, a.view(), b.view())
}

fn normalised(masses: Array1<f64>) -> Array1<f64> {
    let total = sum(masses.iter().copied());
    masses / total
}

#[cfg(test)]
mod tests {
    use super::*;
    use numerics::random::stream;

    /// Masses of shared case `mix1d_32` as stored by NumPy: the first and the middle bin of N(16, 5²).
    #[test]
    fn the_histograms_are_those_of_the_reference_case() {
        let a: Vec<f64> =
            include_str!("../tests/cases/mix1d_32_a.csv").lines().map(|line| line.parse().unwrap()).collect();
        let b: Vec<f64> =
            include_str!("../tests/cases/mix1d_32_b.csv").lines().map(|line| line.parse().unwrap()).collect();
        let problem = histograms_on_a_line(HistogramPair::GaussianToMixture).unwrap();
        for (ours, theirs) in problem.a().iter().chain(problem.b()).zip(a.iter().chain(&b)) {
            // Thirty-two terms, each rounded a few times.
            assert!((ours - theirs).abs() <= 1e-15, "{ours} and {theirs}");
        }
    }

    #[test]
    fn points_have_unit_mass_and_unit_largest_cost() {
        let problem = points_in_the_plane(20, &mut stream(0, &["points"])).unwrap();
        assert!((problem.mass() - 1.0).abs() < 1e-14);
        assert!((problem.cost().range().1 - 1.0).abs() < 1e-14);
    }
}
