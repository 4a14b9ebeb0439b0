//! Times of steps of the sketches and of a factorisation.

use divan::Bencher;
use divan::counter::ItemsCount;
use numerics::random::stream;
use sketched_newton::choice::Choice;
use sketched_newton::inner::{InnerSolver, Stop};
use sketched_newton::kkt;
use sketched_newton::models::{Control, random_saddle};
use sketched_newton::problem::{Point, Problem};
use sketched_newton::sketch::{Kind, Sampling, Sketch};

fn main() {
    divan::main();
}

/// Steps of Kaczmarz at 3.3 entries a row; the aim is 30 ns a step.
#[divan::bench]
fn kaczmarz(bencher: Bencher) {
    let system = random_saddle(3_000, &mut stream(1, &["bench"]));
    let right = vec![1.0; 3_000];
    let mut sketch = Sketch::new(Kind::Kaczmarz(Sampling::Uniform), 1);
    sketch.prepare(&system).unwrap();
    let mut z = vec![0.0; 3_000];
    bencher.counter(ItemsCount::new(100_000_usize)).bench_local(|| {
        for _ in 0..100_000 {
            sketch.step(&system, &right, &mut z);
        }
    });
}

/// Steps of the Gaussian sketch on the paper's grid, of order 27.
#[divan::bench]
fn gaussian(bencher: Bencher) {
    let problem = Control::authors(3);
    let point = Point::start(&problem, &[1.0; 18], &[1.0; 9]).unwrap();
    let system = kkt::at(&problem, &point);
    let mut sketch = Sketch::new(Kind::Gaussian, 1);
    sketch.prepare(&system).unwrap();
    let (right, mut z) = (vec![1.0; 27], vec![0.0; 27]);
    bencher.counter(ItemsCount::new(10_000_usize)).bench_local(|| {
        for _ in 0..10_000 {
            sketch.step(&system, &right, &mut z);
        }
    });
}

/// Factoring and solving the Newton system of 63 × 63 points.
#[divan::bench]
fn factorisation(bencher: Bencher) {
    let (problem, exact) = Control::manufactured(63, 0.01);
    let point = Point::start(&problem, &exact.variables, &exact.multipliers).unwrap();
    let system = kkt::at(&problem, &point);
    let right = vec![1.0; problem.variables() + problem.constraints()];
    bencher.bench(|| {
        let mut solver = Choice::Direct.solver(0);
        solver.prepare(&system).unwrap();
        let mut z = vec![0.0; right.len()];
        solver.solve(&system, &right, &mut z, &Stop { residual: 1e-9, steps: 10 })
    });
}
