//! LASSO problems on one Gram matrix, and passes of a network forwards and backwards.

use deep_unfolding::gradient::{HardGradient, Target, gradient};
use deep_unfolding::lasso::{Options, lasso_batch};
use deep_unfolding::network::Network;
use deep_unfolding::problem::{Penalty, Problem};
use deep_unfolding::signals::{BernoulliGaussian, gaussian_matrix};
use divan::{Bencher, black_box};
use ndarray::Array2;
use numerics::random::stream;

fn main() {
    divan::main();
}

fn drawn(rows: usize, columns: usize, count: usize) -> (Problem, Array2<f64>, Array2<f64>) {
    let mut random = stream(0, &["bench"]);
    let problem = Problem::new(gaussian_matrix(rows, columns, &mut random)).expect("entries are finite");
    let signals = BernoulliGaussian { probability: 0.1, decibels: 20.0, amplitude: 1.0 };
    let (xs, ys) = signals.draw(problem.matrix(), count, &mut random);
    (problem, xs, ys)
}

/// The aim is 100 µs of CPU time a problem.
#[divan::bench(args = [(60, 100), (250, 500)])]
fn hundred_lassos(bencher: Bencher, (rows, columns): (usize, usize)) {
    let (problem, _, ys) = drawn(rows, columns, 100);
    let options = Options { tolerance: 1e-9, ..Options::default() };
    bencher.bench_local(|| lasso_batch(black_box(&problem), ys.view(), 0.05, &options));
}

/// 448 samples and layers of at most 40,000 flops; the aim is 2 µs each.
#[divan::bench(args = [Penalty::L1, Penalty::L0])]
fn gradient_of_32_samples_at_depth_14(bencher: Bencher, penalty: Penalty) {
    let (problem, xs, ys) = drawn(60, 100, 32);
    let weight = if penalty == Penalty::L1 { 0.1 } else { 0.02 };
    let network = Network::plain(penalty, weight, problem.plain_step(), 14);
    bencher.bench_local(|| {
        gradient(
            black_box(&network),
            &problem,
            ys.view(),
            Target::Signals(xs.view()),
            HardGradient::AlmostEverywhere,
        )
    });
}
