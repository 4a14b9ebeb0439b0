//! Dynamic constrained submodular optimisation (Banihashem, Biabani, Goudarzi, Hajiaghayi, Jabbarzade, Monemizadeh, ICML 2023).
//!
//! # The problem
//!
//! f assigns a value to every set of elements; it is monotone and submodular, f(e | S) = f(S ∪ {e}) − f(S) falling as S grows. Elements come and go
//! one at a time, and after every update t a set is wanted with
//!
//! ```text
//! S ⊆ V_t,   |S| ≤ k,   E f(S) ≥ (1/2 − ε) OPT_t,     OPT_t = max { f(S) : S ⊆ V_t, |S| ≤ k }
//! ```
//!
//! where V_t is what is available. What counts is the number of oracle calls: one for each evaluation of f or of a gain. Selecting anew by
//! greedy is worth 1 − 1/e and costs at least |V_t| calls an update; the paper's algorithm needs a number that is polylogarithmic in n,
//! amortised over the stream. (What is reconstructed here gives 1/2 − O(ε), and that only with more trials than the default.) The stream is fixed before the algorithm's coins.
//!
//! # The method
//!
//! For a guess γ of the optimum, elements that gain γ/(2k) are kept in levels; each level sorts them into buckets by gain, and adds a uniform
//! sample of one bucket to the solution, as large as keeps the promised gain with probability 1 − ε. A level is rebuilt, with all
//! below it, when its arrivals reach half of it or the losses of its bucket a share ε: events that do not depend on the sample, so that the sample
//! stays uniform. Runs for guesses (1 + ε_g)^j go side by side, and the best one's set is the output ([`level_algorithm`]).
//!
//! The paper's full text was not at hand: the algorithm is a reconstruction from its abstract, with a proof sketch in the documentation of the
//! run. Rivals: lazy and stochastic greedy recomputed ([`greedy`]), sieve-streaming with deletions ([`sieve`]), and the algorithm of NeurIPS 2020
//! ([`levelled_buffers`]); the optimum of small instances is in [`exact`].
//!
//! | symbol of the paper | here |
//! |---|---|
//! | k, ε | [`LevelOptions::cardinality`], [`LevelOptions::epsilon`] |
//! | f, f(e given S) | [`Function::value`], [`Function::gain`] |
//! | query | an oracle call, [`Step::calls`] |
//!
//! # An example
//!
//! ```
//! use dynamic_submodular::function::Coverage;
//! use dynamic_submodular::{LevelAlgorithm, LevelOptions, Maximiser, Operation::{Delete, Insert}};
//!
//! // Four sets of points; at most two may be chosen.
//! let sets = [vec![0, 1, 2], vec![2, 3], vec![3, 4, 5, 6], vec![6]];
//! let coverage = Coverage::new(&sets, 7)?;
//! let mut algorithm = LevelAlgorithm::new(&coverage, LevelOptions::new(2))?;
//! let steps = algorithm.process(&[Insert(0), Insert(1), Insert(2), Insert(3), Delete(2)])?;
//! assert!(steps[3].value >= 0.3 * 7.0);
//! assert!(algorithm.solution().iter().all(|element| *element != 2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The method alone, in another crate: `dynamic-submodular = { path = "…", default-features = false }`.

#[cfg(feature = "lab")]
pub mod claims;
pub mod exact;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod function;
pub mod graph;
#[cfg(feature = "lab")]
pub mod graph_file;
pub mod greedy;
pub mod level_algorithm;
mod level_options;
pub mod levelled_buffers;
pub mod maximiser;
mod run;
pub mod sieve;
pub mod stream;

pub use function::Function;
pub use level_algorithm::{BucketRule, LevelAlgorithm, LevelOptions, Sampling};
pub use maximiser::{Maximiser, OptionsError, Refused, Step};
pub use stream::{Available, Operation, Order, UpdateError};
