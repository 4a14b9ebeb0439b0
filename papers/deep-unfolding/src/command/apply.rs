//! `deep-unfolding apply`.

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use deep_unfolding::lasso::{Options, lasso_batch, stacked};
use deep_unfolding::network::Network;
use deep_unfolding::problem::{Penalty, Problem};
use deep_unfolding::signals::nmse_decibels;
use deep_unfolding::sparsest::descent;
use lab::arguments::check_output;
use lab::table::format_number;
use lab::{Error, columns, say};
use ndarray::{Array1, Array2};
use numerics::bootstrap::{mean, quantile};

use super::train::Saved;
use super::{check_scale, read_columns, read_problem, usage, write_columns};

/// Applies a network of `train`, and says how it compares: with as many plain steps, with a thousand of them, and with coordinate descent.
#[derive(Args)]
pub struct Apply {
    /// A: .csv, .npy or .parquet, M rows of N numbers
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    /// y: M rows, a column for each measurement
    #[arg(long, value_name = "FILE")]
    measurements: PathBuf,
    /// The network
    #[arg(long, value_name = "FILE")]
    network: PathBuf,
    /// The true signals, N rows, where they are known
    #[arg(long, value_name = "FILE")]
    signals: Option<PathBuf>,
    /// Where the network's signals go: .csv with a column for each measurement
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Apply {
    /// Reads, applies, says and writes.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let inputs =
            [Some(&self.matrix), Some(&self.measurements), Some(&self.network), self.signals.as_ref()];
        check_output(self.out.as_deref(), "csv", inputs.into_iter().flatten().map(PathBuf::as_path))?;
        let network = read_network(&self.network)?;
        let problem = read_problem(&self.matrix)?;
        let (rows, width) = problem.dimensions();
        if (network.rows, network.columns) != (rows, width) {
            return Err(usage(format!(
                "{} is for a matrix of {} × {}, {} has {rows} × {width}",
                self.network.display(),
                network.rows,
                network.columns,
                self.matrix.display()
            )));
        }
        let network = network.network;
        let ys = read_columns(&self.measurements, rows, "a measurement")?;
        check_scale(&self.measurements, &ys)?;
        let truth = self.signals.as_ref().map(|file| read_columns(file, width, "a signal")).transpose()?;
        if let (Some(truth), Some(file)) = (&truth, &self.signals)
            && truth.nrows() != ys.nrows()
        {
            return Err(usage(format!(
                "{} has {} signals for {} measurements",
                file.display(),
                truth.nrows(),
                ys.nrows()
            )));
        }
        let (penalty, weight) = (network.penalty, network.weight);
        let plain =
            |depth| Network::plain(penalty, weight, problem.plain_step(), depth).apply(&problem, ys.view());
        let found = network.apply(&problem, ys.view());
        let (name, best) = compared(&problem, &ys, penalty, weight);
        let (iteration, depth) = (if penalty == Penalty::L1 { "ISTA" } else { "IHT" }, network.depth());
        let ended = plain(1_000);
        let objectives = |xs: &Array2<f64>| problem.objectives(ys.view(), xs.view(), penalty, weight);
        let reference = objectives(&ended);
        let table = [
            (format!("network, {depth} layers"), &found),
            (format!("{iteration}, {depth} steps"), &plain(depth)),
            (format!("{iteration}, 1000 steps"), &ended),
            (name.to_owned(), &best),
        ]
        .into_iter()
        .map(|(name, xs)| line(&name, xs, truth.as_ref(), &objectives(xs), &reference))
        .collect();
        say(&columns(
            &[
                "method",
                "NMSE, dB",
                "mean objective",
                "median",
                &format!("worse than 1000 steps of {iteration}"),
            ],
            table,
        ))?;
        anyhow::ensure!(
            found.iter().all(|x| x.is_finite()),
            "{}: the network leaves the numbers on these measurements",
            self.measurements.display()
        );
        self.out.as_ref().map_or(Ok(()), |out| write_columns(out, &found))
    }
}

fn line(
    name: &str,
    xs: &Array2<f64>,
    truth: Option<&Array2<f64>>,
    objectives: &Array1<f64>,
    reference: &Array1<f64>,
) -> Vec<String> {
    let mut sorted = objectives.to_vec();
    sorted.sort_by(f64::total_cmp);
    let worse = objectives
        .iter()
        .zip(reference)
        .filter(|(f, plain)| f.is_nan() || **f > **plain * (1.0 + 1e-9))
        .count();
    vec![
        name.to_owned(),
        truth.map_or_else(|| "-".into(), |truth| format!("{:.2}", nmse_decibels(xs.view(), truth.view()))),
        format_number(mean(&sorted)),
        format_number(quantile(&sorted, 0.5)),
        format!("{worse} of {}", objectives.len()),
    ]
}

/// What needs no training: exact LASSO solutions, or descents of the ℓ0 objective from those for half the plain threshold.
fn compared(
    problem: &Problem,
    ys: &Array2<f64>,
    penalty: Penalty,
    weight: f64,
) -> (&'static str, Array2<f64>) {
    let size = problem.dimensions().1;
    if penalty == Penalty::L1 {
        return ("exact LASSO", stacked(&lasso_batch(problem, ys.view(), weight, &Options::default()), size));
    }
    let mut xs = Array2::zeros((ys.nrows(), size));
    for (mut x, y) in xs.outer_iter_mut().zip(ys.outer_iter()) {
        let start = super::solve::start(problem, y, weight);
        x.assign(&descent(problem, y, weight, start.view(), 1_000).x);
    }
    ("descent from LASSO", xs)
}

fn read_network(path: &Path) -> anyhow::Result<Saved> {
    let text = std::fs::read_to_string(path).map_err(|fault| Error::Io {
        action: "read",
        path: path.to_owned(),
        fault,
    })?;
    let saved: Saved = serde_json::from_str(&text)
        .map_err(|fault| Error::Malformed { path: path.to_owned(), fault: fault.to_string() })?;
    saved.network.check().with_context(|| path.display().to_string())?;
    Ok(saved)
}
