//! stub
pub mod double_loop;
pub mod implicit;
pub mod penalty;
pub mod run;
pub mod single_loop;
