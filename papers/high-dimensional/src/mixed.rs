//! Mixed models whose clusters have q-Gaussian distributions: heavy tails for q > 1, so that a cluster that does not fit weighs less.
//!
//! Clusters are independent, yᵢ ~ q-Gaussian with location Xᵢβ and scatter Vᵢ = Zᵢ G Zᵢᵀ + σ²I. For 1 < q < 1 + 2/m that is Student's t with ν = 2/(q − 1) − m degrees of freedom, for q = 1 the Gaussian. If all
//! observations formed *one* q-Gaussian vector, the likelihood would depend on β through rᵀV⁻¹r alone, monotonically, and the estimate would be the Gaussian's whatever q: robustness
//! comes from independent clusters. How the thesis sets this up was not at hand; this is a reconstruction from its abstract.

pub mod clusters;
pub mod conjugate;
pub mod fit;
pub mod q_gaussian;
mod units;

pub use clusters::{Clusters, Effects, MixedError};
pub use fit::{Fitted, Shape, fit, freedom_interval};
