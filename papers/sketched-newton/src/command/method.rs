//! Options of the method, and what is said about a run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use clap::{Args, ValueEnum};
use lab::arguments::{check_output, duration, not_negative, positive, refuse_one_file_for_two};
use lab::table::{first_numbers, format_number};
use lab::{say, write_atomically};
use sketched_newton::choice::Choice;
use sketched_newton::kkt::dependent_rows;
use sketched_newton::merit::Penalties;
use sketched_newton::newton::{
    Convexity, Iteration, Options, Reason, Slope, Solution, Verdict, second_order, solve,
};
use sketched_newton::problem::{Point, Problem};
use sketched_newton::sketch::{Kind, Sampling};

/// The paper's second sketch.
pub const KACZMARZ: Choice = Choice::Sketch(Kind::Kaczmarz(Sampling::Uniform));

/// Options of the outer and the inner method.
#[derive(Args)]
pub struct Method {
    /// Inner solver: gaussian, kaczmarz, kaczmarz:norms, kaczmarz:shuffled, block:ROWS, count:BUCKETS, gmres, gmres:RESTART, minres or ldl; ldl for control, and kaczmarz for the others unless told
    #[arg(long)]
    solver: Option<Choice>,
    /// How exactly systems are solved
    #[arg(long, value_enum, default_value = "practical")]
    mode: Mode,
    /// Stop at this norm of the first-order conditions; 1e-4 if published, 1e-8 if practical
    #[arg(long, value_parser = not_negative, allow_negative_numbers = true)]
    tolerance: Option<f64>,
    /// Newton steps at most
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    iterations: Option<u64>,
    /// Steps of the inner solver in one Newton step at most
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Penalty of the constraints at the beginning
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    eta1: f64,
    /// Penalty of the Lagrangian's gradient at the beginning
    #[arg(long, value_parser = positive, default_value_t = 0.1, allow_negative_numbers = true)]
    eta2: f64,
    /// Relative error of a step at the beginning, between 0 and 1
    #[arg(long, value_parser = share, default_value_t = 0.1, allow_negative_numbers = true)]
    delta: f64,
    /// Multiply the error by the residual to this power: 1 gives quadratic convergence
    #[arg(long, value_parser = not_negative, default_value_t = 0.0, allow_negative_numbers = true)]
    power: f64,
    /// Take the objective's Hessian for the Lagrangian's in the slope, as the authors' script does
    #[arg(long)]
    objective_hessian_slope: bool,
    /// Begin no Newton step after so long, for example 90s, 10m
    #[arg(long, value_parser = duration)]
    deadline: Option<Duration>,
    /// Seed of the sketches
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write every iteration: .csv
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Write x and lambda: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// The authors' numbers: bounds from eigenvalues of the blocks, dense
    Published,
    /// Residuals relative to the first-order conditions, and inertia
    Practical,
}

/// A number between 0 and 1, without them.
fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number < 1.0 => Ok(number),
        _ => Err("expected a number between 0 and 1".into()),
    }
}

impl Method {
    /// Refuses output that cannot be written, before anything is computed.
    ///
    /// # Errors
    /// One line.
    pub fn check<'a>(&'a self, inputs: impl IntoIterator<Item = &'a Path> + Clone) -> anyhow::Result<()> {
        for out in [&self.trace, &self.out] {
            check_output(out.as_deref(), "csv", inputs.clone())?;
        }
        if let (Some(trace), Some(out)) = (&self.trace, &self.out) {
            refuse_one_file_for_two(trace, out)?;
        }
        Ok(())
    }

    fn options(&self, convexity: Option<Convexity>) -> Options {
        let base = match self.mode {
            Mode::Published => Options::published(),
            Mode::Practical => Options::practical(),
        };
        Options {
            tolerance: self.tolerance.unwrap_or(base.tolerance),
            iterations: self.iterations.unwrap_or(base.iterations),
            steps: self.steps.unwrap_or(base.steps),
            penalties: Penalties { constraints: self.eta1, stationarity: self.eta2 },
            delta: self.delta,
            power: self.power,
            slope: if self.objective_hessian_slope { Slope::ObjectiveHessian } else { Slope::Exact },
            convexity: convexity.unwrap_or(base.convexity),
            deadline: self.deadline,
            ..base
        }
    }

    /// Runs the method, writes what was asked for, and says what was found; `more` adds lines.
    ///
    /// # Errors
    /// For what the method refuses, files that cannot be written, and runs that do not converge.
    pub fn run(
        &self,
        problem: &dyn Problem,
        names: &[String],
        start: (&[f64], &[f64]),
        (convexity, default): (Option<Convexity>, Choice),
        more: impl Fn(&Point) -> String,
    ) -> anyhow::Result<()> {
        let choice = self.solver.unwrap_or(default);
        let mut solver = choice.solver(self.seed);
        let found = solve(problem, start, solver.as_mut(), &self.options(convexity), &mut |_, _| ())?;
        if let Some(path) = &self.trace {
            write_atomically(path, trace(&found.iterations).as_bytes())?;
        }
        if let Some(path) = &self.out {
            write_atomically(path, table(names, &found.point).as_bytes())?;
        }
        say(&report(choice, problem, &found, &more(&found.point)))?;
        let residual = format_number(found.point.residual());
        let dependent = || {
            let rows = dependent_rows(&found.point.jacobian);
            let rows: Vec<String> = rows.iter().take(5).map(|row| (row + 1).to_string()).collect();
            if rows.is_empty() {
                String::new()
            } else {
                format!(", and constraint {} depends on those before", rows.join(", "))
            }
        };
        match found.reason {
            Reason::Converged => Ok(()),
            Reason::DependentConstraints(least) => bail!(
                "the gradients of the constraints are dependent, or nearly so: the least eigenvalue of their products is {}{}",
                format_number(least),
                dependent()
            ),
            Reason::Singular => {
                bail!("the Newton system is singular, the residual is {residual}{}", dependent())
            }
            Reason::LineSearch => {
                bail!(
                    "no step length decreases the merit function, the residual is {residual}{}",
                    dependent()
                )
            }
            Reason::Deadline => bail!("the deadline is over, the residual is {residual}{}", dependent()),
            _ => bail!(
                "not converged after {} Newton steps, the residual is {residual}{}",
                found.iterations.len(),
                dependent()
            ),
        }
    }
}

fn report(choice: Choice, problem: &dyn Problem, found: &Solution, more: &str) -> String {
    let (dual, primal) = found.point.residuals();
    let work = found.work();
    let converged = found.reason == Reason::Converged;
    let verdict = match converged.then(|| second_order(problem, &found.point)) {
        None => "not judged",
        Some(Verdict::Minimum) => "a strict local minimum, by the inertia of K at this point",
        Some(Verdict::Saddle) => "a saddle point, by the inertia of K",
        Some(Verdict::Degenerate) => "undecided: K is singular",
    };
    let capped = found.iterations.iter().filter(|iteration| !iteration.solved).count();
    let mut text = format!(
        "x                   {}\nlambda              {}\nobjective           {}\nresiduals           {} of the Lagrangian's gradient, {} of the constraints\nsecond order        {verdict}\nNewton steps        {}\ninner work          {} steps of {}, {} flops, {} bytes",
        first_numbers(&found.point.x),
        if found.point.multipliers.is_empty() {
            "none".into()
        } else {
            first_numbers(&found.point.multipliers)
        },
        format_number(found.point.objective),
        format_number(dual),
        format_number(primal),
        found.iterations.len(),
        work.steps,
        choice,
        format_number(work.flops),
        format_number(work.bytes),
    );
    let inertia: f64 = found.iterations.iter().map(|iteration| iteration.inertia_flops).sum();
    if inertia > 0.0 {
        let _ = write!(text, "\nfor the inertia     {} flops of factorisations", format_number(inertia));
    }
    if capped > 0 {
        let _ = write!(text, "\nunsolved            {capped} systems, within the steps of an inner solve");
    }
    text + more
}

fn trace(iterations: &[Iteration]) -> String {
    let mut text = String::from(
        "iteration,residual,delta,eta1,eta2,slope,shift,step,inner_steps,flops,bytes,solved,refused\n",
    );
    for (place, iteration) in iterations.iter().enumerate() {
        let Iteration {
            residual,
            delta,
            penalties: (eta1, eta2),
            slope,
            shift,
            step,
            work,
            solved,
            refused,
            ..
        } = iteration;
        let _ = writeln!(
            text,
            "{place},{residual:e},{delta:e},{eta1:e},{eta2:e},{slope:e},{shift:e},{step:e},{},{:e},{:e},{solved},{refused}",
            work.steps, work.flops, work.bytes
        );
    }
    text
}

fn table(names: &[String], point: &Point) -> String {
    let mut text = String::from("name,value\n");
    for (place, value) in point.x.iter().enumerate() {
        let name = names.get(place).cloned().unwrap_or_else(|| format!("x{}", place + 1));
        let _ = writeln!(text, "{name},{value:e}");
    }
    for (place, value) in point.multipliers.iter().enumerate() {
        let _ = writeln!(text, "lambda{},{value:e}", place + 1);
    }
    text
}
