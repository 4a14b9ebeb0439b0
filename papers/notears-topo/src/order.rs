//! Topological orders: permutations of the variables, causes first.

use rand::Rng;
use rand::seq::SliceRandom;

use crate::Error;

/// An order of d variables: `order[k]` is the variable at position k, and edges go from earlier positions to later ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order(Vec<usize>);

impl Order {
    /// From the list of variables.
    ///
    /// # Errors
    /// [`Error::NotAnOrder`] unless each of 0 … d − 1 occurs once.
    pub fn new(variables: Vec<usize>) -> Result<Self, Error> {
        let mut seen = vec![false; variables.len()];
        for &variable in &variables {
            if variable >= seen.len() || std::mem::replace(&mut seen[variable], true) {
                return Err(Error::NotAnOrder { size: seen.len(), found: variables });
            }
        }
        Ok(Self(variables))
    }

    /// 0, 1, 2, …
    pub fn identity(size: usize) -> Self {
        Self((0..size).collect())
    }

    /// Uniformly at random.
    pub fn random(size: usize, random: &mut impl Rng) -> Self {
        let mut order = Self::identity(size);
        order.0.shuffle(random);
        order
    }

    /// Variables by ascending key; equal keys by index.
    pub fn ascending(keys: &[f64]) -> Self {
        let mut order = Self::identity(keys.len());
        order.0.sort_by(|&i, &j| keys[i].total_cmp(&keys[j]).then(i.cmp(&j)));
        order
    }

    /// The variables by position.
    pub fn variables(&self) -> &[usize] {
        &self.0
    }

    /// Number of variables.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The position of every variable.
    pub fn positions(&self) -> Vec<usize> {
        let mut positions = vec![0; self.0.len()];
        for (position, &variable) in self.0.iter().enumerate() {
            positions[variable] = position;
        }
        positions
    }

    /// Makes a move.
    pub fn apply(&mut self, step: Move) {
        match step {
            Move::Swap(a, b) => self.0.swap(a, b),
            Move::Up { from, to } => self.0[to..=from].rotate_right(1),
            Move::Down { from, to } => self.0[from..=to].rotate_left(1),
        }
    }
}

/// A change of an order, in positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Move {
    /// The variables at a < b change places: the paper's move.
    Swap(usize, usize),
    /// The variable at `from` is taken out and put before the one at `to` < `from`.
    Up {
        /// Where it is.
        from: usize,
        /// Where it goes.
        to: usize,
    },
    /// The variable at `from` is taken out and put behind the one at `to` > `from`.
    Down {
        /// Where it is.
        from: usize,
        /// Where it goes.
        to: usize,
    },
}

impl Move {
    /// The first and the last position that changes. Predecessor *sets* outside are the same, and so moves whose intervals are disjoint change
    /// the score independently of each other.
    pub fn interval(self) -> (usize, usize) {
        match self {
            Self::Swap(a, b) => (a, b),
            Self::Up { from, to } => (to, from),
            Self::Down { from, to } => (from, to),
        }
    }
}

/// A move with the change of the score that it makes; negative is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Priced {
    /// The move.
    pub step: Move,
    /// Score after minus score before.
    pub change: f64,
}

/// Moves of disjoint intervals with the least total change: weighted interval scheduling.
///
/// The paper accepts greedily, best first; this is the optimum, at the cost of a sort: O(m log m + d) for m moves among d positions. Moves that do not
/// improve are ignored. The result is in ascending order of positions.
pub fn schedule(moves: &[Priced], size: usize) -> Vec<Priced> {
    let mut by_end: Vec<&Priced> = moves.iter().filter(|priced| priced.change < 0.0).collect();
    by_end.sort_by(|x, y| {
        let key = |priced: &Priced| (priced.step.interval().1, priced.step);
        key(x).cmp(&key(y))
    });
    // best[e]: least total change within positions 0 … e − 1, and the move that ends there.
    let mut best = vec![0.0; size + 1];
    let mut last: Vec<Option<&Priced>> = vec![None; size + 1];
    let mut next = by_end.into_iter().peekable();
    for end in 1..=size {
        best[end] = best[end - 1];
        while let Some(priced) = next.next_if(|priced| priced.step.interval().1 < end) {
            let total = priced.change + best[priced.step.interval().0];
            if total < best[end] {
                best[end] = total;
                last[end] = Some(priced);
            }
        }
    }
    let mut chosen = Vec::new();
    let mut end = size;
    while end > 0 {
        match last[end] {
            Some(priced) => {
                chosen.push(*priced);
                end = priced.step.interval().0;
            }
            None => end -= 1,
        }
    }
    chosen.reverse();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_permutations_are_orders() {
        assert!(Order::new(vec![2, 0, 1]).is_ok());
        assert!(Order::new(vec![0, 0]).is_err() && Order::new(vec![1]).is_err());
        assert_eq!(Order::new(vec![2, 0, 1]).map(|order| order.positions()), Ok(vec![1, 2, 0]));
    }

    #[test]
    fn moves_do_what_they_say() {
        let after = |step| {
            let mut order = Order::identity(5);
            order.apply(step);
            order.0
        };
        assert_eq!(after(Move::Swap(1, 3)), [0, 3, 2, 1, 4]);
        assert_eq!(after(Move::Up { from: 3, to: 1 }), [0, 3, 1, 2, 4]);
        assert_eq!(after(Move::Down { from: 1, to: 3 }), [0, 2, 3, 1, 4]);
    }

    proptest! {
        /// Against all subsets of up to ten moves.
        #[test]
        fn schedules_are_optimal(
            moves in prop::collection::vec((0usize..8, 1usize..8, -5i32..2), 0..10),
        ) {
            let moves: Vec<Priced> = moves
                .into_iter()
                .map(|(a, length, change)| Priced {
                    step: Move::Swap(a, (a + length).min(8)),
                    change: f64::from(change),
                })
                .collect();
            let disjoint = |chosen: &[&Priced]| {
                chosen.iter().enumerate().all(|(i, x)| {
                    chosen[..i].iter().all(|y| {
                        let ((a, b), (c, d)) = (x.step.interval(), y.step.interval());
                        b < c || d < a
                    })
                })
            };
            let mut least = 0.0f64;
            for subset in 0..1u32 << moves.len() {
                let chosen: Vec<&Priced> =
                    (0..moves.len()).filter(|i| subset >> i & 1 == 1).map(|i| &moves[i]).collect();
                if disjoint(&chosen) {
                    least = least.min(chosen.iter().map(|priced| priced.change).sum());
                }
            }
            let found = schedule(&moves, 9);
            prop_assert!(disjoint(&found.iter().collect::<Vec<_>>()));
            prop_assert_eq!(found.iter().map(|priced| priced.change).sum::<f64>(), least);
        }
    }
}
