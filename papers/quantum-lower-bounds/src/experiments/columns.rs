//! `columns`: how many queries methods need for a chain, and how many columns one query finds.

use lab::{
    Chart, Columns as LabColumns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table,
};
use serde::{Deserialize, Serialize};

use super::Method;
use crate::chain::Chain;
use crate::constants::lipschitz;
use crate::oracle::Exact;
use crate::scaled::Scaled;

/// Columns and queries.
pub struct Columns;

/// A cell: the chain itself, ε = 1.
#[derive(Clone, Debug, Serialize, Deserialize, LabColumns)]
pub struct Parameters {
    /// How.
    pub method: Method,
    /// T.
    pub length: u64,
}

/// A run.
#[derive(Clone, Debug, Serialize, Deserialize, LabColumns)]
pub struct Row {
    /// Queries to |∇F| ≤ 1.
    pub queries: u64,
    /// Whether it was found within 10⁵ queries.
    pub found: bool,
    /// The most columns that one query added.
    pub most_by_one: u64,
}

impl Experiment for Columns {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "columns";
    const TITLE: &'static str = "One query, one column";
    const QUESTION: &'static str =
        "Does any method find more than one column with a query, or need fewer than T + 1?";
    const REVISION: u32 = 4;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let lengths: &[u64] = match profile {
            Profile::Smoke => &[4, 8],
            Profile::Quick => &[4, 8, 16, 32, 64],
            Profile::Full => &[4, 8, 16, 32, 64, 128, 256, 512, 1024],
        };
        Method::ALL
            .into_iter()
            .flat_map(|method| lengths.iter().map(move |length| Parameters { method, length: *length }))
            .collect()
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let chain = Chain::new(usize::try_from(cell.length)?);
        let mut oracle = Exact::new(Scaled { chain, scale: 1.0, factor: 1.0, epsilon: 1.0 });
        let run = cell.method.run(&mut oracle, lipschitz(2), 100_000)?;
        Ok(Outcome::Done(vec![Row {
            queries: run.queries as u64,
            found: run.found,
            most_by_one: oracle.most_found_by_one() as u64,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new().x_label("columns T").y_label("queries").x_log().y_log().legend_right();
        for method in Method::ALL {
            let rows = table.rows().filter(|(cell, row)| cell.method == method && row.found);
            let points: Vec<_> = rows.map(|(cell, row)| (cell.length as f64, row.queries as f64)).collect();
            if !points.is_empty() {
                chart = chart.line_with_markers(method.name(), points);
            }
        }
        let least = table
            .rows()
            .map(|(cell, row)| row.queries as f64 - cell.length as f64)
            .fold(f64::INFINITY, f64::min);
        report.figure(
            "queries",
            &format!("Queries grow in proportion to the columns for all methods; the fewest of all are T + {least}."),
            "Parallel rising lines on logarithmic axes.",
            &Figure::new("Queries to |∇F| ≤ 1").panel(chart),
        )
    }
}
