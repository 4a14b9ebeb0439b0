//! Laplace's prior, mixtures of normal ones (with a narrow component: spike and slab), Student's.

use std::f64::consts::{PI, SQRT_2};

use super::{Prior, Smoothed, global_minimum};

/// A prior that is none.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PriorError {
    /// A scale, variance or degree that is not positive and finite.
    #[error("{name} is {value}, expected a positive number")]
    Positive {
        /// Which.
        name: &'static str,
        /// Found.
        value: f64,
    },
    /// A mean that is NaN or infinite.
    #[error("a mean is {0}, expected a finite number")]
    Mean(f64),
    /// Weights whose sum is not one.
    #[error("weights have the sum {0}, expected 1")]
    Weights(f64),
    /// A mixture without components.
    #[error("a mixture needs a component")]
    Empty,
    /// A covariance that is not positive definite, or sizes that do not fit.
    #[error("component {0}: its mean or covariance does not fit, or the covariance is not positive definite")]
    Component(usize),
}

pub(super) fn positive(name: &'static str, value: f64) -> Result<(), PriorError> {
    if value > 0.0 && value.is_finite() { Ok(()) } else { Err(PriorError::Positive { name, value }) }
}

/// Φ(z), to all digits in the left tail as well.
fn distribution(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// ln Φ(z), also where Φ underflows.
fn log_distribution(z: f64) -> f64 {
    if z > -5.0 {
        return distribution(z).ln();
    }
    // Laplace's continued fraction of Mills' ratio from behind: (1 − Φ(t))/φ(t) = 1/(t + 1/(t + 2/(t + …))).
    let t = -z;
    let fraction = (1..=60).rev().fold(t, |tail, k| t + f64::from(k) / tail);
    -0.5 * t * t - 0.5 * (2.0 * PI).ln() - fraction.ln()
}

/// ln(eᵃ + eᵇ) and the first's share.
fn log_sum(a: f64, b: f64) -> (f64, f64) {
    let log = a.max(b) + (-(a - b).abs()).exp().ln_1p();
    (log, (a - log).exp())
}

/// p = e^{−|x|/b}/(2b).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Laplace {
    scale: f64,
}

impl Laplace {
    /// Of scale b.
    ///
    /// # Errors
    /// b not positive.
    pub fn new(scale: f64) -> Result<Self, PriorError> {
        positive("the scale", scale)?;
        Ok(Self { scale })
    }

    /// ln of the masses of x > 0 and x < 0 under p times noise of deviation τ around m, up to a common factor.
    fn sides(&self, m: f64, tau: f64) -> (f64, f64) {
        let (z, shift) = (m / self.scale, tau * tau / self.scale);
        (log_distribution((m - shift) / tau) - z, log_distribution(-(m + shift) / tau) + z)
    }
}

impl Prior for Laplace {
    fn log_density(&self, x: f64) -> f64 {
        -x.abs() / self.scale - (2.0 * self.scale).ln()
    }

    fn smoothed(&self, m: f64, tau: f64) -> Smoothed {
        let b = self.scale;
        let (right, left) = self.sides(m, tau);
        let (log, share) = log_sum(right, left);
        let slope = (1.0 - 2.0 * share) / b;
        // The density at the kink.
        let z = (m - tau * tau / b) / tau;
        let kink = (-m / b - 0.5 * z * z - 0.5 * (2.0 * PI).ln() - tau.ln() - log).exp();
        let curvature = 1.0 / (b * b) - 2.0 * kink / b - slope * slope;
        Smoothed { log: log + 0.5 * tau * tau / (b * b) - (2.0 * b).ln(), slope, curvature }
    }

    fn posterior_below(&self, y: f64, sigma: f64, x: f64) -> Option<f64> {
        let (right, left) = self.sides(y, sigma);
        let (log, share) = log_sum(right, left);
        let shift = sigma * sigma / self.scale;
        Some(if x < 0.0 {
            (left - log + log_distribution((x - y - shift) / sigma) - log_distribution(-(y + shift) / sigma))
                .exp()
        } else {
            1.0 - share
                * (log_distribution((y - shift - x) / sigma) - log_distribution((y - shift) / sigma)).exp()
        })
    }

    fn map(&self, y: f64, sigma: f64) -> f64 {
        y.signum() * (y.abs() - sigma * sigma / self.scale).max(0.0)
    }

    fn span(&self) -> (f64, f64) {
        (0.0, 0.0)
    }
}

/// Σ wᵢ N(μᵢ, vᵢ).
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    components: Vec<[f64; 3]>,
}

impl Mixture {
    /// Of components (weight, mean, variance).
    ///
    /// # Errors
    /// No component, weights or variances that are not positive, weights whose sum is not one to 10⁻⁹.
    pub fn new(components: Vec<[f64; 3]>) -> Result<Self, PriorError> {
        if components.is_empty() {
            return Err(PriorError::Empty);
        }
        for [weight, mean, variance] in &components {
            if !mean.is_finite() {
                return Err(PriorError::Mean(*mean));
            }
            positive("a weight", *weight)?;
            positive("a variance", *variance)?;
        }
        let sum: f64 = components.iter().map(|component| component[0]).sum();
        if (sum - 1.0).abs() > 1e-9 {
            return Err(PriorError::Weights(sum));
        }
        Ok(Self { components })
    }

    /// The components.
    pub fn components(&self) -> &[[f64; 3]] {
        &self.components
    }

    /// ln of each component's part at m with noise of variance t, and of the sum.
    fn logs(&self, m: f64, t: f64) -> (Vec<f64>, f64) {
        let part = |[weight, mean, variance]: &[f64; 3]| {
            let spread = variance + t;
            weight.ln() - 0.5 * (2.0 * PI * spread).ln() - 0.5 * (m - mean) * (m - mean) / spread
        };
        let logs: Vec<f64> = self.components.iter().map(part).collect();
        let most = logs.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
        let sum = most + logs.iter().map(|log| (log - most).exp()).sum::<f64>().ln();
        (logs, sum)
    }
}

impl Prior for Mixture {
    fn log_density(&self, x: f64) -> f64 {
        self.logs(x, 0.0).1
    }

    fn smoothed(&self, m: f64, tau: f64) -> Smoothed {
        let (logs, log) = self.logs(m, tau * tau);
        let (mut slope, mut second) = (0.0, 0.0);
        for (part, [_, mean, variance]) in logs.iter().zip(&self.components) {
            let (share, spread) = ((part - log).exp(), variance + tau * tau);
            let pull = (mean - m) / spread;
            slope += share * pull;
            second += share * (pull * pull - 1.0 / spread);
        }
        Smoothed { log, slope, curvature: second - slope * slope }
    }

    fn posterior_below(&self, y: f64, sigma: f64, x: f64) -> Option<f64> {
        let (logs, log) = self.logs(y, sigma * sigma);
        let part = |(part, [_, mean, variance]): (&f64, &[f64; 3])| {
            let spread = variance + sigma * sigma;
            let center = mean + variance / spread * (y - mean);
            let deviation = (variance * sigma * sigma / spread).sqrt();
            (part - log).exp() * distribution((x - center) / deviation)
        };
        Some(logs.iter().zip(&self.components).map(part).sum())
    }

    fn map(&self, y: f64, sigma: f64) -> f64 {
        let (from, to) = self.span();
        let narrowest = self.components.iter().fold(f64::INFINITY, |a, component| a.min(component[2])).sqrt();
        let objective = |x: f64| {
            let smoothed = self.smoothed(x, 0.0);
            let away = (x - y) / (sigma * sigma);
            (
                0.5 * away * (x - y) - smoothed.log,
                away - smoothed.slope,
                1.0 / (sigma * sigma) - smoothed.curvature,
            )
        };
        global_minimum(objective, (from.min(y) - sigma, to.max(y) + sigma), 0.25 * narrowest.min(sigma))
    }

    fn span(&self) -> (f64, f64) {
        let means = || self.components.iter().map(|component| component[1]);
        (means().fold(f64::INFINITY, f64::min), means().fold(f64::NEG_INFINITY, f64::max))
    }
}

/// Student's prior of ν degrees of freedom; smoothed by quadrature, so that no denoiser has a closed form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Student {
    degrees: f64,
}

impl Student {
    /// Of ν degrees of freedom.
    ///
    /// # Errors
    /// ν not positive.
    pub fn new(degrees: f64) -> Result<Self, PriorError> {
        positive("the degrees of freedom", degrees)?;
        Ok(Self { degrees })
    }
}

impl Prior for Student {
    fn log_density(&self, x: f64) -> f64 {
        let nu = self.degrees;
        let constant = libm::lgamma(0.5 * (nu + 1.0)) - libm::lgamma(0.5 * nu) - 0.5 * (PI * nu).ln();
        constant - 0.5 * (nu + 1.0) * (x * x / nu).ln_1p()
    }

    fn smoothed(&self, m: f64, tau: f64) -> Smoothed {
        // The trapezoidal rule converges like e^(−2πa/step) with the distance a of the nearest poles, which are at ±i√ν/τ here.
        let step = 0.04 * (self.degrees.sqrt() / tau).min(1.0);
        let last = (9.6 / step).ceil().min(1e6) as i32;
        let (mut zeroth, mut first, mut second) = (0.0, 0.0, 0.0);
        for k in -last..=last {
            let u = step * f64::from(k);
            let weight = (self.log_density(m + tau * u) - 0.5 * u * u).exp();
            zeroth += weight;
            first += weight * u;
            second += weight * u * u;
        }
        let (mean, square) = (first / zeroth, second / zeroth);
        Smoothed {
            log: (zeroth * step).ln() - 0.5 * (2.0 * PI).ln(),
            slope: mean / tau,
            curvature: (square - mean * mean - 1.0) / (tau * tau),
        }
    }

    fn posterior_below(&self, _: f64, _: f64, _: f64) -> Option<f64> {
        None
    }

    fn map(&self, y: f64, sigma: f64) -> f64 {
        let nu = self.degrees;
        let objective = |x: f64| {
            let away = (x - y) / (sigma * sigma);
            let denominator = nu + x * x;
            let curvature = (nu + 1.0) * (nu - x * x) / (denominator * denominator);
            (
                0.5 * away * (x - y) - self.log_density(x),
                away + (nu + 1.0) * x / denominator,
                1.0 / (sigma * sigma) + curvature,
            )
        };
        global_minimum(objective, (y.min(0.0) - sigma, y.max(0.0) + sigma), 0.1 * sigma.min(nu.sqrt()))
    }

    fn span(&self) -> (f64, f64) {
        (0.0, 0.0)
    }
}
