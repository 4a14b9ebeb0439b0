//! What a run does, what it spends, and how a budget is divided.

use rand::Rng;
use serde::{Deserialize, Serialize};

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

    pub(crate) fn check(&self, records: &Records) -> Result<(), TrainError> {
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
}
