//! Models whose gradients, and differences of gradients, are known record by record.
//!
//! A difference is carried through the model in increments, never formed by subtraction: those of softplus and of the logistic function are
//! ln(1 + σ(z)(e^dz − 1)) and σ(z)σ(−z)(e^dz − 1)/(1 + σ(z)(e^dz − 1)), and products follow the product rule. Norms are then right to rounding at
//! any distance of the two points; subtraction would lose all digits at 1e-9.

mod logistic;
mod softplus;

pub use logistic::Logistic;
pub use softplus::Softplus;
