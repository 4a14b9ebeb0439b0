//! All tests of the crate in one program, which is linked once.

const PROGRAM: &str = env!("CARGO_BIN_EXE_sparse-ot");

#[path = "../../../../shared/program.rs"]
mod program;

mod cli;
mod exact;
mod forbidden;
mod golden;
mod laws;
