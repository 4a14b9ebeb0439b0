//! Against values of other origin: 25 digits and more, exact fractions.

use std::path::Path;

use ndarray::{Array1, Array2};
use serde_json::Value;
use sketched_newton::choice::Choice;
use sketched_newton::contraction::{GaussianLaw, kaczmarz_rate};
use sketched_newton::merit::Penalties;
use sketched_newton::models::formulas::{Formulas, collection};
use sketched_newton::models::{Control, Logistic};
use sketched_newton::newton::{Convexity, Options, Reason, Verdict, second_order, solve};
use sketched_newton::problem::{Point, Problem};
use sketched_newton::sketch::Sampling;
use sketched_newton::sparse::Sparse;

fn cases(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

/// A number, or a text with a number or a fraction.
fn number(value: &Value) -> f64 {
    if let Some(number) = value.as_f64() {
        return number;
    }
    let text = value.as_str().unwrap();
    let mut parts = text.split('/').map(|part| part.parse::<f64>().unwrap());
    let numerator = parts.next().unwrap();
    numerator / parts.next().unwrap_or(1.0)
}

fn matrix(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j])
}

#[test]
fn the_merit_function_and_its_gradient_are_exact() {
    let known = collection();
    for case in cases("merit_points.json").as_array().unwrap() {
        let name = case["problem"].as_str().unwrap();
        let problem = known.iter().find(|known| known.name == name).unwrap().problem().unwrap();
        let point = Point::start(&problem, &numbers(&case["x"]), &numbers(&case["lam"])).unwrap();
        let penalties = Penalties { constraints: number(&case["eta1"]), stationarity: number(&case["eta2"]) };
        let value = number(&case["merit"]);
        assert!((penalties.value(&point) / value - 1.0).abs() < 1e-13, "{name}");
        let mut hessian = Sparse::new(problem.variables());
        problem.hessian(&point.x, &point.multipliers, &mut hessian);
        let exact = numbers(&case["gradient"]);
        let largest = exact.iter().fold(0.0_f64, |most, g| most.max(g.abs()));
        for (found, exact) in penalties.gradient(&point, &hessian).iter().zip(&exact) {
            assert!((found - exact).abs() <= 1e-12 * largest, "{name}: {found} for {exact}");
        }
    }
}

#[test]
fn the_collection_is_solved_to_ten_digits() {
    for known in collection().into_iter().filter(|known| !known.is_square() && !known.degenerate) {
        let problem = known.problem().unwrap();
        let options = Options { tolerance: 1e-10, delta: 1e-6, ..Options::practical() };
        let multipliers = vec![0.0; known.constraints.len()];
        let mut solver = Choice::Direct.solver(0);
        let found =
            solve(&problem, (&known.start, &multipliers), solver.as_mut(), &options, &mut |_, _| ()).unwrap();
        let name = &known.name;
        assert_eq!(found.reason, Reason::Converged, "{name}");
        assert!(found.point.residual() <= 1e-10, "{name}");
        let value = known.value.unwrap();
        assert!(
            (found.point.objective - value).abs() <= 1e-10 * value.abs().max(1.0),
            "{name}: {}",
            found.point.objective
        );
        assert_eq!(second_order(&problem, &found.point), Verdict::Minimum, "{name}");
        // A problem with mirrored optima may end in the other one.
        let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-7);
        let mirrored = ["HS6", "HS7", "HS56", "HS77", "BT6", "HS78"].contains(&name.as_str());
        assert!(
            mirrored || near(&found.point.x, known.point.as_ref().unwrap()),
            "{name}: {:?}",
            found.point.x
        );
    }
}

#[test]
fn quadratic_programs_are_solved_in_one_step_to_twelve_digits() {
    for case in cases("qp_rational.json").as_array().unwrap() {
        let (hessian, linear) = (matrix(&case["H"]), matrix(&case["A"]));
        let (g, b) = (numbers(&case["g"]), numbers(&case["b"]));
        let names: Vec<String> = (1..=g.len()).map(|place| format!("x{place}")).collect();
        let sum = |terms: Vec<String>| terms.join(" + ");
        let mut objective: Vec<String> = Vec::new();
        for i in 0..g.len() {
            objective.push(format!("({})*{}", g[i], names[i]));
            for j in 0..g.len() {
                objective.push(format!("({})/2*{}*{}", hessian[[i, j]], names[i], names[j]));
            }
        }
        let constraint = |row: usize| {
            let mut terms: Vec<String> =
                (0..g.len()).map(|j| format!("({})*{}", linear[[row, j]], names[j])).collect();
            terms.push(format!("({})", -b[row]));
            sum(terms)
        };
        let constraints: Vec<String> = (0..b.len()).map(constraint).collect();
        let problem = Formulas::parse(&names, &sum(objective), &constraints).unwrap();
        let (x, multipliers) = (vec![0.0; g.len()], vec![0.0; b.len()]);
        let mut solver = Choice::Direct.solver(0);
        let options = Options { tolerance: 1e-11, delta: 1e-9, ..Options::practical() };
        let found = solve(&problem, (&x, &multipliers), solver.as_mut(), &options, &mut |_, _| ()).unwrap();
        assert_eq!(found.iterations.len(), 1);
        let exact = [numbers(&case["x"]), numbers(&case["lam"])].concat();
        for (found, exact) in found.point.x.iter().chain(&found.point.multipliers).zip(exact) {
            assert!((found - exact).abs() <= 1e-12 * exact.abs().max(1.0), "{found} for {exact}");
        }
    }
}

#[test]
fn the_laws_of_the_sketches_are_exact() {
    for case in cases("sketch_rates.json").as_array().unwrap() {
        let law = GaussianLaw::new(&numbers(&case["eigenvalues"]));
        assert!((law.contraction.sum() - 1.0).abs() < 1e-11);
        for (found, exact) in law.contraction.iter().zip(numbers(&case["gauss_contraction"])) {
            assert!((found / exact - 1.0).abs() < 1e-9, "{found} for {exact}");
        }
        let dense = matrix(&case["K"]);
        let system = Sparse::from_rows(dense.ncols(), dense.outer_iter().map(|row| row.to_vec()));
        for (sampling, name) in
            [(Sampling::Uniform, "rk_uniform_rate"), (Sampling::SquaredNorm, "rk_normsq_rate")]
        {
            let exact = number(&case[name]);
            assert!((kaczmarz_rate(&system, sampling).unwrap() - exact).abs() < 1e-12, "{name}: {exact}");
        }
    }
}

#[test]
fn a_constrained_logistic_regression_is_solved() {
    let case = cases("logistic_small.json");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/logistic_small.csv");
    let table = lab::input::named_matrix(&path).unwrap().values;
    let features = table.slice_axis(ndarray::Axis(1), (1..).into());
    let (linear, right) = (matrix(&case["A"]), Array1::from(numbers(&case["b"])));
    let problem = Logistic::new(features, table.column(0), linear.view(), right.view(), 1.0).unwrap();
    let exact = numbers(&case["xstar"]);
    let start = (vec![1.0; exact.len()], vec![1.0; right.len() + 1]);
    for solver in ["ldl", "minres"] {
        let mut solver = solver.parse::<Choice>().unwrap().solver(0);
        let options = Options { tolerance: 1e-10, delta: 1e-3, ..Options::practical() };
        let found = solve(&problem, (&start.0, &start.1), solver.as_mut(), &options, &mut |_, _| ()).unwrap();
        assert!((found.point.objective - number(&case["fstar"])).abs() < 1e-10);
        for (found, exact) in found.point.x.iter().zip(&exact) {
            assert!((found - exact).abs() < 1e-8, "{found} for {exact}");
        }
    }
}

#[test]
fn the_authors_control_problem_is_rebuilt() {
    let problem = Control::authors(3);
    let start = (vec![1.0; 18], vec![1.0; 9]);
    let first = Point::start(&problem, &start.0, &start.1).unwrap();
    assert!((first.residual() - 19.1867).abs() < 5e-5);
    let mut solver = Choice::Direct.solver(0);
    let options =
        Options { convexity: Convexity::Trusted, tolerance: 1e-12, delta: 1e-9, ..Options::practical() };
    let found = solve(&problem, (&start.0, &start.1), solver.as_mut(), &options, &mut |_, _| ()).unwrap();
    assert!((found.point.objective - 9.644442051812).abs() < 1e-11);
}
