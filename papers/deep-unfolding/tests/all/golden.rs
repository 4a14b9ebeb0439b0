//! Reference values by other methods (tests/cases/README.md).

use deep_unfolding::chebyshev::{chebyshev_contraction, chebyshev_steps};
use deep_unfolding::gradient::{HardGradient, Target, gradient};
use deep_unfolding::lasso::{Options, StopReason, lasso};
use deep_unfolding::network::Network;
use deep_unfolding::problem::{Penalty, Problem};
use deep_unfolding::scalar::Scalar;
use deep_unfolding::sparsest::{descent, exact};
use deep_unfolding::training::Loss;
use lab::input::{matrix, vector};
use ndarray::{Array1, Array2};
use serde_json::Value;

fn path(name: &str) -> std::path::PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "cases", name].iter().collect()
}

fn cases(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_str().map_or_else(|| value.as_f64().unwrap(), |text| text.parse().unwrap())
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn rows(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn close(found: f64, expected: f64, tolerance: f64) -> bool {
    (found - expected).abs() <= tolerance * expected.abs()
}

#[test]
fn lasso_solutions_are_those_of_fifty_digits() {
    let all = cases("lasso.json");
    assert_eq!(all.as_object().unwrap().len(), 8);
    for (name, case) in all.as_object().unwrap() {
        let file = |key: &str| path(case[key].as_str().unwrap());
        let problem = Problem::new(matrix(&file("A")).unwrap()).unwrap();
        let y = vector(&file("y")).unwrap();
        let found = lasso(
            &problem,
            y.view(),
            number(&case["lam"]),
            &Options { tolerance: 1e-13, ..Options::default() },
        );
        assert!(
            found.reason != StopReason::Sweeps,
            "{name}: gap {} after {} sweeps",
            found.gap,
            found.sweeps
        );
        assert!(close(found.objective, number(&case["F"]), 1e-12), "{name}: {}", found.objective);
        if case["x"].is_string() {
            let x = vector(&file("x")).unwrap();
            let largest = x.iter().fold(1.0_f64, |most, x| most.max(x.abs()));
            let off = found.x.iter().zip(&x).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(off <= 1e-9 * largest, "{name}: {off}");
        }
    }
}

#[test]
fn global_optima_are_those_of_all_supports() {
    let all = cases("l0.json");
    assert_eq!(all.as_object().unwrap().len(), 5);
    let mut missed = 0;
    for (name, case) in all.as_object().unwrap() {
        let problem = Problem::new(matrix(&path(&format!("l0_{name}_A.csv"))).unwrap()).unwrap();
        let y = vector(&path(&format!("l0_{name}_y.csv"))).unwrap();
        let weight = number(&case["lam"]);
        let found = exact(&problem, y.view(), weight).unwrap();
        assert!(close(found.objective, number(&case["F"]), 1e-12), "{name}: {}", found.objective);
        let support: Vec<f64> = (0..found.x.len()).filter(|j| found.x[*j] != 0.0).map(|j| j as f64).collect();
        assert_eq!(support, numbers(&case["support"]), "{name}");
        // IHT ends where the reference's does, and descents at no lower value than the optimum.
        let plain = Network::plain(Penalty::L0, weight, problem.plain_step(), 20_000);
        let ys = y.clone().insert_axis(ndarray::Axis(0));
        let end = plain.apply(&problem, ys.view());
        let end = problem.objectives(ys.view(), end.view(), Penalty::L0, weight)[0];
        assert!(close(end, number(&case["iht_from_zero_step_1_over_L"]["F"]), 1e-9), "{name}: {end}");
        missed += usize::from(end > found.objective * 1.000_001);
        let local = descent(&problem, y.view(), weight, Array1::zeros(found.x.len()).view(), 1_000);
        assert!(local.objective >= found.objective * (1.0 - 1e-12) && local.improvable < 1e-12, "{name}");
    }
    assert_eq!(missed, 4, "IHT misses the optimum in four of five");
}

#[test]
fn derivatives_are_those_of_fifty_digits() {
    let mut checked = 0;
    for name in ["gradient_t1.json", "gradient_t3.json", "gradient_t5.json"] {
        let case = cases(name);
        let problem = Problem::new(rows(&case["A"])).unwrap();
        let (xs, ys, steps) = (rows(&case["X"]), rows(&case["Y"]), numbers(&case["step"]));
        for one in case["cases"].as_array().unwrap() {
            let soft = one["kind"] == "ista";
            let hard = match one["mode"].as_str().unwrap() {
                "surrogate" => HardGradient::Surrogate { beta: number(&case["beta"]) },
                "smooth" => continue,
                _ => HardGradient::AlmostEverywhere,
            };
            let free = one["thresholds"] == "free";
            let network = Network {
                penalty: if soft { Penalty::L1 } else { Penalty::L0 },
                weight: number(&case[if soft { "lambda_l1" } else { "lambda_l0" }]),
                steps: steps.clone(),
                thresholds: free
                    .then(|| numbers(&case[if soft { "ista_threshold" } else { "iht_threshold" }])),
            };
            let target = if one["loss"] == "sup" { Target::Signals(xs.view()) } else { Target::Objective };
            let found = gradient(&network, &problem, ys.view(), target, hard);
            assert!(close(found.loss, number(&one["value"]), 1e-12), "{name} {one}: {}", found.loss);
            let expected = numbers(&one["d_step"]);
            let largest = expected.iter().fold(0.0_f64, |most, d| most.max(d.abs()));
            for (found, expected) in found.steps.iter().zip(&expected) {
                assert!((found - expected).abs() <= 1e-10 * largest, "{name} {one}: {found} for {expected}");
            }
            if free {
                for (found, expected) in found.thresholds.unwrap().iter().zip(numbers(&one["d_threshold"])) {
                    assert!((found - expected).abs() <= 1e-10 * largest.max(expected.abs()), "{name} {one}");
                }
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 36);
}

#[test]
fn one_number_has_its_closed_forms() {
    for case in cases("hard_threshold_bias_1d.json").as_array().unwrap() {
        let scalar = Scalar {
            a: number(&case["a"]),
            noise: number(&case["noise_variance"]),
            probability: number(&case["p"]),
            weight: number(&case["lam"]),
        };
        let step = number(&case["step"]);
        for (loss, key) in [(Loss::Unsupervised, "uns"), (Loss::Supervised, "sup")] {
            let (found, expected) = (scalar.expected(step, loss), &case[key]);
            assert!(close(found.loss, number(&expected["loss"]), 1e-12), "{case}");
            let size =
                number(&expected["true_derivative"]).abs().max(number(&expected["almost_everywhere"]).abs());
            for (found, key) in [
                (found.almost_everywhere, "almost_everywhere"),
                (found.boundary, "boundary"),
                (found.almost_everywhere + found.boundary, "true_derivative"),
            ] {
                assert!(
                    (found - number(&expected[key])).abs() <= 1e-11 * size + 1e-18,
                    "{case} {key}: {found}"
                );
            }
        }
    }
}

#[test]
fn chebyshev_steps_are_the_formula() {
    for case in cases("chebyshev.json").as_array().unwrap() {
        let (least, largest) = (number(&case["min"]), number(&case["max"]));
        let expected = numbers(&case["steps"]);
        let found = chebyshev_steps(least, largest, expected.len()).unwrap();
        assert!(found.iter().zip(&expected).all(|(a, b)| close(*a, *b, 1e-13)), "{found:?}");
        // The interval's length over its ends is a condition number.
        let tolerance = 1e-14 * largest / (largest - least);
        let contraction = chebyshev_contraction(least, largest, expected.len());
        assert!(close(contraction, number(&case["contraction_T_steps"]), tolerance * 1e2));
    }
}
