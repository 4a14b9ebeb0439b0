//! How Barron norms grow along the flow: exact iterates with few terms, and the recursion that bounds them.
//!
//! For −Δu + u + αu³ = f a step is u ← (1 − η)u + η(I − Δ)⁻¹(f − αu³), so that b ← (1 − η)b + η(g + αb³) bounds B_s, with g = B_s((I − Δ)⁻¹f): the bound grows like b to the 3ᵗ. It stays put where g ≤ 2/(3√(3α)): every iterate is then at most R, the smallest root of R = g + αR³, in any dimension (**small data**). For the linear −div(a∇u) + u = f the bound grows
//! geometrically; the preconditioner gives back the derivative that the flux costs, up to (1 + √2)/2 = max (1 + r)r/(1 + r²).

use crate::spectrum::Spectrum;

/// The constant of B_{s+1}((I − Δ)⁻¹ div g) ≤ C B_s(g).
pub const DIVERGENCE: f64 = (1.0 + std::f64::consts::SQRT_2) / 2.0;

/// An equation whose step maps few terms to few terms.
#[derive(Clone, Debug)]
pub enum Growing {
    /// −Δu + u + αu³ = f.
    Reaction {
        /// α ≥ 0.
        alpha: f64,
    },
    /// −div(a∇u) + u = f.
    Linear {
        /// a > 0.
        a: Spectrum,
    },
}

impl Growing {
    /// −div L_z + L_y − f at u, exactly.
    ///
    /// # Panics
    /// If lattices differ.
    pub fn derivative(&self, u: &Spectrum, f: &Spectrum) -> Spectrum {
        let stiff = match self {
            Self::Reaction { alpha } => {
                let cube = u.times(u).times(u);
                let lattice = u.lattice().clone();
                u.filtered(|n| lattice.inner(n, n)).combined(1.0, &cube, *alpha)
            }
            Self::Linear { a } => a.diffused(u),
        };
        stiff.combined(1.0, u, 1.0).combined(1.0, f, -1.0)
    }

    /// A step of the flow, pruned: also the H¹ norm of what was dropped.
    pub fn step(&self, u: &Spectrum, f: &Spectrum, eta: f64, threshold: f64) -> (Spectrum, f64) {
        let mut next = u.combined(1.0, &self.derivative(u, f).preconditioned(), -eta);
        let dropped = if threshold > 0.0 { next.prune(threshold) } else { 0.0 };
        (next, dropped)
    }

    /// The decimal logarithm of a bound of B_s after a step, from that of a bound before: bounds leave the floating-point numbers after six steps of a cubic equation. `forcing` is B_s((I − Δ)⁻¹f).
    pub fn bound(&self, log: f64, forcing: f64, eta: f64, order: f64) -> f64 {
        match self {
            // b ← |1 − η|b + η(g + αb³), the largest term factored out where it is all that counts.
            Self::Reaction { alpha } => {
                let b = 10.0_f64.powf(log);
                let cubic = if *alpha > 0.0 { alpha * b.powi(3) } else { 0.0 };
                let plain = (1.0 - eta).abs() * b + eta * (forcing + cubic);
                if plain.is_finite() { plain.log10() } else { 3.0 * log + (eta * alpha).log10() }
            }
            // B_s((I − Δ)⁻¹ div(a∇u)) ≤ C B_{s−1}(a∇u) ≤ C B_{s−1}(a) B_s(u), for s ≥ 1.
            Self::Linear { a } => {
                let factor = 1.0 + eta * (DIVERGENCE * a.barron(order - 1.0) + 1.0);
                (factor * 10.0_f64.powf(log) + eta * forcing).log10()
            }
        }
    }
}

/// The smallest R with R = g + αR³, which bounds every iterate of a step η ≤ 1 from zero and the solution; `None` beyond g = 2/(3√(3α)).
pub fn small_data(forcing: f64, alpha: f64) -> Option<f64> {
    if alpha == 0.0 {
        return Some(forcing);
    }
    if !(0.0..=2.0 / (3.0 * (3.0 * alpha).sqrt())).contains(&forcing) {
        return None;
    }
    // αR³ − R + g = 0 with three real roots: the middle one, by cosines.
    let angle = (-1.5 * forcing * (3.0 * alpha).sqrt()).clamp(-1.0, 1.0).acos();
    let radius = 2.0 / (3.0 * alpha).sqrt();
    Some((radius * ((angle - 2.0 * std::f64::consts::PI) / 3.0).cos()).max(0.0).max(forcing))
}
