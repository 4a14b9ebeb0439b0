//! The inner problem of the bilevel form: the least score among graphs that agree with an order, and how it changes with the order.

use std::collections::HashMap;
use std::sync::Mutex;

use ndarray::Array2;
use rayon::prelude::*;

use crate::factor::Factor;
use crate::node_score::{Fit, NodeScore};
use crate::order::{Move, Order};
use crate::{Covariance, Error};

/// An order with the optimum of the inner problem.
pub trait Inner {
    /// The order.
    fn order(&self) -> &Order;
    /// Q of the optimum.
    fn score(&self) -> f64;
    /// W of the optimum.
    fn weights(&self) -> Array2<f64>;
    /// ∇Q there, if weights have derivatives.
    fn slopes(&self) -> Option<Array2<f64>>;
    /// The l1 penalty λ of the score.
    fn penalty(&self) -> f64 {
        0.0
    }
    /// Whether the edge may be in the graph.
    fn allows(&self, _from: usize, _to: usize) -> bool {
        true
    }
    /// How each move alone would change the score.
    ///
    /// # Errors
    /// If a regression has no solution.
    fn price(&mut self, moves: &[Move]) -> Result<Vec<f64>, Error>;
    /// Makes moves on disjoint intervals.
    ///
    /// # Errors
    /// If a regression has no solution.
    fn accept(&mut self, moves: &[Move]) -> Result<(), Error>;
    /// Takes another order.
    ///
    /// # Errors
    /// If a regression has no solution.
    fn reorder(&mut self, order: Order) -> Result<(), Error>;
    /// What the paper's method would have fitted so far.
    fn regressions(&self) -> Regressions;
}

/// Regressions as the paper's method fits them: at all positions of the interval of every move that is priced or made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Regressions {
    /// How many.
    pub count: u64,
    /// 2nk² for each of n rows on k predecessors: the least that an orthogonal reduction takes.
    pub flops: f64,
}

impl Regressions {
    fn of_order(&mut self, size: usize, rows: usize) {
        self.at(0, size.saturating_sub(1), rows);
    }

    fn of_moves(&mut self, moves: &[Move], rows: usize) {
        for step in moves {
            let (a, b) = step.interval();
            self.at(a, b, rows);
        }
    }

    fn at(&mut self, first: usize, last: usize, rows: usize) {
        self.count += (last - first + 1) as u64;
        self.flops += (first..=last).map(|k| 2.0 * rows as f64 * (k * k) as f64).sum::<f64>();
    }
}

/// Least squares by the Cholesky factor: prices are exact without any regression.
#[derive(Clone, Debug)]
pub struct ByFactor<'a> {
    covariance: &'a Covariance,
    order: Order,
    factor: Factor,
    regressions: Regressions,
}

impl<'a> ByFactor<'a> {
    /// At an order.
    ///
    /// # Panics
    /// If the order is of another size.
    pub fn new(covariance: &'a Covariance, order: Order) -> Self {
        let mut regressions = Regressions::default();
        regressions.of_order(order.len(), covariance.rows());
        Self { covariance, factor: Factor::new(covariance, &order), order, regressions }
    }
}

impl Inner for ByFactor<'_> {
    fn order(&self) -> &Order {
        &self.order
    }

    fn score(&self) -> f64 {
        self.factor.score()
    }

    fn weights(&self) -> Array2<f64> {
        self.factor.weights(&self.order)
    }

    /// Of i behind j: −L_ba L_aa at their positions b > a, the covariance of x_i with the residual of j. Zero for i before j.
    fn slopes(&self) -> Option<Array2<f64>> {
        let variables = self.order.variables();
        let mut slopes = Array2::zeros((variables.len(), variables.len()));
        for a in 0..variables.len() {
            for b in a..variables.len() {
                slopes[(variables[b], variables[a])] = -self.factor.entry(b, a) * self.factor.entry(a, a);
            }
        }
        Some(slopes)
    }

    fn price(&mut self, moves: &[Move]) -> Result<Vec<f64>, Error> {
        self.regressions.of_moves(moves, self.covariance.rows());
        Ok(moves.iter().map(|step| self.factor.price(*step)).collect())
    }

    fn accept(&mut self, moves: &[Move]) -> Result<(), Error> {
        let mut order = self.order.clone();
        moves.iter().for_each(|step| order.apply(*step));
        self.reorder(order)
    }

    fn reorder(&mut self, order: Order) -> Result<(), Error> {
        self.factor.refactor(self.covariance, &order);
        self.regressions.of_order(order.len(), self.covariance.rows());
        self.order = order;
        Ok(())
    }

    fn regressions(&self) -> Regressions {
        self.regressions
    }
}

/// Any score, by fitting again what a move changes. Fits of convex scores are kept and looked up.
pub struct ByRefitting<'a, S: NodeScore + ?Sized> {
    score: &'a S,
    allowed: Array2<bool>,
    order: Order,
    /// By variable.
    fits: Vec<Fit>,
    known: Mutex<HashMap<(usize, Vec<usize>), f64>>,
    regressions: Regressions,
}

/// Losses that are kept.
const KEPT: usize = 1 << 20;

impl<'a, S: NodeScore + ?Sized> ByRefitting<'a, S> {
    /// At an order. `allowed` says which edges may be: entry (i, j) for i → j.
    ///
    /// # Errors
    /// If a regression has no solution; sizes that differ.
    pub fn new(score: &'a S, allowed: Array2<bool>, order: Order) -> Result<Self, Error> {
        let size = score.variables();
        if order.len() != size {
            return Err(Error::NotAnOrder { size, found: order.variables().to_vec() });
        }
        if allowed.dim() != (size, size) {
            let (rows, columns) = allowed.dim();
            return Err(Error::Shape { what: "the matrix of allowed edges", rows, columns, expected: size });
        }
        let mut fits = vec![None; size];
        let fitted: Vec<(usize, Result<Fit, Error>)> = (0..size)
            .into_par_iter()
            .map(|position| {
                let node = order.variables()[position];
                (node, score.fit(node, &parents(&allowed, node, &order.variables()[..position]), None))
            })
            .collect();
        for (node, fit) in fitted {
            fits[node] = Some(fit?);
        }
        let fits = fits.into_iter().flatten().collect();
        let known = Mutex::new(HashMap::new());
        let mut regressions = Regressions::default();
        regressions.of_order(size, score.rows());
        Ok(Self { score, allowed, order, fits, known, regressions })
    }

    /// The regressions, by variable.
    pub fn fits(&self) -> &[Fit] {
        &self.fits
    }

    /// The change that one move makes.
    fn change(&self, step: Move) -> Result<f64, Error> {
        let mut moved = self.order.clone();
        moved.apply(step);
        let (a, b) = step.interval();
        let old = self.order.variables();
        let mut change = 0.0;
        for position in a..=b {
            let node = moved.variables()[position];
            if let Move::Swap(..) = step {
                let between = position > a && position < b;
                let harmless = self.allowed[(old[b], node)] && self.allowed[(old[a], node)];
                if between && harmless && self.score.stays_optimal(node, &self.fits[node], old[a], old[b]) {
                    continue;
                }
            }
            let parents = parents(&self.allowed, node, &moved.variables()[..position]);
            change += self.loss(node, parents)? - self.fits[node].loss;
        }
        Ok(change)
    }

    fn loss(&self, node: usize, parents: Vec<usize>) -> Result<f64, Error> {
        if parents == self.fits[node].parents {
            return Ok(self.fits[node].loss);
        }
        if !self.score.is_convex() {
            return Ok(self.score.fit(node, &parents, Some(&self.fits[node]))?.loss);
        }
        let key = (node, parents);
        if let Ok(known) = self.known.lock()
            && let Some(loss) = known.get(&key)
        {
            return Ok(*loss);
        }
        let loss = self.score.fit(node, &key.1, None)?.loss;
        if let Ok(mut known) = self.known.lock()
            && known.len() < KEPT
        {
            known.insert(key, loss);
        }
        Ok(loss)
    }
}

fn parents(allowed: &Array2<bool>, node: usize, before: &[usize]) -> Vec<usize> {
    let mut parents: Vec<usize> = before.iter().copied().filter(|&i| allowed[(i, node)]).collect();
    parents.sort_unstable();
    parents
}

impl<S: NodeScore + ?Sized> Inner for ByRefitting<'_, S> {
    fn order(&self) -> &Order {
        &self.order
    }

    fn score(&self) -> f64 {
        self.fits.iter().map(|fit| fit.loss).sum()
    }

    fn weights(&self) -> Array2<f64> {
        weights(&self.fits)
    }

    fn slopes(&self) -> Option<Array2<f64>> {
        let mut slopes = Array2::zeros((self.fits.len(), self.fits.len()));
        for (node, fit) in self.fits.iter().enumerate() {
            slopes.column_mut(node).assign(&ndarray::Array1::from(self.score.slopes(node, fit)?));
        }
        Some(slopes)
    }

    fn penalty(&self) -> f64 {
        self.score.penalty()
    }

    fn allows(&self, from: usize, to: usize) -> bool {
        self.allowed[(from, to)]
    }

    fn price(&mut self, moves: &[Move]) -> Result<Vec<f64>, Error> {
        self.regressions.of_moves(moves, self.score.rows());
        moves.par_iter().map(|step| self.change(*step)).collect()
    }

    fn accept(&mut self, moves: &[Move]) -> Result<(), Error> {
        let mut order = self.order.clone();
        moves.iter().for_each(|step| order.apply(*step));
        self.reorder(order)
    }

    fn reorder(&mut self, order: Order) -> Result<(), Error> {
        for position in 0..order.len() {
            let node = order.variables()[position];
            let parents = parents(&self.allowed, node, &order.variables()[..position]);
            if parents != self.fits[node].parents {
                self.regressions.at(position, position, self.score.rows());
                self.fits[node] = self.score.fit(node, &parents, Some(&self.fits[node]))?;
            }
        }
        self.order = order;
        Ok(())
    }

    fn regressions(&self) -> Regressions {
        self.regressions
    }
}

/// W of regressions, by variable.
pub fn weights(fits: &[Fit]) -> Array2<f64> {
    let mut weights = Array2::zeros((fits.len(), fits.len()));
    for (node, fit) in fits.iter().enumerate() {
        for (&parent, &weight) in fit.parents.iter().zip(&fit.weights) {
            weights[(parent, node)] = weight;
        }
    }
    weights
}
