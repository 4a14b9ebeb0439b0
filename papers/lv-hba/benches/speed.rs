//! A machine's value with its hypergradient, and iterations of LV-HBA.

use std::ops::ControlFlow;

use divan::{Bencher, black_box};
use lv_hba::machine::Machine;
use lv_hba::problems::{direction, flipped_rows};
use lv_hba::single_loop::{Options, State, single_loop};
use lv_hba::toys::MerelyConvex;
use numerics::random::stream;

fn main() {
    divan::main();
}

/// Some ten Newton steps of n(d+1)² = 40,000 flops.
#[divan::bench]
fn hypergradient_of_500_weights(bencher: Bencher) {
    let random = &mut stream(0, &["bench"]);
    let u = direction(8, random);
    let (train, valid) = (flipped_rows(500, &u, 0.15, random), flipped_rows(150, &u, 0.0, random));
    let machine = Machine::new((&train.x, &train.y), (&valid.x, &valid.y)).expect("both classes are there");
    bencher.bench_local(|| machine.judge(black_box(&[0.0; 500]), &[0.0; 9]));
}

/// A thousand iterations on 300 variables.
#[divan::bench]
fn thousand_iterations(bencher: Bencher) {
    let problem = MerelyConvex::normalised(100);
    let options = Options { steps: 1_000, ..Options::default() };
    bencher.bench_local(|| {
        let state = State::new(&problem, &[10.0; 100], &[10.0; 200]);
        single_loop(black_box(&problem), state, &options, |_| ControlFlow::Continue(()))
    });
}
