//! `solve`: semidefinite programmes from files.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use lab::Error::Usage;
use lab::arguments::{positive, refuse_one_file_for_two, refuse_overwriting};
use lab::{say, write_atomically};
use sphere_packing::semidefinite::Status;
use sphere_packing::semidefinite::precision::{Plan, Precision, solve};
use sphere_packing::semidefinite::sdpa::SparseProblem;

use super::{precision, report_progress};

#[derive(Args)]
pub struct Solve {
    /// A problem in SDPA's sparse format: minimise Σ c_i x_i with Σ x_i F_i − F_0 ⪰ 0
    #[arg(value_name = "FILE.dat-s")]
    file: PathBuf,
    /// Bits of the arithmetic: 53, 106, 192, 256, 384 or 512 [default: raised from 53 until it suffices]
    #[arg(long, value_name = "BITS")]
    precision: Option<usize>,
    /// Relative difference of both objectives to stop at
    #[arg(long, default_value_t = 1e-8, value_parser = positive, allow_negative_numbers = true)]
    gap: f64,
    /// X and Y start as this multiple of the identity
    #[arg(long, default_value_t = 1e3, value_parser = positive, allow_negative_numbers = true)]
    start: f64,
    /// Iterations at most
    #[arg(long, default_value_t = 300)]
    iterations: usize,
    /// File for x, one number a line
    #[arg(long, value_name = "FILE.txt")]
    out: Option<PathBuf>,
    /// A file that the iterate is kept in every minute, and resumed from
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Prints a line for every iteration
    #[arg(long)]
    trace: bool,
}

impl Solve {
    pub fn run(self) -> anyhow::Result<()> {
        let name = || self.file.display().to_string();
        for written in [&self.out, &self.checkpoint].into_iter().flatten() {
            refuse_overwriting(written, [self.file.as_path()])?;
        }
        if let (Some(out), Some(checkpoint)) = (&self.out, &self.checkpoint) {
            refuse_one_file_for_two(out, checkpoint)?;
        }
        if self.gap >= 1.0 {
            return Err(Usage(format!("--gap {}: expected a number below 1", self.gap)).into());
        }
        let problem = SparseProblem::read(BufReader::new(File::open(&self.file).with_context(name)?))
            .with_context(name)?;
        let (from, to) = match self.precision {
            Some(bits) => (precision(bits)?, precision(bits)?),
            None => (Precision::Double, Precision::Bits512),
        };
        let checkpoint = self.checkpoint.as_deref().map(|path| (path, Duration::from_secs(60)));
        let mut plan = Plan { from, to, checkpoint, ..Plan::default() };
        plan.settings.gap = self.gap;
        plan.settings.infeasibility = self.gap.min(1e-8);
        plan.settings.start = self.start;
        plan.settings.iterations = self.iterations;
        let started = Instant::now();
        let outcome = solve(&problem, &plan, &mut |progress| {
            !self.trace || report_progress(progress, (-progress.dual, -progress.primal), started)
        })
        .with_context(name)?;
        let last = *outcome.last();
        if last.status != Status::Optimal {
            // The file's primal is the dual of the solver's form.
            let words = match last.status {
                Status::PrimalInfeasible => {
                    "no solution: the problem is unbounded, or has values beyond some 1e12 times its data"
                }
                Status::DualInfeasible => {
                    "no solution: the problem is infeasible, or feasible only beyond some 1e12 times its data"
                }
                Status::Breakdown if last.progress.iteration < 3 => {
                    "not converged: the linear system is singular; are constraints linearly dependent, or is --start far off?"
                }
                other => anyhow::bail!(
                    "{}: not converged after {} iterations in {} bits: {}",
                    name(),
                    last.progress.iteration,
                    last.precision.bits(),
                    other.describe()
                ),
            };
            anyhow::bail!("{}: {words}", name());
        }
        let solution = outcome.output.with_context(name)?;
        if let Some(path) = &self.out {
            let text: String = solution.x.iter().map(|value| format!("{value}\n")).collect();
            write_atomically(path, text.as_bytes())?;
        }
        say(&format!("minimum {:.12e}", solution.minimum))?;
        say(&format!("dual    {:.12e}", solution.maximum))?;
        say(&format!(
            "{} iterations, {} bits, relative gap {:.1e}",
            last.progress.iteration,
            last.precision.bits(),
            last.progress.gap
        ))?;
        Ok(())
    }
}
