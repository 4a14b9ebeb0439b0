//! Small cases with answers from elsewhere.
//!
//! `cases/reference.csv` holds bounds of the optimum D_k that were computed by another method: the
//! relaxation as a second-order-cone program (the variational form of the k-support norm) with an
//! interior-point solver, `lower` being the semi-dual at its potentials and `upper` the relaxed
//! objective of its rounded plan, both to 12 decimals. Costs of exact plans are those of the network
//! simplex of POT 0.9.7, costs of entropic plans those of its Sinkhorn in the log domain.

use ndarray::{Array1, Array2};
use sparse_ot::{
    AscentOptions, Cost, Problem, Regulariser, RelaxationOptions, SinkhornOptions, solve_dual, solve_exact,
    solve_relaxation, solve_semidual, solve_sinkhorn,
};

const REFERENCE: &str = include_str!("../cases/reference.csv");
/// The reference values are printed to 12 decimals.
const PRINTED: f64 = 1e-12;

fn numbers(text: &str) -> Vec<f64> {
    text.split([',', '\n'])
        .filter(|field| !field.trim().is_empty())
        .map(|field| field.trim().parse().expect("a number in a case file"))
        .collect()
}

/// (i − j)²/(n − 1)².
fn bins(n: usize) -> Array2<f64> {
    let width = (n - 1) as f64;
    Array2::from_shape_fn((n, n), |(i, j)| ((i as f64 - j as f64) / width).powi(2))
}

fn case(name: &str) -> Problem {
    let uniform = || Array1::from_elem(32, 1.0 / 32.0);
    let given = |text| Array1::from(numbers(text));
    let points = || {
        let x = numbers(include_str!("../cases/g2d_32_x.csv"));
        let y = numbers(include_str!("../cases/g2d_32_y.csv"));
        let distance =
            |i: usize, j: usize| (x[2 * i] - y[2 * j]).powi(2) + (x[2 * i + 1] - y[2 * j + 1]).powi(2);
        let mut cost = Array2::from_shape_fn((32, 32), |(i, j)| distance(i, j));
        let largest = cost.iter().copied().fold(0.0, f64::max);
        cost /= largest;
        cost
    };
    let random = || {
        Array2::from_shape_vec((32, 32), numbers(include_str!("../cases/rand_32x32_C.csv")))
            .expect("32 × 32 costs")
    };
    let (cost, a, b) = match name {
        "mix1d_32" => (
            bins(32),
            given(include_str!("../cases/mix1d_32_a.csv")),
            given(include_str!("../cases/mix1d_32_b.csv")),
        ),
        "gauss1d_32" => (
            bins(32),
            given(include_str!("../cases/gauss1d_32_a.csv")),
            given(include_str!("../cases/gauss1d_32_b.csv")),
        ),
        "g2d_32_unif" => (points(), uniform(), uniform()),
        "g2d_32_nonunif" => (
            points(),
            given(include_str!("../cases/g2d_32_nonunif_a.csv")),
            given(include_str!("../cases/g2d_32_nonunif_b.csv")),
        ),
        "rand_32x32_unif" => (random(), uniform(), uniform()),
        "rand_32x32_nonunif" => (
            random(),
            given(include_str!("../cases/rand_32x32_nonunif_a.csv")),
            given(include_str!("../cases/rand_32x32_nonunif_b.csv")),
        ),
        other => panic!("no case {other}"),
    };
    let cost = Cost::dense(cost.view()).expect("finite costs");
    Problem::new(cost, a.view(), b.view()).expect("a balanced problem")
}

struct Reference {
    problem: Problem,
    name: &'static str,
    regulariser: Regulariser,
    lower: f64,
    upper: f64,
}

fn references() -> impl Iterator<Item = Reference> {
    REFERENCE.lines().skip(1).map(|line| {
        let fields: Vec<&'static str> = line.split(',').collect();
        let number = |field: &str| field.parse::<f64>().expect("a number in reference.csv");
        let k = fields[1].parse().expect("k in reference.csv");
        Reference {
            problem: case(fields[0]),
            name: fields[0],
            regulariser: Regulariser::new(k, number(fields[2])),
            lower: number(fields[3]),
            upper: number(fields[4]),
        }
    })
}

/// All 108 rows: the bounds enclose the same number as the reference's, and are closer.
#[test]
fn every_optimum_is_certified() {
    let mut rows = 0;
    for r in references() {
        let found =
            solve_relaxation(&r.problem, r.regulariser, &RelaxationOptions::default()).expect("valid input");
        let label = format!("{} {:?}: {:?}", r.name, r.regulariser, found.reason);
        assert!(found.relative_gap <= 1e-9, "{label}, gap {:.1e}", found.relative_gap);
        assert!(found.lower <= r.upper + PRINTED, "{label}, lower {}", found.lower);
        assert!(found.upper >= r.lower - PRINTED, "{label}, upper {}", found.upper);
        let errors =
            found.relaxed_plan.row_error(r.problem.a()) + found.relaxed_plan.column_error(r.problem.b());
        assert!(errors <= 1e-12, "{label}, marginals {errors:.1e}");
        assert!(found.top_k_plan.max_nonzeros_per_column() <= r.regulariser.k, "{label}");
        assert!(found.top_k_plan.column_error(r.problem.b()) <= 1e-12, "{label}");
        rows += 1;
    }
    assert_eq!(rows, 108);
}

/// However early the solver is stopped, its bounds enclose the optimum.
#[test]
fn bounds_hold_at_every_budget() {
    for r in references().filter(|r| r.regulariser.k <= 4) {
        for max_iterations in [0, 1, 2, 5] {
            let options = RelaxationOptions { max_iterations, ..RelaxationOptions::default() };
            let found = solve_relaxation(&r.problem, r.regulariser, &options).expect("valid input");
            assert!(found.lower <= r.upper + PRINTED, "{} {max_iterations}", r.name);
            assert!(found.upper >= r.lower - PRINTED, "{} {max_iterations}", r.name);
            let errors =
                found.relaxed_plan.row_error(r.problem.a()) + found.relaxed_plan.column_error(r.problem.b());
            assert!(errors <= 1e-12, "{} {max_iterations}, marginals {errors:.1e}", r.name);
        }
    }
}

/// Without ties L-BFGS finds the optimum too: k = m, where both duals are smooth. A gradient of
/// 1e-7 in every row and potentials below 1 leave an error of at most 1e-6.
#[test]
fn ascents_reach_the_smooth_optimum() {
    for r in references().filter(|r| r.regulariser.k == 32) {
        let options =
            AscentOptions { max_iterations: 5000, relative_increase: 0.0, ..AscentOptions::default() };
        for found in [
            solve_semidual(&r.problem, r.regulariser, &options).expect("valid input"),
            solve_dual(&r.problem, r.regulariser, &options).expect("valid input"),
        ] {
            assert!(found.value <= r.upper + PRINTED, "{}", r.name);
            assert!(found.row_error + found.column_error <= 1e-6, "{} {:?}", r.name, found.reason);
            assert!(found.value >= r.lower - 1e-6, "{} {}", r.name, found.value);
        }
    }
}

/// Costs of POT's `emd`, to ten decimals.
#[test]
fn exact_plans_cost_what_the_network_simplex_says() {
    for (name, cost) in [
        ("mix1d_32", 0.0163973374),
        ("g2d_32_unif", 0.4423352505),
        ("g2d_32_nonunif", 0.4696785060),
        ("rand_32x32_unif", 0.0507620242),
        ("rand_32x32_nonunif", 0.0641883143),
    ] {
        let found = solve_exact(&case(name));
        assert!((found.cost - cost).abs() <= 1e-10, "{name} {}", found.cost);
        assert!(found.row_error + found.column_error <= 1e-12, "{name}");
        assert!(found.plan.nonzeros() < 64, "{name}: a vertex has at most m + n − 1 nonzeros");
    }
}

/// Costs of POT's Sinkhorn at ε = 0.01, to seven decimals.
#[test]
fn entropic_plans_cost_what_another_sinkhorn_says() {
    for (name, cost) in [
        ("mix1d_32", 0.0209410),
        ("g2d_32_unif", 0.4485702),
        ("g2d_32_nonunif", 0.4756429),
        ("rand_32x32_unif", 0.0529257),
        ("rand_32x32_nonunif", 0.0652957),
    ] {
        let found = solve_sinkhorn(&case(name), &SinkhornOptions::default()).expect("valid input");
        assert!((found.cost - cost).abs() <= 1e-7, "{name} {}", found.cost);
    }
}
