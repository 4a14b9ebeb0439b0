//! stub
#[cfg(feature = "lab")]
pub mod claims;
pub mod double_loop;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod implicit;
pub mod penalty;
pub mod problems;
pub mod run;
pub mod select;
pub mod single_loop;
