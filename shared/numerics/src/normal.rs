//! The standard normal distribution.

/// Φ(z), the standard normal distribution function.
pub fn distribution(z: f64) -> f64 {
    0.5 * (1.0 + erf(z / std::f64::consts::SQRT_2))
}

/// The standard normal density at z.
pub fn density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
}

/// The error function: its Maclaurin series up to |z| = 3, beyond that a continued fraction of the complement (Abramowitz and Stegun 7.1.6 and
/// 7.1.14). Relative error below 1e-14.
pub fn erf(z: f64) -> f64 {
    let x = z.abs();
    if x < 3.0 {
        // e^(−x²) Σ 2^n x^(2n+1) / (2n+1)!! has positive terms only.
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
        }
        return (std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum).copysign(z);
    }
    if x > 6.0 {
        return 1.0_f64.copysign(z);
    }
    // erfc(x) √π e^(x²) = 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))).
    let mut fraction = 0.0;
    for k in (1..=60).rev() {
        fraction = f64::from(k) / 2.0 / (x + fraction);
    }
    let complement = (-x * x).exp() / std::f64::consts::PI.sqrt() / (x + fraction);
    (1.0 - complement).copysign(z)
}
