//! All tests of the crate in one program, which is linked once.

const PROGRAM: &str = env!("CARGO_BIN_EXE_sphere-packing");

#[path = "../../../../shared/program.rs"]
mod program;

mod arithmetic;
mod certificates;
mod cli;
mod game;
mod golden;
mod solver;
