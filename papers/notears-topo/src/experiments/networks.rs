//! `networks`: swaps where every variable has a small network.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::instance::{Graphs, random_order};
use crate::bilevel::{self, Acceptance, Candidates, Options, Sets};
use crate::constraints::Precedence;
use crate::inner::{ByRefitting, Inner};
use crate::node_score::{Perceptron, PerceptronOptions};
use crate::search::Neighbourhood;
use crate::{graph, simulate};

/// Nonlinear models.
pub struct Networks;

/// A cell: a problem and a random start.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Number of variables, d.
    pub variables: usize,
    /// Observations, n.
    pub rows: usize,
    /// Units of each network.
    pub hidden: usize,
    /// Draw of the problem and the start.
    pub replicate: u32,
}

/// An order and its score.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// `random`, `swapped` or `truth`.
    pub at: Place,
    /// The penalised loss.
    #[column(within = 0.1)]
    pub score: f64,
    /// SHD of edges of norm 0.5 and more.
    #[column(absolute = 4)]
    pub hamming: usize,
    /// Trainings priced or made.
    #[column(within = 0.9)]
    pub trainings: u64,
}

/// Which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The random start.
    Random,
    /// After the paper's swaps.
    Swapped,
    /// The true order.
    Truth,
}

impl Experiment for Networks {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "networks";
    const TITLE: &'static str = "Nonlinear models: a small network for each variable";
    const QUESTION: &'static str = "Data of random networks on ER graphs of one edge a node: how far do the paper's swaps (first improvement, candidate sets for nonlinear models) lower the loss of a random order, compared with the true \
         order? The full profile has the authors' example, 10 variables, 1000 rows and 40 units.";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (variables, rows, hidden, replicates) = match profile {
            Profile::Smoke => (3, 100, 4, 1),
            Profile::Quick => (6, 300, 10, 6),
            Profile::Full => (8, 500, 20, 6),
        };
        (0..replicates).map(|replicate| Parameters { variables, rows, hidden, replicate }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { variables, rows, hidden, .. } = *cell;
        let mut stream = random.stream("problem");
        let truth = Graphs::Er1.draw(variables, &mut stream);
        let data = simulate::perceptron(truth.view(), rows, &mut stream)?;
        let score = Perceptron::new(data.view(), PerceptronOptions { hidden, ..Default::default() })?;
        let everywhere = || Array2::from_elem((variables, variables), true);
        let row = |at: Place, inner: &ByRefitting<Perceptron>| -> Result<Row, Failure> {
            let found = inner.weights().mapv(|w| if w >= 0.5 { w } else { 0.0 });
            Ok(Row {
                at,
                score: inner.score(),
                hamming: graph::compare(truth.view(), found.view())?.hamming,
                trainings: inner.regressions().count,
            })
        };
        let options = Options {
            neighbourhood: Neighbourhood::Swaps,
            candidates: Candidates::Sets(Sets::automatic_nonlinear(variables)),
            acceptance: Acceptance::First,
            resort: false,
            tolerance: 1e-6,
        };
        let mut inner = ByRefitting::new(&score, everywhere(), random_order(variables, random)?)?;
        let start = row(Place::Random, &inner)?;
        bilevel::search(&mut inner, &Precedence::none(), &options)?;
        // Trained from new parameters as the others are: what a search trained longer is no merit of its order.
        let anew = ByRefitting::new(&score, everywhere(), inner.order().clone())?;
        let swapped = Row { trainings: inner.regressions().count, ..row(Place::Swapped, &anew)? };
        let at_truth = ByRefitting::new(&score, everywhere(), graph::topological_order(truth.view())?)?;
        Ok(Outcome::Done(vec![start, swapped, row(Place::Truth, &at_truth)?]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let bars = |value: fn(&Row) -> f64, at: Place| -> Vec<f64> {
            table.rows().filter(|(_, row)| row.at == at).map(|(_, row)| value(row)).collect()
        };
        let chart = |label: &str, value: fn(&Row) -> f64| {
            let names = (1..=table.cells().count()).map(|problem| problem.to_string());
            Chart::new()
                .x_label("problem")
                .y_label(label)
                .categories(names)
                .bars("random order", bars(value, Place::Random))
                .bars("after swaps", bars(value, Place::Swapped))
                .bars("true order", bars(value, Place::Truth))
        };
        report.figure(
            "losses",
            "Penalised loss, and structural Hamming distance of the edges of norm 0.5 and more, at a random order, at the order after swaps from there, and at the true order, each trained from new parameters.",
            "Bars in groups of three for each problem: the loss of the random order, after swaps, and of the true order.",
            &Figure::new("Swaps with a network for each variable")
                .columns(2)
                .panel(chart("penalised loss", |row| row.score))
                .panel(chart("SHD", |row| row.hamming as f64)),
        )
    }
}
