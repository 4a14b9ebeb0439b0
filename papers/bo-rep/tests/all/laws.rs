//! Identities, certificates and refusals of the library.

use bilevel::hypergradient::{assemble, conjugate_gradients};
use bilevel::levels::{Known, Lower, Products};
use bilevel::oracle::{Part, Sampled};
use bilevel::schedule::Power;
use bilevel::selection::Loss;
use bilevel::sets::norm;
use bo_rep::bo_rep::{Inverse, LowerUpdates, Move, Options, OptionsError, bo_rep, certificate};
use bo_rep::chains::{Chains, pair_counts};
use bo_rep::classifier::Classifier;
use bo_rep::cleaning::{Cleaning, CleaningError, Model, area_under_curve};
use bo_rep::families::{Coupling, Family, FamilyError, Growth, cosh, coupled};
use bo_rep::oracle::{Law, Noisy};
use bo_rep::recursive::{Rates, Recursive, recursive};
use bo_rep::representation::{Batches, Labelled, Representation, RepresentationError};
use bo_rep::run::{Begin, StopReason};
use bo_rep::script::{Script, script};
use bo_rep::smoothness::{along_descent, fit};
use ndarray::{Array1, Array2};
use networks::{Cell, Recurrent};
use numerics::random::stream;
use proptest::prelude::*;
use rand::Rng;

const FAR: [f64; 3] = [3.0, -2.7, 2.4];

/// Every method without noise ends near a stationary point, and its certificate holds.
#[test]
fn all_methods_find_a_stationary_point_without_noise() {
    for problem in [cosh(), coupled()] {
        let (smoothness, gamma) = (problem.smoothness(), 0.1);
        let options = [
            Options::bo_rep(0.002, gamma, smoothness),
            Options::slip(0.002, gamma, smoothness),
            Options::clipped(0.01, 0.02, gamma, smoothness),
            Options::soba(0.01, gamma, smoothness),
            Options::ma_soba(0.01, gamma, smoothness),
            Options::stocbio(0.01, gamma, smoothness),
            Options {
                eta: Power { value: 0.03, exponent: -0.6, offset: 100.0 },
                ..Options::ttsa(0.03, gamma, smoothness)
            },
            Options {
                inverse: Inverse::ConjugateGradients { tolerance: 1e-8, most: 10 },
                ..Options::clipped(0.01, 0.02, gamma, smoothness)
            },
        ];
        let begin = Begin { x: &FAR, y: &[0.0; 3], calls: 200_000, seed: 1 };
        let mut ends: Vec<_> = options
            .iter()
            .map(|options| bo_rep(&Noisy::none(problem.clone()), &begin, options, |_| {}))
            .collect();
        let finite = Noisy { components: Some(50), ..Noisy::none(problem.clone()) };
        let rates = Rates { eta: 0.01, gamma, linear: gamma };
        for method in
            [Recursive::Saba, Recursive::Sustain { theta: 0.1 }, Recursive::Vrbo { period: 10, large: 5 }]
        {
            ends.push(recursive(&finite, &begin, method, rates, |_| {}).unwrap());
        }
        for (number, ended) in ends.iter().enumerate() {
            assert_eq!(ended.reason, StopReason::Budget, "{number}");
            let certified =
                certificate(&problem, (&ended.x, &ended.y, &ended.multiplier), problem.convexity()).unwrap();
            // Steps of fixed length leave a gradient of the order of the curvature times the length.
            assert!(norm(&certified.gradient) < 0.05, "{number}: {:?}", certified.gradient);
            let solution = problem.solution(&ended.x);
            let away = solution.iter().zip(&ended.y).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
            assert!(away <= certified.lower * (1.0 + 1e-9) + 1e-12, "{number}: {away} {}", certified.lower);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_does_not() {
    let noisy = Noisy::normal(cosh(), 1.0);
    let options = Options::bo_rep(0.01, 0.05, noisy.problem.smoothness());
    let end = |seed| bo_rep(&noisy, &Begin { x: &FAR, y: &[0.0; 3], calls: 2_000, seed }, &options, |_| {});
    assert_eq!(end(3), end(3));
    assert_ne!(end(3).x, end(4).x);
}

/// sinh overflows from 710 on: an answer with a reason, no NaN seen on the way.
#[test]
fn overflow_is_a_reason_to_stop() {
    let problem = cosh();
    let begin = Begin { x: &[800.0, 0.0, 0.0], y: &[0.0; 3], calls: 1_000, seed: 0 };
    let options = Options::bo_rep(0.01, 0.05, problem.smoothness());
    let seen = |step: &bo_rep::run::Step<'_>| assert!(step.x.iter().all(|x| x.is_finite()));
    let ended = bo_rep(&Noisy::none(problem.clone()), &begin, &options, seen);
    assert_eq!(ended.reason, StopReason::Diverged("the hypergradient"));
    let begin = Begin { x: &[10.0, -9.0, 8.0], ..begin };
    let ended =
        bo_rep(&Noisy::none(problem.clone()), &begin, &Options::soba(0.1, 0.05, problem.smoothness()), seen);
    assert!(matches!(ended.reason, StopReason::Diverged(_)));
    // Far, but with numbers: steps of one length get on.
    let begin = Begin { x: &[600.0, 0.0, 0.0], ..begin };
    let ended = bo_rep(&Noisy::none(problem), &begin, &options, seen);
    assert_eq!(ended.reason, StopReason::Budget);
}

#[test]
fn settings_out_of_range_are_named() {
    let smoothness = cosh().smoothness();
    let good = Options::bo_rep(0.01, 0.05, smoothness);
    assert_eq!(good.check(smoothness), Ok(()));
    let periodic = |period, inner, ball| LowerUpdates::Periodic { period, inner, ball };
    for (options, fault) in [
        (Options { eta: Power::constant(0.0), ..good }, "eta is 0"),
        (Options { gamma: Power::constant(f64::NAN), ..good }, "gamma is NaN"),
        (Options { beta: 1.0, ..good }, "beta is 1"),
        (Options { lower: periodic(0, 1, 1.0), ..good }, "period is 0"),
        (Options { lower: periodic(1, 0, 1.0), ..good }, "inner is 0"),
        (Options { lower: periodic(1, 1, -1.0), ..good }, "ball is -1"),
        (Options { inverse: Inverse::Neumann { step: 0.1, terms: 0 }, ..good }, "terms is 0"),
        (Options { inverse: Inverse::Neumann { step: 2.0, terms: 3 }, ..good }, "the series may grow"),
        (Options { step: Move::Clipped { longest: 0.0 }, ..good }, "longest is 0"),
        (Options { batch: 0, ..good }, "batch is 0"),
    ] {
        let found: OptionsError = options.check(smoothness).unwrap_err();
        assert!(found.to_string().contains(fault), "{found}");
    }
    assert!(
        recursive(
            &Noisy::none(cosh()),
            &Begin { x: &FAR, y: &[0.0; 3], calls: 10, seed: 0 },
            Recursive::Saba,
            Rates { eta: 0.1, gamma: 0.1, linear: 0.1 },
            |_| {}
        )
        .is_err()
    );
}

#[test]
fn problems_that_are_none_are_refused() {
    let growth = Growth { c: vec![1.0; 2], a: Some(vec![1.0; 2]), b: vec![0.0; 2], w: vec![1.0; 2] };
    let linear =
        |d: usize| Coupling::Linear { b: Array2::zeros((2, d)), c0: Array1::zeros(2), t: Array1::zeros(2) };
    let made = |h: Array2<f64>, coupling| Family::new(growth.clone(), h, coupling).unwrap_err();
    assert_eq!(made(Array2::zeros((2, 2)), linear(2)), FamilyError::NotConvex);
    assert_eq!(made(ndarray::array![[1.0, 0.5], [0.0, 1.0]], linear(2)), FamilyError::NotConvex);
    assert_eq!(
        made(Array2::eye(2), linear(3)),
        FamilyError::Shape { field: "B", found: (2, 3), expected: (2, 2) }
    );
    let rows = || Labelled { sequences: vec![vec![0, 1], vec![1]], labels: vec![1.0, -1.0] };
    let shape = Recurrent::new(Cell::Rnn, 2, 2, 1.0, &mut stream(0, &[])).unwrap();
    let made = |train: Labelled, ridge| {
        Representation::new(shape.clone(), train, rows(), ridge, Loss::Logistic).unwrap_err()
    };
    assert_eq!(made(rows(), 0.0), RepresentationError::Ridge(0.0));
    let short = Labelled { labels: vec![1.0], ..rows() };
    assert_eq!(made(short, 1.0), RepresentationError::Labels { sequences: 2, labels: 1 });
    let strange = Labelled { sequences: vec![vec![0], vec![7]], ..rows() };
    assert!(matches!(made(strange, 1.0), RepresentationError::Network(_)));
    let model = Model::Linear { train: Array2::ones((2, 2)), valid: Array2::ones((2, 3)) };
    assert_eq!(Cleaning::new(model, vec![1.0; 2], vec![1.0; 2], 1.0).unwrap_err(), CleaningError::Features);
}

/// Noise has mean zero and variance one, normal or skewed: means over 20,000 samples are within six standard errors, which fail once in 10⁹.
#[test]
fn noise_is_centred_and_scaled() {
    let problem = cosh();
    let mut exact = [0.0; 3];
    problem.lower_y(&FAR, &[1.0; 3], &mut exact);
    for law in [Law::Normal, Law::Skewed] {
        let noisy = Noisy { law, ..Noisy::normal(problem.clone(), 1.0) };
        let (mut sum, mut squares, mut out) = (0.0, 0.0, [0.0; 3]);
        let n = 20_000;
        for sample in 0..n {
            noisy.gradient(Part::LowerY, sample, &FAR, &[1.0; 3], &mut out);
            for (out, exact) in out.iter().zip(&exact) {
                sum += out - exact;
                squares += (out - exact) * (out - exact);
            }
        }
        let count = 3.0 * n as f64;
        assert!((sum / count).abs() < 6.0 / count.sqrt(), "{law:?}: {}", sum / count);
        // The fourth moment of the skewed law is 9.2 or so.
        assert!((squares / count - 1.0).abs() < 6.0 * 3.0 / count.sqrt(), "{law:?}: {}", squares / count);
    }
}

fn labelled(chains: &Chains, rows: usize, length: usize, seed: u64) -> Labelled {
    let mut random = stream(seed, &["rows"]);
    let drawn: Vec<_> = (0..rows).map(|_| chains.draw(length, &mut random)).collect();
    Labelled {
        labels: drawn.iter().map(|(_, chain)| 2.0 * *chain as f64 - 1.0).collect(),
        sequences: drawn.into_iter().map(|(sequence, _)| sequence).collect(),
    }
}

/// The general formula through conjugate gradients gives what two passes back give.
#[test]
fn exact_hypergradients_are_those_of_the_general_formula() {
    let chains = Chains::experimental();
    for cell in networks::CELLS {
        let shape = Recurrent::new(cell, 3, 3, 1.5, &mut stream(1, &["shape"])).unwrap();
        let x = shape.parameters.clone();
        let problem = Representation::new(
            shape,
            labelled(&chains, 20, 5, 1),
            labelled(&chains, 15, 5, 2),
            0.1,
            Loss::Logistic,
        )
        .unwrap();
        let exact = problem.exact(&x, &[0.0; 4]).unwrap();
        check_formula(&problem, &x, &exact.head, exact.value, &exact.gradient);
    }
    let (train, valid) = (labelled(&chains, 30, 6, 3), labelled(&chains, 20, 6, 4));
    let model =
        Model::Linear { train: pair_counts(&train.sequences, 3), valid: pair_counts(&valid.sequences, 3) };
    let problem = Cleaning::new(model, train.labels, valid.labels, 0.05).unwrap();
    let x: Vec<f64> = (0..30).map(|k| f64::from(k % 7) - 3.0).collect();
    let exact = problem.exact(&x, &[0.0; 10]).unwrap();
    check_formula(&problem, &x, &exact.head, exact.value, &exact.gradient);
}

fn check_formula(problem: &impl Products, x: &[f64], head: &[f64], value: f64, gradient: &[f64]) {
    let (d, q) = problem.dimensions();
    let (mut slope, mut upper_y, mut general) = (vec![0.0; q], vec![0.0; q], vec![0.0; d]);
    problem.lower_y(x, head, &mut slope);
    assert!(norm(&slope) < 1e-12, "the head solves the lower level: {slope:?}");
    problem.upper_y(x, head, &mut upper_y);
    let (v, _, _) = conjugate_gradients(problem, (x, head), &upper_y, 1e-14, 200);
    assemble(problem, x, head, &v, &mut general);
    assert!((problem.upper(x, head) - value).abs() < 1e-14);
    let size = norm(gradient);
    for (a, b) in general.iter().zip(gradient) {
        assert!((a - b).abs() < 1e-9 * size, "{a} {b}");
    }
}

/// Products of cleaning with a recurrent network below are derivatives of its gradients: central differences of step 1e-5.
#[test]
fn cleaning_through_a_network_has_the_right_products() {
    let chains = Chains::experimental();
    let (train, valid) = (labelled(&chains, 12, 5, 5), labelled(&chains, 8, 5, 6));
    let classifier = Classifier::new(Cell::Lstm, 3, 3).unwrap();
    let mut random = stream(7, &["network"]);
    let y = classifier.draw(1.0, &mut random).unwrap();
    let model = Model::Recurrent { classifier, train: train.sequences, valid: valid.sequences };
    let problem = Cleaning::new(model, train.labels, valid.labels, 0.1).unwrap();
    let x: Vec<f64> = (0..12).map(|_| random.random_range(-2.0..2.0)).collect();
    let v: Vec<f64> = y.iter().map(|_| random.random_range(-1.0..1.0)).collect();
    let moved = |step: f64| -> Vec<f64> { y.iter().zip(&v).map(|(y, v)| y + step * v).collect() };
    let difference = |of: &dyn Fn(&[f64], &mut [f64]), size: usize| -> Vec<f64> {
        let (mut above, mut below) = (vec![0.0; size], vec![0.0; size]);
        of(&moved(1e-5), &mut above);
        of(&moved(-1e-5), &mut below);
        above.iter().zip(below).map(|(a, b)| (a - b) / 2e-5).collect()
    };
    let (mut yy, mut xy) = (vec![0.0; y.len()], vec![0.0; 12]);
    problem.lower_yy_times(&x, &y, &v, &mut yy);
    problem.lower_xy_times(&x, &y, &v, &mut xy);
    for (found, expected) in [
        (yy, difference(&|y, out| problem.lower_y(&x, y, out), y.len())),
        (xy, difference(&|y, out| problem.lower_x(&x, y, out), 12)),
    ] {
        for (a, b) in found.iter().zip(&expected) {
            assert!((a - b).abs() < 1e-8 * (1.0 + b.abs()), "{a} {b}");
        }
    }
}

/// A batch is drawn from all rows: the mean over 4,000 batches is within six of its own standard errors of the gradient.
#[test]
fn batches_are_unbiased() {
    let chains = Chains::experimental();
    let shape = Recurrent::new(Cell::Rnn, 3, 2, 1.0, &mut stream(8, &["shape"])).unwrap();
    let x = shape.parameters.clone();
    let problem = Representation::new(
        shape,
        labelled(&chains, 30, 4, 8),
        labelled(&chains, 30, 4, 9),
        0.1,
        Loss::Logistic,
    )
    .unwrap();
    let batches = Batches { problem, rows: 3, components: None };
    let y = [0.5, -1.0, 0.2];
    let (mut exact, mut out) = ([0.0; 3], [0.0; 3]);
    batches.problem.lower_y(&x, &y, &mut exact);
    let (mut sum, mut squares) = ([0.0; 3], [0.0; 3]);
    let n = 4_000;
    for sample in 0..n {
        batches.gradient(Part::LowerY, sample, &x, &y, &mut out);
        for k in 0..3 {
            sum[k] += out[k] - exact[k];
            squares[k] += (out[k] - exact[k]) * (out[k] - exact[k]);
        }
    }
    for k in 0..3 {
        let error = (squares[k] / n as f64).sqrt() / (n as f64).sqrt();
        assert!((sum[k] / n as f64).abs() < 6.0 * error, "{k}: {} {error}", sum[k] / n as f64);
    }
}

#[test]
fn bayes_rule_is_the_best_of_all_rules() {
    let chains = Chains::experimental();
    let population = chains.population(6).unwrap();
    let total: f64 = population.probabilities.iter().map(|[first, _]| first).sum();
    assert!((total - 1.0).abs() < 1e-12);
    let best = population.error(population.sequences.iter().map(|sequence| chains.log_ratio(sequence)));
    assert!((population.error(population.sequences.iter().map(|_| 0.0)) - 0.5).abs() < 1e-15);
    let mut random = stream(10, &["rules"]);
    for _ in 0..50 {
        let weights = Array1::from_shape_simple_fn(10, || random.random_range(-1.0..1.0));
        let margins = pair_counts(&population.sequences, 3).dot(&weights);
        assert!(population.error(margins) >= best);
    }
    assert!(chains.population(30).is_err());
}

#[test]
fn areas_of_small_cases() {
    assert_eq!(area_under_curve(&[0.1, 0.2, 0.9, 0.8], &[true, true, false, false]), Some(1.0));
    assert_eq!(area_under_curve(&[0.1, 0.2, 0.9, 0.8], &[false, false, true, true]), Some(0.0));
    assert_eq!(area_under_curve(&[0.5; 4], &[true, false, true, false]), Some(0.5));
    assert_eq!(area_under_curve(&[0.1, 0.3, 0.2, 0.4], &[true, true, false, false]), Some(0.75));
    assert_eq!(area_under_curve(&[0.1, 0.2], &[true, true]), None);
}

/// e^(ax) has smoothness a|∇|, (w^T − b)²/2 far out (2T − 1)/w: measured ahead by a step, so that it is met as steps get short.
#[test]
fn laws_of_scalars_are_measured() {
    let points = along_descent(|x, out| out[0] = 2.0 * (2.0 * x[0]).exp(), &[3.0], 1e-4, 50);
    for point in &points {
        assert!((point.smoothness / point.gradient - 2.0).abs() < 1e-3);
    }
    let found = fit(&points).unwrap();
    assert!((found.slope - 1.0).abs() < 1e-6 && (found.correlation - 1.0).abs() < 1e-9, "{found:?}");
    for t in [3, 10] {
        let gradient =
            |w: &[f64], out: &mut [f64]| out[0] = (w[0].powi(t) - 1.0) * f64::from(t) * w[0].powi(t - 1);
        let point = along_descent(gradient, &[20.0], 1e-4, 1)[0];
        assert!((20.0 * point.smoothness / point.gradient / f64::from(2 * t - 1) - 1.0).abs() < 1e-3);
    }
    assert!(along_descent(|_, out| out[0] = 0.0, &[1.0], 0.1, 5).is_empty());
    assert!(fit(&points[..3]).is_none());
}

/// With one lower step a loop the sum of gradients is the gradient, so that scripts differ by the upper level's alone.
#[test]
fn a_cleared_script_descends_the_lower_level() {
    let noisy = Noisy::none(cosh());
    let options = Script { eta: 1e-9, beta: 0.9, gamma: 0.1, inner: 4, period: 1, linear: 0.1, clears: true };
    let begin = Begin { x: &FAR, y: &[0.0; 3], calls: 4_000, seed: 0 };
    let away = |clears: bool| {
        let ended = script(&noisy, &begin, &Script { clears, ..options }, |_| {});
        let solution = noisy.problem.solution(&ended.x);
        ended.y.iter().zip(solution).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    };
    assert!(away(true) < 1e-6);
    assert!(away(false) > 1e-3, "the upper level leaks in");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(32) })]

    /// Normalised steps have length η however far the start is, clipped ones at most the longest; the gap of the certificate bounds the distance.
    #[test]
    fn steps_have_their_length(scale in -2.0..2.5_f64, eta in 1e-6..0.5_f64) {
        let x = FAR.map(|x| x * 10.0_f64.powf(scale) / 3.0);
        prop_assume!(x.iter().all(|x| x.abs() < 600.0));
        let noisy = Noisy::normal(cosh(), 1.0);
        let begin = Begin { x: &x, y: &[0.0; 3], calls: 300, seed: 5 };
        let options = Options::bo_rep(eta, 0.05, noisy.problem.smoothness());
        bo_rep(&noisy, &begin, &options, |step| assert!((step.length / eta - 1.0).abs() < 1e-12));
        let clipped = Options { step: Move::Clipped { longest: eta }, ..options };
        bo_rep(&noisy, &begin, &clipped, |step| assert!(step.length <= eta * (1.0 + 1e-12)));
    }

    /// Without a coupling Φ is φ and a constant: the lemma's constants have to hold for cosh alone, where the bound on second derivatives is nearly met.
    #[test]
    fn the_lemma_holds_without_a_lower_level(x in -12.0..12.0_f64) {
        let growth = Growth { c: vec![1.0], a: Some(vec![1.0]), b: vec![0.0], w: vec![1.0] };
        let coupling = Coupling::Linear { b: Array2::zeros((1, 1)), c0: Array1::zeros(1), t: Array1::zeros(1) };
        let problem = Family::new(growth, Array2::eye(1), coupling).unwrap();
        let (k0, k1, radius) = problem.lemma_constants().unwrap();
        let (mut here, mut there) = ([0.0], [0.0]);
        problem.gradient(&[x], &mut here);
        problem.gradient(&[x + x.signum() * radius], &mut there);
        prop_assert!((there[0] - here[0]).abs() <= (k0 + k1 * here[0].abs()) * radius);
    }

    /// Φ is (K₀, K₁)-smooth along random segments within the lemma's radius.
    #[test]
    fn the_lemma_bounds_the_change_of_the_gradient(a in prop::array::uniform3(-5.0..5.0_f64), d in prop::array::uniform3(-1.0..1.0_f64)) {
        let problem = cosh();
        let (k0, k1, radius) = problem.lemma_constants().unwrap();
        prop_assume!(norm(&d) > 1e-3);
        let size = norm(&d);
        let b: Vec<f64> = a.iter().zip(&d).map(|(a, d)| a + 0.99 * radius * d / size).collect();
        let (mut here, mut there) = ([0.0; 3], [0.0; 3]);
        problem.gradient(&a, &mut here);
        problem.gradient(&b, &mut there);
        let change: Vec<f64> = there.iter().zip(&here).map(|(b, a)| b - a).collect();
        prop_assert!(norm(&change) <= (k0 + k1 * norm(&here)) * radius);
    }
}
