//! The Levine hat problem, exactly (Bouquet, Chikhi, Charles, Zhou, Wang, arXiv 2508.01737, 2025).
//!
//! # The problem
//!
//! Each of n players wears a stack of hats, each hat black or white with probability 1/2, and sees every stack but the own. At the same
//! time, without a word, all point at one hat of the own stack. They win together if all of these are black. With stacks of h hats
//!
//! ```text
//! V_{n,h} = max over strategies of P(every player points at a black hat),     V_n = lim V_{n,h} as h → ∞
//! ```
//!
//! Alone a player is right half of the time, whatever the others wear; the skill is to be right together. V_2 is unknown: 7/20 is the
//! largest value found, 0.37193 the smallest upper bound proved without a computer. Levine's question whether V_n → 0 is open.
//!
//! # The method
//!
//! Every value is a fraction and is computed exactly ([`evaluate`]). Against a fixed partner the best table is found
//! from h² counts ([`best_response`]), and alternating such answers from many starts is the search ([`mod@search`]). For infinite stacks
//! players work in blocks and may pass on to the next ([`block_search`]); the blocks S_3, S_5, … and the
//! chain are written down in [`constructions`] and glued by star [`composition`]. What cannot be exceeded is proved by a bound
//! ([`bounds`]), by visiting every table up to height 4 ([`exhaustive`]), and by an integer program ([`integer_program`]).
//! A stack is also a point of the unit interval, and a strategy's value an area ([`geometry`], [`continuous`]).
//!
//! | symbol of the paper | here |
//! |---|---|
//! | n, h | [`Strategy::players`], [`Strategy::height`] |
//! | f, g | the tables of players 0 and 1 |
//! | value of one strategy, finite or infinite, for biased hats | [`finite_value`], [`infinite_value`], [`biased_value`] |
//! | S_k | [`constructions::recursive_block`] |
//! | S ∗ T | [`composition::star`] |
//!
//! # An example
//!
//! ```
//! use levine_hats::{Strategy, constructions, infinite_value, wins};
//!
//! // "Point at the first hat if the one you see there is black, else at the second": 5 of 16.
//! let black_first = Strategy::symmetric(2, 2, |seen| if seen & 1 == 1 { 0 } else { 1 })?;
//! assert_eq!(wins(&black_first)?, 5);
//! // Blocks of five hats, forever: exactly 7/20.
//! let five = constructions::recursive_block(5)?;
//! assert_eq!(infinite_value(&five)?.to_string(), "7/20");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The method alone, in another crate: `levine-hats = { path = "…", default-features = false }`.

pub mod best_response;
pub mod block_search;
pub mod bounds;
#[cfg(feature = "lab")]
pub mod claims;
pub mod composition;
pub mod constructions;
pub mod continuous;
pub mod evaluate;
pub mod exhaustive;
#[cfg(feature = "lab")]
pub mod experiments;
pub mod geometry;
pub mod integer_program;
pub mod players;
pub mod search;
pub mod strategy;

pub use evaluate::{biased_value, finite_value, infinite_value, wins, wins_by_enumeration};
pub use num_rational::BigRational;
pub use search::{Incumbent, SearchOptions, Start, search};
pub use strategy::{NEXT, Strategy, StrategyError};
