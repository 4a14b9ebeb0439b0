//! Identities, invariances, certificates.

use high_dimensional::information::bandwidth::Bandwidth;
use high_dimensional::information::density::{Kernel, Settings};
use high_dimensional::information::exact::Family;
use high_dimensional::information::neighbours::digamma;
use high_dimensional::information::screen::{Method as Estimate, area_under_curve, screen};
use high_dimensional::information::{InformationError, Outcome, linfoot};
use high_dimensional::mixed::conjugate::{Composite, Options as Proximal, accelerated, minimise};
use high_dimensional::mixed::q_gaussian::{log_density, log_student};
use high_dimensional::mixed::{Clusters, Effects, MixedError, Shape, fit, freedom_interval};
use high_dimensional::sparse::path::{Rule, lambdas, path};
use high_dimensional::sparse::solvers::bound::GradientBound;
use high_dimensional::sparse::solvers::{Method, Options, inverse_damping, solve, support};
use high_dimensional::sparse::{Coefficients, Columns, Loss, Penalty, Problem, SparseError};
use numerics::random::stream;
use proptest::prelude::*;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

fn normals(count: usize, random: &mut impl Rng) -> Vec<f64> {
    (0..count).map(|_| StandardNormal.sample(random)).collect()
}

pub const METHODS: [Estimate; 4] = [
    Estimate::Density(Settings { kernel: Kernel::Gaussian, bandwidth: Bandwidth::Silverman, grid: 96 }),
    Estimate::Density(Settings {
        kernel: Kernel::Epanechnikov,
        bandwidth: Bandwidth::ImprovedSheatherJones,
        grid: 96,
    }),
    Estimate::Neighbours(3),
    Estimate::Binning { corrected: true },
];

#[test]
fn information_knows_no_units_and_keeps_its_bounds() {
    let mut random = stream(1, &["units"]);
    let (x, outcome) = Family::Gaussian(0.7).sample(300, &mut random);
    let Outcome::Continuous(y) = &outcome else { panic!() };
    let classes = Outcome::Classes(y.iter().map(|y| usize::from(*y > 0.3)).collect());
    let moved: Vec<f64> = x.iter().map(|x| 1e-6 * x - 4e3).collect();
    let flipped: Vec<f64> = x.iter().map(|x| -x).collect();
    let constant = vec![7.0; 300];
    for method in METHODS {
        for outcome in [&outcome, &classes] {
            let scores =
                screen(&[x.clone(), moved.clone(), flipped.clone(), constant.clone()], outcome, method, 0, 0)
                    .unwrap();
            let of = |column: usize| scores.iter().find(|score| score.column == column).unwrap().information;
            assert!(of(0) > 0.1 && of(0) < 1.0, "{method:?}: {}", of(0));
            // A shift by 10¹⁰ deviations leaves six digits of a value, and moves edges of intervals.
            let tolerance = if matches!(method, Estimate::Binning { .. }) { 0.1 } else { 2e-3 };
            assert!((of(1) - of(0)).abs() < tolerance * of(0), "{method:?}: {} for {}", of(1), of(0));
            assert!((of(2) - of(0)).abs() < 0.1 * of(0), "{method:?}");
            assert_eq!(of(3), 0.0);
            if let Outcome::Classes(_) = outcome {
                assert!(of(0) <= 2.0_f64.ln());
            }
        }
    }
    assert!((linfoot(Family::Gaussian(0.6).information()) - 0.6).abs() < 1e-12);
}

#[test]
fn permutations_tell_chance_from_signal() {
    let mut random = stream(2, &["permutations"]);
    let (x, outcome) = Family::Square(0.5).sample(200, &mut random);
    let noise = normals(200, &mut random);
    for method in METHODS {
        let scores = screen(&[noise.clone(), x.clone()], &outcome, method, 99, 3).unwrap();
        assert_eq!(scores[0].column, 1, "{method:?}");
        assert_eq!(scores[0].p_value, 0.01, "{method:?}");
        assert!(scores[1].p_value > 0.02, "{method:?}: {}", scores[1].p_value);
        assert_eq!(scores, screen(&[noise.clone(), x.clone()], &outcome, method, 99, 3).unwrap());
    }
    // Correlation does not see a square.
    let scores = screen(&[noise, x], &outcome, Estimate::Correlation, 0, 0).unwrap();
    assert!(scores.iter().all(|score| score.information < 0.1));
}

#[test]
fn extreme_columns_are_survived() {
    let mut random = stream(3, &["extreme"]);
    let y = normals(100, &mut random);
    let outcome = Outcome::Continuous(y.clone());
    let ties: Vec<f64> = y.iter().map(|y| y.round()).collect();
    let spike: Vec<f64> = (0..100).map(|i| if i == 0 { 1e12 } else { y[i] }).collect();
    let rare: Vec<f64> = (0..100).map(|i| if i < 2 { 1.0 } else { 0.0 }).collect();
    let huge: Vec<f64> = y.iter().map(|y| 1e150 * y).collect();
    for method in METHODS {
        for score in
            screen(&[ties.clone(), spike.clone(), rare.clone(), huge.clone()], &outcome, method, 0, 0)
                .unwrap()
        {
            assert!(score.information.is_finite() && score.information >= 0.0, "{method:?}: {score:?}");
        }
    }
    let faulty = |outcome: Outcome| screen(std::slice::from_ref(&y), &outcome, METHODS[0], 0, 0).unwrap_err();
    assert_eq!(faulty(Outcome::Continuous(vec![1.0; 100])), InformationError::Constant);
    assert_eq!(
        faulty(Outcome::Classes((0..100).map(|i| usize::from(i < 3)).collect())),
        InformationError::RareClass { class: 1, count: 3 }
    );
    assert!(matches!(faulty(Outcome::Continuous(vec![1.0, 2.0])), InformationError::Rows(2, 20)));
    let nan: Vec<f64> = (0..100).map(|i| if i == 5 { f64::NAN } else { y[i] }).collect();
    assert!(matches!(
        screen(&[nan], &outcome, METHODS[0], 0, 0),
        Err(InformationError::NotFinite { row: 5, .. })
    ));
}

#[test]
fn areas_count_pairs() {
    assert_eq!(area_under_curve(&[1.0, 2.0, 3.0, 4.0], &[false, false, true, true]), 1.0);
    assert_eq!(area_under_curve(&[4.0, 2.0, 3.0, 1.0], &[false, false, true, true]), 0.25);
    assert_eq!(area_under_curve(&[1.0; 4], &[false, true, false, true]), 0.5);
}

/// A regression with three signals.
fn table(rows: usize, columns: usize, seed: u64) -> (Columns, Vec<f64>) {
    let mut random = stream(seed, &["table"]);
    let raw: Vec<Vec<f64>> = (0..columns).map(|_| normals(rows, &mut random)).collect();
    let (x, _, _) = Columns::new(&raw).unwrap().standardised();
    let mut y = normals(rows, &mut random);
    for (column, b) in [(0, 2.0), (3, -1.5), (columns - 1, 1.0)] {
        x.add(column, b, &mut y);
    }
    let mean = y.iter().sum::<f64>() / rows as f64;
    y.iter_mut().for_each(|y| *y -= mean);
    (x, y)
}

#[test]
fn all_methods_end_at_stationary_points_of_the_same_problem() {
    let (x, y) = table(80, 120, 4);
    let binary: Vec<f64> = y.iter().map(|y| f64::from(u8::from(*y > 0.2))).collect();
    for penalty in [Penalty::Lasso, Penalty::Mcp(3.0), Penalty::Scad(3.7)] {
        for (loss, y, lambda) in [(Loss::Squared, &y, 0.3), (Loss::Logistic, &binary, 0.08)] {
            let problem = Problem { x: &x, y, loss, weight: 1.0, penalty, lambda };
            let start = Coefficients { beta: vec![0.0; 120], intercept: 0.0 };
            let mut objectives = Vec::new();
            for method in [Method::Tuned, Method::GhadimiLan, Method::Ista, Method::Coordinate] {
                let fit = solve(&problem, method, &start, &Options::default()).unwrap();
                assert!(
                    fit.converged && problem.kkt(&fit.at) <= 1e-6,
                    "{penalty:?} {loss:?} {method:?}: {}",
                    fit.kkt
                );
                objectives.push(fit.objective);
            }
            if penalty == Penalty::Lasso {
                assert!(objectives.iter().all(|o| (o - objectives[0]).abs() < 1e-8), "{objectives:?}");
            }
            // Above the largest λ nothing is selected.
            let largest = problem.largest_lambda();
            let fit = solve(&problem.with(1.0001 * largest), Method::Coordinate, &start, &Options::default())
                .unwrap();
            assert!(support(&fit.at).is_empty());
        }
    }
}

#[test]
fn coordinate_descent_never_rises() {
    let (x, y) = table(60, 90, 5);
    let y: Vec<f64> = y.iter().map(|y| f64::from(u8::from(*y > 0.0))).collect();
    // Curvatures of ⅛ below concavities of a third: the majorised case.
    let problem =
        Problem { x: &x, y: &y, loss: Loss::Logistic, weight: 0.5, penalty: Penalty::Mcp(3.0), lambda: 0.03 };
    let mut last = f64::INFINITY;
    let start = Coefficients { beta: vec![0.0; 90], intercept: 0.0 };
    high_dimensional::sparse::solvers::observed(
        &problem,
        Method::Coordinate,
        &start,
        &Options::default(),
        &mut |seen| {
            let objective = problem.objective(seen.at);
            assert!(objective <= last + 1e-12, "{objective} after {last}");
            last = objective;
            true
        },
    )
    .unwrap();
}

#[test]
fn paths_are_checked_over_all_columns() {
    let (x, y) = table(50, 200, 6);
    let problem =
        Problem { x: &x, y: &y, loss: Loss::Squared, weight: 1.0, penalty: Penalty::Scad(3.7), lambda: 0.0 };
    let sequence = lambdas(&problem, 20, 0.1, true);
    let mut backwards = sequence.clone();
    backwards.reverse();
    for rule in [Rule::Keep, Rule::Strong] {
        let steps =
            path(&problem, &backwards, Method::Coordinate, rule, &Options::default(), &mut |_| true).unwrap();
        assert!(steps.windows(2).all(|pair| pair[0].lambda > pair[1].lambda), "largest first");
        assert!(support(&steps[0].fit.at).len() <= 1);
        for step in &steps {
            assert!(
                problem.with(step.lambda).kkt(&step.fit.at) <= 1e-6 * (1.0 + 1e-9),
                "{rule:?}: {}",
                step.fit.kkt
            );
        }
        if rule == Rule::Strong {
            assert!(steps[1].kept < 200, "columns are left out");
        }
    }
}

#[test]
fn faults_of_problems_are_named() {
    let (x, y) = table(20, 5, 7);
    let problem =
        Problem { x: &x, y: &y, loss: Loss::Squared, weight: 1.0, penalty: Penalty::Mcp(3.0), lambda: 0.1 };
    assert!(matches!(
        Problem { penalty: Penalty::Mcp(1.0), ..problem }.check(),
        Err(SparseError::Parameter { name: "gamma", .. })
    ));
    assert!(matches!(
        Problem { penalty: Penalty::Scad(2.0), ..problem }.check(),
        Err(SparseError::Parameter { name: "a", .. })
    ));
    assert!(matches!(problem.with(f64::NAN).check(), Err(SparseError::Parameter { name: "lambda", .. })));
    assert!(matches!(
        Problem { loss: Loss::Logistic, ..problem }.check(),
        Err(SparseError::NotBinary { .. })
    ));
    assert!(matches!(Problem { y: &y[..4], ..problem }.check(), Err(SparseError::Shape(_))));
    assert!(matches!(
        Columns::new(&[vec![1.0, f64::INFINITY]]),
        Err(SparseError::NotFinite { row: 1, column: 0, .. })
    ));
    // A constant column does no harm.
    let (x, _, scales) = Columns::new(&[vec![3.0; 20], y.clone()]).unwrap().standardised();
    assert_eq!(scales[0], 1.0);
    let problem = Problem { x: &x, ..problem };
    for method in [Method::Tuned, Method::Coordinate] {
        let fit = solve(
            &problem,
            method,
            &Coefficients { beta: vec![0.0; 2], intercept: 0.0 },
            &Options::default(),
        )
        .unwrap();
        assert!(fit.converged && support(&fit.at) == [1]);
    }
}

#[test]
fn the_damping_has_its_constant() {
    let k = 1_000_000;
    let constant = inverse_damping(k) - 0.5 * k as f64 - 0.25 * (k as f64).ln();
    assert!((constant - 0.82324).abs() < 1e-5, "{constant}");
    assert!((0..200).all(|k| inverse_damping(k) >= 0.5 * (k as f64 + 2.0) - 1e-15), "α_k ≤ 2/(k + 2)");
}

/// Groups of different sizes with a random intercept.
fn groups(seed: u64, bad: bool) -> (Vec<Vec<f64>>, Vec<f64>, Vec<String>) {
    let mut random = stream(seed, &["groups"]);
    let (mut x, mut y, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for group in 0..40 {
        let effect = normals(1, &mut random)[0];
        for _ in 0..3 + group % 4 {
            let z = normals(3, &mut random);
            let off = if bad && group == 7 { 30.0 } else { 0.0 };
            x.push(vec![1.0, z[0]]);
            y.push(1.0 + 2.0 * z[0] + effect + 0.5 * z[1] + off * z[2]);
            names.push(format!("g{group}"));
        }
    }
    (x, y, names)
}

#[test]
fn likelihoods_are_maximised_and_their_limits_are_right() {
    let (x, y, names) = groups(1, false);
    let clusters = Clusters::new(&x, &y, &names, Effects::Intercept).unwrap();
    let gaussian = fit(&clusters, Shape::Gaussian, 0.0).unwrap();
    assert!(gaussian.residual < 1e-6 && (gaussian.beta[1] - 2.0).abs() < 0.2, "{gaussian:?}");
    // Many degrees of freedom are none at all.
    let many = fit(&clusters, Shape::Freedom(1e8), 0.0).unwrap();
    assert!((many.log_likelihood - gaussian.log_likelihood).abs() < 1e-4);
    assert!(many.beta.iter().zip(&gaussian.beta).all(|(a, b)| (a - b).abs() < 1e-5));
    for shape in [Shape::Freedom(4.0), Shape::Estimated, Shape::Index(1.1)] {
        let found = fit(&clusters, shape, 0.0).unwrap();
        assert!(found.residual < 1e-5, "{shape:?}: {}", found.residual);
    }
    let estimated = fit(&clusters, Shape::Estimated, 0.0).unwrap();
    let (low, high) = freedom_interval(&clusters).unwrap();
    assert!(
        low <= estimated.freedom
            && estimated.freedom <= high
            && estimated.log_likelihood >= many.log_likelihood - 1e-6
    );
    let slope = Clusters::new(&x, &y, &names, Effects::Slope(1)).unwrap();
    let sloped = fit(&slope, Shape::Gaussian, 0.0).unwrap();
    assert!(
        sloped.log_likelihood >= gaussian.log_likelihood - 1e-6 && sloped.between.len() == 3,
        "a slope more cannot hurt"
    );
    // Units.
    let scaled: Vec<f64> = y.iter().map(|y| 1e4 * y).collect();
    let scaled =
        fit(&Clusters::new(&x, &scaled, &names, Effects::Intercept).unwrap(), Shape::Freedom(4.0), 0.0)
            .unwrap();
    let plain = fit(&clusters, Shape::Freedom(4.0), 0.0).unwrap();
    assert!(
        (scaled.beta[1] / plain.beta[1] / 1e4 - 1.0).abs() < 1e-5
            && (scaled.within / plain.within / 1e8 - 1.0).abs() < 1e-3
    );
}

#[test]
fn a_wrong_cluster_weighs_little_and_is_named() {
    let (x, y, names) = groups(2, true);
    let clusters = Clusters::new(&x, &y, &names, Effects::Intercept).unwrap();
    let found = fit(&clusters, Shape::Freedom(4.0), 0.0).unwrap();
    assert_eq!(found.weights[0].0, "g7");
    assert!(found.weights[0].1 < 0.1 && found.weights[5].1 > 0.3, "{:?}", &found.weights[..6]);
    let gaussian = fit(&clusters, Shape::Gaussian, 0.0).unwrap();
    assert!((found.beta[1] - 2.0).abs() < (gaussian.beta[1] - 2.0).abs() + 0.1);
    // One vector of everything: tails change nothing, whatever q.
    let one = vec!["all".to_owned(); y.len()];
    let all = Clusters::new(&x, &y, &one, Effects::Intercept).unwrap();
    let (heavy, normal) =
        (fit(&all, Shape::Freedom(2.0), 0.0).unwrap(), fit(&all, Shape::Gaussian, 0.0).unwrap());
    assert!(
        heavy.beta[1] - normal.beta[1] < 1e-4 && normal.beta[1] - heavy.beta[1] < 1e-4,
        "{:?} {:?}",
        heavy.beta,
        normal.beta
    );
}

#[test]
fn faults_of_mixed_models_are_named() {
    let (x, y, names) = groups(3, false);
    let clusters = Clusters::new(&x, &y, &names, Effects::Intercept).unwrap();
    assert!(matches!(fit(&clusters, Shape::Index(1.4), 0.0), Err(MixedError::Parameter { name: "q", .. })));
    assert!(matches!(
        fit(&clusters, Shape::Freedom(0.0), 0.0),
        Err(MixedError::Parameter { name: "nu", .. })
    ));
    let single: Vec<String> = (0..y.len()).map(|i| i.to_string()).collect();
    assert_eq!(Clusters::new(&x, &y, &single, Effects::Intercept).unwrap_err(), MixedError::Singletons);
    let twice: Vec<Vec<f64>> = x.iter().map(|x| vec![x[0], x[1], 3.0 * x[1]]).collect();
    let twice = Clusters::new(&twice, &y, &names, Effects::Intercept).unwrap();
    assert!(matches!(fit(&twice, Shape::Gaussian, 0.0), Err(MixedError::Dependent(_))));
    let mut bad = y.clone();
    bad[4] = f64::NAN;
    assert!(matches!(
        Clusters::new(&x, &bad, &names, Effects::Intercept),
        Err(MixedError::NotFinite { row: 4, .. })
    ));
}

#[test]
fn densities_integrate_to_one() {
    for q in [0.3, 0.8, 1.0, 1.3, 1.9] {
        let step = 2e-3;
        let total: f64 = (-500_000..500_000)
            .map(|k| f64::from(k) * step)
            .map(|x| log_density(q, 1, x * x, 0.0).exp() * step)
            .sum();
        // Student with ν near 1 has a tail of 1/x.
        let tail = if q > 1.5 { 3e-2 } else { 1e-5 };
        assert!((total - 1.0).abs() < tail, "{q}: {total}");
    }
    assert!((log_student(1e9, 3.0, 2.0, 0.5) - log_density(1.0, 3, 2.0, 0.5)).abs() < 1e-8);
    assert!(log_density(1.5, 4, 1.0, 0.0).is_nan(), "beyond 1 + 2/m");
    assert!(
        (digamma(1.0) + 0.577_215_664_901_532_9).abs() < 1e-14
            && (digamma(0.5) + 1.963_510_026_021_423_5).abs() < 1e-13
    );
}

/// ½ Σ dᵢ(xᵢ − 1)² + λ|x|₁.
struct Quadratic(Vec<f64>);

impl Composite for Quadratic {
    fn smooth(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let mut value = 0.0;
        for ((g, x), d) in gradient.iter_mut().zip(x).zip(&self.0) {
            *g = d * (x - 1.0);
            value += 0.5 * d * (x - 1.0) * (x - 1.0);
        }
        value
    }

    fn term(&self, x: &[f64]) -> f64 {
        0.5 * x.iter().map(|x| x.abs()).sum::<f64>()
    }

    fn prox(&self, x: &mut [f64], step: f64) {
        x.iter_mut()
            .for_each(|x| *x = if x.abs() <= 0.5 * step { 0.0 } else { *x - 0.5 * step * x.signum() });
    }
}

#[test]
fn proximal_methods_find_the_minimum() {
    let curvatures: Vec<f64> = (0..20).map(|k| 10.0_f64.powf(f64::from(k) / 5.0 - 1.0)).collect();
    let exact: Vec<f64> = curvatures.iter().map(|d| (1.0 - 0.5 / d).max(0.0)).collect();
    let problem = Quadratic(curvatures);
    let options = |conjugate| Proximal { tolerance: 1e-9, gradients: 2_000_000, step: 1.0, conjugate };
    for found in [
        minimise(&problem, &[3.0; 20], &options(true)),
        minimise(&problem, &[3.0; 20], &options(false)),
        accelerated(&problem, &[3.0; 20], &options(false)),
    ] {
        assert!(found.converged, "{found:?}");
        for (x, exact) in found.x.iter().zip(&exact) {
            assert!((x - exact).abs() < 1e-6, "{x} {exact}");
            assert!(*exact > 0.0 || *x == 0.0, "zeros are exact");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A proximal step is no worse than any other point.
    #[test]
    fn proximal_steps_are_best(z in -5.0_f64..5.0, lambda in 0.01_f64..2.0, step in 0.05_f64..6.0, shape in 0.05_f64..4.0, other in -6.0_f64..6.0, kind in 0_usize..3) {
        let penalty = [Penalty::Lasso, Penalty::Mcp(1.0 + shape), Penalty::Scad(2.0 + shape)][kind];
        let cost = |b: f64| (b - z) * (b - z) / (2.0 * step) + penalty.value(b.abs(), lambda);
        let best = penalty.prox(z, lambda, step);
        prop_assert!(cost(best) <= cost(other) + 1e-12 && cost(best) <= cost(0.0) + 1e-12 && cost(best) <= cost(z) + 1e-12);
        prop_assert!(best * z >= 0.0 && best.abs() <= z.abs() + 1e-12);
        // p′ is the derivative of p.
        let t = other.abs() + 0.01;
        let slope = (penalty.value(t + 1e-6, lambda) - penalty.value(t - 1e-6, lambda)) / 2e-6;
        prop_assert!((slope - penalty.slope(t, lambda)).abs() < 1e-4);
    }
}

#[test]
fn gradients_stay_under_their_bound() {
    let (x, y) = table(60, 90, 7);
    let problem =
        Problem { x: &x, y: &y, loss: Loss::Squared, weight: 1.0, penalty: Penalty::Scad(3.7), lambda: 0.1 };
    let start = Coefficients { beta: vec![0.0; 90], intercept: 0.0 };
    let reference = solve(&problem, Method::Tuned, &start, &Options::default()).unwrap();
    let lipschitz = problem.lipschitz();
    for method in [Method::Tuned, Method::GhadimiLan] {
        let mut bound = GradientBound::new(&problem, lipschitz, &start, &reference.at);
        let options =
            Options { tolerance: 0.0, iterations: 300, lipschitz: Some(lipschitz), ..Options::default() };
        let mut seen_all = 0;
        high_dimensional::sparse::solvers::observed(&problem, method, &start, &options, &mut |seen| {
            let bounded = bound.after(&seen).unwrap();
            assert!(bounded.least <= bounded.bound, "{method:?} after {}: {bounded:?}", seen.number);
            seen_all += 1;
            true
        })
        .unwrap();
        assert_eq!(seen_all, 300);
    }
}
