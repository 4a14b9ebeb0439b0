//! The interior-point method on problems with known answers, and what it says of problems without.

use ndarray::{Array2, array};
use semidefinite::Error;
use sphere_packing::dense::zeros;
use sphere_packing::scalar::{DoubleDouble, Multi, Scalar};
use sphere_packing::semidefinite::precision::{Plan, Precision, solve};
use sphere_packing::semidefinite::sdpa::SparseProblem;
use sphere_packing::semidefinite::{
    Block, Formulation, Iterate, Problem, Settings, Status, Terms, checkpoint, minimise,
};
use sphere_packing::three_point::multiplier::Multiplier;
use sphere_packing::three_point::{Harmonics, Parameters, ThreePointBound};

/// The largest eigenvalue of a matrix: minimise z with z I − A ⪰ 0, as the dual ⟨A, Y⟩ → max with trace 1. In our form:
/// minimise −⟨A, Y⟩ subject to ⟨I, Y⟩ = 1.
fn largest_eigenvalue<T: Scalar>() -> Problem<T> {
    let a = array![[2.0, 1.0, 0.0], [1.0, 2.0, 1.0], [0.0, 1.0, 2.0]];
    Problem {
        right_hand_side: vec![T::one()],
        blocks: vec![Block {
            cost: a.mapv(|value: f64| T::from_f64(-value)),
            terms: Terms::Entries((0..3).map(|i| (0, i, i, T::one())).collect()),
        }],
        free: zeros(1, 0),
        free_cost: Vec::new(),
        constant: T::zero(),
    }
}

/// The smallest value of (z² − 1)² + 3z/10: maximise c with the polynomial minus c a sum of squares, sampled at five points; c is free.
fn polynomial<T: Scalar>() -> Problem<T> {
    let points = [-1.5, -0.7, 0.1, 0.9, 1.6];
    let value = |z: f64| {
        (T::from_f64(z) * T::from_f64(z) - T::one()) * (T::from_f64(z) * T::from_f64(z) - T::one())
            + T::from_f64(3.0) * T::from_f64(z) / T::from_f64(10.0)
    };
    Problem {
        right_hand_side: points.iter().map(|z| value(*z)).collect(),
        blocks: vec![Block {
            cost: zeros(3, 3),
            terms: Terms::RankOne {
                vectors: Array2::from_shape_fn((5, 3), |(i, k)| {
                    (0..k).fold(T::one(), |power, _| power * T::from_f64(points[i]))
                }),
                weights: vec![T::one(); 5],
                constraints: (0..5).collect(),
            },
        }],
        free: Array2::from_elem((5, 1), T::one()),
        free_cost: vec![-T::one()],
        constant: T::zero(),
    }
}

fn run<T: Scalar>(problem: &Problem<T>, settings: &Settings) -> (Status, f64) {
    let solution =
        minimise(problem, Iterate::start(problem, settings.start), settings, &mut |_, _| true).unwrap();
    (solution.status, solution.primal.to_f64())
}

#[test]
fn known_optima_are_found_in_every_arithmetic() {
    fn check<T: Scalar>(gap: f64) {
        let settings = Settings { gap, infeasibility: 1e-9, ..Settings::default() };
        let (status, value) = run(&largest_eigenvalue::<T>(), &settings);
        assert_eq!(status, Status::Optimal);
        assert!((value + 2.0 + 2f64.sqrt()).abs() < 10.0 * gap.max(1e-15), "{value}");
        let (status, value) = run(&polynomial::<T>(), &settings);
        assert_eq!(status, Status::Optimal);
        // The minimum over a fine grid, refined: stationary where 4z(z² − 1) + 3/10 = 0, near −1.
        let mut z = -1.0f64;
        for _ in 0..50 {
            z -= (4.0 * z * (z * z - 1.0) + 0.3) / (12.0 * z * z - 4.0);
        }
        let least = (z * z - 1.0).powi(2) + 0.3 * z;
        assert!((value + least).abs() < 10.0 * gap.max(1e-15), "{value} {least}");
    }
    check::<f64>(1e-7);
    check::<DoubleDouble>(1e-14);
    check::<Multi<3>>(1e-14);
}

#[test]
fn entries_and_rank_one_terms_are_the_same_problem() {
    let rank_one = polynomial::<DoubleDouble>();
    let mut entries = rank_one.clone();
    let Terms::RankOne { vectors, .. } = &rank_one.blocks[0].terms else { unreachable!() };
    let list = (0..5)
        .flat_map(|i| (0..3).flat_map(move |j| (j..3).map(move |k| (i, j, k))))
        .map(|(i, j, k)| (i, j, k, vectors[[i, j]] * vectors[[i, k]]));
    entries.blocks[0].terms = Terms::Entries(list.collect());
    let settings = Settings::default();
    let (a, b) = (run(&rank_one, &settings), run(&entries, &settings));
    assert_eq!(a.0, b.0);
    assert!((a.1 - b.1).abs() < 1e-12);
}

/// Lovász's ϑ of an odd cycle is n cos(π/n)/(1 + cos(π/n)). Of seven nodes the system is formed from pairs of entries alone, of five from images too.
#[test]
fn odd_cycles_have_the_known_capacity() {
    for nodes in [5, 7] {
        let entry = |constraint, row, column| (constraint, row, column, DoubleDouble::one());
        let trace = (0..nodes).map(|node| entry(0, node, node));
        let edges = (0..nodes).map(|node| {
            let next = (node + 1) % nodes;
            entry(node + 1, node.min(next), node.max(next))
        });
        let problem = Problem {
            right_hand_side: (0..=nodes)
                .map(|constraint| DoubleDouble::from_f64(f64::from(u8::from(constraint == 0))))
                .collect(),
            blocks: vec![Block {
                cost: Array2::from_elem((nodes, nodes), DoubleDouble::from_f64(-1.0)),
                terms: Terms::Entries(trace.chain(edges).collect()),
            }],
            free: zeros(nodes + 1, 0),
            free_cost: Vec::new(),
            constant: DoubleDouble::zero(),
        };
        let cosine = (std::f64::consts::PI / nodes as f64).cos();
        let (status, value) = run(&problem, &Settings::default());
        assert_eq!(status, Status::Optimal);
        assert!((value + nodes as f64 * cosine / (1.0 + cosine)).abs() < 1e-8, "{nodes} nodes: {value}");
    }
}

#[test]
fn infeasible_problems_are_said_to_be() {
    // Y_11 = −1 with Y ⪰ 0.
    let mut infeasible = largest_eigenvalue::<DoubleDouble>();
    infeasible.right_hand_side[0] = DoubleDouble::from_f64(-1.0);
    assert_eq!(run(&infeasible, &Settings::default()).0, Status::PrimalInfeasible);
    // Minimise −Y_22 with Y_11 = 1: unbounded.
    let unbounded = Problem {
        right_hand_side: vec![DoubleDouble::one()],
        blocks: vec![Block {
            cost: array![[0.0, 0.0], [0.0, -1.0]].mapv(DoubleDouble::from_f64),
            terms: Terms::Entries(vec![(0, 0, 0, DoubleDouble::one())]),
        }],
        free: zeros(1, 0),
        free_cost: Vec::new(),
        constant: DoubleDouble::zero(),
    };
    assert_eq!(run(&unbounded, &Settings::default()).0, Status::DualInfeasible);
}

#[test]
fn limits_and_observers_end_the_iteration() {
    let problem = polynomial::<DoubleDouble>();
    let few = Settings { iterations: 3, ..Settings::default() };
    assert_eq!(run(&problem, &few).0, Status::IterationLimit);
    let mut seen = 0;
    let start = Iterate::start(&problem, 10.0);
    let solution = minimise(&problem, start, &Settings::default(), &mut |_, _| {
        seen += 1;
        seen < 4
    })
    .unwrap();
    assert_eq!((solution.status, seen), (Status::Stopped, 4));
}

#[test]
fn faulty_problems_and_settings_are_refused() {
    let good = polynomial::<f64>();
    let refused = |change: &dyn Fn(&mut Problem<f64>)| {
        let mut problem = good.clone();
        change(&mut problem);
        assert!(matches!(problem.validate(), Err(Error::Problem(_))));
    };
    refused(&|problem| problem.right_hand_side[0] = f64::NAN);
    refused(&|problem| problem.blocks.clear());
    refused(&|problem| problem.free_cost.clear());
    refused(&|problem| problem.blocks[0].cost = Array2::zeros((3, 2)));
    refused(&|problem| problem.right_hand_side.push(0.0));
    refused(&|problem| {
        let Terms::RankOne { constraints, .. } = &mut problem.blocks[0].terms else { unreachable!() };
        constraints.reverse();
    });
    refused(&|problem| problem.blocks[0].terms = Terms::Entries(vec![(0, 2, 1, 1.0)]));
    refused(&|problem| problem.blocks[0].terms = Terms::Entries(vec![(0, 0, 0, 1.0)]));
    let settings = Settings { gap: -1.0, ..Settings::default() };
    assert!(matches!(settings.validate(), Err(Error::Setting { name: "gap", .. })));
    let plan = Plan { from: Precision::Bits256, to: Precision::Double, ..Plan::default() };
    assert!(solve(&programme(), &plan, &mut |_| true).is_err());
}

fn programme() -> ThreePointBound {
    let parameters = Parameters {
        dimension: 3,
        degree: 2,
        radial_degree: 8,
        radius: 1.142,
        truncation: 1.5,
        width: 1.0,
        harmonics: Harmonics::All,
        multipliers: Multiplier::usual(2),
    };
    ThreePointBound::new(parameters).unwrap()
}

#[test]
fn the_precision_is_raised_until_it_suffices() {
    let mut plan = Plan { from: Precision::Double, ..Plan::default() };
    plan.settings.gap = 1e-12;
    let outcome = solve(&programme(), &plan, &mut |_| true).unwrap();
    assert!(outcome.output.is_ok());
    assert!(outcome.attempts.len() >= 2, "53 bits do not suffice");
    assert!(outcome.attempts.windows(2).all(|pair| pair[0].precision < pair[1].precision));
    let double = Plan { to: Precision::Double, ..plan.clone() };
    let outcome = solve(&programme(), &double, &mut |_| true).unwrap();
    assert!(matches!(outcome.output, Err(Error::NotConverged(_))), "no number without convergence");
}

#[test]
fn results_do_not_depend_on_threads() {
    let value = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| solve(&programme(), &Plan::default(), &mut |_| true).unwrap().output.unwrap().proven)
    };
    assert_eq!(value(1), value(3));
}

#[test]
fn a_stopped_solve_is_resumed_from_its_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("iterate");
    let plan = Plan { checkpoint: Some((&path, std::time::Duration::ZERO)), ..Plan::default() };
    let straight = solve(&programme(), &Plan::default(), &mut |_| true).unwrap();
    let mut seen = 0;
    let stopped = solve(&programme(), &plan, &mut |_| {
        seen += 1;
        seen < 12
    })
    .unwrap();
    assert_eq!(stopped.last().status, Status::Stopped);
    assert!(path.exists());
    let resumed = solve(&programme(), &plan, &mut |_| true).unwrap();
    assert_eq!(resumed.iterations(), straight.iterations());
    assert_eq!(resumed.output.unwrap().proven, straight.output.unwrap().proven);
    assert!(!path.exists(), "a finished solve needs no checkpoint");
}

#[test]
fn damaged_checkpoints_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("iterate");
    let problem = polynomial::<DoubleDouble>();
    let name = checkpoint::fingerprint(&problem);
    checkpoint::write(&path, Precision::DoubleDouble, &Iterate::start(&problem, 2.0), &name).unwrap();
    assert_eq!(checkpoint::precision(&path).unwrap(), Precision::DoubleDouble);
    assert_eq!(
        checkpoint::read(&path, &problem, &name).unwrap().slack[0][[1, 1]],
        DoubleDouble::from_f64(2.0)
    );
    let text = std::fs::read_to_string(&path).unwrap();
    let one = DoubleDouble::from_f64(2.0).to_text();
    let damaged = [
        String::new(),
        text[..text.len() / 2].to_owned(),
        text.replace("semidefinite", "semi"),
        text.replacen(&one, "zz", 1),
        text.replacen(&one, &DoubleDouble::from_f64(-2.0).to_text(), 1),
        text.replacen(&one, &DoubleDouble::from_f64(f64::NAN).to_text(), 1),
        text.replace(&name, "0"),
    ];
    for text in damaged {
        std::fs::write(&path, text).unwrap();
        assert!(matches!(checkpoint::read(&path, &problem, &name), Err(Error::Checkpoint { .. })));
    }
}

const EXAMPLE: &str = "\"the example of SDPA's manual\n* more\n3 =m\n1 =blocks\n2\n{48, -8, 20}\n0 1 1 1 -11\n0 1 2 2 23\n1 1 1 1 10\n1 1 1 2 4\n2 1 2 2 -8\n3 1 1 2 -8\n3 1 2 2 -2\n";

#[test]
fn sdpa_files_are_solved() {
    let problem = SparseProblem::read(EXAMPLE.as_bytes()).unwrap();
    assert_eq!(SparseProblem::read(problem.write().as_bytes()).unwrap(), problem);
    let plan = Plan { from: Precision::Double, ..Plan::default() };
    let solution = solve(&problem, &plan, &mut |_| true).unwrap().output.unwrap();
    // The manual's optimal value.
    assert!((solution.minimum + 41.9).abs() < 1e-6, "{solution:?}");
    assert!((solution.minimum - solution.maximum).abs() < 1e-6);
    // The same problem by way of the solver's own form.
    let again = SparseProblem::from_problem(&problem.problem::<DoubleDouble>().unwrap()).unwrap();
    let again = solve(&again, &plan, &mut |_| true).unwrap().output.unwrap();
    assert!((again.minimum - solution.minimum).abs() < 1e-6);
    assert!(
        SparseProblem::from_problem(&polynomial::<f64>()).is_err(),
        "free variables have no place in the format"
    );
}

#[test]
fn faulty_sdpa_files_are_refused_with_the_line() {
    for (text, fault) in [
        ("", "ends before"),
        ("x\n", "line 1"),
        ("1\n1\n2\nabc\n", "line 4"),
        ("2\n1\n2\n1\n", "expected 2 costs"),
        ("1\n2\n2\n1\n", "expected 2 orders"),
        ("1\n1\n2\n1\n1 1 1 1\n", "line 5"),
        ("1\n1\n2\n1\n2 1 1 1 1.0\n", "matrix from 0 to 1"),
        ("1\n1\n2\n1\n1 1 3 1 1.0\n", "row from 1 to 2"),
        ("1\n1\n2\n1\n1 1 1 1 nan\n", "finite number"),
        ("1\n1\n-2\n1\n1 1 1 2 1.0\n", "diagonal"),
        ("1\n1\n0\n1\n", "order 0"),
        ("99999999\n", "from 1 to"),
        ("1\n1\n15000\n1\n", "entries, more than"),
        ("1\n1\n2\n1\n1 1 1 2 1.0\n1 1 2 1 1.0\n", "line 6: this entry"),
        ("1\n1\n2\n1e-320\n", "finite number"),
    ] {
        let error = SparseProblem::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(fault), "{text:?}: {error}");
    }
}
