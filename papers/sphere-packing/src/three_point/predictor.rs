//! Whether a three-point term can help, before any large programme is solved.
//!
//! The two-point bound's dual solution has w_1 e^(z_1/2) points at the smallest distance of every point. Only if fewer points than that fit
//! around one at equal distances, by Delsarte's bound with polynomials of the kernel's degree, can a kernel near that distance exclude
//! it. This is a heuristic; that it foretells which programmes improve on the two-point bound is an experiment.

use ndarray::Array2;

use super::chebyshev;
use crate::Error;
use crate::dense::{scaled_identity, zeros};
use crate::scalar::Scalar;
use crate::semidefinite::precision::{Plan, solve};
use crate::semidefinite::{Block, Formulation, Problem, Solution, Terms};

/// Delsarte, Goethals and Seidel's bound of the number of points on the sphere in ℝⁿ with angles of at least 60°, as a
/// semidefinite programme: the least f(1) of f = 1 + Σ f_k P_k with f_k ≥ 0 and f ≤ 0 on [−1, 1/2].
struct Kissing {
    dimension: usize,
    degree: usize,
}

/// P_0(t)…P_degree(t), Gegenbauer's polynomials of ℝⁿ with P_k(1) = 1.
pub fn gegenbauer<T: Scalar>(dimension: usize, degree: usize, t: T) -> Vec<T> {
    let n = dimension as f64;
    let mut values = vec![T::one(), t];
    for k in 1..degree {
        let k = k as f64;
        let last = values.len() - 1;
        values.push(
            (T::from_f64(2.0 * k + n - 2.0) * t * values[last] - T::from_f64(k) * values[last - 1])
                / T::from_f64(k + n - 2.0),
        );
    }
    values.truncate(degree + 1);
    values
}

impl Formulation for Kissing {
    type Output = f64;

    fn problem<T: Scalar>(&self) -> Result<Problem<T>, semidefinite::Error> {
        let degree = self.degree;
        // f + (sum of squares) + (weighted sum of squares) = 0 at degree + 1 nodes; the weights depend on the parity of the degree.
        let (first, second) =
            if degree.is_multiple_of(2) { (degree / 2, degree / 2 - 1) } else { (degree / 2, degree / 2) };
        let mut coefficients = vec![Vec::new(); degree];
        let mut squares = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
        for node in 0..=degree {
            let position =
                T::from_f64((std::f64::consts::PI * (node as f64 + 0.5) / (degree + 1) as f64).cos());
            // From [−1, 1] to [−1, 1/2].
            let t = T::from_f64(0.75) * position - T::from_f64(0.25);
            let values = gegenbauer(self.dimension, degree, t);
            coefficients.iter_mut().zip(&values[1..]).for_each(|(list, value)| list.push(*value));
            let (low, high) = (T::one() + position, T::one() - position);
            let weights = if degree.is_multiple_of(2) { [T::one(), low * high] } else { [low, high] };
            for (((list, vectors), half), weight) in squares.iter_mut().zip([first, second]).zip(weights) {
                list.push(weight);
                vectors.extend(chebyshev(half, position));
            }
        }
        let constraints: Vec<usize> = (0..=degree).collect();
        let mut blocks: Vec<Block<T>> = coefficients
            .into_iter()
            .map(|weights| Block {
                cost: scaled_identity(1, T::one()),
                terms: Terms::RankOne {
                    vectors: Array2::from_elem((degree + 1, 1), T::one()),
                    weights,
                    constraints: constraints.clone(),
                },
            })
            .collect();
        for ((weights, vectors), half) in squares.into_iter().zip([first, second]) {
            let vectors = Array2::from_shape_vec((degree + 1, half + 1), vectors).expect("a vector a node");
            blocks.push(Block {
                cost: zeros(half + 1, half + 1),
                terms: Terms::RankOne { vectors, weights, constraints: constraints.clone() },
            });
        }
        Ok(Problem {
            right_hand_side: vec![-T::one(); degree + 1],
            blocks,
            free: zeros(degree + 1, 0),
            free_cost: Vec::new(),
            constant: T::one(),
        })
    }

    fn output<T: Scalar>(&self, solution: &Solution<T>) -> Result<f64, semidefinite::Error> {
        Ok(solution.primal.to_f64())
    }
}

/// Delsarte's bound of the kissing number in ℝⁿ with polynomials of at most `degree`, to nine digits.
///
/// # Errors
///
/// [`Error::Setting`] for a dimension below 2 or a degree outside 2…30, [`Error::NotConverged`] if no polynomial of the degree gives a bound.
pub fn kissing_bound(dimension: usize, degree: usize) -> Result<f64, Error> {
    if dimension < 2 {
        return Err(Error::Setting { name: "dimension", value: dimension as f64, expected: "at least 2" });
    }
    if !(2..=30).contains(&degree) {
        return Err(Error::Setting { name: "degree", value: degree as f64, expected: "2 to 30" });
    }
    let mut plan = Plan::default();
    plan.settings.gap = 1e-10;
    Ok(solve(&Kissing { dimension, degree }, &plan, &mut |_| true)?.output?)
}
