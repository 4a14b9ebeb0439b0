//! Two-layer ReLU.

pub mod admm;
#[cfg(feature = "lab")]
pub mod claims;
pub mod cones;
pub mod descent;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod global;
pub mod interior;
pub mod network;
pub mod patterns;
pub mod polish;
pub mod problem;
pub mod robust;
pub mod scp;
