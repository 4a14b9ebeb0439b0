//! The players' parts: regression, tree search, multipliers and the store.

use ndarray::Array2;
use sphere_packing::game::gaussian_process::{GaussianProcess, matern};
use sphere_packing::game::play::{Player, play};
use sphere_packing::game::store::Store;
use sphere_packing::game::surrogate::Surrogate;
use sphere_packing::game::tree::{self, Action, Partial};
use sphere_packing::game::{Game, State};
use sphere_packing::three_point::Harmonics;
use sphere_packing::three_point::multiplier::{Base, Multiplier};

#[test]
fn a_process_interpolates_and_knows_where_it_does_not_know() {
    let points = [0.0, 0.4, 1.0];
    let values = [3.0, -1.0, 2.0];
    let covariance = |a: f64, b: f64| matern((a - b).abs() / 0.3);
    let kernel = Array2::from_shape_fn((3, 3), |(i, j)| covariance(points[i], points[j]));
    let process = GaussianProcess::new(&kernel, &values, 1e-10).unwrap();
    let at = |x: f64| process.predict(&points.map(|point| covariance(point, x)));
    for (point, value) in points.iter().zip(values) {
        assert!((at(*point).mean - value).abs() < 1e-6 && at(*point).deviation < 1e-3);
    }
    assert!(at(0.7).deviation > 0.1);
    // Far away it returns to the values' mean and deviation.
    let far = at(100.0);
    let mean = values.iter().sum::<f64>() / 3.0;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 3.0).sqrt();
    assert!((far.mean - mean).abs() < 1e-9 && (far.deviation - deviation).abs() < 1e-9);
    assert!(GaussianProcess::new(&Array2::zeros((0, 0)), &[], 1.0).is_none());
}

#[test]
fn expected_improvement_has_its_closed_form() {
    use sphere_packing::game::gaussian_process::Prediction;
    let standard = Prediction { mean: 0.0, deviation: 1.0 };
    // E max(0, −x) = 1/√(2π).
    assert!((standard.expected_improvement(0.0) - 1.0 / std::f64::consts::TAU.sqrt()).abs() < 1e-7);
    assert!((Prediction { mean: 1.0, deviation: 0.0 }.expected_improvement(3.0) - 2.0).abs() < 1e-15);
    assert_eq!(Prediction { mean: 3.0, deviation: 0.0 }.expected_improvement(1.0), 0.0);
    assert!(standard.expected_improvement(-8.0) >= 0.0);
}

#[test]
fn multipliers_are_written_and_read() {
    for text in ["1", "x", "xX", "xyXY", "d", "g", "dgg"] {
        assert_eq!(text.parse::<Multiplier>().unwrap().to_string(), text);
    }
    let mirrored: Multiplier = "yY".parse().unwrap();
    assert_eq!(mirrored, "xX".parse().unwrap());
    assert_eq!(mirrored.mirror(), Some(vec![Base::SecondOutside, Base::SecondInside]));
    assert_eq!("xyXY".parse::<Multiplier>().unwrap().mirror(), None);
    assert_eq!("gd".parse::<Multiplier>().unwrap().degree(), 3);
    for text in ["", "z", "1x", "x y"] {
        assert!(text.parse::<Multiplier>().is_err(), "{text}");
    }
}

#[test]
fn every_set_has_one_path() {
    // All sets of products of degree ≤ 1, by exhausting the tree.
    let mut open = vec![Partial::default()];
    let mut sets = Vec::new();
    while let Some(partial) = open.pop() {
        for action in partial.actions(1) {
            let next = partial.after(action);
            if action == Action::Stop { sets.push(next.multipliers) } else { open.push(next) }
        }
    }
    let count = sets.len();
    sets.sort();
    sets.dedup();
    assert_eq!(sets.len(), count, "a set was reached twice");
    // x, X and d (y and Y are their mirrors), each in or out.
    assert_eq!(count, 8);
}

#[test]
fn tree_search_finds_a_planted_set() {
    let wanted: Vec<Multiplier> = ["d", "g"].iter().map(|text| text.parse().unwrap()).collect();
    let mut reward = |set: &[Multiplier]| {
        let common = set.iter().filter(|multiplier| wanted.contains(multiplier)).count() as f64;
        common / (set.len() + wanted.len()) as f64
    };
    const DRAWS: usize = 1500;
    let (mut by_tree, mut by_chance) = (0, 0);
    for seed in 0..20 {
        let mut random = numerics::random::stream(seed, &["tree"]);
        by_tree += usize::from(tree::search(2, DRAWS, &mut random, &mut reward).unwrap() == wanted);
        let mut random = numerics::random::stream(seed, &["chance"]);
        by_chance += usize::from((0..DRAWS).any(|_| tree::random_set(2, &mut random) == wanted));
    }
    assert!(by_tree > 10, "{by_tree} of 20, and {by_chance} by as many random sets");
}

#[test]
fn the_surrogate_tells_sets_apart() {
    let state = |set: &str| State::new([0.5; 3], set.split(',').map(|text| text.parse().unwrap()).collect());
    let known = vec![(state("xX,d"), 1.0), (state("x"), 2.0), (state("X"), 2.1), (state("xX,g"), 1.2)];
    let surrogate = Surrogate::new(&known).unwrap();
    assert_eq!(surrogate.best, 1.0);
    assert!(surrogate.predict(&state("xX,d,g")).mean < surrogate.predict(&state("x,X")).mean);
    assert!(Surrogate::new(&[]).is_none());
}

fn bounds(player: Player, evaluations: usize, store: &mut Store) -> Vec<Option<f64>> {
    let game = Game::new(3, 2, 4, Harmonics::All).unwrap();
    let mut random = numerics::random::stream(1, &["play"]);
    let moves = play(&game, player, evaluations, &mut random, store, &mut |_| true).unwrap();
    assert!(moves.windows(2).all(|pair| pair[1].best <= pair[0].best || pair[0].best.is_none()));
    moves.into_iter().map(|played| played.evaluation.bound).collect()
}

#[test]
fn a_play_is_resumed_from_its_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.jsonl");
    let straight = bounds(Player::Both, 5, &mut Store::in_memory());
    let first = bounds(Player::Both, 3, &mut Store::open(&path).unwrap());
    assert_eq!(first, straight[..3]);
    // A line that a killed process left without its end.
    let mut text = std::fs::read_to_string(&path).unwrap();
    text += "{\"key\":";
    std::fs::write(&path, text).unwrap();
    let mut store = Store::open(&path).unwrap();
    assert_eq!(store.len(), 3);
    assert_eq!(bounds(Player::Both, 5, &mut store), straight);
    assert!(Store::open(&path).is_err(), "a store in use is refused");
    drop(store);
    assert_eq!(Store::open(&path).unwrap().len(), 5);
    std::fs::write(&path, "nonsense\n").unwrap();
    assert!(Store::open(&path).is_err());
}

#[test]
fn all_players_begin_with_the_defaults() {
    let firsts: Vec<Option<f64>> =
        Player::ALL.iter().map(|player| bounds(*player, 2, &mut Store::in_memory())[0]).collect();
    assert!(firsts[0].is_some() && firsts.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(Game::new(3, 0, 4, Harmonics::All).is_err());
    assert!(Game::new(1, 3, 4, Harmonics::All).is_err());
}
