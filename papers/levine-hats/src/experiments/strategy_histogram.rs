//! `strategy-histogram`: the value of every table.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::exhaustive::{count_all, count_classes};

/// All tables of heights up to 4, counted in two ways.
pub struct StrategyHistogram;

/// How tables are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// One by one.
    EveryTable,
    /// One of each class under renaming hats, times the size of the class.
    EveryClass,
}

/// A cell: a height, counted in one way.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Hats of a stack, h.
    #[column(unit = "hats")]
    pub height: usize,
    /// Tables one by one, or by classes under renaming.
    pub way: Way,
}

/// How many tables have a value.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Winning colourings of 4^h against the best response.
    pub wins: u64,
    /// How many tables have them.
    pub tables: u64,
}

impl Experiment for StrategyHistogram {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "strategy-histogram";
    const TITLE: &'static str = "The value of every table";
    const QUESTION: &'static str = "How many wins has each of the h^(2^h − 1) tables of one player against its best response? Counted one by one, and by classes under \
         renaming hats.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let last = if profile == Profile::Smoke { 3 } else { 4 };
        let ways = |height| [Way::EveryTable, Way::EveryClass].map(|way| Parameters { height, way });
        (1..=last).flat_map(ways).collect()
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let histogram = match cell.way {
            Way::EveryTable => count_all(cell.height),
            Way::EveryClass => count_classes(cell.height),
        };
        let counted = histogram.into_iter().enumerate().filter(|(_, tables)| *tables > 0);
        Ok(Outcome::Done(counted.map(|(wins, tables)| Row { wins: wins as u64, tables }).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let tallest = table.cells().map(|(cell, _)| cell.height).max().unwrap_or(0);
        let shown = table.rows().filter(|(cell, _)| cell.height == tallest && cell.way == Way::EveryTable);
        let counts: Vec<(f64, f64)> = shown.map(|(_, row)| (row.wins as f64, row.tables as f64)).collect();
        let colourings = 4_u64.pow(tallest as u32);
        let chart = Chart::new()
            .x_label(format!("wins of {colourings} against the best response"))
            .y_label("number of tables")
            .y_log()
            .line_with_markers("tables", counts)
            .without_legend();
        report.figure(
            "tallest",
            "How many tables of the largest height have which value. The best ones are a few thousand of a billion at four hats.",
            "A curve of the number of tables on a logarithmic axis: it rises to a broad top and falls steeply towards the largest \
             number of wins.",
            &Figure::new(format!("Every table of {tallest} hats")).panel(chart),
        )
    }
}
