//! Definitions and identities on random points and networks.

use ndarray::{Array1, Array2, array};
use networks::{ACTIVATIONS, Loss, Optimiser, Training, descend};
use ntk::activation::{Pair, expectations};
use ntk::{Activation, Architecture, KernelError, Kind, Regression, RegressionError, Time};
use numerics::normal::erf;
use numerics::random::stream;
use numerics::symmetric::eigen;
use proptest::prelude::{Strategy, prop, prop_assert, prop_assert_eq, proptest};
use rand::Rng;
use rand_distr::StandardNormal;

fn points(rows: usize, columns: usize) -> impl Strategy<Value = Array2<f64>> {
    prop::collection::vec(-3.0..3.0, rows * columns)
        .prop_map(move |values| Array2::from_shape_vec((rows, columns), values).unwrap())
}

fn architectures() -> impl Strategy<Value = Architecture> {
    (1_usize..5, 0_usize..5, 0.3..2.0, 0.05..1.0).prop_map(|(depth, activation, weight_std, bias_std)| {
        Architecture { depth, activation: ACTIVATIONS[activation].0, weight_std, bias_std }
    })
}

proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]

    #[test]
    fn kernels_are_symmetric_positive_and_agree_with_themselves(architecture in architectures(), x in points(7, 3)) {
        for kind in [Kind::Ntk, Kind::Nngp] {
            let kernel = architecture.matrix(kind, x.view()).unwrap();
            prop_assert_eq!(&kernel, &kernel.t());
            prop_assert_eq!(architecture.matrix_f32(kind, x.view()).unwrap(), kernel.mapv(|entry| entry as f32));
            let (values, _) = eigen(kernel.view()).unwrap();
            prop_assert!(values[0] > -1e-9 * values[6]);
            let cross = architecture.cross(kind, x.view(), x.view()).unwrap();
            prop_assert!((&cross - &kernel).iter().all(|e| e.abs() < 1e-9 * values[6]));
            let diagonal = architecture.diagonal(kind, x.view()).unwrap();
            prop_assert!(diagonal.iter().zip(kernel.diag()).all(|(a, b)| a == b));
            let v: Vec<f64> = (0..7).map(f64::from).collect();
            let product = architecture.product(kind, x.view(), x.view(), &v).unwrap();
            let expected = cross.dot(&Array1::from(v));
            prop_assert!(product.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9 * (1.0 + b.abs())));
            for (i, j) in [(0, 1), (3, 3), (6, 2)] {
                let pair = architecture.pair(x.row(i), x.row(j)).unwrap().get(kind);
                prop_assert!((pair - kernel[(i, j)]).abs() < 1e-9 * values[6]);
            }
        }
    }

    /// Rotating all points changes nothing; one layer is linear regression's kernel.
    #[test]
    fn kernels_depend_on_lengths_and_angles(architecture in architectures(), x in points(5, 2), angle in 0.0..6.2) {
        let (sine, cosine) = f64::sin_cos(angle);
        let rotated = x.dot(&array![[cosine, sine], [-sine, cosine]]);
        let kernel = architecture.matrix(Kind::Ntk, x.view()).unwrap();
        let other = architecture.matrix(Kind::Ntk, rotated.view()).unwrap();
        let size = kernel.diag().iter().copied().fold(0.0, f64::max);
        prop_assert!((&kernel - &other).iter().all(|e| e.abs() < 1e-6 * size));
        let linear = Architecture { depth: 1, ..architecture };
        let expected = x.dot(&x.t()) * (linear.weight_std.powi(2) / 2.0) + linear.bias_std.powi(2);
        let found = linear.matrix(Kind::Ntk, x.view()).unwrap();
        prop_assert!((&found - &expected).iter().all(|e| e.abs() < 1e-12 * (1.0 + size)));
    }

    /// The contraction is the product of explicit Jacobians, which agree with differences of outputs.
    #[test]
    fn empirical_kernels_are_products_of_jacobians(seed: u64, x in points(4, 3), activation in 0..ACTIVATIONS.len()) {
        let architecture = Architecture { activation: ACTIVATIONS[activation].0, ..Architecture::of_the_paper(3) };
        let mut network = architecture.draw(&[3, 8, 8, 2], &mut stream(seed, &["laws"])).unwrap();
        for output in 0..2 {
            let jacobian = network.jacobian(x.view(), output).unwrap();
            let expected = jacobian.dot(&jacobian.t());
            let found = network.tangent_kernel(x.view(), x.view(), output).unwrap();
            let size = expected.diag().iter().copied().fold(0.0, f64::max);
            prop_assert!((&found - &expected).iter().all(|e| e.abs() < 1e-12 * size));
            if architecture.activation != Activation::Relu {
                let parameter = (seed % network.parameters().len() as u64) as usize;
                let step = 1e-5;
                let mut moved = |by: f64| {
                    network.parameters_mut()[parameter] += by;
                    network.forward(x.view()).unwrap().column(output).to_owned()
                };
                let (up, down) = (moved(step), moved(-2.0 * step));
                network.parameters_mut()[parameter] += step;
                let slope = (up - down) / (2.0 * step);
                prop_assert!((&slope - &jacobian.column(parameter)).iter().all(|e| e.abs() < 1e-6));
            }
        }
    }
}

/// The expectations of every activation against a sum over a fine grid of the plane: another method's answer.
#[test]
fn expectations_agree_with_a_sum_over_the_plane() {
    for (activation, name) in ACTIVATIONS {
        for (left, right, correlation) in
            [(1.0, 1.0, 0.3), (0.4, 2.0, -0.7), (1.5, 1.5, 1.0), (0.7, 0.7, -1.0)]
        {
            let covariance = correlation * f64::sqrt(left * right);
            let pair = Pair { left, right, covariance, gap: 1.0 - correlation, opposite: 1.0 + correlation };
            let found = expectations(activation, pair);
            let (across, step) = ((1.0 - correlation * correlation).sqrt(), 0.05);
            let (mut product, mut slopes) = (0.0, 0.0);
            for i in -170..=170 {
                for j in -170..=170 {
                    // Off the grid's lines through 0, where the rectifier's derivative jumps.
                    let (a, b) = ((f64::from(i) + 0.5) * step, (f64::from(j) + 0.5) * step);
                    let weight = (-(a * a + b * b) / 2.0).exp() * step * step / (2.0 * std::f64::consts::PI);
                    let (u, v) = (left.sqrt() * a, right.sqrt() * (correlation * a + across * b));
                    product += weight * activation.value(u) * activation.value(v);
                    slopes += weight * activation.derivative(u) * activation.derivative(v);
                }
            }
            let tolerance = if activation == Activation::Relu { 5e-3 } else { 1e-8 };
            assert!((found.product - product).abs() < tolerance, "{name}: {} and {product}", found.product);
            assert!(
                (found.derivatives - slopes).abs() < tolerance,
                "{name}: {} and {slopes}",
                found.derivatives
            );
        }
    }
}

/// The angle between two Gaussians, θ = 2 arcsin √(gap/2), and its digits near 0 and π.
#[test]
fn the_rectifiers_angle_is_that_of_the_library_to_rounding() {
    use std::f64::consts::PI;
    let pair = |gap: f64, opposite: f64| Pair { left: 1.0, right: 1.0, covariance: 1.0 - gap, gap, opposite };
    for gap in (0..=2_000).map(|k| f64::from(k) / 2_000.0) {
        let angle = 2.0 * (gap / 2.0).sqrt().asin();
        let found = 2.0 * PI * expectations(Activation::Relu, pair(gap, 2.0 - gap)).derivatives;
        assert!((found - (PI - angle)).abs() < 1e-15 * PI, "gap {gap}: {found} and {}", PI - angle);
    }
    for opposite in [1e-300, 1e-20, 1e-9, 0.1, 0.5 + 1e-16, 0.999] {
        let expected = 2.0 * (opposite / 2.0f64).sqrt().asin();
        let found = 2.0 * PI * expectations(Activation::Relu, pair(2.0 - opposite, opposite)).derivatives;
        assert!((found - expected).abs() <= 1e-15 * expected, "1 + cos θ = {opposite}: {found}");
    }
}

/// Values of the error function from tables of 16 digits.
#[test]
fn the_error_function() {
    for (z, value) in [
        (0.1, 0.112_462_916_018_284_9),
        (1.0, 0.842_700_792_949_714_9),
        (2.5, 0.999_593_047_982_555),
        (3.5, 0.999_999_256_901_627_7),
    ] {
        assert!((erf(z) - value).abs() < 1e-15 && (erf(-z) + value).abs() < 1e-15, "erf({z}) = {}", erf(z));
    }
    assert_eq!((erf(0.0), erf(9.0)), (0.0, 1.0));
}

/// Theorem 1 in numbers: the mean of empirical kernels over networks tends to the limit, and so does the covariance of outputs.
#[test]
fn empirical_kernels_scatter_around_the_limit() {
    let architecture = Architecture::of_the_paper(3);
    let x = array![[1.0, 0.0], [0.6, 0.8], [-1.0, 0.2]];
    let limit = architecture.matrix(Kind::Ntk, x.view()).unwrap();
    let covariance = architecture.matrix(Kind::Nngp, x.view()).unwrap();
    let networks = 400;
    let (mut kernels, mut outputs) = (Array2::<f64>::zeros((3, 3)), Array2::<f64>::zeros((3, 3)));
    for seed in 0..networks {
        let network = architecture.draw_scalar(2, 128, &mut stream(seed, &["laws", "limit"])).unwrap();
        kernels += &network.tangent_kernel(x.view(), x.view(), 0).unwrap();
        let f = network.forward(x.view()).unwrap();
        outputs += &f.dot(&f.t());
    }
    let scale = networks as f64;
    // Standard errors are about 0.2/√(128·400)·10 and √2/√400 of the entries; six of them are allowed.
    assert!(((kernels / scale - &limit) / &limit).iter().all(|e| e.abs() < 0.06));
    let spread = |i: usize, j: usize| {
        ((covariance[(i, i)] * covariance[(j, j)] + covariance[(i, j)].powi(2)) / scale).sqrt()
    };
    for ((i, j), value) in (outputs / scale).indexed_iter() {
        assert!(
            (value - covariance[(i, j)]).abs() < 6.5 * spread(i, j),
            "({i}, {j}): {value} and {}",
            covariance[(i, j)]
        );
    }
}

#[test]
fn gradient_descent_lowers_the_cost_and_reaches_targets() {
    let mut random = stream(5, &["laws", "training"]);
    let x = Array2::from_shape_simple_fn((6, 3), || random.sample::<f64, _>(StandardNormal));
    let y = Array2::from_shape_simple_fn((6, 1), || random.sample::<f64, _>(StandardNormal));
    let architecture = Architecture { weight_std: 2_f64.sqrt(), ..Architecture::of_the_paper(3) };
    let mut network = architecture.draw_scalar(3, 64, &mut random).unwrap();
    let costs = descend(&mut network, x.view(), y.view(), Loss::Squared, 0.05, 20_000, |_, _| ()).unwrap();
    let learning = costs.iter().take_while(|cost| **cost > 1e-20);
    assert!(
        learning.is_sorted_by(|a, b| a >= b),
        "the cost never rises at a small rate, until it is rounding"
    );
    assert!((network.forward(x.view()).unwrap() - &y).iter().all(|e| e.abs() < 1e-3));
    let mut again = architecture.draw_scalar(3, 64, &mut random).unwrap();
    let training =
        Training { loss: Loss::Squared, optimiser: Optimiser::Descent, rate: 0.2, epochs: 300, batch: 2 };
    let costs = networks::train(&mut again, x.view(), y.view(), &training, &mut random).unwrap();
    assert!(costs[299] < 0.1 * costs[0]);
    let diverged = descend(&mut again, x.view(), y.view(), Loss::Squared, 1e6, 200, |_, _| ()).unwrap_err();
    assert!(diverged.to_string().contains("diverged"), "{diverged}");
}

#[test]
fn training_in_function_space_is_a_linear_equation() {
    let x = array![[1.0, 0.0], [0.0, 1.0], [-0.6, 0.8], [0.5, -0.5]];
    let y = array![1.0, -1.0, 0.5, 0.0];
    let architecture = Architecture::of_the_paper(3);
    let regression = Regression::new(architecture, x.view(), y.view()).unwrap();
    assert!(regression.mean(x.view(), Time::At(0.0)).unwrap().iter().all(|f| *f == 0.0));
    let end = regression.posterior(x.view(), Time::Infinite).unwrap();
    assert!((&end.mean - &y).iter().all(|e| e.abs() < 1e-9), "all targets are met");
    assert!(end.covariance.iter().all(|e| e.abs() < 1e-9), "and met by every network");
    // d/dt f = −K (f − y)/N, against a central difference.
    let kernel = architecture.matrix(Kind::Ntk, x.view()).unwrap();
    let at = |time: f64| regression.mean(x.view(), Time::At(time)).unwrap();
    let slope = (at(7.0 + 1e-4) - at(7.0 - 1e-4)) / 2e-4;
    let expected = -kernel.dot(&(at(7.0) - &y)) / 4.0;
    assert!((slope - expected).iter().all(|e| e.abs() < 1e-8));
    // Rates are the eigenvalues over N, largest first.
    let rates = regression.rates();
    assert!(rates.is_sorted_by(|a, b| a >= b));
    assert!((rates.iter().sum::<f64>() * 4.0 - kernel.diag().sum()).abs() < 1e-12);
}

#[test]
fn a_network_of_given_parameters_is_the_one_they_were_taken_from() {
    let architecture = Architecture::of_the_paper(3);
    let network = architecture.draw(&[3, 8, 5, 2], &mut stream(0, &["laws"])).unwrap();
    let layers: Vec<_> = (0..network.layers())
        .map(|l| (network.weights(l).to_owned(), network.biases(l).to_owned()))
        .collect();
    let again = architecture.with_layers(&layers).unwrap();
    let x = array![[0.5, -1.0, 2.0], [1.0, 0.0, 0.25]];
    assert_eq!(again.forward(x.view()).unwrap(), network.forward(x.view()).unwrap());
    assert_eq!(again.inputs(), 3);

    let refused =
        |layers: &[(Array2<f64>, Array1<f64>)]| architecture.with_layers(layers).unwrap_err().to_string();
    assert!(refused(&[]).starts_with("a network needs at least one layer"));
    assert_eq!(
        refused(&[layers[0].clone(), layers[2].clone()]),
        "layer 1 has (5, 2) weights and 2 biases: expected 8 rows and a bias for each column"
    );
    let mut spoilt = layers.clone();
    spoilt[1].1[2] = f64::NAN;
    assert_eq!(refused(&spoilt), "layer 1 has a parameter that is not finite");
}

#[test]
fn what_has_no_kernel_is_refused() {
    let architecture = Architecture::of_the_paper(2);
    let refused =
        |architecture: Architecture, x: Array2<f64>| architecture.matrix(Kind::Ntk, x.view()).unwrap_err();
    assert_eq!(refused(Architecture { depth: 0, ..architecture }, array![[1.0]]), KernelError::Depth);
    assert_eq!(refused(architecture, Array2::zeros((0, 2))), KernelError::Empty);
    assert_eq!(
        refused(architecture, array![[1.0, 2.0], [1.0, f64::INFINITY]]),
        KernelError::NotFinite { row: 2, column: 2, value: f64::INFINITY }
    );
    assert_eq!(refused(architecture, array![[1e200]]), KernelError::TooLarge { row: 1 });
    let bare = Architecture { bias_std: 0.0, ..architecture };
    // The origin without bias is where variances are zero, and the limit of points that go there.
    for (activation, _) in networks::ACTIVATIONS {
        let bare = Architecture { activation, ..bare };
        let kernel = |x: f64| bare.matrix(Kind::Ntk, array![[1.0, 0.5], [x, 0.0]].view()).unwrap();
        let (at, near) = (kernel(0.0), kernel(1e-9));
        assert!((&at - &near).iter().all(|x| x.abs() < 1e-6), "{activation:?}: {at} {near}");
    }
    assert!(
        refused(Architecture { weight_std: -1.0, ..architecture }, array![[1.0]])
            .to_string()
            .contains("positive weight deviation")
    );
    let twice = array![[1.0, 0.0], [1.0, 0.0]];
    let regression = Regression::new(architecture, twice.view(), array![0.0, 1.0].view()).unwrap();
    let fault = regression.mean(twice.view(), Time::Infinite).unwrap_err();
    assert!(matches!(fault, RegressionError::Singular { same: Some((1, 2)), .. }), "{fault}");
    assert!(fault.to_string().contains("points 1 and 2 are the same"), "{fault}");
    // A ridge makes the mean of what was seen twice, drawn towards zero; it is the flow's limit with it.
    let regression = Regression::new(architecture, twice.view(), array![0.0, 1.0].view()).unwrap();
    let ridged = regression.with_ridge(1e-6).unwrap();
    let (limit, late) = (
        ridged.mean(twice.view(), Time::Infinite).unwrap(),
        ridged.mean(twice.view(), Time::At(1e9)).unwrap(),
    );
    assert!(limit.iter().all(|f| (f - 0.5).abs() < 1e-5) && (&limit - &late).iter().all(|d| d.abs() < 1e-9));
    let regression = Regression::new(architecture, twice.view(), array![0.0, 1.0].view()).unwrap();
    assert!(matches!(regression.with_ridge(-1.0), Err(RegressionError::Ridge(_))));
    let regression = Regression::new(architecture, twice.view(), array![0.0, 1.0].view()).unwrap();
    assert!(regression.mean(twice.view(), Time::At(5.0)).unwrap().iter().all(|f| f.is_finite()));
}

#[test]
fn kernels_do_not_depend_on_threads() {
    let mut random = stream(9, &["laws", "threads"]);
    let x = Array2::from_shape_simple_fn((200, 5), || random.sample::<f64, _>(StandardNormal));
    let run = || Architecture::of_the_paper(3).matrix(Kind::Ntk, x.view()).unwrap();
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    assert_eq!(pool(1).install(run), pool(3).install(run));
}
