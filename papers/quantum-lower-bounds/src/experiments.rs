//! Experiments on constants, on columns found by query, on accuracy, on hiding, on noise, and on quantum queries.

pub mod accuracy;
pub mod coins;
pub mod columns;
pub mod constants;
pub mod hidden;
pub mod mean_squared;
pub mod optima;
pub mod speedups;
pub mod truncations;

pub use accuracy::Accuracy;
pub use coins::Coins;
pub use columns::Columns;
pub use constants::Constants;
pub use hidden::Hiding;
pub use mean_squared::MeanSquared;
pub use optima::Optima;
pub use speedups::Speedups;
pub use truncations::Truncations;

use lab::Failure;
use serde::{Deserialize, Serialize};

use crate::constants::LITERATURE_LIPSCHITZ;
use crate::methods::{Model, Run, accelerated, gradient_descent, greedy, limited_memory, regularised_newton};
use crate::oracle::Exact;

/// A deterministic method on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Gradient descent.
    Gradient,
    /// Accelerated, with restarts.
    Accelerated,
    /// L-BFGS.
    LimitedMemory,
    /// Trust region with the Hessian.
    TrustRegion,
    /// Newton with cubic regularisation.
    Cubic,
    /// Optimal play.
    Greedy,
}

impl Method {
    const ALL: [Self; 6] = [
        Self::Gradient,
        Self::Accelerated,
        Self::LimitedMemory,
        Self::TrustRegion,
        Self::Cubic,
        Self::Greedy,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Gradient => "gradient descent",
            Self::Accelerated => "accelerated gradient",
            Self::LimitedMemory => "L-BFGS",
            Self::TrustRegion => "trust region",
            Self::Cubic => "cubic Newton",
            Self::Greedy => "optimal play",
        }
    }

    /// Runs it on a chain with |∇²f| ≤ L and a Lipschitz constant of the Hessian.
    fn run(self, oracle: &mut Exact, hessian_lipschitz: f64, limit: usize) -> Result<Run, Failure> {
        let function = *oracle.function();
        let epsilon = function.epsilon;
        // f″ = (ε/λ) F″.
        let smoothness = LITERATURE_LIPSCHITZ * epsilon / function.scale;
        Ok(match self {
            Self::Gradient => gradient_descent(oracle, smoothness, epsilon, limit),
            Self::Accelerated => accelerated(oracle, smoothness, epsilon, limit),
            Self::LimitedMemory => limited_memory(oracle, epsilon, limit)?,
            Self::TrustRegion => {
                regularised_newton(oracle, Model::TrustRegion { radius: function.scale }, epsilon, limit)
            }
            Self::Cubic => {
                let model = Model::Cubic { lipschitz: hessian_lipschitz * epsilon / function.scale.powi(2) };
                regularised_newton(oracle, model, epsilon, limit)
            }
            Self::Greedy => greedy(oracle, 10.0 * function.scale, epsilon, limit),
        })
    }
}
