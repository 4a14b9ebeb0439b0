//! Against values of other origin: 130 digits, explicit sums, complex steps.

use std::path::Path;

use lie_decompositions::exponential::{exponential, logarithm, missed_share};
use lie_decompositions::matrix::{Matrix, largest};
use lie_decompositions::network::convolution::{Geometry, Kernel};
use lie_decompositions::network::{Architecture, GroupNetwork, Stage};
use lie_decompositions::polar::{Polar, Polar2, log_and_rotation};
use lie_decompositions::spd;
use lie_decompositions::spherical::{heat, multivariate_gamma, riemannian_gaussian, spherical};
use ndarray::{Array1, Array2};
use networks::{Activation, Network, Parametrisation};
use serde_json::Value;

const EPSILON: f64 = f64::EPSILON;

fn case(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Numbers, or decimals of many digits as text.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| value.as_str().unwrap().parse().unwrap())
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(entries) => entries.iter().flat_map(numbers).collect(),
        single => vec![number(single)],
    }
}

fn matrix<const N: usize>(value: &Value) -> Matrix<N> {
    let all = numbers(value);
    std::array::from_fn(|i| std::array::from_fn(|j| all[i * N + j]))
}

fn away<const N: usize>(a: &Matrix<N>, b: &Matrix<N>) -> f64 {
    largest::<N>(&std::array::from_fn(|i| std::array::from_fn(|j| a[i][j] - b[i][j])))
}

#[test]
fn polar_coordinates_in_the_plane_have_all_digits() {
    for case in case("polar.json").as_array().unwrap().iter().filter(|case| case["n"] == 2) {
        let name = &case["name"];
        let g = matrix::<2>(&case["g"]);
        let found = Polar2::of(&g).unwrap();
        let log = matrix::<2>(&case["log_p"]);
        let bound = 6.0 * EPSILON * largest(&log).max(1.0);
        assert!(away(&found.log_spd(), &log) <= bound, "{name}: {:?} for {log:?}", found.log_spd());
        assert!(away(&found.rotation(), &matrix::<2>(&case["r"])) <= 4.0 * EPSILON, "{name}");
        let (fast_log, fast_rotation) = log_and_rotation(&g).unwrap();
        assert!(
            away(&fast_log, &log) <= bound && away(&fast_rotation, &found.rotation()) <= 8.0 * EPSILON,
            "{name}"
        );
        let p = matrix::<2>(&case["p"]);
        assert!(away(&found.spd_of(&g), &p) <= 32.0 * EPSILON * largest(&p), "{name}");
        // From the coordinates alone e^s and e^{s + t} lose what their exponents have before the point.
        let lost = 1.0 + found.scale.abs() + found.squeeze;
        assert!(
            away(&found.spd(), &p) <= 8.0 * lost * EPSILON * largest(&p),
            "{name}: {:?} for {p:?}",
            found.spd()
        );
    }
}

fn higher<const N: usize>(case: &Value) {
    let name = &case["name"];
    let found = Polar::of(&matrix::<N>(&case["g"])).unwrap();
    let (p, log, r) = (matrix::<N>(&case["p"]), matrix::<N>(&case["log_p"]), matrix::<N>(&case["r"]));
    let condition = number(&case["condition"]);
    let n = N as f64;
    assert!(away(&found.spd, &p) <= 16.0 * n * EPSILON * largest(&p) * 2.0, "{name}");
    assert!(away(&found.rotation, &r) <= 16.0 * n * EPSILON * condition, "{name}");
    assert!(away(&found.log_spd, &log) <= 64.0 * n * EPSILON * condition * (1.0 + largest(&log)), "{name}");
}

#[test]
fn polar_coordinates_in_more_dimensions_are_accurate() {
    for case in case("polar.json").as_array().unwrap() {
        match case["n"].as_u64().unwrap() {
            2 => higher::<2>(case),
            3 => higher::<3>(case),
            4 => higher::<4>(case),
            5 => higher::<5>(case),
            n => panic!("dimension {n}"),
        }
    }
}

#[test]
fn exponentials_and_logarithms_are_accurate() {
    let case = case("sl2.json");
    for case in case["exp"].as_array().unwrap() {
        let expected = matrix::<2>(&case["exp"]);
        let found = exponential(&matrix::<2>(&case["a"]));
        assert!(
            away(&found, &expected) <= 8.0 * EPSILON * largest(&expected),
            "{}: {found:?} for {expected:?}",
            case["name"]
        );
    }
    for case in case["log"].as_array().unwrap() {
        let found = logarithm(&matrix::<2>(&case["g"]));
        assert_eq!(found.is_some(), case["has_real_log"].as_bool().unwrap(), "{}", case["name"]);
        if let Some(found) = found {
            let expected = matrix::<2>(&case["log"]);
            assert!(
                away(&found, &expected) <= 1e-13 * largest(&expected).max(1.0),
                "{}: {found:?} for {expected:?}",
                case["name"]
            );
        }
    }
}

fn geometry<const N: usize>(case: &Value) {
    let name = case["name"].as_str().unwrap();
    let (p, q, v) = (matrix::<N>(&case["p"]), matrix::<N>(&case["q"]), matrix::<N>(&case["v"]));
    let tolerance = if name.contains("ill") { 1e-6 } else { 1e-13 };
    for (found, expected) in [
        (spd::log(&p, &q).unwrap(), "log_p_q"),
        (spd::geodesic(&p, &q, 0.5).unwrap(), "geodesic_midpoint"),
        (spd::logarithm(&q).unwrap(), "log_q"),
    ] {
        let expected_value = matrix::<N>(&case[expected]);
        let error = away(&found, &expected_value) / largest(&expected_value);
        // Halfway the large and the small part of an ill-conditioned pair have met.
        let tolerance = if expected == "geodesic_midpoint" { 10.0 * tolerance } else { tolerance };
        assert!(error <= tolerance, "{name}, {expected}: {error:e}");
    }
    let moved = matrix::<N>(&case["exp_p_v"]);
    let error = away(&spd::exp(&p, &v).unwrap(), &moved) / largest(&moved);
    assert!(error <= if name.contains("ill") { 1e-6 } else { 1e-13 }, "{name}, exp: {error:e}");
    let distance = number(&case["distance"]);
    assert!((spd::distance(&p, &q).unwrap() - distance).abs() <= tolerance * distance, "{name}");
}

#[test]
fn the_geometry_of_positive_matrices_survives_conditions_of_a_million_millions() {
    for case in case("spd.json").as_array().unwrap() {
        match case["n"].as_u64().unwrap() {
            2 => geometry::<2>(case),
            3 => geometry::<3>(case),
            5 => geometry::<5>(case),
            n => panic!("dimension {n}"),
        }
    }
}

#[test]
fn known_integrals_have_their_values() {
    let case = case("haar.json");
    let list = |name: &str| case[name].as_array().unwrap().clone();
    let near = |found: f64, expected: &Value, tolerance: f64| {
        let expected = number(expected);
        assert!((found - expected).abs() <= tolerance * expected.abs(), "{found} for {expected}");
    };
    for ball in list("sl2_ball") {
        near(missed_share(number(&ball["t"])), &ball["no_log_fraction"], 1e-12);
    }
    for gamma in list("spd_gamma") {
        let n = gamma["n"].as_u64().unwrap() as usize;
        near(multivariate_gamma(n, number(&gamma["a"])), &gamma["value"], 1e-13);
    }
    for point in list("spherical") {
        near(spherical(number(&point["lam"]), number(&point["rho"])), &point["value"], 1e-11);
    }
    for point in list("heat") {
        near(heat(number(&point["time"]), number(&point["rho"])), &point["value"], 1e-10);
    }
    for point in list("riemannian_gaussian_h2") {
        near(riemannian_gaussian(number(&point["sigma"])), &point["value"], 1e-13);
    }
}

/// A kernel network of a case: W (outputs × inputs) and b, with ω folded into all layers but the last.
fn network(value: &Value, omega: f64) -> Network<f64> {
    let layers: Vec<(Array2<f64>, Array1<f64>)> = value
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(l, layer)| {
            let factor = if l + 1 < value.as_array().unwrap().len() { omega } else { 1.0 };
            let rows: Vec<Vec<f64>> = layer[0].as_array().unwrap().iter().map(numbers).collect();
            let weights = Array2::from_shape_fn((rows[0].len(), rows.len()), |(i, j)| factor * rows[j][i]);
            (weights, Array1::from(numbers(&layer[1])) * factor)
        })
        .collect();
    Network::from_layers(Activation::Sine, Parametrisation::Standard, &layers).unwrap()
}

fn samples(value: &Value) -> Vec<Polar2> {
    value.as_array().unwrap().iter().map(|g| Polar2::of(&matrix::<2>(g)).unwrap()).collect()
}

fn architecture(case: &Value, side: usize, channels: usize, classes: usize) -> Architecture {
    Architecture {
        side,
        channels,
        kernel: case["kernel_size"].as_u64().unwrap() as usize,
        hidden: vec![5, 5],
        scale: case["group"] == "gl2",
        stages: vec![Stage::Residual(1)],
        classes,
        epsilon: case["epsilon"].as_f64().unwrap_or(0.0),
    }
}

#[test]
fn layers_are_their_double_sums() {
    for case in case("layers.json").as_array().unwrap() {
        // Images are seven by six; squares are what the network takes, so one column of zeros is added and its outputs left out.
        let image: Vec<Vec<f64>> = case["image"][0].as_array().unwrap().iter().map(numbers).collect();
        let (height, width) = (image.len(), image[0].len());
        let omega = number(&case["lift_net"]["omega"]);
        let lift = network(&case["lift_net"]["layers"], omega);
        let elements = samples(&case["lift_samples"]);
        let kernel = Kernel::lift(&lift, &elements, 3).unwrap();
        let padded = Array2::from_shape_fn((1, height * height), |(_, place)| {
            let (y, x) = (place / height, place % height);
            if x < width { image[y][x] } else { 0.0 }
        });
        let geometry = Geometry { side: height, channels: 1, kernel: 3, padding: 0 };
        let (found, _) = geometry.forward(padded.view(), &kernel.weights);
        let channels = lift.outputs();
        let (rows, columns) = (height - 2, width - 2);
        for c in 0..channels {
            for (i, _) in elements.iter().enumerate() {
                for y in 0..rows {
                    for x in 0..columns {
                        let expected = number(&case["lift_out"][c][i][y][x]);
                        let value = found[(0, (y * rows + x) * elements.len() * channels + i * channels + c)];
                        assert!((value - expected).abs() < 1e-12, "{value} for {expected}");
                    }
                }
            }
        }
    }
}

#[test]
fn gradients_of_networks_are_those_of_complex_steps() {
    for name in ["network-sl2.json", "network-gl2.json"] {
        let case = case(name);
        let omega = number(&case["omega"]);
        let images: Vec<Vec<f64>> = case["images"].as_array().unwrap().iter().map(numbers).collect();
        let side = (images[0].len() as f64).sqrt() as usize;
        let lift = network(&case["lift_net"], omega);
        let convolution = network(&case["conv_net"], omega);
        let head: Vec<Vec<f64>> = case["head_w"].as_array().unwrap().iter().map(numbers).collect();
        let channels = lift.outputs();
        let network = GroupNetwork {
            architecture: architecture(&case, side, channels, head.len()),
            lift,
            convolutions: vec![convolution],
            head: Array2::from_shape_fn((channels, head.len()), |(i, j)| head[j][i]),
            bias: Array1::from(numbers(&case["head_b"])),
        };
        let pixels = Array2::from_shape_fn((images.len(), side * side), |(row, place)| images[row][place]);
        let labels: Vec<usize> = numbers(&case["labels"]).iter().map(|label| *label as usize).collect();
        let elements = samples(&case["samples"]);
        let logits = network.logits(pixels.view(), &elements).unwrap();
        for (found, expected) in logits.iter().zip(numbers(&case["logits"])) {
            assert!(
                (found - expected).abs() < 1e-12 * expected.abs().max(1.0),
                "{name}: {found} for {expected}"
            );
        }
        let (loss, gradients) = network.loss_and_gradients(pixels.view(), &labels, &elements).unwrap();
        assert!((loss - number(&case["loss"])).abs() < 1e-12, "{name}: {loss}");
        for (found, expected, of) in [
            (&gradients.lift, &case["gradients"]["lift"], &network.lift),
            (&gradients.convolutions[0], &case["gradients"]["conv"], &network.convolutions[0]),
        ] {
            // Parameters layer by layer: weights inputs × outputs, then biases; ω multiplies what was folded.
            let mut place = 0;
            for (l, layer) in expected.as_array().unwrap().iter().enumerate() {
                let factor = if l + 1 < of.layers() { omega } else { 1.0 };
                let rows: Vec<Vec<f64>> = layer[0].as_array().unwrap().iter().map(numbers).collect();
                let weights = (0..rows[0].len()).flat_map(|i| rows.iter().map(move |row| row[i]));
                let all: Vec<f64> = weights.chain(numbers(&layer[1])).collect();
                let most = all.iter().fold(1e-3_f64, |most, x| most.max(x.abs()));
                for expected in all {
                    let found = factor * found[place];
                    assert!(
                        (found - expected).abs() < 1e-11 * most,
                        "{name}, layer {l}: {found} for {expected}"
                    );
                    place += 1;
                }
            }
        }
        let by_head = numbers(&case["gradients"]["w"]);
        for (j, row) in by_head.chunks(channels).enumerate() {
            for (i, expected) in row.iter().enumerate() {
                assert!((gradients.head[(i, j)] - expected).abs() < 1e-12);
            }
        }
        for (found, expected) in gradients.bias.iter().zip(numbers(&case["gradients"]["b"])) {
            assert!((found - expected).abs() < 1e-12);
        }
    }
}
