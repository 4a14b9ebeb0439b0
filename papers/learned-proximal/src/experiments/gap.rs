//! `gap`: between separated modes the prior cannot be recovered, but its envelope can.

use lab::{Chart, Columns, Experiment, Failure, Figure, Outcome, Profile, Random, Report, Table};
use serde::{Deserialize, Serialize};

use super::exact::Name;
use crate::network::{ProximalNetwork, Start, Work};
use crate::training::{Loss, Stage, train_on_population};

/// The gap.
pub struct Gap;

/// A cell.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Parameters {
    /// Steps of each γ.
    pub steps: u32,
    /// Repetition.
    pub replicate: u32,
}

/// A point.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Row {
    /// z, a value of f.
    pub z: f64,
    /// R(z), moved so that it meets the true one at z = 2.
    pub learned: f64,
    /// −σ² ln p(z), moved to 0 at z = 2.
    pub prior: f64,
    /// (R + |·|²/2)** − |·|²/2 of it: all that any f can know.
    pub envelope: f64,
}

impl Experiment for Gap {
    type Parameters = Parameters;
    type Row = Row;

    const ID: &'static str = "gap";
    const TITLE: &'static str = "Between separated modes";
    const QUESTION: &'static str = "What does a network learn of 0.3 N(−2, ¼) + 0.7 N(2, ¼) at σ = 1, where the posterior's mode jumps? Matching down to γ = 0.1 with the noise integrated out.";
    const REVISION: u32 = 2;

    fn grid(&self, profile: Profile) -> Vec<Parameters> {
        let (steps, replicates) = match profile {
            Profile::Smoke => (30, 1),
            Profile::Quick => (800, 3),
            Profile::Full => (4_000, 10),
        };
        (0..replicates).map(|replicate| Parameters { steps, replicate }).collect()
    }

    fn measure(&self, cell: &Parameters, random: &Random) -> Result<Outcome<Row>, Failure> {
        let mut stream = random.stream("training");
        let prior = Name::Separated.prior()?;
        let mut network =
            ProximalNetwork::dense(1, &[24, 24], true, (20.0, 0.0))?.with_start(Start::Alive, &mut stream);
        let nodes: Vec<f64> = (-60..=60).map(|k| 0.1 * f64::from(k)).collect();
        // A floor keeps data between the modes from being all but forgotten.
        let weights: Vec<f64> =
            nodes.iter().map(|y| 0.1 * prior.smoothed(*y, 1.0).log.exp().max(0.02)).collect();
        let steps = cell.steps as usize;
        let stage = |loss, rate| Stage { loss, steps, rate };
        let matching = |gamma| Loss::Matching { gamma };
        let stages = [
            stage(Loss::Squared, 1e-2),
            stage(Loss::Squared, 1e-3),
            stage(matching(1.0), 3e-3),
            stage(matching(0.5), 1e-3),
            stage(matching(0.2), 1e-3),
            stage(matching(0.1), 3e-4),
        ];
        if train_on_population(&mut network, &*prior, 1.0, (&nodes, &weights), &stages).is_err() {
            return Ok(Outcome::Diverged("training".into()));
        }
        let truth = |z: f64| -prior.log_density(z) + prior.log_density(2.0);
        let envelope = Envelope::of(&truth);
        let Some(offset) = regulariser(&network, 2.0).map(|value| value - truth(2.0)) else {
            return Ok(Outcome::Diverged("no output at 2".into()));
        };
        let rows = (-60..=60).map(|k| 0.05 * f64::from(k)).filter_map(|z| {
            let learned = regulariser(&network, z)? - offset;
            Some(Row { z, learned, prior: truth(z), envelope: envelope.at(z) })
        });
        Ok(Outcome::Done(rows.collect()))
    }

    fn report(&self, table: &Table<Parameters, Row>, report: &mut Report) -> Result<(), Failure> {
        let rows = || table.rows().filter(|(cell, _)| cell.replicate == 0).map(|(_, row)| row);
        let chart = Chart::new()
            .x_label("z")
            .y_label("regulariser")
            .line("−σ² ln p", rows().map(|row| (row.z, row.prior)))
            .line("its envelope R**", rows().map(|row| (row.z, row.envelope)))
            .scatter("learned", rows().step_by(5).map(|row| (row.z, row.learned)));
        report.figure(
            "envelope",
            "The first repetition. No denoiser tells the prior from its envelope; smooth networks fill the gap with a line of R + |z|²/2.",
            "A double well, an arc that cuts its barrier off, and points along the arc.",
            &Figure::new("What can be known of a prior with two modes").panel(chart),
        )
    }
}

/// R(z), the datum found by bisection, as f grows; `None` where z is beyond the outputs of −9 … 9.
fn regulariser(network: &ProximalNetwork, z: f64) -> Option<f64> {
    let mut work = Work::default();
    let (mut low, mut high) = (-9.0, 9.0);
    let mut output = |y: f64| network.potential_and_prox(&[y], &mut work).prox[0];
    if output(low) > z || output(high) < z {
        return None;
    }
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if output(middle) < z {
            low = middle;
        } else {
            high = middle;
        }
    }
    let pass = network.potential_and_prox(&[low], &mut work);
    Some(low * z - 0.5 * z * z - pass.potential[0])
}

/// (R + |·|²/2)** − |·|²/2 on a grid from −6 to 6.
struct Envelope(Vec<(f64, f64)>);

impl Envelope {
    fn of(truth: &impl Fn(f64) -> f64) -> Self {
        let mut hull: Vec<(f64, f64)> = Vec::new();
        for k in -6_000..=6_000 {
            let z = 1e-3 * f64::from(k);
            let point = (z, truth(z) + 0.5 * z * z);
            // Points above the line between their neighbours go.
            while hull.len() >= 2 {
                let (a, b) = (hull[hull.len() - 2], hull[hull.len() - 1]);
                if (b.1 - a.1) * (point.0 - a.0) < (point.1 - a.1) * (b.0 - a.0) {
                    break;
                }
                hull.pop();
            }
            hull.push(point);
        }
        Self(hull)
    }

    fn at(&self, z: f64) -> f64 {
        let right = self.0.partition_point(|point| point.0 < z).clamp(1, self.0.len() - 1);
        let (a, b) = (self.0[right - 1], self.0[right]);
        a.1 + (b.1 - a.1) * (z - a.0) / (b.0 - a.0) - 0.5 * z * z
    }
}
