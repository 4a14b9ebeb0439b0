//! All tests of the crate in one program, which is linked once.

mod golden;
mod laws;
mod recurrent;
