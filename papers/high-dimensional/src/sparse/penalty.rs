//! The penalties and their proximal operators.

use super::SparseError;

/// A penalty p(t) for t = |β|.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Penalty {
    /// λt.
    Lasso,
    /// λt − t²/(2γ) up to γλ, constant from there; γ > 1 (Zhang 2010).
    Mcp(f64),
    /// λt up to λ, then a parabola, constant from aλ; a > 2 (Fan, Li 2001).
    Scad(f64),
}

impl Penalty {
    pub(super) fn check(self) -> Result<(), SparseError> {
        let (name, value, least, expected) = match self {
            Self::Lasso => return Ok(()),
            Self::Mcp(gamma) => ("gamma", gamma, 1.0, "a number above 1"),
            Self::Scad(a) => ("a", a, 2.0, "a number above 2"),
        };
        if value > least && value.is_finite() {
            Ok(())
        } else {
            Err(SparseError::Parameter { name, value, expected })
        }
    }

    /// p(t) for t ≥ 0.
    pub fn value(self, t: f64, lambda: f64) -> f64 {
        match self {
            Self::Lasso => lambda * t,
            Self::Mcp(gamma) if t <= gamma * lambda => lambda * t - t * t / (2.0 * gamma),
            Self::Mcp(gamma) => 0.5 * gamma * lambda * lambda,
            Self::Scad(_) if t <= lambda => lambda * t,
            Self::Scad(a) if t <= a * lambda => {
                (2.0 * a * lambda * t - t * t - lambda * lambda) / (2.0 * (a - 1.0))
            }
            Self::Scad(a) => 0.5 * lambda * lambda * (a + 1.0),
        }
    }

    /// p′(t) for t > 0, and λ at 0.
    pub fn slope(self, t: f64, lambda: f64) -> f64 {
        match self {
            Self::Lasso => lambda,
            Self::Mcp(gamma) => (lambda - t / gamma).max(0.0),
            Self::Scad(_) if t <= lambda => lambda,
            Self::Scad(a) => ((a * lambda - t) / (a - 1.0)).max(0.0),
        }
    }

    /// The derivative of h(|b|) = p(|b|) − λ|b|, which is continuous.
    pub fn concave_slope(self, b: f64, lambda: f64) -> f64 {
        (self.slope(b.abs(), lambda) - lambda) * b.signum()
    }

    /// −inf h″: 1/γ, 1/(a − 1), 0.
    pub fn concavity(self) -> f64 {
        match self {
            Self::Lasso => 0.0,
            Self::Mcp(gamma) => 1.0 / gamma,
            Self::Scad(a) => 1.0 / (a - 1.0),
        }
    }

    /// p″ where it exists, on the support.
    pub fn curvature(self, t: f64, lambda: f64) -> f64 {
        match self {
            Self::Mcp(gamma) if t < gamma * lambda => -1.0 / gamma,
            Self::Scad(a) if t > lambda && t < a * lambda => -1.0 / (a - 1.0),
            _ => 0.0,
        }
    }

    /// A minimiser of (b − z)²/(2·step) + p(|b|), by comparing the stationary points of all pieces; of two equal ones that nearer to zero.
    pub fn prox(self, z: f64, lambda: f64, step: f64) -> f64 {
        let size = z.abs();
        let cost = |b: f64| (b - size) * (b - size) / (2.0 * step) + self.value(b, lambda);
        let soft = |z: f64, t: f64| (z - t).max(0.0);
        let candidates: [f64; 4] = match self {
            Self::Lasso => return soft(size, step * lambda).copysign(z),
            Self::Mcp(gamma) => {
                let edge = gamma * lambda;
                let inner = if step < gamma { soft(size, step * lambda) / (1.0 - step / gamma) } else { 0.0 };
                [0.0, inner.min(edge), size.max(edge), 0.0]
            }
            Self::Scad(a) => {
                let (first, second) = (lambda, a * lambda);
                let inner = soft(size, step * lambda).min(first);
                let middle = if step < a - 1.0 {
                    (((a - 1.0) * size - step * a * lambda) / (a - 1.0 - step)).clamp(first, second)
                } else {
                    first
                };
                [0.0, inner, middle, size.max(second)]
            }
        };
        let mut best = (f64::INFINITY, 0.0);
        for b in candidates {
            let value = cost(b);
            if best.0 == f64::INFINITY || value < best.0 - 1e-15 * best.0.abs() {
                best = (value, b);
            }
        }
        best.1.copysign(z)
    }
}
