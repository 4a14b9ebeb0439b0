//! Sampled neurons without constraints: min loss(Σ a_i (Xu_i)₊) + β Σ |a_i| over random unit directions, the paper's second method as we read it.
//!
//! The answer is itself a network. As directions become dense its cost falls to the global optimum; since optimal neurons sit on kinks, where a neighbour costs an amount of first order in the angle, the gap falls as N^(−1/(r−1)), not as its square.

use ndarray::{Array1, Array2, Axis};
use numerics::sum::fast_dot;

use crate::network::{Network, Neuron};
use crate::problem::{Loss, Problem};

/// The best network of given directions.
#[derive(Clone, Debug)]
pub struct Sampled {
    /// Neurons with a weight.
    pub network: Network,
    /// Its cost.
    pub cost: f64,
    /// No network of these directions costs less.
    pub lower: f64,
    /// Sweeps that it took.
    pub sweeps: usize,
}

/// Coordinate descent over directions in the columns of an r × N matrix, to a duality gap over these. Working sets of violators; O(nN) for each full sweep.
///
/// # Panics
/// For the hinge, whose kinks stop coordinate descent: take patterns instead.
pub fn scp(problem: &Problem, directions: &Array2<f64>, gap: f64, sweeps: usize) -> Sampled {
    assert!(problem.loss() != Loss::Hinge, "coordinate descent needs a smooth loss");
    let units: Vec<Array1<f64>> =
        directions.axis_iter(Axis(1)).map(|u| u.mapv(|x| x / u.dot(&u).sqrt())).collect();
    let features: Vec<Vec<f64>> =
        units.iter().map(|u| problem.x().dot(u).iter().map(|product| product.max(0.0)).collect()).collect();
    let steps: Vec<f64> = features.iter().map(|f| problem.loss().curvature() * fast_dot(f, f)).collect();
    let beta = problem.beta();
    let mut weights = vec![0.0_f64; units.len()];
    let mut output = Array1::<f64>::zeros(problem.rows());
    // They change only where a weight does, so they are kept from coordinate to coordinate.
    let mut slopes = vec![0.0; problem.rows()];
    let derivatives = |output: &Array1<f64>, slopes: &mut [f64]| {
        for ((slope, f), y) in slopes.iter_mut().zip(output).zip(problem.y()) {
            *slope = problem.loss().derivative(*f, *y);
        }
    };
    let (mut lower, mut used) = (f64::NEG_INFINITY, 0);
    while used < sweeps {
        let nu = problem.dual_point(output.view());
        let at = nu.as_slice().expect("a vector in one piece");
        let correlations: Vec<f64> = features.iter().map(|feature| fast_dot(feature, at)).collect();
        let violation = correlations.iter().fold(0.0_f64, |most, c| most.max(c.abs()));
        let cost = problem.value(output.view()) + beta * weights.iter().map(|a| a.abs()).sum::<f64>();
        lower = lower.max(problem.dual_value(nu.view(), violation));
        if cost - lower <= gap * cost {
            break;
        }
        // Those with a weight, and the worst hundred of the others.
        let mut working: Vec<usize> =
            (0..units.len()).filter(|i| weights[*i] != 0.0 || correlations[*i].abs() > beta).collect();
        working.sort_by(|a, b| {
            let key = |i: usize| if weights[i] != 0.0 { f64::INFINITY } else { correlations[i].abs() };
            key(*b).total_cmp(&key(*a)).then(a.cmp(b))
        });
        let with_weight = working.iter().filter(|i| weights[**i] != 0.0).count();
        working.truncate(with_weight + 100);
        derivatives(&output, &mut slopes);
        for _ in 0..200 {
            used += 1;
            let mut moved = 0.0_f64;
            for i in &working {
                if steps[*i] == 0.0 {
                    continue;
                }
                let at = weights[*i] - fast_dot(&features[*i], &slopes) / steps[*i];
                let next = at.signum() * (at.abs() - beta / steps[*i]).max(0.0);
                let change = next - weights[*i];
                if change != 0.0 {
                    output.iter_mut().zip(&features[*i]).for_each(|(f, feature)| *f += change * feature);
                    derivatives(&output, &mut slopes);
                    weights[*i] = next;
                    moved = moved.max(change.abs() * steps[*i].sqrt());
                }
            }
            if moved < 1e-3 * gap.sqrt() {
                break;
            }
        }
    }
    let chosen = units.iter().zip(&weights).filter(|(_, weight)| **weight != 0.0);
    let neurons = chosen.map(|(u, weight)| Neuron { sign: weight.signum(), z: u * weight.abs() }).collect();
    let network = Network { neurons };
    Sampled { cost: network.cost(problem), network, lower, sweeps: used }
}
