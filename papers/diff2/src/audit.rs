//! An attack that tells neighbouring data sets apart as well as any can, and what it proves about a claimed (ε, δ).
//!
//! The adversary knows all records but one, and sees all releases. That one is a canary: a quadratic so steep that its clipped gradient always has
//! norm C₁ and its clipped difference norm C₂ times the step; its neighbour is the same with the opposite sign, or nothing. What is left of a
//! release after the known records is noise plus the canary along a known direction. Projections, each over the noise's variance and weighted
//! by how far the neighbours are apart, add up to a score that is N(±μ/2, 1) for *any* adaptive run. So the distance of the scores' means, over
//! their deviation, estimates μ itself, and a lower confidence bound of it a lower bound of ε. A distance beyond the claim refutes it;
//! one within does not prove it.

use numerics::normal::distribution;
use numerics::random::stream;
use numerics::registers::in_widest;
use pulp::NullaryFnOnce;
use rand::{Rng, RngCore};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::clipping::{Clip, Model, PLAIN_SQUARES, Query, clipped_mean, factor_into_ball, norm};
use crate::noise::{Lattice, Noise, Seeded};
use crate::plan::{Draws, Plan, TrainError};
use crate::privacy::Mu;
use crate::records::{Block, LANES, Lanes, Records};
use crate::schedule::{Adjacency, Rounds};
use crate::train::{Release, train};

const DIMENSION: usize = 3;
const RECORDS: usize = 50;
const RUNS_OF_A_STREAM: usize = 50;

/// What is wrong with the mechanism that is audited.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// Nothing.
    None,
    /// Noise is this many times what it should be.
    Noise(f64),
    /// The budget is spent on every segment, not on the run.
    BudgetOfOneSegment,
    /// Noise for a record left out, where neighbours replace it.
    WrongNeighbours,
    /// Differences are clipped to this many times the radius.
    LooseDifferences(f64),
    /// Noise is that of the radius one release before.
    StaleRadius,
    /// One record is not clipped.
    Unclipped,
}

/// An audit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Audit {
    /// Claimed ε.
    pub epsilon: f64,
    /// Claimed δ.
    pub delta: f64,
    /// R, T, φ of the audited runs.
    pub rounds: Rounds,
    /// Neighbours.
    pub adjacency: Adjacency,
    /// Runs on each of two neighbours, 2 or more.
    pub runs: usize,
    /// The other records push apart, so that steps grow within a segment.
    pub growing: bool,
    /// Noise on the lattice, as for people, instead of continuous.
    pub lattice: bool,
    /// What to break.
    pub fault: Fault,
    /// One-sided confidence of lower bounds, such as 0.999.
    pub confidence: f64,
}

/// What the attack found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// μ of the claim.
    pub claimed: f64,
    /// The distance of the scores' means over their deviation.
    pub mu: f64,
    /// Its standard error.
    pub error: f64,
    /// Lower bound of ε, scores taken as normal.
    pub epsilon: f64,
    /// Lower bound of ε by counts above one threshold (Clopper, Pearson), for any scores.
    pub epsilon_by_counts: f64,
}

impl Finding {
    /// Whether more than the claimed ε was shown.
    pub fn refutes(&self, epsilon: f64) -> bool {
        self.epsilon > epsilon || self.epsilon_by_counts > epsilon
    }
}

/// Runs the attack, 2 × `runs` trainings of 50 records in three dimensions.
///
/// # Errors
/// [`TrainError`] for an impossible claim, or no runs.
pub fn audit(plan: &Audit, seed: u64) -> Result<Finding, TrainError> {
    if plan.runs < 2 {
        return Err(TrainError::Positive("the number of runs, from 2 on,"));
    }
    let claimed = Mu::calibrate(plan.epsilon, plan.delta)?;
    let attack = Attack::new(plan, claimed, seed)?;
    let scores = |present: bool| -> Result<Vec<f64>, TrainError> {
        let side = if present { "present" } else { "absent" };
        let streams = plan.runs.div_ceil(RUNS_OF_A_STREAM);
        let parts: Result<Vec<Vec<f64>>, TrainError> = (0..streams)
            .into_par_iter()
            .map(|part| {
                let mut random = stream(seed, &["diff2", "audit", side, &part.to_string()]);
                let runs = RUNS_OF_A_STREAM.min(plan.runs - part * RUNS_OF_A_STREAM);
                (0..runs).map(|_| attack.score(present, &mut random)).collect()
            })
            .collect();
        Ok(parts?.concat())
    };
    let (with, without) = (scores(true)?, scores(false)?);
    let count = plan.runs as f64;
    let moments = |scores: &[f64]| {
        let mean = scores.iter().sum::<f64>() / count;
        (mean, scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / (count - 1.0))
    };
    let ((mean_with, variance_with), (mean_without, variance_without)) = (moments(&with), moments(&without));
    let mu = (mean_with - mean_without) / (0.5 * (variance_with + variance_without)).sqrt();
    if !mu.is_finite() {
        return Err(TrainError::Diverged(plan.rounds.rounds));
    }
    let error = (2.0 / count + 0.25 * mu * mu / count).sqrt();
    let lower = (mu - quantile(plan.confidence) * error).max(0.0);
    // Fixed beforehand: one deviation above the mean that the claim allows.
    let threshold = 0.5 * claimed.value() + 1.0;
    let above = |scores: &[f64]| scores.iter().filter(|score| **score > threshold).count();
    let side = 1.0 - 0.5 * (1.0 - plan.confidence);
    let hits = 1.0 - proportion_at_most(plan.runs - above(&with), plan.runs, side);
    let alarms = proportion_at_most(above(&without), plan.runs, side);
    Ok(Finding {
        claimed: claimed.value(),
        mu,
        error,
        epsilon: Mu::new(lower).epsilon(plan.delta)?,
        epsilon_by_counts: ((hits - plan.delta) / alarms).ln().max(0.0),
    })
}

/// The normal quantile of a probability above one half.
fn quantile(probability: f64) -> f64 {
    bisected(0.0, 40.0, |z| distribution(z) < probability)
}

/// The largest proportion under which so few successes, or fewer, have probability 1 − confidence.
fn proportion_at_most(successes: usize, trials: usize, confidence: f64) -> f64 {
    if successes >= trials {
        return 1.0;
    }
    let tail = |p: f64| {
        let (mut ln_term, mut largest) = (trials as f64 * (-p).ln_1p(), f64::NEG_INFINITY);
        let mut terms = Vec::with_capacity(successes + 1);
        for k in 0..=successes {
            terms.push(ln_term);
            largest = largest.max(ln_term);
            ln_term += ((trials - k) as f64 / (k + 1) as f64).ln() + p.ln() - (-p).ln_1p();
        }
        largest.exp() * terms.iter().map(|term| (term - largest).exp()).sum::<f64>()
    };
    bisected(0.0, 1.0, |p| tail(p) > 1.0 - confidence)
}

fn bisected(mut low: f64, mut high: f64, is_below: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if is_below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// Quadratics k|x − a|²/2, the features being a and the target k.
struct Quadratics {
    fault: Fault,
}

/// The canary's curvature, beyond all others.
const STEEP: f64 = 1e9;
/// The same where it is not clipped, so that the run stays finite.
const STEEP_UNCLIPPED: f64 = 10.0;

impl Model for Quadratics {
    fn parameters(&self) -> usize {
        DIMENSION
    }

    fn contribute(&self, query: Query, block: &Block, clip: Clip, sum: &mut [f64]) -> usize {
        let radius = match (self.fault, query) {
            (Fault::LooseDifferences(factor), Query::Differences { .. }) => factor * clip.radius,
            (Fault::Unclipped, _) => f64::INFINITY,
            _ => clip.radius,
        };
        let (rows, clipped) = in_widest(Contributions { query, block, radius, clip });
        for (sum, row) in sum.iter_mut().zip(&rows) {
            row[..block.count()].iter().for_each(|x| *sum += x);
        }
        clipped
    }

    fn loss(&self, at: &[f64], block: &Block) -> f64 {
        let of = |lane| {
            let (center, curvature) = block.record(lane);
            0.5 * curvature * at.iter().zip(center).map(|(x, a)| (x - a).powi(2)).sum::<f64>()
        };
        (0..block.count()).map(of).sum()
    }
}

/// What the records of a block contribute, coordinate by coordinate, and how many were clipped to the radius.
struct Contributions<'a> {
    query: Query<'a>,
    block: &'a Block,
    radius: f64,
    clip: Clip,
}

impl NullaryFnOnce for Contributions<'_> {
    type Output = ([Lanes; DIMENSION], usize);

    #[inline(always)]
    fn call(self) -> Self::Output {
        let Self { query, block, radius, clip } = self;
        let mut rows = [[0.0; LANES]; DIMENSION];
        let mut squares = [0.0; LANES];
        for (d, row) in rows.iter_mut().enumerate() {
            for lane in 0..LANES {
                let by = match query {
                    Query::Gradients { at } => at[d] - block.features[d][lane],
                    Query::Differences { from, to } => to[d] - from[d],
                };
                row[lane] = block.targets[lane] * by;
                squares[lane] += row[lane] * row[lane];
            }
        }
        let (mut factors, mut clipped) = ([0.0; LANES], 0);
        for lane in 0..LANES {
            let norm = squares[lane].sqrt();
            factors[lane] = if norm <= radius { 1.0 } else { radius / norm };
        }
        for lane in 0..block.count() {
            if !PLAIN_SQUARES.contains(&squares[lane]) {
                factors[lane] = factor_into_ball(&rows.map(|row| row[lane]), radius);
            }
            clipped += usize::from(factors[lane] < 1.0);
        }
        for row in &mut rows {
            for lane in 0..LANES {
                let scaled = row[lane] * (factors[lane] * clip.scale());
                row[lane] = if clip.unit.is_some() { scaled.round() } else { scaled };
            }
        }
        (rows, clipped)
    }
}

/// Noise that is scaled, or lags one release behind.
struct Broken<'a> {
    noise: &'a mut dyn Noise,
    fault: Fault,
    /// Releases so far, and of a segment.
    releases: u64,
    restart: u64,
    previous: f64,
}

impl Noise for Broken<'_> {
    fn unit(&self, deviation: f64, largest: f64) -> Option<f64> {
        self.noise.unit(deviation, largest)
    }

    fn add(&mut self, deviation: f64, values: &mut [f64]) {
        let used = match self.fault {
            Fault::Noise(factor) => factor * deviation,
            // From the second difference of a segment on.
            Fault::StaleRadius if self.releases % self.restart > 1 => self.previous,
            _ => deviation,
        };
        self.releases += 1;
        self.previous = deviation;
        self.noise.add(used, values);
    }

    fn bits(&mut self) -> &mut dyn RngCore {
        self.noise.bits()
    }
}

struct Attack<'a> {
    audit: &'a Audit,
    plan: Plan,
    model: Quadratics,
    /// With the canary, and with its neighbour, and with a record that contributes nothing in its place.
    present: Records,
    absent: Records,
    known: Records,
    canary: [f64; DIMENSION],
}

impl<'a> Attack<'a> {
    fn new(audit: &'a Audit, claimed: Mu, seed: u64) -> Result<Self, TrainError> {
        let (radius, ratio) = (1.0, 1.0);
        let step = if audit.growing { 1.0 } else { 0.2 };
        let mut plan = Plan::within(claimed, audit.rounds, step, (radius, ratio))?;
        plan.adjacency = audit.adjacency;
        match audit.fault {
            Fault::WrongNeighbours => plan.adjacency = Adjacency::ZeroOut,
            Fault::BudgetOfOneSegment => {
                let segment =
                    Rounds { rounds: audit.rounds.restart.min(audit.rounds.rounds), ..audit.rounds };
                plan.noise = segment.multipliers(claimed)?;
            }
            _ => {}
        }
        let mut random = stream(seed, &["diff2", "audit", "records"]);
        let mut features =
            ndarray::Array2::from_shape_fn((RECORDS, DIMENSION), |_| random.random_range(-0.2..0.2));
        let curvature = if audit.growing { -1.0 } else { 1.0 };
        let canary = [0.5, -0.3, 0.2];
        features.row_mut(0).iter_mut().zip(canary).for_each(|(x, a)| *x = a);
        let with = |k: f64| {
            let targets = ndarray::Array1::from_shape_fn(RECORDS, |row| if row == 0 { k } else { curvature });
            Records::new(features.view(), targets.view(), &[0; RECORDS])
        };
        let steep = if audit.fault == Fault::Unclipped { STEEP_UNCLIPPED } else { STEEP };
        let opposite = match audit.adjacency {
            Adjacency::Replace => -steep,
            Adjacency::ZeroOut => 0.0,
        };
        let built = |k| with(k).map_err(|_| TrainError::NoRounds);
        Ok(Self {
            audit,
            plan,
            model: Quadratics { fault: audit.fault },
            present: built(steep)?,
            absent: built(opposite)?,
            known: built(0.0)?,
            canary,
        })
    }

    fn score(&self, present: bool, random: &mut impl Rng) -> Result<f64, TrainError> {
        let records = if present { &self.present } else { &self.absent };
        let draws = Draws { chosen: 0, walkers: Vec::new() };
        let (mut lattice, mut seeded);
        let noise: &mut dyn Noise = if self.audit.lattice {
            lattice = Lattice::with(random);
            &mut lattice
        } else {
            seeded = Seeded::new(random);
            &mut seeded
        };
        let mut noise = Broken {
            noise,
            fault: self.audit.fault,
            releases: 0,
            restart: self.audit.rounds.restart,
            previous: 0.0,
        };
        let (mut score, mut information) = (0.0, 0.0);
        let kappa = self.audit.adjacency.factor();
        let observe = |release: &Release| {
            let direction: Vec<f64> = match release.before {
                Some(before) => release.at.iter().zip(before).map(|(x, y)| x - y).collect(),
                None => release.at.iter().zip(self.canary).map(|(x, a)| x - a).collect(),
            };
            let length = norm(&direction);
            if length == 0.0 {
                return;
            }
            let query = match release.before {
                Some(before) => Query::Differences { from: before, to: release.at },
                None => Query::Gradients { at: release.at },
            };
            let sound = Quadratics { fault: Fault::None };
            let known = clipped_mean(&sound, query, &self.known, release.radius, None).mean;
            let residual = release.value.iter().zip(known).map(|(value, known)| value - known);
            let along = residual.zip(&direction).map(|(r, u)| r * u / length).sum::<f64>();
            let apart = kappa * records.share() * release.radius;
            score += along * apart / release.deviation.powi(2);
            information += (apart / release.deviation).powi(2);
        };
        let start = [1.0; DIMENSION];
        train(&self.model, records, &self.plan, &draws, &start, &mut noise, observe)?;
        Ok(score / information.sqrt())
    }
}
