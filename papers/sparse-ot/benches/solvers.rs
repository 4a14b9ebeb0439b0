//! Speed of one evaluation and of whole solves, against the rivals' algorithms on the same input.
//!
//! `evaluate` is one value and gradient of the dual for n = m points; `partition` does the same work the way
//! POT's `ot.smooth` does: the matrix of scores is formed, every column partitioned, the plan written
//! out. Both give the same value, which is checked first. `solve` runs to a certified gap, `sinkhorn` the
//! entropic rival to its own tolerance.

use divan::{Bencher, black_box};
use ndarray::{Array1, Array2, Axis};
use numerics::random::stream;
use sparse_ot::problems::points_in_the_plane;
use sparse_ot::{
    Dual, Problem, Regulariser, RelaxationOptions, SinkhornOptions, solve_exact, solve_relaxation,
    solve_sinkhorn,
};

fn main() {
    let problem = problem(64);
    let (alpha, beta) = potentials(&problem);
    let ours = evaluate(
        &mut Dual::new(&problem, Regulariser::new(2, GAMMA)).expect("k and γ are positive"),
        &alpha,
        &beta,
    );
    let theirs = partition_value(&problem.cost().to_dense(), &alpha, &beta, problem.a(), problem.b(), 2);
    assert!((ours - theirs).abs() < 1e-12, "{ours} and {theirs}");
    divan::main();
}

const GAMMA: f64 = 10.0;

fn problem(size: usize) -> Problem {
    points_in_the_plane(size, &mut stream(0, &["bench"])).expect("there are points")
}

/// Potentials near the optimum, where most scores are negative, as in most evaluations of a solve.
fn potentials(problem: &Problem) -> (Vec<f64>, Vec<f64>) {
    let options = RelaxationOptions { max_iterations: 2, ..RelaxationOptions::default() };
    let found =
        solve_relaxation(problem, Regulariser::new(2, GAMMA), &options).expect("the problem is sound");
    (found.alpha, found.beta)
}

fn evaluate(dual: &mut Dual<'_>, alpha: &[f64], beta: &[f64]) -> f64 {
    let (mut alpha_slope, mut beta_slope) = (vec![0.0; alpha.len()], vec![0.0; beta.len()]);
    dual.evaluate(alpha, beta, &mut alpha_slope, &mut beta_slope)
}

#[divan::bench(args = [(512, 2), (512, 8), (1024, 2), (1024, 8)])]
fn evaluation(bencher: Bencher, (size, k): (usize, usize)) {
    let problem = problem(size);
    let (alpha, beta) = potentials(&problem);
    let mut dual = Dual::new(&problem, Regulariser::new(k, GAMMA)).expect("k and γ are positive");
    bencher.bench_local(|| evaluate(black_box(&mut dual), &alpha, &beta));
}

#[divan::bench(args = [(512, 2), (512, 8), (1024, 2), (1024, 8)])]
fn evaluation_by_partition(bencher: Bencher, (size, k): (usize, usize)) {
    let problem = problem(size);
    let (alpha, beta) = potentials(&problem);
    let cost = problem.cost().to_dense();
    bencher.bench_local(|| partition_value(black_box(&cost), &alpha, &beta, problem.a(), problem.b(), k));
}

fn partition_value(cost: &Array2<f64>, alpha: &[f64], beta: &[f64], a: &[f64], b: &[f64], k: usize) -> f64 {
    let (alpha_row, beta_row) = (Array1::from(alpha.to_vec()), Array1::from(beta.to_vec()));
    let scores = &alpha_row.insert_axis(Axis(1)) + &beta_row - cost;
    let mut plan = Array2::<f64>::zeros(scores.dim());
    let mut value = 0.0;
    for (column, mut target) in scores.columns().into_iter().zip(plan.columns_mut()) {
        let mut order: Vec<usize> = (0..column.len()).collect();
        order.select_nth_unstable_by(k - 1, |&left, &right| column[right].total_cmp(&column[left]));
        for &row in &order[..k] {
            let positive = column[row].max(0.0);
            value += positive * positive / (2.0 * GAMMA);
            target[row] = positive / GAMMA;
        }
    }
    let dot =
        |left: &[f64], right: &[f64]| left.iter().zip(right).map(|(left, right)| left * right).sum::<f64>();
    black_box((plan.sum_axis(Axis(1)), plan.sum_axis(Axis(0))));
    dot(alpha, a) + dot(beta, b) - value
}

#[divan::bench(args = [(128, 2), (128, 8), (512, 2), (512, 8)], sample_count = 5)]
fn solve(bencher: Bencher, (size, k): (usize, usize)) {
    let problem = problem(size);
    bencher.bench_local(|| {
        solve_relaxation(black_box(&problem), Regulariser::new(k, GAMMA), &RelaxationOptions::default())
    });
}

#[divan::bench(args = [128, 512], sample_count = 5)]
fn sinkhorn(bencher: Bencher, size: usize) {
    let problem = problem(size);
    bencher.bench_local(|| solve_sinkhorn(black_box(&problem), &SinkhornOptions::default()));
}

#[divan::bench(args = [32, 64], sample_count = 5)]
fn linear_program(bencher: Bencher, size: usize) {
    let problem = problem(size);
    bencher.bench_local(|| solve_exact(black_box(&problem)));
}
