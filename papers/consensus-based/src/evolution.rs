//! CMA-ES, the field's standard without gradients, as the rival at equal evaluations.
//!
//! Hansen's strategy (tutorial of 2016) with its default settings: weighted recombination of the better half, cumulative step-size adaptation, rank-one and
//! rank-μ updates of the covariance. No restarts, no bounds: what is left of a budget after convergence is not spent.

use ndarray::{Array1, Array2, Axis};
use numerics::symmetric::eigen;
use rand::Rng;
use rand_distr::StandardNormal;

use crate::objective::Objective;
use crate::swarm::Best;

/// Minimises from `mean` with standard deviation `sigma` and `population` points a generation (at least 4) until `evaluations` are spent, the step size is
/// below 10⁻¹⁴ or the covariance is no longer positive. NaN counts as +∞. Cost per generation: population values and 2 population d² flops.
pub fn evolve(
    objective: &impl Objective,
    mean: &[f64],
    sigma: f64,
    (population, evaluations): (usize, u64),
    random: &mut impl Rng,
) -> (Best, u64) {
    let d = mean.len();
    let n = d as f64;
    let population = population.max(4);
    let parents = population / 2;
    let raw = Array1::from_iter(
        (1..=parents).map(|rank| ((population as f64 + 1.0) / 2.0).ln() - (rank as f64).ln()),
    );
    let weights = &raw / raw.sum();
    let mu = 1.0 / weights.mapv(|w| w * w).sum();
    // Learning rates and damping of the tutorial.
    let step_rate = (mu + 2.0) / (n + mu + 5.0);
    let damping = 1.0 + 2.0 * (((mu - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0) + step_rate;
    let path_rate = (4.0 + mu / n) / (n + 4.0 + 2.0 * mu / n);
    let rank_one = 2.0 / ((n + 1.3).powi(2) + mu);
    let rank_mu = (1.0 - rank_one).min(2.0 * (mu - 2.0 + 1.0 / mu) / ((n + 2.0).powi(2) + mu));
    let expected_norm = n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n));

    let mut mean = Array1::from(mean.to_vec());
    let mut sigma = sigma;
    let mut covariance = Array2::<f64>::eye(d);
    let (mut directions, mut scales) = (Array2::<f64>::eye(d), Array1::<f64>::ones(d));
    let (mut step_path, mut path) = (Array1::<f64>::zeros(d), Array1::<f64>::zeros(d));
    let mut best = Best { point: mean.to_vec(), value: f64::INFINITY };
    let mut values = vec![0.0; population];
    let mut spent = 0;
    let mut generation = 0_u32;
    while spent + population as u64 <= evaluations && sigma > 1e-14 {
        let normals =
            Array2::from_shape_simple_fn((population, d), || random.sample::<f64, _>(StandardNormal));
        let steps = (&normals * &scales).dot(&directions.t());
        let points = &steps * sigma + &mean;
        objective.evaluate(points.as_slice().expect("a fresh sum lies in rows"), &mut values);
        spent += population as u64;
        values.iter_mut().for_each(|value| *value = if value.is_nan() { f64::INFINITY } else { *value });
        let mut order: Vec<usize> = (0..population).collect();
        order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
        if values[order[0]] < best.value {
            best = Best { point: points.row(order[0]).to_vec(), value: values[order[0]] };
        }
        let chosen = steps.select(Axis(0), &order[..parents]);
        let step = weights.dot(&chosen);
        mean.scaled_add(sigma, &step);
        let whitened = directions.dot(&(directions.t().dot(&step) / &scales));
        step_path = step_path * (1.0 - step_rate) + whitened * (step_rate * (2.0 - step_rate) * mu).sqrt();
        generation += 1;
        let length = step_path.dot(&step_path).sqrt();
        let settled = (1.0 - (1.0 - step_rate).powi(2 * generation as i32)).sqrt();
        let fresh = f64::from(u8::from(length / settled / expected_norm < 1.4 + 2.0 / (n + 1.0)));
        path = path * (1.0 - path_rate) + &step * (fresh * (path_rate * (2.0 - path_rate) * mu).sqrt());
        let column = path.view().insert_axis(Axis(1));
        let kept = 1.0 - rank_one - rank_mu + (1.0 - fresh) * rank_one * path_rate * (2.0 - path_rate);
        covariance = covariance * kept
            + column.dot(&column.t()) * rank_one
            + chosen.t().dot(&(&chosen * &weights.view().insert_axis(Axis(1)))) * rank_mu;
        sigma *= ((step_rate / damping) * (length / expected_norm - 1.0)).exp();
        let Some((variances, vectors)) = eigen(covariance.view()) else { break };
        if variances[0] <= 0.0 {
            break;
        }
        scales = Array1::from(variances).mapv(f64::sqrt);
        directions = vectors;
    }
    (best, spent)
}
