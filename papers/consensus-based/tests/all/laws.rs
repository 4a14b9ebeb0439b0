//! Theorems, invariances and certificates over random input, extreme scales and degenerate cases.

use consensus_based::consensus::{Refusal, alpha_of_effective_share, consensus};
use consensus_based::curves::Curve;
use consensus_based::descent::{descend, langevin};
use consensus_based::draws::Draws;
use consensus_based::envelope::exact_hop;
use consensus_based::evolution::evolve;
use consensus_based::hopping::Hopper;
use consensus_based::movement::{prox_on_a_line, proximal_point};
use consensus_based::objective::{Objective, Pointwise};
use consensus_based::principle::laplace_bound;
use consensus_based::problems::{Benchmark, Problem, Waves};
use consensus_based::swarm::{
    Noise, Options, Start, StopReason, Swarm, Temperature, Undefined, advance, minimise,
};
use numerics::random::stream;
use proptest::prelude::*;

proptest! {
    /// Hull, number of particles and free energy certify a consensus at every α and every scale of energies.
    #[test]
    fn a_consensus_is_certified(
        rows in proptest::collection::vec((-5.0..5.0, -5.0..5.0, -1.0..1.0), 1..40),
        scale in -300_i32..300,
        temperature in -20_i32..320,
    ) {
        let points: Vec<f64> = rows.iter().flat_map(|row: &(f64, f64, f64)| [row.0, row.1]).collect();
        let energies: Vec<f64> = rows.iter().map(|row| row.2 * 10_f64.powi(scale)).collect();
        let alpha = if temperature == 319 { f64::INFINITY } else { 10_f64.powi(temperature.min(308)) };
        let found = consensus(&points, &energies, alpha).unwrap();
        let n = energies.len() as f64;
        for k in 0..2 {
            let range = rows.iter().map(|row| [row.0, row.1][k]).fold((f64::MAX, f64::MIN), |(a, b), x| (a.min(x), b.max(x)));
            prop_assert!(found.point[k] >= range.0 - 1e-14 && found.point[k] <= range.1 + 1e-14);
        }
        prop_assert!(found.ess >= 1.0 - 1e-12 && found.ess <= n * (1.0 + 1e-12));
        let least = energies.iter().copied().fold(f64::INFINITY, f64::min);
        prop_assert_eq!(found.least, least);
        let slack = 1e-12 * least.abs().max(1.0 / alpha);
        prop_assert!(found.softmin >= least - slack && found.softmin <= least + n.ln() / alpha + slack, "{:?}", found);
    }

    /// Order of the particles, a shift of the energies by a power of two and particles of energy +∞ change nothing.
    #[test]
    fn a_consensus_knows_no_order_and_no_zero(rows in proptest::collection::vec((-5.0..5.0, 0_i32..1_000), 2..30), alpha in 0.0..50.0) {
        let points: Vec<f64> = rows.iter().map(|row: &(f64, i32)| row.0).collect();
        // Whole multiples of 2⁻¹⁰, to which whole numbers add without rounding.
        let energies: Vec<f64> = rows.iter().map(|row| f64::from(row.1) / 1_024.0).collect();
        let found = consensus(&points, &energies, alpha).unwrap();
        let shifted: Vec<f64> = energies.iter().map(|energy| energy + 4_096.0).collect();
        let moved = consensus(&points, &shifted, alpha).unwrap();
        prop_assert_eq!(&moved.point, &found.point);
        let reversed = consensus(&points.iter().rev().copied().collect::<Vec<_>>(), &energies.iter().rev().copied().collect::<Vec<_>>(), alpha).unwrap();
        prop_assert!((reversed.point[0] - found.point[0]).abs() < 1e-12);
        let (mut more, mut worse) = (points, energies);
        more.push(1e9);
        worse.push(f64::INFINITY);
        prop_assert!((consensus(&more, &worse, alpha).unwrap().point[0] - found.point[0]).abs() < 1e-12);
    }

    #[test]
    fn alpha_gives_the_share_that_was_asked_for(energies in proptest::collection::vec(-3.0..3.0, 10..60), share in 0.2_f64..0.9) {
        let points = vec![0.0; energies.len()];
        let alpha = alpha_of_effective_share(&points, &energies, share).unwrap();
        let ess = consensus(&points, &energies, alpha).unwrap().ess;
        prop_assert!((ess / energies.len() as f64 / share - 1.0).abs() < 0.05, "{ess}");
    }

    /// The bound on hop and proximal point, the identity of hop and gradient step, and the Laplace principle at places that no experiment has.
    #[test]
    fn exact_hops_keep_their_laws(m in -3.0_f64..3.0, power in -1.0_f64..3.0, tau in 0.05_f64..1.0, which in 0_usize..3) {
        let curve = [Curve::Cosine, Curve::Absolute, Curve::Kink][which];
        let alpha = 10_f64.powf(power);
        let width = (tau / alpha).sqrt();
        let hop = exact_hop(curve, m, width, alpha);
        let bound = (tau / (alpha * (1.0 + curve.convexity() * tau))).sqrt();
        prop_assert!((hop.point - hop.prox.point).abs() <= bound * (1.0 + 1e-9));
        let h = 1e-3 * width;
        let slope = (exact_hop(curve, m + h, width, alpha).free_energy - exact_hop(curve, m - h, width, alpha).free_energy) / (2.0 * h);
        prop_assert!((hop.point - (m - tau * slope)).abs() < 1e-4 * width, "{hop:?}");
        // The Gibbs measure is at most as wide as the law of the samples where E is convex.
        prop_assert!(curve.convexity() < 0.0 || hop.variance <= width * width * (1.0 + 1e-9));
        let found = exact_hop(Curve::MildRastrigin, m, 1.0, alpha).point.abs();
        prop_assert!(found <= laplace_bound(Curve::MildRastrigin, 1.0, (m, 1.0), alpha, (0.1, 0.1)));
    }

    /// A proximal point is stationary, no worse than staying, and by two methods the same.
    #[test]
    fn proximal_points_are_minimisers(x in -3.0_f64..3.0, y in -3.0_f64..3.0, tau in 0.01_f64..2.0) {
        let found = proximal_point(&Waves, &[x, y], tau, &[]).unwrap();
        prop_assert!(found.residual < 1e-6, "{found:?}");
        prop_assert!(found.value <= Waves.value(&[x, y]) + 1e-12);
        for (m, coordinate) in [x, y].into_iter().zip(&found.point) {
            prop_assert!((prox_on_a_line(Curve::Cosine, m, tau).point - coordinate).abs() < 1e-6);
        }
    }

    /// The best point is the best of all particles that ever were, and can be checked by one evaluation.
    #[test]
    fn swarms_forget_nothing(seed in 0_u64..1_000, dimension in 1_usize..4) {
        let problem = Problem { benchmark: Benchmark::Rastrigin, dimension, shift: 0.5 };
        let options = Options { particles: 20, ..Options::default() };
        let start = Start::Uniform { low: -3.0, high: 3.0 };
        let mut swarm = Swarm::new(&problem, &options, &start, Draws::new(seed, 0)).unwrap();
        let mut best = f64::INFINITY;
        for step in 1..20 {
            swarm.step(&problem).unwrap();
            prop_assert!(swarm.best().value <= best && swarm.best().value <= swarm.values().iter().copied().fold(f64::INFINITY, f64::min));
            prop_assert_eq!(problem.value(&swarm.best().point), swarm.best().value);
            prop_assert_eq!(swarm.evaluations(), 20 * (step + 1));
            best = swarm.best().value;
        }
    }
}

/// Blocks and threads: a swarm moved in pieces stands where a swarm moved at once stands.
#[test]
fn particles_own_their_random_numbers() {
    let options = Options::of_figure_1b();
    let (center, draws) = ([0.5, -1.0, 2.0], Draws::new(4, 1).step(7));
    let start: Vec<f64> = (0..3 * 500).map(|k| f64::from(k).sin()).collect();
    let mut whole = start.clone();
    advance(&options, &center, &mut whole, 0, draws);
    let mut pieces = start;
    for (number, piece) in pieces.chunks_mut(3 * 7).enumerate() {
        advance(&options, &center, piece, 7 * number, draws);
    }
    assert_eq!(whole, pieces);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let problem = Problem { benchmark: Benchmark::Ackley, dimension: 50, shift: 0.0 };
        let options =
            Options { particles: 3_000, temperature: Temperature::Alpha(3.0), ..Options::default() };
        pool.install(|| {
            minimise(
                &problem,
                &options,
                &Start::Uniform { low: -3.0, high: 3.0 },
                (5, 0.0),
                Draws::new(1, 0),
                |_, _, _| {},
            )
            .unwrap()
        })
    };
    assert_eq!(run(1), run(3));
}

/// Particles move towards the center without noise, exactly, and stay there at λΔt = 1.
#[test]
fn without_noise_a_swarm_contracts() {
    for shape in [Noise::Isotropic, Noise::Anisotropic] {
        let options = Options { noise: 0.0, drift: 1.0, step: 0.25, shape, ..Options::default() };
        let mut points = vec![4.0, 8.0, -4.0, 0.0];
        advance(&options, &[0.0, 0.0], &mut points, 0, Draws::new(0, 0).step(0));
        assert_eq!(points, [3.0, 6.0, -3.0, 0.0]);
        advance(&Options { step: 1.0, ..options }, &[1.0, 2.0], &mut points, 0, Draws::new(0, 0).step(1));
        assert_eq!(points, [1.0, 2.0, 1.0, 2.0]);
    }
}

#[test]
fn a_collapsed_swarm_stops_and_bounds_are_kept() {
    let sphere = Problem { benchmark: Benchmark::Sphere, dimension: 2, shift: 0.0 };
    let start = Start::Uniform { low: 1.0, high: 2.0 };
    let options = Options { noise: 0.5, step: 0.1, bounds: Some((0.5, 2.0)), ..Options::default() };
    let found = minimise(&sphere, &options, &start, (10_000, 1e-9), Draws::new(0, 0), |_, _, swarm| {
        assert!(swarm.points().iter().all(|x| (0.5..=2.0).contains(x)));
    })
    .unwrap();
    assert_eq!(found.reason, StopReason::Collapsed);
    assert!(found.best.value >= 0.5 && found.evaluations < 10_000 * 200);
    let mean = vec![3.0, 1.0];
    assert!(Swarm::new(&sphere, &options, &Start::Normal { mean, spread: 1.0 }, Draws::new(0, 0)).is_err());
}

/// What public packages return as a success: an objective without values, at a part or at all of the places.
#[test]
fn undefined_and_infeasible_objectives_are_told() {
    let start = Start::Uniform { low: -2.0, high: 2.0 };
    let run = |objective: &Pointwise<fn(&[f64]) -> f64>, undefined| {
        minimise(
            objective,
            &Options { undefined, ..Options::default() },
            &start,
            (50, 0.0),
            Draws::new(0, 0),
            |_, _, _| {},
        )
    };
    let root: Pointwise<fn(&[f64]) -> f64> = Pointwise::new(1, |x| (x[0] - 1.0).sqrt());
    assert!(matches!(run(&root, Undefined::Refuse), Err(Refusal::NotANumber { .. })));
    let found = run(&root, Undefined::Infeasible).unwrap();
    assert!((found.best.point[0] - 1.0).abs() < 0.1, "{found:?}");
    let nothing: Pointwise<fn(&[f64]) -> f64> = Pointwise::new(1, |_| f64::INFINITY);
    assert_eq!(run(&nothing, Undefined::Refuse), Err(Refusal::NoneFeasible(200)));
    assert_eq!(run(&Pointwise::new(1, |_| f64::NAN), Undefined::Infeasible), Err(Refusal::NoneFeasible(200)));
    let below: Pointwise<fn(&[f64]) -> f64> =
        Pointwise::new(1, |x| if x[0] > 1.0 { f64::NEG_INFINITY } else { 0.0 });
    assert!(matches!(run(&below, Undefined::Refuse), Err(Refusal::Unbounded { .. })));
    let wild = Options { noise: 100.0, step: 1.0, ..Options::default() };
    let sphere = Problem { benchmark: Benchmark::Sphere, dimension: 2, shift: 0.0 };
    let ended = minimise(&sphere, &wild, &start, (2_000, 0.0), Draws::new(0, 0), |_, _, _| {});
    assert!(
        matches!(ended, Err(Refusal::Diverged { .. })),
        "growth is told apart from an undefined objective"
    );
    // 10³⁰⁰ with α = 10¹⁵ is where products overflow.
    let huge: Pointwise<fn(&[f64]) -> f64> = Pointwise::new(1, |x| 1e300 * x[0] * x[0]);
    assert!(run(&huge, Undefined::Refuse).unwrap().best.value < 1e298);
}

#[test]
fn extreme_energies_have_an_alpha() {
    for energies in [[-1e308, 1e308, 0.0], [0.0, 5e-324, 1.0], [1.0, 1.0, f64::INFINITY], [0.0, 0.0, 1e-300]]
    {
        let alpha = alpha_of_effective_share(&[0.0, 1.0, 2.0], &energies, 0.5).unwrap();
        assert!(consensus(&[0.0, 1.0, 2.0], &energies, alpha).is_ok(), "{energies:?}: {alpha}");
    }
    assert!(alpha_of_effective_share(&[], &[], 0.5).is_err());
}

/// Proximal points far away are found: Rastrigin's global minimum attracts all where τ is large.
#[test]
fn distant_proximal_points_are_found() {
    for (m, tau) in [(5.0, 1e5), (10.0, 1e6), (-30.0, 1e4)] {
        let found = prox_on_a_line(Curve::Rastrigin, m, tau);
        assert!(found.point.abs() < 0.01, "{m}, {tau}: {found:?}");
    }
}

#[test]
fn settings_out_of_range_are_refused() {
    let sphere = Problem { benchmark: Benchmark::Sphere, dimension: 2, shift: 0.0 };
    let start = Start::Uniform { low: -1.0, high: 1.0 };
    let usual = Options::default;
    for (options, name) in [
        (Options { particles: 0, ..usual() }, "particles"),
        (Options { step: 0.0, ..usual() }, "step"),
        (Options { drift: -1.0, ..usual() }, "drift"),
        (Options { noise: f64::NAN, ..usual() }, "noise"),
        (Options { temperature: Temperature::Alpha(-1.0), ..usual() }, "alpha"),
        (Options { temperature: Temperature::EffectiveShare(1.5), ..usual() }, "share"),
        (Options { bounds: Some((1.0, 1.0)), ..usual() }, "bounds"),
    ] {
        let refusal = Swarm::new(&sphere, &options, &start, Draws::new(0, 0)).err().unwrap().to_string();
        assert!(refusal.starts_with(name), "{refusal}");
    }
    for start in [
        Start::Uniform { low: 1.0, high: f64::INFINITY },
        Start::Normal { mean: vec![0.0], spread: 1.0 },
        Start::Normal { mean: vec![0.0, f64::NAN], spread: 1.0 },
        Start::Normal { mean: vec![0.0, 0.0], spread: -1.0 },
    ] {
        assert!(Swarm::new(&sphere, &usual(), &start, Draws::new(0, 0)).is_err(), "{start:?}");
    }
    assert_eq!(
        consensus(&[1.0, 2.0, 3.0], &[1.0, 2.0], 1.0),
        Err(Refusal::Shape { points: 3, particles: 2 })
    );
    assert!(consensus(&[], &[], 1.0).is_err() && consensus(&[1.0], &[1.0], f64::NAN).is_err());
    assert_eq!(consensus(&[f64::INFINITY, 1.0], &[0.0, 1.0], 1.0), Err(Refusal::Position { particle: 0 }));
    let mut plane = Hopper::new(1.0, 1.0, 10, 2).unwrap();
    assert!(plane.hop(&sphere, &[0.0, 0.0, 0.0], Draws::new(0, 0).step(0)).is_err());
    assert!(Hopper::new(0.0, 1.0, 10, 1).is_err() && Hopper::new(1.0, 1.0, 0, 1).is_err());
    assert!(proximal_point(&Waves, &[0.0, 0.0], 0.0, &[]).is_err());
}

/// Without temperature Langevin is descent; both end where the slope vanishes.
#[test]
fn descent_ends_at_a_stationary_point() {
    let plain = descend(&Waves, &[2.0, -1.5], 0.1, 500, |_, _| {});
    let cold = langevin(&Waves, &[2.0, -1.5], (0.1, 500, 0.0), &mut stream(0, &["laws"]), |_, _| {});
    assert_eq!(plain, cold);
    assert!(plain.iter().all(|x| x.abs() < 1e-9));
}

/// Antithetic pairs cancel the odd moments: without differences of energy a hop does not move.
#[test]
fn antithetic_pairs_cancel() {
    let flat = Pointwise::new(2, |_: &[f64]| 1.0);
    let mut hopper = Hopper::new(0.3, 1.0, 100, 2).unwrap();
    hopper.antithetic = true;
    let found = hopper.hop(&flat, &[1.0, 2.0], Draws::new(5, 0).step(0)).unwrap();
    assert!((found.point[0] - 1.0).abs() < 1e-14 && (found.point[1] - 2.0).abs() < 1e-14);
}

/// The rival is what it should be: Rosenbrock's valley to 1e-10, within its budget.
#[test]
fn the_evolution_strategy_follows_a_valley() {
    let problem = Problem { benchmark: Benchmark::Rosenbrock, dimension: 5, shift: 0.0 };
    let (best, evaluations) = evolve(&problem, &[0.0; 5], 0.5, (8, 10_000), &mut stream(1, &["laws"]));
    assert!(best.value < 1e-10 && evaluations <= 10_000, "{best:?}");
    let undefined =
        Pointwise::new(2, |x: &[f64]| if x[0] > 1.2 { f64::NAN } else { x[0] * x[0] + x[1] * x[1] });
    let (best, _) = evolve(&undefined, &[1.1, 1.0], 0.5, (8, 4_000), &mut stream(2, &["laws"]));
    assert!(best.value < 1e-8, "a half of the space without values does not end it: {best:?}");
}
