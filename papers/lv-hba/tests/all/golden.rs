//! Reference values by other methods (tests/cases/README.md).

use lv_hba::machine::Machine;
use lv_hba::penalised::{Point, penalised, residual};
use lv_hba::problem::{Problem, Proximal};
use lv_hba::quadratic::{Distance, Lower, Quadratic};
use lv_hba::ridge::Ridge;
use lv_hba::toys::{MerelyConvex, StronglyConvex, Waves, penalised_toy};
use lv_hba::value::exact;
use ndarray::{Array1, Array2};
use serde_json::Value;

fn cases(name: &str) -> Vec<Value> {
    let path = format!("{}/tests/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A number, a decimal or a fraction.
fn number(value: &Value) -> f64 {
    let Some(text) = value.as_str() else { return value.as_f64().unwrap() };
    let mut parts = text.split('/').map(|part| part.parse::<f64>().unwrap());
    parts.next().unwrap() / parts.next().unwrap_or(1.0)
}

fn vector(value: &Value) -> Array1<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn rows(value: &Value, columns: usize) -> Array2<f64> {
    let rows: Vec<f64> = value.as_array().unwrap().iter().flat_map(|row| vector(row).to_vec()).collect();
    Array2::from_shape_vec((rows.len() / columns, columns), rows).unwrap()
}

fn off(found: &[f64], expected: &Array1<f64>) -> f64 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(1.0_f64, |m, e| m.max(e.abs()));
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / largest
}

#[test]
fn value_functions_have_their_saddles_and_gradients() {
    let all = cases("value_function");
    assert_eq!(all.len(), 4);
    for case in all {
        let (x, y, z) = (vector(&case["x"]), vector(&case["y"]), vector(&case["z"]));
        let lower = Lower {
            p: rows(&case["P"], y.len()),
            q: vector(&case["q"]),
            k: rows(&case["K"], x.len()),
            a: rows(&case["A"], y.len()),
            b: rows(&case["B"], x.len()),
            r: vector(&case["r"]),
            equations: false,
            bound: number(&case["rbox"]),
            e: Array2::zeros((0, x.len())),
        };
        let upper = Distance { x: vec![0.0; x.len()], y: vec![0.0; y.len()] };
        let problem = Quadratic::new(lower, Box::new(upper)).unwrap();
        let proximal = Proximal { gamma1: number(&case["gamma1"]), gamma2: number(&case["gamma2"]) };
        let (x, y, z) = (x.to_vec(), y.to_vec(), z.to_vec());
        let value = exact(&problem, (&x, &y, &z), proximal).unwrap();
        assert!((value.value - number(&case["v"])).abs() < 1e-11 * (1.0 + value.value.abs()), "{value:?}");
        assert!(off(&value.saddle.theta, &vector(&case["theta"])) < 1e-11);
        assert!(off(&value.saddle.lambda, &vector(&case["lam"])) < 1e-11);
        assert!(off(&value.by_x, &vector(&case["grad_x"])) < 1e-11);
        assert!(off(&value.by_y, &vector(&case["grad_y"])) < 1e-11);
        assert!(off(&value.by_z, &vector(&case["grad_z"])) < 1e-11);
    }
}

#[test]
fn the_penalised_toy_is_stationary_where_it_should() {
    for case in cases("llc_penalty") {
        let (n, c) = (case["n"].as_u64().unwrap() as usize, number(&case["c"]));
        let proximal = Proximal { gamma1: number(&case["gamma1"]), gamma2: number(&case["gamma2"]) };
        let toy = penalised_toy(c, proximal.gamma1);
        for (found, name) in [(toy.x, "x"), (toy.y1, "y1"), (toy.y2, "y2"), (toy.z, "z")] {
            assert!((found - number(&case[name])).abs() < 1e-14, "{name}");
        }
        let problem = MerelyConvex { size: n, scale: 1.0, bound: f64::INFINITY };
        let point =
            Point { x: vec![toy.x; n], y: [vec![toy.y1; n], vec![toy.y2; n]].concat(), z: vec![toy.z] };
        assert!(residual(&problem, &point, c, proximal).unwrap() < 1e-10);
        let (psi, _, value) = penalised(&problem, &point, c, proximal).unwrap();
        let mut unused = (vec![0.0; n], vec![0.0; 2 * n]);
        let upper = problem.upper(&point.x, &point.y, &mut unused.0, &mut unused.1);
        let lower = problem.lower(&point.x, &point.y, &mut unused.0, &mut unused.1);
        assert!((upper - number(&case["F"])).abs() < 1e-11 * upper.abs().max(1.0));
        assert!((lower - value.value - number(&case["f_minus_v"])).abs() < 1e-9);
        assert!((psi - upper / c - (lower - value.value)).abs() < 1e-9);
    }
}

#[test]
fn the_strongly_convex_toy_has_its_optimum() {
    for case in cases("llsc_small") {
        let (c, d) = (vector(&case["c"]), vector(&case["d"]));
        let n = c.len();
        let matrix = |name: &str| rows(&case[name], n);
        let toy = StronglyConvex::new(matrix("A"), matrix("H"), matrix("B"), Waves { c, d }, false).unwrap();
        assert!((toy.kappa / number(&case["kappa"]) - 1.0).abs() < 1e-10, "{}", toy.kappa);
        let (value, s) = toy.optimum();
        assert!(
            (value - number(&case["F_opt"])).abs() < 1e-13 && (s - number(&case["s"])).abs() < 1e-9,
            "{value} {s}"
        );
        let (x, y) = toy.at(s);
        assert!(off(&x, &vector(&case["x"])) < 1e-9 && off(&y, &vector(&case["y"])) < 1e-9);
        let mut gradient = vec![0.0; n];
        assert!((toy.hypergradient(&x, &mut gradient) - value).abs() < 1e-12);
        toy.project_upper(&mut gradient);
        assert!(gradient.iter().all(|g| g.abs() < 1e-8), "{gradient:?}");
        // The lower level's own solver agrees with the closed response.
        assert!(off(&toy.problem.solve_lower(&x).unwrap().theta, &Array1::from(y)) < 1e-8);
    }
}

#[test]
fn machines_have_their_hypergradients() {
    for case in cases("svm_small") {
        let columns = case["X_train"][0].as_array().unwrap().len();
        let (train, valid) = (rows(&case["X_train"], columns), rows(&case["X_val"], columns));
        let (y_train, y_valid) = (vector(&case["y_train"]), vector(&case["y_val"]));
        let machine = Machine::new((&train, &y_train), (&valid, &y_valid)).unwrap();
        let judged = machine.judge(&vector(&case["log_weights"]).to_vec(), &vec![0.0; columns + 1]).unwrap();
        let plane = &judged.solution.plane;
        assert!(off(&plane[..columns], &vector(&case["w"])) < 1e-12, "{plane:?}");
        assert!((plane[columns] - number(&case["b"])).abs() < 1e-12);
        assert!(off(&judged.solution.slacks, &vector(&case["xi"])) < 1e-12);
        assert!((judged.loss - number(&case["upper"])).abs() < 1e-12);
        assert!(off(&judged.gradient, &vector(&case["hypergradient"])) < 1e-12);
        let (best, found) = machine.common().unwrap();
        assert!((best - number(&case["scalar_best_log_weight"])).abs() < 1e-6, "{best}");
        assert!((found.loss - number(&case["scalar_best_upper"])).abs() < 1e-7);
    }
}

#[test]
fn ridges_have_their_weights() {
    for case in cases("ridge_small") {
        let columns = case["X"][0].as_array().unwrap().len();
        let (train, valid) = (rows(&case["X"], columns), rows(&case["X_val"], columns));
        let ridge = Ridge::new((&train, &vector(&case["y"])), (&valid, &vector(&case["y_val"]))).unwrap();
        let best = ridge.best().unwrap();
        assert!((best.log_weight - number(&case["log_lambda"])).abs() < 1e-9, "{best:?}");
        assert!((best.loss / number(&case["upper"]) - 1.0).abs() < 1e-12);
    }
}
