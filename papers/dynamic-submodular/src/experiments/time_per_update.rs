//! `time-per-update`: seconds instead of calls.

use std::time::Instant;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::contest::{CONTENDERS, Contender, GraphFamily, Settings, operations, selector, start};
use crate::function::Coverage;
use crate::greedy::lazy_greedy;
use crate::stream::{Available, Order};

/// Microseconds an update.
pub struct TimePerUpdate;

/// A cell: an algorithm on a stream.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Nodes of the graph.
    pub nodes: usize,
    /// The algorithm.
    pub contender: Contender,
    /// Draw of graph, stream and coins.
    pub replicate: u32,
}

/// A time.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Wall time of an update.
    #[column(time, unit = "s")]
    pub seconds: f64,
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

impl Experiment for TimePerUpdate {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "time-per-update";
    const TITLE: &'static str = "Time for an update";
    const QUESTION: &'static str = "How long does an update take on a sliding window over a graph with hubs, k = 20? Wall time on one thread; one selection by lazy greedy from the last window for comparison.";
    const REVISION: u32 = 4;
    const RUNS_ALONE: bool = true;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, replicates): (&[usize], u32) = match profile {
            Profile::Smoke => (&[200], 1),
            Profile::Quick => (&[1_000, 4_000, 10_000], 2),
            Profile::Full => (&[1_000, 10_000, 100_000], 3),
        };
        let mut grid = Vec::new();
        for replicate in 0..replicates {
            for &nodes in sizes {
                for (contender, _) in SHOWN {
                    grid.push(Parameters { nodes, contender, replicate });
                }
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { nodes, contender, replicate } = *cell;
        let mut shared = random.shared_stream("graph", &Instance { nodes, replicate })?;
        let function = Coverage::of_neighbours(&GraphFamily::BarabasiAlbert.draw(nodes, &mut shared));
        let operations = operations(&function, Order::SlidingWindow, &mut shared);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
        let seconds = if selector(contender).is_some() {
            let mut window = Available::none(nodes);
            for operation in &operations {
                window.update(*operation)?;
            }
            let candidates = window.elements();
            let begin = Instant::now();
            std::hint::black_box(lazy_greedy(&function, &candidates, 20));
            begin.elapsed().as_secs_f64()
        } else {
            let seed = random.stream("coins").random();
            let settings = Settings { cardinality: 20, epsilon: 0.2, guess_ratio: 0.3, seed, checkpoints: 1 };
            let mut algorithm = start(&function, contender, settings)?;
            let begin = Instant::now();
            pool.install(|| algorithm.process(&operations))?;
            begin.elapsed().as_secs_f64() / operations.len() as f64
        };
        Ok(Outcome::Done(vec![Row { seconds }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart =
            Chart::new().x_label("number of nodes, n").y_label("time for an update, µs").x_log().y_log();
        for (contender, name) in SHOWN {
            let rows = table.rows().filter(|(cell, _)| cell.contender == contender);
            chart = chart
                .scatter(name, rows.map(|(cell, row)| (cell.nodes as f64, 1e6 * row.seconds)))
                .styled_as(contender.slot());
        }
        report.timing_figure(
            "microseconds",
            "Wall time of an update on one thread, one mark for each draw. Selecting anew takes time in proportion to n.",
            "Marks on logarithmic axes: lazy greedy rises with n, the levels fall.",
            &Figure::new("Time for an update").panel(chart),
        )
    }
}
