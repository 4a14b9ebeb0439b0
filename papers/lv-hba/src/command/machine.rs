//! `lv-hba svm`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lab::arguments::check_output;
use lab::input::named_matrix;
use lab::polars::prelude::Column;
use lab::table::{format_number, write_columns};
use lab::{remark, say};
use lv_hba::machine::{LOG_WEIGHTS, Machine};
use ndarray::{Array1, Array2, Axis};
use numerics::random::stream;
use rand::seq::SliceRandom;

use super::usage;

/// Reads rows, splits them, finds log weights and writes them with the rows that look mislabelled first.
#[derive(Args)]
pub struct Svm {
    /// Rows: .csv or .parquet with named columns
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// The column of labels, which have two values
    #[arg(long, value_name = "NAME", default_value = "label")]
    label: String,
    /// Training and validation rows; the others test. Half, a quarter and the rest if not given
    #[arg(long, value_name = "TRAIN,VALID")]
    split: Option<String>,
    /// How log weights are found
    #[arg(long, value_enum, default_value_t = Weights::PerRow)]
    weights: Weights,
    /// Leaves inputs as they are, instead of giving columns mean 0 and deviation 1 by the training rows
    #[arg(long)]
    raw: bool,
    /// Decides the split
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where log weights go: .csv with row (from 1, of the file), label, log_weight, smallest first
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Weights {
    /// One for all rows
    Common,
    /// One for each row, by 80 steps down the exact hypergradient
    PerRow,
    /// One for each row, by L-BFGS; overfits few validation rows
    Tuned,
}

impl Svm {
    /// Reads, tunes, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        check_output(self.out.as_deref(), "csv", [self.data.as_path()])?;
        let named = named_matrix(&self.data)?;
        let file = self.data.display();
        let column = named.names.iter().position(|name| *name == self.label);
        let column =
            column.ok_or_else(|| usage(format!("--label {}: {file} has no such column", self.label)))?;
        let inputs: Vec<usize> = (0..named.names.len()).filter(|k| *k != column).collect();
        if inputs.is_empty() {
            return Err(usage(format!("{file}: no column beside the label")));
        }
        let count = named.values.nrows();
        let mut values: Vec<f64> = named.values.column(column).to_vec();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let [low, high] = values[..] else {
            return Err(usage(format!(
                "--label {}: expected two values, found {}",
                self.label,
                values.len()
            )));
        };
        if (low, high) != (-1.0, 1.0) {
            remark(&format!(
                "{}: {} is taken for -1 and {} for 1",
                self.label,
                format_number(low),
                format_number(high)
            ))?;
        }
        let (train, valid) = self.sizes(count)?;
        let mut order: Vec<usize> = (0..count).collect();
        order.shuffle(&mut stream(self.seed, &["lv-hba", "split"]));
        let mut x = named.values.select(Axis(1), &inputs).select(Axis(0), &order);
        let y: Array1<f64> =
            order.iter().map(|row| if named.values[(*row, column)] == low { -1.0 } else { 1.0 }).collect();
        if !self.raw {
            x = standardised(x, train, &named.names, &inputs)?;
        }
        let part = |from: usize, to: usize| -> (Array2<f64>, Array1<f64>) {
            (x.slice(ndarray::s![from..to, ..]).to_owned(), y.slice(ndarray::s![from..to]).to_owned())
        };
        let (of_train, of_valid, of_test) =
            (part(0, train), part(train, train + valid), part(train + valid, count));
        let machine = Machine::new((&of_train.0, &of_train.1), (&of_valid.0, &of_valid.1))
            .map_err(|fault| anyhow::anyhow!("{file}: {fault}"))?;
        let start = vec![0.0; train];
        let named_fault = |fault| anyhow::anyhow!("{file}: {fault}");
        let before = machine.judge(&start, &vec![0.0; machine.sizes().1]).map_err(named_fault)?;
        let (weights, judged) = match self.weights {
            Weights::Common => {
                machine.common().map(|(c, judged)| (vec![c; train], judged)).map_err(named_fault)?
            }
            Weights::PerRow => machine.descend(&start, 0.03, 80).map_err(named_fault)?,
            Weights::Tuned => machine.tune(&start, 200).map_err(named_fault)?,
        };
        let on_bound =
            weights.iter().filter(|w| **w <= LOG_WEIGHTS.0 + 1e-6 || **w >= LOG_WEIGHTS.1 - 1e-6).count();
        if on_bound > 0 {
            remark(&format!(
                "{on_bound} log weights are on the bounds {} and {}",
                LOG_WEIGHTS.0, LOG_WEIGHTS.1
            ))?;
        }
        if judged.solution.at_edge > 0 {
            remark(&format!(
                "{} rows lie on the margin's edge, where hypergradients have two sides",
                judged.solution.at_edge
            ))?;
        }
        let of = |plane: &[f64]| {
            if of_test.1.is_empty() {
                "no rows".to_owned()
            } else {
                format_number(Machine::accuracy(&of_test.0, &of_test.1, plane))
            }
        };
        say(&format!(
            "rows                {train} for training, {valid} for validation, {} for tests\nupper loss          {} (all log weights 0: {})\ntest accuracy       {} (all log weights 0: {})",
            of_test.1.len(),
            format_number(judged.loss),
            format_number(before.loss),
            of(&judged.solution.plane),
            of(&before.solution.plane)
        ))?;
        if let Some(out) = &self.out {
            let mut rows: Vec<usize> = (0..train).collect();
            rows.sort_by(|a, b| weights[*a].total_cmp(&weights[*b]).then(order[*a].cmp(&order[*b])));
            let columns = vec![
                Column::new("row".into(), rows.iter().map(|k| order[*k] as u64 + 1).collect::<Vec<u64>>()),
                Column::new(
                    "label".into(),
                    rows.iter().map(|k| named.values[(order[*k], column)]).collect::<Vec<f64>>(),
                ),
                Column::new("log_weight".into(), rows.iter().map(|k| weights[*k]).collect::<Vec<f64>>()),
            ];
            write_columns(out, columns)?;
        }
        Ok(())
    }

    fn sizes(&self, count: usize) -> anyhow::Result<(usize, usize)> {
        let Some(text) = &self.split else {
            return if count >= 8 {
                Ok((count / 2, count / 4))
            } else {
                Err(usage(format!("{}: {count} rows are too few to be split", self.data.display())))
            };
        };
        let numbers: Option<Vec<usize>> =
            text.split(',').map(|part| part.trim().parse().ok().filter(|n| *n > 0)).collect();
        match numbers.as_deref() {
            Some([train, valid]) if train.checked_add(*valid).is_some_and(|sum| sum <= count) => {
                Ok((*train, *valid))
            }
            Some([_, _]) => Err(usage(format!("--split {text}: {} has {count} rows", self.data.display()))),
            _ => Err(usage(format!("--split {text}: expected two numbers of rows, as in 500,150"))),
        }
    }
}

/// Columns to mean 0 and deviation 1 by the first rows; those that are constant there are left out, with a remark.
fn standardised(
    mut x: Array2<f64>,
    train: usize,
    names: &[String],
    inputs: &[usize],
) -> anyhow::Result<Array2<f64>> {
    let mut kept = Vec::new();
    for (k, mut column) in x.columns_mut().into_iter().enumerate() {
        let first = column.slice(ndarray::s![..train]);
        let (mean, deviation) = (first.mean().unwrap_or(0.0), first.std(0.0));
        if !deviation.is_finite() {
            return Err(usage(format!("column {} is too large to be squared", names[inputs[k]])));
        }
        if deviation == 0.0 {
            remark(&format!("column {} is constant in the training rows, and left out", names[inputs[k]]))?;
            continue;
        }
        column.mapv_inplace(|a| (a - mean) / deviation);
        kept.push(k);
    }
    if kept.is_empty() {
        return Err(usage("all columns are constant in the training rows"));
    }
    Ok(x.select(Axis(1), &kept))
}
