//! `staircases`: what quantisers do to a number.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::nonuniform::Codebook;
use crate::uniform::{Grid, Layout};

/// Quantisers as functions, and their ranges.
pub struct Staircases;

/// A cell: a quantiser.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Which quantiser.
    pub quantiser: Quantiser,
    /// Bits.
    #[column(unit = "bit")]
    pub bits: u32,
}

/// A quantiser of rectified or normal values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantiser {
    /// Symmetric uniform grid.
    Symmetric,
    /// Asymmetric uniform grid.
    Asymmetric,
    /// Powers of two.
    PowersOfTwo,
    /// The best codebook.
    Codebook,
}

/// A value and what becomes of it.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The value.
    pub value: f64,
    /// The value that stands for it.
    pub quantised: f64,
}

impl Experiment for Staircases {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "staircases";
    const TITLE: &'static str = "Quantisers as staircases";
    const QUESTION: &'static str = "Quantisers of three bits for skewed values (normal draws, the negative ones shrunk to a third): which values stand for which?";
    const REVISION: u32 = 1;

    fn grid(&self, _profile: Profile) -> Vec<Parameters> {
        [Quantiser::Symmetric, Quantiser::Asymmetric, Quantiser::PowersOfTwo, Quantiser::Codebook]
            .map(|quantiser| Parameters { quantiser, bits: 3 })
            .into()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        #[derive(Serialize)]
        struct All {
            bits: u32,
        }
        let mut random = random.shared_stream("values", &All { bits: cell.bits })?;
        let values: Vec<f64> = (0..2_000)
            .map(|_| random.sample::<f64, _>(StandardNormal))
            .map(|draw| if draw < 0.0 { draw / 3.0 } else { draw })
            .collect();
        let snap: Box<dyn Fn(f64) -> f64> = match cell.quantiser {
            Quantiser::Symmetric | Quantiser::Asymmetric => {
                let layout = if cell.quantiser == Quantiser::Symmetric {
                    Layout::Symmetric
                } else {
                    Layout::Asymmetric
                };
                let grid = Grid::of_values(layout, cell.bits, &values)?;
                Box::new(move |value| grid.snap(value))
            }
            Quantiser::PowersOfTwo | Quantiser::Codebook => {
                let codebook = match cell.quantiser {
                    Quantiser::PowersOfTwo => Codebook::powers_of_two(cell.bits, &values)?,
                    _ => Codebook::optimal(cell.bits, &values)?,
                };
                Box::new(move |value| codebook.snap(value))
            }
        };
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let at = |step: usize| least + (largest - least) * step as f64 / 400.0;
        Ok(Outcome::Done((0..=400).map(at).map(|value| Row { value, quantised: snap(value) }).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Quantisers of three bits")
            .subtitle("of the same skewed values, over their range")
            .columns(2);
        for (cell, rows) in table.cells() {
            let title = match cell.quantiser {
                Quantiser::Symmetric => "symmetric",
                Quantiser::Asymmetric => "asymmetric",
                Quantiser::PowersOfTwo => "powers of two",
                Quantiser::Codebook => "best codebook",
            };
            figure = figure.panel(
                Chart::new()
                    .title(title)
                    .x_label("value r")
                    .y_label("what stands for it")
                    .line("quantised", rows.iter().map(|row| (row.value, row.quantised)))
                    .diagonal("r"),
            );
        }
        report.figure(
            "quantisers",
            "Each value of the range and the value that stands for it. The symmetric grid spends levels on negative values that do not occur; the asymmetric one covers the range; powers of two are fine near zero; the best \
             codebook is fine where values are many.",
            "Four staircases along a dashed diagonal: even steps, even steps over a shorter range, steps that double, uneven steps.",
            &figure,
        )
    }
}
