//! Steps of the flow, each two real transforms and some passes.

use std::sync::Arc;

use barron_pde::equation::{Equation, Flux, Potential};
use barron_pde::flow::{Discrete, Options, flow};
use barron_pde::spectrum::{Lattice, Spectrum};
use barron_pde::torus::Torus;
use divan::{Bencher, black_box};
use num_complex::Complex64;

fn main() {
    divan::main();
}

/// 256²: 5 MFLOP a step, so that ten take some 25 ms at 2 GFLOPS; 64³: 24 MFLOP.
#[divan::bench(args = [(2, 256), (3, 64)])]
fn ten_steps(bencher: Bencher, (axes, side): (usize, usize)) {
    let lattice = Arc::new(Lattice::unit(axes));
    let torus = Torus::new(lattice.clone(), side).expect("a grid");
    let wave = (0..axes).map(|_| 1).collect();
    let f = Spectrum::cosines(lattice, &[(wave, 40.0, 0.3)]).expect("a wave");
    let forcing = torus.spread(&f).expect("the grid holds it");
    let equation = Equation { flux: Flux::Linear, potential: Potential::Reaction { alpha: 1.0 } };
    let problem = Discrete::new(&torus, equation, &forcing);
    let options = Options { step: Some(0.6), tolerance: 0.0, steps: 10 };
    bencher.bench_local(|| {
        flow(black_box(&problem), vec![Complex64::default(); torus.coefficients()], &options, |_, _| ())
    });
}
