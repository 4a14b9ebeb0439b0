//! Strategies that are written down, not searched for.
//!
//! Two of them attain 7/20 and have a table of three hats in common ([`triple`]): it wins 15 of the 36 pairs of blocks of
//! more than one colour. Continuing it on blocks of one colour by [`star`] gives every other strategy here for two players.
//!
//! | construction | players | height | value |
//! |---|---|---|---|
//! | [`recursive_block`] S_k | 2 | k odd, infinite game | 7/20 |
//! | [`chain`] | 2 | any | ⌊7·4^h/20⌋ / 4^h |
//! | [`modular`] with h = 2 | n | 2 | (3^n + 1)/(2·4^n), which no strategy exceeds |
//! | [`modular`] with h = 3 | n | 3 | (7^n + 4^n + 1)/(3·8^n), which no strategy exceeds |
//! | [`white_restart_block`] | n | 3, infinite game | beats the published bounds for biased hats |
//! | [`first_black`] | n | any | tends to 1/(n + 1) |

use crate::composition::star;
use crate::strategy::{NEXT, Strategy, StrategyError};

/// Three hats, both players alike: the table by what is seen (hat 1 first) is 100 → 3, 010 → 2, 001 → 1, 110 → 2, 101 → 3, 011 → 1;
/// 000 and 111 pass on. Repeated block by block this is the recursive strategy S_3 with value 7/20.
pub fn triple() -> Strategy {
    // By the view's number: hat 1 is the lowest bit.
    const TABLE: [u8; 8] = [NEXT, 2, 1, 1, 0, 2, 0, NEXT];
    let built = Strategy::symmetric(2, 3, |seen| TABLE[seen]);
    built.expect("the table has eight guesses below 3")
}

/// S_k for odd k ≥ 3: the triple on hats 1, 2, 3; if they have one colour, on hats 1, 4, 5; and so on; if all k have one colour, the
/// next block. Every S_k has value 7/20 exactly.
///
/// DEVIATION: this is a reconstruction, the tables in the paper were not at hand. S_5 built this way has every property that is stated of the paper's.
///
/// # Errors
/// For even k (no such strategy attains 7/20), k < 3, and k beyond the tables' size.
pub fn recursive_block(k: usize) -> Result<Strategy, ConstructionError> {
    if k < 3 || k.is_multiple_of(2) {
        return Err(ConstructionError::EvenBlock(k));
    }
    let mut strategy = triple();
    for _ in 0..(k - 3) / 2 {
        strategy = star(&triple(), &strategy)?;
    }
    Ok(strategy)
}

/// The best strategy known for two players and every height: ⌊7·4^h/20⌋ wins.
///
/// As [`recursive_block`] while the hats have one colour; an even height ends with the rule of two hats "the first if it is black, else the last".
/// Were 7/20 the value of the infinite game, this would be optimal at every height.
///
/// # Errors
/// For height 0 and heights beyond the tables' size.
pub fn chain(height: usize) -> Result<Strategy, StrategyError> {
    match height {
        0 | 1 => Strategy::symmetric(2, height, |_| 0),
        2 => Strategy::symmetric(2, 2, |seen| u8::from(seen & 1 == 0)),
        _ => star(&triple(), &chain(height - 2)?),
    }
}

/// The modular code: every stack is given a residue, and each player answers the residue that makes all of them sum to zero modulo h.
///
/// A residue is the place of the lowest black hat, save that for h = 3 a stack with two black hats counts as the place after its
/// white one; white stacks count as zero. At h = 2 and h = 3 a player then is right on a share of |x|/h of the sums that depends on the number
/// |x| of black hats alone and is nested in it, so that all are right with the probability min |x|/h: the largest possible
/// ([`min_weight`](crate::bounds::min_weight)).
///
/// # Errors
/// If the tables do not fit.
pub fn modular(players: usize, height: usize) -> Result<Strategy, StrategyError> {
    crate::strategy::check_size(players, height)?;
    let residue = |stack: usize| match (stack, height) {
        (0, _) => 0,
        (0b111, 3) => 0,
        (stack, 3) if stack.count_ones() == 2 => ((!stack & 0b111).trailing_zeros() as usize + 1) % 3,
        (0b11, 2) => 0,
        (0b01, 2) => 0,
        (0b10, 2) => 1,
        (stack, _) => stack.trailing_zeros() as usize,
    };
    let own = (1 << height) - 1;
    Strategy::symmetric(players, height, |view| {
        let sum: usize = (0..players - 1).map(|other| residue(view >> (other * height) & own)).sum();
        ((height - sum % height) % height) as u8
    })
}

/// The [`modular`] code of three hats, where a player who sees nothing but white passes on to the next block: the infinite game's value is
/// ((1 − q³)^n + (3p²q + p³)^n + p^(3n)) / (3(1 − q^(3n))) with hats black with probability p and q = 1 − p.
///
/// # Errors
/// If the tables do not fit.
pub fn white_restart_block(players: usize) -> Result<Strategy, StrategyError> {
    Ok(modular(players, 3)?.with_restart_on_white())
}

/// Everybody points at the lowest level at which all hats seen are black; at the topmost hat if there is none.
///
/// # Errors
/// If the tables do not fit.
pub fn first_black(players: usize, height: usize) -> Result<Strategy, StrategyError> {
    let own = (1_usize << height) - 1;
    Strategy::symmetric(players, height, |view| {
        let black = (0..players - 1).fold(own, |black, other| black & view >> (other * height));
        if black == 0 { height as u8 - 1 } else { black.trailing_zeros() as u8 }
    })
}

/// Why a construction does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConstructionError {
    /// Blocks that pass on one colour attain 7/20 only if they are odd.
    #[error("expected an odd block of at least 3 hats, found {0}")]
    EvenBlock(usize),
    /// It does not fit.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
}
