//! Times of what training spends its time on.

use diff2::clipping::{Query, clipped_mean};
use diff2::models::Softplus;
use diff2::noise::{Lattice, Noise};
use diff2::privacy::Mu;
use diff2::records::Records;
use divan::Bencher;
use divan::counter::ItemsCount;
use ndarray::{Array1, Array2};
use numerics::random::stream;

fn main() {
    divan::main();
}

/// ε of a composition.
#[divan::bench]
fn epsilon(bencher: Bencher) {
    bencher.bench(|| divan::black_box(Mu::new(0.7)).epsilon(1e-5));
}

/// Noise of a hundred coordinates on the lattice.
#[divan::bench]
fn lattice(bencher: Bencher) {
    let mut noise = Lattice::with(stream(1, &["lattice"]));
    let mut values = vec![0.0; 100];
    bencher.counter(ItemsCount::new(100_usize)).bench_local(|| noise.add(1e6, &mut values));
}

/// The paper's network on the records of California Housing's shape: gradients, then differences.
#[divan::bench(args = [false, true])]
fn clipped(bencher: Bencher, differences: bool) {
    let features = Array2::from_shape_fn((16_512, 8), |(i, j)| ((i * 8 + j) as f64).sin());
    let targets = Array1::from_shape_fn(16_512, |i| (i as f64).cos());
    let records = Records::new(features.view(), targets.view(), &[0; 16_512]).unwrap();
    let model = Softplus::new(8, 10);
    let from: Vec<f64> = (0..101).map(|k| (k as f64).sin()).collect();
    let to: Vec<f64> = from.iter().map(|x| x + 1e-3).collect();
    bencher.counter(ItemsCount::new(16_512_usize)).bench(|| {
        let query = if differences {
            Query::Differences { from: &from, to: &to }
        } else {
            Query::Gradients { at: &from }
        };
        clipped_mean(&model, query, &records, 1.0, None)
    });
}
