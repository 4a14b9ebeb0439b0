//! `lie-decompositions classify`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use lab::arguments::check_output;
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};
use lie_decompositions::network::training::{averaged, classes};
use numerics::random::stream;

use super::images::Images;
use super::stored::Trained;

/// A trained network and images.
#[derive(Args)]
pub struct Classify {
    /// The network: .json, written by train
    #[arg(long, value_name = "FILE")]
    net: PathBuf,
    #[command(flatten)]
    images: Images,
    /// Right labels, to count with: .csv, .npy, or MNIST's .gz
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Sets of samples over which outputs are averaged
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    draws: u32,
    /// Seed of the samples
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write classes, one image a row: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Classify {
    /// Names and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let inputs = [self.net.as_path(), self.images.images.as_path()];
        check_output(self.out.as_deref(), "csv", inputs.into_iter().chain(self.labels.as_deref()))?;
        let trained = Trained::read(&self.net)?;
        let (pixels, _) = self.images.read(Some(trained.range))?;
        let labels = self.labels.as_ref().map(|path| self.images.labels(path, pixels.nrows())).transpose()?;
        let mut random = stream(self.seed, &["classify"]);
        let sets = (&trained.sampling, trained.samples, self.draws as usize);
        let logits = averaged(&trained.network, pixels.view(), sets, &mut random)
            .with_context(|| self.images.images.display().to_string())?;
        let named = classes(&logits);
        if let Some(out) = &self.out {
            let values: Vec<u32> = named.iter().map(|class| *class as u32).collect();
            write_columns(out, vec![Column::new("class".into(), values)])?;
        }
        let mut text = format!("images              {}", named.len());
        if let Some(labels) = labels {
            let right = named.iter().zip(&labels).filter(|(a, b)| a == b).count();
            text += &format!("\nnamed rightly       {}", format_number(right as f64 / named.len() as f64));
        } else {
            let counts = (0..trained.network.architecture.classes)
                .map(|class| named.iter().filter(|named| **named == class).count().to_string());
            text += &format!("\nof each class       {}", counts.collect::<Vec<_>>().join(" "));
        }
        Ok(say(&text)?)
    }
}
