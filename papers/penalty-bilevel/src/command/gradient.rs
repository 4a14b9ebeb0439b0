//! `penalty-bilevel gradient`: values and gradients at a point, with what certifies them.

use std::path::PathBuf;

use bilevel::hypergradient::dense;
use clap::Args;
use lab::arguments::{numbers, positive, usage};
use lab::table::{first_numbers, format_number};
use lab::{remark, say};
use penalty_bilevel::penalty::{Closeness, closeness, exact_penalty, richardson};
use penalty_bilevel::problem_file;

/// Prints ψ with its explicit gradient, ψ_σ with its own, and whether closeness is observed.
#[derive(Args)]
pub struct Gradient {
    /// The problem: .json, as in tests/cases
    #[arg(long, value_name = "FILE")]
    problem: PathBuf,
    /// Its id, where the file is a list [default: the first]
    #[arg(long)]
    name: Option<String>,
    /// The point, as "0.1,0.2"
    #[arg(long, allow_hyphen_values = true, value_name = "NUMBERS")]
    x: String,
    /// Penalty parameter σ
    #[arg(long, value_parser = positive, default_value_t = 1e-3, allow_negative_numbers = true)]
    sigma: f64,
}

impl Gradient {
    /// Reads, computes and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let problem = problem_file::read(&self.problem, self.name.as_deref())?;
        let x = numbers("--x", &self.x, problem.dimensions().0)?;
        let y = problem.solution(&x);
        let exact = dense(&*problem, &x, &y)
            .ok_or_else(|| usage("--x: the lower solution or a derivative is not finite there"))?;
        let at = |sigma: f64| exact_penalty(&*problem, &x, sigma);
        let (coarse, middle, fine) = (at(self.sigma)?, at(self.sigma / 2.0)?, at(self.sigma / 4.0)?);
        let apart = fine.y.iter().zip(&fine.z).map(|(y, z)| (y - z) * (y - z)).sum::<f64>().sqrt();
        let (ratio, reading) = closeness([coarse.value, middle.value, fine.value], apart);
        let reading = match reading {
            Closeness::Linear => {
                format!("{} near 2: closeness in proportion to σ is observed", format_number(ratio))
            }
            Closeness::Exact => "no change beyond rounding: the penalty is exact".into(),
            Closeness::NotObserved => {
                format!("{} not near 2: closeness is not observed at this σ", format_number(ratio))
            }
        };
        let (value, gradient) = richardson(&coarse, &middle);
        let lines = [
            format!("y*                  {}", first_numbers(&y)),
            format!("ψ                   {}", format_number(exact.value)),
            format!("∇ψ                  {}", first_numbers(&exact.gradient)),
            format!("ψ_σ                 {}", format_number(coarse.value)),
            format!("∇ψ_σ                {}", first_numbers(&coarse.gradient)),
            format!("Richardson          {}, gradient {}", format_number(value), first_numbers(&gradient)),
            format!("expected ψ − ψ_σ    {}", format_number(self.sigma * exact.gap_constant)),
            format!("halving ratio       {reading}"),
            format!(
                "lower rank          {} of {} directions, gap {}",
                exact.rank.0,
                exact.rank.1,
                format_number(exact.rank_gap)
            ),
            format!(
                "active              {}",
                if exact.active.is_empty() { "none".into() } else { format!("{:?}", exact.active) }
            ),
        ];
        if exact.rank_gap < 1e3 {
            remark(
                "the rank of the lower level is undecided: eigenvalues that count and that do not are within a factor of 1000",
            )?;
        }
        say(&lines.join("\n"))?;
        Ok(())
    }
}
