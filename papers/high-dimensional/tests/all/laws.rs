//! Definitions and theorems of the paper over random input, extreme scales and degenerate cases.

use high_dimensional::problems::INTEGRANDS;
use high_dimensional::{SamplingError, sample, sample_cells};
use numerics::random::stream;
use proptest::prelude::*;

proptest! {
    #[test]
    fn estimates_lie_between_the_least_and_the_largest_value(seed: u64, points in 2_usize..300, which in 0..INTEGRANDS.len()) {
        let f = INTEGRANDS[which].0;
        let plain = sample(f, points, &mut stream(seed, &["laws"])).unwrap();
        let cells = sample_cells(f, points, &mut stream(seed, &["laws"])).unwrap();
        prop_assert!((0.0..=1.0).contains(&plain.mean) && (0.0..=1.0 + 1e-12).contains(&cells));
        // Values in [0, 1] have a standard deviation of at most one half, times √(N/(N − 1)) in a sample.
        prop_assert!(plain.standard_error <= 0.5 / ((points - 1) as f64).sqrt() + 1e-12);
    }
}

/// Six standard errors: a fair test fails once in five hundred million.
#[test]
fn estimates_are_as_far_off_as_they_say() {
    for (f, name) in INTEGRANDS {
        let found = sample(f, 100_000, &mut stream(7, &["laws"])).unwrap();
        assert!((found.mean - f.mean()).abs() < 6.0 * found.standard_error, "{name}: {found:?}");
    }
}

#[test]
fn too_few_points_are_refused() {
    let (f, _) = INTEGRANDS[0];
    assert_eq!(sample(f, 1, &mut stream(0, &[])), Err(SamplingError::Points(1)));
    assert_eq!(sample_cells(f, 0, &mut stream(0, &[])), Err(SamplingError::Points(0)));
}
