//! `hop-limit`: the length of a hop at fixed τ as α grows.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::RngCore;
use serde::{Deserialize, Serialize};

use super::regimes::expected_maximum;
use crate::draws::Draws;
use crate::hopping::Hopper;
use crate::objective::Objective;
use crate::problems::Waves;

/// Lengths of hops over their width.
pub struct HopLimit;

/// A cell: α, N, a batch of hops.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Inverse temperature, α.
    pub alpha: f64,
    /// Samples, N.
    pub samples: usize,
    /// Batch of hops.
    pub replicate: u32,
}

/// Twenty-five hops from (2, −1.5) at τ = 0.05.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// Mean length along −∇E over the width s.
    #[column(within = 1e-3)]
    pub length_over_width: f64,
    /// Length of the gradient step over s.
    pub gradient_step_over_width: f64,
}

impl Experiment for HopLimit {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "hop-limit";
    const TITLE: &'static str = "The longest hop";
    const QUESTION: &'static str = "A hop lies in the convex hull of its samples, so that it is at most about s √(2 ln N) long, whatever τ = αs² asks for. At which α does that bind?";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (sizes, replicates): (&[usize], u32) = match profile {
            Profile::Smoke => (&[200], 2),
            Profile::Quick => (&[20, 200, 2_000], 20),
            Profile::Full => (&[20, 200, 2_000, 20_000], 100),
        };
        let mut grid = Vec::new();
        for &samples in sizes {
            for alpha in [1.0, 10.0, 100.0, 1e3, 1e4, 1e5] {
                grid.extend((0..replicates).map(|replicate| Parameters { alpha, samples, replicate }));
            }
        }
        grid
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let (tau, start, hops) = (0.05_f64, [2.0, -1.5], 25);
        let width = (tau / cell.alpha).sqrt();
        let mut gradient = [0.0; 2];
        Waves.gradient(&start, &mut gradient);
        let steepness = gradient[0].hypot(gradient[1]);
        let mut hopper = Hopper::new(width, cell.alpha, cell.samples, 2)?;
        let draws = Draws::new(random.stream("hops").next_u64(), 0);
        let mut length = 0.0;
        for hop in 0..hops {
            let found = hopper.hop(&Waves, &start, draws.step(hop))?.point;
            let product: f64 = (0..2).map(|k| (start[k] - found[k]) * gradient[k]).sum();
            length += product / steepness / width / hops as f64;
        }
        Ok(Outcome::Done(vec![Row {
            length_over_width: length,
            gradient_step_over_width: tau * steepness / width,
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut sizes: Vec<usize> = table.cells().map(|(cell, _)| cell.samples).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let mut chart = Chart::new()
            .x_label("inverse temperature, α")
            .y_label("length of a hop over its width s")
            .x_log()
            .y_log()
            .y_range(0.1, 100.0);
        let mut all = Vec::new();
        for &samples in &sizes {
            let rows = || table.rows().filter(move |(cell, _)| cell.samples == samples);
            let means = table.means_by(
                rows().map(|(cell, row)| (cell.alpha, row.length_over_width)),
                &format!("length, N = {samples}"),
            );
            chart = chart
                .means(format!("N = {samples}"), &means)
                .horizontal_reference("", expected_maximum(samples));
            all.extend(means);
        }
        let step = table.rows().filter(|(cell, _)| cell.replicate == 0 && cell.samples == sizes[0]);
        chart =
            chart.line("gradient step", step.map(|(cell, row)| (cell.alpha, row.gradient_step_over_width)));
        report.figure(
            "lengths",
            "Length of hops along −∇E at τ = 0.05, over their width, against α; dashed: the expected largest of N normals. Hops follow the gradient step until they reach \
             that length, and no farther.",
            "Lines rise along the line of the gradient step and level off at the dashed lines, the higher the more samples.",
            &Figure::new("No hop is longer than its best sample").panel(chart),
        )?;
        report.means_table("batches", &all)
    }
}
