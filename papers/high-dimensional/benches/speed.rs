//! Times of what the methods spend their time on.

use divan::Bencher;
use high_dimensional::information::density::{Binned, Kernel, Scratch, Settings, continuous};
use high_dimensional::information::exact::Family;
use high_dimensional::information::{Outcome, neighbours};
use high_dimensional::sparse::Columns;
use numerics::random::stream;

fn main() {
    divan::main();
}

fn sample() -> (Vec<f64>, Vec<f64>) {
    let (x, outcome) = Family::Gaussian(0.5).sample(1_000, &mut stream(1, &["bench"]));
    let Outcome::Continuous(y) = outcome else { unreachable!("a continuous family") };
    (x, y)
}

/// One column of a thousand rows; the aim is a millisecond.
#[divan::bench(args = [Kernel::Gaussian, Kernel::Epanechnikov])]
fn density(bencher: Bencher, kernel: Kernel) {
    let (x, y) = sample();
    let settings = Settings { kernel, ..Settings::default() };
    let y = Binned::new(&y, 2, &settings).unwrap().unwrap();
    let mut scratch = Scratch::default();
    bencher.bench_local(|| {
        let x = Binned::new(&x, 2, &settings).unwrap().unwrap();
        continuous(&x, &y, None, kernel, &mut scratch)
    });
}

/// The same by neighbours.
#[divan::bench]
fn three_neighbours(bencher: Bencher) {
    let (x, y) = sample();
    bencher.bench(|| neighbours::continuous(&x, &y, 3));
}

/// Xᵀr: 33 MB read.
#[divan::bench]
fn transposed(bencher: Bencher) {
    let columns: Vec<Vec<f64>> =
        (0..2_051).map(|j| (0..2_000).map(|i| ((i * j) as f64).sin()).collect()).collect();
    let x = Columns::new(&columns).unwrap();
    let (r, mut out) = (vec![1.0; 2_000], vec![0.0; 2_051]);
    bencher.bench_local(|| x.transposed(&r, &mut out));
}
