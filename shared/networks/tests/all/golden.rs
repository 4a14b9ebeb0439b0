//! Losses, gradients and spectra of small networks, made elsewhere by complex steps of size 1e-30 and LAPACK, without second-order code.

use ndarray::{Array1, Array2};
use networks::{Activation, Loss, Network, Parametrisation};
use numerics::symmetric::eigen;
use serde_json::Value;

struct Case {
    network: Network<f64>,
    loss: Loss,
    x: Array2<f64>,
    y: Array2<f64>,
    values: Value,
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn matrix(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap()
}

fn cases() -> Vec<Case> {
    [
        include_str!("../cases/tanh_ce_4_6_5_3.json"),
        include_str!("../cases/tanh_mse_3_4_2.json"),
        include_str!("../cases/relu_mse_2_6_1.json"),
        include_str!("../cases/softmax_5_3.json"),
        include_str!("../cases/relu_ce_10_12_10_5.json"),
    ]
    .map(|text| {
        let values: Value = serde_json::from_str(text).unwrap();
        let widths: Vec<usize> = numbers(&values["widths"]).iter().map(|width| *width as usize).collect();
        let activation = match values["activation"].as_str().unwrap() {
            "tanh" => Activation::Tanh,
            "relu" => Activation::Relu,
            _ => Activation::Identity,
        };
        let loss = if values["loss"] == "ce" { Loss::CrossEntropy } else { Loss::Squared };
        let parameters = Array1::from(numbers(&values["theta"]));
        let network =
            Network::from_parameters(&widths, activation, Parametrisation::Standard, parameters).unwrap();
        Case { network, loss, x: matrix(&values["X"]), y: matrix(&values["Y"]), values }
    })
    .into()
}

#[test]
fn losses_and_gradients() {
    for case in cases() {
        let Case { network, loss, x, y, values } = &case;
        let name = &values["name"];
        let (value, gradient) = network.loss_and_gradient(x.view(), y.view(), *loss).unwrap();
        // Fifteen digits of sums of at most a few hundred terms of order one.
        assert!((value - values["loss_value"].as_f64().unwrap()).abs() < 1e-13, "{name}: {value}");
        for (ours, theirs) in gradient.iter().zip(numbers(&values["gradient"])) {
            assert!((ours - theirs).abs() < 1e-12, "{name}: {ours} and {theirs}");
        }
    }
}

#[test]
fn spectra_of_the_hessian_and_its_gauss_newton_part() {
    for case in cases() {
        let Case { network, loss, x, y, values } = &case;
        let name = &values["name"];
        let identity = Array2::eye(network.parameters().len());
        let hessian = network.hessian_products(x.view(), y.view(), *loss, identity.view()).unwrap();
        let gauss_newton = network.gauss_newton_products(x.view(), y.view(), *loss, identity.view()).unwrap();
        for (found, expected) in [(&hessian, "eigenvalues_hessian"), (&gauss_newton, "eigenvalues_ggn")] {
            // Symmetric matrices move their eigenvalues by no more than the norm of the error.
            for (ours, theirs) in eigen(found.view()).unwrap().0.iter().zip(numbers(&values[expected])) {
                assert!((ours - theirs).abs() < 1e-11, "{name}, {expected}: {ours} and {theirs}");
            }
        }
        if let Some(entries) = values.get("hessian") {
            let difference = &hessian - &matrix(entries);
            assert!(difference.iter().all(|entry| entry.abs() < 1e-12), "{name}");
        }
    }
}
