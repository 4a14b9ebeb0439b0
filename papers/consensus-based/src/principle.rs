//! The Laplace principle with constants (Fornasier, Klock and Riedl 2021, as we state and prove it).
//!
//! Let E* be the minimum, attained at x* alone, and η |x − x*| ≤ (E(x) − E*)^½ (η = 1 for Rastrigin's function). For every r, q > 0 with
//! E_r = sup over |x − x*| ≤ r of E − E*,
//!
//! ```text
//! |x_α(ρ) − x*| ≤ √(q + E_r)/η + exp(−αq)/ρ(|x − x*| ≤ r) · ∫|x − x*| dρ
//! ```
//!
//! Proof: inside the ball of radius √(q + E_r)/η the distance is at most that; outside it E ≥ E* + q + E_r, so weights are at most exp(−α(E* + q + E_r)), while the
//! mass ∫w dρ is at least exp(−α(E* + E_r)) times that of the small ball.

use numerics::normal::{density, distribution};

use crate::curves::Curve;

/// The right-hand side for a curve of least value 0 at 0 with E(t) ≥ η²t² (`growth` = η), ρ = N(mean, deviation²).
pub fn laplace_bound(
    curve: Curve,
    growth: f64,
    (mean, deviation): (f64, f64),
    alpha: f64,
    (r, q): (f64, f64),
) -> f64 {
    // A grid with the ends: the curves in question are largest at the ends of a small ball or on a hump inside.
    let highest =
        (0..=2_000).map(|k| r * f64::from(k) / 1_000.0 - r).map(|t| curve.value(t)).fold(0.0, f64::max);
    let z = mean / deviation;
    let inside = distribution((r - mean) / deviation) - distribution((-r - mean) / deviation);
    let distance = mean * (1.0 - 2.0 * distribution(-z)) + 2.0 * deviation * density(z);
    (q + highest).sqrt() / growth + (-alpha * q).exp() / inside * distance
}
