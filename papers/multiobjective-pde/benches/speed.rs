//! States and paths at the sizes of the contests.

use divan::{Bencher, black_box};
use multiobjective_pde::lasso;
use multiobjective_pde::state::{MaxPde, Method, Workspace};
use ndarray::{Array1, Array2};
use numerics::random::stream;
use rand::Rng;

fn main() {
    divan::main();
}

#[divan::bench(args = [63, 127, 255])]
fn state(bencher: Bencher, n: usize) {
    let pde = MaxPde::new(n, 100.0).expect("κ is a number");
    let y = pde.grid().sample(|x, y| (6.0 * x).sin() * (1.0 - x) * y * (1.0 - y));
    let mut b = vec![0.0; n * n];
    pde.residual(&y, &vec![0.0; n * n], &mut b);
    let work = &mut Workspace::default();
    let found = pde.solve(&b, None, Method::ConjugateGradients, work).expect("it has a solution");
    assert!(found.y.iter().zip(&y).all(|(a, b)| (a - b).abs() < 1e-10));
    bencher.bench_local(|| pde.solve(black_box(&b), None, Method::ConjugateGradients, work));
}

#[divan::bench]
fn path(bencher: Bencher) {
    let mut random = stream(0, &["bench"]);
    let a = Array2::from_shape_simple_fn((100, 500), || random.random_range(-1.0..1.0));
    let b = Array1::from_shape_simple_fn(100, || random.random_range(-1.0..1.0));
    bencher.bench_local(|| lasso::path(black_box(a.view()), b.view(), usize::MAX));
}
