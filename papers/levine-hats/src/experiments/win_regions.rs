//! `win-regions`: strategies as pictures in the unit square.

use lab::{Columns, Experiment, Failure, Figure, Heatmap, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::Strategy;
use crate::composition::then;
use crate::constructions::{chain, recursive_block};
use crate::geometry::Regions;

/// Areas of the regions in which players are right, and the pictures.
pub struct WinRegions;

/// A strategy that is drawn, at the resolution of its height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drawn {
    /// Three blocks of S_3.
    BlocksOfThree,
    /// A block of S_5 and four hats of the chain.
    BlocksOfFive,
    /// The chain of nine hats.
    Chain,
}

const DRAWN: [(Drawn, &str); 3] =
    [(Drawn::BlocksOfThree, "S_3"), (Drawn::BlocksOfFive, "S_5"), (Drawn::Chain, "chain")];

/// Hats in the pictures, which have 512 × 512 cells.
const HEIGHT: usize = 9;

impl Drawn {
    fn strategy(self) -> Result<Strategy, Failure> {
        let block = match self {
            Self::BlocksOfThree => recursive_block(3)?,
            Self::BlocksOfFive => recursive_block(5)?,
            Self::Chain => return Ok(chain(HEIGHT)?),
        };
        let mut strategy = chain((HEIGHT - 1) % block.height() + 1)?;
        while strategy.height() < HEIGHT {
            strategy = then(&block, &strategy)?;
        }
        Ok(strategy)
    }
}

/// A cell: a strategy.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The strategy.
    pub strategy: Drawn,
}

/// Cells of the picture, of 4^9.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Cells of 4^9 in which the first player is right.
    pub first_right: u64,
    /// Cells in which the second player is right.
    pub second_right: u64,
    /// Cells in which both are right.
    pub both_right: u64,
    /// Wins counted from the tables, not from the picture.
    pub wins: u64,
}

impl Experiment for WinRegions {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "win-regions";
    const TITLE: &'static str = "Strategies as areas";
    const QUESTION: &'static str = "Where in the unit square, a point being a pair of stacks read as binary digits, is each player right, and where are both?";
    const REVISION: u32 = 2;

    fn grid(&self, _profile: Profile) -> Vec<Parameters> {
        DRAWN.map(|(strategy, _)| Parameters { strategy }).to_vec()
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let strategy = cell.strategy.strategy()?;
        let regions = Regions::of(&strategy)?;
        let count = |region: &Array2<bool>| region.iter().filter(|cell| **cell).count() as u64;
        Ok(Outcome::Done(vec![Row {
            first_right: count(&regions.first_right),
            second_right: count(&regions.second_right),
            both_right: count(&regions.win_region()),
            wins: crate::wins(&strategy)?,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let panel = |region: &Array2<bool>, title: String| {
            Heatmap::new(region.mapv(|cell| f64::from(u8::from(cell))).view())
                .title(title)
                .x_label("x, stack of the first player")
                .y_label("y, stack of the second player")
                .extent((0.0, 1.0), (0.0, 1.0))
                .zero_white()
                .value_range(0.0, 2.0)
                .without_color_bar()
        };
        let mut regions = Figure::new("Both win on 35 % of the square").columns(3).width(1000.0);
        for (cell, row) in table.rows() {
            let name = DRAWN.iter().find(|(drawn, _)| *drawn == cell.strategy).map_or("", |(_, name)| name);
            let region = Regions::of(&cell.strategy.strategy()?)?.win_region();
            regions = regions
                .panel(panel(&region, format!("{name}, area {:.6}", row.both_right as f64 / 4_f64.powi(9))));
        }
        report.figure(
            "win-regions",
            "Win regions (coloured) at nine hats. In S_3 the corner squares, where both see one colour, repeat the whole picture; the chain fills them without \
             starting a new block.",
            "Three square pictures of scattered rectangles, symmetric about the diagonal, with smaller copies of the pattern in the corners.",
            &regions,
        )?;
        let chain = Regions::of(&Drawn::Chain.strategy()?)?;
        let overlap = Figure::new("Each alone is right on half of the square")
            .columns(3)
            .width(1000.0)
            .panel(panel(&chain.first_right, "first player right: 1/2".into()))
            .panel(panel(&chain.second_right, "second player right: 1/2".into()))
            .panel(panel(&chain.win_region(), "overlap: both right".into()));
        report.figure(
            "overlap",
            "The chain of nine hats. On every horizontal line the first player is right on the comb of one hat, on every vertical line the second; the players try \
             to make the two regions overlap, and more than 1/4 is skill.",
            "Three square pictures: horizontal bands of combs, vertical bands of combs, and their intersection.",
            &overlap,
        )
    }
}
