//! Reference values with 30 digits, computed by other methods (tests/cases/README.md).

use bilevel::families::Scalar;
use bilevel::hypergradient::{assemble, conjugate_gradients, dense};
use bilevel::levels::Known;
use bilevel::selection::{Loss, Rows, Selection};
use ndarray::Array1;
use penalty_bilevel::penalty::{InnerOptions, exact_penalty, penalty_gradient, scalar_penalty};
use penalty_bilevel::problem_file::{build, matrix};
use serde_json::Value;

macro_rules! cases {
    ($file:literal) => {
        serde_json::from_str::<Vec<Value>>(include_str!(concat!("../cases/", $file, ".json"))).unwrap()
    };
}

fn number(value: &Value) -> f64 {
    value.as_str().map_or_else(|| value.as_f64(), |text| text.parse().ok()).unwrap()
}

fn vector(value: &Value) -> Array1<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

/// As the command reads problems; those of selection hold rows.
fn problem(case: &Value) -> Box<dyn Known> {
    let loss = match case["family"].as_str().unwrap() {
        "ridge-exp" => Loss::Squared,
        "logistic-exp" => Loss::Logistic,
        _ => return build(case).unwrap(),
    };
    let p = &case["problem"];
    let rows = |x: &str, y: &str| Rows { features: matrix(&p[x]).unwrap(), targets: vector(&p[y]) };
    Box::new(Selection::new(loss, rows("train_x", "train_y"), rows("valid_x", "valid_y")).unwrap())
}

/// Relative to the size of the expected vector, absolute below 1.
fn off(found: &[f64], expected: &Array1<f64>) -> f64 {
    let largest = expected.iter().fold(1.0_f64, |a, b| a.max(b.abs()));
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / largest
}

#[test]
fn values_gradients_and_penalties_agree() {
    let mut points = 0;
    for case in
        [cases!("quadratic"), cases!("constrained"), cases!("nonconvex"), cases!("hyperparameters")].concat()
    {
        let (problem, id) = (problem(&case), case["id"].as_str().unwrap());
        // quad_6 is ill-conditioned.
        let tolerance = if id == "quad_6" { 1e-10 } else { 1e-12 };
        for point in case["points"].as_array().unwrap() {
            points += 1;
            let x = vector(&point["x"]).to_vec();
            let y = problem.solution(&x);
            assert!(off(&y, &vector(&point["y_star"])) < tolerance, "{id}: y* {y:?}");
            let exact = dense(&*problem, &x, &y).unwrap();
            assert!(
                off(&[exact.value], &ndarray::arr1(&[number(&point["psi"])])) < tolerance,
                "{id}: psi {}",
                exact.value
            );
            assert!(off(&exact.gradient, &vector(&point["grad_psi"])) < tolerance, "{id}: {exact:?}");
            assert!(exact.rank_gap > 1e3 && exact.range_residual < 1e-8, "{id}: {exact:?}");
            if let Some(constant) = point.get("first_order_gap_coefficient") {
                assert!(
                    (exact.gap_constant / number(constant) - 1.0).abs() < 1e-9,
                    "{id}: {}",
                    exact.gap_constant
                );
            }
            for penalised in point["penalty"].as_array().unwrap() {
                let sigma = number(&penalised["sigma"]);
                let found = exact_penalty(&*problem, &x, sigma).unwrap();
                // Differences over σ lose digits.
                let tolerance = tolerance / sigma * 10.0;
                assert!(
                    off(&found.y, &vector(&penalised["y"])) < tolerance,
                    "{id}, sigma {sigma}: {found:?}"
                );
                assert!(
                    off(&[found.value], &ndarray::arr1(&[number(&penalised["psi_sigma"])])) < tolerance,
                    "{id}, sigma {sigma}: {found:?}"
                );
                assert!(
                    off(&found.gradient, &vector(&penalised["grad_psi_sigma"])) < tolerance,
                    "{id}, sigma {sigma}: {found:?}"
                );
            }
        }
    }
    assert_eq!(points, 36);
}

/// First derivatives alone come to the same values.
#[test]
fn first_order_penalties_agree() {
    for case in [cases!("quadratic"), cases!("constrained"), cases!("hyperparameters")].concat() {
        let (problem, id) = (problem(&case), case["id"].as_str().unwrap());
        for point in case["points"].as_array().unwrap() {
            let x = vector(&point["x"]).to_vec();
            let (_, q) = problem.dimensions();
            let start = vec![1.0 / q as f64; q];
            let penalised =
                point["penalty"].as_array().unwrap().iter().find(|p| number(&p["sigma"]) == 0.1).unwrap();
            let smoothness = problem.lower_yy(&x, &start).iter().map(|a| a.abs()).sum::<f64>()
                + problem.upper_yy(&x, &start).iter().map(|a| a.abs()).sum::<f64>();
            let options = InnerOptions { tolerance: 1e-10, most_steps: 200_000, smoothness };
            let found = penalty_gradient(&*problem, &x, 0.1, &start, &options).unwrap();
            assert!(off(&found.gradient, &vector(&penalised["grad_psi_sigma"])) < 1e-6, "{id}: {found:?}");
        }
    }
}

#[test]
fn conjugate_gradients_find_the_same_multiplier() {
    for case in cases!("hyperparameters") {
        let problem = problem(&case);
        for point in case["points"].as_array().unwrap() {
            let x = vector(&point["x"]).to_vec();
            let y = problem.solution(&x);
            let mut upper_y = vec![0.0; y.len()];
            problem.upper_y(&x, &y, &mut upper_y);
            let (v, residual, products) = conjugate_gradients(&*problem, (&x, &y), &upper_y, 1e-12, 50);
            assert!(residual <= 1e-12 && products <= 10);
            let mut gradient = vec![0.0; x.len()];
            assemble(&*problem, &x, &y, &v, &mut gradient);
            assert!(off(&gradient, &vector(&point["grad_psi"])) < 1e-10);
        }
    }
}

#[test]
fn scalar_problems_have_their_closed_forms() {
    let cases = cases!("scalar");
    assert_eq!(cases.len(), 16);
    for case in cases {
        let parameter = |name: &str| number(&case["parameters"][name]);
        let scalar = match case["family"].as_str().unwrap() {
            "jump" => Scalar::Jump,
            "kink" => Scalar::Kink,
            "growth-linear" => Scalar::GrowthLinear { p: parameter("p") },
            "growth-quadratic" => Scalar::GrowthQuadratic { p: parameter("p") },
            "tilt-cubic" => Scalar::TiltCubic { mu: parameter("mu"), c: parameter("c") },
            "vertex" => Scalar::Vertex { t: parameter("t") },
            other => panic!("no family {other}"),
        };
        let x = number(&case["x"]);
        assert!((scalar.psi(x) - number(&case["psi"])).abs() < 1e-14, "{case}");
        if !case["grad_psi"].is_null() {
            assert!((scalar.psi_slope(x).unwrap() - number(&case["grad_psi"])).abs() < 1e-14, "{case}");
        }
        for penalised in case["penalty"].as_array().unwrap() {
            let sigma = number(&penalised["sigma"]);
            let (value, slope) = scalar_penalty(scalar, x, sigma);
            assert!((value - number(&penalised["psi_sigma"])).abs() < 1e-12, "{case}: {value} at {sigma}");
            assert!(
                (slope - number(&penalised["grad_psi_sigma"])).abs() < 1e-12 / sigma,
                "{case}: {slope} at {sigma}"
            );
        }
    }
}
