//! Signals that are sums of Gaussians, and group layers whose integrals over the plane are closed.
//!
//! f(x) = Σ a exp(−½ (x − μ)ᵀ C⁻¹ (x − μ)), with an affine map acting exactly: μ ↦ hμ + y, C ↦ hChᵀ. Lifting with a Gaussian kernel and a group convolution with
//! a kernel (Gaussian in space) × (a bump of compact support on the group) are again such sums at every group element, so that only the integral over the group is sampled.

use crate::haar::Samples;
use crate::matrix::{Matrix, apply2, determinant2, inverse2, product, transpose};
use crate::polar::Polar2;

/// a exp(−½ (x − μ)ᵀ C⁻¹ (x − μ)).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaussian {
    /// a.
    pub height: f64,
    /// μ.
    pub mean: [f64; 2],
    /// C.
    pub covariance: Matrix<2>,
}

impl Gaussian {
    /// A round one of a width.
    pub fn round(height: f64, mean: [f64; 2], width: f64) -> Self {
        Self { height, mean, covariance: [[width * width, 0.0], [0.0, width * width]] }
    }

    /// Its value.
    pub fn at(&self, x: [f64; 2]) -> f64 {
        let d = [x[0] - self.mean[0], x[1] - self.mean[1]];
        let solved = apply2(&inverse2(&self.covariance), d);
        self.height * (-0.5 * (d[0] * solved[0] + d[1] * solved[1])).exp()
    }

    /// x ↦ f(h⁻¹(x − y)).
    pub fn moved(&self, h: &Matrix<2>, y: [f64; 2]) -> Self {
        let mean = apply2(h, self.mean);
        Self {
            height: self.height,
            mean: [mean[0] + y[0], mean[1] + y[1]],
            covariance: product(&product(h, &self.covariance), &transpose(h)),
        }
    }

    /// ∫ f(x̃) exp(−½ (x̃ − m)ᵀ D⁻¹ (x̃ − m)) dx̃ as a function of m: a Gaussian with covariance C + D.
    fn smoothed(&self, d: &Matrix<2>) -> Self {
        let sum = add(&self.covariance, d);
        let factor = determinant2(&self.covariance) * determinant2(d) / determinant2(&sum);
        Self { height: self.height * std::f64::consts::TAU * factor.sqrt(), mean: self.mean, covariance: sum }
    }
}

fn add(a: &Matrix<2>, b: &Matrix<2>) -> Matrix<2> {
    std::array::from_fn(|i| std::array::from_fn(|j| a[i][j] + b[i][j]))
}

/// A sum of Gaussians moved by an affine map.
pub fn moved(signal: &[Gaussian], h: &Matrix<2>, y: [f64; 2]) -> Vec<Gaussian> {
    signal.iter().map(|part| part.moved(h, y)).collect()
}

/// The two kernels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kernels {
    /// Centre and width of the lifting kernel.
    pub lift: ([f64; 2], f64),
    /// Centre and width in space of the second kernel.
    pub space: ([f64; 2], f64),
    /// T₀: its support on the group is t < T₀.
    pub support: f64,
    /// And |s| < this for GL⁺; zero for SL(2).
    pub scale_support: f64,
}

/// Samples as matrices, with their weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared(pub Vec<(Matrix<2>, f64)>);

impl Prepared {
    /// Those of a set.
    pub fn of(samples: &Samples) -> Self {
        let matrices = samples.elements.iter().map(Polar2::matrix);
        Self(matrices.zip(samples.weights.iter().copied()).collect())
    }

    /// The same set moved by g from the left: samples on the orbit of a point.
    pub fn moved(&self, g: &Matrix<2>) -> Self {
        Self(self.0.iter().map(|(sample, weight)| (product(g, sample), *weight)).collect())
    }
}

/// exp(1 − 1/(1 − u²)): smooth, one at 0, zero from 1 on.
fn bump(u: f64) -> f64 {
    if u.abs() < 1.0 { (1.0 - 1.0 / (1.0 - u * u)).exp() } else { 0.0 }
}

impl Kernels {
    /// The second kernel's factor on the group.
    pub fn on_group(&self, h: &Polar2) -> f64 {
        let scale = if self.scale_support > 0.0 { bump(h.scale / self.scale_support) } else { 1.0 };
        let turn = 1.0 + 0.5 * h.angle.cos() + 0.3 * (2.0 * h.angle).sin();
        bump(h.squeeze / self.support) * scale * turn
    }

    /// Two layers at (x, g): the lift F(x̃, g̃) = |g̃|⁻¹ ∫ f(x') k(g̃⁻¹(x' − x̃)) dx', then the convolution Σ_j w_j |g̃_j|⁻¹ ∫ F(x̃, g̃_j) k(g⁻¹(x̃ − x), g⁻¹g̃_j) dx̃ over samples of the group.
    pub fn convolved(&self, signal: &[Gaussian], samples: &Prepared, x: [f64; 2], g: &Matrix<2>) -> f64 {
        let matrix = *g;
        let inverse = inverse2(&matrix);
        let space = widened(&matrix, self.space.1);
        let offset = apply2(&matrix, self.space.0);
        let mut sum = 0.0;
        for (sample, weight) in &samples.0 {
            let sample = *sample;
            let relative = product(&inverse, &sample);
            // t alone decides on most samples: |h|² = 2 det h cosh 2t.
            let square: f64 = relative.iter().flatten().map(|entry| entry * entry).sum();
            if square >= 2.0 * determinant2(&relative) * (2.0 * self.support).cosh() {
                continue;
            }
            let Ok(h) = Polar2::of(&relative) else { continue };
            let on_group = self.on_group(&h);
            if on_group == 0.0 {
                continue;
            }
            let size = determinant2(&sample);
            let lift = widened(&sample, self.lift.1);
            let shift = apply2(&sample, self.lift.0);
            let at = [x[0] + offset[0] + shift[0], x[1] + offset[1] + shift[1]];
            let inside: f64 = signal.iter().map(|part| part.smoothed(&lift).smoothed(&space).at(at)).sum();
            sum += weight * on_group * inside / (size * size);
        }
        sum
    }
}

/// w² g gᵀ.
fn widened(g: &Matrix<2>, width: f64) -> Matrix<2> {
    let square = product(g, &transpose(g));
    square.map(|row| row.map(|entry| entry * width * width))
}
