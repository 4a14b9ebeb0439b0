//! Solving with the shortest numbers that suffice.
//!
//! Before an attempt breaks down its steps become short: rounding errors push the iterate to the boundary, from where no precision
//! leads away quickly. So the next precision continues from the last iterate that a long step led to, while its residual was still
//! small. If the gap was still large there, it starts anew, ten times further out.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Problem;
use super::checkpoint;
use super::interior_point::minimise;
use super::solution::{Iterate, Progress, Settings, Solution, Status};
use crate::Error;
pub use crate::scalar::Precision;
use crate::scalar::{DoubleDouble, Multi, Scalar, convert};

/// A problem that can be written down, and its solution read, in any precision.
pub trait Formulation: Sync {
    /// What is kept of a solution.
    type Output;

    /// The problem.
    ///
    /// # Errors
    ///
    /// If the parameters make no problem.
    fn problem<T: Scalar>(&self) -> Result<Problem<T>, Error>;

    /// What an optimal solution means.
    ///
    /// # Errors
    ///
    /// If the solution is not good enough, so that a higher precision is tried.
    fn output<T: Scalar>(&self, solution: &Solution<T>) -> Result<Self::Output, Error>;
}

/// One attempt in one precision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attempt {
    /// The arithmetic.
    pub precision: Precision,
    /// How it ended.
    pub status: Status,
    /// Where it ended.
    pub progress: Progress,
}

/// The end of all attempts.
#[derive(Clone, Debug)]
pub struct Outcome<O> {
    /// What the solution means; an error if the last attempt ended otherwise than optimal, or its solution is not good enough.
    pub output: Result<O, Error>,
    /// The attempts, in order.
    pub attempts: Vec<Attempt>,
}

impl<O> Outcome<O> {
    /// The last attempt.
    pub fn last(&self) -> &Attempt {
        self.attempts.last().expect("at least one attempt is made")
    }

    /// Iterations of all attempts, a continued one counted once.
    pub fn iterations(&self) -> usize {
        self.last().progress.iteration
    }
}

/// How precisions are tried.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// Where to stop and start.
    pub settings: Settings,
    /// The first arithmetic.
    pub from: Precision,
    /// The last that may be tried.
    pub to: Precision,
    /// A file that the iterate is written to, at most once in this time, and resumed from where it exists.
    pub checkpoint: Option<(&'a Path, Duration)>,
}

impl Default for Plan<'_> {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            from: Precision::DoubleDouble,
            to: Precision::Bits512,
            checkpoint: None,
        }
    }
}

/// Steps that count as long, and gaps from which an iterate is not worth continuing.
const LONG_STEP: f64 = 0.5;
const LARGE_GAP: f64 = 1e-2;

/// The iterate in the longest numbers, which hold all others exactly.
type Carried = Iterate<Multi<8>>;

/// Solves `formulation`, raising the precision after every breakdown; `observe` sees every iterate's measures and answers
/// whether to go on. A checkpoint that exists is resumed in its precision and removed once there is an output.
///
/// # Errors
///
/// Of the formulation; [`Error::Setting`]; [`Error::Checkpoint`] if a checkpoint is damaged, belongs to another problem or cannot be written.
pub fn solve<F: Formulation>(
    formulation: &F,
    plan: &Plan,
    observe: &mut dyn FnMut(&Progress) -> bool,
) -> Result<Outcome<F::Output>, Error> {
    plan.settings.validate()?;
    if plan.from > plan.to {
        return Err(Error::Setting {
            name: "first precision",
            value: plan.from.bits() as f64,
            expected: "at most the last precision",
        });
    }
    let mut precision = plan.from;
    let mut carried = None;
    if let Some((path, _)) = plan.checkpoint
        && path.exists()
    {
        precision = checkpoint::precision(path)?;
        if precision > plan.to {
            let fault = format!("it has {} bits, and {} are allowed", precision.bits(), plan.to.bits());
            return Err(Error::Checkpoint { path: path.display().to_string(), fault });
        }
    }
    let mut settings = plan.settings.clone();
    let mut attempts: Vec<Attempt> = Vec::new();
    loop {
        let attempt = match precision {
            Precision::Double => attempt::<f64, F>,
            Precision::DoubleDouble => attempt::<DoubleDouble, F>,
            Precision::Bits192 => attempt::<Multi<3>, F>,
            Precision::Bits256 => attempt::<Multi<4>, F>,
            Precision::Bits384 => attempt::<Multi<6>, F>,
            Precision::Bits512 => attempt::<Multi<8>, F>,
        };
        let (output, last, made) = attempt(formulation, plan, &settings, precision, carried.take(), observe)?;
        attempts.push(made);
        let next = Precision::ALL.into_iter().find(|next| *next > precision && *next <= plan.to);
        let insufficient =
            made.status == Status::Breakdown || made.status == Status::Optimal && output.is_err();
        match next {
            Some(next) if insufficient => {
                precision = next;
                if last.is_none() {
                    settings.start *= 10.0;
                }
                carried = last;
                if made.status == Status::Optimal {
                    // The same gap would end the next attempt before it began; and what made the output unacceptable may be the residual.
                    settings.gap *= 0.1;
                    settings.infeasibility *= 1e-10;
                }
            }
            _ => {
                if let Some((path, _)) = plan.checkpoint
                    && output.is_ok()
                    && path.exists()
                {
                    std::fs::remove_file(path).map_err(|error| Error::Checkpoint {
                        path: path.display().to_string(),
                        fault: error.to_string(),
                    })?;
                }
                return Ok(Outcome { output, attempts });
            }
        }
    }
}

/// The output of an attempt, an iterate worth continuing from and its measures.
type Attempted<O> = (Result<O, Error>, Option<Carried>, Attempt);

/// One attempt in the arithmetic of `T`.
fn attempt<T: Scalar, F: Formulation>(
    formulation: &F,
    plan: &Plan,
    settings: &Settings,
    precision: Precision,
    carried: Option<Carried>,
    observe: &mut dyn FnMut(&Progress) -> bool,
) -> Result<Attempted<F::Output>, Error> {
    let problem = formulation.problem::<T>()?;
    let fingerprint = checkpoint::fingerprint(&problem);
    let start = match (carried, plan.checkpoint) {
        (Some(carried), _) => converted(&carried),
        (None, Some((path, _))) if path.exists() && checkpoint::precision(path)? == precision => {
            checkpoint::read(path, &problem, &fingerprint)?
        }
        _ => Iterate::start(&problem, settings.start),
    };
    let mut written: Option<Instant> = None;
    let mut fault = None;
    let mut healthy: Option<Iterate<T>> = None;
    let mut smallest_residual = f64::INFINITY;
    let solution = minimise(&problem, start, settings, &mut |progress, iterate| {
        let go_on = observe(progress);
        smallest_residual = smallest_residual.min(progress.primal_infeasibility);
        let long = progress.steps.0.min(progress.steps.1) >= LONG_STEP;
        if long
            && progress.gap < LARGE_GAP
            && progress.primal_infeasibility <= (1e3 * smallest_residual).max(settings.infeasibility)
        {
            healthy = Some(iterate.clone());
        }
        if let Some((path, interval)) = plan.checkpoint
            && (written.is_none_or(|written| written.elapsed() >= interval) || !go_on)
        {
            if let Err(error) = checkpoint::write(path, precision, iterate, &fingerprint) {
                fault = Some(error);
                return false;
            }
            written = Some(Instant::now());
        }
        go_on
    })?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    let made = Attempt { precision, status: solution.status, progress: solution.progress };
    let output = match solution.status {
        Status::Optimal => formulation.output(&solution),
        other => Err(Error::NotConverged(other.describe().to_owned())),
    };
    let carried = match solution.status {
        Status::Breakdown => healthy.as_ref(),
        _ => Some(&solution.iterate),
    };
    Ok((output, carried.map(converted), made))
}

/// The iterate in another arithmetic.
fn converted<T: Scalar, U: Scalar>(iterate: &Iterate<T>) -> Iterate<U> {
    Iterate {
        x: iterate.x.iter().map(|value| convert(*value)).collect(),
        z: iterate.z.iter().map(|value| convert(*value)).collect(),
        slack: iterate.slack.iter().map(|matrix| matrix.mapv(convert)).collect(),
        matrices: iterate.matrices.iter().map(|matrix| matrix.mapv(convert)).collect(),
        iteration: iterate.iteration,
    }
}
