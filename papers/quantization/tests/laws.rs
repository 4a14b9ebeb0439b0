//! Identities, invariances, and other methods' answers.

use ndarray::{Array1, Array2, array};
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::{StandardNormal, Uniform};
use proptest::prelude::*;
use quantization::calibration::{Calibration, MovingRange};
use quantization::granularity::{Granularity, QuantisedMatrix, grids};
use quantization::integer::{Dyadic, IntegerNetwork, Requantisation};
use quantization::kernels::{BinaryMatrix, LONGEST_SUM, LowBitMatrix, LowBits, PackedWeights, Path};
use quantization::mixed_precision::{allocate, allocate_exhaustively, mean_hessian_traces};
use quantization::network::{Convolution, Network, accuracy, cross_entropy};
use quantization::nonuniform::{BinaryCode, Codebook, dorefa};
use quantization::post_training::{adaptive_rounding, equalise, gptq, gram, optimal_brain, output_error};
use quantization::product::ProductCode;
use quantization::quantise::{Method, Settings, forward_dynamic, quantise};
use quantization::training::{ActivationTraining, Options, Teacher, WeightTraining, train};
use quantization::uniform::{Grid, Layout};
use quantization::zero_shot::{Statistics, synthesise};
use quantization::{Error, model_file};
use rand::Rng;

fn coins(seed: u64) -> rand_chacha::ChaCha8Rng {
    numerics::random::stream(seed, &["laws"])
}

fn normal(shape: (usize, usize), seed: u64) -> Array2<f64> {
    Array2::random_using(shape, StandardNormal, &mut coins(seed))
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A value inside the range is off by half a step at most; integers come back as they are; zero stays zero.
    #[test]
    fn grids_round_to_nearest(bits in 2u32..9, low in -5.0f64..5.0, width in 0.01f64..10.0, at in 0.0f64..1.0) {
        for layout in [Layout::Symmetric, Layout::SymmetricFull, Layout::Asymmetric] {
            let grid = Grid::covering(layout, bits, low, low + width).unwrap();
            let value = low + at * width;
            // The zero point is rounded, which can push an end out by half a step.
            let reach = if layout == Layout::Symmetric { 0.5 } else { 1.0 };
            prop_assert!((grid.snap(value) - value).abs() <= reach * grid.scale * (1.0 + 1e-9));
            prop_assert_eq!(grid.snap(0.0), 0.0);
            for integer in grid.low..=grid.high {
                prop_assert_eq!(grid.quantise(grid.value(integer)), integer);
            }
            prop_assert!((grid.low..=grid.high).contains(&grid.zero_point));
            prop_assert_eq!(grid.bits(), bits);
        }
    }

    /// All paths of this processor give the integers of plain multiplication, for unsigned and signed inputs, whatever the shape.
    #[test]
    fn paths_agree(rows in 1usize..20, inputs in 1usize..70, outputs in 1usize..140, seed in 0u64..1000) {
        let mut random = coins(seed);
        let weights = Array2::from_shape_simple_fn((outputs, inputs), || random.random::<i8>());
        let unsigned = Array2::from_shape_simple_fn((rows, inputs), || random.random::<u8>());
        let signed = unsigned.mapv(|x| x as i8);
        let wide = weights.mapv(i32::from);
        let packed = PackedWeights::new(weights.view()).unwrap();
        for path in Path::available() {
            prop_assert_eq!(packed.multiply(unsigned.view(), path).unwrap(), unsigned.mapv(i32::from).dot(&wide.t()));
            prop_assert_eq!(packed.multiply_signed(signed.view(), path).unwrap(), signed.mapv(i32::from).dot(&wide.t()));
        }
    }

    /// So do packed weights of 8, 4 and 2 bits with a vector, and signs.
    #[test]
    fn low_bits_agree(inputs in 1usize..600, outputs in 1usize..9, seed in 0u64..1000) {
        let mut random = coins(seed);
        let vector: Vec<i8> = (0..inputs).map(|_| random.random()).collect();
        for (width, half) in [(LowBits::Eight, 128), (LowBits::Four, 8), (LowBits::Two, 2)] {
            let integers = Array2::from_shape_simple_fn((outputs, inputs), || random.random_range(-half..half));
            let matrix = LowBitMatrix::new(integers.view(), &vec![1.0; outputs], width).unwrap();
            let expected = integers.dot(&Array1::from_iter(vector.iter().map(|x| i32::from(*x))));
            for path in Path::available() {
                prop_assert_eq!(matrix.sums(&vector, path).unwrap(), expected.to_vec(), "{:?} {}", width, path);
            }
        }
        let weights = normal((outputs, inputs), seed);
        let values: Vec<f64> = vector.iter().map(|x| f64::from(*x)).collect();
        let binary = BinaryMatrix::new(weights.view()).unwrap();
        let sign = |x: f64| if x >= 0.0 { 1.0 } else { -1.0 };
        for path in Path::available() {
            for (row, found) in weights.rows().into_iter().zip(binary.multiply(&values, path).unwrap()) {
                let scale = row.iter().map(|w| w.abs()).sum::<f64>() / inputs as f64;
                let sum: f64 = row.iter().zip(&values).map(|(w, x)| sign(*w) * sign(*x)).sum();
                prop_assert!((f64::from(found) - scale * sum).abs() < 1e-3, "{} {}", found, scale * sum);
            }
        }
    }

    /// One-dimensional k-means against all ways to cut the sorted values.
    #[test]
    fn codebooks_are_optimal(values in prop::collection::vec(-10.0f64..10.0, 2..12)) {
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let error = |part: &[f64]| {
            let mean = part.iter().sum::<f64>() / part.len() as f64;
            part.iter().map(|x| (x - mean).powi(2)).sum::<f64>()
        };
        let least = (1..sorted.len()).map(|cut| error(&sorted[..cut]) + error(&sorted[cut..])).fold(error(&sorted), f64::min);
        let found = Codebook::optimal(1, &values).unwrap().mean_squared_error(&values) * values.len() as f64;
        prop_assert!((found - least).abs() < 1e-9 * (1.0 + least), "{} {}", found, least);
        let finer = Codebook::optimal(2, &values).unwrap().mean_squared_error(&values) * values.len() as f64;
        prop_assert!(finer <= found + 1e-9);
    }

    /// A dyadic number is within a rounding of the factor it stands for.
    #[test]
    fn dyadic_numbers_are_close(factor in 1e-6f64..4.0, sum in -1_000_000i32..1_000_000) {
        let dyadic = Dyadic::nearest(factor).unwrap();
        prop_assert!((dyadic.apply(sum) as f64 - f64::from(sum) * factor).abs() <= 0.5 + 1e-3);
        prop_assert!((dyadic.apply_twice(sum) as f64 - f64::from(sum) * factor).abs() <= 1.0 + 1e-3);
    }

    /// The integer program finds what trying all finds.
    #[test]
    fn budgets_are_spent_optimally(seed in 0u64..1000, layers in 1usize..6, share in 0.0f64..1.0) {
        let mut random = coins(seed);
        let bits = [2, 4, 8];
        let parameters: Vec<f64> = (0..layers).map(|_| random.random_range(1..1000) as f64).collect();
        let sensitivity = Array2::from_shape_fn((layers, 3), |(_, b)| random.random_range(0.1..1.0) / 4f64.powi(bits[b] as i32));
        let budget = parameters.iter().sum::<f64>() * (2.0 + 6.0 * share);
        let total = |choice: Vec<usize>| choice.iter().enumerate().map(|(i, b)| sensitivity[(i, *b)]).sum::<f64>();
        let found = total(allocate(sensitivity.view(), &parameters, &bits, budget).unwrap());
        let expected = total(allocate_exhaustively(sensitivity.view(), &parameters, &bits, budget).unwrap());
        prop_assert!((found - expected).abs() <= 1e-7 * expected, "{} {}", found, expected);
    }
}

#[test]
fn stochastic_rounding_has_no_bias() {
    let grid = Grid { scale: 1.0, zero_point: 0, low: -128, high: 127 };
    let mut random = coins(0);
    for value in [0.1, 0.5, -2.75] {
        let draws = 200_000;
        let sum: f64 = (0..draws).map(|_| f64::from(grid.quantise_stochastically(value, &mut random))).sum();
        let fraction = value - f64::floor(value);
        let sigma = (fraction * (1.0 - fraction) / f64::from(draws)).sqrt();
        assert!((sum / f64::from(draws) - value).abs() < 4.0 * sigma, "{value}");
    }
}

#[test]
fn outliers_are_clipped_by_calibration() {
    let mut values: Vec<f64> = normal((1, 2000), 1).into_iter().collect();
    values.push(40.0);
    let error = |calibration: Calibration| {
        calibration.grid(Layout::Symmetric, 4, &values).unwrap().mean_squared_error(&values)
    };
    let (all, least) = (error(Calibration::MinMax), error(Calibration::MeanSquaredError));
    assert!(least <= all);
    for other in [
        Calibration::Percentile { upper: 99.9 },
        Calibration::Entropy,
        Calibration::AnalyticGauss,
        Calibration::AnalyticLaplace,
    ] {
        let error = error(other);
        assert!(error >= least - 1e-12 && error < all, "{other:?}: {error} {all}");
    }
    // Far from zero, and without spread: a range all the same.
    for values in [vec![10.0, 10.1, 10.2], vec![0.5; 4], vec![-3.0, -2.9]] {
        for layout in [Layout::Symmetric, Layout::Asymmetric] {
            for calibration in
                [Calibration::Entropy, Calibration::AnalyticGauss, Calibration::AnalyticLaplace]
            {
                let grid = calibration.grid(layout, 8, &values).unwrap();
                assert!(
                    (grid.snap(values[0]) / values[0] - 1.0).abs() < 0.1,
                    "{calibration:?} {layout:?} {values:?}: {grid:?}"
                );
            }
        }
    }
    let mut moving = MovingRange::new(0.9).unwrap();
    assert_eq!(moving.range(), None);
    moving.observe(&[-1.0, 3.0]).unwrap();
    moving.observe(&[-2.0, 1.0]).unwrap();
    let (low, high) = moving.range().unwrap();
    assert!((low + 1.1).abs() < 1e-12 && (high - 2.8).abs() < 1e-12);
}

#[test]
fn finer_granularity_loses_less() {
    let mut weights = normal((8, 64), 2);
    for (row, mut values) in weights.rows_mut().into_iter().enumerate() {
        values *= 2f64.powi(row as i32);
    }
    let error = |granularity| {
        let matrix =
            QuantisedMatrix::new(weights.view(), granularity, Layout::Symmetric, 4, Calibration::MinMax)
                .unwrap();
        ((matrix.values() - &weights).mapv(|d| d * d).sum(), matrix.size_bits())
    };
    let by =
        [Granularity::Tensor, Granularity::ChannelGroup(2), Granularity::Channel, Granularity::Group(16)]
            .map(error);
    assert!(by.windows(2).all(|pair| pair[1].0 < pair[0].0 && pair[1].1 > pair[0].1), "{by:?}");
}

#[test]
fn rounding_with_the_hessian_loses_less() {
    let weights = normal((6, 20), 3);
    let mixing = normal((20, 20), 4);
    let inputs = normal((400, 20), 5).dot(&mixing).mapv(|x| x as f32);
    let gram = gram(inputs.view()).unwrap();
    let grids =
        grids(weights.view(), Granularity::Channel, Layout::Symmetric, 3, Calibration::MinMax).unwrap();
    let loss = |matrix: &QuantisedMatrix| output_error(weights.view(), matrix.values().view(), gram.view());
    let nearest =
        QuantisedMatrix::new(weights.view(), Granularity::Channel, Layout::Symmetric, 3, Calibration::MinMax)
            .unwrap();
    let one = gptq(weights.view(), gram.view(), &grids, Granularity::Channel, 0.01).unwrap();
    let two = optimal_brain(weights.view(), gram.view(), &grids, Granularity::Channel, 0.01).unwrap();
    let three =
        adaptive_rounding(weights.view(), gram.view(), &grids, Granularity::Channel, &Default::default())
            .unwrap();
    for better in [&one, &two, &three] {
        assert!(loss(better) < loss(&nearest), "{} {}", loss(better), loss(&nearest));
    }
    // A diagonal Hessian gives nothing to make up: both are rounding to nearest.
    let diagonal = Array2::from_diag(&gram.diag().to_owned());
    assert_eq!(
        gptq(weights.view(), diagonal.view(), &grids, Granularity::Channel, 0.0).unwrap().integers,
        nearest.integers
    );
    assert_eq!(
        optimal_brain(weights.view(), diagonal.view(), &grids, Granularity::Channel, 0.0).unwrap().integers,
        nearest.integers
    );
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
fn codes_refine_and_products_cluster() {
    let values: Vec<f64> = normal((1, 300), 29).into_iter().collect();
    let greedy = BinaryCode::greedy(3, &values).unwrap();
    let error =
        |code: &BinaryCode| code.values().iter().zip(&values).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let before = error(&greedy);
    assert!(error(&greedy.refined(&values, 10)) < before);
    let weights = normal((16, 12), 30);
    let loss = |centroids: usize| {
        let code = ProductCode::new(weights.view(), 3, centroids, &[1.0; 12], 15, &mut coins(31)).unwrap();
        ((code.values() - &weights).mapv(|d| d * d).sum(), code.size_bits())
    };
    assert!(loss(16).0 < loss(4).0 && loss(16).1 > loss(4).1);
    assert!(loss(64).0 < 1e-20, "as many centroids as pieces");
    assert!(
        dorefa(2, &values)
            .unwrap()
            .iter()
            .all(|x| [-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0].iter().any(|l| (x - l).abs() < 1e-12))
    );
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

#[test]
fn faults_are_named() {
    let text = |error: Error| error.to_string();
    assert_eq!(
        Grid::covering(Layout::Symmetric, 1, -1.0, 1.0).map_err(text),
        Err("the number of bits is 1; it must be from 2 to 16 for symmetric grids".into())
    );
    assert_eq!(Grid::of_values(Layout::Asymmetric, 8, &[]).map_err(text), Err("the tensor is empty".into()));
    assert_eq!(
        Grid::of_values(Layout::Asymmetric, 8, &[0.0, 0.0]).unwrap().scale,
        1.0,
        "all zeros get scale 1"
    );
    assert!(matches!(
        Grid::of_values(Layout::Asymmetric, 8, &[f64::NAN]),
        Err(Error::NotFinite { index: 0, .. })
    ));
    assert!(matches!(
        PackedWeights::new(Array2::zeros((1, LONGEST_SUM + 1)).view()),
        Err(Error::AccumulatorOverflow { .. })
    ));
    assert!(LowBitMatrix::new(array![[8]].view(), &[1.0], LowBits::Four).is_err());
    assert!(matches!(allocate(array![[1.0]].view(), &[10.0], &[2], 19.0), Err(Error::Budget { .. })));
    let mut network = Network::perceptron(&[2, 2], &mut coins(0)).unwrap();
    assert!(quantise(&network, Array2::zeros((0, 2)).view(), &Settings::default()).is_err());
    assert!(network.forward(Array2::zeros((1, 3)).view()).is_err());
    network.layers[0].weights[(0, 0)] = f32::NAN;
    assert!(matches!(Network::from_layers(network.layers.clone()), Err(Error::NotFinite { .. })));
    let settings = Settings { method: Method::Gptq, ..Settings::default() };
    assert!(quantise(&network, Array2::zeros((4, 2)).view(), &settings).is_err());
}
