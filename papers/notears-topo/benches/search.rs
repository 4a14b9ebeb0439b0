//! Speed of prices, of searches, and of what they replace.
//!
//! `candidate_swaps_by_regressions` is the paper's way on the covariance matrix: the same search as `candidate_swaps`, whose result is checked first.

use divan::{Bencher, black_box};
use ndarray::Array2;
use notears_topo::bilevel::{self, Options};
use notears_topo::constraints::Precedence;
use notears_topo::factor::{Factor, Scratch};
use notears_topo::inner::{ByFactor, ByRefitting, Inner};
use notears_topo::node_score::LeastSquares;
use notears_topo::search::{Neighbourhood, descend};
use notears_topo::simulate::{self, Family, Noise};
use notears_topo::{Covariance, Order, baseline, exact};
use numerics::random::stream;

fn main() {
    let (covariance, order) = problem(20);
    assert!((by_factor(&covariance, &order) - by_regressions(&covariance, &order)).abs() < 1e-9);
    divan::main();
}

fn problem(variables: usize) -> (Covariance, Order) {
    let mut random = stream(0, &["bench"]);
    let weights = simulate::graph(Family::ErdosRenyi, variables, 2, &mut random);
    let rows = (2 * variables).max(1000);
    let data = simulate::linear(weights.view(), rows, Noise::Gaussian, &vec![1.0; variables], &mut random);
    let covariance = Covariance::of(data.expect("acyclic").view()).expect("more rows than columns");
    (covariance, Order::random(variables, &mut random))
}

fn by_factor(covariance: &Covariance, order: &Order) -> f64 {
    let mut inner = ByFactor::new(covariance, order.clone());
    bilevel::search(&mut inner, &Precedence::none(), &Options::of_the_paper(order.len())).expect("sizes fit");
    inner.score()
}

fn by_regressions(covariance: &Covariance, order: &Order) -> f64 {
    let score = LeastSquares::new(covariance.clone());
    let everywhere = Array2::from_elem((order.len(), order.len()), true);
    let mut inner = ByRefitting::new(&score, everywhere, order.clone()).expect("sizes fit");
    bilevel::search(&mut inner, &Precedence::none(), &Options::of_the_paper(order.len())).expect("sizes fit");
    inner.score()
}

#[divan::bench(args = [100, 1000], sample_count = 10)]
fn prices_of_all_insertions(bencher: Bencher, variables: usize) {
    let (covariance, order) = problem(variables);
    let factor = Factor::new(&covariance, &order);
    let (mut scratch, mut improving) = (Scratch::default(), Vec::new());
    bencher.bench_local(|| {
        improving.clear();
        black_box(&factor).price_insertions(1e-9, &mut scratch, &mut improving);
    });
}

#[divan::bench(args = [100, 1000], sample_count = 5)]
fn prices_of_all_swaps(bencher: Bencher, variables: usize) {
    let (covariance, order) = problem(variables);
    let factor = Factor::new(&covariance, &order);
    let (mut scratch, mut improving) = (Scratch::default(), Vec::new());
    bencher.bench_local(|| {
        improving.clear();
        black_box(&factor).price_swaps(1e-9, &mut scratch, &mut improving);
    });
}

#[divan::bench(args = [100, 1000], sample_count = 5)]
fn factorisation(bencher: Bencher, variables: usize) {
    let (covariance, order) = problem(variables);
    bencher.bench_local(|| Factor::new(black_box(&covariance), &order));
}

#[divan::bench(args = [20, 50, 100], sample_count = 20)]
fn descent_over_insertions(bencher: Bencher, variables: usize) {
    let (covariance, order) = problem(variables);
    let none = Precedence::none();
    bencher.bench_local(|| descend(black_box(&covariance), &order, Neighbourhood::Insertions, &none));
}

#[divan::bench(args = [20, 50], sample_count = 5)]
fn candidate_swaps(bencher: Bencher, variables: usize) {
    let (covariance, order) = problem(variables);
    bencher.bench_local(|| by_factor(black_box(&covariance), &order));
}

#[divan::bench(args = [20, 50], sample_count = 5)]
fn candidate_swaps_by_regressions(bencher: Bencher, variables: usize) {
    let (covariance, order) = problem(variables);
    bencher.bench_local(|| by_regressions(black_box(&covariance), &order));
}

#[divan::bench(args = [20, 100, 1000], sample_count = 5)]
fn greedy_equal_variance(bencher: Bencher, variables: usize) {
    let (covariance, _) = problem(variables);
    bencher.bench_local(|| baseline::equal_variance(black_box(&covariance)));
}

#[divan::bench(args = [15, 20], sample_count = 3)]
fn dynamic_programming(bencher: Bencher, variables: usize) {
    let (covariance, _) = problem(variables);
    bencher.bench_local(|| exact::least_squares(black_box(&covariance)));
}
