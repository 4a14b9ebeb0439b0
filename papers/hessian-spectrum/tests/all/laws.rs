//! Theorems, identities and certificates over random networks, and degenerate operators.

use hessian_spectrum::lanczos::{LanczosError, Pairs, Wanted, count_above, extremes};
use hessian_spectrum::operator::{Dense, Diagonal, Symmetric};
use hessian_spectrum::outliers::outliers;
use hessian_spectrum::path::{Path, bend, losses};
use hessian_spectrum::point::{Point, PointError};
use hessian_spectrum::problems::{
    Blobs, Geometry, classified, descend, descend_in_batches, pooled, small_network,
};
use hessian_spectrum::quadrature::{Quadrature, distribution};
use ndarray::{Array1, Array2, Axis, array};
use networks::{Activation, Initialisation, Loss, Network, Parametrisation, one_hot};
use numerics::random::stream;
use numerics::symmetric::eigenvalues;
use proptest::prelude::*;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

fn network(widths: &[usize], activation: Activation, random: &mut ChaCha8Rng) -> Network<f64> {
    Network::new(widths, activation, Parametrisation::Standard, Initialisation::FanIn, random).unwrap()
}

fn gaussian(shape: (usize, usize), random: &mut ChaCha8Rng) -> Array2<f64> {
    Array2::from_shape_simple_fn(shape, || random.random_range(-1.5..1.5))
}

/// A network with 7 rows of data and three outputs.
fn draw(widths: &[usize], activation: Activation, loss: Loss, random: &mut ChaCha8Rng) -> Point {
    let x = gaussian((7, widths[0]), random);
    let classes: Vec<usize> = (0..7).map(|_| random.random_range(0..3)).collect();
    let mut y = one_hot(&classes, 3);
    if loss == Loss::Logistic {
        y.mapv_inplace(|y: f64| 2.0 * y - 1.0);
    }
    Point::new(network(widths, activation, random), x, y, loss).unwrap()
}

fn close(a: &Array2<f64>, b: &Array2<f64>, tolerance: f64) -> bool {
    let largest = a.iter().fold(1e-300_f64, |m, x| m.max(x.abs()));
    (a - b).iter().all(|d| d.abs() <= tolerance * largest)
}

const SMOOTH_AND_KINKED: [Activation; 5] =
    [Activation::Relu, Activation::Tanh, Activation::Softplus, Activation::Gelu, Activation::Identity];

proptest! {
    /// The assembled matrices are the products with unit vectors, and K has G's spectrum, on any depth, loss and activation.
    #[test]
    fn assembly_agrees_with_products(seed in 0_u64..10_000, depth in 1_usize..5, which in 0_usize..5, loss in 0_usize..3) {
        let random = &mut stream(seed, &["laws"]);
        let widths: Vec<usize> = (0..depth).map(|_| random.random_range(1..5)).chain([3]).collect();
        let loss = [Loss::Squared, Loss::CrossEntropy, Loss::Logistic][loss];
        let point = draw(&widths, SMOOTH_AND_KINKED[which], loss, random);
        let identity = Array2::eye(point.dimension());
        prop_assert!(close(&point.apply(identity.view()), &point.hessian(), 1e-12));
        let gauss_newton = point.gauss_newton_matrix();
        prop_assert!(close(&point.gauss_newton().apply(identity.view()), &gauss_newton, 1e-12));
        let (of_g, of_k) = (eigenvalues(gauss_newton.view()).unwrap(), eigenvalues(point.output_gram().view()).unwrap());
        let scale = of_g[of_g.len() - 1].max(1e-12);
        for (a, b) in of_g.iter().rev().zip(of_k.iter().rev()) {
            prop_assert!((a - b).abs() < 1e-10 * scale, "{a} {b}");
        }
        prop_assert!(of_g[0] > -1e-10 * scale);
    }

    /// Directions in which every cross-entropy is flat, and the scaling of a rectifier's unit: H(d∘w) + d∘g = 0.
    #[test]
    fn exact_zeros_are_zeros(seed in 0_u64..10_000) {
        let random = &mut stream(seed, &["laws"]);
        let point = draw(&[4, 5, 6, 3], Activation::Relu, Loss::CrossEntropy, random);
        let (_, gradient) = point.loss_and_gradient();
        let scale = point.hessian().iter().fold(0.0_f64, |m, x| m.max(x.abs()));
        let last = 4 * 5 + 5 + 5 * 6 + 6;
        for row in 0..=6 {
            let mut flat = Array1::zeros(point.dimension());
            flat.slice_mut(ndarray::s![last + 3 * row..last + 3 * row + 3]).fill(1.0);
            let product = point.apply(flat.view().insert_axis(Axis(0)));
            prop_assert!(product.iter().all(|x| x.abs() < 1e-13 * scale.max(1.0)));
        }
        // Unit j of the first hidden layer: +1 on what comes in, −1 on what goes out.
        let j = random.random_range(0..5);
        let mut d = Array1::<f64>::zeros(point.dimension());
        for i in 0..=4 {
            d[i * 5 + j] = 1.0;
        }
        for q in 0..6 {
            d[25 + j * 6 + q] = -1.0;
        }
        let moved = &d * &point.network().parameters();
        prop_assert!(moved.dot(&gradient).abs() < 1e-13);
        let product = point.apply(moved.view().insert_axis(Axis(0)));
        prop_assert!(product.row(0).iter().zip(&d).zip(&gradient).all(|((h, d), g)| (h + d * g).abs() < 1e-12 * scale.max(1.0)));
    }

    /// With rectifiers H and G agree in every layer's own block, so in the trace.
    #[test]
    fn rectifiers_leave_blocks_of_layers(seed in 0_u64..10_000) {
        let random = &mut stream(seed, &["laws"]);
        let point = draw(&[3, 4, 5, 3], Activation::Relu, Loss::CrossEntropy, random);
        let rest = point.hessian() - point.gauss_newton_matrix();
        for (start, end) in [(0, 16), (16, 41), (41, 59)] {
            prop_assert!(rest.slice(ndarray::s![start..end, start..end]).iter().all(|x| x.abs() < 1e-13));
        }
    }

    /// Extremes and counts of dense matrices of any spectrum, with ties.
    #[test]
    fn ends_and_counts_are_right(seed in 0_u64..10_000, size in 1_usize..40, ties in proptest::bool::ANY) {
        let random = &mut stream(seed, &["laws"]);
        let values: Array1<f64> = (0..size).map(|_| if ties { random.random_range(-2_i32..3).into() } else { random.random_range(-1.0..1.0) }).collect();
        let a = gaussian((size, size), random);
        let (_, vectors) = numerics::symmetric::eigen((&a + &a.t()).view()).unwrap();
        let matrix = vectors.dot(&Array2::from_diag(&values)).dot(&vectors.t());
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let top = random.random_range(0..=size);
        let bottom = random.random_range(0..=size - top).max(usize::from(top == 0));
        let found = extremes(&Dense(matrix.clone()), &Wanted::new(top, bottom), random).unwrap();
        prop_assert!(found.converged && found.top.values.len() == top && found.bottom.values.len() == bottom);
        for (a, b) in found.top.values.iter().zip(sorted.iter().rev()).chain(found.bottom.values.iter().zip(&sorted)) {
            prop_assert!((a - b).abs() < 1e-9, "{a} {b}");
        }
        let shift = 0.37;
        prop_assert_eq!(count_above(matrix.view(), shift).unwrap(), sorted.iter().filter(|value| **value > shift).count());
    }

    /// Brackets with their band hold, deflated or not, however few the steps.
    #[test]
    fn densities_keep_their_band(seed in 0_u64..10_000, deflated in 0_usize..4, steps in 1_usize..30) {
        let random = &mut stream(seed, &["laws"]);
        let mut values: Vec<f64> = (0..60).map(|k| if k < 40 { 0.0 } else { random.random_range(-0.1..0.1) }).collect();
        values.extend([1.0, 2.0, 2.0, 3.0]);
        let operator = Diagonal(Array1::from(values.clone()));
        let known = (deflated > 0).then(|| extremes(&operator, &Wanted::new(deflated, 0), random).unwrap().top);
        let known: Vec<&Pairs> = known.iter().collect();
        let options = Quadrature { vectors: 3, steps, failure: 1e-6 };
        let found = distribution(&operator, &known, &options, random).unwrap();
        for (k, place) in found.places.iter().enumerate() {
            let share = |limit: f64| values.iter().filter(|value| **value <= limit).count() as f64 / 64.0;
            prop_assert!(found.lower[k] <= share(place + 1e-9) + 1e-12, "{place}");
            prop_assert!(share(place - 1e-9) <= found.upper[k] + 1e-12, "{place}");
        }
        prop_assert!((found.estimate[found.estimate.len() - 1] - 1.0).abs() < 1e-12);
    }
}

/// Ten copies of a value come out of blocks of four, and numbers whose squares do not fit.
#[test]
fn multiplicities_and_scales_are_found() {
    for scale in [1e-184, 1.0, 1e160] {
        let mut values = vec![1.9; 10];
        values.extend([1.5; 10]);
        values.extend((0..60).map(|k| f64::from(k) / 100.0));
        let operator = Diagonal(Array1::from(values.clone()).mapv(|v| v * scale));
        let found = extremes(&operator, &Wanted::new(15, 1), &mut stream(8, &["laws"])).unwrap();
        let expected = [vec![1.9; 10], vec![1.5; 5]].concat();
        assert!(found.converged, "{scale}: {:?}", found.top.residuals);
        for (a, b) in found.top.values.iter().zip(&expected) {
            assert!((a / scale - b).abs() < 1e-9, "{scale}: {:?}", found.top.values);
        }
    }
}

/// One vector's bracket holds with certainty for the distribution that this vector sees.
#[test]
fn brackets_of_one_vector_hold() {
    let random = &mut stream(9, &["laws"]);
    let values: Array1<f64> = (0..40).map(|k| f64::from(k * k) / 100.0 - 3.0).collect();
    // A value of a hundred copies for one: starts differ little, and the band is narrow.
    let operator = Diagonal(Array1::from([values.to_vec(), vec![5.0; 4000]].concat()));
    let options = Quadrature { vectors: 30, steps: 12, failure: 0.999 };
    let found = distribution(&operator, &[], &options, random).unwrap();
    let size = 4040.0;
    for (k, place) in found.places.iter().enumerate() {
        let share = |limit: f64| {
            (values.iter().filter(|v| **v <= limit).count() as f64 + if limit >= 5.0 { 4000.0 } else { 0.0 })
                / size
        };
        assert!(
            found.lower[k] <= share(place + 1e-9) + 1e-12 && share(place - 1e-9) <= found.upper[k] + 1e-12
        );
    }
}

/// H = 0, rank 1, M = 1, a huge negative end, and more pairs than rows.
#[test]
fn degenerate_operators_are_survived() {
    let random = &mut stream(1, &["laws"]);
    let zero = extremes(&Dense(Array2::zeros((30, 30))), &Wanted::new(3, 2), random).unwrap();
    assert!(
        zero.converged && zero.top.values.iter().chain(&zero.bottom.values).all(|value| value.abs() < 1e-300)
    );
    let v = Array1::linspace(-1.0, 1.0, 50);
    let one = Array2::from_shape_fn((50, 50), |(i, j)| -v[i] * v[j]);
    let found = extremes(&Dense(one), &Wanted::new(2, 2), random).unwrap();
    assert!((found.bottom.values[0] + v.dot(&v)).abs() < 1e-12 && found.bottom.values[1].abs() < 1e-12);
    assert!(found.top.values.iter().all(|value| value.abs() < 1e-12));
    assert_eq!(extremes(&Diagonal(array![4.0]), &Wanted::new(1, 0), random).unwrap().top.values, [4.0]);
    assert_eq!(
        extremes(&Diagonal(array![4.0]), &Wanted::new(1, 1), random).unwrap_err(),
        LanczosError::Count { wanted: 2, dimension: 1 }
    );
    assert_eq!(
        extremes(&Diagonal(array![f64::NAN, 1.0]), &Wanted::new(1, 0), random).unwrap_err(),
        LanczosError::NotFinite
    );
    // A vector that is an eigenvector ends the rule after one step.
    let density = distribution(
        &Dense(Array2::zeros((9, 9))),
        &[],
        &Quadrature { vectors: 1, steps: 5, failure: 0.5 },
        random,
    )
    .unwrap();
    assert!(density.products == 1 && density.moments == [0.0, 0.0]);
}

/// Softmax regression at zero weights has ((I − 11ᵀ/C)/C) ⊗ XᵀX/N.
#[test]
fn the_control_is_a_networks_hessian() {
    let random = &mut stream(2, &["laws"]);
    let x = gaussian((20, 5), random);
    let classes: Vec<usize> = (0..20).map(|i| i % 3).collect();
    let zero =
        Network::from_parameters(&[5, 3], Activation::Identity, Parametrisation::Standard, Array1::zeros(18))
            .unwrap();
    let hessian = classified(zero, x.clone(), &classes).unwrap().hessian();
    let covariance = x.t().dot(&x) / 20.0;
    for (i, j) in (0..15).flat_map(|i| (0..15).map(move |j| (i, j))) {
        let share = (f64::from(u8::from(i % 3 == j % 3)) - 1.0 / 3.0) / 3.0;
        assert!((hessian[(i, j)] - covariance[(i / 3, j / 3)] * share).abs() < 1e-15);
    }
}

#[test]
fn outliers_are_counted_by_their_rules() {
    let found = outliers(&[0.1, 5.0, -0.2, 4.0, 0.09, 0.0]);
    assert_eq!((found.gap, found.above_negative), (2, 2));
    assert!((found.ratio - 40.0).abs() < 1e-12);
    assert_eq!(outliers(&[]).gap, 0);
    assert_eq!(outliers(&[0.0, -1.0]).gap, 0);
    // The noise of zero eigenvalues is no gap.
    assert_eq!(outliers(&[1.0, 0.5, 1e-18, 1e-25]).gap, 1);
}

#[test]
fn paths_begin_and_end_where_they_should() {
    let random = &mut stream(3, &["laws"]);
    let blobs =
        Blobs { geometry: Geometry::Axes, clusters: 3, classes: 3, dimension: 3, points: 30, deviation: 0.5 };
    let (x, classes) = blobs.draw(random);
    assert!(
        x.columns()
            .into_iter()
            .all(|column| column.mean().unwrap().abs() < 1e-12 && (column.std(0.0) - 1.0).abs() < 1e-12)
    );
    let start =
        classified(small_network(&[3, 6, 3], Activation::Relu, random).unwrap(), x, &classes).unwrap();
    let (a, steps, slope) = descend(&start, 0.1, 300, 1e-9).unwrap();
    let b = descend_in_batches(&start, (0.1, 0.5), 50, 10).unwrap();
    assert!(steps == 300 && slope > 0.0 && a.loss_and_gradient().0 < start.loss_and_gradient().0);
    assert_eq!(descend(&a, 0.1, 100, 10.0).unwrap().1, 0);
    let to = b.network().parameters();
    for path in [Path::Line, Path::Spherical, bend(&a, to, (0.1, 20, 2), random).unwrap()] {
        let along = losses(&a, to, &path, 10).unwrap();
        assert!(
            (along[0].1 - a.loss_and_gradient().0).abs() < 1e-12
                && (along[10].1 - b.loss_and_gradient().0).abs() < 1e-12
        );
    }
    let (p, q) = (array![3.0, 0.0], array![0.0, 3.0]);
    let middle = Path::Spherical.at(p.view(), q.view(), 0.5);
    assert!((middle.dot(&middle).sqrt() - 3.0).abs() < 1e-12);
    assert!(matches!(descend(&a, 1e200, 10, 0.0), Err(PointError::Network(_))));
    let images =
        Array2::from_shape_fn((2, 784), |(i, p)| f64::from(u8::from(p == 28 * 5 + 9)) * (i + 1) as f64);
    let small = pooled(&images);
    // Row 5, column 9 is in the second row of cells, third place.
    assert!(small.row(1).iter().enumerate().all(|(cell, value)| (*value > 0.0) == (cell == 9)));
}

#[test]
fn threads_change_no_bit() {
    let random = &mut stream(4, &["laws"]);
    let point = draw(&[6, 9, 8, 3], Activation::Tanh, Loss::CrossEntropy, random);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut random = stream(5, &["laws"]);
        pool.install(|| {
            let density =
                distribution(&point, &[], &Quadrature { vectors: 4, steps: 20, failure: 0.05 }, &mut random)
                    .unwrap();
            (point.hessian(), point.output_gram(), density)
        })
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn what_is_no_point_is_refused() {
    let random = &mut stream(6, &["laws"]);
    let small = network(&[2, 3], Activation::Relu, random);
    let at =
        |x: Array2<f64>, y: Array2<f64>| Point::new(small.clone(), x, y, Loss::CrossEntropy).unwrap_err();
    assert_eq!(at(Array2::zeros((0, 2)), Array2::zeros((0, 3))), PointError::Empty);
    assert_eq!(at(array![[0.0, f64::NAN]], array![[1.0, 0.0, 0.0]]), PointError::NotFinite(0));
    assert!(matches!(at(array![[0.0]], array![[1.0, 0.0, 0.0]]), PointError::Network(_)));
    assert!(matches!(at(array![[0.0, 1.0]], array![[1.0, 0.0]]), PointError::Network(_)));
    let scaled = Parametrisation::Tangent { weight_std: 1.0, bias_std: 0.1 };
    let tangent = Network::new(&[2, 3], Activation::Relu, scaled, Initialisation::Normal, random).unwrap();
    let point = Point::new(tangent, array![[0.0, 1.0]], array![[1.0, 0.0, 0.0]], Loss::Squared);
    assert_eq!(point.unwrap_err(), PointError::Parametrisation);
}
