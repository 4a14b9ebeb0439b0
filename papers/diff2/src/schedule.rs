//! How many rounds, restarts and how much noise: from a bound with all constants, which needs no data.
//!
//! Let losses be L-smooth with gradients up to C₁, C₂ ≥ L, and Δ₀ = f(x₀) − inf f. Noise has deviation s₁ = z₁C₁κ/N at restarts and s₂|x_r − x_{r−1}|
//! with s₂ = z₂C₂κ/N at other rounds; κ is 1 or 2 by [`Adjacency`]. If η ≤ 1/(2L) and 2(T − 1)d s₂²η² ≤ 1, then
//!
//! (1/R) Σ E|∇f(x_r)|² ≤ 2Δ₀/(ηR) + d s₁².
//!
//! The descent lemma gives f(x_{r+1}) ≤ f(x_r) − η/2|∇f|² − (η/2)(1 − Lη)|v|² + η/2|e|², an error within a segment is E|e_r|² = d s₁² + d s₂²η² Σ E|v_s|²,
//! and summed over the segment the last term is absorbed. Inserting the noise of a budget gives the paper's rate d^{2/3}/(Nε)^{4/3}. The bound is derived here; the paper's own constants are not known to us.

use serde::{Deserialize, Serialize};

use crate::privacy::{Mu, NoiseMultiplier, PrivacyError};

/// Which data sets must not be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adjacency {
    /// One record replaced by another: a mean moves by twice the radius over N.
    Replace,
    /// One record's contribution left out, the count N being public: once.
    ZeroOut,
}

impl Adjacency {
    /// κ.
    pub fn factor(self) -> f64 {
        match self {
            Self::Replace => 2.0,
            Self::ZeroOut => 1.0,
        }
    }
}

/// R rounds, a restart every T, and the share φ of the budget μ² that restarts take.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rounds {
    /// R ≥ 1.
    pub rounds: u64,
    /// T ≥ 1.
    pub restart: u64,
    /// φ in (0, 1); without differences all goes to restarts.
    pub share: f64,
}

impl Rounds {
    /// R₁ = ⌈R/T⌉ restarts and R₂ = R − R₁ other rounds.
    pub fn counts(&self) -> (u64, u64) {
        let restarts = self.rounds.div_ceil(self.restart.max(1));
        (restarts, self.rounds - restarts)
    }

    /// z₁ = √(R₁/φ)/μ and z₂ = √(R₂/(1 − φ))/μ, which together spend μ exactly.
    ///
    /// # Errors
    /// [`PrivacyError::Multiplier`] if μ or φ make one that is no positive number.
    pub fn multipliers(&self, mu: Mu) -> Result<[NoiseMultiplier; 2], PrivacyError> {
        let (restarts, others) = self.counts();
        let share = if others == 0 { 1.0 } else { self.share };
        let full = NoiseMultiplier::new((restarts as f64 / share).sqrt() / mu.value())?;
        let difference = match others {
            0 => full,
            _ => NoiseMultiplier::new((others as f64 / (1.0 - share)).sqrt() / mu.value())?,
        };
        Ok([full, difference])
    }
}

/// What the bound depends on, all of it public.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constants {
    /// L.
    pub smoothness: f64,
    /// Δ₀.
    pub gap: f64,
    /// C₁.
    pub clip_gradient: f64,
    /// C₂.
    pub clip_difference: f64,
    /// d.
    pub dimension: f64,
    /// N/κ.
    pub records: f64,
    /// μ.
    pub mu: Mu,
}

/// Rounds with a step and the bound that they have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// R, T, φ.
    pub rounds: Rounds,
    /// η.
    pub step: f64,
    /// The bound of the mean squared gradient.
    pub bound: f64,
}

impl Constants {
    /// (s₁, s₂): deviations of a coordinate's noise, at restarts and for each unit of distance.
    pub fn deviations(&self, rounds: &Rounds) -> (f64, f64) {
        let (restarts, others) = rounds.counts();
        let share = if others == 0 { 1.0 } else { rounds.share };
        let full = (restarts as f64 / share).sqrt() / self.mu.value();
        let difference = (others as f64 / (1.0 - share).max(f64::MIN_POSITIVE)).sqrt() / self.mu.value();
        (full * self.clip_gradient / self.records, difference * self.clip_difference / self.records)
    }

    /// The largest step that the bound allows for these rounds, and the bound.
    pub fn bounded(&self, rounds: Rounds) -> Schedule {
        let (s1, s2) = self.deviations(&rounds);
        let longest = 0.5 / self.smoothness;
        let within = (2.0 * (rounds.restart - 1) as f64 * self.dimension).sqrt() * s2;
        let step = if within > 0.0 { longest.min(1.0 / within) } else { longest };
        let bound = 2.0 * self.gap / (step * rounds.rounds as f64) + self.dimension * s1 * s1;
        Schedule { rounds, step, bound }
    }

    /// The fewest rounds, up to `most`, whose bound is within 1 % of the best one, φ = 1/2. Looks at no data.
    pub fn schedule(&self, most: u64) -> Schedule {
        let best_at = |rounds: u64| {
            let candidates = ladder(rounds, 1.05).map(|segments| {
                let restart = rounds.div_ceil(segments);
                self.bounded(Rounds { rounds, restart, share: 0.5 })
            });
            candidates.reduce(|best, next| if next.bound < best.bound { next } else { best })
        };
        let all: Vec<Schedule> = ladder(most, 1.05).filter_map(best_at).collect();
        let least = all.iter().map(|schedule| schedule.bound).fold(f64::INFINITY, f64::min);
        let first = all.iter().find(|schedule| schedule.bound <= 1.01 * least);
        *first.unwrap_or(&self.bounded(Rounds { rounds: 1, restart: 1, share: 0.5 }))
    }

    /// DP-GD: every round a restart. Its bound 2Δ₀/(ηR) + Lηd s₁² is best at √(2Δ₀/(Ld))·Nμ/C₁ for ηR; the step is at most 1/L.
    pub fn gradient_descent(&self, most: u64) -> Schedule {
        let length =
            (2.0 * self.gap / (self.smoothness * self.dimension)).sqrt() * self.records * self.mu.value()
                / self.clip_gradient;
        let rounds = ((length * self.smoothness).ceil() as u64).clamp(1, most);
        let step = (length / rounds as f64).min(1.0 / self.smoothness);
        let rounds = Rounds { rounds, restart: 1, share: 0.5 };
        let (s1, _) = self.deviations(&rounds);
        let bound = 2.0 * self.gap / (step * rounds.rounds as f64)
            + self.smoothness * step * self.dimension * s1 * s1;
        Schedule { rounds, step, bound }
    }

    /// The best bound for large N and R: 6(Δ₀C₁C₂d)^{2/3}/(Nμ)^{4/3}.
    pub fn limit(&self) -> f64 {
        6.0 * (self.gap * self.clip_gradient * self.clip_difference * self.dimension).powf(2.0 / 3.0)
            / (self.records * self.mu.value()).powf(4.0 / 3.0)
    }
}

/// 1, 2, … up to a number, each at least `ratio` times the one before.
pub fn ladder(most: u64, ratio: f64) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(1_u64), move |at| Some((*at + 1).max((*at as f64 * ratio) as u64)))
        .take_while(move |at| *at <= most)
}
