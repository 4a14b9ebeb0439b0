//! `ntk train`: a finite network.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use lab::arguments::{positive, refuse_beyond_memory, refuse_overwriting};
use lab::table::format_number;
use lab::{input, progress, remark};
use ndarray::Axis;
use ntk::network::coins;
use ntk::{Kind, Loss, descend};

use super::{NetworkArguments, write_columns};

/// Trains by full-batch gradient descent and compares the tangent kernel with its limit before and after.
#[derive(Args)]
pub struct Train {
    /// Training points, one a line: .csv or .npy
    #[arg(long, value_name = "FILE")]
    train_x: PathBuf,
    /// Their targets: .csv or .npy
    #[arg(long, value_name = "FILE")]
    train_y: PathBuf,
    #[command(flatten)]
    network: NetworkArguments,
    /// Units of each hidden layer
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), default_value_t = 512)]
    width: u32,
    /// Steps of gradient descent
    #[arg(long, default_value_t = 200)]
    steps: u32,
    /// Rate, in the parametrisation of the paper
    #[arg(long, value_parser = positive, allow_negative_numbers = true, default_value_t = 1.0)]
    rate: f64,
    /// Seed of the initial parameters
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the cost before each step goes: .csv with step, cost
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Train {
    /// Reads, trains, writes and says.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        refuse_overwriting(&self.out, [self.train_x.as_path(), &self.train_y])?;
        let (x, y) = (input::matrix(&self.train_x)?, input::vector(&self.train_y)?);
        let (points, width, depth) = (x.nrows() as f64, f64::from(self.width), f64::from(self.network.depth));
        let parameters = width * x.ncols() as f64 + (depth - 2.0).max(0.0) * width * width;
        refuse_beyond_memory(
            8.0 * (2.0 * parameters + 4.0 * points * width * depth + 4.0 * points * points),
            "the network",
        )?;
        let architecture = self.network.architecture();
        let limit =
            architecture.matrix(Kind::Ntk, x.view()).with_context(|| self.train_x.display().to_string())?;
        let mut network = architecture.draw_scalar(x.ncols(), self.width as usize, &mut coins(self.seed))?;
        let start = network.tangent_kernel(x.view(), x.view(), 0)?;
        let bar = progress(Some(self.steps.into()), "{bar:40} {pos}/{len} steps  {eta} left");
        let targets = y.insert_axis(Axis(1));
        let costs = descend(
            &mut network,
            x.view(),
            targets.view(),
            Loss::Squared,
            self.rate,
            self.steps as usize,
            |step, _| bar.set_position(step as u64),
        )
        .with_context(|| format!("{} with {}", self.train_x.display(), self.train_y.display()));
        bar.finish_and_clear();
        let costs = costs?;
        let end = network.tangent_kernel(x.view(), x.view(), 0)?;
        let norm =
            |matrix: &ndarray::Array2<f64>| matrix.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
        let relative =
            |from: &ndarray::Array2<f64>, to: &ndarray::Array2<f64>| norm(&(from - to)) / norm(&limit);
        let steps: Vec<f64> = (0..costs.len()).map(|step| step as f64).collect();
        let (first, last) = (costs.first().copied(), costs.last().copied());
        write_columns(&self.out, vec![("step", steps), ("cost", costs)])?;
        let shown = |cost: Option<f64>| cost.map_or("-".to_owned(), format_number);
        remark(&format!(
            "parameters                {}\ncost                      {} to {}\ntangent kernel from limit {} before, {} after (relative)\nchange of the kernel      {}\ncosts in                  {}",
            network.parameters().len(),
            shown(first),
            shown(last),
            format_number(relative(&start, &limit)),
            format_number(relative(&end, &limit)),
            format_number(relative(&end, &start)),
            self.out.display()
        ))?;
        Ok(())
    }
}
