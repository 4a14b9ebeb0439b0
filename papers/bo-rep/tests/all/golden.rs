//! Cases whose answers were computed elsewhere with 40 digits and more; tests/cases/README.md says how.

use bilevel::levels::{Known, Products, Upper};
use bilevel::schedule::Power;
use bilevel::selection::Loss;
use bo_rep::bo_rep::{Inverse, LowerUpdates, Move, Options, Refine, bo_rep};
use bo_rep::classifier::{Classifier, Work};
use bo_rep::files::{chains_of, family_of};
use bo_rep::oracle::Noisy;
use bo_rep::representation::{Labelled, Representation};
use bo_rep::run::Begin;
use networks::{Batch, Cell, Recurrent};
use num_traits::ToPrimitive;
use serde_json::Value;

fn number(value: &Value) -> f64 {
    value.as_str().map_or_else(|| value.as_f64().unwrap(), |text| text.parse().unwrap())
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn read(text: &str) -> Vec<Value> {
    serde_json::from_str::<Value>(text).unwrap().as_array().unwrap().clone()
}

fn families() -> Vec<Value> {
    read(include_str!("../cases/closed_form.json"))
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let size = expected.iter().fold(0.0_f64, |a, x| a.max(x.abs()));
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance * size, "{what}: {a} for {b}");
    }
}

/// Rounding: gradients of 1e7 are sums of a few terms of that size.
#[test]
fn closed_forms_are_met() {
    for case in families() {
        let problem = family_of(&case).unwrap();
        for point in case["points"].as_array().unwrap() {
            let x = numbers(&point["x"]);
            let name = case["name"].as_str().unwrap();
            let y = problem.solution(&x);
            assert_close(&y, &numbers(&point["y_star"]), 1e-13, name);
            let mut gradient = vec![0.0; x.len()];
            let value = problem.gradient(&x, &mut gradient);
            assert_close(&[value], &[number(&point["Phi"])], 1e-13, name);
            assert_close(&gradient, &numbers(&point["grad_Phi"]), 1e-12, name);
            let (mut f_x, mut f_y) = (vec![0.0; x.len()], vec![0.0; y.len()]);
            problem.upper_x(&x, &y, &mut f_x);
            problem.upper_y(&x, &y, &mut f_y);
            assert_close(&f_x, &numbers(&point["f_x"]), 1e-12, name);
            assert_close(&f_y, &numbers(&point["f_y"]), 1e-12, name);
            let certified = bo_rep::bo_rep::certificate(
                &problem,
                (&x, &y, &numbers(&point["v_star"])),
                problem.convexity(),
            )
            .unwrap();
            let length = bilevel::sets::norm(&f_y);
            assert!(
                certified.lower < 1e-9 && certified.linear <= 1e-12 * (1.0 + length),
                "{name} {certified:?}"
            );
            assert_close(&certified.gradient, &numbers(&point["grad_Phi"]), 1e-11, name);
        }
    }
}

#[test]
fn neumann_sums_are_met() {
    for case in families() {
        let problem = family_of(&case).unwrap();
        for point in case["points"].as_array().unwrap().iter().filter(|point| !point["neumann"].is_null()) {
            let (x, given) = (numbers(&point["x"]), &point["neumann"]);
            let y = numbers(&given["y"]);
            let mut f_y = vec![0.0; y.len()];
            problem.upper_y(&x, &y, &mut f_y);
            for (terms, expected) in given["terms"].as_object().unwrap() {
                let v = bilevel::hypergradient::neumann(
                    1.0 / number(&given["L"]),
                    terms.parse().unwrap(),
                    &f_y,
                    |v, out| problem.lower_yy_times(&x, &y, v, out),
                );
                assert_close(&v, &numbers(expected), 1e-12, case["name"].as_str().unwrap());
            }
        }
    }
}

#[test]
fn runs_are_those_of_the_box() {
    let families = families();
    for case in read(include_str!("../cases/trace.json")) {
        let problem =
            family_of(families.iter().find(|family| family["name"] == case["problem"]).unwrap()).unwrap();
        let given = &case["options"];
        let count = |name: &str| given[name].as_u64().unwrap();
        let refine = Refine {
            epochs: count("init_epochs") as u32,
            first_steps: count("init_len"),
            first_rate: number(&given["init_lr"]),
            ball: f64::INFINITY,
        };
        let options = Options {
            eta: Power::constant(number(&given["eta"])),
            beta: number(&given["beta"]),
            lower: LowerUpdates::Periodic {
                period: count("I"),
                inner: count("N") as u32,
                ball: number(&given["R"]),
            },
            gamma: Power::constant(number(&given["gamma"])),
            inverse: Inverse::Neumann { step: 1.0 / number(&given["L"]), terms: count("Q") as usize },
            step: Move::Normalised,
            batch: 1,
            refine: Some(refine),
        };
        let trace = case["trace"].as_array().unwrap();
        let (x, y) = (numbers(&case["x0"]), numbers(&case["y0"]));
        let calls = ["g_y", "f_x", "f_y", "hvp", "jvp"].map(|name| case["calls"][name].as_u64().unwrap());
        let begin = Begin { x: &x, y: &y, calls: calls.iter().sum(), seed: 0 };
        let mut before = x.clone();
        let mut seen = 0;
        let ended = bo_rep(&Noisy::none(problem), &begin, &options, |step| {
            let expected = &trace[seen];
            assert_eq!(step.updated, expected["updated"].as_bool().unwrap());
            assert_close(&before, &numbers(&expected["x"]), 1e-13, "x");
            assert_close(step.y, &numbers(&expected["y"]), 1e-13, "y");
            assert_close(step.hypergradient, &numbers(&expected["hypergradient"]), 1e-12, "hypergradient");
            assert_close(step.momentum, &numbers(&expected["momentum"]), 1e-12, "momentum");
            before = step.x.to_vec();
            seen += 1;
        });
        assert_eq!(seen, trace.len());
        assert_close(&ended.x, &numbers(&case["x_end"]), 1e-13, "the end");
        let found = ended.counts;
        assert_eq!(found.gradients, [calls[1], calls[2], 0, calls[0]]);
        assert_eq!(found.products, calls[3] + calls[4]);
    }
}

fn labelled(value: &Value) -> Labelled {
    let rows = value.as_array().unwrap();
    let tokens =
        |row: &Value| row[0].as_array().unwrap().iter().map(|t| t.as_u64().unwrap() as u32).collect();
    Labelled {
        sequences: rows.iter().map(tokens).collect(),
        labels: rows.iter().map(|row| 2.0 * number(&row[1]) - 1.0).collect(),
    }
}

#[test]
fn recurrent_networks_are_met() {
    for case in read(include_str!("../cases/rnn.json")) {
        let kind = case["kind"].as_str().unwrap();
        let cell = match kind {
            "rnn" => Cell::Rnn,
            "gru" => Cell::Gru,
            _ => Cell::Lstm,
        };
        let (tokens, hidden) = (case["V"].as_u64().unwrap() as usize, case["h"].as_u64().unwrap() as usize);
        let theta = numbers(&case["theta"]);
        let train = labelled(&case["train"]);
        let classifier = Classifier::new(cell, tokens, hidden).unwrap();
        assert_eq!(classifier.parameters(), theta.len(), "{kind}");
        let batch = Batch::new(&train.sequences, tokens).unwrap();
        let weights = vec![1.0 / train.labels.len() as f64; train.labels.len()];
        let (mut work, mut gradient, mut product) =
            (Work::default(), vec![0.0; theta.len()], vec![0.0; theta.len()]);
        let losses = classifier.gradient(&theta, &batch, (&train.labels, &weights), &mut work, &mut gradient);
        let loss = losses.iter().sum::<f64>() / losses.len() as f64;
        assert_close(&[loss], &[number(&case["loss"])], 1e-14, kind);
        assert_close(&gradient, &numbers(&case["grad"]), 1e-13, kind);
        let direction = numbers(&case["direction"]);
        let along = classifier.product(&theta, &batch, &weights, &direction, &mut work, &mut product);
        assert_close(&product, &numbers(&case["hvp"]), 1e-12, kind);
        // The derivative of the loss along the direction, two ways.
        let one: f64 = along.iter().zip(&weights).map(|(a, w)| a * w).sum();
        let other: f64 = gradient.iter().zip(&direction).map(|(g, v)| g * v).sum();
        assert!((one - other).abs() < 1e-14, "{kind}: {one} {other}");

        let ridge = &case["ridge"];
        let encoder = &theta[..theta.len() - hidden - 1];
        let shape = Recurrent::from_parameters(cell, tokens, hidden, encoder.to_vec()).unwrap();
        let problem =
            Representation::new(shape, train, labelled(&case["val"]), number(&ridge["lam"]), Loss::Squared)
                .unwrap();
        let exact = problem.exact(encoder, &vec![0.0; hidden + 1]).unwrap();
        assert_close(&exact.head, &numbers(&ridge["w_star"]), 1e-12, kind);
        assert_close(&[exact.value], &[number(&ridge["Phi"])], 1e-12, kind);
        assert_close(&exact.gradient, &numbers(&ridge["grad_Phi"]), 1e-11, kind);
    }
}

/// The same errors by counting types in exact fractions and by enumerating all sequences.
#[test]
fn bayes_errors_are_met() {
    for case in read(include_str!("../cases/chains.json")) {
        let chains = chains_of(&case).unwrap();
        for error in case["bayes_error"].as_array().unwrap() {
            let length = error["L"].as_u64().unwrap() as usize;
            let expected = number(&error["value"]);
            let exact = chains.bayes_error(length).to_f64().unwrap();
            assert!((exact - expected).abs() < 1e-15, "{length}: {exact} for {expected}");
            if length <= 10 {
                let population = chains.population(length).unwrap();
                let found = population.error(population.sequences.iter().map(|s| chains.log_ratio(s)));
                assert!((found - expected).abs() < 1e-14, "{length}: {found} for {expected}");
            }
        }
    }
}
