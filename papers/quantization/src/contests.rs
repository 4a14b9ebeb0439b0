//! Contests with onnxruntime and PyTorch: products of 8-bit integers, and a perceptron that uses them.

use std::path::Path as FilePath;

use lab::ndarray::{Array1, Array2, Ix2};
use lab::{Failure, Profile};
use quantization::integer::{IntegerNetwork, Requantisation};
use quantization::kernels::{PackedWeights, Path};
use quantization::network::{Layer, Network};
use quantization::quantise::{Settings, quantise};
use quantization::uniform::{Grid, Layout};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rivals::{Contest, Entrant, Judged, Ours, Rival, Target, entrant, read_array, write_array};

/// The contests, in the order in which they are shown.
pub fn contests() -> [Contest; 3] {
    [product(false), product(true), perceptron()]
}

/// Integers times integers.
fn product(large: bool) -> Contest {
    let unpacked = "Takes signed inputs, and weights as they are.";
    let single =
        "In single precision, which holds sums of this size exactly: what one does without 8-bit kernels.";
    Contest {
        id: if large { "product-large" } else { "product" },
        title: if large { "Product of 8-bit integers, 2048" } else { "Product of 8-bit integers, 1024" },
        work: if large {
            "2048 × 2048 inputs times 2048 × 2048 weights, 8-bit integers, sums of 32 bits, under the same conditions as the product of 1024."
        } else {
            "1024 × 1024 inputs times 1024 × 1024 weights, 8-bit integers, sums of 32 bits. Inputs are from 0 to 127, so that signed and unsigned \
             kernels can take them. Weights are packed before the call where a package can."
        },
        judged: Judged { name: "largest difference from the exact sums", target: Some(Target::AtMost(0.0)) },
        write_inputs: if large {
            |profile, folder, random| {
                write_factors(if profile == Profile::Smoke { 90 } else { 2048 }, folder, random)
            }
        } else {
            |profile, folder, random| {
                write_factors(if profile == Profile::Smoke { 70 } else { 1024 }, folder, random)
            }
        },
        ours: vec![Ours { name: "packed 8-bit kernel", differs: None, load: packed_kernel }],
        rivals: vec![
            Rival {
                name: "onnxruntime, MatMulInteger",
                script: "onnx_runtime",
                function: "product",
                differs: None,
            },
            Rival {
                name: "PyTorch, _int_mm",
                script: "pytorch",
                function: "product",
                differs: Some(unpacked),
            },
            Rival {
                name: "NumPy, single precision",
                script: "numerical",
                function: "product",
                differs: Some(single),
            },
        ],
        judge: |inputs, answer| {
            // Sums stay far below 2⁵³: exact.
            let exact = read_array::<Ix2>(inputs, "inputs")?.dot(&read_array::<Ix2>(inputs, "weights")?.t());
            let answer = answer.clone().into_dimensionality::<Ix2>()?;
            if answer.dim() != exact.dim() {
                return Err(format!("sums of shape {:?}", answer.dim()).into());
            }
            Ok((answer - exact).iter().fold(0.0, |most, difference| difference.abs().max(most)))
        },
    }
}

fn write_factors(side: usize, folder: &FilePath, random: &mut ChaCha8Rng) -> Result<(), Failure> {
    let inputs = Array2::from_shape_simple_fn((side, side), || f64::from(random.random_range(0..=127_u8)));
    let weights =
        Array2::from_shape_simple_fn((side, side), || f64::from(random.random_range(-128..=127_i8)));
    write_array(folder, "inputs", inputs.view())?;
    // One row for each output.
    write_array(folder, "weights", weights.view())
}

fn packed_kernel(folder: &FilePath) -> Result<Box<dyn Entrant>, Failure> {
    let inputs = read_array::<Ix2>(folder, "inputs")?.mapv(|value| value as u8);
    let weights = read_array::<Ix2>(folder, "weights")?.mapv(|value| value as i8);
    let packed = PackedWeights::new(weights.view())?;
    Ok(entrant(
        move || Ok(packed.multiply(inputs.view(), Path::best())?),
        |sums| sums.mapv(f64::from).into_dyn(),
    ))
}

const LAYERS: usize = 3;

/// A perceptron in 8-bit integers.
fn perceptron() -> Contest {
    let own = "In between, outputs stay integers.";
    let single = "The network before quantisation, in single precision.";
    Contest {
        id: "perceptron",
        title: "A perceptron in 8-bit integers",
        work: "256 inputs through a perceptron 784 – 512 – 512 – 10 that was quantised to 8 bits beforehand (weights by output, activations by their range on \
         256 other inputs), from real inputs to real outputs.",
        judged: Judged {
            name: "error of the outputs against single precision, root mean square, as part of theirs",
            target: Some(Target::AtMost(0.05)),
        },
        write_inputs: |profile, folder, random| {
            let (widths, batch) = match profile {
                Profile::Smoke => ([20, 16, 16, 10], 32),
                _ => ([784, 512, 512, 10], 256),
            };
            let network = Network::perceptron(&widths, random)?;
            for (number, layer) in network.layers.iter().enumerate() {
                write_array(folder, &format!("weights-{number}"), layer.weights.mapv(f64::from).view())?;
                write_array(folder, &format!("biases-{number}"), layer.biases.mapv(f64::from).view())?;
            }
            for name in ["calibration", "inputs"] {
                let values =
                    Array2::from_shape_simple_fn((batch, widths[0]), || f64::from(random.random::<f32>()));
                write_array(folder, name, values.view())?;
            }
            Ok(())
        },
        ours: vec![
            Ours { name: "integers alone", differs: None, load: integers_alone },
            Ours { name: "requantised in single precision", differs: Some(own), load: requantised },
        ],
        rivals: vec![
            Rival {
                name: "onnxruntime, quantised",
                script: "onnx_runtime",
                function: "quantised",
                differs: None,
            },
            Rival {
                name: "onnxruntime, single precision",
                script: "onnx_runtime",
                function: "single",
                differs: Some(single),
            },
        ],
        judge: |folder, answer| {
            let expected =
                read_network(folder)?.forward(read_single(folder, "inputs")?.view())?.mapv(f64::from);
            let answer = answer.clone().into_dimensionality::<Ix2>()?;
            if answer.dim() != expected.dim() {
                return Err(format!("outputs of shape {:?}", answer.dim()).into());
            }
            let square = |values: &Array2<f64>| values.iter().map(|value| value * value).sum::<f64>();
            Ok((square(&(&answer - &expected)) / square(&expected)).sqrt())
        },
    }
}

fn read_single(folder: &FilePath, name: &str) -> Result<Array2<f32>, Failure> {
    Ok(read_array::<Ix2>(folder, name)?.mapv(|value| value as f32))
}

fn read_network(folder: &FilePath) -> Result<Network, Failure> {
    let layer = |number: usize| -> Result<Layer, Failure> {
        let biases: Array1<f64> = read_array(folder, &format!("biases-{number}"))?;
        let weights = read_single(folder, &format!("weights-{number}"))?;
        Ok(Layer { weights, biases: biases.mapv(|value| value as f32), convolution: None })
    };
    Ok(Network::from_layers((0..LAYERS).map(layer).collect::<Result<_, _>>()?)?)
}

fn integer_network(folder: &FilePath, requantisation: Requantisation) -> Result<Box<dyn Entrant>, Failure> {
    let network = read_network(folder)?;
    let (calibration, inputs) = (read_single(folder, "calibration")?, read_single(folder, "inputs")?);
    let quantised = quantise(&network, calibration.view(), &Settings::default())?;
    let outputs: Vec<f64> = network.forward(calibration.view())?.iter().copied().map(f64::from).collect();
    let integer = IntegerNetwork::new(&quantised, Grid::of_values(Layout::Asymmetric, 8, &outputs)?)?;
    let call = move || Ok(integer.logits(inputs.view(), requantisation, Path::best())?);
    Ok(entrant(call, |outputs| outputs.mapv(f64::from).into_dyn()))
}

fn integers_alone(folder: &FilePath) -> Result<Box<dyn Entrant>, Failure> {
    integer_network(folder, Requantisation::Dyadic)
}

fn requantised(folder: &FilePath) -> Result<Box<dyn Entrant>, Failure> {
    integer_network(folder, Requantisation::Float)
}
