//! Cases whose answers were computed elsewhere; tests/cases/README.md says how.

use learned_proximal::network::{ProximalNetwork, Work};
use learned_proximal::prior::{GaussianMixture, Laplace, Mixture, Prior, Student, smoothing};
use learned_proximal::training::Loss;
use ndarray::{Array1, Array2};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(entries) => entries.iter().flat_map(numbers).collect(),
        Value::Null => Vec::new(),
        value => vec![value.as_f64().unwrap()],
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let size = expected.iter().fold(0.0_f64, |a, x| a.max(x.abs()));
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance * size, "{what}: {a} for {b}");
    }
}

/// Parameters of a case in the order of this crate: W, H, b of each layer, then w and h.
fn flat(case: &Value) -> Vec<f64> {
    let layers = case["H"].as_array().unwrap().len();
    let mut all = Vec::new();
    for k in 0..layers {
        if k > 0 {
            all.extend(numbers(&case["W"][k - 1]));
        }
        all.extend(numbers(&case["H"][k]));
        all.extend(numbers(&case["b"][k]));
    }
    all.extend(numbers(&case["w"]));
    all.extend(numbers(&case["h"]));
    all
}

#[test]
fn networks_and_their_double_backward_are_met() {
    for case in read(include_str!("../cases/networks.json")).as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let parameters = &case["params"];
        let widths: Vec<usize> =
            parameters["H"].as_array().unwrap().iter().map(|h| h.as_array().unwrap().len()).collect();
        let (x, y) = (numbers(&case["x"]), numbers(&case["y"]));
        let rows = case["y"].as_array().unwrap().len();
        let n = y.len() / rows;
        let constants = (case["beta"].as_f64().unwrap(), case["alpha"].as_f64().unwrap());
        let network = ProximalNetwork::dense(n, &widths, true, constants)
            .unwrap()
            .with_parameters(flat(parameters))
            .unwrap();
        let mut work = Work::default();
        let pass = network.potential_and_prox(&y, &mut work);
        assert_close(&pass.potential, &numbers(&case["psi"]), 1e-14, name);
        assert_close(&pass.prox, &numbers(&case["f"]), 1e-13, name);
        let values = network.regulariser_at_output(&y, &pass);
        assert_close(&values, &numbers(&case["R_at_f"]), 1e-13, name);
        // Columns of the Jacobian.
        let jacobian = numbers(&case["jacobian"]);
        for column in 0..n {
            let mut c = vec![0.0; y.len()];
            c.iter_mut().skip(column).step_by(n).for_each(|c| *c = 1.0);
            let found = network.hessian_times(&y, &c, &mut work);
            for row in 0..rows {
                for i in 0..n {
                    let expected = jacobian[(row * n + i) * n + column];
                    assert!((found[row * n + i] - expected).abs() < 1e-13 * (1.0 + expected.abs()), "{name}");
                }
            }
        }
        let gamma = case["gamma"].as_f64().unwrap();
        let losses = [(Loss::Squared, "l2"), (Loss::Absolute, "l1"), (Loss::Matching { gamma }, "pm")];
        for (loss, id) in losses {
            let (value, c) = loss.value_and_slope(&pass.prox, &x, n);
            assert_close(&[value], &[case[format!("loss_{id}")].as_f64().unwrap()], 1e-13, name);
            let gradient = network.pullback(&y, &c, &mut work).gradient;
            assert_close(&gradient, &flat(&case[format!("grad_{id}")]), 1e-12, &format!("{name} {id}"));
        }
    }
}

fn prior(name: &str) -> Box<dyn Prior> {
    match name {
        "laplace" => Box::new(Laplace::new(1.0).unwrap()),
        "mixture-convex" => Box::new(Mixture::new(vec![[0.5, -1.2, 1.0], [0.5, 1.2, 1.0]]).unwrap()),
        "mixture-gap" => Box::new(Mixture::new(vec![[0.3, -2.0, 0.25], [0.7, 2.0, 0.25]]).unwrap()),
        "spike-and-slab" => Box::new(Mixture::new(vec![[0.8, 0.0, 0.01], [0.2, 0.0, 2.25]]).unwrap()),
        "student" => Box::new(Student::new(3.0).unwrap()),
        name => panic!("{name}"),
    }
}

/// The minimisers there were found by direct quadrature, not by the theorem. Their own digits: 1e-11, 1e-10 for modes.
#[test]
fn exact_denoisers_are_met() {
    let mut lines = include_str!("../cases/denoisers.csv").lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let mut bounded = 0;
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let of =
            |name: &str| -> f64 { fields[names.iter().position(|n| *n == name).unwrap()].parse().unwrap() };
        let prior = prior(fields[0]);
        let (sigma, y) = (of("sigma"), of("y"));
        let near = |found: f64, name: &str, tolerance: f64| {
            assert!(
                (found - of(name)).abs() < tolerance * (1.0 + of(name).abs()),
                "{} y = {y} {name}: {found} for {}",
                fields[0],
                of(name)
            );
        };
        let smoothed = prior.smoothed(y, sigma);
        near(smoothed.log, "log_marginal", 1e-11);
        near(prior.mmse(y, sigma), "mmse", 1e-11);
        near(sigma * sigma * (1.0 + sigma * sigma * smoothed.curvature), "posterior_variance", 1e-10);
        near(prior.mmse_regulariser(y, sigma), "R_mmse_at_mmse", 1e-11);
        let objective = |x: f64| (x - y) * (x - y) / (2.0 * sigma * sigma) - prior.log_density(x);
        if ((of("map") - y).abs() - 1.0).abs() < 1e-9 {
            // Their search ended a step of one from the datum: at what lies beyond the posterior is larger.
            assert!(objective(prior.map(y, sigma)) <= objective(of("map")) + 1e-12, "{} y = {y}", fields[0]);
        } else {
            near(prior.map(y, sigma), "map", 2e-10);
        }
        if let Some(median) = prior.median(y, sigma) {
            near(median, "median", 1e-11);
        }
        for number in 1..=3 {
            let (gamma, name) = (of(&format!("gamma{number}")), format!("pm{number}"));
            let found = prior.matched(y, sigma, gamma).value;
            if (found - of(&name)).abs() < 1e-9 * (1.0 + found.abs()) {
                continue;
            }
            // ln E[exp(−(z − x)²/γ²) | y], which is to be largest: where the two differ, theirs ended at a bound of its search.
            let tau = smoothing(sigma, gamma);
            let likelihood = |z: f64| {
                let m = tau * tau * (y / (sigma * sigma) + 2.0 * z / (gamma * gamma));
                prior.smoothed(m, tau).log - (y - z) * (y - z) / (2.0 * sigma * sigma + gamma * gamma)
            };
            bounded += 1;
            assert!(likelihood(found) > likelihood(of(&name)), "{} y = {y} {name}: {found}", fields[0]);
        }
    }
    assert!(bounded < 12, "{bounded} of 225 differ");
}

#[test]
fn planar_mixtures_are_met() {
    for case in read(include_str!("../cases/exact.json"))["mixtures_2d"].as_array().unwrap() {
        let components = (0..case["weights"].as_array().unwrap().len())
            .map(|i| {
                let covariance = numbers(&case["covariances"][i]);
                (
                    case["weights"][i].as_f64().unwrap(),
                    Array1::from(numbers(&case["means"][i])),
                    Array2::from_shape_vec((2, 2), covariance).unwrap(),
                )
            })
            .collect();
        let mixture = GaussianMixture::new(components).unwrap();
        let sigma = case["sigma"].as_f64().unwrap();
        for point in case["points"].as_array().unwrap() {
            let y = Array1::from(numbers(&point["y"]));
            assert_close(
                &[mixture.smoothed(y.view(), sigma).log],
                &numbers(&point["log_marginal"]),
                1e-12,
                "log",
            );
            assert_close(&mixture.mmse(y.view(), sigma).to_vec(), &numbers(&point["mmse"]), 1e-12, "mmse");
            assert_close(&mixture.map(y.view(), sigma).to_vec(), &numbers(&point["map"]), 1e-8, "map");
            for (gamma, expected) in numbers(&case["gammas"]).iter().zip(point["pm"].as_array().unwrap()) {
                let (found, _) = mixture.matched(y.view(), sigma, *gamma);
                assert_close(&found.to_vec(), &numbers(expected), 1e-8, "matched");
            }
        }
    }
}
