//! Consensus-based optimisation: a swarm that drifts to its consensus and is shaken in proportion to its distance from it.
//!
//! ```text
//! Xᵢ ← Xᵢ − λΔt (Xᵢ − x_α) + σ√Δt D(Xᵢ − x_α) ξᵢ,      ξᵢ ~ N(0, I),      D(v) = |v| (isotropic) or diag(v) (anisotropic)
//! ```
//!
//! (Euler and Maruyama's discretisation of the paper's system.) A step takes N values of the objective, N d normal numbers and about 10 N d flops. Moving and
//! evaluating are one pass over blocks of particles that stay in the cache.

mod options;

use rand::Rng;
use rand_distr::{StandardNormal, Uniform};
use rayon::prelude::*;

use crate::consensus::{Consensus, Refusal, alpha_of_effective_share, consensus};
use crate::draws::{Draws, StepDraws};
use crate::objective::Objective;

pub use options::{Noise, Options, Temperature, Undefined};

/// Where the particles begin.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// N(mean, spread² I).
    Normal {
        /// The mean.
        mean: Vec<f64>,
        /// The standard deviation, at least 0.
        spread: f64,
    },
    /// Uniform in a box, the same for all coordinates.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
}

/// The best point evaluated so far: an upper bound of the minimum that one evaluation checks.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// The point.
    pub point: Vec<f64>,
    /// E there.
    pub value: f64,
}

/// N particles with their energies.
pub struct Swarm {
    options: Options,
    draws: Draws,
    dimension: usize,
    points: Vec<f64>,
    values: Vec<f64>,
    steps: u64,
    evaluations: u64,
    best: Best,
}

impl Swarm {
    /// Draws the particles and evaluates them. Memory: N (d + 1) numbers.
    ///
    /// # Errors
    /// Settings out of range; a mean of another dimension, not finite or outside the bounds; an objective that is NaN or −∞ at a particle, or +∞ at all.
    pub fn new(
        objective: &impl Objective,
        options: &Options,
        start: &Start,
        draws: Draws,
    ) -> Result<Self, Refusal> {
        options.check()?;
        let (dimension, particles) = (objective.dimension(), options.particles);
        let mut points = vec![0.0; particles * dimension];
        let first = draws.step(0);
        let rows = points.chunks_exact_mut(dimension).enumerate();
        match start {
            Start::Normal { mean, spread } => {
                check_mean(mean, *spread, dimension, options.bounds)?;
                for (particle, row) in rows {
                    let mut random = first.particle(particle);
                    for (x, mean) in row.iter_mut().zip(mean) {
                        *x = mean + spread * random.sample::<f64, _>(StandardNormal);
                    }
                }
            }
            Start::Uniform { low, high } => {
                let fault = Refusal::Setting {
                    name: "box",
                    expected: "a finite lower end below the upper",
                    found: *low,
                };
                let law =
                    if low.is_finite() && high.is_finite() { Uniform::new(*low, *high).ok() } else { None };
                let law = law.ok_or(fault)?;
                for (particle, row) in rows {
                    let mut random = first.particle(particle);
                    row.fill_with(|| random.sample(law));
                }
            }
        }
        if let Some((low, high)) = options.bounds {
            points.iter_mut().for_each(|x| *x = x.clamp(low, high));
        }
        let mut values = vec![0.0; particles];
        objective.evaluate(&points, &mut values);
        let best = Best { point: vec![f64::NAN; dimension], value: f64::INFINITY };
        let mut swarm = Self {
            options: options.clone(),
            draws,
            dimension,
            points,
            values,
            steps: 0,
            evaluations: 0,
            best,
        };
        swarm.take_stock()?;
        Ok(swarm)
    }

    /// The particles, row by row.
    pub fn points(&self) -> &[f64] {
        &self.points
    }

    /// Their energies.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The best point ever evaluated.
    pub fn best(&self) -> &Best {
        &self.best
    }

    /// Evaluations of the objective so far.
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// Root of the mean squared distance of the particles to a point.
    pub fn radius(&self, center: &[f64]) -> f64 {
        let square = |row: &[f64]| row.iter().zip(center).map(|(x, c)| (x - c) * (x - c)).sum::<f64>();
        let squares: f64 = self.points.chunks_exact(self.dimension).map(square).sum();
        (squares / self.values.len() as f64).sqrt()
    }

    /// The consensus of the particles as they stand.
    ///
    /// # Errors
    /// As [`consensus`].
    pub fn consensus(&self) -> Result<Consensus, Refusal> {
        let alpha = match self.options.temperature {
            Temperature::Alpha(alpha) => alpha,
            Temperature::EffectiveShare(share) => {
                alpha_of_effective_share(&self.points, &self.values, share)?
            }
        };
        consensus(&self.points, &self.values, alpha)
    }

    /// One step. Gives the consensus that the particles moved to: that of their places *before* the step.
    ///
    /// # Errors
    /// An objective that is NaN or −∞ at a particle, or +∞ at all of them; a swarm that grew beyond all numbers.
    pub fn step(&mut self, objective: &impl Objective) -> Result<Consensus, Refusal> {
        let found = self.consensus()?;
        self.move_to(objective, &found.point)?;
        Ok(found)
    }

    /// A step towards a point that need not be the consensus, with its evaluations.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn move_to(&mut self, objective: &impl Objective, center: &[f64]) -> Result<(), Refusal> {
        self.steps += 1;
        let draws = self.draws.step(self.steps);
        let (dimension, options) = (self.dimension, &self.options);
        // A block of points of about 16 KiB is moved and evaluated while it is in the first cache.
        let block = (2_048 / dimension).max(1);
        let work = |(number, (points, values)): (usize, (&mut [f64], &mut [f64]))| {
            advance(options, center, points, number * block, draws);
            objective.evaluate(points, values);
        };
        if self.points.len() >= 1 << 15 {
            let blocks = self.points.par_chunks_mut(block * dimension).zip(self.values.par_chunks_mut(block));
            blocks.enumerate().for_each(work);
        } else {
            let blocks = self.points.chunks_mut(block * dimension).zip(self.values.chunks_mut(block));
            blocks.enumerate().for_each(work);
        }
        self.take_stock()
    }

    /// Counts the evaluations just made and keeps the best point.
    fn take_stock(&mut self) -> Result<(), Refusal> {
        self.evaluations += self.values.len() as u64;
        let dimension = self.dimension;
        for (particle, value) in self.values.iter_mut().enumerate() {
            let point = || &self.points[particle * dimension..(particle + 1) * dimension];
            let shown = || point().iter().take(8).copied().collect();
            if !value.is_finite() && point().iter().any(|x| !x.is_finite()) {
                return Err(Refusal::Diverged { step: self.steps, particle });
            }
            if *value == f64::NEG_INFINITY {
                return Err(Refusal::Unbounded { particle, point: shown() });
            }
            if value.is_nan() {
                match self.options.undefined {
                    Undefined::Infeasible => *value = f64::INFINITY,
                    Undefined::Refuse => return Err(Refusal::NotANumber { particle, point: shown() }),
                }
            }
            if *value < self.best.value {
                self.best.value = *value;
                self.best.point.copy_from_slice(point());
            }
        }
        if self.best.value == f64::INFINITY {
            return Err(Refusal::NoneFeasible(self.values.len()));
        }
        Ok(())
    }
}

fn check_mean(
    mean: &[f64],
    spread: f64,
    dimension: usize,
    bounds: Option<(f64, f64)>,
) -> Result<(), Refusal> {
    if mean.len() != dimension {
        let found = mean.len() as f64;
        return Err(Refusal::Setting {
            name: "start",
            expected: "as many coordinates as the objective has",
            found,
        });
    }
    if !(spread >= 0.0 && spread.is_finite()) {
        return Err(Refusal::Setting { name: "spread", expected: "a number of at least 0", found: spread });
    }
    let (low, high) = bounds.unwrap_or((f64::MIN, f64::MAX));
    match mean.iter().find(|x| !(**x >= low && **x <= high)) {
        Some(x) => Err(Refusal::Setting {
            name: "start",
            expected: "finite coordinates within the bounds",
            found: *x,
        }),
        None => Ok(()),
    }
}

/// Moves a block of particles (row by row, the first of them with number `first`) once towards `center`, which need not be their consensus.
pub fn advance(options: &Options, center: &[f64], points: &mut [f64], first: usize, draws: StepDraws) {
    let (keep, shake) = (1.0 - options.drift * options.step, options.noise * options.step.sqrt());
    let isotropic = options.shape == Noise::Isotropic;
    let dimension = center.len();
    // Normal numbers of some rows before these are moved: read at once, numbers just written would hold up the processor.
    let rows = 128_usize.div_ceil(dimension);
    let mut normals = vec![0.0; rows * dimension];
    for (group, points) in points.chunks_mut(rows * dimension).enumerate() {
        for (number, normals) in normals[..points.len()].chunks_exact_mut(dimension).enumerate() {
            let mut random = draws.particle(first + group * rows + number);
            normals.fill_with(|| random.sample(StandardNormal));
        }
        for (row, normals) in points.chunks_exact_mut(dimension).zip(normals.chunks_exact(dimension)) {
            let squares = || row.iter().zip(center).map(|(x, c)| (x - c) * (x - c)).sum::<f64>();
            let distance = if isotropic { squares().sqrt() } else { 0.0 };
            for ((x, center), normal) in row.iter_mut().zip(center).zip(normals) {
                let offset = *x - center;
                let moved = keep * offset + shake * if isotropic { distance } else { offset } * normal;
                // Offsets that shrink for ever around a consensus at 0 would end as subnormal numbers, a hundred times slower.
                *x = if moved.abs() < 1e-290 { *center } else { center + moved };
            }
        }
    }
    if let Some((low, high)) = options.bounds {
        points.iter_mut().for_each(|x| *x = x.clamp(low, high));
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// All steps were made.
    Steps,
    /// The swarm's radius fell to the tolerance: it explores no more.
    Collapsed,
}

/// What a run of a swarm found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The best point ever evaluated.
    pub best: Best,
    /// The last consensus.
    pub consensus: Consensus,
    /// E at the last consensus; NaN where it has no value and the options take that for infeasible.
    pub consensus_value: f64,
    /// Root mean squared distance of the particles to it.
    pub radius: f64,
    /// Evaluations of the objective.
    pub evaluations: u64,
    /// Why it ended.
    pub reason: StopReason,
}

/// Runs a swarm for at most `steps` steps, or until its radius is at most `radius` (0: never). Small moves of the consensus are no reason to stop: at large α
/// it is the best particle and rests for many steps. `observe` sees step number, consensus (of the places before the step) and swarm.
///
/// # Errors
/// Those of [`Swarm::new`] and [`Swarm::step`].
pub fn minimise(
    objective: &impl Objective,
    options: &Options,
    start: &Start,
    (steps, radius): (u64, f64),
    draws: Draws,
    mut observe: impl FnMut(u64, &Consensus, &Swarm),
) -> Result<Found, Refusal> {
    let mut swarm = Swarm::new(objective, options, start, draws)?;
    let mut reason = StopReason::Steps;
    for step in 0..steps {
        let found = swarm.step(objective)?;
        observe(step, &found, &swarm);
        if radius > 0.0 && swarm.radius(&found.point) <= radius {
            reason = StopReason::Collapsed;
            break;
        }
    }
    let consensus = swarm.consensus()?;
    let consensus_value = objective.value(&consensus.point);
    if consensus_value.is_nan() && options.undefined == Undefined::Refuse {
        return Err(Refusal::NotANumber { particle: consensus.best, point: consensus.point });
    }
    let (radius, evaluations) = (swarm.radius(&consensus.point), swarm.evaluations() + 1);
    if consensus_value < swarm.best.value {
        swarm.best = Best { point: consensus.point.clone(), value: consensus_value };
    }
    Ok(Found { best: swarm.best, consensus, consensus_value, radius, evaluations, reason })
}
