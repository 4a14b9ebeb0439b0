//! Values with hypergradients, and steps of the single loop.

use bilevel::oracle::{Noise, Noisy};
use bilevel::selection::Loss;
use divan::{Bencher, black_box};
use numerics::random::stream;
use penalty_bilevel::problems::{of_rates, selection};
use penalty_bilevel::run::Begin;
use penalty_bilevel::single_loop::{Options, single_loop};

fn main() {
    divan::main();
}

/// Cholesky's q³/3 flops and a few products of q² for squared losses.
#[divan::bench(args = [Loss::Squared, Loss::Logistic])]
fn value_and_gradient(bencher: Bencher, loss: &Loss) {
    let problem = selection(*loss, (150, 1_000, 50), &mut stream(0, &["bench"]));
    let warm = problem.exact(&[-2.0; 50], &[0.0; 50]).expect("the problem is regular").weights;
    bencher.bench_local(|| problem.exact(black_box(&[-1.9; 50]), &warm));
}

/// Six gradients of three numbers with noise a step.
#[divan::bench]
fn thousand_steps_of_f2sa(bencher: Bencher) {
    let oracle = Noisy { problem: of_rates(false), deviation: 1.0, noise: Noise::Additive };
    let begin = Begin { x: &[2.2, -1.9], y: &[0.0; 3], calls: 6_000, seed: 0 };
    bencher.bench_local(|| single_loop(&oracle, black_box(&begin), &Options::without_momentum(), |_| {}));
}
