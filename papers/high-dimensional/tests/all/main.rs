//! All tests of the crate in one program.

const PROGRAM: &str = env!("CARGO_BIN_EXE_high-dimensional");

mod cli;
mod golden;
mod hard_data;
mod laws;
#[path = "../../../../shared/program.rs"]
mod program;
