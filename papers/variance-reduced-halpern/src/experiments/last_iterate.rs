//! `last-iterate`: the residual of every iterate of Algorithm 1 against the bound that is proved for it (derived here).

use std::ops::ControlFlow;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::{key, of_seeds};
use crate::operator::{FiniteSum, norm};
use crate::page::{Options, page_halpern};
use crate::potential::{certified_step, tuned};
use crate::problems::projections;
use crate::resolvent::Simple;
use crate::run::Task;

/// Residuals at every k.
pub struct LastIterate;

/// Which parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// The authors' b and p, the proved step.
    Certified,
    /// b, p and step that the proof finds best.
    Tuned,
    /// The authors' b and p, a step of 1/L, above what is proved.
    Long,
}

/// All of them with their names.
pub const CHOICES: [(Choice, &str); 3] = [
    (Choice::Certified, "proved step"),
    (Choice::Tuned, "tuned b and p"),
    (Choice::Long, "step 1/L, not proved"),
];

/// A cell: many runs on one problem.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Which parameters.
    pub choice: Choice,
    /// n.
    pub components: usize,
    /// Steps.
    pub steps: u64,
    /// Runs.
    pub seeds: u32,
}

/// An iterate.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The run.
    pub replicate: u32,
    /// k.
    pub step: u64,
    /// |F(u_k)| η (k + 3)/D; the bound is 4 in the root mean square, the quasi-stationary value 2.
    #[column(within = 1e-2)]
    pub scaled: f64,
}

impl Experiment for LastIterate {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "last-iterate";
    const TITLE: &'static str = "Residuals of every iterate";
    const QUESTION: &'static str = "The guarantee is for the last iterate. Is the root mean square of |F(u_k)| below 4D/(η(k+3)) at every k?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, steps, seeds): (&[usize], _, _) = match profile {
            Profile::Smoke => (&[16], 100, 3),
            Profile::Quick => (&[16, 256, 1_024], 3_000, 20),
            Profile::Full => (&[16, 64, 256, 1_024, 4_096], 30_000, 30),
        };
        let cells =
            |&components: &usize| CHOICES.map(|(choice, _)| Parameters { choice, components, steps, seeds });
        sizes.iter().flat_map(cells).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let n = cell.components;
        let sum = projections(n, 0.5, &mut random.shared_stream("problem", &key([("n", n as f64)]))?);
        let options = match cell.choice {
            Choice::Certified => {
                Options { eta: certified_step(&Options::new(1.0, n)), ..Options::new(1.0, n) }
            }
            Choice::Tuned => tuned(n, f64::INFINITY),
            Choice::Long => Options::new(1.0, n),
        };
        let options = Options { eta: options.eta / sum.average_constant(), ..options };
        let (distance, start) = (norm(sum.zero()), vec![0.0; sum.dimension()]);
        let rows = of_seeds(random, cell.seeds, |replicate, seed| {
            let task =
                Task { operator: &sum, resolvent: &Simple::Zero, start: &start, calls: u64::MAX, seed };
            let (mut rows, mut next, mut value) = (Vec::new(), 0.0_f64, vec![0.0; sum.dimension()]);
            page_halpern(&task, &options, |step| {
                if step.number as f64 >= next {
                    let scaled =
                        step.residual(&sum, &mut value) * options.eta * (step.number as f64 + 3.0) / distance;
                    rows.push(Row { replicate, step: step.number, scaled });
                    next = (next + 1.0).max(next * 1.8).floor();
                }
                if step.number >= cell.steps { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            Ok(rows)
        })?;
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let mut figure = Figure::new("Residuals along Algorithm 1")
            .subtitle("mean square over runs on one problem, 95 % bootstrap interval")
            .columns(3);
        for (choice, name) in CHOICES {
            let mut chart = Chart::new()
                .title(name)
                .x_label("k + 1")
                .y_label("scaled residual, squared")
                .x_log()
                .y_log()
                .horizontal_reference("bound", 16.0);
            let mut sizes: Vec<usize> = table.cells().map(|(cell, _)| cell.components).collect();
            sizes.dedup();
            for n in sizes {
                let rows = table.rows().filter(|(cell, _)| cell.choice == choice && cell.components == n);
                let means = table.means_by(
                    rows.map(|(_, row)| (row.step as f64 + 1.0, row.scaled.powi(2))),
                    &format!("square of the scaled residual, {name}, n = {n}"),
                );
                chart = chart.means(format!("n = {n}"), &means);
                all.extend(means);
            }
            figure = figure.panel(chart);
        }
        report.figure(
            "scaled",
            "The mean square of |F(u_k)| η (k + 3)/D, which is proved to be at most 16 (rule) for the first two choices. It comes to 4, half of the bound in the root: λ_k (u_0 − u_k) is then nearly ηF(u_k).",
            "Three panels: lines that rise to a level of four, below a rule at sixteen.",
            &figure,
        )?;
        report.means_table("residuals", &all)
    }
}
