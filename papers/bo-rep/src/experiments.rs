//! Experiments on formulas, far starts, rates and components, on recurrent networks, and on cleaning.

pub mod cleaning;
pub mod exact;
pub mod far_start;
pub mod methods;
pub mod rate;
pub mod representation;
pub mod roles;
pub mod smoothness;

pub use cleaning::Cleaning;
pub use exact::Exact;
pub use far_start::FarStart;
pub use rate::Rate;
pub use representation::Representation;
pub use roles::Roles;
pub use smoothness::Smoothness;
