//! Settings of the method.

use std::time::Duration;

use crate::merit::Penalties;
use crate::problem::Refusal;

/// What a tolerance of the inner solver is measured by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Accuracy {
    /// Ψ from norms and eigenvalues of the blocks, as published; δ not below `floor`.
    Bound {
        /// 10⁻⁶ in the authors' script.
        floor: f64,
    },
    /// Ψ = 1/σ_min(K), dense, and no floor.
    Exact,
    /// The same Ψ, and the same δ in every iteration.
    Fixed,
    /// |Kz + F| ≤ θδ|F|, without Ψ: the descent test alone asks for more.
    Residual,
}

/// How a step is kept from running to a saddle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Convexity {
    /// t = ξ_B + |H|_F where the smallest eigenvalue of H on the null space of G is below `least`; dense, n³.
    Reduced {
        /// 10⁻⁶ in the authors' script, 10⁻² for their logistic regressions.
        least: f64,
    },
    /// The smallest t of a geometric sequence that gives K the inertia (n, m, 0), by factoring it.
    Inertia,
    /// t = 0.
    Trusted,
}

/// Which matrix stands in the slope of L_η.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slope {
    /// ∇²ₓₓL: the slope is that of the function whose values are compared.
    Exact,
    /// ∇²f, as in the authors' script; the same where constraints are linear.
    ObjectiveHessian,
}

/// Settings; [`Options::published`] and [`Options::practical`] are where to start from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// |F|₂ at the end, ≥ 0.
    pub tolerance: f64,
    /// Outer iterations at most.
    pub iterations: u64,
    /// η₁ > 0 and η₂ > 0 at the beginning.
    pub penalties: Penalties,
    /// δ at the beginning, in (0, 1).
    pub delta: f64,
    /// β of the Armijo test, in (0, 1/2).
    pub armijo: f64,
    /// ν > 1.
    pub growth: f64,
    /// ξ_B > 0.
    pub curvature: f64,
    /// p ≥ 0: θ = min(1, |F|^p). Order 1 + p near the solution, for p up to 1.
    pub power: f64,
    /// What λ_min(GGᵀ) must reach, where it is computed.
    pub least_gram: f64,
    /// How exactly systems are solved.
    pub accuracy: Accuracy,
    /// How convexity on the constraints is made sure of.
    pub convexity: Convexity,
    /// The slope of the descent test.
    pub slope: Slope,
    /// Steps of the inner solver, for each call.
    pub steps: u64,
    /// Step lengths that are tried, 1 to 1000.
    pub halvings: u32,
    /// Whether the line search judges; otherwise every step is a unit step.
    pub search: bool,
    /// After so long no iteration is begun.
    pub deadline: Option<Duration>,
}

impl Options {
    /// The authors' numbers, with the true slope and a limit to the line search.
    pub fn published() -> Self {
        Self {
            tolerance: 1e-4,
            iterations: 10_000,
            penalties: Penalties { constraints: 1.0, stationarity: 0.1 },
            delta: 0.1,
            armijo: 0.1,
            growth: 1.5,
            curvature: 0.1,
            power: 0.0,
            least_gram: 1e-2,
            accuracy: Accuracy::Bound { floor: 1e-6 },
            convexity: Convexity::Reduced { least: 1e-6 },
            slope: Slope::Exact,
            steps: 100_000,
            halvings: 60,
            search: true,
            deadline: None,
        }
    }

    /// Residuals relative to |F| instead of bounds on |K⁻¹|, inertia instead of eigenvalues, and |F| ≤ 10⁻⁸.
    pub fn practical() -> Self {
        Self {
            tolerance: 1e-8,
            iterations: 300,
            accuracy: Accuracy::Residual,
            convexity: Convexity::Inertia,
            steps: 1_000_000,
            ..Self::published()
        }
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        let inside = |option, value: f64, low: f64, high: f64, expected| {
            let holds = value > low && value < high;
            if holds { Ok(()) } else { Err(Refusal::Option { option, value, expected }) }
        };
        let positive = |option, value| inside(option, value, 0.0, f64::INFINITY, "a positive number");
        positive("eta1", self.penalties.constraints)?;
        positive("eta2", self.penalties.stationarity)?;
        positive("xi_B", self.curvature)?;
        inside("delta", self.delta, 0.0, 1.0, "a number between 0 and 1")?;
        inside("beta", self.armijo, 0.0, 0.5, "a number between 0 and 1/2")?;
        inside("nu", self.growth, 1.0, f64::INFINITY, "a number above 1")?;
        inside("the tolerance", self.tolerance, -f64::MIN_POSITIVE, f64::INFINITY, "zero or more")?;
        inside("the power of theta", self.power, -f64::MIN_POSITIVE, f64::INFINITY, "zero or more")?;
        inside("the number of step lengths", f64::from(self.halvings), 0.0, 1001.0, "1 to 1000")
    }
}
