//! Releases from a random minibatch: each record is in it with probability q, independently (Poisson sampling).
//!
//! The pair to tell apart is then N(0, z²) and (1 − q) N(0, z²) + q N(1, z²), for neighbours of which one has a record that the other lacks.
//! No Gaussian pair is equivalent to it. One release has a closed (ε, δ) curve; many are bounded through Rényi divergences.
//! A minibatch of a fixed size is another mechanism, and none of this holds for it.

use crate::privacy::{Mu, NoiseMultiplier, PrivacyError, converted};

/// Orders that a bound is minimised over.
const ORDERS: [u32; 24] =
    [2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 192, 256, 512, 1024];

/// A minibatch's noise and the rate at which records enter it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subsampled {
    multiplier: NoiseMultiplier,
    rate: f64,
}

impl Subsampled {
    /// z against the sensitivity to one record's presence, and q in (0, 1].
    ///
    /// # Errors
    /// [`PrivacyError::Rate`] for another rate.
    pub fn new(multiplier: NoiseMultiplier, rate: f64) -> Result<Self, PrivacyError> {
        if rate > 0.0 && rate <= 1.0 { Ok(Self { multiplier, rate }) } else { Err(PrivacyError::Rate(rate)) }
    }

    /// The Rényi divergence of a whole order α ≥ 2: ln Σ C(α, k)(1 − q)^(α−k) q^k e^(k(k−1)/2z²), over α − 1 (Mironov, Talwar, Zhang 2019).
    pub fn divergence(self, order: u32) -> f64 {
        let z = self.multiplier.value();
        let excess = f64::from(order) - 1.0;
        if self.rate == 1.0 {
            return 0.5 * f64::from(order) / (z * z);
        }
        let (stays, enters) = ((-self.rate).ln_1p(), self.rate.ln());
        // All terms over the value 1 that their sum has without noise's factor, so that a sum near 1 keeps its digits.
        let (mut ln_binomial, mut terms) = (0.0, Vec::with_capacity(order as usize + 1));
        for k in 0..=order {
            let (chosen, left) = (f64::from(k), f64::from(order - k));
            let growth = 0.5 * chosen * (chosen - 1.0) / (z * z);
            let ln_weight = ln_binomial + left * stays + chosen * enters;
            // ln(e^growth − 1), for any growth.
            let ln_excess = if growth > 30.0 { growth } else { growth.exp_m1().ln() };
            terms.push(ln_weight + ln_excess);
            ln_binomial += (left / (chosen + 1.0)).ln();
        }
        let top = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let ln_sum = top + terms.iter().map(|term| (term - top).exp()).sum::<f64>().ln();
        let ln_moment = if ln_sum > 30.0 { ln_sum } else { ln_sum.exp().ln_1p() };
        ln_moment / excess
    }

    /// The smallest δ of one release at ε, for a neighbour with one record less.
    pub fn delta_of_removal(self, epsilon: f64) -> f64 {
        let shifted = (epsilon.exp_m1() / self.rate).ln_1p();
        self.rate * Mu::compose(&[(self.multiplier, 1)]).delta(shifted)
    }

    /// The smallest δ of one release at ε, for a neighbour with one record more.
    pub fn delta_of_addition(self, epsilon: f64) -> f64 {
        let odds = 1.0 + (-epsilon).exp_m1() / self.rate;
        if odds <= 0.0 {
            return 0.0;
        }
        // 1 − e^ε (1 − q) = e^ε q · odds.
        epsilon.exp() * self.rate * odds * Mu::compose(&[(self.multiplier, 1)]).delta(-odds.ln())
    }
}

/// An upper bound of ε for Gaussian releases of the whole data, worth `whole`, and counted minibatches, through Rényi divergences.
///
/// # Errors
/// [`PrivacyError::Delta`] if δ is not between 0 and 1.
pub fn epsilon_by_divergences(
    whole: Mu,
    minibatches: &[(Subsampled, u64)],
    delta: f64,
) -> Result<f64, PrivacyError> {
    if !(delta > 0.0 && delta < 1.0) {
        return Err(PrivacyError::Delta(delta));
    }
    if minibatches.is_empty() {
        return whole.epsilon(delta);
    }
    let bound = |order: u32| {
        let parts: f64 = minibatches.iter().map(|(part, count)| *count as f64 * part.divergence(order)).sum();
        let divergence = 0.5 * f64::from(order) * whole.value() * whole.value() + parts;
        converted(f64::from(order) - 1.0, divergence, delta.ln())
    };
    Ok(ORDERS.iter().map(|order| bound(*order)).fold(f64::INFINITY, f64::min).max(0.0))
}
