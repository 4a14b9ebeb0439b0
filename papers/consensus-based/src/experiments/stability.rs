//! `stability`: does the swarm contract, in mean square and for the typical particle, and in which dimensions?

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use numerics::bootstrap::quantile;
use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::draws::Draws;
use crate::problems::{Benchmark, Problem};
use crate::swarm::{Options, Start, Swarm, advance};

/// Growth of distances at Figure 1(b)'s parameters.
pub struct Stability;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Growth {
    /// Factor of the mean squared distance in a step, consensus held fixed.
    MeanSquare,
    /// Drift of the mean logarithm of the distance per unit of time, consensus held fixed.
    Typical,
    /// Slope of the median logarithm of the distance per unit of time in a swarm on the sphere function.
    Swarm,
}

/// A cell: a kind of growth, a dimension, a run.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// What is measured.
    pub growth: Growth,
    /// Dimension, d.
    pub dimension: usize,
    /// The run.
    pub replicate: u32,
}

/// A rate.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Measured.
    #[column(within = 1e-3, absolute = 1e-3)]
    pub measured: f64,
    /// By the formula for a fixed consensus (of the typical particle: as Δt → 0).
    pub predicted: f64,
}

impl Experiment for Stability {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "stability";
    const TITLE: &'static str = "Growth and decay of the swarm, by dimension (Figure 1(b)'s parameters)";
    const QUESTION: &'static str = "With λ = 1, σ = 1.6, Δt = 0.01 and isotropic noise, does the distance of particles to the consensus grow or fall, in mean square and \
         typically, and what does the dimension change?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let replicates = match profile {
            Profile::Smoke => 2,
            Profile::Quick => 12,
            Profile::Full => 100,
        };
        let mut grid = Vec::new();
        for (growth, dimensions) in [
            (Growth::MeanSquare, [1, 2, 3, 10, 20]),
            (Growth::Typical, [1, 2, 3, 10, 20]),
            (Growth::Swarm, [1, 2, 3, 4, 6]),
        ] {
            for dimension in dimensions {
                grid.extend((0..replicates).map(|replicate| Parameters { growth, dimension, replicate }));
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let options = Options::of_figure_1b();
        let d = cell.dimension;
        let draws = Draws::new(random.stream("swarm").next_u64(), 0);
        let measured = match cell.growth {
            Growth::MeanSquare => {
                let mut points = vec![1.0; 20_000 * d];
                let steps = 4;
                (1..=steps)
                    .for_each(|step| advance(&options, &vec![0.0; d], &mut points, 0, draws.step(step)));
                let mean = points.iter().map(|x| x * x).sum::<f64>() / points.len() as f64;
                mean.powf(1.0 / steps as f64)
            }
            Growth::Typical => {
                let mut points = vec![1.0; 500 * d];
                let steps = 200;
                (1..=steps)
                    .for_each(|step| advance(&options, &vec![0.0; d], &mut points, 0, draws.step(step)));
                let logarithms = points
                    .chunks_exact(d)
                    .map(|row| 0.5 * (row.iter().map(|x| x * x).sum::<f64>() / d as f64).ln());
                logarithms.sum::<f64>() / 500.0 / (steps as f64 * options.step)
            }
            Growth::Swarm => {
                let sphere = Problem { benchmark: Benchmark::Sphere, dimension: d, shift: 0.0 };
                let start = Start::Normal { mean: vec![1.0; d], spread: 0.5 };
                let mut swarm = Swarm::new(&sphere, &options, &start, draws)?;
                let mut seen = Vec::new();
                for step in 0..600 {
                    let center = swarm.step(&sphere)?.point;
                    if step >= 100 {
                        seen.push((step as f64 * options.step, median_logarithm(&swarm, &center)));
                    }
                }
                slope(&seen)
            }
        };
        let predicted = match cell.growth {
            Growth::MeanSquare => options.mean_square_factor(d),
            Growth::Typical | Growth::Swarm => options.logarithmic_drift(d),
        };
        Ok(Outcome::Done(vec![Row { measured, predicted }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let panels = [
            (Growth::MeanSquare, "mean square, fixed consensus", "factor in a step"),
            (Growth::Typical, "typical particle, fixed consensus", "drift of ln distance"),
            (Growth::Swarm, "swarm on the sphere function", "slope of median ln distance"),
        ];
        let mut figure = Figure::new("The swarm of Figure 1(b) contracts in at most two dimensions")
            .subtitle("mean over runs, 95 % bootstrap interval")
            .columns(3)
            .panel_height(240.0);
        let mut all = Vec::new();
        for (growth, title, label) in panels {
            let rows = || table.rows().filter(move |(cell, _)| cell.growth == growth);
            let means =
                table.means_by(rows().map(|(cell, row)| (cell.dimension as f64, row.measured)), title);
            let predicted = rows()
                .filter(|(cell, _)| cell.replicate == 0)
                .map(|(cell, row)| (cell.dimension as f64, row.predicted));
            let critical = if growth == Growth::MeanSquare { 1.0 } else { 0.0 };
            figure = figure.panel(
                Chart::new()
                    .title(title)
                    .x_label("dimension, d")
                    .y_label(label)
                    .means("measured", &means)
                    .line("formula", predicted)
                    .horizontal_reference("neither grows nor falls", critical),
            );
            all.extend(means);
        }
        report.figure(
            "growth",
            "Left: the mean squared distance grows in every dimension. Middle: the typical particle comes nearer below d = 3 (the formula is for Δt → 0, which 0.01 is not for d = 20). Right: so does the swarm itself, \
             except in d = 1, where the consensus still moves: with these parameters Figure 1(b) works because it is drawn in no more than two dimensions.",
            "Three panels of measured values on rising lines; in the middle and on the right the dashed line between growth and decay is crossed between two and three dimensions, on the left all values lie above it.",
            &figure,
        )?;
        report.means_table("runs", &all)
    }
}

fn median_logarithm(swarm: &Swarm, center: &[f64]) -> f64 {
    let distance =
        |row: &[f64]| 0.5 * row.iter().zip(center).map(|(x, c)| (x - c) * (x - c)).sum::<f64>().ln();
    // A particle that is the consensus has no distance.
    let mut logarithms: Vec<f64> =
        swarm.points().chunks_exact(center.len()).map(distance).filter(|log| log.is_finite()).collect();
    logarithms.sort_by(f64::total_cmp);
    quantile(&logarithms, 0.5)
}

/// Least-squares slope.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let (xy, xx) =
        points.iter().fold((0.0, 0.0), |(a, b), (u, v)| (a + (u - x) * (v - y), b + (u - x) * (u - x)));
    xy / xx
}
