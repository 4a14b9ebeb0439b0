//! `biased-hats`: hats that are black with probability p.

use std::collections::BTreeSet;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use num_traits::ToPrimitive;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::block_search::{Stopping, search_blocks};
use crate::bounds::{published_biased, white_restart};
use crate::constructions::white_restart_block;
use crate::{BigRational, biased_value};

/// Values of blocks for biased hats, beside the published bounds.
pub struct BiasedHats;

/// Where a block strategy comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The modular code of three hats that passes on white.
    ThreeHats,
    /// Searched, passes on white.
    SearchWhite,
    /// Searched, passes on one colour.
    SearchOneColour,
}

/// A cell: a bias and a block.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// 1000 p.
    pub per_mille: u32,
    /// Constructed, or searched with this stopping set.
    pub source: Source,
    /// Hats of a block.
    #[column(unit = "hats")]
    pub block: usize,
    /// Restarts of the search, 0 for the construction.
    pub restarts: u64,
}

/// What it is worth.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The exact value as a number.
    pub value: f64,
    /// The larger of U_1 and U_2, known before the paper.
    pub earlier: f64,
    /// U_3, the paper's bound.
    pub paper: f64,
}

impl Parameters {
    /// p.
    pub fn bias(&self) -> f64 {
        f64::from(self.per_mille) / 1000.0
    }
}

impl Experiment for BiasedHats {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "biased-hats";
    const TITLE: &'static str = "Hats that are black with probability p";
    const QUESTION: &'static str = "What are blocks of three and six hats worth for two players when hats are black with probability p, beside the published lower bounds \
         U_1, U_2 and the paper's U_3? Exact values of the strategies found.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (step, searched): (usize, &[(Source, usize, u64)]) = match profile {
            Profile::Smoke => (100, &[(Source::SearchWhite, 3, 20)]),
            Profile::Quick => (
                20,
                &[
                    (Source::SearchWhite, 6, 60),
                    (Source::SearchOneColour, 3, 40),
                    (Source::SearchOneColour, 5, 60),
                ],
            ),
            Profile::Full => (
                10,
                &[
                    (Source::SearchWhite, 6, 2_000),
                    (Source::SearchWhite, 7, 1_000),
                    (Source::SearchOneColour, 3, 200),
                    (Source::SearchOneColour, 5, 2_000),
                ],
            ),
        };
        let mut grid = Vec::new();
        // 0.31 is the last round bias below the paper's 0.312.
        for per_mille in (step as u32..=500).step_by(step).chain([310]).collect::<BTreeSet<_>>() {
            grid.push(Parameters { per_mille, source: Source::ThreeHats, block: 3, restarts: 0 });
            for &(source, block, restarts) in searched {
                grid.push(Parameters { per_mille, source, block, restarts });
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let bias = BigRational::new(cell.per_mille.into(), 1000.into());
        let searched = |stopping| {
            let seed = random.stream("restarts").random();
            search_blocks(cell.block, &bias, stopping, cell.restarts, seed).map(|found| found.value)
        };
        let value = match cell.source {
            Source::ThreeHats => biased_value(&white_restart_block(2)?, &bias)?,
            Source::SearchWhite => searched(Stopping::PassOnWhite)?,
            Source::SearchOneColour => searched(Stopping::PassOnOneColour)?,
        };
        let [first, second, paper] = published_biased(cell.bias());
        let value = value.to_f64().ok_or("a fraction beyond the floats")?;
        Ok(Outcome::Done(vec![Row { value, earlier: first.max(second), paper }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let published = |row: &Row| row.earlier.max(row.paper);
        let of = |source: Source, block: usize| {
            let rows = table.rows().filter(move |(cell, _)| cell.source == source && cell.block == block);
            rows.map(|(cell, row)| (cell.bias(), 1000.0 * (row.value - published(row)))).collect::<Vec<_>>()
        };
        let mut kinds: Vec<(Source, usize)> =
            table.rows().map(|(cell, _)| (cell.source, cell.block)).collect();
        kinds.dedup();
        let mut seen = Vec::new();
        let mut chart = Chart::new()
            .x_label("probability of a black hat, p")
            .y_label("value − best published bound, 1/1000")
            .horizontal_reference("max(U_1, U_2, U_3)", 0.0);
        for (source, block) in kinds {
            if seen.contains(&(source, block)) {
                continue;
            }
            seen.push((source, block));
            let name = match source {
                Source::ThreeHats => "three hats, passes on white (U_4)".to_owned(),
                Source::SearchWhite => format!("{block} hats searched, passes on white"),
                Source::SearchOneColour => format!("{block} hats searched, passes on one colour"),
            };
            chart = chart.line_with_markers(name, of(source, block));
        }
        report.figure(
            "beyond-published",
            "Exact value of block strategies minus the largest published bound, in thousandths. Above the dashed line a strategy is better than what \
             is published; near p = 1/2 nothing found here is.",
            "Lines against p: three hats that pass on white lie above zero up to p near 0.43, six up to 0.44; those that pass on one colour lie on or below zero.",
            &Figure::new("Passing on white alone beats the published bounds").panel(chart),
        )?;
        let biases: Vec<f64> = (1..=100).map(|i| f64::from(i) / 200.0).collect();
        let over_first = |bound: &dyn Fn(f64) -> f64| {
            biases.iter().map(|&p| (p, 1000.0 * (bound(p) - published_biased(p)[0]))).collect::<Vec<_>>()
        };
        let dominance = Chart::new()
            .x_label("probability of a black hat, p")
            .y_label("bound − U_1, 1/1000")
            .y_range(-1.0, 1.0)
            .horizontal_reference("U_1", 0.0)
            .line("U_2", over_first(&|p| published_biased(p)[1]))
            .line("U_3, the paper's", over_first(&|p| published_biased(p)[2]))
            .line("U_4, three hats that pass on white", over_first(&|p| white_restart(2, p)));
        report.figure(
            "dominance",
            "Closed-form bounds relative to U_1, in thousandths: the largest is the best known at that p. U_3 leads the published ones below p = 0.312; \
             U_4 (beyond the paper) leads below 0.430.",
            "Three curves around a dashed zero line; U_3 crosses it at 0.312 and U_4 at 0.430.",
            &Figure::new("Which bound is best at which bias").panel(dominance),
        )
    }
}
