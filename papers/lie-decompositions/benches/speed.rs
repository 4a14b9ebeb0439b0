//! The method against the rival's algorithm on the same work, the results checked too.

use divan::{Bencher, black_box};
use lie_decompositions::problems::Integrand;
use lie_decompositions::{sample, sample_cells};
use numerics::random::stream;

const POINTS: usize = 1_000_000;

fn main() {
    let f = Integrand::QuarterDisc;
    let found = sample(f, POINTS, &mut stream(0, &["bench"])).expect("there are enough points");
    assert!((found.mean - f.mean()).abs() < 6.0 * found.standard_error);
    divan::main();
}

#[divan::bench]
fn plain(bencher: Bencher) {
    bencher.bench_local(|| sample(black_box(Integrand::QuarterDisc), POINTS, &mut stream(0, &["bench"])));
}

#[divan::bench]
fn stratified(bencher: Bencher) {
    bencher
        .bench_local(|| sample_cells(black_box(Integrand::QuarterDisc), POINTS, &mut stream(0, &["bench"])));
}
