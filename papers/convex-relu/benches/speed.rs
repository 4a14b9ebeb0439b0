//! Times of enumeration, of the interior point, and of ADMM's step.

use convex_relu::admm::{Coupled, Dense};
use convex_relu::interior::{Options, solve};
use convex_relu::patterns::{Patterns, cells, normal, sampled};
use convex_relu::problem::{Loss, Problem};
use divan::Bencher;
use ndarray::{Array1, Array2};
use numerics::random::stream;

fn main() {
    divan::main();
}

/// n rows in d dimensions with targets.
fn problem(n: usize, d: usize) -> Problem {
    let mut random = stream(1, &["speed"]);
    let x = Array2::from_shape_fn((n, d), |_| normal(1, &mut random)[0] / (d as f64).sqrt());
    let y: Array1<f64> = (0..n).map(|i| x[[i, 0]].max(0.0) - x[[i, 1]].max(0.0)).collect();
    Problem::new(x.view(), y.view(), Loss::Squared, 0.1).unwrap()
}

fn some(problem: &Problem, count: usize) -> Patterns {
    sampled(problem.x(), count, &mut stream(2, &["speed"]))
}

/// All cells.
#[divan::bench(args = [(50, 3), (20, 6)], sample_count = 5)]
fn enumeration(bencher: Bencher, (n, d): (usize, usize)) {
    let problem = problem(n, d);
    bencher.bench(|| cells(problem.x()).len());
}

/// The programme over sampled patterns to a gap of 10⁻⁶.
#[divan::bench(args = [(100, 10, 50), (200, 20, 60)], sample_count = 5)]
fn interior(bencher: Bencher, (n, d, patterns): (usize, usize, usize)) {
    let problem = problem(n, d);
    let patterns = some(&problem, patterns);
    bencher.bench(|| solve(&problem, &patterns, &Options { gap: 1e-6, steps: 100 }).gap());
}

/// One step of ADMM in the n × n form.
#[divan::bench]
fn coupled(bencher: Bencher) {
    let problem = problem(100, 20);
    let patterns = some(&problem, 80);
    let mut step = Coupled::new(&problem, &patterns, 0.1).unwrap();
    let right = Array2::ones((20, 160));
    bencher.bench_local(|| step.solve(&right)[[0, 0]]);
}

/// The same with the factor of all unknowns.
#[divan::bench(sample_count = 10)]
fn dense(bencher: Bencher) {
    let problem = problem(100, 20);
    let step = Dense::new(&problem, &some(&problem, 80), 0.1).unwrap();
    let mut right = vec![1.0; 20 * 160];
    bencher.bench_local(|| step.solve(&mut right));
}
