//! All tests of the crate in one program, which is linked once.

const PROGRAM: &str = env!("CARGO_BIN_EXE_notears-topo");

#[path = "../../../../shared/program.rs"]
mod program;

mod cli;
mod golden;
mod graphs;
mod ill_conditioned;
mod laws;
