//! `lv-hba solve`.

use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::ensure;
use clap::{Args, ValueEnum};
use lab::arguments::{check_output, positive};
use lab::polars::prelude::Column;
use lab::table::{format_number, write_columns};
use lab::{remark, say};
use lv_hba::penalised::{Point, continued};
use lv_hba::problem::{Problem, Proximal};
use lv_hba::rivals::{hypergradient_descent, value_penalty};
use lv_hba::single_loop::{Options, State, Step, StopReason, single_loop};
use lv_hba::toys::{MerelyConvex, StronglyConvex};
use numerics::random::stream;

use super::usage;

/// Runs, prints the distance from the exact solution and writes the path.
#[derive(Args)]
pub struct Solve {
    /// The toy: llc is merely convex below, llsc strongly
    #[arg(long, value_enum)]
    problem: Toy,
    /// Variables of x
    #[arg(long, default_value_t = 100)]
    n: usize,
    /// The method
    #[arg(long, value_enum, default_value_t = Method::Loop)]
    method: Method,
    /// Steps
    #[arg(long, default_value_t = 20_000)]
    steps: u64,
    /// c, the first penalty, or the last of --method exact
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    c0: Option<f64>,
    /// p, the growth of the penalty
    #[arg(long, default_value_t = 0.49, allow_negative_numbers = true)]
    p: f64,
    /// γ₁
    #[arg(long, value_parser = positive, default_value_t = 10.0, allow_negative_numbers = true)]
    gamma1: f64,
    /// γ₂
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    gamma2: f64,
    /// The saddle's step
    #[arg(long, value_parser = positive, default_value_t = 0.3, allow_negative_numbers = true)]
    eta: f64,
    /// The step of x and y; of --method implicit the step of x
    #[arg(long, value_parser = positive, default_value_t = 0.1, allow_negative_numbers = true)]
    alpha: f64,
    /// The step of the multipliers
    #[arg(long, value_parser = positive, default_value_t = 0.2, allow_negative_numbers = true)]
    beta: f64,
    /// Leaves constraints as the authors' program has them
    #[arg(long)]
    no_normalise: bool,
    /// All coordinates at the start
    #[arg(long, default_value_t = 10.0, allow_negative_numbers = true)]
    start: f64,
    /// Decides the matrices of llsc
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the path goes: .csv with step (of --method exact the number of the penalty) and gap
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Toy {
    /// Merely convex, n + 2n variables
    Llc,
    /// Strongly convex, n + n variables
    Llsc,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Method {
    /// LV-HBA
    Loop,
    /// The penalised problem with exact saddles
    Exact,
    /// Exact hypergradients, llsc only
    Implicit,
    /// The value-function penalty without a proximal term, llsc only
    Penalty,
}

impl Solve {
    /// Runs, says and writes.
    ///
    /// # Errors
    /// One line that names the option and the fault; a run that diverged.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [])?;
        if self.n < 3 || self.n > 1_000_000 || (self.problem == Toy::Llsc && self.n > 2_000) {
            return Err(usage(format!(
                "--n {}: expected from 3 to 1000000, to 2000 for llsc, whose matrices are dense",
                self.n
            )));
        }
        if !(self.p >= 0.0 && self.p.is_finite()) {
            return Err(usage(format!("--p {}: expected at least 0", self.p)));
        }
        if self.p >= 0.5 {
            remark("--p of 0.5 or more is outside of the theorem")?;
        }
        if !self.start.is_finite() {
            return Err(usage(format!("--start {}: expected a finite number", self.start)));
        }
        let n = self.n;
        match self.problem {
            Toy::Llc => {
                let toy = if self.no_normalise {
                    MerelyConvex { size: n, scale: 1.0, bound: 1_000.0 }
                } else {
                    MerelyConvex::normalised(n)
                };
                if matches!(self.method, Method::Implicit | Method::Penalty) {
                    return Err(usage(
                        "--method: llc has many lower solutions, which implicit and penalty cannot take",
                    ));
                }
                self.go(&toy, 2 * n, "relative error", &|x, y| toy.relative_error(x, y))
            }
            Toy::Llsc => {
                let toy =
                    StronglyConvex::draw(n, !self.no_normalise, &mut stream(self.seed, &["lv-hba", "toy"]))?;
                let (least, s) = toy.optimum();
                say(&format!(
                    "optimum             {} at s = {}, κ = {}",
                    format_number(least),
                    format_number(s),
                    format_number(toy.kappa)
                ))?;
                let gap = |x: &[f64], _: &[f64]| {
                    let mut on_set = x.to_vec();
                    toy.project_upper(&mut on_set);
                    toy.hypergradient(&on_set, &mut vec![0.0; n]) - least
                };
                let (mut path, start) = (Vec::new(), vec![self.start; n]);
                let steps = self.steps as usize;
                let found = match self.method {
                    Method::Implicit => hypergradient_descent(&toy, &start, self.alpha, steps, |k, value| {
                        path.push((k as u64, value - least))
                    }),
                    Method::Penalty => {
                        value_penalty(&toy, &start, self.c0.unwrap_or(100.0), self.alpha, steps, |k, x| {
                            path.push((k as u64, gap(x, &[])))
                        })
                        .ok_or_else(|| anyhow::anyhow!("the lower level was not solved"))?
                    }
                    _ => return self.go(&toy.problem, n, "Φ(x) − F*", &gap),
                };
                self.end("Φ(x) − F*", gap(&found, &[]), &path)
            }
        }
    }

    fn go(
        &self,
        problem: &dyn Problem,
        lower: usize,
        name: &str,
        distance: &dyn Fn(&[f64], &[f64]) -> f64,
    ) -> anyhow::Result<()> {
        let proximal = Proximal { gamma1: self.gamma1, gamma2: self.gamma2 };
        let state = State::new(problem, &vec![self.start; self.n], &vec![self.start; lower]);
        if self.method == Method::Exact {
            let last = self.c0.unwrap_or(1_000.0);
            let penalties: Vec<f64> =
                [1.0, 10.0, 100.0].into_iter().filter(|c| *c < last).chain([last]).collect();
            let start = Point { x: state.x, y: state.y, z: state.z };
            let iterations = usize::try_from(self.steps).unwrap_or(usize::MAX);
            let path = continued(problem, &start, &penalties, proximal, iterations)
                .ok_or_else(|| anyhow::anyhow!("the saddle was not solved"))?;
            let seen: Vec<(u64, f64)> =
                path.iter().enumerate().map(|(k, point)| (k as u64, distance(&point.x, &point.y))).collect();
            let end = seen.last().map_or(f64::NAN, |(_, gap)| *gap);
            return self.end(name, end, &seen);
        }
        let options = Options {
            proximal,
            eta: self.eta,
            alpha: self.alpha,
            beta: self.beta,
            penalty: self.c0.unwrap_or(1.0),
            growth: self.p,
            steps: self.steps,
        };
        let (mut path, mut next) = (Vec::new(), 1.0);
        let (state, steps, reason) = single_loop(problem, state, &options, |step: &Step<'_>| {
            if step.number as f64 >= next {
                next = (step.number as f64 * 1.2).ceil();
                path.push((step.number, distance(&step.state.x, &step.state.y)));
            }
            ControlFlow::Continue(())
        });
        ensure!(
            reason != StopReason::Diverged,
            "the iterations left the numbers after {steps} steps: try smaller --eta and --alpha"
        );
        self.end(name, distance(&state.x, &state.y), &path)
    }

    fn end(&self, name: &str, distance: f64, path: &[(u64, f64)]) -> anyhow::Result<()> {
        ensure!(distance.is_finite(), "the iterations left the numbers: try a smaller --alpha");
        say(&format!("{name:<20}{}", format_number(distance)))?;
        if let Some(out) = &self.out {
            let columns = vec![
                Column::new("step".into(), path.iter().map(|(step, _)| *step).collect::<Vec<u64>>()),
                Column::new("gap".into(), path.iter().map(|(_, gap)| *gap).collect::<Vec<f64>>()),
            ];
            write_columns(out, columns)?;
        }
        Ok(())
    }
}
