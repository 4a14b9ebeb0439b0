//! Against numbers computed elsewhere: optima by an independent dynamic programme, best known scores, optima under the l1 penalty and for the logistic score.
//!
//! The cases are simulated linear models with 1000 observations (`*_S.npy`: their covariance matrices, summed in extended precision) and a logistic one with 10,000.

use std::path::PathBuf;

use ndarray::Array2;
use notears_topo::constraints::Precedence;
use notears_topo::factor::Factor;
use notears_topo::node_score::{Lasso, Logistic};
use notears_topo::search::{Neighbourhood, Restarts, search};
use notears_topo::{Covariance, exact};

pub fn matrix(name: &str) -> Array2<f64> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    lab::input::matrix(&path).expect("the case is here")
}

fn covariance(case: &str) -> Covariance {
    Covariance::from_matrix(matrix(&format!("{case}_S.npy")), 1000).expect("a covariance matrix")
}

fn close(found: f64, expected: f64, relative: f64, what: &str) {
    assert!((found - expected).abs() <= relative * expected, "{what}: {found} instead of {expected}");
}

/// The least score of any order.
const OPTIMA: [(&str, f64); 10] = [
    ("er1_d10_s1", 5.015114297844679),
    ("er1_d10_s2", 4.959415351484285),
    ("er1_d10_s3", 4.960372846498162),
    ("er4_d15_s1", 7.480469993051823),
    ("er2_d18_s1", 9.020764388556138),
    ("er4_d20_s1", 10.019598880811829),
    ("er4_d20_s2", 9.876898909610208),
    ("er4_d20_s3", 9.790290814369962),
    ("er2_d20_exp_s1", 9.829708642500425),
    ("er2_d20_gumbel_s1", 16.20594698281822),
];

#[test]
fn dynamic_programming_gives_the_optima() {
    for (case, expected) in OPTIMA {
        let covariance = covariance(case);
        let optimum = exact::least_squares(&covariance).expect("few variables");
        close(optimum.score, expected, 1e-9, case);
        let score = Factor::new(&covariance, &optimum.order).score();
        close(score, optimum.score, 1e-11, "the score of the order itself");
        assert!(covariance.lower_bound() <= optimum.score, "the bound is below the optimum");
    }
}

#[test]
fn two_hundred_restarts_find_the_optima() {
    let restarts = Restarts { random: 200, perturbations: 0, seed: 0 };
    for (case, expected) in OPTIMA {
        let found = search(&covariance(case), None, restarts, Neighbourhood::Insertions, &Precedence::none());
        close(found.expect("valid input").score, expected, 1e-9, case);
    }
}

/// Best scores known; none is proven optimal.
const BEST_KNOWN: [(&str, f64); 7] = [
    ("sf4_d50_s1", 24.426132893476),
    ("sf4_d50_s2", 24.244546096209),
    ("sf4_d50_s3", 24.531074593475),
    ("er4_d50_s1", 24.512325774232),
    ("er4_d50_s2", 24.188377678755),
    ("er4_d50_s3", 24.268169262996),
    ("er4_d100_s1", 47.230313981560),
];

#[test]
fn the_best_known_scores_are_reached() {
    let restarts = Restarts { random: 20, perturbations: 50, seed: 0 };
    for (case, known) in BEST_KNOWN {
        let found = search(&covariance(case), None, restarts, Neighbourhood::Insertions, &Precedence::none())
            .expect("valid input");
        assert!(found.score <= known + 1e-6, "{case}: {} instead of {known}", found.score);
    }
}

/// The bound (d/2) det(S)^{1/d}, computed elsewhere to ten digits.
#[test]
fn lower_bounds_agree() {
    for (case, expected) in [
        ("er1_d10_s1", 5.012034215),
        ("er2_d20_gumbel_s1", 16.183192764),
        ("sf4_d50_s2", 24.229001207),
        ("er4_d100_s1", 47.175336464),
    ] {
        close(covariance(case).lower_bound(), expected, 1e-9, case);
    }
}

#[test]
fn covariances_of_data_agree_with_extended_precision() {
    let (found, expected) =
        (Covariance::of(matrix("er1_d10_s1_X.npy").view()).unwrap(), covariance("er1_d10_s1"));
    let scale = |i: usize, j: usize| (expected.matrix()[(i, i)] * expected.matrix()[(j, j)]).sqrt();
    for ((i, j), &entry) in found.matrix().indexed_iter() {
        assert!((entry - expected.matrix()[(i, j)]).abs() <= 1e-14 * scale(i, j));
    }
}

#[test]
fn optima_under_the_l1_penalty() {
    for (case, expected) in [
        ("er1_d10_s1", 6.266995568934958),
        ("er1_d10_s2", 6.179971757307635),
        ("er1_d10_s3", 6.059156428601594),
    ] {
        let score = Lasso::new(covariance(case), 0.1).unwrap();
        close(exact::refitted(&score).expect("few variables").score, expected, 1e-8, case);
    }
}

#[test]
fn optimum_of_the_logistic_score() {
    let score = Logistic::new(matrix("er2_d10_logistic_s1_X.npy").view(), 0.0).unwrap();
    close(exact::refitted(&score).expect("few variables").score, 5.859968580349545, 1e-8, "logistic");
}
