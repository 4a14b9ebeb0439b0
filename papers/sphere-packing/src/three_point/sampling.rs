//! Where the programme's polynomial equalities are imposed, and the bases of its sums of squares.

use faer::Mat;
use faer::linalg::solvers::{ColPivQr, Qr};
use ndarray::Array2;
use numerics::random::stream;
use rand::Rng;

use super::multiplier::Multiplier;
use super::scales::Scales;
use super::{Parameters, chebyshev};
use crate::Error;
use crate::certificate::trivariate::basis as basis_places;
use crate::laguerre;
use crate::scalar::Scalar;

/// A point of condition (3): u = 2π|x|², v = 2π|y|², t = 2π⟨x, y⟩.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub u: f64,
    pub v: f64,
    pub t: f64,
}

/// One multiplier's two sums of squares: of polynomials that are symmetric in u and v, and of u − v times such.
#[derive(Clone, Debug)]
struct Squares {
    multiplier: Multiplier,
    /// The largest weighted degree of the symmetric polynomials.
    half_degree: usize,
    /// Whether this is the part with u − v.
    antisymmetric: bool,
    /// The change of basis that makes the basis orthonormal on the sample points, lower triangular: new = change · Chebyshev.
    change: Array2<f64>,
}

/// Sample points and bases.
#[derive(Clone, Debug)]
pub(super) struct Sampling {
    /// For polynomials in z = 2π|x|² on the half-line.
    pub radial: Vec<f64>,
    /// For condition (1).
    pub pairs: Vec<f64>,
    /// For condition (3).
    pub triples: Vec<Point>,
    squares: Vec<Squares>,
}

/// s and τ of a point, its coordinates being x and y = centre + half-width · (s ± √τ), and t/A.
fn coordinates<T: Scalar>(scales: &Scales, [u, v, t]: [T; 3]) -> [T; 3] {
    let (centre, half) = (T::from_f64(scales.centre()), T::from_f64(scales.half_width()));
    let (x, y) = ((u - centre) / half, (v - centre) / half);
    let difference = (x - y).times_power_of_two(-1);
    [(x + y).times_power_of_two(-1), difference * difference, t / T::from_f64(scales.truncation)]
}

/// The basis of weighted degree ≤ `degree` at a point given by its [`coordinates`].
fn basis<T: Scalar>(degree: usize, [s, tau, t]: [T; 3]) -> Vec<T> {
    let first = chebyshev(degree, s);
    let second = chebyshev(degree / 2, tau.times_power_of_two(1) - T::one());
    let third = chebyshev(degree, t);
    basis_places(degree).into_iter().map(|[i, j, k]| first[i] * second[j] * third[k]).collect()
}

impl Sampling {
    pub(super) fn new(parameters: &Parameters, scales: &Scales) -> Result<Self, Error> {
        let degree = 2 * parameters.radial_degree + 1;
        let radial = laguerre_zeros(parameters.dimension, degree + 1)?;
        // 16 nodes more than the kernel's degree: the exponentials' interpolation error is then far below the gap.
        let pairs_degree = degree.max(2 * parameters.degree + 17);
        let pairs = (0..=pairs_degree)
            .map(|i| scales.centre() + scales.half_width() * chebyshev_node(i, pairs_degree + 1))
            .collect();
        let mut sampling = Self { radial, pairs, triples: Vec::new(), squares: Vec::new() };
        if parameters.degree > 0 {
            sampling.triples = fekete_points(2 * parameters.degree, scales)?;
            for multiplier in &parameters.multipliers {
                let half_degree = (2 * parameters.degree - multiplier.degree()) / 2;
                for antisymmetric in [false, true] {
                    if antisymmetric && half_degree == 0 {
                        continue;
                    }
                    let half_degree = half_degree - usize::from(antisymmetric);
                    let mut squares = Squares {
                        multiplier: multiplier.clone(),
                        half_degree,
                        antisymmetric,
                        change: Array2::zeros((0, 0)),
                    };
                    squares.change = squares.orthonormalising(scales, &sampling.triples);
                    sampling.squares.push(squares);
                }
            }
        }
        Ok(sampling)
    }

    /// Orders of the blocks of all sums of squares.
    pub(super) fn orders(&self) -> Vec<usize> {
        self.squares.iter().map(|squares| squares.change.nrows()).collect()
    }

    /// For each sum of squares its weight and basis at a point.
    pub(super) fn squares_at<T: Scalar>(&self, scales: &Scales, point: [T; 3]) -> Vec<(T, Vec<T>)> {
        self.squares
            .iter()
            .map(|squares| {
                let (weight, chebyshev) = squares.at(scales, point);
                let basis = squares.change.rows().into_iter().enumerate().map(|(i, row)| {
                    let mut sum = T::zero();
                    for (factor, value) in row.iter().zip(&chebyshev).take(i + 1) {
                        sum += T::from_f64(*factor) * *value;
                    }
                    sum
                });
                (weight, basis.collect())
            })
            .collect()
    }

    /// The Gram matrix of sum of squares `place` in the Chebyshev basis: changeᵀ · Gram · change.
    pub(super) fn in_chebyshev_basis<T: Scalar>(&self, place: usize, gram: &Array2<T>) -> Array2<T> {
        let change = self.squares[place].change.mapv(T::from_f64);
        crate::dense::transposed_product(&change, &crate::dense::product(gram, &change))
    }

    /// The multiplier of sum of squares `place`, and whether it is the part with u − v.
    pub(super) fn kind(&self, place: usize) -> (&Multiplier, bool) {
        (&self.squares[place].multiplier, self.squares[place].antisymmetric)
    }
}

impl Squares {
    /// The weight and the Chebyshev basis at a point.
    fn at<T: Scalar>(&self, scales: &Scales, point: [T; 3]) -> (T, Vec<T>) {
        let coordinates = coordinates(scales, point);
        let mut weight = scales.multiplier(&self.multiplier, point);
        if self.antisymmetric {
            weight *= coordinates[1];
        }
        (weight, basis(self.half_degree, coordinates))
    }

    /// R⁻ᵀ for the factor R of the basis on the sample points, weighted by the root of the multiplier; the identity if it is singular.
    fn orthonormalising(&self, scales: &Scales, points: &[Point]) -> Array2<f64> {
        let rows: Vec<(f64, Vec<f64>)> =
            points.iter().map(|point| self.at(scales, [point.u, point.v, point.t])).collect();
        let size = basis_places(self.half_degree).len();
        let mut gram = Array2::<f64>::zeros((size, size));
        for (weight, row) in &rows {
            for i in 0..size {
                for j in 0..size {
                    gram[[i, j]] += weight.max(0.0) * row[i] * row[j];
                }
            }
        }
        let identity = crate::dense::scaled_identity(size, 1.0);
        match crate::dense::cholesky(&gram) {
            Some(factor) => crate::dense::solve_transposed(&factor, &identity),
            None => identity,
        }
    }
}

/// Node `i` of `count` Chebyshev nodes on [−1, 1].
fn chebyshev_node(i: usize, count: usize) -> f64 {
    -(std::f64::consts::PI * (i as f64 + 0.5) / count as f64).cos()
}

/// The zeros of ℓ_degree for dimension n: eigenvalues of the recurrence's tridiagonal matrix.
fn laguerre_zeros(dimension: usize, degree: usize) -> Result<Vec<f64>, Error> {
    let half = dimension as f64 / 2.0;
    let jacobi = Array2::from_shape_fn((degree, degree), |(i, j)| {
        let low = i.min(j) as f64;
        match i.abs_diff(j) {
            0 => 2.0 * low + half,
            1 => ((low + 1.0) * (low + half)).sqrt(),
            _ => 0.0,
        }
    });
    let (zeros, _) = numerics::symmetric::eigen(jacobi.view())
        .ok_or_else(|| Error::NotConverged("the zeros of a Laguerre polynomial".into()))?;
    debug_assert!(laguerre::values(dimension, degree, zeros[0])[degree].abs() < 1e-6);
    Ok(zeros)
}

/// As many points of condition (3) as there are polynomials of weighted degree ≤ `degree`, chosen from random candidates by pivots of the
/// orthonormalised Vandermonde matrix: approximate Fekete points (Sommariva and Vianello 2009).
fn fekete_points(degree: usize, scales: &Scales) -> Result<Vec<Point>, Error> {
    let count = basis_places(degree).len();
    let mut random = stream(0, &["points of the triple condition"]);
    let mut arcsine = || (std::f64::consts::PI * random.random::<f64>()).cos();
    let mut candidates = Vec::with_capacity(3 * count);
    while candidates.len() < 3 * count {
        let u = scales.centre() + scales.half_width() * arcsine();
        let v = scales.centre() + scales.half_width() * arcsine();
        let low = -(u * v).sqrt();
        let high = (u * v).sqrt().min((u + v - scales.square) / 2.0);
        let t = (low + high) / 2.0 + (high - low) / 2.0 * arcsine();
        if high > low {
            candidates.push(Point { u, v, t });
        }
    }
    let rows: Vec<Vec<f64>> = candidates
        .iter()
        .map(|point| basis(degree, coordinates(scales, [point.u, point.v, point.t])))
        .collect();
    let vandermonde = Mat::from_fn(candidates.len(), count, |i, j| rows[i][j]);
    let orthonormal = Qr::new(vandermonde.as_ref()).compute_thin_Q();
    let pivoted = ColPivQr::new(orthonormal.transpose());
    let smallest = (0..count).map(|i| pivoted.R()[(i, i)].abs()).fold(f64::INFINITY, f64::min);
    if smallest.is_nan() || smallest < 1e-10 {
        return Err(Error::NotConverged(
            "no sample points determine the polynomials of the triple condition".into(),
        ));
    }
    let (order, _) = pivoted.P().arrays();
    Ok(order[..count].iter().map(|place| candidates[*place]).collect())
}
