//! `hessian-spectrum path`.

use std::path::PathBuf;

use clap::Args;
use hessian_spectrum::path::{Path, bend};
use lab::arguments::check_output;
use lab::input::vector;
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};

use super::data::Data;
use super::usage;

/// Losses at evenly spaced places between two sets of parameters.
#[derive(Args)]
pub struct PathCommand {
    #[command(flatten)]
    data: Data,
    /// Parameters at place 0, as `train` writes them: .csv or .npy
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Parameters at place 1
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Steps of training of the curve's control point; 0 for the line alone
    #[arg(long, default_value_t = 2_000)]
    bend: usize,
    /// The step of that training
    #[arg(long, value_parser = lab::arguments::positive, default_value_t = 0.3, allow_negative_numbers = true)]
    rate: f64,
    /// Into how many parts the way is cut
    #[arg(long, default_value_t = 40)]
    places: usize,
    /// Where the losses go: .csv with place, line, curve
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl PathCommand {
    /// Reads, trains the curve, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(
            self.out.as_deref(),
            "csv",
            self.data.files().into_iter().chain([self.from.as_path(), self.to.as_path()]),
        )?;
        if self.places == 0 {
            return Err(usage("--places 0: expected at least 1"));
        }
        let from = self.data.point(Some(&self.from))?;
        let to = vector(&self.to)?;
        let end = from.at(to.clone()).map_err(|fault| anyhow::anyhow!("{}: {fault}", self.to.display()))?;
        let curve = (self.bend > 0)
            .then(|| bend(&from, to.view(), (self.rate, self.bend, 4), &mut self.data.random("bend")))
            .transpose();
        let curve =
            curve.map_err(|_| anyhow::anyhow!("training of the curve diverged: a smaller --rate may not"))?;
        say(&format!(
            "losses              {} and {}\naccuracies          {} and {}",
            format_number(from.loss_and_gradient().0),
            format_number(end.loss_and_gradient().0),
            format_number(self.data.accuracy(&from)?),
            format_number(self.data.accuracy(&end)?)
        ))?;
        let mut columns = vec![Column::new(
            "place".into(),
            (0..=self.places).map(|k| k as f64 / self.places as f64).collect::<Vec<f64>>(),
        )];
        for (name, path) in [("line", Some(Path::Line)), ("curve", curve)] {
            let Some(path) = path else { continue };
            let losses = hessian_spectrum::path::losses(&from, to.view(), &path, self.places)?;
            let (place, worst) = losses
                .iter()
                .fold((0.0, f64::NEG_INFINITY), |worst, next| if next.1 > worst.1 { *next } else { worst });
            let ends = losses[0].1.max(losses[self.places].1);
            say(&format!(
                "{name:<20}largest loss {} at {}, {} times that of the worse end",
                format_number(worst),
                format_number(place),
                format_number(worst / ends)
            ))?;
            columns.push(Column::new(
                name.into(),
                losses.into_iter().map(|(_, loss)| loss).collect::<Vec<f64>>(),
            ));
        }
        if let Some(out) = &self.out {
            write_columns(out, columns)?;
        }
        Ok(())
    }
}
