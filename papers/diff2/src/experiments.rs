//! Experiments on accounting, exponents, logistic regression, audits, floating-point noise, and the paper's network.

pub mod accounting;
pub mod audits;
pub mod exponents;
pub mod floating;
pub mod logistic;
pub mod network;

pub use accounting::Accounting;
pub use audits::Audits;
pub use exponents::Exponents;
pub use floating::Floating;
pub use logistic::LogisticRegression;
pub use network::Network;

use serde::{Deserialize, Serialize};

use crate::privacy::{Mu, PrivacyError};

/// How a run is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chosen {
    /// DP-GD, tuned.
    GradientDescent,
    /// DIFF2, tuned.
    Diff2,
    /// DIFF2 by the bound.
    Diff2ByRule,
}

/// δ of all experiments.
pub const DELTA: f64 = 1e-5;

/// μ of (ε, 10⁻⁵).
fn budget(epsilon: f64) -> Result<Mu, PrivacyError> {
    Mu::calibrate(epsilon, DELTA)
}
