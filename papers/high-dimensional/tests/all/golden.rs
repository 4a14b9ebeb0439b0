//! Against values of other origin.

use std::path::Path;

use high_dimensional::information::binning::{equal_width, information};
use high_dimensional::information::density::direct;
use high_dimensional::information::exact::Family;
use high_dimensional::information::neighbours;
use high_dimensional::mixed::q_gaussian::log_density;
use high_dimensional::sparse::stationary::stationary_points;
use high_dimensional::sparse::{Columns, Loss, Penalty, Problem};
use lab::input::named_matrix;
use serde_json::Value;

fn path(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

/// Fields of a table whose texts may hold commas in quotes.
fn rows(name: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path(name)).unwrap();
    let fields = |line: &str| {
        let (mut out, mut quoted) = (vec![String::new()], false);
        for character in line.chars() {
            match character {
                '"' => quoted = !quoted,
                ',' if !quoted => out.push(String::new()),
                _ => out.last_mut().unwrap().push(character),
            }
        }
        out
    };
    text.lines().skip(1).map(fields).collect()
}

fn sample(name: &str) -> (Vec<f64>, Vec<f64>) {
    let table = named_matrix(&path(&format!("sample_{name}.csv"))).unwrap().values;
    (table.column(0).to_vec(), table.column(1).to_vec())
}

#[test]
fn families_have_their_information() {
    let mut checked = 0;
    for row in rows("mi_exact.csv") {
        let number = |name: &str| {
            row[1]
                .split(' ')
                .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
                .map(|n| n.parse::<f64>().unwrap())
        };
        let family = match row[0].split([' ', ':']).next().unwrap() {
            "gauss" => Family::Gaussian(number("rho").unwrap()),
            "square" => Family::Square(number("s").unwrap()),
            "bivariate" => Family::Student(number("nu").unwrap(), number("rho").unwrap()),
            "uniform" => Family::Uniform(number("w").unwrap()),
            "binary" if number("pi") == Some(0.5) => {
                Family::Classes(number("d").unwrap(), number("s1").unwrap())
            }
            _ => continue,
        };
        let exact: f64 = row[2].parse().unwrap();
        assert!((family.information() - exact).abs() < 1e-9, "{row:?}: {}", family.information());
        checked += 1;
    }
    assert!(checked >= 17, "{checked}");
}

#[test]
fn estimators_agree_with_direct_sums() {
    let cases: Value =
        serde_json::from_str(&std::fs::read_to_string(path("mi_estimators.json")).unwrap()).unwrap();
    for case in cases.as_array().unwrap() {
        let (x, y) = sample(case["sample"].as_str().unwrap());
        let exact = case["mi"].as_f64().unwrap();
        let found = match case["method"].as_str().unwrap() {
            "kde_direct_gaussian" => {
                let width = |name: &str| case[name].as_f64().unwrap();
                direct(&x, &y, (width("hx"), width("hy")), case["grid"].as_u64().unwrap() as usize)
            }
            "ksg1" => neighbours::continuous(&x, &y, case["k"].as_u64().unwrap() as usize).unwrap(),
            _ => information(&equal_width(&x, 8), &equal_width(&y, 8), false),
        };
        assert!((found - exact).abs() < 1e-11, "{case}: {found}");
    }
}

#[test]
fn proximal_steps_are_global_minimisers() {
    for row in rows("prox.csv") {
        let number = |place: usize| row[place].parse::<f64>().unwrap();
        let penalty = match row[0].as_str() {
            "mcp" => Penalty::Mcp(number(1)),
            "scad" => Penalty::Scad(number(1)),
            other => panic!("{other}"),
        };
        let (lambda, step, z) = (number(2), number(3), number(4));
        let found = penalty.prox(z, lambda, step);
        let minimisers: Vec<f64> = row[5].split(' ').map(|word| word.parse().unwrap()).collect();
        let near = minimisers.iter().any(|exact| (found - exact).abs() <= 1e-13 * exact.abs().max(1.0));
        let value = (found - z).powi(2) / (2.0 * step) + penalty.value(found.abs(), lambda);
        assert!(near || (value - number(6)).abs() < 1e-14, "{row:?}: {found}");
        assert!((value - number(6)).abs() <= 1e-13 * number(6).max(1.0), "{row:?}: {value}");
    }
}

#[test]
fn all_stationary_points_are_found() {
    let cases: Value =
        serde_json::from_str(&std::fs::read_to_string(path("tiny_linear.json")).unwrap()).unwrap();
    for case in cases.as_array().unwrap() {
        let numbers = |value: &Value| {
            value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect::<Vec<f64>>()
        };
        let rows: Vec<Vec<f64>> = case["X"].as_array().unwrap().iter().map(numbers).collect();
        let columns: Vec<Vec<f64>> =
            (0..rows[0].len()).map(|j| rows.iter().map(|row| row[j]).collect()).collect();
        let (x, y) = (Columns::new(&columns).unwrap(), numbers(&case["y"]));
        let shape = case["shape"].as_f64().unwrap();
        let penalty = if case["penalty"] == "mcp" { Penalty::Mcp(shape) } else { Penalty::Scad(shape) };
        let lambda = case["lambda"].as_f64().unwrap();
        let problem = Problem { x: &x, y: &y, loss: Loss::Squared, weight: 1.0, penalty, lambda };
        let points = stationary_points(&problem).unwrap();
        let least = case["global_min"]["objective"].as_f64().unwrap();
        assert!((points[0].objective - least).abs() < 1e-10, "{}: {}", case["id"], points[0].objective);
        // With fewer rows than columns whole segments are stationary.
        if rows.len() > columns.len() {
            let known = case["stationary_points"].as_array().unwrap();
            assert_eq!(points.len(), known.len(), "{}", case["id"]);
            for (point, known) in points.iter().zip(known) {
                assert!(
                    (point.objective - known["objective"].as_f64().unwrap()).abs() < 1e-9,
                    "{}",
                    case["id"]
                );
                assert_eq!(
                    point.local_minimum,
                    known["local_min"].as_bool().unwrap(),
                    "{}: {point:?}",
                    case["id"]
                );
            }
        }
    }
}

#[test]
fn q_gaussian_densities_have_twelve_digits() {
    for row in rows("qgaussian.csv") {
        let numbers = |place: usize| {
            row[place].split(' ').map(|word| word.parse::<f64>().unwrap()).collect::<Vec<f64>>()
        };
        let (q, tau2, sigma2) = (numbers(0)[0], numbers(2)[0], numbers(3)[0]);
        let r: Vec<f64> = numbers(4).iter().zip(numbers(5)).map(|(y, mu)| y - mu).collect();
        let m = r.len() as f64;
        // (τ²11ᵀ + σ²I)⁻¹ by Sherman and Morrison.
        let (square, sum): (f64, f64) = (r.iter().map(|r| r * r).sum(), r.iter().sum());
        let distance = square / sigma2 - tau2 * sum * sum / (sigma2 * (sigma2 + m * tau2));
        let log_determinant = (m - 1.0) * sigma2.ln() + (sigma2 + m * tau2).ln();
        let found = log_density(q, r.len(), distance, log_determinant);
        match row[6].as_str() {
            "-inf" => assert_eq!(found, f64::NEG_INFINITY, "{row:?}"),
            exact => {
                let exact: f64 = exact.parse().unwrap();
                assert!((found - exact).abs() <= 1e-11 * exact.abs().max(1.0), "{row:?}: {found}");
            }
        }
    }
}
