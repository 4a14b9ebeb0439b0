//! What holds for all inputs.

use diff2::audit::{Audit, Fault, audit};
use diff2::clipping::{Clip, Model, Query, clipped_mean, norm};
use diff2::models::{Logistic, Softplus};
use diff2::moments::Quadratic;
use diff2::noise::{Lattice, Noise, Seeded, discrete_gaussian};
use diff2::plan::{Draws, Local, Minibatch, Plan, TrainError, Trust};
use diff2::privacy::{Mu, NoiseMultiplier, PrivacyError, ZeroConcentrated};
use diff2::records::{Records, RecordsError};
use diff2::schedule::{Adjacency, Constants, Rounds};
use diff2::subsampled::{Subsampled, epsilon_by_divergences};
use diff2::train::{Release, train};
use ndarray::{Array1, Array2};
use numerics::random::stream;
use proptest::prelude::*;
use rand::Rng;

fn z(value: f64) -> NoiseMultiplier {
    NoiseMultiplier::new(value).unwrap()
}

proptest! {
    #[test]
    fn epsilon_and_delta_are_inverse(mu in 1e-3..20.0_f64, ln_delta in -600.0..-0.8_f64) {
        let mu = Mu::new(mu);
        let epsilon = mu.epsilon(ln_delta.exp()).unwrap();
        if epsilon > 0.0 {
            prop_assert!((mu.ln_delta(epsilon) - ln_delta).abs() < 1e-11 * ln_delta.abs().max(1.0));
        } else {
            prop_assert!(mu.ln_delta(0.0) <= ln_delta);
        }
        // Bounds lie above.
        let bounds = ZeroConcentrated::of(mu);
        let improved = bounds.improved_epsilon(ln_delta.exp()).unwrap();
        prop_assert!(epsilon <= improved && improved <= bounds.classic_epsilon(ln_delta.exp()).unwrap() * (1.0 + 1e-12));
    }

    #[test]
    fn budgets_are_neither_exceeded_nor_wasted(epsilon in 1e-3..200.0_f64, ln_delta in -80.0..-1.0_f64, rounds in 1_u64..10_000, restart in 1_u64..500, share in 0.05..0.95_f64) {
        let mu = Mu::calibrate(epsilon, ln_delta.exp()).unwrap();
        prop_assert!((mu.ln_delta(epsilon) - ln_delta).abs() < 1e-9);
        let rounds = Rounds { rounds, restart, share };
        let [full, difference] = rounds.multipliers(mu).unwrap();
        let (restarts, others) = rounds.counts();
        prop_assert_eq!(restarts, (0..rounds.rounds).filter(|round| round % restart == 0).count() as u64);
        let spent = Mu::compose(&[(full, restarts), (difference, others)]).value();
        prop_assert!((spent / mu.value() - 1.0).abs() < 1e-14);
    }

    /// One record's contribution never exceeds the radius, however far the points and whatever the record.
    #[test]
    fn contributions_stay_within_the_radius(scale in -3.0..150.0_f64, step in -12.0..2.0_f64, radius in -9.0..3.0_f64, seed in 0_u64..1000) {
        let mut random = stream(seed, &["contribution"]);
        let size = 10.0_f64.powf(scale);
        let features = Array2::from_shape_fn((3, 4), |_| size * random.random_range(-1.0..1.0));
        let targets = Array1::from(vec![1.0, -1.0, 1.0]);
        let records = Records::new(features.view(), targets.view(), &[0; 3]).unwrap();
        let radius = 10.0_f64.powf(radius);
        let step = 10.0_f64.powf(step);
        let models: [&dyn Model; 2] = [&Logistic::new(4), &Softplus::new(4, 3)];
        for model in models {
            let from: Vec<f64> = (0..model.parameters()).map(|_| random.random_range(-1.0..1.0)).collect();
            let to: Vec<f64> = from.iter().map(|x| x + step * random.random_range(-1.0..1.0)).collect();
            for query in [Query::Gradients { at: &from }, Query::Differences { from: &from, to: &to }] {
                // Sums over three records of weight 1 stay within three radii; and on a lattice, within its rounding.
                for unit in [None, Some((-30.0_f64).exp2() * radius)] {
                    let mut sum = vec![0.0; model.parameters()];
                    model.contribute(query, &records.blocks()[0], Clip { radius, weight: 1.0, unit }, &mut sum);
                    let length = norm(&sum) * unit.unwrap_or(1.0);
                    prop_assert!(length <= 3.0 * radius * (1.0 + 1e-8), "{} {}", length, radius);
                    prop_assert!(unit.is_none() || sum.iter().all(|x| x.fract() == 0.0));
                }
            }
        }
    }

    #[test]
    fn norms_neither_overflow_nor_vanish(scale in -300_i32..300, x in -1.0..1.0_f64, y in -1.0..1.0_f64) {
        let power = 10.0_f64.powi(scale);
        let found = norm(&[x * power, y * power, 0.0]);
        prop_assert!((found / power - x.hypot(y)).abs() < 1e-13 * x.hypot(y) + 1e-300);
    }
}

/// Sums do not depend on order or threads; on the lattice they are exact.
#[test]
fn sums_are_the_same_in_any_order() {
    let mut random = stream(3, &["order"]);
    let features = Array2::from_shape_fn((2_000, 5), |_| random.random_range(-1.0..1.0_f64));
    let targets = Array1::from_shape_fn(2_000, |i| if i % 3 == 0 { 1.0 } else { -1.0 });
    let reversed: Vec<usize> = (0..2_000).rev().collect();
    let build = |order: &[usize]| {
        let features = features.select(ndarray::Axis(0), order);
        Records::new(features.view(), targets.select(ndarray::Axis(0), order).view(), &vec![0; 2_000])
            .unwrap()
    };
    let at = [0.3, -0.2, 0.5, 0.1, -0.4];
    let sum = |records: &Records| {
        clipped_mean(&Logistic::new(5), Query::Gradients { at: &at }, records, 0.2, Some(1e-9)).mean
    };
    let forward = sum(&build(&(0..2_000).collect::<Vec<_>>()));
    assert_eq!(forward, sum(&build(&reversed)));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(forward, pool.install(|| sum(&build(&reversed))));
}

fn logistic_records(nodes: usize) -> Records {
    let mut random = stream(5, &["records"]);
    let features = Array2::from_shape_fn((120, 3), |_| random.random_range(-1.0..1.0_f64));
    let targets = Array1::from_shape_fn(120, |i| if features[[i, 0]] > 0.1 { 1.0 } else { -1.0 });
    let places: Vec<usize> = (0..120).map(|i| i % nodes).collect();
    Records::new(features.view(), targets.view(), &places).unwrap()
}

fn plan(rounds: u64, restart: u64) -> Plan {
    let rounds = Rounds { rounds, restart, share: 0.5 };
    Plan::within(Mu::calibrate(3.0, 1e-5).unwrap(), rounds, 0.5, (1.0, 0.5)).unwrap()
}

fn trained(records: &Records, plan: &Plan, noise: &mut dyn Noise) -> (Vec<f64>, Vec<(f64, f64)>) {
    let draws = Draws::new(plan.rounds.rounds, records.nodes(), &mut stream(1, &["draws"]));
    let mut levels = Vec::new();
    let observe = |release: &Release| levels.push((release.deviation, release.radius));
    let found = train(&Logistic::new(3), records, plan, &draws, &[0.0; 3], noise, observe).unwrap();
    (found.last, levels)
}

/// The deviation of every release is the multiplier times the sensitivity, on the lattice up to a fiftieth more for its rounding.
#[test]
fn noise_has_the_size_that_hides_a_record() {
    let records = logistic_records(4);
    for (adjacency, kappa) in [(Adjacency::Replace, 2.0), (Adjacency::ZeroOut, 1.0)] {
        let plan = Plan { adjacency, ..plan(12, 4) };
        let (_, seeded) = trained(&records, &plan, &mut Seeded::new(stream(2, &["noise"])));
        let (_, lattice) = trained(&records, &plan, &mut Lattice::with(stream(2, &["noise"])));
        for levels in [&seeded, &lattice] {
            for (round, (deviation, radius)) in levels.iter().enumerate() {
                let multiplier = plan.noise[usize::from(round % 4 > 0)].value();
                let needed = multiplier * kappa * radius / 120.0;
                assert!(
                    *deviation >= needed * (1.0 - 1e-15) && *deviation <= needed * 1.02,
                    "{deviation} {needed}"
                );
            }
        }
        // Each of four nodes for itself: twice the deviation.
        let own = Plan { trust: Trust::Node, ..plan };
        let (_, levels) = trained(&records, &own, &mut Seeded::new(stream(2, &["noise"])));
        assert!((levels[0].0 / seeded[0].0 - 2.0).abs() < 1e-12);
    }
}

/// With hardly any noise and no clipping, DIFF2 is gradient descent: increments add up to gradients.
#[test]
fn without_noise_it_is_gradient_descent() {
    let records = logistic_records(3);
    let quiet = |restart| Plan {
        noise: [z(1e-9); 2],
        clip_gradient: 1e6,
        clip_difference: 1e6,
        penalty: 0.1,
        ..plan(40, restart)
    };
    let run = |restart| {
        let mut quiet = quiet(restart);
        // Radii are large, so multipliers must be smaller still.
        quiet.noise = [z(1e-16); 2];
        trained(&records, &quiet, &mut Seeded::new(stream(1, &["noise"]))).0
    };
    let (plain, ours) = (run(1), run(40));
    for (plain, ours) in plain.iter().zip(&ours) {
        assert!((plain - ours).abs() < 1e-7, "{plain} {ours}");
    }
}

#[test]
fn local_steps_stay_within_the_budget() {
    let records = logistic_records(3);
    let draws = Draws::new(20, 3, &mut stream(1, &["draws"]));
    assert!(draws.most_walks() >= 7);
    let (epsilon, delta) = (3.0, 1e-5);
    let mut multipliers = Vec::new();
    for minibatch in [Minibatch::Fixed(10), Minibatch::Poisson(0.1)] {
        let base = Plan { adjacency: Adjacency::ZeroOut, ..plan(20, 5) };
        let local = Local { steps: 4, minibatch, clip: 0.5, noise: z(1.0) };
        let plan = base.with_local((epsilon, delta), 0.3, local, &draws).unwrap();
        let spent = plan.epsilon(draws.most_walks(), delta).unwrap();
        assert!(spent <= epsilon * (1.0 + 1e-12) && spent > 0.99 * epsilon, "{spent}");
        multipliers.push(plan.local.unwrap().noise.value());
        let mut noise = Lattice::with(stream(4, &["noise"]));
        let found = train(&Logistic::new(3), &records, &plan, &draws, &[0.0; 3], &mut noise, |_| ()).unwrap();
        assert!(found.last.iter().all(|x| x.is_finite()));
    }
    // Where the bound asks for more than the exact curve, all noise grows; where nothing helps, it is refused.
    for share in [0.01, 0.05] {
        let base = Plan { adjacency: Adjacency::ZeroOut, ..plan(20, 5) };
        let local = Local { steps: 4, minibatch: Minibatch::Poisson(0.1), clip: 0.5, noise: z(1.0) };
        let within = base.with_local((epsilon, delta), share, local, &draws).unwrap();
        assert!(within.epsilon(draws.most_walks(), delta).unwrap() <= epsilon);
        let refused = base.with_local((0.003, delta), share, local, &draws);
        assert_eq!(refused.unwrap_err(), TrainError::BeyondBound(0.003));
    }
    assert!(multipliers[1] < 0.7 * multipliers[0], "chance needs less noise: {multipliers:?}");
    let local = Local { steps: 4, minibatch: Minibatch::Poisson(0.1), clip: 0.5, noise: z(1.0) };
    let refused = plan(20, 5).with_local((epsilon, delta), 0.3, local, &draws);
    assert_eq!(refused.unwrap_err(), TrainError::Amplification);
}

/// Random minibatches of everything are no minibatches.
#[test]
fn a_rate_of_one_is_the_gaussian_curve() {
    let part = Subsampled::new(z(3.0), 1.0).unwrap();
    for epsilon in [0.0, 0.3, 2.0] {
        let exact = Mu::compose(&[(z(3.0), 1)]).delta(epsilon);
        assert!((part.delta_of_removal(epsilon) / exact - 1.0).abs() < 1e-13);
        assert!((part.delta_of_addition(epsilon) / exact - 1.0).abs() < 1e-13);
    }
    let bound = epsilon_by_divergences(Mu::new(0.0), &[(part, 10)], 1e-6).unwrap();
    let exact = Mu::compose(&[(z(3.0), 10)]).epsilon(1e-6).unwrap();
    assert!(bound >= exact && bound < 1.15 * exact, "{bound} {exact}");
}

fn attack(fault: Fault, growing: bool) -> diff2::audit::Finding {
    let plan = Audit {
        epsilon: 3.0,
        delta: 1e-5,
        rounds: Rounds { rounds: 30, restart: 10, share: 0.5 },
        adjacency: Adjacency::Replace,
        runs: 2_000,
        growing,
        lattice: false,
        fault,
        confidence: 0.999,
    };
    audit(&plan, 11).unwrap()
}

/// The library gives away what it claims and no more, and every fault is seen.
#[test]
fn audits_find_faults_and_nothing_else() {
    for growing in [false, true] {
        let sound = attack(Fault::None, growing);
        assert!(!sound.refutes(3.0) && (sound.mu - sound.claimed).abs() < 4.0 * sound.error, "{sound:?}");
    }
    for fault in [
        Fault::Noise(0.5),
        Fault::BudgetOfOneSegment,
        Fault::WrongNeighbours,
        Fault::LooseDifferences(5.0),
        Fault::Unclipped,
    ] {
        let found = attack(fault, false);
        assert!(found.refutes(3.0), "{fault:?} {found:?}");
    }
    // A stale radius shows where steps grow, and only there.
    assert!(attack(Fault::StaleRadius, true).refutes(3.0));
}

/// Releases of the lattice are whole multiples of a unit, whatever was summed.
#[test]
fn released_numbers_lie_on_the_lattice() {
    let mut lattice = Lattice::with(stream(9, &["lattice"]));
    let unit = lattice.unit(0.3, 0.1).unwrap();
    let mut values = vec![5.0, -7.0, 0.0];
    lattice.add(0.3 / unit, &mut values);
    assert!(values.iter().all(|x| x.fract() == 0.0));
    let mut random = stream(10, &["wide"]);
    let sigma = 1 << 20;
    let squares: f64 =
        (0..20_000).map(|_| (discrete_gaussian(sigma, &mut random) as f64 / sigma as f64).powi(2)).sum();
    assert!((squares / 20_000.0 - 1.0).abs() < 0.05, "{squares}");
}

/// Expectations of the recursion against runs of the library itself.
#[test]
fn expectations_are_those_of_simulated_runs() {
    let (rounds, restart, step, dimension) = (12_u64, 4_u64, 0.3, 2);
    let (s1, s2) = (0.3, 0.5);
    let exact = Quadratic {
        rounds,
        restart,
        step,
        start: 1.0,
        dimension: dimension as f64,
        gradient_noise: s1,
        difference_noise: s2,
    }
    .expected();
    let mut random = stream(6, &["simulated"]);
    let (mut mean, mut last) = (0.0, 0.0);
    let runs = 40_000;
    let normal = |random: &mut rand_chacha::ChaCha8Rng| -> f64 {
        rand_distr::Distribution::sample(&rand_distr::StandardNormal, random)
    };
    for _ in 0..runs {
        let mut x = [1.0, 0.0];
        let (mut before, mut v) = (x, [0.0; 2]);
        for round in 0..rounds {
            mean += (x[0] * x[0] + x[1] * x[1]) / (rounds * runs) as f64;
            let length = (x[0] - before[0]).hypot(x[1] - before[1]);
            for k in 0..dimension {
                v[k] = if round % restart == 0 {
                    x[k] + s1 * normal(&mut random)
                } else {
                    v[k] + x[k] - before[k] + s2 * length * normal(&mut random)
                };
            }
            before = x;
            (0..dimension).for_each(|k| x[k] -= step * v[k]);
        }
        last += (x[0] * x[0] + x[1] * x[1]) / runs as f64;
    }
    assert!((mean / exact.mean - 1.0).abs() < 0.02, "{mean} {}", exact.mean);
    assert!((last / exact.last - 1.0).abs() < 0.05, "{last} {}", exact.last);
}

/// The bound is kept by exact expectations, and its limit is reached from above.
#[test]
fn the_bound_is_kept_and_nearly_attained() {
    for records in [1e4, 1e6] {
        let constants = Constants {
            smoothness: 1.0,
            gap: 0.5,
            clip_gradient: 1.0,
            clip_difference: 1.0,
            dimension: 100.0,
            records,
            mu: Mu::calibrate(3.0, 1e-5).unwrap(),
        };
        let chosen = constants.schedule(1 << 50);
        let (gradient_noise, difference_noise) = constants.deviations(&chosen.rounds);
        let Rounds { rounds, restart, .. } = chosen.rounds;
        let run = Quadratic {
            rounds,
            restart,
            step: chosen.step,
            start: 1.0,
            dimension: 100.0,
            gradient_noise,
            difference_noise,
        };
        let attained = run.expected().mean / chosen.bound;
        assert!(attained <= 1.0 && attained > 0.8, "{attained}");
        assert!(chosen.bound > 0.99 * constants.limit() && chosen.bound < 1.2 * constants.limit());
    }
}

#[test]
fn bad_input_is_refused() {
    let features = Array2::<f64>::ones((2, 2));
    let targets = Array1::ones(2);
    let of = |nodes: &[usize]| Records::new(features.view(), targets.view(), nodes).unwrap_err();
    assert_eq!(of(&[0, 2]), RecordsError::EmptyNode(1));
    assert_eq!(of(&[0, usize::MAX]), RecordsError::EmptyNode(1));
    assert_eq!(of(&[0]), RecordsError::Lengths { features: 2, targets: 2, nodes: 1 });
    let huge = Array2::from_elem((2, 2), 1e200);
    assert_eq!(Records::new(huge.view(), targets.view(), &[0, 0]).unwrap_err(), RecordsError::NotFinite(0));
    assert_eq!(Mu::calibrate(-1.0, 0.1).unwrap_err(), PrivacyError::Epsilon(-1.0));
    assert_eq!(Mu::calibrate(1.0, 1.0).unwrap_err(), PrivacyError::Delta(1.0));
    assert_eq!(NoiseMultiplier::new(0.0).unwrap_err(), PrivacyError::Multiplier(0.0));
    assert_eq!(Subsampled::new(z(1.0), 1.5).unwrap_err(), PrivacyError::Rate(1.5));
    let records = logistic_records(1);
    let draws = Draws::new(3, 1, &mut stream(1, &["draws"]));
    let mut noise = Lattice::with(stream(1, &["noise"]));
    let tiny = Plan { noise: [z(1e-12); 2], ..plan(3, 1) };
    let refused = train(&Logistic::new(3), &records, &tiny, &draws, &[0.0; 3], &mut noise, |_| ());
    assert!(matches!(refused.unwrap_err(), TrainError::BeyondLattice(_)));
    let huge = Plan { noise: [z(1e9); 2], ..plan(3, 1) };
    let refused = train(&Logistic::new(3), &records, &huge, &draws, &[0.0; 3], &mut noise, |_| ());
    assert!(matches!(refused.unwrap_err(), TrainError::BeyondLattice(_)));
    let wild = Plan { step: 1e308, ..plan(30, 1) };
    let refused = train(&Logistic::new(3), &records, &wild, &draws, &[0.0; 3], &mut noise, |_| ());
    assert!(matches!(refused.unwrap_err(), TrainError::Diverged(_)));
}
