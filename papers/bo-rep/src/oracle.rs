//! Products with second derivatives from samples, and problems seen through noise.

use bilevel::levels::Products;
use bilevel::oracle::{Part, Sampled, exact};
use rand::{Rng, SeedableRng};
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;

/// Gradients and products with second derivatives through samples. The same sample gives the same noise at two points.
pub trait Stochastic: Sampled<Problem: Products> {
    /// (∂²g/∂y²) v, as `sample` shows it.
    fn lower_yy_times(&self, sample: u64, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]);
    /// (∂²g/∂x∂y) v, as `sample` shows it.
    fn lower_xy_times(&self, sample: u64, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]);
    /// n if samples are components of a sum: those with the same remainder by n are the same. What keeps a table of components needs it.
    fn components(&self) -> Option<u64> {
        None
    }
}

/// The law of the noise on each coordinate of a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// Normal.
    Normal,
    /// 3 with probability 1/10, else −1/3: of mean 0 and variance 1, and far from symmetric.
    Skewed,
}

/// A problem with independent noise on every coordinate of every gradient and product; what two points see of a sample is the same.
#[derive(Clone, Debug)]
pub struct Noisy<P> {
    /// The problem.
    pub problem: P,
    /// Of the noise on gradients.
    pub law: Law,
    /// Its standard deviation; 0 for none.
    pub deviation: f64,
    /// Standard deviation of normal noise on a product with v, times |v|.
    pub product_deviation: f64,
    /// How many different samples there are; none for as many as there are numbers. With a finite number their mean is the problem only nearly.
    pub components: Option<u64>,
}

impl<P> Noisy<P> {
    /// Without noise.
    pub fn none(problem: P) -> Self {
        Self { problem, law: Law::Normal, deviation: 0.0, product_deviation: 0.0, components: None }
    }

    /// Normal noise of this deviation on gradients, and three tenths of it on products.
    pub fn normal(problem: P, deviation: f64) -> Self {
        Self { deviation, product_deviation: 0.3 * deviation, ..Self::none(problem) }
    }

    #[inline]
    fn random(&self, sample: u64, part: u64) -> Xoshiro256PlusPlus {
        let sample = self.components.map_or(sample, |n| sample % n);
        Xoshiro256PlusPlus::seed_from_u64(sample.wrapping_mul(8).wrapping_add(part))
    }

    #[inline]
    fn add_to_product(&self, sample: u64, part: u64, v: &[f64], out: &mut [f64]) {
        if self.product_deviation > 0.0 {
            let mut random = self.random(sample, part);
            let scale = self.product_deviation * bilevel::sets::norm(v);
            out.iter_mut().for_each(|out| *out += scale * random.sample::<f64, _>(StandardNormal));
        }
    }
}

impl<P: Products> Sampled for Noisy<P> {
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
        let mut random = self.random(sample, part as u64);
        for out in out {
            *out += self.deviation
                * match self.law {
                    Law::Normal => random.sample::<f64, _>(StandardNormal),
                    Law::Skewed if random.random_bool(0.1) => 3.0,
                    Law::Skewed => -1.0 / 3.0,
                };
        }
    }
}

impl<P: Products> Stochastic for Noisy<P> {
    #[inline]
    fn lower_yy_times(&self, sample: u64, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        self.problem.lower_yy_times(x, y, v, out);
        self.add_to_product(sample, 4, v, out);
    }

    #[inline]
    fn lower_xy_times(&self, sample: u64, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        self.problem.lower_xy_times(x, y, v, out);
        self.add_to_product(sample, 5, v, out);
    }

    fn components(&self) -> Option<u64> {
        self.components
    }
}
