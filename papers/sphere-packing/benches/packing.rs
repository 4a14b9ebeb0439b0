//! The arithmetics, the assembly and whole solves.
//!
//! `cargo bench --profile dev -p sphere-packing`. Rates are items a second: multiplications with an addition for arithmetics.

use divan::Bencher;
use divan::counter::ItemsCount;
use ndarray::Array2;
use sphere_packing::dense;
use sphere_packing::scalar::{DoubleDouble, Multi, Scalar};
use sphere_packing::semidefinite::precision::{Plan, solve};
use sphere_packing::three_point::multiplier::Multiplier;
use sphere_packing::three_point::{Harmonics, Parameters, ThreePointBound};
use sphere_packing::two_point::Roots;

fn main() {
    divan::main();
}

const SIZE: usize = 120;

#[divan::bench(types = [f64, DoubleDouble, Multi<3>, Multi<4>, Multi<8>])]
fn product<T: Scalar>(bencher: Bencher) {
    let third = T::one() / T::from_f64(3.0);
    let a = Array2::from_shape_fn((SIZE, SIZE), |(i, j)| third * T::from_f64((i + 2 * j) as f64 - 100.0));
    bencher.counter(ItemsCount::new(SIZE.pow(3))).bench(|| dense::transposed_product(&a, &a));
}

#[divan::bench(types = [f64, DoubleDouble, Multi<4>])]
fn cholesky<T: Scalar>(bencher: Bencher) {
    let a = Array2::from_shape_fn((SIZE, SIZE), |(i, j)| {
        T::one() / T::from_f64(1.0 + i.abs_diff(j) as f64) + if i == j { T::one() } else { T::zero() }
    });
    bencher.counter(ItemsCount::new(SIZE.pow(3) / 6)).bench(|| dense::cholesky(&a));
}

#[divan::bench(args = [2, 3, 4, 5], sample_count = 3)]
fn three_point_bound(bencher: Bencher, degree: usize) {
    let parameters = Parameters {
        dimension: 3,
        degree,
        radial_degree: 8,
        radius: 1.142,
        truncation: 1.5,
        width: 1.0,
        harmonics: Harmonics::All,
        multipliers: Multiplier::usual(degree),
    };
    let programme = ThreePointBound::new(parameters).expect("the parameters are in range");
    bencher.bench(|| {
        solve(&programme, &Plan::default(), &mut |_| true).expect("the programme can be written down")
    });
}

#[divan::bench(args = [8, 16], sample_count = 3)]
fn roots(count: usize) -> Roots {
    Roots::with(8, count).expect("dimension 8 has these roots")
}
