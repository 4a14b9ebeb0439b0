//! `logistic`: swaps under the logistic score.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::instance::{Graphs, random_order};
use crate::bilevel::{self, Candidates, Options};
use crate::constraints::Precedence;
use crate::inner::{ByRefitting, Inner};
use crate::node_score::Logistic;
use crate::search::Neighbourhood;
use crate::stationarity::kkt_residual;
use crate::{exact, graph, simulate};

/// Binary variables.
pub struct LogisticScore;

/// A cell: a problem and a random start.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Number of variables, d.
    pub variables: usize,
    /// Draw of the problem.
    pub replicate: u32,
    /// Draw of the start.
    pub start: u32,
}

/// The end of a search.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The paper's candidate swaps, or beyond it all swaps and insertions.
    pub all_moves: bool,
    /// Score of the start.
    pub first: f64,
    /// Score at the end.
    #[column(within = 1e-2)]
    pub score: f64,
    /// The optimum of dynamic programming.
    pub optimum: f64,
    /// Score of the true order.
    pub truth: f64,
    /// KKT residual at the end.
    #[column(absolute = 1e-9)]
    pub residual: f64,
    /// Regressions priced or made.
    #[column(within = 0.5)]
    pub regressions: u64,
}

/// What cells of one problem share.
#[derive(Serialize)]
struct Problem {
    variables: usize,
    replicate: u32,
}

impl Experiment for LogisticScore {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "logistic";
    const TITLE: &'static str = "Binary variables: the logistic score";
    const QUESTION: &'static str = "Binary data from ER graphs of two edges a node, n = 10,000, no intercepts: how close to the optimum of dynamic programming do the paper's swaps come from random orders, and how close a search over all \
         swaps and insertions?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, replicates, starts): (&[usize], u32, u32) = match profile {
            Profile::Smoke => (&[4], 1, 2),
            Profile::Quick => (&[6, 8], 3, 8),
            Profile::Full => (&[6, 8, 10], 5, 20),
        };
        let mut grid = Vec::new();
        for &variables in sizes {
            for replicate in 0..replicates {
                grid.extend((0..starts).map(|start| Parameters { variables, replicate, start }));
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { variables, replicate, .. } = *cell;
        let mut shared = random.shared_stream("problem", &Problem { variables, replicate })?;
        let truth = Graphs::Er2.draw(variables, &mut shared);
        let data = simulate::logistic(truth.view(), 10_000, &mut shared)?;
        let score = Logistic::new(data.view(), 0.0)?;
        let everywhere = || Array2::from_elem((variables, variables), true);
        let true_order = graph::topological_order(truth.view())?;
        let true_score = ByRefitting::new(&score, everywhere(), true_order)?.score();
        let optimum = exact::refitted(&score)?.score;
        let start = random_order(variables, random)?;
        let of_the_paper = Options::of_the_paper(variables);
        let all = Options { candidates: Candidates::All, neighbourhood: Neighbourhood::Both, ..of_the_paper };
        let mut rows = Vec::new();
        for (all_moves, options) in [(false, of_the_paper), (true, all)] {
            let mut inner = ByRefitting::new(&score, everywhere(), start.clone())?;
            let first = inner.score();
            bilevel::search(&mut inner, &Precedence::none(), &options)?;
            let slopes = inner.slopes().ok_or("the logistic score has slopes")?;
            rows.push(Row {
                all_moves,
                first,
                score: inner.score(),
                optimum,
                truth: true_score,
                residual: kkt_residual(inner.weights().view(), slopes.view(), 0.0)?,
                regressions: inner.regressions().count,
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut sizes: Vec<usize> = table.cells().map(|(cell, _)| cell.variables).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let mut figure = Figure::new("Where searches under the logistic score end")
            .subtitle("all searches of one kind, sorted; the random starts for comparison")
            .columns(sizes.len().min(2));
        for variables in sizes {
            let sorted = |value: &dyn Fn(&Row) -> f64, all_moves: bool| -> Vec<(f64, f64)> {
                let rows = table
                    .rows()
                    .filter(|(cell, row)| cell.variables == variables && row.all_moves == all_moves);
                let mut gaps: Vec<f64> = rows.map(|(_, row)| value(row) - row.optimum).collect();
                gaps.sort_by(f64::total_cmp);
                let count = gaps.len() as f64;
                gaps.into_iter().enumerate().map(|(index, gap)| ((index + 1) as f64 / count, gap)).collect()
            };
            figure = figure.panel(
                Chart::new()
                    .title(format!("{variables} variables"))
                    .x_label("share of searches")
                    .y_label("score above the optimum")
                    .line("random start", sorted(&|row| row.first, false))
                    .line("swaps of candidate sets", sorted(&|row| row.score, false))
                    .line("all swaps and insertions", sorted(&|row| row.score, true)),
            );
        }
        report.figure(
            "ends",
            "Score above the optimum at random orders, and at the ends of searches from them, sorted.",
            "Panels by number of variables: a curve of starts, and below it the curves of both searches.",
            &figure,
        )
    }
}
