//! Strategies made of strategies.

use crate::strategy::{NEXT, Strategy, StrategyError, check_size};

/// Plays `first` on its N hats; whoever is told to pass on plays `second` on the M hats above them. Height N + M.
///
/// Two rounds of a recursive strategy, or the finite end of one.
///
/// # Errors
/// If the heights do not fit together in one table, or the two are not for two players.
pub fn then(first: &Strategy, second: &Strategy) -> Result<Strategy, StrategyError> {
    compose(first, second, first.height() + second.height(), |seen, low| {
        let above = seen >> low;
        (above, low)
    })
}

/// The star composition S ∗ T (the paper's Definition 24): play S on its N hats; whoever sees one colour only treats the
/// block as one hat of that colour and plays T on it and the M − 1 hats above. Height N + M − 1.
///
/// If T is finite, the value is w_S + (4 w_T − 1)/4^N, where w_S counts pairs of blocks of one colour as won with probability 1/4
/// (Lemma 25): such pairs play T, and where only one block has one colour both are right with probability 1/4 whatever they point at.
///
/// # Errors
/// If S does not pass on exactly the blocks of one colour, sizes do not fit, or there are not two players.
pub fn star(first: &Strategy, second: &Strategy) -> Result<Strategy, StrategyError> {
    let one_colour = |seen: usize| seen == 0 || seen == (1 << first.height()) - 1;
    for player in 0..first.players() {
        let table = first.table(player).iter().enumerate();
        if !table.into_iter().all(|(seen, &guess)| (guess == NEXT) == one_colour(seen)) {
            return Err(StrategyError::NotMonochromatic);
        }
    }
    compose(first, second, first.height() + second.height() - 1, |seen, low| {
        let colour = seen & 1;
        (colour | seen >> low << 1, low - 1)
    })
}

/// The first strategy's guess, or, where it passes on, the second's. From what is seen and the first's height, `continued` gives the second's
/// view, and by how much the numbers of its hats are raised in the composition. Where the second's hat 0 stands for the whole first block (it is
/// raised by less than the block's height), pointing at it means pointing at the block's first hat.
fn compose(
    first: &Strategy,
    second: &Strategy,
    height: usize,
    continued: impl Fn(usize, usize) -> (usize, usize),
) -> Result<Strategy, StrategyError> {
    first.require_two()?;
    second.require_two()?;
    check_size(2, height)?;
    let low = first.height();
    let table = |player: usize| {
        let guess = |seen: usize| match first.table(player)[seen & ((1 << low) - 1)] {
            NEXT => {
                let (view, raised) = continued(seen, low);
                match second.table(player)[view] {
                    NEXT => NEXT,
                    // A block that stands for one hat: all its hats have its colour.
                    0 if raised < low => 0,
                    hat => hat + raised as u8,
                }
            }
            hat => hat,
        };
        (0..1 << height).map(guess).collect()
    };
    Strategy::new(height, vec![table(0), table(1)])
}
