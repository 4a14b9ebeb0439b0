//! `penalty-bilevel select`: ridge weights for each feature, on a user's training and validation data.

use std::path::{Path, PathBuf};

use anyhow::Context;
use bilevel::oracle::{Noise, Noisy};
use bilevel::schedule::Power;
use bilevel::selection::{Loss, Rows, Selection};
use clap::{Args, ValueEnum};
use lab::arguments::{check_output, positive, usage};
use lab::input::named_matrix;
use lab::polars::prelude::Column;
use lab::table::{format_number, write_columns};
use lab::{remark, say};
use ndarray::{Array1, Array2, Axis};
use penalty_bilevel::implicit::{self, implicit};
use penalty_bilevel::penalty::gradient_mapping;
use penalty_bilevel::run::{Begin, StopReason};
use penalty_bilevel::select::{minimise_exact, minimise_penalty};
use penalty_bilevel::{double_loop, single_loop};

/// Chooses the weights, prints the validation loss and writes weights and coefficients.
#[derive(Args)]
pub struct Select {
    /// Training data: .csv or .parquet with named columns
    #[arg(long, value_name = "FILE")]
    train: PathBuf,
    /// Validation data with the same columns
    #[arg(long, value_name = "FILE")]
    valid: PathBuf,
    /// Name of the column of targets
    #[arg(long, value_name = "NAME")]
    target: String,
    /// The loss
    #[arg(long, value_enum, default_value_t = Kind::Ridge)]
    loss: Kind,
    /// One weight for all features instead of one for each, the best of 241 from e^-12 to e^12
    #[arg(long, conflicts_with_all = ["method", "sigma", "calls"])]
    common: bool,
    /// How to minimise the validation loss
    #[arg(long, value_enum, default_value_t = Method::Exact)]
    method: Method,
    /// Penalty parameter σ of --method penalty
    #[arg(long, value_parser = positive, default_value_t = 1e-3, allow_negative_numbers = true)]
    sigma: f64,
    /// Gradients of whole data to spend, for all methods but exact
    #[arg(long, default_value_t = 30_000, value_parser = lab::arguments::calls)]
    calls: u64,
    /// Leaves features and targets as they are, instead of giving features mean 0 and deviation 1 and ridge targets mean 0, by the training data
    #[arg(long)]
    raw: bool,
    /// Where the result goes: .csv with feature, log weight, weight, coefficient
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Kind {
    /// Squared loss
    Ridge,
    /// Logistic loss; targets have two values
    Logistic,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Method {
    /// L-BFGS with exact hypergradients
    Exact,
    /// L-BFGS on the penalised function, by first derivatives
    Penalty,
    /// The paper's double loop
    Double,
    /// The paper's single loop with momentum
    Momentum,
    /// Implicit differentiation by conjugate gradients
    Aid,
}

impl Select {
    /// Reads, chooses, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.train.as_path(), self.valid.as_path()])?;
        let (names, mut train) = rows(&self.train, &self.target, None)?;
        let (_, mut valid) = rows(&self.valid, &self.target, Some(&names))?;
        if self.loss == Kind::Logistic {
            label(&mut train.targets, &mut valid.targets, &self.target)?;
        }
        if !self.raw {
            standardise(&mut train, &mut valid, &names, self.loss == Kind::Ridge)?;
        }
        let loss = if self.loss == Kind::Ridge { Loss::Squared } else { Loss::Logistic };
        let problem = Selection::new(loss, train, valid)
            .map_err(|fault| usage(format!("--target {}: {fault}", self.target)))?;
        let start = vec![-2.0; names.len()];
        let x = if self.common { self.one_for_all(&problem)? } else { self.one_for_each(&problem, &start)? };
        let found =
            problem.exact(&x, &vec![0.0; x.len()]).context("the chosen weights have no finite solution")?;
        let before = problem
            .exact(&start, &vec![0.0; x.len()])
            .context("the first weights have no finite solution")?;
        let bound = x.iter().filter(|x| x.abs() >= 12.0).count();
        if bound > 0 {
            remark(&format!(
                "{bound} of {} log weights are at -12 or 12: as good as free, or as good as left out",
                x.len()
            ))?;
        }
        let size = gradient_mapping(&problem, &x, &found.gradient, 1.0);
        say(&format!(
            "features            {}\nvalidation loss     {} (with all log weights -2: {})\n|∇ψ| there          {}",
            names.len(),
            format_number(found.value),
            format_number(before.value),
            format_number(size)
        ))?;
        if let Some(out) = &self.out {
            let weights: Vec<f64> = x.iter().map(|x| x.exp()).collect();
            let columns = vec![
                Column::new("feature".into(), names),
                Column::new("log_weight".into(), x),
                Column::new("weight".into(), weights),
                Column::new("coefficient".into(), found.weights),
            ];
            write_columns(out, columns)?;
        }
        Ok(())
    }

    /// The best of a fine grid of common log weights.
    fn one_for_all(&self, problem: &Selection) -> anyhow::Result<Vec<f64>> {
        let features = problem.rows().0.features.ncols();
        let mut warm = vec![0.0; features];
        let mut best = (f64::INFINITY, 0.0);
        for k in 0..=240 {
            let x = 12.0 - f64::from(k) / 10.0;
            let Some(found) = problem.exact(&vec![x; features], &warm) else { continue };
            if found.value < best.0 {
                best = (found.value, x);
            }
            warm = found.weights;
        }
        anyhow::ensure!(best.0.is_finite(), "no common weight gives a finite validation loss");
        Ok(vec![best.1; features])
    }

    fn one_for_each(&self, problem: &Selection, start: &[f64]) -> anyhow::Result<Vec<f64>> {
        let zero = vec![0.0; start.len()];
        let begin = Begin { x: start, y: &zero, calls: self.calls, seed: 0 };
        let oracle = Noisy { problem: problem.clone(), deviation: 0.0, noise: Noise::Additive };
        let gamma = 1.0 / problem.curvature_bound(start);
        let alpha = 5.0;
        let ended = match self.method {
            Method::Exact => {
                let found = minimise_exact(problem, start)?;
                return Ok(found.1);
            }
            Method::Penalty => {
                let (x, reason) = minimise_penalty(problem, start, self.sigma, self.calls, |_, _| {})?;
                if x == start {
                    remark(
                        "no step lowered the penalised function: a smaller --sigma or more --calls may help",
                    )?;
                } else if reason == numerics::lbfgs::StopReason::Diverged {
                    remark("the calls are spent: the result is the best so far")?;
                }
                return Ok(x);
            }
            Method::Double => {
                let base = double_loop::Options::deterministic(gamma);
                let options = double_loop::Options {
                    alpha: Power { value: alpha, ..base.alpha },
                    inner_steps: Power::constant(10.0),
                    ..base
                };
                double_loop::double_loop(&oracle, &begin, &options, |_| {})
            }
            Method::Momentum => {
                let base = single_loop::Options::momentum();
                let options = single_loop::Options {
                    alpha: Power { value: alpha, ..base.alpha },
                    gamma: Power::constant(gamma),
                    ..base
                };
                single_loop::single_loop(&oracle, &begin, &options, |_| {})
            }
            Method::Aid => implicit(&oracle, &begin, &implicit::Options::aid(gamma, alpha), |_| {}),
        };
        anyhow::ensure!(
            ended.reason != StopReason::Diverged,
            "the method left the numbers after {} steps: --method exact or penalty do not",
            ended.steps
        );
        Ok(ended.x)
    }
}

/// Features in the order of `names` (or of the file), and the targets.
fn rows(path: &Path, target: &str, names: Option<&[String]>) -> anyhow::Result<(Vec<String>, Rows)> {
    let named = named_matrix(path)?;
    let place = |name: &str| named.names.iter().position(|column| column == name);
    let column = place(target)
        .ok_or_else(|| usage(format!("--target {target}: {} has no such column", path.display())))?;
    let own: Vec<String> = named.names.iter().filter(|name| *name != target).cloned().collect();
    let wanted = names.unwrap_or(&own);
    if wanted.is_empty() {
        return Err(usage(format!("{}: no column beside the target", path.display())));
    }
    if let Some(extra) = own.iter().find(|name| !wanted.contains(name)) {
        return Err(usage(format!("{}: column {extra} is not in the training data", path.display())));
    }
    let places = wanted.iter().map(|name| {
        place(name).ok_or_else(|| usage(format!("{}: column {name} is missing", path.display())))
    });
    let places = places.collect::<anyhow::Result<Vec<usize>>>()?;
    let features: Array2<f64> = named.values.select(Axis(1), &places);
    Ok((wanted.to_vec(), Rows { features, targets: named.values.column(column).to_owned() }))
}

/// Two values become −1 and 1, the smaller first.
fn label(train: &mut Array1<f64>, valid: &mut Array1<f64>, target: &str) -> anyhow::Result<()> {
    let mut values: Vec<f64> = train.iter().chain(valid.iter()).copied().collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    let [low, high] = values[..] else {
        return Err(usage(format!(
            "--target {target}: logistic loss needs two values, found {}",
            values.len()
        )));
    };
    if (low, high) != (-1.0, 1.0) {
        remark(&format!(
            "{target}: {} is taken for -1 and {} for 1",
            format_number(low),
            format_number(high)
        ))?;
    }
    for targets in [train, valid] {
        targets.mapv_inplace(|value| if value == low { -1.0 } else { 1.0 });
    }
    Ok(())
}

/// Features to mean 0 and deviation 1 by the training rows; targets of ridge to mean 0.
fn standardise(train: &mut Rows, valid: &mut Rows, names: &[String], ridge: bool) -> anyhow::Result<()> {
    for (k, name) in names.iter().enumerate() {
        let column = train.features.column(k);
        let (mean, deviation) = (column.mean().unwrap_or(0.0), column.std(0.0));
        if !deviation.is_finite() {
            return Err(usage(format!(
                "column {name} is too large in the training data: divide it by a power of ten"
            )));
        }
        if deviation == 0.0 {
            return Err(usage(format!("column {name} is constant in the training data: leave it out")));
        }
        for rows in [&mut *train, &mut *valid] {
            rows.features.column_mut(k).mapv_inplace(|value| (value - mean) / deviation);
        }
    }
    if ridge {
        let mean = train.targets.mean().unwrap_or(0.0);
        train.targets -= mean;
        valid.targets -= mean;
    }
    Ok(())
}
