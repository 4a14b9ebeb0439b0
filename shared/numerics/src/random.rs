//! Random streams that are found by name.
//!
//! A generator that is shared, or seeded in the order in which work happens to run, ties a result to
//! that order. Here a stream is the function of a seed and a path of words (paper, experiment,
//! parameters, purpose), so a cell of an experiment draws the same numbers alone, beside fifteen
//! others, or on another machine.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The generator of `path` under `seed`: ChaCha with 8 rounds, keyed by the SHA-256 hash of both.
///
/// Each word enters the hash behind its length, so `["ab", "c"]` and `["a", "bc"]` are different
/// streams. ChaCha is defined on integers alone and gives the same numbers on every platform; its
/// streams under different keys are independent for every statistical purpose. Cost: one hash.
pub fn stream(seed: u64, path: &[&str]) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    for word in path {
        hash.update((word.len() as u64).to_le_bytes());
        hash.update(word.as_bytes());
    }
    ChaCha8Rng::from_seed(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    fn first_draws(seed: u64, path: &[&str]) -> [u64; 4] {
        let mut random = stream(seed, path);
        std::array::from_fn(|_| random.random())
    }

    #[test]
    fn a_name_always_gives_the_same_stream() {
        assert_eq!(first_draws(7, &["paper", "cell"]), first_draws(7, &["paper", "cell"]));
    }

    #[test]
    fn seed_words_and_word_boundaries_all_count() {
        let paths: [(u64, &[&str]); 5] =
            [(0, &["ab", "c"]), (1, &["ab", "c"]), (0, &["a", "bc"]), (0, &["abc"]), (0, &["ab", "c", ""])];
        for (i, left) in paths.iter().enumerate() {
            for right in &paths[i + 1..] {
                assert_ne!(
                    first_draws(left.0, left.1),
                    first_draws(right.0, right.1),
                    "{left:?} and {right:?}"
                );
            }
        }
    }
}
