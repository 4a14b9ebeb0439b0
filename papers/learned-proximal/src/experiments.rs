//! Experiments on exact denoisers, on trained networks of few dimensions, on plug-and-play, and on images.

pub mod dimension;
pub mod exact;
pub mod gap;
pub mod images;
pub mod laplace;
pub mod plugged;
pub mod priors;
mod quadrature;

pub use dimension::Dimension;
pub use exact::Exact;
pub use gap::Gap;
pub use images::Images;
pub use laplace::LaplaceNets;
pub use plugged::Plugged;
pub use priors::Priors;
