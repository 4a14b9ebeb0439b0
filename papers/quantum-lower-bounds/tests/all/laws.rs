//! Identities, invariances, certificates.

use num_traits::{One, ToPrimitive};
use numerics::random::stream;
use proptest::prelude::*;
use quantum_lower_bounds::chain::{Chain, tridiagonal_norm};
use quantum_lower_bounds::constants::{GAP, lipschitz};
use quantum_lower_bounds::enclosure::{Interval, gate as gate_on, lipschitz_bound, slope as slope_on};
use quantum_lower_bounds::hidden_chain::{classical_optimum, hybrid_bound};
use quantum_lower_bounds::methods::{
    Estimator, Model, Schedule, accelerated, greedy, limited_memory, patient, regularised_newton, stochastic,
};
use quantum_lower_bounds::oracle::{Coin, Exact, Mask, Oracle, VARIANCE};
use quantum_lower_bounds::quantum::amplitudes::{Register, amplification_queries, grover};
use quantum_lower_bounds::quantum::interrogation::{classical_overlap, overlap, queries_for};
use quantum_lower_bounds::quantum::truncation::{Family, Game};
use quantum_lower_bounds::rotation::{Hidden, Rotation, Scratch};
use quantum_lower_bounds::scalars::{gate, slope};
use quantum_lower_bounds::scaled::{Constants, Scaled, ScalingError};
use rand::Rng;

fn plain(length: usize) -> Exact {
    Exact::new(Scaled { chain: Chain::new(length), scale: 1.0, factor: 1.0, epsilon: 1.0 })
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[test]
fn no_method_beats_the_chain_and_optimal_play_attains_it() {
    for length in [1, 2, 5, 12] {
        let run = greedy(&mut plain(length), 10.0, 1.0, 1_000);
        assert!(run.found && run.queries == length + 1, "{run:?}");
        let lipschitz = lipschitz(2);
        type Method = Box<dyn Fn(&mut Exact) -> quantum_lower_bounds::methods::Run>;
        let methods: [Method; 4] = [
            Box::new(|oracle| accelerated(oracle, 152.0, 1.0, 100_000)),
            Box::new(|oracle| limited_memory(oracle, 1.0, 10_000).unwrap()),
            Box::new(|oracle| regularised_newton(oracle, Model::TrustRegion { radius: 1.0 }, 1.0, 10_000)),
            Box::new(move |oracle| regularised_newton(oracle, Model::Cubic { lipschitz }, 1.0, 10_000)),
        ];
        for (index, method) in methods.iter().enumerate() {
            let mut oracle = plain(length);
            let run = method(&mut oracle);
            assert!(run.found, "method {index} on {length}: {run:?}");
            assert!(
                run.queries > length && oracle.most_found_by_one() <= 1,
                "method {index} on {length}: {}",
                run.queries
            );
            let mut gradient = vec![0.0; length];
            Chain::new(length).gradient(&run.point, &mut gradient);
            assert!(norm(&gradient) <= 1.0, "method {index} on {length}");
        }
    }
}

#[test]
fn the_hardest_function_keeps_to_its_class() {
    for order in 1..=3 {
        for constants in [Constants::Literature, Constants::Sharp] {
            let function = Scaled::hardest(order, 2.0, 3.0, 1e-3, constants).unwrap();
            let length = function.chain.length();
            assert!(function.factor * function.chain.gap() <= 2.0 * (1.0 + 1e-12), "gap");
            // |∇f| > ε while the last coordinate is zero, and a small gradient exists.
            let mut random = stream(order as u64, &["hardest"]);
            let mut gradient = vec![0.0; length];
            for _ in 0..50 {
                let mut x: Vec<f64> =
                    (0..length).map(|_| 3.0 * function.scale * random.random_range(-1.0..1.0)).collect();
                x[length - 1] = 0.0;
                function.gradient(&x, &mut gradient);
                assert!(norm(&gradient) > 1e-3);
            }
            function.gradient(&vec![20.0 * function.scale; length], &mut gradient);
            assert!(norm(&gradient) <= 1e-3);
        }
        assert!(
            Scaled::hardest(order, 1.0, 1.0, 1e-3, Constants::Sharp).unwrap().chain.length()
                >= Scaled::hardest(order, 1.0, 1.0, 1e-3, Constants::Literature).unwrap().chain.length()
        );
    }
    assert_eq!(Scaled::hardest(1, 1.0, 1.0, 10.0, Constants::Sharp), Err(ScalingError::TooEasy));
    assert!(matches!(Scaled::hardest(1, 1.0, 1.0, 1e-9, Constants::Sharp), Err(ScalingError::TooLong(_))));
    assert!(matches!(Scaled::hardest(4, 1.0, 1.0, 1e-2, Constants::Sharp), Err(ScalingError::Range { .. })));
    assert!(matches!(
        Scaled::hardest(1, f64::NAN, 1.0, 1e-2, Constants::Sharp),
        Err(ScalingError::Range { .. })
    ));
}

#[test]
fn the_gap_is_exact() {
    for length in [1, 2, 7] {
        let chain = Chain::new(length);
        let fallen = chain.value(&vec![0.0; length]) - chain.value(&vec![1e9; length]);
        assert!((fallen / chain.gap() - 1.0).abs() < 1e-12);
    }
    assert!((Chain::new(5).gap() - Chain::new(4).gap() - GAP).abs() < 1e-12);
}

#[test]
fn rotations_are_orthonormal_and_gradients_are_those_of_values() {
    let mut random = stream(4, &["rotation"]);
    let rotation = Rotation::random(30, 6, &mut random);
    for column in 0..6 {
        let mut unit = [0.0; 6];
        unit[column] = 1.0;
        let (mut x, mut back) = (vec![0.0; 30], [0.0; 6]);
        rotation.outside(&unit, &mut x);
        assert!((norm(&x) - 1.0).abs() < 1e-13);
        rotation.inside(&x, &mut back);
        assert!(back.iter().zip(unit).all(|(a, b)| (a - b).abs() < 1e-13));
    }
    let hidden = Hidden::random(4, 20, &mut random);
    let x: Vec<f64> = (0..20).map(|_| random.random_range(-2.0..2.0)).collect();
    let (mut gradient, mut other, mut scratch) = (vec![0.0; 20], vec![0.0; 20], Scratch::default());
    hidden.gradient(&x, &mut gradient, &mut scratch);
    for place in 0..20 {
        let mut at = |sign: f64| {
            let mut moved = x.clone();
            moved[place] += sign * 1e-5;
            hidden.gradient(&moved, &mut other, &mut scratch)
        };
        let slope = (at(1.0) - at(-1.0)) / 2e-5;
        assert!((slope - gradient[place]).abs() < 1e-7 * norm(&gradient), "{slope} {}", gradient[place]);
    }
}

#[test]
fn coins_are_unbiased_with_the_stated_variance() {
    let mut random = stream(9, &["coins"]);
    for mask in [Mask::Sharp, Mask::Smooth] {
        let coin = Coin { chain: Chain::new(5), probability: 0.2, mask };
        for _ in 0..200 {
            let x: Vec<f64> = (0..5).map(|_| random.random_range(-1.0..1.0)).collect();
            let (mut shown, mut hidden, mut exact) = (vec![0.0; 5], vec![0.0; 5], vec![0.0; 5]);
            coin.gradient(&x, true, &mut shown);
            coin.gradient(&x, false, &mut hidden);
            coin.chain.gradient(&x, &mut exact);
            let mut variance = 0.0;
            for i in 0..5 {
                assert!((0.2 * shown[i] + 0.8 * hidden[i] - exact[i]).abs() < 1e-12);
                variance += 0.2 * (shown[i] - exact[i]).powi(2) + 0.8 * (hidden[i] - exact[i]).powi(2);
            }
            assert!(variance <= VARIANCE * 0.8 / 0.2 * (1.0 + 1e-12), "{mask:?}: {variance}");
        }
    }
    let coin = Coin { chain: Chain::new(4), probability: 0.5, mask: Mask::Sharp };
    let runs = 2_000;
    let mean = (0..runs).map(|_| patient(&coin, 10.0, &mut random) as f64).sum::<f64>() / f64::from(runs);
    // Four waits of variance 2.
    assert!((mean - 9.0).abs() < 4.5 * (8.0 / f64::from(runs)).sqrt(), "{mean}");
    let certain = Coin { probability: 1.0, ..coin };
    assert_eq!(patient(&certain, 10.0, &mut random), 5);
    for estimator in
        [Estimator::Plain, Estimator::Page { restart: 0.5, small: 2 }, Estimator::Storm { momentum: 0.5 }]
    {
        let run = stochastic(
            &certain,
            &Schedule { step: 1.0 / 152.0, batch: 1, estimator },
            1.0,
            100_000,
            &mut random,
        );
        assert!(run.found, "{estimator:?}");
    }
}

#[test]
fn quantum_numbers_keep_their_bounds() {
    for signs in [1, 4, 30, 200] {
        for queries in 0..=signs {
            let (quantum, classical) = (overlap(signs, queries), classical_overlap(signs, queries));
            assert!(quantum >= classical - 1e-12 && quantum <= 2.0 * classical + 1e-12, "{signs} {queries}");
        }
        assert!((overlap(signs, signs) - 1.0).abs() < 1e-3 * (signs as f64).sqrt());
    }
    let (quantum, classical) = queries_for(1_000, 0.5);
    assert!(classical == 250 && (62..80).contains(&quantum), "{quantum}");
    for (letters, length) in [(2, 3), (5, 2), (1000, 4)] {
        let mut last = 0.0;
        for queries in 0..=length {
            let exact = classical_optimum(letters, length, queries).to_f64().unwrap();
            assert!(exact >= last && exact <= 1.0);
            last = exact;
            assert!(hybrid_bound(letters, length, queries) <= 1.0);
        }
        assert!(classical_optimum(letters, length, length).is_one());
    }
    let queries = amplification_queries(1e-6);
    assert!(grover(1e6, queries) >= 0.5 && grover(1e6, queries - 1) < 0.5);
    let mut register = Register::uniform(10);
    register.search(77, 25);
    assert!((norm(register.amplitudes()) - 1.0).abs() < 1e-12);
    assert!((register.probability(77) - grover(1024.0, 25)).abs() < 1e-12);
}

#[test]
fn truncated_oracles_hide_what_they_should() {
    let mut random = stream(2, &["truncation"]);
    for family in [Family::Uniform, Family::Reflections, Family::Random] {
        for (letters, length) in [(16, 2), (8, 3)] {
            for queries in 1..length {
                let found = Game { letters, length }.measure(family, queries, 10, &mut random);
                assert!(
                    found.distance <= 2.0 * queries as f64 / (letters as f64).sqrt() * 1.2,
                    "{family:?}: {found:?}"
                );
                assert!(
                    queries > 1
                        || found.success <= hybrid_bound(letters as u32, length as u32, queries as u32),
                    "{family:?}: {found:?}"
                );
            }
        }
    }
    // One uniform query of two letters: the truncated oracle differs where the guess is right, with amplitude N^(−1/2).
    let found = Game { letters: 64, length: 2 }.measure(Family::Uniform, 1, 5, &mut random);
    assert!((found.distance - (2.0_f64 / 64.0).sqrt()).abs() < 1e-12);
    assert!((found.success - (1.0 / 64.0 + 63.0 / 64.0 / 64.0)).abs() < 1e-12);
}

#[test]
fn hessians_stay_below_the_certified_bound() {
    let bound = lipschitz_bound(1e-2, 4_000).high;
    assert!(bound > 134.02 && bound < 152.0, "{bound}");
    let mut random = stream(3, &["hessians"]);
    let chain = Chain::new(6);
    let (mut diagonal, mut beside) = ([0.0; 6], [0.0; 5]);
    for _ in 0..5_000 {
        let x: Vec<f64> = (0..6).map(|_| random.random_range(0.5..1.5)).collect();
        chain.hessian(&x, &mut diagonal, &mut beside);
        assert!(tridiagonal_norm(&diagonal, &beside) <= bound);
    }
    assert!((tridiagonal_norm(&[2.0, -3.0], &[2.0]) - (0.5 + 10.25_f64.sqrt())).abs() < 1e-12);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Intervals contain the values of what is in them.
    #[test]
    fn intervals_enclose(at in 0.02_f64..20.0, width in 0.0_f64..0.5, share in 0.0_f64..1.0, order in 0_usize..5) {
        let w = Interval::new(at, at + width);
        let inside = at + share * width;
        let value = gate::<5>(0.5 + 0.5 / inside)[order];
        let enclosed = gate_on(order, w);
        // x is rounded on the way: what that moves is within the condition number.
        let slack = 1e-13 * (1.0 + inside * inside) * value.abs().max(1e-280);
        prop_assert!(enclosed.low <= value + slack && value - slack <= enclosed.high, "{enclosed:?} for {value}");
        if order > 0 {
            let value = slope::<5>(inside)[order];
            let enclosed = slope_on(order, w);
            prop_assert!(enclosed.low <= value + 1e-14 && value - 1e-14 <= enclosed.high, "{enclosed:?} for {value}");
        }
    }

    /// Gradient entries are never positive, and one is below −1 while a coordinate is small.
    #[test]
    fn gradients_point_on(x in proptest::collection::vec(-3.0_f64..3.0, 1..8)) {
        let chain = Chain::new(x.len());
        let mut gradient = vec![0.0; x.len()];
        chain.gradient(&x, &mut gradient);
        prop_assert!(gradient.iter().all(|g| *g <= 0.0));
        if x.iter().any(|x| x.abs() < 1.0) {
            prop_assert!(norm(&gradient) > 1.0);
        }
    }

    /// Nothing depends on coordinates beyond the next one.
    #[test]
    fn a_query_shows_one_column(x in proptest::collection::vec(-3.0_f64..3.0, 2..8), found in 0_usize..7, other in -3.0_f64..3.0) {
        let found = found.min(x.len() - 1);
        let mut x = x;
        x[found..].iter_mut().for_each(|x| *x *= 0.5 / 3.0);
        let mut oracle = plain(x.len());
        let mut first = vec![0.0; x.len()];
        let value = oracle.query(&x, &mut first);
        if found + 1 < x.len() {
            x[found + 1..].iter_mut().for_each(|x| *x = other.clamp(-0.5, 0.5));
            let mut second = vec![0.0; x.len()];
            prop_assert_eq!(oracle.query(&x, &mut second), value);
            prop_assert_eq!(first, second);
        }
    }
}
