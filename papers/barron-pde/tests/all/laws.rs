//! Rules of Barron norms, contraction, certificates and exact errors over random input.

use std::f64::consts::TAU;
use std::sync::Arc;

use barron_pde::composition::{bessel, norm_of_cube, norm_of_sine};
use barron_pde::equation::{Equation, Flux, Potential};
use barron_pde::flow::{Discrete, Options, flow};
use barron_pde::growth::{DIVERGENCE, Growing, small_data};
use barron_pde::norms::estimated;
use barron_pde::spectrum::{Lattice, LatticeError, Spectrum, SpectrumError};
use barron_pde::torus::{Torus, TorusError};
use barron_pde::trained::{Hidden, Objective, Training};
use barron_pde::two_layer::{Atom, Waves};
use ndarray::Array2;
use num_complex::Complex64;
use numerics::random::stream;
use proptest::prelude::*;
use rand::Rng;

/// A few random waves in d dimensions.
fn waves(dimension: usize, count: usize, random: &mut impl Rng) -> Vec<(Vec<i32>, f64, f64)> {
    (0..count)
        .map(|_| {
            let k = (0..dimension).map(|_| random.random_range(-2..=2)).collect();
            (k, random.random_range(0.1..1.0), random.random_range(0.0..TAU))
        })
        .collect()
}

fn function(lattice: &Arc<Lattice>, count: usize, random: &mut impl Rng) -> Spectrum {
    Spectrum::cosines(lattice.clone(), &waves(lattice.dimension(), count, random)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn barron_norms_are_submultiplicative(seed: u64, dimension in 1_usize..20, order in 0.0..2.5f64) {
        let mut random = stream(seed, &["laws"]);
        let lattice = Arc::new(Lattice::unit(dimension));
        let (u, v) = (function(&lattice, 4, &mut random), function(&lattice, 3, &mut random));
        let room = 1.0 + 1e-12;
        prop_assert!(u.times(&v).barron(order) <= u.barron(order) * v.barron(order) * room);
        prop_assert!(u.l2() <= u.barron(0.0) * room && u.barron(0.0) <= u.barron(order) * room);
        prop_assert!(u.preconditioned().barron(order) <= u.barron(order) * room);
        // One derivative through the flux, two back from the preconditioner: no factor of a bandwidth.
        let smoothed = u.diffused(&v).preconditioned();
        prop_assert!(smoothed.barron(order + 1.0) <= DIVERGENCE * u.barron(order) * v.barron(order + 1.0) * room);
        let place: Vec<f64> = (0..dimension).map(|_| random.random()).collect();
        prop_assert!(u.value(&place).abs() <= u.barron(0.0) * room);
        prop_assert!((u.times(&v).value(&place) - u.value(&place) * v.value(&place)).abs() < 1e-11);
        prop_assert!((u.dual() * u.h1()) * room >= u.l2().powi(2));
    }

    /// Functions on frequencies k₁, k₂ in five dimensions, and the same in coordinates along them.
    #[test]
    fn lifting_keeps_norms(seed: u64) {
        let mut random = stream(seed, &["lifting"]);
        let mut vector = || (0..5).map(|_| random.random_range(-2..=2)).collect::<Vec<i32>>();
        let (k, p) = (vector(), vector());
        prop_assume!(Lattice::spanned(&[k.clone(), p.clone()]).is_ok());
        let lifted = Arc::new(Lattice::spanned(&[k.clone(), p.clone()]).unwrap());
        let whole = Arc::new(Lattice::unit(5));
        let combined = |a: i32, b: i32| k.iter().zip(&p).map(|(k, p)| a * k + b * p).collect::<Vec<i32>>();
        let some = [(1, 0, 0.7), (0, 1, 0.4), (1, -1, 0.2), (2, 1, 0.1)];
        let on = |lattice: &Arc<Lattice>, place: &dyn Fn(i32, i32) -> Vec<i32>| {
            let list: Vec<_> = some.iter().map(|(a, b, size)| (place(*a, *b), *size, 0.3)).collect();
            Spectrum::cosines(lattice.clone(), &list).unwrap()
        };
        let (u, v) = (on(&lifted, &|a, b| vec![a, b]), on(&whole, &combined));
        prop_assume!(u.len() == v.len());
        for (a, b) in [(u.barron(1.0), v.barron(1.0)), (u.h1(), v.h1()), (u.times(&u).barron(2.0), v.times(&v).barron(2.0)), (u.diffused(&u).l2(), v.diffused(&v).l2())] {
            prop_assert!((a / b - 1.0).abs() < 1e-10, "{} {}", a, b);
        }
        let omega: f64 = (0..2).map(|axis| lifted.component(&[2, 1], axis).powi(2)).sum();
        prop_assert!((omega.sqrt() / lifted.length(&[2, 1]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn transforms_are_inverse_and_isometric(seed: u64, dimension in 1_usize..=3, half in 2_usize..6) {
        let mut random = stream(seed, &["transform"]);
        let lattice = Arc::new(Lattice::unit(dimension));
        let torus = Torus::new(lattice.clone(), 2 * half).unwrap();
        let band = half as i32 - 1;
        let list: Vec<_> = (0..5).map(|_| ((0..dimension).map(|_| random.random_range(-band..=band)).collect(), random.random::<f64>(), random.random::<f64>())).collect();
        let u = Spectrum::cosines(lattice, &list).unwrap();
        let spectrum = torus.spread(&u).unwrap();
        let (mut values, mut room, mut back) = (Vec::new(), Vec::new(), Vec::new());
        torus.evaluate(&mut spectrum.clone(), &mut values, &mut room);
        for (point, value) in values.iter().enumerate().step_by(7) {
            prop_assert!((value - u.value(&torus.place(point))).abs() < 1e-12);
        }
        let square = values.iter().map(|v| v * v).sum::<f64>() / torus.points() as f64;
        prop_assert!((square - u.l2().powi(2)).abs() < 1e-12);
        torus.transform(&mut values, &mut back, &mut room);
        prop_assert!(spectrum.iter().zip(&back).all(|(a, b)| (a - b).norm() < 1e-13));
        for order in [0.0, 1.0, 2.0] {
            prop_assert!((torus.barron(&back, order) / u.barron(order) - 1.0).abs() < 1e-11);
        }
        prop_assert!((torus.gathered(&back, 1e-13).h1() / u.h1() - 1.0).abs() < 1e-11);
    }

    /// Every step contracts by (M − μ)/(M + μ), the certificate bounds the distance, and the energy falls.
    #[test]
    fn the_flow_contracts_as_it_must(seed: u64, beta in 0.0..20.0f64, dimension in 1_usize..=2) {
        let mut random = stream(seed, &["flow"]);
        let lattice = Arc::new(Lattice::unit(dimension));
        let torus = Torus::new(lattice.clone(), 16).unwrap();
        let forcing = torus.spread(&function(&lattice, 3, &mut random)).unwrap();
        let forcing: Vec<Complex64> = forcing.iter().map(|f| f * 50.0).collect();
        let equation = Equation { flux: Flux::SquareRoot { beta }, potential: Potential::Reaction { alpha: 0.0 } };
        let problem = Discrete::new(&torus, equation, &forcing);
        let options = Options { tolerance: 1e-13, ..Options::default() };
        let zero = vec![Complex64::default(); torus.coefficients()];
        let end = flow(&problem, zero.clone(), &options, |_, _| ()).u;
        let distance = |u: &[Complex64]| torus.h1(&u.iter().zip(&end).map(|(a, b)| a - b).collect::<Vec<_>>());
        let (mut before, mut energy) = (f64::INFINITY, f64::INFINITY);
        let size = torus.h1(&end);
        flow(&problem, zero, &Options { tolerance: 1e-9, ..options }, |u, state| {
            let now = distance(u);
            // Distances below rounding say nothing.
            assert!(now <= before * (beta / (2.0 + beta)) * (1.0 + 1e-6) + 1e-11 * size, "{now} after {before}");
            assert!(now <= state.dual * (1.0 + 1e-6) + 1e-11 * size && now * (1.0 + beta) >= state.dual * (1.0 - 1e-6) - 1e-10 * size);
            assert!(state.energy <= energy + 1e-12 * energy.abs());
            (before, energy) = (now, state.energy);
        });
    }
}

/// Norms of iterates against the recursion, and inside the small-data ball against its radius.
#[test]
fn recursions_bound_iterates() {
    let mut random = stream(4, &["growth"]);
    let lattice = Arc::new(Lattice::unit(3));
    let f = function(&lattice, 2, &mut random);
    let a =
        Spectrum::cosines(lattice.clone(), &[(vec![0, 0, 0], 1.5, 0.0), (vec![1, 0, 1], 0.5, 0.4)]).unwrap();
    for (growing, eta) in [(Growing::Reaction { alpha: 0.7 }, 0.8), (Growing::Linear { a }, 0.6)] {
        let forcing = f.preconditioned().barron(1.0);
        let mut u = Spectrum::zero(lattice.clone());
        let mut bound = f64::NEG_INFINITY;
        for _ in 0..4 {
            u = growing.step(&u, &f, eta, 0.0).0;
            bound = growing.bound(bound, forcing, eta, 1.0);
            assert!(u.barron(1.0).log10() <= bound + 1e-12, "{} above 10^{bound}", u.barron(1.0));
        }
    }
    for g in [0.1, 0.3, 0.384] {
        let r = small_data(g, 1.0).unwrap();
        assert!((g + r.powi(3) - r).abs() < 1e-12 && r <= 3.0_f64.sqrt().recip() + 1e-9, "{g}: {r}");
    }
    assert!(small_data(0.3850, 1.0).is_none() && small_data(0.2, 0.0) == Some(0.2));
}

/// A flux without curvature at zero ends the flow all the same.
#[test]
fn flows_start_where_nothing_is_curved() {
    let lattice = Arc::new(Lattice::unit(1));
    let torus = Torus::new(lattice.clone(), 16).unwrap();
    let forcing = torus.spread(&Spectrum::cosines(lattice, &[(vec![1], 10.0, 0.3)]).unwrap()).unwrap();
    let equation = Equation { flux: Flux::Power { p: 4.0 }, potential: Potential::None };
    let problem = Discrete::new(&torus, equation, &forcing);
    let zero = vec![Complex64::default(); torus.coefficients()];
    let found =
        flow(&problem, zero, &Options { tolerance: 1e-6, steps: 5_000, ..Options::default() }, |_, _| ());
    assert!(found.state.energy < 0.0 && found.state.dual < 1e-3, "{:?} {:?}", found.reason, found.state);
}

/// No combination of frequencies is shorter than the bound.
#[test]
fn lattices_know_their_shortest_frequency() {
    let lattice = Lattice::spanned(&[vec![5, 0, 0, 0], vec![5, 1, 0, 0]]).unwrap();
    assert!(lattice.least_length() <= lattice.length(&[-1, 1]) + 1e-12);
    assert!((Lattice::doubled(3).least_length() - TAU / 2.0).abs() < 1e-12);
}

/// What is pruned is bounded by what was said.
#[test]
fn pruning_says_what_it_drops() {
    let mut random = stream(6, &["prune"]);
    let lattice = Arc::new(Lattice::unit(2));
    let mut u = function(&lattice, 12, &mut random);
    let whole = u.clone();
    let dropped = u.prune(0.2);
    assert!((whole.combined(1.0, &u, -1.0).h1() - dropped).abs() < 1e-12 && dropped > 0.0);
}

/// The error of sampled networks is its closed form, by means over 400 of them at N = 20: four standard errors are below a third.
#[test]
fn sampled_networks_have_their_exact_error() {
    let mut random = stream(8, &["network"]);
    let f = Waves {
        constant: 0.4,
        waves: vec![(vec![1, 0, 1], 0.8, 0.2), (vec![0, 2, -1], 0.5, 1.0), (vec![1, 1, 0], 0.3, 2.0)],
    };
    let points = Array2::from_shape_simple_fn((1_000, 3), || random.random::<f64>());
    let phases = f.phases(&points);
    for atom in [Atom::Step, Atom::Cosine] {
        let expected = f.sampling_constant(atom, &phases) / 20.0;
        let mean =
            (0..400).map(|_| f.sampled(atom, 20, &mut random).square_error(&f, &phases)).sum::<f64>() / 400.0;
        assert!((mean / expected - 1.0).abs() < 0.25, "{atom:?}: {mean} for {expected}");
        assert!(expected * 20.0 <= f.bound(atom) * (1.0 + 1e-12));
    }
    let mean =
        (0..200).map(|_| f.sampled(Atom::Relu, 20, &mut random).square_error(&f, &phases)).sum::<f64>()
            / 200.0;
    assert!(mean * 20.0 <= f.bound(Atom::Relu), "{mean}");
    // Many neurons come near the function itself.
    assert!(f.sampled(Atom::Relu, 20_000, &mut random).square_error(&f, &phases) < mean / 200.0);
    // Greedy networks beat sampled ones of the same size.
    for atom in [Atom::Step, Atom::Relu, Atom::Cosine] {
        let greedy = f.greedy(atom, 20, 400, &phases, &mut random).square_error(&f, &phases);
        let sampled = f.sampled(atom, 20, &mut random).square_error(&f, &phases);
        assert!(greedy < 0.5 * sampled + 1e-20, "{atom:?}: {greedy} {sampled}");
    }
}

#[test]
fn compositions_tend_to_their_limit() {
    // J₀(1), J₁(1), J₅(10) of Abramowitz and Stegun, table 9.1 and 9.2.
    assert!((bessel(1.0, 2)[0] - 0.765_197_686_557_966_6).abs() < 1e-15);
    assert!((bessel(1.0, 2)[1] - 0.440_050_585_744_933_5).abs() < 1e-15);
    assert!((bessel(10.0, 6)[5] + 0.234_061_528_186_793_64).abs() < 1e-13);
    assert!((bessel(0.0, 3)[0] - 1.0).abs() < 1e-15);
    let sinh = 5.0_f64.sinh();
    assert!((norm_of_sine(5.0, 100_000) / sinh - 1.0).abs() < 1e-3);
    let values: Vec<f64> = [1, 10, 100, 1_000].iter().map(|d| norm_of_sine(5.0, *d) / sinh).collect();
    assert!(values.is_sorted() && values[3] < 1.0);
    // The cube of g in four dimensions, term by term.
    let lattice = Arc::new(Lattice::unit(4));
    let list: Vec<_> = (0..4).map(|j| ((0..4).map(|i| i32::from(i == j)).collect(), 0.5, 0.0)).collect();
    let g = Spectrum::cosines(lattice, &list).unwrap();
    assert!((g.times(&g).times(&g).barron(0.0) - norm_of_cube(2.0)).abs() < 1e-12);
}

/// Norms on grids: what decays fast has no tail, |n|⁻² has an infinite B_1 and a finite B_½.
#[test]
fn grids_say_what_they_miss() {
    let torus = Torus::new(Arc::new(Lattice::unit(1)), 256).unwrap();
    let of = |f: &dyn Fn(f64) -> f64, order: f64| {
        let mut values: Vec<f64> = (0..256).map(|k| f(k as f64 / 256.0)).collect();
        let (mut out, mut room) = (Vec::new(), Vec::new());
        torus.transform(&mut values, &mut out, &mut room);
        estimated(&torus, &out, order)
    };
    let smooth = of(&|x| (TAU * x).cos().exp(), 1.0);
    assert_eq!(smooth.tail, 0.0);
    let tent = |x: f64| (x - 0.5).abs();
    let found = of(&tent, 1.0);
    assert!(found.tail.is_infinite() && (found.decay + 2.0).abs() < 0.3, "{found:?}");
    assert!(of(&tent, 0.0).tail.is_finite());
}

#[test]
fn trained_networks_have_their_derivatives() {
    let mut random = stream(3, &["hidden"]);
    let network = Hidden::new(2, 5, &mut random);
    for objective in [Objective::Ritz, Objective::Residual] {
        let training = Training { objective, alpha: 1.3, steps: 1, points: 1, rate: 0.01 };
        let x = [0.31, 0.77];
        let (_, gradient) = network.loss_at(&training, &x, 2.0);
        for (k, found) in gradient.iter().enumerate() {
            let at = |by: f64| network.nudged(k, by).loss_at(&training, &x, 2.0).0;
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!(
                (difference - found).abs() < 1e-5 * (1.0 + difference.abs()),
                "{objective:?} {k}: {difference} {found}"
            );
        }
    }
    let (value, slopes) = network.value_and_gradient(&[0.2, 0.4]);
    assert!((network.value(&[0.2 + 1e-6, 0.4]) - value - 1e-6 * slopes[0]).abs() < 1e-9);
}

#[test]
fn what_is_no_problem_is_refused() {
    assert_eq!(Lattice::spanned(&[]).unwrap_err(), LatticeError::Empty);
    assert_eq!(Lattice::spanned(&[vec![1, 0], vec![1]]).unwrap_err(), LatticeError::Lengths(1));
    assert_eq!(Lattice::spanned(&[vec![1, 2], vec![-2, -4]]).unwrap_err(), LatticeError::Dependent(1));
    let lattice = Arc::new(Lattice::unit(1));
    let one =
        |n: Vec<i32>, re: f64| Spectrum::new(lattice.clone(), [(n, Complex64::new(re, 0.0))]).unwrap_err();
    assert!(matches!(one(vec![1, 2], 1.0), SpectrumError::Dimension(_)));
    assert!(matches!(one(vec![1], f64::NAN), SpectrumError::NotFinite(_)));
    assert!(matches!(one(vec![1], 1.0), SpectrumError::NotReal(_)));
    assert!(matches!(Torus::new(Arc::new(Lattice::unit(4)), 8), Err(TorusError::Dimension(4))));
    assert!(matches!(Torus::new(lattice.clone(), 7), Err(TorusError::Side(7))));
    let torus = Torus::new(lattice.clone(), 8).unwrap();
    let wide = Spectrum::cosines(lattice, &[(vec![4], 1.0, 0.0)]).unwrap();
    assert_eq!(torus.spread(&wide).unwrap_err(), TorusError::Bandwidth { side: 8, found: 4 });
    assert!(Equation { flux: Flux::Power { p: 1.5 }, potential: Potential::None }.check().is_err());
    assert!(
        Equation { flux: Flux::Linear, potential: Potential::DoubleWell { kappa: -1.0 } }.check().is_err()
    );
}
