//! `lie-decompositions sample`.

use std::path::PathBuf;

use clap::Args;
use lab::arguments::{check_output, not_negative, positive, usage};
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};
use lie_decompositions::exponential::missed_share;
use lie_decompositions::haar::{Ball, Law, Points, draw, draw_ball, table};
use lie_decompositions::polar::Polar2;
use ndarray::Array2;
use numerics::random::stream;

use super::Group;

/// Elements of a ball.
#[derive(Args)]
pub struct Sample {
    /// Which group
    #[arg(long, value_enum, default_value = "sl")]
    group: Group,
    /// n
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..=5))]
    dimension: u32,
    /// Half the largest logarithm of a condition number for n = 2, else the largest |log p|
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    radius: f64,
    /// For GL: the largest |log det|/n
    #[arg(long, value_parser = not_negative, allow_negative_numbers = true)]
    log_scale: Option<f64>,
    /// Sobol's points, n = 2 alone
    #[arg(long)]
    sobol: bool,
    /// Elements
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    count: u32,
    /// Seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write matrices, one a row: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Sample {
    /// Draws and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [])?;
        let log_scale = match (self.group, self.log_scale) {
            (Group::Sl, Some(_)) => return Err(usage("--log-scale is for --group gl")),
            (Group::Sl, None) => 0.0,
            (Group::Gl, scale) => scale.unwrap_or(0.3),
        };
        if self.sobol && self.dimension != 2 {
            return Err(usage("--sobol is for --dimension 2"));
        }
        let count = self.count as usize;
        let mut random = stream(self.seed, &["sample"]);
        let ball = Ball { radius: self.radius, log_scale };
        let refused = |fault: lie_decompositions::haar::SamplerError| usage(format!("--radius: {fault}"));
        let (matrices, said) = match self.dimension {
            2 => {
                let points = if self.sobol { Points::Sobol } else { Points::Random };
                let samples = draw(Law::Haar(ball), points, count, &mut random).map_err(refused)?;
                let matrices: Vec<_> = samples.elements.iter().map(Polar2::matrix).collect();
                let said = format!(
                    "volume              {}\nwithout logarithm   {} of the ball",
                    format_number(ball.volume()),
                    format_number(missed_share(self.radius))
                );
                (table(&matrices), said)
            }
            3 => self.higher::<3>(log_scale, &mut random).map_err(refused)?,
            4 => self.higher::<4>(log_scale, &mut random).map_err(refused)?,
            _ => self.higher::<5>(log_scale, &mut random).map_err(refused)?,
        };
        if let Some(out) = &self.out {
            let n = self.dimension as usize;
            let columns = (0..n * n).map(|place| {
                let name = format!("g{}{}", place / n + 1, place % n + 1);
                Column::new(name.into(), matrices.column(place).to_vec())
            });
            write_columns(out, columns.collect())?;
        }
        Ok(say(&format!("elements            {count} of {0} x {0}\n{said}", self.dimension))?)
    }

    fn higher<const N: usize>(
        &self,
        log_scale: f64,
        random: &mut impl rand::Rng,
    ) -> Result<(Array2<f64>, String), lie_decompositions::haar::SamplerError> {
        let (elements, rate) = draw_ball::<N>(self.radius, log_scale, self.count as usize, random)?;
        Ok((table(&elements), format!("accepted            {} of the proposals", format_number(rate))))
    }
}
