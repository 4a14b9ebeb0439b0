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

use self::layers::{Angle, LANES, Lanes};
use crate::activation::Activation;

mod layers;

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
        let mut lanes = Lanes::of(right, angle);
        let mut kernels = lanes.take(self, left);
        kernels.next().expect("one pair")
    }

    /// The kernels of a point with many, in their order: from the products of their coordinates, and from the points themselves where that loses digits.
    fn row(
        &self,
        (x, left): (ArrayView1<f64>, f64),
        (others, variances): (ArrayView2<f64>, &[f64]),
        products: ArrayView1<f64>,
        mut write: impl FnMut(usize, Kernels),
    ) {
        let scale = self.weight_std * self.weight_std / x.len() as f64;
        let mut lanes = Lanes::new();
        for (chunk, rights) in variances.chunks(LANES).enumerate() {
            let first = chunk * LANES;
            for (j, &right) in rights.iter().enumerate() {
                lanes.push(right, scale * products[first + j]);
            }
            if lanes.find_angles(left, NEAR) {
                for j in 0..rights.len() {
                    if lanes.is_near(j, NEAR) {
                        lanes.set_angle(j, Angle::exact(x, others.row(first + j)));
                    }
                }
            }
            for (j, kernels) in lanes.take(self, left).enumerate() {
                write(first + j, kernels);
            }
        }
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
                let after = (others.slice(s![i + 1.., ..]), &variances[first + i + 1..]);
                self.row((own.row(i), left), after, products.slice(s![i, i + 1..]), |j, kernels| {
                    out[(i, first + i + 1 + j)] = round(kernels.get(kind));
                });
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
            for (i, mut out) in out.outer_iter_mut().enumerate() {
                self.row((own.row(i), left[first + i]), (y, &right), products.row(i), |j, kernels| {
                    out[j] = kernels.get(kind);
                });
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
                let mut sum = 0.0;
                self.row((rows.row(i), left[first + i]), (y, &right), products, |j, kernels| {
                    sum += kernels.get(kind) * v[j];
                });
                sum
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
}
