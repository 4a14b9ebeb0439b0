//! Theorems, identities and certificates over random problems, extreme scales and degenerate cases.

use std::ops::ControlFlow;

use ndarray::{Array1, Array2, array};
use numerics::random::stream;
use proptest::prelude::*;
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use variance_reduced_halpern::affine::{Affine, AffineError, Law};
use variance_reduced_halpern::extragradient::{
    anchored_extragradient, extragradient, forward_reflected, reduced_extragradient,
};
use variance_reduced_halpern::games::{Game, GameError, Matrix, Sampling};
use variance_reduced_halpern::halpern::halpern;
use variance_reduced_halpern::inexact::{self, Inner, Snapshot, resolvent_halpern};
use variance_reduced_halpern::low_rank::LowRankSum;
use variance_reduced_halpern::operator::{FiniteSum, crossover};
use variance_reduced_halpern::page::{Options, page_halpern};
use variance_reduced_halpern::potential::{certified_step, tuned};
use variance_reduced_halpern::primal_dual::{self, restarted_halpern};
use variance_reduced_halpern::problems::{bilinear, policeman, projections};
use variance_reduced_halpern::resolvent::{Resolvent, Simple};
use variance_reduced_halpern::run::{Monitor, Step, StopReason, Task, natural_residual};

fn point(d: usize, random: &mut ChaCha8Rng) -> Vec<f64> {
    (0..d).map(|_| random.random_range(-1.0..1.0)).collect()
}

fn strategies(game: &Game, random: &mut ChaCha8Rng) -> Vec<f64> {
    let mut point = point(game.dimension(), random);
    game.strategies().apply(&mut point, 1.0, &mut Vec::new());
    point
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// A monotone K: positive definite plus skew.
fn monotone(d: usize, random: &mut ChaCha8Rng) -> Array2<f64> {
    let a = Array2::from_shape_simple_fn((d, d), || random.random_range(-1.0..1.0));
    a.t().dot(&a) / d as f64 + (&a - &a.t()) + Array2::<f64>::eye(d) * 0.1
}

/// Every part with its probability.
fn parts(rows: &[f64], columns: &[f64]) -> Vec<(usize, f64)> {
    let pairs = rows
        .iter()
        .enumerate()
        .flat_map(|(i, p)| columns.iter().enumerate().map(move |(j, q)| (i * columns.len() + j, p * q)));
    pairs.collect()
}

/// The mean of weighted differences is F(u) − F(v), and its mean square at most L² |u − v|².
fn is_fair(operator: &dyn FiniteSum, parts: &[(usize, f64)], random: &mut ChaCha8Rng) {
    let d = operator.dimension();
    let (u, v) = (point(d, random), point(d, random));
    let (mut mean, mut square) = (vec![0.0; d], 0.0);
    for &(part, probability) in parts {
        operator.add_difference(part, &u, &v, probability, &mut mean);
        let mut one = vec![0.0; d];
        operator.add_difference(part, &u, &v, 1.0, &mut one);
        square += probability * one.iter().map(|x| x * x).sum::<f64>();
    }
    let (mut at_u, mut at_v) = (vec![0.0; d], vec![0.0; d]);
    operator.full(&u, &mut at_u);
    operator.full(&v, &mut at_v);
    let expected: Vec<f64> = at_u.iter().zip(&at_v).map(|(a, b)| a - b).collect();
    assert!(distance(&mean, &expected) < 1e-11 * (1.0 + operator.constant()), "{mean:?} {expected:?}");
    let bound = operator.average_constant() * distance(&u, &v);
    assert!(square.sqrt() <= bound * (1.0 + 1e-9), "{} {bound}", square.sqrt());
    assert!(distance(&at_u, &at_v) <= operator.constant() * 1.001 * distance(&u, &v) + 1e-12);
    assert!(operator.constant() <= operator.average_constant() * (1.0 + 1e-9));
}

proptest! {
    #[test]
    fn draws_are_unbiased_and_bounded(seed in 0_u64..10_000, rows in 1_usize..5, columns in 1_usize..5) {
        let random = &mut stream(seed, &["laws"]);
        let a = Array2::from_shape_simple_fn((rows, columns), || random.random_range(-1.0..1.0));
        let alike = |n: usize| vec![1.0 / n as f64; n];
        is_fair(&Game::dense(a.view(), Sampling::Uniform).unwrap(), &parts(&alike(rows), &alike(columns)), random);
        let total: f64 = a.iter().map(|x| x * x).sum();
        let of_rows: Vec<f64> = a.rows().into_iter().map(|row| row.dot(&row) / total).collect();
        let of_columns: Vec<f64> = a.columns().into_iter().map(|column| column.dot(&column) / total).collect();
        is_fair(&Game::dense(a.view(), Sampling::SquaredNorms).unwrap(), &parts(&of_rows, &of_columns), random);
        let mut entries: Vec<(usize, usize, f64)> = a.indexed_iter().map(|((i, j), x)| (i, j, *x)).collect();
        entries.reverse();
        let sparse = Game::new(Matrix::sparse((rows, columns), &entries), Sampling::SquaredNorms).unwrap();
        is_fair(&sparse, &parts(&of_rows, &of_columns), random);
        if rows == columns {
            let pairs: Vec<(usize, f64)> = (0..rows).map(|i| (i, 1.0 / rows as f64)).collect();
            is_fair(&Game::dense(a.view(), Sampling::Pairs).unwrap(), &pairs, random);
        }
        let d = rows + columns;
        let k = monotone(d, random);
        let blocks = Affine::even_blocks(d, rows).unwrap();
        let each: Vec<(usize, f64)> = (0..rows).map(|i| (i, 1.0 / rows as f64)).collect();
        is_fair(&Affine::new(k.view(), point(d, random), blocks.clone(), Law::Uniform).unwrap(), &each, random);
        let squares: Vec<f64> = blocks.iter().map(|block| block.iter().map(|&j| k.column(j).dot(&k.column(j))).sum()).collect();
        let total: f64 = squares.iter().sum();
        let weighted: Vec<(usize, f64)> = squares.iter().map(|square| square / total).enumerate().collect();
        is_fair(&Affine::new(k.view(), point(d, random), blocks, Law::SquaredNorms).unwrap(), &weighted, random);
        is_fair(&projections(rows + 1, 0.5, random), &(0..=rows).map(|i| (i, 1.0 / (rows + 1) as f64)).collect::<Vec<_>>(), random);
        is_fair(&bilinear(rows, 1.0, random), &each, random);
    }

    /// J is firmly nonexpansive, ⟨Ju − Jv, u − v⟩ ≥ |Ju − Jv|², and idempotent for sets.
    #[test]
    fn resolvents_are_firmly_nonexpansive(seed in 0_u64..10_000, scale in -3_i32..6) {
        let random = &mut stream(seed, &["laws"]);
        for simple in [Simple::Zero, Simple::Simplices(vec![3, 1, 4]), Simple::Interval { lower: -0.3, upper: 0.4 }, Simple::Absolute { weight: 0.7 }] {
            let scaled = |point: Vec<f64>| -> Vec<f64> { point.into_iter().map(|x| x * 10_f64.powi(scale)).collect() };
            let (u, v) = (scaled(point(8, random)), scaled(point(8, random)));
            let image = |x: &[f64]| {
                let mut image = x.to_vec();
                simple.apply(&mut image, 0.5, &mut Vec::new());
                image
            };
            let (ju, jv) = (image(&u), image(&v));
            let product: f64 = (0..8).map(|k| (ju[k] - jv[k]) * (u[k] - v[k])).sum();
            prop_assert!(product >= distance(&ju, &jv).powi(2) - 1e-9 * (1.0 + product.abs()), "{simple:?}");
            if !matches!(simple, Simple::Absolute { .. }) {
                prop_assert!(distance(&image(&ju), &ju) < 1e-12 * 10_f64.powi(scale.max(0)));
            }
        }
    }

    /// gap ≤ 2 |F(u) + g|, and the natural residual is not above that either.
    #[test]
    fn residuals_are_certificates(seed in 0_u64..10_000, rows in 2_usize..7, columns in 2_usize..7) {
        let random = &mut stream(seed, &["laws"]);
        let a = Array2::from_shape_simple_fn((rows, columns), || random.random_range(-1.0..1.0));
        let game = Game::dense(a.view(), Sampling::SquaredNorms).unwrap();
        let (simplices, start) = (game.strategies(), strategies(&game, random));
        let task = Task { operator: &game, resolvent: &simplices, start: &start, calls: 300, seed };
        let options = inexact::Options::new(game.components(), game.average_constant(), 1.0, Inner::Fixed { share: 0.5 });
        for ended in [
            extragradient(&task, 0.9 / game.constant(), |_| ControlFlow::Continue(())),
            anchored_extragradient(&task, 0.9 / game.constant(), |_| ControlFlow::Continue(())),
            forward_reflected(&task, 0.4 / game.constant(), |_| ControlFlow::Continue(())),
            reduced_extragradient(&task, 0.9 / (game.components() as f64).sqrt() / game.average_constant(), |_| ControlFlow::Continue(())),
            resolvent_halpern(&task, &options, |_| ControlFlow::Continue(())),
            halpern(&task, 0.5 / game.constant(), |_| ControlFlow::Continue(())),
            page_halpern(&task, &Options::new(0.1 / game.average_constant(), game.components()), |_| ControlFlow::Continue(())),
        ] {
            let residual = ended.residual(&game);
            let gap = game.gap(&ended.point);
            prop_assert!(gap >= -1e-12 && gap <= 2.0 * residual + 1e-12, "{gap} {residual}");
            prop_assert!(natural_residual(&game, &simplices, &ended.point) <= residual + 1e-12);
            prop_assert_eq!(ended.reason, StopReason::Budget);
        }
    }

    /// Halpern's iterates are running means of plain steps, on every affine problem.
    #[test]
    fn halpern_is_a_mean_of_plain_steps(seed in 0_u64..10_000, d in 1_usize..6) {
        let random = &mut stream(seed, &["laws"]);
        let k = monotone(d, random);
        let zero = point(d, random);
        let offset = (-k.dot(&Array1::from(zero.clone()))).to_vec();
        let sum = Affine::new(k.view(), offset, Affine::even_blocks(d, d).unwrap(), Law::Uniform).unwrap();
        let (start, eta) = (point(d, random), 0.5 / sum.constant());
        let mut plain: Array1<f64> = start.iter().zip(&zero).map(|(u, z)| u - z).collect();
        let (mut total, mut worst) = (Array1::<f64>::zeros(d), 0.0_f64);
        let task = Task { operator: &sum, resolvent: &Simple::Zero, start: &start, calls: u64::MAX, seed };
        halpern(&task, eta, |step| {
            total += &plain;
            let mean: Vec<f64> = total.iter().zip(&zero).map(|(t, z)| z + t / (step.number as f64 + 1.0)).collect();
            worst = worst.max(distance(&mean, step.point));
            plain = &plain - &(k.dot(&plain) * eta);
            if step.number == 50 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        prop_assert!(worst < 1e-12, "{worst}");
    }

    /// The inequality under the proof of the step, with errors that no estimator would make.
    #[test]
    fn the_potential_falls_as_proved(seed in 0_u64..10_000, k in 0_u32..40) {
        let random = &mut stream(seed, &["laws"]);
        let n = 6;
        let sum = projections(n, 0.3, random);
        let (d, k) = (sum.dimension(), f64::from(k));
        let (u0, u, error) = (point(d, random), point(d, random), point(d, random));
        let eta = random.random_range(0.05..1.5);
        let lambda = 2.0 / (k + 4.0);
        let value = |u: &[f64]| {
            let mut out = vec![0.0; d];
            sum.full(u, &mut out);
            out
        };
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let less = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
        let f = value(&u);
        let next: Vec<f64> = (0..d).map(|i| lambda * u0[i] + (1.0 - lambda) * u[i] - eta * (f[i] + error[i])).collect();
        let g = value(&next);
        let moved: f64 = (0..n).map(|i| {
            let mut one = vec![0.0; d];
            sum.add_difference(i, &next, &u, 1.0, &mut one);
            dot(&one, &one) / n as f64
        }).sum();
        let a = |k: f64| eta * (k + 2.0) * (k + 3.0).powi(2) / 4.0;
        let b = |k: f64| (k + 2.0) * (k + 3.0);
        let potential = |k: f64, f: &[f64], u: &[f64]| a(k) * dot(f, f) + b(k) * dot(f, &less(u, &u0));
        let difference = less(&g, &f);
        let right = potential(k, &f, &u) - eta * (k + 3.0) * (k + 6.0) / 4.0 * dot(&f, &f)
            + a(k + 1.0) * dot(&difference, &difference)
            - b(k) * moved / (lambda * sum.average_constant())
            - 2.0 * a(k + 1.0) * dot(&difference, &error)
            - eta * (k + 3.0) * (k + 4.0) * dot(&f, &error);
        let left = potential(k + 1.0, &g, &next);
        prop_assert!(left <= right + 1e-9 * (1.0 + right.abs() + left.abs()), "{left} {right}");
    }

    /// A permutation of the parts changes no sum, and the same seed gives the same bits.
    #[test]
    fn parts_have_no_order(seed in 0_u64..10_000) {
        let random = &mut stream(seed, &["laws"]);
        let vectors = Array2::from_shape_simple_fn((5, 3), || random.random_range(-1.0..1.0));
        let turned = vectors.slice(ndarray::s![..;-1, ..]).to_owned();
        let (one, other) = (LowRankSum::projections(&vectors, vec![0.5; 3]), LowRankSum::projections(&turned, vec![0.5; 3]));
        let u = point(3, random);
        let (mut a, mut b) = (vec![0.0; 3], vec![0.0; 3]);
        one.full(&u, &mut a);
        other.full(&u, &mut b);
        prop_assert!(distance(&a, &b) < 1e-14);
        let run = |seed| page_halpern(&Task { operator: &one, resolvent: &Simple::Zero, start: &u, calls: 500, seed }, &Options::new(0.3, 5), |_| ControlFlow::Continue(()));
        prop_assert_eq!(run(seed), run(seed));
    }

    /// Scales and shifts change nothing but units: A → sA + t has the same strategies, and the bracket follows.
    #[test]
    fn games_are_solved_at_any_size(seed in 0_u64..1_000, rows in 1_usize..9, columns in 1_usize..9, ties in proptest::bool::ANY) {
        let random = &mut stream(seed, &["laws"]);
        let a = Array2::from_shape_simple_fn((rows, columns), || {
            let entry: f64 = random.random_range(-1.0..1.0);
            if ties { (2.0 * entry).round() + 0.01 } else { entry }
        });
        let game = Game::dense(a.view(), Sampling::SquaredNorms).unwrap();
        let found = restarted_halpern(&game, &primal_dual::Options { gap: 1e-7, steps: 1_000_000 });
        prop_assert!(found.reached && found.above - found.below <= 1.1e-7, "{found:?}");
        let (x, y) = found.point.split_at(columns);
        for strategy in [x, y] {
            prop_assert!(strategy.iter().all(|p| *p >= 0.0) && (strategy.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        // The game of the other side has the same value with the sign changed.
        let other = Game::dense((-&a.t()).view(), Sampling::SquaredNorms).unwrap();
        let turned = restarted_halpern(&other, &primal_dual::Options { gap: 1e-7, steps: 1_000_000 });
        prop_assert!(turned.below <= -found.below + 1e-9 && -found.above <= turned.above + 1e-9);
        let moved = Game::dense((&a * 1e6 + 3e5).view(), Sampling::SquaredNorms).unwrap();
        let moved = restarted_halpern(&moved, &primal_dual::Options { gap: 1.0, steps: 1_000_000 });
        prop_assert!(moved.reached && moved.below <= found.above * 1e6 + 3e5 + 1e-3);
        prop_assert!(found.below * 1e6 + 3e5 <= moved.above + 1e-3);
    }
}

/// Games in which one player soon stands still at a vertex, on which primal weights run away unless they are held.
#[test]
fn nearly_pure_games_are_solved() {
    for seed in 0..20 {
        let random = &mut stream(seed, &["pure"]);
        let matrix = policeman(20 + 2 * seed as usize, random);
        for matrix in [matrix.clone(), matrix.reversed_axes()] {
            let game = Game::dense(matrix.view(), Sampling::SquaredNorms).unwrap();
            let found = restarted_halpern(&game, &primal_dual::Options { gap: 1e-7, steps: 1_000_000 });
            assert!(found.reached, "{seed}: {} {}", found.below, found.above);
        }
    }
}

#[test]
fn without_chance_algorithm_1_is_deterministic() {
    let random = &mut stream(3, &["laws"]);
    let sum = projections(9, 0.5, random);
    let start = point(20, random);
    let run = |options: &Options, seed| {
        let task = Task { operator: &sum, resolvent: &Simple::Zero, start: &start, calls: u64::MAX, seed };
        page_halpern(&task, options, |step| {
            if step.number == 60 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    };
    let always = Options { probability: 1.0, ..Options::new(0.5, 9) };
    assert_eq!(run(&always, 1), run(&always, 2), "p = 1 draws nothing");
    // All parts without replacement are a full pass, up to rounding.
    let all = Options { batch: 9, ..Options::new(0.5, 9) };
    assert!(distance(&run(&all, 1).point, &run(&always, 1).point) < 1e-12);
    assert_ne!(run(&Options::new(0.5, 9), 1).point, run(&Options::new(0.5, 9), 2).point);
}

#[test]
fn proved_steps_are_those_of_the_derivation() {
    // By bisection with another program, to three digits.
    for (n, eta) in [(16, 0.437), (64, 0.509), (256, 0.583), (1_024, 0.641), (4_096, 0.666)] {
        let found = certified_step(&Options::new(1.0, n));
        assert!(found > eta - 2e-3 && found < eta + 0.05, "{n}: {found}");
    }
    // p = 1 has no error: (1 + s) A ≤ B/(λL) is all that is asked, and with s at its least 0.02 the first step allows 1/1.02.
    let exact = certified_step(&Options { probability: 1.0, ..Options::new(1.0, 100) });
    assert!((exact - 1.0 / 1.02).abs() < 1e-5, "{exact}");
    let best = tuned(256, f64::INFINITY);
    let cost = |options: &Options| options.calls(256) / certified_step(options);
    assert!(
        cost(&best) < 0.8 * cost(&Options::new(1.0, 256)) && (certified_step(&best) - best.eta).abs() < 1e-12
    );
    assert!((crossover(3.0, 1.0, 0.5, 1.0) - 576.0 * 9.0).abs() < 1e-9);
}

#[test]
fn algorithm_1_explodes_where_nothing_is_cocoercive() {
    let random = &mut stream(5, &["laws"]);
    let sum = bilinear(64, 1.0, random);
    let start = vec![0.0; 20];
    let task = Task { operator: &sum, resolvent: &Simple::Zero, start: &start, calls: 10_000_000, seed: 0 };
    let ended =
        page_halpern(&task, &Options::new(0.5 / sum.average_constant(), 64), |_| ControlFlow::Continue(()));
    assert_eq!(ended.reason, StopReason::Diverged);
}

/// An outer step of Algorithm 2 against the resolvent: |v − J(u)| ≤ |Φ(v)| by strong monotonicity, and the loop stops at |Φ(v)| ≤ |u − v|/4.
#[test]
fn inner_loops_come_to_the_resolvent() {
    let random = &mut stream(7, &["laws"]);
    let d = 6;
    let (k, q) = (monotone(d, random), point(d, random));
    let sum = Affine::new(k.view(), q.clone(), Affine::even_blocks(d, d).unwrap(), Law::Uniform).unwrap();
    let start = point(d, random);
    let task = Task { operator: &sum, resolvent: &Simple::Zero, start: &start, calls: u64::MAX, seed: 0 };
    let options = inexact::Options::new(d, sum.average_constant(), 1.0, Inner::Accuracy { most: 1_000.0 });
    let ended = resolvent_halpern(&task, &options, |_| ControlFlow::Break(()));
    let c = options.scale;
    let phi = |v: &[f64]| -> Vec<f64> {
        let image = k.dot(&Array1::from(v.to_vec()));
        (0..d).map(|i| c * (image[i] + q[i]) + v[i] - start[i]).collect()
    };
    let size = distance(&phi(&ended.point), &[0.0; 6]);
    assert!(size <= distance(&ended.point, &start) / 4.0 + 1e-12, "{size}");
    // The exact one by many plain steps.
    let mut exact = start.clone();
    for _ in 0..100_000 {
        let slope = phi(&exact);
        exact.iter_mut().zip(slope).for_each(|(v, s)| *v -= 1e-2 * s);
    }
    assert!(distance(&ended.point, &exact) <= size * (1.0 + 1e-6) + 1e-9);
}

#[test]
fn frozen_snapshots_are_slow_and_not_wrong() {
    let random = &mut stream(7, &["laws"]);
    let sum = bilinear(16, 1.0, random);
    let start = vec![0.0; 20];
    let task = Task { operator: &sum, resolvent: &Simple::Zero, start: &start, calls: 3_000_000, seed: 0 };
    for snapshot in [Snapshot::Moving, Snapshot::Frozen] {
        let inner = Inner::Fixed { share: 0.5 };
        let options =
            inexact::Options { snapshot, ..inexact::Options::new(16, sum.average_constant(), 1.0, inner) };
        let mut monitor = Monitor::new(&sum, 1e-4, 1.05);
        resolvent_halpern(&task, &options, |step: &Step<'_>| monitor.look(step));
        assert!(monitor.reached().is_some(), "{snapshot:?}: {:?}", monitor.seen.last());
    }
}

/// A start outside of the set is no solution, though F vanishes there.
#[test]
fn starts_are_brought_into_the_set() {
    let sum = Affine::new(Array2::eye(2).view(), vec![0.0; 2], vec![vec![0], vec![1]], Law::Uniform).unwrap();
    let simplex = Simple::Simplices(vec![2]);
    let task = Task { operator: &sum, resolvent: &simplex, start: &[0.0, 0.0], calls: 1_000, seed: 0 };
    let mut monitor = Monitor::new(&sum, 1e-9, 1.05);
    let ended = extragradient(&task, 0.5, |step| monitor.look(step));
    assert!(distance(&ended.point, &[0.5, 0.5]) < 1e-9, "{ended:?}");
}

#[test]
fn what_is_no_problem_is_refused() {
    assert_eq!(Game::dense(Array2::zeros((0, 3)).view(), Sampling::Uniform).unwrap_err(), GameError::Empty);
    assert_eq!(Game::dense(array![[f64::NAN]].view(), Sampling::Uniform).unwrap_err(), GameError::NotFinite);
    assert_eq!(
        Game::dense(array![[1e300, 1.0]].view(), Sampling::Uniform).unwrap_err(),
        GameError::NotFinite
    );
    assert_eq!(
        Game::dense(array![[1.0, 2.0]].view(), Sampling::Pairs).unwrap_err(),
        GameError::NotSquare(1, 2)
    );
    assert_eq!(Game::dense(array![[0.0, 0.0]].view(), Sampling::Uniform).unwrap_err(), GameError::Zero);
    let affine = |k: Array2<f64>, q: Vec<f64>| {
        let blocks = Affine::even_blocks(k.ncols(), 1).unwrap();
        Affine::new(k.view(), q, blocks, Law::Uniform).unwrap_err()
    };
    assert_eq!(affine(array![[1.0, 0.0]], vec![0.0]), AffineError::Shape { rows: 1, columns: 2, length: 1 });
    assert_eq!(affine(array![[f64::INFINITY]], vec![0.0]), AffineError::NotFinite);
    assert_eq!(affine(array![[0.0]], vec![0.0]), AffineError::Zero);
    assert!(
        matches!(affine(array![[1.0, 4.0], [0.0, 1.0]], vec![0.0; 2]), AffineError::NotMonotone(least) if (least + 1.0).abs() < 1e-12)
    );
    assert_eq!(Affine::even_blocks(2, 3).unwrap_err(), AffineError::Blocks { blocks: 3, columns: 2 });
    let partition = Affine::new(Array2::eye(2).view(), vec![0.0; 2], vec![vec![0], vec![0]], Law::Uniform);
    assert_eq!(partition.unwrap_err(), AffineError::Partition(1));
    // A skew K has no constant of cocoercivity.
    let skew = Affine::new(
        array![[0.0, 1.0], [-1.0, 0.0]].view(),
        vec![0.0; 2],
        vec![vec![0], vec![1]],
        Law::Uniform,
    );
    assert_eq!(skew.unwrap().cocoercive_constant(), f64::INFINITY);
}
