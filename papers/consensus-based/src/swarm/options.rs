//! Settings of a swarm, and what they say about its growth.

use crate::consensus::Refusal;

/// How a particle is shaken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// By its distance from the consensus, alike in all directions.
    Isotropic,
    /// In each coordinate by the distance in that coordinate, which does not grow harder with the dimension.
    Anisotropic,
}

/// The inverse temperature α.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Temperature {
    /// α itself, in [0, ∞].
    Alpha(f64),
    /// The α of each step at which this share of the particles, in (0, 1), counts.
    EffectiveShare(f64),
}

/// What to do where the objective is NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undefined {
    /// Refuse, with the particle and its place.
    Refuse,
    /// Take the point for infeasible.
    Infeasible,
}

/// Settings of a swarm.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// N, at least 1.
    pub particles: usize,
    /// Δt > 0.
    pub step: f64,
    /// λ ≥ 0.
    pub drift: f64,
    /// σ ≥ 0.
    pub noise: f64,
    /// Its shape.
    pub shape: Noise,
    /// α.
    pub temperature: Temperature,
    /// What a coordinate is kept in, by projection.
    pub bounds: Option<(f64, f64)>,
    /// Where the objective is NaN.
    pub undefined: Undefined,
}

impl Default for Options {
    /// Ours, not the paper's: strong anisotropic noise, which a swarm survives in any dimension.
    fn default() -> Self {
        Self {
            particles: 200,
            step: 0.02,
            drift: 1.0,
            noise: 5.0,
            shape: Noise::Anisotropic,
            temperature: Temperature::Alpha(1e5),
            bounds: None,
            undefined: Undefined::Refuse,
        }
    }
}

impl Options {
    /// The parameters of Figure 1(b), as the authors' script has them.
    pub fn of_figure_1b() -> Self {
        Self {
            particles: 200,
            step: 0.01,
            drift: 1.0,
            noise: 1.6,
            shape: Noise::Isotropic,
            temperature: Temperature::Alpha(100.0),
            ..Self::default()
        }
    }

    /// The factor of E|X − c|² in a step with the consensus c held fixed: (1 − λΔt)² + dσ²Δt for isotropic noise, without d for anisotropic. Above 1 the
    /// swarm's variance grows without bound.
    pub fn mean_square_factor(&self, dimension: usize) -> f64 {
        let directions = if self.shape == Noise::Isotropic { dimension as f64 } else { 1.0 };
        (1.0 - self.drift * self.step).powi(2) + directions * self.noise * self.noise * self.step
    }

    /// The drift of ln|X − c| per unit of time with c held fixed, as Δt → 0: −λ + (d − 2)σ²/2, or −λ − σ²/2 in each coordinate. Below 0 almost every
    /// particle ends in c, also where the variance grows.
    pub fn logarithmic_drift(&self, dimension: usize) -> f64 {
        let directions = if self.shape == Noise::Isotropic { dimension as f64 - 2.0 } else { -1.0 };
        -self.drift + directions * self.noise * self.noise / 2.0
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        let setting = |name, expected, found| Err(Refusal::Setting { name, expected, found });
        if self.particles == 0 {
            return setting("particles", "at least 1", 0.0);
        }
        if !(self.step > 0.0 && self.step.is_finite()) {
            return setting("step", "a positive number", self.step);
        }
        for (name, value) in [("drift", self.drift), ("noise", self.noise)] {
            if !(value >= 0.0 && value.is_finite()) {
                return setting(name, "a number of at least 0", value);
            }
        }
        match (self.temperature, self.bounds) {
            (Temperature::Alpha(alpha), _) if alpha.is_nan() || alpha < 0.0 => {
                setting("alpha", "a number of at least 0", alpha)
            }
            (Temperature::EffectiveShare(share), _) if !(share > 0.0 && share < 1.0) => {
                setting("share of effective particles", "a number between 0 and 1", share)
            }
            (_, Some((low, high))) if low.is_nan() || high.is_nan() || low >= high => {
                setting("bounds", "the lower below the upper", low)
            }
            _ => Ok(()),
        }
    }
}
