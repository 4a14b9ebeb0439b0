//! A semidefinite solver for problems whose constraints are of low rank and fall into clusters, in any precision.
//!
//! # The problem
//!
//! ```text
//! minimise   Σ_b ⟨C_b, Y_b⟩ + c·z + constant     over Y_b ⪰ 0 and free z
//! subject to Σ_b ⟨A_ib, Y_b⟩ + (B z)_i = b_i     for i = 1…m
//!
//! maximise   b·x + constant                      over x
//! subject to X_b = C_b − Σ_i x_i A_ib ⪰ 0,  Bᵀ x = c
//! ```
//!
//! Positivity of a polynomial as a sum of squares, imposed at sample points, gives A_ib = w v vᵀ with v the basis at point
//! i. Then ⟨A_i, X⁻¹ A_j Y⟩ = w_i w_j (v_iᵀ X⁻¹ v_j)(v_iᵀ Y v_j) is a product of two entries of Gram matrices, and the linear
//! system of the method costs m² n a block instead of m n³ + m² n² (Löfberg and Parrilo 2004; Simmons-Duffin 2015; Leijenhorst and de Laat 2024).
//! Constraints that share no block form clusters, whose systems are factored apart.
//!
//! # The method
//!
//! Infeasible primal–dual interior point with the direction of Helmberg, Kojima and Monteiro and Mehrotra's predictor
//! and corrector, as in SDPA and SDPB. [`interior_point`] runs it in one precision; [`precision`] raises the
//! precision from the iterate where an arithmetic broke down; [`sdpa`] reads and writes the files that other solvers use.

pub mod checkpoint;
pub mod dense;
pub mod error;
pub mod interior_point;
pub mod precision;
pub mod scalar;
mod schur;
pub mod sdpa;
pub mod solution;

pub use error::Error;
pub use interior_point::minimise;
pub use precision::{Formulation, Precision};
pub use solution::{Iterate, Progress, Settings, Solution, Status};

use ndarray::Array2;

use scalar::Scalar;

/// How the constraint matrices of one block are given.
#[derive(Clone, Debug)]
pub enum Terms<T> {
    /// A_i = Σ w v vᵀ over the terms of constraint i. Constraints without a term have A_i = 0.
    RankOne {
        /// One v a row: terms × size of the block.
        vectors: Array2<T>,
        /// One w a term, of any sign.
        weights: Vec<T>,
        /// The constraint of each term, from 0, never decreasing.
        constraints: Vec<usize>,
    },
    /// The entries of A_i in the upper triangle, as (constraint, row, column, value) with row ≤ column and constraints
    /// never decreasing.
    Entries(Vec<(usize, usize, usize, T)>),
}

/// One positive semidefinite matrix variable, its cost and its part of the constraints.
#[derive(Clone, Debug)]
pub struct Block<T> {
    /// C_b, symmetric, size × size.
    pub cost: Array2<T>,
    /// A_1b…A_mb.
    pub terms: Terms<T>,
}

impl<T: Scalar> Block<T> {
    /// The order of the matrix variable.
    pub fn size(&self) -> usize {
        self.cost.nrows()
    }
}

/// A semidefinite programme in the form of the [module](self).
#[derive(Clone, Debug)]
pub struct Problem<T> {
    /// b, one entry a constraint.
    pub right_hand_side: Vec<T>,
    /// The matrix variables.
    pub blocks: Vec<Block<T>>,
    /// B, constraints × free variables; zero columns if there are none.
    pub free: Array2<T>,
    /// c, one entry a free variable.
    pub free_cost: Vec<T>,
    /// What is added to both objectives.
    pub constant: T,
}

impl<T: Scalar> Problem<T> {
    /// Constraints, m.
    pub fn constraints(&self) -> usize {
        self.right_hand_side.len()
    }

    /// The sum of the orders of all blocks.
    pub fn order(&self) -> usize {
        self.blocks.iter().map(Block::size).sum()
    }

    /// Multiplications that one assembly of the linear system takes: as it is done here, and with dense constraint matrices as a general solver does,
    /// Σ m n³ + m² n² over the blocks, for the m constraints that involve a block.
    pub fn assembly_work(&self) -> (f64, f64) {
        let mut sums = (0.0, 0.0);
        for block in &self.blocks {
            let n = block.size() as f64;
            let (terms, mut constraints): (f64, Vec<usize>) = match &block.terms {
                Terms::RankOne { constraints, .. } => (constraints.len() as f64, constraints.clone()),
                Terms::Entries(entries) => (f64::NAN, entries.iter().map(|entry| entry.0).collect()),
            };
            constraints.dedup();
            let m = constraints.len() as f64;
            let general = m * n.powi(3) + m * m * n * n;
            // Two Gram matrices, their upper halves, and the two products that they are made of.
            sums.0 += if terms.is_nan() { general } else { terms * terms * n + 1.5 * terms * n * n };
            sums.1 += general;
        }
        sums
    }

    /// Whether shapes agree and all numbers are finite.
    ///
    /// # Errors
    ///
    /// [`Error::Problem`] with the first fault.
    pub fn validate(&self) -> Result<(), Error> {
        let fault = |text: String| Err(Error::Problem(text));
        let constraints = self.constraints();
        if constraints == 0 || self.blocks.is_empty() {
            return fault(format!(
                "{constraints} constraints and {} blocks: at least one of each is needed",
                self.blocks.len()
            ));
        }
        if self.free.dim() != (constraints, self.free_cost.len()) {
            return fault(format!(
                "the free variables' matrix is {:?} for {constraints} constraints and {} costs",
                self.free.dim(),
                self.free_cost.len()
            ));
        }
        let numbers =
            self.right_hand_side.iter().chain(&self.free).chain(&self.free_cost).chain([&self.constant]);
        if let Some(place) = numbers.into_iter().position(|value| !value.is_finite()) {
            return fault(format!(
                "number {place} of right-hand side, free matrix and free costs is not finite"
            ));
        }
        let mut touched = vec![false; constraints];
        for (number, block) in self.blocks.iter().enumerate() {
            let size = block.size();
            if size == 0 || block.cost.ncols() != size || block.cost.iter().any(|value| !value.is_finite()) {
                return fault(format!(
                    "block {number}: its cost must be a square matrix of finite numbers, not {:?}",
                    block.cost.dim()
                ));
            }
            let constraint_of_terms: Vec<usize> = match &block.terms {
                Terms::RankOne { vectors, weights, constraints } => {
                    if vectors.dim() != (weights.len(), size) || constraints.len() != weights.len() {
                        return fault(format!(
                            "block {number}: {} weights and {} constraints for vectors of {:?}",
                            weights.len(),
                            constraints.len(),
                            vectors.dim()
                        ));
                    }
                    if vectors.iter().chain(weights).any(|value| !value.is_finite()) {
                        return fault(format!("block {number}: a term is not finite"));
                    }
                    constraints.clone()
                }
                Terms::Entries(entries) => {
                    if entries
                        .iter()
                        .any(|&(_, row, column, value)| row > column || column >= size || !value.is_finite())
                    {
                        return fault(format!(
                            "block {number}: an entry lies outside the upper triangle or is not finite"
                        ));
                    }
                    entries.iter().map(|entry| entry.0).collect()
                }
            };
            if !constraint_of_terms.is_sorted()
                || constraint_of_terms.last().is_some_and(|last| *last >= constraints)
            {
                return fault(format!(
                    "block {number}: its constraints must not decrease and lie below {constraints}"
                ));
            }
            constraint_of_terms.into_iter().for_each(|constraint| touched[constraint] = true);
        }
        match touched.iter().position(|touched| !touched) {
            Some(constraint) => fault(format!("constraint {} involves no block", constraint + 1)),
            None => Ok(()),
        }
    }
}

impl<T: Scalar> Block<T> {
    /// Adds Σ_i x_i A_i, times `sign`, to `target`.
    fn add_combination(&self, target: &mut Array2<T>, x: &[T], sign: f64) {
        match &self.terms {
            Terms::RankOne { vectors, weights, constraints } => {
                let mut scaled = vectors.clone();
                for ((mut row, weight), constraint) in
                    scaled.rows_mut().into_iter().zip(weights).zip(constraints)
                {
                    let factor = *weight * x[*constraint];
                    row.iter_mut().for_each(|value| *value *= factor);
                }
                dense::accumulate(target, &scaled, vectors, sign);
            }
            Terms::Entries(entries) => {
                for (constraint, row, column, value) in entries {
                    let update =
                        if sign < 0.0 { -(*value * x[*constraint]) } else { *value * x[*constraint] };
                    target[[*row, *column]] += update;
                    if row != column {
                        target[[*column, *row]] += update;
                    }
                }
            }
        }
    }

    /// Adds ⟨A_i, M⟩, times `sign`, to entry i of `target`, for a symmetric M.
    fn add_products(&self, target: &mut [T], m: &Array2<T>, sign: f64) {
        let sign = T::from_f64(sign);
        match &self.terms {
            Terms::RankOne { vectors, weights, constraints } => {
                let images = dense::product(vectors, m);
                for (((vector, image), weight), constraint) in
                    vectors.rows().into_iter().zip(images.rows()).zip(weights).zip(constraints)
                {
                    let mut sum = T::zero();
                    for (a, b) in vector.iter().zip(image) {
                        sum += *a * *b;
                    }
                    target[*constraint] += sign * *weight * sum;
                }
            }
            Terms::Entries(entries) => {
                for (constraint, row, column, value) in entries {
                    let product = sign * *value * m[[*row, *column]];
                    target[*constraint] +=
                        if row == column { product } else { product.times_power_of_two(1) };
                }
            }
        }
    }
}
