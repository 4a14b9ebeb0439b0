//! Coordinates of single matrices, and one step of training.

use divan::{Bencher, black_box};
use lie_decompositions::glyphs::{glyphs, images};
use lie_decompositions::network::sampling::Sampling;
use lie_decompositions::network::{Architecture, GroupNetwork, Stage};
use lie_decompositions::polar::{Polar, log_and_rotation};
use lie_decompositions::spd;
use numerics::random::stream;

fn main() {
    divan::main();
}

#[divan::bench]
fn plane(bencher: Bencher) {
    let g = [[2.0, 1.0], [-0.3, 0.7]];
    bencher.bench_local(|| log_and_rotation(black_box(&g)));
}

#[divan::bench]
fn space(bencher: Bencher) {
    let g = [[2.0, 1.0, 0.1], [-0.3, 0.7, 0.4], [0.2, -0.5, 1.1]];
    bencher.bench_local(|| Polar::of(black_box(&g)));
}

#[divan::bench]
fn logarithm(bencher: Bencher) {
    let (p, q) = ([[2.0, 0.3], [0.3, 1.0]], [[1.0, -0.2], [-0.2, 3.0]]);
    bencher.bench_local(|| spd::log(black_box(&p), black_box(&q)));
}

#[divan::bench]
fn step(bencher: Bencher) {
    let mut random = stream(0, &["bench"]);
    let architecture = Architecture {
        side: 18,
        channels: 12,
        kernel: 5,
        hidden: vec![16, 16],
        scale: false,
        stages: vec![Stage::Pool, Stage::Residual(1)],
        classes: 10,
        epsilon: 1e-5,
    };
    let network = GroupNetwork::<f32>::new(&architecture, &mut random).expect("sizes fit");
    let (drawn, labels) = glyphs(10, &mut random);
    let pixels = images(&drawn, 18, None, &mut random);
    let samples = Sampling::Special { radius: 0.5 }.draw(4, &mut random);
    bencher.bench_local(|| network.loss_and_gradients(black_box(pixels.view()), &labels, &samples));
}
