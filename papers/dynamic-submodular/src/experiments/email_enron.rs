//! `email-enron`: the graph of the published study.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::contest::{self, CONTENDERS, Contender, GraphFamily, Settings, contest, operations};
use crate::function::Coverage;
use crate::graph_file;
use crate::stream::Order;

/// The graph of the 2020 study.
pub struct EmailEnron;

/// A cell: an algorithm on a stream.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Where the graph comes from.
    pub graph: Source,
    /// Most elements of a solution.
    pub k: usize,
    /// The algorithm.
    pub contender: Contender,
    /// Draw of stream, coins, and of a generated graph.
    pub replicate: u32,
}

impl Experiment for EmailEnron {
    type Parameters = Parameters;
    type Row = contest::Outcome;

    const ID: &'static str = "email-enron";
    const TITLE: &'static str = "The graph of the 2020 study, or one in its place";
    const QUESTION: &'static str = "Nodes of email-Enron (36,692) come in random order and leave largest first, as in the NeurIPS 2020 study: value and oracle calls against k. Smaller profiles run on a graph with hubs that stands in for it.";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (graph, ks, replicates): (Source, &[usize], u32) = match profile {
            Profile::Smoke => (Source::Generated500, &[10], 2),
            Profile::Quick => (Source::Generated4000, &[10, 20, 50], 2),
            Profile::Full => (Source::EmailEnron, &[10, 20, 50, 100, 200], 5),
        };
        let mut grid = Vec::new();
        for replicate in 0..replicates {
            for &k in ks {
                grid.extend(SHOWN.map(|contender| Parameters { graph, k, contender, replicate }));
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<contest::Outcome>, Failure> {
        let Parameters { graph, k, contender, replicate } = *cell;
        let mut shared = random.shared_stream("graph", &Instance { graph, replicate })?;
        let graph = match graph {
            Source::Generated500 => GraphFamily::BarabasiAlbert.draw(500, &mut shared),
            Source::Generated4000 => GraphFamily::BarabasiAlbert.draw(4_000, &mut shared),
            Source::EmailEnron => {
                let Some(path) = lab::data_file("graphs/email-Enron.txt.gz") else {
                    return Ok(Outcome::Skipped("email-Enron is not here: make data".into()));
                };
                graph_file::read(&path)?.graph
            }
        };
        let function = Coverage::of_neighbours(&graph);
        let operations = operations(&function, Order::LargestFirst, &mut shared);
        let settings = Settings {
            cardinality: k,
            epsilon: 0.2,
            guess_ratio: 0.3,
            seed: random.stream("coins").random(),
            checkpoints: 50,
        };
        let (outcome, _) = contest(&function, &operations, contender, settings)?;
        Ok(Outcome::Done(vec![outcome]))
    }

    fn report(
        &self,
        table: &Table<Parameters, contest::Outcome>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let chart =
            |label: &str| Chart::new().x_label("most elements of a solution, k").y_label(label).x_log();
        let (mut calls, mut ratios) =
            (chart("oracle calls an update").y_log(), chart("value over lazy greedy's"));
        let mut all = Vec::new();
        for (contender, name) in CONTENDERS.into_iter().filter(|(contender, _)| SHOWN.contains(contender)) {
            let of = |quantity: &str, value: fn(&contest::Outcome) -> f64| {
                let rows = table.rows().filter(|(cell, _)| cell.contender == contender);
                table.means_by(
                    rows.map(|(cell, row)| (cell.k as f64, value(row))),
                    &format!("{quantity}, {name}"),
                )
            };
            let (calls_means, ratio_means) =
                (of("calls", |row| row.calls), of("value over lazy greedy's", |row| row.ratio));
            calls = calls.means(name, &calls_means).styled_as(contender.slot());
            ratios = ratios.means(name, &ratio_means).styled_as(contender.slot());
            all.extend(calls_means.into_iter().chain(ratio_means));
        }
        if table.rows().next().is_none() {
            return Ok(());
        }
        report.figure(
            "calls-and-values",
            "Oracle calls an update and value against k, means over draws. Lazy greedy selects anew at the moments compared.",
            "Two panels against k on a logarithmic axis: calls of every algorithm, and values over greedy's.",
            &Figure::new("Calls and value against the size of the solution")
                .subtitle(subtitle(table))
                .columns(2)
                .panel(calls)
                .panel(ratios),
        )?;
        report.means_table("draws", &all)
    }
}

/// Says what the figure was measured on.
fn subtitle(table: &Table<Parameters, contest::Outcome>) -> &'static str {
    match table.rows().next().map(|(cell, _)| cell.graph) {
        Some(Source::EmailEnron) => "email-Enron, 36,692 nodes",
        _ => "a generated graph in its place: preferential attachment",
    }
}

/// Where the graph comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Preferential attachment, 500 nodes.
    Generated500,
    /// Preferential attachment, 4,000 nodes.
    Generated4000,
    /// SNAP's email-Enron.
    EmailEnron,
}

/// The contenders that are run here.
const SHOWN: [Contender; 6] = [
    Contender::LevelsLargest,
    Contender::LevelsHigh,
    Contender::Sieve,
    Contender::LevelledBuffers,
    Contender::LazyGreedy,
    Contender::Random,
];

/// What contenders share.
#[derive(Serialize)]
struct Instance {
    graph: Source,
    replicate: u32,
}
