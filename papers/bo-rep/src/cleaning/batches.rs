//! Batches of rows, with labels that stay or are drawn anew.

use bilevel::oracle::{Part, Sampled};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{Chosen, Cleaning};
use crate::oracle::Stochastic;

/// How a loader gives labels of training rows.
#[derive(Clone, Debug)]
pub enum Labels {
    /// As they are.
    Fixed,
    /// Flipped anew at every access, as the public loader does.
    Redrawn {
        /// The true labels.
        truth: Vec<f64>,
        /// The probability of a flip of labels −1 and +1.
        flips: [f64; 2],
    },
}

/// The problem through batches of rows, drawn with replacement.
#[derive(Clone, Debug)]
pub struct Batches {
    /// The problem.
    pub problem: Cleaning,
    /// Rows a sample, at least 1.
    pub rows: usize,
    /// How labels of training rows are given.
    pub labels: Labels,
    /// How many different samples there are, for SABA; none for as many as there are numbers.
    pub components: Option<u64>,
}

impl Batches {
    fn with<T>(&self, upper: bool, sample: u64, then: impl FnOnce(&Chosen<'_>) -> T) -> T {
        let sample = self.components.map_or(sample, |n| sample % n);
        let mut random =
            Xoshiro256PlusPlus::seed_from_u64(sample.wrapping_mul(2).wrapping_add(u64::from(upper)));
        let all = if upper { &self.problem.valid } else { &self.problem.train };
        let rows: Vec<usize> = (0..self.rows).map(|_| random.random_range(0..all.len())).collect();
        let mut label = |row: usize| match &self.labels {
            Labels::Redrawn { truth, flips } if !upper => {
                let flip = random.random_bool(flips[usize::from(truth[row] > 0.0)]);
                if flip { -truth[row] } else { truth[row] }
            }
            _ => all[row],
        };
        let labels: Vec<f64> = rows.iter().map(|row| label(*row)).collect();
        then(&Chosen { rows: &rows, labels: &labels })
    }
}

impl Sampled for Batches {
    type Problem = Cleaning;

    fn problem(&self) -> &Cleaning {
        &self.problem
    }

    fn gradient(&self, part: Part, sample: u64, x: &[f64], y: &[f64], out: &mut [f64]) {
        let upper = matches!(part, Part::UpperX | Part::UpperY);
        self.with(upper, sample, |chosen| self.problem.gradient_of(part, chosen, x, y, out));
    }
}

impl Stochastic for Batches {
    fn lower_yy_times(&self, sample: u64, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        self.with(false, sample, |chosen| self.problem.yy_of(chosen, x, y, v, out));
    }

    fn lower_xy_times(&self, sample: u64, x: &[f64], y: &[f64], v: &[f64], out: &mut [f64]) {
        self.with(false, sample, |chosen| self.problem.xy_of(chosen, x, y, v, out));
    }

    fn components(&self) -> Option<u64> {
        self.components
    }
}
