//! Definitions and theorems as properties.
//!
//! Optimal values are compared as intervals: a solver that ends with a lower and an upper bound is
//! right if they enclose the value, so two computations of one number must give intervals that
//! meet. The only tolerance is rounding, [`ROUNDING`] of the size of the terms.

use ndarray::{Array1, Array2};
use proptest::prelude::*;
use sparse_ot::{
    AscentOptions, Cost, Dual, Problem, Regulariser, Relaxation, RelaxationOptions, Repair, RepairOptions,
    SemiDual, SinkhornOptions, SolverError, conjugate, max_operator, relaxed_value, repair, solve_dual,
    solve_exact, solve_relaxation, solve_semidual, solve_sinkhorn,
};

/// Sums of some hundred terms, each rounded to 1e-16 of its size.
const ROUNDING: f64 = 1e-11;

fn problem(cost: &Array2<f64>, a: &[f64], b: &[f64]) -> Problem {
    let cost = Cost::dense(cost.view()).expect("finite costs");
    Problem::new(cost, Array1::from(a.to_vec()).view(), Array1::from(b.to_vec()).view())
        .expect("a balanced problem")
}

/// Random problems with ties (few distinct costs and masses), masses of zero, and few to ten rows
/// and columns.
fn problems() -> impl Strategy<Value = Problem> {
    (1usize..10, 1usize..10).prop_flat_map(|(m, n)| {
        let costs = prop_oneof![
            prop::collection::vec((-4i32..9).prop_map(|c| f64::from(c) / 8.0), m * n),
            prop::collection::vec(0.0f64..1.0, m * n),
        ];
        let masses =
            |count: usize| prop::collection::vec(prop::sample::select(vec![0.0, 1.0, 1.0, 2.0, 0.37]), count);
        (costs, masses(m), masses(n)).prop_map(move |(costs, mut a, mut b)| {
            // At least one positive mass on each side, and equal totals.
            a[0] += 0.5;
            b[0] += 0.25;
            let scale = a.iter().sum::<f64>() / b.iter().sum::<f64>();
            b.iter_mut().for_each(|b| *b *= scale);
            let cost = Array2::from_shape_vec((m, n), costs).expect("m n costs");
            problem(&cost, &a, &b)
        })
    })
}

fn regularisers() -> impl Strategy<Value = Regulariser> {
    (1usize..12, prop::sample::select(vec![0.01, 0.3, 1.0, 20.0]))
        .prop_map(|(k, gamma)| Regulariser::new(k, gamma))
}

/// The size of the terms that make up the objective.
fn size(problem: &Problem, gamma: f64) -> f64 {
    let (low, high) = problem.cost().range();
    problem.mass() * (low.abs().max(high.abs()) + gamma * problem.mass())
}

/// The optimum between two bounds, certified to 1e-9 of the size of its terms.
fn certified(problem: &Problem, regulariser: Regulariser) -> Relaxation {
    let options = RelaxationOptions { relative_gap: 1e-10, ..RelaxationOptions::default() };
    let found = solve_relaxation(problem, regulariser, &options).expect("valid input");
    let size = size(problem, regulariser.gamma);
    assert!(found.upper - found.lower <= 1e-9 * size, "{found:?}");
    assert!(found.upper - found.lower >= -ROUNDING * size, "{found:?}");
    found
}

/// Whether two enclosures of the same number meet.
fn meet(x: (f64, f64), y: (f64, f64), size: f64) -> bool {
    x.0 <= y.1 + ROUNDING * size && y.0 <= x.1 + ROUNDING * size
}

fn bounds(found: &Relaxation) -> (f64, f64) {
    (found.lower, found.upper)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// M_k is the maximum over all supports of size k of the value on that support, which is the
    /// projection onto a simplex: enumerated here, with τ found by bisection.
    #[test]
    fn the_max_operator_is_the_best_support(
        scores in prop::collection::vec((-6i32..7).prop_map(|s| f64::from(s) / 4.0), 1..7),
        k in 1usize..7,
        gamma in 0.1f64..5.0,
        mass in 0.01f64..3.0,
    ) {
        let found = max_operator(&scores, mass, Regulariser::new(k, gamma)).expect("valid input");
        let mut best = f64::NEG_INFINITY;
        for support in 1u32..1 << scores.len() {
            if support.count_ones() as usize > k {
                continue;
            }
            let chosen: Vec<f64> =
                (0..scores.len()).filter(|i| support >> i & 1 == 1).map(|i| scores[i]).collect();
            let high = chosen.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let (mut low, mut high) = (high - gamma * mass, high);
            for _ in 0..200 {
                let tau = 0.5 * (low + high);
                let sum: f64 = chosen.iter().map(|x| (x - tau).max(0.0) / gamma).sum();
                if sum > mass { low = tau } else { high = tau }
            }
            let value: f64 = chosen
                .iter()
                .map(|x| {
                    let t = (x - low).max(0.0) / gamma;
                    x * t - 0.5 * gamma * t * t
                })
                .sum();
            best = best.max(value);
        }
        prop_assert!((found.value - best).abs() <= 1e-12 * (1.0 + gamma * mass) * (1.0 + mass));
        prop_assert!(found.column.len() <= k);
        let total: f64 = found.column.iter().map(|entry| entry.1).sum();
        prop_assert!((total - mass).abs() <= 1e-14 * (1.0 + mass));
    }

    /// Fenchel's inequality for δ_k, with equality at the gradient.
    #[test]
    fn the_conjugate_bounds_every_sparse_column(
        scores in prop::collection::vec(-2.0f64..2.0, 1..9),
        masses in prop::collection::vec(0.0f64..2.0, 9),
        regulariser in regularisers(),
        offset in 0usize..9,
    ) {
        let found = conjugate(&scores, regulariser).expect("valid input");
        let worth = |column: &[(usize, f64)]| -> f64 {
            column
                .iter()
                .map(|&(i, t)| scores[i] * t - 0.5 * regulariser.gamma * t * t)
                .sum()
        };
        prop_assert!((worth(&found.column) - found.value).abs() <= 1e-12 * (1.0 + found.value));
        let other: Vec<(usize, f64)> = (0..scores.len().min(regulariser.k))
            .map(|i| ((i + offset) % scores.len(), masses[i]))
            .collect();
        prop_assert!(worth(&other) <= found.value + 1e-12 * (1.0 + found.value));
    }

    /// max over β of D(α, β) = S(α), attained at β = −τ (F1, at every α).
    #[test]
    fn the_semidual_is_the_dual_at_its_best_column_potentials(
        problem in problems(),
        regulariser in regularisers(),
        potentials in prop::collection::vec(-1.0f64..1.0, 20),
    ) {
        let (m, n) = (problem.rows(), problem.columns());
        let alpha = &potentials[..m];
        let mut semidual = SemiDual::new(&problem, regulariser).expect("valid input");
        let mut dual = Dual::new(&problem, regulariser).expect("valid input");
        let (mut rows, mut columns) = (vec![0.0; m], vec![0.0; n]);
        let value = semidual.evaluate(alpha, &mut rows);
        let beta = semidual.column_potentials();
        let rounding = ROUNDING * (size(&problem, regulariser.gamma) + problem.mass());
        let at_best = dual.evaluate(alpha, &beta, &mut rows, &mut columns);
        prop_assert!((value - at_best).abs() <= rounding, "{value} {at_best}");
        let other = dual.evaluate(alpha, &potentials[m..m + n], &mut rows, &mut columns);
        prop_assert!(other <= value + rounding);
        // The columns of the semi-dual's plan are exact and sparse.
        let plan = semidual.plan();
        prop_assert!(plan.column_error(problem.b()) <= 1e-13 * problem.mass());
        prop_assert!(plan.max_nonzeros_per_column() <= regulariser.k);
    }

    /// Both duals lie below each of their tangents: value and gradient belong together.
    #[test]
    fn the_duals_are_concave(
        problem in problems(),
        regulariser in regularisers(),
        at in prop::collection::vec(-1.0f64..1.0, 20),
        to in prop::collection::vec(-1.0f64..1.0, 20),
    ) {
        let (m, n) = (problem.rows(), problem.columns());
        let mut semidual = SemiDual::new(&problem, regulariser).expect("valid input");
        let (mut gradient, mut ignored) = (vec![0.0; m], vec![0.0; m]);
        let value = semidual.evaluate(&at[..m], &mut gradient);
        let other = semidual.evaluate(&to[..m], &mut ignored);
        let tangent: f64 =
            value + (0..m).map(|i| gradient[i] * (to[i] - at[i])).sum::<f64>();
        let size = size(&problem, regulariser.gamma) + problem.mass();
        prop_assert!(other <= tangent + ROUNDING * size);

        let mut dual = Dual::new(&problem, regulariser).expect("valid input");
        let (mut columns, mut none) = (vec![0.0; n], vec![0.0; n]);
        let value = dual.evaluate(&at[..m], &at[m..m + n], &mut gradient, &mut columns);
        let other = dual.evaluate(&to[..m], &to[m..m + n], &mut ignored, &mut none);
        let tangent: f64 = value
            + (0..m).map(|i| gradient[i] * (to[i] - at[i])).sum::<f64>()
            + (0..n).map(|j| columns[j] * (to[m + j] - at[m + j])).sum::<f64>();
        // The plan of the dual may carry up to (2 + |C|)²/γ in each of k entries of a column.
        let terms = (m * n) as f64 * 16.0 / regulariser.gamma;
        prop_assert!(other <= tangent + ROUNDING * (size + terms));
    }

    /// The bounds close on every problem, ties and empty bins included, and both plans keep what
    /// they promise. No ascent exceeds them (F1).
    #[test]
    fn every_problem_is_certified(problem in problems(), regulariser in regularisers()) {
        let found = certified(&problem, regulariser);
        let mass = problem.mass();
        let size = size(&problem, regulariser.gamma);
        prop_assert!(found.relaxed_plan.row_error(problem.a()) <= 1e-12 * mass);
        prop_assert!(found.relaxed_plan.column_error(problem.b()) <= 1e-12 * mass);
        prop_assert!(found.top_k_plan.max_nonzeros_per_column() <= regulariser.k);
        let value = relaxed_value(&found.relaxed_plan, problem.cost(), regulariser);
        prop_assert!((value - found.upper).abs() <= ROUNDING * size);
        let options = AscentOptions { max_iterations: 50, ..AscentOptions::default() };
        for ascent in [
            solve_semidual(&problem, regulariser, &options).expect("valid input"),
            solve_dual(&problem, regulariser, &options).expect("valid input"),
        ] {
            prop_assert!(ascent.value <= found.upper + ROUNDING * size);
            prop_assert!(ascent.plan.max_nonzeros_per_column() <= regulariser.k);
        }
    }

    /// D_k falls with k (F2) and lies between OT + (γ/2k)‖b‖² and OT + (γ/2)‖b‖² (F5), the upper end
    /// being D₁ (F3).
    #[test]
    fn the_optimum_falls_with_k_between_its_bounds(
        problem in problems(),
        gamma in prop::sample::select(vec![0.01, 1.0, 20.0]),
    ) {
        let exact = solve_exact(&problem).cost;
        let squares: f64 = problem.b().iter().map(|b| b * b).sum();
        let rounding = ROUNDING * size(&problem, gamma);
        let mut before = f64::INFINITY;
        for k in 1..=problem.rows() {
            let found = certified(&problem, Regulariser::new(k, gamma));
            prop_assert!(found.lower <= before + rounding);
            before = found.upper;
            prop_assert!(found.upper >= exact + gamma / (2 * k) as f64 * squares - rounding);
            prop_assert!(found.lower <= exact + 0.5 * gamma * squares + rounding);
            if k == 1 {
                let value = exact + 0.5 * gamma * squares;
                prop_assert!(meet(bounds(&found), (value, value), size(&problem, gamma)));
            }
        }
    }

    /// Without the constraint the relaxation is quadratic transport: its objective is that of the
    /// plan, and k beyond m changes nothing (F4). If its plan has at most k nonzeros per column, D_k
    /// is the same.
    #[test]
    fn no_constraint_is_quadratic_transport(
        problem in problems(),
        gamma in prop::sample::select(vec![0.1, 1.0, 20.0]),
    ) {
        let m = problem.rows();
        let free = certified(&problem, Regulariser::new(m, gamma));
        let size = size(&problem, gamma);
        let value = free.relaxed_plan.primal_value(problem.cost(), gamma);
        prop_assert!((value - free.upper).abs() <= ROUNDING * size);
        let beyond = certified(&problem, Regulariser::new(m + 7, gamma));
        prop_assert_eq!(free.lower.to_bits(), beyond.lower.to_bits());
        let k = free.relaxed_plan.max_nonzeros_per_column();
        let same = certified(&problem, Regulariser::new(k, gamma));
        prop_assert!(meet(bounds(&free), bounds(&same), size));
    }

    /// C + u 1ᵀ + 1 vᵀ adds ⟨u, a⟩ + ⟨v, b⟩; (sC, sγ) scales by s; (sa, sb, γ/s) scales by s (F7).
    #[test]
    fn shifts_and_scales(
        problem in problems(),
        regulariser in regularisers(),
        shifts in prop::collection::vec(-1.0f64..1.0, 20),
        scale in prop::sample::select(vec![1e-3, 7.0, 1e4]),
    ) {
        let Regulariser { k, gamma } = regulariser;
        let found = certified(&problem, regulariser);
        let (m, costs) = (problem.rows(), problem.cost().to_dense());
        let size = size(&problem, gamma) + problem.mass();

        let mut shifted = costs.clone();
        for ((i, j), c) in shifted.indexed_iter_mut() {
            *c += shifts[i] + shifts[m + j];
        }
        let offset: f64 = problem.a().iter().zip(&shifts).map(|(a, u)| a * u).sum::<f64>()
            + problem.b().iter().zip(&shifts[m..]).map(|(b, v)| b * v).sum::<f64>();
        let other = certified(&problem_of(&shifted, &problem, 1.0), regulariser);
        prop_assert!(meet(
            (found.lower + offset, found.upper + offset), bounds(&other), size,
        ));

        let scaled = problem_of(&(&costs * scale), &problem, 1.0);
        let other = certified(&scaled, Regulariser::new(k, gamma * scale));
        prop_assert!(meet(
            (found.lower * scale, found.upper * scale), bounds(&other), size * scale,
        ));

        let heavier = problem_of(&costs, &problem, scale);
        let other = certified(&heavier, Regulariser::new(k, gamma / scale));
        prop_assert!(meet(
            (found.lower * scale, found.upper * scale), bounds(&other), size * scale,
        ));
    }

    /// A repaired plan is sparse and feasible and costs at least the bound (F1); where the relaxed
    /// plan is sparse already, the two values agree (F6).
    #[test]
    fn repaired_plans_are_sparse_and_feasible(
        problem in problems(),
        regulariser in regularisers(),
    ) {
        let relaxation = certified(&problem, regulariser);
        let size = size(&problem, regulariser.gamma);
        let result = repair(&problem, regulariser, &relaxation, &RepairOptions::default())
            .expect("valid input");
        let tight = relaxation.relaxed_plan.max_nonzeros_per_column() <= regulariser.k;
        match result {
            Repair::Found(found) => {
                prop_assert!(found.plan.max_nonzeros_per_column() <= regulariser.k);
                prop_assert!(found.plan.row_error(problem.a()) <= 1e-9 * problem.mass());
                prop_assert!(found.plan.column_error(problem.b()) <= 1e-9 * problem.mass());
                prop_assert!(found.value >= relaxation.lower - ROUNDING * size);
                let value = found.plan.primal_value(problem.cost(), regulariser.gamma);
                prop_assert!((found.value - value).abs() <= ROUNDING * size);
                if tight {
                    prop_assert!(found.value <= relaxation.upper + ROUNDING * size);
                }
            }
            Repair::NotFound | Repair::Infeasible { .. } => prop_assert!(!tight),
        }
    }

    /// Rows and columns exchanged: D of the transposed problem limits rows. For k = 1 it is
    /// OT + (γ/2)‖a‖².
    #[test]
    fn transposition_limits_rows(problem in problems(), gamma in 0.1f64..5.0) {
        let exact = solve_exact(&problem).cost;
        let squares: f64 = problem.a().iter().map(|a| a * a).sum();
        let value = exact + 0.5 * gamma * squares;
        let found = certified(&problem.transposed(), Regulariser::new(1, gamma));
        prop_assert!(meet(bounds(&found), (value, value), size(&problem, gamma)));
        let back = found.relaxed_plan.transposed();
        prop_assert!(back.row_error(problem.a()) <= 1e-12 * problem.mass());
    }
}

/// The problem with other costs and all masses scaled.
fn problem_of(costs: &Array2<f64>, like: &Problem, scale: f64) -> Problem {
    let scaled = |masses: &[f64]| masses.iter().map(|mass| mass * scale).collect::<Vec<_>>();
    problem(costs, &scaled(like.a()), &scaled(like.b()))
}

/// m = 2, n = 1, k = 1 (F1): the dual has a value, the sparse problem no plan. D₁ = OT + γ/2.
#[test]
fn a_problem_without_a_sparse_plan() {
    let problem = problem(&Array2::zeros((2, 1)), &[0.5, 0.5], &[1.0]);
    let regulariser = Regulariser::new(1, 1.0);
    let found = certified(&problem, regulariser);
    assert!(meet(bounds(&found), (0.5, 0.5), 1.0));
    let result = repair(&problem, regulariser, &found, &RepairOptions::default());
    assert!(matches!(result, Ok(Repair::Infeasible { rows: 2, places: 1 })));
}

/// Points on a line against a mixture on a grid, large enough to run in parallel and to be started
/// from a smaller problem.
fn cloud(n: usize) -> (Array2<f64>, Array2<f64>) {
    let fraction = |i: usize, step: f64| (i as f64 * step).fract();
    let x = Array2::from_shape_fn((n, 2), |(i, d)| fraction(i, [0.618_034, 0.754_878][d]));
    let y = Array2::from_shape_fn((n, 2), |(i, d)| 0.3 + fraction(i, [0.569_840, 0.414_214][d]));
    (x, y)
}

/// The same bits with one and with two threads, from the matrix and from the points.
#[test]
fn threads_do_not_change_a_bit() {
    let n = 320;
    let (x, y) = cloud(n);
    let mass = Array1::from_elem(n, 1.0 / n as f64);
    let points = Cost::squared_euclidean(x.view(), y.view(), 0.5).expect("finite points");
    let dense = Cost::dense(points.to_dense().view()).expect("finite costs");
    let solve = |cost: &Cost, threads: usize| {
        let pool =
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads are available");
        pool.install(|| {
            let problem = Problem::new(cost.clone(), mass.view(), mass.view()).expect("a balanced problem");
            let regulariser = Regulariser::new(3, 5.0);
            let relaxation =
                solve_relaxation(&problem, regulariser, &RelaxationOptions::default()).expect("valid input");
            let options = AscentOptions { max_iterations: 30, ..AscentOptions::default() };
            let ascent = solve_semidual(&problem, regulariser, &options).expect("valid input");
            let entropic = SinkhornOptions { epsilon: 0.05, max_iterations: 5, ..SinkhornOptions::default() };
            let sinkhorn = solve_sinkhorn(&problem, &entropic).expect("valid input");
            (relaxation, ascent.alpha, sinkhorn.cost)
        })
    };
    let (one, one_alpha, one_cost) = solve(&dense, 1);
    assert!(one.relative_gap <= 1e-9, "{:?}", one.reason);
    for (cost, threads) in [(&dense, 2), (&points, 2), (&points, 1)] {
        let (two, two_alpha, two_cost) = solve(cost, threads);
        assert_eq!(one.lower.to_bits(), two.lower.to_bits());
        assert_eq!(one.upper.to_bits(), two.upper.to_bits());
        assert_eq!(one.alpha, two.alpha);
        assert_eq!(one.relaxed_plan, two.relaxed_plan);
        assert_eq!(one_alpha, two_alpha);
        assert_eq!(one_cost.to_bits(), two_cost.to_bits());
    }
}

/// Costs from 1e-12 to 1e6, masses of 196 and of 1e-6, duplicates, bins without mass, constant
/// costs, one row, one column: a certificate each time.
#[test]
fn extreme_scales_and_degenerate_shapes() {
    let (x, y) = cloud(12);
    let cloud = Cost::squared_euclidean(x.view(), y.view(), 1.0).expect("points").to_dense();
    let mut duplicates = cloud.clone();
    for i in 0..6 {
        let row = cloud.row(i).to_owned();
        duplicates.row_mut(i + 6).assign(&row);
    }
    let constant = Array2::from_elem((12, 12), 3.0);
    let uneven: Vec<f64> = (0..12).map(|i| if i % 3 == 0 { 0.0 } else { (i as f64).exp() }).collect();
    let total: f64 = uneven.iter().sum();
    for cost in [&cloud, &duplicates, &constant] {
        for cost_scale in [1e-12, 1e-6, 1.0, 1e6] {
            for mass in [1e-6, 1.0, 196.0] {
                let a = vec![mass / 12.0; 12];
                let b: Vec<f64> = uneven.iter().map(|b| b / total * mass).collect();
                let scaled = cost * cost_scale;
                for k in [1, 3, 50] {
                    for (a, b) in [(&a, &b), (&b, &a), (&a, &a)] {
                        certified(&problem(&scaled, a, b), Regulariser::new(k, 1.0));
                    }
                }
            }
        }
    }
    let row = Array2::from_shape_fn((1, 5), |(_, j)| j as f64);
    let column = row.t().to_owned();
    for k in [1, 2, 9] {
        let regulariser = Regulariser::new(k, 2.0);
        // One row: a single plan, of value ⟨c, b⟩ + (γ/2)‖b‖² for every k.
        let found = certified(&problem(&row, &[1.0], &[0.2; 5]), regulariser);
        assert!(meet(bounds(&found), (2.2, 2.2), 10.0));
        certified(&problem(&column, &[0.2; 5], &[1.0]), regulariser);
    }
    // 1 × 1: 3 · 2 + ½ · 2².
    let single = problem(&Array2::from_elem((1, 1), 3.0), &[2.0], &[2.0]);
    assert!(meet(bounds(&certified(&single, Regulariser::new(1, 1.0))), (8.0, 8.0), 10.0));
}

/// Bad options and potentials are refused by name.
#[test]
fn faults_are_named() {
    let problem = problem(&Array2::zeros((2, 2)), &[0.5, 0.5], &[0.5, 0.5]);
    let relax = |regulariser, options: RelaxationOptions| {
        solve_relaxation(&problem, regulariser, &options).expect_err("a fault").to_string()
    };
    let fine = Regulariser::new(1, 1.0);
    let default = RelaxationOptions::default;
    assert_eq!(relax(Regulariser::new(0, 1.0), default()), "k is 0; every column needs at least one nonzero");
    assert_eq!(
        relax(Regulariser::new(1, f64::NAN), default()),
        "gamma is NaN; it must be positive and finite"
    );
    assert_eq!(
        relax(fine, RelaxationOptions { relative_gap: -1.0, ..default() }),
        "option relative_gap is -1; it must be at least 0"
    );
    assert_eq!(
        relax(fine, RelaxationOptions { start: Some(vec![0.0]), ..default() }),
        "1 potentials for 2 rows"
    );
    assert_eq!(
        relax(fine, RelaxationOptions { start: Some(vec![0.0, f64::INFINITY]), ..default() }),
        "potential 1 of the rows is inf; potentials must be finite"
    );
    let options = AscentOptions { start: Some(vec![]), ..AscentOptions::default() };
    assert_eq!(
        solve_semidual(&problem, fine, &options).err(),
        Some(SolverError::PotentialLength { side: "rows", expected: 2, found: 0 })
    );
    let options = AscentOptions { tolerance: f64::NAN, ..AscentOptions::default() };
    assert!(matches!(solve_dual(&problem, fine, &options), Err(SolverError::Ascent(_))));
}
