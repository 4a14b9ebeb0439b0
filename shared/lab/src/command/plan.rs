//! What a run would still have to do.

use serde::Serialize;

use crate::error::Error;
use crate::experiment::AnyExperiment;
use crate::run::{Run, ended};
use crate::table::format_number;

use crate::terminal::{columns, say};

/// How far one experiment is.
#[derive(Serialize)]
struct Planned {
    experiment: &'static str,
    /// Cells of the grid.
    cells: usize,
    /// Cells that need no more work.
    done: usize,
    missing: usize,
    failed: usize,
    /// Whether its cells measure time, and so run one after another.
    runs_alone: bool,
    /// Cells that only rows of another revision hold; they count as missing.
    other_revision: usize,
    /// Cells that a limit ended; they count as done, and a run with more time for a cell measures them again.
    at_limit: usize,
    /// Cells that other sources measured; they count as done.
    other_sources: usize,
    /// Mean wall time of a measured cell.
    mean_seconds: Option<f64>,
}

impl Planned {
    fn of(run: &Run<'_>, experiment: &dyn AnyExperiment) -> Result<Self, Error> {
        let standing = run.standing(experiment)?;
        let counts = standing.counts();
        Ok(Self {
            experiment: experiment.id(),
            cells: standing.grid.len(),
            done: ended(counts),
            missing: counts.missing,
            failed: counts.failed,
            runs_alone: experiment.runs_alone(),
            other_revision: standing.other_revision,
            at_limit: standing.at_limit(),
            other_sources: standing.other_sources(&run.sources),
            mean_seconds: standing.mean_seconds,
        })
    }

    /// Wall time that is left, where a cell was ever timed.
    fn seconds_left(&self) -> Option<f64> {
        let open = self.missing + self.failed;
        let threads = if self.runs_alone { 1 } else { rayon::current_num_threads() };
        match open {
            0 => Some(0.0),
            _ => self.mean_seconds.map(|mean| mean * open as f64 / threads as f64),
        }
    }

    fn stale(&self) -> String {
        let mut stale = Vec::new();
        if self.other_revision > 0 {
            stale.push(format!("{} of another revision, ignored", self.other_revision));
        }
        if self.at_limit > 0 {
            stale.push(format!("{} ended at a limit, again with more time", self.at_limit));
        }
        if self.other_sources > 0 {
            stale.push(format!("{} from other sources, kept", self.other_sources));
        }
        if stale.is_empty() { "-".into() } else { stale.join("; ") }
    }

    fn line(&self) -> Vec<String> {
        let left = self.seconds_left().map_or_else(
            || "unknown".into(),
            |seconds| format!("{} s", format_number((seconds * 10.0).round() / 10.0)),
        );
        let Self { experiment, cells, done, missing, failed, .. } = self;
        let [cells, done, missing, failed] = [cells, done, missing, failed].map(usize::to_string);
        vec![(*experiment).into(), cells, done, missing, failed, self.stale(), left]
    }
}

/// Prints how far the experiments are: a table with the time that is left, or JSON.
///
/// # Errors
/// If rows cannot be read; with `complete`, if a cell of the grids is not done.
pub(super) fn plan(
    run: &Run<'_>,
    experiments: &[&dyn AnyExperiment],
    json: bool,
    complete: bool,
) -> Result<(), Error> {
    let planned =
        experiments.iter().map(|&experiment| Planned::of(run, experiment)).collect::<Result<Vec<_>, _>>()?;
    if json {
        say(&serde_json::to_string_pretty(&planned).map_err(|fault| Error::Internal(fault.to_string()))?)?;
    } else {
        let left: f64 = planned.iter().filter_map(Planned::seconds_left).sum();
        let untimed: Vec<&str> = planned
            .iter()
            .filter(|planned| planned.seconds_left().is_none())
            .map(|planned| planned.experiment)
            .collect();
        let left = match untimed.len() {
            0 => format!("about {left:.0} s"),
            all if all == planned.len() => "unknown: nothing was timed yet".into(),
            _ => format!("about {left:.0} s, and what {} takes: not timed yet", untimed.join(", ")),
        };
        say(&format!(
            "{}\n\ntime left on {} threads: {left}",
            columns(
                &["experiment", "cells", "done", "missing", "failed", "stale", "time left"],
                planned.iter().map(Planned::line).collect()
            ),
            rayon::current_num_threads()
        ))?;
    }
    let open: usize = planned.iter().map(|planned| planned.missing + planned.failed).sum();
    let cells: usize = planned.iter().map(|planned| planned.cells).sum();
    match open {
        0 => Ok(()),
        _ if complete => Err(Error::FailedCells(format!("{open} of {cells} cells are not done"))),
        _ => Ok(()),
    }
}
