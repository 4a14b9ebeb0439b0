//! Theorems, identities and certificates over random problems, and degenerate cases.

use std::ops::ControlFlow;

use lv_hba::box_quadratic::maximise;
use lv_hba::machine::{LOG_WEIGHTS, Machine, MachineError, Slacked};
use lv_hba::penalised::{Point, continued, minimise, residual, richardson};
use lv_hba::problem::{Problem, Proximal, Saddle};
use lv_hba::problems::{area_under_curve, direction, flipped_rows, random_quadratic};
use lv_hba::quadratic::{Distance, Lower, Quadratic, QuadraticError};
use lv_hba::ridge::Ridge;
use lv_hba::rivals::{alternating, hypergradient_descent, value_penalty};
use lv_hba::single_loop::{Options, State, StopReason, single_loop};
use lv_hba::toys::{MerelyConvex, StronglyConvex, penalised_toy};
use lv_hba::value::{Scratch, certificate, exact, saddle_step};
use ndarray::{Array1, Array2, array};
use numerics::random::stream;
use proptest::prelude::*;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

fn draw(n: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
    (0..n).map(|_| random.random_range(-2.0..2.0)).collect()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

proptest! {
    /// The exact saddle is where the steps stand still, and where they come to.
    #[test]
    fn saddles_are_fixed_points(seed in 0_u64..10_000, n in 1_usize..5, m in 0_usize..4) {
        let random = &mut stream(seed, &["laws"]);
        let problem = random_quadratic(n, n + 1, m, random).unwrap();
        let (x, y) = (draw(n, random), draw(n + 1, random));
        let z: Vec<f64> = draw(m, random).iter().map(|z| z.abs()).collect();
        let proximal = Proximal { gamma1: 2.0, gamma2: 0.7 };
        let exact = problem.saddle(&x, &y, &z, proximal).unwrap();
        let (mut saddle, mut scratch) = (exact.clone(), Scratch::new(&problem));
        saddle_step(&problem, (&x, &y, &z), proximal, 1e-2, &mut saddle, &mut scratch);
        prop_assert!(distance(&saddle.theta, &exact.theta) < 1e-9 && distance(&saddle.lambda, &exact.lambda) < 1e-9);
        let mut saddle = Saddle { theta: y.clone(), lambda: z.clone() };
        for _ in 0..30_000 {
            saddle_step(&problem, (&x, &y, &z), proximal, 5e-3, &mut saddle, &mut scratch);
        }
        prop_assert!(distance(&saddle.theta, &exact.theta) < 1e-6, "{saddle:?} {exact:?}");
    }

    /// f − v is at least the lemma's bound, the gradient is that of differences, and all vanishes at a lower solution.
    #[test]
    fn the_lemma_holds(seed in 0_u64..10_000, n in 1_usize..5, m in 0_usize..4) {
        let random = &mut stream(seed, &["laws"]);
        let problem = random_quadratic(n, n, m, random).unwrap();
        let (mut x, mut y) = (draw(n, random), draw(n, random));
        problem.project(&mut x, &mut y);
        let z: Vec<f64> = draw(m, random).iter().map(|z| z.abs()).collect();
        let proximal = Proximal { gamma1: random.random_range(0.2..10.0), gamma2: random.random_range(0.2..10.0) };
        let value = exact(&problem, (&x, &y, &z), proximal).unwrap();
        let found = certificate(&problem, (&x, &y, &z), proximal, &value);
        prop_assert!(found.bound > -1e-9 && found.gap >= found.bound - 1e-8 * (1.0 + value.value.abs()), "{found:?}");
        let h = 1e-5;
        for k in 0..n {
            let at = |offset: f64| {
                let mut moved = x.clone();
                moved[k] += offset;
                exact(&problem, (&moved, &y, &z), proximal).unwrap().value
            };
            let difference = (at(h) - at(-h)) / (2.0 * h);
            prop_assert!((difference - value.by_x[k]).abs() < 1e-5 * (1.0 + difference.abs()));
        }
        let solution = problem.solve_lower(&x).unwrap();
        let value = exact(&problem, (&x, &solution.theta, &solution.lambda), proximal).unwrap();
        let found = certificate(&problem, (&x, &solution.theta, &solution.lambda), proximal, &value);
        // Rarely a multiplier of 100 is too small; then the lower level is another one.
        prop_assert!(found.on_bound || (found.gap.abs() < 1e-8 * (1.0 + value.value.abs()) && found.kkt < 1e-7), "{found:?}");
    }

    /// The projection onto C is in C, is its own projection, and makes no acute angle with anything in C.
    #[test]
    fn projections_are_nearest_points(seed in 0_u64..10_000, n in 1_usize..5, m in 0_usize..5) {
        let random = &mut stream(seed, &["laws"]);
        let problem = random_quadratic(n, n, m, random).unwrap();
        let (x, y) = (draw(n, random), draw(n, random));
        let project = |x: &[f64], y: &[f64]| {
            let (mut x, mut y) = (x.to_vec(), y.to_vec());
            problem.project(&mut x, &mut y);
            [x, y].concat()
        };
        let (near, start) = (project(&x, &y), [x, y].concat());
        let mut g = vec![0.0; m];
        problem.constraint(&near[..n], &near[n..], &mut g);
        prop_assert!(g.iter().all(|g| *g < 1e-8), "{g:?}");
        prop_assert!(distance(&project(&near[..n], &near[n..]), &near) < 1e-8);
        let other = project(&draw(n, random), &draw(n, random));
        let angle: f64 = (0..2 * n).map(|k| (start[k] - near[k]) * (other[k] - near[k])).sum();
        prop_assert!(angle < 1e-7, "{angle}");
    }

    /// Active sets against projected gradient steps.
    #[test]
    fn box_quadratics_are_maximised(seed in 0_u64..10_000, p in 1_usize..7, high in 0.1_f64..3.0) {
        let random = &mut stream(seed, &["laws"]);
        let root = Array2::from_shape_simple_fn((p, p), || random.random_range(-1.0..1.0));
        let q: Array2<f64> = root.t().dot(&root) + Array2::<f64>::eye(p) * 0.05;
        let b = draw(p, random);
        let found = maximise(q.view(), &b, &vec![(0.0, high); p], &vec![high / 2.0; p]).unwrap();
        let slope: Vec<f64> = (0..p).map(|i| b[i] - (0..p).map(|j| q[(i, j)] * found[j]).sum::<f64>()).collect();
        for i in 0..p {
            prop_assert!((0.0..=high).contains(&found[i]));
            let stationary = slope[i].abs() < 1e-9 || (found[i] == 0.0 && slope[i] < 0.0) || (found[i] == high && slope[i] > 0.0);
            prop_assert!(stationary, "{found:?} {slope:?}");
        }
    }

    /// Exact hypergradients against differences, and the same lower solution from any start.
    #[test]
    fn machines_are_differentiated(seed in 0_u64..2_000) {
        let random = &mut stream(seed, &["laws"]);
        let u = direction(3, random);
        let (train, valid) = (flipped_rows(25, &u, 0.2, random), flipped_rows(15, &u, 0.0, random));
        let machine = Machine::new((&train.x, &train.y), (&valid.x, &valid.y)).unwrap();
        let weights: Vec<f64> = (0..25).map(|_| random.random_range(-2.0..2.0)).collect();
        let judged = machine.judge(&weights, &[0.0; 4]).unwrap();
        let again = machine.solve(&weights, &draw(4, random)).unwrap();
        prop_assert!(distance(&again.plane, &judged.solution.plane) < 1e-9);
        let h = 1e-6;
        for k in 0..25 {
            let at = |offset: f64| {
                let mut moved = weights.clone();
                moved[k] += offset;
                machine.judge(&moved, &judged.solution.plane).unwrap().loss
            };
            let (up, down) = ((at(h) - judged.loss) / h, (judged.loss - at(-h)) / h);
            // At kinks of the leaky loss the two sides differ.
            if (up - down).abs() < 1e-4 {
                prop_assert!(((up + down) / 2.0 - judged.gradient[k]).abs() < 1e-5, "{k}: {up} {down} {}", judged.gradient[k]);
            }
        }
        // The exact slacks make the slacked problem's lower value the same, and its projection feasible.
        let slacked = Slacked { machine: &machine, bound: 10.0 };
        let (mut x, mut y) = (weights.clone(), draw(29, random));
        slacked.project(&mut x, &mut y);
        let mut g = vec![0.0; 25];
        slacked.constraint(&x, &y, &mut g);
        prop_assert!(g.iter().all(|g| *g < 1e-9) && x == weights);
    }

    /// The derivative of the ridge's upper loss, and stationary points that are.
    #[test]
    fn ridges_are_stationary_where_they_say(seed in 0_u64..2_000) {
        let random = &mut stream(seed, &["laws"]);
        let mut rows = |n: usize| (Array2::from_shape_simple_fn((n, 3), || random.random_range(-1.0..1.0)), (0..n).map(|_| random.random_range(-1.0..1.0)).collect::<Array1<f64>>());
        let ((x, y), (x_valid, y_valid)) = (rows(8), rows(6));
        let ridge = Ridge::new((&x, &y), (&x_valid, &y_valid)).unwrap();
        for t in [-3.0, 0.0, 2.5] {
            let difference = (ridge.at(t + 1e-5).0 - ridge.at(t - 1e-5).0) / 2e-5;
            prop_assert!((difference - ridge.at(t).1).abs() < 1e-8);
        }
        let best = ridge.best().unwrap();
        for k in 0..=200 {
            prop_assert!(best.loss <= ridge.at(-12.0 + 0.12 * f64::from(k)).0 + 1e-9);
        }
    }
}

/// LV-HBA comes to the penalised problem's exact solution, and the minimiser of ψ_c to it as well.
#[test]
fn the_merely_convex_toy_follows_its_law() {
    let problem = MerelyConvex::normalised(20);
    let state = State::new(&problem, &[10.0; 20], &[10.0; 40]);
    let options = Options { steps: 4_000, ..Options::default() };
    let (end, steps, reason) = single_loop(&problem, state, &options, |_| ControlFlow::Continue(()));
    assert!(reason == StopReason::Steps && steps == 4_000);
    let law = penalised_toy(4_000_f64.powf(0.49), 10.0);
    assert!((problem.relative_error_of_x(&end.x) / ((law.x + 0.3).abs() / 0.3) - 1.0).abs() < 0.1);
    let proximal = Proximal { gamma1: 10.0, gamma2: 1.0 };
    let start = Point { x: vec![1.0; 20], y: vec![0.0; 40], z: vec![0.0] };
    let one = minimise(&problem, &start, 10.0, proximal, 2_000).unwrap();
    assert!(
        (one.x[0] - penalised_toy(10.0, 10.0).x).abs() < 1e-6
            && residual(&problem, &one, 10.0, proximal).unwrap() < 1e-6
    );
    let double = minimise(&problem, &one, 20.0, proximal, 2_000).unwrap();
    let better = richardson(&problem, &one, &double);
    assert!(
        (problem.relative_error_of_x(&better.x) - 7.2e-4).abs() < 2e-5,
        "{}",
        problem.relative_error_of_x(&better.x)
    );
}

/// No hypergradient method and no random point comes below the optimum, and the right start comes to it.
#[test]
fn the_strongly_convex_toy_has_no_lower_point() {
    let random = &mut stream(2, &["laws"]);
    let toy = StronglyConvex::draw(12, true, random).unwrap();
    let (least, s) = toy.optimum();
    let (x, y) = toy.at(s);
    let mut g = vec![0.0; toy.problem.dimensions().constraints];
    toy.problem.constraint(&x, &y, &mut g);
    assert!(g.iter().all(|g| g.abs() < 1e-9));
    let mut gradient = vec![0.0; 12];
    for _ in 0..200 {
        let mut x = draw(12, random);
        toy.project_upper(&mut x);
        assert!(toy.hypergradient(&x, &mut gradient) >= least - 1e-12);
    }
    let near: Vec<f64> = x.iter().map(|a| a + 0.01).collect();
    let end = hypergradient_descent(&toy, &near, 0.02, 5_000, |_, value| assert!(value >= least - 1e-12));
    assert!(toy.hypergradient(&end, &mut gradient) - least < 1e-6);
    let found = alternating(&toy, &near, (0.05, 0.01), 3_000, random, |_, _| {});
    assert!(toy.hypergradient(&found, &mut gradient) - least < 0.05);
    let found = value_penalty(&toy, &near, 100.0, 0.1, 3_000, |_, _| {}).unwrap();
    assert!(toy.hypergradient(&found, &mut gradient) - least < 0.05);
    let proximal = Proximal { gamma1: 10.0, gamma2: 1.0 };
    let start = Point { x: x.clone(), y, z: vec![0.0; g.len()] };
    let path = continued(&toy.problem, &start, &[1.0, 10.0, 100.0], proximal, 3_000).unwrap();
    let gaps: Vec<f64> =
        path.iter().map(|point| toy.hypergradient(&point.x, &mut gradient) - least).collect();
    assert!(gaps[2] < gaps[1] / 20.0 && gaps[1] < gaps[0], "{gaps:?}");
}

/// A box that is too small for the multipliers is seen.
#[test]
fn small_bounds_are_noticed() {
    let lower = |bound: f64| Lower {
        p: array![[1.0]],
        q: array![-5.0],
        k: array![[0.0]],
        a: array![[1.0]],
        b: array![[0.0]],
        r: array![0.0],
        equations: false,
        bound,
        e: Array2::zeros((0, 1)),
    };
    // min y²/2 − 5y with y ≤ 0: y = 0, multiplier 5.
    let upper = || Box::new(Distance { x: vec![0.0], y: vec![0.0] });
    let proximal = Proximal { gamma1: 1.0, gamma2: 1.0 };
    for (bound, noticed) in [(10.0, false), (2.0, true)] {
        let problem = Quadratic::new(lower(bound), upper()).unwrap();
        let (x, y, z) = ([0.0], [0.0], [bound.min(5.0)]);
        let value = exact(&problem, (&x, &y, &z), proximal).unwrap();
        let found = certificate(&problem, (&x, &y, &z), proximal, &value);
        assert_eq!((found.on_bound, found.gap > 0.1), (noticed, noticed), "{found:?}");
    }
}

/// Coupled inequalities with X a line, rows of any scale, a P that is not symmetric, and bounds of zero.
#[test]
fn unusual_matrices_are_taken() {
    let base = || Lower {
        p: Array2::eye(2),
        q: array![0.0, 0.0],
        k: -Array2::<f64>::eye(2),
        a: array![[1.0, 1.0]],
        b: array![[0.0, 0.0]],
        r: array![1.0],
        equations: false,
        bound: f64::INFINITY,
        e: array![[1.0, -1.0]],
    };
    let upper = || Box::new(Distance { x: vec![2.0, 0.0], y: vec![0.0, 0.0] });
    let problem = Quadratic::new(base(), upper()).unwrap();
    let (mut x, mut y) = (vec![2.0, 0.0], vec![3.0, 3.0]);
    problem.project(&mut x, &mut y);
    assert!(distance(&x, &[1.0, 1.0]) < 1e-9 && distance(&y, &[0.5, 0.5]) < 1e-9, "{x:?} {y:?}");
    let none = Array2::zeros((0, 2));
    let scaled = Lower {
        a: array![[1e-4, 0.0], [0.0, 1e4]],
        b: Array2::zeros((2, 2)),
        r: array![1e-4, 1e4],
        e: none.clone(),
        ..base()
    };
    let problem = Quadratic::new(scaled, upper()).unwrap();
    let (mut x, mut y) = (vec![0.0, 0.0], vec![3.0, 5.0]);
    problem.project(&mut x, &mut y);
    assert!(distance(&y, &[1.0, 1.0]) < 1e-8, "{y:?}");
    let turned = Lower { p: array![[2.0, 1.5], [0.0, 2.0]], e: none.clone(), ..base() };
    let problem = Quadratic::new(turned, upper()).unwrap();
    assert_eq!(problem.lower_level().p, array![[2.0, 0.75], [0.75, 2.0]]);
    let zero = Quadratic::new(Lower { bound: 0.0, e: none.clone(), ..base() }, upper()).unwrap();
    let proximal = Proximal { gamma1: 1.0, gamma2: 1.0 };
    assert_eq!(zero.saddle(&[5.0, 5.0], &[0.0, 0.0], &[0.0], proximal).unwrap().lambda, [0.0]);
    // y alone, downhill for ever.
    let unbounded = Lower {
        p: Array2::zeros((2, 2)),
        q: array![1.0, 0.0],
        k: Array2::zeros((2, 2)),
        a: none.clone(),
        b: none.clone(),
        r: Array1::zeros(0),
        e: none,
        ..base()
    };
    assert!(Quadratic::new(unbounded, upper()).unwrap().solve_lower(&[0.0, 0.0]).is_none());
}

/// Rows on the margin's edge at the solution, and losses that do not depend on the weight.
#[test]
fn edges_and_flat_losses_end() {
    let (x, y) = (array![[1.0], [-1.0], [1.5], [-1.5]], array![1.0, -1.0, 1.0, -1.0]);
    let machine = Machine::new((&x, &y), (&x, &y)).unwrap();
    let found = machine.solve(&[0.0; 4], &[0.0, 0.0]).unwrap();
    assert!((found.plane[0] - 2.0 / 3.0).abs() < 1e-9 && found.plane[1].abs() < 1e-9, "{found:?}");
    let flat = Ridge::new((&x, &Array1::zeros(4)), (&x, &y)).unwrap();
    assert!(flat.stationary().is_empty() && flat.best().is_none());
}

#[test]
fn what_is_no_problem_is_refused() {
    let lower = || Lower {
        p: array![[1.0]],
        q: array![0.0],
        k: array![[1.0]],
        a: Array2::zeros((0, 1)),
        b: Array2::zeros((0, 1)),
        r: Array1::zeros(0),
        equations: false,
        bound: 1.0,
        e: Array2::zeros((0, 1)),
    };
    let fault = |lower: Lower| {
        Quadratic::new(lower, Box::new(Distance { x: vec![0.0], y: vec![0.0] })).err().unwrap()
    };
    assert!(Quadratic::new(lower(), Box::new(Distance { x: vec![0.0], y: vec![0.0] })).is_ok());
    assert_eq!(fault(Lower { p: array![[-1.0]], ..lower() }), QuadraticError::NotConvex(-1.0));
    assert_eq!(fault(Lower { q: array![f64::NAN], ..lower() }), QuadraticError::NotFinite("q"));
    assert_eq!(fault(Lower { bound: -1.0, ..lower() }), QuadraticError::Bound(-1.0));
    assert!(matches!(
        fault(Lower { a: array![[1.0, 2.0]], ..lower() }),
        QuadraticError::Shape { matrix: "A", .. }
    ));
    // 0 ≤ −1 is infeasible.
    let impossible = Lower { a: array![[0.0]], b: array![[0.0]], r: array![-1.0], ..lower() };
    assert!(matches!(fault(impossible), QuadraticError::Infeasible(_)));
    let (x, y) = (array![[1.0], [2.0]], array![1.0, -1.0]);
    let machine = |y: Array1<f64>, x: Array2<f64>| Machine::new((&x, &y), (&x, &y)).unwrap_err();
    assert_eq!(machine(array![1.0, 2.0], x.clone()), MachineError::Label(1, 2.0));
    assert_eq!(machine(array![1.0, 1.0], x.clone()), MachineError::OneClass("training"));
    assert_eq!(machine(array![1.0], x.clone()), MachineError::Shape(2, 1, 1, 1));
    assert_eq!(machine(y, array![[1.0], [f64::NAN]]), MachineError::NotFinite(1));
    assert!((area_under_curve(&[0.0, 1.0, 1.0], &[true, false, true]) - 0.75).abs() < 1e-15);
    assert!(
        LOG_WEIGHTS.0 < LOG_WEIGHTS.1 && Ridge::new((&x, &array![1.0]), (&x, &array![1.0, 2.0])).is_none()
    );
}
