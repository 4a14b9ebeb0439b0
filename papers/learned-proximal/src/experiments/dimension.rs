//! `dimension`: how near to the posterior mean the published γ is, as images grow.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use crate::prior::{Laplace, Prior, smoothing};

/// The dimension.
pub struct Dimension;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// n.
    pub pixels: u32,
}

/// What came out.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// rms distance of f_γ from the posterior mean over that of the mode, |y| ≤ 6.
    pub share: f64,
    /// R_γ over the regulariser of a posterior mean: 1 + 2σ²/γ².
    pub factor: f64,
    /// τ/σ.
    pub tau: f64,
    /// ln of the mean weight of a sample in the loss, (1 + 2σ²/γ²)^(−n/2), if the posterior is as wide as the noise.
    pub log_weight: f64,
}

impl Experiment for Dimension {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "dimension";
    const TITLE: &'static str = "What the published γ learns";
    const QUESTION: &'static str = "With γ = 0.08 √n and σ = 0.1, as the public code has it: how far is the minimiser of proximal matching from the posterior mean on the way to the posterior's mode? Products of Laplace's prior of scale σ, exactly.";
    const REVISION: u32 = 1;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let sizes: &[u32] =
            if profile == Profile::Smoke { &[1, 784] } else { &[1, 4, 16, 64, 256, 784, 4_096, 49_152] };
        sizes.iter().map(|pixels| Parameters { pixels: *pixels }).collect()
    }

    fn measure(&self, cell: &Parameters, _: &Random) -> Result<Outcome<Row>, Failure> {
        // In units of the noise.
        let (prior, gamma) = (Laplace::new(1.0)?, 0.8 * f64::from(cell.pixels).sqrt());
        let (mut away, mut all) = (0.0, 0.0);
        for k in -120..=120 {
            let y = 0.05 * f64::from(k);
            let mean = prior.mmse(y, 1.0);
            away += (prior.matched(y, 1.0, gamma).value - mean).powi(2);
            all += (prior.map(y, 1.0) - mean).powi(2);
        }
        let factor = 1.0 + 2.0 / (gamma * gamma);
        Ok(Outcome::Done(vec![Row {
            share: (away / all).sqrt(),
            factor,
            tau: smoothing(1.0, gamma),
            log_weight: -0.5 * f64::from(cell.pixels) * factor.ln(),
        }]))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let chart = Chart::new()
            .x_label("pixels, n")
            .y_label("share of the way to the mode")
            .x_log()
            .y_log()
            .line_with_markers(
                "γ = 0.08 √n, σ = 0.1",
                table.rows().map(|(cell, row)| (f64::from(cell.pixels), row.share)),
            )
            .vertical_reference("MNIST", 784.0)
            .vertical_reference("CelebA, 128 × 128 × 3", 49_152.0);
        report.figure(
            "share",
            "At the sizes of images the published γ makes proximal matching squared loss: its minimiser is the posterior mean.",
            "A line that falls as one over the number of pixels.",
            &Figure::new("How far from the posterior mean").panel(chart),
        )
    }
}
