//! `variance-reduced-halpern game`: strategies of a matrix game, with the bracket of its value.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use lab::arguments::{check_output, positive, refuse_beyond_memory};
use lab::input::{matrix, named_matrix};
use lab::polars::prelude::Column;
use lab::table::{format_number, write_columns};
use lab::{remark, say};
use variance_reduced_halpern::extragradient::{
    anchored_extragradient, extragradient, forward_reflected, reduced_extragradient,
};
use variance_reduced_halpern::games::{self, Matrix, Sampling};
use variance_reduced_halpern::halpern::halpern;
use variance_reduced_halpern::inexact::{self, Inner, resolvent_halpern};
use variance_reduced_halpern::operator::FiniteSum;
use variance_reduced_halpern::page::{self, page_halpern};
use variance_reduced_halpern::primal_dual::{self, restarted_halpern};
use variance_reduced_halpern::run::{Counts, Ended, Step, StopReason, Task};

use super::{ended, prediction, usage};

/// Reads a game, solves it, prints the bracket of its value and writes the strategies.
#[derive(Args)]
pub struct Game {
    /// The matrix A: .csv or .npy; rows are played by y, who maximises yᵀAx, columns by x
    #[arg(long, value_name = "FILE", required_unless_present = "entries", conflicts_with = "entries")]
    matrix: Option<PathBuf>,
    /// A sparse matrix: .csv or .parquet with columns row, column, value; counted from 0, as large as its largest places unless --rows and --columns say more
    #[arg(long, value_name = "FILE")]
    entries: Option<PathBuf>,
    /// Rows of a sparse matrix
    #[arg(long, requires = "entries")]
    rows: Option<usize>,
    /// Columns of a sparse matrix
    #[arg(long, requires = "entries")]
    columns: Option<usize>,
    /// The method
    #[arg(long, value_enum, default_value_t = Method::Pdhg)]
    method: Method,
    /// The gap max Ax − min Aᵀy to reach, in units of A
    #[arg(long, value_parser = positive, default_value_t = 1e-4, allow_negative_numbers = true)]
    gap: f64,
    /// The law of rows and columns, for methods that sample
    #[arg(long, value_enum, default_value_t = Law::Norms)]
    sampling: Law,
    /// Runs Algorithm 2 without restarts, as in the paper
    #[arg(long)]
    no_restart: bool,
    /// Allows Algorithm 1 and Halpern without sampling, whose theorems do not cover games
    #[arg(long)]
    unproven: bool,
    /// The most calls, of a row and a column each
    #[arg(long, value_parser = lab::arguments::calls, default_value = "1e9")]
    calls: u64,
    /// How calls are counted: uniform, or as the authors' program, where passes at the start of inner loops are free
    #[arg(long, value_enum, default_value_t = Count::Uniform)]
    count: Count,
    /// Decides what is drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the strategies go: .csv with player, choice, probability
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Method {
    /// Restarted Halpern iteration of PDHG, without sampling
    Pdhg,
    /// Algorithm 2 with restarts
    Resolvent,
    /// Algorithm 1, needs --unproven
    Page,
    /// Extragradient
    Eg,
    /// Anchored extragradient
    Eag,
    /// Variance-reduced extragradient
    VrEg,
    /// Forward-reflected-backward
    Forb,
    /// Halpern without sampling, needs --unproven
    Halpern,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Law {
    /// Every row and column alike
    Uniform,
    /// In proportion to squared lengths
    Norms,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Count {
    /// Every evaluation
    Uniform,
    /// As the authors' program
    Authors,
}

/// A solved game, in units of the file.
struct Found {
    point: Vec<f64>,
    cost: String,
    reason: String,
    reached: bool,
}

impl Game {
    /// Reads, solves, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let path = self.matrix.as_deref().or(self.entries.as_deref()).context("no matrix")?;
        check_output(self.out.as_deref(), "csv", [path])?;
        if matches!(self.method, Method::Page | Method::Halpern) && !self.unproven {
            return Err(usage(
                "--method page and halpern need a cocoercive operator, which no game has; --unproven runs them all the same",
            ));
        }
        if self.no_restart && self.method != Method::Resolvent {
            return Err(usage("--no-restart is for --method resolvent"));
        }
        let (matrix, center, scale) =
            if self.matrix.is_some() { dense(path)? } else { sparse(path, (self.rows, self.columns))? };
        let (rows, columns) = matrix.shape();
        let sampling = if self.sampling == Law::Norms { Sampling::SquaredNorms } else { Sampling::Uniform };
        say(&format!("game                {rows} × {columns}"))?;
        let (found, (below, above)) = if scale == 0.0 {
            remark("all entries are the same: every strategy is optimal")?;
            let point = [vec![1.0 / columns as f64; columns], vec![1.0 / rows as f64; rows]].concat();
            (Found { point, cost: "0".into(), reason: "reached".into(), reached: true }, (0.0, 0.0))
        } else {
            let game = games::Game::new(matrix, sampling).with_context(|| path.display().to_string())?;
            let n = game.components();
            say(&prediction(n, game.average_constant(), game.constant(), scale))?;
            if self.matrix.is_some() {
                say(
                    "                    L and L_F are those of A less the middle of its entries, which has the same strategies",
                )?;
            }
            if n < 2 && self.method != Method::Pdhg {
                return Err(usage(format!("{}: one row and one column need no method", path.display())));
            }
            let found = self.solve(&game, self.gap / scale);
            let bracket = game.bracket(&found.point);
            (found, bracket)
        };
        let unit = |value: f64| value * scale + center;
        say(&format!(
            "value               between {} and {}\ngap                 {}\ncost                {}\nstopped             {}",
            // To the last digit: six would not prove what they say.
            unit(below),
            unit(above),
            format_number((above - below) * scale),
            found.cost,
            found.reason
        ))?;
        if let Some(out) = &self.out {
            write(out, &found.point, columns)?;
        }
        ensure!(found.reached, "{}: the gap {} was not reached", path.display(), format_number(self.gap));
        Ok(())
    }

    fn solve(&self, game: &games::Game, gap: f64) -> Found {
        let n = game.components();
        if self.method == Method::Pdhg {
            let solution =
                restarted_halpern(game, &primal_dual::Options { gap, steps: self.calls / n as u64 });
            let calls = (solution.steps + solution.restarts) * n as u64;
            let cost = format!("{calls} calls: {} steps, {} restarts", solution.steps, solution.restarts);
            let reason = if solution.reached { StopReason::Observer } else { StopReason::Budget };
            return Found {
                point: solution.point,
                cost,
                reason: ended(reason, self.calls),
                reached: solution.reached,
            };
        }
        let (start, strategies) = (game.uniform(), game.strategies());
        let task = Task {
            operator: game,
            resolvent: &strategies,
            start: &start,
            calls: self.calls,
            seed: self.seed,
        };
        let counted = |counts: &Counts| {
            let free = if self.count == Count::Authors { counts.inner_starts * n as u64 } else { 0 };
            counts.calls(n) - free
        };
        let (mut next, mut checks, columns) = (0.0, 0_u64, game.matrix().shape().1);
        let observe = |step: &Step<'_>| {
            if (step.counts.calls(n) as f64) < next {
                return ControlFlow::Continue(());
            }
            next = step.counts.calls(n) as f64 * 1.05;
            let now = if let Some(value) = step.value {
                let least = |of: &[f64]| of.iter().copied().fold(f64::INFINITY, f64::min);
                -least(&value[columns..]) - least(&value[..columns])
            } else {
                checks += 1;
                game.gap(step.point)
            };
            if now <= gap { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let (average, constant) = (game.average_constant(), game.constant() * 1.001);
        let found: Ended = match self.method {
            Method::Resolvent => {
                let restart = (!self.no_restart).then_some(0.3);
                let options = inexact::Options::new(n, average, 1.0, Inner::Fixed { share: 1.0 });
                resolvent_halpern(&task, &inexact::Options { restart, ..options }, observe)
            }
            Method::Page => page_halpern(&task, &page::Options::new(0.5 / average, n), observe),
            Method::Eg => extragradient(&task, 0.99 / constant, observe),
            Method::Eag => anchored_extragradient(&task, 0.99 / constant, observe),
            Method::VrEg => reduced_extragradient(&task, 0.99 / (n as f64).sqrt() / average, observe),
            Method::Forb => forward_reflected(&task, 0.49 / constant, observe),
            Method::Halpern | Method::Pdhg => halpern(&task, 1.0 / constant, observe),
        };
        let total = counted(&found.counts) + checks * n as u64;
        let cost = format!(
            "{total} calls ({checks} checks of {n} among them), {} resolvents",
            found.counts.resolvents
        );
        Found {
            point: found.point,
            cost,
            reason: ended(found.reason, self.calls),
            reached: found.reason == StopReason::Observer,
        }
    }
}

/// Entries less the middle of their range, over half of it: the result depends neither on scale nor on a shift. A zero scale is a constant matrix.
fn dense(path: &Path) -> anyhow::Result<(Matrix, f64, f64)> {
    let mut values = matrix(path)?;
    let (low, high) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &a| (low.min(a), high.max(a)));
    ensure!(low.is_finite(), "{}: the matrix is empty", path.display());
    let (center, scale) = (low / 2.0 + high / 2.0, high / 2.0 - low / 2.0);
    if scale > 0.0 {
        values.mapv_inplace(|a| (a - center) / scale);
    }
    Ok((Matrix::dense(values.view()), center, scale))
}

/// Entries over the largest: a shift would fill the matrix.
fn sparse(path: &Path, least: (Option<usize>, Option<usize>)) -> anyhow::Result<(Matrix, f64, f64)> {
    let named = named_matrix(path)?;
    let column = |name: &str| {
        let place = named.names.iter().position(|column| column == name);
        place.ok_or_else(|| {
            usage(format!("{}: no column {name}; expected row, column, value", path.display()))
        })
    };
    let (row, column, value) = (column("row")?, column("column")?, column("value")?);
    let mut entries = Vec::with_capacity(named.values.nrows());
    let (mut shape, mut scale) = ((0, 0), 0.0_f64);
    for (line, triple) in named.values.rows().into_iter().enumerate() {
        let place = |at: usize| {
            let number = triple[at];
            ensure!(
                (0.0..4e9).contains(&number) && number.fract() == 0.0,
                "{}: entry {}: {number} is no place; they count from 0",
                path.display(),
                line + 1
            );
            Ok(number as usize)
        };
        let (i, j) = (place(row)?, place(column)?);
        shape = (shape.0.max(i + 1), shape.1.max(j + 1));
        scale = scale.max(triple[value].abs());
        entries.push((i, j, triple[value]));
    }
    ensure!(!entries.is_empty(), "{}: the matrix is empty", path.display());
    let asked = (least.0.unwrap_or(shape.0), least.1.unwrap_or(shape.1));
    if asked.0 < shape.0 || asked.1 < shape.1 {
        return Err(usage(format!(
            "{}: entries reach {} rows and {} columns, more than --rows and --columns allow",
            path.display(),
            shape.0,
            shape.1
        )));
    }
    shape = asked;
    // The basis of the norm has sixty vectors of either length, the method some twenty.
    refuse_beyond_memory(
        640.0 * (shape.0 as f64 + shape.1 as f64),
        &format!("{}: a game of {} × {}", path.display(), shape.0, shape.1),
    )?;
    entries.sort_unstable_by_key(|entry| (entry.0, entry.1));
    if let Some(twice) = entries.windows(2).find(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1)) {
        anyhow::bail!("{}: row {} and column {} stand twice", path.display(), twice[0].0, twice[0].1);
    }
    if scale > 0.0 {
        entries.iter_mut().for_each(|entry| entry.2 /= scale);
    }
    Ok((Matrix::sparse(shape, &entries), 0.0, scale))
}

fn write(out: &Path, point: &[f64], columns: usize) -> anyhow::Result<()> {
    let player: Vec<&str> = (0..point.len()).map(|k| if k < columns { "x" } else { "y" }).collect();
    let choice: Vec<u64> =
        (0..point.len()).map(|k| if k < columns { k } else { k - columns } as u64).collect();
    let columns = vec![
        Column::new("player".into(), player),
        Column::new("choice".into(), choice),
        Column::new("probability".into(), point.to_vec()),
    ];
    write_columns(out, columns)
}
