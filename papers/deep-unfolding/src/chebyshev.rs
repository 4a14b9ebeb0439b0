//! Chebyshev steps: T gradient steps whose product of errors is least on an interval of curvatures.

/// 1/g_k = (l₁ + l₀)/2 + ((l₁ − l₀)/2) cos((2k + 1)π/(2T)), k = 0, …, T − 1, on [l₀, l₁], from the shortest step to the longest.
///
/// The errors of gradient descent on a quadratic with eigenvalues in [l₀, l₁] shrink in T steps by 1/cosh(T arccosh((l₁ + l₀)/(l₁ − l₀))), the least that any T steps guarantee. `None` unless 0 < l₀ < l₁ are finite.
pub fn chebyshev_steps(least: f64, largest: f64, depth: usize) -> Option<Vec<f64>> {
    if !(least > 0.0 && least < largest && largest.is_finite()) {
        return None;
    }
    let (center, radius) = (f64::midpoint(largest, least), (largest - least) / 2.0);
    let angle = |k: usize| (2 * k + 1) as f64 * std::f64::consts::PI / (2 * depth) as f64;
    Some((0..depth).map(|k| 1.0 / (center + radius * angle(k).cos())).collect())
}

/// The factor by which T Chebyshev steps shrink an error at the curvature that they treat worst.
pub fn chebyshev_contraction(least: f64, largest: f64, depth: usize) -> f64 {
    1.0 / (depth as f64 * ((largest + least) / (largest - least)).acosh()).cosh()
}

/// Steps in bit-reversed order. Long steps blow up errors at large curvatures until short ones shrink them; mixed like this no product of successive steps grows far, where ascending or descending order loses all digits (Lebedev and Finogenov 1971).
pub fn bit_reversed(steps: &[f64]) -> Vec<f64> {
    let bits = steps.len().next_power_of_two().trailing_zeros();
    let places =
        (0..1_usize << bits).map(|k| if bits == 0 { 0 } else { k.reverse_bits() >> (usize::BITS - bits) });
    places.filter_map(|place| steps.get(place).copied()).collect()
}
