//! Streams whose optimum at every step was found by brute force elsewhere.

use std::fs;
use std::path::PathBuf;

use dynamic_submodular::exact::optimum;
use dynamic_submodular::function::{Coverage, FacilityLocation};
use dynamic_submodular::graph::Graph;
use dynamic_submodular::greedy::lazy_greedy;
use dynamic_submodular::{
    Available, BucketRule, Function, LevelAlgorithm, LevelOptions, Maximiser, Operation,
};
use ndarray::Array2;

fn case(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name);
    fs::read_to_string(path).unwrap()
}

fn numbers(text: &str) -> Vec<f64> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .map(|word| word.parse().unwrap())
        .collect()
}

fn graph() -> Coverage {
    let ends = numbers(&case("gnp40_1.edges"));
    let edges = ends.chunks_exact(2).map(|pair| (pair[0] as usize, pair[1] as usize));
    Coverage::of_neighbours(&Graph::new(40, edges))
}

fn facilities() -> FacilityLocation {
    let values = numbers(&case("fl40_1.fl"));
    let (rows, columns) = (values[0] as usize, values[1] as usize);
    FacilityLocation::new(Array2::from_shape_vec((rows, columns), values[2..].to_vec()).unwrap().view())
        .unwrap()
}

fn operations(name: &str) -> Vec<Operation> {
    let operation = |line: &str| {
        let element = line[1..].trim().parse().unwrap();
        if line.starts_with('+') { Operation::Insert(element) } else { Operation::Delete(element) }
    };
    case(name).lines().filter(|line| !line.starts_with('#')).map(operation).collect()
}

/// (step, optimum, lazy greedy value), steps counted from 0.
fn answers(name: &str) -> Vec<(usize, f64, f64)> {
    numbers(&case(name)).chunks_exact(3).map(|row| (row[0] as usize, row[1], row[2])).collect()
}

const STREAMS: [&str; 3] = ["idl", "win", "rnd"];
const K: usize = 4;

fn check<F: Function>(function: &F, name: &str) {
    for stream in STREAMS {
        let operations = operations(&format!("{name}.{stream}.stream"));
        let answers = answers(&format!("{name}.{stream}.k4.opt"));
        let mut available = Available::none(40);
        let mut next = 0;
        for (step, operation) in operations.iter().enumerate() {
            available.update(*operation).unwrap();
            if let Some(&(at, best, greedy)) = answers.get(next)
                && at == step
            {
                let candidates = available.elements();
                assert_eq!(optimum(function, &candidates, K).value, best, "{name} {stream} step {at}");
                assert_eq!(lazy_greedy(function, &candidates, K).value, greedy, "{name} {stream} step {at}");
                next += 1;
            }
        }
        assert_eq!(next, answers.len());
        quality(function, &operations, &answers, stream);
    }
}

/// The guarantee, in the mean over seeds at every step, and the means that a prototype reached.
fn quality<F: Function>(function: &F, operations: &[Operation], answers: &[(usize, f64, f64)], stream: &str) {
    const SEEDS: u64 = 20;
    for (rule, expected) in [(BucketRule::Largest, 0.92), (BucketRule::High, 0.97)] {
        let mut sums = vec![0.0; answers.len()];
        for seed in 0..SEEDS {
            let options = LevelOptions {
                epsilon: 0.1,
                guess_ratio: 0.1,
                bucket_rule: rule,
                seed,
                ..LevelOptions::new(K)
            };
            let steps = LevelAlgorithm::new(function, options).unwrap().process(operations).unwrap();
            for (sum, (at, best, _)) in sums.iter_mut().zip(answers) {
                *sum += if *best > 0.0 { steps[*at].value / best } else { 1.0 };
            }
        }
        let means: Vec<f64> = sums.iter().map(|sum| sum / SEEDS as f64).collect();
        let worst = means.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(worst >= 0.5, "{stream} {rule:?}: {worst} at some step");
        let grand = means.iter().sum::<f64>() / means.len() as f64;
        assert!(grand >= expected, "{stream} {rule:?}: {grand} in the mean");
    }
}

#[test]
fn coverage_streams_with_known_optima() {
    check(&graph(), "gnp40_1");
}

#[test]
fn facility_streams_with_known_optima() {
    check(&facilities(), "fl40_1");
}
