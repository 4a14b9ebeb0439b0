//! DIFF2: gradient descent on estimates that are refreshed by private differences.
//!
//! Every T rounds the clipped mean gradient is released with noise; in between, only the change of the gradient since the round before is, whose
//! sensitivity and noise shrink with the distance that was moved. T = 1 is DP-GD. With [`Local`] steps, one node drawn at random walks on from the global
//! estimate by differences of its own minibatches, which saves rounds of communication.
//!
//! Everything that is released, iterates and estimates, may be seen by all. Radii are public, as both points are.

use rand::Rng;

use crate::clipping::{Clip, Model, Query, clipped_mean, norm, summed};
use crate::noise::{LARGEST_DEVIATION, Noise};
use crate::plan::{Draws, Local, Minibatch, Plan, TrainError, Trust};
use crate::privacy::NoiseMultiplier;
use crate::records::Records;

/// What a round releases, for an observer.
#[derive(Clone, Copy, Debug)]
pub struct Release<'a> {
    /// From 0.
    pub round: u64,
    /// x_r.
    pub at: &'a [f64],
    /// x_{r−1} where the release is a difference.
    pub before: Option<&'a [f64]>,
    /// The noisy mean.
    pub value: &'a [f64],
    /// v_r.
    pub estimate: &'a [f64],
    /// The radius of clipping.
    pub radius: f64,
    /// The deviation of a coordinate's noise.
    pub deviation: f64,
    /// The share of records scaled down. Not private.
    pub clipped: f64,
}

/// Where a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// x_R.
    pub last: Vec<f64>,
    /// The iterate that was drawn beforehand: what the paper's theorem is about.
    pub random: Vec<f64>,
}

/// Runs it.
///
/// Two gradients of every record a round, O(RNd), and a vector of d numbers a task.
///
/// # Errors
/// [`TrainError`], before the first release or when the iterates overflow.
pub fn train(
    model: &dyn Model,
    records: &Records,
    plan: &Plan,
    draws: &Draws,
    start: &[f64],
    noise: &mut dyn Noise,
    mut observe: impl FnMut(&Release),
) -> Result<Trained, TrainError> {
    let dimension = model.parameters();
    if start.len() != dimension {
        return Err(TrainError::Start { start: start.len(), model: dimension });
    }
    plan.check(records)?;
    let mut at = start.to_vec();
    let (mut before, mut estimate) = (at.clone(), vec![0.0; dimension]);
    let mut random = Vec::new();
    for round in 0..plan.rounds.rounds {
        if at.iter().any(|x| !x.is_finite()) {
            return Err(TrainError::Diverged(round));
        }
        if round == draws.chosen {
            random = at.clone();
        }
        let restart = round.is_multiple_of(plan.rounds.restart);
        let (query, radius, z) = if restart {
            (Query::Gradients { at: &at }, plan.clip_gradient, plan.noise[0])
        } else {
            let radius = plan.clip_difference * moved(&before, &at);
            (Query::Differences { from: &before, to: &at }, radius, plan.noise[1])
        };
        let (value, deviation, clipped) = plan.release(model, records, query, radius, z, noise)?;
        if restart {
            estimate.copy_from_slice(&value);
        } else {
            estimate.iter_mut().zip(&value).for_each(|(sum, more)| *sum += more);
        }
        observe(&Release {
            round,
            at: &at,
            before: (!restart).then_some(&before),
            value: &value,
            estimate: &estimate,
            radius,
            deviation,
            clipped,
        });
        before.copy_from_slice(&at);
        plan.descend(&mut at, &estimate);
        if let (Some(local), Some(node)) = (&plan.local, draws.walkers.get(round as usize)) {
            let walk = Walk { model, records, plan, local, node: *node };
            walk.run(&before, &mut at, &estimate, noise)?;
        }
    }
    if at.iter().any(|x| !x.is_finite()) {
        return Err(TrainError::Diverged(plan.rounds.rounds));
    }
    Ok(Trained { last: at, random })
}

/// |x_r − x_{r−1}|, the same for clipping and noise. Never below 2⁻⁴⁰ of the point: within a segment steps may shrink to the rounding of x.
fn moved(before: &[f64], at: &[f64]) -> f64 {
    let step: Vec<f64> = at.iter().zip(before).map(|(to, from)| to - from).collect();
    norm(&step).max((-40.0_f64).exp2() * norm(at).max(1.0))
}

/// The gradient of λ Σ w²/(1 + w²).
pub fn penalty_gradient(penalty: f64, w: f64) -> f64 {
    2.0 * penalty * w / (1.0 + w * w).powi(2)
}

impl Plan {
    fn descend(&self, at: &mut [f64], estimate: &[f64]) {
        for (x, v) in at.iter_mut().zip(estimate) {
            *x -= self.step * (v + penalty_gradient(self.penalty, *x));
        }
    }

    /// A noisy mean with its deviation and the share of records clipped.
    fn release(
        &self,
        model: &dyn Model,
        records: &Records,
        query: Query,
        radius: f64,
        z: NoiseMultiplier,
        noise: &mut dyn Noise,
    ) -> Result<(Vec<f64>, f64, f64), TrainError> {
        let kappa = self.adjacency.factor();
        match self.trust {
            Trust::Aggregator => {
                let level =
                    Level::new(noise, z, kappa * records.share() * radius, radius, model.parameters())?;
                let mut found = clipped_mean(model, query, records, radius, level.unit);
                level.finish(noise, &mut found.mean);
                Ok((found.mean, level.deviation, found.clipped))
            }
            Trust::Node => {
                let nodes = records.nodes() as f64;
                let mut total = vec![0.0; model.parameters()];
                let (mut variance, mut clipped) = (0.0, 0.0);
                for node in 0..records.nodes() {
                    let sensitivity = kappa * records.share_at(node) * radius;
                    let level = Level::new(noise, z, sensitivity, radius, model.parameters())?;
                    let weight = 1.0 / records.size(node) as f64;
                    let clip = |_| Clip { radius, weight, unit: level.unit };
                    let mut found = summed(model, query, records.blocks_of(node), clip);
                    level.finish(noise, &mut found.mean);
                    total.iter_mut().zip(&found.mean).for_each(|(sum, mean)| *sum += mean / nodes);
                    variance += (level.deviation / nodes).powi(2);
                    clipped += found.clipped / nodes;
                }
                Ok((total, f64::sqrt(variance), clipped))
            }
        }
    }
}

/// Noise of one release, and its lattice.
struct Level {
    unit: Option<f64>,
    deviation: f64,
}

impl Level {
    /// For contributions that add up to at most `total`.
    fn new(
        noise: &dyn Noise,
        z: NoiseMultiplier,
        sensitivity: f64,
        total: f64,
        dimension: usize,
    ) -> Result<Self, TrainError> {
        // Norms are computed with rounding errors far below 1e-12.
        let deviation = z.value() * sensitivity * (1.0 + 1e-12);
        // Rounding moves each of two contributions by up to half a unit in every coordinate: a 64th of what they differ by.
        let root = (dimension as f64).sqrt();
        let Some(unit) = noise.unit(deviation, sensitivity / (64.0 * root)) else {
            return Ok(Self { unit: None, deviation: z.value() * sensitivity });
        };
        let units = ((deviation + z.value() * unit * root) / unit).ceil();
        // All contributions together, in units, must be whole numbers that floating point adds exactly, and noise one that is drawn exactly.
        if !(unit > 0.0 && total / unit < 51.0_f64.exp2() && units <= LARGEST_DEVIATION) {
            return Err(TrainError::BeyondLattice(deviation / total));
        }
        Ok(Self { unit: Some(unit), deviation: unit * units })
    }

    fn finish(&self, noise: &mut dyn Noise, values: &mut [f64]) {
        let unit = self.unit.unwrap_or(1.0);
        noise.add(self.deviation / unit, values);
        values.iter_mut().for_each(|value| *value *= unit);
    }
}

/// Local steps of one node.
struct Walk<'a> {
    model: &'a dyn Model,
    records: &'a Records,
    plan: &'a Plan,
    local: &'a Local,
    node: usize,
}

impl Walk<'_> {
    /// From the first step, which was taken, to the last.
    fn run(
        &self,
        start: &[f64],
        at: &mut [f64],
        estimate: &[f64],
        noise: &mut dyn Noise,
    ) -> Result<(), TrainError> {
        let size = self.records.size(self.node);
        let (mut before, mut direction) = (start.to_vec(), estimate.to_vec());
        for _ in 1..self.local.steps {
            let (places, expected): (Vec<usize>, f64) = match self.local.minibatch {
                Minibatch::Fixed(batch) => {
                    (rand::seq::index::sample(&mut noise.bits(), size, batch).into_vec(), batch as f64)
                }
                Minibatch::Poisson(rate) => {
                    ((0..size).filter(|_| noise.bits().random_bool(rate)).collect(), rate * size as f64)
                }
            };
            let radius = self.local.clip * moved(&before, at);
            let sensitivity = self.plan.adjacency.factor() * radius / expected;
            let total = radius * size as f64 / expected;
            let level = Level::new(noise, self.local.noise, sensitivity, total, self.model.parameters())?;
            let query = Query::Differences { from: &before, to: at };
            // The expected size divides, which does not depend on who is in the minibatch.
            let clip = |_| Clip { radius, weight: 1.0 / expected, unit: level.unit };
            let blocks = self.records.picked(self.node, &places);
            let mut change = summed(self.model, query, &blocks, clip).mean;
            level.finish(noise, &mut change);
            direction.iter_mut().zip(&change).for_each(|(sum, more)| *sum += more);
            before.copy_from_slice(at);
            self.plan.descend(at, &direction);
        }
        Ok(())
    }
}
