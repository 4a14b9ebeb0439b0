//! Reference values by other methods (tests/cases/README.md).

use std::ops::ControlFlow;

use ndarray::{Array1, Array2};
use serde_json::Value;
use variance_reduced_halpern::affine::{Affine, Law};
use variance_reduced_halpern::games::{Game, Sampling};
use variance_reduced_halpern::halpern::halpern;
use variance_reduced_halpern::inexact::{Inner, Options, resolvent_halpern};
use variance_reduced_halpern::operator::FiniteSum;
use variance_reduced_halpern::page;
use variance_reduced_halpern::primal_dual::{self, restarted_halpern};
use variance_reduced_halpern::problems::{
    chain, chain_zero, policeman_of, policeman_value, robust_least_squares,
};
use variance_reduced_halpern::resolvent::Simple;
use variance_reduced_halpern::run::{Monitor, Task};

fn json(name: &str) -> Value {
    let path = format!("{}/tests/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A number, a decimal or a fraction.
fn number(value: &Value) -> f64 {
    let Some(text) = value.as_str() else { return value.as_f64().unwrap() };
    let mut parts = text.split('/').map(|part| part.parse::<f64>().unwrap());
    parts.next().unwrap() / parts.next().unwrap_or(1.0)
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn rows(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn read(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/cases/{name}.csv", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn weights(size: &str) -> Vec<f64> {
    read(&format!("pb_weights{size}")).lines().map(|line| line.parse().unwrap()).collect()
}

fn matrix(name: &str) -> Array2<f64> {
    match name {
        "pb100" | "pb500" => policeman_of(&weights(&name[2..])),
        "pb100_t" | "pb500_t" => policeman_of(&weights(&name[2..5])).reversed_axes(),
        _ => {
            let text = read(name);
            let rows: Vec<Vec<f64>> = text
                .lines()
                .map(|line| line.split(',').map(|entry| entry.parse().unwrap()).collect())
                .collect();
            Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
        }
    }
}

#[test]
fn games_have_their_values() {
    let games = json("games");
    assert_eq!(games.as_array().unwrap().len(), 12);
    for case in games.as_array().unwrap() {
        let (name, value) = (case["name"].as_str().unwrap(), number(&case["value"]));
        let game = Game::dense(matrix(name).view(), Sampling::SquaredNorms).unwrap();
        assert!((game.average_constant() / number(&case["fro"]) - 1.0).abs() < 1e-12, "{name}");
        let ratio = game.constant() / number(&case["op_norm"]);
        assert!((ratio - 1.0).abs() < 1e-9, "{name}: {ratio}");
        let (_, columns) = game.matrix().shape();
        let mut known = vec![0.0; game.dimension()];
        for (offset, player) in [(0, "x"), (columns, "y")] {
            for (place, weight) in case[player].as_object().unwrap() {
                known[offset + place.parse::<usize>().unwrap()] = number(weight);
            }
        }
        let (below, above) = game.bracket(&known);
        assert!((below - value).abs() < 1e-12 && (above - value).abs() < 1e-12, "{name}: {below} {above}");
        let gap = if name.starts_with("pb500") { 1e-3 } else { 1e-6 };
        let found = restarted_halpern(&game, &primal_dual::Options { gap, steps: 200_000 });

        assert!(
            found.reached && found.below <= value + 1e-12 && found.above >= value - 1e-12,
            "{name}: {found:?}"
        );
    }
}

#[test]
fn the_games_of_figure_1a_have_closed_values() {
    assert!((policeman_value(&weights("500")) - 0.00189148283800370).abs() < 1e-15);
    assert!((policeman_value(&weights("100")) - 0.012664598918892527).abs() < 1e-12);
}

#[test]
fn algorithm_2_solves_small_games() {
    for case in json("games").as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        if number(&case["rows"]) > 50.0 || name == "constant4x3" {
            continue;
        }
        let game = Game::dense(matrix(name).view(), Sampling::SquaredNorms).unwrap();
        let (start, strategies) = (game.uniform(), game.strategies());
        let task = Task { operator: &game, resolvent: &strategies, start: &start, calls: 5_000_000, seed: 1 };
        let inner = Inner::Fixed { share: 1.0 };
        let options = Options {
            restart: Some(0.3),
            ..Options::new(game.components(), game.average_constant(), 1.0, inner)
        };
        let mut monitor = Monitor::new(&game, 1e-7, 1.05);
        let ended = resolvent_halpern(&task, &options, |step| monitor.look(step));
        let (below, above) = game.bracket(&ended.point);
        let value = number(&case["value"]);
        assert!(
            monitor.reached().is_some()
                && above - below < 2e-7
                && below <= value + 1e-9
                && value <= above + 1e-9,
            "{name}: {below} {above}"
        );
    }
}

#[test]
fn halpern_follows_the_exact_iterates() {
    let case = &json("affine")["halpern"];
    let (k, solution) = (rows(&case["K"]), Array1::from(numbers(&case["solution"])));
    let offset = (-k.dot(&solution)).to_vec();
    let sum = Affine::new(k.view(), offset, Affine::even_blocks(3, 3).unwrap(), Law::Uniform).unwrap();
    let start = numbers(&case["start"]);
    let task = Task { operator: &sum, resolvent: &Simple::Zero, start: &start, calls: 1_000, seed: 0 };
    let mut seen = 0;
    halpern(&task, number(&case["eta"]), |step| {
        if let Some(expected) = case["iterates"].get(step.number.to_string()) {
            seen += 1;
            for (u, x) in step.point.iter().zip(numbers(&expected["x"])) {
                assert!((u - x).abs() < 1e-13, "{}: {u} {x}", step.number);
            }
            let residual = step.residual(&sum, &mut [0.0; 3]);
            assert!((residual - number(&expected["residual"])).abs() < 1e-12, "{}", step.number);
        }
        if step.number > 50 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(seen, 6);
}

#[test]
fn the_schedule_of_algorithm_1_is_the_authors() {
    let case = &json("affine")["schedule"];
    let options = page::Options::new(1.0, 500);
    assert_eq!(options.batch as f64, number(&case["batch"]));
    for (k, p) in numbers(&case["p"]).into_iter().enumerate() {
        assert!((options.probability_at(k as u64) - p).abs() < 1e-15, "{k}");
    }
    assert!((options.calls(500) - number(&case["expected_calls_per_iteration_at_limit"])).abs() < 1e-10);
}

#[test]
fn the_chain_vanishes_at_its_exact_zero() {
    for case in json("affine")["qp"].as_array().unwrap() {
        let n = case["n"].as_u64().unwrap() as usize;
        let (sum, zero) = (chain(n).unwrap(), [numbers(&case["x"]), numbers(&case["y"])].concat());
        assert_eq!(zero, chain_zero(n));
        let mut value = vec![0.0; 2 * n];
        sum.full(&zero, &mut value);
        assert!(value.iter().all(|f| f.abs() < 1e-13), "{value:?}");
        let distance: f64 = zero.iter().map(|z| (z - 1.0 / n as f64).powi(2)).sum::<f64>().sqrt();
        assert!((distance - number(&case["distance"])).abs() < 1e-12);
    }
}

#[test]
fn robust_least_squares_has_its_saddle_point() {
    let case = json("robust_ls_12x4");
    let (a, b) = (rows(&case["A"]), Array1::from(numbers(&case["b"])));
    let sum = robust_least_squares(&a, &b, number(&case["lam"]), Law::SquaredNorms).unwrap();
    let expected = [numbers(&case["x"]), numbers(&case["y"])].concat();
    let mut value = vec![0.0; expected.len()];
    sum.full(&expected, &mut value);
    assert!(value.iter().all(|f| f.abs() < 1e-11), "{value:?}");
    let start = vec![0.0; expected.len()];
    let task = Task { operator: &sum, resolvent: &Simple::Zero, start: &start, calls: 50_000_000, seed: 3 };
    let inner = Inner::Fixed { share: 1.0 };
    let options =
        Options { restart: Some(0.3), ..Options::new(sum.components(), sum.average_constant(), 1.0, inner) };
    let mut monitor = Monitor::new(&sum, 1e-8, 1.05);
    let ended = resolvent_halpern(&task, &options, |step| monitor.look(step));
    assert!(monitor.reached().is_some());
    for (found, expected) in ended.point.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
}
