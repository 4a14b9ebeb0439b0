//! `sketched-newton control`.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, ValueEnum};
use lab::arguments::{positive, refuse_beyond_memory, usage};
use lab::input::vector;
use lab::table::format_number;
use sketched_newton::choice::Choice;
use sketched_newton::models::Control;
use sketched_newton::newton::Convexity;
use sketched_newton::problem::{Point, Problem};

use super::method::Method;

/// min ½|y − target|² + (alpha/2)|u|² subject to an elliptic equation on N × N points.
#[derive(Args)]
pub struct Grid {
    /// N
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=4096))]
    grid: u32,
    /// Which equation and target
    #[arg(long, value_enum, default_value = "manufactured", conflicts_with = "target")]
    case: Case,
    /// Your target, N² numbers, the first index running first, for the Laplacian of y + u = 0 on the unit square: .csv or .npy
    #[arg(long, value_name = "FILE")]
    target: Option<PathBuf>,
    /// alpha; 0.01, and 0.1 for the authors' problem, where it cannot be chosen
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    alpha: Option<f64>,
    #[command(flatten)]
    method: Method,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Case {
    /// The authors' linear-quadratic problem
    Authors,
    /// Semilinear with a known solution
    Manufactured,
}

impl Grid {
    /// Solves and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        self.method.check(self.target.as_deref())?;
        let side = self.grid as usize;
        let points = side * side;
        // Indices and values of K and its factor, which has some 31 log₂ N entries a row.
        refuse_beyond_memory(3.0 * points as f64 * 16.0 * 40.0, "the Newton system")?;
        let alpha = self.alpha.unwrap_or(0.01);
        let (problem, exact) = match (&self.target, self.case) {
            (Some(path), _) => {
                let target = vector(path)?;
                if target.len() != points {
                    bail!(
                        "{}: {} numbers, expected {points} for {side} x {side} points",
                        path.display(),
                        target.len()
                    );
                }
                (Control::linear(side, 1.0 / (side as f64 + 1.0), alpha, target.to_vec()), None)
            }
            (None, Case::Authors) if self.alpha.is_some() => {
                return Err(usage("--alpha cannot be chosen in the authors' problem"));
            }
            (None, Case::Authors) => (Control::authors(side), None),
            (None, Case::Manufactured) => {
                let (problem, exact) = Control::manufactured(side, alpha);
                (problem, Some(exact))
            }
        };
        let of = |letter: char| {
            (0..points).map(move |place| format!("{letter}[{},{}]", place % side + 1, place / side + 1))
        };
        let names: Vec<String> = of('y').chain(of('u')).collect();
        let value = if self.case == Case::Authors && self.target.is_none() { 1.0 } else { 0.0 };
        let start = (vec![value; problem.variables()], vec![value; points]);
        let error = |point: &Point| match &exact {
            Some(exact) => {
                let all = point.x.iter().chain(&point.multipliers);
                let error =
                    all.zip(exact.variables.iter().chain(&exact.multipliers)).map(|(a, b)| (a - b).abs());
                format!("\nlargest error       {}", format_number(error.fold(0.0, f64::max)))
            }
            None => String::new(),
        };
        // Convex but for the cubic term, which is small.
        self.method.run(
            &problem,
            &names,
            (&start.0, &start.1),
            (Some(Convexity::Trusted), Choice::Direct),
            error,
        )
    }
}
