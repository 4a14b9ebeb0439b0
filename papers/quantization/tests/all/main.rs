//! All tests of the crate in one program, which is linked once.

const PROGRAM: &str = env!("CARGO_BIN_EXE_quantization");

#[path = "../../../../shared/program.rs"]
mod program;

mod cli;
mod files;
mod golden;
mod laws;
mod networks;
