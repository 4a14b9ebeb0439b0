use super::*;
use crate::problems::points_in_the_plane;
use ndarray::{Array1, array};
use numerics::random::stream;

#[test]
fn without_costs_the_plan_is_the_product() {
    let cost = Cost::dense(Array2::zeros((2, 3)).view()).expect("costs");
    let (a, b) = (array![0.25, 0.75], array![0.5, 0.5, 0.0]);
    let problem = Problem::new(cost, a.view(), b.view()).expect("a problem");
    let solved = solve_sinkhorn(&problem, &SinkhornOptions::default()).expect("valid options");
    assert_eq!(solved.reason, SinkhornStop::Converged);
    for ((i, j), mass) in solved.plan.indexed_iter() {
        assert!((mass - a[i] * b[j]).abs() <= 1e-15);
    }
    // Of 0.125 and 0.375, one exceeds half of the largest; both exceed a tenth.
    assert_eq!((solved.max_entries_per_column(0.5), solved.max_entries_per_column(0.1)), (1, 2));
}

#[test]
fn two_by_two_by_hand() {
    // Uniform marginals and cost 1 off the diagonal: T = (1, q; q, 1)/(2 (1 + q)), q = e^(−1/ε).
    let cost = Cost::dense(array![[0.0, 1.0], [1.0, 0.0]].view()).expect("costs");
    let half = array![0.5, 0.5];
    let problem = Problem::new(cost, half.view(), half.view()).expect("a problem");
    for epsilon in [1e-3, 0.1, 10.0] {
        let options = SinkhornOptions { epsilon, ..SinkhornOptions::default() };
        let solved = solve_sinkhorn(&problem, &options).expect("valid options");
        let q = (-1.0 / epsilon).exp();
        assert!((solved.plan[[0, 1]] - q / (2.0 * (1.0 + q))).abs() <= 1e-14);
    }
}

/// Small ε needs the logarithmic domain and many absorptions, large ε neither.
#[test]
fn plan_potentials_and_columns_agree_for_any_strength() {
    let drawn = points_in_the_plane(24, &mut stream(0, &["sinkhorn"])).expect("there are points");
    let (mut a, mut b) = (Array1::from(drawn.a().to_vec()), Array1::from(drawn.b().to_vec()));
    (a[3], b[0]) = (0.0, 0.0);
    (a[4], b[1]) = (a[4] + drawn.a()[3], b[1] + drawn.b()[0]);
    let costs = drawn.cost().to_dense();
    let problem =
        Problem::new(Cost::dense(costs.view()).expect("costs"), a.view(), b.view()).expect("a problem");
    for epsilon in [1e-5, 1e-4, 1e-2, 10.0] {
        let options = SinkhornOptions { epsilon, max_iterations: 200, tolerance: 1e-12 };
        let solved = solve_sinkhorn(&problem, &options).expect("valid options");
        assert!(solved.column_error <= 1e-12, "ε = {epsilon}: {}", solved.column_error);
        for ((i, j), mass) in solved.plan.indexed_iter() {
            let expected = ((solved.f[i] + solved.g[j] - costs[[i, j]]) / epsilon).exp();
            // Potentials of size 1 have errors of 1e-16, divided by ε; what is 1e-280 may come from a subnormal entry.
            assert!(
                (mass - expected).abs() <= (1e-14 / epsilon + 1e-13) * expected + 1e-280,
                "ε = {epsilon}: {mass} for {expected}"
            );
        }
        assert!(solved.plan.row(3).iter().chain(solved.plan.column(0)).all(|mass| *mass == 0.0));
    }
}

#[test]
fn faults_are_named() {
    let cost = Cost::dense(array![[0.0]].view()).expect("costs");
    let one = array![1.0];
    let problem = Problem::new(cost, one.view(), one.view()).expect("a problem");
    let options = SinkhornOptions { epsilon: 0.0, ..SinkhornOptions::default() };
    let fault = solve_sinkhorn(&problem, &options).expect_err("epsilon is zero");
    assert_eq!(fault.to_string(), "option epsilon is 0; it must be positive and finite");
}
