//! The double backward of networks, and steps of plug-and-play.

use divan::{Bencher, black_box};
use learned_proximal::network::{ProximalNetwork, Start, Work};
use learned_proximal::operator::{LeastSquares, Operator};
use learned_proximal::plug_and_play::{Until, proximal_gradient};
use learned_proximal::training::{Loss, loss_gradient};
use numerics::random::stream;
use rand::Rng;
use rand_distr::StandardNormal;

fn main() {
    divan::main();
}

fn gradient(bencher: Bencher, network: &ProximalNetwork, rows: usize) {
    let mut random = stream(0, &["bench"]);
    let n = network.inputs();
    let x: Vec<f64> = (0..rows * n).map(|_| random.sample(StandardNormal)).collect();
    let y: Vec<f64> = x.iter().map(|x| x + random.sample::<f64, _>(StandardNormal)).collect();
    let mut works = Vec::new();
    bencher.bench_local(|| {
        loss_gradient(black_box(network), &y, &mut works, &|part, f, c| {
            Loss::Squared.slope(f, &x[part.start * n..part.end * n], n, rows, c)
        })
    });
}

/// 12 · 2,000 · 7,500 flops in products and 400,000 exponentials with logarithms.
#[divan::bench]
fn public_network_of_one_input(bencher: Bencher) {
    let network = ProximalNetwork::dense(1, &[50; 4], false, (10.0, 0.0)).expect("sizes are positive");
    gradient(bencher, &network.with_start(Start::Alive, &mut stream(0, &["start"])), 2_000);
}

#[divan::bench(args = [8, 16, 64])]
fn public_network_of_images(bencher: Bencher, width: usize) {
    let network =
        ProximalNetwork::convolutional(28, width, (10.0, 0.02)).expect("the side is divisible by four");
    gradient(bencher, &network.with_start(Start::Alive, &mut stream(0, &["start"])), 32);
}

/// A pass forward and back, and two blurs.
#[divan::bench]
fn step_of_proximal_gradients(bencher: Bencher) {
    let network =
        ProximalNetwork::convolutional(28, 16, (10.0, 0.02)).expect("the side is divisible by four");
    let network = network.with_start(Start::Alive, &mut stream(0, &["start"]));
    let operator = Operator::blur(28, 1.0).expect("the blur fits");
    let h = LeastSquares { observed: vec![0.1; operator.outputs()], operator, weight: 1.0 };
    let mut work = Work::default();
    network.potential_and_prox(&[0.0; 784], &mut work);
    bencher.bench_local(|| {
        proximal_gradient(black_box(&network), &h, &[0.0; 784], 0.9, Until { steps: 1, change: 0.0 })
    });
}
