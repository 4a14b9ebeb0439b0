//! `value-table`: V_{2,h} by every method.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::bounds::{conjectured_wins, min_weight};
use crate::constructions::chain;
use crate::exhaustive::count_classes;
use crate::search::{SearchOptions, Start, search};
use crate::{integer_program, wins};

/// Wins by construction, by search from nothing, by proof, and what bounds them.
pub struct ValueTable;

/// Where a number of wins comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The explicit chain.
    Chain,
    /// Alternating best responses from random starts.
    Search,
    /// Every table, up to renaming: the optimum.
    Exhaustive,
    /// The integer program: the optimum by a solver's word.
    IntegerProgram,
    /// The integer program of five hats, cut off after a number of nodes.
    CutOffProgram,
    /// The min-weight upper bound.
    UpperBound,
}

/// A cell: a method at a height.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Hats of a stack, h.
    #[column(unit = "hats")]
    pub height: usize,
    /// Where the number comes from.
    pub method: Method,
    /// Restarts of the search, 0 for the others.
    pub restarts: u64,
}

/// What the method found.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Wins of the 4^h colourings.
    pub wins: u64,
    /// ⌊7·4^h/20⌋, optimal if V_2 = 7/20.
    pub conjectured: u64,
    /// Restarts that reached these wins.
    pub hits: Option<u64>,
    /// What a cut-off integer program proves that no strategy exceeds.
    pub proved_bound: Option<u64>,
}

/// Nodes of branch and bound after which the program of five hats is cut off.
const NODES: i32 = 5_000;

impl Experiment for ValueTable {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "value-table";
    const TITLE: &'static str = "Two players, h hats: what is reached and what is proved";
    const QUESTION: &'static str = "On how many of the 4^h colourings can two players win? By the explicit chain, by alternating best responses from random starts, \
         by visiting every table (h ≤ 4), by an integer program, and bounded by the number of black hats.";
    const REVISION: u32 = 3;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (heights, restarts) = match profile {
            Profile::Smoke => (1..=6, 128),
            Profile::Quick => (1..=12, 512),
            Profile::Full => (1..=14, 16_384),
        };
        let exhaustive = if profile == Profile::Smoke { 3 } else { 4 };
        let integer = if profile == Profile::Full { 4 } else { 3 };
        let mut grid = Vec::new();
        for height in heights {
            let mut cell = |method, restarts| grid.push(Parameters { height, method, restarts });
            cell(Method::Chain, 0);
            cell(Method::Search, restarts);
            cell(Method::UpperBound, 0);
            if height <= exhaustive {
                cell(Method::Exhaustive, 0);
            }
            if height <= integer {
                cell(Method::IntegerProgram, 0);
            }
            if height == 5 && profile == Profile::Full {
                cell(Method::CutOffProgram, 0);
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let height = cell.height;
        let mut proved_bound = None;
        let (wins, hits) = match cell.method {
            Method::Chain => (wins(&chain(height)?)?, None),
            Method::Search => {
                let options = SearchOptions {
                    seed: random.stream("restarts").random(),
                    starts: vec![Start::BlackIndex, Start::RandomIndex, Start::Perturbed],
                    ..SearchOptions::new(2, height)
                };
                let found = search(&options, None, |best| best.restarts < cell.restarts)?;
                (found.wins, Some(found.hits))
            }
            Method::Exhaustive => {
                let histogram = count_classes(height);
                (histogram.iter().rposition(|tables| *tables > 0).unwrap_or(0) as u64, None)
            }
            Method::IntegerProgram if height > integer_program::MAX_HEIGHT => {
                let why = "HiGHS is not in this build: cargo build -p levine-hats --features highs";
                return Ok(Outcome::Skipped(why.into()));
            }
            Method::IntegerProgram => {
                let found = integer_program::solve(height)?;
                if (found.objective - found.wins as f64).abs() > 1e-6 {
                    return Err(format!(
                        "the solver says {}, its strategy wins {}",
                        found.objective, found.wins
                    )
                    .into());
                }
                (found.wins, None)
            }
            #[cfg(feature = "highs")]
            Method::CutOffProgram => {
                let found = integer_program::search_within(height, NODES)?;
                proved_bound = Some(found.bound);
                (found.wins, None)
            }
            #[cfg(not(feature = "highs"))]
            Method::CutOffProgram => {
                proved_bound.take();
                let why = format!(
                    "HiGHS is not in this build, for {NODES} nodes: cargo build -p levine-hats --features highs"
                );
                return Ok(Outcome::Skipped(why));
            }
            Method::UpperBound => (u64::try_from(min_weight(2, height))?, None),
        };
        Ok(Outcome::Done(vec![Row { wins, conjectured: conjectured_wins(height), hits, proved_bound }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let of = |method: Method| {
            table
                .rows()
                .filter(move |(cell, _)| cell.method == method)
                .map(|(cell, row)| (cell.height, row.wins))
        };
        let share = |(height, wins): (usize, u64)| (height as f64, wins as f64 / 4_f64.powi(height as i32));
        let chart = Chart::new()
            .x_label("hats of a stack, h")
            .y_label("share of the colourings that win")
            .line_with_markers("upper bound (fewest black hats)", of(Method::UpperBound).map(share))
            .line_with_markers("best found by search", of(Method::Search).map(share))
            .scatter("proved optimal (every table visited)", of(Method::Exhaustive).map(share))
            .horizontal_reference("7/20", 0.35)
            .y_range(0.24, 0.42);
        let figure = Figure::new("The search reaches 7/20 from below and never passes it").panel(chart);
        report.figure(
            "values",
            "Share of winning colourings against the height. Where every table was visited the best value is proved; from h = 4 on the \
             bound leaves room, but no search has used it: all values are ⌊7·4^h/20⌋/4^h or less.",
            "A line of values found rises from 0.25 at one hat to just below 0.35; a line of upper bounds rises above it from the fourth hat \
             on; circles mark proved values up to four hats.",
            &figure,
        )?;
        let heights: Vec<usize> = of(Method::Chain).map(|(height, _)| height).collect();
        let at = |method, height| of(method).find(|(other, _)| *other == height).map(|(_, wins)| wins);
        let summary: Vec<Summary> = heights
            .into_iter()
            .map(|height| Summary {
                height,
                chain: at(Method::Chain, height),
                search: at(Method::Search, height),
                exhaustive: at(Method::Exhaustive, height),
                integer_program: at(Method::IntegerProgram, height),
                proved_bound: table
                    .rows()
                    .find(|(cell, _)| (cell.method, cell.height) == (Method::CutOffProgram, height))
                    .and_then(|(_, row)| row.proved_bound),
                upper_bound: at(Method::UpperBound, height),
            })
            .collect();
        report.records("wins", "Winning colourings of 4^h by every method.", &summary)
    }
}

#[derive(Serialize, Columns)]
struct Summary {
    /// Hats of a stack, h.
    #[column(unit = "hats")]
    height: usize,
    /// Wins of the explicit chain.
    chain: Option<u64>,
    /// Wins of the best strategy found by search.
    search: Option<u64>,
    /// Optimum by visiting every table.
    exhaustive: Option<u64>,
    /// Optimum by integer programming.
    integer_program: Option<u64>,
    /// Upper bound that a cut-off integer program proves.
    proved_bound: Option<u64>,
    /// Min-weight upper bound on the wins.
    upper_bound: Option<u64>,
}
