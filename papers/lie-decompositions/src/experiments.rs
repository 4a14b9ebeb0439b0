//! Experiments on coordinates, samples and integrals, on equivariance, and on networks.

pub mod classification;
pub mod decomposition;
pub mod equivariance;
pub mod integrals;
pub mod samplers;
pub mod sources;

pub use classification::Classification;
pub use decomposition::Decomposition;
pub use equivariance::Equivariance;
pub use integrals::Integrals;
pub use samplers::Samplers;
pub use sources::Sources;
