//! Identities, certificates and refusals of the library.

use learned_proximal::classical::{
    denoise_by_total_variation, haar, signal_to_noise, structural_similarity, total_variation,
    total_variation_reconstruction,
};
use learned_proximal::inversion::{StopReason, invert, spectrum};
use learned_proximal::map::Map;
use learned_proximal::network::{Layer, NetworkError, ProximalNetwork, Start, Work};
use learned_proximal::operator::{LeastSquares, Operator, OperatorError};
use learned_proximal::plug_and_play::{self, Until, accelerated, douglas_rachford, proximal_gradient};
use learned_proximal::prior::{Laplace, Mixture, Prior, PriorError, Student, smoothing};
use learned_proximal::residual::ResidualDenoiser;
use learned_proximal::training::{Loss, Sampling, Stage, conditional_slope, loss_gradient, train};
use ndarray::Array2;
use numerics::random::stream;
use proptest::prelude::*;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

fn normal(random: &mut ChaCha8Rng, count: usize) -> Vec<f64> {
    (0..count).map(|_| random.sample(rand_distr::StandardNormal)).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn maps() -> Vec<Map> {
    let convolution = |side, channels, filters, stride| Map::Convolution { side, channels, filters, stride };
    vec![
        Map::Dense { inputs: 5, outputs: 3 },
        convolution(6, 2, 3, 1),
        convolution(6, 2, 3, 2),
        Map::Resized { side: 8, factor: 2, map: Box::new(convolution(4, 1, 2, 2)) },
        Map::Resized { side: 8, factor: 4, map: Box::new(Map::Dense { inputs: 4, outputs: 3 }) },
    ]
}

/// ⟨u, M x⟩ = ⟨Mᵀu, x⟩ = ⟨weights, gradient⟩, and the norm's bound holds.
#[test]
fn maps_are_linear_with_their_adjoint_and_gradient() {
    let mut random = stream(1, &["maps"]);
    for map in maps() {
        assert!(map.is_sound());
        let weights = normal(&mut random, map.weights());
        let (x, u) = (normal(&mut random, 6 * map.inputs()), normal(&mut random, 6 * map.outputs()));
        let (mut image, mut back, mut gradient) =
            (vec![0.0; u.len()], vec![0.0; x.len()], vec![0.0; weights.len()]);
        map.apply(&weights, &x, &mut image);
        map.adjoint(&weights, &u, &mut back);
        map.gradient(&u, &x, &mut gradient);
        let value = dot(&u, &image);
        assert!((value - dot(&back, &x)).abs() < 1e-11 * (1.0 + value.abs()), "{map:?}");
        assert!((value - dot(&gradient, &weights)).abs() < 1e-11 * (1.0 + value.abs()), "{map:?}");
        let bound = map.norm(&weights);
        let one = &x[..map.inputs()];
        let length = |v: &[f64]| dot(v, v).sqrt();
        assert!(length(&image[..map.outputs()]) <= bound * length(one) * (1.0 + 1e-12), "{map:?}");
    }
}

/// A convolution against its definition, pixel by pixel.
#[test]
fn convolutions_are_sums_over_patches() {
    let mut random = stream(2, &["convolution"]);
    for stride in [1, 2] {
        let (side, channels, filters) = (4, 2, 3);
        let map = Map::Convolution { side, channels, filters, stride };
        let (weights, x) = (normal(&mut random, map.weights()), normal(&mut random, map.inputs()));
        let mut image = vec![0.0; map.outputs()];
        map.apply(&weights, &x, &mut image);
        for (place, found) in image.iter().enumerate() {
            let (filter, pixel) = (place % filters, place / filters);
            let (top, left) = (pixel / (side / stride) * stride, pixel % (side / stride) * stride);
            let mut expected = 0.0;
            for line in 0..3 {
                for column in 0..3 {
                    let (i, j) = (top + line, left + column);
                    if (1..=side).contains(&i) && (1..=side).contains(&j) {
                        for channel in 0..channels {
                            let weight =
                                weights[((line * 3 + column) * channels + channel) * filters + filter];
                            expected += weight * x[((i - 1) * side + j - 1) * channels + channel];
                        }
                    }
                }
            }
            assert!((found - expected).abs() < 1e-12);
        }
    }
}

fn networks() -> Vec<ProximalNetwork> {
    let mut random = stream(3, &["networks"]);
    vec![
        ProximalNetwork::dense(3, &[6, 5], true, (10.0, 0.05)).unwrap().with_start(Start::Alive, &mut random),
        ProximalNetwork::dense(2, &[8, 8, 8], false, (1.0, 0.0))
            .unwrap()
            .with_start(Start::Uniform, &mut random),
        ProximalNetwork::convolutional(8, 3, (10.0, 0.02)).unwrap().with_start(Start::Alive, &mut random),
        ProximalNetwork::convolutional(8, 2, (10.0, 0.02))
            .unwrap()
            .with_start(Start::Exponential, &mut random),
    ]
}

/// f is the gradient of ψ, its Jacobian symmetric with eigenvalues from α on and below the certified bound, and f(y) beats all other outputs as a proximal point.
#[test]
fn networks_are_proximal_operators() {
    for network in networks() {
        let mut random = stream(4, &["points"]);
        let n = network.inputs();
        let y = normal(&mut random, 12 * n);
        let mut work = Work::default();
        let pass = network.potential_and_prox(&y, &mut work);
        let values = network.regulariser_at_output(&y, &pass);
        let direction = normal(&mut random, n);
        let along = |step: f64| {
            let moved: Vec<f64> = y[..n].iter().zip(&direction).map(|(y, d)| y + step * d).collect();
            network.potential_and_prox(&moved, &mut Work::default()).potential[0]
        };
        let difference = (along(1e-5) - along(-1e-5)) / 2e-5;
        let expected = dot(&pass.prox[..n], &direction);
        assert!((difference - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{difference} {expected}");
        let found = spectrum(&network, &y, 30, &mut random);
        assert!(found.asymmetry < 1e-12, "{found:?}");
        assert!(
            found.least >= network.alpha() - 1e-9 && found.most <= network.smoothness_bound(),
            "{found:?}"
        );
        for k in 0..12 {
            let objective = |other: usize| {
                let away: f64 = (0..n).map(|i| (pass.prox[other * n + i] - y[k * n + i]).powi(2)).sum();
                values[other] + 0.5 * away
            };
            for other in 0..12 {
                assert!(objective(other) >= objective(k) - 1e-10 * (1.0 + objective(k).abs()));
            }
        }
    }
}

/// The gradient of a loss by central differences of step 1e-5, through convolutions and resized inputs too.
#[test]
fn loss_gradients_are_derivatives() {
    for network in networks() {
        let mut random = stream(5, &["losses"]);
        let n = network.inputs();
        let (x, y) = (normal(&mut random, 3 * n), normal(&mut random, 3 * n));
        for loss in [Loss::Squared, Loss::Matching { gamma: 3.0 * (n as f64).sqrt() }] {
            let mut works = Vec::new();
            let mut value = |network: &ProximalNetwork| {
                loss_gradient(network, &y, &mut works, &|rows, f, c| {
                    loss.slope(f, &x[rows.start * n..rows.end * n], n, 3, c)
                })
            };
            let (_, gradient) = value(&network);
            let direction = normal(&mut random, gradient.len());
            let mut along = |step: f64| {
                let mut moved = network.clone();
                moved.parameters.iter_mut().zip(&direction).for_each(|(p, d)| *p += step * d);
                value(&moved).0
            };
            let difference = (along(1e-5) - along(-1e-5)) / 2e-5;
            let expected = dot(&gradient, &direction);
            assert!(
                (difference - expected).abs() < 1e-6 * (1.0 + expected.abs()),
                "{loss:?}: {difference} {expected}"
            );
        }
    }
}

/// Of the public code's network: 317,056 for 28 pixels and 64 filters.
#[test]
fn the_published_network_has_its_number_of_parameters() {
    assert_eq!(ProximalNetwork::convolutional(28, 64, (10.0, 0.02)).unwrap().parameters.len(), 317_056);
}

#[test]
fn what_is_no_network_is_refused() {
    assert!(matches!(ProximalNetwork::convolutional(10, 2, (10.0, 0.0)), Err(NetworkError::Side(10))));
    assert!(ProximalNetwork::dense(2, &[], true, (10.0, 0.0)).is_err());
    assert!(ProximalNetwork::dense(2, &[3, 0], true, (10.0, 0.0)).is_err());
    assert!(ProximalNetwork::dense(2, &[3], true, (0.0, 0.0)).is_err());
    assert!(ProximalNetwork::dense(2, &[3], true, (1.0, f64::NAN)).is_err());
    let shape = ProximalNetwork::dense(2, &[3, 3], true, (10.0, 0.0)).unwrap();
    let count = shape.parameters.len();
    assert!(matches!(shape.clone().with_parameters(vec![0.0; 3]), Err(NetworkError::Parameters { .. })));
    let mut negative = vec![0.1; count];
    negative[9] = -0.1;
    assert_eq!(shape.clone().with_parameters(negative).unwrap_err(), NetworkError::Parameter(9));
    assert!(shape.with_parameters(vec![f64::INFINITY; count]).is_err());
    let misfit = Layer {
        convex: Some(Map::Dense { inputs: 4, outputs: 3 }),
        input: Map::Dense { inputs: 2, outputs: 3 },
        bias: true,
    };
    let first = Layer { convex: None, input: Map::Dense { inputs: 2, outputs: 3 }, bias: true };
    assert_eq!(
        ProximalNetwork::new(vec![first, misfit], true, 1.0, 0.0).unwrap_err(),
        NetworkError::Layer(1)
    );
    assert!(!Map::Convolution { side: 5, channels: 1, filters: 1, stride: 2 }.is_sound());
}

/// Newton's method gives back what went in, and its bounds hold the value.
#[test]
fn inversions_have_bounds_that_close() {
    for network in networks().into_iter().filter(|network| network.alpha() > 0.0) {
        let mut random = stream(6, &["inversion"]);
        let n = network.inputs();
        let y = normal(&mut random, n);
        let pass = network.potential_and_prox(&y, &mut Work::default());
        let value = network.regulariser_at_output(&y, &pass)[0];
        let found = invert(&network, &pass.prox, 1e-11, 300);
        assert_eq!(found.reason, StopReason::Converged, "{found:?}");
        let upper = found.upper.unwrap();
        let slack = 1e-12 * (1.0 + value.abs());
        assert!(found.lower <= value + slack && value <= upper + slack, "{} {value} {upper}", found.lower);
        assert!(upper - found.lower < 1e-9, "{found:?}");
        // One step is not enough: the bounds say so, and still hold.
        let early = invert(&network, &pass.prox, 1e-12, 1);
        assert!(early.lower <= value + slack && value <= early.upper.unwrap() + slack);
    }
}

fn operators(random: &mut ChaCha8Rng) -> Vec<Operator> {
    vec![
        Operator::Matrix(Array2::from_shape_simple_fn((5, 36), || random.random_range(-1.0..1.0))),
        Operator::mask(36, vec![0, 3, 3, 17, 35]).unwrap(),
        Operator::blur(6, 1.0).unwrap(),
        Operator::circulant(36, 9, random).unwrap(),
    ]
}

#[test]
fn measurements_have_their_adjoint_norm_and_proximal_operator() {
    let mut random = stream(7, &["operators"]);
    for operator in operators(&mut random) {
        let (x, u) = (normal(&mut random, operator.inputs()), normal(&mut random, operator.outputs()));
        let image = operator.apply(&x);
        let value = dot(&u, &image);
        assert!((value - dot(&operator.adjoint(&u), &x)).abs() < 1e-11 * (1.0 + value.abs()));
        assert!(dot(&image, &image) <= operator.squared_norm() * dot(&x, &x) * (1.0 + 1e-12));
        let h = LeastSquares { operator, observed: u, weight: 0.7 };
        let z = h.prepare(0.3).at(&x);
        // 0 = ∇h(z) + ρ(z − x).
        let slope: Vec<f64> =
            h.gradient(&z).iter().zip(z.iter().zip(&x)).map(|(g, (z, x))| g + 0.3 * (z - x)).collect();
        assert!(dot(&slope, &slope).sqrt() < 1e-10);
    }
    assert_eq!(Operator::mask(4, vec![4]).err(), Some(OperatorError::Place { place: 4, inputs: 4 }));
    assert!(
        Operator::mask(4, vec![]).is_err()
            && Operator::blur(6, 3.0).is_err()
            && Operator::blur(6, 0.0).is_err()
    );
    assert!(Operator::circulant(4, 5, &mut random).is_err());
}

/// Kernels sum to one: a constant image is constant where the kernel fits.
#[test]
fn blurs_keep_the_mean() {
    let blurred = Operator::blur(9, 1.0).unwrap().apply(&[2.0; 81]);
    assert!((blurred[6 * 13 + 6] - 2.0).abs() < 1e-14 && (blurred.iter().sum::<f64>() - 162.0).abs() < 1e-10);
}

/// All three methods end at points where F's gradient is zero; F does not rise with plain steps.
#[test]
fn plug_and_play_descends_and_ends_at_stationary_points() {
    let network = &networks()[0];
    let mut random = stream(8, &["plug"]);
    let matrix = Array2::from_shape_simple_fn((4, 3), || random.random_range(-1.0..1.0));
    let h =
        LeastSquares { operator: Operator::Matrix(matrix), observed: normal(&mut random, 4), weight: 1.0 };
    let (smoothness, until) = (h.smoothness(), Until { steps: 50_000, change: 1e-12 });
    let start = [2.0, -1.0, 0.5];
    let plain = proximal_gradient(network, &h, &start, 0.9 / smoothness, until);
    let fast = accelerated(network, &h, &start, 0.9 / smoothness, until);
    for trace in [&plain, &fast] {
        let last = trace.entries[trace.entries.len() - 1];
        assert_eq!(trace.reason, plug_and_play::StopReason::Converged);
        assert!(last.residual < 1e-9 && trace.rise.unwrap() < 1e-12, "{last:?} {:?}", trace.rise);
    }
    // ADMM minimises h + ρR, proximal gradients h + R/η.
    let split = douglas_rachford(network, &h, &start, 1.2 * smoothness, until);
    assert!(split.rise.unwrap() < 1e-12);
    let same =
        proximal_gradient(network, &h, &split.x, 1.0 / (1.2 * smoothness), Until { steps: 1, change: 0.0 });
    assert!(same.entries[0].change < 1e-9, "{:?}", same.entries[0]);
}

#[test]
fn steps_beyond_the_limit_diverge() {
    struct Scaled;
    impl plug_and_play::Denoiser for Scaled {
        fn denoise(&self, y: &[f64], _: &mut Work) -> (Vec<f64>, Option<f64>) {
            (y.iter().map(|y| 2.0 * y).collect(), None)
        }
    }
    let h = LeastSquares { operator: Operator::Matrix(Array2::eye(2)), observed: vec![0.0; 2], weight: 1.0 };
    let until = Until { steps: 100_000, change: 1e-12 };
    assert_eq!(
        proximal_gradient(&Scaled, &h, &[1.0, 1.0], 1.49, until).reason,
        plug_and_play::StopReason::Converged
    );
    let lost = proximal_gradient(&Scaled, &h, &[1.0, 1.0], 1.51, until);
    assert_eq!((lost.reason, lost.rise), (plug_and_play::StopReason::Diverged, None));
}

/// The gap certifies the objective; a constant image has none; Haar's transform keeps lengths and is undone by its inverse.
#[test]
fn classical_methods_keep_their_promises() {
    let mut random = stream(9, &["classical"]);
    let b = normal(&mut random, 100);
    let rough = denoise_by_total_variation(&b, 10, 0.3, 1e-2, 10_000);
    let fine = denoise_by_total_variation(&b, 10, 0.3, 1e-8, 50_000);
    assert!(
        fine.objective <= rough.objective
            && rough.objective - rough.gap.unwrap() <= fine.objective * (1.0 + 1e-12)
    );
    assert!(fine.gap.unwrap() <= 1e-8 * fine.objective);
    // Another method for the same problem.
    let h = LeastSquares { operator: Operator::Matrix(Array2::eye(100)), observed: b.clone(), weight: 1.0 };
    let other = total_variation_reconstruction(&h, 10, 0.3, 20_000);
    assert!(
        (other.objective - fine.objective).abs() < 1e-6 * fine.objective,
        "{} {}",
        other.objective,
        fine.objective
    );
    assert!(total_variation(&[3.0; 100], 10) == 0.0);
    for side in [8, 12, 28] {
        let x = normal(&mut random, side * side);
        let mut y = x.clone();
        haar(&mut y, side, false);
        assert!((dot(&x, &x) - dot(&y, &y)).abs() < 1e-10 * dot(&x, &x));
        haar(&mut y, side, true);
        assert!(x.iter().zip(&y).all(|(x, y)| (x - y).abs() < 1e-13));
    }
    assert!((signal_to_noise(&[0.1; 4], &[0.0; 4]) - 20.0).abs() < 1e-12);
    assert!((structural_similarity(&b, &b, 10) - 1.0).abs() < 1e-12);
}

/// Two hundred of its steps lower the loss, and its Jacobian is not symmetric.
#[test]
fn the_residual_denoiser_learns() {
    let mut random = stream(10, &["residual"]);
    let data = Array2::from_shape_fn((20, 64), |(i, k)| f64::from(u8::from((k + i) % 8 < 4)));
    let mut denoiser = ResidualDenoiser::new(8, 4, 3, &mut random);
    let losses = denoiser.train(data.view(), (0.2, 16, 200, 3e-3), &mut random).unwrap();
    let (first, last) = (losses[..20].iter().sum::<f64>(), losses[180..].iter().sum::<f64>());
    assert!(last < 0.7 * first, "{first} {last}");
    let (a, b) = (normal(&mut random, 64), normal(&mut random, 64));
    assert!(denoiser.asymmetry(&data.row(0).to_vec(), &a, &b) > 1e-4);
}

/// Squared loss falls on data of two points, and what has to be convex stays so.
#[test]
fn training_lowers_the_loss_and_keeps_convexity() {
    let mut random = stream(11, &["training"]);
    let data = Array2::from_shape_fn((50, 2), |(i, k)| if (i + k) % 2 == 0 { 1.0 } else { -1.0 });
    let mut network =
        ProximalNetwork::dense(2, &[8, 8], true, (10.0, 0.01)).unwrap().with_start(Start::Alive, &mut random);
    let sampling = Sampling { sigma: 0.3, batch: 32, convex: true };
    let stages = [Stage { loss: Loss::Squared, steps: 300, rate: 1e-2 }];
    let losses = train(&mut network, data.view(), &sampling, &stages, &mut random).unwrap();
    assert!(losses[280..].iter().sum::<f64>() < 0.5 * losses[..20].iter().sum::<f64>());
    assert!(network.clone().checked().is_ok(), "convex weights stay at least zero");
    let wild = [Stage { loss: Loss::Squared, steps: 5, rate: 1e200 }];
    assert!(train(&mut network, data.view(), &sampling, &wild, &mut random).is_err());
}

/// Matching lies between: as γ falls towards the mode, as it grows towards the mean.
#[test]
fn matching_goes_from_the_mode_to_the_mean() {
    let prior = Laplace::new(1.0).unwrap();
    for y in [-3.0, -0.4, 0.0, 1.0, 2.5] {
        assert!((prior.matched(y, 1.0, 1e-3).value - prior.map(y, 1.0)).abs() < 5e-3);
        assert!((prior.matched(y, 1.0, 1e3).value - prior.mmse(y, 1.0)).abs() < 1e-5);
    }
    assert!((smoothing(1.0, 1e9) - 1.0).abs() < 1e-15 && (smoothing(1.0, 1e200) - 1.0).abs() < 1e-15);
    assert!((prior.matched(2.0, 1.0, 1e200).value - prior.mmse(2.0, 1.0)).abs() < 1e-15);
    // Student's law is smooth at its own scale: noise far wider is no harder.
    let student = Student::new(3.0).unwrap();
    assert!((student.mmse(5.0, 100.0) - 5.0 * 3.0 / 1e4).abs() < 2e-4, "{}", student.mmse(5.0, 100.0));
    assert_eq!(Laplace::new(0.0).unwrap_err(), PriorError::Positive { name: "the scale", value: 0.0 });
    assert!(matches!(Mixture::new(vec![[0.5, 0.0, 1.0]]), Err(PriorError::Weights(_))));
    assert!(Mixture::new(vec![]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    /// Each exact map is where its expected loss is stationary, which is what populations are trained by.
    #[test]
    fn exact_maps_are_stationary(y in -6.0..6.0_f64, sigma in 0.3..2.0_f64, gamma in 0.1..3.0_f64) {
        let mixture = Mixture::new(vec![[0.4, -1.0, 0.5], [0.6, 0.8, 0.3]]).unwrap();
        let laplace = Laplace::new(0.8).unwrap();
        for prior in [&mixture as &dyn Prior, &laplace] {
            let slope = |loss, f| conditional_slope(prior, sigma, loss, y, f);
            prop_assert!(slope(Loss::Squared, prior.mmse(y, sigma)).abs() < 1e-12);
            prop_assert!(slope(Loss::Absolute, prior.median(y, sigma).unwrap()).abs() < 1e-9);
            let matched = prior.matched(y, sigma, gamma).value;
            let at_matched = slope(Loss::Matching { gamma }, matched).abs();
            prop_assert!(at_matched < 1e-8 * (1.0 + 1.0 / gamma.powi(2)));
            // Maps grow with the datum, as proximal operators of one dimension do.
            prop_assert!(prior.matched(y + 0.1, sigma, gamma).value >= matched - 1e-12);
            // ∇R(f(y)) = y − f(y), by a difference.
            let near = prior.matched(y + 1e-4, sigma, gamma);
            let here = prior.matched(y, sigma, gamma);
            if (near.value - here.value).abs() < 1e-3 && (near.value - here.value).abs() > 1e-7 {
                let slope = (near.regulariser - here.regulariser) / (near.value - here.value);
                prop_assert!((slope - (y + 5e-5 - 0.5 * (near.value + here.value))).abs() < 1e-3, "{slope}");
            }
        }
    }
}
