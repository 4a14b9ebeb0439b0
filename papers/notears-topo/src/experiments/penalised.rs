//! `penalised`: least squares with an l1 penalty, where the KKT conditions have teeth.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::instance::{Drawn, Graphs, Instance, random_order};
use crate::bilevel::{self, Options};
use crate::constraints::Precedence;
use crate::continuous::{NotearsOptions, notears};
use crate::inner::{ByRefitting, Inner};
use crate::node_score::Lasso;
use crate::simulate::Noise;
use crate::stationarity::{kkt_residual, least_squares_score, least_squares_slopes};
use crate::{Covariance, Order, exact, graph};

/// NOTEARS's own objective at exactly acyclic graphs.
pub struct Penalised;

/// A cell: a problem and a penalty.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Family of graphs and edges a node.
    pub graphs: Graphs,
    /// Number of variables, d.
    pub variables: usize,
    /// λ.
    pub penalty: f64,
    /// Draw of the problem.
    pub replicate: u32,
}

/// What is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// NOTEARS as it returns.
    NotearsReturned,
    /// After cutting the lightest edges until no cycle is left.
    NotearsCut,
    /// Regressions anew at the order of that graph.
    NotearsRefitted,
    /// The paper's search from that order.
    NotearsSwapped,
    /// The paper's search from a random order.
    RandomSwapped,
    /// Beyond the paper: the same, sorted anew along edges that close no cycle.
    RandomResorted,
    /// The optimum of dynamic programming.
    Optimum,
}

/// The names in figures.
pub const STAGES: [(Stage, &str); 7] = [
    (Stage::NotearsReturned, "returned"),
    (Stage::NotearsCut, "cut"),
    (Stage::NotearsRefitted, "refitted"),
    (Stage::NotearsSwapped, "swapped"),
    (Stage::RandomSwapped, "random, swapped"),
    (Stage::RandomResorted, "random, re-sorted"),
    (Stage::Optimum, "optimum"),
];

/// A graph's score.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// What is scored.
    pub stage: Stage,
    /// Q + λ|W|₁.
    #[column(within = 1e-2)]
    pub score: f64,
    /// Whether the graph has a topological order.
    pub acyclic: bool,
    /// KKT residual over λ; none for a graph with a cycle.
    #[column(within = 0.5, absolute = 1e-9)]
    pub residual: Option<f64>,
    /// Edges of nonzero weight.
    #[column(within = 0.5)]
    pub edges: usize,
}

impl Experiment for Penalised {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "penalised";
    const TITLE: &'static str = "With an l1 penalty: NOTEARS's own objective";
    const QUESTION: &'static str = "NOTEARS minimises Q + λ|W|₁ and returns a graph that is nearly acyclic. What is left of its score once the graph is exactly acyclic, is it a KKT point, and what do swaps add? The optimum over all \
         orders comes from dynamic programming with exact lasso regressions.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, replicates): (&[usize], u32) = match profile {
            Profile::Smoke => (&[5], 1),
            Profile::Quick => (&[10], 5),
            Profile::Full => (&[10, 14], 10),
        };
        let mut grid = Vec::new();
        for &variables in sizes {
            for graphs in [Graphs::Er1, Graphs::Er2, Graphs::Sf2] {
                for penalty in [0.02, 0.1, 0.5] {
                    grid.extend((0..replicates).map(|replicate| Parameters {
                        graphs,
                        variables,
                        penalty,
                        replicate,
                    }));
                }
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { graphs, variables, penalty, replicate } = *cell;
        let problem = Instance { graphs, noise: Noise::Gaussian, variables, replicate };
        let Drawn { covariance, .. } = problem.draw(random)?;
        let score = Lasso::new(covariance.clone(), penalty)?;
        let everywhere = Array2::from_elem((variables, variables), true);
        let at = |order: Order| ByRefitting::new(&score, everywhere.clone(), order);
        let swapped = |order: Order, resort: bool| -> Result<Array2<f64>, Failure> {
            let mut inner = at(order)?;
            let options = Options { resort, ..Options::of_the_paper(variables) };
            bilevel::search(&mut inner, &Precedence::none(), &options)?;
            Ok(inner.weights())
        };
        let returned = notears(&covariance, &NotearsOptions { l1: penalty, ..Default::default() })?.weights;
        let cut = graph::acyclic_core(returned.view()).0;
        let order = graph::topological_order(cut.view())?;
        let graphs = [
            (Stage::NotearsReturned, returned),
            (Stage::NotearsCut, cut),
            (Stage::NotearsRefitted, at(order.clone())?.weights()),
            (Stage::NotearsSwapped, swapped(order, false)?),
            (Stage::RandomSwapped, swapped(random_order(variables, random)?, false)?),
            (Stage::RandomResorted, swapped(random_order(variables, random)?, true)?),
            (Stage::Optimum, at(exact::refitted(&score)?.order)?.weights()),
        ];
        Ok(Outcome::Done(
            graphs
                .into_iter()
                .map(|(stage, weights)| row(stage, &covariance, weights.view(), penalty))
                .collect(),
        ))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut penalties: Vec<f64> = table.cells().map(|(cell, _)| cell.penalty).collect();
        penalties.sort_by(f64::total_cmp);
        penalties.dedup();
        let mut figure = Figure::new("From what NOTEARS returns to the optimum")
            .subtitle("relative to the least score of any acyclic graph; negative: infeasible")
            .columns(penalties.len());
        for penalty in penalties {
            let mut chart = Chart::new()
                .title(format!("λ = {penalty}"))
                .y_label("score above the optimum, relative")
                .horizontal_reference("optimum", 0.0)
                .categories(STAGES[..6].iter().map(|(_, name)| *name));
            let gaps = |stage: Stage| -> Vec<f64> {
                let cells = table.cells().filter(|(cell, _)| cell.penalty == penalty);
                cells
                    .filter_map(|(_, rows)| {
                        Some(of(rows, stage)?.score / of(rows, Stage::Optimum)?.score - 1.0)
                    })
                    .collect()
            };
            let points = |acyclic: bool| -> Vec<(f64, f64)> {
                let places = STAGES[..6].iter().enumerate();
                places
                    .filter(|(place, _)| (*place > 0) == acyclic)
                    .flat_map(|(place, (stage, _))| {
                        gaps(*stage).into_iter().map(move |gap| (place as f64, gap))
                    })
                    .collect()
            };
            for (name, acyclic) in [("may have cycles", false), ("acyclic", true)] {
                let points = points(acyclic);
                if !points.is_empty() {
                    chart = chart.scatter(name, points);
                }
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "stages",
            "Score Q + λ|W|₁ relative to the optimum over all orders, one mark a problem: as NOTEARS returns it, after cutting cycles, after regressing anew at its order, and after swaps from that order and \
             from a random one. What NOTEARS returns can lie below the optimum, because it has cycles.",
            "Panels by penalty: a column of marks for each stage around a line at zero.",
            &figure,
        )
    }
}

/// The row of a stage.
pub fn of(rows: &[Row], stage: Stage) -> Option<&Row> {
    rows.iter().find(|row| row.stage == stage)
}

fn row(stage: Stage, covariance: &Covariance, weights: ArrayView2<f64>, penalty: f64) -> Row {
    let slopes = least_squares_slopes(covariance, weights);
    Row {
        stage,
        score: least_squares_score(covariance, weights)
            + penalty * weights.iter().map(|w| w.abs()).sum::<f64>(),
        acyclic: graph::is_acyclic(weights),
        residual: kkt_residual(weights, slopes.view(), penalty).ok().map(|residual| residual / penalty),
        edges: weights.iter().filter(|w| **w != 0.0).count(),
    }
}
