//! DIFF2: gradient descent on estimates that are refreshed by private differences.
//!
//! Every T rounds the clipped mean gradient is released with noise; in between, only the change of the gradient since the round before is, whose
//! sensitivity and noise shrink with the distance that was moved. T = 1 is DP-GD. With [`Local`] steps, one node drawn at random walks on from the global
//! estimate by differences of its own minibatches, which saves rounds of communication.
//!
//! Everything that is released, iterates and estimates, may be seen by all. Radii are public, as both points are.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::clipping::{Clip, Model, Query, clipped_mean, norm, summed};
use crate::noise::{LARGEST_DEVIATION, Noise};
use crate::privacy::{Mu, NoiseMultiplier, PrivacyError};
use crate::records::Records;
use crate::schedule::{Adjacency, Rounds};
use crate::subsampled::{Subsampled, epsilon_by_divergences};

/// Who adds noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// An aggregator that all trust, or secure aggregation: one noise on the mean over nodes.
    Aggregator,
    /// Nobody: every node adds noise to its own mean, and the mean over P nodes has P times the variance.
    Node,
}

/// How a local step picks its records.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Minibatch {
    /// This many, at random; no privacy is claimed from chance.
    Fixed(usize),
    /// Each with this probability; chance counts. Needs [`Adjacency::ZeroOut`].
    Poisson(f64),
}

/// Local steps of one node in each round.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Local {
    /// K: steps of a round, the first by the global estimate. 1 is DIFF2-GD.
    pub steps: u64,
    /// The records of a step.
    pub minibatch: Minibatch,
    /// C₃: the largest norm of a difference over the distance.
    pub clip: f64,
    /// z₃.
    pub noise: NoiseMultiplier,
}

/// A run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// R, T and the budget's share.
    pub rounds: Rounds,
    /// η.
    pub step: f64,
    /// C₁.
    pub clip_gradient: f64,
    /// C₂.
    pub clip_difference: f64,
    /// z₁ and z₂.
    pub noise: [NoiseMultiplier; 2],
    /// Neighbours.
    pub adjacency: Adjacency,
    /// Who adds noise.
    pub trust: Trust,
    /// λ of the public term λ Σ w²/(1 + w²), whose gradient is neither clipped nor noised.
    pub penalty: f64,
    /// Local steps, if any.
    pub local: Option<Local>,
}

/// Why a run stops or does not start.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TrainError {
    /// No rounds, or no restart.
    #[error("there are no rounds")]
    NoRounds,
    /// A start of another length.
    #[error("the start has {start} parameters, the model {model}")]
    Start {
        /// Given.
        start: usize,
        /// Wanted.
        model: usize,
    },
    /// A number that must be positive.
    #[error("{0} must be a positive number")]
    Positive(&'static str),
    /// A minibatch of none or more than all.
    #[error("a minibatch of {batch} records of a node with {node}")]
    Minibatch {
        /// Asked for.
        batch: String,
        /// There.
        node: usize,
    },
    /// Amplification is known only for presence and absence.
    #[error("random minibatches protect a record's presence: use the zero-out neighbours with them")]
    Amplification,
    /// Noise so small that sums on the lattice would not be exact, or so large that draws would not be.
    #[error(
        "no lattice holds noise of {0:e} times the radius: take a budget or a radius nearer to the usual"
    )]
    BeyondLattice(f64),
    /// Random minibatches are accounted for by a bound that cannot reach a budget.
    #[error(
        "the bound for random minibatches does not reach an epsilon of {0:e}: take minibatches of a fixed size, or another budget"
    )]
    BeyondBound(f64),
    /// The iterates are no numbers any more.
    #[error("the parameters were no longer finite at round {0}: take a smaller step")]
    Diverged(u64),
    /// A privacy parameter.
    #[error(transparent)]
    Privacy(#[from] PrivacyError),
}

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

/// What is drawn before a run, without the data, and may be known to all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draws {
    /// Which of x₀ … x_{R−1} is returned.
    pub chosen: u64,
    /// The node that walks in each round.
    pub walkers: Vec<usize>,
}

impl Draws {
    /// For R rounds on P nodes.
    pub fn new(rounds: u64, nodes: usize, random: &mut impl Rng) -> Self {
        let chosen = random.random_range(0..rounds.max(1));
        Self { chosen, walkers: (0..rounds).map(|_| random.random_range(0..nodes.max(1))).collect() }
    }

    /// How often the node walks that does so most often: what its records must be protected for.
    pub fn most_walks(&self) -> u64 {
        let mut counts = std::collections::BTreeMap::new();
        self.walkers.iter().for_each(|node| *counts.entry(node).or_insert(0) += 1);
        counts.into_values().max().unwrap_or(0)
    }
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
    /// A plan without local steps that spends μ.
    ///
    /// # Errors
    /// [`PrivacyError::Multiplier`] if μ or φ leave no positive multiplier.
    pub fn within(mu: Mu, rounds: Rounds, step: f64, clips: (f64, f64)) -> Result<Self, PrivacyError> {
        Ok(Self {
            rounds,
            step,
            clip_gradient: clips.0,
            clip_difference: clips.1,
            noise: rounds.multipliers(mu)?,
            adjacency: Adjacency::Replace,
            trust: Trust::Aggregator,
            penalty: 0.0,
            local: None,
        })
    }

    /// μ of the releases of all records, without local steps.
    pub fn mu(&self) -> Mu {
        let (restarts, others) = self.rounds.counts();
        Mu::compose(&[(self.noise[0], restarts), (self.noise[1], others)])
    }

    /// ε at δ for a record of a node that walks this often; exact but for random minibatches, where it is a bound.
    ///
    /// # Errors
    /// [`TrainError::Amplification`] and [`PrivacyError`].
    pub fn epsilon(&self, walks: u64, delta: f64) -> Result<f64, TrainError> {
        let whole = self.mu();
        let Some(local) = &self.local else {
            return Ok(whole.epsilon(delta)?);
        };
        let releases = walks * local.steps.saturating_sub(1);
        match local.minibatch {
            Minibatch::Fixed(_) => {
                let walked = Mu::compose(&[(local.noise, releases)]);
                Ok(Mu::new(whole.value().hypot(walked.value())).epsilon(delta)?)
            }
            Minibatch::Poisson(_) if self.adjacency == Adjacency::Replace => Err(TrainError::Amplification),
            Minibatch::Poisson(rate) => {
                let part = Subsampled::new(local.noise, rate)?;
                Ok(epsilon_by_divergences(whole, &[(part, releases)], delta)?)
            }
        }
    }

    /// With K local steps in each round, which take `share` of the budget of (ε, δ), on draws that are fixed.
    ///
    /// # Errors
    /// [`TrainError::Amplification`] and [`PrivacyError`].
    pub fn with_local(
        mut self,
        (epsilon, delta): (f64, f64),
        share: f64,
        mut local: Local,
        draws: &Draws,
    ) -> Result<Self, TrainError> {
        let mu = Mu::calibrate(epsilon, delta)?.value();
        let walks = draws.most_walks();
        let releases = walks * local.steps.saturating_sub(1);
        if releases == 0 {
            return Ok(self);
        }
        self.noise = self.rounds.multipliers(Mu::new(mu * (1.0 - share).sqrt()))?;
        let alone = (releases as f64 / share).sqrt() / mu;
        local.noise = NoiseMultiplier::new(alone)?;
        self.local = Some(local);
        if matches!(local.minibatch, Minibatch::Poisson(_)) {
            return self.by_chance(epsilon, delta, walks, local);
        }
        Ok(self)
    }

    /// The least noise that the bound for random minibatches allows.
    fn by_chance(self, epsilon: f64, delta: f64, walks: u64, local: Local) -> Result<Self, TrainError> {
        let fits = |plan: &Self| Ok::<_, TrainError>(plan.epsilon(walks, delta)? <= epsilon);
        let scaled = |z: NoiseMultiplier, factor: f64| NoiseMultiplier::new(z.value() * factor);
        // The bound may ask for more than the exact curve does, of all releases.
        let with_all = |factor: f64| -> Result<Self, TrainError> {
            let noise = [scaled(self.noise[0], factor)?, scaled(self.noise[1], factor)?];
            Ok(Self { noise, local: Some(Local { noise: scaled(local.noise, factor)?, ..local }), ..self })
        };
        let mut factor = 1.0;
        while !fits(&with_all(factor)?)? {
            factor *= 1.05;
            if factor > 20.0 {
                return Err(TrainError::BeyondBound(epsilon));
            }
        }
        let plan = with_all(factor)?;
        // Chance needs less noise in the local steps.
        let with_local = |share: f64| -> Result<Self, TrainError> {
            Ok(Self { local: Some(Local { noise: scaled(local.noise, factor * share)?, ..local }), ..plan })
        };
        let (mut low, mut high) = (1e-3_f64, 1.0);
        for _ in 0..60 {
            let middle = (low * high).sqrt();
            if fits(&with_local(middle)?)? { high = middle } else { low = middle }
        }
        with_local(high)
    }

    fn check(&self, records: &Records) -> Result<(), TrainError> {
        if self.rounds.rounds == 0 || self.rounds.restart == 0 {
            return Err(TrainError::NoRounds);
        }
        let positive = [
            (self.step, "the step"),
            (self.clip_gradient, "the clipping radius of gradients"),
            (self.clip_difference, "the clipping ratio of differences"),
            (self.local.map_or(1.0, |local| local.clip), "the clipping ratio of local differences"),
        ];
        for (value, name) in positive {
            if !(value > 0.0 && value.is_finite()) {
                return Err(TrainError::Positive(name));
            }
        }
        let Some(local) = &self.local else { return Ok(()) };
        for node in 0..records.nodes() {
            let fits = match local.minibatch {
                Minibatch::Fixed(batch) => (1..=records.size(node)).contains(&batch),
                Minibatch::Poisson(_) if self.adjacency == Adjacency::Replace => {
                    return Err(TrainError::Amplification);
                }
                Minibatch::Poisson(rate) => rate > 0.0 && rate <= 1.0,
            };
            if !fits {
                let batch = format!("{:?}", local.minibatch);
                return Err(TrainError::Minibatch { batch, node: records.size(node) });
            }
        }
        Ok(())
    }

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
