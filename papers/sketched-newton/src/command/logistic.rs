//! `sketched-newton logistic`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use lab::arguments::positive;
use lab::input::{matrix, named_matrix, vector};
use lab::ndarray::{Array1, Array2, Axis};
use sketched_newton::models::Logistic;

use super::method::{KACZMARZ, Method};

/// min mean log(1 + exp(−y wᵀx)) subject to A w = b and |w| = R, from w and lambda of ones unless told otherwise.
#[derive(Args)]
pub struct Fit {
    /// The table: .csv with names in its first line, or .parquet
    data: PathBuf,
    /// Column of the labels, −1 and 1 or 0 and 1; all others are features
    #[arg(long)]
    label: String,
    /// A: .csv or .npy, a column for each feature
    #[arg(long, value_name = "FILE", requires = "right")]
    linear: Option<PathBuf>,
    /// b: .csv or .npy
    #[arg(long, value_name = "FILE", requires = "linear")]
    right: Option<PathBuf>,
    /// w to start from, instead of ones: .csv or .npy
    #[arg(long, value_name = "FILE")]
    start: Option<PathBuf>,
    /// R
    #[arg(long, value_parser = positive, default_value_t = 1.0, allow_negative_numbers = true)]
    sphere: f64,
    #[command(flatten)]
    method: Method,
}

impl Fit {
    /// Reads, fits and says.
    ///
    /// # Errors
    /// One line that names the input and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let name = self.data.display().to_string();
        let inputs = [Some(&self.data), self.linear.as_ref(), self.right.as_ref(), self.start.as_ref()];
        self.method.check(inputs.into_iter().flatten().map(PathBuf::as_path))?;
        let table = named_matrix(&self.data)?;
        let Some(place) = table.names.iter().position(|column| *column == self.label) else {
            bail!("{name}: no column {}; there are {}", self.label, table.names.join(", "));
        };
        let labels = table.values.column(place).to_owned();
        let labels = if labels.iter().all(|label| *label == 0.0 || *label == 1.0) {
            labels * 2.0 - 1.0
        } else {
            labels
        };
        let kept: Vec<usize> = (0..table.names.len()).filter(|column| *column != place).collect();
        let features = table.values.select(Axis(1), &kept);
        let names: Vec<String> = kept.iter().map(|column| table.names[*column].clone()).collect();
        let linear = self.linear.as_deref().map(matrix).transpose()?;
        let linear = linear.unwrap_or_else(|| Array2::zeros((0, features.ncols())));
        let right = self.right.as_deref().map(vector).transpose()?.unwrap_or_else(|| Array1::zeros(0));
        let problem = Logistic::new(features.view(), labels.view(), linear.view(), right.view(), self.sphere)
            .with_context(|| name.clone())?;
        let given = self.start.as_deref().map(vector).transpose()?;
        let given = given.map_or_else(|| vec![1.0; features.ncols()], |given| given.to_vec());
        let start = (given, vec![1.0; right.len() + 1]);
        let right_labels = |w: &[f64]| {
            let scores = features.dot(&Array1::from(w.to_vec()));
            scores.iter().zip(&labels).filter(|(score, label)| *score * *label > 0.0).count()
        };
        let found = self.method.run(&problem, &names, (&start.0, &start.1), (None, KACZMARZ), |point| {
            format!("\nright labels        {} of {}", right_labels(&point.x), labels.len())
        });
        found.with_context(|| name)
    }
}
