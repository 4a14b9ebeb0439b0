//! `notears-topo compare`: a graph against the truth.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use lab::table::format_number;
use lab::{input, say};
use notears_topo::node_score::{LeastSquares, NodeScore};
use notears_topo::stationarity::least_squares_score;
use notears_topo::{Covariance, graph};

use super::{graph_file, twelve_digits, with_name};

/// Compares the edges of two graphs, and their scores on data.
#[derive(Args)]
pub struct Compare {
    /// The true graph (.csv: edges under from,to,weight, or a matrix under the names of its columns)
    truth: PathBuf,
    /// The graph that was found
    graph: PathBuf,
    /// Data on which both are scored by least squares, with their own weights and after a refit
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
}

impl Compare {
    /// Reads, compares and says.
    ///
    /// # Errors
    /// One line that names the file and the fault.
    pub fn run(self) -> anyhow::Result<()> {
        let (truth, found) = (graph_file::read(&self.truth)?, graph_file::read(&self.graph)?);
        let data = self.data.as_deref().map(input::named_matrix).transpose()?;
        if !found.names.iter().any(|name| truth.names.contains(name)) {
            anyhow::bail!("{} and {} have no node in common", self.truth.display(), self.graph.display());
        }
        // Lists of edges do not name nodes without edges.
        let mut names = data.as_ref().map_or_else(|| truth.names.clone(), |data| data.names.clone());
        if data.is_none() {
            names.extend(found.names.iter().filter(|name| !truth.names.contains(name)).cloned());
        }
        let on = |graph: &graph_file::NamedGraph, path: &PathBuf| {
            graph.on(&names).with_context(|| path.display().to_string())
        };
        let (truth, found) = (on(&truth, &self.truth)?, on(&found, &self.graph)?);
        let comparison = graph::compare(truth.view(), found.view())?;
        let number = |value: f64| if value.is_finite() { format_number(value) } else { "undefined".into() };
        let mut lines = vec![
            format!("SHD    {} edges to add, remove or turn", comparison.hamming),
            format!("TPR    {} of the true edges were found", number(comparison.true_positive_rate)),
            format!("FDR    {} of the edges found are wrong", format_number(comparison.false_discovery_rate)),
            format!(
                "edges  {} found, {} true",
                comparison.edges,
                truth.iter().filter(|w| **w != 0.0).count()
            ),
        ];
        if let (Some(data), Some(path)) = (data, &self.data) {
            let named =
                |fault| anyhow::Error::from(with_name(fault, &names)).context(path.display().to_string());
            let covariance = Covariance::of(data.values.view()).map_err(named)?;
            for (name, weights) in [("true", &truth), ("found", &found)] {
                let own = least_squares_score(&covariance, weights.view());
                let refitted = match graph::is_acyclic(weights.view()) {
                    true => twelve_digits(refitted(&covariance, weights)?),
                    false => "none, it has a cycle".into(),
                };
                lines.push(format!("score  {name} graph {}, after a refit {refitted}", twelve_digits(own)));
            }
        }
        say(&lines.join("\n"))?;
        Ok(())
    }
}

/// The least score of a graph with these edges.
fn refitted(covariance: &Covariance, weights: &ndarray::Array2<f64>) -> anyhow::Result<f64> {
    let score = LeastSquares::new(covariance.clone());
    let mut total = 0.0;
    for (node, column) in weights.columns().into_iter().enumerate() {
        let parents: Vec<usize> = (0..weights.nrows()).filter(|&i| column[i] != 0.0).collect();
        total += score.fit(node, &parents, None)?.loss;
    }
    Ok(total)
}
