//! `laplace`: Figure 1, networks trained with every loss on Laplace's prior, by population and by samples.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::network::{ProximalNetwork, Start, Work};
use crate::prior::{Laplace, Prior};
use crate::training::{Loss, Sampling, Stage, train_on, train_on_population};

/// Figure 1.
pub struct LaplaceNets;

/// A loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossName {
    /// Squared.
    Squared,
    /// Absolute.
    Absolute,
    /// Proximal matching.
    Matching,
}

/// A cell: one chain of networks.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Fresh samples, as the paper trains; else the noise is integrated out.
    pub sampled: bool,
    /// Width of layers.
    pub width: u32,
    /// Layers.
    pub depth: u32,
    /// Rows of a step, if sampled.
    pub batch: u32,
    /// Steps of squared and absolute losses; half of them, or so, for each γ.
    pub steps: u32,
    /// Repetition.
    pub replicate: u32,
}

/// A point of a network.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// What it was trained with.
    pub loss: LossName,
    /// γ; 0 for the others.
    pub gamma: f64,
    /// y.
    pub y: f64,
    /// f(y).
    pub f: f64,
    /// What the loss's best map has there.
    pub exact: f64,
    /// R(f(y)) − R(f(0)).
    pub regulariser: f64,
}

/// γ, from wide to narrow.
const GAMMAS: [f64; 5] = [0.5, 0.4, 0.3, 0.2, 0.1];

impl Experiment for LaplaceNets {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "laplace";
    const TITLE: &'static str = "Figure 1: learning a Laplace prior";
    const QUESTION: &'static str = "Which losses learn soft thresholding and |x|? Networks of one input, β = 10, σ = 1; matching goes on from the absolute loss with γ = 0.5, …, 0.1. Each beside its own exact minimiser.";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let population = |width, steps, replicate| Parameters {
            sampled: false,
            width,
            depth: 2,
            batch: 61,
            steps,
            replicate,
        };
        let sampled = |width, depth, batch, steps, replicate| Parameters {
            sampled: true,
            width,
            depth,
            batch,
            steps,
            replicate,
        };
        match profile {
            Profile::Smoke => vec![population(8, 40, 0), sampled(8, 2, 32, 40, 0)],
            Profile::Quick => {
                let of =
                    |replicate| [population(16, 1_500, replicate), sampled(24, 3, 256, 1_600, replicate)];
                (0..3).flat_map(of).collect()
            }
            // The public code's sizes.
            Profile::Full => {
                (0..3).flat_map(|k| [population(16, 6_000, k), sampled(50, 4, 2_000, 10_000, k)]).collect()
            }
        }
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut stream = random.stream("training");
        let prior = Laplace::new(1.0)?;
        let widths = vec![cell.width as usize; cell.depth as usize];
        // The public code's first layer has no bias.
        let start = ProximalNetwork::dense(1, &widths, !cell.sampled, (10.0, 0.0))?
            .with_start(Start::Alive, &mut stream);
        let trainer = Trainer { cell, prior: &prior, nodes: nodes(&prior, &mut stream) };
        let mut rows = Vec::new();
        let mut absolute = None;
        for (loss, name) in [(Loss::Squared, LossName::Squared), (Loss::Absolute, LossName::Absolute)] {
            let mut network = start.clone();
            if trainer.train(&mut network, &first(loss, cell), &mut stream).is_err() {
                return Ok(Outcome::Diverged(format!("{loss:?}")));
            }
            rows.extend(points(&network, name, 0.0, &prior));
            absolute = Some(network);
        }
        let mut network = absolute.ok_or("no network")?;
        for gamma in GAMMAS {
            if trainer.train(&mut network, &matching(gamma, cell), &mut stream).is_err() {
                return Ok(Outcome::Diverged(format!("matching at {gamma}")));
            }
            rows.extend(points(&network, LossName::Matching, gamma, &prior));
        }
        Ok(Outcome::Done(rows))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let mut figure = Figure::new("Networks and their regularisers, Laplace's prior").columns(2);
        for (sampled, title) in [(false, "noise integrated out"), (true, "samples")] {
            for regulariser in [false, true] {
                let (x, y) = if regulariser { ("z = f(y)", "R(z) − R(0)") } else { ("y", "f(y)") };
                let mut chart = Chart::new().title(title).x_label(x).y_label(y);
                for (loss, gamma, name) in [
                    (LossName::Squared, 0.0, "squared"),
                    (LossName::Absolute, 0.0, "absolute"),
                    (LossName::Matching, 0.1, "matching, γ = 0.1"),
                ] {
                    let rows = table.rows().filter(|(cell, row)| {
                        cell.sampled == sampled
                            && cell.replicate == 0
                            && row.loss == loss
                            && row.gamma == gamma
                    });
                    let point =
                        |row: &Row| if regulariser { (row.f, row.regulariser) } else { (row.y, row.f) };
                    let kept = rows.map(|(_, row)| point(row)).filter(|(x, _)| x.abs() <= 3.2);
                    chart = chart.line(name, kept);
                }
                let truth = (-32..=32).map(|k| 0.1 * f64::from(k));
                chart = if regulariser {
                    chart.line("|z|", truth.map(|z| (z, z.abs())))
                } else {
                    chart.line("soft thresholding", truth.map(|y| (y, y.signum() * (y.abs() - 1.0).max(0.0))))
                };
                figure = figure.panel(chart);
            }
        }
        report.figure(
            "figure1",
            "The first repetition. Above, every network lies on its loss's exact minimiser; below, the noise of samples grows as γ falls.",
            "Four panels: maps on the left, regularisers on the right.",
            &figure,
        )
    }
}

struct Trainer<'a> {
    cell: &'a Parameters,
    prior: &'a Laplace,
    nodes: (Vec<f64>, Vec<f64>),
}

impl Trainer<'_> {
    fn train(
        &self,
        network: &mut ProximalNetwork,
        stages: &[Stage],
        random: &mut ChaCha8Rng,
    ) -> Result<Vec<f64>, crate::training::Diverged> {
        if !self.cell.sampled {
            return train_on_population(network, self.prior, 1.0, (&self.nodes.0, &self.nodes.1), stages);
        }
        let batch = self.cell.batch as usize;
        let sampling = Sampling { sigma: 1.0, batch, convex: true };
        train_on(network, 1, &sampling, stages, |x, y| {
            x.clear();
            y.clear();
            for _ in 0..batch {
                // A sign times an exponential.
                let size = -(1.0 - random.random::<f64>()).ln();
                let value = if random.random_bool(0.5) { size } else { -size };
                x.push(value);
                y.push(value + random.sample::<f64, _>(StandardNormal));
            }
        })
    }
}

/// Nodes of a grid from −6 to 6, each moved by at most half its spacing, with the datum's density.
fn nodes(prior: &dyn Prior, random: &mut ChaCha8Rng) -> (Vec<f64>, Vec<f64>) {
    let nodes: Vec<f64> = (-30..=30).map(|k| 0.2 * (f64::from(k) + random.random_range(-0.5..0.5))).collect();
    let weights = nodes.iter().map(|y| 0.2 * prior.smoothed(*y, 1.0).log.exp()).collect();
    (nodes, weights)
}

/// Squared or absolute loss with falling rates.
fn first(loss: Loss, cell: &Parameters) -> Vec<Stage> {
    let steps = cell.steps as usize;
    let stage = |share: f64, rate| Stage { loss, steps: (share * steps as f64) as usize, rate };
    if cell.sampled {
        vec![stage(1.0, 1e-3), stage(0.5, 1e-4)]
    } else {
        vec![stage(0.4, 1e-2), stage(0.4, 1e-3), stage(0.2, 1e-4)]
    }
}

/// Matching at one γ; samples are noisy where γ is small, and get rates that fall with it.
fn matching(gamma: f64, cell: &Parameters) -> Vec<Stage> {
    let loss = Loss::Matching { gamma };
    let steps = cell.steps as usize;
    if cell.sampled {
        let stage = |rate| Stage { loss, steps: steps / 4, rate };
        vec![stage(3e-4 * gamma), stage(3e-5 * gamma)]
    } else {
        vec![Stage { loss, steps: 2 * steps / 5, rate: 1e-3 }, Stage { loss, steps: steps / 5, rate: 1e-4 }]
    }
}

fn points(network: &ProximalNetwork, loss: LossName, gamma: f64, prior: &dyn Prior) -> Vec<Row> {
    let places: Vec<f64> = (-25..=25).map(|k| 0.2 * f64::from(k)).collect();
    let mut work = Work::default();
    let pass = network.potential_and_prox(&places, &mut work);
    let values = network.regulariser_at_output(&places, &pass);
    let middle = values[25];
    let exact = |y: f64| match loss {
        LossName::Squared => prior.mmse(y, 1.0),
        LossName::Absolute => prior.median(y, 1.0).unwrap_or(0.0),
        LossName::Matching => prior.matched(y, 1.0, gamma).value,
    };
    let row = |k: usize| Row {
        loss,
        gamma,
        y: places[k],
        f: pass.prox[k],
        exact: exact(places[k]),
        regulariser: values[k] - middle,
    };
    (0..places.len()).map(row).collect()
}
