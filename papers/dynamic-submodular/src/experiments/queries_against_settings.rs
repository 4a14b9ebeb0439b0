//! `queries-against-settings`: how oracle calls grow with the size of the solution and with the accuracy.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::contest::{self, CONTENDERS, Contender, GraphFamily, Settings, contest, operations};
use crate::function::Coverage;
use crate::stream::Order;
use numerics::growth::exponents;

/// Calls against k and against ε.
pub struct QueriesAgainstSettings;

/// Which setting is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Varied {
    /// k.
    Cardinality,
    /// ε.
    Tolerance,
}

/// A cell: an algorithm on a stream.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What is varied.
    pub varied: Varied,
    /// Nodes of the graph.
    pub nodes: usize,
    /// Most elements of a solution.
    pub k: usize,
    /// Tolerance of buckets, samples and deletions.
    pub epsilon: f64,
    /// The algorithm.
    pub contender: Contender,
    /// Draw of graph, stream and coins.
    pub replicate: u32,
}

impl Experiment for QueriesAgainstSettings {
    type Parameters = Parameters;
    type Row = contest::Outcome;

    const ID: &'static str = "queries-against-settings";
    const TITLE: &'static str = "Calls against the size of the solution and the tolerance";
    const QUESTION: &'static str = "How many oracle calls does an update take, and what is the value, as k grows (ε = 0.2) and as ε shrinks (k = 20)? On a sliding window over a graph with hubs.";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (nodes, ks, epsilons, replicates): (usize, &[usize], &[f64], u32) = match profile {
            Profile::Smoke => (300, &[5, 10], &[0.2, 0.5], 2),
            Profile::Quick => (1_500, &[5, 10, 20, 40, 80], &[0.05, 0.1, 0.2, 0.4], 2),
            Profile::Full => (10_000, &[5, 10, 20, 50, 100, 200], &[0.02, 0.05, 0.1, 0.2, 0.3, 0.5], 5),
        };
        let mut grid = Vec::new();
        for replicate in 0..replicates {
            for (contender, _) in SHOWN {
                let mut cell = |varied, k, epsilon| {
                    grid.push(Parameters { varied, nodes, k, epsilon, contender, replicate })
                };
                for &k in ks {
                    cell(Varied::Cardinality, k, 0.2);
                }
                if matches!(contender, Contender::LevelsLargest | Contender::LevelsHigh) {
                    for &epsilon in epsilons {
                        cell(Varied::Tolerance, 20, epsilon);
                    }
                }
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<contest::Outcome>, Failure> {
        let Parameters { nodes, replicate, .. } = *cell;
        let mut shared = random.shared_stream("graph", &Instance { nodes, replicate })?;
        let function = Coverage::of_neighbours(&GraphFamily::BarabasiAlbert.draw(nodes, &mut shared));
        let operations = operations(&function, Order::SlidingWindow, &mut shared);
        let settings = Settings {
            cardinality: cell.k,
            epsilon: cell.epsilon,
            guess_ratio: 0.3,
            seed: random.stream("coins").random(),
            checkpoints: 40,
        };
        let (outcome, _) = contest(&function, &operations, cell.contender, settings)?;
        Ok(Outcome::Done(vec![outcome]))
    }

    fn report(
        &self,
        table: &Table<Parameters, contest::Outcome>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let mut all = Vec::new();
        let mut figure = |varied: Varied, x_label: &str, at: fn(&Parameters) -> f64, title: &str| {
            let chart = |label: &str| Chart::new().x_label(x_label).y_label(label).x_log();
            let (mut calls, mut ratios) =
                (chart("oracle calls an update").y_log(), chart("value over lazy greedy's"));
            for (contender, name) in SHOWN {
                let of = |quantity: &str, value: fn(&contest::Outcome) -> f64| {
                    let rows =
                        table.rows().filter(|(cell, _)| cell.varied == varied && cell.contender == contender);
                    table.means_by(
                        rows.map(|(cell, row)| (at(cell), value(row))),
                        &format!("{quantity}, {name}, {x_label}"),
                    )
                };
                let (calls_means, ratio_means) =
                    (of("calls", |row| row.calls), of("value over lazy greedy's", |row| row.ratio));
                if calls_means.is_empty() {
                    continue;
                }
                calls = calls.means(name, &calls_means).styled_as(contender.slot());
                ratios = ratios.means(name, &ratio_means).styled_as(contender.slot());
                all.extend(calls_means.into_iter().chain(ratio_means));
            }
            Figure::new(title).columns(2).panel(calls).panel(ratios)
        };
        let size = figure(
            Varied::Cardinality,
            "most elements of a solution, k",
            |cell| cell.k as f64,
            "Larger solutions cost more",
        );
        report.figure(
            "size",
            "Oracle calls an update and value, against k. The exponents fitted over this range are in a table.",
            "Two panels against k on a logarithmic axis: calls rise as nearly straight lines, values stay between about 0.8 and 1.",
            &size,
        )?;
        let tolerance =
            figure(Varied::Tolerance, "tolerance, ε", |cell| cell.epsilon, "A smaller tolerance is dear");
        report.figure(
            "tolerance",
            "Oracle calls an update and value of the levels, against ε. Halving the tolerance costs several times the calls and gains little value.",
            "Two panels against ε on a logarithmic axis: calls fall steeply with ε, values fall slightly.",
            &tolerance,
        )?;
        report.means_table("replicates", &all)?;
        let fit = |(contender, name): (Contender, &str)| {
            let rows = table
                .rows()
                .filter(|(cell, _)| cell.varied == Varied::Cardinality && cell.contender == contender);
            let growth = exponents(rows.map(|(cell, row)| (cell.replicate, cell.k as f64, row.calls)));
            table.mean_at(0.0, growth, &format!("exponent of calls in k, {name}"))
        };
        let fits = SHOWN.map(fit);
        report.records(
            "exponents",
            "Exponent b of calls ≈ c k^b, fitted to each replicate: mean and 95 % bootstrap interval.",
            &fits,
        )
    }
}

/// The contenders that are run here.
const SHOWN: [(Contender, &str); 5] =
    [CONTENDERS[0], CONTENDERS[1], CONTENDERS[2], CONTENDERS[4], CONTENDERS[5]];

/// What contenders share.
#[derive(Serialize)]
struct Instance {
    nodes: usize,
    replicate: u32,
}
