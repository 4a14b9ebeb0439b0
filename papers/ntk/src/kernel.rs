//! The limiting kernels of infinitely wide networks: the covariance Σ of their outputs at initialisation (NNGP), and the neural tangent kernel Θ.
//!
//! With L affine layers, weight standard deviation w and bias standard deviation b,
//!
//! ```text
//! Σ¹(x, y) = w² x·y/n₀ + b²                           Θ¹ = Σ¹
//! Σˡ⁺¹ = w² E σ(u)σ(v) + b²,   (u, v) ~ N(0, Σˡ)       Θˡ⁺¹ = Θˡ · w² E σ′(u)σ′(v) + Σˡ⁺¹
//! ```
//!
//! (Proposition 1 and Theorem 1). The paper has w = 1 and b = β = 0.1. Without bias a point at the origin has no angle to others and needs none: its variance in the first layer is zero, and with it Σ¹ and Θ¹.
//!
//! **Digits.** Near-coincident points lose half of their digits if the angle is taken from the correlation, since arccos has an infinite slope at
//! 1; so do nearly opposite ones. Here each pair carries 1 ∓ correlation. In the first layer they are |x̂ ∓ ŷ|²/2, computed from the difference or the sum wherever that
//! matters, and every layer passes them on by formulas without cancellation.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::activation::{Activation, Pair, expectations};

/// An infinitely wide fully connected network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Architecture {
    /// L, the number of affine layers; L − 1 nonlinearities. At least 1.
    pub depth: usize,
    /// σ.
    pub activation: Activation,
    /// w > 0: weights are N(0, w²/n) for n inputs of the layer.
    pub weight_std: f64,
    /// b ≥ 0: biases are N(0, b²). The paper's β.
    pub bias_std: f64,
}

/// Which kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Σ^(L): the covariance at initialisation.
    Nngp,
    /// Θ^(L): the neural tangent kernel.
    Ntk,
}

/// Why there is no kernel.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum KernelError {
    /// No layer.
    #[error("a network needs at least one layer; found depth 0")]
    Depth,
    /// w not positive, or b negative, or not finite.
    #[error(
        "expected a positive weight deviation and a bias deviation of at least 0, found {weight} and {bias}"
    )]
    Deviations {
        /// w.
        weight: f64,
        /// b.
        bias: f64,
    },
    /// No points, or points without coordinates.
    #[error("expected at least one point and one coordinate")]
    Empty,
    /// Points of different dimensions.
    #[error("points have {left} and {right} coordinates")]
    Dimensions {
        /// Coordinates of the first points.
        left: usize,
        /// Coordinates of the second.
        right: usize,
    },
    /// A coordinate that is NaN or infinite.
    #[error("point {row}, coordinate {column}: expected a finite number, found {value}")]
    NotFinite {
        /// The point, counted from 1.
        row: usize,
        /// The coordinate, counted from 1.
        column: usize,
        /// What stands there.
        value: f64,
    },
    /// Coordinates whose squares overflow.
    #[error("point {row} is too large: its squared length overflows")]
    TooLarge {
        /// The point, counted from 1.
        row: usize,
    },
    /// A vector of the wrong length.
    #[error("expected a vector of {expected} numbers, found {found}")]
    Length {
        /// One for each point.
        expected: usize,
        /// Found.
        found: usize,
    },
}

/// Both kernels of one pair of points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kernels {
    /// Σ^(L).
    pub nngp: f64,
    /// Θ^(L).
    pub ntk: f64,
}

impl Kernels {
    /// One of them.
    pub fn get(self, kind: Kind) -> f64 {
        match kind {
            Kind::Nngp => self.nngp,
            Kind::Ntk => self.ntk,
        }
    }
}

/// Correlations closer to ±1 than this are computed from differences of the points: above it the matrix product is accurate enough.
const NEAR: f64 = 1e-3;
/// Rows of a tile: its products and the kernel's layers stay in the cache.
const TILE: usize = 64;

impl Architecture {
    /// The paper's: w = 1, b = 0.1, rectifiers.
    pub fn of_the_paper(depth: usize) -> Self {
        Self { depth, activation: Activation::Relu, weight_std: 1.0, bias_std: 0.1 }
    }

    fn check(&self) -> Result<(), KernelError> {
        if self.depth == 0 {
            return Err(KernelError::Depth);
        }
        let Self { weight_std: weight, bias_std: bias, .. } = *self;
        if weight > 0.0 && weight.is_finite() && bias >= 0.0 && bias.is_finite() {
            Ok(())
        } else {
            Err(KernelError::Deviations { weight, bias })
        }
    }

    /// Checks points and returns their variances in the first layer without bias, w²|x|²/n₀.
    fn variances(&self, points: ArrayView2<f64>) -> Result<Vec<f64>, KernelError> {
        if points.is_empty() {
            return Err(KernelError::Empty);
        }
        let scale = self.weight_std * self.weight_std / points.ncols() as f64;
        let variance = |(row, point): (usize, ArrayView1<f64>)| {
            if let Some(column) = point.iter().position(|value| !value.is_finite()) {
                return Err(KernelError::NotFinite {
                    row: row + 1,
                    column: column + 1,
                    value: point[column],
                });
            }
            let square = scale * point.dot(&point);
            if !square.is_finite() {
                return Err(KernelError::TooLarge { row: row + 1 });
            }
            Ok(square)
        };
        points.outer_iter().enumerate().map(variance).collect()
    }

    /// The kernels of a pair, from its first layer without bias: w²|x|²/n₀, w²|y|²/n₀ and the angle.
    fn layers(&self, left: f64, right: f64, angle: Angle) -> Kernels {
        let bias = self.bias_std * self.bias_std;
        let weight = self.weight_std * self.weight_std;
        let geometric = (left * right).sqrt();
        let mut pair = with_bias(left, right, (geometric * angle.gap, geometric * angle.opposite), bias);
        let mut ntk = pair.covariance;
        for _ in 1..self.depth {
            let next = expectations(self.activation, pair);
            let distances = (weight * next.defect, weight * next.surplus);
            pair = with_bias(weight * next.left, weight * next.right, distances, bias);
            ntk = ntk * weight * next.derivatives + pair.covariance;
        }
        Kernels { nngp: pair.covariance, ntk }
    }

    /// Both kernels of two points of equal dimension. Cost: O(n₀ + L).
    ///
    /// # Errors
    /// For settings out of range and points that [`matrix`](Self::matrix) refuses.
    pub fn pair(&self, x: ArrayView1<f64>, y: ArrayView1<f64>) -> Result<Kernels, KernelError> {
        self.check()?;
        if x.len() != y.len() {
            return Err(KernelError::Dimensions { left: x.len(), right: y.len() });
        }
        let left = self.variances(x.insert_axis(Axis(0)))?[0];
        let right = self.variances(y.insert_axis(Axis(0)))?[0];
        Ok(self.layers(left, right, Angle::exact(x, y)))
    }

    /// The kernel of all pairs of rows of `x`: N × N, symmetric to the last bit.
    ///
    /// Cost: N² (n₀ + L)/2 operations on tiles of 64 rows, in parallel over tiles; memory N² numbers and a tile for each thread. The same bits with any number of
    /// threads.
    ///
    /// # Errors
    /// For settings out of range, empty or non-finite points.
    pub fn matrix(&self, kind: Kind, x: ArrayView2<f64>) -> Result<Array2<f64>, KernelError> {
        self.symmetric(kind, x, |entry| entry)
    }

    /// [`matrix`](Self::matrix) in single precision, half of the memory: entries are computed in double precision and rounded once.
    ///
    /// # Errors
    /// As for [`matrix`](Self::matrix).
    pub fn matrix_f32(&self, kind: Kind, x: ArrayView2<f64>) -> Result<Array2<f32>, KernelError> {
        self.symmetric(kind, x, |entry| entry as f32)
    }

    fn symmetric<T: Copy + Default + Send + Sync>(
        &self,
        kind: Kind,
        x: ArrayView2<f64>,
        round: impl Fn(f64) -> T + Sync,
    ) -> Result<Array2<T>, KernelError> {
        self.check()?;
        let variances = self.variances(x)?;
        let rows = x.nrows();
        let mut kernel = Array2::default((rows, rows));
        let tiles = kernel.axis_chunks_iter_mut(Axis(0), TILE).into_par_iter().enumerate();
        tiles.for_each(|(tile, mut out)| {
            let first = tile * TILE;
            let (own, others) = (x.slice(s![first..first + out.nrows(), ..]), x.slice(s![first.., ..]));
            let products = own.dot(&others.t());
            // Above the diagonal only; the rest is copied.
            for i in 0..own.nrows() {
                let left = variances[first + i];
                out[(i, first + i)] = round(self.layers(left, left, Angle::NONE).get(kind));
                for j in i + 1..others.nrows() {
                    let right = variances[first + j];
                    let angle = self.angle(own.row(i), others.row(j), products[(i, j)], left, right);
                    out[(i, first + j)] = round(self.layers(left, right, angle).get(kind));
                }
            }
        });
        for i in 0..rows {
            for j in 0..i {
                kernel[(i, j)] = kernel[(j, i)];
            }
        }
        Ok(kernel)
    }

    /// The kernel of rows of `x` against rows of `y`: N × M.
    ///
    /// # Errors
    /// As for [`matrix`](Self::matrix), and for points of different dimensions.
    pub fn cross(
        &self,
        kind: Kind,
        x: ArrayView2<f64>,
        y: ArrayView2<f64>,
    ) -> Result<Array2<f64>, KernelError> {
        let (left, right) = self.both(x, y)?;
        let mut kernel = Array2::zeros((x.nrows(), y.nrows()));
        let tiles = kernel.axis_chunks_iter_mut(Axis(0), TILE).into_par_iter().enumerate();
        tiles.for_each(|(tile, mut out)| {
            let first = tile * TILE;
            let own = x.slice(s![first..first + out.nrows(), ..]);
            let products = own.dot(&y.t());
            for ((i, j), out) in out.indexed_iter_mut() {
                let angle = self.angle(own.row(i), y.row(j), products[(i, j)], left[first + i], right[j]);
                *out = self.layers(left[first + i], right[j], angle).get(kind);
            }
        });
        Ok(kernel)
    }

    /// The kernel times a vector, Σ_j K(x_i, y_j) v_j, without storing the kernel: memory 64 M numbers for each thread.
    ///
    /// # Errors
    /// As for [`cross`](Self::cross), and if `v` does not have M numbers.
    pub fn product(
        &self,
        kind: Kind,
        x: ArrayView2<f64>,
        y: ArrayView2<f64>,
        v: &[f64],
    ) -> Result<Vec<f64>, KernelError> {
        let (left, right) = self.both(x, y)?;
        if v.len() != y.nrows() {
            return Err(KernelError::Length { expected: y.nrows(), found: v.len() });
        }
        let tiles = x.axis_chunks_iter(Axis(0), TILE).into_par_iter().enumerate();
        let sums = tiles.map(|(tile, rows)| {
            let first = tile * TILE;
            let products = rows.dot(&y.t());
            let sum = |(i, products): (usize, ArrayView1<f64>)| {
                let entry = |(j, product): (usize, &f64)| {
                    let angle = self.angle(rows.row(i), y.row(j), *product, left[first + i], right[j]);
                    self.layers(left[first + i], right[j], angle).get(kind) * v[j]
                };
                products.iter().enumerate().map(entry).sum::<f64>()
            };
            products.outer_iter().enumerate().map(sum).collect::<Vec<f64>>()
        });
        Ok(sums.collect::<Vec<_>>().concat())
    }

    /// The diagonal K(x_i, x_i). Cost: O(N (n₀ + L)).
    ///
    /// # Errors
    /// As for [`matrix`](Self::matrix).
    pub fn diagonal(&self, kind: Kind, x: ArrayView2<f64>) -> Result<Vec<f64>, KernelError> {
        self.check()?;
        Ok(self
            .variances(x)?
            .into_iter()
            .map(|variance| self.layers(variance, variance, Angle::NONE).get(kind))
            .collect())
    }

    /// The kernel of two points of squared length `square` in `dimension` coordinates, at an angle in [0, π].
    ///
    /// # Errors
    /// For settings out of range.
    pub fn on_sphere(
        &self,
        kind: Kind,
        dimension: usize,
        square: f64,
        angle: f64,
    ) -> Result<f64, KernelError> {
        self.check()?;
        let variance = self.weight_std * self.weight_std * square / dimension as f64;
        // 1 ∓ cos γ = 2 sin²(γ/2), 2 cos²(γ/2).
        let (sine, cosine) = (angle / 2.0).sin_cos();
        let angle = Angle { gap: 2.0 * sine * sine, opposite: 2.0 * cosine * cosine };
        Ok(self.layers(variance, variance, angle).get(kind))
    }

    fn both(&self, x: ArrayView2<f64>, y: ArrayView2<f64>) -> Result<(Vec<f64>, Vec<f64>), KernelError> {
        self.check()?;
        if x.ncols() != y.ncols() {
            return Err(KernelError::Dimensions { left: x.ncols(), right: y.ncols() });
        }
        Ok((self.variances(x)?, self.variances(y)?))
    }

    /// The angle of two points from their product and their variances, from the points themselves where that loses digits.
    fn angle(&self, x: ArrayView1<f64>, y: ArrayView1<f64>, product: f64, left: f64, right: f64) -> Angle {
        let geometric = (left * right).sqrt();
        if geometric == 0.0 {
            return Angle::NONE;
        }
        let cosine = self.weight_std * self.weight_std / x.len() as f64 * product / geometric;
        if 1.0 - cosine.abs() < NEAR {
            Angle::exact(x, y)
        } else {
            Angle { gap: 1.0 - cosine, opposite: 1.0 + cosine }
        }
    }
}

/// The angle γ of two points.
#[derive(Clone, Copy)]
struct Angle {
    /// 1 − cos γ.
    gap: f64,
    /// 1 + cos γ.
    opposite: f64,
}

impl Angle {
    /// Of a point with itself, and by convention with a zero point.
    const NONE: Self = Self { gap: 0.0, opposite: 2.0 };

    /// |x̂ ∓ ŷ|²/2 from difference and sum of the normalised points.
    fn exact(x: ArrayView1<f64>, y: ArrayView1<f64>) -> Self {
        let (left, right) = (x.dot(&x).sqrt(), y.dot(&y).sqrt());
        if left == 0.0 || right == 0.0 {
            return Self::NONE;
        }
        let square = |sign: f64| -> f64 {
            let distance =
                x.iter().zip(y).map(|(a, b)| (a / left + sign * b / right).powi(2)).sum::<f64>() / 2.0;
            distance.min(2.0)
        };
        Self { gap: square(-1.0), opposite: square(1.0) }
    }
}

/// Adds the variance of a bias to a pair with variances a, c and distances √(ac) ∓ covariance.
///
/// With g = √(ac), d and e the two distances, P² = (a + β)(c + β) and S the new covariance, P² − S² = d e + β((√a − √c)² + 2d): no difference of nearly
/// equal numbers but √a − √c. The new 1 − correlation is (P² − S²)/(P(P + S)) where S > 0, the new 1 + correlation (P² − S²)/(P(P − S)) where not.
fn with_bias(left: f64, right: f64, (defect, surplus): (f64, f64), bias: f64) -> Pair {
    let covariance = (surplus - defect) / 2.0 + bias;
    let product = ((left + bias) * (right + bias)).sqrt();
    let roots = if left + right > 0.0 { (left - right) / (left.sqrt() + right.sqrt()) } else { 0.0 };
    let numerator = defect * surplus + bias * (roots * roots + 2.0 * defect);
    let small = (numerator / (product * (product + covariance.abs()))).min(2.0);
    let (gap, opposite) = match (product == 0.0, covariance > 0.0) {
        (true, _) => (0.0, 2.0),
        (false, true) => (small, 2.0 - small),
        (false, false) => (2.0 - small, small),
    };
    Pair { left: left + bias, right: right + bias, covariance, gap, opposite }
}
