//! `fig1`: the tangent kernel of finite networks on the circle, before and after training (the paper's Figure 1).

use lab::{Chart, Columns, Experiment, Failure, Figure, Mean, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use rand::Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use super::{angles, on_circle};
use crate::network::hidden_change;
use crate::{Architecture, Kind, Loss, descend};

/// Finite tangent kernels against their limit.
pub struct Figure1;

/// A cell: a network.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Units of each hidden layer, n.
    pub width: usize,
    /// Draw of the network and its training inputs.
    pub replicate: u32,
}

/// The kernel between (1, 0) and one point; and, the same in every row of a network, how the whole matrix differs.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Angle of the point.
    #[column(unit = "rad")]
    pub angle: f64,
    /// Tangent kernel with (1, 0) at initialisation.
    pub start: f64,
    /// The same after 200 steps.
    #[column(within = 1e-4)]
    pub end: f64,
    /// Relative distance from the limit at initialisation, all pairs of angles.
    pub initial_error: f64,
    /// Relative change in training, all pairs of angles.
    #[column(within = 1e-4)]
    pub change: f64,
    /// Relative growth of the trace in training.
    #[column(within = 1e-4)]
    pub inflation: f64,
    /// Relative change of the hidden weights.
    #[column(within = 1e-4)]
    pub hidden_change: f64,
}

pub(super) const DEPTH: usize = 4;
const POINTS: usize = 48;
const INPUTS: usize = 100;
const STEPS: usize = 200;
const RATE: f64 = 1.0;
/// Something of a network, the same in all its rows.
type Quantity = fn(&Row) -> f64;

fn norm(matrix: &Array2<f64>) -> f64 {
    matrix.iter().map(|entry| entry * entry).sum::<f64>().sqrt()
}

impl Experiment for Figure1 {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "fig1";
    const TITLE: &'static str = "The tangent kernel settles as networks get wider (Figure 1)";
    const QUESTION: &'static str = "How far is the tangent kernel of a network with four layers from its limit at initialisation, and how far does it move in 200 steps of gradient descent \
         (rate 1, target x₁x₂, 100 normal inputs)? On 48 points of the unit circle.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let sizes: &[(usize, u32)] = match profile {
            Profile::Smoke => &[(16, 2), (32, 2)],
            Profile::Quick => &[(64, 10), (128, 10), (256, 10), (500, 4), (1_024, 2)],
            // The paper's 10,000 would take twenty minutes a network.
            Profile::Full => {
                &[(64, 20), (128, 20), (256, 20), (500, 10), (1_024, 10), (2_048, 4), (4_096, 2)]
            }
        };
        let cells = |&(width, replicates): &(usize, u32)| {
            (0..replicates).map(move |replicate| Parameters { width, replicate })
        };
        sizes.iter().flat_map(cells).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let architecture = Architecture::of_the_paper(DEPTH);
        let angles = angles(POINTS);
        let circle = on_circle(&angles);
        let limit = architecture.matrix(Kind::Ntk, circle.view())?;
        let mut network = architecture.draw_scalar(2, cell.width, &mut random.stream("network"))?;
        let mut inputs = random.stream("inputs");
        let x = Array2::from_shape_simple_fn((INPUTS, 2), || inputs.sample::<f64, _>(StandardNormal));
        let y = Array2::from_shape_fn((INPUTS, 1), |(i, _)| x[(i, 0)] * x[(i, 1)]);
        let before = network.clone();
        let start = network.tangent_kernel(circle.view(), circle.view(), 0)?;
        descend(&mut network, x.view(), y.view(), Loss::Squared, RATE, STEPS, |_, _| ())?;
        let end = network.tangent_kernel(circle.view(), circle.view(), 0)?;
        let size = norm(&limit);
        let (initial_error, change) = (norm(&(&start - &limit)) / size, norm(&(&end - &start)) / size);
        let inflation = end.diag().sum() / start.diag().sum() - 1.0;
        let hidden_change = hidden_change(&network, &before);
        // Angle 0 is in the middle of the grid.
        let origin = POINTS / 2;
        let row = |(place, &angle): (usize, &f64)| Row {
            angle,
            start: start[(origin, place)],
            end: end[(origin, place)],
            initial_error,
            change,
            inflation,
            hidden_change,
        };
        Ok(Outcome::Done(angles.iter().enumerate().map(row).collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let architecture = Architecture::of_the_paper(DEPTH);
        let angles = angles(POINTS);
        let limit = architecture.cross(Kind::Ntk, on_circle(&[0.0]).view(), on_circle(&angles).view())?;
        let mut widths: Vec<usize> = table.cells().map(|(cell, _)| cell.width).collect();
        widths.dedup();
        let shown = [widths[widths.len() / 2], widths[widths.len() - 1]];
        let mut figure = Figure::new("Wider networks: less variance, less movement").columns(2);
        for width in shown {
            let mut chart = Chart::new()
                .title(format!("n = {width}"))
                .x_label("angle γ, rad")
                .y_label("tangent kernel with angle 0")
                .y_range(0.0, 0.6);
            let networks: Vec<&[Row]> = table
                .cells()
                .filter(|(cell, _)| cell.width == width)
                .map(|(_, rows)| rows)
                .take(10)
                .collect();
            if let Some(rows) = networks.first() {
                chart = chart
                    .line("one network at initialisation", rows.iter().map(|row| (row.angle, row.start)))
                    .styled_as(0)
                    .line("the same after 200 steps", rows.iter().map(|row| (row.angle, row.end)))
                    .styled_as(1);
            }
            if networks.len() > 1 {
                let band = |value: fn(&Row) -> f64| {
                    let at = |place: usize| networks.iter().map(move |rows| value(&rows[place]));
                    let low: Vec<f64> =
                        (0..POINTS).map(|place| at(place).fold(f64::INFINITY, f64::min)).collect();
                    let high: Vec<f64> =
                        (0..POINTS).map(|place| at(place).fold(f64::NEG_INFINITY, f64::max)).collect();
                    (low, high)
                };
                let ((low, high), (end_low, end_high)) = (band(|row| row.start), band(|row| row.end));
                chart = chart
                    .band("all networks, at initialisation", angles.iter().copied(), low, high)
                    .styled_as(0);
                chart = chart
                    .band("all networks, after 200 steps", angles.iter().copied(), end_low, end_high)
                    .styled_as(1);
            }
            let limit = angles.iter().copied().zip(limit.row(0).to_vec());
            figure = figure.panel(chart.line("limit", limit).styled_as(2));
        }
        report.figure(
            "kernels",
            "Tangent kernels on the circle for two widths: one network as a line, the range of up to ten as a band, and the limit. Narrow networks scatter, and their kernel grows \
             in training; wide ones lie on the limit and stay there.",
            "Two panels of peaked curves around angle 0. In the left one the bands are wide and the trained band lies higher; in the right one the curves nearly coincide.",
            &figure,
        )?;
        let mut chart = Chart::new()
            .x_label("units of each hidden layer, n")
            .y_label("relative to the limit")
            .x_log()
            .y_log();
        let mut all: Vec<Mean> = Vec::new();
        let quantities: [(&str, Quantity); 3] = [
            ("distance from the limit at initialisation", |row| row.initial_error),
            ("change in training", |row| row.change),
            ("change of the hidden weights", |row| row.hidden_change),
        ];
        for (name, value) in quantities {
            let first =
                table.cells().filter_map(|(cell, rows)| Some((cell.width as f64, value(rows.first()?))));
            let means = table.means_by(first, name);
            chart = chart.means(name, &means);
            all.extend(means);
        }
        report.figure(
            "scaling",
            "How distances fall with the width, mean over networks and 95 % bootstrap interval: like n^(−1/2) at initialisation, like 1/n in training.",
            "Falling straight lines on logarithmic axes; the one of the change in training is the steeper.",
            &Figure::new("Two rates of convergence").panel(chart),
        )?;
        report.means_table("networks", &all)
    }
}
