//! Data whose variances span many orders of magnitude, and columns that nearly depend on each other.

use ndarray::{Array2, s};
use notears_topo::constraints::Precedence;
use notears_topo::factor::Factor;
use notears_topo::inner::{ByFactor, ByRefitting, Inner};
use notears_topo::node_score::LeastSquares;
use notears_topo::order::Move;
use notears_topo::pruning::{Pruning, prune_order};
use notears_topo::search::{Neighbourhood, Restarts, search};
use notears_topo::simulate::{self, Noise};
use notears_topo::{Covariance, Error, Order, exact};
use numerics::random::stream;
use rand::Rng;

/// 600 observations of a model with 40 variables and noise of variance about 1, whose variances grow to 7e7 (restated from a public report).
const TRUE_ORDER: [usize; 40] = [
    25, 12, 27, 3, 10, 18, 34, 36, 1, 14, 2, 16, 28, 9, 15, 24, 0, 8, 21, 19, 32, 31, 38, 20, 29, 6, 4, 5,
    30, 39, 17, 13, 23, 26, 35, 33, 37, 22, 11, 7,
];
/// Half the sum of the residual variances in that order, computed in extended precision.
const TRUE_SCORE: f64 = 19.683219489061607;

#[test]
fn the_reported_table_is_learned_from() {
    let covariance = Covariance::of(crate::golden::matrix("exploding_X.npy").view()).expect("full rank");
    assert_eq!(covariance.nearly_dependent(), []);
    let order = Order::new(TRUE_ORDER.to_vec()).expect("an order");
    let score = Factor::new(&covariance, &order).score();
    assert!((score - TRUE_SCORE).abs() <= 1e-10 * TRUE_SCORE, "{score}");
    let restarts = Restarts { random: 4, perturbations: 0, seed: 0 };
    let found = search(&covariance, None, restarts, Neighbourhood::Insertions, &Precedence::none())
        .expect("valid input");
    assert!(found.score <= TRUE_SCORE * (1.0 + 1e-10), "{}", found.score);
    let again = Factor::new(&covariance, &found.order).score();
    assert!((again - found.score).abs() <= 1e-9 * again, "{again} and {}", found.score);
}

/// A linear model in which every edge that the order allows is there with the given probability.
fn dense(variables: usize, density: f64, largest: f64, rows: usize, seed: u64) -> Array2<f64> {
    let mut random = stream(seed, &["dense"]);
    let weights = Array2::from_shape_fn((variables, variables), |(i, j)| {
        let weight = random.random_range(0.5..largest) * if random.random() { 1.0 } else { -1.0 };
        if i < j && random.random_bool(density) { weight } else { 0.0 }
    });
    simulate::linear(weights.view(), rows, Noise::Gaussian, &vec![1.0; variables], &mut random)
        .expect("acyclic")
}

#[test]
fn two_hundred_variables_with_a_tenth_of_all_edges_run() {
    let data = dense(200, 0.1, 1.5, 1000, 3);
    let covariance = Covariance::of(data.view()).expect("full rank");
    let variances = covariance.variances();
    let largest = variances.iter().fold(0.0f64, |x, y| x.max(*y));
    assert!(largest > 1e8, "{largest}");
    let truth = Factor::new(&covariance, &Order::identity(200)).score();
    // Noise of variance 1 and 1000 rows: 200/2, less the share that parents take.
    assert!((80.0..105.0).contains(&truth), "{truth}");
    let start = Order::identity(200);
    let restarts = Restarts { random: 0, perturbations: 0, seed: 0 };
    let found = search(&covariance, Some(&start), restarts, Neighbourhood::Insertions, &Precedence::none());
    assert!(found.expect("valid input").score <= truth);
}

/// Prices of moves, regressions one at a time, pruning and the exact optimum, all where squares have no digit left.
#[test]
fn all_ways_to_a_score_agree_where_squares_are_lost() {
    let (variables, rows) = (8, 400);
    let mut data = dense(variables, 0.8, 1.0, rows, 5);
    // What precedes explains all but a 10⁻¹³th of one variable; what is left of it has ten digits.
    let sum = data.slice(s![.., ..6]).sum_axis(ndarray::Axis(1));
    let scaled = &sum * 1e6 + data.column(6);
    data.column_mut(6).assign(&scaled);
    let covariance = Covariance::of(data.view()).expect("full rank");
    for standardised in [false, true] {
        let covariance = if standardised { covariance.standardised() } else { covariance.clone() };
        let order = Order::random(variables, &mut stream(1, &["order"]));
        let factor = Factor::new(&covariance, &order);
        let score = LeastSquares::new(covariance.clone());
        let mut refitting =
            ByRefitting::new(&score, Array2::from_elem((variables, variables), true), order.clone()).unwrap();
        assert!((refitting.score() - factor.score()).abs() <= 1e-8 * factor.score());
        let moves: Vec<Move> =
            (0..variables).flat_map(|b| (0..b).map(move |a| Move::Up { from: b, to: a })).collect();
        let prices = ByFactor::new(&covariance, order.clone()).price(&moves).unwrap();
        for (price, expected) in prices.iter().zip(refitting.price(&moves).unwrap()) {
            assert!(
                (price - expected).abs() <= 1e-6 * (expected.abs() + factor.score()),
                "{price} {expected}"
            );
        }
        let optimum = exact::least_squares(&covariance).unwrap();
        let fits = prune_order(&covariance, &optimum.order, Pruning::None, &|_, _| false).unwrap();
        let total: f64 = fits.iter().map(|fit| fit.loss).sum();
        assert!((total - optimum.score).abs() <= 1e-8 * total, "{total} {}", optimum.score);
    }
}

#[test]
fn copies_that_were_rounded_are_kept_and_named_and_combinations_refused() {
    for rows in [500, 20_000] {
        let mut data = dense(6, 0.5, 1.0, rows, 9);
        let copy = data.column(1).mapv(|x| format!("{x:.10e}").parse::<f64>().unwrap());
        data.column_mut(4).assign(&copy);
        let covariance = Covariance::of(data.view()).expect("ten digits are enough");
        let &[(4, unexplained)] = covariance.nearly_dependent() else {
            panic!("{:?}", covariance.nearly_dependent());
        };
        assert!((1e-24..1e-18).contains(&unexplained), "{unexplained}");
        let combination = &data.column(0) * 3.7 - &data.column(2) * 1e3 + &data.column(3) / 7.0;
        data.column_mut(5).assign(&combination);
        let fault = Covariance::of(data.view()).expect_err("a combination");
        assert!(matches!(fault, Error::Collinear { column: 5, .. }), "{fault}");
    }
}
