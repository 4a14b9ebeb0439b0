//! Identities that hold for every network.

use ndarray::{Array1, Array2, Axis, array};
use ndarray_rand::RandomExt;
use ndarray_rand::rand_distr::StandardNormal;
use networks::{
    ACTIVATIONS, Activation, Adam, Initialisation, Loss, Momentum, Network, NetworkError, Optimiser,
    Parametrisation, Training, accuracy, one_hot, softmax, train,
};
use numerics::random::stream;
use proptest::prelude::*;

const LOSSES: [Loss; 3] = [Loss::Squared, Loss::CrossEntropy, Loss::Logistic];

fn problem(
    widths: &[usize],
    activation: Activation,
    loss: Loss,
    rows: usize,
    seed: u64,
) -> (Network<f64>, Array2<f64>, Array2<f64>) {
    let mut random = stream(seed, &["networks", "laws"]);
    let network =
        Network::new(widths, activation, Parametrisation::Standard, Initialisation::FanIn, &mut random)
            .unwrap();
    let x = Array2::random_using((rows, widths[0]), StandardNormal, &mut random);
    let outputs = widths[widths.len() - 1];
    let y = match loss {
        Loss::Squared => Array2::random_using((rows, outputs), StandardNormal, &mut random),
        Loss::CrossEntropy => one_hot(&(0..rows).map(|row| row % outputs).collect::<Vec<_>>(), outputs),
        Loss::Logistic => {
            Array2::from_shape_fn((rows, outputs), |(i, j)| if (i + j) % 3 == 0 { 1.0 } else { -1.0 })
        }
    };
    (network, x, y)
}

fn activation() -> impl Strategy<Value = Activation> {
    (0..ACTIVATIONS.len()).prop_map(|place| ACTIVATIONS[place].0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn products_are_derivatives_of_gradients(activation in activation(), loss in 0..3_usize, seed in 0..1_000_u64) {
        // A rectifier's kinks are hit by a difference of this size with probability about 1e-4 a case: left to the reference cases.
        prop_assume!(activation != Activation::Relu);
        let loss = LOSSES[loss];
        let (network, x, y) = problem(&[3, 5, 4, 3], activation, loss, 7, seed);
        let mut random = stream(seed, &["direction"]);
        let vectors = Array2::random_using((3, network.parameters().len()), StandardNormal, &mut random);
        let products = network.hessian_products(x.view(), y.view(), loss, vectors.view()).unwrap();
        let step = 1e-5;
        for (vector, product) in vectors.rows().into_iter().zip(products.rows()) {
            let gradient = |sign: f64| {
                let mut moved = network.clone();
                moved.parameters_mut().scaled_add(sign * step, &vector);
                moved.loss_and_gradient(x.view(), y.view(), loss).unwrap().1
            };
            let difference = (gradient(1.0) - gradient(-1.0)) / (2.0 * step);
            let scale = 1.0 + product.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
            for (ours, theirs) in product.iter().zip(&difference) {
                prop_assert!((ours - theirs).abs() < 1e-6 * scale, "{} and {}", ours, theirs);
            }
        }
    }

    #[test]
    fn the_gauss_newton_part_is_symmetric_and_not_negative(activation in activation(), loss in 0..3_usize, seed in 0..1_000_u64) {
        let loss = LOSSES[loss];
        let (network, x, y) = problem(&[2, 6, 3], activation, loss, 9, seed);
        let mut random = stream(seed, &["direction"]);
        let vectors = Array2::random_using((2, network.parameters().len()), StandardNormal, &mut random);
        let products = network.gauss_newton_products(x.view(), y.view(), loss, vectors.view()).unwrap();
        let form = vectors.dot(&products.t());
        let scale = form[(0, 0)].abs() + form[(1, 1)].abs() + 1.0;
        prop_assert!(form[(0, 0)] >= -1e-12 * scale && form[(1, 1)] >= -1e-12 * scale);
        prop_assert!((form[(0, 1)] - form[(1, 0)]).abs() < 1e-12 * scale);
    }

    #[test]
    fn gradients_of_examples_add_up(activation in activation(), loss in 0..3_usize, seed in 0..1_000_u64) {
        let loss = LOSSES[loss];
        let (network, x, y) = problem(&[4, 5, 2], activation, loss, 6, seed);
        let pass = network.pass(x.view()).unwrap();
        let deltas = network.deltas(&pass, loss.by_outputs(pass.outputs(), y.view()));
        let all = network.example_gradients(&pass, &deltas);
        let norms = network.example_norms(&pass, &deltas);
        for (gradient, norm) in all.rows().into_iter().zip(&norms) {
            prop_assert!((gradient.dot(&gradient).sqrt() - norm).abs() < 1e-12 * (1.0 + norm));
        }
        let weights = norms.mapv(|norm| (0.5 / norm).min(1.0));
        let clipped = network.weighted_gradient(&pass, &deltas, weights.view());
        let expected = all.t().dot(&weights);
        prop_assert!((&clipped - &expected).iter().all(|x| x.abs() < 1e-12));
        let mean = network.loss_and_gradient(x.view(), y.view(), loss).unwrap().1;
        let expected = all.sum_axis(Axis(0)) / 6.0;
        prop_assert!((&mean - &expected).iter().all(|x| x.abs() < 1e-12));
    }
}

/// More rows than a block, and a number of threads that does not divide them.
#[test]
fn many_rows_give_the_same_bits_on_any_number_of_threads() {
    // So many vectors that a block's rows go through in groups, the last of which is shorter.
    let (network, x, y) = problem(&[3, 40, 2], Activation::Tanh, Loss::CrossEntropy, 1_700, 5);
    let vectors =
        Array2::from_shape_fn((20, network.parameters().len()), |(i, j)| ((i * 7 + j * 3) % 5) as f64 - 2.0);
    let all = || {
        let (loss, gradient) = network.loss_and_gradient(x.view(), y.view(), Loss::CrossEntropy).unwrap();
        (
            loss,
            gradient,
            network.hessian_products(x.view(), y.view(), Loss::CrossEntropy, vectors.view()).unwrap(),
        )
    };
    let with = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(all);
    let one = with(1);
    assert!(one == with(2) && one == with(3));
    // A block of vectors is what they are one by one, up to the order of sums in the products.
    for (vector, product) in vectors.rows().into_iter().zip(one.2.rows()) {
        let alone = network
            .hessian_products(x.view(), y.view(), Loss::CrossEntropy, vector.insert_axis(Axis(0)))
            .unwrap();
        assert!((&alone.row(0) - &product).iter().all(|difference| difference.abs() < 1e-12));
    }
}

#[test]
fn single_precision_follows_double() {
    for (activation, name) in ACTIVATIONS {
        let (network, x, y) = problem(&[3, 6, 2], activation, Loss::Squared, 5, 8);
        let single = Network::from_parameters(
            network.widths(),
            activation,
            Parametrisation::Standard,
            network.parameters().mapv(|p| p as f32),
        )
        .unwrap();
        let (x32, y32) = (x.mapv(|x| x as f32), y.mapv(|y| y as f32));
        let gradient = network.loss_and_gradient(x.view(), y.view(), Loss::Squared).unwrap().1;
        let other = single.loss_and_gradient(x32.view(), y32.view(), Loss::Squared).unwrap().1;
        for (ours, theirs) in gradient.iter().zip(&other) {
            assert!((ours - f64::from(*theirs)).abs() < 1e-5, "{name}: {ours} and {theirs}");
        }
    }
}

#[test]
fn the_two_parametrisations_are_the_same_functions() {
    let (w, b) = (1.3, 0.4);
    let tangent = Parametrisation::Tangent { weight_std: w, bias_std: b };
    let mut random = stream(3, &["parametrisation"]);
    let network: Network<f64> =
        Network::new(&[3, 7, 2], Activation::Erf, tangent, Initialisation::Normal, &mut random).unwrap();
    let layers: Vec<(Array2<f64>, Array1<f64>)> = (0..2)
        .map(|l| {
            let factor = w / (network.widths()[l] as f64).sqrt();
            (&network.weights(l) * factor, &network.biases(l) * b)
        })
        .collect();
    let standard = Network::from_layers(Activation::Erf, Parametrisation::Standard, &layers).unwrap();
    let x = array![[0.3, -1.0, 2.0], [1.0, 0.0, 0.5]];
    let (left, right) = (network.forward(x.view()).unwrap(), standard.forward(x.view()).unwrap());
    assert!((&left - &right).iter().all(|difference| difference.abs() < 1e-14));
}

#[test]
fn optimisers_find_the_minimum_of_a_parabola() {
    let (mut a, mut b) = (array![5.0, -3.0], array![5.0, -3.0]);
    let mut momentum = Momentum::new(a.raw_dim(), 0.9);
    let mut adam = Adam::new(b.raw_dim(), 1e-8);
    for _ in 0..2_000 {
        let (by_a, by_b) = (&a * &array![1.0, 10.0], &b * &array![1.0, 10.0]);
        momentum.step(a.view_mut(), &by_a, 0.01);
        adam.step(b.view_mut(), &by_b, 0.01);
    }
    // Momentum contracts by at least √μ a step near the end; Adam stays within its rate.
    assert!(a.iter().all(|x: &f64| x.abs() < 1e-9) && b.iter().all(|x: &f64| x.abs() < 1e-2), "{a} {b}");
}

#[test]
fn one_step_of_descent_is_the_gradient_times_the_rate() {
    let (network, x, y) = problem(&[3, 5, 2], Activation::Gelu, Loss::Logistic, 8, 4);
    let (loss, gradient) = network.loss_and_gradient(x.view(), y.view(), Loss::Logistic).unwrap();
    let mut moved = network.clone();
    assert!((moved.descend(x.view(), y.view(), Loss::Logistic, 0.1).unwrap() - loss).abs() < 1e-14);
    let expected = &network.parameters() - &(gradient * 0.1);
    assert!((&moved.parameters() - &expected).iter().all(|difference| difference.abs() < 1e-15));
    for optimiser in [Optimiser::Descent, Optimiser::Momentum(0.9), Optimiser::Adam] {
        let training = Training { loss: Loss::Logistic, optimiser, rate: 0.02, epochs: 60, batch: 3 };
        let mut trained = network.clone();
        let losses = train(&mut trained, x.view(), y.view(), &training, &mut stream(1, &["train"])).unwrap();
        assert!(losses[59] < losses[0], "{optimiser:?}: {losses:?}");
    }
}

#[test]
fn losses_keep_their_digits_at_extreme_outputs() {
    let z = array![[800.0, 0.0], [-800.0, 0.0]];
    let y = array![[1.0, 0.0], [1.0, 0.0]];
    assert_eq!(Loss::CrossEntropy.of_examples(z.view(), y.view()), array![0.0, 800.0]);
    let signs = array![[1.0, 1.0], [1.0, 1.0]];
    let logistic = Loss::Logistic.of_examples(z.view(), signs.view());
    assert!((logistic[0] - 2f64.ln()).abs() < 1e-15 && (logistic[1] - 800.0 - 2f64.ln()).abs() < 1e-12);
    let shares = softmax(z.view(), 1.0);
    assert_eq!(shares.row(0).sum(), 1.0);
    assert_eq!(accuracy(z.view(), &[0, 0]), 0.5);
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    let (network, x, y) = problem(&[3, 4, 2], Activation::Tanh, Loss::Squared, 5, 1);
    let draw = |widths: &[usize]| {
        Network::<f64>::new(
            widths,
            Activation::Relu,
            Parametrisation::Standard,
            Initialisation::He,
            &mut stream(0, &[]),
        )
    };
    assert_eq!(draw(&[3]), Err(NetworkError::Widths(vec![3])));
    assert_eq!(draw(&[3, 0, 1]), Err(NetworkError::Widths(vec![3, 0, 1])));
    let narrow = x.slice(ndarray::s![.., ..2]);
    assert_eq!(network.forward(narrow), Err(NetworkError::Inputs { expected: 3, found: 2 }));
    let few = y.slice(ndarray::s![..4, ..]);
    let fault = network.loss_and_gradient(x.view(), few, Loss::Squared).unwrap_err();
    assert_eq!(fault, NetworkError::Targets { expected: (5, 2), found: (4, 2) });
    let vectors = Array2::zeros((1, 7));
    let fault = network.hessian_products(x.view(), y.view(), Loss::Squared, vectors.view()).unwrap_err();
    assert_eq!(fault, NetworkError::Parameters { expected: 26, found: 7 });
    let mut parameters = network.parameters().to_owned();
    parameters[20] = f64::NAN;
    let broken =
        Network::from_parameters(&[3, 4, 2], Activation::Tanh, Parametrisation::Standard, parameters);
    assert_eq!(broken, Err(NetworkError::Parameter(1)));
    let mut wild = network.clone();
    let training =
        Training { loss: Loss::Squared, optimiser: Optimiser::Descent, rate: 1e200, epochs: 5, batch: 5 };
    let diverged = train(&mut wild, x.view(), y.view(), &training, &mut stream(0, &[]));
    assert!(matches!(diverged, Err(NetworkError::Diverged { .. })));
}
