//! Passes over a dense game, sampled steps, and a whole solution.

use divan::{Bencher, black_box};
use ndarray::Array2;
use numerics::random::stream;
use std::ops::ControlFlow;
use variance_reduced_halpern::games::{Game, Sampling};
use variance_reduced_halpern::operator::FiniteSum;
use variance_reduced_halpern::page::{Options, page_halpern};
use variance_reduced_halpern::primal_dual::{self, restarted_halpern};
use variance_reduced_halpern::problems::{projections, uniform};
use variance_reduced_halpern::resolvent::Simple;
use variance_reduced_halpern::run::Task;

fn main() {
    divan::main();
}

fn game(size: usize) -> Game {
    let matrix: Array2<f64> = uniform(size, &mut stream(0, &["bench"]));
    Game::dense(matrix.view(), Sampling::SquaredNorms).expect("the matrix is finite")
}

/// Two reads of 8 n² bytes.
#[divan::bench(args = [300, 1_000])]
fn pass(bencher: Bencher, size: usize) {
    let game = game(size);
    let (point, mut out) = (game.uniform(), vec![0.0; 2 * size]);
    bencher.bench_local(|| game.full(black_box(&point), &mut out));
}

/// To a gap of 10⁻³.
#[divan::bench(args = [300, 1_000], sample_count = 5)]
fn solution(bencher: Bencher, size: usize) {
    let game = game(size);
    bencher.bench_local(|| {
        restarted_halpern(black_box(&game), &primal_dual::Options { gap: 1e-3, steps: 100_000 })
    });
}

/// A million calls of projections in twenty dimensions, 80 multiplications and additions each.
#[divan::bench(sample_count = 10)]
fn million_calls(bencher: Bencher) {
    let sum = projections(1_024, 0.5, &mut stream(0, &["bench"]));
    let start = vec![0.0; 20];
    let task = Task { operator: &sum, resolvent: &Simple::Zero, start: &start, calls: 1_000_000, seed: 0 };
    bencher.bench_local(|| {
        page_halpern(black_box(&task), &Options::new(0.5, 1_024), |_| ControlFlow::Continue(()))
    });
}
