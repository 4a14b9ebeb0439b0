//! `neighbourhoods`: candidate sets, swaps and insertions from random starts.

use std::collections::BTreeMap;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::instance::{Graphs, Instance, random_order};
use crate::bilevel::{self, Candidates, Options};
use crate::constraints::Precedence;
use crate::exact;
use crate::inner::{ByFactor, Inner};
use crate::search::{Neighbourhood, Restarts, search};
use crate::simulate::Noise;

/// Where searches end, and what they look at.
pub struct Neighbourhoods;

/// A cell: a problem and a random start.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Family of graphs and edges a node.
    pub graphs: Graphs,
    /// Number of variables, d.
    pub variables: usize,
    /// Draw of the problem.
    pub replicate: u32,
    /// Draw of the start.
    pub start: u32,
}

/// What is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moves {
    /// Swaps of the paper's candidate sets; the large one may help once.
    CandidateSwaps,
    /// The same, the large one as often as it helps.
    CandidateSwapsUnlimited,
    /// All swaps.
    AllSwaps,
    /// All insertions.
    AllInsertions,
    /// All of both.
    All,
}

/// The names in figures.
pub const MOVES: [(Moves, &str); 5] = [
    (Moves::CandidateSwaps, "candidate sets, large one once"),
    (Moves::CandidateSwapsUnlimited, "candidate sets, unlimited"),
    (Moves::AllSwaps, "all swaps"),
    (Moves::AllInsertions, "all insertions"),
    (Moves::All, "swaps and insertions"),
];

/// The end of a search.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// What was searched.
    pub moves: Moves,
    /// Q at the end.
    #[column(within = 0.1)]
    pub score: f64,
    /// The least known: the optimum to 20 variables, else of many restarts.
    pub best: f64,
    /// Iterations that moved.
    #[column(within = 0.5, absolute = 5)]
    pub iterations: usize,
    /// Moves priced.
    #[column(within = 0.5)]
    pub priced: u64,
    /// Regressions that pricing by refitting would take.
    #[column(within = 0.5)]
    pub regressions: u64,
}

impl Experiment for Neighbourhoods {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "neighbourhoods";
    const TITLE: &'static str = "Candidate sets, swaps and insertions";
    const QUESTION: &'static str = "From the same random orders: where do searches end that look at the paper's candidate sets, at all swaps, at all insertions or at both, and how much must they price? Insertions are \
         beyond the paper.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, replicates, starts): (&[usize], u32, u32) = match profile {
            Profile::Smoke => (&[6], 1, 4),
            Profile::Quick => (&[15, 50], 2, 6),
            Profile::Full => (&[20, 50, 100], 3, 20),
        };
        let mut grid = Vec::new();
        for &variables in sizes {
            for graphs in [Graphs::Er2, Graphs::Er4, Graphs::Sf4] {
                for replicate in 0..replicates {
                    grid.extend((0..starts).map(|start| Parameters { graphs, variables, replicate, start }));
                }
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { graphs, variables, replicate, .. } = *cell;
        let covariance =
            Instance { graphs, noise: Noise::Gaussian, variables, replicate }.draw(random)?.covariance;
        let start = random_order(variables, random)?;
        let none = Precedence::none();
        let best = match variables {
            ..=20 => exact::least_squares(&covariance)?.score,
            _ => {
                let restarts = Restarts { random: 10, perturbations: 20, seed: u64::from(replicate) };
                search(&covariance, None, restarts, Neighbourhood::Insertions, &none)?.score
            }
        };
        let of_the_paper = Options::of_the_paper(variables);
        let all = Options { candidates: Candidates::All, ..of_the_paper };
        let rows = MOVES.map(|(moves, _)| {
            let options = match moves {
                Moves::CandidateSwaps => of_the_paper,
                Moves::CandidateSwapsUnlimited => Options::unlimited(variables),
                Moves::AllSwaps => all,
                Moves::AllInsertions => Options { neighbourhood: Neighbourhood::Insertions, ..all },
                Moves::All => Options { neighbourhood: Neighbourhood::Both, ..all },
            };
            let mut inner = ByFactor::new(&covariance, start.clone());
            let progress = bilevel::search(&mut inner, &none, &options)?;
            Ok(Row {
                moves,
                score: inner.score(),
                best,
                iterations: progress.trace.len() - 1,
                priced: progress.priced,
                regressions: inner.regressions().count,
            })
        });
        Ok(Outcome::Done(rows.into_iter().collect::<Result<_, crate::Error>>()?))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut problems: Vec<(usize, Graphs)> =
            table.cells().map(|(cell, _)| (cell.variables, cell.graphs)).collect();
        problems.sort_unstable();
        problems.dedup();
        let mut figure = Figure::new("Where searches from random orders end")
            .subtitle(
                "each curve: all searches of one kind, sorted by where they end; optima are drawn at 1e-8",
            )
            .columns(2);
        let mut summary = Vec::new();
        // The least of a problem: of its own searches too, which can be luckier than the restarts.
        let mut least: BTreeMap<(usize, Graphs, u32), f64> = BTreeMap::new();
        for (cell, row) in table.rows() {
            let known = least.entry((cell.variables, cell.graphs, cell.replicate)).or_insert(f64::INFINITY);
            *known = known.min(row.best).min(row.score);
        }
        for &(variables, graphs) in &problems {
            let mut chart = Chart::new()
                .title(format!("{}, {variables} variables", graphs.name()))
                .x_label("share of searches")
                .y_label("score above the least known, relative")
                .y_log();
            for (slot, (moves, name)) in MOVES.into_iter().enumerate() {
                let rows: Vec<&Row> = table
                    .rows()
                    .filter(|(cell, row)| {
                        (cell.variables, cell.graphs) == (variables, graphs) && row.moves == moves
                    })
                    .map(|(_, row)| row)
                    .collect();
                let mut gaps: Vec<f64> = table
                    .rows()
                    .filter(|(cell, row)| {
                        (cell.variables, cell.graphs) == (variables, graphs) && row.moves == moves
                    })
                    .map(|(cell, row)| row.score / least[&(variables, graphs, cell.replicate)] - 1.0)
                    .collect();
                gaps.sort_by(f64::total_cmp);
                let count = gaps.len() as f64;
                let points = gaps.iter().enumerate();
                let points = points.map(|(index, gap)| ((index + 1) as f64 / count, gap.max(1e-8)));
                chart = chart.line(name, points).styled_as(slot);
                let mean =
                    |value: fn(&Row) -> u64| rows.iter().map(|row| value(row) as f64).sum::<f64>() / count;
                summary.push(Summary {
                    graphs,
                    variables,
                    moves,
                    searches: rows.len(),
                    median_gap: numerics::bootstrap::quantile(&gaps, 0.5),
                    worst_gap: gaps.last().copied().unwrap_or(f64::NAN),
                    optimal: gaps.iter().filter(|gap| **gap <= 1e-9).count() as f64 / count,
                    mean_priced: mean(|row| row.priced),
                    mean_regressions: mean(|row| row.regressions),
                });
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "basins",
            "Relative score above the least known at the ends of searches from random orders, sorted. A curve that stays at the bottom belongs to a search that often ends at the best order; a jump at its \
             end is a bad local minimum.",
            "Panels of rising curves, one for each kind of search.",
            &figure,
        )?;
        report.records("work", "Ends of searches and what they priced, over problems and starts.", &summary)
    }
}

#[derive(Serialize, Columns)]
struct Summary {
    /// Family of graphs and edges a node.
    graphs: Graphs,
    /// Number of variables, d.
    variables: usize,
    /// What is searched.
    moves: Moves,
    /// Searches.
    searches: usize,
    /// Score above the least known, relative, median.
    #[column(within = 0.5)]
    median_gap: f64,
    /// The same, worst.
    #[column(within = 0.5)]
    worst_gap: f64,
    /// Share of searches that end within 1e-9 of the least known.
    #[column(within = 0.5)]
    optimal: f64,
    /// Moves priced, mean.
    #[column(within = 0.2)]
    mean_priced: f64,
    /// Regressions, mean.
    #[column(within = 0.2)]
    mean_regressions: f64,
}
