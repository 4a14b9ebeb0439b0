//! Products with the Hessian against the matrix products that they are made of.

use divan::Bencher;
use ndarray::Array2;
use networks::{Activation, Initialisation, Loss, Network, Parametrisation, one_hot};

fn main() {
    divan::main();
}

const ROWS: usize = 512;
const WIDTHS: [usize; 3] = [784, 100, 10];
const VECTORS: usize = 16;

fn filled(rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 7 + j * 13) % 17) as f64 / 8.0 - 1.0)
}

#[divan::bench]
fn hessian_products(bencher: Bencher) {
    let mut random = numerics::random::stream(0, &["bench"]);
    let network: Network<f64> = Network::new(
        &WIDTHS,
        Activation::Tanh,
        Parametrisation::Standard,
        Initialisation::FanIn,
        &mut random,
    )
    .expect("the widths are positive");
    let (x, vectors) = (filled(ROWS, WIDTHS[0]), filled(VECTORS, network.parameters().len()));
    let y = one_hot(&(0..ROWS).map(|row| row % 10).collect::<Vec<_>>(), 10);
    bencher.bench_local(|| network.hessian_products(x.view(), y.view(), Loss::CrossEntropy, vectors.view()));
}

/// The same products of matrices in one piece, by ndarray and without anything between them: 2 K N (2 n₀ n₁ + 5 n₁ n₂) flops.
#[divan::bench]
fn matrix_products_alone(bencher: Bencher) {
    let [n0, n1, n2] = WIDTHS;
    let (a0, v0) = (filled(ROWS, n0), filled(n0, VECTORS * n1));
    let (a1, v1) = (filled(ROWS, n1), filled(n1, VECTORS * n2));
    let (c1, w1) = (filled(ROWS * VECTORS, n1), filled(n1, n2));
    let (d1, d2) = (filled(ROWS, VECTORS * n1), filled(ROWS, VECTORS * n2));
    let delta = filled(ROWS, n2);
    let c1_wide = filled(ROWS, VECTORS * n1);
    let d2_tall = filled(ROWS * VECTORS, n2);
    bencher.bench_local(|| {
        let forward = (a0.dot(&v0), a1.dot(&v1), c1.dot(&w1));
        let backward = (a1.t().dot(&d2), c1_wide.t().dot(&delta), d2_tall.dot(&w1.t()), a0.t().dot(&d1));
        (forward, backward)
    });
}
