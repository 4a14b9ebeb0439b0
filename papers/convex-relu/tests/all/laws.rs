//! What holds for all inputs.

use convex_relu::admm::{Coupled, Dense, Inner, Options as AdmmOptions, admm};
use convex_relu::cones::{project, relaxed, signed_rows, violation};
use convex_relu::descent::{Training, train};
use convex_relu::global::{Coverage, certify, certify_by_relaxation, generate};
use convex_relu::interior::{Options, solve};
use convex_relu::network::{Network, Neuron};
use convex_relu::patterns::{cells, count, normal, sampled};
use convex_relu::problem::{Loss, Problem, ProblemError};
use convex_relu::robust::{Robust, crossed_squares};
use convex_relu::scp::scp;
use ndarray::{Array1, Array2, Axis, array};
use numerics::random::stream;
use proptest::prelude::*;

const LOSSES: [Loss; 3] = [Loss::Squared, Loss::Logistic, Loss::Hinge];

fn problem(n: usize, d: usize, loss: Loss, beta: f64, seed: u64) -> Problem {
    let mut random = stream(seed, &["laws"]);
    let mut x = Array2::zeros((n, d));
    x.outer_iter_mut().for_each(|mut row| row.assign(&normal(d, &mut random)));
    let mut y = normal(n, &mut random);
    if loss != Loss::Squared {
        y.mapv_inplace(f64::signum);
        y[0] = 1.0;
        y[1] = -1.0;
    }
    Problem::new(x.view(), y.view(), loss, beta).unwrap()
}

fn random_network(problem: &Problem, neurons: usize, seed: u64) -> Network {
    let mut random = stream(seed, &["network"]);
    let neurons = (0..neurons).map(|k| Neuron {
        sign: if k % 2 == 0 { 1.0 } else { -1.0 },
        z: normal(problem.rank(), &mut random),
    });
    Network { neurons: neurons.collect() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// No network costs less than the bound that any network proves, and a relaxed bound lies below the exact one.
    #[test]
    fn bounds_hold_for_all_networks(seed in 0_u64..10_000, kind in 0_usize..3, ln_beta in -5.0..1.0_f64) {
        let problem = problem(9, 3, LOSSES[kind], ln_beta.exp(), seed);
        let all = cells(problem.x());
        let best = generate(&problem, &all, Coverage::All, 1e-8);
        // The hinge has corners: its interior point ends at some millionths.
        let tolerance = if kind == 2 { 1e-4 } else { 1e-7 };
        prop_assert!(best.certificate.gap() < tolerance, "{:e}", best.certificate.gap());
        for width in [1, 3, 10] {
            let network = random_network(&problem, width, seed + width as u64);
            let proof = certify(&problem, &network, &all, Coverage::All);
            prop_assert!(proof.lower <= best.certificate.upper * (1.0 + 1e-9) + 1e-12);
            prop_assert!(network.cost(&problem) >= best.certificate.lower * (1.0 - 1e-9));
            let weak = certify_by_relaxation(&problem, &network).unwrap();
            prop_assert!(weak.lower <= proof.lower + 1e-9 * proof.upper.max(1.0));
        }
    }

    /// A projection is in the cone, its residual in the polar cone, and they are orthogonal.
    #[test]
    fn projections_are_projections(seed in 0_u64..10_000, n in 3_usize..15, d in 2_usize..6) {
        let problem = problem(n.max(d), d, Loss::Squared, 0.1, seed);
        let patterns = sampled(problem.x(), 3, &mut stream(seed, &["patterns"]));
        let c = normal(problem.rank(), &mut stream(seed, &["c"]));
        for pattern in 0..patterns.len() {
            let cone = signed_rows(problem.x(), &patterns, pattern);
            let found = project(cone.view(), c.view());
            let scale = 1.0 + c.dot(&c);
            prop_assert!(cone.dot(&found).iter().all(|product| *product >= -1e-9 * scale));
            let rest = &c - &found;
            prop_assert!(rest.dot(&found).abs() < 1e-9 * scale);
            // No point of the cone lies closer.
            let inside = patterns.direction(pattern).unwrap();
            for step in [0.01, 0.1, 1.0] {
                let other = &found + &(&inside * step);
                let apart = &c - &other;
                prop_assert!(apart.dot(&apart) >= rest.dot(&rest) - 1e-9 * scale);
            }
        }
    }

    /// Every random direction lies in an enumerated cell, and there are no more than Cover counts.
    #[test]
    fn cells_cover_space(seed in 0_u64..10_000, n in 2_usize..12, d in 1_usize..5) {
        let problem = problem(n.max(d), d, Loss::Squared, 0.1, seed);
        let all = cells(problem.x());
        prop_assert_eq!(all.len() as f64, count(problem.rows(), problem.rank()));
        let mut random = stream(seed, &["directions"]);
        for _ in 0..200 {
            let direction = normal(problem.rank(), &mut random);
            prop_assert!(all.find(problem.x(), direction.view()).is_some());
        }
        for pattern in 0..all.len() {
            let direction = all.direction(pattern).unwrap();
            prop_assert!(problem.x().dot(&direction).iter().all(|product| *product != 0.0));
        }
    }

    /// Scaling a neuron's layers against each other, or turning the inputs, changes no cost.
    #[test]
    fn costs_are_invariant(seed in 0_u64..10_000, scale in 0.1..10.0_f64) {
        let mut random = stream(seed, &["invariant"]);
        let mut x = Array2::zeros((8, 3));
        x.outer_iter_mut().for_each(|mut row| row.assign(&normal(3, &mut random)));
        let y = normal(8, &mut random);
        let problem = Problem::new(x.view(), y.view(), Loss::Squared, 0.2).unwrap();
        let (inner, outer) = (Array2::from_shape_fn((3, 4), |(i, j)| ((i + 2 * j) as f64).sin()), array![1.0, -0.5, 0.3, 2.0]);
        let network = Network::of_layers(inner.view(), outer.view());
        let scaled = Network::of_layers((&inner * scale).view(), (&outer / scale).view());
        let (a, b) = (network.reduced(&problem).cost(&problem), scaled.reduced(&problem).cost(&problem));
        prop_assert!((a - b).abs() < 1e-12 * a);
        let direct = problem.value(network.predict(x.view()).view()) + 0.2 * network.norm();
        prop_assert!((a - direct).abs() < 1e-10 * direct);
        let (again, weights) = network.layers(3);
        prop_assert!((Network::of_layers(again.view(), weights.view()).norm() - network.norm()).abs() < 1e-12);
    }
}

/// The interior point, ADMM, its block form and sampled neurons agree on what they share.
#[test]
fn methods_agree() {
    for loss in LOSSES {
        let problem = problem(12, 3, loss, 0.3, 5);
        let patterns = sampled(problem.x(), 30, &mut stream(5, &["patterns"]));
        let exact = solve(&problem, &patterns, &Options { gap: 1e-9, steps: 100 });
        assert!(exact.gap() < 1e-5, "{loss:?} {:e}", exact.gap());
        let generated = generate(&problem, &patterns, Coverage::Given, 1e-8);
        assert!((generated.certificate.lower - exact.lower).abs() < 1e-5 * exact.cost);
        for inner in [Inner::Exact, Inner::RandomBlocks { sweeps: 20 }] {
            let options = AdmmOptions {
                penalty: 0.3,
                adaptive: false,
                iterations: 4_000,
                inner,
                ..AdmmOptions::default()
            };
            let state = admm(&problem, &patterns, &options, &mut stream(1, &["blocks"]), |_| false);
            let cost = state.network().cost(&problem);
            assert!((cost / exact.lower - 1.0).abs() < 0.02, "{loss:?} {inner:?}: {cost} {}", exact.lower);
        }
    }
}

#[test]
fn both_forms_of_the_step_agree() {
    let problem = problem(15, 4, Loss::Squared, 0.1, 7);
    let patterns = sampled(problem.x(), 9, &mut stream(7, &["patterns"]));
    for penalty in [0.01, 1.0] {
        let dense = Dense::new(&problem, &patterns, penalty).unwrap();
        let mut coupled = Coupled::new(&problem, &patterns, penalty).unwrap();
        let right = Array2::from_shape_fn((4, 2 * patterns.len()), |(i, j)| ((5 * i + 3 * j) as f64).cos());
        let mut flat: Vec<f64> = right.t().iter().copied().collect();
        dense.solve(&mut flat);
        for (a, b) in coupled.solve(&right).t().iter().zip(&flat) {
            assert!((a - b).abs() < 1e-11, "{a} {b}");
        }
    }
}

/// Neurons at the optimum's own directions give the optimum; fewer cost more, never less.
#[test]
fn sampled_neurons_reach_the_optimum_where_they_hold_it() {
    let problem = problem(14, 3, Loss::Squared, 0.1, 9);
    let best = generate(&problem, &cells(problem.x()), Coverage::All, 1e-11);
    let mut directions = Array2::zeros((3, best.network.neurons.len()));
    directions
        .axis_iter_mut(Axis(1))
        .zip(&best.network.neurons)
        .for_each(|(mut column, n)| column.assign(&n.z));
    let found = scp(&problem, &directions, 1e-10, 100_000);
    assert!((found.cost / best.certificate.lower - 1.0).abs() < 1e-7);
    let fewer = directions.slice(ndarray::s![.., ..3]).to_owned();
    assert!(scp(&problem, &fewer, 1e-10, 100_000).cost > best.certificate.lower);
}

/// Adam never ends below a certified optimum, and the reduction keeps costs.
#[test]
fn descent_stays_above_and_reductions_keep_costs() {
    let problem = problem(10, 2, Loss::Squared, 0.1, 11);
    let best = generate(&problem, &cells(problem.x()), Coverage::All, 1e-11);
    let training = Training { width: 30, steps: 2_000, ..Training::default() };
    let network = train(
        (problem.x(), problem.y()),
        (Loss::Squared, problem.beta()),
        &training,
        &mut stream(2, &["start"]),
    );
    let cost = network.cost(&problem);
    assert!(cost >= best.certificate.lower && cost < 1.2 * best.certificate.lower, "{cost}");
    // A network with every neuron split in two loses the copies, and nothing else.
    let doubled = best.network.neurons.iter().flat_map(|n| {
        let half = Neuron { sign: n.sign, z: &n.z * 0.5 };
        [half.clone(), half]
    });
    let doubled = Network { neurons: doubled.collect() };
    let reduced = doubled.reduced_to_independent(&problem);
    assert_eq!(reduced.neurons.len(), best.network.neurons.len());
    assert!((reduced.cost(&problem) / best.certificate.upper - 1.0).abs() < 1e-12);
}

/// The worst case by enumeration is reached by a fine grid of each box, and never exceeded.
#[test]
fn worst_cases_are_exact() {
    let (x, y) = crossed_squares(6, 0.15, &mut stream(3, &["squares"]));
    let moves = [true, true];
    let robust =
        Robust { x: x.view(), y: y.view(), loss: Loss::Logistic, beta: 0.1, size: 0.2, moves: &moves };
    let neurons = (0..5)
        .map(|k| Neuron { sign: if k % 2 == 0 { 1.0 } else { -1.0 }, z: normal(2, &mut stream(k, &["z"])) });
    let network = Network { neurons: neurons.collect() };
    let exact = robust.exact_cost(&network);
    let steps = 60;
    let mut grid = 0.1 * network.norm();
    for (row, y) in x.outer_iter().zip(&y) {
        let mut worst = 0.0_f64;
        for i in 0..=steps {
            for j in 0..=steps {
                let moved =
                    |k: usize, step: i32| row[k] + 0.2 * (2.0 * f64::from(step) / f64::from(steps) - 1.0);
                let at = array![[moved(0, i), moved(1, j)]];
                worst = worst.max(Loss::Logistic.value(network.predict(at.view())[0], *y));
            }
        }
        grid += worst;
    }
    assert!(grid <= exact + 1e-12 && grid > 0.98 * exact, "{grid} {exact}");
}

#[test]
fn screened_patterns_do_not_violate() {
    let problem = problem(12, 3, Loss::Squared, 3.0, 13);
    let all = cells(problem.x());
    let nu = problem.y().to_owned();
    let found = violation(&problem, &all, nu.view());
    assert!(found.screened > 0, "{found:?}");
    assert!(found.most <= relaxed(&problem, nu.view()).unwrap());
    // Every direction's correlation stays below.
    let mut random = stream(4, &["directions"]);
    for _ in 0..2_000 {
        let u = normal(problem.rank(), &mut random);
        let seen: Array1<f64> = problem.x().dot(&u).mapv(|product| product.max(0.0));
        assert!(seen.dot(&nu).abs() / u.dot(&u).sqrt() <= found.most * (1.0 + 1e-12));
    }
}

/// Units of X and y do not matter; directions that floating point cannot hold together are refused.
#[test]
fn units_do_not_matter() {
    let mut random = stream(21, &["units"]);
    let mut x = Array2::zeros((10, 2));
    x.outer_iter_mut().for_each(|mut row| row.assign(&normal(2, &mut random)));
    let y = normal(10, &mut random);
    let cost = |unit: f64, of_y: f64| {
        let problem =
            Problem::new((&x * unit).view(), (&y * of_y).view(), Loss::Squared, 0.1 * unit * of_y).unwrap();
        let found = generate(&problem, &cells(problem.x()), Coverage::All, 1e-9);
        assert!(found.certificate.gap() < 1e-8);
        found.certificate.upper / (of_y * of_y)
    };
    let plain = cost(1.0, 1.0);
    for (unit, of_y) in [(1e-8, 1.0), (1e100, 1.0), (1.0, 1e-4), (1e-120, 1e6)] {
        assert!((cost(unit, of_y) / plain - 1.0).abs() < 1e-7, "{unit} {of_y}");
    }
    let of = |x: &Array2<f64>| Problem::new(x.view(), y.view(), Loss::Squared, 0.1).map(|_| ());
    let stamped = |size: f64| Array2::from_shape_fn((10, 2), |(i, j)| if j == 0 { size } else { x[[i, 1]] });
    assert_eq!(of(&stamped(1.7e15)), Err(ProblemError::Conditioning));
    assert_eq!(of(&stamped(1.7e12)), Err(ProblemError::Conditioning));
    assert_eq!(of(&stamped(1e3)), Ok(()));
    // A column that hardly varies is left out, and the bounds know it.
    let mut faint = x.clone();
    faint.push_column(Array1::from_shape_fn(10, |i| if i == 3 { 1e-10 } else { 0.0 }).view()).unwrap();
    let problem = Problem::new(faint.view(), y.view(), Loss::Squared, 0.1).unwrap();
    assert!(problem.rank() == 2 && problem.slack(problem.y()) > 0.0);
    let mut outlier = x.clone();
    outlier[[0, 1]] = 1e16;
    assert_eq!(of(&outlier), Err(ProblemError::Conditioning));
    assert_eq!(
        of(&(&x * 1e-170)),
        Err(ProblemError::Scale("X", (&x * 1e-170).iter().fold(0.0_f64, |m, x| m.max(x.abs()))))
    );
}

#[test]
fn bad_problems_are_refused() {
    let (x, y) = (array![[1.0, 2.0], [3.0, 4.0]], array![1.0, -1.0]);
    let of = |x: &Array2<f64>, y: &Array1<f64>, loss, beta| {
        Problem::new(x.view(), y.view(), loss, beta).unwrap_err()
    };
    assert_eq!(of(&x, &y, Loss::Squared, 0.0), ProblemError::Beta(0.0));
    assert_eq!(of(&x, &array![1.0], Loss::Squared, 1.0), ProblemError::Lengths { rows: 2, targets: 1 });
    assert_eq!(of(&x, &array![1.0, 1.0], Loss::Hinge, 1.0), ProblemError::OneClass);
    assert_eq!(
        of(&x, &array![1.0, 2.0], Loss::Logistic, 1.0),
        ProblemError::Label { row: 1, label: "2".into() }
    );
    assert_eq!(of(&array![[1.0, f64::NAN], [0.0, 1.0]], &y, Loss::Squared, 1.0), ProblemError::NotFinite(0));
    assert_eq!(of(&Array2::zeros((2, 2)), &y, Loss::Squared, 1.0), ProblemError::RankZero);
    assert_eq!(of(&Array2::zeros((0, 2)), &array![], Loss::Squared, 1.0), ProblemError::Empty);
}
