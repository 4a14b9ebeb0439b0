//! The chain hidden in many dimensions: f̂(x) = F(Uᵀρ(x)) + (η/2)|x|², against methods that do not keep zeros.
//!
//! The columns u₁ … u_T of U are a random orthonormal system of ℝᵈ and ρ(x) = x/√(1 + |x|²/R²) keeps points within R = 230√T. A point chosen without knowing uⱼ has
//! |uⱼᵀρ(x)| ≥ ½ with the probability of a spherical cap, I_{1−c}((d − 1)/2, ½) with c = 1/(4R²). U is drawn as a product of T reflections and written out once:
//! Uᵀx and Uy then take 2Td flops each and read T vectors, half the work of reflecting. R and η = 1/5 are those of the literature as far as we know it.

use ndarray::parallel::prelude::*;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};
use numerics::product::set_product;
use numerics::sum::fast_dot;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::chain::Chain;

/// A random orthonormal system.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// T × d: the columns of U, one after the other.
    columns: Array2<f64>,
}

impl Rotation {
    /// `columns` columns in `dimension` dimensions, uniformly distributed: the Q of Gaussian columns. 2 T² d flops, shared out among threads: twenty
    /// seconds for 2,000 columns in 20,000 dimensions on two cores.
    ///
    /// # Panics
    /// With more columns than dimensions.
    pub fn random(dimension: usize, columns: usize, random: &mut impl Rng) -> Self {
        assert!(columns <= dimension, "{columns} orthonormal columns in {dimension} dimensions");
        // Unit vectors, the j-th of which begins at coordinate j; then, from the last on, the columns in their place.
        let mut rows = Array2::zeros((columns, dimension));
        let mut signs = Vec::with_capacity(columns);
        for (column, mut reflector) in rows.outer_iter_mut().enumerate() {
            let tail = &mut reflector.as_slice_mut().expect("rows are contiguous")[column..];
            tail.iter_mut().for_each(|v| *v = StandardNormal.sample(random));
            let length = tail.iter().map(|v| v * v).sum::<f64>().sqrt();
            let sign = if tail[0] < 0.0 { -1.0 } else { 1.0 };
            tail[0] += sign * length;
            let length = tail.iter().map(|v| v * v).sum::<f64>().sqrt();
            tail.iter_mut().for_each(|v| *v /= length);
            signs.push(-sign);
        }
        for column in (0..columns).rev() {
            let (mut first, mut later) = rows.view_mut().split_at(Axis(0), column + 1);
            let reflector = &mut first.row_mut(column).into_slice().expect("rows are contiguous")[column..];
            later.outer_iter_mut().into_par_iter().for_each(|row| {
                let tail = &mut row.into_slice().expect("rows are contiguous")[column..];
                let twice = 2.0 * fast_dot(reflector, tail);
                tail.iter_mut().zip(&*reflector).for_each(|(x, v)| *x -= twice * v);
            });
            // The reflection of a unit vector.
            let twice = 2.0 * reflector[0] * signs[column];
            reflector.iter_mut().for_each(|v| *v *= -twice);
            reflector[0] += signs[column];
        }
        Self { columns: rows }
    }

    /// d.
    pub fn dimension(&self) -> usize {
        self.columns.ncols()
    }

    /// U's columns, one after the other: T × d.
    pub fn matrix(&self) -> ArrayView2<'_, f64> {
        self.columns.view()
    }

    /// T.
    pub fn columns(&self) -> usize {
        self.columns.nrows()
    }

    /// Uᵀx into `inside`.
    ///
    /// # Panics
    /// If x has not d numbers or `inside` not T.
    pub fn inside(&self, x: &[f64], inside: &mut [f64]) {
        set_product(1.0, self.columns.view(), column(x), &mut column_mut(inside));
    }

    /// U y into `x`.
    ///
    /// # Panics
    /// If y has not T numbers or `x` not d.
    pub fn outside(&self, y: &[f64], x: &mut [f64]) {
        set_product(1.0, self.columns.t(), column(y), &mut column_mut(x));
    }
}

fn column(values: &[f64]) -> ArrayView2<'_, f64> {
    ArrayView2::from_shape((values.len(), 1), values).expect("as many numbers")
}

fn column_mut(values: &mut [f64]) -> ArrayViewMut2<'_, f64> {
    ArrayViewMut2::from_shape((values.len(), 1), values).expect("as many numbers")
}

/// The hidden chain.
#[derive(Clone, Debug)]
pub struct Hidden {
    chain: Chain,
    rotation: Rotation,
    radius: f64,
    eta: f64,
}

/// Memory of an evaluation.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    inside: Vec<f64>,
    slopes: Vec<f64>,
}

impl Scratch {
    /// How many columns the point last evaluated has found.
    pub fn found(&self) -> usize {
        self.inside.iter().rposition(|y| y.abs() > 0.5).map_or(0, |place| place + 1)
    }
}

impl Hidden {
    /// T columns in `dimension` ≥ T dimensions, R = 230√T and η = 1/5. Costs what [`Rotation::random`] does.
    pub fn random(length: usize, dimension: usize, random: &mut impl Rng) -> Self {
        let radius = 230.0 * (length as f64).sqrt();
        Self {
            chain: Chain::new(length),
            rotation: Rotation::random(dimension, length, random),
            radius,
            eta: 0.2,
        }
    }

    /// The rotation.
    pub fn rotation(&self) -> &Rotation {
        &self.rotation
    }

    /// R.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// f̂(x), and ∇f̂(x) into `gradient`; `scratch.inside` then holds Uᵀρ(x).
    ///
    /// # Panics
    /// If x or `gradient` have not d numbers.
    pub fn gradient(&self, x: &[f64], gradient: &mut [f64], scratch: &mut Scratch) -> f64 {
        let length = self.chain.length();
        scratch.inside.resize(length, 0.0);
        scratch.slopes.resize(length, 0.0);
        let square = fast_dot(x, x);
        let shrink = 1.0 / (1.0 + square / (self.radius * self.radius)).sqrt();
        self.rotation.inside(x, &mut scratch.inside);
        scratch.inside.iter_mut().for_each(|y| *y *= shrink);
        let value = self.chain.gradient(&scratch.inside, &mut scratch.slopes);
        self.rotation.outside(&scratch.slopes, gradient);
        // ρ′(x)ᵀ = shrink·(I − ρρᵀ/R²), and ρ(x)ᵀ∇ is the product inside.
        let along =
            fast_dot(&scratch.inside, &scratch.slopes) * shrink * shrink / (self.radius * self.radius);
        for (g, x) in gradient.iter_mut().zip(x) {
            *g = shrink * *g - along * x + self.eta * x;
        }
        value + 0.5 * self.eta * square
    }
}

/// P(|uᵀx| ≥ a) for u uniform on the sphere of ℝᵈ, d ≥ 2, and |x| = `radius`: the regularised incomplete beta function I_{1−c}((d − 1)/2, ½), c = (a/R)².
pub fn cap_probability(dimension: usize, radius: f64, a: f64) -> f64 {
    let c = (a / radius).powi(2);
    if c >= 1.0 {
        return 0.0;
    }
    let (p, q) = (0.5 * (dimension as f64 - 1.0), 0.5);
    // The continued fraction converges fast on this side only.
    if 1.0 - c < (p + 1.0) / (p + q + 2.0) {
        incomplete_beta(p, q, 1.0 - c, c)
    } else {
        1.0 - incomplete_beta(q, p, c, 1.0 - c)
    }
}

/// I_x(p, q) with y = 1 − x, by Lentz's continued fraction.
fn incomplete_beta(p: f64, q: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let logarithm = libm::lgamma(p + q) - libm::lgamma(p) - libm::lgamma(q) + p * x.ln() + q * y.ln();
    let tiny = 1e-300;
    let guarded = |value: f64| if value.abs() < tiny { tiny } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / guarded(1.0 - (p + q) * x / (p + 1.0));
    let mut fraction = d;
    for step in 1..10_000 {
        let m = f64::from(step);
        for factor in [
            m * (q - m) * x / ((p + 2.0 * m - 1.0) * (p + 2.0 * m)),
            -(p + m) * (p + q + m) * x / ((p + 2.0 * m) * (p + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / guarded(1.0 + factor * d);
            c = guarded(1.0 + factor / c);
            fraction *= d * c;
        }
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    logarithm.exp() * fraction / p
}
