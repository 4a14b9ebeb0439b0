//! Reference values by other methods (tests/cases/README.md).

use hessian_spectrum::lanczos::{Wanted, count_above, extremes};
use hessian_spectrum::operator::{Diagonal, Symmetric};
use hessian_spectrum::point::Point;
use hessian_spectrum::problems::{bulk_edges, spike};
use hessian_spectrum::quadrature::{Quadrature, distribution};
use ndarray::{Array1, Array2};
use networks::{Activation, Loss, Network, Parametrisation};
use numerics::random::stream;
use numerics::symmetric::eigenvalues;
use serde_json::Value;

fn case(name: &str) -> Value {
    let path = format!("{}/tests/cases/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn vector(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn rows(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(vector).collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn point(case: &Value) -> Point {
    let widths: Vec<usize> = vector(&case["widths"]).into_iter().map(|w| w as usize).collect();
    let activation = match case["activation"].as_str().unwrap() {
        "relu" => Activation::Relu,
        "tanh" => Activation::Tanh,
        _ => Activation::Identity,
    };
    let loss = if case["loss"] == "ce" { Loss::CrossEntropy } else { Loss::Squared };
    let theta = Array1::from(vector(&case["theta"]));
    let network = Network::from_parameters(&widths, activation, Parametrisation::Standard, theta).unwrap();
    Point::new(network, rows(&case["X"]), rows(&case["Y"]), loss).unwrap()
}

/// Largest difference over the largest entry expected.
fn off(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / largest
}

#[test]
fn small_networks_have_their_second_derivatives() {
    let names = [
        "tanh_ce_4_6_5_3",
        "tanh_mse_3_4_2",
        "relu_ce_3_5_4_2",
        "relu_ce_10_12_10_5",
        "relu_mse_2_6_1",
        "softmax_5_3",
    ];
    for name in names {
        let case = case(name);
        let point = point(&case);
        let (loss, gradient) = point.loss_and_gradient();
        assert!((loss - case["loss_value"].as_f64().unwrap()).abs() < 1e-13, "{name}");
        assert!(off(gradient.as_slice().unwrap(), &vector(&case["gradient"])) < 1e-12, "{name}");
        let (hessian, gauss_newton) = (point.hessian(), point.gauss_newton_matrix());
        let of_h = eigenvalues(hessian.view()).unwrap();
        let of_g = eigenvalues(gauss_newton.view()).unwrap();
        assert!(off(&of_h, &vector(&case["eigenvalues_hessian"])) < 1e-12, "{name}");
        assert!(off(&of_g, &vector(&case["eigenvalues_ggn"])) < 1e-12, "{name}");
        if case.get("hessian").is_some() {
            for (found, expected) in [(&hessian, "hessian"), (&gauss_newton, "ggn")] {
                let expected = rows(&case[expected]);
                assert!(off(found.as_slice().unwrap(), expected.as_slice().unwrap()) < 1e-12, "{name}");
            }
        }
        // By products with unit vectors, and from the side of the outputs.
        let identity = Array2::eye(hessian.nrows());
        assert!(
            off(point.apply(identity.view()).as_slice().unwrap(), hessian.as_slice().unwrap()) < 1e-13,
            "{name}"
        );
        let products = point.gauss_newton().apply(identity.view());
        assert!(off(products.as_slice().unwrap(), gauss_newton.as_slice().unwrap()) < 1e-13, "{name}");
        let largest = of_g[of_g.len() - 1];
        let gram = eigenvalues(point.output_gram().view()).unwrap();
        let rank = |values: &[f64]| values.iter().filter(|value| **value > 1e-10 * largest).count();
        assert_eq!(rank(&gram), case["rank_ggn"].as_u64().unwrap() as usize, "{name}");
        let count = rank(&gram);
        assert!(off(&gram[gram.len() - count..], &of_g[of_g.len() - count..]) < 1e-12, "{name}");
    }
}

/// Balanced factors of diag(singular values), whitened inputs, no biases.
#[test]
fn deep_linear_networks_have_their_closed_forms() {
    for name in ["deep_linear_2", "deep_linear_3"] {
        let case = case(name);
        let (values, layers) = (vector(&case["singular_values"]), case["layers"].as_u64().unwrap() as usize);
        let k = values.len();
        let root = Array2::from_diag(&Array1::from(values.clone()).mapv(|s| s.powf(1.0 / layers as f64)));
        let zeros = Array1::zeros(k);
        let network = Network::from_layers(
            Activation::Identity,
            Parametrisation::Standard,
            &vec![(root, zeros); layers],
        )
        .unwrap();
        // Whitened: rows ±√k e_i.
        let x = Array2::from_shape_fn((2 * k, k), |(i, j)| {
            if i % k == j { (k as f64).sqrt() * if i < k { 1.0 } else { -1.0 } } else { 0.0 }
        });
        let y = x.dot(&Array2::from_diag(&Array1::from(values)));
        let hessian = Point::new(network, x, y, Loss::Squared).unwrap().hessian();
        // Without the rows of biases.
        let weights: Vec<usize> =
            (0..layers).flat_map(|l| (0..k * k).map(move |p| l * (k * k + k) + p)).collect();
        let hessian = hessian.select(ndarray::Axis(0), &weights).select(ndarray::Axis(1), &weights);
        let mut expected = vector(&case["nonzero_eigenvalues"]);
        expected.extend(vec![0.0; case["zeros"].as_u64().unwrap() as usize]);
        expected.sort_by(f64::total_cmp);
        assert!(off(&eigenvalues(hessian.view()).unwrap(), &expected) < 1e-14, "{name}");
    }
}

#[test]
fn laws_of_random_matrices_are_as_tabled() {
    let case = case("marchenko_pastur_200_800");
    let (ratio, classes) = (case["ratio"].as_f64().unwrap(), case["classes"].as_u64().unwrap() as usize);
    let (low, high) = bulk_edges(ratio, classes);
    assert!(off(&[low, high], &vector(&case["bulk_edges"])) < 1e-14);
    for (square, expected) in
        vector(&case["spike_musq"]).into_iter().zip(case["outliers"].as_array().unwrap())
    {
        match (spike(square, ratio, classes), expected.as_f64()) {
            (Some(found), Some(expected)) => assert!((found - expected).abs() < 1e-14),
            (found, expected) => assert!(found.is_none() && expected.is_none(), "{square}"),
        }
    }
}

/// A bulk at zero with outliers, one of them double.
#[test]
fn a_diagonal_is_found_from_products() {
    let mut values = vector(&case("diag_bulk_outliers")["eigenvalues"]);
    let operator = Diagonal(Array1::from(values.clone()));
    values.sort_by(f64::total_cmp);
    let random = &mut stream(1, &["golden"]);
    let found = extremes(&operator, &Wanted::new(5, 0), random).unwrap();
    assert!(found.converged && found.products < 150, "{} products", found.products);
    let top: Vec<f64> = values.iter().rev().take(5).copied().collect();
    assert!(off(&found.top.values, &top) < 1e-12, "{:?} {top:?}", found.top.values);
    let dense = Array2::from_diag(&operator.0);
    for shift in [-0.5, 1e-3, 0.5] {
        assert_eq!(
            count_above(dense.view(), shift).unwrap(),
            values.iter().filter(|value| **value > shift).count()
        );
    }
    let options = Quadrature { vectors: 4, steps: 40, failure: 0.05 };
    let density = distribution(&operator, &[&found.top], &options, random).unwrap();
    for (k, place) in density.places.iter().enumerate() {
        let slack = 1e-11;
        let share = |limit: f64| values.iter().filter(|value| **value <= limit).count() as f64 / 305.0;
        assert!(
            density.lower[k] <= share(place + slack) + 1e-12
                && share(place - slack) <= density.upper[k] + 1e-12,
            "{place}"
        );
    }
}
