//! `bias`: the derivative of an expected loss through a hard threshold, and what gradients make of it.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::{BETA, mean};
use crate::gradient::{HardGradient, Target, gradient};
use crate::network::Network;
use crate::problem::{Penalty, Problem};
use crate::scalar::Scalar;
use crate::signals::BernoulliGaussian;
use crate::training::Loss;

/// The bias.
pub struct Bias;

/// The setting of the closed form: a = 1, s² = 0.01, p = 0.1, λ = 0.02.
pub const SCALAR: Scalar = Scalar { a: 1.0, noise: 0.01, probability: 0.1, weight: 0.02 };

/// A cell: a loss at a step.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// The loss.
    pub loss: Loss,
    /// g.
    pub step: f64,
    /// Samples of a replicate.
    pub samples: usize,
    /// Draws of the samples.
    pub replicates: u32,
}

/// Derivatives by the step.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// The draw.
    pub replicate: u32,
    /// Of the expected loss, in closed form.
    #[column(within = 1e-9)]
    pub exact: f64,
    /// Its almost-everywhere part, in closed form.
    #[column(within = 1e-9, absolute = 1e-12)]
    pub almost_everywhere: f64,
    /// The almost-everywhere gradient on samples.
    #[column(within = 1e-6, absolute = 1e-9)]
    pub sampled: f64,
    /// The surrogate gradient on samples.
    #[column(within = 1e-6, absolute = 1e-9)]
    pub surrogate: f64,
    /// The gradient with the boundary part on samples.
    #[column(within = 1e-6, absolute = 1e-9)]
    pub boundary: f64,
}

impl Experiment for Bias {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "bias";
    const TITLE: &'static str = "The bias of the almost-everywhere gradient";
    const QUESTION: &'static str = "How much of the derivative of an expected loss does the almost-everywhere gradient of one hard-threshold layer miss, and do the surrogate and the boundary gradient make up for it?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (steps, samples, replicates): (&[f64], _, _) = match profile {
            Profile::Smoke => (&[0.5, 1.5], 1_000, 2),
            Profile::Quick => (&[0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75], 50_000, 10),
            Profile::Full => (&[0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75], 1_000_000, 10),
        };
        let of = |loss| steps.iter().map(move |step| Parameters { loss, step: *step, samples, replicates });
        [Loss::Supervised, Loss::Unsupervised].into_iter().flat_map(of).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let problem = Problem::new(Array2::ones((1, 1)))?;
        // ‖A‖²_F/M = 1: 10 dB leave a noise variance of p/10.
        let signals = BernoulliGaussian { probability: SCALAR.probability, decibels: 10.0, amplitude: 1.0 };
        let expected = SCALAR.expected(cell.step, cell.loss);
        let network = Network::plain(Penalty::L0, SCALAR.weight, cell.step, 1);
        let mut stream = random.stream("signals");
        let mut rows = Vec::new();
        for replicate in 0..cell.replicates {
            let (xs, ys) = signals.draw(problem.matrix(), cell.samples, &mut stream);
            let target =
                if cell.loss == Loss::Supervised { Target::Signals(xs.view()) } else { Target::Objective };
            let by = |hard| gradient(&network, &problem, ys.view(), target, hard).steps[0];
            rows.push(Row {
                replicate,
                exact: expected.almost_everywhere + expected.boundary,
                almost_everywhere: expected.almost_everywhere,
                sampled: by(HardGradient::AlmostEverywhere),
                surrogate: by(HardGradient::Surrogate { beta: BETA }),
                boundary: by(HardGradient::Boundary { width: 0.002 }),
            });
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut all = Vec::new();
        let mut figure = Figure::new("Gradients through a hard threshold")
            .subtitle("mean over draws, 95 % bootstrap interval")
            .columns(2);
        for (loss, title) in [(Loss::Supervised, "supervised"), (Loss::Unsupervised, "unsupervised")] {
            let mut chart =
                Chart::new().title(title).x_label("step g").y_label("gradient less the derivative");
            for (name, of) in [
                ("almost everywhere", (|row: &Row| row.sampled - row.exact) as fn(&Row) -> f64),
                ("surrogate, β = 20", |row| row.surrogate - row.exact),
                ("with the boundary", |row| row.boundary - row.exact),
            ] {
                let rows = table.rows().filter(|(cell, _)| cell.loss == loss);
                let means =
                    table.means_by(rows.map(|(cell, row)| (cell.step, of(row))), &format!("{title}, {name}"));
                chart = chart.means(name, &means);
                all.extend(means);
            }
            figure = figure.panel(chart.horizontal_reference("", 0.0));
        }
        report.figure(
            "derivatives",
            "One layer of IHT on one number: gradients on samples less the derivative of the expected loss in closed form. Automatic differentiation gives the part almost everywhere and misses what measurements at the threshold contribute; the boundary gradient has both.",
            "Two panels of three curves, one of them around zero.",
            &figure,
        )?;
        report.means_table("step", &all)
    }
}

/// The largest distance of a mean from the exact derivative, in standard errors.
pub(crate) fn largest_deviation(table: &Table<Parameters, Row>, of: fn(&Row) -> f64) -> f64 {
    let deviation = |rows: &[Row]| {
        let center = mean(rows.iter().map(of));
        let spread =
            mean(rows.iter().map(|row| (of(row) - center).powi(2))).sqrt() / (rows.len() as f64 - 1.0).sqrt();
        rows.first().map_or(f64::NAN, |row| (center - row.exact).abs() / spread)
    };
    table.cells().map(|(_, rows)| deviation(rows)).fold(f64::NAN, f64::max)
}
