//! `high-dimensional screen`.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use high_dimensional::information::bandwidth::Bandwidth;
use high_dimensional::information::density::{Kernel, Settings};
use high_dimensional::information::screen::{Method as Estimate, screen};
use high_dimensional::information::{Outcome, linfoot};
use lab::arguments::check_output;
use lab::table::format_number;
use lab::{say, write_atomically};

use super::table::split;

/// Scores every column of a table against one of them.
#[derive(Args)]
pub struct Screen {
    /// The table: .csv with names in its first line, .npy or .parquet
    table: PathBuf,
    /// The column of the outcome
    #[arg(long)]
    outcome: String,
    /// What the outcome is; by default classes if it has the values 0 and 1 only
    #[arg(long, value_enum, default_value = "auto")]
    kind: Kind,
    /// How mutual information is estimated
    #[arg(long, value_enum, default_value = "density")]
    method: Method,
    /// Bandwidth: scott, silverman, isj, or a number of standard deviations
    #[arg(long, default_value = "silverman", value_parser = bandwidth)]
    bandwidth: Bandwidth,
    /// The kernel of densities
    #[arg(long, value_enum, default_value = "gaussian")]
    kernel: Shape,
    /// Nodes along each axis
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(16..=4096))]
    grid: u16,
    /// Neighbours
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    neighbours: u16,
    /// Permutations of the outcome for p-values
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    permute: u32,
    /// Seed of the permutations
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Leave out rows with empty fields instead of refusing them
    #[arg(long)]
    drop_missing: bool,
    /// Columns that are shown
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    top: u32,
    /// Write all scores: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// By its values
    Auto,
    /// Numbers
    Continuous,
    /// Whole numbers 0, 1, 2, …
    Classes,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Kernel densities on a grid
    Density,
    /// Nearest neighbours
    Neighbours,
    /// Histograms, corrected for their bias
    Binning,
    /// Correlation, as mutual information of normal columns
    Correlation,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// Two banded passes
    Gaussian,
    /// Radial, by Fourier transforms
    Epanechnikov,
}

fn bandwidth(text: &str) -> Result<Bandwidth, String> {
    match text {
        "scott" => Ok(Bandwidth::Scott),
        "silverman" => Ok(Bandwidth::Silverman),
        "isj" => Ok(Bandwidth::ImprovedSheatherJones),
        _ => match text.parse() {
            Ok(number) if number > 0.0 && f64::is_finite(number) => Ok(Bandwidth::Deviations(number)),
            _ => Err("expected scott, silverman, isj or a positive number".into()),
        },
    }
}

impl Screen {
    /// Reads, scores and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.table.as_path()])?;
        let name = self.table.display().to_string();
        let table = split(&self.table, &[&self.outcome], self.drop_missing)?;
        let values = &table.taken[0];
        let whole = values.iter().all(|value| *value >= 0.0 && value.fract() == 0.0 && *value < 1000.0);
        let outcome = match self.kind {
            Kind::Continuous => Outcome::Continuous(values.clone()),
            Kind::Classes if !whole => {
                anyhow::bail!("{name}: column {} has values that are no classes 0, 1, 2, …", self.outcome)
            }
            Kind::Auto if values.iter().any(|value| *value != 0.0 && *value != 1.0) => {
                Outcome::Continuous(values.clone())
            }
            _ => Outcome::Classes(values.iter().map(|value| *value as usize).collect()),
        };
        let kernel = match self.kernel {
            Shape::Gaussian => Kernel::Gaussian,
            Shape::Epanechnikov => Kernel::Epanechnikov,
        };
        let method = match self.method {
            Method::Density => Estimate::Density(Settings {
                kernel,
                bandwidth: self.bandwidth,
                grid: usize::from(self.grid),
            }),
            Method::Neighbours => Estimate::Neighbours(usize::from(self.neighbours)),
            Method::Binning => Estimate::Binning { corrected: true },
            Method::Correlation => Estimate::Correlation,
        };
        let scores = screen(&table.columns, &outcome, method, self.permute as usize, self.seed)
            .with_context(|| name)?;
        let p_value = |p: f64| if p.is_nan() { String::new() } else { format_number(p) };
        if let Some(path) = &self.out {
            let mut text = String::from("rank,column,information,linfoot,p_value,fallback\n");
            for (place, score) in scores.iter().enumerate() {
                let column = &table.names[score.column];
                let quoted = if column.contains([',', '"', '\n']) {
                    format!("\"{}\"", column.replace('"', "\"\""))
                } else {
                    column.clone()
                };
                let _ = writeln!(
                    text,
                    "{},{quoted},{:e},{:e},{},{}",
                    place + 1,
                    score.information,
                    linfoot(score.information),
                    p_value(score.p_value),
                    score.fallback
                );
            }
            write_atomically(path, text.as_bytes())?;
        }
        let kind = match &outcome {
            Outcome::Continuous(_) => "continuous".to_owned(),
            Outcome::Classes(classes) => {
                format!("{} classes", classes.iter().max().map_or(0, |most| most + 1))
            }
        };
        let mut text = format!(
            "outcome             {} ({kind}), {} rows, {} columns",
            self.outcome,
            outcome.rows(),
            scores.len()
        );
        for score in scores.iter().take(self.top as usize) {
            let column: String = table.names[score.column].chars().take(19).collect();
            let _ = write!(
                text,
                "\n{column:<19} {} nats, as a correlation of {}",
                format_number(score.information),
                format_number(linfoot(score.information))
            );
            if !score.p_value.is_nan() {
                let _ = write!(text, ", p = {}", p_value(score.p_value));
            }
        }
        let fallbacks = scores.iter().filter(|score| score.fallback).count();
        if fallbacks > 0 {
            let _ = write!(
                text,
                "\nfallback            the bandwidth rule has no solution for {fallbacks} columns, or one below the grid's step: Silverman's or a step was taken"
            );
        }
        Ok(say(&text)?)
    }
}
