//! Identities, invariances, certificates.

use ndarray::Array2;
use numerics::random::stream;
use numerics::symmetric::eigenvalues;
use proptest::prelude::*;
use rand::Rng;
use sketched_newton::augmented_lagrangian;
use sketched_newton::choice::Choice;
use sketched_newton::contraction::{GaussianLaw, spectrum};
use sketched_newton::direct::Direct;
use sketched_newton::inner::{Inertia, InnerError, InnerSolver, Stop};
use sketched_newton::kkt;
use sketched_newton::merit::Penalties;
use sketched_newton::models::formulas::{Formulas, collection};
use sketched_newton::models::{Control, Logistic, LogisticError, random_saddle};
use sketched_newton::newton::{Accuracy, Options, Reason, Verdict, second_order, solve};
use sketched_newton::problem::{Point, Problem, Refusal};
use sketched_newton::sketch::{Kind, Sampling, Sketch};
use sketched_newton::sparse::Sparse;
use sketched_newton::sqp;

fn formulas(names: &[&str], objective: &str, constraints: &[&str]) -> Formulas {
    let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    Formulas::parse(&own(names), objective, &own(constraints)).unwrap()
}

/// A symmetric matrix that is dense enough to be hard.
fn symmetric(size: usize, seed: u64) -> Sparse {
    let mut random = stream(seed, &["symmetric"]);
    let half = Array2::from_shape_simple_fn((size, size), || random.random_range(-1.0..1.0));
    let full = &half + &half.t();
    Sparse::from_rows(size, full.outer_iter().map(|row| row.to_vec()))
}

const SOLVERS: [&str; 10] = [
    "gaussian",
    "kaczmarz",
    "kaczmarz:norms",
    "kaczmarz:shuffled",
    "block:3",
    "count:3",
    "gmres",
    "gmres:4",
    "minres",
    "ldl",
];

#[test]
fn every_solver_finds_the_solution() {
    let system = random_saddle(12, &mut stream(3, &["saddle"]));
    let exact: Vec<f64> = (0..12).map(|place| f64::from(place) - 5.0).collect();
    let mut right = vec![0.0; 12];
    system.multiply(&exact, &mut right);
    for name in SOLVERS {
        let choice: Choice = name.parse().unwrap();
        assert_eq!(choice.to_string(), name);
        let mut solver = choice.solver(7);
        solver.prepare(&system).unwrap();
        let mut z = vec![0.0; 12];
        let stop = Stop { residual: 1e-9, steps: 5_000_000 };
        let work = solver.solve(&system, &right, &mut z, &stop);
        assert!(system.residual(&z, &right) <= 1e-9 && work.residual <= 1e-9, "{name}: {work:?}");
        assert!(work.flops > 0.0 && work.bytes > 0.0 && work.steps > 0, "{name}");
        let error = z.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(error < 1e-7, "{name}: {error}");
        // From the solution nothing is left to do.
        let again = solver.solve(&system, &right, &mut z, &stop);
        assert!(again.residual <= 1e-9 && again.steps <= 1, "{name}: {again:?}");
    }
}

#[test]
fn a_singular_but_consistent_system_does_not_hang() {
    let system = Sparse::from_rows(3, [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 2.0]]);
    for name in SOLVERS.iter().filter(|name| **name != "ldl") {
        let mut solver = name.parse::<Choice>().unwrap().solver(1);
        solver.prepare(&system).unwrap();
        let mut z = vec![0.0; 3];
        let work = solver.solve(&system, &[2.0, 2.0, 4.0], &mut z, &Stop { residual: 1e-10, steps: 100_000 });
        assert!(work.residual <= 1e-10, "{name}: {work:?}");
    }
    let empty = Sparse::from_rows(2, [[1.0, 0.0], [0.0, 0.0]]);
    assert_eq!(Sketch::new(Kind::Gaussian, 0).prepare(&empty), Err(InnerError::EmptyRow(1)));
    assert_eq!(Direct::new().prepare(&empty), Err(InnerError::EmptyRow(1)));
}

#[test]
fn gmres_and_minres_agree_and_end_after_d_products() {
    for seed in 0..5 {
        let system = symmetric(15, seed);
        let right: Vec<f64> = (0..15).map(|place| (place as f64).sin()).collect();
        let stop = Stop { residual: 1e-8, steps: 1_000 };
        let mut found = Vec::new();
        for name in ["gmres", "minres"] {
            let mut solver = name.parse::<Choice>().unwrap().solver(0);
            let mut z = vec![0.0; 15];
            let work = solver.solve(&system, &right, &mut z, &stop);
            assert!(work.residual <= 1e-8, "{name}: {work:?}");
            found.push((work.steps, z));
        }
        assert!(found[0].0 <= 15, "{}", found[0].0);
        assert!(found[1].0 <= 40, "{}", found[1].0);
    }
}

#[test]
fn inertia_is_that_of_the_eigenvalues() {
    for (size, seed) in [(4, 0), (9, 1), (30, 2), (130, 3)] {
        let system = symmetric(size, seed);
        let values = eigenvalues(system.to_dense().view()).unwrap();
        let positive = values.iter().filter(|value| **value > 0.0).count();
        let found = Direct::new().prepare(&system).unwrap().unwrap();
        assert_eq!(found, Inertia { positive, negative: size - positive, zero: 0 }, "{size}");
    }
    // A saddle matrix of a convex problem has as many negative eigenvalues as constraints, in every ordering.
    for size in [90, 300, 1_500] {
        let system = random_saddle(size, &mut stream(size as u64, &["saddle"]));
        let found = Direct::new().prepare(&system).unwrap().unwrap();
        assert_eq!(found, Inertia { positive: size - size / 3, negative: size / 3, zero: 0 });
    }
}

#[test]
fn zero_eigenvalues_are_seen_at_every_size() {
    for n in [20, 90, 120, 400] {
        // A chain of springs with no end fixed, and a constraint given twice.
        let names: Vec<String> = (0..n).map(|i| format!("x{i}")).collect();
        let springs = (1..n).map(|i| format!("(x{} - x{i})^2", i - 1)).collect::<Vec<_>>().join(" + ");
        let free = Formulas::parse(&names, &springs, &[]).unwrap();
        let zero = vec![0.0; n];
        assert_eq!(
            second_order(&free, &Point::start(&free, &zero, &[]).unwrap()),
            Verdict::Degenerate,
            "{n}"
        );
        let squares = names.iter().map(|name| format!("{name}^2")).collect::<Vec<_>>().join(" + ");
        let twice = ["x0 + x1".to_owned(), "2*x0 + 2*x1".to_owned()];
        let doubled = Formulas::parse(&names, &squares, &twice).unwrap();
        let point = Point::start(&doubled, &zero, &[0.0, 0.0]).unwrap();
        assert_eq!(second_order(&doubled, &point), Verdict::Degenerate, "{n}");
        let once = Formulas::parse(&names, &squares, &twice[..1]).unwrap();
        assert_eq!(
            second_order(&once, &Point::start(&once, &zero, &[0.0]).unwrap()),
            Verdict::Minimum,
            "{n}"
        );
    }
}

#[test]
fn krylov_methods_know_no_units_and_give_back_their_best() {
    let system = Sparse::from_rows(2, [[1e-18, 0.0], [0.0, 3e-18]]);
    for (name, scale) in [("gmres", 1.0), ("minres", 1.0), ("gmres", 1e18), ("minres", 1e-200)] {
        let right = [scale, 2.0 * scale];
        let mut z = vec![0.0; 2];
        let work = name.parse::<Choice>().unwrap().solver(0).solve(
            &system,
            &right,
            &mut z,
            &Stop { residual: 1e-9 * scale, steps: 100 },
        );
        assert!(work.residual <= 1e-9 * scale, "{name}: {work:?}");
    }
    // Singular and inconsistent: nothing better than the least-squares residual, and an end.
    let system = Sparse::from_rows(2, [[1.0, 1.0], [1.0, 1.0]]);
    for name in ["gmres", "gmres:1", "minres"] {
        let mut z = vec![0.0; 2];
        let stop = Stop { residual: 1e-12, steps: u64::MAX };
        let work = name.parse::<Choice>().unwrap().solver(0).solve(&system, &[1.0, 2.0], &mut z, &stop);
        let residual = system.residual(&z, &[1.0, 2.0]);
        assert!(residual <= 5.0_f64.sqrt() && (work.residual - residual).abs() < 1e-12, "{name}: {residual}");
    }
}

#[test]
fn semilinear_control_takes_few_steps_on_every_grid() {
    for side in [7, 31, 63] {
        let (problem, _) = Control::manufactured(side, 0.01);
        let start = (vec![0.0; problem.variables()], vec![0.0; problem.constraints()]);
        let options = Options { tolerance: 1e-9, delta: 1e-3, ..Options::practical() };
        let mut solver = Choice::Direct.solver(0);
        let found = solve(&problem, (&start.0, &start.1), solver.as_mut(), &options, &mut |_, _| ()).unwrap();
        assert_eq!(found.reason, Reason::Converged);
        assert!(found.iterations.len() <= 6, "{side}: {}", found.iterations.len());
    }
}

#[test]
fn the_gaussian_law_holds_for_one_step() {
    let system = symmetric(5, 11);
    let found = spectrum(system.to_dense().view()).unwrap();
    let law = GaussianLaw::new(&found.values);
    let start: Vec<f64> = (0..5).map(|place| 1.0 / (1.0 + place as f64)).collect();
    let along =
        |e: &[f64], i: usize| e.iter().enumerate().map(|(row, e)| e * found.vectors[[row, i]]).sum::<f64>();
    let squares: Vec<f64> = (0..5).map(|i| along(&start, i).powi(2)).collect();
    let expected = squares.iter().zip(&law.contraction).map(|(square, v)| square * (1.0 - v)).sum::<f64>();
    assert!((law.mean_square(&squares, 1) - expected).abs() < 1e-10);
    let runs = 40_000;
    let mut sketch = Sketch::new(Kind::Gaussian, 5);
    let (mut sum, mut square, mut mean) = (0.0, 0.0, [0.0; 5]);
    for _ in 0..runs {
        let mut e = start.clone();
        sketch.step(&system, &[0.0; 5], &mut e);
        let length: f64 = e.iter().map(|e| e * e).sum();
        sum += length;
        square += length * length;
        (0..5).for_each(|i| mean[i] += along(&e, i) / f64::from(runs));
    }
    let counted = sum / f64::from(runs);
    let deviation = ((square / f64::from(runs) - counted * counted) / f64::from(runs)).sqrt();
    assert!((counted - expected).abs() < 4.5 * deviation, "{counted} for {expected} ± {deviation}");
    for (i, mean) in mean.iter().enumerate() {
        let exact = along(&start, i) * (1.0 - law.contraction[i]);
        assert!((mean - exact).abs() < 0.02, "{mean} for {exact}");
    }
    // The number of steps is the first at which the mean square is small enough.
    let steps = law.steps(&squares, 1e-3).unwrap();
    let total: f64 = squares.iter().sum();
    assert!(law.mean_square(&squares, steps) <= 1e-3 * total);
    assert!(law.mean_square(&squares, steps - 1) > 1e-3 * total);
}

#[test]
fn the_published_setting_never_leaves_its_floor() {
    for known in
        collection().into_iter().filter(|known| ["HS7", "HS42", "HS77", "BT5"].contains(&known.name.as_str()))
    {
        let problem = known.problem().unwrap();
        let multipliers = vec![0.0; known.constraints.len()];
        let mut solver = Choice::Minres.solver(0);
        let found = solve(
            &problem,
            (&known.start, &multipliers),
            solver.as_mut(),
            &Options::published(),
            &mut |_, _| (),
        )
        .unwrap();
        assert!(found.iterations.iter().all(|iteration| iteration.delta == 1e-6));
    }
}

#[test]
fn slopes_and_steps_are_what_they_say() {
    let known = collection().into_iter().find(|known| known.name == "HS77").unwrap();
    let problem = known.problem().unwrap();
    let multipliers = vec![0.0; known.constraints.len()];
    let mut before: Vec<Point> = Vec::new();
    let mut solver = Choice::Sketch(Kind::Kaczmarz(Sampling::Uniform)).solver(4);
    let options = Options { accuracy: Accuracy::Exact, ..Options::published() };
    let found = solve(&problem, (&known.start, &multipliers), solver.as_mut(), &options, &mut |_, point| {
        before.push(point.clone())
    })
    .unwrap();
    assert_eq!(found.reason, Reason::Converged);
    let after = before.iter().skip(1).chain([&found.point]);
    for ((from, to), iteration) in before.iter().zip(after).zip(&found.iterations) {
        let (eta1, eta2) = iteration.penalties;
        let penalties = Penalties { constraints: eta1, stationarity: eta2 };
        assert!(iteration.slope <= -0.5 * eta2 * iteration.residual.powi(2));
        let fallen = penalties.value(to) - penalties.value(from);
        assert!(fallen <= 0.1 * iteration.step * iteration.slope + 1e-12, "{fallen}");
        // A tiny move along the step changes L_η by the slope.
        let small = 1e-6;
        let moved = |sign: f64| {
            let shift = |from: &[f64], to: &[f64]| -> Vec<f64> {
                from.iter().zip(to).map(|(a, b)| a + sign * small * (b - a) / iteration.step).collect()
            };
            let at =
                Point::start(&problem, &shift(&from.x, &to.x), &shift(&from.multipliers, &to.multipliers));
            penalties.value(&at.unwrap())
        };
        let slope = (moved(1.0) - moved(-1.0)) / (2.0 * small);
        assert!(
            (slope - iteration.slope).abs() <= 1e-5 * iteration.slope.abs() + 1e-8,
            "{slope} {}",
            iteration.slope
        );
    }
}

#[test]
fn a_maximum_is_called_a_saddle_and_a_flat_valley_undecided() {
    let circle = formulas(&["x", "y"], "x", &["x^2 + y^2 - 1"]);
    let at = |x: f64, multiplier: f64| Point::start(&circle, &[x, 0.0], &[multiplier]).unwrap();
    assert!(at(-1.0, 0.5).residual() < 1e-15 && at(1.0, -0.5).residual() < 1e-15);
    assert_eq!(second_order(&circle, &at(-1.0, 0.5)), Verdict::Minimum);
    assert_eq!(second_order(&circle, &at(1.0, -0.5)), Verdict::Saddle);
    let valley = formulas(&["x", "y"], "x^4", &["y"]);
    assert_eq!(
        second_order(&valley, &Point::start(&valley, &[0.0, 0.0], &[0.0]).unwrap()),
        Verdict::Degenerate
    );
    // From a start with negative curvature the practical mode still finds the minimum.
    let mut solver = Choice::Direct.solver(0);
    let found =
        solve(&circle, (&[0.9, 0.3], &[-0.4]), solver.as_mut(), &Options::practical(), &mut |_, _| ())
            .unwrap();
    assert_eq!((found.reason, second_order(&circle, &found.point)), (Reason::Converged, Verdict::Minimum));
}

#[test]
fn a_problem_without_constraints_is_solved() {
    let free = formulas(&["x", "y"], "(1 - x)^2 + 10*(y - x^2)^2", &[]);
    for name in ["kaczmarz", "ldl", "minres"] {
        let mut solver = name.parse::<Choice>().unwrap().solver(2);
        let found = solve(&free, (&[-1.2, 1.0], &[]), solver.as_mut(), &Options::practical(), &mut |_, _| ())
            .unwrap();
        assert!(found.point.x.iter().all(|x| (x - 1.0).abs() < 1e-7), "{name}: {:?}", found.point.x);
    }
}

#[test]
fn what_is_no_problem_is_refused() {
    let over = formulas(&["x"], "x", &["x", "2*x"]);
    let refused = |problem: &Formulas, x: &[f64], l: &[f64], options: &Options| {
        solve(problem, (x, l), Choice::Direct.solver(0).as_mut(), options, &mut |_, _| ()).unwrap_err()
    };
    let options = Options::practical();
    assert!(matches!(refused(&over, &[1.0], &[0.0, 0.0], &options), Refusal::Overdetermined { .. }));
    let line = formulas(&["x", "y"], "ln(x)", &["x + y"]);
    assert!(matches!(refused(&line, &[1.0], &[0.0], &options), Refusal::Length { .. }));
    assert!(matches!(refused(&line, &[-1.0, 0.0], &[0.0], &options), Refusal::Start { .. }));
    assert!(matches!(refused(&line, &[f64::NAN, 0.0], &[0.0], &options), Refusal::Start { .. }));
    let options = Options { armijo: 0.5, ..options };
    assert!(matches!(refused(&line, &[1.0, 0.0], &[0.0], &options), Refusal::Option { option: "beta", .. }));
    // Two copies of a constraint are told, and named.
    let twice = formulas(&["x", "y", "z"], "x^2 + y^2 + z^2", &["x + y - 1", "z - 1", "2*x + 2*y - 2"]);
    let found = solve(
        &twice,
        (&[0.0; 3], &[0.0; 3]),
        Choice::Minres.solver(0).as_mut(),
        &Options::published(),
        &mut |_, _| (),
    )
    .unwrap();
    assert!(matches!(found.reason, Reason::DependentConstraints(least) if least < 1e-12));
    assert_eq!(kkt::dependent_rows(&found.point.jacobian), [2]);
}

#[test]
fn rivals_find_the_same_optimum() {
    for name in ["HS28", "HS42", "HS79"] {
        let known = collection().into_iter().find(|known| known.name == name).unwrap();
        let problem = known.problem().unwrap();
        let multipliers = vec![0.0; known.constraints.len()];
        let start = (known.start.as_slice(), multipliers.as_slice());
        let mut gmres = Choice::Gmres(None).solver(0);
        for test in [sqp::Test::Adaptive, sqp::Test::TwoTests] {
            // |F| ≤ 10⁻⁴ leaves |λ|·10⁻⁴ to f.
            let found = sqp::solve(&problem, start, gmres.as_mut(), &sqp::Options::published(test)).unwrap();
            assert_eq!(found.reason, Reason::Converged, "{name}: {test:?}");
            assert!((found.point.objective - known.value.unwrap()).abs() < 1e-3, "{name}: {test:?}");
        }
        let found = augmented_lagrangian::solve(
            &problem,
            start,
            gmres.as_mut(),
            &augmented_lagrangian::Options::published(),
        )
        .unwrap();
        assert_eq!(found.reason, Reason::Converged, "{name}");
        assert!((found.point.objective - known.value.unwrap()).abs() < 1e-3, "{name}");
    }
}

#[test]
fn derivatives_of_the_models_are_those_of_their_values() {
    let mut random = stream(8, &["models"]);
    let features = Array2::from_shape_simple_fn((30, 6), || random.random_range(-1.0..1.0));
    let labels = features.column(0).mapv(|x| if x > 0.1 { 1.0 } else { -1.0 });
    let linear = Array2::from_shape_simple_fn((2, 6), || random.random_range(-1.0..1.0));
    let logistic =
        Logistic::new(features.view(), labels.view(), linear.view(), ndarray::arr1(&[0.1, -0.2]).view(), 1.5)
            .unwrap();
    let (control, exact) = Control::manufactured(3, 0.01);
    let problems: [&dyn Problem; 3] = [&logistic, &control, &Control::authors(2)];
    for problem in problems {
        let (n, m) = (problem.variables(), problem.constraints());
        let x: Vec<f64> = (0..n).map(|_| random.random_range(-1.0..1.0)).collect();
        let multipliers: Vec<f64> = (0..m).map(|_| random.random_range(-1.0..1.0)).collect();
        let point = Point::start(problem, &x, &multipliers).unwrap();
        let system = kkt::at(problem, &point);
        assert!(system.is_symmetric());
        let h = 1e-5;
        for variable in 0..n {
            let at = |sign: f64| {
                let mut x = x.clone();
                x[variable] += sign * h;
                Point::start(problem, &x, &multipliers).unwrap()
            };
            let (up, down) = (at(1.0), at(-1.0));
            let close = |found: f64, exact: f64| {
                assert!((found - exact).abs() < 1e-5 * exact.abs().max(1.0), "{found} {exact}")
            };
            close((up.objective - down.objective) / (2.0 * h), point.gradient[variable]);
            let dense = system.to_dense();
            for other in 0..n {
                close(
                    (up.stationarity[other] - down.stationarity[other]) / (2.0 * h),
                    dense[[other, variable]],
                );
            }
            for row in 0..m {
                close((up.constraints[row] - down.constraints[row]) / (2.0 * h), dense[[n + row, variable]]);
            }
        }
    }
    let optimum = Point::start(&control, &exact.variables, &exact.multipliers).unwrap();
    assert!(optimum.residual() < 1e-12);
    let far =
        Logistic::new(features.view(), labels.view(), linear.view(), ndarray::arr1(&[9.0, 9.0]).view(), 1.0);
    assert!(matches!(far, Err(LogisticError::Infeasible { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// A projection never takes z farther from the solution.
    #[test]
    fn errors_never_grow(seed in 0_u64..1_000, size in 2_usize..9, scale in -150.0_f64..150.0, kind in 0_usize..6) {
        let system = symmetric(size, seed);
        let kinds = [Kind::Gaussian, Kind::Kaczmarz(Sampling::Uniform), Kind::Kaczmarz(Sampling::SquaredNorm), Kind::Kaczmarz(Sampling::Shuffled), Kind::Block(2), Kind::Count(2)];
        let scale = 10.0_f64.powf(scale / 2.0);
        let exact: Vec<f64> = (0..size).map(|place| scale * (1.0 + place as f64)).collect();
        let mut right = vec![0.0; size];
        system.multiply(&exact, &mut right);
        let mut sketch = Sketch::new(kinds[kind], seed);
        sketch.prepare(&system).unwrap();
        let mut z = vec![0.0; size];
        let distance = |z: &[f64]| z.iter().zip(&exact).map(|(a, b)| ((a - b) / scale).powi(2)).sum::<f64>().sqrt();
        let mut before = distance(&z);
        for _ in 0..20 {
            sketch.step(&system, &right, &mut z);
            let after = distance(&z);
            prop_assert!(after <= before * (1.0 + 1e-12) + 1e-13, "{after} after {before}");
            before = after;
        }
    }

    /// Multiplying with the transpose is transposing.
    #[test]
    fn transposes_are_transposes(seed in 0_u64..1_000, rows in 1_usize..7, columns in 1_usize..7) {
        let mut random = stream(seed, &["transpose"]);
        let dense = Array2::from_shape_simple_fn((rows, columns), || if random.random::<bool>() { random.random_range(-1.0..1.0) } else { 0.0 });
        let matrix = Sparse::from_rows(columns, dense.outer_iter().map(|row| row.to_vec()));
        prop_assert_eq!(matrix.transposed().to_dense(), dense.t().to_owned());
        prop_assert_eq!(matrix.transposed().transposed(), matrix.clone());
        let x: Vec<f64> = (0..rows).map(|_| random.random_range(-1.0..1.0)).collect();
        let (mut first, mut second) = (vec![0.0; columns], vec![0.0; columns]);
        matrix.add_transposed(&x, &mut first);
        matrix.transposed().multiply(&x, &mut second);
        prop_assert!(first.iter().zip(&second).all(|(a, b)| (a - b).abs() < 1e-14));
    }
}
