//! Graphs: cycles, acyclicity as an equation, comparisons, sortability.

use ndarray::{Array2, array};
use notears_topo::acyclicity::{Entries, Form};
use notears_topo::simulate::{self, Family};
use notears_topo::sortability::sorted_share;
use notears_topo::{Covariance, Error, baseline, graph};
use numerics::random::stream;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// The derivative of h by an edge is zero exactly if the edge closes no cycle; and h itself exactly if there is none.
    #[test]
    fn h_knows_cycles(size in 1usize..6, bits in any::<u64>()) {
        let weight = 0.9 / size as f64;
        let weights = Array2::from_shape_fn((size, size), |(i, j)| {
            let bit = bits >> ((i * size + j) % 64) & 1 == 1 && i != j;
            if bit { weight } else { 0.0 }
        });
        let reached = graph::reachability(weights.view());
        let acyclic = graph::is_acyclic(weights.view());
        for form in [Form::Polynomial, Form::Exponential, Form::LogDeterminant(1.0)] {
            let (value, derivative) = form.evaluate(weights.view()).unwrap();
            // A cycle of k ≤ d edges adds k weightᵏ times the coefficient of Aᵏ, which is d⁻ᵏ/k! at least: far above rounding for d ≤ 5.
            let (k, factorial) = (size as i32, (1..=size).product::<usize>() as f64);
            let least = size as f64 * (weight / size as f64).powi(k) / factorial;
            prop_assert!(if acyclic { value.abs() < 1e-13 } else { value > 0.5 * least }, "{:?} {}", form, value);
            for ((i, j), &d) in derivative.indexed_iter() {
                if i != j {
                    prop_assert_eq!(d.abs() > 1e-18, reached[(j, i)], "{:?} ({}, {}): {}", form, i, j, d);
                }
            }
        }
    }

    /// Graphs: cutting the lightest edges leaves no cycle and cuts no more than needed.
    #[test]
    fn cores_are_acyclic(size in 1usize..7, draws in prop::collection::vec(-1.0f64..1.0, 36)) {
        let weights = Array2::from_shape_fn((size, size), |(i, j)| if i == j { 0.0 } else { draws[i * 6 + j] });
        let (core, threshold) = graph::acyclic_core(weights.view());
        prop_assert!(graph::is_acyclic(core.view()));
        let one_more = weights.mapv(|w| if w.abs() >= threshold { w } else { 0.0 });
        prop_assert!(threshold == 0.0 || !graph::is_acyclic(one_more.view()));
        if let Err(Error::Cyclic { cycle }) = graph::topological_order(weights.view()) {
            prop_assert!(cycle.len() > 2 && cycle.first() == cycle.last());
            prop_assert!(cycle.windows(2).all(|pair| weights[(pair[0], pair[1])] != 0.0));
        }
    }
}

#[test]
fn gradients_of_h_are_derivatives() {
    let weights = array![[0.0, 0.4, -0.3], [0.2, 0.0, 0.5], [-0.1, 0.3, 0.0]];
    for form in [Form::Polynomial, Form::Exponential, Form::LogDeterminant(1.0)] {
        for entries in [Entries::Absolute, Entries::Square] {
            let (_, gradient) = form.evaluate_at(entries, weights.view()).unwrap();
            for ((i, j), &expected) in gradient.indexed_iter().filter(|((i, j), _)| i != j) {
                let value = |step: f64| {
                    let mut moved = weights.clone();
                    moved[(i, j)] += step;
                    form.evaluate_at(entries, moved.view()).unwrap().0
                };
                let difference = (value(1e-5) - value(-1e-5)) / 2e-5;
                assert!(
                    (difference - expected).abs() < 1e-8,
                    "{form:?} {entries:?}: {difference} {expected}"
                );
            }
        }
    }
    // tr exp A − d of a cycle of two edges of weight 1: 2 cosh 1 − 2.
    let (value, _) = Form::Exponential.evaluate(array![[0.0, 1.0], [1.0, 0.0]].view()).unwrap();
    assert!((value - (2.0 * 1f64.cosh() - 2.0)).abs() < 1e-14);
    // The logarithm has no value at spectral radius 1.
    assert!(Form::LogDeterminant(1.0).evaluate(array![[0.0, 1.0], [1.0, 0.0]].view()).is_none());
}

#[test]
fn chains_of_growing_variance_are_sortable() {
    let chain = array![[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]];
    assert_eq!(sorted_share(chain.view(), &[1.0, 2.0, 3.0]), 1.0);
    assert_eq!(sorted_share(chain.view(), &[3.0, 2.0, 1.0]), 0.0);
    // Paths 0→1, 1→2 and 0→2; ties count one half.
    assert!((sorted_share(chain.view(), &[1.0, 2.0, 1.0]) - 0.5).abs() < 1e-15);
    let population = Covariance::of_population(chain.view(), &[1.0; 3]).unwrap();
    assert_eq!(population.variances(), [1.0, 2.0, 3.0]);
    let r2 = baseline::coefficients_of_determination(&population);
    // Regressing x1 on x2: 1 − 1/2; x2 on both: 1 − (1/2)/2; x3 on x2: 1 − 1/3.
    for (found, expected) in r2.iter().zip([0.5, 0.75, 2.0 / 3.0]) {
        assert!((found - expected).abs() < 1e-12);
    }
}

#[test]
fn comparisons_count_reversals_once() {
    let truth = array![[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]];
    let found = array![[0.0, 0.0, 0.5], [2.0, 0.0, 1.0], [0.0, 0.0, 0.0]];
    let comparison = graph::compare(truth.view(), found.view()).unwrap();
    assert_eq!((comparison.hamming, comparison.edges), (2, 3));
    assert!((comparison.true_positive_rate - 0.5).abs() < 1e-15);
    assert!((comparison.false_discovery_rate - 2.0 / 3.0).abs() < 1e-15);
}

#[test]
fn generated_graphs_have_the_edges_that_the_field_counts() {
    let count = |weights: &Array2<f64>| weights.iter().filter(|w| **w != 0.0).count();
    let mut random = stream(0, &["laws"]);
    let er = simulate::graph(Family::ErdosRenyi, 50, 4, &mut random);
    let sf = simulate::graph(Family::ScaleFree, 50, 4, &mut random);
    assert_eq!((count(&er), count(&sf)), (200, 190));
    for weights in [er, sf] {
        assert!(graph::is_acyclic(weights.view()));
        assert!(weights.iter().all(|w| *w == 0.0 || (0.5..=2.0).contains(&w.abs())));
    }
}
