//! Theorems, invariances and certificates over random problems, extreme scales and degenerate cases.

use bilevel::families::{Quadratic, QuadraticError, Scalar, UpperQuadratic};
use bilevel::hypergradient::{dense, neumann};
use bilevel::levels::{Bilevel, Known, Products};
use bilevel::lower::{self, residual};
use bilevel::oracle::{Counted, Noise, Noisy, Part, Sampled};
use bilevel::schedule::Power;
use bilevel::selection::{Batches, Loss, Rows, Selection, SelectionError};
use bilevel::sets::ConvexSet;
use ndarray::{Array1, Array2, array};
use numerics::random::stream;
use penalty_bilevel::double_loop::{self, double_loop};
use penalty_bilevel::implicit::{self, Inverse, bome, implicit};
use penalty_bilevel::penalty::{
    Closeness, InnerOptions, PenaltyError, closeness, exact_penalty, gradient_mapping, penalty_gradient,
    scalar_penalty,
};
use penalty_bilevel::problems::{FAMILIES, draw, of_rates, selection};
use penalty_bilevel::run::{Begin, StopReason};
use penalty_bilevel::select::{minimise_exact, minimise_penalty};
use penalty_bilevel::single_loop::{self, single_loop};
use proptest::prelude::*;

proptest! {
    /// ψ_σ ≤ ψ, growing as σ falls, with f(x, y_σ) ≤ ψ_σ, on every family.
    #[test]
    fn penalties_lie_below_and_grow(which in 0..FAMILIES.len(), seed in 0_u64..10_000) {
        let (problem, x) = draw(FAMILIES[which].0, &mut stream(seed, &["laws"]));
        let psi = problem.value(&x);
        let slack = 1e-9 * (1.0 + psi.abs());
        let mut last = f64::NEG_INFINITY;
        for sigma in [1.0, 0.1, 0.01, 1e-3] {
            let found = exact_penalty(&*problem, &x, sigma).unwrap();
            prop_assert!(found.value <= psi + slack && found.value >= last - slack, "{found:?}, psi {psi}");
            prop_assert!(problem.upper(&x, &found.y) <= found.value + slack);
            prop_assert!(problem.lower_set().contains(&found.y, 1e-9) && found.residual_z < 1e-8);
            last = found.value;
        }
    }

    /// ∇ψ_σ is the derivative of ψ_σ.
    #[test]
    fn penalised_gradients_are_derivatives(which in 0..FAMILIES.len(), seed in 0_u64..10_000) {
        let (problem, x) = draw(FAMILIES[which].0, &mut stream(seed, &["laws"]));
        let sigma = 0.1;
        let found = exact_penalty(&*problem, &x, sigma).unwrap();
        let h = 1e-5;
        for k in 0..x.len() {
            let at = |offset: f64| {
                let mut moved = x.clone();
                moved[k] += offset;
                exact_penalty(&*problem, &moved, sigma).unwrap().value
            };
            let difference = (at(h) - at(-h)) / (2.0 * h);
            let scale = 1.0 + found.gradient.iter().map(|g| g.abs()).fold(0.0, f64::max);
            // A bound that becomes active within h leaves an error of that order.
            prop_assert!((difference - found.gradient[k]).abs() < 2e-3 * scale, "{difference} for {found:?}");
        }
    }

    /// Projections are nearest points, and idempotent.
    #[test]
    fn projections_are_nearest(point in proptest::collection::vec(-3.0..3.0, 1..6), other in proptest::collection::vec(-3.0..3.0, 6), which in 0..4_usize) {
        let set = [ConvexSet::Whole, ConvexSet::Box { low: -1.0, high: 0.5 }, ConvexSet::Ball { radius: 0.7 }, ConvexSet::Simplex][which].clone();
        let mut projected = point.clone();
        set.project(&mut projected);
        prop_assert!(set.contains(&projected, 1e-12));
        let mut inside = other[..point.len()].to_vec();
        set.project(&mut inside);
        // ⟨p − Pp, y − Pp⟩ ≤ 0 for every y of the set.
        let product: f64 = (0..point.len()).map(|k| (point[k] - projected[k]) * (inside[k] - projected[k])).sum();
        prop_assert!(product <= 1e-12);
        let tangent = set.face(&projected, 1e-9).tangent;
        prop_assert!((tangent.t().dot(&tangent) - Array2::<f64>::eye(tangent.ncols())).iter().all(|entry| entry.abs() < 1e-12));
    }

    /// Newton's method on the face: no point of the set is better, where the level is convex.
    #[test]
    fn lower_solutions_are_minimisers(seed in 0_u64..10_000, which in 1_usize..4, sigma in 0.0_f64..1.0) {
        let (problem, x) = draw(FAMILIES[which].0, &mut stream(seed, &["laws"]));
        let found = lower::solve(&*problem, &x, sigma, &[0.25; 4]).unwrap();
        prop_assert!(residual(&*problem, &x, &found.point, sigma) < 1e-10);
        let value = |y: &[f64]| sigma * problem.upper(&x, y) + problem.lower(&x, y);
        let mut random = stream(seed, &["rivals"]);
        for _ in 0..20 {
            use rand::Rng;
            let mut y: Vec<f64> = (0..4).map(|_| random.random_range(-1.5..1.5)).collect();
            problem.lower_set().project(&mut y);
            prop_assert!(value(&y) >= value(&found.point) - 1e-9);
        }
    }
}

/// The same sample at two points: additive noise cancels, proportional noise nearly, rough noise not at all; means are gradients.
#[test]
fn noise_is_what_it_is_called() {
    let at = |noise, sample, y: [f64; 3]| {
        let mut out = [0.0; 3];
        Noisy { problem: of_rates(true), deviation: 1.0, noise }.gradient(
            Part::LowerY,
            sample,
            &[0.3, 0.4],
            &y,
            &mut out,
        );
        let mut exact = [0.0; 3];
        bilevel::oracle::exact(&of_rates(true), Part::LowerY, &[0.3, 0.4], &y, &mut exact);
        [0, 1, 2].map(|k| out[k] - exact[k])
    };
    let distance = |a: [f64; 3], b: [f64; 3]| (0..3).map(|k| (a[k] - b[k]).powi(2)).sum::<f64>().sqrt();
    let (here, near) = ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0 + 1e-6]);
    assert!(distance(at(Noise::Additive, 5, here), at(Noise::Additive, 5, near)) < 1e-12);
    assert!(distance(at(Noise::Proportional, 5, here), at(Noise::Proportional, 5, near)) < 1e-5);
    assert!(distance(at(Noise::Rough, 5, here), at(Noise::Rough, 5, near)) > 1e-2);
    for noise in [Noise::Additive, Noise::Rough] {
        let n = 20_000;
        let mean = (0..n).fold([0.0; 3], |sum, sample| {
            let one = at(noise, sample, here);
            [0, 1, 2].map(|k| sum[k] + one[k] / n as f64)
        });
        // 6.2 standard errors.
        assert!(mean.iter().all(|m| m.abs() < 6.2 / (n as f64).sqrt()), "{mean:?}");
    }
    let rows = selection(Loss::Logistic, (30, 20, 3), &mut stream(1, &["laws"]));
    let batches = Batches { problem: rows.clone(), batch: 4 };
    let (x, w) = ([-1.0, 0.0, 0.5], [0.3, -0.2, 0.1]);
    let mut mean = [0.0; 3];
    for sample in 0..20_000 {
        let mut one = [0.0; 3];
        batches.gradient(Part::LowerY, sample, &x, &w, &mut one);
        (0..3).for_each(|k| mean[k] += one[k] / 20_000.0);
    }
    let mut exact = [0.0; 3];
    bilevel::oracle::exact(&rows, Part::LowerY, &x, &w, &mut exact);
    assert!((0..3).all(|k| (mean[k] - exact[k]).abs() < 0.05), "{mean:?} {exact:?}");
}

/// Counted by the box: 3T + 3M, 12 with momentum, 6 without, and no product with second derivatives.
#[test]
fn calls_are_counted_as_the_boxes_say() {
    let oracle = Noisy { problem: of_rates(false), deviation: 1.0, noise: Noise::Additive };
    let begin = Begin { x: &[1.0, 1.0], y: &[0.0; 3], calls: 1_200, seed: 3 };
    let options = double_loop::Options {
        inner_steps: Power::constant(7.0),
        samples: Power::constant(2.0),
        ..double_loop::Options::deterministic(0.2)
    };
    let ended = double_loop(&oracle, &begin, &options, |_| {});
    assert_eq!(ended.counts.calls(), ended.steps * (3 * 7 + 3 * 2));
    let ended = single_loop(&oracle, &begin, &single_loop::Options::without_momentum(), |_| {});
    assert_eq!(ended.counts.calls(), 6 * ended.steps);
    let ended = single_loop(&oracle, &begin, &single_loop::Options::momentum(), |_| {});
    assert_eq!(ended.counts.calls(), 12 * ended.steps - 6, "the first step has no old point");
    assert_eq!((ended.counts.products, ended.reason), (0, StopReason::Budget));
    let counted = Counted::new(&oracle);
    counted.count_products(2);
    counted.gradient(Part::UpperX, 0, &[0.0; 2], &[0.0; 3], &mut [0.0; 2]);
    assert_eq!((counted.counts().gradients, counted.counts().products), ([1, 0, 0, 0], 2));
}

/// Runs are functions of their seed, and end where ψ is nearly stationary without noise.
#[test]
fn methods_come_to_stationary_points() {
    let problem = of_rates(false);
    let size = |x: &[f64]| {
        gradient_mapping(&problem, x, &dense(&problem, x, &problem.solution(x)).unwrap().gradient, 0.1)
    };
    let oracle = Noisy { problem: problem.clone(), deviation: 0.0, noise: Noise::Additive };
    let begin = Begin { x: &[2.2, -1.9], y: &[0.0; 3], calls: 200_000, seed: 0 };
    let ends = [
        double_loop(&oracle, &begin, &double_loop::Options::deterministic(0.3), |_| {}),
        double_loop(
            &oracle,
            &begin,
            &double_loop::Options { proximal: 1.0, beta: 0.8, ..double_loop::Options::deterministic(0.3) },
            |_| {},
        ),
        single_loop(&oracle, &begin, &single_loop::Options::momentum(), |_| {}),
        single_loop(
            &oracle,
            &begin,
            &single_loop::Options { inner_steps: 4, ..single_loop::Options::without_momentum() },
            |_| {},
        ),
    ];
    for ended in &ends {
        assert!(size(&ended.x) < 3.0 * ended.sigma, "{ended:?}: {}", size(&ended.x));
    }
    for options in [
        implicit::Options::aid(0.3, 0.1),
        implicit::Options::itd(0.3, 0.1),
        implicit::Options::stocbio(0.3, 0.1),
        implicit::Options::ttsa(0.3, 0.3),
    ] {
        let ended = implicit(&oracle, &begin, &options, |_| {});
        assert!(size(&ended.x) < 0.05, "{options:?}: {}", size(&ended.x));
    }
    assert!(size(&bome(&oracle, &begin, (10, 0.3, 0.02), |_| {}).x) < 0.3);
    let inner = single_loop::Options {
        inner_steps: 4,
        alpha: Power::constant(0.0),
        gamma: Power::constant(0.2),
        sigma: Power::constant(0.5),
        ..single_loop::Options::momentum()
    };
    let rested = single_loop(&oracle, &begin, &inner, |_| {});
    assert!(
        residual(&oracle.problem, &rested.x, &rested.y, 0.5) < 1e-6,
        "with exact gradients estimates are the gradients, also over inner steps"
    );
    // f with mixed derivatives: the lower level is strongly convex, and all implicit methods know the same gradient.
    let (mixed, x) = penalty_bilevel::problems::constrained(
        penalty_bilevel::problems::Family::Box,
        &mut stream(3, &["laws"]),
    );
    let mixed = Noisy { problem: mixed, deviation: 0.0, noise: Noise::Additive };
    let begin_mixed = Begin { x: &x, y: &[0.0; 4], calls: 1, seed: 0 };
    let step = |inverse| {
        let options = implicit::Options {
            inner_steps: 4_000,
            gamma: Power::constant(0.1),
            alpha: Power::constant(1e-3),
            batch: 1,
            inverse,
        };
        implicit(&mixed, &begin_mixed, &options, |_| {}).x
    };
    let (aid, itd) = (
        step(Inverse::ConjugateGradients { tolerance: 1e-12, most: 50 }),
        step(Inverse::Neumann { step: 0.1, terms: 4_000 }),
    );
    assert!(aid.iter().zip(&itd).all(|(a, b)| (a - b).abs() < 1e-9), "{aid:?} {itd:?}");
    let noisy = Noisy { problem, deviation: 1.0, noise: Noise::Additive };
    let run = |seed| {
        single_loop(&noisy, &Begin { seed, calls: 5_000, ..begin }, &single_loop::Options::momentum(), |_| {})
    };
    assert_eq!(run(4), run(4));
    assert_ne!(run(4).x, run(5).x);
    let wild =
        double_loop::Options { alpha: Power::constant(1e9), ..double_loop::Options::deterministic(1e6) };
    assert_eq!(double_loop(&noisy, &begin, &wild, |_| {}).reason, StopReason::Diverged);
}

/// The certificate tells linear, exact and neither; Neumann's series tends to the inverse.
#[test]
fn closeness_is_read_off_three_values() {
    let values = |scalar: Scalar, x: f64, sigma: f64| {
        [sigma, sigma / 2.0, sigma / 4.0].map(|sigma| scalar_penalty(scalar, x, sigma).0)
    };
    assert_eq!(closeness(values(Scalar::Kink, 1.0, 1e-3), 1e-3).1, Closeness::Linear);
    assert_eq!(closeness(values(Scalar::Vertex { t: 0.3 }, 0.4, 1e-3), 0.0).1, Closeness::Exact);
    let (ratio, reading) = closeness(values(Scalar::GrowthLinear { p: 4.0 }, 1.0, 1e-3), 0.1);
    assert!(reading == Closeness::NotObserved && (ratio - 2.0_f64.powf(1.0 / 3.0)).abs() < 1e-6);
    let problem = of_rates(true);
    let (x, y, f) = ([0.1, 0.2], [0.0; 3], [1.0, 0.5, 0.25]);
    let v = neumann(0.3, 20_000, &f, |v, out| problem.lower_yy_times(&x, &y, v, out));
    let mut image = vec![0.0; 3];
    problem.lower_yy_times(&x, &y, &v, &mut image);
    // Gv is the part of f in the range of G.
    let null = problem.null_space().column(0).to_owned();
    let left = &Array1::from(f.to_vec()) - &Array1::from(image);
    assert!((&left - &(&null * null.dot(&left))).iter().all(|entry| entry.abs() < 1e-9));
}

/// Exact values of ψ against the generic formula, and of selection by both ways.
#[test]
fn selection_is_exact_and_improves() {
    for loss in [Loss::Squared, Loss::Logistic] {
        let problem = selection(loss, (60, 200, 8), &mut stream(2, &["laws"]));
        let x = vec![-2.0; 8];
        let found = problem.exact(&x, &[0.0; 8]).unwrap();
        let generic = dense(&problem, &x, &found.weights).unwrap();
        assert!(found.gradient.iter().zip(&generic.gradient).all(|(a, b)| (a - b).abs() < 1e-10));
        let warm = problem.exact(&x, &[5.0; 8]).unwrap();
        assert!(
            found.weights.iter().zip(&warm.weights).all(|(a, b)| (a - b).abs() < 1e-8),
            "the start does not matter"
        );
        let (best, _) = minimise_exact(&problem, &x).unwrap();
        let (penalised, _) = minimise_penalty(&problem, &x, 1e-3, 20_000, |_, _| {}).unwrap();
        let reached = problem.exact(&penalised, &[0.0; 8]).unwrap().value;
        assert!(best.value < found.value && reached < found.value && reached > best.value - 1e-9);
    }
}

#[test]
fn bad_problems_are_refused() {
    let upper = || UpperQuadratic {
        q: Array2::eye(2),
        t: Array1::zeros(2),
        p: Array2::eye(1),
        s: Array1::zeros(1),
        r: Array2::zeros((1, 2)),
        waves: 0.0,
    };
    let (h, a, b) = (Array2::<f64>::eye(2), Array2::<f64>::zeros((2, 1)), Array1::<f64>::zeros(2));
    let linear = |h: &Array2<f64>, set| Quadratic::linear(h, &a, &b, set, upper()).map(|_| ());
    assert!(linear(&h, ConvexSet::Whole).is_ok());
    assert!(matches!(
        linear(&array![[1.0, 0.0], [0.0, -1.0]], ConvexSet::Whole),
        Err(QuadraticError::Indefinite(..))
    ));
    assert!(matches!(
        linear(&array![[1.0, 0.0], [0.0, 0.0]], ConvexSet::Simplex),
        Err(QuadraticError::Indefinite(..))
    ));
    assert!(matches!(linear(&h, ConvexSet::Box { low: 1.0, high: -1.0 }), Err(QuadraticError::Set(_))));
    assert!(matches!(linear(&h, ConvexSet::Ball { radius: 0.0 }), Err(QuadraticError::Set(_))));
    assert!(matches!(linear(&(&h * f64::NAN), ConvexSet::Whole), Err(QuadraticError::NotFinite(_))));
    assert!(matches!(
        Quadratic::linear(&h, &Array2::zeros((3, 1)), &b, ConvexSet::Whole, upper()),
        Err(QuadraticError::Shape(..))
    ));
    let problem = of_rates(false);
    assert_eq!(exact_penalty(&problem, &[0.0, 0.0], 0.0), Err(PenaltyError::Sigma(0.0)));
    assert!(matches!(exact_penalty(&problem, &[0.0], 0.1), Err(PenaltyError::Point { .. })));
    assert!(matches!(exact_penalty(&problem, &[0.0, f64::NAN], 0.1), Err(PenaltyError::Point { .. })));
    assert!(
        matches!(exact_penalty(&problem, &[0.0, 4.0], 0.1), Err(PenaltyError::Point { .. })),
        "outside of X"
    );
    let hurried = InnerOptions { tolerance: 1e-9, most_steps: 3, smoothness: 10.0 };
    assert!(matches!(
        penalty_gradient(&problem, &[0.0, 0.0], 0.1, &[5.0; 3], &hurried),
        Err(PenaltyError::Unsolved { .. })
    ));
    let rows = |targets: Array1<f64>| Rows { features: Array2::ones((targets.len(), 2)), targets };
    let made = |loss, train, valid| Selection::new(loss, rows(train), rows(valid)).map(|_| ());
    assert!(matches!(
        made(Loss::Squared, array![1.0, 1.0], array![1.0, 2.0]),
        Err(SelectionError::Constant(..))
    ));
    assert!(matches!(
        made(Loss::Logistic, array![1.0, 0.0], array![1.0, -1.0]),
        Err(SelectionError::Label(_))
    ));
    let tilted = |q, p| {
        Quadratic::linear(&h, &a, &b, ConvexSet::Whole, UpperQuadratic { q, p, ..upper() }).map(|_| ())
    };
    assert!(matches!(
        tilted(array![[1.0, 5.0], [0.0, 1.0]], Array2::eye(1)),
        Err(QuadraticError::Asymmetric("Q"))
    ));
    let flat = Quadratic::least_squares(
        &array![[1.0, 0.0], [0.0, 0.0]],
        &a,
        &b,
        UpperQuadratic { q: -Array2::<f64>::eye(2), ..upper() },
    );
    assert!(matches!(flat, Err(QuadraticError::Unbounded(_))), "f falls for ever along the lower solutions");
    for sigma in [1e15, 1e160, 1e300] {
        let (problem, x) = draw(FAMILIES[0].0, &mut stream(1, &["laws"]));
        let values = [sigma, sigma / 2.0, sigma / 4.0].map(|sigma| exact_penalty(&*problem, &x, sigma));
        if let [Ok(coarse), Ok(middle), Ok(fine)] = &values {
            let apart =
                bilevel::sets::norm(&fine.y.iter().zip(&fine.z).map(|(y, z)| y - z).collect::<Vec<_>>());
            let reading = closeness([coarse.value, middle.value, fine.value], apart).1;
            assert_ne!(reading, Closeness::Exact, "a σ so large makes ψ_σ the least f, not ψ");
        }
    }
    assert!(exact_penalty(&of_rates(false).with_upper_set(ConvexSet::Whole), &[1e200, 0.0], 1e-3).is_err());
}
