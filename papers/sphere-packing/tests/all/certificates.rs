//! What certificates say, said again by other means; and that damaged ones prove nothing.

use proptest::prelude::*;
use sphere_packing::certificate::polynomial::{Polynomial, laguerre, laguerre_at_zero};
use sphere_packing::certificate::three_point::ThreePoint;
use sphere_packing::certificate::trivariate::{Trivariate, basis};
use sphere_packing::certificate::{Certificate, Dyadic};
use sphere_packing::laguerre;
use sphere_packing::semidefinite::precision::{Plan, solve};
use sphere_packing::three_point::multiplier::Multiplier;
use sphere_packing::three_point::predictor::gegenbauer;
use sphere_packing::three_point::{Harmonics, Parameters, ThreePointBound};
use sphere_packing::two_point::bound_with;

fn integer(value: i64) -> Dyadic {
    Dyadic::integer(value)
}

/// (x − root)² + shift/2^40.
fn parabola(root: i64, shift: i64) -> Polynomial {
    Polynomial::new(&[
        integer(root * root).plus(&Dyadic { mantissa: shift.into(), exponent: -40 }),
        integer(-2 * root),
        integer(1),
    ])
}

#[test]
fn positivity_is_decided_exactly() {
    for (shift, positive) in [(1, true), (0, false), (-1, false)] {
        let product = parabola(3, shift).times(&parabola(7, 1));
        assert_eq!(product.is_positive_between(&integer(0), &integer(10)), positive);
        assert_eq!(product.is_positive_from(&integer(0)), positive);
        assert!(product.is_positive_between(&integer(4), &integer(6)), "the roots lie outside");
        assert!(product.is_positive_from(&integer(8)));
    }
    // A root at an end, a negative leading coefficient, the zero polynomial, an empty interval.
    assert!(!Polynomial::new(&[integer(0), integer(1)]).is_positive_between(&integer(0), &integer(1)));
    assert!(!Polynomial::new(&[integer(1), integer(-1)]).is_positive_from(&integer(0)));
    assert!(!Polynomial::new(&[]).is_positive_from(&integer(0)));
    assert!(!Polynomial::constant(&integer(0)).is_positive_from(&integer(0)));
    assert!(!parabola(3, 1).is_positive_between(&integer(2), &integer(2)));
    assert!(Polynomial::constant(&integer(2)).is_positive_from(&integer(0)));
}

/// Coefficients are cut at first; where the polynomial nearly touches zero only all of their bits decide.
#[test]
fn positivity_is_decided_by_the_last_bit() {
    let touching = |shift: i64| {
        let least = Dyadic { mantissa: shift.into(), exponent: -600 };
        Polynomial::new(&[integer(9).plus(&least), integer(-6), integer(1)])
    };
    let others =
        (4..9).fold(Polynomial::constant(&integer(1)), |product, root| product.times(&parabola(root, 1)));
    for (shift, positive) in [(1, true), (0, false), (-1, false)] {
        let product = touching(shift).times(&others);
        assert_eq!(product.is_positive_between(&integer(0), &integer(10)), positive);
        assert_eq!(product.is_positive_from(&integer(0)), positive);
    }
}

proptest! {
    #[test]
    fn positivity_agrees_with_factors(roots in prop::collection::vec(-20..20i64, 1..6), low in -25..25i64, width in 1..20i64) {
        // Π (x − root) is positive on an interval without roots exactly if an even number of roots lies above it.
        let product = roots.iter().fold(Polynomial::constant(&integer(1)), |product, root| product.times(&Polynomial::new(&[integer(-root), integer(1)])));
        let inside = roots.iter().any(|root| (low..=low + width).contains(root));
        let above = roots.iter().filter(|root| **root > low + width).count();
        prop_assert_eq!(product.is_positive_between(&integer(low), &integer(low + width)), !inside && above % 2 == 0);
        prop_assert_eq!(product.is_positive_from(&integer(low)), roots.iter().all(|root| *root < low));
    }

    #[test]
    fn fractions_are_read_back(mantissa in any::<i64>(), exponent in -200..200i64) {
        let number = Dyadic { mantissa: mantissa.into(), exponent };
        let read: Dyadic = number.to_string().parse().unwrap();
        prop_assert_eq!(read.rational(), number.rational());
    }

    #[test]
    fn products_of_trivariate_polynomials_are_products(a in prop::array::uniform3(0..4usize), b in prop::array::uniform3(0..4usize), x in prop::array::uniform3(0.0..1.0f64)) {
        let value = |polynomial: &Trivariate| -> f64 {
            let chebyshev = |k: usize, x: f64| (k as f64 * x.acos()).cos();
            polynomial.coefficients.iter().map(|(place, coefficient)| {
                Dyadic { mantissa: coefficient.clone(), exponent: polynomial.exponent }.to_f64() * chebyshev(place[0], x[0]) * chebyshev(place[1], 2.0 * x[1] - 1.0) * chebyshev(place[2], x[2])
            }).sum()
        };
        let (p, q) = (Trivariate::monomial(a, &integer(3)).plus(&Trivariate::tau()), Trivariate::monomial(b, &integer(-2)).plus(&Trivariate::s()));
        prop_assert!((value(&p.times(&q)) - value(&p) * value(&q)).abs() < 1e-12);
    }
}

#[test]
fn integer_laguerre_polynomials_are_the_solvers_ones() {
    for dimension in [1, 3, 8] {
        let family = laguerre(dimension, 6);
        for (k, member) in family.iter().enumerate() {
            let scale = laguerre_at_zero(dimension, k).to_string().parse::<f64>().unwrap();
            for z in [0.0, 0.7, 5.0] {
                let value: f64 =
                    member.coefficients.iter().rev().fold(0.0, |sum, coefficient| {
                        sum * z + coefficient.to_string().parse::<f64>().unwrap()
                    });
                let expected = laguerre::values(dimension, k, z)[k] * scale;
                assert!(
                    (value - expected).abs() < 1e-9 * scale.max(1.0) * 100.0,
                    "n {dimension} k {k} z {z}: {value} {expected}"
                );
            }
        }
    }
}

fn certificate(dimension: usize, degree: usize, width: f64, multipliers: &str) -> ThreePoint {
    let multipliers: Vec<Multiplier> = multipliers.split(',').map(|text| text.parse().unwrap()).collect();
    let parameters = Parameters {
        dimension,
        degree,
        radial_degree: 8,
        radius: 1.15,
        truncation: 1.5,
        width,
        harmonics: Harmonics::All,
        multipliers,
    };
    let outcome = solve(&ThreePointBound::new(parameters).unwrap(), &Plan::default(), &mut |_| true).unwrap();
    outcome.output.unwrap().certificate
}

/// p3(u, v, t) in f64, from the certificate's numbers and Gegenbauer polynomials instead of the checker's recurrence.
fn kernel(certificate: &ThreePoint, u: f64, v: f64, t: f64) -> f64 {
    let argument = certificate.argument.to_f64();
    let chebyshev = |x: f64, k: usize| gegenbauer(2, k.max(1), argument * x - 1.0)[k];
    let n = certificate.dimension;
    let mut size = 1.0;
    let mut sum = 0.0;
    for (k, rows) in certificate.kernel.iter().enumerate() {
        if k >= 2 {
            size *= (k + n - 3) as f64;
        }
        let cosine = if u * v > 0.0 { (t / (u * v).sqrt()).clamp(-1.0, 1.0) } else { 0.0 };
        let harmonic =
            if k == 0 { 1.0 } else { size * (u * v).powf(k as f64 / 2.0) * gegenbauer(n, k, cosine)[k] };
        for (i, row) in rows.iter().enumerate() {
            let at = |x: f64| {
                row.iter().enumerate().map(|(j, entry)| entry.to_f64() * chebyshev(x, i + j)).sum::<f64>()
            };
            sum += harmonic * at(u) * at(v);
        }
    }
    sum
}

#[test]
fn the_conditions_hold_at_points_that_the_checker_never_sees() {
    let certificate = certificate(3, 3, 0.8, "1,xX,xyXY,d,g");
    assert!(!certificate.kernel.is_empty());
    let (square, truncation, width) =
        (certificate.square.to_f64(), certificate.truncation.to_f64(), certificate.width.to_f64());
    let mut random = numerics::random::stream(5, &["points"]);
    let mut draw = |low: f64, high: f64| rand::Rng::random_range(&mut random, low..high);
    let coefficients: Vec<f64> = certificate
        .function
        .iter()
        .enumerate()
        .map(|(k, value)| value.to_f64() * laguerre_at_zero(3, k).to_string().parse::<f64>().unwrap())
        .collect();
    let function = |z: f64| {
        laguerre::values(3, coefficients.len() - 1, z)
            .iter()
            .zip(&coefficients)
            .map(|(a, b)| a * b)
            .sum::<f64>()
            * (-z / 2.0).exp()
    };
    let g = |u: f64, v: f64, t: f64| kernel(&certificate, u, v, t) * (-width * (u + v) / 2.0).exp();
    // The rounding of this evaluation, relative to the kernel's size.
    let size = g(square, square, square).abs().max(function(0.0));
    for _ in 0..3000 {
        let (u, v) = (draw(square, truncation), draw(square, truncation));
        let high = (u * v).sqrt().min((u + v - square) / 2.0);
        let low = -(u * v).sqrt();
        if high > low {
            let t = draw(low, high);
            assert!(g(u, v, t) <= 1e-9 * size, "({u}, {v}, {t}): {}", g(u, v, t));
        }
        assert!(function(u) + 2.0 * g(u, 0.0, 0.0) + g(u, u, u) <= 1e-9 * size);
        assert!(function(draw(truncation, 60.0)) <= 1e-9 * size);
    }
    // The kernel is positive definite on the ball, the origin included.
    let points: Vec<[f64; 3]> =
        (0..12).map(|i| if i == 0 { [0.0; 3] } else { std::array::from_fn(|_| draw(-1.0, 1.0)) }).collect();
    let product =
        |a: &[f64; 3], b: &[f64; 3]| std::f64::consts::TAU * a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let gram = ndarray::Array2::from_shape_fn((12, 12), |(i, j)| {
        g(product(&points[i], &points[i]), product(&points[j], &points[j]), product(&points[i], &points[j]))
    });
    let (values, _) = numerics::symmetric::eigen(gram.view()).unwrap();
    assert!(values[0] > -1e-9 * values[11], "{values:?}");
}

#[test]
fn a_certificate_that_claims_more_is_rejected() {
    let good = certificate(3, 3, 1.0, "1,xX,d,g");
    let check = |certificate: &ThreePoint| Certificate::ThreePoint(certificate.clone()).check();
    check(&good).unwrap();
    let bump = Dyadic { mantissa: 1.into(), exponent: -20 };
    let mut cases: Vec<(&str, ThreePoint)> = Vec::new();
    let smaller = |value: &Dyadic| value.times(&Dyadic { mantissa: 1023.into(), exponent: -10 });
    cases.push(("a smaller radius", ThreePoint { square: smaller(&good.square), ..good.clone() }));
    cases
        .push(("a smaller truncation", ThreePoint { truncation: smaller(&good.truncation), ..good.clone() }));
    cases.push(("another width", ThreePoint { width: Dyadic::from_f64(1.2), ..good.clone() }));
    cases.push(("no kernel", ThreePoint { kernel: Vec::new(), ..good.clone() }));
    cases.push(("no squares", ThreePoint { squares: Vec::new(), ..good.clone() }));
    cases.push(("no margin", ThreePoint { margin: integer(0), ..good.clone() }));
    cases.push(("another dimension", ThreePoint { dimension: 4, ..good.clone() }));
    let mut other = good.clone();
    // The other direction makes f smaller where it must be and its transform larger: a worse bound, but one.
    other.function[1] = other.function[1].plus(&bump.negated());
    cases.push(("another function", other));
    let mut other = good.clone();
    other.kernel[1][0][0] = other.kernel[1][0][0].plus(&bump);
    cases.push(("another kernel", other));
    let mut other = good.clone();
    other.squares[1].multiplier = "xY".into();
    cases.push(("another multiplier", other));
    let mut other = good.clone();
    other.squares[1].multiplier = "z".into();
    cases.push(("an unknown multiplier", other));
    let mut other = good.clone();
    other.squares[0].symmetric.pop();
    cases.push(("a missing row", other));
    for (what, case) in cases {
        assert!(check(&case).is_err(), "{what} must be rejected");
    }
}

#[test]
fn a_two_point_certificate_that_claims_more_is_rejected() {
    let good = bound_with(8, 4).unwrap().certificate;
    Certificate::TwoPoint(good.clone()).check().unwrap();
    let mut other = good.clone();
    other.square = other.square.times(&Dyadic { mantissa: ((1i64 << 40) - 1).into(), exponent: -40 });
    assert!(Certificate::TwoPoint(other).check().is_err());
    let mut other = good.clone();
    other.coefficients[1] = other.coefficients[1].plus(&Dyadic { mantissa: (-1).into(), exponent: -30 });
    assert!(Certificate::TwoPoint(other).check().is_err());
    let mut other = good.clone();
    other.coefficients.clear();
    assert!(Certificate::TwoPoint(other).check().is_err());
    for text in ["", "{}", "[]", "{\"format\": \"sphere-packing certificate 1\"}"] {
        assert!(Certificate::from_json(text).is_err(), "{text}");
    }
    let text = Certificate::TwoPoint(good).to_json();
    assert!(Certificate::from_json(&text.replace("certificate 1", "certificate 2")).is_err());
    assert!(Certificate::from_json(&text[..text.len() / 2]).is_err());
    assert!(Certificate::from_json(&text.replacen("p-", "q-", 1)).is_err());
}

#[test]
fn numbers_beyond_all_use_are_refused_at_once() {
    let good = certificate(3, 2, 1.0, "1,xX,d,g");
    let check = |certificate: ThreePoint| Certificate::ThreePoint(certificate).check().is_err();
    let power = |exponent: i64| Dyadic { mantissa: 1.into(), exponent };
    for exponent in [-11_000, -30, 30, 11_000] {
        assert!(check(ThreePoint { square: power(exponent), ..good.clone() }));
        assert!(check(ThreePoint { truncation: power(exponent), ..good.clone() }));
    }
    let kernel =
        |rows: Vec<Vec<Dyadic>>| ThreePoint { kernel: vec![rows], width: power(11_000), ..good.clone() };
    assert!(check(kernel(vec![])), "no rows");
    assert!(check(kernel(vec![vec![integer(1)]])), "degree 0");
    assert!(check(kernel((0..30).map(|i| vec![integer(1); 30 - i]).collect())), "degree 29");
    assert!(check(kernel(vec![vec![integer(1), integer(1)], vec![integer(1)]])), "a width without a use");
    for text in ["1p99999", "1p-9223372036854775808", "1p", "p1", "+1p0", "1_0p0"] {
        assert!(text.parse::<Dyadic>().is_err(), "{text}");
    }
}

#[test]
fn bases_have_as_many_members_as_counted() {
    for (degree, count) in [(3, 13), (5, 34), (9, 125), (6, 50), (10, 161), (18, 715)] {
        assert_eq!(basis(degree).len(), count);
    }
}
