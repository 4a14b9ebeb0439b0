//! Experiments on the state equation, on its control, on fronts, and on the methods around them.

pub mod certificates;
pub mod covers;
pub mod descents;
pub mod edges;
pub mod fields;
pub mod fronts;
pub mod newton;
pub mod patches;
pub mod paths;
pub mod problems;
pub mod reduction;
pub mod states;
pub mod wells;

pub use certificates::Certificates;
pub use covers::Covers;
pub use descents::Descents;
pub use edges::Edges;
pub use fields::Fields;
pub use fronts::Fronts;
pub use newton::Newton;
pub use patches::Patches;
pub use paths::Paths;
pub use reduction::Reduction;
pub use states::States;
pub use wells::BoundedLosses;
