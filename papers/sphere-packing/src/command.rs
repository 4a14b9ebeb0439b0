//! What people run themselves.

use std::path::Path;

use clap::{Subcommand, ValueEnum};
use lab::Error::Usage;
use sphere_packing::semidefinite::precision::Precision;
use sphere_packing::semidefinite::{Progress, Status};
use sphere_packing::three_point::Harmonics;
use sphere_packing::three_point::multiplier::Multiplier;

mod bound;
mod check;
mod play;
mod solve;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Proves an upper bound of the density of sphere packings
    Bound(Box<bound::Bound>),
    /// Checks a certificate, by exact integers
    Check(check::Check),
    /// Plays the game: searches for the programme with the lowest bound
    Play(play::Play),
    /// Solves a semidefinite programme in SDPA's sparse format
    Solve(solve::Solve),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Bound(bound) => bound.run(),
            Self::Check(check) => check.run(),
            Self::Play(play) => play.run(),
            Self::Solve(solve) => solve.run(),
        }
    }
}

/// The kernel's harmonics on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum HarmonicsName {
    /// All harmonics of the kernel's degree
    All,
    /// Those of a triangle, as on the sphere: fewer
    Triangle,
}

impl From<HarmonicsName> for Harmonics {
    fn from(name: HarmonicsName) -> Self {
        match name {
            HarmonicsName::All => Self::All,
            HarmonicsName::Triangle => Self::Triangle,
        }
    }
}

/// Multipliers in a list, 1 in front of them.
fn multipliers(list: &str) -> Result<Vec<Multiplier>, sphere_packing::Error> {
    let mut found = vec![Multiplier::one()];
    for text in list.split(',').map(str::trim) {
        let multiplier: Multiplier = text.parse()?;
        if !multiplier.is_one() {
            found.push(multiplier);
        }
    }
    Ok(found)
}

/// The arithmetic with some number of bits.
fn precision(bits: usize) -> anyhow::Result<Precision> {
    let found = Precision::ALL.into_iter().find(|precision| precision.bits() == bits);
    found.ok_or_else(|| Usage(format!("--precision {bits}: expected 53, 106, 192, 256, 384 or 512")).into())
}

/// Refuses to write a file where a folder is, before hours are spent.
fn refuse_folder(path: &Path) -> anyhow::Result<()> {
    if path.is_dir() { Err(Usage(format!("{} is a folder", path.display())).into()) } else { Ok(()) }
}

/// A fault in a parameter is a fault in the call; any other stays what it is.
fn as_usage(error: sphere_packing::Error) -> anyhow::Error {
    match error {
        sphere_packing::Error::Setting { .. }
        | sphere_packing::Error::Multiplier { .. }
        | sphere_packing::Error::Solver(semidefinite::Error::Setting { .. }) => {
            Usage(error.to_string()).into()
        }
        other => other.into(),
    }
}

/// One line for an iteration, on the standard error stream: the value that is minimised, then its lower bound.
fn report_progress(progress: &Progress, values: (f64, f64), started: std::time::Instant) -> bool {
    eprintln!(
        "{:>4}  minimum {:<+20.12e} at least {:<+20.12e} gap {:.1e}  infeasibility {:.1e} {:.1e}  {} bits  {:.1} s",
        progress.iteration,
        values.0,
        values.1,
        progress.gap,
        progress.primal_infeasibility,
        progress.dual_infeasibility,
        progress.bits,
        started.elapsed().as_secs_f64()
    );
    true
}

/// What became of a programme without a result, in a sentence.
fn no_result(status: Status, fault: &semidefinite::Error) -> anyhow::Error {
    match status {
        Status::Optimal => anyhow::anyhow!("no bound: {fault}"),
        other => anyhow::anyhow!("no bound: the programme did not converge ({})", other.describe()),
    }
}
