//! Against numbers computed elsewhere: formulas in double precision, PyTorch's observers, onnxruntime's integers.

use std::path::PathBuf;

use ndarray::Array2;
use quantization::calibration::{Calibration, analytic_clip_gauss, analytic_clip_laplace};
use quantization::granularity::{Granularity, QuantisedMatrix, grids};
use quantization::integer::{Dyadic, IntegerLayer, IntegerNetwork, Requantisation};
use quantization::kernels::Path;
use quantization::mixed_precision::{allocate, allocate_exhaustively};
use quantization::nonuniform::{BinaryCode, Codebook, Ternary};
use quantization::post_training::{gptq, gram, output_error};
use quantization::uniform::{Grid, Layout};
use serde_json::Value;

fn case(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)
}

fn json(name: &str) -> Vec<Value> {
    match serde_json::from_str(&std::fs::read_to_string(case(name)).unwrap()).unwrap() {
        Value::Array(records) => records,
        other => vec![other],
    }
}

fn tensor(name: &str) -> Vec<f64> {
    let text = std::fs::read_to_string(case(&format!("tensor_{name}.csv"))).unwrap();
    text.split([',', '\n'])
        .filter(|field| !field.is_empty())
        .map(|field| field.trim().parse().unwrap())
        .collect()
}

fn matrix(name: &str) -> Array2<f64> {
    lab::input::matrix(&case(name)).unwrap()
}

fn number(record: &Value, field: &str) -> f64 {
    record[field].as_f64().unwrap_or_else(|| panic!("{field} in {record}"))
}

fn numbers(record: &Value, field: &str) -> Vec<f64> {
    record[field].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn close(found: f64, expected: f64, relative: f64, what: &str) {
    let scale = expected.abs().max(1e-300);
    assert!((found - expected).abs() <= relative * scale + 1e-15, "{what}: {found} instead of {expected}");
}

#[test]
fn quantisers_agree_with_formulas() {
    let mut uniform = 0;
    for record in json("quantizers.json") {
        let (method, name) = (record["method"].as_str().unwrap(), record["tensor"].as_str().unwrap());
        let what = record.to_string();
        let what = &what[..what.len().min(160)];
        let values = tensor(name);
        let bits = number(&record, "bits") as u32;
        let (layout, calibration) = match method {
            "sym_restricted_minmax" => (Layout::Symmetric, Calibration::MinMax),
            "sym_full_minmax" => (Layout::SymmetricFull, Calibration::MinMax),
            "asym_minmax_u" => (Layout::Asymmetric, Calibration::MinMax),
            "sym_restricted_percentile99_abs" => (Layout::Symmetric, Calibration::Percentile { upper: 99.0 }),
            "asym_percentile_0.5_99.5_u" => (Layout::Asymmetric, Calibration::Percentile { upper: 99.5 }),
            "sym_restricted_mse_grid1000" => (Layout::Symmetric, Calibration::MeanSquaredError),
            "kmeans_optimal_1d" => {
                let codebook = Codebook::optimal(bits, &values).unwrap();
                let expected = numbers(&record, "codebook");
                assert_eq!(codebook.levels().len(), expected.len(), "{what}");
                codebook.levels().iter().zip(expected).for_each(|(a, b)| close(*a, b, 1e-9, what));
                close(codebook.mean_squared_error(&values), number(&record, "mse"), 1e-9, what);
                continue;
            }
            "power_of_two_nearest" => {
                let codebook = Codebook::powers_of_two(bits, &values).unwrap();
                let expected = Codebook::new(numbers(&record, "levels")).unwrap();
                assert_eq!(codebook, expected, "{what}");
                close(codebook.mean_squared_error(&values), number(&record, "mse"), 1e-12, what);
                continue;
            }
            "binary_coding_greedy" => {
                let code = BinaryCode::greedy(bits, &values).unwrap();
                code.scales
                    .iter()
                    .zip(numbers(&record, "alphas"))
                    .for_each(|(a, b)| close(*a, b, 1e-12, what));
                continue;
            }
            "binary_xnor" => {
                close(
                    BinaryCode::greedy(1, &values).unwrap().scales[0],
                    number(&record, "alpha"),
                    1e-12,
                    what,
                );
                continue;
            }
            "ternary_twn" => {
                let ternary = Ternary::symmetric(&values);
                close(ternary.threshold, number(&record, "delta"), 1e-12, what);
                close(ternary.positive, number(&record, "alpha"), 1e-12, what);
                let errors = values.iter().map(|value| (ternary.snap(*value) - value).powi(2));
                close(errors.sum::<f64>() / values.len() as f64, number(&record, "mse"), 1e-12, what);
                continue;
            }
            "group4_sym4_restricted" | "group8_sym4_restricted" => {
                let size = if method.starts_with("group4") { 4 } else { 8 };
                let weights = matrix("tensor_mat8x16.csv");
                let found = QuantisedMatrix::new(
                    weights.view(),
                    Granularity::Group(size),
                    Layout::Symmetric,
                    4,
                    Calibration::MinMax,
                )
                .unwrap();
                found
                    .grids
                    .iter()
                    .zip(numbers(&record, "scales"))
                    .for_each(|(a, b)| close(a.scale, b, 1e-12, what));
                let integers: Vec<f64> = found.integers.iter().map(|q| f64::from(*q)).collect();
                assert_eq!(integers, numbers(&record, "q"), "{what}");
                continue;
            }
            // LSQ and PACT: beside their code, in training/quantisers.rs.
            _ => continue,
        };
        let grid = calibration.grid(layout, bits, &values).unwrap();
        close(grid.scale, number(&record, "scale"), 1e-12, what);
        assert_eq!(f64::from(grid.zero_point), number(&record, "zero_point"), "{what}");
        let integers: Vec<f64> = values.iter().map(|value| f64::from(grid.quantise(*value))).collect();
        assert_eq!(integers[..8], numbers(&record, "q_first8"), "{what}");
        assert_eq!(integers.iter().sum::<f64>(), number(&record, "q_sum"), "{what}");
        close(grid.mean_squared_error(&values), number(&record, "mse"), 1e-10, what);
        uniform += 1;
    }
    assert_eq!(uniform, 72);
}

#[test]
fn integers_of_torch_observers_are_reproduced() {
    let mut compared = 0;
    for record in json("torch_observers.json") {
        let (name, observer) = (record["tensor"].as_str().unwrap(), record["observer"].as_str().unwrap());
        let layout = match observer {
            "MinMax quint8 affine" => Layout::Asymmetric,
            "MinMax qint8 symmetric" => Layout::SymmetricFull,
            _ => continue,
        };
        let values = tensor(name);
        let grid = Grid::of_values(layout, 8, &values).unwrap();
        // PyTorch computes in single precision, and gives all zeros the least scale that it allows.
        if name != "zeros16" {
            close(grid.scale, number(&record, "scale"), 1e-6, name);
        }
        assert_eq!(f64::from(grid.zero_point), number(&record, "zero_point"), "{name}");
        let single = Grid { scale: number(&record, "scale"), ..grid };
        for (value, expected) in values.iter().zip(numbers(&record, "int_repr")) {
            // Halfway between two integers single precision decides by its last bit.
            let halfway = ((value / single.scale).fract().abs() - 0.5).abs() < 1e-5;
            let found = f64::from(single.quantise(*value));
            assert!(
                found == expected || halfway && (found - expected).abs() == 1.0,
                "{name} {observer}: {found} {expected}"
            );
        }
        compared += 1;
    }
    assert!(compared >= 12, "{compared}");
}

#[test]
fn analytic_clips() {
    for record in json("aciq_clip.json") {
        let bits = number(&record, "bits") as u32;
        close(analytic_clip_laplace(bits), number(&record, "laplace_alpha_over_b"), 1e-12, "Laplace");
        close(analytic_clip_gauss(bits), number(&record, "gauss_alpha_over_sigma"), 1e-7, "Gauss");
    }
}

#[test]
fn dyadic_requantisation_both_ways() {
    for record in json("dyadic.json") {
        let dyadic = Dyadic::nearest(number(&record, "M")).unwrap();
        assert_eq!(f64::from(dyadic.multiplier), number(&record, "m0"), "{record}");
        assert_eq!(f64::from(dyadic.shift), number(&record, "shift"), "{record}");
        let sum = number(&record, "acc") as i32;
        assert_eq!(dyadic.apply(sum) as f64, number(&record, "single_rounding"), "{record}");
        assert_eq!(dyadic.apply_twice(sum) as f64, number(&record, "gemmlowp"), "{record}");
    }
}

#[test]
fn second_order_rounding_loses_what_the_reference_loses() {
    let record = &json("gptq.json")[0];
    let (weights, data) = (matrix("tensor_mat8x16.csv"), matrix("gptq_X.csv"));
    let gram = gram(data.mapv(|x| x as f32).view()).unwrap();
    let grids =
        grids(weights.view(), Granularity::Channel, Layout::Symmetric, 4, Calibration::MinMax).unwrap();
    let nearest =
        QuantisedMatrix::new(weights.view(), Granularity::Channel, Layout::Symmetric, 4, Calibration::MinMax)
            .unwrap();
    let found = gptq(weights.view(), gram.view(), &grids, Granularity::Channel, 0.01).unwrap();
    let error = |matrix: &QuantisedMatrix| {
        output_error(weights.view(), matrix.values().view(), gram.view()) * data.nrows() as f64
    };
    close(error(&nearest), number(record, "err_rtn"), 1e-5, "nearest");
    close(error(&found), number(record, "err_gptq"), 1e-5, "GPTQ");
}

#[test]
fn the_integer_program_spends_as_the_exhaustive_search() {
    let record = &json("ilp_mixed_precision.json")[0];
    let omega: Vec<Vec<f64>> = record["omega"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect())
        .collect();
    let sensitivity = Array2::from_shape_fn((8, 4), |(i, b)| omega[i][b]);
    let (parameters, bits) = (numbers(record, "params"), [2, 3, 4, 8]);
    for budget in record["cases"].as_array().unwrap() {
        let expected: Vec<u32> = numbers(budget, "bits").iter().map(|b| *b as u32).collect();
        let budget = number(budget, "budget_bits");
        for found in [
            allocate(sensitivity.view(), &parameters, &bits, budget).unwrap(),
            allocate_exhaustively(sensitivity.view(), &parameters, &bits, budget).unwrap(),
        ] {
            assert_eq!(found.iter().map(|b| bits[*b]).collect::<Vec<_>>(), expected, "{budget}");
        }
    }
}

/// onnxruntime 1.32's static int8 network, operator by operator: all 5000 outputs, on every path of this processor.
#[test]
fn onnxruntime_is_reproduced_bit_for_bit() {
    let name = "mlp/ort_u8s8_perchannel_minmax_qop";
    let record = &json(&format!("{name}.json"))[0];
    let grid = |tensor: &str| Grid {
        scale: number(record, &format!("{tensor}_scale")),
        zero_point: number(record, &format!("{tensor}_zero_point")) as i32,
        low: 0,
        high: 255,
    };
    let grids = ["X", "h0", "h1", "h2"].map(grid);
    let layers = (0..3).map(|l| {
        // Stored inputs × outputs.
        let weights = matrix(&format!("{name}_W{l}_quantized.npy")).t().mapv(|w| w as i8);
        let biases: Vec<i32> =
            numbers(record, &format!("b{l}_quantized")).iter().map(|b| *b as i32).collect();
        IntegerLayer::new(
            weights.view(),
            &numbers(record, &format!("W{l}_scale")),
            &biases,
            grids[l],
            grids[l + 1],
            None,
        )
    });
    let network = IntegerNetwork::from_layers(layers.collect::<Result<_, _>>().unwrap(), grids[0], grids[3]);
    let images = matrix("mlp/eval_u8.npy").mapv(|x| x as u8);
    let expected = matrix("mlp/logits_ort_u8s8_perchannel_minmax_qop.npy");
    for path in Path::available() {
        let outputs = network.forward(images.view(), Requantisation::Float, path).unwrap();
        let logits = network.values(&outputs);
        let equal = logits.iter().zip(&expected).filter(|(a, b)| (f64::from(**a) - **b).abs() < 1e-5).count();
        assert_eq!((equal, expected.len()), (5000, 5000), "{path}");
        // Integer-only requantisation differs by one at most.
        for requantisation in [Requantisation::Dyadic, Requantisation::DyadicTwice] {
            let others = network.forward(images.view(), requantisation, path).unwrap();
            let largest = outputs.iter().zip(&others).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(largest <= Some(1), "{largest:?}");
        }
    }
}
