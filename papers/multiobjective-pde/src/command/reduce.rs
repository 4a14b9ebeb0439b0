//! `multiobjective-pde reduce`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use lab::arguments::{check_output, positive, usage};
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{format_number, write_columns};
use multiobjective_pde::control::Input;
use multiobjective_pde::reduced::Reduced;
use multiobjective_pde::state::Workspace;
use numerics::random::stream;
use rand::Rng;

use super::problem;

/// A problem with controls in ℝᵐ; its objectives are not used.
#[derive(Args)]
pub struct Reduce {
    /// The problem: .json, as for front, with "controls"
    #[arg(long, value_name = "FILE")]
    problem: PathBuf,
    /// Controls lie between this
    #[arg(long, default_value_t = -1.0, allow_negative_numbers = true)]
    low: f64,
    /// And this
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true)]
    high: f64,
    /// Stop when all bounds are below
    #[arg(long, value_parser = positive, default_value_t = 1e-4, allow_negative_numbers = true)]
    tolerance: f64,
    /// Random controls that states are taken from
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    parameters: u32,
    /// Functions at most
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    most: u32,
    /// Seed of the controls
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write sizes and bounds: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Reduce {
    /// Computes and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.problem.as_path()])?;
        if !(self.low < self.high && (self.high - self.low).is_finite()) {
            return Err(usage("--low is below --high, and their difference is finite"));
        }
        let name = self.problem.display().to_string();
        let control = problem::read(&self.problem)?;
        if control.input == Input::Onto {
            bail!("{name}: a reduced basis needs \"controls\"");
        }
        let draw = |purpose: &str| -> Vec<Vec<f64>> {
            let mut random = stream(self.seed, &["reduce", purpose]);
            (0..self.parameters)
                .map(|_| (0..control.dimension()).map(|_| random.random_range(self.low..self.high)).collect())
                .collect()
        };
        let work = &mut Workspace::default();
        let (reduced, history) =
            Reduced::greedy(&control, &draw("choose"), self.tolerance, self.most as usize, work)
                .with_context(|| name.clone())?;
        if let Some(out) = &self.out {
            let columns = vec![
                Column::new("size".into(), history.iter().map(|step| step.size as u64).collect::<Vec<_>>()),
                Column::new("bound".into(), history.iter().map(|step| step.estimate).collect::<Vec<_>>()),
            ];
            write_columns(out, columns)?;
        }
        let last = history[history.len() - 1];
        let fresh = draw("verify");
        let (mut bound, mut error) = (0.0_f64, 0.0_f64);
        for u in &fresh {
            let found = reduced.solve(u);
            bound = bound.max(reduced.estimate(u, &found.y, work));
            let exact = control.state(u, None, &mut Default::default(), work)?.y;
            let away: Vec<f64> = exact.iter().zip(&found.y).map(|(a, b)| a - b).collect();
            error = error.max(control.pde.grid().energy_norm(&away));
        }
        say(&format!(
            "functions           {}\nlargest bound       {}\nat fresh controls   error {}, bound {}\nbound over error    at most {}",
            reduced.size(),
            format_number(last.estimate),
            format_number(error),
            format_number(bound),
            format_number(1.0 + control.pde.kappa() / control.pde.grid().least_eigenvalue()),
        ))?;
        if last.estimate > self.tolerance {
            bail!("{name}: the tolerance was not reached with {} functions", reduced.size());
        }
        Ok(())
    }
}
