//! `convergence`: how fast finite stacks approach 7/20.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use num_traits::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::composition::then;
use crate::constructions::{chain, recursive_block};
use crate::{BigRational, Strategy, StrategyError, finite_value};

/// The distance of finite strategies from 7/20.
pub struct Convergence;

/// A family of finite strategies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// S_3 block by block, the rest by the chain.
    BlocksOfThree,
    /// S_5 block by block, the rest by the chain.
    BlocksOfFive,
    /// The chain.
    Chain,
}

const FAMILIES: [(Family, &str); 3] = [
    (Family::BlocksOfThree, "S_3, then the rest"),
    (Family::BlocksOfFive, "S_5, then the rest"),
    (Family::Chain, "chain"),
];

/// A cell: a family at a height.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The strategy.
    pub family: Family,
    /// Hats of a stack, h.
    #[column(unit = "hats")]
    pub height: usize,
}

/// How far it is from 7/20.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// 7/20 minus the value.
    pub gap: f64,
    /// The bound on the gap: Propositions 16 and 17, and 3/(5·4^h) for the chain.
    pub bound: f64,
    /// The value as a fraction.
    pub value: String,
}

impl Family {
    fn block(self) -> Option<usize> {
        match self {
            Self::BlocksOfThree => Some(3),
            Self::BlocksOfFive => Some(5),
            Self::Chain => None,
        }
    }

    fn strategy(self, height: usize) -> Result<Strategy, Failure> {
        match self.block() {
            Some(block) if height > block => {
                Ok(then(&recursive_block(block)?, &self.strategy(height - block)?)?)
            }
            _ => Ok(chain(height)?),
        }
    }

    /// Propositions 16 and 17: (7/20 − V_{2,r})/16^q with h = 3q + r, and /256^q with h = 5q + r, for r the last hats. For the chain 3/5 of 4^(−h), derived here.
    fn bound(self, height: usize) -> Result<BigRational, StrategyError> {
        let limit = BigRational::new(7.into(), 20.into());
        let power = |base: u64, exponent: usize| BigRational::from_integer(base.into()).pow(exponent as i32);
        Ok(match self.block() {
            Some(block) => {
                let (blocks, rest) = ((height - 1) / block, (height - 1) % block + 1);
                (limit - finite_value(&chain(rest)?)?) / power(if block == 3 { 16 } else { 256 }, blocks)
            }
            None => BigRational::new(3.into(), 5.into()) / power(4, height),
        })
    }
}

impl Experiment for Convergence {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "convergence";
    const TITLE: &'static str = "How fast finite stacks approach 7/20";
    const QUESTION: &'static str = "How far from 7/20 are S_3 and S_5 cut off after h hats (the last ones played by the chain), and the chain itself? All values are \
         exact.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let last = match profile {
            Profile::Smoke => 8,
            Profile::Quick => 16,
            Profile::Full => 20,
        };
        let cell = |height| FAMILIES.map(|(family, _)| Parameters { family, height });
        (1..=last).flat_map(cell).collect()
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let value = finite_value(&cell.family.strategy(cell.height)?)?;
        let gap = BigRational::new(7.into(), 20.into()) - &value;
        let as_float = |fraction: &BigRational| fraction.to_f64().ok_or("a fraction beyond the floats");
        let bound = as_float(&cell.family.bound(cell.height)?)?;
        Ok(Outcome::Done(vec![Row { gap: as_float(&gap)?, bound, value: value.to_string() }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new().x_label("hats of a stack, h").y_label("7/20 − value").y_log();
        for (family, name) in FAMILIES {
            let rows = table.rows().filter(|(cell, _)| cell.family == family);
            chart = chart.line_with_markers(name, rows.map(|(cell, row)| (cell.height as f64, row.gap)));
        }
        report.figure(
            "gaps",
            "Distance from 7/20 against the height. A block of three shrinks it 16-fold, a block of five 256-fold; the chain, which is one block of \
             any size, 16-fold with every two hats.",
            "Three descending lines on a logarithmic axis, those of S_3 and S_5 with flat steps. The line of the chain is the steepest, that of S_3 the least.",
            &Figure::new("The chain loses nothing at the ends of blocks").panel(chart),
        )
    }
}
