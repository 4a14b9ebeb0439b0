//! Passes of recurrent networks, exact hypergradients, and steps of the loop.

use bilevel::selection::Loss;
use bo_rep::bo_rep::{Options, bo_rep};
use bo_rep::chains::Chains;
use bo_rep::classifier::{Classifier, Work};
use bo_rep::experiments::representation::labelled;
use bo_rep::families::cosh;
use bo_rep::oracle::Noisy;
use bo_rep::representation::Representation;
use bo_rep::run::Begin;
use divan::{Bencher, black_box};
use networks::{Batch, Cell, Recurrent};
use numerics::random::stream;

fn main() {
    divan::main();
}

struct Setting {
    classifier: Classifier,
    batch: Batch,
    labels: Vec<f64>,
    weights: Vec<f64>,
    parameters: Vec<f64>,
}

fn setting(cell: Cell) -> Setting {
    let mut random = stream(0, &["bench"]);
    let classifier = Classifier::new(cell, 32, 64).expect("there are tokens and units");
    let sequences: Vec<Vec<u32>> = (0..64).map(|i| (0..32).map(|t| (i * 7 + t * 5) % 32).collect()).collect();
    Setting {
        parameters: classifier.draw(1.0, &mut random).expect("there are units"),
        classifier,
        batch: Batch::new(&sequences, 32).expect("tokens are known"),
        labels: (0..64).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect(),
        weights: vec![1.0 / 64.0; 64],
    }
}

/// Products alone are 50 Mflop for an RNN, three times that for a GRU, four for an LSTM.
#[divan::bench(args = [Cell::Rnn, Cell::Gru, Cell::Lstm])]
fn gradient(bencher: Bencher, cell: &Cell) {
    let s = setting(*cell);
    let (mut work, mut out) = (Work::default(), vec![0.0; s.parameters.len()]);
    bencher.bench_local(|| {
        s.classifier.gradient(
            black_box(&s.parameters),
            &s.batch,
            (&s.labels, &s.weights),
            &mut work,
            &mut out,
        )
    });
}

/// After a gradient at the same point: twice its products.
#[divan::bench(args = [Cell::Rnn, Cell::Gru, Cell::Lstm])]
fn hessian_product(bencher: Bencher, cell: &Cell) {
    let s = setting(*cell);
    let (mut work, mut out) = (Work::default(), vec![0.0; s.parameters.len()]);
    s.classifier.gradient(&s.parameters, &s.batch, (&s.labels, &s.weights), &mut work, &mut out);
    bencher.bench_local(|| {
        s.classifier.product(
            black_box(&s.parameters),
            &s.batch,
            &s.weights,
            &s.parameters,
            &mut work,
            &mut out,
        )
    });
}

#[divan::bench]
fn exact_hypergradient(bencher: Bencher) {
    let (mut random, chains) = (stream(0, &["bench"]), Chains::experimental());
    let shape = Recurrent::new(Cell::Rnn, 3, 6, 1.0, &mut random).expect("there are units");
    let x = shape.parameters.clone();
    let rows = (labelled(&chains, 256, 10, &mut random), labelled(&chains, 256, 10, &mut random));
    let problem =
        Representation::new(shape, rows.0, rows.1, 0.01, Loss::Logistic).expect("the ridge is positive");
    bencher.bench_local(|| problem.exact(black_box(&x), &[0.0; 7]));
}

/// Eight gradients and products of three numbers with noise a step.
#[divan::bench]
fn thousand_steps(bencher: Bencher) {
    let noisy = Noisy::normal(cosh(), 1.0);
    let options = Options::bo_rep(0.003, 0.05, noisy.problem.smoothness());
    let begin = Begin { x: &[3.0, -2.7, 2.4], y: &[0.0; 3], calls: 8_000, seed: 0 };
    bencher.bench_local(|| bo_rep(&noisy, black_box(&begin), &options, |_| {}));
}
