//! `penalty-bilevel solve`: a method on a problem in a file, with noise if wanted.

use std::path::PathBuf;

use bilevel::hypergradient::dense;
use bilevel::levels::Bilevel;
use bilevel::lower::residual;
use bilevel::oracle::{Noise, Noisy};
use bilevel::schedule::Power;
use clap::{Args, ValueEnum};
use lab::arguments::{check_output, numbers, positive, usage};
use lab::polars::prelude::Column;
use lab::say;
use lab::table::{first_numbers, format_number, write_columns};
use penalty_bilevel::penalty::{check, gradient_mapping};
use penalty_bilevel::problem_file;
use penalty_bilevel::run::{Begin, Step, StopReason};
use penalty_bilevel::{double_loop, single_loop};

/// Runs the double loop, the single loop with momentum, or F2SA, and says where it ends.
#[derive(Args)]
pub struct Solve {
    /// The problem: .json, as in tests/cases
    #[arg(long, value_name = "FILE")]
    problem: PathBuf,
    /// Its id, where the file is a list [default: the first]
    #[arg(long)]
    name: Option<String>,
    /// The method
    #[arg(long, value_enum, default_value_t = Method::Double)]
    method: Method,
    /// The start, as "0.1,0.2" [default: zeros]
    #[arg(long, allow_hyphen_values = true, value_name = "NUMBERS")]
    x: Option<String>,
    /// Gradients to spend
    #[arg(long, default_value_t = 100_000, value_parser = lab::arguments::calls)]
    calls: u64,
    /// Standard deviation of the noise on every coordinate of every gradient; 0 for none
    #[arg(long, default_value_t = 0.0, value_parser = deviation, allow_negative_numbers = true)]
    noise: f64,
    /// First step of the upper level
    #[arg(long, default_value_t = 0.1, value_parser = positive, allow_negative_numbers = true)]
    alpha: f64,
    /// First step of the lower level [default: 1 over twice its curvature at the start]
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    gamma: Option<f64>,
    /// First σ
    #[arg(long, default_value_t = 1.0, value_parser = positive, allow_negative_numbers = true)]
    sigma: f64,
    /// Seed of the noise
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the path goes: .csv with calls, σ, |∇ψ| and x
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Method {
    /// Two loops (Algorithm 1)
    Double,
    /// One loop with momentum (Algorithm 2)
    Momentum,
    /// One loop without momentum (F2SA)
    Plain,
}

fn deviation(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|x: &f64| *x >= 0.0 && x.is_finite())
        .ok_or_else(|| "expected a number of at least 0".into())
}

impl Solve {
    /// Reads, runs, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.trace.as_deref(), "csv", [self.problem.as_path()])?;
        let problem = problem_file::read(&self.problem, self.name.as_deref())?;
        let (d, q) = problem.dimensions();
        let x = self.x.as_ref().map_or_else(|| Ok(vec![0.0; d]), |text| numbers("--x", text, d))?;
        check(&*problem, &x, self.sigma).map_err(|fault| usage(format!("--{fault}")))?;
        if dense(&*problem, &x, &problem.solution(&x)).is_none() {
            return Err(usage("--x: the lower solution or a derivative is not finite there"));
        }
        let mut y = vec![0.1; q];
        problem.lower_set().project(&mut y);
        let curvature = problem.lower_yy(&x, &y).iter().map(|a| a * a).sum::<f64>().sqrt()
            + problem.upper_yy(&x, &y).iter().map(|a| a * a).sum::<f64>().sqrt();
        let gamma = self.gamma.unwrap_or(1.0 / (2.0 * curvature));
        let begin = Begin { x: &x, y: &y, calls: self.calls, seed: self.seed };
        let oracle = Noisy { problem, deviation: self.noise, noise: Noise::Additive };
        let problem = &*oracle.problem;
        let size = |x: &[f64]| {
            dense(problem, x, &problem.solution(x))
                .map_or(f64::NAN, |found| gradient_mapping(problem, x, &found.gradient, 0.1))
        };
        let (mut path, mut next) = (Vec::new(), 100.0);
        let mut observe = |step: &Step<'_>| {
            let calls = step.counts.calls() as f64;
            if self.trace.is_some() && calls >= next {
                path.push([&[calls, step.sigma, size(step.x)], step.x].concat());
                next = calls * 1.05;
            }
        };
        let first = |power: Power, value: f64| Power { value, ..power };
        let ended = match self.method {
            Method::Double => {
                let base = if self.noise > 0.0 {
                    double_loop::Options::noisy(gamma)
                } else {
                    double_loop::Options::deterministic(gamma)
                };
                let options = double_loop::Options {
                    sigma: first(base.sigma, self.sigma),
                    alpha: first(base.alpha, self.alpha),
                    ..base
                };
                double_loop::double_loop(&oracle, &begin, &options, &mut observe)
            }
            Method::Momentum | Method::Plain => {
                let base = if self.method == Method::Momentum {
                    single_loop::Options::momentum()
                } else {
                    single_loop::Options::without_momentum()
                };
                let options = single_loop::Options {
                    sigma: first(base.sigma, self.sigma),
                    alpha: first(base.alpha, self.alpha),
                    gamma: first(base.gamma, gamma),
                    ..base
                };
                single_loop::single_loop(&oracle, &begin, &options, &mut observe)
            }
        };
        if ended.reason == StopReason::Diverged {
            anyhow::bail!(
                "the iterates left the numbers after {} upper steps: smaller --alpha or --gamma keep them",
                ended.steps
            );
        }
        if let Some(trace) = &self.trace {
            let header = ["calls", "sigma", "gradient"]
                .map(String::from)
                .into_iter()
                .chain((1..=d).map(|k| format!("x{k}")));
            let columns = header.enumerate().map(|(k, name)| {
                Column::new(name.into(), path.iter().map(|row: &Vec<f64>| row[k]).collect::<Vec<f64>>())
            });
            write_columns(trace, columns.collect())?;
        }
        let lines = [
            format!("x                  {}", first_numbers(&ended.x)),
            format!("|∇ψ| there         {}", format_number(size(&ended.x))),
            format!("ψ there            {}", format_number(problem.value(&ended.x))),
            format!("σ at the end       {}", format_number(ended.sigma)),
            format!(
                "residuals          y {}, z {}",
                format_number(residual(problem, &ended.x, &ended.y, ended.sigma)),
                format_number(residual(problem, &ended.x, &ended.z, 0.0))
            ),
            format!("upper steps        {}", ended.steps),
            format!(
                "gradients          {}, products with second derivatives {}",
                ended.counts.gradients.iter().sum::<u64>(),
                ended.counts.products
            ),
        ];
        say(&lines.join("\n"))?;
        Ok(())
    }
}
