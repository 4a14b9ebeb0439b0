//! Reference values by other methods (tests/cases/README.md).

use diff2::clipping::{Clip, Model, Query, factor_into_ball};
use diff2::models::{Logistic, Softplus};
use diff2::moments::Quadratic;
use diff2::noise::{Noise, discrete_gaussian};
use diff2::plan::{Draws, Plan, Trust};
use diff2::privacy::{Mu, NoiseMultiplier, ZeroConcentrated};
use diff2::records::Records;
use diff2::schedule::{Adjacency, Rounds};
use diff2::subsampled::Subsampled;
use diff2::train::train;
use ndarray::{Array1, Array2};
use numerics::random::stream;
use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

fn text(name: &str) -> String {
    let path: std::path::PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "cases", name].iter().collect();
    std::fs::read_to_string(path).unwrap()
}

fn cases(name: &str) -> Value {
    serde_json::from_str(&text(name)).unwrap()
}

/// Rows of a table, without its head.
fn table(name: &str) -> Vec<Vec<String>> {
    text(name).lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn parsed(cell: &str) -> f64 {
    cell.parse().unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_str().map_or_else(|| value.as_f64().unwrap(), parsed)
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

fn z(value: f64) -> NoiseMultiplier {
    NoiseMultiplier::new(value).unwrap()
}

#[test]
fn compositions_have_their_exact_curve() {
    let all = table("gaussian.csv");
    assert_eq!(all.len(), 104);
    let mut worst = 0.0_f64;
    for row in all {
        let [z1, r1, z2, r2] = [0, 1, 2, 3].map(|column| parsed(&row[column]));
        let mu = Mu::compose(&[(z(z1), r1 as u64), (z(z2), r2 as u64)]);
        assert!(close(mu.value(), parsed(&row[6]), 1e-15));
        let (argument, answer, other) = (parsed(&row[5]), &row[7], parsed(&row[8]));
        if row[4] == "eps_of_delta" {
            let epsilon = mu.epsilon(argument).unwrap();
            if parsed(answer) == 0.0 {
                assert_eq!(epsilon, 0.0);
            } else {
                worst = worst.max((epsilon / parsed(answer) - 1.0).abs());
            }
            let bounds = ZeroConcentrated::of(mu);
            assert!(close(bounds.classic_epsilon(argument).unwrap(), other, 1e-14));
            assert!(close(bounds.improved_epsilon(argument).unwrap(), parsed(&row[9]), 1e-12), "{row:?}");
        } else {
            let found = mu.ln_delta(argument);
            assert!((found - other).abs() <= 2e-15 * other.abs().max(1.0), "{row:?}: {found}");
        }
    }
    assert!(worst <= 1e-13, "{worst}");
}

#[test]
fn budgets_are_spent_exactly() {
    for row in table("calibrate.csv") {
        let [epsilon, delta, mu, classic] = [0, 1, 2, 3].map(|column| parsed(&row[column]));
        assert!(close(Mu::calibrate(epsilon, delta).unwrap().value(), mu, 1e-13), "{row:?}");
        let found = ZeroConcentrated::classic_budget(epsilon, delta).unwrap().value();
        assert!(close(found, classic, 1e-14), "{row:?}");
    }
}

#[test]
fn minibatches_have_their_divergences_and_curves() {
    for row in table("subsampled.csv") {
        let part = Subsampled::new(z(parsed(&row[1])), parsed(&row[0])).unwrap();
        let (argument, answer) = (parsed(&row[3]), parsed(&row[4]));
        if row[2] == "rdp" {
            assert!(close(part.divergence(argument as u32), answer, 1e-12), "{row:?}");
        } else {
            assert!(close(part.delta_of_removal(argument), answer, 1e-12), "{row:?}");
            assert!(close(part.delta_of_addition(argument), parsed(&row[5]), 1e-11), "{row:?}");
        }
    }
}

/// The discrete Gaussian's variance and its δ at a shift, from draws.
#[test]
fn whole_numbers_are_drawn_with_gaussian_weights() {
    let mut random = stream(1, &["discrete"]);
    let draws: Vec<i64> = (0..200_000).map(|_| discrete_gaussian(10, &mut random)).collect();
    let row = table("discrete.csv")
        .into_iter()
        .find(|row| row[0] == "100" && row[1] == "10" && row[2] == "0")
        .unwrap();
    let variance = draws.iter().map(|k| (k * k) as f64).sum::<f64>() / draws.len() as f64;
    assert!(close(variance, parsed(&row[4]), 0.02), "{variance}");
    // At ε = 0 the set that tells 0 from a shift of 10 best is k ≥ 6, and half of the tie at 5.
    let share = |from: i64| draws.iter().filter(|k| **k >= from).count() as f64 / draws.len() as f64;
    let found = share(-4) - share(6);
    assert!((found - parsed(&row[3])).abs() < 0.01, "{found} {row:?}");
}

#[test]
fn rows_are_scaled_into_the_ball() {
    for case in cases("clipped.json").as_array().unwrap() {
        let (rows, radius) = (rows(&case["rows"]), number(&case["clip"]));
        let factors = numbers(&case["factors"]);
        let mut mean = vec![0.0; rows.ncols()];
        for (row, expected) in rows.outer_iter().zip(&factors) {
            let factor = factor_into_ball(&row.to_vec(), radius);
            assert!(close(factor, *expected, 1e-15), "{factor} {expected}");
            mean.iter_mut().zip(row).for_each(|(sum, x)| *sum += factor * x / rows.nrows() as f64);
        }
        for (found, expected) in mean.iter().zip(numbers(&case["mean"])) {
            assert!(close(*found, expected, 4e-15), "{found} {expected}");
        }
    }
}

/// Each record's gradient and difference, and with them the norms that clipping rests on.
#[test]
fn gradients_and_differences_are_right_at_any_distance() {
    for name in ["gradients_1e-3.json", "gradients_1e-9.json"] {
        let case = cases(name);
        let (x, y) = (rows(&case["X"]), numbers(&case["Y"]));
        let (from, to) = (numbers(&case["theta"]), numbers(&case["theta_next"]));
        let units = number(&case["h"]) as usize;
        let model = Softplus::new(x.ncols(), units);
        check(&model, &x, &y, (&from, &to), &case["rows"], name);
        let logistic = &case["logistic"];
        let targets = numbers(&logistic["y"]);
        let w = numbers(&logistic["w"]);
        let next = logistic.get("w_next").map(numbers);
        let model = Logistic::new(x.ncols());
        check(&model, &x, &targets, (&w, next.as_ref().unwrap_or(&w)), &logistic["rows"], name);
    }
}

fn check(
    model: &dyn Model,
    x: &Array2<f64>,
    y: &[f64],
    (from, to): (&[f64], &[f64]),
    expected: &Value,
    name: &str,
) {
    for (row, expected) in expected.as_array().unwrap().iter().enumerate() {
        let target = Array1::from_elem(1, y[row]);
        let records = Records::new(x.slice(ndarray::s![row..=row, ..]), target.view(), &[0]).unwrap();
        let block = &records.blocks()[0];
        assert!(close(model.loss(from, block), number(&expected["loss"]), 1e-14));
        let free = Clip { radius: f64::INFINITY, weight: 1.0, unit: None };
        let contribution = |query, clip| {
            let mut sum = vec![0.0; model.parameters()];
            model.contribute(query, block, clip, &mut sum);
            sum
        };
        let length = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
        let compare = |query, key: &str, norm_key: &str| {
            let Some(wanted) = expected.get(key).map(numbers) else { return };
            let found = contribution(query, free);
            let norm = length(&wanted);
            for (found, wanted) in found.iter().zip(&wanted) {
                assert!((found - wanted).abs() <= 2e-15 * norm, "{name} {key}: {found} {wanted}");
            }
            if let Some(stated) = expected.get(norm_key) {
                assert!(close(length(&found), number(stated), 2e-15), "{name} {norm_key}");
            }
            // Clipped to half of its norm, it has that norm.
            let clipped = contribution(query, Clip { radius: 0.5 * norm, ..free });
            assert!(close(length(&clipped), 0.5 * norm, 1e-14), "{name} {key}");
        };
        compare(Query::Gradients { at: from }, "grad", "grad_norm");
        compare(Query::Differences { from, to }, "diff", "diff_norm");
    }
}

/// Noise from a file.
struct Given(Vec<Vec<f64>>, ChaCha8Rng);

impl Noise for Given {
    fn unit(&self, _deviation: f64, _largest: f64) -> Option<f64> {
        None
    }

    fn add(&mut self, deviation: f64, values: &mut [f64]) {
        let draws = self.0.remove(0);
        values.iter_mut().zip(draws).for_each(|(value, draw)| *value += deviation * draw);
    }

    fn bits(&mut self) -> &mut dyn RngCore {
        &mut self.1
    }
}

#[test]
fn trajectories_are_those_of_fifty_digits() {
    for name in ["trajectory.json", "trajectory_nodes.json"] {
        let case = cases(name);
        let of = |key: &str| number(&case[key]);
        let (x, y) = (rows(&case["X"]), Array1::from(numbers(&case["Y"])));
        let nodes: Vec<usize> = (0..x.nrows()).map(|row| row % of("P") as usize).collect();
        let records = Records::new(x.view(), y.view(), &nodes).unwrap();
        for run in case["runs"].as_array().unwrap() {
            let difference = run["method"] == "diff2";
            let restart = if difference { of("T") as u64 } else { 1 };
            // The file's deviations are those of the mean: multipliers over one record's share.
            let plan = Plan {
                rounds: Rounds { rounds: of("R") as u64, restart, share: 0.5 },
                step: of("eta"),
                clip_gradient: of("C1"),
                clip_difference: of("C2"),
                noise: [z(of("s1") / records.share()), z(of("s2") / records.share())],
                adjacency: Adjacency::ZeroOut,
                trust: Trust::Aggregator,
                penalty: of("lam"),
                local: None,
            };
            let mut noise = Given(
                rows(&case["xi"]).outer_iter().map(|row| row.to_vec()).collect(),
                stream(0, &["unused"]),
            );
            let mut estimates = Vec::new();
            let found = train(
                &Logistic::new(x.ncols()),
                &records,
                &plan,
                &Draws { chosen: 0, walkers: Vec::new() },
                &numbers(&case["x0"]),
                &mut noise,
                |release| estimates.push((release.at.to_vec(), release.estimate.to_vec())),
            )
            .unwrap();
            let rounds = run["rounds"].as_array().unwrap();
            assert_eq!(rounds.len(), estimates.len());
            let near = |found: &[f64], expected: &Value| {
                for (found, expected) in found.iter().zip(numbers(expected)) {
                    assert!((found - expected).abs() < 2e-15, "{name}: {found} {expected}");
                }
            };
            for (index, (round, (_, estimate))) in rounds.iter().zip(&estimates).enumerate() {
                near(estimate, &round["estimate"]);
                let after = estimates.get(index + 1).map_or(&found.last, |(at, _)| at);
                near(after, &round["x"]);
            }
        }
    }
}

#[test]
fn moments_are_exact() {
    let all = table("moments.csv");
    assert_eq!(all.len(), 5);
    for row in all {
        let value = |column: usize| parsed(&row[column]);
        let run = |restart: u64| Quadratic {
            rounds: value(0) as u64,
            restart,
            step: value(2),
            start: value(3),
            dimension: value(4),
            gradient_noise: value(5),
            difference_noise: value(6),
        };
        let (ours, plain) = (run(value(1) as u64).expected(), run(1).expected());
        for (found, column) in [(ours.mean, 7), (ours.last, 8), (plain.mean, 9), (plain.last, 10)] {
            assert!(close(found, value(column), 1e-12), "{row:?}: {found}");
        }
    }
}

/// The lattice's Gaussian has the file's curve, and differs from the continuous one by less than 1/σ² of δ.
#[test]
fn the_lattice_nears_the_continuous_curve() {
    let delta = |sigma: f64, epsilon: f64| -> f64 {
        let reach = (40.0 * sigma) as i64;
        let weight = |k: i64| (-0.5 * (k as f64 / sigma).powi(2)).exp();
        let total: f64 = (-reach..=reach).map(weight).sum();
        // Neighbours differ by one deviation.
        let shift = sigma as i64;
        (-reach..=reach).map(|k| (weight(k - shift) - epsilon.exp() * weight(k)).max(0.0)).sum::<f64>()
            / total
    };
    let row = table("discrete.csv")
        .into_iter()
        .find(|row| row[0] == "100" && row[1] == "10" && row[2] == "1")
        .unwrap();
    assert!(close(delta(10.0, 1.0), parsed(&row[3]), 1e-12));
    for epsilon in [0.0, 1.0, 3.0] {
        let exact = Mu::new(1.0).delta(epsilon);
        for sigma in [10.0, 100.0, 1000.0] {
            assert!((delta(sigma, epsilon) / exact - 1.0).abs() < 1.0 / (sigma * sigma), "{sigma} {epsilon}");
        }
    }
}
