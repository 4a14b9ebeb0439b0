//! Problems with a structure of their own: constrained logistic regression, control of a partial differential equation, random saddle systems, and
//! problems given as formulas.

mod control;
#[cfg(feature = "lab")]
pub mod formulas;
mod logistic;
mod random;

pub use control::{Control, Manufactured};
pub use logistic::{Logistic, LogisticError};
pub use random::random_saddle;
