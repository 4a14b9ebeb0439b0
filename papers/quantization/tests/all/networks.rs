//! Networks: trained, quantised, run on integers, written and read.

use ndarray::Array2;
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::Uniform;
use quantization::granularity::Granularity;
use quantization::integer::{IntegerNetwork, Requantisation};
use quantization::kernels::Path;
use quantization::mixed_precision::mean_hessian_traces;
use quantization::network::{Convolution, Network, accuracy, cross_entropy};
use quantization::post_training::equalise;
use quantization::quantise::{Settings, forward_dynamic, quantise};
use quantization::training::{ActivationTraining, Options, Teacher, WeightTraining, train};
use quantization::uniform::{Grid, Layout};
use quantization::zero_shot::{Statistics, synthesise};
use quantization::{Error, model_file};

fn coins(seed: u64) -> rand_chacha::ChaCha8Rng {
    numerics::random::stream(seed, &["laws"])
}

/// Two classes on the plane, told apart by the sign of x·y: no line does it.
fn data(rows: usize, seed: u64) -> (Array2<f32>, Vec<usize>) {
    let points: Array2<f32> =
        Array2::random_using((rows, 2), Uniform::new(-1.0, 1.0).unwrap(), &mut coins(seed));
    let labels = points.rows().into_iter().map(|p| usize::from(p[0] * p[1] > 0.0)).collect();
    (points, labels)
}

fn trained(seed: u64) -> (Network, Array2<f32>, Vec<usize>) {
    let (points, labels) = data(800, seed);
    let mut network = Network::perceptron(&[2, 32, 16, 2], &mut coins(seed)).unwrap();
    train(
        &mut network,
        points.view(),
        &labels,
        &Options { epochs: 30, rate: 1e-2, batch: 50, ..Options::default() },
    )
    .unwrap();
    (network, points, labels)
}

#[test]
fn equalisation_leaves_the_function_as_it_is() {
    for mut network in [
        Network::perceptron(&[5, 12, 7, 3], &mut coins(1)).unwrap(),
        Network::convolutional(9, &[3, 4], 2, &mut coins(2)).unwrap(),
    ] {
        network.layers[0].weights.row_mut(1).mapv_inplace(|w| 50.0 * w);
        let inputs: Array2<f32> =
            Array2::random_using((20, network.inputs()), Uniform::new(-1.0, 1.0).unwrap(), &mut coins(3));
        let before = network.forward(inputs.view()).unwrap();
        equalise(&mut network, 20);
        let after = network.forward(inputs.view()).unwrap();
        let scale = before.iter().fold(0f32, |a, b| a.max(b.abs()));
        assert!((&before - &after).iter().all(|d| d.abs() < 1e-5 * scale));
        let channels = network.layers[0].weights.nrows();
        for channel in 0..channels {
            let out = network.layers[0].weights.row(channel).iter().fold(0f32, |a, b| a.max(b.abs()));
            let columns = (channel..network.layers[1].weights.ncols()).step_by(channels);
            let into = columns
                .flat_map(|c| network.layers[1].weights.column(c).to_vec())
                .fold(0f32, |a, b| a.max(b.abs()));
            assert!((out / into - 1.0).abs() < 0.2, "{out} {into}");
        }
    }
}

/// Neither kind of layer would learn with wrong derivatives.
#[test]
fn perceptrons_and_convolutions_learn() {
    let (network, points, labels) = trained(7);
    assert!(accuracy(network.forward(points.view()).unwrap().view(), &labels) > 0.95);
    let images: Array2<f32> = Array2::random_using((60, 81), Uniform::new(0.0, 1.0).unwrap(), &mut coins(8));
    let half =
        |row: ndarray::ArrayView1<f32>| row.iter().take(40).sum::<f32>() > row.iter().skip(41).sum::<f32>();
    let labels: Vec<usize> = images.rows().into_iter().map(|row| usize::from(half(row))).collect();
    let mut network = Network::convolutional(9, &[4, 6], 2, &mut coins(9)).unwrap();
    let before = cross_entropy(network.forward(images.view()).unwrap().view(), &labels);
    train(
        &mut network,
        images.view(),
        &labels,
        &Options { epochs: 60, batch: 20, rate: 1e-2, ..Options::default() },
    )
    .unwrap();
    let after = cross_entropy(network.forward(images.view()).unwrap().view(), &labels);
    assert!(after < 0.5 * before, "{before} {after}");
}

#[test]
fn quantisation_aware_training_recovers_what_rounding_loses() {
    let (network, points, labels) = trained(11);
    let score = |logits: Array2<f32>| accuracy(logits.view(), &labels);
    let settings = Settings {
        bits: 2,
        granularity: Granularity::Tensor,
        activation_bits: Some(4),
        ..Settings::default()
    };
    let rounded =
        score(quantise(&network, points.view(), &settings).unwrap().forward(points.view()).unwrap());
    let activations = ActivationTraining::MovingRange { bits: 4 };
    for (weights, activations) in [
        (WeightTraining::StraightThrough { bits: 2, granularity: Granularity::Tensor }, activations),
        (WeightTraining::LearnedStep { bits: 2 }, activations),
        (WeightTraining::LearnedStep { bits: 3 }, ActivationTraining::LearnedClip { bits: 4 }),
        (WeightTraining::Ternary, activations),
        (WeightTraining::LearnedTernary, activations),
        (WeightTraining::DoReFa { bits: 2 }, activations),
    ] {
        let mut student = network.clone();
        let teacher = Some(Teacher { network: &network, share: 0.5, temperature: 2.0 });
        let options = Options {
            epochs: 30,
            rate: 5e-3,
            batch: 50,
            weights,
            activations,
            teacher,
            ..Options::default()
        };
        let quantised = train(&mut student, points.view(), &labels, &options).unwrap();
        let found = score(quantised.forward(points.view()).unwrap());
        assert!(found > rounded.max(0.85), "{weights:?}: {found}, rounding {rounded}");
        // What is returned is quantised: few different weights a layer.
        let mut values: Vec<f32> = quantised.network.layers[1].weights.iter().copied().collect();
        values.sort_by(f32::total_cmp);
        values.dedup();
        assert!(values.len() <= 8, "{weights:?}: {} values", values.len());
    }
}

#[test]
fn integers_alone_give_what_simulation_gives() {
    let (network, points, labels) = trained(13);
    let quantised = quantise(&network, points.view(), &Settings::default()).unwrap();
    let simulated = quantised.forward(points.view()).unwrap();
    let logits: Vec<f64> = simulated.iter().map(|z| f64::from(*z)).collect();
    let output = Grid::of_values(Layout::Asymmetric, 8, &logits).unwrap();
    let integer = IntegerNetwork::new(&quantised, output).unwrap();
    let inputs = integer.quantise(points.view());
    for requantisation in [Requantisation::Float, Requantisation::Dyadic, Requantisation::DyadicTwice] {
        let outputs: Vec<Array2<u8>> = Path::available()
            .into_iter()
            .map(|path| integer.forward(inputs.view(), requantisation, path).unwrap())
            .collect();
        assert!(outputs.windows(2).all(|pair| pair[0] == pair[1]));
        let values = integer.values(&outputs[0]);
        let worst = values
            .iter()
            .zip(&simulated)
            .map(|(a, b)| f64::from((a - b).abs()) / output.scale)
            .fold(0.0, f64::max);
        // Roundings of hidden layers may fall on the other side: a few steps of the output.
        assert!(worst < 8.0, "{requantisation:?}: {worst}");
        let same = accuracy(values.view(), &labels) - accuracy(simulated.view(), &labels);
        assert!(same.abs() < 0.02, "{same}");
    }
}

/// A channel of next to no weights beside a large bias: its scale is kept coarse enough for its sums to fit, and where they do not fit they are refused.
#[test]
fn sums_that_could_leave_32_bits_are_refused() {
    let (mut network, points, _) = trained(14);
    network.layers[1].weights.row_mut(0).fill(-1e-11);
    network.layers[1].biases[0] = 5.0;
    let quantised = quantise(&network, points.view(), &Settings::default()).unwrap();
    let output = Grid::covering(Layout::Asymmetric, 8, -20.0, 20.0).unwrap();
    let integer = IntegerNetwork::new(&quantised, output).unwrap();
    let outputs = integer
        .forward(integer.quantise(points.view()).view(), Requantisation::Dyadic, Path::best())
        .unwrap();
    // Logits beyond the output's grid are clipped in both.
    let simulated = quantised.forward(points.view()).unwrap().mapv(|z| output.snap(f64::from(z)) as f32);
    let worst =
        integer.values(&outputs).iter().zip(&simulated).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(f64::from(worst) < 8.0 * output.scale, "{worst}");
    network.layers[1].biases[0] = 1e9;
    let quantised = quantise(&network, points.view(), &Settings::default()).unwrap();
    let refused = IntegerNetwork::new(&quantised, output).map(|_| ());
    assert_eq!(refused, Err(Error::SumOverflow { output: 0 }));
}

#[test]
fn dynamic_ranges_cover_every_batch() {
    let (network, points, _) = trained(17);
    let real = network.forward(points.view()).unwrap();
    let error = |logits: Array2<f32>| (logits - &real).mapv(|d| d * d).sum();
    let batch = error(forward_dynamic(&network, points.view(), 4, false).unwrap());
    let rows = error(forward_dynamic(&network, points.view(), 4, true).unwrap());
    assert!(rows < batch, "{rows} {batch}");
}

/// For a single dense layer the Hessian of the cross-entropy is known: its trace is Σ_i ‖x_i‖² Σ_c p(1 − p) / n.
#[test]
fn traces_of_a_linear_model() {
    let (points, labels) = data(200, 19);
    let network = Network::perceptron(&[2, 2], &mut coins(19)).unwrap();
    let logits = network.forward(points.view()).unwrap();
    let terms = logits.rows().into_iter().zip(points.rows()).map(|(z, x)| {
        let p = 1.0 / (1.0 + (z[1] - z[0]).exp());
        f64::from(2.0 * p * (1.0 - p) * x.dot(&x))
    });
    let expected = terms.sum::<f64>() / 200.0 / 4.0;
    let found = mean_hessian_traces(&network, points.view(), &labels, 400, &mut coins(20)).unwrap()[0];
    assert!((found / expected - 1.0).abs() < 0.15, "{found} {expected}");
}

#[test]
fn synthesised_inputs_have_the_statistics() {
    let (network, points, _) = trained(23);
    let statistics = Statistics::of(&network, points.view()).unwrap();
    let distance = |inputs: &Array2<f32>| {
        let found = network.layer_inputs(inputs.view()).unwrap();
        let wanted = network.layer_inputs(points.view()).unwrap();
        let mean = |values: &Array2<f32>| values.mean_axis(ndarray::Axis(0)).unwrap();
        found.iter().zip(&wanted).skip(1).map(|(a, b)| (mean(a) - mean(b)).mapv(|d| d * d).sum()).sum::<f32>()
    };
    let start = synthesise(&network, &statistics, 200, 0, &mut coins(24)).unwrap();
    let end = synthesise(&network, &statistics, 200, 300, &mut coins(24)).unwrap();
    assert!(distance(&end) < distance(&start), "{} {}", distance(&end), distance(&start));
    assert!(end.iter().all(|x| (0.0..=1.0).contains(x)));
}

#[test]
fn models_come_back_from_their_files() {
    let network = Network::convolutional(9, &[3], 2, &mut coins(37)).unwrap();
    let bytes = model_file::write(&network).unwrap();
    assert_eq!(model_file::read(&bytes).unwrap().network(), &network);
    let inputs: Array2<f32> = Array2::random_using((30, 81), Uniform::new(0.0, 1.0).unwrap(), &mut coins(38));
    for (bits, granularity) in [
        (8, Granularity::Channel),
        (4, Granularity::Group(5)),
        (3, Granularity::Tensor),
        (2, Granularity::Channel),
    ] {
        let settings = Settings { bits, granularity, ..Settings::default() };
        let quantised = quantise(&network, inputs.view(), &settings).unwrap();
        let bytes = model_file::write_quantised(&quantised).unwrap();
        let back = model_file::read(&bytes).unwrap();
        assert_eq!(back.forward(inputs.view()).unwrap(), quantised.forward(inputs.view()).unwrap(), "{bits}");
    }
    // One broken field at a time: refused, not computed with.
    let settings = Settings { bits: 4, ..Settings::default() };
    let quantised = quantise(&network, inputs.view(), &settings).unwrap();
    let grid = quantised.matrices[0].grid(0, 0);
    for broken in [
        Grid { scale: 0.0, ..grid },
        Grid { scale: f64::NAN, ..grid },
        Grid { zero_point: 300, ..grid },
        Grid { low: 5, high: -5, ..grid },
        Grid { low: i32::MIN, high: i32::MAX, ..grid },
    ] {
        assert!(broken.check().is_err(), "{broken:?}");
        let mut faulty = quantised.clone();
        faulty.activations[0] = Some(broken);
        let refused =
            model_file::write_quantised(&faulty).and_then(|bytes| model_file::read(&bytes)).is_err();
        assert!(refused, "{broken:?}");
    }
    for (side, stride) in [(1 << 40, 2), (9, 0), (9, 1 << 50), ((1 << 61) + 1, 1)] {
        let mut layers = network.layers.clone();
        layers[0].convolution = layers[0].convolution.map(|c| Convolution { side, stride, ..c });
        assert!(Network::from_layers(layers).is_err(), "{side} {stride}");
    }
    for damaged in [&bytes[..20], &bytes[..bytes.len() - 5], b"{}"] {
        assert!(model_file::read(damaged).is_err());
    }
}
