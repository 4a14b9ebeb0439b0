//! Pairs that must not meet, costs beyond all others, and offsets.

use std::fs;
use std::path::Path;

use ndarray::{Array1, Array2};
use proptest::prelude::*;
use rand::Rng;
use sparse_ot::{
    AscentOptions, Cost, Problem, ProblemError, Regulariser, RelaxationOptions, SinkhornOptions, solve_dual,
    solve_exact, solve_linear_program, solve_relaxation, solve_semidual, solve_sinkhorn,
};

const NEVER: f64 = f64::INFINITY;

/// Transport where some pairs must not meet (tests/cases/forbidden, restated from a public report), with `inf` or 1e30 for never.
fn reported(cost: &str) -> Problem {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/forbidden");
    let read = |name: &str| -> Vec<f64> {
        let text = fs::read_to_string(folder.join(name)).unwrap();
        text.split([',', '\n'])
            .filter(|field| !field.is_empty())
            .map(|field| field.trim().parse().unwrap())
            .collect()
    };
    let (a, b) = (Array1::from(read("a.csv")), Array1::from(read("b.csv")));
    let cost = Array2::from_shape_vec((a.len(), b.len()), read(cost)).unwrap();
    Problem::new(Cost::dense(cost.view()).unwrap(), a.view(), b.view()).unwrap()
}

/// The values are Clarabel's, through CVXPY.
#[test]
fn reported_cases_have_the_values_of_another_solver() {
    for cost in ["inf_cost.csv", "1e30_cost.csv"] {
        let problem = reported(cost);
        let exact = solve_exact(&problem);
        assert!((exact.cost - 3.7446587331831775).abs() <= 1e-8, "{cost}: {}", exact.cost);

        let all = Regulariser::new(problem.rows(), 0.5);
        let expected = 3.7731608717561618;
        let relaxed = solve_relaxation(&problem, all, &RelaxationOptions::default()).unwrap();
        assert!(relaxed.relative_gap.abs() <= 1e-9, "{cost}: {}", relaxed.relative_gap);
        assert!((relaxed.lower - expected).abs() <= 1e-7, "{cost}: {}", relaxed.lower);
        for solve in [solve_semidual, solve_dual] {
            let found = solve(&problem, all, &AscentOptions::default()).unwrap();
            assert!((found.value - expected).abs() <= 1e-7, "{cost}: {}", found.value);
        }
        // The entropy blurs little at this ε, and marginals are missed by 1e-9.
        let options = SinkhornOptions { epsilon: 0.02, max_iterations: 200_000, ..Default::default() };
        let entropic = solve_sinkhorn(&problem, &options).unwrap();
        assert!(entropic.row_error + entropic.column_error <= 2e-9, "{cost}");
        assert!((-1e-7..0.05).contains(&(entropic.cost - exact.cost)), "{cost}: {}", entropic.cost);
    }
}

#[test]
fn the_program_takes_inf_for_never() {
    let folder = tempfile::tempdir().unwrap();
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/forbidden");
    let arguments = |rest: &str| format!("solve --b {cases}/b.csv --gamma 0.5 --k 99 --out plan.csv {rest}");
    let said = crate::program::text(
        folder.path(),
        &arguments(&format!("--cost {cases}/inf_cost.csv --a {cases}/a.csv")),
    );
    assert!(said.contains("3.77316087"), "{said}");
    fs::write(folder.path().join("mask.csv"), "0,1\n1,0\n").unwrap();
    let fault = crate::program::refusal(
        folder.path(),
        &arguments(&format!("--cost {cases}/inf_cost.csv --a {cases}/a.csv --forbidden mask.csv")),
        1,
    );
    assert!(fault.contains("mask.csv") && fault.contains("the mask of forbidden pairs is 2 × 2"), "{fault}");
}

fn drawn(seed: u64, m: usize, n: usize) -> (Array2<f64>, Array1<f64>, Array1<f64>) {
    let mut random = numerics::random::stream(seed, &["forbidden"]);
    let cost = Array2::from_shape_simple_fn((m, n), || random.random_range(0.0..1.0));
    let mut masses = |count| {
        let masses = Array1::from_shape_simple_fn(count, || random.random_range(0.1..1.0));
        let total = masses.sum();
        masses / total
    };
    (cost, masses(m), masses(n))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// Whatever is forbidden, either both solvers of linear programs agree and the bounds of the relaxation close, or rows are named that have more
    /// mass than the columns open to them.
    #[test]
    fn any_mask_has_a_plan_or_a_witness(
        (m, n) in (1usize..9, 1usize..9),
        closed in 0.0f64..0.7,
        k in 1usize..4,
        seed in any::<u64>(),
    ) {
        let (cost, a, b) = drawn(seed, m, n);
        let mut random = numerics::random::stream(seed, &["mask"]);
        let never = Array2::from_shape_simple_fn((m, n), || random.random_bool(closed));
        let cost = Cost::dense(cost.view()).unwrap().forbidding(never.view()).unwrap();
        match Problem::new(cost, a.view(), b.view()) {
            Ok(problem) => {
                let (exact, expected) = (solve_exact(&problem), solve_linear_program(&problem).unwrap());
                prop_assert!((exact.cost - expected.cost).abs() <= 1e-9, "{} {}", exact.cost, expected.cost);
                let found = solve_relaxation(&problem, Regulariser::new(k, 0.3), &RelaxationOptions::default()).unwrap();
                prop_assert!(found.relative_gap.abs() <= 1e-6, "{}", found.relative_gap);
                prop_assert!(found.lower >= exact.cost - 1e-9);
                for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
                    prop_assert!(!never[[i, j]] || found.relaxed_plan.entry(i, j) == 0.0 && exact.plan.entry(i, j) == 0.0);
                }
            }
            Err(ProblemError::Infeasible { rows, columns, row_mass, column_mass }) => {
                let open = |j: &usize| rows.iter().any(|i| !never[[*i, *j]]);
                prop_assert_eq!((0..n).filter(open).collect::<Vec<_>>(), columns);
                prop_assert!(row_mass > column_mass);
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    /// What rows and columns add to costs changes the value by its mean and the plan not at all, also where it leaves few digits.
    #[test]
    fn offsets_change_no_plan(seed in any::<u64>(), size in prop::sample::select(vec![1.0, 1e6, 1e12])) {
        let (m, n) = (7, 9);
        let (cost, a, b) = drawn(seed, m, n);
        // Multiples of 2⁻¹² stay exact under offsets that are whole.
        let cost = cost.mapv(|c| (c * 4096.0).round() / 4096.0);
        let mut random = numerics::random::stream(seed, &["offsets"]);
        let mut whole = |count| Array1::from_shape_simple_fn(count, || (size * random.random_range(-1.0..1.0f64)).round());
        let (rows, columns) = (whole(m), whole(n));
        let moved = Array2::from_shape_fn((m, n), |(i, j)| cost[[i, j]] + rows[i] + columns[j]);
        let problem = |cost: &Array2<f64>| Problem::new(Cost::dense(cost.view()).unwrap(), a.view(), b.view()).unwrap();
        let (plain, moved) = (problem(&cost), problem(&moved));
        let constant = rows.dot(&a) + columns.dot(&b);
        let slack = 1e-8 + 1e-14 * size;
        let regulariser = Regulariser::new(3, 0.3);

        let (x, y) = (solve_exact(&plain), solve_exact(&moved));
        prop_assert!((x.cost + constant - y.cost).abs() <= slack);
        prop_assert!((y.plan.cost(plain.cost()) - x.cost).abs() <= 1e-8);
        let options = RelaxationOptions::default();
        let (x, y) = (solve_relaxation(&plain, regulariser, &options).unwrap(), solve_relaxation(&moved, regulariser, &options).unwrap());
        prop_assert!((x.upper + constant - y.upper).abs() <= slack, "{} {}", x.upper, y.upper - constant);
        // Where k binds, the ascent stalls on ties before its value is exact.
        let (options, regulariser) = (AscentOptions::default(), Regulariser::new(m, 0.3));
        let (x, y) = (solve_semidual(&plain, regulariser, &options).unwrap(), solve_semidual(&moved, regulariser, &options).unwrap());
        prop_assert!((x.value + constant - y.value).abs() <= 1e-6 + slack);
        let options = SinkhornOptions { epsilon: 0.1, ..Default::default() };
        let (x, y) = (solve_sinkhorn(&plain, &options).unwrap(), solve_sinkhorn(&moved, &options).unwrap());
        prop_assert!((&x.plan - &y.plan).iter().all(|difference| difference.abs() <= 1e-6));
    }

    /// Points with a mask are the matrix of their distances with infinities in it.
    #[test]
    fn points_with_a_mask_are_a_matrix_with_infinities(seed in any::<u64>()) {
        let (_, a, b) = drawn(seed, 12, 10);
        let mut random = numerics::random::stream(seed, &["points"]);
        let mut points = |count| Array2::from_shape_simple_fn((count, 2), || random.random_range(0.0..1.0));
        let (x, y) = (points(12), points(10));
        let never = Array2::from_shape_fn((12, 10), |(i, j)| (i * 7 + j * 3) % 4 == 0);
        let points = Cost::squared_euclidean(x.view(), y.view(), 1.0).unwrap().forbidding(never.view()).unwrap();
        let matrix = Cost::dense(points.to_dense().view()).unwrap();
        prop_assert!(never.indexed_iter().all(|((i, j), never)| *never == (matrix.entry(i, j) == NEVER)));
        let solve = |cost: Cost| {
            let problem = Problem::new(cost, a.view(), b.view()).unwrap();
            let found = solve_relaxation(&problem, Regulariser::new(3, 0.5), &RelaxationOptions::default()).unwrap();
            (found.lower, found.upper)
        };
        let ((low, high), (lower, upper)) = (solve(points), solve(matrix));
        prop_assert!(high - low <= 1e-8 && upper - lower <= 1e-8 && (low - lower).abs() <= 2e-8);
    }
}
