//! `bo-rep smoothness`.

use std::path::PathBuf;

use anyhow::Context;
use bo_rep::classifier::{Classifier, Work};
use bo_rep::files::Words;
use bo_rep::smoothness::{along_descent, fit};
use clap::Args;
use lab::arguments::{check_output, positive};
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};
use networks::Batch;
use numerics::random::stream;

use super::CellName;

/// Descends by steps of one length from random weights, and fits how smoothness grows.
#[derive(Args)]
pub struct SmoothnessCommand {
    /// Sequences: text, one a line: a label, then tokens, between blanks or commas
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// The cell
    #[arg(long, value_enum, default_value = "rnn")]
    cell: CellName,
    /// Units
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    hidden: u32,
    /// Times 1/√units, the deviation of weights at the start
    #[arg(long, default_value_t = 2.0, value_parser = positive, allow_negative_numbers = true)]
    scale: f64,
    /// Length of a step
    #[arg(long, default_value_t = 0.1, value_parser = positive, allow_negative_numbers = true)]
    eta: f64,
    /// Steps
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(4..=1_000_000))]
    steps: u32,
    /// Seed of the weights
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write gradient and smoothness at each point: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl SmoothnessCommand {
    /// Reads, descends, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.data.as_path()])?;
        let (words, data) = Words::read(&self.data, false)?;
        let classifier = Classifier::new(self.cell.into(), words.tokens(), self.hidden as usize)?;
        let start = classifier.draw(self.scale, &mut stream(self.seed, &["bo-rep", "smoothness"]))?;
        let batch = Batch::new(&data.sequences, words.tokens())?;
        let weights = vec![1.0 / data.labels.len() as f64; data.labels.len()];
        let mut work = Work::default();
        let gradient = |x: &[f64], out: &mut [f64]| {
            classifier.gradient(x, &batch, (&data.labels, &weights), &mut work, out);
        };
        let points = along_descent(gradient, &start, self.eta, self.steps as usize);
        let found = fit(&points).with_context(|| {
            format!(
                "{} points are no descent: the gradient vanished or overflowed (another --scale may do)",
                points.len()
            )
        })?;
        if let Some(out) = &self.out {
            let column = |name: &str, of: fn(&bo_rep::smoothness::Point) -> f64| {
                Column::new(name.into(), points.iter().map(of).collect::<Vec<f64>>())
            };
            write_columns(
                out,
                vec![column("gradient", |p| p.gradient), column("smoothness", |p| p.smoothness)],
            )?;
        }
        let verdict = if found.upper_slope <= 1.1 { "at most linear" } else { "steeper than linear" };
        Ok(say(&format!(
            "sequences            {} of {} tokens\nparameters           {}\npoints               {}\nslope                {} of ln smoothness on ln gradient, {} on the upper half: {verdict}\ncorrelation          {}\nsmoothness spans     {} decades\nL₁ at least          {} (95 % of the upper half)",
            data.labels.len(),
            words.tokens(),
            classifier.parameters(),
            points.len(),
            format_number(found.slope),
            format_number(found.upper_slope),
            format_number(found.correlation),
            format_number(found.decades),
            format_number(found.ratio_95),
        ))?)
    }
}
