//! Steps of a swarm and a consensus against the floor of memory and arithmetic.

use consensus_based::consensus::consensus;
use consensus_based::draws::Draws;
use consensus_based::problems::{Benchmark, Problem};
use consensus_based::swarm::{Options, Start, Swarm};
use divan::{Bencher, black_box, counter::ItemsCount};

fn main() {
    divan::main();
}

/// Nanoseconds a coordinate: normal numbers take about 3, cosines 1, memory 1.6.
#[divan::bench(args = [(200, 2), (1_000, 20), (10_000, 100)])]
fn step(bencher: Bencher, (particles, dimension): (usize, usize)) {
    let ackley = Problem { benchmark: Benchmark::Ackley, dimension, shift: 0.0 };
    let options = Options { particles, ..Options::default() };
    let mut swarm = Swarm::new(&ackley, &options, &Start::Uniform { low: -3.0, high: 3.0 }, Draws::new(0, 0))
        .expect("the settings are valid");
    bencher.counter(ItemsCount::new(particles * dimension)).bench_local(|| swarm.step(&ackley));
}

#[divan::bench(args = [1.0, 1e5])]
fn weighted_mean(bencher: Bencher, alpha: f64) {
    let ackley = Problem { benchmark: Benchmark::Ackley, dimension: 100, shift: 0.0 };
    let options = Options { particles: 10_000, ..Options::default() };
    let swarm = Swarm::new(&ackley, &options, &Start::Uniform { low: -3.0, high: 3.0 }, Draws::new(0, 0))
        .expect("the settings are valid");
    bencher.bench_local(|| consensus(black_box(swarm.points()), swarm.values(), alpha));
}
