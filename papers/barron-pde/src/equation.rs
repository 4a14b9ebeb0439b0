//! Variational problems: u minimises ∫ L(x, u, ∇u) − fu over the torus.
//!
//! L(x, y, z) = a(x) Φ(|z|²) + W(y). The equation is −div(a Φ̂(|∇u|²)∇u) + W′(u) = f with Φ̂ = 2Φ′, and the flow of the paper is gradient descent on the energy in H¹: u ← u − η(I − Δ)⁻¹(−div L_z + L_y − f). How fast it is, and what a residual proves, hangs on bounds of L's second derivatives ([`Curvature`]).

use serde::{Deserialize, Serialize};

/// Φ, the part of ∇u.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Flux {
    /// |z|²/2.
    Linear,
    /// |z|²/2 + β(√(1 + |z|²) − 1): second derivatives between 1 and 1 + β.
    SquareRoot {
        /// β ≥ 0.
        beta: f64,
    },
    /// |z|²/2 + γ|z|⁴/4: no upper bound.
    Quartic {
        /// γ ≥ 0.
        gamma: f64,
    },
    /// |z|ᵖ/p: no positive lower bound for p > 2, no upper bound.
    Power {
        /// p ≥ 2.
        p: f64,
    },
}

/// W, the part of u.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Potential {
    /// Nothing: solutions have mean zero.
    None,
    /// y²/2 + αy⁴/4.
    Reaction {
        /// α ≥ 0; with 0 the equation is linear where the flux is.
        alpha: f64,
    },
    /// κ(y⁴/4 − y²/2), which is not convex.
    DoubleWell {
        /// κ > 0.
        kappa: f64,
    },
}

/// An equation without its right-hand side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Equation {
    /// Φ.
    pub flux: Flux,
    /// W.
    pub potential: Potential,
}

/// Bounds μ|v|² ≤ D²E\[v, v\] ≤ M|v|² in H¹.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curvature {
    /// μ, for all functions; `None` where E is not strongly convex.
    pub least: Option<f64>,
    /// M, on the functions within given bounds of u and ∇u.
    pub largest: f64,
}

/// Why an equation is refused.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{name} is {found}, expected a number {expected}")]
pub struct EquationError {
    name: &'static str,
    found: f64,
    expected: &'static str,
}

impl Flux {
    /// Φ, Φ̂ = 2Φ′ and Φ̂′ at |z|² = s.
    #[inline]
    pub fn at(self, s: f64) -> (f64, f64, f64) {
        match self {
            Self::Linear => (0.5 * s, 1.0, 0.0),
            Self::SquareRoot { beta } => {
                let root = (1.0 + s).sqrt();
                // √(1 + s) − 1 without cancellation.
                (0.5 * s + beta * s / (1.0 + root), 1.0 + beta / root, -0.5 * beta / (root * root * root))
            }
            Self::Quartic { gamma } => (0.5 * s + 0.25 * gamma * s * s, 1.0 + gamma * s, gamma),
            Self::Power { p } => {
                let slope = if s > 0.0 { (0.5 * p - 1.0) * s.powf(0.5 * p - 2.0) } else { 0.0 };
                (s.powf(0.5 * p) / p, s.powf(0.5 * p - 1.0), slope)
            }
        }
    }

    /// Bounds of the eigenvalues of L_zz where |z|² ≤ s: Φ̂ across z, Φ̂ + 2sΦ̂′ along it.
    fn bounds(self, s: f64) -> (f64, f64) {
        match self {
            Self::Linear => (1.0, 1.0),
            Self::SquareRoot { beta } => (1.0, 1.0 + beta),
            Self::Quartic { gamma } => (1.0, 1.0 + 3.0 * gamma * s),
            Self::Power { p } => (if p == 2.0 { 1.0 } else { 0.0 }, (p - 1.0) * s.powf(0.5 * p - 1.0)),
        }
    }
}

impl Potential {
    /// W, W′ and W″.
    #[inline]
    pub fn at(self, y: f64) -> (f64, f64, f64) {
        let square = y * y;
        match self {
            Self::None => (0.0, 0.0, 0.0),
            Self::Reaction { alpha } => (
                0.5 * square + 0.25 * alpha * square * square,
                y + alpha * square * y,
                1.0 + 3.0 * alpha * square,
            ),
            Self::DoubleWell { kappa } => (
                kappa * square * (0.25 * square - 0.5),
                kappa * (square - 1.0) * y,
                kappa * (3.0 * square - 1.0),
            ),
        }
    }
}

impl Potential {
    /// Replaces values by W′; the sum of W and the largest |value|. Eight of each side by side.
    pub(crate) fn apply(self, values: &mut [f64]) -> (f64, f64) {
        match self {
            Self::None => on_all(values, |_| (0.0, 0.0)),
            Self::Reaction { alpha } => on_all(values, |y| {
                let cubic = alpha * y * y;
                (y * y * (0.5 + 0.25 * cubic), y + cubic * y)
            }),
            Self::DoubleWell { kappa } => on_all(values, |y| {
                let square = y * y;
                (kappa * square * (0.25 * square - 0.5), kappa * (square - 1.0) * y)
            }),
        }
    }
}

fn on_all(values: &mut [f64], of: impl Fn(f64) -> (f64, f64)) -> (f64, f64) {
    let (mut sums, mut largest) = ([0.0; 8], [0.0_f64; 8]);
    for block in values.chunks_mut(8) {
        for (k, value) in block.iter_mut().enumerate() {
            let (w, slope) = of(*value);
            // NaN stays: the sum holds it.
            largest[k] = largest[k].max(value.abs());
            sums[k] += w;
            *value = slope;
        }
    }
    (sums.iter().sum(), largest.into_iter().fold(0.0, f64::max))
}

impl Equation {
    /// Checks parameters.
    ///
    /// # Errors
    /// Names the first that is out of range.
    pub fn check(&self) -> Result<(), EquationError> {
        let from = |name, found: f64, least: f64, expected| {
            if found >= least && found.is_finite() {
                Ok(())
            } else {
                Err(EquationError { name, found, expected })
            }
        };
        match self.flux {
            Flux::Linear => {}
            Flux::SquareRoot { beta } => from("beta", beta, 0.0, "from 0 on")?,
            Flux::Quartic { gamma } => from("gamma", gamma, 0.0, "from 0 on")?,
            Flux::Power { p } => from("p", p, 2.0, "from 2 on")?,
        }
        match self.potential {
            Potential::None => Ok(()),
            Potential::Reaction { alpha } => from("alpha", alpha, 0.0, "from 0 on"),
            Potential::DoubleWell { kappa } => from("kappa", kappa, f64::MIN_POSITIVE, "above 0"),
        }
    }

    /// Whether the flow needs ∇u on a grid.
    pub fn has_nonlinear_flux(&self) -> bool {
        self.flux != Flux::Linear
    }

    /// Whether the flow needs u on a grid.
    pub fn has_nonlinear_potential(&self) -> bool {
        !matches!(self.potential, Potential::None | Potential::Reaction { alpha: 0.0 })
    }

    /// Bounds where |u| ≤ `sup` and |∇u|² ≤ `square`. Without a potential functions have mean zero, and |v|²_{H¹} ≤ (1 + 1/ω²)|∇v|² with the least |ω|.
    pub fn curvature(&self, sup: f64, square: f64, least_length: f64) -> Curvature {
        let (low, high) = self.flux.bounds(square);
        let positive = |value: f64| (value > 0.0).then_some(value);
        match self.potential {
            Potential::None => {
                Curvature { least: positive(low / (1.0 + least_length.powi(-2))), largest: high }
            }
            Potential::Reaction { alpha } => {
                Curvature { least: positive(low.min(1.0)), largest: high.max(1.0 + 3.0 * alpha * sup * sup) }
            }
            Potential::DoubleWell { kappa } => {
                Curvature { least: None, largest: high.max(kappa * (3.0 * sup * sup - 1.0).abs().max(1.0)) }
            }
        }
    }
}
