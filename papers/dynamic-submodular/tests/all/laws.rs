//! Definitions and invariants on random functions and streams.

use dynamic_submodular::exact::{coverage_optimum, optimum};
use dynamic_submodular::function::{
    BitsetCoverage, Coverage, FacilityLocation, Modular, SparseFacilityLocation,
};
use dynamic_submodular::graph::{barabasi_albert, erdos_renyi};
use dynamic_submodular::greedy::{Recompute, Selector, greedy, lazy_greedy};
use dynamic_submodular::levelled_buffers::LevelledBuffers;
use dynamic_submodular::sieve::Sieves;
use dynamic_submodular::stream::{ORDERS, generate};
use dynamic_submodular::{
    BucketRule, Function, LevelAlgorithm, LevelOptions, Maximiser, Operation, Sampling, UpdateError,
};
use ndarray::Array2;
use numerics::random::stream;
use proptest::prelude::{Just, Strategy, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use rand::Rng;

/// Random lists of points of a universe of 30, with small whole weights.
fn coverages() -> impl Strategy<Value = Coverage> {
    let sets = prop::collection::vec(prop::collection::vec(0_usize..30, 0..10), 2..16);
    let weights = prop::collection::vec(0_u8..5, 30);
    (sets, weights).prop_map(|(sets, weights)| {
        let coverage = Coverage::new(&sets, 30).unwrap();
        coverage.with_weights(weights.into_iter().map(f64::from).collect()).unwrap()
    })
}

/// What an implementation of the trait must keep, on a random order of all elements.
fn check_function<F: Function>(function: &F, seed: u64) -> Result<(), String> {
    let mut random = stream(seed, &["laws"]);
    let mut small = function.empty();
    let mut large = function.empty();
    let mut set = Vec::new();
    if function.value(&small) != 0.0 {
        return Err("the empty set has a value".into());
    }
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-5 * (1.0 + a.abs());
    for _ in 0..function.elements() {
        let element = random.random_range(0..function.elements());
        for other in 0..function.elements() {
            let (before, after) = (function.gain(&small, other), function.gain(&large, other));
            if after > before + 1e-5 || after < 0.0 {
                return Err(format!("the gain of {other} grows from {before} to {after}"));
            }
        }
        let (value, gain) = (function.value(&large), function.gain(&large, element));
        function.add(&mut large, element);
        set.push(element);
        if !close(function.value(&large), value + gain)
            || !close(function.value(&large), function.value_of(&set))
        {
            return Err(format!("value {} after {value} and a gain of {gain}", function.value(&large)));
        }
        if random.random_bool(0.5) {
            function.add(&mut small, element);
        }
    }
    Ok(())
}

fn facility(rows: usize, seed: u64) -> FacilityLocation {
    let mut random = stream(seed, &["laws", "facility"]);
    FacilityLocation::new(Array2::from_shape_simple_fn((rows, 11), || random.random::<f64>()).view()).unwrap()
}

proptest! {
    #[test]
    fn functions_are_monotone_and_submodular(coverage in coverages(), seed: u64) {
        check_function(&coverage, seed).map_err(proptest::test_runner::TestCaseError::fail)?;
        check_function(&facility(9, seed), seed).map_err(proptest::test_runner::TestCaseError::fail)?;
        let modular = Modular::new((0..12).map(f64::from).collect());
        check_function(&modular, seed).map_err(proptest::test_runner::TestCaseError::fail)?;
    }

    #[test]
    fn stored_in_another_way_a_function_is_the_same(sets in prop::collection::vec(prop::collection::vec(0_usize..70, 0..9), 1..12), seed: u64) {
        let sparse = Coverage::new(&sets, 70).unwrap();
        let dense = BitsetCoverage::of(&sparse).unwrap();
        let mut random = stream(seed, &["laws", "rows"]);
        let similarity = Array2::from_shape_simple_fn((8, 13), || f64::from(random.random_range(0_u8..6)));
        let rows = similarity.rows().into_iter().map(|row| {
            row.iter().enumerate().map(|(c, w)| (c as u32, *w as f32)).filter(|(_, w)| *w > 0.0).collect()
        });
        let listed = SparseFacilityLocation::new(rows.collect(), 13).unwrap();
        let full = FacilityLocation::new(similarity.view()).unwrap();
        let order: Vec<usize> = (0..sets.len()).collect();
        for end in 0..order.len() {
            prop_assert_eq!(sparse.value_of(&order[..end]), dense.value_of(&order[..end]));
        }
        for end in 0..8 {
            let set: Vec<usize> = (0..end).collect();
            prop_assert_eq!(listed.value_of(&set), full.value_of(&set));
        }
    }

    #[test]
    fn lazy_greedy_selects_what_greedy_selects(coverage in coverages(), k in 1_usize..6) {
        let all: Vec<usize> = (0..coverage.elements()).collect();
        let (plain, lazy) = (greedy(&coverage, &all, k), lazy_greedy(&coverage, &all, k));
        prop_assert_eq!(&plain.elements, &lazy.elements);
        prop_assert_eq!(plain.value, lazy.value);
        prop_assert!(lazy.calls <= plain.calls + all.len() as u64);
        // Nemhauser, Wolsey and Fisher: 1 − (1 − 1/k)^k of the optimum at least.
        let best = optimum(&coverage, &all, k);
        let share = 1.0 - (1.0 - 1.0 / k as f64).powi(k as i32);
        prop_assert!(plain.value >= share * best.value - 1e-9 && plain.value <= best.value);
    }

    #[test]
    fn invariants_hold_after_every_update(
        coverage in coverages(),
        seed: u64,
        k in 1_usize..6,
        epsilon in prop_oneof![Just(0.1), Just(0.3), Just(0.6)],
        rule in prop_oneof![Just(BucketRule::Largest), Just(BucketRule::High)],
        sampling in prop_oneof![Just(Sampling::Permutation), Just(Sampling::IndependentTrials)],
    ) {
        let options = LevelOptions { epsilon, bucket_rule: rule, sampling, seed, ..LevelOptions::new(k) };
        let mut algorithm = LevelAlgorithm::new(&coverage, options).unwrap();
        let singletons: Vec<f64> = (0..coverage.elements()).map(|e| coverage.value_of(&[e])).collect();
        for order in ORDERS {
            let mut operations = generate(order, &singletons, &mut stream(seed, &["laws", "stream"]));
            // Leave nothing behind, so that the next order can begin; what comes back is a new instance.
            let mut left = dynamic_submodular::Available::none(coverage.elements());
            for operation in &operations {
                left.update(*operation).unwrap();
            }
            operations.extend(left.elements().into_iter().map(Operation::Delete));
            for operation in operations {
                let step = algorithm.process(&[operation]).unwrap()[0];
                let solution = algorithm.solution();
                prop_assert!(solution.len() <= k && step.size == solution.len());
                prop_assert_eq!(step.value, coverage.value_of(&solution));
                algorithm.check().map_err(proptest::test_runner::TestCaseError::fail)?;
            }
            prop_assert!(algorithm.solution().is_empty(), "nothing is left to choose");
        }
    }

    #[test]
    fn a_stream_in_one_batch_gives_the_steps_of_single_updates(coverage in coverages(), seed: u64) {
        let singletons: Vec<f64> = (0..coverage.elements()).map(|e| coverage.value_of(&[e])).collect();
        for order in ORDERS {
            let operations = generate(order, &singletons, &mut stream(seed, &["laws", "batch"]));
            let options = LevelOptions { seed, ..LevelOptions::new(3) };
            let mut one_by_one = LevelAlgorithm::new(&coverage, options).unwrap();
            let singly: Vec<_> = operations.iter().map(|o| one_by_one.process(&[*o]).unwrap()[0]).collect();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
            let mut batch = LevelAlgorithm::new(&coverage, options).unwrap();
            prop_assert_eq!(pool.install(|| batch.process(&operations).unwrap()), singly);
            prop_assert_eq!(batch.solution(), one_by_one.solution());
        }
    }

    #[test]
    fn rivals_put_out_what_is_available(coverage in coverages(), seed: u64, k in 1_usize..5) {
        let singletons: Vec<f64> = (0..coverage.elements()).map(|e| coverage.value_of(&[e])).collect();
        let rivals: Vec<Box<dyn Maximiser>> = vec![
            Box::new(Recompute::start(&coverage, k, Selector::LazyGreedy, seed).unwrap()),
            Box::new(Recompute::start(&coverage, k, Selector::StochasticGreedy(0.1), seed).unwrap()),
            Box::new(Recompute::start(&coverage, k, Selector::Random, seed).unwrap()),
            Box::new(Sieves::start(&coverage, k, false).unwrap()),
            Box::new(Sieves::start(&coverage, k, true).unwrap()),
            Box::new(LevelledBuffers::start(&coverage, k, 0.0, seed).unwrap()),
            Box::new(LevelledBuffers::start(&coverage, k, 0.2, seed).unwrap()),
        ];
        for mut rival in rivals {
            for operation in generate(ORDERS[2], &singletons, &mut stream(seed, &["laws", "rivals"])) {
                let step = rival.process(&[operation]).unwrap()[0];
                let solution = rival.solution();
                prop_assert!(solution.len() <= k && solution.iter().all(|e| rival.available().has(*e)));
                prop_assert_eq!(step.value, coverage.value_of(&solution));
            }
        }
    }

    /// A bound that only grows: without deletions neither sieve ever gets worse.
    #[test]
    fn sieves_do_not_get_worse_without_deletions(coverage in coverages(), k in 1_usize..5) {
        for pruned in [false, true] {
            let mut sieves = Sieves::start(&coverage, k, pruned).unwrap();
            let inserts: Vec<Operation> = (0..coverage.elements()).map(Operation::Insert).collect();
            let steps = sieves.process(&inserts).unwrap();
            prop_assert!(steps.is_sorted_by(|a, b| a.value <= b.value), "pruned: {}", pruned);
            let all: Vec<usize> = (0..coverage.elements()).collect();
            let best = optimum(&coverage, &all, k).value;
            // Guesses are 1.3 apart: half of the optimum up to that factor.
            prop_assert!(steps[all.len() - 1].value >= best / 2.0 / 1.3 - 1e-9);
        }
    }

    /// What triggers rebuilding at the first level is a function of the stream: no coin of the algorithm moves it.
    #[test]
    fn triggers_of_the_first_level_do_not_depend_on_the_coins(
        coverage in coverages(),
        seeds: [u64; 2],
        bucket_rule in prop_oneof![Just(BucketRule::Largest), Just(BucketRule::High)],
    ) {
        let singletons: Vec<f64> = (0..coverage.elements()).map(|e| coverage.value_of(&[e])).collect();
        for order in ORDERS {
            let operations = generate(order, &singletons, &mut stream(1, &["laws", "coins"]));
            let with_seed = |seed| LevelAlgorithm::new(&coverage, LevelOptions { seed, bucket_rule, ..LevelOptions::new(3) }).unwrap();
            let (mut left, mut right) = (with_seed(seeds[0]), with_seed(seeds[1]));
            for operation in operations {
                left.process(&[operation]).unwrap();
                right.process(&[operation]).unwrap();
                let first = |algorithm: &LevelAlgorithm<'_, Coverage>| {
                    algorithm.triggers().iter().map(|levels| levels.first().copied()).collect::<Vec<_>>()
                };
                prop_assert_eq!(first(&left), first(&right));
            }
        }
    }
}

/// One hundred elements of weight 1, k = 10: one bucket holds what was there at the last rebuild, and each of these is chosen equally often. Losses
/// of less than a share ε of it rebuild nothing and take no call but to evaluate what is left.
#[test]
fn the_sample_of_a_bucket_is_uniform_and_stays_so() {
    let (elements, k, seeds) = (100, 10, 4_000);
    let function = Modular::new(vec![1.0; elements]);
    let inserts: Vec<Operation> = (0..elements).map(Operation::Insert).collect();
    let few: Vec<Operation> = (0..5).map(Operation::Delete).collect();
    let many: Vec<Operation> = (5..40).map(Operation::Delete).collect();
    let (mut before, mut after) = (vec![0_u32; elements], vec![0_u32; elements]);
    for seed in 0..seeds {
        let options = LevelOptions { seed, epsilon: 0.2, ..LevelOptions::new(k) };
        let mut algorithm = LevelAlgorithm::new(&function, options).unwrap();
        algorithm.process(&inserts).unwrap();
        assert_eq!(algorithm.solution().len(), k, "all gains are equal, so the solution is full");
        for element in algorithm.solution() {
            before[element] += 1;
        }
        let rebuilds = algorithm.rebuilds();
        let steps = algorithm.process(&few).unwrap();
        assert_eq!(algorithm.rebuilds(), rebuilds, "5 of at least 60 is less than a share of 0.2");
        let runs = algorithm.runs() as u64;
        assert!(
            steps.iter().all(|step| step.calls <= runs),
            "one evaluation for each run that lost a chosen element"
        );
        assert_eq!(steps[4].value, algorithm.solution().len() as f64);
        for element in algorithm.solution() {
            after[element] += 1;
        }
        algorithm.process(&many).unwrap();
        assert!(
            algorithm.rebuilds() >= rebuilds + runs,
            "40 of 100 is more than a share of 0.2 in every run"
        );
        // Losses after the last rebuild leave ghosts: fewer than a share 0.2 of what it sampled from.
        assert!(algorithm.solution().iter().all(|element| *element >= 40) && algorithm.solution().len() <= k);
    }
    // Elements 5 to 59 were all there at the same rebuilds, and none of them went before the second count.
    for chosen in [&before[5..60], &after[5..60]] {
        let expected = chosen.iter().map(|count| f64::from(*count)).sum::<f64>() / chosen.len() as f64;
        let chi_square: f64 =
            chosen.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        // 54 degrees of freedom: beyond 145 with probability below 1e-9.
        assert!(chi_square < 145.0, "χ² = {chi_square}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let function = Modular::new(vec![1.0, 2.0, 3.0]);
    let mut algorithm = LevelAlgorithm::new(&function, LevelOptions::new(2)).unwrap();
    let refused =
        algorithm.process(&[Operation::Insert(0), Operation::Insert(0), Operation::Insert(1)]).unwrap_err();
    assert_eq!((refused.steps.len(), refused.fault), (1, UpdateError::InsertedTwice(0)));
    assert_eq!(algorithm.process(&[Operation::Delete(1)]).unwrap_err().fault, UpdateError::Absent(1));
    let unknown = algorithm.process(&[Operation::Insert(3)]).unwrap_err();
    assert_eq!(unknown.to_string(), "operation 1: element 3 is unknown: the ground set has 3");
    assert_eq!(algorithm.solution(), [0]);
    assert_eq!(algorithm.process(&[Operation::Insert(2)]).unwrap()[0].value, 4.0);
    for (options, fault) in [
        (LevelOptions::new(0), "at least one element"),
        (LevelOptions { epsilon: 1.0, ..LevelOptions::new(1) }, "expected a tolerance"),
        (LevelOptions { epsilon: 1e-9, ..LevelOptions::new(1) }, "expected a tolerance"),
        (LevelOptions { epsilon: f64::NAN, ..LevelOptions::new(1) }, "expected a tolerance"),
        (LevelOptions { guess_ratio: 1e-9, ..LevelOptions::new(1) }, "at least 0.001"),
    ] {
        assert!(LevelAlgorithm::new(&function, options).err().unwrap().to_string().contains(fault));
    }
}

#[test]
fn branch_and_bound_and_the_integer_program_agree() {
    for seed in 0..6 {
        let graph = erdos_renyi(18, 3.0, &mut stream(seed, &["laws", "program"]));
        let coverage = Coverage::of_neighbours(&graph);
        let all: Vec<usize> = (0..18).collect();
        let program = coverage_optimum(&coverage, &all, 3).unwrap();
        assert_eq!(program.value, optimum(&coverage, &all, 3).value, "seed {seed}");
        assert!(program.elements.len() <= 3);
    }
}

#[test]
fn random_graphs_have_the_edges_that_were_asked_for() {
    let mut random = stream(2, &["laws", "graphs"]);
    let graph = erdos_renyi(200, 8.0, &mut random);
    assert_eq!((graph.nodes(), graph.edges()), (200, 800));
    let graph = barabasi_albert(300, 4, &mut random);
    assert_eq!((graph.nodes(), graph.edges()), (300, 296 * 4));
    for node in 0..300 {
        assert!(
            graph
                .neighbours(node)
                .iter()
                .all(|other| graph.neighbours(*other as usize).contains(&(node as u32)))
        );
    }
}
