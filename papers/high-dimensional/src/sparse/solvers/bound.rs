//! Ghadimi and Lan's bound on gradient mappings (2016, theorem 2), computed along a run.
//!
//! With G_k = (x^md_k − x^ag_k)/β_k, weights Γ₁ = 1, Γ_k = (1 − α_k)Γ_{k−1}, the objective's concavity c (a Hessian of at least −c) and a constant L of its gradient,
//!
//! min over k ≤ N of |G_k|² ≤ 2 (|x₀ − x*|²/(2λ₁) + (c/Γ_N)(|x*|² + M²)) / Σ_{k ≤ N} β_k(1 − Lβ_k)/Γ_k,
//!
//! as long as α_kλ_k ≤ β_k < 1/L and α_k/(λ_kΓ_k) does not grow. M bounds |x_k| and |x^ag_k|. The theorem has the Lipschitz constant of the concave part
//! where c stands, and takes M from the proximal step; here it is the largest norm met. x* may be any point whose objective no x^ag_N is below.

use super::{Iterate, Sequences};
use crate::sparse::{Coefficients, Problem};

/// The bound along one run.
#[derive(Clone, Debug)]
pub struct GradientBound {
    lipschitz: f64,
    concavity: f64,
    /// |x₀ − x*|² and |x*|².
    distance: f64,
    reference: f64,
    /// M².
    largest: f64,
    gamma: f64,
    first_step: f64,
    sum: f64,
    least: f64,
}

/// What the bound says after an iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounded {
    /// min |G_k|² up to here.
    pub least: f64,
    /// Its bound.
    pub bound: f64,
}

fn squared_distance(a: &Coefficients, b: &Coefficients) -> f64 {
    let intercept = a.intercept - b.intercept;
    a.beta.iter().zip(&b.beta).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() + intercept * intercept
}

fn squared_norm(a: &Coefficients) -> f64 {
    a.beta.iter().map(|a| a * a).sum::<f64>() + a.intercept * a.intercept
}

impl GradientBound {
    /// Before the first iteration of a run from `start` with the constant L; `reference` is x*.
    pub fn new(problem: &Problem, lipschitz: f64, start: &Coefficients, reference: &Coefficients) -> Self {
        Self {
            lipschitz,
            concavity: problem.penalty.concavity(),
            distance: squared_distance(start, reference),
            reference: squared_norm(reference),
            largest: squared_norm(start),
            gamma: 1.0,
            first_step: 0.0,
            sum: 0.0,
            least: f64::INFINITY,
        }
    }

    /// Takes the next iteration in; none for a method without the three sequences. O(p).
    pub fn after(&mut self, seen: &Iterate) -> Option<Bounded> {
        let Sequences { middle, inner, damping, inner_step, step } = seen.sequences?;
        if self.first_step == 0.0 {
            self.first_step = inner_step;
        } else {
            self.gamma *= 1.0 - damping;
        }
        self.sum += step * (1.0 - self.lipschitz * step) / self.gamma;
        self.least = self.least.min(squared_distance(middle, seen.at) / (step * step));
        self.largest = self.largest.max(squared_norm(inner)).max(squared_norm(seen.at));
        let concave = self.concavity / self.gamma * (self.reference + self.largest);
        let bound = 2.0 * (0.5 * self.distance / self.first_step + concave) / self.sum;
        Some(Bounded { least: self.least, bound })
    }
}
