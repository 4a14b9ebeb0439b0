//! Priors of one dimension with exact denoisers: what every loss's best network is, at every γ.
//!
//! With y = x + σe, p_τ the prior smoothed by noise of deviation τ and D_τ(m) = m + τ² (ln p_τ)′(m) its posterior mean:
//!
//! ```text
//! τ² = σ²γ²/(γ² + 2σ²),    f_γ = D_τ ∘ prox of −(σ² − τ²) ln p_τ,    R_γ(D_τ(m)) = (σ²/τ²)[−τ² ln p_τ(m) − (m − D_τ(m))²/2]
//! ```
//!
//! is the minimiser of proximal matching at γ and its regulariser: for γ → 0 the mode of the posterior and −σ² ln p, for γ → ∞ the posterior mean. The proof: a product of two normal densities in x is one of variance τ² around m = τ²(y/σ² + 2z/γ²);
//! the smoothed posterior is stationary in z where z = D_τ(m), and z eliminated m = y + (σ² − τ²)(ln p_τ)′(m).

mod families;
mod global;
mod planar;

pub use families::{Laplace, Mixture, PriorError, Student};
pub use global::global_minimum;
pub use planar::GaussianMixture;

/// ln p_τ at a point with two derivatives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Smoothed {
    /// ln p_τ.
    pub log: f64,
    /// Its derivative.
    pub slope: f64,
    /// Its second derivative.
    pub curvature: f64,
}

/// The minimiser of proximal matching, and its regulariser there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Matched {
    /// f_γ(y).
    pub value: f64,
    /// R_γ(f_γ(y)), up to the constant of all.
    pub regulariser: f64,
    /// m.
    pub center: f64,
}

/// τ.
pub fn smoothing(sigma: f64, gamma: f64) -> f64 {
    // In ratios, so that no square overflows.
    sigma / 1.0_f64.hypot(std::f64::consts::SQRT_2 * sigma / gamma)
}

/// σ² − τ² = 2σ⁴/(γ² + 2σ²), without the cancellation at large γ.
pub(crate) fn remaining(sigma: f64, gamma: f64) -> f64 {
    let ratio = gamma / sigma;
    2.0 * sigma * sigma / (ratio * ratio + 2.0)
}

/// A prior of one dimension.
pub trait Prior: Sync {
    /// ln p.
    fn log_density(&self, x: f64) -> f64;
    /// ln p_τ with derivatives, τ > 0.
    fn smoothed(&self, m: f64, tau: f64) -> Smoothed;
    /// P(x′ ≤ x | y); `None` where there is no closed form.
    fn posterior_below(&self, y: f64, sigma: f64, x: f64) -> Option<f64>;
    /// The posterior's mode.
    fn map(&self, y: f64, sigma: f64) -> f64;
    /// An interval that holds all modes of the prior.
    fn span(&self) -> (f64, f64);

    /// The posterior mean, D_σ(y).
    fn mmse(&self, y: f64, sigma: f64) -> f64 {
        y + sigma * sigma * self.smoothed(y, sigma).slope
    }

    /// R of the posterior mean at its output: −σ² ln p_σ(y) − (y − D_σ(y))²/2.
    fn mmse_regulariser(&self, y: f64, sigma: f64) -> f64 {
        let smoothed = self.smoothed(y, sigma);
        let moved = sigma * sigma * smoothed.slope;
        -sigma * sigma * smoothed.log - 0.5 * moved * moved
    }

    /// The posterior median, by bisection to rounding.
    fn median(&self, y: f64, sigma: f64) -> Option<f64> {
        let (mut low, mut high) = (y - 40.0 * sigma, y + 40.0 * sigma);
        let (from, to) = self.span();
        (low, high) = (low.min(from), high.max(to));
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if self.posterior_below(y, sigma, middle)? < 0.5 {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(0.5 * (low + high))
    }

    /// The minimiser of proximal matching by the theorem: one global minimisation in m.
    fn matched(&self, y: f64, sigma: f64, gamma: f64) -> Matched {
        let tau = smoothing(sigma, gamma);
        let rest = remaining(sigma, gamma);
        if rest < 1e-13 * sigma * sigma {
            // A posterior mean to rounding.
            let (value, regulariser) = (self.mmse(y, sigma), self.mmse_regulariser(y, sigma));
            return Matched { value, regulariser, center: y };
        }
        let (from, to) = self.span();
        let (low, high) = (from.min(y) - sigma, to.max(y) + sigma);
        let objective = |m: f64| {
            let smoothed = self.smoothed(m, tau);
            let away = (m - y) / rest;
            (0.5 * away * (m - y) - smoothed.log, away - smoothed.slope, 1.0 / rest - smoothed.curvature)
        };
        let center = global_minimum(objective, (low, high), 0.5 * tau.min(rest.sqrt()));
        let smoothed = self.smoothed(center, tau);
        let moved = tau * tau * smoothed.slope;
        let regulariser = sigma * sigma / (tau * tau) * (-tau * tau * smoothed.log - 0.5 * moved * moved);
        Matched { value: center + moved, regulariser, center }
    }
}
