//! `bo-rep represent`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use bilevel::selection::Loss;
use bilevel::sets::norm;
use bo_rep::bo_rep::{Inverse, Options, bo_rep};
use bo_rep::representation::{Batches, Representation};
use bo_rep::run::{Begin, StopReason};
use clap::Args;
use lab::arguments::{calls, check_output, positive};
use lab::table::format_number;
use lab::{say, write_atomically};
use networks::Recurrent;
use numerics::random::stream;
use serde_json::json;

use super::{CellName, Sequences, momentum};

/// Learns by BO-REP on batches, and says the exact Φ and ∇Φ of what was learnt.
#[derive(Args)]
pub struct Represent {
    #[command(flatten)]
    sequences: Sequences,
    /// The cell
    #[arg(long, value_enum, default_value = "rnn")]
    cell: CellName,
    /// Units
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    hidden: u32,
    /// Ridge of the head
    #[arg(long, default_value_t = 0.01, value_parser = positive, allow_negative_numbers = true)]
    ridge: f64,
    /// Rows of a batch
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batch: u32,
    /// Batches to spend
    #[arg(long, default_value = "10000", value_parser = calls)]
    calls: u64,
    /// Length of a step of the encoder
    #[arg(long, default_value_t = 0.03, value_parser = positive, allow_negative_numbers = true)]
    eta: f64,
    /// Momentum
    #[arg(long, default_value_t = 0.9, value_parser = momentum, allow_negative_numbers = true)]
    beta: f64,
    /// Seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write encoder and head: .json
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Represent {
    /// Reads, learns, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(
            self.out.as_deref(),
            "json",
            [self.sequences.train.as_path(), self.sequences.valid.as_path()],
        )?;
        let (words, train, valid) = self.sequences.read()?;
        let (labels, rows) = (valid.labels.clone(), train.labels.len());
        let hidden = self.hidden as usize;
        let shape = Recurrent::new(
            self.cell.into(),
            words.tokens(),
            hidden,
            1.0,
            &mut stream(self.seed, &["bo-rep", "represent"]),
        )?
        .with_forget_offset(1.0);
        let start = shape.parameters.clone();
        let problem = Representation::new(shape, train, valid, self.ridge, Loss::Logistic)?;
        let smoothness = problem.smoothness();
        let zero = vec![0.0; hidden + 1];
        let before = problem.exact(&start, &zero).context("the head has no solution at the start")?;
        let options = Options {
            beta: self.beta,
            inverse: Inverse::Linear { step: 0.5 / smoothness },
            ..Options::bo_rep(self.eta, 0.5 / smoothness, smoothness)
        };
        let batches = Batches { problem, rows: (self.batch as usize).min(rows), components: None };
        let begin = Begin { x: &start, y: &zero, calls: self.calls, seed: self.seed };
        let ended = bo_rep(&batches, &begin, &options, |_| {});
        if let StopReason::Diverged(what) = ended.reason {
            bail!("{what} left the numbers after {} steps: a smaller --eta keeps it", ended.steps);
        }
        let problem = &batches.problem;
        let after = problem.exact(&ended.x, &before.head).context("the head has no solution at the end")?;
        let margins = problem.validation_margins(&ended.x, &after.head);
        // A margin of zero says nothing: half of an error.
        let mistake =
            |(z, label): (&f64, &f64)| if *z == 0.0 { 0.5 } else { f64::from(u8::from(z * label < 0.0)) };
        let wrong: f64 = margins.iter().zip(&labels).map(mistake).sum();
        if let Some(out) = &self.out {
            let text = json!({
                "cell": networks::Cell::from(self.cell), "tokens": words.tokens(), "hidden": hidden,
                "encoder": ended.x, "head": after.head, "vocabulary": words.vocabulary(), "labels": words.labels(),
            });
            write_atomically(out, &serde_json::to_vec(&text)?)?;
        }
        Ok(say(&format!(
            "tokens               {}\nparameters           {}\nΦ                    from {} to {}\n|∇Φ|                 from {} to {}\nnamed wrongly        {} of {} validation rows\nsteps of x           {}",
            words.tokens(),
            start.len(),
            format_number(before.value),
            format_number(after.value),
            format_number(norm(&before.gradient)),
            format_number(norm(&after.gradient)),
            format_number(wrong),
            labels.len(),
            ended.steps,
        ))?)
    }
}
