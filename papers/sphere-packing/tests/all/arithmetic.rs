//! The arithmetics against exact fractions, and linear algebra over them.

use ndarray::Array2;
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};
use proptest::prelude::*;
use sphere_packing::certificate::{Dyadic, enclosure};
use sphere_packing::dense;
use sphere_packing::scalar::{DoubleDouble, Multi, Scalar, Sizes, convert};
use sphere_packing::semidefinite::sdpa::{decimal, to_decimal};

fn exact<T: Scalar>(value: T) -> BigRational {
    Dyadic::exact(value).rational()
}

/// Whether a result is within `units` units of the last place of the exact one.
fn near<T: Scalar>(found: T, expected: &BigRational, units: i64) -> bool {
    let size = expected.abs();
    let tolerance = size * BigRational::new(BigInt::from(units), BigInt::from(1) << (T::BITS - 1));
    (exact(found) - expected).abs() <= tolerance
}

/// Numbers with all bits of their precision in use, from far apart exponents.
fn full<T: Scalar>(parts: &[f64; 3], power: i32) -> T {
    let third = T::one() / T::from_f64(3.0);
    (T::from_f64(parts[0]) + third * T::from_f64(parts[1]) * T::from_f64(parts[2])).times_power_of_two(power)
}

fn operations<T: Scalar>(a: T, b: T) {
    let (x, y) = (exact(a), exact(b));
    assert!(near(a + b, &(&x + &y), 4) || (a.high_cancellation(b)), "{x} + {y}");
    assert!(near(a * b, &(&x * &y), 8), "{x} · {y}");
    if !y.is_zero() {
        assert!(near(a / b, &(&x / &y), 16), "{x} / {y}");
    }
    if x.is_positive() {
        let root = a.sqrt();
        let square = exact(root) * exact(root);
        assert!(
            (square - &x).abs() <= x * BigRational::new(BigInt::from(16), BigInt::from(1) << (T::BITS - 1))
        );
    }
    assert_eq!(a < b, exact(a) < exact(b));
    assert_eq!(exact(T::from_text(&a.to_text()).unwrap()), exact(a));
}

/// Double-double sums of opposite numbers may lose a few places of what is left, as the format allows.
trait Cancellation {
    fn high_cancellation(self, other: Self) -> bool;
}

impl<T: Scalar> Cancellation for T {
    fn high_cancellation(self, other: Self) -> bool {
        T::BITS == 106 && (self + other).abs().to_f64() < 1e-3 * self.abs().to_f64()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn operations_are_rounded_exact_ones(
        a in prop::array::uniform3(-4.0..4.0f64), b in prop::array::uniform3(-4.0..4.0f64), power in -300..300i32,
    ) {
        operations(full::<DoubleDouble>(&a, 0), full::<DoubleDouble>(&b, power / 10));
        operations(full::<Multi<1>>(&a, 0), full::<Multi<1>>(&b, power));
        operations(full::<Multi<2>>(&a, 0), full::<Multi<2>>(&b, power / 3));
        operations(full::<Multi<4>>(&a, 0), full::<Multi<4>>(&b, power));
        operations(full::<Multi<5>>(&a, 0), full::<Multi<5>>(&b, power));
    }

    #[test]
    fn nearly_equal_numbers_are_subtracted_exactly(a in prop::array::uniform3(0.5..4.0f64), power in -400..-1i32) {
        let a = full::<Multi<4>>(&a, 0);
        let b = a + a.times_power_of_two(power);
        prop_assert_eq!(exact(b - a), exact(b) - exact(a));
    }

    #[test]
    fn decimals_are_read_back(a in prop::array::uniform3(-4.0..4.0f64), power in -200..200i32) {
        let a = full::<Multi<3>>(&a, power);
        let read: Multi<3> = decimal(&to_decimal(a)).unwrap();
        prop_assert!(near(read, &exact(a), 64));
    }

    #[test]
    fn products_are_sums_of_products(seed in 0..u64::MAX, depth in 0..12usize, rows in 1..12usize, columns in 1..20usize) {
        let mut random = numerics::random::stream(seed, &["products"]);
        let mut draw = |a: usize, b: usize| Array2::from_shape_fn((a, b), |_| {
            let part: [f64; 3] = std::array::from_fn(|_| rand::Rng::random_range(&mut random, -1.0..1.0));
            full::<DoubleDouble>(&part, 0)
        });
        let (a, b) = (draw(depth, rows), draw(depth, columns));
        let product = dense::transposed_product(&a, &b);
        for i in 0..rows {
            for j in 0..columns {
                let expected: BigRational = (0..depth).map(|k| exact(a[[k, i]]) * exact(b[[k, j]])).sum();
                let size: BigRational = (0..depth).map(|k| (exact(a[[k, i]]) * exact(b[[k, j]])).abs()).sum();
                let tolerance = size * BigRational::new(BigInt::from(4 * depth + 4), BigInt::from(1) << 105);
                prop_assert!((exact(product[[i, j]]) - expected).abs() <= tolerance);
            }
        }
    }
}

#[test]
fn undefined_operations_are_noticed() {
    let zero = Multi::<4>::ZERO;
    assert!(!(Multi::from_f64(1.0) / zero).is_finite());
    assert!(!Multi::<4>::from_f64(-1.0).sqrt().is_finite());
    assert!(!Multi::<4>::from_f64(f64::NAN).is_finite());
    assert!(!(Multi::<4>::from_f64(f64::INFINITY) * zero).is_finite());
    assert!(Multi::<4>::from_f64(f64::NAN).partial_cmp(&zero).is_none());
    assert_eq!(zero, -zero);
    let smallest = 5e-324;
    assert_eq!(Multi::<2>::from_f64(smallest).to_f64(), smallest);
    assert_eq!(Multi::<2>::from_f64(f64::MAX).to_f64(), f64::MAX);
    assert!(dense::largest([f64::NAN, 1.0]).is_nan() && dense::largest([1.0, f64::NAN]).is_nan());
    assert!(dense::cholesky(&ndarray::array![[1.0, 2.0], [2.0, 1.0]]).is_none());
}

#[test]
fn constants_and_exponentials_lie_in_their_enclosures() {
    fn check<T: Scalar>() {
        let (low, high) = enclosure::pi();
        let middle = (low + high) / BigRational::from(BigInt::from(2));
        assert!(near(T::pi(), &middle, 64), "{} bits", T::BITS);
        for x in [-30.0, -1.5, -1e-8, 0.0, 0.3, 1.0, 12.0] {
            let (low, high) = enclosure::exponential(&Dyadic::from_f64(x));
            let (low, high) = (low.rational(), high.rational());
            assert!(
                low < high
                    && (&high - &low) < &low * BigRational::new(BigInt::from(1), BigInt::from(1) << 190)
            );
            let middle = (low + high) / BigRational::from(BigInt::from(2));
            // Squaring loses a bit each time: x = 30 takes 13.
            assert!(near(T::from_f64(x).exp(), &middle, 1 << 16), "e^{x} in {} bits", T::BITS);
        }
    }
    check::<f64>();
    check::<DoubleDouble>();
    check::<Multi<2>>();
    check::<Multi<3>>();
}

#[test]
fn an_exponential_below_the_digits_of_its_enclosure_lies_in_it() {
    // e^(−400) is about 2^(−577), and numbers there are multiples of 2^(−512).
    let (low, high) = enclosure::exponential(&Dyadic::integer(-400));
    let above = Dyadic { mantissa: 1.into(), exponent: -577 };
    assert!(low.is_below(&above) && above.is_below(&high));
    assert!(high.is_below(&Dyadic { mantissa: 1.into(), exponent: -400 }));
}

#[test]
fn enclosures_hold_known_digits() {
    let (low, high) = enclosure::pi();
    let digits: BigInt = "3141592653589793238462643383279502884197169399375105820974944592".parse().unwrap();
    let scale = BigInt::from(10).pow(63);
    assert!(
        low <= BigRational::new(digits.clone() + 1, scale.clone()) && high >= BigRational::new(digits, scale)
    );
    let two = BigRational::from(BigInt::from(2));
    let root = enclosure::square_root_from_above(&two);
    assert!(
        &root * &root >= two
            && &root * &root < two + BigRational::new(BigInt::from(1), BigInt::from(1) << 200)
    );
    let third = BigRational::new(BigInt::from(1), BigInt::from(3));
    assert_eq!(enclosure::decimal_from_above(&third, 4), "0.3334");
    assert_eq!(enclosure::decimal_from_above(&BigRational::from(BigInt::from(1)), 3), "1.00");
    assert_eq!(
        enclosure::decimal_from_above(&BigRational::new(BigInt::from(99_999), BigInt::from(100_000)), 3),
        "1.00"
    );
    assert_eq!(enclosure::decimal_from_above(&BigRational::from(BigInt::from(1234)), 2), "1300");
}

#[test]
fn factors_give_the_matrix_back_in_every_arithmetic() {
    fn check<T: Scalar>(size: usize) {
        let mut random = numerics::random::stream(3, &["factors"]);
        let a = Array2::from_shape_fn((size + 3, size), |_| {
            T::from_f64(rand::Rng::random_range(&mut random, -1.0..1.0))
        });
        let gram = dense::transposed_product(&a, &a);
        let factor = dense::cholesky(&gram).unwrap();
        let tolerance = 1e4 * T::epsilon();
        let largest = |matrix: Array2<T>| dense::largest(matrix.iter().copied());
        assert!(largest(dense::transposed_product(&factor, &factor) - &gram) < tolerance * size as f64);
        let identity = dense::scaled_identity(size, T::one());
        assert!(largest(dense::product(&gram, &dense::inverse(&factor)) - &identity) < tolerance * 1e6);
        let half = dense::solve_transposed(&factor, &identity);
        assert!(largest(dense::transposed_product(&factor, &half) - &identity) < tolerance * 1e3);
        let full = dense::solve(&factor, &identity);
        assert!(largest(dense::product(&factor, &full) - &identity) < tolerance * 1e3);
        let right: Vec<T> = (0..size).map(|i| T::from_f64(i as f64)).collect();
        let solution = dense::solve_general(gram.clone(), &right).unwrap();
        let column = Array2::from_shape_fn((size, 1), |(i, _)| solution[i]);
        let back = dense::product(&gram, &column);
        assert!((0..size).all(|i| (back[[i, 0]] - right[i]).abs().to_f64() < tolerance * 1e6));
    }
    check::<f64>(60);
    check::<DoubleDouble>(70);
    check::<Multi<4>>(50);
}

#[test]
fn numbers_survive_a_longer_arithmetic() {
    let third = DoubleDouble::from_f64(1.0) / DoubleDouble::from_f64(3.0);
    let longer: Multi<8> = convert(third);
    assert_eq!(exact(longer), exact(third));
    let back: DoubleDouble = convert(longer);
    assert_eq!(back, third);
}

#[test]
fn an_empty_depth_adds_nothing() {
    let mut c = vec![DoubleDouble::one(); 6];
    DoubleDouble::accumulate(&mut c, &[], &[], Sizes { depth: 0, rows: 2, columns: 3 }, -1.0);
    assert!(c.iter().all(|value| *value == DoubleDouble::one()));
}
