//! What is known beforehand: which variable precedes which, and which edges cannot be.

use std::collections::BTreeSet;

use crate::order::{Move, Order, Priced};
use crate::{Error, graph};
use ndarray::Array2;

/// Pairs (i, j) where i must come before j.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Precedence {
    /// Direct predecessors of each variable; empty for no constraint at all.
    before: Vec<Vec<usize>>,
    after: Vec<Vec<usize>>,
}

impl Precedence {
    /// No constraint.
    pub fn none() -> Self {
        Self::default()
    }

    /// From pairs (i, j): i comes before j.
    ///
    /// # Errors
    /// [`Error::Cyclic`] if they form a cycle, [`Error::NotAnOrder`] if one is out of range.
    pub fn new(variables: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Result<Self, Error> {
        let mut matrix = Array2::zeros((variables, variables));
        for (i, j) in pairs {
            *matrix.get_mut((i, j)).ok_or(Error::NotAnOrder { size: variables, found: vec![i, j] })? = 1.0;
        }
        graph::topological_order(matrix.view())?;
        let list = |of: &dyn Fn(usize, usize) -> bool| -> Vec<Vec<usize>> {
            (0..variables).map(|j| (0..variables).filter(|&i| of(i, j)).collect()).collect()
        };
        Ok(Self { before: list(&|i, j| matrix[(i, j)] != 0.0), after: list(&|i, j| matrix[(j, i)] != 0.0) })
    }

    /// Whether nothing is asked for.
    pub fn is_none(&self) -> bool {
        self.before.iter().all(Vec::is_empty)
    }

    /// All pairs (i, j).
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.before.iter().enumerate().flat_map(|(j, before)| before.iter().map(move |&i| (i, j)))
    }

    /// Whether an order satisfies all pairs.
    pub fn holds(&self, order: &Order) -> bool {
        let positions = order.positions();
        self.before.iter().enumerate().all(|(j, before)| before.iter().all(|&i| positions[i] < positions[j]))
    }

    /// The order that satisfies all pairs and otherwise follows the given one: of the variables whose predecessors are placed, always the earliest.
    pub fn legalise(&self, order: &Order) -> Order {
        if self.is_none() || self.holds(order) {
            return order.clone();
        }
        let positions = order.positions();
        let mut missing: Vec<usize> = self.before.iter().map(Vec::len).collect();
        let mut ready: BTreeSet<(usize, usize)> =
            (0..order.len()).filter(|&v| missing[v] == 0).map(|v| (positions[v], v)).collect();
        let mut legal = Vec::with_capacity(order.len());
        while let Some((_, variable)) = ready.pop_first() {
            legal.push(variable);
            for &next in &self.after[variable] {
                missing[next] -= 1;
                if missing[next] == 0 {
                    ready.insert((positions[next], next));
                }
            }
        }
        // Pairs have no cycle, so every variable was placed.
        Order::new(legal).unwrap_or_else(|_| order.clone())
    }

    /// Leaves out moves that would break a pair. The order must satisfy all.
    pub fn retain_legal(&self, order: &Order, moves: &mut Vec<Priced>) {
        if !self.is_none() && !moves.is_empty() {
            let legal = self.legal_moves(order);
            moves.retain(|priced| legal(priced.step));
        }
    }

    /// A test of moves from this order, which must satisfy all pairs.
    pub fn legal_moves(&self, order: &Order) -> impl Fn(Move) -> bool + use<> {
        let positions = order.positions();
        let size = order.len();
        let (mut earliest, mut latest) = (vec![0; size], vec![size; size]);
        for (variable, before) in self.before.iter().enumerate() {
            earliest[positions[variable]] = before.iter().map(|&i| positions[i] + 1).max().unwrap_or(0);
        }
        for (variable, after) in self.after.iter().enumerate() {
            latest[positions[variable]] = after.iter().map(|&i| positions[i]).min().unwrap_or(size);
        }
        move |step| match step {
            Move::Up { from, to } => earliest[from] <= to,
            Move::Down { from, to } => latest[from] > to,
            Move::Swap(a, b) => earliest[b] <= a && latest[a] > b,
        }
    }
}

/// Knowledge about edges.
///
/// A *required* edge i → j puts i before j and is never pruned. A *forbidden* edge keeps i out of the regression of j, wherever i stands. *Tiers* put all variables of
/// one before all of the next, so that no edge leads back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraints {
    /// Edges (i, j) that must be.
    pub required: Vec<(usize, usize)>,
    /// Edges (i, j) that must not be.
    pub forbidden: Vec<(usize, usize)>,
    /// Groups of variables, earlier groups first; variables in none are free.
    pub tiers: Vec<Vec<usize>>,
}

impl Constraints {
    /// What they ask of the order of variables of these names.
    ///
    /// # Errors
    /// [`Error::Contradiction`] for an edge that is required and forbidden, a variable in two tiers, or a circle of requirements.
    pub fn precedence(&self, names: &[String]) -> Result<Precedence, Error> {
        if let Some(&(i, j)) = self.required.iter().find(|edge| self.forbidden.contains(edge)) {
            let fault = format!("{} → {} is required and forbidden", names[i], names[j]);
            return Err(Error::Contradiction(fault));
        }
        let mut seen = BTreeSet::new();
        if let Some(&twice) = self.tiers.iter().flatten().find(|variable| !seen.insert(**variable)) {
            return Err(Error::Contradiction(format!("{} stands twice in the tiers", names[twice])));
        }
        let mut pairs = self.required.clone();
        for (earlier, tier) in self.tiers.iter().enumerate() {
            for later in &self.tiers[earlier + 1..] {
                pairs.extend(tier.iter().flat_map(|&i| later.iter().map(move |&j| (i, j))));
            }
        }
        Precedence::new(names.len(), pairs).map_err(|fault| match fault {
            Error::Cyclic { cycle } => {
                let words: Vec<&str> = cycle.iter().map(|&variable| names[variable].as_str()).collect();
                Error::Contradiction(format!("{} form a circle", words.join(" before ")))
            }
            other => other,
        })
    }

    /// Which edges may be: entry (i, j) of a d × d matrix by rows.
    pub fn allowed(&self, variables: usize) -> Array2<bool> {
        let mut allowed = Array2::from_elem((variables, variables), true);
        for &(i, j) in &self.forbidden {
            if let Some(entry) = allowed.get_mut((i, j)) {
                *entry = false;
            }
        }
        allowed
    }
}
