//! `many-players`: three and more players.

use std::collections::BTreeMap;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use num_traits::ToPrimitive;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::bounds::{first_black, lifted, lowest_black_code, min_weight};
use crate::constructions::modular;
use crate::search::{SearchOptions, search};
use crate::wins;

/// Values for n ≥ 2 players, constructed and searched.
pub struct ManyPlayers;

/// Where a strategy comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The modular code.
    ModularCode,
    /// Alternating best responses.
    Search,
}

/// A cell: a size and a source.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Number of players, n.
    pub players: usize,
    /// Hats of a stack, h.
    #[column(unit = "hats")]
    pub height: usize,
    /// Where the strategy comes from.
    pub source: Source,
    /// Restarts of the search.
    pub restarts: u64,
}

/// What it wins.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Winning colourings of 2^(nh).
    pub wins: u64,
    /// Min-weight bound on the wins of any strategy.
    pub upper_bound: u64,
    /// The lower bound on V_n, the infinite game, as a fraction.
    pub lifted: String,
    /// The same as a number.
    pub lifted_value: f64,
    /// Restarts that reached the wins.
    pub hits: Option<u64>,
}

/// Sizes beyond three hats and the restarts of the quick profile.
const RECORDS: [(usize, usize, u64); 3] = [(3, 4, 32_768), (3, 5, 2_048), (4, 4, 512)];

impl Experiment for ManyPlayers {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "many-players";
    const TITLE: &'static str = "Three and more players";
    const QUESTION: &'static str = "How many of the 2^(nh) colourings do n players win by the modular code and by search, against the largest number that any strategy could win?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let most = match profile {
            Profile::Smoke => 4,
            Profile::Quick => 6,
            Profile::Full => 8,
        };
        let mut grid = Vec::new();
        for players in 2..=most {
            for height in 1..=3 {
                grid.push(Parameters { players, height, source: Source::ModularCode, restarts: 0 });
            }
        }
        let mut searched = |players, height, restarts| {
            grid.push(Parameters { players, height, source: Source::Search, restarts });
        };
        for height in 1..=3 {
            searched(3, height, 64);
        }
        for (players, height, restarts) in RECORDS {
            match profile {
                Profile::Smoke => {}
                Profile::Quick => searched(players, height, restarts / 4),
                Profile::Full => searched(players, height, 16 * restarts),
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { players, height, .. } = *cell;
        let (wins, hits) = match cell.source {
            Source::ModularCode => (wins(&modular(players, height)?)?, None),
            Source::Search => {
                let seed = random.stream("restarts").random();
                let options = SearchOptions { seed, ..SearchOptions::new(players, height) };
                let found = search(&options, None, |best| best.restarts < cell.restarts)?;
                (found.wins, Some(found.hits))
            }
        };
        let lifted = lifted(wins, players, height);
        Ok(Outcome::Done(vec![Row {
            wins,
            upper_bound: u64::try_from(min_weight(players, height))?,
            lifted: lifted.to_string(),
            lifted_value: lifted.to_f64().ok_or("a fraction beyond the floats")?,
            hits,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let codes = table.rows().filter(|(cell, _)| cell.source == Source::ModularCode && cell.height == 3);
        let mut found = BTreeMap::new();
        for (cell, row) in table.rows().filter(|(cell, _)| cell.source == Source::Search) {
            let best = found.entry(cell.players).or_insert(0.0_f64);
            *best = best.max(row.lifted_value);
        }
        let most = table.rows().map(|(cell, _)| cell.players).max().unwrap_or(2);
        let all = || (2..=most).map(|players| players as f64);
        let chart = Chart::new()
            .x_label("number of players, n")
            .y_label("lower bound on V_n, infinite stacks")
            .x_ticks(all())
            .line_with_markers("1/(n + 1): first level all black", all().zip((2..=most).map(first_black)))
            .line_with_markers(
                "modular code of the lowest black hat",
                all().zip((2..=most).map(lowest_black_code)),
            )
            .line_with_markers(
                "modular code of three hats, lifted",
                codes.map(|(cell, row)| (cell.players as f64, row.lifted_value)),
            )
            .scatter(
                "found by search, lifted",
                found.into_iter().map(|(players, value)| (players as f64, value)),
            );
        report.figure(
            "players",
            "Lower bounds on V_n against the number of players. Three hats and arithmetic modulo 3 beat pointing at the first black level \
             for few players; the modular code of the lowest black hat, which falls only like 1/log n, wins for many. Search improves on \
             three hats for three and four players.",
            "Falling curves of lower bounds against n; the code of three hats is the highest line for few players, the code of the lowest black hat for six and more; points found by search lie above both at three and four players.",
            &Figure::new("What n players can be sure of").panel(chart),
        )
    }
}
