//! Times of evaluations.

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use numerics::random::stream;
use quantum_lower_bounds::chain::Chain;
use quantum_lower_bounds::quantum::amplitudes::Register;
use quantum_lower_bounds::rotation::{Hidden, Scratch};
use rand::Rng;

fn main() {
    divan::main();
}

/// F and ∇F of a million columns; two exponentials and one error function each.
#[divan::bench]
fn chain(bencher: Bencher) {
    let length = 1_000_000;
    let mut random = stream(1, &["bench"]);
    let x: Vec<f64> = (0..length).map(|_| random.random_range(0.0..2.0)).collect();
    let mut gradient = vec![0.0; length];
    bencher.counter(ItemsCount::new(length)).bench_local(|| Chain::new(length).gradient(&x, &mut gradient));
}

/// A hidden chain: the columns are read twice.
#[divan::bench]
fn hidden(bencher: Bencher) {
    let hidden = Hidden::random(64, 4_096, &mut stream(1, &["bench"]));
    let (x, mut gradient, mut scratch) = (vec![0.1; 4_096], vec![0.0; 4_096], Scratch::default());
    bencher
        .counter(BytesCount::new(2_usize * 8 * 64 * 4_096))
        .bench_local(|| hidden.gradient(&x, &mut gradient, &mut scratch));
}

/// Ten iterations of search on 18 qubits.
#[divan::bench]
fn search(bencher: Bencher) {
    bencher.bench(|| {
        let mut register = Register::uniform(18);
        register.search(1, 10);
        register.probability(1)
    });
}
