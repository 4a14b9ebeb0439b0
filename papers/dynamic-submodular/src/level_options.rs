//! Settings of the algorithm with levels.

use serde::{Deserialize, Serialize};

use crate::maximiser::OptionsError;

/// Which bucket a level samples from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BucketRule {
    /// The bucket with most elements: the one that the argument is about.
    Largest,
    /// The highest bucket that holds at least half of an even share: the same potential argument up to a factor 2, better values, more calls.
    High,
}

/// How the number of sampled elements is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampling {
    /// Each trial draws a fresh subset: what the analysis asks for.
    IndependentTrials,
    /// All trials of a count test one prefix of a random order: cheaper, concentrated by experience only.
    Permutation,
}

/// Settings of the algorithm.
#[derive(Clone, Copy, Debug)]
pub struct LevelOptions {
    /// k, the most elements of a solution; at least 1.
    pub cardinality: usize,
    /// ε from 0.001 to 1, the latter excluded: tolerance of buckets, samples and deletions. Default 0.2. Calls, and the table of buckets, grow like 1/ε and faster.
    pub epsilon: f64,
    /// ε_g from 0.001 on: neighbouring guesses differ by 1 + ε_g. Default 0.3.
    pub guess_ratio: f64,
    /// Default: [`BucketRule::Largest`].
    pub bucket_rule: BucketRule,
    /// Default: [`Sampling::Permutation`].
    pub sampling: Sampling,
    /// Trials for each size of a sample that is tried; `None` (the default) for ⌈8/ε⌉. The analysis asks for a number of the order of ε⁻² log n.
    pub trials: Option<usize>,
    /// Seed of all coins. Default 0.
    pub seed: u64,
}

/// Smallest tolerance: buckets and guesses number about ln(2k) over it.
pub const SMALLEST: f64 = 1e-3;

impl LevelOptions {
    /// The defaults for solutions of at most k elements.
    pub fn new(cardinality: usize) -> Self {
        Self {
            cardinality,
            epsilon: 0.2,
            guess_ratio: 0.3,
            bucket_rule: BucketRule::Largest,
            sampling: Sampling::Permutation,
            trials: None,
            seed: 0,
        }
    }

    pub(crate) fn trials(&self) -> usize {
        self.trials.unwrap_or((8.0 / self.epsilon).ceil() as usize).max(1)
    }

    pub(crate) fn check(&self) -> Result<(), OptionsError> {
        if self.cardinality == 0 {
            return Err(OptionsError::Cardinality);
        }
        if !(SMALLEST..1.0).contains(&self.epsilon) {
            return Err(OptionsError::Epsilon(self.epsilon));
        }
        if self.guess_ratio >= SMALLEST && self.guess_ratio.is_finite() {
            Ok(())
        } else {
            Err(OptionsError::GuessRatio(self.guess_ratio))
        }
    }
}
