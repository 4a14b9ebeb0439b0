//! Networks from elsewhere: safetensors with names of their own, ONNX.

use std::collections::HashMap;
use std::path::PathBuf;

use lab::input;
use ndarray::{Array2, array};
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::Uniform;
use proptest::prelude::*;
use quantization::granularity::Granularity;
use quantization::model_file::{read, read_layers};
use quantization::network::Network;
use quantization::onnx;
use quantization::quantise::{Settings, quantise};
use quantization::uniform::Layout;
use safetensors::tensor::{Dtype, TensorView, serialize};

fn bytes_of(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// A file of (name, shape) with numbers 1, 2, … in each tensor, in single precision.
fn file(tensors: &[(&str, &[usize])]) -> Vec<u8> {
    let data: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, shape)| {
            bytes_of(&(1..=shape.iter().product::<usize>()).map(|x| x as f32).collect::<Vec<_>>())
        })
        .collect();
    let views = tensors.iter().zip(&data).map(|((name, shape), data)| {
        (*name, TensorView::new(Dtype::F32, shape.to_vec(), data).expect("as many numbers as the shape"))
    });
    serialize(views, None::<HashMap<String, String>>).expect("a file")
}

fn fault(bytes: &[u8], names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    read_layers(bytes, &names).expect_err("a fault").to_string()
}

#[test]
fn tensors_of_any_name_are_layers() {
    let bytes = file(&[("encoder.weight", &[3, 2]), ("encoder.bias", &[3]), ("head.weight", &[2, 3])]);
    let model = read(&bytes).expect("a perceptron");
    let [first, second] = &model.network().layers[..] else { panic!("two layers") };
    assert_eq!(first.weights, array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    assert_eq!((first.biases.to_vec(), second.biases.to_vec()), (vec![1.0, 2.0, 3.0], vec![0.0, 0.0]));

    // Writers sort by name: here the last layer comes first.
    let tensors: [(&str, &[usize]); 5] = [
        ("a/kernel", &[3, 2]),
        ("a/bias", &[2]),
        ("b/kernel", &[4, 3]),
        ("b/bias", &[3]),
        ("norm/scale", &[7]),
    ];
    let bytes = file(&tensors);
    assert!(fault(&bytes, &[]).contains("norm/scale of shape [7] belongs to no layer"));
    let model = read_layers(&bytes, &["b".into(), "a/kernel".into()]).expect("layers in this order");
    assert_eq!((model.network().inputs(), model.network().layers[1].weights.dim()), (4, (2, 3)));
    assert_eq!(
        model.network().layers[1].weights.row(0).to_vec(),
        [1.0, 3.0, 5.0],
        "kernels are inputs × outputs"
    );
    assert_eq!(
        fault(&bytes, &["a", "b"]),
        "layer 1: weights are 3 × 4, expected 2 inputs, as the layer before has outputs"
    );
    assert_eq!(
        fault(&bytes, &["c"]),
        "it has no matrix \"c\" or \"c.weight\"; matrices are a/kernel, b/kernel"
    );
    assert!(
        fault(&file(&[("c.weight", &[2, 1, 3, 3])]), &[])
            .contains("convolutions from elsewhere are read as ONNX")
    );
    assert_eq!(
        fault(&file(&[("a.weight", &[2, 3]), ("a.bias", &[3])]), &[]),
        "a.bias has 3 numbers for the 2 outputs of a.weight"
    );
}

#[test]
fn half_precision_is_read() {
    let values: Vec<u8> =
        [1.5f32, -0.25].iter().flat_map(|x| ((x.to_bits() >> 16) as u16).to_le_bytes()).collect();
    let view = TensorView::new(Dtype::BF16, vec![1, 2], &values).unwrap();
    let bytes = serialize([("w", view)], None::<HashMap<String, String>>).unwrap();
    assert_eq!(read(&bytes).unwrap().network().layers[0].weights, array![[1.5, -0.25]]);
}

fn case(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/onnx").join(name)
}

/// Two convolutions on three channels and two dense layers, with outputs by onnxruntime 1.32: Gemm with alpha and beta, a bias that is added, a constant, an identity.
#[test]
fn an_onnx_network_gives_the_outputs_of_onnxruntime() {
    let network = onnx::read(&std::fs::read(case("convolutional.onnx")).unwrap()).expect("a chain");
    let [inputs, expected] =
        ["x.csv", "y.csv"].map(|name| input::matrix(&case(name)).unwrap().mapv(|x| x as f32));
    let found = network.forward(inputs.view()).expect("rows of 108 numbers");
    assert!((&found - &expected).iter().all(|difference| difference.abs() <= 1e-5), "{found} {expected}");
}

#[test]
fn what_is_no_chain_is_refused_by_name() {
    let bytes = std::fs::read(case("convolutional.onnx")).unwrap();
    let replaced = |from: &[u8], to: &[u8]| -> String {
        let mut bytes = bytes.clone();
        let at = bytes.windows(from.len()).rposition(|window| window == from).expect("it is there");
        bytes[at..at + from.len()].copy_from_slice(to);
        onnx::read(&bytes).expect_err("a fault").to_string()
    };
    assert!(
        replaced(b"Relu", b"Tanh").contains("Tanh \"gr\": the operator Tanh is not read"),
        "{}",
        replaced(b"Relu", b"Tanh")
    );
    assert!(replaced(b"Identity", b"Softplus").contains("the operator Softplus is not read"));
    for end in [0, 1, 10, 500] {
        assert!(onnx::read(&bytes[..end]).is_err(), "{end} bytes");
    }
    assert!(onnx::read(b"no model").expect_err("no model").to_string().starts_with("no ONNX model"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    /// What is written is read, bit by bit, convolutions too.
    #[test]
    fn networks_survive_onnx(seed in any::<u64>(), convolutional in any::<bool>()) {
        let mut random = numerics::random::stream(seed, &["onnx"]);
        let mut network = match convolutional {
            true => Network::convolutional(9, &[3, 4], 2, &mut random).unwrap(),
            false => Network::perceptron(&[5, 7, 6, 3], &mut random).unwrap(),
        };
        for layer in &mut network.layers {
            layer.biases = ndarray::Array1::random_using(layer.biases.len(), Uniform::new(-1.0, 1.0).unwrap(), &mut random);
        }
        prop_assert_eq!(onnx::read(&onnx::write(&network)).unwrap(), network);
    }
}

/// A quantised file holds as many bytes as there are weights, and scales; that onnxruntime computes with it what `evaluate` does was seen, and is not tested here.
#[test]
fn quantised_networks_are_written() {
    let mut random = numerics::random::stream(1, &["onnx"]);
    let network = Network::perceptron(&[64, 128, 10], &mut random).unwrap();
    let data: Array2<f32> = Array2::random_using((50, 64), Uniform::new(-1.0, 1.0).unwrap(), &mut random);
    let real = onnx::write(&network).len();
    for (granularity, layout) in
        [(Granularity::Channel, Layout::Symmetric), (Granularity::Group(16), Layout::Asymmetric)]
    {
        let quantised =
            quantise(&network, data.view(), &Settings { granularity, layout, ..Settings::default() })
                .unwrap();
        let bytes = onnx::write_quantised(&quantised).unwrap();
        assert!(bytes.len() < real / 2, "{} {real}", bytes.len());
        // Its operators are others, by which the reader names it.
        assert!(
            onnx::read(&bytes)
                .expect_err("quantised")
                .to_string()
                .contains("the operator QuantizeLinear is not read")
        );
    }
}
