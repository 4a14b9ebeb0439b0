//! Rivals on the strongly convex toy, each with its true gradients: the published scripts of some solve another problem (README).

use ndarray::ArrayView1;
use rand::Rng;

use crate::problem::{Problem, clamp};
use crate::toys::StronglyConvex;

/// Projected steps down the exact hypergradient: what implicit differentiation does with the lower level solved to the end. Solves min Φ over X to a stationary point.
pub fn hypergradient_descent(
    toy: &StronglyConvex,
    start: &[f64],
    rate: f64,
    steps: usize,
    mut observe: impl FnMut(usize, f64),
) -> Vec<f64> {
    let mut x = start.to_vec();
    toy.project_upper(&mut x);
    let mut gradient = vec![0.0; x.len()];
    for step in 0..steps {
        let value = toy.hypergradient(&x, &mut gradient);
        observe(step, value);
        x.iter_mut().zip(&gradient).for_each(|(x, g)| *x -= rate * g);
        toy.project_upper(&mut x);
    }
    x
}

/// The scheme of E-AiPOD and ALSET: five lower gradient steps, of which a projection onto the constraints is taken with probability one half and made up for later, then two upper steps along the implicit hypergradient at the lower iterate. Solves the same problem as
/// [`hypergradient_descent`] while y tracks y*(x).
pub fn alternating(
    toy: &StronglyConvex,
    start: &[f64],
    (lower_rate, upper_rate): (f64, f64),
    rounds: usize,
    random: &mut impl Rng,
    mut observe: impl FnMut(usize, &[f64]),
) -> Vec<f64> {
    let n = start.len();
    let mut x = start.to_vec();
    toy.project_upper(&mut x);
    let mut y = toy.response.dot(&ArrayView1::from(&x)).to_vec();
    let mut correction = vec![0.0; n];
    let [mut unused, mut slope, mut by_x, mut by_y] = std::array::from_fn(|_| vec![0.0; n]);
    for round in 0..rounds {
        for _ in 0..5 {
            toy.problem.lower(&x, &y, &mut unused, &mut slope);
            for i in 0..n {
                y[i] -= lower_rate * (slope[i] - correction[i]);
            }
            if random.random_bool(0.5) {
                let before = y.clone();
                toy.project_response(&x, &mut y);
                for i in 0..n {
                    correction[i] += 0.5 / lower_rate * (y[i] - before[i]);
                }
                clamp(&mut correction, (-1e6, 1e6));
            }
        }
        for _ in 0..2 {
            toy.problem.upper(&x, &y, &mut by_x, &mut by_y);
            let pulled = toy.response.t().dot(&ArrayView1::from(&by_y));
            for i in 0..n {
                x[i] -= upper_rate * (by_x[i] + pulled[i]);
            }
            toy.project_upper(&mut x);
        }
        observe(round, &x);
    }
    x
}

/// The value-function penalty without a proximal term: projected steps on F + c(f − f*(x)) with f*(x) solved exactly, so that its gradient is c(f_x(x, y) − f_x(x, ŷ) − J_xᵀλ̂). Solves a problem that is O(1/c) off.
pub fn value_penalty(
    toy: &StronglyConvex,
    start: &[f64],
    c: f64,
    rate: f64,
    steps: usize,
    mut observe: impl FnMut(usize, &[f64]),
) -> Option<Vec<f64>> {
    let problem = &toy.problem;
    let sizes = problem.dimensions();
    let (mut x, mut y) = (start.to_vec(), vec![0.0; sizes.y]);
    problem.project(&mut x, &mut y);
    let [mut upper_x, mut lower_x, mut best_x] = std::array::from_fn(|_| vec![0.0; sizes.x]);
    let [mut upper_y, mut lower_y, mut unused] = std::array::from_fn(|_| vec![0.0; sizes.y]);
    for step in 0..steps {
        let best = problem.solve_lower(&x)?;
        observe(step, &x);
        problem.upper(&x, &y, &mut upper_x, &mut upper_y);
        problem.lower(&x, &y, &mut lower_x, &mut lower_y);
        problem.lower(&x, &best.theta, &mut best_x, &mut unused);
        problem.add_jacobian(&x, &best.theta, &best.lambda, &mut best_x, &mut unused);
        for i in 0..sizes.x {
            x[i] -= rate * (upper_x[i] / c + lower_x[i] - best_x[i]);
        }
        for i in 0..sizes.y {
            y[i] -= rate * (upper_y[i] / c + lower_y[i]);
        }
        problem.project(&mut x, &mut y);
    }
    Some(x)
}
