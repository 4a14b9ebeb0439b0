//! The best order of all, by dynamic programming over subsets (Silander and Myllymäki 2006).
//!
//! With f(∅) = 0 and f(U ∪ {v}) = min_v f(U) + loss(v | U), f of all variables is the least score of any order. 2^d numbers and 2^d bytes are kept.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::node_score::{LeastSquares, NodeScore};
use crate::{Covariance, Error, Order};

/// The most variables for least squares: 0.6 GB, some ten seconds.
pub const LARGEST: usize = 26;
/// The most variables for other scores: d 2^(d−1) regressions.
pub const LARGEST_REFITTED: usize = 16;

/// The least score of any order, and an order that has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimum {
    /// The order.
    pub order: Order,
    /// Its score.
    pub score: f64,
}

/// For least squares. Subsets are visited in the order of a walk that leaves out or takes in one variable after the other and carries the conditional covariances along:
/// about 3d flops a subset, on one thread.
///
/// Where the covariance matrix has lost digits to squares, its root answers instead, one regression at a time.
///
/// # Errors
/// [`Error::TooManyVariables`] beyond [`LARGEST`], or [`LARGEST_REFITTED`] where the root answers.
pub fn least_squares(covariance: &Covariance) -> Result<Optimum, Error> {
    if covariance.root().is_some() {
        return refitted(&LeastSquares::new(covariance.clone()));
    }
    let variables = covariance.variables();
    if variables > LARGEST {
        return Err(Error::TooManyVariables { variables, limit: LARGEST });
    }
    let mut table = Table::new(variables);
    let mut walk = Walk {
        size: variables,
        levels: vec![covariance.matrix().iter().copied().collect(); variables + 1],
        outside: Vec::with_capacity(variables),
    };
    walk.visit(variables, 0, &mut table);
    Ok(table.optimum())
}

/// For any convex score. Regressions run in parallel.
///
/// # Errors
/// [`Error::TooManyVariables`] beyond [`LARGEST_REFITTED`]; a regression without solution.
pub fn refitted(score: &dyn NodeScore) -> Result<Optimum, Error> {
    let variables = score.variables();
    if variables > LARGEST_REFITTED {
        return Err(Error::TooManyVariables { variables, limit: LARGEST_REFITTED });
    }
    let mut table = Table::new(variables);
    let losses: Vec<HashMap<usize, f64>> = (0..1usize << variables)
        .into_par_iter()
        .map(|subset| {
            let parents: Vec<usize> = (0..variables).filter(|v| subset >> v & 1 == 1).collect();
            let others = (0..variables).filter(|v| subset >> v & 1 == 0);
            others.map(|v| Ok((v, score.fit(v, &parents, None)?.loss))).collect()
        })
        .collect::<Result<_, Error>>()?;
    for (subset, losses) in losses.into_iter().enumerate() {
        for v in (0..variables).filter(|v| subset >> v & 1 == 0) {
            table.offer(subset, v, losses[&v]);
        }
    }
    Ok(table.optimum())
}

/// f, and the variable that was placed last, by subset.
struct Table {
    variables: usize,
    least: Vec<f64>,
    last: Vec<u8>,
}

impl Table {
    fn new(variables: usize) -> Self {
        let mut least = vec![f64::INFINITY; 1 << variables];
        least[0] = 0.0;
        Self { variables, least, last: vec![0; 1 << variables] }
    }

    /// Subsets must come in ascending order, so that f of this one is known.
    fn offer(&mut self, subset: usize, variable: usize, loss: f64) {
        let with = subset | 1 << variable;
        let total = self.least[subset] + loss;
        if total < self.least[with] {
            self.least[with] = total;
            self.last[with] = variable as u8;
        }
    }

    fn optimum(&self) -> Optimum {
        let all = (1usize << self.variables) - 1;
        let mut left = all;
        let mut order = Vec::with_capacity(self.variables);
        while left != 0 {
            let last = usize::from(self.last[left]);
            order.push(last);
            left &= !(1 << last);
        }
        order.reverse();
        let order = Order::new(order).unwrap_or_else(|_| Order::identity(self.variables));
        Optimum { order, score: self.least[all] }
    }
}

/// Decides about variables from the highest down, leaving out before taking in: so subsets come in ascending order.
struct Walk {
    size: usize,
    /// Covariances given the variables taken in, one matrix for each number of undecided variables. Of those left out only the variance and the
    /// covariances with undecided ones are kept up to date.
    levels: Vec<Vec<f64>>,
    outside: Vec<usize>,
}

impl Walk {
    fn visit(&mut self, undecided: usize, subset: usize, table: &mut Table) {
        let d = self.size;
        let Some(v) = undecided.checked_sub(1) else {
            for &v in &self.outside {
                table.offer(subset, v, 0.5 * self.levels[0][v * d + v]);
            }
            return;
        };
        // Leave v out.
        let (below, from) = self.levels.split_at_mut(undecided);
        let (next, now) = (&mut below[v], &from[0]);
        for &i in self.outside.iter().chain(std::iter::once(&v)) {
            next[i * d..i * d + v].copy_from_slice(&now[i * d..i * d + v]);
            next[i * d + i] = now[i * d + i];
        }
        for i in 0..v {
            next[i * d..=i * d + i].copy_from_slice(&now[i * d..=i * d + i]);
        }
        self.outside.push(v);
        self.visit(v, subset, table);
        self.outside.pop();

        // Take v in: what it explains is taken off.
        let (below, from) = self.levels.split_at_mut(undecided);
        let (next, now) = (&mut below[v], &from[0]);
        let pivot = 1.0 / now[v * d + v];
        let row = &now[v * d..v * d + v];
        for &i in &self.outside {
            let with = now[i * d + v];
            let multiple = with * pivot;
            for ((next, &x), &r) in next[i * d..i * d + v].iter_mut().zip(&now[i * d..i * d + v]).zip(row) {
                *next = x - multiple * r;
            }
            next[i * d + i] = now[i * d + i] - multiple * with;
        }
        for i in 0..v {
            let multiple = row[i] * pivot;
            for ((next, &x), &r) in next[i * d..=i * d + i].iter_mut().zip(&now[i * d..=i * d + i]).zip(row) {
                *next = x - multiple * r;
            }
        }
        self.visit(v, subset | 1 << v, table);
    }
}
