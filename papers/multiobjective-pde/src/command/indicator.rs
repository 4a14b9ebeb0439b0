//! `multiobjective-pde indicator`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use lab::input::matrix;
use lab::say;
use lab::table::format_number;
use multiobjective_pde::hypervolume::{hypervolume, nondominated};

/// Points that are minimised.
#[derive(Args)]
pub struct Indicator {
    /// Objectives, one point a row: .csv or .npy
    #[arg(long, value_name = "FILE")]
    points: PathBuf,
    /// The point up to which volume counts; without one there is no volume
    #[arg(long, value_delimiter = ',', value_parser = finite, allow_hyphen_values = true, required = true)]
    reference: Vec<f64>,
}

fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "expected a finite number".into())
}

/// Points of more than three objectives at most: volumes take exponential time.
const MOST: usize = 500;

impl Indicator {
    /// Computes and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let name = self.points.display().to_string();
        let table = matrix(&self.points)?;
        let points: Vec<Vec<f64>> = table.rows().into_iter().map(|row| row.to_vec()).collect();
        let kept = nondominated(&points);
        let front: Vec<Vec<f64>> = kept.iter().map(|place| points[*place].clone()).collect();
        if self.reference.len() > 3 && front.len() > MOST {
            bail!(
                "{name}: {} points that are not dominated, expected at most {MOST} for more than three objectives",
                front.len()
            );
        }
        let volume = hypervolume(&front, &self.reference).with_context(|| name)?;
        if !volume.is_finite() {
            bail!("{}: the volume is beyond what a double holds", self.points.display());
        }
        let beyond =
            front.iter().filter(|point| point.iter().zip(&self.reference).any(|(p, r)| p >= r)).count();
        let mut text = format!(
            "hypervolume         {volume}\nnot dominated       {} of {}\nbeyond reference    {beyond}",
            front.len(),
            points.len(),
        );
        if self.reference.len() == 2 {
            let mut sorted = front;
            sorted.sort_by(|a, b| a[0].total_cmp(&b[0]));
            let gaps: Vec<f64> = sorted
                .windows(2)
                .map(|pair| (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]))
                .collect();
            if let (Some(least), Some(most)) =
                (gaps.iter().copied().reduce(f64::min), gaps.iter().copied().reduce(f64::max))
            {
                text += &format!(
                    "\ngaps                from {} to {}",
                    format_number(least),
                    format_number(most)
                );
            }
        }
        Ok(say(&text)?)
    }
}
