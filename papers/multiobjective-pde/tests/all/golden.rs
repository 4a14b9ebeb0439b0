//! Against values of other origin: rational arithmetic, 30 digits and more, and exhaustive search.

use std::path::Path;

use multiobjective_pde::control::search::Scalarisation;
use multiobjective_pde::control::{Control, Input, Kind, Objective};
use multiobjective_pde::descent::{Options, descend};
use multiobjective_pde::functions::{Objectives, Quadratic, Quadratics, Test, WeightedTests};
use multiobjective_pde::hypervolume::hypervolume;
use multiobjective_pde::lasso;
use multiobjective_pde::min_norm::shortest;
use multiobjective_pde::state::{MaxPde, Method, Workspace};
use ndarray::{Array1, Array2};
use serde_json::Value;

fn case(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn states_are_recovered_from_their_right_sides() {
    for name in ["state_zero_column.json", "state_stiff.json"] {
        let case = case(name);
        let pde = MaxPde::new(case["n"].as_u64().unwrap() as usize, number(&case["kappa"])).unwrap();
        for method in [Method::ConjugateGradients, Method::Cholesky] {
            let state = pde.solve(&numbers(&case["b"]), None, method, &mut Workspace::default()).unwrap();
            let error = largest_difference(&state.y, &numbers(&case["y"]));
            assert!(error < 1e-11 && state.steps <= 10, "{name}, {method:?}: {error:e} in {}", state.steps);
        }
    }
}

#[test]
fn controls_whose_state_vanishes_on_a_patch_are_found() {
    for name in ["control_zero_patch.json", "control_zero_patch_chi1.json"] {
        let case = case(name);
        let pde = MaxPde::new(case["n"].as_u64().unwrap() as usize, number(&case["kappa"])).unwrap();
        let objective = Objective { target: Some(numbers(&case["yd"])), cost: number(&case["sigma"]) };
        let control = Control::new(pde, numbers(&case["f"]), Input::Onto, vec![objective]).unwrap();
        let start = vec![0.0; control.dimension()];
        let weights = Scalarisation::Weights(vec![1.0]);
        let found = control.minimise(&weights, &start, &mut Workspace::default()).unwrap();
        let expected = numbers(&case["u"]);
        let size = expected.iter().fold(0.0_f64, |most, u| most.max(u.abs()));
        let error = largest_difference(&found.u, &expected) / size;
        assert!(error < 1e-9, "{name}: {error:e}, residual {:e}, {:?}", found.residual, found.kind);
        assert_eq!(found.kind, Kind::Global, "{name}");
        assert!((found.values[0] - number(&case["J"])).abs() < 1e-9 * number(&case["J"]));
        let zeros = found.y.iter().filter(|y| **y == 0.0).count();
        assert_eq!(zeros as u64, case["zero_nodes"].as_u64().unwrap(), "{name}");
    }
}

#[test]
fn a_front_with_two_controls_is_that_of_exhaustive_search() {
    let case = case("pareto_pde.json");
    let pde = MaxPde::new(7, number(&case["kappa"])).unwrap();
    let b = rows(&case["B"]);
    let columns = (0..2).map(|j| b.iter().map(|row| row[j]).collect()).collect();
    let objectives = ["yd1", "yd2"]
        .map(|name| Objective { target: Some(numbers(&case[name])), cost: number(&case["sigma"]) });
    let control =
        Control::new(pde, numbers(&case["f"]), Input::Columns(columns), objectives.to_vec()).unwrap();
    let work = &mut Workspace::default();
    let mut certified = 0;
    for point in case["points"].as_array().unwrap() {
        let alpha = number(&point["alpha"]);
        let weights = vec![alpha, 1.0 - alpha];
        let found = control.minimise(&Scalarisation::Weights(weights), &[0.0, 0.0], work).unwrap();
        let (u, j) = (numbers(&point["u"]), numbers(&point["J"]));
        assert!(largest_difference(&found.u, &u) < 1e-10, "α = {alpha}: {:?} for {u:?}", found.u);
        assert!(largest_difference(&found.values, &j) < 1e-12);
        let certificate = number(&point["certificate"]);
        assert!((found.certificate - certificate).abs() < 1e-8 * (1.0 + certificate), "α = {alpha}");
        certified += u32::from(found.kind == Kind::Global);
        // The reference point below it along its weights leads to the same control.
        let z = numbers(&point["reference_point"]);
        let near = control.minimise(&Scalarisation::Reference(z), &[0.0, 0.0], work).unwrap();
        assert!(largest_difference(&near.u, &u) < 1e-8, "α = {alpha}: {:?} for {u:?}", near.u);
    }
    assert_eq!(certified, 8);
}

#[test]
fn weighted_sums_of_nonsmooth_functions_are_minimised() {
    for pair in case("nonsmooth_pairs.json").as_array().unwrap() {
        let tests: Vec<Test> = pair["pair"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| *Test::ALL.iter().find(|test| test.name() == name.as_str().unwrap()).unwrap())
            .collect();
        for point in pair["points"].as_array().unwrap() {
            let (weight, x) = (number(&point["weight"]), numbers(&point["x"]));
            let sum = WeightedTests(vec![(weight, tests[0]), (1.0 - weight, tests[1])]);
            let options = Options { radius: 1e-5, tolerance: 1e-5, ..Options::default() };
            let found = descend(&sum, &[-1.3, 2.1], &options);
            let mut best = [0.0];
            sum.values(&x, &mut best);
            // Within the radius times the steepest piece.
            assert!(found.critical && (found.values[0] - best[0]).abs() < 1e-3, "{pair}: {found:?}");
            // The expected point is critical for the two, with the pieces that are active there.
            let pieces: Vec<Vec<f64>> = tests
                .iter()
                .flat_map(|test| {
                    let pieces = test.pieces([x[0], x[1]]);
                    let most = test.value([x[0], x[1]]);
                    pieces
                        .into_iter()
                        .filter(move |piece| piece.0 >= most - 1e-9)
                        .map(|piece| piece.1.to_vec())
                })
                .collect();
            let vector = shortest(&pieces).vector;
            assert!(vector[0].hypot(vector[1]) < 1e-6, "{vector:?}");
        }
    }
}

#[test]
fn lasso_paths_have_exactly_the_rational_kinks() {
    for name in ["lasso_1.json", "lasso_2.json", "lasso_3.json"] {
        let case = case(name);
        let a = rows(&case["A"]);
        let matrix = Array2::from_shape_fn((a.len(), a[0].len()), |(i, j)| a[i][j]);
        let b = Array1::from(numbers(&case["b"]));
        let kinks = lasso::path(matrix.view(), b.view(), 1_000).unwrap();
        let expected = case["kinks"].as_array().unwrap();
        assert_eq!(kinks.len(), expected.len(), "{name}");
        for (kink, expected) in kinks.iter().zip(expected) {
            assert!((kink.lambda - number(&expected["lambda_"])).abs() < 1e-12 * kinks[0].lambda);
            let mut x = vec![0.0; a[0].len()];
            kink.x.iter().for_each(|(place, value)| x[*place] = *value);
            assert!(largest_difference(&x, &numbers(&expected["x"])) < 1e-12, "{name}: {x:?}");
            assert!((kink.loss - number(&expected["loss"])).abs() < 1e-12 * kinks[0].loss);
            assert!((kink.l1 - number(&expected["l1"])).abs() < 1e-12 * (1.0 + kink.l1));
        }
        let area = lasso::area(&kinks);
        let exact = number(&case["area_under_front"]);
        assert!((area - exact).abs() < 1e-13 * exact, "{name}: {area} for {exact}");
    }
}

#[test]
fn hypervolumes_are_those_of_counted_cells() {
    for case in case("hypervolume.json")["cases"].as_array().unwrap() {
        let volume = hypervolume(&rows(&case["points"]), &numbers(&case["ref"])).unwrap();
        let exact = number(&case["hv"]);
        assert!((volume - exact).abs() <= 1e-13 * exact.max(1.0), "{volume} for {exact}");
    }
}

#[test]
fn quadratics_have_their_pareto_points() {
    for name in ["quadratic_2d.json", "quadratic_5d.json", "quadratic_3obj.json"] {
        let case = case(name);
        let of = |(q, a): (&Value, &Value)| Quadratic { q: rows(q), a: numbers(a) };
        let quadratics: Vec<Quadratic> =
            (case["Q"].as_array().unwrap().iter()).zip(case["a"].as_array().unwrap()).map(of).collect();
        let quadratics = Quadratics(quadratics);
        let (weights, points, values) = (rows(&case["weights"]), rows(&case["x"]), rows(&case["f"]));
        for ((weights, point), expected) in weights.iter().zip(&points).zip(&values) {
            let x = quadratics.pareto(weights).unwrap();
            assert!(largest_difference(&x, point) < 1e-12, "{name}: {x:?} for {point:?}");
            let mut values = vec![0.0; expected.len()];
            quadratics.values(&x, &mut values);
            assert!(largest_difference(&values, expected) < 1e-10);
        }
        if let Some(exact) = case["hv"].as_f64() {
            // Many weights come near the volume of the whole front from below.
            let front: Vec<Vec<f64>> = (0..=20_000)
                .map(|k| {
                    let alpha = f64::from(k) / 20_000.0;
                    let mut values = vec![0.0; 2];
                    quadratics.values(&quadratics.pareto(&[alpha, 1.0 - alpha]).unwrap(), &mut values);
                    values
                })
                .collect();
            let volume = hypervolume(&front, &numbers(&case["ref"])).unwrap();
            assert!(volume <= exact && volume > exact * (1.0 - 1e-4), "{name}: {volume} for {exact}");
        }
    }
}
