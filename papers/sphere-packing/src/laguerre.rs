//! Laguerre polynomials ℓ_k(x) = L_k^{n/2−1}(x) / L_k^{n/2−1}(0), the radial functions that the Fourier transform keeps.
//!
//! On ℝⁿ, ℓ_k(2π|x|²) e^(−π|x|²) is its own transform times (−1)^k.

use crate::scalar::Scalar;

/// ℓ_0(x)…ℓ_degree(x) for dimension n.
pub fn values<T: Scalar>(dimension: usize, degree: usize, x: T) -> Vec<T> {
    Recurrence::new(dimension, degree).values_and_derivatives(x).0
}

/// The three-term recurrence up to a degree, with its divisions done once for all x: a reciprocal of a thousand bits costs more than ten products.
pub struct Recurrence<T> {
    half: T,
    /// 1/(k + n/2).
    reciprocals: Vec<T>,
}

impl<T: Scalar> Recurrence<T> {
    /// For dimension n and k up to `degree`.
    pub fn new(dimension: usize, degree: usize) -> Self {
        let half = T::from_f64(dimension as f64 / 2.0);
        let reciprocals = (0..degree).map(|k| T::one() / (T::from_f64(k as f64) + half)).collect();
        Self { half, reciprocals }
    }

    /// ℓ_0(x)…ℓ_degree(x) and their derivatives. 6 multiplications a degree, two of them by small integers.
    pub fn values_and_derivatives(&self, x: T) -> (Vec<T>, Vec<T>) {
        let mut values = vec![T::one()];
        let mut derivatives = vec![T::zero()];
        let mut previous = (T::zero(), T::zero());
        for (k, reciprocal) in self.reciprocals.iter().enumerate() {
            let order = T::from_f64(k as f64);
            let factor = order.times_power_of_two(1) + self.half - x;
            let value = (factor * values[k] - order * previous.0) * *reciprocal;
            let derivative = (factor * derivatives[k] - values[k] - order * previous.1) * *reciprocal;
            previous = (values[k], derivatives[k]);
            values.push(value);
            derivatives.push(derivative);
        }
        (values, derivatives)
    }
}
