//! `block-values`: infinite stacks, played in blocks.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use num_traits::ToPrimitive;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::block_search::{Stopping, search_blocks};
use crate::bounds::wins_needed_in_mixed_blocks;
use crate::constructions::recursive_block;
use crate::{BigRational, infinite_value};

/// What blocks of k hats are worth.
pub struct BlockValues;

/// Where a block strategy comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// S_k as constructed, k odd.
    Constructed,
    /// Searched; blocks of one colour are passed on.
    SearchOneColour,
    /// Searched; the search decides which blocks are passed on.
    SearchFree,
}

/// A cell: a block.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Hats of a block, k.
    #[column(unit = "hats")]
    pub block: usize,
    /// Constructed, or searched with this stopping set.
    pub source: Source,
    /// Restarts of the search, 0 for constructions.
    pub restarts: u64,
}

/// What it is worth.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The value of the infinite game as a fraction.
    pub value: String,
    /// The value minus 7/20, computed as a fraction.
    pub excess: f64,
    /// Whether 7/20 asks for a whole number of wins from the blocks of two colours.
    pub attainable: bool,
    /// Restarts that reached the value.
    pub hits: Option<u64>,
}

impl Experiment for BlockValues {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "block-values";
    const TITLE: &'static str = "Infinite stacks, block by block";
    const QUESTION: &'static str = "What are blocks of k hats worth when players pass on blocks of one colour, or on whatever blocks a search chooses? Exact values of \
         the infinite game.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (odd, searched, restarts) = match profile {
            Profile::Smoke => (5, 4, 40),
            Profile::Quick => (11, 7, 400),
            Profile::Full => (13, 10, 4_000),
        };
        let constructed = (3..=odd).step_by(2);
        let mut grid: Vec<Parameters> =
            constructed.map(|block| Parameters { block, source: Source::Constructed, restarts: 0 }).collect();
        for block in 2..=searched {
            for source in [Source::SearchOneColour, Source::SearchFree] {
                grid.push(Parameters { block, source, restarts });
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let searched = |stopping| {
            let half = BigRational::new(1.into(), 2.into());
            let seed = random.stream("restarts").random();
            search_blocks(cell.block, &half, stopping, cell.restarts, seed)
                .map(|found| (found.value, Some(found.hits)))
        };
        let (value, hits) = match cell.source {
            Source::Constructed => (infinite_value(&recursive_block(cell.block)?)?, None),
            Source::SearchOneColour => searched(Stopping::PassOnOneColour)?,
            Source::SearchFree => searched(Stopping::Free)?,
        };
        let excess = (&value - BigRational::new(7.into(), 20.into())).to_f64();
        Ok(Outcome::Done(vec![Row {
            value: value.to_string(),
            excess: excess.ok_or("a fraction beyond the floats")?,
            attainable: wins_needed_in_mixed_blocks(cell.block).is_integer(),
            hits,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new()
            .x_label("hats of a block, k")
            .y_label("value of the infinite game")
            .horizontal_reference("7/20", 0.35);
        let sources = [
            (Source::SearchFree, "searched, any stopping set"),
            (Source::SearchOneColour, "searched, passes on one colour"),
            (Source::Constructed, "S_k"),
        ];
        for (source, name) in sources {
            let rows = table.rows().filter(|(cell, _)| cell.source == source);
            chart = chart.scatter(name, rows.map(|(cell, row)| (cell.block as f64, 0.35 + row.excess)));
        }
        report.figure(
            "values",
            "Value of the infinite game against the size of the block. Odd blocks that pass on blocks of one colour reach 7/20 exactly; even ones cannot, \
             since it would take a fractional number of wins, but the search brings four and six hats there with another stopping set. Nothing found exceeds 7/20.",
            "Points by block size under a dashed line at 0.35: odd sizes lie on the line, even sizes that pass on one colour lie below.",
            &Figure::new("Odd blocks reach 7/20 by passing on one colour").panel(chart),
        )
    }
}
