//! `bounded-losses`: compromises between a loss that is not convex and |x|₁ that no weights reach.

use std::collections::BTreeSet;

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::continuation::{Loss, Point, Wells, follow};
use crate::hypervolume::nondominated;

/// Bounded losses.
pub struct BoundedLosses;

/// A cell: Σ 1 − e^(−(x_i − a_i)²) with a_i from `nearest` on in equal steps.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Coordinates.
    pub dimension: u32,
    /// The least a_i.
    pub nearest: f64,
    /// Between a_i.
    pub apart: f64,
    /// Arc length of a step.
    pub step: f64,
}

/// A point of the curve.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Arc length from 0.
    #[column(within = 1e-6)]
    pub arc: f64,
    /// λ.
    #[column(absolute = 1e-9)]
    pub lambda: f64,
    /// The loss.
    #[column(absolute = 1e-9)]
    pub loss: f64,
    /// |x|₁.
    #[column(absolute = 1e-9)]
    pub l1: f64,
    /// Largest violation of criticality.
    #[column(absolute = 1e-9)]
    pub residual: f64,
    /// Whether some weight has it as a global minimiser.
    pub reached: bool,
    /// Whether no other point of the curve is better in both objectives.
    pub compromise: bool,
}

impl Experiment for BoundedLosses {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "bounded-losses";
    const TITLE: &'static str = "Compromises that weights miss";
    const QUESTION: &'static str = "How much of a critical curve is out of reach of every weight, and does continuation follow it there?";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (dimensions, step): (&[u32], f64) = match profile {
            Profile::Smoke => (&[1], 0.05),
            Profile::Quick => (&[1, 2, 3], 0.02),
            Profile::Full => (&[1, 2, 3, 4], 0.05),
        };
        dimensions
            .iter()
            .map(|dimension| Parameters { dimension: *dimension, nearest: 1.5, apart: 0.2, step })
            .collect()
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        let wells = Wells((0..cell.dimension).map(|i| cell.nearest + cell.apart * f64::from(i)).collect());
        let points = follow(&wells, cell.step, 100_000);
        let objectives: Vec<Vec<f64>> = points
            .iter()
            .map(|point| vec![wells.value(&point.x), point.x.iter().map(|x| x.abs()).sum()])
            .collect();
        let compromises: BTreeSet<usize> = nondominated(&objectives).into_iter().collect();
        let row = |(place, point): (usize, &Point)| Row {
            arc: point.arc,
            lambda: point.lambda,
            loss: objectives[place][0],
            l1: objectives[place][1],
            residual: point.residual,
            reached: wells.weight_reaches(&point.x, point.lambda),
            compromise: compromises.contains(&place),
        };
        Ok(Outcome::Done(points.iter().enumerate().map(row).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Critical curves of bounded losses and |x|₁").columns(2);
        for (cell, rows) in table.cells().filter(|(cell, _)| cell.dimension <= 2) {
            let title = if cell.dimension == 1 { "one coordinate" } else { "two coordinates" };
            let chart = Chart::new()
                .title(title)
                .x_label("|x|₁")
                .y_label("loss")
                .line("critical curve", rows.iter().map(|row| (row.l1, row.loss)))
                .scatter(
                    "reached by a weight",
                    rows.iter().filter(|row| row.reached).map(|row| (row.l1, row.loss)),
                );
            figure = figure.panel(chart);
        }
        report.figure(
            "curves",
            "The curve of critical points, which turns back where it has to. Weights reach only its end, where the front is convex.",
            "Curves that fall, one of them forth and back, with dots at their ends only.",
            &figure,
        )
    }
}
