//! One experiment for each sentence of the paper, which has no figures.

pub mod closeness;
pub mod constrained;
pub mod failures;
pub mod formula;
pub mod landing;
pub mod rates;
pub mod selection;

pub use closeness::ClosenessOfPenalty;
pub use constrained::Constrained;
pub use failures::Failures;
pub use formula::Formula;
pub use landing::Landing;
pub use rates::Rates;
pub use selection::SelectionOfWeights;
