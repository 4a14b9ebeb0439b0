//! `learned-proximal train`.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use lab::arguments::{check_output, not_negative, positive, usage};
use lab::table::format_number;
use lab::{remark, say};
use learned_proximal::inversion::spectrum;
use learned_proximal::network::{ProximalNetwork, Start};
use learned_proximal::prior::smoothing;
use learned_proximal::training::{Loss, Sampling, Stage, train, train_on_population};
use numerics::random::stream;

use super::{Trained, prior_of, rows};

/// Rows of data with fresh noise in each step, or a prior whose noise is integrated out.
#[derive(Args)]
pub struct Train {
    /// Rows: .csv or .npy, or MNIST's .gz
    #[arg(long, value_name = "FILE", required_unless_present = "prior", conflicts_with = "prior")]
    data: Option<PathBuf>,
    /// Rows to read from MNIST's files
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=70_000))]
    count: u32,
    /// In place of data: laplace:B, student:NU or mixture:W,M,V;W,M,V
    #[arg(long)]
    prior: Option<String>,
    /// Standard deviation of the noise
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    sigma: f64,
    /// The network
    #[arg(long, value_enum, default_value = "dense")]
    shape: Shape,
    /// Units of a layer, or filters
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    width: u32,
    /// Layers of a dense network
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=64))]
    depth: u32,
    /// Sharpness of softplus
    #[arg(long, value_parser = positive, default_value_t = 10.0, allow_negative_numbers = true)]
    beta: f64,
    /// Weight of |y|²/2 in the potential; above 0 it gives bounds of the regulariser
    #[arg(long, value_parser = not_negative, default_value_t = 0.01, allow_negative_numbers = true)]
    alpha: f64,
    /// The last loss; matching goes on from the absolute one
    #[arg(long, value_enum, default_value = "matching")]
    loss: LossName,
    /// γ of the last stage of matching, over √n
    #[arg(long, value_parser = positive, default_value_t = 0.08, allow_negative_numbers = true)]
    gamma_per_root_n: f64,
    /// Stages of matching, γ halved from one to the next
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=20))]
    stages: u32,
    /// Steps of the first loss, and of all stages of matching together
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    steps: u32,
    /// Rows of a step
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batch: u32,
    /// Adam's rate of the first loss; a fifth of it for matching
    #[arg(long, value_parser = positive, default_value_t = 3e-3, allow_negative_numbers = true)]
    rate: f64,
    /// Seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write the network: .json
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// Dense layers
    Dense,
    /// Convolutions, for square grey images
    Image,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LossName {
    /// Squared errors: the posterior mean
    Squared,
    /// Absolute errors: posterior medians
    Absolute,
    /// Proximal matching
    Matching,
}

impl Train {
    /// Reads, trains, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(Some(&self.out), "json", self.data.iter().map(PathBuf::as_path))?;
        let mut random = stream(self.seed, &["learned-proximal", "train"]);
        let data = match &self.data {
            Some(path) => {
                let data = rows(path, self.count)?;
                let first = data.iter().next().copied().unwrap_or(0.0);
                ensure!(data.iter().any(|x| *x != first), "{}: all numbers are {first}", path.display());
                Some(data)
            }
            None => None,
        };
        let n = data.as_ref().map_or(1, |data| data.ncols());
        let constants = (self.beta, self.alpha);
        let width = self.width as usize;
        let shape = match self.shape {
            Shape::Dense => ProximalNetwork::dense(n, &vec![width; self.depth as usize], true, constants)?,
            Shape::Image => {
                let side = (n as f64).sqrt().round() as usize;
                ensure!(side * side == n, "--shape image: {n} numbers a row are no square image");
                ProximalNetwork::convolutional(side, width, constants)
                    .map_err(|fault| usage(format!("--shape image: {fault}")))?
            }
        };
        let mut network = shape.with_start(Start::Alive, &mut random);
        let gamma = self.gamma_per_root_n * (n as f64).sqrt();
        ensure!(
            (1e-100..1e100).contains(&gamma) && (1e-100..1e100).contains(&self.sigma),
            usage("--sigma and --gamma-per-root-n: expected numbers between 1e-100 and 1e100")
        );
        let stages = self.plan(gamma);
        let losses = match (&data, &self.prior) {
            (Some(data), _) => {
                let sampling = Sampling { sigma: self.sigma, batch: self.batch as usize, convex: true };
                train(&mut network, data.view(), &sampling, &stages, &mut random)?
            }
            (None, Some(text)) => {
                let prior = prior_of(text)?;
                ensure!(
                    self.loss == LossName::Squared || prior.posterior_below(0.0, self.sigma, 0.0).is_some(),
                    usage(format!(
                        "--prior {text}: its medians have no closed form, and matching goes on from them: --loss squared"
                    ))
                );
                let (low, high) = prior.span();
                let (low, high) = (low - 6.0 * self.sigma, high + 6.0 * self.sigma);
                let spacing = (high - low) / 240.0;
                let nodes: Vec<f64> = (0..=240).map(|k| low + spacing * f64::from(k)).collect();
                let weights: Vec<f64> =
                    nodes.iter().map(|y| spacing * prior.smoothed(*y, self.sigma).log.exp()).collect();
                train_on_population(&mut network, &*prior, self.sigma, (&nodes, &weights), &stages)?
            }
            (None, None) => return Err(usage("expected --data or --prior")),
        };
        // Where the network is looked at: the first rows, or around zero.
        let points: Vec<f64> = match &data {
            Some(data) => data.rows().into_iter().take(8).flatten().copied().collect(),
            None => vec![-2.0 * self.sigma, 0.0, 2.0 * self.sigma],
        };
        let found = spectrum(&network, &points, 30, &mut random);
        let matched = (self.loss == LossName::Matching).then_some(gamma);
        let (dead, parameters) = (network.dead_share(), network.parameters.len());
        let sigma = self.sigma;
        Trained { sigma, gamma: matched, network }.write(&self.out).with_context(|| "writing the network")?;
        let nearness = matched.map_or_else(String::new, |gamma| {
            let factor = 1.0 + 2.0 * sigma * sigma / (gamma * gamma);
            format!(
                "\ngamma                {}\ntau over sigma       {}: 1 is the posterior mean, 0 its mode\nweight of a sample   {} in the mean, if the posterior is as wide as the noise",
                format_number(gamma),
                format_number(smoothing(sigma, gamma) / sigma),
                format_number(factor.powf(-0.5 * n as f64)),
            )
        });
        let last = losses.len().saturating_sub(20);
        let mean = losses[last..].iter().sum::<f64>() / (losses.len() - last) as f64;
        if matched.is_some() && data.is_some() && mean > 0.999 {
            remark(
                "no sample counted in the last loss: gamma is too small for these data, or the first loss was not learnt",
            )?;
        }
        Ok(say(&format!(
            "inputs               {n}\nparameters           {parameters}, a share of {} of the convex weights is zero\nlast loss            {}{nearness}\neigenvalues of f'    from {} to {} at {} points",
            format_number(dead),
            if data.is_some() { format_number(mean) } else { "not computed, its gradient is".into() },
            format_number(found.least),
            format_number(found.most),
            points.len() / n,
        ))?)
    }

    /// The first loss, then matching with γ halved.
    fn plan(&self, gamma: f64) -> Vec<Stage> {
        let steps = self.steps as usize;
        let first = if self.loss == LossName::Squared { Loss::Squared } else { Loss::Absolute };
        let mut stages = vec![
            Stage { loss: first, steps: steps.div_ceil(2), rate: self.rate },
            Stage { loss: first, steps: steps / 2, rate: 0.2 * self.rate },
        ];
        if self.loss == LossName::Matching {
            let share = steps.div_ceil(self.stages as usize);
            stages.extend((0..self.stages).rev().map(|k| Stage {
                loss: Loss::Matching { gamma: gamma * f64::from(1 << k) },
                steps: share,
                rate: 0.2 * self.rate,
            }));
        }
        stages
    }
}
