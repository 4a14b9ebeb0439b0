//! `value-over-time`: one stream, followed.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::contest::{CONTENDERS, Contender, GraphFamily, Settings, contest, operations};
use crate::function::Coverage;
use crate::stream::{ORDERS, Order};

/// Values and calls along streams.
pub struct ValueOverTime;

/// A cell: an algorithm on a stream.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Nodes of the graph.
    pub nodes: usize,
    /// The stream.
    pub order: Order,
    /// The algorithm.
    pub contender: Contender,
}

/// A moment of the stream.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Updates done.
    pub step: u64,
    /// Value of the solution.
    #[column(within = 0.1)]
    pub value: f64,
    /// Value of lazy greedy's.
    pub greedy: f64,
    /// Oracle calls so far (for what selects from scratch: of the moments shown).
    #[column(within = 0.2)]
    pub calls_so_far: u64,
    /// The most calls of one update of the whole stream.
    #[column(within = 0.5)]
    pub worst_update: u64,
    /// Elements that enter or leave the solution in an update, mean over the stream.
    #[column(within = 0.2)]
    pub changes: Option<f64>,
}

/// The contenders that are run here.
const SHOWN: [(Contender, &str); 4] = [CONTENDERS[0], CONTENDERS[1], CONTENDERS[2], CONTENDERS[4]];

/// What contenders share.
#[derive(Serialize)]
struct Instance {
    nodes: usize,
    order: Order,
}

impl Experiment for ValueOverTime {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "value-over-time";
    const TITLE: &'static str = "Along a stream";
    const QUESTION: &'static str = "How do value and calls develop along a stream over a graph with hubs, k = 20? What is the worst single update, and how much does a solution change?";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let nodes = match profile {
            Profile::Smoke => 300,
            Profile::Quick => 3_000,
            Profile::Full => 30_000,
        };
        let streams = ORDERS.into_iter().flat_map(|order| SHOWN.map(|(contender, _)| (order, contender)));
        streams.map(|(order, contender)| Parameters { nodes, order, contender }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { nodes, order, contender } = *cell;
        let mut shared = random.shared_stream("graph", &Instance { nodes, order })?;
        let function = Coverage::of_neighbours(&GraphFamily::BarabasiAlbert.draw(nodes, &mut shared));
        let operations = operations(&function, order, &mut shared);
        let settings = Settings {
            cardinality: 20,
            epsilon: 0.2,
            guess_ratio: 0.3,
            seed: random.stream("coins").random(),
            checkpoints: 100,
        };
        let (outcome, points) = contest(&function, &operations, contender, settings)?;
        let row = |point: super::contest::Checkpoint| Row {
            step: point.step as u64,
            value: point.value,
            greedy: point.greedy,
            calls_so_far: point.calls,
            worst_update: outcome.worst_update,
            changes: outcome.changes,
        };
        Ok(Outcome::Done(points.into_iter().map(row).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("The value follows greedy's through all that comes and goes")
            .columns(3)
            .width(1000.0);
        let mut summary = Vec::new();
        for order in ORDERS {
            let order_name = order.name();
            let mut chart = Chart::new().title(order_name).x_label("updates done").y_label("nodes covered");
            for (contender, name) in SHOWN {
                let rows: Vec<&Row> = table
                    .rows()
                    .filter(|(cell, _)| cell.order == order && cell.contender == contender)
                    .map(|(_, row)| row)
                    .collect();
                chart = chart
                    .line(name, rows.iter().map(|row| (row.step as f64, row.value)))
                    .styled_as(contender.slot());
                if contender == SHOWN[SHOWN.len() - 1].0 {
                    chart = chart
                        .line("lazy greedy", rows.iter().map(|row| (row.step as f64, row.greedy)))
                        .styled_as(Contender::LazyGreedy.slot());
                }
                if let Some(last) = rows.last() {
                    summary.push(Summary {
                        order,
                        contender,
                        calls: last.calls_so_far as f64 / last.step as f64,
                        worst_update: last.worst_update,
                        changes: last.changes,
                    });
                }
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "values",
            "Nodes covered by the solution along three streams. All algorithms follow lazy greedy, which is run at 100 moments for comparison; the \
             largest bucket stays some ten percent below.",
            "Three panels of lines that rise, stay or fall together.",
            &figure,
        )?;
        report.records(
            "streams",
            "Calls an update, the worst single update, and changes of the solution an update.",
            &summary,
        )
    }
}

#[derive(Serialize, Columns)]
struct Summary {
    /// The stream.
    order: Order,
    /// The algorithm.
    contender: Contender,
    /// Oracle calls an update, mean over the stream.
    #[column(within = 0.2)]
    calls: f64,
    /// Most oracle calls of one update of the stream.
    #[column(within = 0.5)]
    worst_update: u64,
    /// Elements that enter or leave the solution in an update, mean over the stream.
    #[column(within = 0.2)]
    changes: Option<f64>,
}
