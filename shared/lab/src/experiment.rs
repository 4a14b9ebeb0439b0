//! What an experiment is: a grid of cells, a pure measurement, and a report of the table.
//!
//! ```text
//! grid(profile) ──► measure(cell) ──► rows on disk ──► report(table)
//! ```

use std::collections::BTreeMap;
use std::fmt;

use clap::ValueEnum;
use numerics::random;
use rand_chacha::ChaCha8Rng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::column::Columns;
use crate::error::Failure;
use crate::record::{Record, RecordError};
use crate::report::Report;
use crate::store::{Ending, StoredCell};
use crate::table::Table;

/// How much work a grid holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Seconds: what the tests run.
    Smoke,
    /// At most 25 seconds on two cores: the default.
    Quick,
    /// The paper's own sizes, hours if need be.
    Full,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Smoke => "smoke",
            Self::Quick => "quick",
            Self::Full => "full",
        })
    }
}

/// One figure or table of a paper, as an experiment.
pub trait Experiment: Send + Sync + 'static {
    /// The parameters of a cell: a flat struct of numbers, flags, words and unit-only enums.
    /// Replicates are a parameter like any other (`replicate: u32`).
    type Parameters: Columns + Serialize + DeserializeOwned + Clone + Send + Sync;
    /// One measured row: a flat struct, with no field named like a parameter.
    type Row: Columns + Serialize + DeserializeOwned + Clone + Send + Sync;

    /// The name of its folder, its files and its command-line argument.
    const ID: &'static str;
    /// A heading.
    const TITLE: &'static str;
    /// One or two sentences: what it asks, and how it finds out.
    const QUESTION: &'static str;
    /// Raised by hand when the measurement changes its meaning: rows of other revisions are ignored.
    const REVISION: u32;
    /// Whether a cell measures time, and so must run alone.
    const RUNS_ALONE: bool = false;

    /// The cells of a profile, each once.
    fn grid(&self, profile: Profile) -> Vec<Self::Parameters>;
    /// Measures one cell. It prints nothing, and reads no clock unless it [runs alone](Self::RUNS_ALONE).
    ///
    /// # Errors
    /// A failure is recorded with its message, stops no other cell, and is tried again by the next run.
    fn measure(&self, parameters: &Self::Parameters, random: &Random) -> Result<Outcome<Self::Row>, Failure>;
    /// Draws figures and adds tables, from the table of measured rows alone.
    ///
    /// # Errors
    /// Whatever keeps a figure or table from being made; the run then fails.
    fn report(&self, table: &Table<Self::Parameters, Self::Row>, report: &mut Report) -> Result<(), Failure>;
}

/// How a cell ended, when it did not fail.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<R> {
    /// Measured.
    Done(Vec<R>),
    /// Not applicable, with the reason.
    Skipped(String),
    /// What was measured is not finite, with what it was.
    Diverged(String),
    /// A budget of its own ran out.
    TimedOut(String),
}

/// The randomness of one cell: streams found by name.
///
/// Nothing depends on the order in which cells run, so one thread, sixteen, or a cluster of machines
/// draw the same numbers.
#[derive(Clone, Debug)]
pub struct Random {
    pub(crate) seed: u64,
    pub(crate) paper: String,
    pub(crate) experiment: String,
    pub(crate) cell: String,
}

impl Random {
    /// A stream of this cell alone, for the named purpose.
    pub fn stream(&self, purpose: &str) -> ChaCha8Rng {
        random::stream(self.seed, &[&self.paper, &self.experiment, "cell", &self.cell, purpose])
    }

    /// A stream that all cells of the experiment share which give the same `key` (a flat struct or a
    /// map): the way to compare methods on the same data.
    ///
    /// # Errors
    /// If the key is not flat.
    pub fn shared_stream(&self, purpose: &str, key: &impl Serialize) -> Result<ChaCha8Rng, RecordError> {
        let key = Record::of(key)?.canonical();
        Ok(random::stream(self.seed, &[&self.paper, &self.experiment, "shared", &key, purpose]))
    }
}

/// A key for [`Random::shared_stream`], from names and numbers.
pub fn key<const N: usize>(fields: [(&'static str, f64); N]) -> BTreeMap<&'static str, f64> {
    BTreeMap::from(fields)
}

/// An experiment whose types are known only to itself.
pub(crate) trait AnyExperiment: Send + Sync {
    fn id(&self) -> &'static str;
    fn title(&self) -> &'static str;
    fn question(&self) -> &'static str;
    fn revision(&self) -> u32;
    fn runs_alone(&self) -> bool;
    fn cells(&self, profile: Profile) -> Result<Vec<Record>, RecordError>;
    fn measure(&self, parameters: &Record, random: &Random) -> (Ending, Vec<Record>);
    fn report(&self, cells: &[StoredCell], report: &mut Report) -> Result<(), Failure>;
}

impl<E: Experiment> AnyExperiment for E {
    fn id(&self) -> &'static str {
        E::ID
    }
    fn title(&self) -> &'static str {
        E::TITLE
    }
    fn question(&self) -> &'static str {
        E::QUESTION
    }
    fn revision(&self) -> u32 {
        E::REVISION
    }
    fn runs_alone(&self) -> bool {
        E::RUNS_ALONE
    }

    fn cells(&self, profile: Profile) -> Result<Vec<Record>, RecordError> {
        self.grid(profile).iter().map(Record::of).collect()
    }

    fn measure(&self, parameters: &Record, random: &Random) -> (Ending, Vec<Record>) {
        let measured = parameters
            .to()
            .map_err(Failure::from)
            .and_then(|parameters| Experiment::measure(self, &parameters, random))
            .and_then(|outcome| match outcome {
                Outcome::Done(rows) => {
                    let rows = rows.iter().map(Record::of).collect::<Result<Vec<_>, _>>()?;
                    Ok((Ending::Done, rows))
                }
                Outcome::Skipped(why) => Ok((Ending::Skipped(why), Vec::new())),
                Outcome::Diverged(what) => Ok((Ending::Diverged(what), Vec::new())),
                Outcome::TimedOut(budget) => Ok((Ending::TimedOut(budget), Vec::new())),
            });
        measured.unwrap_or_else(|failure| (Ending::Failed(failure.to_string()), Vec::new()))
    }

    fn report(&self, cells: &[StoredCell], report: &mut Report) -> Result<(), Failure> {
        let table = Table::new(report.paper(), cells)?;
        Experiment::report(self, &table, report)?;
        report.rows::<E::Parameters, E::Row>(table.frame())
    }
}
