//! `optima`: the best quantum probability of small problems, between certified bounds.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use num_traits::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::hidden_chain::{blank_register_optimum, classical_optimum};
use crate::quantum::amplitudes::grover;
use crate::quantum::interrogation::{classical_overlap, overlap};
use crate::quantum::optimum::{Answers, QueryProblem};

/// Exact optima.
pub struct Optima;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A marked item.
    Search,
    /// A hidden chain's secret.
    Chain,
    /// The same with blank registers.
    BlankChain,
    /// Hidden signs.
    Signs,
}

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What.
    pub kind: Kind,
    /// N, or n.
    pub size: u64,
    /// T; 1 where there is none.
    pub length: u64,
    /// k.
    pub queries: u64,
}

/// An optimum.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// What the solver's algorithm attains.
    #[column(absolute = 1e-6)]
    pub attained: f64,
    /// What none exceeds.
    #[column(absolute = 1e-6)]
    pub bound: f64,
    /// The formula, where there is one; NaN else.
    pub formula: f64,
    /// The best classical value.
    pub classical: f64,
}

impl Experiment for Optima {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "optima";
    const TITLE: &'static str = "Exact quantum optima of small problems";
    const QUESTION: &'static str = "How much more than classical queries can quantum queries of small chains know, and is the programme right where the answer is known?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        use Kind::*;
        let small = [(Search, 4, 1, 1), (Signs, 2, 1, 1), (Chain, 2, 2, 1), (BlankChain, 2, 2, 1)];
        let more = [
            (Search, 3, 1, 1),
            (Search, 5, 1, 1),
            (Search, 8, 1, 1),
            (Search, 8, 1, 2),
            (Signs, 3, 1, 1),
            (Signs, 3, 1, 2),
            (BlankChain, 3, 2, 1),
            (Chain, 2, 3, 1),
            (Chain, 2, 3, 2),
            (Chain, 3, 2, 1),
        ];
        let largest = [(Signs, 4, 1, 1), (Signs, 4, 1, 2), (BlankChain, 4, 2, 1), (BlankChain, 2, 4, 1)];
        let cells = match profile {
            Profile::Smoke => small.to_vec(),
            Profile::Quick => [&small[..], &more].concat(),
            Profile::Full => [&small[..], &more, &largest].concat(),
        };
        cells
            .into_iter()
            .map(|(kind, size, length, queries)| Parameters { kind, size, length, queries })
            .collect()
    }

    fn measure(&self, cell: &Parameters, _random: &Random) -> Result<Outcome<Row>, Failure> {
        let (size, length, queries) =
            (usize::try_from(cell.size)?, usize::try_from(cell.length)?, usize::try_from(cell.queries)?);
        let chance = classical_optimum(u32::try_from(size)?, u32::try_from(length)?, u32::try_from(queries)?);
        let chance = chance.to_f64().unwrap_or(f64::NAN);
        let (problem, formula, classical) = match cell.kind {
            Kind::Search => {
                // With certainty for up to four items; a query that misses leaves the others.
                let formula = if queries == 1 && size >= 4 { grover(size as f64, 1) } else { f64::NAN };
                (QueryProblem::search(size), formula, (queries as f64 + 1.0).min(size as f64) / size as f64)
            }
            Kind::Chain => (QueryProblem::chain(size, length, Answers::Phases), f64::NAN, chance),
            Kind::BlankChain => {
                let formula = if length == 2 && queries == 1 {
                    blank_register_optimum(u32::try_from(size)?)
                } else {
                    f64::NAN
                };
                (QueryProblem::chain(size, length, Answers::Blank), formula, chance)
            }
            Kind::Signs => (
                QueryProblem::signs(size),
                overlap(cell.size, cell.queries),
                // One answer of ±1/√n coordinates, as the programme's.
                classical_overlap(cell.size, cell.queries).powi(2),
            ),
        };
        let found = problem.optimum(queries)?;
        Ok(Outcome::Done(vec![Row { attained: found.attained, bound: found.bound, formula, classical }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let name = |cell: &Parameters| match cell.kind {
            Kind::Search => format!("search {}, k={}", cell.size, cell.queries),
            Kind::Chain => format!("chain {}^{}, k={}", cell.size, cell.length, cell.queries),
            Kind::BlankChain => format!("blank {}^{}, k={}", cell.size, cell.length, cell.queries),
            Kind::Signs => format!("signs {}, k={}", cell.size, cell.queries),
        };
        let chart = Chart::new()
            .x_label("problem: items, letters^levels, or signs")
            .y_label("probability, or overlap")
            .y_range(0.0, 1.0)
            .categories(table.cells().map(|(cell, _)| name(cell)))
            .bars("quantum optimum", table.rows().map(|(_, row)| row.attained))
            .bars("classical optimum", table.rows().map(|(_, row)| row.classical));
        let gap = table.rows().map(|(_, row)| row.bound - row.attained).fold(0.0, f64::max);
        report.figure(
            "optima",
            &format!("Small chains do leak to quantum queries. Dual bounds are at most {gap:.0e} above what is shown. Signs are answered by sign vectors, of which classical queries know k/n."),
            "Pairs of bars.",
            &Figure::new("Best probabilities of k queries").width(1100.0).panel(chart),
        )
    }
}
