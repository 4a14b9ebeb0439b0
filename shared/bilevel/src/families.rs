//! Problems whose ψ and ∇ψ are known.
//!
//! | family | lower level | S(x) |
//! |---|---|---|
//! | [`Quadratic`] | quadratic in y, on ℝ^q, a box, a ball or the simplex | a point, or an affine space |
//! | [`Circle`] | (\|y\|² − 1 − \|x\|²)²/4 | a sphere |
//! | [`PlSine`] | u² + 3 sin² u with u = y₁ − cᵀx, y₂ free | a line; not convex |
//! | [`Scalar`] | one variable each | where closeness fails, or holds exactly |

mod curved;
mod quadratic;
mod scalar;

pub use curved::{Circle, PlSine};
pub use quadratic::{Quadratic, QuadraticError, UpperQuadratic};
pub use scalar::Scalar;
