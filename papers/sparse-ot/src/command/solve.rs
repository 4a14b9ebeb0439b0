//! `sparse-ot solve`: transport on a user's own files.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::{ArgGroup, Args, ValueEnum};
use lab::arguments::{positive, refuse_overwriting};
use lab::polars::prelude::{Column, DataFrame};
use lab::table::{csv_bytes, format_number};
use lab::{input, remark, write_atomically};
use numerics::lbfgs::StopReason;
use sparse_ot::{
    Ascent, AscentOptions, Cost, Problem, Regulariser, Relaxation, RelaxationOptions, RelaxationStop, Repair,
    RepairOptions, SparsePlan, repair, solve_dual, solve_relaxation, solve_semidual,
};

use super::at_least_one;

/// Minimises ⟨C, T⟩ + (γ/2)‖T‖² over plans T from a to b with at most k nonzeros per column.
///
/// For sparse rows instead, transpose the cost and exchange a and b.
#[derive(Args)]
#[command(group(ArgGroup::new("costs").required(true).args(["cost", "points_x"])))]
pub struct Solve {
    /// Cost matrix, m × n: .csv without a header, or .npy; `inf` forbids a pair
    #[arg(long, value_name = "FILE")]
    cost: Option<PathBuf>,
    /// Points of the rows, one a line: the cost is then the squared Euclidean distance, never stored
    #[arg(long, value_name = "FILE", requires = "points_y")]
    points_x: Option<PathBuf>,
    /// Points of the columns, one a line
    #[arg(long, value_name = "FILE", requires = "points_x", conflicts_with = "cost")]
    points_y: Option<PathBuf>,
    /// Pairs that must not meet: an m × n matrix that is not zero there, .csv or .npy
    #[arg(long, value_name = "FILE")]
    forbidden: Option<PathBuf>,
    /// Masses of the m rows: .csv or .npy
    #[arg(long, value_name = "FILE")]
    a: PathBuf,
    /// Masses of the n columns, with the same total: .csv or .npy
    #[arg(long, value_name = "FILE")]
    b: PathBuf,
    /// Most nonzeros of a column, at least 1; above m it is no constraint
    #[arg(long, value_parser = at_least_one)]
    k: usize,
    /// Strength of the regulariser, positive, in units of cost per mass
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    gamma: f64,
    /// How the optimal value is approached
    #[arg(long, value_enum, default_value_t = Method::Relaxed)]
    method: Method,
    /// Which plan to write [default: repaired, or top-k where none is found]
    #[arg(long, value_enum)]
    plan: Option<Plan>,
    /// relaxed: the relative gap to reach; else: the part of the mass that rows may miss
    #[arg(long, value_parser = positive, default_value_t = 1e-9)]
    tolerance: f64,
    /// Most iterations [default: 120 proximal steps, or 500 of L-BFGS]
    #[arg(long)]
    iterations: Option<usize>,
    /// Where the plan goes: .csv
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How the plan is written
    #[arg(long, value_enum, default_value_t = Layout::Triplets)]
    layout: Layout,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Proximal steps on the convex relaxation: certified from both sides
    Relaxed,
    /// L-BFGS on the semi-dual, the paper's way: a lower bound
    Semidual,
    /// L-BFGS on the dual: a lower bound
    Dual,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Plan {
    /// At most k nonzeros per column and exact column masses; misses row masses by the error stated
    TopK,
    /// Both marginals; a few more than k nonzeros in columns where scores tie
    Relaxed,
    /// At most k nonzeros per column and both marginals, if such a plan is found
    Repaired,
}

#[derive(Clone, Copy, ValueEnum)]
enum Layout {
    /// One line `row,column,mass` for each nonzero, counted from 0
    Triplets,
    /// All m lines of n entries
    Dense,
}

/// What was found, ready to print.
struct Found {
    lines: Vec<(&'static str, String)>,
    name: &'static str,
    plan: SparsePlan,
}

impl Solve {
    /// Reads, solves, writes the plan and prints what was found.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        if self.out.extension().is_none_or(|extension| extension != "csv") {
            return Err(lab::Error::Usage(format!(
                "--out {}: expected a name that ends in .csv",
                self.out.display()
            ))
            .into());
        }
        let inputs = [
            self.cost.as_ref(),
            self.points_x.as_ref(),
            self.points_y.as_ref(),
            self.forbidden.as_ref(),
            Some(&self.a),
            Some(&self.b),
        ];
        refuse_overwriting(&self.out, inputs.into_iter().flatten().map(PathBuf::as_path))?;
        let problem = self.problem()?;
        let started = Instant::now();
        let Found { mut lines, name, plan } = match self.method {
            Method::Relaxed => self.relaxed(&problem)?,
            Method::Semidual | Method::Dual => self.ascent(&problem)?,
        };
        let seconds = started.elapsed().as_secs_f64();
        write_plan(&plan, &self.out, self.layout)?;
        let mass = format_number(problem.mass());
        let mean = plan.nonzeros() as f64 / plan.columns() as f64;
        lines.push(("plan", format!("{name}, in {}", self.out.display())));
        lines.push(("regularised cost", plan.primal_value(problem.cost(), self.gamma).to_string()));
        lines.push(("transport cost", plan.cost(problem.cost()).to_string()));
        let most = plan.max_nonzeros_per_column();
        lines.push(("nonzeros per column", format!("{} in the mean, {most} at most", format_number(mean))));
        lines.push((
            "row error",
            format!("{} of a mass of {mass}", format_number(plan.row_error(problem.a()))),
        ));
        lines.push((
            "column error",
            format!("{} of a mass of {mass}", format_number(plan.column_error(problem.b()))),
        ));
        lines.push(("seconds", format!("{seconds:.3}")));
        let text: Vec<String> = lines.iter().map(|(label, value)| format!("{label:21}{value}")).collect();
        remark(&text.join("\n"))?;
        Ok(())
    }

    fn problem(&self) -> anyhow::Result<Problem> {
        let cost = match (&self.cost, &self.points_x, &self.points_y) {
            (Some(path), _, _) => {
                Cost::dense(input::costs(path)?.view()).with_context(|| path.display().to_string())?
            }
            (None, Some(x), Some(y)) => {
                let (x, y) = (input::matrix(x)?, input::matrix(y)?);
                Cost::squared_euclidean(x.view(), y.view(), 1.0)?
            }
            _ => {
                return Err(
                    lab::Error::Usage("--cost, or --points-x and --points-y, are needed".into()).into()
                );
            }
        };
        let cost = match &self.forbidden {
            Some(path) => {
                let mask = input::matrix(path)?.mapv(|entry| entry != 0.0);
                cost.forbidding(mask.view()).with_context(|| path.display().to_string())?
            }
            None => cost,
        };
        let (a, b) = (input::vector(&self.a)?, input::vector(&self.b)?);
        let problem = Problem::new(cost, a.view(), b.view())?;
        let off = (problem.rescaled() - 1.0).abs();
        // Below that it is the rounding of the sums themselves.
        if off > 1e-12 {
            remark(&format!("the totals differed by {off:.1e} of the larger one: b is scaled to that of a"))?;
        }
        Ok(problem)
    }

    fn relaxed(&self, problem: &Problem) -> anyhow::Result<Found> {
        let regulariser = Regulariser::new(self.k, self.gamma);
        let mut options = RelaxationOptions { relative_gap: self.tolerance, ..RelaxationOptions::default() };
        options.max_iterations = self.iterations.unwrap_or(options.max_iterations);
        let found = solve_relaxation(problem, regulariser, &options)?;
        let mut lines = vec![
            ("optimal value", format!("at least {}", found.lower)),
            ("  of the relaxation", format!("at most {}", found.upper)),
            ("relative gap", format!("{}: {}", format_number(found.relative_gap), relaxation_ending(&found))),
        ];
        let (name, plan) = match self.plan {
            Some(Plan::TopK) => ("top-k", found.top_k_plan),
            Some(Plan::Relaxed) => ("relaxed", found.relaxed_plan),
            chosen => match repair(problem, regulariser, &found, &RepairOptions::default())? {
                Repair::Found(repaired) => {
                    lines.push((
                        "value of the plan",
                        format!(
                            "{}, within {} of optimal",
                            repaired.value,
                            format_number(repaired.relative_gap)
                        ),
                    ));
                    ("repaired", repaired.plan)
                }
                Repair::NotFound if chosen.is_none() => {
                    ("top-k: no sparse plan with both marginals was found", found.top_k_plan)
                }
                Repair::Infeasible { rows, places } if chosen.is_none() => {
                    lines.push(("sparse plan", format!("none exists: {rows} rows, {places} places")));
                    ("top-k", found.top_k_plan)
                }
                Repair::NotFound => anyhow::bail!(
                    "no plan with {} nonzeros per column and both marginals was found: try --plan top-k or relaxed",
                    self.k
                ),
                Repair::Infeasible { rows, places } => {
                    anyhow::bail!(
                        "no plan has {} nonzeros per column and both marginals: {rows} rows have mass, {places} nonzeros are allowed",
                        self.k
                    )
                }
            },
        };
        Ok(Found { lines, name, plan })
    }

    fn ascent(&self, problem: &Problem) -> anyhow::Result<Found> {
        if self.plan.is_some_and(|plan| plan != Plan::TopK) {
            return Err(lab::Error::Usage(
                "the semi-dual and the dual give the top-k plan only: use --method relaxed".into(),
            )
            .into());
        }
        let mut options = AscentOptions { tolerance: self.tolerance, ..AscentOptions::default() };
        options.max_iterations = self.iterations.unwrap_or(options.max_iterations);
        let solve = if self.method == Method::Dual { solve_dual } else { solve_semidual };
        let Ascent { value, iterations, reason, plan, .. } =
            solve(problem, Regulariser::new(self.k, self.gamma), &options)?;
        let lines = vec![
            ("optimal value", format!("at least {value}")),
            ("iterations", format!("{iterations}: {}", ascent_ending(reason))),
        ];
        Ok(Found { lines, name: "top-k", plan })
    }
}

fn relaxation_ending(found: &Relaxation) -> String {
    let steps = found.iterations;
    if found.relative_gap < -1e-9 {
        return "the bounds cross, and prove nothing: the costs span more digits than a float holds".into();
    }
    match found.reason {
        RelaxationStop::GapReached => format!("reached in {steps} proximal steps"),
        RelaxationStop::IterationLimit => format!("the limit of {steps} proximal steps"),
        RelaxationStop::Stalled => format!("no closer after {steps} proximal steps"),
        RelaxationStop::Requested => "stopped on request".into(),
    }
}

fn ascent_ending(reason: StopReason) -> &'static str {
    match reason {
        StopReason::GradientTolerance => "converged, the plan meets both marginals",
        StopReason::RelativeDecrease => "the value no longer rises",
        StopReason::IterationLimit => "the limit of iterations",
        StopReason::LineSearchFailed => "stalled on a kink, as happens where k binds",
        StopReason::Diverged => "the value is not finite",
        StopReason::Requested => "stopped on request",
    }
}

fn write_plan(plan: &SparsePlan, path: &Path, layout: Layout) -> anyhow::Result<()> {
    let bytes = match layout {
        Layout::Triplets => {
            let entries = (0..plan.columns()).flat_map(|j| plan.column(j).map(move |(i, mass)| (i, j, mass)));
            let (mut rows, mut columns, mut masses) = (Vec::new(), Vec::new(), Vec::new());
            for (row, column, mass) in entries {
                rows.push(row as u64);
                columns.push(column as u64);
                masses.push(mass);
            }
            let series = vec![
                Column::new("row".into(), rows),
                Column::new("column".into(), columns),
                Column::new("mass".into(), masses),
            ];
            csv_bytes(&DataFrame::new(plan.nonzeros(), series)?)?
        }
        Layout::Dense => {
            let dense = plan.to_dense();
            let lines = dense.rows().into_iter().map(|row| {
                let entries: Vec<String> = row.iter().map(f64::to_string).collect();
                entries.join(",") + "\n"
            });
            lines.collect::<String>().into_bytes()
        }
    };
    write_atomically(path, &bytes)?;
    Ok(())
}
