//! `high-dimensional sparse`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use high_dimensional::sparse::path::{Rule, Step, lambdas, path};
use high_dimensional::sparse::solvers::{Method, Options, is_local_minimum, support};
use high_dimensional::sparse::{Coefficients, Columns, Loss, Penalty, Problem};
use lab::arguments::{check_output, duration, not_negative, positive, usage};
use lab::table::format_number;
use lab::{say, write_atomically};

use super::table::split;

/// Columns are standardised for the fit; coefficients are those of the columns as they came.
#[derive(Args)]
pub struct Sparse {
    /// The table: .csv with names in its first line, .npy or .parquet
    table: PathBuf,
    /// The column of the outcome
    #[arg(long)]
    outcome: String,
    /// Squared or logistic
    #[arg(long, value_enum, default_value = "linear")]
    loss: LossName,
    /// The penalty
    #[arg(long, value_enum, default_value = "mcp")]
    penalty: PenaltyName,
    /// Its shape: gamma of MCP, above 1 (3), or a of SCAD, above 2 (3.7)
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    shape: Option<f64>,
    /// Solve for this penalty alone
    #[arg(long, value_parser = not_negative, allow_negative_numbers = true, conflicts_with = "path")]
    lambda: Option<f64>,
    /// Solve for so many penalties, from the largest that matters down
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    path: u32,
    /// The last penalty of the path, as a share of the first
    #[arg(long, value_parser = share, default_value_t = 0.05, allow_negative_numbers = true)]
    least: f64,
    /// The solver
    #[arg(long, value_enum, default_value = "accelerated")]
    solver: Solver,
    /// KKT residual, as a share of the largest penalty that matters
    #[arg(long, value_parser = positive, default_value_t = 1e-6, allow_negative_numbers = true)]
    tolerance: f64,
    /// Iterations or sweeps for each penalty at most
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    iterations: u32,
    /// Begin no iteration after so long for each penalty, for example 90s, 10m
    #[arg(long, value_parser = duration)]
    deadline: Option<Duration>,
    /// Leave out rows with empty fields instead of refusing them
    #[arg(long)]
    drop_missing: bool,
    /// Write all coefficients of all penalties that are not zero: .csv
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LossName {
    /// (1/2n) Σ (y − xβ)²
    Linear,
    /// (1/n) Σ log(1 + e^η) − yη, outcomes 0 and 1
    Logistic,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PenaltyName {
    /// Minimax concave
    Mcp,
    /// Smoothly clipped absolute deviation
    Scad,
    /// ℓ₁
    Lasso,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Solver {
    /// Accelerated gradients with tuned damping
    Accelerated,
    /// The same with restarts
    Restarted,
    /// Coordinate descent
    Coordinate,
    /// Proximal gradients
    Ista,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if number > 0.0 && number < 1.0 => Ok(number),
        _ => Err("expected a number between 0 and 1".into()),
    }
}

impl Sparse {
    /// Reads, fits and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.table.as_path()])?;
        let name = self.table.display().to_string();
        let penalty = match (self.penalty, self.shape) {
            (PenaltyName::Mcp, shape) => Penalty::Mcp(shape.unwrap_or(3.0)),
            (PenaltyName::Scad, shape) => Penalty::Scad(shape.unwrap_or(3.7)),
            (PenaltyName::Lasso, None) => Penalty::Lasso,
            (PenaltyName::Lasso, Some(_)) => return Err(usage("--shape: the lasso has none")),
        };
        match penalty {
            Penalty::Mcp(gamma) if gamma <= 1.0 => {
                return Err(usage(format!("--shape {gamma}: MCP expects a number above 1")));
            }
            Penalty::Scad(a) if a <= 2.0 => {
                return Err(usage(format!("--shape {a}: SCAD expects a number above 2")));
            }
            _ => {}
        }
        let table = split(&self.table, &[&self.outcome], self.drop_missing)?;
        let (x, centres, scales) = Columns::new(&table.columns).with_context(|| name.clone())?.standardised();
        let loss = if self.loss == LossName::Linear { Loss::Squared } else { Loss::Logistic };
        let mut y = table.taken[0].clone();
        let centre = if loss == Loss::Squared { y.iter().sum::<f64>() / y.len() as f64 } else { 0.0 };
        y.iter_mut().for_each(|y| *y -= centre);
        if y.iter().all(|value| *value == y[0]) {
            bail!("{name}: column {} is constant", self.outcome);
        }
        let problem = Problem { x: &x, y: &y, loss, weight: 1.0, penalty, lambda: 0.0 };
        problem.check().with_context(|| format!("{name}: column {}", self.outcome))?;
        let method = match self.solver {
            Solver::Accelerated => Method::Tuned,
            Solver::Restarted => Method::Restarted,
            Solver::Coordinate => Method::Coordinate,
            Solver::Ista => Method::Ista,
        };
        let options = Options {
            tolerance: self.tolerance * problem.largest_lambda(),
            iterations: self.iterations as usize,
            lipschitz: None,
            deadline: self.deadline,
        };
        let sequence = self
            .lambda
            .map_or_else(|| lambdas(&problem, self.path as usize, self.least, true), |lambda| vec![lambda]);
        let mean = y.iter().sum::<f64>() / y.len() as f64;
        let intercept_alone = if loss == Loss::Logistic { (mean / (1.0 - mean)).ln() } else { 0.0 };
        let mut saturated = false;
        let null = problem.loss_at(&vec![intercept_alone; y.len()]);
        let mut steps = path(&problem, &sequence, method, Rule::Strong, &options, &mut |step| {
            let mut eta = vec![0.0; y.len()];
            problem.predictor(&step.fit.at, &mut eta);
            let explained = 1.0 - problem.loss_at(&eta) / null;
            saturated = support(&step.fit.at).len() >= y.len() || loss == Loss::Logistic && explained > 0.95;
            !saturated
        })?;
        // Where there is no minimiser, what the solver stopped at is no answer.
        let next = saturated && steps.len() > 1 && steps.last().is_some_and(|step| !step.fit.converged);
        if next {
            steps.pop();
        }
        let raw = |at: &Coefficients| -> (Vec<f64>, f64) {
            let beta: Vec<f64> = at.beta.iter().zip(&scales).map(|(b, s)| b / s).collect();
            let offset: f64 = beta.iter().zip(&centres).map(|(b, c)| b * c).sum();
            (beta, centre + at.intercept - offset)
        };
        if let Some(path) = &self.out {
            write_atomically(path, coefficients(&steps, &table.names, raw).as_bytes())?;
        }
        let Some(last) = steps.last() else { bail!("{name}: no penalty was solved for") };
        let columns = support(&last.fit.at);
        let violations: usize = steps.iter().map(|step| step.violations).sum();
        let (beta, intercept) = raw(&last.fit.at);
        let mut text = format!(
            "penalties           {}, the largest that matters is {}\nlast penalty        {}\nobjective           {}, the loss being a mean over rows{}\nKKT residual        {}, at most {} along the path\nsecond order        {}\nrule                {violations} columns left out wrongly and put back\ncolumns             {} of {}\nintercept           {}",
            steps.len(),
            format_number(problem.largest_lambda()),
            format_number(last.lambda),
            format_number(last.fit.objective),
            if loss == Loss::Squared { ", halved" } else { "" },
            format_number(last.fit.kkt),
            format_number(steps.iter().map(|step| step.fit.kkt).max_by(f64::total_cmp).unwrap_or(f64::NAN)),
            if is_local_minimum(&problem.with(last.lambda), &last.fit.at) {
                "a minimum within the support"
            } else {
                "not a minimum within the support"
            },
            columns.len(),
            table.names.len(),
            format_number(intercept),
        );
        let mut order = columns.clone();
        order.sort_by(|a, b| last.fit.at.beta[*b].abs().total_cmp(&last.fit.at.beta[*a].abs()));
        for column in order.iter().take(10) {
            let shown: String = table.names[*column].chars().take(19).collect();
            let _ = write!(text, "\n{shown:<19} {}", format_number(beta[*column]));
        }
        if order.len() > 10 {
            let _ = write!(text, "\nand {} more", order.len() - 10);
        }
        if saturated {
            let _ = write!(
                text,
                "\nsaturated           at {} the rows are fitted (nearly) without error: there is no minimiser, or none of use, from there on",
                if next { "the next penalty" } else { "this penalty" }
            );
        }
        say(&text)?;
        match steps.iter().filter(|step| !step.fit.converged).count() {
            0 => Ok(()),
            count => bail!("{name}: {count} of {} penalties did not reach the tolerance", steps.len()),
        }
    }
}

fn coefficients(steps: &[Step], names: &[String], raw: impl Fn(&Coefficients) -> (Vec<f64>, f64)) -> String {
    let mut text = String::from("lambda,objective,kkt,name,coefficient\n");
    for step in steps {
        let (beta, intercept) = raw(&step.fit.at);
        let mut row = |name: &str, value: f64| {
            let quoted = if name.contains([',', '"', '\n']) {
                format!("\"{}\"", name.replace('"', "\"\""))
            } else {
                name.to_owned()
            };
            let _ = writeln!(
                text,
                "{:e},{:e},{:e},{quoted},{value:e}",
                step.lambda, step.fit.objective, step.fit.kkt
            );
        };
        row("(intercept)", intercept);
        for column in support(&step.fit.at) {
            row(&names[column], beta[column]);
        }
    }
    text
}
