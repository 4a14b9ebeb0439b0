//! The truncated three-point bound of Cohn, de Laat and Salmon (2022), as a semidefinite programme.
//!
//! # The theorem
//!
//! Let f be as for the [two-point bound](crate::two_point), with f̂ ≥ 0 and f̂(0) = 1, and let g be a positive definite kernel
//! on the ball of radius R, invariant under rotations. If
//!
//! ```text
//! (1) f(x) + g(x, 0) + g(0, x) + g(x, x) ≤ 0    for r ≤ |x| ≤ R,
//! (2) f(x) ≤ 0                                  for |x| ≥ R,
//! (3) g(x, y) ≤ 0                               for r ≤ |x|, |y| ≤ R and |x − y| ≥ r,
//! ```
//!
//! then no packing is denser than vol(B_{r/2}) (f(0) + g(0, 0)). For a periodic packing with centres C of density δ: Poisson's
//! formula gives the mean over x of Σ_y f(y − x) ≥ δ, and Σ_{y,z} g(y − x, z − x) ≥ 0 over all y and z within R of x. In the
//! sum of the two, the terms with x = y = z give f(0) + g(0, 0), those with two different points are (1) and (2), those with three are (3).
//!
//! # The parametrisation
//!
//! With u = 2π|x|², v = 2π|y|², t = 2π⟨x, y⟩, a = 2πr² and A = 2πR²,
//!
//! ```text
//! f = p(u) e^(−u/2),  p = Σ_k (−1)^k a_k ℓ_k(u),  the transform having q = Σ_k a_k ℓ_k(u)
//! g = e^(−ρ(u + v)/2) Σ_{k ≤ 2d} ⟨F_k, (U Vᵀ + V Uᵀ)/2⟩ H_k(u, v, t),    F_k ⪰ 0 of order ⌊d − k/2⌋ + 1
//! ```
//!
//! with H_k = (uv)^(k/2) P_k(t/√(uv)) for Gegenbauer's P_k, U and V Chebyshev polynomials of u and v: all that fits into
//! degree 2d in (u, v, t), unless fewer [`Harmonics`] are asked for. ρ is the [`width`](Parameters::width): 1 gives g the Gaussian of f. (3) is imposed as −g e^(…) = Σ_w w · (sum of squares) over
//! [multipliers](multiplier::Multiplier) w. What of this is the paper's and what is a reading of it is said in the [crate]'s documentation.
//!
//! Equalities of polynomials hold at as many points as they have coefficients, so that every constraint has low rank. For (3) these are
//! approximate Fekete points. (1) is sampled at more Chebyshev nodes than its degree asks for, because exponentials remain in it; the
//! [certificate](crate::certificate) proves it between them.

pub mod multiplier;
pub mod predictor;
mod rounding;
mod sampling;
mod scales;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::certificate::three_point::ThreePoint;
use crate::certificate::{Certificate, Proven};
use crate::dense::zeros;
use crate::laguerre;
use crate::scalar::Scalar;
use crate::semidefinite::precision::{self, Plan, Precision};
use crate::semidefinite::{Block, Formulation, Problem, Solution, Terms};
use crate::two_point::ball_volume;
use multiplier::Multiplier;
use sampling::{Point, Sampling};
use scales::{Scales, coarse};

/// Which harmonics of the kernel's degree it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Harmonics {
    /// All k ≤ 2d, with radial polynomials of degree ≤ d − k/2: every invariant kernel of degree 2d in each of x and y.
    All,
    /// k ≤ d, with radial polynomials of degree ≤ d − k, as on the sphere: a smaller family of the same degree.
    Triangle,
}

/// What a bound depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// n, at least 2.
    pub dimension: usize,
    /// d: the kernel has degree 2d in (u, v, t); none for 0, which makes the bound a two-point bound.
    pub degree: usize,
    /// Polynomials of f have degree 2 · `radial_degree` + 1 in |x|².
    pub radial_degree: usize,
    /// r.
    pub radius: f64,
    /// R > r.
    pub truncation: f64,
    /// ρ, at least 0.
    pub width: f64,
    /// The kernel's harmonics.
    pub harmonics: Harmonics,
    /// The multipliers of (3); [`Multiplier::usual`] for those that describe the set of (3).
    pub multipliers: Vec<Multiplier>,
}

impl Parameters {
    /// 2πr² and 2πR² as the programme uses them: cut to 36 bits behind the point.
    pub fn squares(&self) -> (f64, f64) {
        let square = |radius: f64| coarse(std::f64::consts::TAU * radius * radius);
        (square(self.radius), square(self.truncation))
    }

    /// Checks the ranges.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] or [`Error::Multiplier`].
    pub fn validate(&self) -> Result<(), Error> {
        let check = |name, value: f64, low: f64, high: f64, expected| {
            if value >= low && value <= high { Ok(()) } else { Err(Error::Setting { name, value, expected }) }
        };
        check("dimension", self.dimension as f64, 2.0, 100.0, "2 to 100")?;
        check("degree", self.degree as f64, 0.0, 20.0, "0 to 20")?;
        check("radial degree", self.radial_degree as f64, 1.0, 60.0, "1 to 60")?;
        check("radius", self.radius, 0.1, 10.0, "0.1 to 10")?;
        check(
            "truncation",
            self.truncation,
            self.radius * 1.01,
            self.radius * 4.0,
            "1.01 to 4 times the radius",
        )?;
        check("width", self.width, 0.0, 4.0, "0 to 4")?;
        if self.degree > 0 {
            if self.multipliers.first().is_none_or(|multiplier| !multiplier.is_one()) {
                return Err(Error::Multiplier {
                    text: "1".into(),
                    fault: "the first multiplier must be 1, which takes up rounding errors".into(),
                });
            }
            for (place, multiplier) in self.multipliers.iter().enumerate() {
                if multiplier.degree() > 2 * self.degree {
                    return Err(Error::Multiplier {
                        text: multiplier.to_string(),
                        fault: format!("its degree {} is above 2 · {}", multiplier.degree(), self.degree),
                    });
                }
                if self.multipliers[..place].contains(multiplier) {
                    return Err(Error::Multiplier {
                        text: multiplier.to_string(),
                        fault: "it is there twice".into(),
                    });
                }
            }
        }
        Ok(())
    }
}

/// A certificate and what its check proved.
#[derive(Clone, Debug)]
pub struct Certified {
    /// Function, kernel and sums of squares.
    pub certificate: ThreePoint,
    /// The bound.
    pub proven: Proven,
}

/// The programme of one choice of [`Parameters`], with its sample points.
#[derive(Clone, Debug)]
pub struct ThreePointBound {
    parameters: Parameters,
    scales: Scales,
    sampling: Sampling,
}

impl ThreePointBound {
    /// Chooses the sample points. Costs a pivoted factorisation with m² · 3m multiplications in `f64` for m points of (3).
    ///
    /// # Errors
    ///
    /// As [`Parameters::validate`], and [`Error::NotConverged`] if no sample points are found.
    pub fn new(parameters: Parameters) -> Result<Self, Error> {
        parameters.validate()?;
        let (square, truncation) = parameters.squares();
        let scales = Scales::new(parameters.dimension, 2 * parameters.degree, square, truncation);
        let sampling = Sampling::new(&parameters, &scales)?;
        Ok(Self { parameters, scales, sampling })
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The polynomials' degree 2 · radial degree + 1.
    fn radial(&self) -> usize {
        2 * self.parameters.radial_degree + 1
    }

    /// Orders of the blocks of the kernel; none without a kernel.
    fn kernel_orders(&self) -> Vec<usize> {
        let degree = self.parameters.degree;
        match self.parameters.harmonics {
            _ if degree == 0 => Vec::new(),
            Harmonics::All => (0..=2 * degree).map(|k| (2 * degree - k) / 2 + 1).collect(),
            Harmonics::Triangle => (0..=degree).map(|k| degree - k + 1).collect(),
        }
    }
}

/// Which block is which, in the order of the programme.
const RADIAL_BLOCKS: usize = 6;

/// Rank-one terms of one block under construction.
struct Assembly<T> {
    size: usize,
    vectors: Vec<T>,
    weights: Vec<T>,
    constraints: Vec<usize>,
}

impl<T: Scalar> Assembly<T> {
    fn new(size: usize) -> Self {
        Self { size, vectors: Vec::new(), weights: Vec::new(), constraints: Vec::new() }
    }

    fn add(&mut self, constraint: usize, weight: T, vector: impl IntoIterator<Item = T>) {
        self.vectors.extend(vector);
        self.weights.push(weight);
        self.constraints.push(constraint);
    }

    /// Adds `weight` times the symmetric part of a bᵀ: a quarter of (a + b)(a + b)ᵀ − (a − b)(a − b)ᵀ.
    fn add_product(&mut self, constraint: usize, weight: T, a: &[T], b: &[T]) {
        let quarter = weight.times_power_of_two(-2);
        self.add(constraint, quarter, a.iter().zip(b).map(|(a, b)| *a + *b));
        if a.iter().zip(b).any(|(a, b)| *a != *b) {
            self.add(constraint, -quarter, a.iter().zip(b).map(|(a, b)| *a - *b));
        }
    }

    fn block(self, cost: Array2<T>) -> Block<T> {
        let vectors = Array2::from_shape_vec((self.weights.len(), self.size), self.vectors)
            .expect("one vector a weight");
        Block {
            cost,
            terms: Terms::RankOne { vectors, weights: self.weights, constraints: self.constraints },
        }
    }
}

/// T_0(x)…T_degree(x).
pub(crate) fn chebyshev<T: Scalar>(degree: usize, x: T) -> Vec<T> {
    let mut values = vec![T::one(), x];
    while values.len() <= degree {
        let last = values.len() - 1;
        values.push((x * values[last]).times_power_of_two(1) - values[last - 1]);
    }
    values.truncate(degree + 1);
    values
}

/// What a_1, a_2, … contribute to p − 1, with a_0 = 1 − Σ a_k, where ℓ_0, ℓ_1, … have these values.
fn function_row<T: Scalar>(values: &[T]) -> Vec<T> {
    let signed = |(k, value): (usize, &T)| if k % 2 == 0 { *value } else { -*value };
    values.iter().enumerate().skip(1).map(|term| signed(term) - T::one()).collect()
}

/// What they contribute to 1 − q.
fn transform_row<T: Scalar>(values: &[T]) -> Vec<T> {
    values.iter().skip(1).map(|value| T::one() - *value).collect()
}

impl Formulation for ThreePointBound {
    type Output = Certified;

    fn problem<T: Scalar>(&self) -> Result<Problem<T>, semidefinite::Error> {
        let Parameters { dimension, radial_degree, width, .. } = self.parameters;
        let number = T::from_f64;
        let truncation = number(self.scales.truncation);
        let radial = self.radial();
        let chebyshev_size = self.sampling.pairs.len() / 2;
        let kernel_orders = self.kernel_orders();
        let mut radial_blocks: Vec<Assembly<T>> =
            [radial_degree + 1; 4].into_iter().chain([chebyshev_size; 2]).map(Assembly::new).collect();
        let mut kernel: Vec<Assembly<T>> = kernel_orders.iter().map(|order| Assembly::new(*order)).collect();
        let mut squares: Vec<Assembly<T>> = self.sampling.orders().into_iter().map(Assembly::new).collect();
        let mut right_hand_side = Vec::new();
        let mut free: Vec<T> = Vec::new();

        // L_i(0) = Π (ν + j)/j, whose root makes ℓ_i orthonormal for the weight of squares.
        let mut norms = vec![T::one()];
        for i in 1..=radial_degree {
            norms.push(norms[i - 1] * number(dimension as f64 / 2.0 - 1.0 + i as f64) / number(i as f64));
        }
        let norms: Vec<T> = norms.into_iter().map(Scalar::sqrt).collect();
        let orthonormal = |z: T| -> Vec<T> {
            laguerre::values(dimension, radial_degree, z.times_power_of_two(-1))
                .into_iter()
                .zip(&norms)
                .map(|(value, norm)| value * *norm)
                .collect()
        };

        // q = SOS + z SOS and −p = SOS + (z − A) SOS at the zeros of a Laguerre polynomial. q(0) = 1 has removed a_0.
        for (first, transform) in [(0, true), (2, false)] {
            for node in &self.sampling.radial {
                let z = number(*node);
                let constraint = right_hand_side.len();
                let basis = orthonormal(z);
                let mut scale = T::zero();
                basis.iter().for_each(|value| scale += *value * *value);
                let scale = T::one() / scale;
                let shift = if transform { z } else { z - truncation };
                radial_blocks[first].add(constraint, scale, basis.iter().copied());
                radial_blocks[first + 1].add(constraint, scale * shift / truncation, basis);
                let values = laguerre::values(dimension, radial, z);
                let row = if transform { transform_row(&values) } else { function_row(&values) };
                free.extend(row.into_iter().map(|value| scale * value));
                right_hand_side.push(if transform { scale } else { -scale });
            }
        }
        // (1): p + 2 p3(z, 0, 0) e^((1−ρ)z/2) + p3(z, z, z) e^((1/2−ρ)z) + (z − a) SOS + (A − z) SOS = 0.
        let argument = |z: T| number(self.scales.inverse) * z - T::one();
        for node in &self.sampling.pairs {
            let z = number(*node);
            let constraint = right_hand_side.len();
            let position = (z - number(self.scales.centre())) / number(self.scales.half_width());
            let basis = chebyshev(chebyshev_size - 1, position);
            radial_blocks[4].add(constraint, T::one() + position, basis.iter().copied());
            radial_blocks[5].add(constraint, T::one() - position, basis);
            let values = laguerre::values(dimension, radial, z);
            free.extend(function_row(&values));
            right_hand_side.push(-T::one());
            if !kernel.is_empty() {
                let once = (number((1.0 - width) / 2.0) * z).exp();
                let twice = (number(0.5 - width) * z).exp();
                let mut power = T::one();
                for (k, (block, order)) in kernel.iter_mut().zip(&kernel_orders).enumerate() {
                    let here = chebyshev(order - 1, argument(z));
                    if k == 0 {
                        block.add_product(
                            constraint,
                            once.times_power_of_two(1),
                            &here,
                            &chebyshev(order - 1, argument(T::zero())),
                        );
                    }
                    let factor = number(self.scales.kernel[k].0) * number(self.scales.kernel[k].1) * power;
                    block.add(constraint, twice * factor, here);
                    power *= z;
                }
            }
        }
        // (3): p3 + Σ w SOS = 0.
        for Point { u, v, t } in &self.sampling.triples {
            let constraint = right_hand_side.len();
            let point = [number(*u), number(*v), number(*t)];
            let (here, there) = (
                chebyshev(self.parameters.degree, argument(point[0])),
                chebyshev(self.parameters.degree, argument(point[1])),
            );
            let harmonics = self.scales.harmonics(point);
            for (k, (block, order)) in kernel.iter_mut().zip(&kernel_orders).enumerate() {
                block.add_product(
                    constraint,
                    number(self.scales.kernel[k].0) * harmonics[k],
                    &here[..*order],
                    &there[..*order],
                );
            }
            for (block, (weight, basis)) in
                squares.iter_mut().zip(self.sampling.squares_at(&self.scales, point))
            {
                block.add(constraint, weight, basis);
            }
            free.extend(std::iter::repeat_n(T::zero(), radial));
            right_hand_side.push(T::zero());
        }

        let mut blocks: Vec<Block<T>> = radial_blocks
            .into_iter()
            .map(|block| {
                let size = block.size;
                block.block(zeros(size, size))
            })
            .collect();
        for (k, block) in kernel.into_iter().enumerate() {
            let size = block.size;
            // p3(0, 0, 0) = ⟨F_0, U(0) U(0)ᵀ⟩ with U(0) = (1, −1, 1, …).
            let cost = if k == 0 {
                Array2::from_shape_fn((size, size), |(i, j)| {
                    number(if (i + j) % 2 == 0 { 1.0 } else { -1.0 })
                })
            } else {
                zeros(size, size)
            };
            blocks.push(block.block(cost));
        }
        blocks.extend(squares.into_iter().map(|block| {
            let size = block.size;
            block.block(zeros(size, size))
        }));
        let constraints = right_hand_side.len();
        Ok(Problem {
            right_hand_side,
            blocks,
            free: Array2::from_shape_vec((constraints, radial), free).expect("a row a constraint"),
            free_cost: (1..=radial).map(|k| number(if k % 2 == 0 { 0.0 } else { -2.0 })).collect(),
            constant: T::one(),
        })
    }

    fn output<T: Scalar>(&self, solution: &Solution<T>) -> Result<Certified, semidefinite::Error> {
        let certificate = self.rounded(solution)?;
        if self.parameters.degree == 0 {
            let proven = Certificate::ThreePoint(certificate.clone()).check()?;
            return Ok(Certified { certificate, proven });
        }
        let fault = match Certificate::ThreePoint(certificate.clone()).check() {
            Ok(proven) => return Ok(Certified { certificate, proven }),
            Err(fault) => fault,
        };
        // Where the kernel does not help, it and its sums of squares tend to zero, faster than their residuals. The programme without
        // it has the same value then.
        let alone = ThreePointBound::new(Parameters { degree: 0, ..self.parameters.clone() })?;
        let plan = Plan { to: Precision::Bits256, ..Plan::default() };
        let alone = precision::solve(&alone, &plan, &mut |_| true)?.output.map_err(|_| fault.clone())?;
        let radius = (self.scales.square / std::f64::consts::TAU).sqrt();
        let value = ball_volume(self.parameters.dimension, radius / 2.0) * solution.progress.primal;
        if alone.proven.to_f64() <= value * (1.0 + 1e-6) { Ok(alone) } else { Err(fault.into()) }
    }
}
