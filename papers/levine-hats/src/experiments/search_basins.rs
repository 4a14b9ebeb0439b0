//! `search-basins`: how often a restart of the search reaches the best value known.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::bounds::conjectured_wins;
use crate::search::{SearchOptions, Start, search};

/// Hit rates of restarts, by height and start.
pub struct SearchBasins;

const STARTS: [(Start, &str); 3] = [
    (Start::BlackIndex, "points at a black hat"),
    (Start::RandomIndex, "points anywhere"),
    (Start::ModularCode, "modular code, redrawn in part"),
];

/// A cell: a height and a start.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Hats of a stack, h.
    #[column(unit = "hats")]
    pub height: usize,
    /// Where restarts begin.
    pub start: Start,
    /// Restarts, a multiple of 64.
    pub restarts: u64,
}

/// How many restarts reached what.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Most wins reached, of 4^h.
    pub wins: u64,
    /// Restarts that reached these wins.
    pub hits: u64,
    /// Most wins minus ⌊7·4^h/20⌋; positive would refute V_2 = 7/20.
    pub beyond_conjecture: i64,
}

impl Experiment for SearchBasins {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "search-basins";
    const TITLE: &'static str = "How often a restart is lucky";
    const QUESTION: &'static str = "Which share of independent restarts of alternating best responses ends at the best value known, by height and by where they begin?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (last, restarts) = match profile {
            Profile::Smoke => (5, 64),
            Profile::Quick => (10, 1_024),
            Profile::Full => (12, 65_536),
        };
        let cell = |height| STARTS.map(|(start, _)| Parameters { height, start, restarts });
        (3..=last).flat_map(cell).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let options = SearchOptions {
            seed: random.stream("restarts").random(),
            starts: vec![cell.start],
            ..SearchOptions::new(2, cell.height)
        };
        let found = search(&options, None, |best| best.restarts < cell.restarts)?;
        let beyond_conjecture = found.wins as i64 - conjectured_wins(cell.height) as i64;
        Ok(Outcome::Done(vec![Row { wins: found.wins, hits: found.hits, beyond_conjecture }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .x_label("hats of a stack, h")
            .y_label("restarts that reach the most wins known, %")
            .y_range(0.0, 105.0);
        for (start, name) in STARTS {
            let rows = table.rows().filter(|(cell, _)| cell.start == start);
            let share = |hits: f64, cell: &Parameters| 100.0 * hits / cell.restarts as f64;
            let reached = |row: &Row| if row.beyond_conjecture == 0 { row.hits as f64 } else { 0.0 };
            let points = rows.map(|(cell, row)| (cell.height as f64, share(reached(row), cell)));
            chart = chart.line_with_markers(name, points);
        }
        report.figure(
            "hit-rate",
            "Share of restarts that end at ⌊7·4^h/20⌋ wins, by where they begin. Nearly all do up to four hats, few at the tallest stacks.",
            "Three lines: near 100 % at three and four hats, then far lower; that of the modular code stays above the others.",
            &Figure::new("Lucky restarts become rarer with the height").panel(chart),
        )
    }
}
