//! `fig2`: trained networks against the Gaussian law of the limit (the paper's Figure 2).

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::{Array1, array};
use serde::{Deserialize, Serialize};

use super::fig1::DEPTH;
use super::{angles, on_circle};
use crate::{Architecture, Loss, Posterior, Regression, Time, descend};

/// Outputs after training, and quantiles of the limit.
pub struct Figure2;

/// A cell: a network.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Units of each hidden layer, n.
    pub width: usize,
    /// Draw of the network.
    pub replicate: u32,
}

/// The output at a point.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Angle of the point.
    #[column(unit = "rad")]
    pub angle: f64,
    /// Output after training.
    #[column(within = 1e-4)]
    pub output: f64,
    /// Whether it lies between the 10 % and 90 % quantiles of the limit.
    pub inside: bool,
}

const POINTS: usize = 60;
/// Angles and targets of a third-party reproduction; the paper does not state its own.
const ANGLES: [f64; 4] = [-2.2, -1.0, 1.0, 2.2];
const STEPS: usize = 1_000;

fn targets() -> Array1<f64> {
    array![-0.4, -0.2, 0.3, 0.3]
}

/// The law of the limit after 1,000 steps at rate 1.
fn limit() -> Result<Posterior, Failure> {
    let regression =
        Regression::new(Architecture::of_the_paper(DEPTH), on_circle(&ANGLES).view(), targets().view())?;
    Ok(regression.posterior(on_circle(&angles(POINTS)).view(), Time::At(STEPS as f64))?)
}

impl Experiment for Figure2 {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "fig2";
    const TITLE: &'static str = "Trained networks follow the limit's Gaussian law (Figure 2)";
    const QUESTION: &'static str = "Networks of four layers are trained on four points of the circle, 1,000 steps at rate 1. Do their outputs lie between the 10 % and 90 % quantiles of the limit as often \
         as they should, 80 % of the time?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let sizes: &[(usize, u32)] = match profile {
            Profile::Smoke => &[(16, 3)],
            Profile::Quick => &[(50, 20), (300, 20)],
            Profile::Full => &[(50, 10), (1_000, 50)],
        };
        let cells = |&(width, replicates): &(usize, u32)| {
            (0..replicates).map(move |replicate| Parameters { width, replicate })
        };
        sizes.iter().flat_map(cells).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let angles = angles(POINTS);
        let mut network =
            Architecture::of_the_paper(DEPTH).draw_scalar(2, cell.width, &mut random.stream("network"))?;
        let y = targets().insert_axis(ndarray::Axis(1));
        descend(&mut network, on_circle(&ANGLES).view(), y.view(), Loss::Squared, 1.0, STEPS, |_, _| ())?;
        let output = network.forward(on_circle(&angles).view())?;
        let limit = limit()?;
        let (low, high) = (limit.quantile(0.1), limit.quantile(0.9));
        let row = |(place, &angle): (usize, &f64)| {
            let output = output[(place, 0)];
            Row { angle, output, inside: (low[place]..=high[place]).contains(&output) }
        };
        Ok(Outcome::Done(angles.iter().enumerate().map(row).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let angles = angles(POINTS);
        let limit = limit()?;
        let quantile = |probability: f64| limit.quantile(probability).to_vec();
        let mut widths: Vec<usize> = table.cells().map(|(cell, _)| cell.width).collect();
        widths.dedup();
        let mut figure = Figure::new("The limit's law tells where trained networks lie").columns(2);
        for width in widths {
            let mut chart = Chart::new()
                .title(format!("n = {width}"))
                .x_label("angle γ, rad")
                .y_label("output at (cos γ, sin γ)")
                .band("limit, 10 % to 90 %", angles.iter().copied(), quantile(0.1), quantile(0.9))
                .styled_as(2)
                .line("limit, median", angles.iter().copied().zip(quantile(0.5)))
                .styled_as(2);
            let networks = table.cells().filter(|(cell, _)| cell.width == width).take(10);
            let points =
                networks.flat_map(|(_, rows)| rows.iter().step_by(3).map(|row| (row.angle, row.output)));
            chart = chart.scatter("ten trained networks", points).styled_as(0);
            chart = chart.scatter("training points", ANGLES.into_iter().zip(targets())).styled_as(1);
            figure = figure.panel(chart);
        }
        report.figure(
            "functions",
            "Outputs of ten trained networks on the circle (marks), with median and 10 % to 90 % band of the limiting Gaussian process. At the training points all pass through the \
             targets.",
            "Two panels: a wavy line in a band that narrows at four points, with marks mostly inside the band.",
            &figure,
        )
    }
}
