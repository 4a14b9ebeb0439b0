//! Random numbers that belong to a particle and not to an order of work.
//!
//! Every particle of every step has a generator of its own, keyed by (seed, run, step, particle). A swarm therefore moves the same way with one thread or
//! with many, in blocks of any size, and two runs under one seed share nothing.

use rand::{RngCore, SeedableRng};
use rand_xoshiro::{SplitMix64, Xoshiro256PlusPlus};

/// The random numbers of one run.
#[derive(Clone, Debug)]
pub struct Draws {
    key: u64,
}

impl Draws {
    /// Those of `run` under `seed`.
    pub fn new(seed: u64, run: u64) -> Self {
        Self { key: numerics::random::stream(seed, &["swarm", &run.to_string()]).next_u64() }
    }

    /// Those of a step.
    pub fn step(&self, step: u64) -> StepDraws {
        // The hash of one number under another: SplitMix64 mixes the sum, its own steps being multiples of another odd number.
        let sum = self.key.wrapping_add(step.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        StepDraws { key: SplitMix64::seed_from_u64(sum).next_u64() }
    }
}

/// The random numbers of one step.
#[derive(Clone, Copy, Debug)]
pub struct StepDraws {
    key: u64,
}

impl StepDraws {
    /// The generator of a particle.
    #[inline]
    pub fn particle(&self, particle: usize) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::seed_from_u64(self.key.wrapping_add(particle as u64))
    }
}
