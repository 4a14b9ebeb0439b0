//! Two Markov chains that sequences come from, with the Bayes error of telling them apart.
//!
//! A fair coin chooses the chain, the first token is uniform. The logarithm of the likelihood ratio is linear in the counts of pairs of neighbours, so that logistic regression on those counts contains Bayes' rule; and there are so few
//! sequences of ten tokens that the error of any classifier is a finite sum.

use std::collections::BTreeMap;

use ndarray::Array2;
use num_bigint::{BigInt, BigUint};
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};
use rand::Rng;

/// Why two matrices are no chains.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ChainsError {
    /// Not square, or of different sizes.
    #[error("expected two square matrices of one size, of at least two tokens")]
    Size,
    /// A probability that is not positive.
    #[error("chain {chain}, row {row}, column {column}: expected a number above 0")]
    Entry {
        /// 0 or 1.
        chain: usize,
        /// Counted from 1.
        row: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A row that is no distribution.
    #[error("chain {chain}, row {row}: expected the sum 1, found {sum}")]
    Row {
        /// 0 or 1.
        chain: usize,
        /// Counted from 1.
        row: usize,
        /// Found.
        sum: f64,
    },
    /// More sequences than can be enumerated.
    #[error("{tokens} tokens make more than a million sequences of length {length}")]
    Length {
        /// V.
        tokens: usize,
        /// L.
        length: usize,
    },
}

/// Transition probabilities of both chains.
#[derive(Clone, Debug, PartialEq)]
pub struct Chains {
    transitions: [Array2<BigRational>; 2],
    /// The same as numbers.
    approximate: [Array2<f64>; 2],
}

/// Sequences that are enumerated at most.
const MOST_SEQUENCES: usize = 1 << 20;

impl Chains {
    /// From exact fractions.
    ///
    /// # Errors
    /// Matrices that are not square and alike, rows that are no distributions over all tokens.
    pub fn new(transitions: [Array2<BigRational>; 2]) -> Result<Self, ChainsError> {
        let tokens = transitions[0].nrows();
        if tokens < 2 || transitions.iter().any(|matrix| matrix.dim() != (tokens, tokens)) {
            return Err(ChainsError::Size);
        }
        for (chain, matrix) in transitions.iter().enumerate() {
            for (row, entries) in matrix.rows().into_iter().enumerate() {
                let sum: BigRational = entries.iter().sum();
                if let Some(column) = entries.iter().position(|entry| *entry <= BigRational::zero()) {
                    return Err(ChainsError::Entry { chain, row: row + 1, column: column + 1 });
                }
                if !sum.is_one() {
                    return Err(ChainsError::Row {
                        chain,
                        row: row + 1,
                        sum: sum.to_f64().unwrap_or(f64::NAN),
                    });
                }
            }
        }
        let approximate =
            transitions.each_ref().map(|matrix| matrix.mapv(|p| p.to_f64().unwrap_or(f64::NAN)));
        Ok(Self { transitions, approximate })
    }

    /// The chains of the experiments: three tokens.
    pub fn experimental() -> Self {
        let rows = |numbers: [i64; 9]| {
            Array2::from_shape_fn((3, 3), |(i, j)| BigRational::new(numbers[3 * i + j].into(), 20.into()))
        };
        let first = rows([11, 6, 3, 3, 11, 6, 6, 3, 11]);
        let second = rows([5, 8, 7, 9, 4, 7, 4, 10, 6]);
        Self::new([first, second]).expect("rows have the sum one")
    }

    /// V.
    pub fn tokens(&self) -> usize {
        self.approximate[0].nrows()
    }

    /// A sequence and the chain it comes from, 0 or 1.
    pub fn draw(&self, length: usize, random: &mut impl Rng) -> (Vec<u32>, usize) {
        let chain = usize::from(random.random_bool(0.5));
        let mut sequence = vec![random.random_range(0..self.tokens() as u32)];
        while sequence.len() < length {
            let row = self.approximate[chain].row(sequence[sequence.len() - 1] as usize);
            let mut left: f64 = random.random();
            let next = row.iter().position(|p| {
                left -= p;
                left < 0.0
            });
            sequence.push(next.unwrap_or(row.len() - 1) as u32);
        }
        (sequence, chain)
    }

    /// ln of the probability under the second chain over that under the first: above 0, Bayes' rule says the second.
    pub fn log_ratio(&self, sequence: &[u32]) -> f64 {
        let [first, second] = &self.approximate;
        let pairs = sequence.windows(2).map(|pair| [pair[0] as usize, pair[1] as usize]);
        pairs.map(|pair| (second[pair] / first[pair]).ln()).sum()
    }

    /// The probability of a sequence under a chain.
    fn probability(&self, chain: usize, sequence: &[u32]) -> f64 {
        let pairs =
            sequence.windows(2).map(|pair| self.approximate[chain][[pair[0] as usize, pair[1] as usize]]);
        pairs.product::<f64>() / self.tokens() as f64
    }

    /// All sequences of a length with their probabilities under both chains.
    ///
    /// # Errors
    /// More than a million of them.
    pub fn population(&self, length: usize) -> Result<Population, ChainsError> {
        let tokens = self.tokens();
        let fault = ChainsError::Length { tokens, length };
        let power = u32::try_from(length).ok().and_then(|length| tokens.checked_pow(length));
        let count = power.filter(|count| *count <= MOST_SEQUENCES && length > 0).ok_or(fault)?;
        let sequences: Vec<Vec<u32>> = (0..count)
            .map(|number| {
                let mut rest = number;
                let digit = |_| {
                    let digit = rest % tokens;
                    rest /= tokens;
                    digit as u32
                };
                (0..length).map(digit).collect()
            })
            .collect();
        let probabilities =
            sequences.iter().map(|sequence| [0, 1].map(|chain| self.probability(chain, sequence))).collect();
        Ok(Population { sequences, probabilities })
    }

    /// The Bayes error of sequences of a length, as an exact fraction: ½ Σ min over chains, by types. Sequences with the same counts of pairs have the same probability; their number is counted step by step.
    pub fn bayes_error(&self, length: usize) -> BigRational {
        let tokens = self.tokens();
        // (last token, counts of pairs) → sequences.
        let mut types: BTreeMap<(usize, Vec<u16>), BigUint> =
            (0..tokens).map(|token| ((token, vec![0; tokens * tokens]), BigUint::one())).collect();
        for _ in 1..length {
            let mut longer = BTreeMap::new();
            for ((last, counts), number) in types {
                for next in 0..tokens {
                    let mut counts = counts.clone();
                    counts[last * tokens + next] += 1;
                    *longer.entry((next, counts)).or_insert_with(BigUint::zero) += &number;
                }
            }
            types = longer;
        }
        // The last token does not matter any more.
        let mut by_counts: BTreeMap<Vec<u16>, BigUint> = BTreeMap::new();
        for ((_, counts), number) in types {
            *by_counts.entry(counts).or_insert_with(BigUint::zero) += number;
        }
        let powers: [Vec<Vec<BigRational>>; 2] = self.transitions.each_ref().map(|matrix| {
            let powers_of = |p: &BigRational| {
                let mut powers = vec![BigRational::one()];
                for _ in 1..length {
                    powers.push(&powers[powers.len() - 1] * p);
                }
                powers
            };
            matrix.iter().map(powers_of).collect()
        });
        let mut total = BigRational::zero();
        for (counts, number) in by_counts {
            let probability = |chain: usize| -> BigRational {
                let parts = counts.iter().enumerate().filter(|(_, count)| **count > 0);
                parts.map(|(pair, count)| &powers[chain][pair][usize::from(*count)]).product()
            };
            total += probability(0).min(probability(1)) * BigRational::from(BigInt::from(number));
        }
        total / BigRational::from(BigInt::from(2 * tokens))
    }
}

/// All sequences of one length.
#[derive(Clone, Debug)]
pub struct Population {
    /// In the order of counting.
    pub sequences: Vec<Vec<u32>>,
    /// Under both chains.
    pub probabilities: Vec<[f64; 2]>,
}

impl Population {
    /// The error of the classifier that says "second chain" where a margin is positive, a tie being half an error.
    pub fn error(&self, margins: impl IntoIterator<Item = f64>) -> f64 {
        let errors = self.probabilities.iter().zip(margins).map(|([first, second], margin)| {
            if margin > 0.0 {
                *first
            } else if margin < 0.0 {
                *second
            } else {
                0.5 * (first + second)
            }
        });
        0.5 * numerics::sum::sum(errors)
    }
}

/// Counts of pairs of neighbours, V² of them, and a one.
pub fn pair_counts(sequences: &[Vec<u32>], tokens: usize) -> Array2<f64> {
    let mut counts = Array2::zeros((sequences.len(), tokens * tokens + 1));
    for (sequence, mut row) in sequences.iter().zip(counts.rows_mut()) {
        for pair in sequence.windows(2) {
            row[pair[0] as usize * tokens + pair[1] as usize] += 1.0;
        }
        row[tokens * tokens] = 1.0;
    }
    counts
}
