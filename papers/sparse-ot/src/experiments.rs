//! The experiments: one for each figure or table, each in a file of its own name.

mod bars;
pub mod colour_transfer;
pub mod convergence;
pub mod k_tradeoff;
pub mod mixture_of_experts;
pub mod plans_1d;
pub mod points_2d;
pub mod router;
pub mod router_time;

pub use colour_transfer::ColourTransfer;
pub use convergence::Convergence;
pub use k_tradeoff::KTradeoff;
pub use mixture_of_experts::MixtureOfExperts;
pub use plans_1d::Plans1d;
pub use points_2d::Points2d;
pub use router::Routing;
pub use router_time::RouterTime;
