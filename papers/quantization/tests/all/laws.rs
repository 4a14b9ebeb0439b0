//! Identities, invariances, and other methods' answers.

use ndarray::{Array1, Array2, ArrayView2, array};
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::StandardNormal;
use proptest::prelude::*;
use quantization::Error;
use quantization::calibration::{Calibration, MovingRange};
use quantization::granularity::{Granularity, QuantisedMatrix, grids};
use quantization::integer::{Dyadic, IntegerNetwork};
use quantization::kernels::{BinaryMatrix, LONGEST_SUM, LowBitMatrix, LowBits, PackedWeights, Path};
use quantization::mixed_precision::{allocate, allocate_exhaustively};
use quantization::network::Network;
use quantization::nonuniform::{BinaryCode, Codebook, dorefa};
use quantization::post_training::{adaptive_rounding, gptq, gram, optimal_brain, output_error};
use quantization::product::ProductCode;
use quantization::quantise::{Method, Settings, quantise};
use quantization::uniform::{Grid, Layout};
use rand::Rng;

fn coins(seed: u64) -> rand_chacha::ChaCha8Rng {
    numerics::random::stream(seed, &["laws"])
}

fn normal(shape: (usize, usize), seed: u64) -> Array2<f64> {
    Array2::random_using(shape, StandardNormal, &mut coins(seed))
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

    /// Rows that are quantised at once round as values one by one: halves and their neighbours, what lies outside the range, scales without a reciprocal.
    #[test]
    fn rows_round_as_values_do(exponent in -1060i32..120, odd in any::<bool>(), zero_point in 0i32..256, seed in 0u64..1000) {
        let mut random = coins(seed);
        let scale = 2f64.powi(exponent) * if odd { random.random_range(1.0..2.0) } else { 1.0 };
        let grid = Grid { scale, zero_point, low: 0, high: 255 };
        let mut values: Vec<f32> = (0..600).map(|_| (f64::from(random.random_range(-600..600)) / 2.0 * scale) as f32).collect();
        values.extend_from_within(..100);
        values[600..].iter_mut().for_each(|value| *value = value.next_up());
        values.extend((0..200).map(|_| (random.random_range(-300.0..300.0) * scale) as f32));
        values.extend([f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, f32::MAX, f32::MIN_POSITIVE]);
        let expected: Vec<u8> = values.iter().map(|value| grid.quantise(f64::from(*value)) as u8).collect();
        let network = IntegerNetwork::from_layers(Vec::new(), grid, grid);
        let found = network.quantise(ArrayView2::from_shape((1, values.len()), &values).unwrap());
        prop_assert_eq!(found.into_raw_vec_and_offset().0, expected);
    }

    /// All paths of this processor give the integers of plain multiplication, for unsigned and signed inputs, whatever the shape: few rows are shared out by outputs, many by rows.
    #[test]
    fn paths_agree(rows in 0usize..300, inputs in 1usize..200, outputs in 1usize..140, seed in 0u64..1000) {
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

    /// What converts sums may multiply on its own, on the same thread.
    #[test]
    fn a_conversion_may_multiply(rows in 70usize..140, seed in 0u64..1000) {
        let mut random = coins(seed);
        let weights = Array2::from_shape_simple_fn((40, 90), || random.random::<i8>());
        let inputs = Array2::from_shape_simple_fn((rows, 90), || random.random::<u8>());
        let packed = PackedWeights::new(weights.view()).unwrap();
        let one = inputs.slice(ndarray::s![..1, ..]);
        for path in Path::available() {
            let expected = packed.multiply(inputs.view(), path).unwrap();
            let first = expected[(0, 0)];
            let found = packed.convert(inputs.view(), path, |_, sums, out| {
                let again = packed.multiply(one, path).unwrap()[(0, 0)];
                out.iter_mut().zip(sums).for_each(|(out, sum)| *out = sum.wrapping_add(again));
            });
            prop_assert_eq!(found.unwrap(), expected.mapv(|sum| sum.wrapping_add(first)));
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
    assert!(matches!(
        Network::from_layers(network.layers.clone()),
        Err(networks::NetworkError::Parameter(0))
    ));
    let settings = Settings { method: Method::Gptq, ..Settings::default() };
    assert!(quantise(&network, Array2::zeros((4, 2)).view(), &settings).is_err());
}
