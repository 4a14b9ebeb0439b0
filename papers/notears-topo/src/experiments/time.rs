//! `time`: seconds of one search against the number of variables.

use std::time::Instant;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::instance::{Graphs, Instance, random_order};
use crate::baseline;
use crate::bilevel::{self, Options};
use crate::constraints::Precedence;
use crate::continuous::{DagmaOptions, NotearsOptions, dagma, notears};
use crate::inner::{ByFactor, ByRefitting};
use crate::node_score::LeastSquares;
use crate::search::{Neighbourhood, descend};
use crate::simulate::Noise;

/// Measured time.
pub struct SearchTime;

/// A cell: a method on a problem.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Number of variables, d.
    pub variables: usize,
    /// What is timed.
    pub contender: Contender,
    /// Draw of problem and start.
    pub replicate: u32,
}

/// What is timed, from the covariance matrix on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contender {
    /// A descent over all insertions.
    Insertions,
    /// A descent over all swaps.
    Swaps,
    /// The paper's search, priced by the factor.
    Paper,
    /// The paper's search by regressions on the covariance matrix.
    Refitting,
    /// The greedy equal-variance order.
    EqualVariance,
    /// DAGMA.
    Dagma,
    /// NOTEARS.
    Notears,
}

const CONTENDERS: [(Contender, &str, usize); 7] = [
    (Contender::Insertions, "all insertions", 1000),
    (Contender::Swaps, "all swaps", 200),
    (Contender::Paper, "candidate swaps, factor", 200),
    (Contender::Refitting, "candidate swaps, regressions", 50),
    (Contender::EqualVariance, "greedy equal variance", 1000),
    (Contender::Dagma, "DAGMA", 50),
    (Contender::Notears, "NOTEARS", 20),
];

/// A time.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Wall seconds.
    #[column(time, unit = "s")]
    pub seconds: f64,
}

impl Experiment for SearchTime {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "time";
    const TITLE: &'static str = "Time of one search";
    const QUESTION: &'static str = "How long does one search from a random order take, from the covariance matrix on, and how long the methods it is compared with? ER graphs of two edges a node; wall time on this machine.";
    const REVISION: u32 = 1;
    const RUNS_ALONE: bool = true;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, replicates): (&[usize], u32) = match profile {
            Profile::Smoke => (&[5], 1),
            Profile::Quick => (&[10, 20, 50, 100, 200], 2),
            Profile::Full => (&[10, 20, 50, 100, 200, 500, 1000], 5),
        };
        let mut grid = Vec::new();
        for &variables in sizes {
            for (contender, _, largest) in CONTENDERS {
                if variables <= largest {
                    grid.extend((0..replicates).map(|replicate| Parameters {
                        variables,
                        contender,
                        replicate,
                    }));
                }
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let Parameters { variables, contender, replicate } = *cell;
        let problem = Instance { graphs: Graphs::Er2, noise: Noise::Gaussian, variables, replicate };
        let covariance = problem.draw(random)?.covariance;
        let start = random_order(variables, random)?;
        let none = Precedence::none();
        let options = Options::of_the_paper(variables);
        let began = Instant::now();
        match contender {
            Contender::Insertions => drop(descend(&covariance, &start, Neighbourhood::Insertions, &none)?),
            Contender::Swaps => drop(descend(&covariance, &start, Neighbourhood::Swaps, &none)?),
            Contender::Paper => {
                drop(bilevel::search(&mut ByFactor::new(&covariance, start), &none, &options)?)
            }
            Contender::Refitting => {
                let score = LeastSquares::new(covariance);
                let everywhere = ndarray::Array2::from_elem((variables, variables), true);
                drop(bilevel::search(&mut ByRefitting::new(&score, everywhere, start)?, &none, &options)?);
            }
            Contender::EqualVariance => drop(baseline::equal_variance(&covariance)),
            Contender::Dagma => drop(dagma(&covariance, &DagmaOptions::default())?),
            Contender::Notears => drop(notears(&covariance, &NotearsOptions::default())?),
        }
        Ok(Outcome::Done(vec![Row { seconds: began.elapsed().as_secs_f64() }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut chart = Chart::new().x_label("variables, d").y_label("wall time, s").x_log().y_log();
        for (slot, (contender, name, _)) in CONTENDERS.into_iter().enumerate() {
            let rows = table.rows().filter(|(cell, _)| cell.contender == contender);
            let means = table.means_by(rows.map(|(cell, row)| (cell.variables as f64, row.seconds)), "time");
            if !means.is_empty() {
                chart = chart
                    .line_with_markers(name, means.iter().map(|mean| (mean.at, mean.mean)))
                    .styled_as(slot);
            }
        }
        report.timing_figure(
            "searches",
            "Mean wall time of one search from a random order, from the covariance matrix on.",
            "Rising lines by method on logarithmic axes.",
            &Figure::new("Time of one search").panel(chart),
        )
    }
}
