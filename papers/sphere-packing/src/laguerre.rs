//! Laguerre polynomials ℓ_k(x) = L_k^{n/2−1}(x) / L_k^{n/2−1}(0), the radial functions that the Fourier transform keeps.
//!
//! On ℝⁿ, ℓ_k(2π|x|²) e^(−π|x|²) is its own transform times (−1)^k.

use crate::scalar::Scalar;

/// ℓ_0(x)…ℓ_degree(x) for dimension n.
pub fn values<T: Scalar>(dimension: usize, degree: usize, x: T) -> Vec<T> {
    values_and_derivatives(dimension, degree, x).0
}

/// ℓ_0(x)…ℓ_degree(x) and their derivatives, by the three-term recurrence. 6 multiplications a degree.
pub fn values_and_derivatives<T: Scalar>(dimension: usize, degree: usize, x: T) -> (Vec<T>, Vec<T>) {
    let half = T::from_f64(dimension as f64 / 2.0);
    let mut values = vec![T::one()];
    let mut derivatives = vec![T::zero()];
    let mut previous = (T::zero(), T::zero());
    for k in 0..degree {
        let order = T::from_f64(k as f64);
        let factor = order.times_power_of_two(1) + half - x;
        let divisor = T::one() / (order + half);
        let value = (factor * values[k] - order * previous.0) * divisor;
        let derivative = (factor * derivatives[k] - values[k] - order * previous.1) * divisor;
        previous = (values[k], derivatives[k]);
        values.push(value);
        derivatives.push(derivative);
    }
    (values, derivatives)
}
