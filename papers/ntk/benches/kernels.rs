//! Speed of kernel matrices and of the empirical tangent kernel.
//!
//! `contraction` and `jacobian` give the same matrix, which is checked first; the second is what one gets from an explicit Jacobian.

use divan::{Bencher, black_box};
use ndarray::Array2;
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::StandardNormal;
use ntk::{Activation, Architecture, Kind, Network};
use numerics::random::stream;

fn main() {
    let (network, x) = network(32);
    let contraction = network.tangent_kernel(x.view(), x.view(), 0).expect("sizes fit");
    let jacobian = network.jacobian(x.view(), 0).expect("sizes fit");
    let difference = (jacobian.dot(&jacobian.t()) - contraction).iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    assert!(difference < 1e-12, "{difference}");
    divan::main();
}

fn points(rows: usize, columns: usize) -> Array2<f64> {
    Array2::random_using((rows, columns), StandardNormal, &mut stream(0, &["bench"]))
}

fn network(width: usize) -> (Network, Array2<f64>) {
    let network = Architecture::of_the_paper(4).draw_scalar(10, width, &mut stream(1, &["bench"]));
    (network.expect("the widths are positive"), points(50, 10))
}

#[divan::bench(args = [500, 1_000, 4_000], sample_count = 3)]
fn relu_kernel_of_784_coordinates(bencher: Bencher, rows: usize) {
    let x = points(rows, 784);
    let architecture = Architecture::of_the_paper(4);
    bencher
        .bench_local(|| architecture.matrix(Kind::Ntk, black_box(x.view())).expect("the points are finite"));
}

#[divan::bench(args = [1_000], sample_count = 3)]
fn erf_kernel_of_784_coordinates(bencher: Bencher, rows: usize) {
    let x = points(rows, 784);
    let architecture = Architecture { activation: Activation::Erf, ..Architecture::of_the_paper(4) };
    bencher
        .bench_local(|| architecture.matrix(Kind::Ntk, black_box(x.view())).expect("the points are finite"));
}

#[divan::bench(args = [32, 128, 512], sample_count = 5)]
fn contraction(bencher: Bencher, width: usize) {
    let (network, x) = network(width);
    bencher.bench_local(|| network.tangent_kernel(black_box(x.view()), x.view(), 0).expect("sizes fit"));
}

#[divan::bench(args = [32, 128], sample_count = 5)]
fn jacobian(bencher: Bencher, width: usize) {
    let (network, x) = network(width);
    bencher.bench_local(|| {
        let jacobian = network.jacobian(black_box(x.view()), 0).expect("sizes fit");
        jacobian.dot(&jacobian.t())
    });
}
