//! `lie-decompositions train`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use lab::arguments::{not_negative, positive, refuse_beyond_memory, refuse_overwriting, usage};
use lab::say;
use lab::table::format_number;
use lie_decompositions::network::sampling::Sampling;
use lie_decompositions::network::training::{Training, accuracy, averaged, train};
use lie_decompositions::network::{Architecture, GroupNetwork};
use numerics::random::stream;

use super::images::Images;
use super::stored::{Trained, stages};

/// Images with labels.
#[derive(Args)]
pub struct Train {
    #[command(flatten)]
    images: Images,
    /// Labels from 0, one a line: .csv, .npy, or MNIST's .gz
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// Where features live
    #[arg(long, value_enum, default_value = "special")]
    group: Subgroup,
    /// Largest squeeze t of samples
    #[arg(long, value_parser = positive, default_value_t = 0.5, allow_negative_numbers = true)]
    radius: f64,
    /// Largest |log| of their scales
    #[arg(long, value_parser = positive, default_value_t = 0.3, allow_negative_numbers = true)]
    log_scale: f64,
    /// Samples of the group
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=256))]
    samples: u32,
    /// Channels
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=256))]
    channels: u32,
    /// Pixels along a side of a kernel, odd
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=31))]
    kernel: u32,
    /// Convolutions after the lift
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=8))]
    convolutions: u32,
    /// Take the maximum of 2 × 2 pixels after the lift
    #[arg(long)]
    pool: bool,
    /// Width of the kernels' hidden layers
    #[arg(long, default_value_t = 36, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    hidden: u32,
    /// Passes over the images
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: u32,
    /// Images of a step
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1_024))]
    batch: u32,
    /// Adam's rate at the beginning
    #[arg(long, value_parser = positive, default_value_t = 4e-3, allow_negative_numbers = true)]
    rate: f64,
    /// Decay of parameters
    #[arg(long, value_parser = not_negative, default_value_t = 0.0, allow_negative_numbers = true)]
    decay: f64,
    /// Seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write the network: .json
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subgroup {
    /// SL(2) by Haar measure
    Special,
    /// GL⁺(2) by Haar measure
    General,
    /// Rotations
    Rotations,
    /// Scales
    Scales,
    /// None: an ordinary convolutional network
    Identity,
}

impl Train {
    /// Trains and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        if self.out.extension().is_none_or(|extension| extension != "json") {
            return Err(usage(format!("{}: expected a name that ends in .json", self.out.display())));
        }
        refuse_overwriting(&self.out, [self.images.images.as_path(), self.labels.as_path()])?;
        let name = self.images.images.display().to_string();
        let range = self.images.range()?;
        let (pixels, side) = self.images.read(Some(range))?;
        let labels = self.images.labels(&self.labels, pixels.nrows())?;
        let classes = labels.iter().max().map_or(0, |most| most + 1);
        if labels.iter().all(|label| *label == labels[0]) {
            bail!("{}: all labels are {}, there is nothing to tell apart", self.labels.display(), labels[0]);
        }
        let (radius, scale) = (self.radius, self.log_scale);
        let sampling = match self.group {
            Subgroup::Special => Sampling::Special { radius },
            Subgroup::General => Sampling::General { radius, scale },
            Subgroup::Rotations => Sampling::Rotations,
            Subgroup::Scales => Sampling::Scales { scale },
            Subgroup::Identity => Sampling::Identity,
        };
        sampling.check().map_err(usage)?;
        if self.kernel.is_multiple_of(2) {
            return Err(usage("--kernel is odd"));
        }
        let samples = if self.group == Subgroup::Identity { 1 } else { self.samples as usize };
        let architecture = Architecture {
            side,
            channels: self.channels as usize,
            kernel: self.kernel as usize,
            hidden: vec![self.hidden as usize; 2],
            scale: sampling.has_scale(),
            stages: stages(self.pool, self.convolutions as usize),
            classes,
            epsilon: 1e-5,
        };
        let width = samples as f64 * f64::from(self.channels);
        let area = f64::from(self.kernel * self.kernel);
        let patches = f64::from(self.batch) * (side * side) as f64 * width * area;
        refuse_beyond_memory(8.0 * (width * width * area + patches), "kernels and patches")?;
        let mut random = stream(self.seed, &["train"]);
        let mut network =
            GroupNetwork::<f32>::new(&architecture, &mut random).with_context(|| name.clone())?;
        let training = Training {
            sampling,
            samples,
            epochs: self.epochs as usize,
            batch: self.batch as usize,
            rate: self.rate,
            decay: self.decay,
        };
        let losses = train(&mut network, pixels.view(), &labels, &training, &mut random)
            .with_context(|| name.clone())?;
        let logits = averaged(&network, pixels.view(), (&sampling, samples, 3), &mut random)?;
        let parameters = network.parameters();
        Trained { network, sampling, samples, range }.write(&self.out)?;
        Ok(say(&format!(
            "images              {} of {side} x {side}, {classes} classes\nparameters          {parameters}\nloss                from {} to {}\nnamed rightly       {} of the training images",
            pixels.nrows(),
            format_number(losses[0]),
            format_number(losses[losses.len() - 1]),
            format_number(accuracy(&logits, &labels)),
        ))?)
    }
}
