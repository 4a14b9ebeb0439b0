//! Identities, invariances and certificates over random input, extreme scales and degenerate cases.

use deep_unfolding::chebyshev::{bit_reversed, chebyshev_contraction, chebyshev_steps};
use deep_unfolding::gradient::{HardGradient, Target, gradient};
use deep_unfolding::iterations::{amp, fista};
use deep_unfolding::lasso::{Options, StopReason, certificate, lasso, lasso_batch, stacked};
use deep_unfolding::network::{Network, NetworkError};
use deep_unfolding::problem::{Penalty, Problem, ProblemError};
use deep_unfolding::scalar::Scalar;
use deep_unfolding::signals::{BernoulliGaussian, Model, Samples, gaussian_matrix, nmse_decibels};
use deep_unfolding::sparsest::{ExactError, descent, exact};
use deep_unfolding::training::{Batch, Loss, Signals, Training, TrainingError, train};
use ndarray::{Array1, Array2, Axis, array};
use numerics::random::stream;
use proptest::prelude::*;

const SIGNALS: BernoulliGaussian = BernoulliGaussian { probability: 0.1, decibels: 20.0, amplitude: 1.0 };

fn drawn(rows: usize, columns: usize, count: usize, seed: u64) -> (Problem, Array2<f64>, Array2<f64>) {
    let mut random = stream(seed, &["laws"]);
    let problem = Problem::new(gaussian_matrix(rows, columns, &mut random)).unwrap();
    let (xs, ys) = SIGNALS.draw(problem.matrix(), count, &mut random);
    (problem, xs, ys)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Thresholding minimises (x − u)²/2 + g·penalty over x: no candidate beats it.
    #[test]
    fn thresholding_is_the_proximal_map(u in -5.0..5.0f64, step in 0.01..3.0f64, weight in 0.0..3.0f64, other in -6.0..6.0f64) {
        for penalty in [Penalty::L1, Penalty::L0] {
            let x = penalty.shrink(u, penalty.threshold(weight, step));
            let value = |x: f64| 0.5 * (x - u) * (x - u) + step * penalty.value(weight, &[x]);
            for candidate in [other, u, 0.0, -u] {
                prop_assert!(value(x) <= value(candidate) + 1e-12);
            }
        }
    }

    /// The gap vanishes at solutions, is an upper bound of the suboptimality elsewhere, and ISTA with 1/L never goes up.
    #[test]
    fn gaps_bound_what_is_left(seed in 0_u64..1_000, rows in 3_usize..20, columns in 1_usize..30, share in 0.001..1.2f64) {
        let (problem, _, ys) = drawn(rows, columns, 1, seed);
        let y = ys.row(0);
        let most = problem.correlations(ys.view()).iter().fold(0.0_f64, |m, c| m.max(c.abs()));
        let weight = share * most;
        prop_assume!(weight > 0.0);
        let found = lasso(&problem, y, weight, &Options { tolerance: 1e-12, ..Options::default() });
        prop_assert!(found.reason != StopReason::Sweeps, "gap {} of {}", found.gap, found.objective);
        prop_assert!(share <= 1.0 || found.x.iter().all(|x| *x == 0.0));
        let plain = Network::plain(Penalty::L1, weight, problem.plain_step(), 30);
        let mut before = 0.5 * y.dot(&y);
        plain.layers(&problem, ys.view(), |_, xs| {
            let (objective, gap) = certificate(&problem, y, xs.row(0), weight);
            assert!(objective <= before * (1.0 + 1e-12), "ISTA went up");
            assert!(objective - found.objective <= gap + 1e-12 * before, "the gap is no bound");
            before = objective;
        });
    }

    /// No support of up to two entries beats the enumerated optimum, and neither does a descent from anywhere.
    #[test]
    fn enumeration_is_not_beaten(seed in 0_u64..1_000, weight in 0.005..0.2f64) {
        let (problem, xs, ys) = drawn(8, 12, 1, seed);
        let y = ys.row(0);
        let found = exact(&problem, y, weight).unwrap();
        for start in [Array1::zeros(12), xs.row(0).to_owned(), Array1::ones(12)] {
            let local = descent(&problem, y, weight, start.view(), 1_000);
            prop_assert!(local.objective >= found.objective - 1e-12 && local.improvable <= 1e-12, "{local:?}");
        }
        let (a, rest) = (problem.matrix(), 0.5 * y.dot(&y));
        for i in 0..12 {
            let (p, norm) = (a.column(i), a.column(i).dot(&a.column(i)));
            let one: f64 = rest - 0.5 * p.dot(&y).powi(2) / norm + weight;
            prop_assert!(one >= found.objective - 1e-12);
            for j in 0..i {
                let q = &a.column(j) - &(&p * (p.dot(&a.column(j)) / norm));
                let two = one - 0.5 * q.dot(&y).powi(2) / q.dot(&q) + weight;
                prop_assert!(two >= found.objective - 1e-12);
            }
        }
    }

    /// A scaled problem has the scaled solution, from the smallest to the largest numbers.
    #[test]
    fn solutions_scale(seed in 0_u64..100, exponent in -100_i32..100) {
        let (problem, _, ys) = drawn(8, 12, 1, seed);
        let scale = 2.0_f64.powi(exponent);
        let options = Options { tolerance: 1e-12, ..Options::default() };
        let plain = lasso(&problem, ys.row(0), 0.05, &options);
        let scaled = lasso(&problem, (&ys.row(0) * scale).view(), 0.05 * scale, &options);
        prop_assert!(scaled.reason == StopReason::Tolerance);
        prop_assert!(plain.x.iter().zip(&scaled.x).all(|(a, b)| (a * scale - b).abs() <= 1e-9 * scale));
    }
}

/// Steps of the derivative by central differences, at points where no entry is near its threshold.
#[test]
fn derivatives_agree_with_differences() {
    let (problem, xs, ys) = drawn(12, 20, 11, 5);
    for (penalty, weight) in [(Penalty::L1, 0.05), (Penalty::L0, 0.02)] {
        for free in [false, true] {
            let network = Network {
                penalty,
                weight,
                steps: vec![0.31, 0.22, 0.4],
                thresholds: free.then(|| vec![0.1, 0.13, 0.08]),
            };
            for target in [Target::Signals(xs.view()), Target::Objective] {
                let value = |network: &Network| {
                    gradient(network, &problem, ys.view(), target, HardGradient::AlmostEverywhere)
                };
                let found = value(&network);
                for layer in 0..3 {
                    let moved = |by: f64| {
                        let mut other = network.clone();
                        other.steps[layer] += by;
                        value(&other).loss
                    };
                    let difference = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                    assert!(
                        (difference - found.steps[layer]).abs() < 1e-6 * (1.0 + difference.abs()),
                        "{penalty:?} {layer}: {difference} {found:?}"
                    );
                }
            }
        }
    }
}

/// The part that automatic differentiation misses, by the window, against its closed form: within five standard errors of ten draws of 50,000 samples, which a fair test leaves once in a thousand (nine degrees of freedom), plus 2 % for the window's own bias.
#[test]
fn boundary_gradients_have_no_bias() {
    let scalar = Scalar { a: 1.0, noise: 0.01, probability: 0.1, weight: 0.02 };
    let problem = Problem::new(array![[1.0]]).unwrap();
    // ‖A‖²/M = 1, so that 10 dB leave a noise variance of 0.1 · 0.1.
    let signals = BernoulliGaussian { probability: 0.1, decibels: 10.0, amplitude: 1.0 };
    for (loss, step) in
        [(Loss::Unsupervised, 1.5), (Loss::Supervised, 0.5), (Loss::Supervised, 1.0), (Loss::Supervised, 2.0)]
    {
        let expected = scalar.expected(step, loss);
        let network = Network::plain(Penalty::L0, 0.02, step, 1);
        let draws: Vec<f64> = (0..10)
            .map(|draw| {
                let (xs, ys) = signals.draw(problem.matrix(), 50_000, &mut stream(draw, &["scalar"]));
                let target = match loss {
                    Loss::Supervised => Target::Signals(xs.view()),
                    Loss::Unsupervised => Target::Objective,
                };
                let by = |hard| gradient(&network, &problem, ys.view(), target, hard).steps[0];
                by(HardGradient::Boundary { width: 0.01 }) - by(HardGradient::AlmostEverywhere)
            })
            .collect();
        let mean = draws.iter().sum::<f64>() / 10.0;
        let error = (draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 90.0).sqrt();
        let allowed = 5.0 * error + 0.02 * expected.boundary.abs();
        assert!(
            (mean - expected.boundary).abs() <= allowed,
            "{loss:?} {step}: {mean} ± {error} for {}",
            expected.boundary
        );
    }
}

#[test]
fn iterations_come_to_the_solution() {
    let (problem, _, ys) = drawn(20, 30, 5, 1);
    let best = lasso_batch(&problem, ys.view(), 0.1, &Options::default());
    let xs = stacked(&best, 30);
    let off = |found: &Array2<f64>| found.iter().zip(&xs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let plain = Network::plain(Penalty::L1, 0.1, problem.plain_step(), 5_000);
    assert!(off(&plain.apply(&problem, ys.view())) < 1e-9);
    assert!(off(&fista(&problem, ys.view(), 0.1, 5_000, |_, _| ())) < 1e-6);
    // AMP recovers at least as well as the thresholds that it was made with.
    let (problem, xs, ys) = drawn(250, 400, 20, 2);
    let found = amp(&problem, ys.view(), 1.5, 30, |_, _| ());
    assert!(nmse_decibels(found.view(), xs.view()) < -14.0);
}

#[test]
fn training_lowers_its_loss_and_is_the_same_on_any_number_of_threads() {
    let (problem, _, ys) = drawn(24, 40, 300, 9);
    let training =
        Training { depth: 5, steps: 15, batch: 20, ..Training::new(Penalty::L1, 0.1, Loss::Unsupervised) };
    let trained = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut source =
                Model { signals: SIGNALS, matrix: problem.matrix(), random: stream(1, &["training"]) };
            train(&problem, &training, &mut source, |_| ()).unwrap()
        })
    };
    let found = trained(1);
    assert_eq!(found, trained(3));
    let mean = |network: &Network| {
        problem
            .objectives(ys.view(), network.apply(&problem, ys.view()).view(), Penalty::L1, 0.1)
            .mean()
            .unwrap()
    };
    let plain = Network::plain(Penalty::L1, 0.1, problem.plain_step(), 5);
    assert!(mean(&found.network) < 0.9 * mean(&plain), "{} {}", mean(&found.network), mean(&plain));
    assert!(found.network.check().is_ok() && found.left_out == 0);
}

#[test]
fn batches_that_are_no_numbers_are_left_out() {
    struct Broken {
        drawn: usize,
        from: usize,
    }
    impl Signals for Broken {
        fn draw(&mut self, size: usize) -> Batch {
            self.drawn += 1;
            let value = if self.drawn.is_multiple_of(5) || self.drawn > self.from { 1e200 } else { 1.0 };
            Batch { xs: None, ys: Array2::from_elem((size, 2), value) }
        }
    }
    let problem = Problem::new(array![[1.0, 0.2], [0.3, 1.0]]).unwrap();
    let training =
        Training { depth: 2, steps: 20, batch: 3, ..Training::new(Penalty::L1, 0.1, Loss::Unsupervised) };
    let found = train(&problem, &training, &mut Broken { drawn: 0, from: usize::MAX }, |_| ()).unwrap();
    assert_eq!(found.left_out, 8);
    assert!(found.network.check().is_ok());
    let fault = train(&problem, &training, &mut Broken { drawn: 0, from: 10 }, |_| ()).unwrap_err();
    assert_eq!(fault, TrainingError::Diverged { depth: 2, batches: 20 });
    let supervised = Training { loss: Loss::Supervised, ..training };
    let fault = train(&problem, &supervised, &mut Broken { drawn: 0, from: 10 }, |_| ()).unwrap_err();
    assert_eq!(fault, TrainingError::NoSignals);
    let ys = Array2::ones((4, 2));
    let mut samples = Samples { xs: None, ys: ys.view(), random: stream(0, &["samples"]) };
    assert!(train(&problem, &training, &mut samples, |_| ()).is_ok());
}

/// Two columns that differ by 1e-7: only both together explain y, with large opposite entries.
#[test]
fn nearly_dependent_columns_are_enumerated_too() {
    let problem = Problem::new(array![[1.0, 1.0], [0.0, 1e-7]]).unwrap();
    let found = exact(&problem, array![0.0, 1.0].view(), 0.1).unwrap();
    assert!((found.objective - 0.2).abs() < 1e-6, "{found:?}");
}

/// Data in other units train the same network.
#[test]
fn training_does_not_know_units() {
    let (problem, _, ys) = drawn(12, 20, 50, 4);
    let trained = |scale: f64| {
        let ys = &ys * scale;
        let training = Training {
            depth: 3,
            steps: 10,
            batch: 8,
            ..Training::new(Penalty::L1, 0.05 * scale, Loss::Unsupervised)
        };
        train(
            &problem,
            &training,
            &mut Samples { xs: None, ys: ys.view(), random: stream(0, &["units"]) },
            |_| (),
        )
        .unwrap()
        .network
    };
    let (one, small) = (trained(1.0), trained(2.0_f64.powi(-30)));
    assert!(one.steps.iter().zip(&small.steps).all(|(a, b)| (a / b - 1.0).abs() < 1e-9), "{one:?} {small:?}");
}

#[test]
fn chebyshev_steps_contract_as_they_say() {
    for (least, largest, depth) in [(0.1, 5.0, 8), (0.01, 1.0, 5), (1.0, 2.0, 1), (0.2, 3.0, 30)] {
        let steps = chebyshev_steps(least, largest, depth).unwrap();
        let mut mixed = bit_reversed(&steps);
        let worst = (0..=1_000)
            .map(|k| least + (largest - least) * f64::from(k) / 1_000.0)
            .map(|curvature| mixed.iter().map(|step| 1.0 - step * curvature).product::<f64>().abs())
            .fold(0.0, f64::max);
        assert!((worst / chebyshev_contraction(least, largest, depth) - 1.0).abs() < 1e-2, "{worst}");
        mixed.sort_by(f64::total_cmp);
        assert_eq!(mixed, steps);
    }
    for (least, largest) in [(0.0, 1.0), (1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
        assert!(chebyshev_steps(least, largest, 3).is_none());
    }
}

#[test]
fn what_is_no_problem_is_refused() {
    let fault = |a| Problem::new(a).unwrap_err();
    assert_eq!(fault(Array2::zeros((0, 3))), ProblemError::Empty);
    assert_eq!(fault(array![[1.0, f64::NAN]]), ProblemError::NotFinite { row: 0, column: 1 });
    assert_eq!(fault(array![[1e200]]), ProblemError::Scale);
    assert_eq!(fault(array![[1e-200]]), ProblemError::Scale);
    // A matrix of zeros is one: nothing but zero is ever found.
    let zeros = Problem::new(Array2::zeros((2, 3))).unwrap();
    let y = array![1.0, 2.0];
    assert_eq!(lasso(&zeros, y.view(), 0.1, &Options::default()).x, Array1::<f64>::zeros(3));
    assert_eq!(exact(&zeros, y.view(), 0.1).unwrap().x, Array1::<f64>::zeros(3));
    let ys = y.clone().insert_axis(Axis(0));
    assert_eq!(
        Network::plain(Penalty::L0, 0.1, 1.0, 3).apply(&zeros, ys.view()),
        Array2::<f64>::zeros((1, 3))
    );
    let wide = Problem::new(Array2::ones((2, 25))).unwrap();
    assert_eq!(exact(&wide, y.view(), 0.1).unwrap_err(), ExactError::Columns(25));
    assert!(matches!(exact(&zeros, y.view(), 0.0), Err(ExactError::Weight(_))));
    let network = |steps: Vec<f64>, thresholds| {
        Network { penalty: Penalty::L1, weight: 0.1, steps, thresholds }.check()
    };
    assert_eq!(network(vec![], None), Err(NetworkError::Empty));
    assert_eq!(network(vec![1.0], Some(vec![])), Err(NetworkError::Lengths { thresholds: 0, steps: 1 }));
    assert!(matches!(
        network(vec![1.0, -1.0], None),
        Err(NetworkError::Parameter { name: "step", layer: 2, .. })
    ));
}
