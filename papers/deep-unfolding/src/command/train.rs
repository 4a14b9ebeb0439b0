//! `deep-unfolding train`.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use deep_unfolding::gradient::HardGradient;
use deep_unfolding::network::Network;
use deep_unfolding::problem::{Penalty, Problem};
use deep_unfolding::signals::{BernoulliGaussian, Model, Samples};
use deep_unfolding::training::{Loss, Signals, Training, train};
use lab::arguments::{check_output, positive};
use lab::table::{first_numbers, format_number};
use lab::{progress, remark, say, write_atomically};
use numerics::random::stream;
use serde::{Deserialize, Serialize};

use super::{PenaltyName, check_scale, read_columns, read_problem, usage};

/// Trains steps, and thresholds if they are free, for a matrix.
#[derive(Args)]
pub struct Train {
    /// A: .csv, .npy or .parquet, M rows of N numbers
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    /// Samples to learn from: M rows, a column for each measurement; without them samples are drawn from a model
    #[arg(long, value_name = "FILE")]
    measurements: Option<PathBuf>,
    /// Their signals, N rows: what supervised training needs
    #[arg(long, value_name = "FILE", requires = "measurements")]
    signals: Option<PathBuf>,
    /// The model: the share of entries that are not zero
    #[arg(long, default_value_t = 0.1, value_parser = share, allow_negative_numbers = true, conflicts_with = "measurements")]
    probability: f64,
    /// The model: the signal-to-noise ratio of measurements, dB
    #[arg(long, default_value_t = 20.0, value_parser = finite, allow_negative_numbers = true, conflicts_with = "measurements")]
    decibels: f64,
    /// What is added to the squares
    #[arg(long, value_enum, default_value = "l1")]
    penalty: PenaltyName,
    /// λ
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    weight: f64,
    /// From signals, or from the objective alone
    #[arg(long, value_enum, default_value = "unsupervised")]
    loss: LossName,
    /// Train thresholds too
    #[arg(long)]
    free: bool,
    /// What stands for the derivative of a hard threshold
    #[arg(long, value_enum, default_value = "surrogate")]
    gradient: GradientName,
    /// Layers
    #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u16).range(1..=1000))]
    depth: u16,
    /// Adam's steps for each depth
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Samples of a step
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batch: u32,
    /// Adam's rate on logarithms
    #[arg(long, default_value_t = 0.03, value_parser = positive, allow_negative_numbers = true)]
    rate: f64,
    /// The seed of all draws
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the network goes: .json
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LossName {
    /// The squared distance from the signal
    Supervised,
    /// The objective
    Unsupervised,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GradientName {
    /// What automatic differentiation gives; free thresholds would not move
    AlmostEverywhere,
    /// A logistic function of width half a threshold
    Surrogate,
    /// With the part that jumps contribute, nearly unbiased and up to ten times slower
    Boundary,
}

/// A network in a file, with the shape of the matrix that it is for.
#[derive(Serialize, Deserialize)]
pub struct Saved {
    /// M.
    pub rows: usize,
    /// N.
    pub columns: usize,
    /// The network.
    pub network: Network,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number <= 1.0 => Ok(number),
        _ => Err("expected a number above 0 and up to 1".into()),
    }
}

fn finite(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|number| f64::is_finite(*number)).ok_or_else(|| "expected a number".into())
}

impl Train {
    /// Reads, trains, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let inputs = [Some(&self.matrix), self.measurements.as_ref(), self.signals.as_ref()];
        check_output(Some(&self.out), "json", inputs.into_iter().flatten().map(PathBuf::as_path))?;
        let penalty = Penalty::from(self.penalty);
        let supervised = self.loss == LossName::Supervised;
        if supervised && self.measurements.is_some() && self.signals.is_none() {
            return Err(usage("--loss supervised: --measurements need --signals beside them"));
        }
        if self.free && penalty == Penalty::L0 && self.gradient == GradientName::AlmostEverywhere {
            return Err(usage(
                "--free: the almost-everywhere gradient does not move thresholds of --penalty l0: use --gradient surrogate or boundary",
            ));
        }
        let problem = read_problem(&self.matrix)?;
        let (rows, columns) = problem.dimensions();
        let training = self.training(&problem);
        let named = || self.matrix.display().to_string();
        let bar = progress(Some(u64::from(self.depth)), "training {wide_bar} {pos}/{len} layers");
        let observe = |_: &Network| bar.inc(1);
        let random = stream(self.seed, &["deep-unfolding", "train"]);
        let trained = match &self.measurements {
            Some(file) => {
                let ys = read_columns(file, rows, "a measurement")?;
                check_scale(file, &ys)?;
                let xs =
                    self.signals.as_ref().map(|file| read_columns(file, columns, "a signal")).transpose()?;
                if let (Some(xs), Some(signals)) = (&xs, &self.signals)
                    && xs.nrows() != ys.nrows()
                {
                    return Err(usage(format!(
                        "{} has {} signals for {} measurements",
                        signals.display(),
                        xs.nrows(),
                        ys.nrows()
                    )));
                }
                let mut source = Samples { xs: xs.as_ref().map(|xs| xs.view()), ys: ys.view(), random };
                train(&problem, &training, &mut source as &mut dyn Signals, observe)
            }
            None => {
                let signals = BernoulliGaussian {
                    probability: self.probability,
                    decibels: self.decibels,
                    amplitude: 1.0,
                };
                train(&problem, &training, &mut Model { signals, matrix: problem.matrix(), random }, observe)
            }
        };
        bar.finish_and_clear();
        let trained = trained.with_context(named)?;
        say(&format!(
            "layers              {}\nsteps               {}\nmean loss           {} at depth 1, {} at depth {}",
            self.depth,
            first_numbers(&trained.network.steps),
            format_number(trained.losses.first().copied().unwrap_or(f64::NAN)),
            format_number(trained.losses.last().copied().unwrap_or(f64::NAN)),
            self.depth,
        ))?;
        if let Some(thresholds) = &trained.network.thresholds {
            say(&format!("thresholds          {}", first_numbers(thresholds)))?;
        }
        if let (Some(first), Some(last)) = (trained.losses.first(), trained.losses.last())
            && last > first
        {
            remark(
                "the loss is above that of one layer: try fewer layers, more steps for each, or a lower rate",
            )?;
        }
        if trained.left_out > 0 {
            remark(&format!(
                "{} batches were left out, their loss or gradient was not finite",
                trained.left_out
            ))?;
        }
        let saved = Saved { rows, columns, network: trained.network };
        Ok(write_atomically(&self.out, (serde_json::to_string_pretty(&saved)? + "\n").as_bytes())?)
    }

    fn training(&self, problem: &Problem) -> Training {
        let penalty = Penalty::from(self.penalty);
        // In units of the signals: a share of the threshold that IHT begins with.
        let threshold = penalty.threshold(self.weight, problem.plain_step());
        Training {
            free: self.free,
            hard: match self.gradient {
                GradientName::AlmostEverywhere => HardGradient::AlmostEverywhere,
                GradientName::Surrogate => HardGradient::Surrogate { beta: 2.0 / threshold },
                GradientName::Boundary => HardGradient::Boundary { width: 0.1 * threshold },
            },
            depth: usize::from(self.depth),
            steps: self.steps as usize,
            batch: self.batch as usize,
            rate: self.rate,
            ..Training::new(
                penalty,
                self.weight,
                if self.loss == LossName::Supervised { Loss::Supervised } else { Loss::Unsupervised },
            )
        }
    }
}
