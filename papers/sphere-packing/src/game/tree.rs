//! Monte Carlo tree search over sets of multipliers, with upper confidence bounds (UCT, Kocsis and Szepesvári 2006).
//!
//! A path from the root is a sequence of tokens: a letter appends a base polynomial to the open product, `close` ends the product, `stop` ends the
//! set. Factors of a product and products of a set come in ascending order, so that every set has one path. The reward of an ended set is given by
//! a function, the surrogate's expected improvement in [`play`](super::play); no programme is solved here.

use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{MOST_FACTORS, MOST_MULTIPLIERS};
use crate::three_point::multiplier::{Base, Multiplier};

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Appends a factor to the open product.
    Append(Base),
    /// Ends the open product.
    Close,
    /// Ends the set.
    Stop,
}

/// A set under construction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Partial {
    /// The ended products.
    pub multipliers: Vec<Multiplier>,
    /// The factors of the open one.
    pub open: Vec<Base>,
    /// Whether the set has ended.
    pub stopped: bool,
}

impl Partial {
    /// What may follow, for products of at most `degree`.
    pub fn actions(&self, degree: usize) -> Vec<Action> {
        if self.stopped {
            return Vec::new();
        }
        let mut actions = Vec::new();
        if self.multipliers.len() < MOST_MULTIPLIERS && self.open.len() < MOST_FACTORS {
            let used: usize = self.open.iter().map(|base| base.degree()).sum();
            // Tokens that only lead to products out of order are left out: a product begins no earlier than the last one did, and none
            // begins with y or Y, whose mirror image comes first.
            let begun = |multiplier: &Multiplier| multiplier.factors().first().copied();
            let from = self.open.last().copied().or_else(|| self.multipliers.last().and_then(begun));
            let first = self.open.is_empty();
            let mirrored = |base: Base| first && matches!(base, Base::SecondOutside | Base::SecondInside);
            let fits = |base: Base| {
                from.is_none_or(|from| base >= from) && !mirrored(base) && used + base.degree() <= degree
            };
            actions.extend(Base::ALL.into_iter().filter(|base| fits(*base)).map(Action::Append));
        }
        if self.open.is_empty() {
            actions.push(Action::Stop);
        } else {
            let closed = Multiplier::new(&self.open);
            // The mirror image of a product is the same multiplier and has its own path.
            if closed.factors() == self.open && self.multipliers.last().is_none_or(|last| closed > *last) {
                actions.push(Action::Close);
            }
        }
        actions
    }

    /// The set after a token.
    pub fn after(&self, action: Action) -> Self {
        let mut next = self.clone();
        match action {
            Action::Append(base) => next.open.push(base),
            Action::Close => {
                next.multipliers.push(Multiplier::new(&next.open));
                next.open.clear();
            }
            Action::Stop => next.stopped = true,
        }
        next
    }
}

struct Node {
    partial: Partial,
    visits: f64,
    total: f64,
    children: Vec<usize>,
    untried: Vec<Action>,
}

/// The exploration constant of UCT, for rewards from 0 to 1.
const EXPLORATION: f64 = 0.7;

/// The set with the largest reward among those that `simulations` simulations ended with; `None` if none ended.
///
/// Rewards are divided by the largest seen so far. A simulation that reaches no set (an open product that can neither be closed nor grow) has reward 0.
pub fn search(
    degree: usize,
    simulations: usize,
    random: &mut ChaCha8Rng,
    reward: &mut dyn FnMut(&[Multiplier]) -> f64,
) -> Option<Vec<Multiplier>> {
    let new = |partial: Partial| Node {
        untried: partial.actions(degree),
        partial,
        visits: 0.0,
        total: 0.0,
        children: Vec::new(),
    };
    let mut nodes = vec![new(Partial::default())];
    let mut largest = 0.0f64;
    let mut found: Option<(f64, Vec<Multiplier>)> = None;
    for _ in 0..simulations {
        // Down to a node with an untried token.
        let mut path = vec![0];
        loop {
            let here = path[path.len() - 1];
            if !nodes[here].untried.is_empty() || nodes[here].children.is_empty() {
                break;
            }
            let logarithm = nodes[here].visits.max(1.0).ln();
            let score = |child: &usize| {
                let child = &nodes[*child];
                child.total / child.visits / largest.max(f64::MIN_POSITIVE)
                    + EXPLORATION * (logarithm / child.visits).sqrt()
            };
            let best = nodes[here]
                .children
                .iter()
                .copied()
                .max_by(|a, b| score(a).total_cmp(&score(b)))
                .expect("the node has children");
            path.push(best);
        }
        let here = path[path.len() - 1];
        if !nodes[here].untried.is_empty() {
            let choice = random.random_range(0..nodes[here].untried.len());
            let action = nodes[here].untried.swap_remove(choice);
            let child = new(nodes[here].partial.after(action));
            nodes.push(child);
            let added = nodes.len() - 1;
            nodes[here].children.push(added);
            path.push(added);
        }
        let ended = finish(nodes[path[path.len() - 1]].partial.clone(), degree, random);
        let value = ended.as_ref().map_or(0.0, |set| reward(set).max(0.0));
        largest = largest.max(value);
        if let Some(set) = ended
            && found.as_ref().is_none_or(|(best, _)| value > *best)
        {
            found = Some((value, set));
        }
        for node in path {
            nodes[node].visits += 1.0;
            nodes[node].total += value;
        }
    }
    found.map(|(_, set)| set)
}

/// Ends a set by random tokens: products close as soon as they may with probability 1/2, sets stop with probability 1/3.
fn finish(mut partial: Partial, degree: usize, random: &mut ChaCha8Rng) -> Option<Vec<Multiplier>> {
    while !partial.stopped {
        let actions = partial.actions(degree);
        let ending = actions.iter().copied().find(|action| matches!(action, Action::Close | Action::Stop));
        let probability = if ending == Some(Action::Stop) { 1.0 / 3.0 } else { 0.5 };
        let action = match ending {
            Some(ending) if actions.len() == 1 || random.random::<f64>() < probability => ending,
            _ => {
                let others: Vec<Action> =
                    actions.into_iter().filter(|action| Some(*action) != ending).collect();
                *others.get(random.random_range(0..others.len().max(1)))?
            }
        };
        partial = partial.after(action);
    }
    Some(partial.multipliers)
}

/// A random set, as a simulation from the root ends with.
pub fn random_set(degree: usize, random: &mut ChaCha8Rng) -> Vec<Multiplier> {
    loop {
        if let Some(set) = finish(Partial::default(), degree, random) {
            return set;
        }
    }
}
