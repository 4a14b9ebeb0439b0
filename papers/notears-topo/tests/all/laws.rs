//! Identities, invariances, and other methods' answers.

use ndarray::{Array2, array};
use notears_topo::bilevel::{self, Candidates, Options, Sets, candidate_pairs};
use notears_topo::constraints::{Constraints, Precedence};
use notears_topo::continuous::{DagmaOptions, GolemOptions, NotearsOptions, dagma, golem, notears};
use notears_topo::factor::{Factor, Scratch};
use notears_topo::inner::{ByFactor, ByRefitting, Inner};
use notears_topo::kkt_search::nofears;
use notears_topo::node_score::{Lasso, LeastSquares, Logistic, NodeScore, Perceptron, PerceptronOptions};
use notears_topo::order::Move;
use notears_topo::pruning::{Pruning, pruned_weights};
use notears_topo::search::{Neighbourhood, Restarts, descend, search};
use notears_topo::simulate::{self, Family, Noise};
use notears_topo::stationarity::{kkt_residual, least_squares_slopes};
use notears_topo::{Covariance, Error, Order, baseline, exact, graph};
use numerics::random::stream;
use proptest::prelude::*;

fn everywhere(size: usize) -> Array2<bool> {
    Array2::from_elem((size, size), true)
}

/// Data of a random linear model.
fn data(variables: usize, edges: usize, rows: usize, seed: u64) -> Array2<f64> {
    let mut random = stream(seed, &["laws"]);
    let weights = simulate::graph(Family::ErdosRenyi, variables, edges, &mut random);
    simulate::linear(weights.view(), rows, Noise::Gaussian, &vec![1.0; variables], &mut random).unwrap()
}

fn covariance(variables: usize, seed: u64) -> Covariance {
    Covariance::of(data(variables, 2, 20 * variables, seed).view()).unwrap()
}

fn all_moves(size: usize) -> Vec<Move> {
    let pairs = (0..size).flat_map(|a| (a + 1..size).map(move |b| (a, b)));
    pairs
        .flat_map(|(a, b)| [Move::Swap(a, b), Move::Up { from: b, to: a }, Move::Down { from: a, to: b }])
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Every price is the difference of two factorisations, whichever routine tells it.
    #[test]
    fn prices_are_differences(size in 2usize..16, seed in 0u64..1000) {
        let covariance = covariance(size, seed);
        let order = Order::random(size, &mut stream(seed, &["order"]));
        let factor = Factor::new(&covariance, &order);
        let (mut listed, mut scratch) = (Vec::new(), Scratch::default());
        factor.price_insertions(f64::NEG_INFINITY, &mut scratch, &mut listed);
        factor.price_swaps(f64::NEG_INFINITY, &mut scratch, &mut listed);
        // Moves between neighbours are listed once.
        prop_assert_eq!(listed.len(), 3 * size * (size - 1) / 2 - (size - 1));
        let listed = listed.into_iter().map(|priced| (priced.step, priced.change));
        for (step, change) in listed.chain(all_moves(size).into_iter().map(|step| (step, factor.price(step)))) {
            let mut moved = order.clone();
            moved.apply(step);
            let expected = Factor::new(&covariance, &moved).score() - factor.score();
            prop_assert!((change - expected).abs() <= 1e-9 * factor.score(), "{:?} {} {}", step, change, expected);
        }
    }

    /// Rotations give the factor of the moved order, and residual variances multiply to the same determinant.
    #[test]
    fn rotations_are_factorisations(size in 2usize..12, seed in 0u64..1000) {
        let covariance = covariance(size, seed);
        let mut order = Order::random(size, &mut stream(seed, &["order"]));
        let mut factor = Factor::new(&covariance, &order);
        let determinant: f64 = factor.residual_variances().iter().product();
        for (index, step) in all_moves(size).into_iter().enumerate().filter(|(index, _)| index % 3 == seed as usize % 3) {
            order.apply(step);
            factor.apply(step);
            if index % 7 == 0 {
                let fresh = Factor::new(&covariance, &order);
                for i in 0..size {
                    for j in 0..=i {
                        let scale = (0..size).map(|k| fresh.entry(i, k).abs()).fold(1e-3, f64::max);
                        prop_assert!((factor.entry(i, j) - fresh.entry(i, j)).abs() < 1e-9 * scale);
                        prop_assert!((factor.inverse_entry(i, j) - fresh.inverse_entry(i, j)).abs() < 1e-7);
                    }
                }
                let product: f64 = factor.residual_variances().iter().product();
                prop_assert!((product / determinant - 1.0).abs() < 1e-9);
            }
        }
    }

    /// Moves on disjoint intervals change the score independently of each other.
    #[test]
    fn disjoint_moves_add(size in 6usize..14, seed in 0u64..1000) {
        let covariance = covariance(size, seed);
        let order = Order::random(size, &mut stream(seed, &["order"]));
        let factor = Factor::new(&covariance, &order);
        let middle = size / 2;
        let (left, right) = (Move::Swap(0, middle - 1), Move::Up { from: size - 1, to: middle });
        let mut moved = order.clone();
        moved.apply(left);
        moved.apply(right);
        let change = Factor::new(&covariance, &moved).score() - factor.score();
        prop_assert!((change - factor.price(left) - factor.price(right)).abs() < 1e-9 * factor.score());
    }

    /// The factor's weights and slopes are those of the regressions.
    #[test]
    fn the_factor_regresses(size in 2usize..10, seed in 0u64..1000) {
        let covariance = covariance(size, seed);
        let order = Order::random(size, &mut stream(seed, &["order"]));
        let score = LeastSquares::new(covariance.clone());
        let by_refitting = ByRefitting::new(&score, everywhere(size), order.clone()).unwrap();
        let by_factor = ByFactor::new(&covariance, order);
        prop_assert!((by_factor.score() - by_refitting.score()).abs() < 1e-9 * by_factor.score());
        let difference = by_factor.weights() - by_refitting.weights();
        prop_assert!(difference.iter().all(|d| d.abs() < 1e-8));
        let slopes = least_squares_slopes(&covariance, by_factor.weights().view());
        for other in [by_factor.slopes().unwrap(), by_refitting.slopes().unwrap()] {
            prop_assert!((&slopes - &other).iter().all(|d| d.abs() < 1e-8 * covariance.variances().iter().sum::<f64>()));
        }
        // An optimum of a full order is a KKT point: no edge can be added without a cycle.
        let residual = kkt_residual(by_factor.weights().view(), slopes.view(), 0.0).unwrap();
        prop_assert!(residual <= 1e-8 * covariance.variances().iter().fold(1.0, |a: f64, b| a.max(*b)));
    }

    /// No order beats dynamic programming, and descents end where nothing improves.
    #[test]
    fn descents_end_in_local_optima(size in 2usize..9, seed in 0u64..1000) {
        let covariance = covariance(size, seed);
        let optimum = exact::least_squares(&covariance).unwrap();
        let by_regressions = exact::refitted(&LeastSquares::new(covariance.clone())).unwrap();
        prop_assert!((optimum.score - by_regressions.score).abs() < 1e-10 * optimum.score);
        let start = Order::random(size, &mut stream(seed, &["order"]));
        for neighbourhood in [Neighbourhood::Swaps, Neighbourhood::Insertions, Neighbourhood::Both] {
            let found = descend(&covariance, &start, neighbourhood, &Precedence::none()).unwrap();
            prop_assert!(found.score >= optimum.score * (1.0 - 1e-11));
            prop_assert!(found.trace.windows(2).all(|pair| pair[1] < pair[0]));
            let factor = Factor::new(&covariance, &found.order);
            for step in all_moves(size) {
                let swap = matches!(step, Move::Swap(..));
                let looked_at = match neighbourhood {
                    Neighbourhood::Swaps => swap,
                    Neighbourhood::Insertions => !swap,
                    Neighbourhood::Both => true,
                };
                prop_assert!(!looked_at || factor.price(step) > -1e-10 * found.score);
            }
        }
    }

    /// Constraints hold in every result, and cost nothing where the optimum satisfies them.
    #[test]
    fn precedence_is_kept(size in 3usize..9, seed in 0u64..1000) {
        let covariance = covariance(size, seed);
        let optimum = exact::least_squares(&covariance).unwrap();
        let v = optimum.order.variables();
        let restarts = Restarts { random: 20, perturbations: 5, seed };
        let along = Precedence::new(size, [(v[0], v[size - 1]), (v[1], v[2])]).unwrap();
        let against = Precedence::new(size, [(v[size - 1], v[0])]).unwrap();
        for neighbourhood in [Neighbourhood::Swaps, Neighbourhood::Insertions] {
            for precedence in [&along, &against] {
                let found = search(&covariance, None, restarts, neighbourhood, precedence).unwrap();
                prop_assert!(precedence.holds(&found.order));
                prop_assert!(found.score >= optimum.score * (1.0 - 1e-11));
                if neighbourhood == Neighbourhood::Insertions && precedence == &along {
                    prop_assert!(found.score <= optimum.score * (1.0 + 1e-9), "{} {}", found.score, optimum.score);
                }
            }
        }
    }
}

#[test]
fn candidate_sets_are_beginnings_of_one_list() {
    let covariance = covariance(12, 1);
    let order = Order::random(12, &mut stream(1, &["order"]));
    let inner = ByFactor::new(&covariance, order.clone());
    let pairs = candidate_pairs(inner.weights().view(), inner.slopes().as_ref(), &order, 0.0);
    assert_eq!(pairs.len(), 66);
    assert!(pairs.is_sorted_by(|x, y| x.cycles <= y.cycles));
    // [∇h]_ij adds up the walks from j to i: of neighbours there is only the edge itself.
    for pair in pairs.iter().filter(|pair| pair.positions.1 == pair.positions.0 + 1) {
        let (j, i) = (order.variables()[pair.positions.0], order.variables()[pair.positions.1]);
        assert!((pair.cycles - inner.weights()[(j, i)].abs()).abs() < 1e-12);
    }
    let fewer = candidate_pairs(inner.weights().view(), inner.slopes().as_ref(), &order, pairs[30].slope);
    assert!(fewer.len() < 66 && fewer.iter().all(|pair| pair.slope > pairs[30].slope));
}

/// The paper's search by prices of the factor and by regressions takes the same way.
#[test]
fn both_inner_problems_lead_the_same_way() {
    let covariance = covariance(10, 3);
    let start = Order::random(10, &mut stream(3, &["order"]));
    let score = LeastSquares::new(covariance.clone());
    let options = Options::of_the_paper(10);
    let mut by_factor = ByFactor::new(&covariance, start.clone());
    let mut by_refitting = ByRefitting::new(&score, everywhere(10), start).unwrap();
    let first = bilevel::search(&mut by_factor, &Precedence::none(), &options).unwrap();
    let second = bilevel::search(&mut by_refitting, &Precedence::none(), &options).unwrap();
    assert_eq!(first.orders, second.orders);
    assert_eq!(first.priced, second.priced);
    assert!(first.trace.len() > 2, "it did something");
    // All swaps as candidates end no higher than a descent over all swaps says.
    let all = Options { candidates: Candidates::All, ..options };
    let mut inner = ByFactor::new(&covariance, Order::identity(10));
    bilevel::search(&mut inner, &Precedence::none(), &all).unwrap();
    let descent =
        descend(&covariance, &Order::identity(10), Neighbourhood::Swaps, &Precedence::none()).unwrap();
    assert!((descent.score - inner.score()).abs() < 1e-9);
    let sets = Sets::automatic(50);
    assert_eq!((sets.small, sets.large), (75, 588));
    assert_eq!((Sets::automatic(10).small, Sets::automatic(10).large), (15, 28));
    assert_eq!((Sets::automatic(100).small, Sets::automatic(100).large), (150, 1980));
}

/// The lasso's short cut for swaps gives the same prices as fitting again, and its optimum is a KKT point with zeros.
#[test]
fn the_lasso_satisfies_its_conditions() {
    let covariance = covariance(9, 5);
    let score = Lasso::new(covariance.clone(), 0.2).unwrap();
    let order = Order::random(9, &mut stream(5, &["order"]));
    let mut inner = ByRefitting::new(&score, everywhere(9), order.clone()).unwrap();
    let swaps: Vec<Move> = all_moves(9).into_iter().filter(|step| matches!(step, Move::Swap(..))).collect();
    for (step, price) in swaps.iter().zip(inner.price(&swaps).unwrap()) {
        let mut moved = order.clone();
        moved.apply(*step);
        let expected = ByRefitting::new(&score, everywhere(9), moved).unwrap().score() - inner.score();
        assert!((price - expected).abs() < 1e-9, "{step:?}");
    }
    assert!(inner.fits().iter().flat_map(|fit| &fit.weights).any(|w| *w == 0.0), "zeros are exact");
    bilevel::search(
        &mut inner,
        &Precedence::none(),
        &Options { candidates: Candidates::All, ..Options::of_the_paper(9) },
    )
    .unwrap();
    let optimum = exact::refitted(&score).unwrap();
    assert!(inner.score() >= optimum.score - 1e-9);
    // At the exact optimum the test has teeth, and it holds.
    let at = ByRefitting::new(&score, everywhere(9), optimum.order).unwrap();
    let residual = kkt_residual(at.weights().view(), at.slopes().unwrap().view(), 0.2).unwrap();
    assert!(residual < 1e-8, "{residual}");
    let empty = Array2::zeros((9, 9));
    let slopes = least_squares_slopes(&covariance, empty.view());
    assert!(
        kkt_residual(empty.view(), slopes.view(), 0.2).unwrap() > 0.1,
        "the graph without edges is no such point"
    );
}

#[test]
fn logistic_regressions_are_optimal_and_refuse_what_has_no_optimum() {
    let mut random = stream(0, &["laws"]);
    let weights = simulate::graph(Family::ErdosRenyi, 5, 1, &mut random);
    let data = simulate::logistic(weights.view(), 500, &mut random).unwrap();
    for penalty in [0.0, 0.01] {
        let score = Logistic::new(data.view(), penalty).unwrap();
        let fit = score.fit(4, &[0, 1, 2, 3], None).unwrap();
        for (&parent, &weight) in fit.parents.iter().zip(&fit.weights) {
            let slope = score.slopes(4, &fit).unwrap()[parent];
            let condition = if weight == 0.0 {
                slope.abs() <= penalty + 1e-8
            } else {
                (slope + penalty * weight.signum()).abs() < 1e-8
            };
            assert!(condition, "{penalty} {weight} {slope}");
        }
        assert!(
            (score.fit(0, &[], None).unwrap().loss - std::f64::consts::LN_2).abs() < 1e-15,
            "a root costs log 2"
        );
    }
    let ones = data.column(0).iter().filter(|x| **x == 1.0).count() as f64 / 500.0;
    let with = Logistic::new(data.view(), 0.0).unwrap().with_intercept();
    let entropy = -ones * ones.ln() - (1.0 - ones) * (1.0 - ones).ln();
    assert!((with.fit(0, &[], None).unwrap().loss - entropy).abs() < 1e-12);
    let copy = array![[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, 1.0]];
    let separable = Logistic::new(copy.view(), 0.0).unwrap().with_intercept();
    assert!(matches!(separable.fit(1, &[0], None), Err(Error::Separable { column: 1 })));
    assert!(matches!(Logistic::new(array![[0.0], [0.5]].view(), 0.0), Err(Error::NotBinary { row: 1, .. })));
}

#[test]
fn perceptrons_learn_what_lines_cannot() {
    let mut random = stream(2, &["laws"]);
    let cause =
        simulate::linear(Array2::zeros((2, 2)).view(), 300, Noise::Gaussian, &[1.0, 0.1], &mut random)
            .unwrap();
    let mut data = cause.clone();
    for mut row in data.rows_mut() {
        row[1] += 2.0 * (3.0 * row[0]).tanh();
    }
    let linear = LeastSquares::new(Covariance::of(data.view()).unwrap()).fit(1, &[0], None).unwrap();
    let options =
        PerceptronOptions { hidden: 10, l1: 1e-3, l2: 1e-4, iterations: 1_000, ..Default::default() };
    let score = Perceptron::new(data.view(), options).unwrap();
    let fit = score.fit(1, &[0], None).unwrap();
    assert!(fit.loss < 0.3 * linear.loss, "{} {}", fit.loss, linear.loss);
    assert!(fit.weights[0] > 0.5);
    let again = score.fit(1, &[0], Some(&fit)).unwrap();
    assert!(again.loss <= fit.loss, "training goes on from where it was");
}

#[test]
fn sparse_graphs_are_refitted() {
    let covariance = covariance(8, 7);
    let order = baseline::equal_variance(&covariance);
    let full = pruned_weights(&covariance, &order, Pruning::None).unwrap();
    assert!((&full - &Factor::new(&covariance, &order).weights(&order)).iter().all(|d| d.abs() < 1e-8));
    for pruning in [Pruning::Bic, Pruning::Threshold(0.3)] {
        let weights = pruned_weights(&covariance, &order, pruning).unwrap();
        assert!(graph::is_acyclic(weights.view()));
        let edges = weights.iter().filter(|w| **w != 0.0).count();
        assert!(edges > 0 && edges < 28, "{edges}");
        // On what was kept the slopes vanish: that is the refit.
        let slopes = least_squares_slopes(&covariance, weights.view());
        let worst = weights.indexed_iter().filter(|(_, w)| **w != 0.0).map(|(edge, _)| slopes[edge].abs());
        assert!(worst.fold(0.0, f64::max) < 1e-8);
    }
}

#[test]
fn large_samples_of_equal_variance_give_the_graph() {
    let mut random = stream(11, &["laws"]);
    let truth = simulate::graph(Family::ScaleFree, 15, 2, &mut random);
    let data = simulate::linear(truth.view(), 20_000, Noise::Gaussian, &[1.0; 15], &mut random).unwrap();
    let covariance = Covariance::of(data.view()).unwrap();
    let restarts = Restarts { random: 50, perturbations: 0, seed: 0 };
    let found = search(&covariance, None, restarts, Neighbourhood::Insertions, &Precedence::none()).unwrap();
    let weights = pruned_weights(&covariance, &found.order, Pruning::Bic).unwrap();
    let comparison = graph::compare(truth.view(), weights.view()).unwrap();
    assert!(comparison.hamming <= 1 && comparison.true_positive_rate == 1.0, "{comparison:?}");
    // The population's optimum is d/2, and the bound proves it.
    let population = Covariance::of_population(truth.view(), &[1.0; 15]).unwrap();
    assert!((population.lower_bound() - 7.5).abs() < 1e-9);
    let best = search(&population, None, restarts, Neighbourhood::Insertions, &Precedence::none()).unwrap();
    assert!((best.score - 7.5).abs() < 1e-9);
}

#[test]
fn continuous_methods_end_nearly_acyclic() {
    let covariance = covariance(8, 4);
    let (first, second) =
        (notears(&covariance, &NotearsOptions::default()), dagma(&covariance, &DagmaOptions::default()));
    let third = golem(&covariance, &GolemOptions::default()).unwrap();
    let optimum = exact::least_squares(&covariance).unwrap();
    for (solution, most) in [(first.unwrap(), 1e-6), (second.unwrap(), 1e-6), (third, 1e-3)] {
        // GOLEM's constraint is soft.
        assert!(solution.converged && solution.acyclicity < most, "{solution:?}");
        assert!(solution.weights.diag().iter().all(|w| *w == 0.0));
        let order = bilevel::order_of(solution.weights.view()).unwrap();
        let score = Factor::new(&covariance, &order).score();
        assert!(score >= optimum.score * (1.0 - 1e-11) && score < 1.5 * optimum.score);
    }
}

/// From a cyclic start and from none at all: acyclic, no edge wants to enter or leave, and no single reversal lowers the score.
#[test]
fn the_search_by_kkt_conditions_ends_where_they_hold() {
    let (size, l1) = (8, 0.1);
    let covariance = covariance(size, 4);
    let cyclic =
        Array2::from_shape_fn((size, size), |(i, j)| if i == j { 0.0 } else { 1.0 / (1 + i + 2 * j) as f64 });
    for start in [Array2::zeros((size, size)), cyclic] {
        let found = nofears(&covariance, l1, start.view()).unwrap();
        let slopes = least_squares_slopes(&covariance, found.view());
        assert!(kkt_residual(found.view(), slopes.view(), l1).unwrap() <= 1e-6);
        let score = Lasso::new(covariance.clone(), l1).unwrap();
        let total = |weights: &Array2<f64>| -> f64 {
            let parents = |j: usize| (0..size).filter(|i| weights[(*i, j)] != 0.0).collect::<Vec<_>>();
            (0..size).map(|j| score.fit(j, &parents(j), None).unwrap().loss).sum()
        };
        let least = total(&found);
        for (i, j) in
            (0..size).flat_map(|i| (0..size).map(move |j| (i, j))).filter(|edge| found[*edge] != 0.0)
        {
            let mut reversed = found.clone();
            reversed[(j, i)] = std::mem::take(&mut reversed[(i, j)]);
            assert!(!graph::is_acyclic(reversed.view()) || total(&reversed) >= least * (1.0 - 1e-8));
        }
    }
    assert!(nofears(&covariance, l1, Array2::zeros((3, 3)).view()).is_err());
}

#[test]
fn faults_are_named() {
    let text = |error: Error| error.to_string();
    let of = |data: Array2<f64>| Covariance::of(data.view()).map(|_| ()).map_err(text).unwrap_err();
    assert_eq!(of(array![[1.0, f64::NAN]]), "row 1, column 2: expected a finite number, found NaN");
    assert!(of(array![[1.0, 2.0], [1.0, 3.0], [1.0, 5.0]]).starts_with("column 1 is constant"));
    assert!(of(array![[1.0, 2.0], [0.0, 3.0]]).starts_with("2 row(s) for 2 column(s)"));
    assert!(of(Array2::zeros((0, 2))).starts_with("the data has 0 rows"));
    assert!(of(array![[1e200, 0.0], [-1e200, 1.0], [0.0, 2.0]]).contains("rescale"));
    assert!(of(array![[1e-200, 0.0], [0.0, 1.0], [0.0, 2.0]]).contains("rescale"));
    let mut data = data(3, 1, 50, 0);
    let sum = &data.column(0) + &data.column(1);
    data.column_mut(2).assign(&sum);
    assert!(of(data).starts_with("column 3 is a linear combination"));
    let names = ["u", "v", "w"].map(String::from);
    let contradiction = |constraints: Constraints| constraints.precedence(&names).map_err(text).unwrap_err();
    let circle = Constraints { required: vec![(0, 1), (1, 0)], ..Default::default() };
    assert_eq!(contradiction(circle), "contradictory constraints: u before v before u form a circle");
    let both = Constraints { required: vec![(0, 1)], forbidden: vec![(0, 1)], ..Default::default() };
    assert!(contradiction(both).contains("required and forbidden"));
    let back = Constraints { required: vec![(2, 0)], tiers: vec![vec![0], vec![2]], ..Default::default() };
    assert!(contradiction(back).contains("before"));
    assert!(matches!(
        exact::least_squares(&covariance(27, 0)),
        Err(Error::TooManyVariables { limit: 26, .. })
    ));
    assert!(Lasso::new(covariance(3, 0), -1.0).is_err());
}

#[test]
fn forbidden_edges_stay_out() {
    let covariance = covariance(6, 9);
    let score = LeastSquares::new(covariance.clone());
    let optimum = exact::least_squares(&covariance).unwrap();
    let v = optimum.order.variables();
    let constraints = Constraints { forbidden: vec![(v[0], v[1]), (v[0], v[2])], ..Default::default() };
    let mut inner = ByRefitting::new(&score, constraints.allowed(6), optimum.order.clone()).unwrap();
    bilevel::search(
        &mut inner,
        &Precedence::none(),
        &Options { candidates: Candidates::All, ..Options::of_the_paper(6) },
    )
    .unwrap();
    assert!(inner.weights()[(v[0], v[1])] == 0.0 && inner.weights()[(v[0], v[2])] == 0.0);
    // What is forbidden does not count as a violation, however much it would pay.
    let residual = bilevel::steepest(&inner, &Precedence::none()).map_or(0.0, |edge| edge.residual);
    assert!(residual < 1e-8, "{residual}");
    assert!(inner.score() >= optimum.score - 1e-12);
}
