//! Gradients from samples, and counters.
//!
//! A sample is a number. The same sample gives the same noise at two points, which is what estimators with momentum differ; an oracle says itself how its noise depends on the point.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::levels::Bilevel;

/// One of the four gradients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// ∂f/∂x.
    UpperX,
    /// ∂f/∂y.
    UpperY,
    /// ∂g/∂x.
    LowerX,
    /// ∂g/∂y.
    LowerY,
}

/// A problem whose gradients are seen through samples; their mean is the gradient.
pub trait Sampled: Sync {
    /// What lies behind: sizes, sets and true gradients.
    type Problem: Bilevel;
    /// The problem behind the samples.
    fn problem(&self) -> &Self::Problem;
    /// Writes the gradient `part` at (x, y) as `sample` shows it.
    fn gradient(&self, part: Part, sample: u64, x: &[f64], y: &[f64], out: &mut [f64]);
}

/// How noise depends on the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    /// Not at all: differences at two points are free of it.
    Additive,
    /// (ξ₁ + ξ₂ |y|): differences are as small as the points are near.
    Proportional,
    /// Drawn anew at every point: no mean-squared smoothness.
    Rough,
}

/// A problem with normal noise on every coordinate of every gradient.
#[derive(Clone, Debug)]
pub struct Noisy<P> {
    /// The problem.
    pub problem: P,
    /// Standard deviation of each coordinate.
    pub deviation: f64,
    /// How it depends on the point.
    pub noise: Noise,
}

impl<P: Bilevel> Sampled for Noisy<P> {
    type Problem = P;

    fn problem(&self) -> &P {
        &self.problem
    }

    #[inline]
    fn gradient(&self, part: Part, sample: u64, x: &[f64], y: &[f64], out: &mut [f64]) {
        exact(&self.problem, part, x, y, out);
        if self.deviation == 0.0 {
            return;
        }
        let mut key = sample.wrapping_mul(4).wrapping_add(part as u64);
        if self.noise == Noise::Rough {
            // The bits of the point are part of the key.
            for number in x.iter().chain(y) {
                key = key.rotate_left(23).wrapping_mul(0xD6E8_FEB8_6659_FD93) ^ number.to_bits();
            }
        }
        let mut random = Xoshiro256PlusPlus::seed_from_u64(key);
        let length = if self.noise == Noise::Proportional { crate::sets::norm(y) } else { 0.0 };
        for out in out {
            *out += self.deviation * random.sample::<f64, _>(StandardNormal);
            if self.noise == Noise::Proportional {
                *out += self.deviation * length * random.sample::<f64, _>(StandardNormal);
            }
        }
    }
}

/// The true gradient.
#[inline]
pub fn exact(problem: &(impl Bilevel + ?Sized), part: Part, x: &[f64], y: &[f64], out: &mut [f64]) {
    match part {
        Part::UpperX => problem.upper_x(x, y, out),
        Part::UpperY => problem.upper_y(x, y, out),
        Part::LowerX => problem.lower_x(x, y, out),
        Part::LowerY => problem.lower_y(x, y, out),
    }
}

/// An oracle that counts what is asked of it.
pub struct Counted<'a, S> {
    oracle: &'a S,
    gradients: [AtomicU64; 4],
    products: AtomicU64,
}

/// What was asked of an oracle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Gradients of single samples: ∂f/∂x, ∂f/∂y, ∂g/∂x, ∂g/∂y.
    pub gradients: [u64; 4],
    /// Products with second derivatives.
    pub products: u64,
}

impl Counts {
    /// Gradients and products in all.
    pub fn calls(&self) -> u64 {
        self.gradients.iter().sum::<u64>() + self.products
    }
}

impl<'a, S: Sampled> Counted<'a, S> {
    /// Counts from zero.
    pub fn new(oracle: &'a S) -> Self {
        Self { oracle, gradients: Default::default(), products: AtomicU64::new(0) }
    }

    /// The problem, for what is not counted: values that are only watched, sets, sizes.
    pub fn problem(&self) -> &'a S::Problem {
        self.oracle.problem()
    }

    /// A gradient, counted.
    #[inline]
    pub fn gradient(&self, part: Part, sample: u64, x: &[f64], y: &[f64], out: &mut [f64]) {
        // One run asks at a time: reading and writing apart is three times as fast as adding atomically.
        let count = &self.gradients[part as usize];
        count.store(count.load(Relaxed) + 1, Relaxed);
        self.oracle.gradient(part, sample, x, y, out);
    }

    /// Counts products with second derivatives that were made.
    pub fn count_products(&self, products: u64) {
        self.products.fetch_add(products, Relaxed);
    }

    /// What was asked so far.
    pub fn counts(&self) -> Counts {
        Counts {
            gradients: [0, 1, 2, 3].map(|k| self.gradients[k].load(Relaxed)),
            products: self.products.load(Relaxed),
        }
    }
}
