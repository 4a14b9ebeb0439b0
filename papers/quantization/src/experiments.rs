//! The survey's method classes on the same small networks, and its quantitative claims on this machine.
//!
//! The full text of the survey was not at hand, only its abstract and reviews: which of its figures an experiment follows is told where it is known.

pub mod activations;
pub mod awareness;
pub mod clipping;
pub mod families;
pub mod integer_only;
pub mod mixed_precision;
pub mod problem;
pub mod sizes;
pub mod speed;
pub mod staircases;

pub use activations::Activations;
pub use awareness::Awareness;
pub use clipping::Clipping;
pub use families::Families;
pub use integer_only::IntegerOnly;
pub use mixed_precision::MixedPrecision;
pub use sizes::Sizes;
pub use speed::Speed;
pub use staircases::Staircases;
