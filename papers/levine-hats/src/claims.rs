//! The paper's claims and the rules that judge them, fixed before any number was measured.
//!
//! The abstract and the companion scripts were at hand, with their theorem numbers; the full text was not. What goes beyond the paper says
//! so in its place.

use lab::{Claim, Estimate, Rule, Table};

use crate::experiments::biased_hats::{self, BiasedHats};
use crate::experiments::block_values::{self, BlockValues, Source};
use crate::experiments::continuous_game::{ContinuousGame, Model};
use crate::experiments::convergence::{self, Convergence, Family};
use crate::experiments::many_players::{self, ManyPlayers};
use crate::experiments::search_basins::SearchBasins;
use crate::experiments::strategy_histogram::{StrategyHistogram, Way};
use crate::experiments::value_table::{self, Method, ValueTable};
use crate::experiments::win_regions::{self, WinRegions};

/// What the paper leaves out or could not be looked up, and what is assumed here.
pub const OPEN_QUESTIONS: &[&str] = &[
    "The full text was not at hand: claims, theorem numbers and formulas come from the abstract and from four companion scripts.",
    "S_5 (K_5 in the first version) is a reconstruction: it has every property that is stated of it, but the paper's own table was not seen.",
    "The paper's model of uncountable stacks was not seen: two models are played here that have the stated value.",
    "What is marked as beyond the paper was derived here; whether it is new was not checked against the full texts.",
];

/// Table 1 of the paper, h = 1 to 5.
const HILL_CLIMBING: [u64; 5] = [1, 5, 22, 89, 358];

/// All claims, in the order in which the reports show them.
pub fn claims() -> Vec<Claim> {
    vec![
        Claim::new(
            "s3-attains",
            "The recursive strategy S_3 has value 7/20.",
            "abstract; Theorem 26, t = 3",
            &BlockValues,
            Rule::between("value of S_3 minus 7/20, exact", 0.0, 0.0),
            |table| Ok(excess(table, |cell| cell.source == Source::Constructed && cell.block == 3)),
        )
        .paper_value("7/20")
        .shown_by("values"),
        Claim::new(
            "s5-attains",
            "So does S_5, with blocks of five.",
            "abstract; S_5 (K_5 in the first version)",
            &BlockValues,
            Rule::between("value of S_5 minus 7/20, exact", 0.0, 0.0),
            |table| Ok(excess(table, |cell| cell.source == Source::Constructed && cell.block == 5)),
        )
        .paper_value("7/20")
        .shown_by("values"),
        Claim::new(
            "odd-blocks-attain",
            "Odd blocks of three and more hats attain 7/20; here up to eleven hats, in the full profile thirteen.",
            "Theorem 27 with Theorem 26",
            &BlockValues,
            Rule::between("value minus 7/20 of the constructed block that is farthest from it", 0.0, 0.0),
            |table| Ok(excess(table, |cell| cell.source == Source::Constructed)),
        )
        .shown_by("values"),
        Claim::new(
            "even-blocks-cannot",
            "No even block that passes on blocks of one colour attains 7/20.",
            "Theorem 22",
            &BlockValues,
            Rule::at_most("even blocks for which 7/20 takes a whole number of wins, or which a search brought to 7/20", 0.0),
            |table| {
                let even: Vec<_> = table
                    .rows()
                    .filter(|(cell, _)| cell.source == Source::SearchOneColour && cell.block % 2 == 0)
                    .map(|(_, row)| f64::from(u8::from(row.attainable || row.excess >= 0.0)))
                    .collect();
                Ok(Estimate::exact(if even.is_empty() { f64::NAN } else { even.iter().sum() }))
            },
        )
        .shown_by("values"),
        Claim::new(
            "rate-of-s3",
            "S_3 on h = 3q + r hats misses 7/20 by at most (7/20 − V_{2,r})/16^q; the last r hats are played by the chain, which attains V_{2,r} for r ≤ 3.",
            "Propositions 16 and 17",
            &Convergence,
            Rule::at_most("largest ratio of gap and bound", 1.0),
            |table| Ok(gap_over_bound(table, Family::BlocksOfThree)),
        )
        .shown_by("gaps"),
        Claim::new(
            "rate-of-s5",
            "S_5 on h = 5q + r hats misses 7/20 by at most (7/20 − V_{2,r})/256^q; the last r hats are played by the chain, for r = 5 with 358/1024, the largest value known.",
            "Propositions 16 and 17",
            &Convergence,
            Rule::at_most("largest ratio of gap and bound", 1.0),
            |table| Ok(gap_over_bound(table, Family::BlocksOfFive)),
        )
        .shown_by("gaps"),
        Claim::new(
            "hill-climbing-table",
            "Hill climbing finds V_{2,h} ≥ 1/4, 5/16, 22/64, 89/256, 358/1024 for h = 1 to 5.",
            "Table 1",
            &ValueTable,
            Rule::at_least("smallest difference of wins found by search and the table's", 0.0),
            |table| {
                let searched = table.rows().filter(|(cell, _)| cell.method == Method::Search && cell.height <= 5);
                let differences =
                    searched.map(|(cell, row)| row.wins as f64 - HILL_CLIMBING[cell.height - 1] as f64);
                Ok(Estimate::smallest_of(differences))
            },
        )
        .paper_value("1/4, 5/16, 22/64, 89/256, 358/1024")
        .shown_by("values"),
        Claim::new(
            "biased-improvement",
            "For p < 0.312 a strategy in blocks of five is worth more than the bounds known before.",
            "abstract; Theorem 29",
            &BiasedHats,
            Rule::at_least("smallest excess of five hats that pass on one colour over max(U_1, U_2) for p ≤ 0.31", 1e-12),
            |table| {
                let five = table.rows().filter(|(cell, _)| {
                    cell.source == biased_hats::Source::SearchOneColour && cell.block == 5 && cell.per_mille <= 310
                });
                Ok(Estimate::smallest_of(five.map(|(_, row)| row.value - row.earlier)))
            },
        )
        .shown_by("beyond-published"),
        Claim::new(
            "continuous-value",
            "With uncountable stacks the value is one half for every number of players; here 2, 3 and 4.",
            "abstract",
            &ContinuousGame,
            Rule::between("1/2 minus the area at the largest scale, farthest from 0 over 2, 3 and 4 players", 0.0, 1e-3),
            |table| {
                let waves: Vec<_> =
                    table.rows().filter(|(cell, _)| cell.model == Model::Frequency).collect();
                let largest = waves.iter().map(|(cell, _)| cell.scale).fold(0.0, f64::max);
                let at_largest = waves.iter().filter(|(cell, _)| cell.scale == largest);
                Ok(Estimate::farthest_from(0.0, at_largest.map(|(_, row)| 0.5 - row.area)))
            },
        )
        .paper_value("1/2")
        .shown_by("area"),
        Claim::new(
            "continuous-strategies",
            "The strategies for uncountable stacks win as often as the areas of their win sets say.",
            "our reading of the integral framework",
            &ContinuousGame,
            Rule::at_most("largest deviation of sampled plays from the area, in standard errors, over all models", 5.0),
            |table| Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.deviations.abs()))),
        ),
        Claim::new(
            "geometric-value",
            "A strategy's value is the area of the region of the unit square in which both are right, and each alone is right on half of it.",
            "abstract: geometric framework",
            &WinRegions,
            Rule::at_most("largest difference, in cells, of area and counted wins, and of a player's area and half of 4^9", 0.0),
            |table| {
                let half = 4_f64.powi(9) / 2.0;
                let away = |cells: u64, from: f64| (cells as f64 - from).abs();
                let faults = |row: &win_regions::Row| {
                    let alone = away(row.first_right, half).max(away(row.second_right, half));
                    alone.max(away(row.both_right, row.wins as f64))
                };
                Ok(Estimate::worst_of(table.rows().map(|(_, row)| faults(row))))
            },
        )
        .shown_by("overlap"),
        Claim::new(
            "chain-at-every-height",
            "An explicit chain wins ⌊7·4^h/20⌋ colourings at every height measured.",
            "beyond the paper, which states the rate 1/4^(1−ε)",
            &ValueTable,
            Rule::between("wins of the chain minus ⌊7·4^h/20⌋, farthest from 0", 0.0, 0.0),
            |table| {
                let chain = table.rows().filter(|(cell, _)| cell.method == Method::Chain);
                Ok(Estimate::farthest_from(0.0, chain.map(|(_, row)| row.wins as f64 - row.conjectured as f64)))
            },
        )
        .shown_by("values"),
        Claim::new(
            "four-hats-proved",
            "V_{2,4} = 89/256, by visiting every table and by visiting one of each class.",
            "beyond the paper, whose Table 1 gives it as a lower bound",
            &StrategyHistogram,
            Rule::between("most wins of any table of four hats (−1 if the two counts differ)", 89.0, 89.0),
            |table| {
                let counted = |way: Way| {
                    let four = table.rows().filter(|(cell, _)| cell.height == 4 && cell.way == way);
                    four.map(|(_, row)| (row.wins, row.tables)).collect::<Vec<_>>()
                };
                let (one_by_one, by_class) = (counted(Way::EveryTable), counted(Way::EveryClass));
                // Counts that differ prove nothing: no number is then right.
                let most = one_by_one.last().map_or(f64::NAN, |(wins, _)| *wins as f64);
                Ok(Estimate::exact(if one_by_one == by_class { most } else { -1.0 }))
            },
        )
        .shown_by("tallest"),
        Claim::new(
            "integer-program-agrees",
            "The integer program has the same optimum as the enumeration, for three hats (with HiGHS, four).",
            "beyond the paper",
            &ValueTable,
            Rule::between("optimum of the integer program minus that of the enumeration, farthest from 0", 0.0, 0.0),
            |table| Ok(program_minus_enumeration(table)),
        ),
        Claim::new(
            "two-and-three-hats",
            "For stacks of two and three hats the modular code is optimal for every number of players.",
            "beyond the paper",
            &ManyPlayers,
            Rule::between("upper bound minus wins of the modular code, farthest from 0", 0.0, 0.0),
            |table| {
                let codes =
                    table.rows().filter(|(cell, _)| cell.source == many_players::Source::ModularCode);
                let short = codes.filter(|(cell, _)| cell.height == 2 || cell.height == 3);
                Ok(Estimate::farthest_from(0.0, short.map(|(_, row)| row.upper_bound as f64 - row.wins as f64)))
            },
        )
        .shown_by("players"),
        record("record-3-4", "Search finds 1125 of 4096 wins for three players with four hats.", (3, 4), 1_125),
        record("record-3-5", "Search finds 9027 of 32768 wins for three players with five hats.", (3, 5), 9_027),
        record("record-4-4", "Search finds 14789 of 65536 wins for four players with four hats.", (4, 4), 14_789),
        Claim::new(
            "three-hats-biased",
            "Blocks of three hats that pass on white beat all published bounds for p ≤ 0.42.",
            "beyond the paper",
            &BiasedHats,
            Rule::at_least("smallest excess of U_4 over max(U_1, U_2, U_3) for p ≤ 0.42", 1e-12),
            |table| {
                let three = table.rows().filter(|(cell, _)| {
                    cell.source == biased_hats::Source::ThreeHats && cell.per_mille <= 420
                });
                Ok(Estimate::smallest_of(three.map(|(_, row)| row.value - row.earlier.max(row.paper))))
            },
        )
        .shown_by("dominance"),
        Claim::new(
            "nothing-above",
            "No restart of this experiment finds a strategy with more than ⌊7·4^h/20⌋ wins; one would refute V_2 = 7/20.",
            "beyond the paper: the conjecture in finite form",
            &SearchBasins,
            Rule::at_most("most wins found minus ⌊7·4^h/20⌋", 0.0),
            |table| Ok(Estimate::worst_of(table.rows().map(|(_, row)| row.beyond_conjecture as f64))),
        )
        .shown_by("hit-rate"),
        Claim::not_tested(
            "value-of-two-players",
            "Whether V_2 = 7/20.",
            "the open question behind the paper",
            "no method is known that decides it: the smallest upper bound proved without a computer is 0.37193",
        ),
    ]
}

/// A number of wins that an earlier search reached for n players and h hats.
fn record(id: &'static str, statement: &'static str, size: (usize, usize), wins: u64) -> Claim {
    Claim::new(
        id,
        statement,
        "beyond the paper: an earlier search's best",
        &ManyPlayers,
        Rule::at_least("wins found minus these", 0.0),
        move |table| {
            let searched =
                table.rows().find(|(cell, _)| (cell.players, cell.height) == size && cell.height > 3);
            Ok(Estimate::exact(searched.map_or(f64::NAN, |(_, row)| row.wins as f64 - wins as f64)))
        },
    )
    .shown_by("players")
}

type BlockTable = Table<block_values::Parameters, block_values::Row>;

/// The excess over 7/20, farthest from zero, of the blocks chosen.
fn excess(table: &BlockTable, chosen: impl Fn(&block_values::Parameters) -> bool) -> Estimate {
    Estimate::farthest_from(0.0, table.rows().filter(|(cell, _)| chosen(cell)).map(|(_, row)| row.excess))
}

fn gap_over_bound(table: &Table<convergence::Parameters, convergence::Row>, family: Family) -> Estimate {
    let rows = table.rows().filter(|(cell, _)| cell.family == family);
    Estimate::worst_of(rows.map(|(_, row)| row.gap / row.bound))
}

/// Over the heights that both have.
fn program_minus_enumeration(table: &Table<value_table::Parameters, value_table::Row>) -> Estimate {
    let of = |method: Method, height: usize| {
        let mut rows = table.rows();
        let found = rows.find(|(cell, _)| cell.method == method && cell.height == height);
        found.map(|(_, row)| row.wins as f64)
    };
    let heights = 1..=crate::exhaustive::MAX_HEIGHT;
    Estimate::farthest_from(
        0.0,
        heights.filter_map(|h| Some(of(Method::IntegerProgram, h)? - of(Method::Exhaustive, h)?)),
    )
}
