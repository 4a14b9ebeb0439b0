//! `sketched-newton merit`.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use lab::arguments::not_negative;
use lab::say;
use sketched_newton::kkt;
use sketched_newton::merit::Penalties;
use sketched_newton::problem::{Point, Problem};
use sketched_newton::sparse::Sparse;

use super::problem;

/// Values with 17 digits, for checking.
#[derive(Args)]
pub struct Merit {
    /// The problem: .json
    problem: PathBuf,
    /// Penalty of the constraints
    #[arg(long, value_parser = not_negative, default_value_t = 1.0, allow_negative_numbers = true)]
    eta1: f64,
    /// Penalty of the Lagrangian's gradient
    #[arg(long, value_parser = not_negative, default_value_t = 0.1, allow_negative_numbers = true)]
    eta2: f64,
    /// x, numbers with commas; the file's start by default
    #[arg(long, value_delimiter = ',', allow_negative_numbers = true)]
    x: Option<Vec<f64>>,
    /// Multipliers, numbers with commas; the file's or zero by default
    #[arg(long, value_delimiter = ',', allow_negative_numbers = true)]
    lambda: Option<Vec<f64>>,
}

impl Merit {
    /// Reads and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let given = problem::read(&self.problem)?;
        let x = self.x.unwrap_or(given.start.0);
        let multipliers = self.lambda.unwrap_or(given.start.1);
        let point = Point::start(&given.problem, &x, &multipliers)
            .with_context(|| self.problem.display().to_string())?;
        let penalties = Penalties { constraints: self.eta1, stationarity: self.eta2 };
        let mut hessian = Sparse::new(x.len());
        given.problem.hessian(&x, &multipliers, &mut hessian);
        let gradient = penalties.gradient(&point, &hessian);
        let mut text = format!("value               {:.16e}\n", penalties.value(&point));
        let lambda = (1..=multipliers.len()).map(|place| format!("lambda{place}"));
        for (name, slope) in given.names.iter().cloned().chain(lambda).zip(&gradient) {
            text += &format!("d/d {name:<15} {slope:.16e}\n");
        }
        let zero = vec![0.0; gradient.len()];
        let system = kkt::at(&given.problem, &point);
        text += &format!(
            "residual            {:.16e}\nnorm of K           {:.16e}",
            system.residual(&zero, &kkt::right_side(&point)),
            system.frobenius()
        );
        Ok(say(&text)?)
    }
}
