//! Affine operators F(z) = Kz + q, K monotone, split into blocks of columns.
//!
//! With the columns in n blocks, F_i(z) = n K_i z_i + q, and L² = max |K_i|₂²/q_i: n max |K_i|₂² for uniform draws, at most |K|_F² for draws in proportion to |K_i|_F² (Lipschitz on average). Cocoercive on average, which Algorithm 1 needs, is the largest generalised eigenvalue of Σ K_iᵀK_i/q_i (its blocks) against (K + Kᵀ)/2: infinite for
//! a skew K.

use ndarray::{Array2, ArrayView2};
use numerics::symmetric::eigen;
use rand_distr::Distribution;
use rand_distr::weighted::WeightedAliasIndex;

use crate::operator::{FiniteSum, Random};

/// Why there is no operator.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum AffineError {
    /// K is not square or q has another length.
    #[error("K is {rows} × {columns} and q has {length} numbers; all three must be the same")]
    Shape {
        /// Rows of K.
        rows: usize,
        /// Columns of K.
        columns: usize,
        /// Length of q.
        length: usize,
    },
    /// A number is NaN or infinite.
    #[error("a number of K or q is not finite, or too large to be squared")]
    NotFinite,
    /// K + Kᵀ has a negative eigenvalue.
    #[error("K is not monotone: the least eigenvalue of (K + Kᵀ)/2 is {0}")]
    NotMonotone(f64),
    /// Blocks do not divide the columns.
    #[error("{blocks} blocks for {columns} columns: expected from 1 to {columns}")]
    Blocks {
        /// What was asked for.
        blocks: usize,
        /// Columns of K.
        columns: usize,
    },
    /// Blocks are not a partition of the columns.
    #[error("column {0} is in no block, or in two")]
    Partition(usize),
    /// K is zero, or so small that its squares are.
    #[error("K is zero, or too small to be squared")]
    Zero,
}

/// The law of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// Every block alike.
    Uniform,
    /// In proportion to |K_i|_F².
    SquaredNorms,
}

/// Kz + q with its blocks.
#[derive(Clone, Debug)]
pub struct Affine {
    /// The columns of K: entries that are not zero, as (row, value).
    columns: Vec<Vec<(u32, f64)>>,
    offset: Vec<f64>,
    blocks: Vec<Vec<usize>>,
    /// 1/(n q_i).
    weights: Vec<f64>,
    law: Option<WeightedAliasIndex<f64>>,
    average_constant: f64,
    cocoercive: f64,
    constant: f64,
}

impl Affine {
    /// Checks that K is monotone, to 10⁻¹⁰ of its norm, and computes all constants from eigenvalues: O(d³).
    ///
    /// # Errors
    /// Shapes that differ, numbers that are not finite, a K that is zero or not monotone, blocks that are empty or no partition of the columns.
    pub fn new(
        k: ArrayView2<f64>,
        offset: Vec<f64>,
        blocks: Vec<Vec<usize>>,
        law: Law,
    ) -> Result<Self, AffineError> {
        let (rows, d) = k.dim();
        if rows != d || d != offset.len() || d == 0 {
            return Err(AffineError::Shape { rows, columns: d, length: offset.len() });
        }
        if blocks.is_empty() || blocks.iter().any(Vec::is_empty) {
            return Err(AffineError::Blocks { blocks: blocks.len(), columns: d });
        }
        let mut sorted = blocks.concat();
        sorted.sort_unstable();
        if let Some(column) = (0..d.max(sorted.len())).find(|column| sorted.get(*column) != Some(column)) {
            return Err(AffineError::Partition(column));
        }
        let norms: Vec<f64> = blocks
            .iter()
            .map(|block| block.iter().map(|&j| k.column(j).iter().map(|a| a * a).sum::<f64>()).sum())
            .collect();
        let total: f64 = k.iter().map(|a| a * a).sum();
        if !(total.is_finite() && offset.iter().all(|q| q.is_finite())) {
            return Err(AffineError::NotFinite);
        }
        if total <= 0.0 {
            return Err(AffineError::Zero);
        }
        let eigenvalues = |matrix: Array2<f64>| eigen(matrix.view()).ok_or(AffineError::NotFinite);
        let constant = largest(&eigenvalues(k.t().dot(&k))?.0).sqrt();
        let symmetric = (&k + &k.t()) / 2.0;
        let (values, vectors) = eigenvalues(symmetric)?;
        if values[0] < -1e-10 * constant {
            return Err(AffineError::NotMonotone(values[0]));
        }
        let n = blocks.len() as f64;
        // A block of zero columns is never drawn in proportion to its norm.
        let weights: Vec<f64> = match law {
            Law::Uniform => vec![1.0; blocks.len()],
            Law::SquaredNorms => {
                norms.iter().map(|norm| if *norm > 0.0 { total / (n * norm) } else { 0.0 }).collect()
            }
        };
        let mut grams = Array2::zeros((d, d)); // Σ K_iᵀK_i/q_i
        let mut average = 0.0_f64;
        for (block, weight) in blocks.iter().zip(&weights) {
            let columns = k.select(ndarray::Axis(1), block);
            let gram = columns.t().dot(&columns) * (n * weight);
            average = average.max(largest(&eigenvalues(gram.clone())?.0));
            for (a, &i) in block.iter().enumerate() {
                for (b, &j) in block.iter().enumerate() {
                    grams[(i, j)] = gram[(a, b)];
                }
            }
        }
        let cocoercive = if values[0] > 1e-10 * constant {
            let scaled = &vectors / &ndarray::Array1::from(values).mapv(f64::sqrt);
            largest(&eigenvalues(scaled.t().dot(&grams).dot(&scaled))?.0)
        } else {
            f64::INFINITY
        };
        let columns = k.columns().into_iter().map(|column| {
            column.iter().enumerate().filter(|(_, a)| **a != 0.0).map(|(i, a)| (i as u32, *a)).collect()
        });
        let law = (law == Law::SquaredNorms).then(|| WeightedAliasIndex::new(norms)).transpose();
        Ok(Self {
            columns: columns.collect(),
            offset,
            blocks,
            weights,
            law: law.map_err(|_| AffineError::NotFinite)?,
            average_constant: average.sqrt(),
            cocoercive,
            constant,
        })
    }

    /// Consecutive blocks whose lengths differ by at most one.
    ///
    /// # Errors
    /// More blocks than columns, or none.
    pub fn even_blocks(columns: usize, blocks: usize) -> Result<Vec<Vec<usize>>, AffineError> {
        if blocks == 0 || blocks > columns {
            return Err(AffineError::Blocks { blocks, columns });
        }
        Ok((0..blocks).map(|i| (i * columns / blocks..(i + 1) * columns / blocks).collect()).collect())
    }

    /// The constant of cocoercivity on average, for Algorithm 1; infinite if there is none.
    pub fn cocoercive_constant(&self) -> f64 {
        self.cocoercive
    }
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

impl FiniteSum for Affine {
    fn dimension(&self) -> usize {
        self.offset.len()
    }

    fn components(&self) -> usize {
        self.blocks.len()
    }

    fn full(&self, point: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&self.offset);
        for (column, x) in self.columns.iter().zip(point) {
            for (row, value) in column {
                out[*row as usize] += value * x;
            }
        }
    }

    fn draw(&self, random: &mut Random) -> usize {
        match &self.law {
            Some(law) => law.sample(random),
            None => rand::Rng::random_range(random, 0..self.blocks.len()),
        }
    }

    fn is_uniform(&self) -> bool {
        self.law.is_none()
    }

    fn add_difference(&self, part: usize, u: &[f64], v: &[f64], scale: f64, out: &mut [f64]) {
        let factor = scale * self.blocks.len() as f64 * self.weights[part];
        for &j in &self.blocks[part] {
            let step = factor * (u[j] - v[j]);
            for (row, value) in &self.columns[j] {
                out[*row as usize] += value * step;
            }
        }
    }

    fn average_constant(&self) -> f64 {
        self.average_constant
    }

    fn constant(&self) -> f64 {
        self.constant
    }
}
