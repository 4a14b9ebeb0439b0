//! The Hessian of a network of 4,950 parameters on 1,000 examples: products, the matrix, its largest eigenvalues.

use divan::{Bencher, black_box};
use hessian_spectrum::lanczos::{Wanted, extremes, on_sphere};
use hessian_spectrum::operator::Symmetric;
use hessian_spectrum::point::Point;
use hessian_spectrum::problems::{Blobs, Geometry, classified};
use ndarray::Array2;
use networks::{Activation, Initialisation, Network, Parametrisation};
use numerics::random::stream;

fn main() {
    divan::main();
}

fn point() -> Point {
    let random = &mut stream(0, &["bench"]);
    let blobs = Blobs {
        geometry: Geometry::Box,
        clusters: 10,
        classes: 10,
        dimension: 49,
        points: 1_000,
        deviation: 1.0,
    };
    let (x, classes) = blobs.draw(random);
    let widths = [49, 50, 40, 10];
    let network =
        Network::new(&widths, Activation::Relu, Parametrisation::Standard, Initialisation::He, random);
    classified(network.expect("the widths are positive"), x, &classes).expect("the data are finite")
}

/// 12 N (M − M₁) + 4 N M₁ flops a vector: 40 million.
#[divan::bench(args = [1, 16])]
fn products(bencher: Bencher, count: usize) {
    let (point, random) = (point(), &mut stream(1, &["bench"]));
    let mut vectors = Array2::zeros((count, point.dimension()));
    vectors.rows_mut().into_iter().for_each(|mut row| row.assign(&on_sphere(point.dimension(), random)));
    bencher.bench_local(|| point.apply(black_box(vectors.view())));
}

/// N M² flops: 25 billion.
#[divan::bench(sample_count = 3)]
fn matrix(bencher: Bencher) {
    let point = point();
    bencher.bench_local(|| black_box(&point).hessian());
}

#[divan::bench(sample_count = 3)]
fn ten_largest(bencher: Bencher) {
    let point = point();
    let wanted = Wanted { tolerance: 1e-8, ..Wanted::new(10, 0) };
    bencher.bench_local(|| extremes(black_box(&point), &wanted, &mut stream(2, &["bench"])));
}
