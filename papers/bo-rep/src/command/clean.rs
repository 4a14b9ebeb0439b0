//! `bo-rep clean`.

use std::path::PathBuf;

use anyhow::{bail, ensure};
use bilevel::levels::Upper;
use bilevel::schedule::Power;
use bo_rep::bo_rep::{Inverse, LowerUpdates, Options, bo_rep};
use bo_rep::chains::pair_counts;
use bo_rep::classifier::Classifier;
use bo_rep::cleaning::{Batches, Cleaning, Labels, Model, area_under_curve};
use bo_rep::run::{Begin, StopReason};
use clap::{Args, ValueEnum};
use lab::arguments::{calls, check_output, positive, usage};
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};
use numerics::elementary::sigmoid;
use numerics::random::stream;

use super::{CellName, Sequences};

/// Learns a weight for each training row by BO-REP.
#[derive(Args)]
pub struct Clean {
    #[command(flatten)]
    sequences: Sequences,
    /// What learns below
    #[arg(long, value_enum, default_value = "head")]
    lower: Lower,
    /// The cell of a full network
    #[arg(long, value_enum, default_value = "rnn")]
    cell: CellName,
    /// Its units
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    hidden: u32,
    /// Ridge of the lower level
    #[arg(long, default_value_t = 0.01, value_parser = positive, allow_negative_numbers = true)]
    ridge: f64,
    /// Rows of a batch
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batch: u32,
    /// Batches to spend
    #[arg(long, default_value = "6000", value_parser = calls)]
    calls: u64,
    /// Length of a step of all logits together [default: √rows/250]
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    eta: Option<f64>,
    /// The training sequences with their true labels, if they are known, to say how well flips were found
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// Seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write a weight for each row: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lower {
    /// A linear model of counts of neighbouring tokens
    Head,
    /// A recurrent network with its head
    Full,
}

/// Tokens whose pairs a linear model counts at most: a step of its exact solution is a factorisation of V² + 1 unknowns.
const MOST_TOKENS: usize = 30;

impl Clean {
    /// Reads, learns, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(
            self.out.as_deref(),
            "csv",
            [self.sequences.train.as_path(), self.sequences.valid.as_path()]
                .into_iter()
                .chain(self.truth.as_deref()),
        )?;
        let (words, train, valid) = self.sequences.read()?;
        let rows = train.labels.len();
        let flipped = match &self.truth {
            Some(path) => {
                let (truth, _) = words.other(path)?;
                ensure!(
                    truth.sequences == train.sequences,
                    "{}: expected the training sequences in their order",
                    path.display()
                );
                Some(truth.labels.iter().zip(&train.labels).map(|(a, b)| a != b).collect::<Vec<bool>>())
            }
            None => None,
        };
        let tokens = words.tokens();
        let (model, start) = match self.lower {
            Lower::Head => {
                if tokens > MOST_TOKENS {
                    return Err(usage(format!(
                        "--lower head: pairs of {tokens} tokens are too many, expected at most {MOST_TOKENS} tokens (--lower full)"
                    )));
                }
                let model = Model::Linear {
                    train: pair_counts(&train.sequences, tokens),
                    valid: pair_counts(&valid.sequences, tokens),
                };
                (model, vec![0.0; tokens * tokens + 1])
            }
            Lower::Full => {
                let classifier = Classifier::new(self.cell.into(), tokens, self.hidden as usize)?;
                let start = classifier.draw(1.0, &mut stream(self.seed, &["bo-rep", "clean"]))?;
                (Model::Recurrent { classifier, train: train.sequences, valid: valid.sequences }, start)
            }
        };
        let problem = Cleaning::new(model, train.labels.clone(), valid.labels, self.ridge)?;
        let smoothness = problem.smoothness();
        ensure!(smoothness.is_finite(), "the lower level has no finite curvature");
        let gamma = 0.5 / smoothness;
        let zero = vec![0.0; rows];
        // A network below has no exact solution: then the loss is that of where the run ended.
        let before = problem.exact(&zero, &start).map(|found| found.value);
        let options = Options {
            lower: LowerUpdates::Periodic { period: 2, inner: 4, ball: f64::INFINITY },
            inverse: Inverse::Linear { step: gamma },
            eta: Power::constant(self.eta.unwrap_or((rows as f64).sqrt() / 250.0)),
            ..Options::bo_rep(1.0, gamma, smoothness)
        };
        let batches = Batches {
            problem,
            rows: (self.batch as usize).min(rows),
            labels: Labels::Fixed,
            components: None,
        };
        let begin = Begin { x: &zero, y: &start, calls: self.calls, seed: self.seed };
        let ended = bo_rep(&batches, &begin, &options, |_| {});
        if let StopReason::Diverged(what) = ended.reason {
            bail!("{what} left the numbers after {} steps: a smaller --eta keeps it", ended.steps);
        }
        let weights: Vec<f64> = ended.x.iter().map(|x| sigmoid(*x)).collect();
        // Half of what all rows began with.
        let suspected = |weight: &f64| *weight < 0.25;
        if let Some(out) = &self.out {
            write_columns(
                out,
                vec![
                    Column::new("row".into(), (1..=rows as u64).collect::<Vec<u64>>()),
                    Column::new("weight".into(), weights.clone()),
                    Column::new("suspected".into(), weights.iter().map(suspected).collect::<Vec<bool>>()),
                ],
            )?;
        }
        let found = flipped.map_or_else(
            || "no true labels given".to_owned(),
            |flipped| {
                area_under_curve(&weights, &flipped).map_or_else(
                    || "no row is flipped, or all are".to_owned(),
                    |area| format!("{} of pairs with the flipped row below", format_number(area)),
                )
            },
        );
        let learnt = batches.problem.exact(&ended.x, &start).map(|found| found.value);
        let after = format_number(learnt.unwrap_or_else(|| batches.problem.upper(&ended.x, &ended.y)));
        let loss = before.map_or_else(
            || format!("{after} where the network ended"),
            |before| {
                format!("{} with all weights the same, {after} with the learnt ones", format_number(before))
            },
        );
        Ok(say(&format!(
            "rows                 {rows} of {tokens} tokens\nvalidation loss      {loss}\nsuspected rows       {} (weight below half of the start's)\nflips found          {found}\nsteps of x           {}",
            weights.iter().filter(|weight| suspected(weight)).count(),
            ended.steps,
        ))?)
    }
}
