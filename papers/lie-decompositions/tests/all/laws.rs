//! Identities, invariances, bounds.

use std::f64::consts::PI;

use lie_decompositions::exponential::{exponential, has_logarithm, logarithm};
use lie_decompositions::glyphs::{Deformation, Glyph, Ranges};
use lie_decompositions::haar::{
    Ball, Law, Points, SamplerError, density_bound, draw, draw_ball, proposal, rotation, sinhc,
};
use lie_decompositions::jacobi::{eigen, singular};
use lie_decompositions::matrix::{
    Matrix, congruence, determinant2, identity, inverse2, largest, product, transpose,
};
use lie_decompositions::network::sampling::Sampling;
use lie_decompositions::network::training::{Training, accuracy, averaged, train};
use lie_decompositions::network::{Architecture, ArchitectureError, GroupNetwork, Stage};
use lie_decompositions::polar::{NotInGroup, Polar, Polar2};
use lie_decompositions::signals::{Gaussian, Kernels, Prepared, moved};
use lie_decompositions::sobol::Sobol;
use lie_decompositions::spd::{self, SpdError};
use ndarray::Array2;
use numerics::random::stream;
use proptest::prelude::*;

fn near<const N: usize>(a: &Matrix<N>, b: &Matrix<N>, tolerance: f64) {
    let away = largest::<N>(&std::array::from_fn(|i| std::array::from_fn(|j| a[i][j] - b[i][j])));
    assert!(away <= tolerance * largest(b).max(1.0), "{a:?} and {b:?} are {away:e} apart");
}

prop_compose! {
    fn element()(scale in -1.0..1.0_f64, squeeze in 0.0..3.0_f64, axis in -PI..PI, angle in -3.1..3.1_f64) -> Polar2 {
        Polar2 { scale, squeeze, axis, angle }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn coordinates_come_back(g in element()) {
        let found = Polar2::of(&g.matrix()).unwrap();
        prop_assert!((found.scale - g.scale).abs() < 1e-12 && (found.angle - g.angle).abs() < 1e-12);
        prop_assert!((found.squeeze - g.squeeze).abs() < 1e-11);
        near(&found.log_spd(), &g.log_spd(), 1e-11);
    }

    #[test]
    fn inverses_have_inverse_coordinates(g in element()) {
        near(&product(&g.inverse().matrix(), &g.matrix()), &identity(), 1e-10);
        near(&g.inverse().matrix(), &inverse2(&g.matrix()), 1e-11);
    }

    #[test]
    fn squeezes_satisfy_the_triangle_inequality(g in element(), h in element()) {
        let made = Polar2::of(&product(&g.matrix(), &h.matrix())).unwrap();
        prop_assert!(made.squeeze <= g.squeeze + h.squeeze + 1e-9);
        prop_assert!((made.scale - g.scale - h.scale).abs() < 1e-9);
    }

    #[test]
    fn logarithms_exponentiate_back(g in element()) {
        let matrix = g.matrix();
        if let Some(log) = logarithm(&matrix) {
            near(&exponential(&log), &matrix, 1e-8);
        } else {
            prop_assert!(matrix[0][0] + matrix[1][1] < 0.0);
        }
    }

    #[test]
    fn both_routes_give_the_same_coordinates(g in element()) {
        let matrix = g.matrix();
        let higher = Polar::of(&matrix).unwrap();
        near(&higher.log_spd, &g.log_spd(), 1e-10);
        near(&higher.rotation, &g.rotation(), 1e-10);
        prop_assert!(higher.residual(&matrix) < 1e-13);
    }

    #[test]
    fn distances_are_invariant(g in element(), seed in 0_u64..1_000) {
        let mut random = stream(seed, &["distances"]);
        let spd = |random: &mut _| -> Matrix<2> { congruence(&rotation::<2>(random), [1.5, 0.4]) };
        let (p, q) = (spd(&mut random), spd(&mut random));
        let m = g.matrix();
        let moved = |a: &Matrix<2>| {
            let b = product(&product(&m, a), &transpose(&m));
            let off = 0.5 * (b[0][1] + b[1][0]);
            [[b[0][0], off], [off, b[1][1]]]
        };
        let (before, after) = (spd::distance(&p, &q).unwrap(), spd::distance(&moved(&p), &moved(&q)).unwrap());
        prop_assert!((before - after).abs() < 1e-6, "{} {}", before, after);
        near(&spd::exp(&p, &spd::log(&p, &q).unwrap()).unwrap(), &q, 1e-12);
    }
}

#[test]
fn jacobi_takes_matrices_apart() {
    let mut random = stream(1, &["jacobi"]);
    for condition in [1.0_f64, 1e3, 1e9] {
        let (u, v): (Matrix<4>, Matrix<4>) = (rotation(&mut random), rotation(&mut random));
        let values = [1.0, condition.powf(0.3), condition.powf(0.7), condition];
        let a = product(&congruence(&u, values), &v);
        let found = singular(&a).unwrap();
        let diagonal: Matrix<4> =
            std::array::from_fn(|i| std::array::from_fn(|j| if i == j { found.values[i] } else { 0.0 }));
        near(&product(&product(&found.u, &diagonal), &transpose(&found.v)), &a, 1e-14);
        near(&product(&transpose(&found.u), &found.u), &identity(), 1e-13);
        let symmetric = congruence(&u, values);
        let (values, vectors) = eigen(&symmetric);
        near(&congruence(&vectors, values), &symmetric, 1e-14);
    }
    assert!(singular(&[[0.0, 1.0], [0.0, 2.0]]).is_none());
}

#[test]
fn weights_are_volumes_and_laws_stay_in_their_regions() {
    let mut random = stream(2, &["haar"]);
    let ball = Ball { radius: 1.2, log_scale: 0.4 };
    for points in [Points::Random, Points::Sobol] {
        let samples = draw(Law::Haar(ball), points, 5_000, &mut random).unwrap();
        assert!((samples.weights.iter().sum::<f64>() - ball.volume()).abs() < 1e-9 * ball.volume());
        assert!(
            samples.elements.iter().all(|g| g.squeeze <= 1.2 && g.scale.abs() <= 0.4 && g.angle.abs() <= PI)
        );
        // The mean of cosh 2t over the ball is 1 + sinh²T.
        let mean = samples.elements.iter().map(|g| (2.0 * g.squeeze).cosh()).sum::<f64>() / 5_000.0;
        let expected = 1.0 + 1.2_f64.sinh().powi(2);
        let tolerance = if points == Points::Sobol { 0.01 } else { 0.1 };
        assert!((mean - expected).abs() < tolerance, "{points:?}: {mean} for {expected}");
    }
    // Weighted samples of the algebra have the volume of what the exponential reaches of a small ball.
    let algebra = draw(Law::Algebra { radius: 0.05 }, Points::Random, 20_000, &mut random).unwrap();
    let volume: f64 = algebra.weights.iter().sum();
    let flat = 4.0 * PI / 3.0 * 0.05_f64.powi(3) / 2.0_f64.sqrt();
    assert!((volume / flat - 1.0).abs() < 0.02, "{volume} for {flat}");
    assert_eq!(
        draw(Law::Haar(Ball { radius: 60.0, log_scale: 0.0 }), Points::Random, 1, &mut random),
        Err(SamplerError::Radius(60.0))
    );
}

#[test]
fn acceptance_is_never_above_one_and_refused_when_hopeless() {
    let mut random = stream(3, &["ball"]);
    for radius in [0.5, 1.5, 3.0] {
        let bound = density_bound(3, radius);
        for _ in 0..2_000 {
            let (x, density) = proposal::<3>(radius, &mut random);
            assert!(density <= bound * (1.0 + 1e-12));
            assert!((x[0][0] + x[1][1] + x[2][2]).abs() < 1e-12);
        }
    }
    let (elements, rate) = draw_ball::<3>(1.0, 0.0, 2_000, &mut random).unwrap();
    assert!((0.82..0.93).contains(&rate), "{rate}");
    for g in &elements {
        let determinant = g[0][0] * (g[1][1] * g[2][2] - g[1][2] * g[2][1])
            - g[0][1] * (g[1][0] * g[2][2] - g[1][2] * g[2][0])
            + g[0][2] * (g[1][0] * g[2][1] - g[1][1] * g[2][0]);
        assert!((determinant - 1.0).abs() < 1e-12);
    }
    assert!(matches!(draw_ball::<5>(20.0, 0.0, 10, &mut random), Err(SamplerError::Acceptance { .. })));
    assert!((sinhc(1e-9) - 1.0).abs() < 1e-15 && (sinhc(2.0) - 2.0_f64.sinh() / 2.0).abs() < 1e-15);
}

#[test]
fn sobols_points_fill_every_half() {
    let mut sobol = Sobol::<6>::shifted(&mut stream(4, &["sobol"]));
    let points: Vec<[f64; 6]> = (0..256).map(|_| sobol.point()).collect();
    for d in 0..6 {
        let mut cells = [0; 256];
        points.iter().for_each(|point| cells[(point[d] * 256.0) as usize] += 1);
        assert!(cells.iter().all(|count| *count == 1), "dimension {d}");
    }
    // Two neighbouring dimensions: every rectangle of the (0, 8, 2)-net of the first two has one point.
    for k in 0..=8 {
        let (a, b) = (1_usize << k, 1_usize << (8 - k));
        let mut cells = vec![0; 256];
        points.iter().for_each(|p| cells[(p[0] * a as f64) as usize * b + (p[1] * b as f64) as usize] += 1);
        assert!(cells.iter().all(|count| *count == 1), "{a} × {b}");
    }
}

#[test]
fn the_exponential_misses_what_has_no_logarithm() {
    assert!(!has_logarithm(&[[-2.0, 0.0], [0.0, -0.5]]));
    assert!(!has_logarithm(&[[-1.0, 1.0], [0.0, -1.0]]));
    near(&exponential(&logarithm(&[[-3.0, 0.0], [0.0, -3.0]]).unwrap()), &[[-3.0, 0.0], [0.0, -3.0]], 1e-14);
}

fn kernels() -> Kernels {
    Kernels { lift: ([0.2, -0.1], 0.3), space: ([0.1, 0.2], 0.4), support: 0.7, scale_support: 0.0 }
}

#[test]
fn layers_on_orbits_commute_with_affine_maps_exactly() {
    let mut random = stream(5, &["orbit"]);
    let ball = Ball { radius: 0.7, log_scale: 0.0 };
    let samples = Prepared::of(&draw(Law::Haar(ball), Points::Random, 50, &mut random).unwrap());
    let signal = vec![Gaussian::round(1.0, [0.3, 0.1], 0.25), Gaussian::round(-0.6, [-0.2, 0.4], 0.3)];
    let h = Polar2 { scale: 0.2, squeeze: 0.6, axis: 1.0, angle: 2.0 }.matrix();
    let g = Polar2 { scale: 0.0, squeeze: 0.3, axis: -1.0, angle: 0.5 }.matrix();
    let (x, y) = ([0.1, -0.3], [0.7, 0.2]);
    let layer = |signal: &[Gaussian], x, g: &Matrix<2>| kernels().convolved(signal, &samples.moved(g), x, g);
    let before = layer(&signal, x, &g);
    let hx = [h[0][0] * x[0] + h[0][1] * x[1] + y[0], h[1][0] * x[0] + h[1][1] * x[1] + y[1]];
    let after = layer(&moved(&signal, &h, y), hx, &product(&h, &g));
    // Two factors |g̃|⁻¹ and two integrals |h| each: the same number.
    assert!((before - after).abs() < 1e-12 * before.abs(), "{before} {after}");
}

#[test]
fn closed_integrals_over_the_plane_are_sums_over_a_grid() {
    let signal = vec![Gaussian { height: 0.8, mean: [0.1, -0.2], covariance: [[0.09, 0.02], [0.02, 0.05]] }];
    let g = Polar2 { scale: 0.1, squeeze: 0.3, axis: 0.4, angle: 0.9 }.matrix();
    let sample = Polar2 { scale: -0.05, squeeze: 0.2, axis: 1.4, angle: -0.3 }.matrix();
    let k = kernels();
    let found = k.convolved(&signal, &Prepared(vec![(sample, 1.0)]), [0.2, 0.1], &g);
    // The lift and the convolution by sums with steps of 0.08 over [−3, 3]².
    let step = 0.08;
    let grid: Vec<[f64; 2]> =
        (0..76 * 76).map(|p| [-3.0 + step * f64::from(p % 76), -3.0 + step * f64::from(p / 76)]).collect();
    let gaussian = |z: [f64; 2], (centre, width): ([f64; 2], f64)| {
        (-0.5 * ((z[0] - centre[0]).powi(2) + (z[1] - centre[1]).powi(2)) / (width * width)).exp()
    };
    let pull = |inverse: &Matrix<2>, x: [f64; 2]| {
        [inverse[0][0] * x[0] + inverse[0][1] * x[1], inverse[1][0] * x[0] + inverse[1][1] * x[1]]
    };
    let (by_sample, by_g) = (inverse2(&sample), inverse2(&g));
    let size = determinant2(&sample);
    let mut sum = 0.0;
    for at in &grid {
        let outer = gaussian(pull(&by_g, [at[0] - 0.2, at[1] - 0.1]), k.space);
        if outer > 1e-9 {
            let lifted: f64 = grid
                .iter()
                .map(|x| signal[0].at(*x) * gaussian(pull(&by_sample, [x[0] - at[0], x[1] - at[1]]), k.lift))
                .sum();
            sum += outer * lifted * step.powi(4) / size;
        }
    }
    let h = Polar2::of(&product(&by_g, &sample)).unwrap();
    let expected = sum * k.on_group(&h) / size;
    assert!((found - expected).abs() < 1e-6 * expected.abs(), "{found} for {expected}");
}

#[test]
fn glyphs_are_deformed_exactly() {
    let mut random = stream(6, &["glyphs"]);
    let glyph = Glyph::draw(3, 0.05, &mut random);
    let upright = glyph.pixels(21, &Deformation::NONE);
    let turned = glyph.pixels(21, &Deformation { h: [[0.0, -1.0], [1.0, 0.0]], shift: [0.0, 0.0] });
    // A quarter turn takes pixel (x, y) from (y, −x).
    for y in 0..21 {
        for x in 0..21 {
            assert!((turned[y * 21 + x] - upright[(20 - x) * 21 + y]).abs() < 1e-12);
        }
    }
    let map = Ranges::WIDE.draw(&mut random);
    assert!(determinant2(&map.h) > 0.0);
}

fn small(stages: Vec<Stage>) -> Architecture {
    Architecture {
        side: 12,
        channels: 3,
        kernel: 3,
        hidden: vec![8, 8],
        scale: false,
        stages,
        classes: 3,
        epsilon: 1e-5,
    }
}

#[test]
fn gradients_are_those_of_differences_through_pools_and_blocks() {
    let mut random = stream(7, &["network"]);
    let architecture = small(vec![Stage::Pool, Stage::Residual(2), Stage::Convolution]);
    let network = GroupNetwork::<f64>::new(&architecture, &mut random).unwrap();
    let samples = Sampling::Special { radius: 0.4 }.draw(3, &mut random);
    let images = Array2::from_shape_fn((2, 144), |(i, j)| ((i * 37 + j * 11) % 19) as f64 / 9.0 - 1.0);
    let (_, gradients) = network.loss_and_gradients(images.view(), &[0, 2], &samples).unwrap();
    let loss =
        |network: &GroupNetwork<f64>| network.loss_and_gradients(images.view(), &[0, 2], &samples).unwrap().0;
    let h = 1e-6;
    for place in [0, 5, 20] {
        let difference = |change: &dyn Fn(&mut GroupNetwork<f64>, f64)| {
            let (mut up, mut down) = (network.clone(), network.clone());
            change(&mut up, h);
            change(&mut down, -h);
            (loss(&up) - loss(&down)) / (2.0 * h)
        };
        let lift = difference(&|network, h| network.lift.parameters_mut()[place] += h);
        assert!(
            (lift - gradients.lift[place]).abs() < 1e-6 * (1.0 + lift.abs()),
            "{lift} {}",
            gradients.lift[place]
        );
        for which in 0..3 {
            let found = difference(&|network, h| network.convolutions[which].parameters_mut()[place] += h);
            let expected = gradients.convolutions[which][place];
            assert!((found - expected).abs() < 1e-6 * (1.0 + expected.abs()), "{which}: {found} {expected}");
        }
    }
}

#[test]
fn single_precision_follows_double() {
    let mut random = stream(8, &["network"]);
    let architecture = small(vec![Stage::Residual(1)]);
    let wide = GroupNetwork::<f64>::new(&architecture, &mut random).unwrap();
    let mut narrow = GroupNetwork::<f32>::new(&architecture, &mut random).unwrap();
    narrow.lift.parameters_mut().assign(&wide.lift.parameters().mapv(|x| x as f32));
    narrow.convolutions[0].parameters_mut().assign(&wide.convolutions[0].parameters().mapv(|x| x as f32));
    narrow.head = wide.head.mapv(|x| x as f32);
    narrow.bias = wide.bias.mapv(|x| x as f32);
    let samples = Sampling::Special { radius: 0.4 }.draw(4, &mut random);
    let images = Array2::from_shape_fn((3, 144), |(i, j)| ((i * 31 + j * 7) % 23) as f64 / 11.0 - 1.0);
    let (a, one) = wide.loss_and_gradients(images.view(), &[0, 1, 2], &samples).unwrap();
    let (b, other) =
        narrow.loss_and_gradients(images.mapv(|x| x as f32).view(), &[0, 1, 2], &samples).unwrap();
    assert!((a - f64::from(b)).abs() < 1e-4 * a);
    let most = one.lift.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    for (x, y) in one.lift.iter().zip(&other.lift) {
        assert!((x - f64::from(*y)).abs() < 1e-3 * most, "{x} {y}");
    }
}

#[test]
fn networks_learn_upright_glyphs() {
    let mut random = stream(9, &["learning"]);
    let (drawn, labels) = lie_decompositions::glyphs::glyphs(30, &mut random);
    let images = lie_decompositions::glyphs::images(&drawn, 14, None, &mut random);
    let architecture = Architecture {
        side: 14,
        channels: 8,
        kernel: 5,
        hidden: vec![12, 12],
        classes: 10,
        ..small(vec![Stage::Pool])
    };
    let mut network = GroupNetwork::<f32>::new(&architecture, &mut random).unwrap();
    let training =
        Training { sampling: Sampling::Identity, samples: 1, epochs: 60, batch: 10, rate: 1e-2, decay: 0.0 };
    let losses = train(&mut network, images.view(), &labels, &training, &mut random).unwrap();
    assert!(losses[59] < 0.5 * losses[0], "{losses:?}");
    let logits = averaged(&network, images.view(), (&Sampling::Identity, 1, 2), &mut random).unwrap();
    assert!(accuracy(&logits, &labels) > 0.8, "{}", accuracy(&logits, &labels));
}

#[test]
fn faults_are_named() {
    assert_eq!(Polar2::of(&[[1.0, 0.0], [0.0, -1.0]]), Err(NotInGroup::Determinant));
    assert_eq!(Polar2::of(&[[f64::NAN, 0.0], [0.0, 1.0]]), Err(NotInGroup::NotFinite));
    assert_eq!(Polar::of(&[[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.0, 0.0, 1.0]]), Err(NotInGroup::Determinant));
    assert_eq!(spd::log(&[[1.0, 0.5], [0.0, 1.0]], &identity()), Err(SpdError::Asymmetric("P")));
    assert_eq!(spd::distance(&identity(), &[[1.0, 2.0], [2.0, 1.0]]), Err(SpdError::NotPositive("Q")));
    let even = Architecture { kernel: 4, ..small(Vec::new()) };
    assert!(matches!(even.sides(), Err(ArchitectureError::Shape(_))));
    let empty = Architecture { side: 12, ..small(vec![Stage::Residual(0)]) };
    assert!(empty.sides().unwrap_err().to_string().contains("no convolution"));
    let odd = Architecture { side: 13, ..small(vec![Stage::Pool]) };
    assert!(odd.sides().unwrap_err().to_string().contains("cannot be pooled"));
}
