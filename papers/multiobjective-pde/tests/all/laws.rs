//! Identities, invariances, certificates.

use multiobjective_pde::continuation::{Wells, follow};
use multiobjective_pde::control::search::Scalarisation;
use multiobjective_pde::control::{Control, ControlError, Input, Objective};
use multiobjective_pde::cover::Cover;
use multiobjective_pde::descent::{Options, descend, sample_gradients};
use multiobjective_pde::front;
use multiobjective_pde::functions::{Objectives, Pieces, Quadratic, Quadratics, Test, Tests};
use multiobjective_pde::grid::{Grid, Scratch};
use multiobjective_pde::hypervolume::{HypervolumeError, hypervolume, nondominated};
use multiobjective_pde::lasso;
use multiobjective_pde::min_norm::shortest;
use multiobjective_pde::reduced::Reduced;
use multiobjective_pde::state::{MaxPde, Method, StateError, Workspace, switch};
use ndarray::{Array1, Array2};
use numerics::random::stream;
use proptest::prelude::*;
use rand::Rng;

fn pseudo(count: usize, seed: u64) -> Vec<f64> {
    let mut random = stream(seed, &["vector"]);
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

#[test]
fn inverses_invert() {
    for n in [1, 2, 3, 8, 15, 20] {
        let grid = Grid::new(n);
        let v = pseudo(n * n, 1);
        let mut applied = vec![0.0; n * n];
        grid.laplacian(&v, &mut applied);
        applied.iter_mut().zip(&v).for_each(|(a, v)| *a += 3.0 * v);
        let scratch = &mut Scratch::default();
        let mut solved = applied.clone();
        grid.shifted(3.0).solve(&mut solved, scratch);
        let mut spectral = applied;
        grid.function(|lambda| 1.0 / (lambda + 3.0), &mut spectral, scratch);
        for ((a, b), v) in solved.iter().zip(&spectral).zip(&v) {
            assert!((a - v).abs() < 1e-12 && (b - v).abs() < 1e-12, "n = {n}: {a}, {b}, {v}");
        }
        let least: f64 = grid.least_eigenvalue();
        assert!(grid.energy_norm(&v).powi(2) >= least * grid.norm(&v).powi(2) * (1.0 - 1e-12));
    }
}

#[test]
fn states_are_isotone_concave_and_stable() {
    let pde = MaxPde::new(12, 50.0).unwrap();
    let work = &mut Workspace::default();
    let (a, b) = (pseudo(144, 2), pseudo(144, 3));
    let scaled = |v: &[f64]| -> Vec<f64> { v.iter().map(|v| 30.0 * v).collect() };
    let (a, b) = (scaled(&a), scaled(&b));
    let mut solve = |b: &[f64]| pde.solve(b, None, Method::ConjugateGradients, work).unwrap().y;
    let larger: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a.max(*b)).collect();
    let middle: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 0.5 * (a + b)).collect();
    let (of_a, of_b, of_larger, of_middle) = (solve(&a), solve(&b), solve(&larger), solve(&middle));
    for k in 0..144 {
        assert!(of_larger[k] >= of_a[k].max(of_b[k]) - 1e-12);
        assert!(of_middle[k] >= 0.5 * (of_a[k] + of_b[k]) - 1e-12);
    }
    let change: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
    let moved: Vec<f64> = of_a.iter().zip(&of_b).map(|(a, b)| a - b).collect();
    let bound = pde.grid().dual_norm(&change, &mut Scratch::default());
    assert!(pde.grid().energy_norm(&moved) <= bound * (1.0 + 1e-12));
}

#[test]
fn both_solvers_agree_and_guesses_do_not_matter() {
    let pde = MaxPde::new(20, 1e4).unwrap();
    let b: Vec<f64> = pseudo(400, 4).iter().map(|b| 100.0 * b).collect();
    let work = &mut Workspace::default();
    let first = pde.solve(&b, None, Method::ConjugateGradients, work).unwrap();
    let second = pde.solve(&b, None, Method::Cholesky, work).unwrap();
    let third = pde.solve(&b, Some(&vec![1.0; 400]), Method::ConjugateGradients, work).unwrap();
    for ((a, b), c) in first.y.iter().zip(&second.y).zip(&third.y) {
        assert!((a - b).abs() < 1e-13 && (a - c).abs() < 1e-13, "{a} {b} {c}");
    }
    let zero = pde.solve(&[0.0; 400], None, Method::ConjugateGradients, work).unwrap();
    assert!(zero.y.iter().all(|y| *y == 0.0));
}

fn two_targets(n: usize, kappa: f64, cost: f64, onto: bool) -> Control {
    let pde = MaxPde::new(n, kappa).unwrap();
    let pi = std::f64::consts::PI;
    let first = pde.grid().sample(|x, y| (pi * x).sin() * (pi * y).sin());
    let second = pde.grid().sample(|x, y| -0.5 * (2.0 * pi * x).sin() * (pi * y).sin());
    let input = if onto {
        Input::Onto
    } else {
        Input::Columns(vec![pde.grid().sample(|x, _| x), pde.grid().sample(|_, y| (9.0 * y).cos())])
    };
    let objectives = [first, second].map(|target| Objective { target: Some(target), cost }).to_vec();
    let f = pde.grid().sample(|x, y| 20.0 * (x - y));
    Control::new(pde, f, input, objectives).unwrap()
}

#[test]
fn certified_controls_are_below_all_others() {
    let control = two_targets(7, 20.0, 1e-3, true);
    let work = &mut Workspace::default();
    let mut certified = 0;
    for alpha in [0.2, 0.5, 0.9] {
        let weights = [alpha, 1.0 - alpha];
        let start = vec![0.0; control.dimension()];
        let found = control.minimise(&Scalarisation::Weights(weights.to_vec()), &start, work).unwrap();
        assert!(found.residual < 1e-9, "{}", found.residual);
        if found.certificate > 1.0 {
            continue;
        }
        certified += 1;
        let sum = |values: &[f64]| weights[0] * values[0] + weights[1] * values[1];
        for (seed, size) in [0.01, 0.1, 1.0, 10.0, 100.0].iter().enumerate() {
            let other: Vec<f64> =
                found.u.iter().zip(pseudo(49, seed as u64)).map(|(u, d)| u + size * d).collect();
            let state = control.state(&other, None, &mut Default::default(), work).unwrap();
            assert!(sum(&control.values(&other, &state.y)) > sum(&found.values));
        }
    }
    assert!(certified > 0);
}

#[test]
fn gradients_are_those_of_differences() {
    let control = two_targets(9, 30.0, 1e-2, false);
    let work = &mut Workspace::default();
    let (u, weights) = ([3.0, -8.0], [0.3, 0.7]);
    let mut value = |u: &[f64]| {
        let state = control.state(u, None, &mut Default::default(), work).unwrap();
        control.values(u, &state.y).iter().zip(&weights).map(|(v, w)| v * w).sum::<f64>()
    };
    let h = 1e-5;
    let differences: Vec<f64> = (0..2)
        .map(|k| {
            let (mut up, mut down) = (u, u);
            up[k] += h;
            down[k] -= h;
            (value(&up) - value(&down)) / (2.0 * h)
        })
        .collect();
    let work = &mut Workspace::default();
    let state = control.state(&u, None, &mut Default::default(), work).unwrap();
    let weighted = control.weighted(&weights);
    let p = control.adjoint(&switch(&state.y), &weighted, &state.y, &mut Default::default(), work);
    for ((u, p), d) in u.iter().zip(control.adjoint_input(&p)).zip(&differences) {
        assert!((weighted.cost * u + p - d).abs() < 1e-8, "{p} {d}");
    }
}

#[test]
fn fronts_fall_and_reference_points_lie_on_them() {
    let control = two_targets(9, 10.0, 1e-3, true);
    let work = &mut Workspace::default();
    let by_weights = front::by_weights(&control, 9, work).unwrap();
    let length: f64 = front::gaps(&by_weights).iter().sum();
    let by_points = front::by_reference_points(&control, length / 8.0, 30, work).unwrap();
    for front in [&by_weights, &by_points] {
        assert!(front.len() >= 7, "{}", front.len());
        for pair in front.windows(2) {
            assert!(pair[0].values[0] < pair[1].values[0] && pair[0].values[1] > pair[1].values[1]);
        }
        assert!(front.iter().all(|point| point.residual < 1e-8));
    }
}

#[test]
fn bounds_enclose_errors_of_reduced_states() {
    let control = two_targets(15, 100.0, 1e-3, false);
    let work = &mut Workspace::default();
    let parameters: Vec<Vec<f64>> =
        (0..25).map(|k| vec![f64::from(k % 5) * 20.0 - 40.0, f64::from(k / 5) * 20.0 - 40.0]).collect();
    let (reduced, history) = Reduced::greedy(&control, &parameters, 1e-9, 6, work).unwrap();
    assert_eq!(reduced.size(), 6);
    assert!(history[6].estimate < 0.1 * history[0].estimate);
    let most = 1.0 + 100.0 / control.pde.grid().least_eigenvalue();
    for u in [[7.0, -13.0], [-31.0, 2.0], [35.0, 35.0]] {
        let exact = control.state(&u, None, &mut Default::default(), work).unwrap().y;
        let found = reduced.solve(&u);
        let error: Vec<f64> = exact.iter().zip(&found.y).map(|(a, b)| a - b).collect();
        let error = control.pde.grid().energy_norm(&error);
        let effectivity = reduced.estimate(&u, &found.y, work) / error;
        assert!((1.0 - 1e-8..=most).contains(&effectivity), "{effectivity}");
    }
    let small = Reduced::greedy(&control, &parameters, 1e-9, 4, work).unwrap().0;
    assert_eq!(reduced.prefix(4).solve(&[7.0, -13.0]), small.solve(&[7.0, -13.0]), "the choice is nested");
    let snapshot = control.state(&parameters[history[0].worst], None, &mut Default::default(), work).unwrap();
    assert!(!reduced.clone().extend(&snapshot.y), "the span has it");
}

#[test]
fn minima_of_the_test_functions_are_critical() {
    for test in Test::ALL {
        let found = descend(
            &Tests(vec![test]),
            &[0.4, -0.7],
            &Options { radius: 1e-6, tolerance: 1e-6, ..Options::default() },
        );
        assert!(found.critical, "{test:?}: {found:?}");
        assert!((found.values[0] - test.minimum()).abs() < 1e-4, "{test:?}: {}", found.values[0]);
    }
}

#[test]
fn gradient_sampling_ends_where_descent_does() {
    let pair = Tests(vec![Test::Ql, Test::Lq]);
    let sampled = sample_gradients(&pair, &[2.0, 2.5], &Options::default(), &mut stream(0, &["sampling"]));
    assert!(sampled.critical, "{sampled:?}");
    assert!(
        descend(&pair, &sampled.x, &Options { radius: 2e-3, tolerance: 2e-3, ..Options::default() })
            .iterations
            <= 3
    );
}

#[test]
fn covers_keep_all_critical_points() {
    let quadratics = Quadratics(vec![
        Quadratic { q: vec![vec![2.0, 0.5], vec![0.5, 1.0]], a: vec![-0.6, -0.4] },
        Quadratic { q: vec![vec![1.0, -0.2], vec![-0.2, 3.0]], a: vec![0.7, 0.5] },
    ]);
    let lipschitz: Vec<f64> = quadratics.curvatures().iter().map(|(_, most)| *most).collect();
    let gradients = |x: &[f64]| -> Vec<Vec<f64>> {
        (0..2)
            .map(|i| {
                let mut gradient = vec![0.0; 2];
                quadratics.subgradient(i, x, &mut gradient);
                gradient
            })
            .collect()
    };
    let mut cover = Cover::new(vec![-1.0, -1.0], vec![1.0, 1.0]).unwrap();
    let mut counts = Vec::new();
    for _ in 0..12 {
        cover.halve().unwrap();
        cover.keep_critical(&gradients, &[0.0, 0.0], &lipschitz);
        counts.push(cover.len());
    }
    for k in 0..=1_000 {
        let alpha = f64::from(k) / 1_000.0;
        assert!(cover.contains(&quadratics.pareto(&[alpha, 1.0 - alpha]).unwrap()), "α = {alpha}");
    }
    assert!(cover.len() < 1_000 && cover.boundary().len() <= cover.len(), "{counts:?}");
}

#[test]
fn formulas_are_objectives() {
    let pieces = Pieces::parse(&[
        vec!["x1^4 + x2^2".into(), "(2 - x1)^2 + (2 - x2)^2".into(), "2*exp(x2 - x1)".into()],
        vec!["(x1 - 3)^2".into()],
    ])
    .unwrap();
    let (mut values, mut expected) = ([0.0; 2], [0.0; 2]);
    let mut gradient = [0.0; 2];
    for x in [[0.3, -1.0], [2.0, 0.5], [-1.0, 1.0]] {
        pieces.values(&x, &mut values);
        pieces.subgradient(0, &x, &mut gradient);
        Tests(vec![Test::Cb3]).subgradient(0, &x, &mut expected);
        assert!((values[0] - Test::Cb3.value(x)).abs() < 1e-14);
        assert!((gradient[0] - expected[0]).abs() < 1e-13 && (gradient[1] - expected[1]).abs() < 1e-13);
    }
    assert!((pieces.curvature(1, &[0.0, 0.0]) - 2.0).abs() < 1e-14);
    assert!(Pieces::parse(&[vec!["x +".into()]]).unwrap_err().contains("objective 1, piece 1"));
}

#[test]
fn curves_of_bounded_losses_turn_and_end_at_their_minimum() {
    let points = follow(&Wells(vec![1.6]), 0.01, 10_000);
    let last = points.last().unwrap();
    assert!(last.lambda == 0.0 && (last.x[0] - 1.6).abs() < 1e-8, "{last:?}");
    assert!(points.iter().all(|point| point.residual < 1e-10));
    // λ rises to √(2/e) before it falls.
    let top = points.iter().map(|point| point.lambda).fold(0.0, f64::max);
    assert!((top - (2.0 / std::f64::consts::E).sqrt()).abs() < 1e-4, "{top}");
    let wells = Wells(vec![1.6]);
    assert!(!wells.weight_reaches(&points[20].x, points[20].lambda));
    assert!(wells.weight_reaches(&last.x, 0.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn shortest_vectors_are_separated_from_their_points(
        points in prop::collection::vec(prop::collection::vec(-2.0..2.0_f64, 3), 1..8)
    ) {
        let found = shortest(&points);
        let square: f64 = found.vector.iter().map(|v| v * v).sum();
        for point in &points {
            let along: f64 = point.iter().zip(&found.vector).map(|(a, b)| a * b).sum();
            prop_assert!(along >= square - 1e-10, "{} below {}", along, square);
        }
        prop_assert!(found.weights.iter().all(|w| *w >= 0.0));
        prop_assert!((found.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn volumes_grow_with_points_and_ignore_dominated_ones(
        points in prop::collection::vec(prop::collection::vec(-1.0..1.5_f64, 4), 1..9),
        size in 1_usize..5
    ) {
        let points: Vec<Vec<f64>> = points.iter().map(|point| point[..size].to_vec()).collect();
        let reference = vec![1.0; size];
        let all = hypervolume(&points, &reference).unwrap();
        let fewer = hypervolume(&points[1..], &reference).unwrap();
        prop_assert!(all >= fewer - 1e-12);
        let kept: Vec<Vec<f64>> = nondominated(&points).into_iter().map(|k| points[k].clone()).collect();
        prop_assert!((hypervolume(&kept, &reference).unwrap() - all).abs() < 1e-12);
        // An objective that is the same for all adds its length as a factor.
        let longer: Vec<Vec<f64>> = points.iter().map(|point| [point.as_slice(), &[-1.0]].concat()).collect();
        let volume = hypervolume(&longer, &vec![1.0; size + 1]).unwrap();
        prop_assert!((volume - 2.0 * all).abs() < 1e-11, "{} for {}", volume, 2.0 * all);
    }

    #[test]
    fn lasso_kinks_satisfy_their_conditions(seed in 0_u64..50, rows in 2_usize..9, columns in 1_usize..14) {
        let a = Array2::from_shape_vec((rows, columns), pseudo(rows * columns, seed)).unwrap();
        let b = Array1::from(pseudo(rows, seed + 1_000));
        for kink in lasso::path(a.view(), b.view(), 10_000).unwrap() {
            let mut x = Array1::zeros(columns);
            kink.x.iter().for_each(|(place, value)| x[*place] = *value);
            let correlations = a.t().dot(&(&b - &a.dot(&x)));
            for (c, x) in correlations.iter().zip(&x) {
                prop_assert!(c.abs() <= kink.lambda + 1e-9);
                prop_assert!(*x == 0.0 || (c - kink.lambda * x.signum()).abs() < 1e-9, "{} {}", c, x);
            }
        }
    }
}

#[test]
fn tied_columns_wait_for_their_turn() {
    // By hand: both columns tie at λ = 1, and only the second may move.
    let a = ndarray::array![[-1.0, -1.0], [2.0, 1.0]];
    let b = ndarray::array![1.0, 0.0];
    check_path(&a, &b);
    let mut random = stream(11, &["integers"]);
    for _ in 0..400 {
        let (rows, columns) = (random.random_range(2..6), random.random_range(1..8));
        let a = Array2::from_shape_simple_fn((rows, columns), || f64::from(random.random_range(-2..=2)));
        let b = Array1::from_shape_simple_fn(rows, || f64::from(random.random_range(-2..=2)));
        if a.t().dot(&b).iter().any(|c| *c != 0.0) {
            check_path(&a, &b);
        }
    }
}

/// Conditions at every kink and halfway to the next.
fn check_path(a: &Array2<f64>, b: &Array1<f64>) {
    let kinks = lasso::path(a.view(), b.view(), 1_000).unwrap();
    let dense = |kink: &lasso::Kink| {
        let mut x = Array1::<f64>::zeros(a.ncols());
        kink.x.iter().for_each(|(place, value)| x[*place] = *value);
        x
    };
    assert!(lasso::area(&kinks) >= 0.0 && kinks.len() < 1_000);
    for pair in kinks.windows(2) {
        let (from, to) = (dense(&pair[0]), dense(&pair[1]));
        for (x, lambda) in
            [((&from + &to) * 0.5, 0.5 * (pair[0].lambda + pair[1].lambda)), (to.clone(), pair[1].lambda)]
        {
            let correlations = a.t().dot(&(b - &a.dot(&x)));
            for (c, x) in correlations.iter().zip(&x) {
                assert!(c.abs() <= lambda + 1e-9, "{c} above {lambda} for {a:?} and {b:?}");
                assert!(
                    x.abs() < 1e-12 || (c - lambda * x.signum()).abs() < 1e-9,
                    "{c}, {x}, {lambda} for {a:?} and {b:?}"
                );
            }
        }
    }
}

#[test]
fn what_is_no_number_ends_a_descent() {
    let root = Pieces::parse(&[vec!["sqrt(x)".into()]]).unwrap();
    assert!(!descend(&root, &[0.5], &Options::default()).critical);
    let fall = Pieces::parse(&[vec!["x^3".into()]]).unwrap();
    let found = descend(&fall, &[0.5], &Options::default());
    assert!(found.values[0].is_finite(), "{found:?}");
    assert!(!Pieces::parse(&[vec!["abs(x)".into()]]).unwrap().is_smooth());
}

#[test]
fn covers_are_not_halved_beyond_their_places() {
    let mut cover = Cover::new(vec![-1.0], vec![2.0]).unwrap();
    let gradients = |x: &[f64]| vec![vec![2.0 * x[0]]];
    for _ in 0..31 {
        cover.halve().unwrap();
        cover.keep_critical(&gradients, &[0.0], &[2.0]);
    }
    assert!(cover.contains(&[0.0]));
    assert!(cover.halve().is_err());
}

#[test]
fn faults_are_named() {
    assert_eq!(MaxPde::new(3, -1.0).err(), Some(StateError::Kappa(-1.0)));
    let pde = MaxPde::new(3, 1.0).unwrap();
    let work = &mut Workspace::default();
    let short = pde.solve(&[0.0; 4], None, Method::Cholesky, work).unwrap_err();
    assert_eq!(short.to_string(), "right side: 4 numbers, expected 9");
    let mut b = vec![0.0; 9];
    b[4] = f64::NAN;
    assert!(pde.solve(&b, None, Method::Cholesky, work).unwrap_err().to_string().contains("number 5 is NaN"));
    let free = Objective { target: Some(vec![0.0; 9]), cost: 0.0 };
    let control = Control::new(pde, vec![0.0; 9], Input::Onto, vec![free]).unwrap();
    let fault = control.minimise(&Scalarisation::Weights(vec![1.0]), &[0.0; 9], work).unwrap_err();
    assert_eq!(fault, ControlError::NoCost(0.0));
    assert!(hypervolume(&[vec![0.0]], &[1.0, 1.0]).is_err());
    assert_eq!(hypervolume(&[vec![f64::NAN]], &[1.0]), Err(HypervolumeError::NotFinite(1)));
    assert!(Cover::new(vec![1.0], vec![1.0]).is_err());
}
