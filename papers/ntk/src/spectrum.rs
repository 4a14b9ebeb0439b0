//! Eigenvalues of kernels on the circle and the sphere, where they depend on the angle alone.

use crate::kernel::{Architecture, KernelError, Kind};

/// The Fourier coefficients λ_k = (1/2π) ∫ K(γ) cos(kγ) dγ, k = 0, …, `last`, of the kernel between unit vectors of the plane at angle γ.
///
/// They are the eigenvalues with respect to the uniform law; each but the first belongs to two eigenfunctions. By the trapezoidal rule on `points` angles, whose
/// error is the aliasing Σ_j λ_{j·points ± k}. Cost: points · last.
///
/// # Errors
/// For settings out of range.
pub fn on_circle(
    architecture: &Architecture,
    kind: Kind,
    points: usize,
    last: usize,
) -> Result<Vec<f64>, KernelError> {
    let angles = (0..points).map(|i| 2.0 * std::f64::consts::PI * i as f64 / points as f64);
    let values = angles.map(|angle| architecture.on_sphere(kind, 2, 1.0, angle));
    let values = values.collect::<Result<Vec<f64>, _>>()?;
    let coefficient = |k: usize| {
        // The angle is reduced before the cosine: i k modulo the number of points.
        let cosine = |i: usize| (2.0 * std::f64::consts::PI * (i * k % points) as f64 / points as f64).cos();
        numerics::sum::sum(values.iter().enumerate().map(|(i, value)| value * cosine(i))) / points as f64
    };
    Ok((0..=last).map(coefficient).collect())
}

/// The Legendre coefficients λ_k = (1/2) ∫ K(t) P_k(t) dt over t = cos γ in [−1, 1], for unit vectors of three-dimensional space: the eigenvalue of each of the 2k + 1
/// harmonics of degree k with respect to the uniform law.
///
/// By the midpoint rule in γ, K(cos γ) P_k(cos γ) sin γ dγ, on `points` angles. Cost: points · last.
///
/// # Errors
/// For settings out of range.
pub fn on_sphere(
    architecture: &Architecture,
    kind: Kind,
    points: usize,
    last: usize,
) -> Result<Vec<f64>, KernelError> {
    let mut sums = vec![numerics::sum::Sum::new(); last + 1];
    let step = std::f64::consts::PI / points as f64;
    for i in 0..points {
        let angle = (i as f64 + 0.5) * step;
        let value = architecture.on_sphere(kind, 3, 1.0, angle)?;
        let (cosine, weight) = (angle.cos(), value * angle.sin() * step / 2.0);
        let (mut before, mut legendre) = (0.0, 1.0);
        for (k, sum) in sums.iter_mut().enumerate() {
            sum.add(weight * legendre);
            let k = k as f64;
            (before, legendre) = (legendre, ((2.0 * k + 1.0) * cosine * legendre - k * before) / (k + 1.0));
        }
    }
    Ok(sums.into_iter().map(numerics::sum::Sum::value).collect())
}
