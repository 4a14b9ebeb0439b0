//! `barron-pde norm`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use barron_pde::norms::estimated;
use barron_pde::spectrum::Lattice;
use barron_pde::torus::Torus;
use clap::Args;
use lab::input::{matrix, vector};
use lab::table::format_number;
use lab::{remark, say};

use super::data::{read_coefficients, tail};
use super::usage;

/// Sums (1 + |ω|)ˢ|c| over a function's frequencies ω = 2πk.
#[derive(Args)]
pub struct Norm {
    /// Coefficients: .csv, .npy or .parquet with k1, …, re, im, for k and -k both
    #[arg(long, value_name = "FILE", required_unless_present = "grid", conflicts_with = "grid")]
    coefficients: Option<PathBuf>,
    /// Values on a grid with as many points along both axes: .csv or .npy of one or two dimensions
    #[arg(long, value_name = "FILE")]
    grid: Option<PathBuf>,
    /// s
    #[arg(long, default_value_t = 1.0, value_parser = order, allow_negative_numbers = true)]
    order: f64,
}

fn order(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(order) if (0.0..=20.0).contains(&order) => Ok(order),
        _ => Err("expected a number from 0 to 20".into()),
    }
}

impl Norm {
    /// Reads, sums and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let order = format_number(self.order);
        if let Some(file) = &self.coefficients {
            let function = read_coefficients(file)?;
            return Ok(say(&format!(
                "terms               {}\nB of order {order:<9}{}\nL² and H¹           {}, {}",
                function.len(),
                format_number(function.barron(self.order)),
                format_number(function.l2()),
                format_number(function.h1())
            ))?);
        }
        let Some(file) = &self.grid else { return Err(usage("--grid or --coefficients")) };
        let (mut values, axes) = match vector(file) {
            Ok(values) => (values.to_vec(), 1),
            Err(_) => {
                let values = matrix(file)?;
                if values.nrows() != values.ncols() {
                    return Err(usage(format!(
                        "{}: {} × {} points, expected as many along both axes",
                        file.display(),
                        values.nrows(),
                        values.ncols()
                    )));
                }
                (values.into_iter().collect(), 2)
            }
        };
        let side = (values.len() as f64).powf(1.0 / f64::from(axes)).round() as usize;
        let torus = Torus::new(Arc::new(Lattice::unit(axes as usize)), side)
            .with_context(|| file.display().to_string())?;
        let square = values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64;
        let (mut spectrum, mut room) = (Vec::new(), Vec::new());
        torus.transform(&mut values, &mut spectrum, &mut room);
        let found = estimated(&torus, &spectrum, self.order);
        if torus.l2(&spectrum).powi(2) < square * (1.0 - 1e-9) {
            remark("modes at half the sampling rate, where a derivative has no sign, are left out")?;
        }
        let tail = tail(&found);
        Ok(say(&format!(
            "points              {side} along each of {axes} axes\nB of order {order:<9}{} on the grid\ntail                {tail}",
            format_number(found.norm)
        ))?)
    }
}
