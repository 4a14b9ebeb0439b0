//! The experiments: one for each figure or table, each in a file of its own name.

pub mod k_tradeoff;
pub mod plans_1d;

pub use k_tradeoff::KTradeoff;
pub use plans_1d::Plans1d;
