//! What people run on their own problems and sequences.

use std::collections::HashSet;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use lab::remark;
use networks::Cell;

use bo_rep::files::Words;
use bo_rep::representation::Labelled;

mod bayes;
mod clean;
mod gradient;
mod represent;
mod smoothness;
mod solve;

/// The paper's own subcommands.
#[derive(Subcommand)]
pub enum Command {
    /// Computes Φ, its gradient and an estimate with its certificate at a point of a problem in a file
    Gradient(gradient::Gradient),
    /// Runs a method on a problem in a file, with noise if wanted
    Solve(solve::Solve),
    /// Measures how the smoothness of a recurrent network's loss grows with its gradient on your sequences
    Smoothness(smoothness::SmoothnessCommand),
    /// Learns a recurrent encoder above a linear head from training and validation sequences
    Represent(represent::Represent),
    /// Weighs training sequences by what they are worth on validation sequences
    Clean(clean::Clean),
    /// Computes the Bayes error of telling two Markov chains apart, as an exact fraction
    Bayes(bayes::Bayes),
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Gradient(gradient) => gradient.run(),
            Self::Solve(solve) => solve.run(),
            Self::Smoothness(smoothness) => smoothness.run(),
            Self::Represent(represent) => represent.run(),
            Self::Clean(clean) => clean.run(),
            Self::Bayes(bayes) => bayes.run(),
        }
    }
}

/// A kind of recurrent cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CellName {
    /// Elman's
    Rnn,
    /// Gated recurrent unit
    Gru,
    /// Long short-term memory
    Lstm,
}

impl From<CellName> for Cell {
    fn from(name: CellName) -> Self {
        match name {
            CellName::Rnn => Self::Rnn,
            CellName::Gru => Self::Gru,
            CellName::Lstm => Self::Lstm,
        }
    }
}

/// Training and validation sequences.
#[derive(Args)]
struct Sequences {
    /// Training sequences: text, one a line: a label, then tokens, between blanks or commas
    #[arg(long, value_name = "FILE")]
    train: PathBuf,
    /// Validation sequences, in the same form
    #[arg(long, value_name = "FILE")]
    valid: PathBuf,
    /// Take validation tokens that training sequences do not have for one token of their own
    #[arg(long)]
    unknown: bool,
}

impl Sequences {
    /// Reads both, and warns of rows that are in both.
    fn read(&self) -> anyhow::Result<(Words, Labelled, Labelled)> {
        let (words, train) = Words::read(&self.train, self.unknown)?;
        let (valid, unknown) = words.other(&self.valid)?;
        // Short sequences repeat by chance; that many are the same in both files is worth knowing.
        let known: HashSet<&Vec<u32>> = train.sequences.iter().collect();
        let shared = valid.sequences.iter().filter(|sequence| known.contains(sequence)).count();
        if shared > 0 {
            let (all, file) = (valid.sequences.len(), self.valid.display());
            remark(&format!("{shared} of {all} sequences of {file} are training sequences too"))?;
        }
        if unknown > 0 {
            remark(&format!("{}: {unknown} tokens are not in the training data", self.valid.display()))?;
        }
        Ok((words, train, valid))
    }
}

/// β.
fn momentum(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x| (0.0..1.0).contains(x));
    number.ok_or_else(|| "expected a number from 0 to below 1".into())
}
