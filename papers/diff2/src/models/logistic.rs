//! Logistic regression.

use numerics::elementary::{exponentials, sigmoids_and_softplus};
use numerics::registers::in_widest;
use pulp::NullaryFnOnce;

use crate::clipping::{Clip, Model, Query, factors};
use crate::records::{Block, LANES, Lanes};

/// ln(1 + e^(−y w·x)), y = ±1, without an intercept (a column of ones gives one).
#[derive(Clone, Copy, Debug)]
pub struct Logistic {
    features: usize,
}

impl Logistic {
    /// For this many features.
    pub fn new(features: usize) -> Self {
        Self { features }
    }
}

/// w·x of a block.
#[inline(always)]
fn products(weights: &[f64], block: &Block) -> Lanes {
    let mut sums = [0.0; LANES];
    for (weight, column) in weights.iter().zip(&block.features) {
        for lane in 0..LANES {
            sums[lane] = weight.mul_add(column[lane], sums[lane]);
        }
    }
    sums
}

struct Work<'a> {
    query: Query<'a>,
    block: &'a Block,
    clip: Clip,
    sum: &'a mut [f64],
}

impl NullaryFnOnce for Work<'_> {
    type Output = usize;

    #[inline(always)]
    fn call(self) -> usize {
        let Self { query, block, clip, sum } = self;
        // A contribution is a multiple of the record's features.
        let mut multiples = [0.0; LANES];
        match query {
            Query::Gradients { at } => {
                let margins = products(at, block);
                for lane in 0..LANES {
                    let y = block.targets[lane];
                    multiples[lane] = -y * sigmoids_and_softplus(-y * margins[lane]).0;
                }
            }
            Query::Differences { from, to } => {
                let margins = products(from, block);
                let mut change = [0.0; LANES];
                for ((column, from), to) in block.features.iter().zip(from).zip(to) {
                    for lane in 0..LANES {
                        change[lane] = (to - from).mul_add(column[lane], change[lane]);
                    }
                }
                for lane in 0..LANES {
                    let y = block.targets[lane];
                    let (sigmoid, opposite, _) = sigmoids_and_softplus(-y * margins[lane]);
                    let growth = exponentials(-y * change[lane]).1;
                    multiples[lane] = -y * sigmoid * opposite * growth / sigmoid.mul_add(growth, 1.0);
                }
            }
        }
        let mut squared = [0.0; LANES];
        for lane in 0..LANES {
            squared[lane] = multiples[lane] * multiples[lane] * block.squares[lane];
        }
        let (factors, clipped) = factors(clip, &squared, block.count);
        for lane in 0..LANES {
            multiples[lane] = if factors[lane] > 0.0 { multiples[lane] * factors[lane] } else { 0.0 };
        }
        for (sum, column) in sum.iter_mut().zip(&block.features) {
            *sum += clip.total(&multiples, column);
        }
        clipped
    }
}

impl Model for Logistic {
    fn parameters(&self) -> usize {
        self.features
    }

    fn contribute(&self, query: Query, block: &Block, clip: Clip, sum: &mut [f64]) -> usize {
        in_widest(Work { query, block, clip, sum })
    }

    fn loss(&self, at: &[f64], block: &Block) -> f64 {
        in_widest(Losses { at, block })
    }
}

struct Losses<'a> {
    at: &'a [f64],
    block: &'a Block,
}

impl NullaryFnOnce for Losses<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let mut losses = products(self.at, self.block);
        for (loss, y) in losses.iter_mut().zip(&self.block.targets) {
            *loss = sigmoids_and_softplus(-y * *loss).2;
        }
        losses[..self.block.count].iter().sum()
    }
}
