//! `queries-against-n`: how oracle calls grow with the number of elements.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::contest::{self, CONTENDERS, Contender, GraphFamily, Settings, contest, operations};
use crate::function::Coverage;
use crate::stream::Order;
use numerics::growth::exponents;

/// Calls against the number of elements.
pub struct QueriesAgainstN;

/// A cell: an algorithm on a stream.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The random graph.
    pub family: GraphFamily,
    /// Number of nodes, n.
    pub nodes: usize,
    /// Most elements of a solution.
    pub k: usize,
    /// The algorithm.
    pub contender: Contender,
    /// Draw of graph, stream and coins.
    pub replicate: u32,
}

impl Experiment for QueriesAgainstN {
    type Parameters = Parameters;
    type Row = contest::Outcome;

    const ID: &'static str = "queries-against-n";
    const TITLE: &'static str = "Calls against the number of elements";
    const QUESTION: &'static str = "How many oracle calls does an update take on graphs of n nodes that are all inserted and then deleted, largest first? With k = 20 (preferential attachment), and k = n/20 (uniformly random graphs, where many levels are in use).";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (few, many, replicates): (&[usize], &[usize], u32) = match profile {
            Profile::Smoke => (&[200, 400], &[200, 400], 2),
            Profile::Quick => (&[1_000, 2_000, 4_000], &[500, 1_000, 1_500], 3),
            // At 30,000 nodes and k = 1,500 the five contenders take fifteen minutes of one core.
            Profile::Full => (&[1_000, 3_000, 10_000, 30_000, 100_000], &[1_000, 3_000, 10_000], 5),
        };
        let mut grid = Vec::new();
        for replicate in 0..replicates {
            for (contender, _) in SHOWN {
                let mut cell =
                    |family, nodes, k| grid.push(Parameters { family, nodes, k, contender, replicate });
                for &nodes in few {
                    cell(GraphFamily::BarabasiAlbert, nodes, 20);
                }
                for &nodes in many {
                    cell(GraphFamily::ErdosRenyi, nodes, nodes / 20);
                }
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<contest::Outcome>, Failure> {
        let Parameters { family, nodes, replicate, .. } = *cell;
        let mut shared = random.shared_stream("graph", &Instance { family, nodes, replicate })?;
        let function = Coverage::of_neighbours(&family.draw(nodes, &mut shared));
        let operations = operations(&function, Order::LargestFirst, &mut shared);
        let settings = Settings {
            cardinality: cell.k,
            epsilon: 0.2,
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
        let mut calls = Figure::new("Calls for an update, against the number of elements").columns(2);
        let mut ratios = Figure::new("Value, against the number of elements").columns(2);
        let mut all = Vec::new();
        let mut fits = Vec::new();
        for (family, name) in [
            (GraphFamily::BarabasiAlbert, "preferential attachment, k = 20"),
            (GraphFamily::ErdosRenyi, "uniformly random, k = n/20"),
        ] {
            let chart =
                |label: &str| Chart::new().title(name).x_label("number of nodes, n").y_label(label).x_log();
            let (mut left, mut right) =
                (chart("oracle calls an update").y_log(), chart("value over lazy greedy's"));
            for (contender, contender_name) in SHOWN {
                let rows = || {
                    table.rows().filter(move |(cell, _)| cell.family == family && cell.contender == contender)
                };
                let quantity = format!("calls, {name}, {contender_name}");
                let means =
                    table.means_by(rows().map(|(cell, row)| (cell.nodes as f64, row.calls)), &quantity);
                left = left.means(contender_name, &means).styled_as(contender.slot());
                all.extend(means);
                let quantity = format!("value over lazy greedy's, {name}, {contender_name}");
                let means =
                    table.means_by(rows().map(|(cell, row)| (cell.nodes as f64, row.ratio)), &quantity);
                right = right.means(contender_name, &means).styled_as(contender.slot());
                all.extend(means);
                let growth =
                    exponents(rows().map(|(cell, row)| (cell.replicate, cell.nodes as f64, row.calls)));
                fits.push(table.mean_at(
                    0.0,
                    growth,
                    &format!("exponent of calls in n, {name}, {contender_name}"),
                ));
            }
            (calls, ratios) = (calls.panel(left), ratios.panel(right));
        }
        report.figure(
            "calls",
            "Oracle calls an update, mean and 95 % bootstrap interval over graphs and coins. Selecting anew by lazy greedy costs at least one call for each element at hand; the \
             levels cost fewer and fewer on graphs with hubs, where k stays 20. On uniform graphs with k = n/20 they grow more slowly than all others, and cost more than selecting anew on graphs of few thousand nodes. Sieve-streaming takes the fewest calls on this stream, without a bound on them.",
            "Two panels on logarithmic axes. In the left one the levels fall and lazy greedy rises; in the right one all rise, the levels least, from above lazy greedy.",
            &calls,
        )?;
        report.figure(
            "values",
            "Value over that of lazy greedy, mean over checkpoints. The high bucket is close to greedy, the largest bucket, which the argument is about, \
             some ten percent below.",
            "Two panels of lines between about 0.8 and 1.",
            &ratios,
        )?;
        report.means_table("replicates", &all)?;
        report.records(
            "exponents",
            "Exponent b of calls ≈ c n^b, fitted to each replicate: mean and 95 % bootstrap interval.",
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
    family: GraphFamily,
    nodes: usize,
    replicate: u32,
}
