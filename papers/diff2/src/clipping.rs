//! Clipped means of what records contribute: the only way in which data enter a run.
//!
//! A record's gradient is scaled down to the radius C₁, and a record's *difference* of two gradients to C₂ times the distance of the two points:
//! for a smooth loss that loses nothing, and the closer the points, the less noise hides one record. The norm must be that of what is added,
//! to rounding: an underestimated norm is a violated sensitivity.

use std::ops::Range;

use rayon::prelude::*;

use crate::records::{Block, LANES, Lanes, Records};
use numerics::elementary::rounded;

/// Blocks that one task sums, so that sums are the same with any number of threads.
const TASK: usize = 8;

/// What is asked of every record.
#[derive(Clone, Copy, Debug)]
pub enum Query<'a> {
    /// ∇ℓ(x).
    Gradients {
        /// x.
        at: &'a [f64],
    },
    /// ∇ℓ(to) − ∇ℓ(from).
    Differences {
        /// The earlier point.
        from: &'a [f64],
        /// The later point.
        to: &'a [f64],
    },
}

/// How contributions are scaled.
#[derive(Clone, Copy, Debug)]
pub struct Clip {
    /// The largest norm; infinite for none.
    pub radius: f64,
    /// What a clipped contribution is multiplied by.
    pub weight: f64,
    /// The lattice's unit: products are rounded to whole multiples and counted in them.
    pub unit: Option<f64>,
}

impl Clip {
    /// The factor of a contribution of this norm, weight and unit included; 0 where the norm is 0 or not a finite number.
    #[inline(always)]
    pub fn factor(&self, norm: f64) -> f64 {
        if norm > 0.0 && norm.is_finite() { (self.radius / norm).min(1.0) * self.scale() } else { 0.0 }
    }

    /// The factor without clipping.
    #[inline(always)]
    pub fn scale(&self) -> f64 {
        self.weight / self.unit.unwrap_or(1.0)
    }

    /// Σ coefficient × value over a block, products rounded if there is a unit.
    #[inline(always)]
    pub(crate) fn total(&self, coefficients: &Lanes, values: &Lanes) -> f64 {
        // Eight sums side by side, which are one or two vector registers.
        let mut sums = [0.0; 8];
        for (c, x) in coefficients.chunks_exact(8).zip(values.chunks_exact(8)) {
            for lane in 0..8 {
                let product = c[lane] * x[lane];
                sums[lane] += if self.unit.is_some() { rounded(product) } else { product };
            }
        }
        sums.iter().sum()
    }
}

/// A loss of a parametrised model, differentiated record by record.
pub trait Model: Sync {
    /// d.
    fn parameters(&self) -> usize;

    /// Adds the clipped contributions of a block to `sum`, of d numbers. Gives the number of records that were scaled down.
    fn contribute(&self, query: Query, block: &Block, clip: Clip, sum: &mut [f64]) -> usize;

    /// The sum of a block's losses.
    fn loss(&self, at: &[f64], block: &Block) -> f64;
}

/// A mean of clipped contributions.
#[derive(Clone, Debug, PartialEq)]
pub struct ClippedMean {
    /// d numbers, in units of the lattice if there is one.
    pub mean: Vec<f64>,
    /// The share of records that were scaled down. Not private.
    pub clipped: f64,
}

/// The mean over nodes of each node's mean of clipped contributions, O(Nd).
pub fn clipped_mean(
    model: &dyn Model,
    query: Query,
    records: &Records,
    radius: f64,
    unit: Option<f64>,
) -> ClippedMean {
    summed(model, query, records.blocks(), |node| Clip { radius, weight: records.weight(node), unit })
}

/// The sum over blocks of clipped contributions, scaled by node.
pub(crate) fn summed(
    model: &dyn Model,
    query: Query,
    blocks: &[Block],
    clip: impl Fn(usize) -> Clip + Sync,
) -> ClippedMean {
    let task = |blocks: &[Block]| {
        let mut sum = vec![0.0; model.parameters()];
        let clipped: usize =
            blocks.iter().map(|block| model.contribute(query, block, clip(block.node), &mut sum)).sum();
        (sum, clipped)
    };
    let parts: Vec<_> = match blocks.len() {
        0..=TASK => vec![task(blocks)],
        _ => blocks.par_chunks(TASK).map(task).collect(),
    };
    let mut mean = vec![0.0; model.parameters()];
    let mut clipped = 0;
    for (part, count) in parts {
        mean.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        clipped += count;
    }
    let records: usize = blocks.iter().map(|block| block.count).sum();
    ClippedMean { mean, clipped: clipped as f64 / records.max(1) as f64 }
}

/// The mean loss, without noise: not private.
pub fn mean_loss(model: &dyn Model, at: &[f64], records: &Records) -> f64 {
    let of = |block: &Block| records.weight(block.node) * model.loss(at, block);
    let parts: Vec<f64> =
        records.blocks().par_chunks(TASK).map(|blocks| blocks.iter().map(of).sum()).collect();
    parts.iter().sum()
}

/// Factors of a block, from squared norms; lanes behind the last record get 0. With them the number of records scaled down.
#[inline(always)]
pub(crate) fn factors(clip: Clip, squared: &Lanes, count: usize) -> (Lanes, usize) {
    let mut factors = [0.0; LANES];
    let mut clipped = 0;
    for lane in 0..LANES {
        let norm = squared[lane].sqrt();
        factors[lane] = if lane < count { clip.factor(norm) } else { 0.0 };
        clipped += usize::from(lane < count && (norm > clip.radius || norm.is_nan()));
    }
    (factors, clipped)
}

/// Squared norms that neither overflowed nor lost digits to underflow.
pub(crate) const PLAIN_SQUARES: Range<f64> = 1e-280..1e280;

/// The Euclidean norm, without overflow or underflow on the way.
pub fn norm(vector: &[f64]) -> f64 {
    let squares = vector.iter().map(|x| x * x).sum::<f64>();
    if PLAIN_SQUARES.contains(&squares) {
        return squares.sqrt();
    }
    let largest = vector.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return largest;
    }
    // A power of two: scaling by it is exact. In two steps, as 2^1074 is not a number.
    let exponent = largest.log2().floor();
    let (half, rest) = ((-0.5 * exponent).floor(), exponent + (-0.5 * exponent).floor());
    let scaled = vector.iter().map(|x| (x * half.exp2() * (-rest).exp2()).powi(2)).sum::<f64>().sqrt();
    scaled * rest.exp2() * (-half).exp2()
}

/// The factor that brings a vector into the ball: 1 inside and on the sphere, 0 for what is not finite.
pub fn factor_into_ball(vector: &[f64], radius: f64) -> f64 {
    let norm = norm(vector);
    if norm <= radius {
        1.0
    } else if vector.iter().all(|x| x.is_finite()) {
        radius / norm
    } else {
        0.0
    }
}
