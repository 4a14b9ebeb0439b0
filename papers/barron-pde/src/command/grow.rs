//! `barron-pde grow`.

use std::path::PathBuf;

use barron_pde::equation::{Flux, Potential};
use barron_pde::growth::{Growing, small_data};
use barron_pde::spectrum::Spectrum;
use clap::Args;
use lab::arguments::positive;
use lab::table::format_number;
use lab::{columns, remark, say};

use super::data::read_problem;
use super::usage;

/// Prints exact iterates' norms and the bound of the proof, for a linear flux and a cubic term.
#[derive(Args)]
pub struct Grow {
    /// A problem as of solve, with "flux": "linear" and "potential": {"reaction": …}, in any dimension
    #[arg(long, value_name = "FILE")]
    problem: PathBuf,
    /// Steps
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=20))]
    steps: u8,
    /// η
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    eta: f64,
    /// Drops coefficients below this
    #[arg(long, value_parser = positive, default_value_t = 1e-14, allow_negative_numbers = true)]
    prune: f64,
}

impl Grow {
    /// Reads, follows and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let problem = read_problem(&self.problem, 8, true)?;
        let (Flux::Linear, Potential::Reaction { alpha }) =
            (problem.equation.flux, problem.equation.potential)
        else {
            return Err(usage(format!(
                "{}: iterates have few terms for a linear flux and a reaction alone",
                self.problem.display()
            )));
        };
        let growing = Growing::Reaction { alpha };
        let forcing = problem.forcing.preconditioned().barron(1.0);
        let mut u = Spectrum::zero(problem.forcing.lattice().clone());
        let (mut bound, mut pruned) = (f64::NEG_INFINITY, 0.0);
        let mut rows = Vec::new();
        for step in 1..=self.steps {
            if (u.len() as f64).powi(3) > 1e9 {
                remark(
                    "the next step has more than a billion products: --prune more, or take fewer --steps",
                )?;
                break;
            }
            let (next, dropped) = growing.step(&u, &problem.forcing, self.eta, self.prune);
            u = next;
            pruned += dropped;
            bound = growing.bound(bound, forcing, self.eta, 1.0);
            rows.push(vec![
                step.to_string(),
                u.len().to_string(),
                format_number(u.barron(0.0)),
                format_number(u.barron(1.0)),
                format!("10^{bound:.2}"),
                format_number(pruned),
            ]);
        }
        say(&columns(&["step", "terms", "B₀", "B₁", "bound of B₁", "pruned, H¹"], rows))?;
        if let Some(radius) = small_data(forcing, alpha).filter(|_| self.eta <= 1.0) {
            say(&format!("small data: no iterate has a B₁ above {}", format_number(radius)))?;
        }
        Ok(())
    }
}
