//! Numbers that are known: bounds of the literature, of reference computations and of closed forms.

use num_bigint::BigInt;
use num_rational::BigRational;
use sphere_packing::certificate::Dyadic;
use sphere_packing::certificate::enclosure::ball_volume_from_above;
use sphere_packing::packings::best_known;
use sphere_packing::semidefinite::precision::{Plan, solve};
use sphere_packing::three_point::multiplier::Multiplier;
use sphere_packing::three_point::predictor::kissing_bound;
use sphere_packing::three_point::{Harmonics, Parameters, ThreePointBound};
use sphere_packing::two_point::{Roots, ball_volume, bound_to_digits, bound_with};

fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} for {expected}");
}

#[test]
fn two_point_bounds_of_low_dimensions() {
    // Reference values with up to 36 roots in 900 bits, to the digits that stood still.
    let reference = [
        (1, 1.0),
        (2, 0.906_899_682_117),
        (3, 0.779_746_761_6),
        (4, 0.647_704_965_8),
        (5, 0.524_980_021_7),
        (6, 0.417_673_419_4),
    ];
    for (dimension, value) in reference {
        let (bound, still) = bound_to_digits(dimension, 8, 24).unwrap();
        assert!(still, "dimension {dimension}");
        let found = bound.proven.to_f64();
        close(found, value, 1e-8);
    }
}

#[test]
fn two_point_bounds_with_a_given_number_of_roots() {
    let reference = [
        (8, 24, 0.253_669_507_937_34, 5e-14),
        (9, 16, 0.194_555_354_30, 5e-12),
        (16, 16, 0.025_194_219_05, 5e-12),
        (24, 16, 0.001_929_695_93, 5e-12),
        (36, 16, 3.218_798_7e-5, 5e-12),
    ];
    for (dimension, count, value, tolerance) in reference {
        let bound = bound_with(dimension, count).unwrap();
        assert_eq!(bound.roots.count(), count);
        close(bound.roots.value(), value, tolerance);
        // The proof gives away two parts in 10^24 of the ball's volume.
        let square = Dyadic::exact(bound.roots.squares[0]).shortened(400);
        let loss = bound.proven.bound.clone() / ball_volume_from_above(dimension, &square);
        let one = BigRational::from(BigInt::from(1));
        let part = BigRational::new(BigInt::from(3 + dimension), BigInt::from(10).pow(24));
        assert!(loss > one && loss < one + part, "dimension {dimension}");
    }
}

#[test]
fn the_bound_of_dimension_one_is_sharp() {
    let decimal = bound_with(1, 5).unwrap().proven.decimal(20);
    assert!(decimal.starts_with("1.00000000000000"), "{decimal}");
}

#[test]
fn no_bound_lies_below_a_packing() {
    for dimension in 1..=9 {
        let packing = best_known(dimension).unwrap();
        let bound = bound_with(dimension, 6).unwrap().proven.to_f64();
        assert!(bound >= packing.density, "{}: {bound}", packing.name);
    }
}

/// The bound of one programme, whose certificate is also written and read.
fn three_point(
    dimension: usize,
    degree: usize,
    radial_degree: usize,
    radius: f64,
    truncation: f64,
    harmonics: Harmonics,
) -> f64 {
    let multipliers = Multiplier::usual(degree);
    let parameters = Parameters {
        dimension,
        degree,
        radial_degree,
        radius,
        truncation,
        width: 1.0,
        harmonics,
        multipliers,
    };
    let programme = ThreePointBound::new(parameters).unwrap();
    let outcome = solve(&programme, &Plan::default(), &mut |_| true).unwrap();
    let certified = outcome.output.unwrap();
    // The certificate's own text proves the same.
    let certificate = sphere_packing::certificate::Certificate::ThreePoint(certified.certificate);
    let read = sphere_packing::certificate::Certificate::from_json(&certificate.to_json()).unwrap();
    assert_eq!(read.to_json(), certificate.to_json());
    assert_eq!(read.check().unwrap(), certified.proven);
    certified.proven.to_f64()
}

#[test]
fn three_point_bounds_of_the_reference_programme() {
    close(three_point(3, 5, 8, 1.142, 1.5, Harmonics::Triangle), 0.777_328_012, 1e-7);
    close(three_point(3, 5, 8, 1.142, 1.3, Harmonics::Triangle), 0.778_125_33, 1e-7);
    close(three_point(4, 5, 10, 1.2038, 1.5, Harmonics::Triangle), 0.643_520_748, 1e-7);
}

#[test]
fn kernels_of_low_degree_do_not_help() {
    // The value of 15 as the degree of f, by Newton's method at another radius and by two other solvers.
    close(three_point(3, 3, 8, 1.142, 1.4, Harmonics::Triangle), 0.779_844_85, 1e-7);
    close(three_point(4, 3, 8, 1.2038, 2.0, Harmonics::Triangle), 0.647_923_163_955_866_5, 1e-7);
}

#[test]
fn all_harmonics_of_degree_three_do_what_the_triangle_does_at_five() {
    close(three_point(3, 3, 8, 1.142, 1.5, Harmonics::All), 0.777_328_01, 1e-7);
}

#[test]
fn the_sum_of_squares_programme_has_newtons_value() {
    let roots = Roots::with(3, 4).unwrap();
    close(roots.value(), 0.779_844_853_74, 1e-11);
    let parameters = Parameters {
        dimension: 3,
        degree: 0,
        radial_degree: 7,
        radius: roots.radius(),
        truncation: 1.5,
        width: 1.0,
        harmonics: Harmonics::All,
        multipliers: Vec::new(),
    };
    let programme = ThreePointBound::new(parameters).unwrap();
    let mut plan = Plan::default();
    plan.settings.gap = 1e-12;
    let outcome = solve(&programme, &plan, &mut |_| true).unwrap();
    let radius = (programme.parameters().squares().0 / std::f64::consts::TAU).sqrt();
    let value = ball_volume(3, radius / 2.0) * outcome.last().progress.primal;
    close(value / roots.value(), 1.0, 1e-10);
}

#[test]
fn delsarte_bounds_of_kissing_numbers() {
    for (dimension, degree, value) in [
        (3, 4, 14.0),
        (3, 5, 13.285_714_286),
        (4, 5, 26.0),
        (4, 9, 25.558_429_1),
        (8, 6, 240.0),
        (12, 6, 8736.0),
        (16, 9, 8364.0),
    ] {
        close(kissing_bound(dimension, degree).unwrap() / value, 1.0, 1e-6);
    }
}

#[test]
fn nearest_pairs_of_the_dual_solution() {
    for (dimension, value) in [(3, 13.402), (4, 26.430), (8, 240.0), (12, 1540.2)] {
        close(Roots::with(dimension, 16).unwrap().nearest_pairs() / value, 1.0, 1e-3);
    }
}
