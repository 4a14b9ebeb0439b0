//! Experiments on mutual information, on screening, on sparse fits, and on mixed models.

pub mod bounds;
pub mod clusters;
pub mod conjugacy;
pub mod data;
pub mod descent;
pub mod families;
pub mod grids;
pub mod iterations;
pub mod optima;
pub mod recovery;
pub mod screening;

pub use bounds::Bounds;
pub use clusters::ContaminatedClusters;
pub use conjugacy::Conjugacy;
pub use descent::Descent;
pub use families::Families;
pub use grids::Grids;
pub use iterations::Iterations;
pub use optima::Optima;
pub use recovery::Recovery;
pub use screening::Screening;
