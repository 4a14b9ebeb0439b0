//! The q-Gaussian distribution in m dimensions: it maximises Tsallis' entropy S_q = (1 − ∫ p^q)/(q − 1) under a mean and a covariance of the escort density p^q/∫p^q.

/// ln Γ(a + b) − ln Γ(a) for large a without cancellation: a Stirling series beyond 10⁶.
fn log_gamma_ratio(a: f64, b: f64) -> f64 {
    if a < 1e6 {
        return libm::lgamma(a + b) - libm::lgamma(a);
    }
    // (a + b − ½) ln(a + b) − (a − ½) ln a − b + 1/(12(a + b)) − 1/(12a).
    (a + b - 0.5) * (b / a).ln_1p() + b * a.ln() - b + 1.0 / (12.0 * (a + b)) - 1.0 / (12.0 * a)
}

/// ln p at squared Mahalanobis distance d, for scatter of determinant e^`log_determinant` and q < 1 + 2/m: −∞ outside the compact support of q < 1, NaN for other q.
pub fn log_density(q: f64, m: usize, distance: f64, log_determinant: f64) -> f64 {
    let m = m as f64;
    let pi = std::f64::consts::PI;
    if q == 1.0 {
        return -0.5 * (m * (2.0 * pi).ln() + log_determinant + distance);
    }
    if q > 1.0 {
        let nu = 2.0 / (q - 1.0) - m;
        return if nu > 0.0 { log_student(nu, m, distance, log_determinant) } else { f64::NAN };
    }
    let k = 2.0 / (1.0 - q) + m;
    let rest = 1.0 - distance / k;
    if rest <= 0.0 {
        return f64::NEG_INFINITY;
    }
    // Γ(1/(1−q) + 1 + m/2)/Γ(1/(1−q) + 1), the normalisation of (1 − d/K)^(1/(1−q)).
    let power = 1.0 / (1.0 - q);
    log_gamma_ratio(power + 1.0, 0.5 * m) - 0.5 * (m * (k * pi).ln() + log_determinant)
        + power * (-distance / k).ln_1p()
}

/// ln of Student's t density with ν degrees of freedom.
pub fn log_student(nu: f64, m: f64, distance: f64, log_determinant: f64) -> f64 {
    log_gamma_ratio(0.5 * nu, 0.5 * m)
        - 0.5 * (m * (nu * std::f64::consts::PI).ln() + log_determinant)
        - 0.5 * (nu + m) * (distance / nu).ln_1p()
}
