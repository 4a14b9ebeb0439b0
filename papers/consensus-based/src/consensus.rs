//! The consensus point: the mean of particles weighted by exp(−αE) (written x_α in the paper).
//!
//! ```text
//! x_α = Σ xᵢ exp(−α E(xᵢ)) / Σ exp(−α E(xᵢ))
//! ```
//!
//! α may be 0 (the plain mean) and ∞ (the best particle). The sums neither overflow nor cancel: energies enter as differences from the least one, *before*
//! they are multiplied by α, and positions as differences from the best particle.
//!
//! Beside the point stand three numbers that certify it: the effective number of particles ESS = (Σw)²/Σw² between 1 and N, and the free energy
//! −ln(mean exp(−αE))/α, which lies between the least energy and that plus ln(N)/α.

use rayon::prelude::*;

use crate::elementary::exponential_less_one;

/// Why there is no consensus.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// Numbers of points, coordinates and energies do not fit.
    #[error("{points} coordinates are no {particles} points of one dimension")]
    Shape {
        /// Numbers in the points' table.
        points: usize,
        /// Energies given.
        particles: usize,
    },
    /// A setting is out of its range.
    #[error("{name}: expected {expected}, found {found}")]
    Setting {
        /// Which one.
        name: &'static str,
        /// Its range.
        expected: &'static str,
        /// What was given.
        found: f64,
    },
    /// The objective is undefined somewhere.
    #[error("the objective is NaN at particle {particle}, {point:?}; values of +inf mark what is infeasible")]
    NotANumber {
        /// Counted from 0.
        particle: usize,
        /// Its coordinates, at most the first eight.
        point: Vec<f64>,
    },
    /// A particle has left the numbers: the swarm's settings let it grow without bound.
    #[error(
        "the swarm diverged at step {step}: particle {particle} has a coordinate that is not finite; a smaller noise or step keeps it together"
    )]
    Diverged {
        /// The step.
        step: u64,
        /// Counted from 0.
        particle: usize,
    },
    /// The objective is −∞ somewhere: unbounded below, or a fault in it.
    #[error("the objective is -inf at particle {particle}, {point:?}")]
    Unbounded {
        /// Counted from 0.
        particle: usize,
        /// Its coordinates, at most the first eight.
        point: Vec<f64>,
    },
    /// The objective is +∞ everywhere.
    #[error("no particle is feasible: the objective is +inf at all {0}")]
    NoneFeasible(usize),
    /// A particle with weight is not in ℝᵈ.
    #[error("particle {particle} has a coordinate that is not finite")]
    Position {
        /// Counted from 0.
        particle: usize,
    },
}

/// The weighted mean, and what certifies it.
#[derive(Clone, Debug, PartialEq)]
pub struct Consensus {
    /// x_α, in the convex hull of the feasible particles.
    pub point: Vec<f64>,
    /// Effective number of particles, (Σw)²/Σw².
    pub ess: f64,
    /// Free energy −ln(mean exp(−αE))/α over all N particles: the least energy at α = ∞, the mean at α = 0.
    pub softmin: f64,
    /// The best particle, counted from 0; of equals the first.
    pub best: usize,
    /// Its energy.
    pub least: f64,
}

/// Particles that one task takes; fixed, so that sums do not depend on threads.
const BLOCK: usize = 1_024;

/// Coordinates from which on threads are worth their start.
const PARALLEL: usize = 1 << 16;

/// The consensus of N particles (`points`: row by row, d numbers each) with energies `values` at inverse temperature `alpha` in [0, ∞].
///
/// A particle of energy +∞ has no weight at any α. Cost: N exponentials and 3 N d flops, fewer where most weights vanish; memory: N numbers.
///
/// # Errors
/// Sizes that do not fit, α < 0 or NaN, an energy NaN or −∞ (with its particle), no feasible particle.
pub fn consensus(points: &[f64], values: &[f64], alpha: f64) -> Result<Consensus, Refusal> {
    let dimension = dimension_of(points, values)?;
    if alpha.is_nan() || alpha < 0.0 {
        return Err(Refusal::Setting { name: "alpha", expected: "a number of at least 0", found: alpha });
    }
    let best = best_particle(points, values, dimension)?;
    let least = values[best];
    let weights: Vec<f64> = values.iter().map(|value| weight(*value, least, alpha)).collect();
    let (mass, squares) = weights.iter().fold((0.0, 0.0), |(mass, squares), w| (mass + w, squares + w * w));
    let point = weighted_mean(points, &weights, mass, best, dimension)?;
    let softmin = softmin(values, least, alpha, mass);
    Ok(Consensus { point, ess: mass * mass / squares, softmin, best, least })
}

fn dimension_of(points: &[f64], values: &[f64]) -> Result<usize, Refusal> {
    let particles = values.len();
    if particles == 0 || points.is_empty() || !points.len().is_multiple_of(particles) {
        return Err(Refusal::Shape { points: points.len(), particles });
    }
    Ok(points.len() / particles)
}

fn best_particle(points: &[f64], values: &[f64], dimension: usize) -> Result<usize, Refusal> {
    let shown = |particle: usize| {
        points[particle * dimension..(particle + 1) * dimension].iter().take(8).copied().collect()
    };
    let mut best = 0;
    for (particle, value) in values.iter().enumerate() {
        if value.is_nan() {
            return Err(Refusal::NotANumber { particle, point: shown(particle) });
        }
        if *value == f64::NEG_INFINITY {
            return Err(Refusal::Unbounded { particle, point: shown(particle) });
        }
        if *value < values[best] {
            best = particle;
        }
    }
    if values[best] == f64::INFINITY { Err(Refusal::NoneFeasible(values.len())) } else { Ok(best) }
}

/// α (E − E*), whatever overflows on the way.
#[inline]
fn exponent(value: f64, least: f64, alpha: f64) -> f64 {
    let difference = value - least;
    if difference.is_finite() { alpha * difference } else { alpha * (value / 2.0 - least / 2.0) * 2.0 }
}

/// exp(−α (E − E*)), with the conventions at the ends.
#[inline]
fn weight(value: f64, least: f64, alpha: f64) -> f64 {
    if value == f64::INFINITY {
        0.0
    } else if alpha == f64::INFINITY {
        f64::from(u8::from(value == least))
    } else {
        (-exponent(value, least, alpha)).exp()
    }
}

/// E* − ln(mean w)/α. Where all weights are near 1 exp(z) − 1 is averaged: the logarithm of their mean would be noise.
fn softmin(values: &[f64], least: f64, alpha: f64, mass: f64) -> f64 {
    let n = values.len() as f64;
    if alpha == 0.0 {
        return values.iter().map(|value| value / n).sum();
    }
    if alpha == f64::INFINITY {
        return least;
    }
    if mass < 0.5 * n {
        return least - (mass / n).ln() / alpha;
    }
    let deficit = |value: &f64| match *value {
        f64::INFINITY => -1.0,
        value => exponential_less_one(-exponent(value, least, alpha)),
    };
    least - (values.iter().map(deficit).sum::<f64>() / n).ln_1p() / alpha
}

/// x* + Σ w/Z (x − x*), in blocks whose sums are added in order.
fn weighted_mean(
    points: &[f64],
    weights: &[f64],
    mass: f64,
    best: usize,
    dimension: usize,
) -> Result<Vec<f64>, Refusal> {
    let anchor = &points[best * dimension..(best + 1) * dimension];
    // What is left out weighs less than 2⁻⁶⁰ of the mass in all.
    let least = mass * 2.0_f64.powi(-60) / weights.len() as f64;
    // Differences of positions beyond 10³⁰⁸ overflow; halves of them do not.
    let sum = |half: f64| {
        let block = |(points, weights): (&[f64], &[f64])| {
            let mut sum = vec![0.0; dimension];
            for (point, weight) in points.chunks_exact(dimension).zip(weights) {
                if *weight > least {
                    let share = weight / mass;
                    for ((sum, x), anchor) in sum.iter_mut().zip(point).zip(anchor) {
                        *sum += share * (half * x - half * anchor);
                    }
                }
            }
            sum
        };
        let blocks = points.par_chunks(BLOCK * dimension).zip(weights.par_chunks(BLOCK));
        let sums: Vec<Vec<f64>> = match points.len() > PARALLEL {
            true => blocks.map(block).collect(),
            false => points.chunks(BLOCK * dimension).zip(weights.chunks(BLOCK)).map(block).collect(),
        };
        let mut mean = anchor.to_vec();
        for sum in sums {
            for (mean, sum) in mean.iter_mut().zip(sum) {
                *mean += sum / half;
            }
        }
        mean
    };
    let finite = |mean: &Vec<f64>| mean.iter().all(|x| x.is_finite());
    Some(sum(1.0)).filter(finite).or_else(|| Some(sum(0.5)).filter(finite)).ok_or_else(|| {
        let rows = points.chunks_exact(dimension).zip(weights);
        let faulty = |(point, weight): (&[f64], &f64)| *weight > 0.0 && point.iter().any(|x| !x.is_finite());
        Refusal::Position {
            particle: rows.enumerate().find(|(_, row)| faulty(*row)).map_or(best, |(particle, _)| particle),
        }
    })
}

/// The inverse temperature at which the effective number of particles is `share` of the feasible ones (bisection on ln α to one per cent): the larger,
/// the fewer particles count. ∞ where energies tie too much for so few, and 0 where all are equal.
///
/// # Errors
/// As [`consensus`], and a share outside (0, 1).
pub fn alpha_of_effective_share(points: &[f64], values: &[f64], share: f64) -> Result<f64, Refusal> {
    if !(share > 0.0 && share < 1.0) {
        return Err(Refusal::Setting {
            name: "share of effective particles",
            expected: "a number between 0 and 1",
            found: share,
        });
    }
    let dimension = dimension_of(points, values)?;
    let least = values[best_particle(points, values, dimension)?];
    let feasible: Vec<f64> = values.iter().copied().filter(|value| *value < f64::INFINITY).collect();
    let spread = feasible.iter().map(|value| value - least).fold(0.0, f64::max).min(f64::MAX);
    let above = feasible
        .iter()
        .map(|value| value - least)
        .filter(|difference| *difference > 0.0)
        .fold(f64::INFINITY, f64::min);
    if spread == 0.0 {
        return Ok(0.0);
    }
    let wanted = share * feasible.len() as f64;
    let ess = |alpha: f64| {
        let sums = feasible.iter().map(|value| weight(*value, least, alpha));
        let (mass, squares) = sums.fold((0.0, 0.0), |(mass, squares), w| (mass + w, squares + w * w));
        mass * mass / squares
    };
    // At the ends all particles count, or the best alone.
    let (mut low, mut high) = ((1e-3 / spread).ln(), (800.0 / above).min(1e300).ln());
    if ess(high.exp()) > wanted {
        return Ok(f64::INFINITY);
    }
    while high - low > 0.01 {
        let middle = f64::midpoint(low, high);
        if ess(middle.exp()) > wanted { low = middle } else { high = middle }
    }
    Ok(high.exp())
}
