//! Exact plans, against a general linear program and where the optimum is known.

use ndarray::{Array1, Array2};
use proptest::prelude::*;
use rand::Rng;
use rand::seq::SliceRandom;
use sparse_ot::{Cost, Problem, solve_exact, solve_linear_program};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// The network simplex method against a general linear program: with masses that are multiples of one another most bases carry zeros, and costs that tie have many optima.
    #[test]
    fn exact_plans_are_those_of_a_general_linear_program(
        (m, n) in (1usize..9, 1usize..9),
        whole in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let mut random = numerics::random::stream(seed, &["exact"]);
        let mut draw = |ties: u32| {
            if whole { f64::from(random.random_range(0..ties)) } else { random.random_range(0.0..1.0) }
        };
        let cost = Array2::from_shape_simple_fn((m, n), || draw(4));
        let mut a: Vec<f64> = (0..m).map(|_| draw(3)).collect();
        let mut b: Vec<f64> = (0..n).map(|_| draw(3)).collect();
        (a[0], b[0]) = (a[0] + 1.0, b[0] + 1.0);
        let (total_a, total_b): (f64, f64) = (a.iter().sum(), b.iter().sum());
        // Whole masses stay whole.
        a.iter_mut().for_each(|mass| *mass *= total_b);
        b.iter_mut().for_each(|mass| *mass *= total_a);
        let problem = Problem::new(Cost::dense(cost.view()).unwrap(), Array1::from(a).view(), Array1::from(b).view()).unwrap();
        let (found, expected) = (solve_exact(&problem), solve_linear_program(&problem).unwrap());
        let slack = 1e-9 * (problem.mass() + expected.cost.abs());
        prop_assert!((found.cost - expected.cost).abs() <= slack, "{} {}", found.cost, expected.cost);
        prop_assert!(found.row_error + found.column_error <= 1e-12 * problem.mass());
        prop_assert!(found.plan.nonzeros() < m + n);
    }
}

/// A permutation hidden among equal masses: every basis carries n − 1 zeros, and the plan has the n pairs of cost zero.
#[test]
fn assignments_are_found_although_bases_are_degenerate() {
    let n = 60;
    let mut random = numerics::random::stream(7, &["assignment"]);
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(&mut random);
    let cost =
        Array2::from_shape_fn(
            (n, n),
            |(i, j)| if order[i] == j { 0.0 } else { 1.0 + ((i * 7 + j * 3) % 5) as f64 },
        );
    let mass = Array1::from_elem(n, 0.1);
    let problem = Problem::new(Cost::dense(cost.view()).unwrap(), mass.view(), mass.view()).unwrap();
    let found = solve_exact(&problem);
    assert_eq!((found.cost, found.plan.nonzeros()), (0.0, n));
}
