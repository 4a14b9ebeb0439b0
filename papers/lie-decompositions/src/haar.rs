//! Samples of the invariant measure on balls.
//!
//! In g = exp(X) k with X symmetric (traceless for SL) and k a rotation, Haar measure is ∏ sinhc(x_i − x_j) dX dk with the eigenvalues x of X. In the plane that is
//! ds sinh(2t) dt dψ dθ, and all four coordinates are drawn by formulas. In more dimensions X is uniform in a ball of Frobenius radius T and accepted with the density over its largest value; as
//! log sinhc(√y) is concave in y and Σ (x_i − x_j)² = n|x|² for traceless x, the density is at most sinhc(T√(2/(n − 1)))^(n(n − 1)/2).

use std::f64::consts::{PI, TAU};

use ndarray::Array2;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::exponential::{exponential, sinh_ratio};
use crate::jacobi::eigen;
use crate::matrix::{Matrix, congruence, determinant_sign, product};
use crate::polar::Polar2;
use crate::sobol::Sobol;

/// sinh(u)/u.
pub fn sinhc(u: f64) -> f64 {
    sinh_ratio(u * u)
}

/// A region of the group in the plane: t ≤ radius, and |s| ≤ `log_scale` for GL⁺; zero leaves SL(2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ball {
    /// T.
    pub radius: f64,
    /// B.
    pub log_scale: f64,
}

impl Ball {
    /// Its Haar measure, 4π² sinh²T, times 2B for GL⁺.
    pub fn volume(&self) -> f64 {
        let scales = if self.log_scale > 0.0 { 2.0 * self.log_scale } else { 1.0 };
        4.0 * PI * PI * self.radius.sinh().powi(2) * scales
    }
}

/// Group elements with weights whose sum stands for the measure of a region.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// The elements.
    pub elements: Vec<Polar2>,
    /// A weight for each.
    pub weights: Vec<f64>,
}

/// Which points of the unit cube are mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Points {
    /// Independent.
    Random,
    /// Sobol's, shifted.
    Sobol,
}

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Haar measure on a ball.
    Haar(Ball),
    /// The ball with t dt in place of sinh(2t) dt, as if the group were flat.
    Flat(Ball),
    /// log g gᵀ normal with this variance in every orthonormal direction, as in the authors' code; unweighted, so that its "volume" is one.
    LogNormal {
        /// Variance.
        variance: f64,
        /// With a scale: GL⁺.
        scale: bool,
    },
    /// exp of a uniform point of a ball of sl(2) in the Frobenius norm, rotations below π, weighted by Haar's density (sinh√δ/√δ)².
    Algebra {
        /// Radius.
        radius: f64,
    },
}

/// Why nothing is drawn.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SamplerError {
    /// A radius that is none, or beyond what doubles hold.
    #[error("the radius {0} is not between 0 and 50")]
    Radius(f64),
    /// A bound of scales that is none.
    #[error("the bound {0} of log-scales is not between 0 and 50")]
    Scale(f64),
    /// Hardly any point would be accepted.
    #[error(
        "at radius {radius} in dimension {dimension} one point in {rate:.0} would be accepted, expected 1 in 10000 and more"
    )]
    Acceptance {
        /// T.
        radius: f64,
        /// n.
        dimension: usize,
        /// Points for one that is accepted.
        rate: f64,
    },
}

/// Draws in the plane.
///
/// # Errors
/// For a radius or a bound of scales that is not between 0 and 50.
pub fn draw(law: Law, points: Points, count: usize, random: &mut impl Rng) -> Result<Samples, SamplerError> {
    let radius = match law {
        Law::Haar(ball) | Law::Flat(ball) => ball.radius,
        Law::LogNormal { variance, .. } => variance.sqrt(),
        Law::Algebra { radius } => radius,
    };
    if !(radius > 0.0 && radius <= 50.0) {
        return Err(SamplerError::Radius(radius));
    }
    if let Law::Haar(ball) | Law::Flat(ball) = law
        && !(0.0..=50.0).contains(&ball.log_scale)
    {
        return Err(SamplerError::Scale(ball.log_scale));
    }
    let mut sobol = Sobol::<4>::shifted(random);
    let mut cube = |random: &mut _| match points {
        Points::Sobol => sobol.point(),
        Points::Random => uniform(random),
    };
    let (mut elements, mut weights) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let mut in_ball = 0_u64;
    while elements.len() < count {
        let [u1, u2, u3, u4] = cube(random);
        let polar = |scale, squeeze| Polar2 { scale, squeeze, axis: TAU * u2, angle: PI * (2.0 * u3 - 1.0) };
        let (element, weight) = match law {
            Law::Haar(Ball { radius, log_scale }) => {
                (polar((2.0 * u4 - 1.0) * log_scale, (u1.sqrt() * radius.sinh()).asinh()), 1.0)
            }
            Law::Flat(Ball { radius, log_scale }) => {
                (polar((2.0 * u4 - 1.0) * log_scale, radius * u1.sqrt()), 1.0)
            }
            Law::LogNormal { variance, scale } => {
                // Two or three normal numbers in orthonormal directions of log g gᵀ = 2X; |X| = √2 t.
                let normal: f64 = StandardNormal.sample(random);
                let radius = (-2.0 * variance * u1.ln()).sqrt();
                let size = if scale { variance.sqrt() * normal / (2.0 * 2.0_f64.sqrt()) } else { 0.0 };
                (polar(size, radius / (2.0 * 2.0_f64.sqrt())), 1.0)
            }
            Law::Algebra { radius } => {
                let a = [2.0 * u1 - 1.0, 2.0 * u2 - 1.0, 2.0 * u3 - 1.0];
                if a.iter().map(|x| x * x).sum::<f64>() > 1.0 {
                    continue;
                }
                // Orthonormal: two symmetric directions and the rotation.
                let [x, y, z] = a.map(|x| x * radius / 2.0_f64.sqrt());
                let delta = x * x + y * y - z * z;
                in_ball += 1;
                if delta < -PI * PI {
                    continue;
                }
                let g = exponential(&[[x, y - z], [y + z, -x]]);
                let Ok(element) = Polar2::of(&g) else { continue };
                (element, sinh_ratio(delta).powi(2))
            }
        };
        elements.push(element);
        weights.push(weight);
    }
    let each = match law {
        Law::Haar(ball) | Law::Flat(ball) => ball.volume() / count as f64,
        Law::LogNormal { .. } => 1.0 / count as f64,
        // Orthonormal coordinates of sl(2) are those of X and √2 θ; the part of the ball with rotations below π counts.
        Law::Algebra { radius } => 4.0 * PI / 3.0 * radius.powi(3) / 2.0_f64.sqrt() / in_ball as f64,
    };
    weights.iter_mut().for_each(|weight| *weight *= each);
    Ok(Samples { elements, weights })
}

fn uniform<const D: usize>(random: &mut impl Rng) -> [f64; D] {
    std::array::from_fn(|_| random.random())
}

/// Elements of SL(n), or of GL⁺(n) with log det up to n·`log_scale`, with |X|_F ≤ T, and the share of proposals that was accepted.
///
/// # Errors
/// For a radius or a bound of scales that is not between 0 and 50, and where less than one proposal in 10,000 would be accepted (looked at first).
pub fn draw_ball<const N: usize>(
    radius: f64,
    log_scale: f64,
    count: usize,
    random: &mut impl Rng,
) -> Result<(Vec<Matrix<N>>, f64), SamplerError> {
    if !(radius > 0.0 && radius <= 50.0) {
        return Err(SamplerError::Radius(radius));
    }
    if !(0.0..=50.0).contains(&log_scale) {
        return Err(SamplerError::Scale(log_scale));
    }
    let bound = density_bound(N, radius);
    let mut elements = Vec::with_capacity(count);
    let (mut tried, mut accepted) = (0_u64, 0_u64);
    while elements.len() < count {
        let (log_spd, density) = proposal::<N>(radius, random);
        tried += 1;
        if random.random::<f64>() * bound < density {
            accepted += 1;
            let (values, u) = eigen(&log_spd);
            let scale = log_scale * random.random_range(-1.0..=1.0_f64);
            let spd = congruence(&u, values.map(|x| (x + scale).exp()));
            elements.push(product(&spd, &rotation(random)));
        }
        if tried == 20_000 && accepted < 2 {
            return Err(SamplerError::Acceptance {
                radius,
                dimension: N,
                rate: tried as f64 / (accepted as f64).max(1.0),
            });
        }
    }
    Ok((elements, accepted as f64 / tried as f64))
}

/// sinhc(T√(2/(n − 1)))^(n(n − 1)/2): no density in the ball is above it.
pub fn density_bound(n: usize, radius: f64) -> f64 {
    let pairs = (n * (n - 1) / 2) as i32;
    if pairs == 0 { 1.0 } else { sinhc(radius * (2.0 / (n as f64 - 1.0)).sqrt()).powi(pairs) }
}

/// A symmetric matrix that is standard normal in every orthonormal direction: entries off the diagonal have half the variance.
pub fn normal_symmetric<const N: usize>(random: &mut impl Rng) -> Matrix<N> {
    let mut x = [[0.0; N]; N];
    for (i, j) in (0..N).flat_map(|i| (0..=i).map(move |j| (i, j))) {
        let z: f64 = StandardNormal.sample(random);
        x[i][j] = if i == j { z } else { z / 2.0_f64.sqrt() };
        x[j][i] = x[i][j];
    }
    x
}

/// A traceless symmetric matrix, uniform in the ball, and ∏ sinhc(x_i − x_j).
pub fn proposal<const N: usize>(radius: f64, random: &mut impl Rng) -> (Matrix<N>, f64) {
    let mut x = normal_symmetric(random);
    let mean = (0..N).map(|i| x[i][i]).sum::<f64>() / N as f64;
    (0..N).for_each(|i| x[i][i] -= mean);
    // Normal in the traceless directions: the direction is uniform, and the radius to the power of the dimension.
    let dimension = (N * (N + 1) / 2 - 1) as f64;
    let length = crate::matrix::frobenius(&x);
    let target = radius * random.random::<f64>().powf(1.0 / dimension.max(1.0));
    let factor = if length > 0.0 { target / length } else { 0.0 };
    let x: Matrix<N> = x.map(|row| row.map(|entry| entry * factor));
    let (values, _) = eigen(&x);
    let density =
        (0..N).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| sinhc(values[i] - values[j])).product();
    (x, density)
}

/// A Haar rotation: the orthogonal factor of a normal matrix by Gram and Schmidt, its last row turned where the determinant is −1.
pub fn rotation<const N: usize>(random: &mut impl Rng) -> Matrix<N> {
    let mut rows: Matrix<N> = std::array::from_fn(|_| std::array::from_fn(|_| StandardNormal.sample(random)));
    for i in 0..N {
        for _ in 0..2 {
            for j in 0..i {
                let along: f64 = (0..N).map(|k| rows[i][k] * rows[j][k]).sum();
                let other = rows[j];
                rows[i].iter_mut().zip(&other).for_each(|(x, y)| *x -= along * y);
            }
        }
        let length = rows[i].iter().map(|x| x * x).sum::<f64>().sqrt();
        rows[i].iter_mut().for_each(|x| *x /= length);
    }
    if determinant_sign(&rows) < 0.0 {
        rows[N - 1].iter_mut().for_each(|x| *x = -*x);
    }
    rows
}

/// All elements of a sample as a table, a matrix a row.
pub fn table<const N: usize>(elements: &[Matrix<N>]) -> Array2<f64> {
    Array2::from_shape_fn((elements.len(), N * N), |(row, place)| elements[row][place / N][place % N])
}
