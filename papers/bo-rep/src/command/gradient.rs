//! `bo-rep gradient`.

use std::path::PathBuf;

use bilevel::levels::{Bilevel, Known, Products, Upper};
use bilevel::sets::norm;
use bo_rep::bo_rep::certificate;
use bo_rep::files::family;
use clap::Args;
use lab::arguments::{numbers, usage};
use lab::say;
use lab::table::{first_numbers, format_number};

/// Prints Φ and ∇Φ at x, and how far the estimate at another lower point is from it.
#[derive(Args)]
pub struct Gradient {
    /// The problem: .json, as in tests/cases
    #[arg(long, value_name = "FILE")]
    problem: PathBuf,
    /// Its name, where the file is a list [default: the first]
    #[arg(long)]
    name: Option<String>,
    /// The point, as "0.1,0.2"
    #[arg(long, allow_hyphen_values = true, value_name = "NUMBERS")]
    x: String,
    /// A lower point for the estimate [default: the solution]
    #[arg(long, allow_hyphen_values = true, value_name = "NUMBERS")]
    y: Option<String>,
    /// How the estimate inverts: exact, cg, neumann:TERMS or linear:STEP (one step from zero)
    #[arg(long, default_value = "exact", value_parser = inverse)]
    inverse: Way,
}

#[derive(Clone, Copy)]
enum Way {
    Exact,
    ConjugateGradients,
    Neumann(usize),
    Linear(f64),
}

fn inverse(text: &str) -> Result<Way, String> {
    let (word, number) = text.split_once(':').map_or((text, None), |(word, number)| (word, Some(number)));
    match (word, number) {
        ("exact", None) => Ok(Way::Exact),
        ("cg", None) => Ok(Way::ConjugateGradients),
        ("neumann", Some(terms)) => match terms.parse() {
            Ok(terms @ 1..=1_000_000) => Ok(Way::Neumann(terms)),
            _ => Err("expected neumann:TERMS with at least one term".into()),
        },
        ("linear", Some(step)) => lab::arguments::positive(step).map(Way::Linear),
        _ => Err("expected exact, cg, neumann:TERMS or linear:STEP".into()),
    }
}

impl Gradient {
    /// Reads, computes and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let problem = family(&self.problem, self.name.as_deref())?;
        let (d, q) = problem.dimensions();
        let x = numbers("--x", &self.x, d)?;
        let solution = problem.solution(&x);
        let y = self.y.as_ref().map_or_else(|| Ok(solution.clone()), |text| numbers("--y", text, q))?;
        let mut upper_y = vec![0.0; q];
        problem.upper_y(&x, &y, &mut upper_y);
        let product = |v: &[f64], out: &mut [f64]| problem.lower_yy_times(&x, &y, v, out);
        let v = match self.inverse {
            Way::Exact => bilevel::hypergradient::dense(&problem, &x, &y)
                .map_or_else(|| vec![f64::NAN; q], |found| found.multiplier),
            Way::ConjugateGradients => {
                bilevel::hypergradient::conjugate_gradients(&problem, (&x, &y), &upper_y, 1e-12, 10 * q).0
            }
            Way::Neumann(terms) => {
                bilevel::hypergradient::neumann(1.0 / problem.smoothness(), terms, &upper_y, product)
            }
            Way::Linear(step) => upper_y.iter().map(|f| step * f).collect(),
        };
        let mut estimate = vec![0.0; d];
        bilevel::hypergradient::assemble(&problem, &x, &y, &v, &mut estimate);
        let certified = certificate(&problem, (&x, &y, &v), problem.convexity())
            .filter(|found| norm(&estimate).is_finite() && norm(&found.gradient).is_finite())
            .ok_or_else(|| usage("--x, --y: the value or a derivative is not finite there"))?;
        let away: Vec<f64> = estimate.iter().zip(&certified.gradient).map(|(a, b)| a - b).collect();
        let lines = [
            format!("Φ                    {}", format_number(certified.value)),
            format!("∇Φ                   {}", first_numbers(&certified.gradient)),
            format!("|∇Φ|                 {}", format_number(norm(&certified.gradient))),
            format!("y*                   {}", first_numbers(&solution)),
            format!("estimate at y        {}", first_numbers(&estimate)),
            format!("off by               {}", format_number(norm(&away))),
            format!("|y − y*| at most     {}", format_number(certified.lower)),
            format!("|v − g_yy⁻¹ f_y| at most {}", format_number(certified.linear)),
            format!(
                "g is {}-strongly convex and {}-smooth in y",
                format_number(problem.convexity()),
                format_number(problem.smoothness())
            ),
        ];
        Ok(say(&lines.join("\n"))?)
    }
}
