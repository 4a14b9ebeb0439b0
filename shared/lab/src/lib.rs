//! How an experiment is run, stored, judged and shown.
//!
//! Every experiment of every paper goes the same one way, with no way back:
//!
//! ```text
//! grid(profile) ──► measure(cell) ──► rows ──► report(table)
//! which cells       the mathematics    on disk   figures, tables, verdicts
//! ```
//!
//! A paper implements [`Experiment`] once for each of its figures or tables, writes down its
//! [`Claim`]s with their rules, puts both into a [`Paper`], and hands it to [`main`]. It gets a command line that
//! computes what is missing, survives being killed, spreads over machines, and ends in the same
//! tables, figures and verdicts to the last byte, whatever the number of threads.
//!
//! `lab` knows no mathematics beyond the naming of random streams, and no paper.

extern crate self as lab;

pub mod arguments;
pub mod claim;
pub mod column;
pub mod command;
pub mod display;
pub mod error;
pub mod estimate;
pub mod experiment;
pub mod files;
pub mod image_file;
pub mod index;
pub mod input;
pub mod manifest;
pub mod means;
pub mod page;
pub mod paper;
pub mod provenance;
pub mod publish;
pub mod record;
pub mod report;
pub mod run;
pub mod store;
pub mod table;
pub mod terminal;

mod check;
pub mod interrupt;
mod number;

pub use claim::{Claim, Rule};
pub use column::{Column, Columns};
pub use command::{NoCommands, finish, main};
pub use error::{Error, Failure};
pub use estimate::Estimate;
pub use experiment::{Experiment, Outcome, Profile, Random, key};
pub use figures::{Chart, Figure, Heatmap, Image, Panel};
pub use files::{data_file, write_atomically};
pub use lab_derive::Columns;
pub use means::Mean;
pub use ndarray;
pub use paper::{Citation, Paper};
pub use polars;
pub use polars::prelude::DataFrame;
pub use report::Report;
pub use table::Table;
pub use terminal::{columns, is_quiet, progress, remark, say};
