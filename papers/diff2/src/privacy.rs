//! Gaussian differential privacy: what a sequence of Gaussian releases gives away, exactly.
//!
//! A release of a mean with Gaussian noise of z sensitivities cannot be told from its neighbour better than N(0, 1) from N(1/z, 1), whatever
//! was released before. The composition of such releases is one such pair again, N(0, 1) and N(μ, 1) with μ² = Σ 1/z² (Dong, Roth, Su 2022),
//! so its (ε, δ) curve is known in closed form (Balle, Wang 2018) and no bound is lost on the way:
//!
//! δ(ε) = Φ(μ/2 − ε/μ) − e^ε Φ(−μ/2 − ε/μ).
//!
//! Bounds that the literature often uses instead, through Rényi divergences, are in [`ZeroConcentrated`] and [`crate::subsampled`].

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, PI, SQRT_2};

use libm::erfc;
use serde::{Deserialize, Serialize};

/// Why a privacy parameter does not exist.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum PrivacyError {
    /// δ outside of (0, 1).
    #[error("delta is {0}, not between 0 and 1")]
    Delta(f64),
    /// ε negative or not a number.
    #[error("epsilon is {0}, not a number from 0 on")]
    Epsilon(f64),
    /// A noise multiplier that is zero, negative or not a number.
    #[error("the noise multiplier is {0}, not a positive number")]
    Multiplier(f64),
    /// A sampling rate outside of (0, 1].
    #[error("the sampling rate is {0}, not above 0 and up to 1")]
    Rate(f64),
}

/// Standard deviation of the noise over the sensitivity of what it is added to: of the released mean, not of a sum.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct NoiseMultiplier(f64);

impl NoiseMultiplier {
    /// z > 0.
    ///
    /// # Errors
    /// [`PrivacyError::Multiplier`] for anything else.
    pub fn new(z: f64) -> Result<Self, PrivacyError> {
        if z > 0.0 && z.is_finite() { Ok(Self(z)) } else { Err(PrivacyError::Multiplier(z)) }
    }

    /// z.
    pub fn value(self) -> f64 {
        self.0
    }
}

/// μ: the releases are as hard to tell apart as N(0, 1) and N(μ, 1).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Mu(f64);

impl Mu {
    /// μ ≥ 0; what is negative or not a number counts as nothing being protected, μ = ∞.
    pub fn new(mu: f64) -> Self {
        if mu >= 0.0 { Self(mu) } else { Self(f64::INFINITY) }
    }

    /// μ.
    pub fn value(self) -> f64 {
        self.0
    }

    /// The composition of `count` releases of each multiplier, adaptive or not: μ² = Σ count/z².
    pub fn compose(parts: &[(NoiseMultiplier, u64)]) -> Self {
        // 1/z² may overflow where the root of the sum does not.
        Self(parts.iter().fold(0.0_f64, |sum, (z, count)| sum.hypot((*count as f64).sqrt() / z.0)))
    }

    /// The smallest δ at this ε; 0 below 1e-308.
    pub fn delta(self, epsilon: f64) -> f64 {
        self.ln_delta(epsilon).exp()
    }

    /// ln δ, for δ far below what a number holds. Absolute error a few 1e-16 of the larger of 1 and |ln δ|.
    pub fn ln_delta(self, epsilon: f64) -> f64 {
        if self.0 == 0.0 {
            return f64::NEG_INFINITY;
        }
        if self.0 == f64::INFINITY {
            return 0.0;
        }
        let tails = Tails::new(self.0, epsilon);
        tails.ln_scale + tails.difference.ln()
    }

    /// The smallest ε at this δ, 0 if δ is reached without: Newton's method on ln δ within a bracket.
    ///
    /// # Errors
    /// [`PrivacyError::Delta`] if δ is not between 0 and 1.
    pub fn epsilon(self, delta: f64) -> Result<f64, PrivacyError> {
        self.epsilon_of_ln(checked_ln(delta)?)
    }

    fn epsilon_of_ln(self, ln_delta: f64) -> Result<f64, PrivacyError> {
        if self.0 == 0.0 || self.ln_delta(0.0) <= ln_delta {
            return Ok(0.0);
        }
        if self.0 == f64::INFINITY {
            return Ok(f64::INFINITY);
        }
        let upper = ZeroConcentrated::of(self).epsilon_of_ln(ln_delta);
        Ok(root(0.0, upper, upper, |epsilon| {
            let tails = Tails::new(self.0, epsilon);
            let value = tails.ln_scale + tails.difference.ln() - ln_delta;
            // dδ/dε = −e^ε Φ(−μ/2 − ε/μ).
            let slope = match tails.right {
                Some(right) => -right / tails.difference,
                None => -(epsilon - (tails.ln_scale + tails.difference.ln())).exp() * lower_tail(tails.above),
            };
            (-value, -slope)
        }))
    }

    /// The largest μ that gives (ε, δ): what a budget allows.
    ///
    /// # Errors
    /// [`PrivacyError`] if ε is negative or not a number, or δ not between 0 and 1.
    pub fn calibrate(epsilon: f64, delta: f64) -> Result<Self, PrivacyError> {
        if !(epsilon >= 0.0 && epsilon.is_finite()) {
            return Err(PrivacyError::Epsilon(epsilon));
        }
        let target = checked_ln(delta)?;
        let mut low = ZeroConcentrated::calibrate(epsilon, target).0.max(delta);
        // Never above what is allowed: the exact curve lies below the bound, and δ(0) ≤ 0.4 μ.
        while Self(low).ln_delta(epsilon) > target {
            low *= 0.5;
        }
        let mut high = 2.0 * low;
        while Self(high).ln_delta(epsilon) < target {
            (low, high) = (high, 2.0 * high);
        }
        Ok(Self(root(low, high, low, |mu| {
            let tails = Tails::new(mu, epsilon);
            let ln_delta = tails.ln_scale + tails.difference.ln();
            // dδ/dμ = φ(μ/2 − ε/μ).
            let ln_density = -0.5 * tails.below * tails.below - 0.5 * (2.0 * PI).ln();
            (ln_delta - target, (ln_density - ln_delta).exp())
        })))
    }
}

fn checked_ln(delta: f64) -> Result<f64, PrivacyError> {
    if delta > 0.0 && delta < 1.0 { Ok(delta.ln()) } else { Err(PrivacyError::Delta(delta)) }
}

/// The zero of an increasing function between two points, given with its derivative: Newton's steps where they stay inside, halving otherwise.
fn root(mut low: f64, mut high: f64, start: f64, of: impl Fn(f64) -> (f64, f64)) -> f64 {
    let mut at = start;
    for _ in 0..200 {
        let (value, slope) = of(at);
        if value == 0.0 {
            return at;
        }
        if value < 0.0 {
            low = at;
        } else {
            high = at;
        }
        let newton = at - value / slope;
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        if (next - at).abs() <= 2.0 * f64::EPSILON * next.abs() || next == low && next == high {
            return next;
        }
        at = next;
    }
    at
}

/// Φ(−x).
fn lower_tail(x: f64) -> f64 {
    0.5 * erfc(x * FRAC_1_SQRT_2)
}

/// e^(x²) erfc(x), to a few 1e-16 from −26 on.
fn erfcx(x: f64) -> f64 {
    if x < 25.0 {
        let square = x * x;
        // What rounding took from the square.
        let rest = x.mul_add(x, -square);
        return square.exp() * erfc(x) * (1.0 + rest);
    }
    // 1 − 1/(2x²) + 3/(4x⁴) − …, over x√π.
    let step = 0.5 / (x * x);
    let series = (1..6).rev().fold(1.0, |sum, n| 1.0 - step * f64::from(2 * n - 1) * sum);
    0.5 * FRAC_2_SQRT_PI * series / x
}

/// δ as e^scale times a difference that neither overflows nor cancels.
struct Tails {
    ln_scale: f64,
    difference: f64,
    /// The second term of the difference, if the first lies in the tail too.
    right: Option<f64>,
    /// ε/μ − μ/2.
    below: f64,
    /// ε/μ + μ/2.
    above: f64,
}

impl Tails {
    fn new(mu: f64, epsilon: f64) -> Self {
        let (below, above) = (epsilon / mu - 0.5 * mu, epsilon / mu + 0.5 * mu);
        // e^ε Φ(−above) = e^(−below²/2) erfcx(above/√2)/2, as above² − below² = 2ε.
        let (a, b) = (below * FRAC_1_SQRT_2, above * FRAC_1_SQRT_2);
        let width = mu * FRAC_1_SQRT_2;
        let near = width < 0.5 * a.abs().max(1.0);
        if below < 0.0 && !near {
            let difference = lower_tail(below) - 0.5 * erfcx(b) * (-a * a).exp();
            return Self { ln_scale: 0.0, difference, right: None, below, above };
        }
        let difference = if near { integral_of_slope(a, width) } else { erfcx(a) - erfcx(b) };
        Self { ln_scale: -a * a - 2.0_f64.ln(), difference, right: Some(erfcx(b)), below, above }
    }
}

/// erfcx(a) − erfcx(a + width) as ∫ −erfcx′, by Gauss's rule of ten points, without cancellation.
fn integral_of_slope(a: f64, width: f64) -> f64 {
    const POINTS: [(f64, f64); 5] = [
        (0.148_874_338_981_631_21, 0.295_524_224_714_752_87),
        (0.433_395_394_129_247_2, 0.269_266_719_309_996_36),
        (0.679_409_568_299_024_4, 0.219_086_362_515_982_04),
        (0.865_063_366_688_984_5, 0.149_451_349_150_580_6),
        (0.973_906_528_517_171_7, 0.066_671_344_308_688_14),
    ];
    let (half, middle) = (0.5 * width, a + 0.5 * width);
    let values =
        POINTS.iter().map(|(x, weight)| weight * (slope(middle + half * x) + slope(middle - half * x)));
    half * values.sum::<f64>()
}

/// −erfcx′(x) = 2/√π − 2x erfcx(x); far out by the asymptotic series of √π x erfcx(x), whose leading 1 cancels.
fn slope(x: f64) -> f64 {
    if x < 7.0 {
        return FRAC_2_SQRT_PI - 2.0 * x * erfcx(x);
    }
    let step = 0.5 / (x * x);
    let (mut term, mut sum) = (1.0, 0.0);
    for n in 0..20 {
        term *= -step * f64::from(2 * n + 1);
        sum -= term;
        if term.abs() < 1e-17 * sum {
            break;
        }
    }
    FRAC_2_SQRT_PI * sum
}

/// ρ of zero-concentrated privacy, whose Rényi divergences are αρ: what the paper's accounting and many packages work with. Upper bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZeroConcentrated(f64);

impl ZeroConcentrated {
    /// ρ = μ²/2.
    pub fn of(mu: Mu) -> Self {
        Self(0.5 * mu.0 * mu.0)
    }

    /// ρ.
    pub fn rho(self) -> f64 {
        self.0
    }

    /// ρ + 2√(ρ ln(1/δ)) (Bun, Steinke 2016).
    ///
    /// # Errors
    /// [`PrivacyError::Delta`] if δ is not between 0 and 1.
    pub fn classic_epsilon(self, delta: f64) -> Result<f64, PrivacyError> {
        Ok(self.epsilon_of_ln(checked_ln(delta)?))
    }

    fn epsilon_of_ln(self, ln_delta: f64) -> f64 {
        self.0 + 2.0 * (-self.0 * ln_delta).sqrt()
    }

    /// The smallest over real orders α of αρ + ln(1 − 1/α) − (ln δ + ln α)/(α − 1) (Canonne, Kamath, Steinke 2020).
    ///
    /// # Errors
    /// [`PrivacyError::Delta`] if δ is not between 0 and 1.
    pub fn improved_epsilon(self, delta: f64) -> Result<f64, PrivacyError> {
        let ln_delta = checked_ln(delta)?;
        if self.0 == 0.0 || self.0 == f64::INFINITY {
            return Ok(self.0);
        }
        let bound = |ln_excess: f64| converted(ln_excess.exp(), (1.0 + ln_excess.exp()) * self.0, ln_delta);
        // The minimum lies near the classic order 1 + √(ln(1/δ)/ρ).
        let center = 0.5 * (-ln_delta / self.0).ln();
        Ok(golden(center - 4.0, center + 4.0, bound).1.max(0.0))
    }

    /// The μ that the classic bound allows.
    fn calibrate(epsilon: f64, ln_delta: f64) -> Mu {
        // √ρ = √(ln(1/δ) + ε) − √ln(1/δ), written without cancellation.
        let root = epsilon / ((epsilon - ln_delta).sqrt() + (-ln_delta).sqrt());
        Mu(SQRT_2 * root)
    }

    /// The μ that the classic bound allows at (ε, δ): the price of that bound is the ratio of [`Mu::calibrate`] to it.
    ///
    /// # Errors
    /// [`PrivacyError`] as [`Mu::calibrate`].
    pub fn classic_budget(epsilon: f64, delta: f64) -> Result<Mu, PrivacyError> {
        if !(epsilon >= 0.0 && epsilon.is_finite()) {
            return Err(PrivacyError::Epsilon(epsilon));
        }
        Ok(Self::calibrate(epsilon, checked_ln(delta)?))
    }
}

/// ε of a Rényi divergence at order α = 1 + `excess`.
pub(crate) fn converted(excess: f64, divergence: f64, ln_delta: f64) -> f64 {
    // ln(1 − 1/α) = −ln(1 + 1/(α − 1)), exact for orders near one, where 1 − 1/α rounds.
    divergence - (1.0 / excess).ln_1p() - (ln_delta + excess.ln_1p()) / excess
}

/// The smallest value of a function with one valley, and where.
pub(crate) fn golden(mut low: f64, mut high: f64, of: impl Fn(f64) -> f64) -> (f64, f64) {
    let share = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut left, mut right) = (high - share * (high - low), low + share * (high - low));
    let (mut at_left, mut at_right) = (of(left), of(right));
    for _ in 0..60 {
        if at_left < at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - share * (high - low);
            at_left = of(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + share * (high - low);
            at_right = of(right);
        }
    }
    if at_left < at_right { (left, at_left) } else { (right, at_right) }
}
