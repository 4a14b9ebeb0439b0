//! Speed of gains, of one selection by lazy greedy, and of updates.

use divan::{Bencher, black_box};
use dynamic_submodular::experiments::contest::{GraphFamily, operations};
use dynamic_submodular::function::{BitsetCoverage, Coverage};
use dynamic_submodular::greedy::{greedy, lazy_greedy};
use dynamic_submodular::{BucketRule, Function, LevelAlgorithm, LevelOptions, Maximiser, Order};
use numerics::random::stream;

fn main() {
    let coverage = coverage(500);
    let all: Vec<usize> = (0..500).collect();
    assert_eq!(lazy_greedy(&coverage, &all, 10).elements, greedy(&coverage, &all, 10).elements);
    divan::main();
}

fn coverage(nodes: usize) -> Coverage {
    Coverage::of_neighbours(&GraphFamily::BarabasiAlbert.draw(nodes, &mut stream(0, &["bench"])))
}

/// The gains of all elements on top of twenty, in order.
fn sweep<F: Function>(function: &F) -> f64 {
    let mut state = function.empty();
    for element in 0..20 {
        function.add(&mut state, element);
    }
    (0..function.elements()).map(|element| function.gain(&state, element)).sum()
}

#[divan::bench(args = [1_000, 36_000])]
fn gains_of_sparse_rows(bencher: Bencher, nodes: usize) {
    let function = coverage(nodes);
    bencher.counter(divan::counter::ItemsCount::new(nodes)).bench(|| sweep(black_box(&function)));
}

#[divan::bench(args = [1_000])]
fn gains_of_bitsets(bencher: Bencher, nodes: usize) {
    let function = BitsetCoverage::of(&coverage(nodes)).expect("there are no weights");
    bencher.counter(divan::counter::ItemsCount::new(nodes)).bench(|| sweep(black_box(&function)));
}

#[divan::bench(args = [1_000, 36_000])]
fn lazy_greedy_of_fifty(bencher: Bencher, nodes: usize) {
    let function = coverage(nodes);
    let all: Vec<usize> = (0..nodes).collect();
    bencher.bench(|| lazy_greedy(black_box(&function), &all, 50));
}

#[divan::bench(args = [BucketRule::Largest, BucketRule::High], sample_count = 5)]
fn stream_of_updates(bencher: Bencher, bucket_rule: BucketRule) {
    let function = coverage(4_000);
    let operations = operations(&function, Order::LargestFirst, &mut stream(1, &["bench"]));
    let options = LevelOptions { bucket_rule, ..LevelOptions::new(20) };
    bencher.counter(divan::counter::ItemsCount::new(operations.len())).bench(|| {
        let mut algorithm = LevelAlgorithm::new(&function, options).expect("options are in range");
        algorithm.process(black_box(&operations)).expect("the stream makes sense").len()
    });
}
