//! `quantum-lower-bounds chain`.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use lab::arguments::check_output;
use lab::input::matrix;
use lab::table::format_number;
use lab::{say, write_atomically};

use super::Class;

/// Prints the chain's length and its bounds; with points its values, gradients and columns found.
#[derive(Args)]
pub struct ChainCommand {
    #[command(flatten)]
    class: Class,
    /// Points, one a row with a number for each column of the chain: .csv or .npy
    #[arg(long, value_name = "FILE")]
    evaluate: Option<PathBuf>,
    /// Write value, gradient and columns found of each point: .csv
    #[arg(long, value_name = "FILE", requires = "evaluate")]
    out: Option<PathBuf>,
}

impl ChainCommand {
    /// Computes and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", self.evaluate.as_deref())?;
        let function = self.class.hardest()?;
        let length = function.chain.length();
        let points = match &self.evaluate {
            Some(path) => {
                let points = matrix(path)?;
                if points.ncols() != length {
                    bail!(
                        "{}: {} numbers a row, expected {length}, one for each column of the chain",
                        path.display(),
                        points.ncols()
                    );
                }
                Some(points)
            }
            None => None,
        };
        let mut text = format!(
            "columns             {length}\nscale               {}\nfactor              {}\ngap                 {}\nleast queries       {} for a method that moves only where it has seen a gradient",
            format_number(function.scale),
            format_number(function.factor),
            format_number(function.factor * function.chain.gap()),
            function.least_queries(),
        );
        if let Some(points) = points {
            let mut gradient = vec![0.0; length];
            let mut table = String::from("value,gradient_norm,columns_found");
            (1..=length).for_each(|column| {
                let _ = write!(table, ",g{column}");
            });
            table.push('\n');
            for (place, point) in points.outer_iter().enumerate() {
                let point = point.to_vec();
                let value = function.gradient(&point, &mut gradient);
                let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
                let found = function.chain.progress(&point, 0.5 * function.scale);
                let _ = write!(table, "{value:e},{norm:e},{found}");
                gradient.iter().for_each(|g| {
                    let _ = write!(table, ",{g:e}");
                });
                table.push('\n');
                if place < 10 {
                    let _ = write!(
                        text,
                        "\npoint {:<13} value {}, gradient {}, columns found {found}",
                        place + 1,
                        format_number(value),
                        format_number(norm)
                    );
                }
            }
            if points.nrows() > 10 {
                let _ = write!(text, "\nand {} more points", points.nrows() - 10);
            }
            if let Some(path) = &self.out {
                write_atomically(path, table.as_bytes())?;
            }
        }
        Ok(say(&text)?)
    }
}
