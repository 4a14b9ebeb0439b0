//! Acyclicity as an equation h(W) = 0, and what its gradient knows.
//!
//! Let A = |W| or W ∘ W. Entry (i, j) of Aᵏ adds up all walks of k edges from i to j, so a weighted sum of traces of powers is zero exactly for a graph without cycles.
//! The derivative of such a sum by A_ij adds up the walks from j back to i: it is zero exactly if the edge i → j closes no cycle. That is all that the paper's candidate sets
//! need, and [`crate::graph::reachability`] knows it without rounding.

use ndarray::{Array2, ArrayView2, Zip};
use numerics::product::product;
use pulp::{Arch, NullaryFnOnce};
use serde::{Deserialize, Serialize};

/// The weighted sum of powers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Form {
    /// tr (I + A/d)ᵈ − d.
    Polynomial,
    /// tr exp A − d.
    Exponential,
    /// d log s − log det(sI − A), for A of spectral radius below s.
    LogDeterminant(f64),
}

/// What A is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entries {
    /// A = |W|.
    Absolute,
    /// A = W ∘ W, which is smooth in W.
    Square,
}

impl Form {
    /// h(A) and its derivative by A, for a square matrix A ≥ 0; `None` where the logarithm has no value.
    ///
    /// Cost: 2 d³ flops for the logarithm, 4 log₂ d times as much for the polynomial, about 20 to 40 times as much for the exponential.
    ///
    /// # Panics
    /// If the matrix is not square.
    pub fn evaluate(self, matrix: ArrayView2<f64>) -> Option<(f64, Array2<f64>)> {
        let size = matrix.nrows();
        assert_eq!(size, matrix.ncols(), "the matrix must be square");
        if size == 0 {
            return Some((0.0, Array2::zeros((0, 0))));
        }
        match self {
            Self::Polynomial => {
                let base = Array2::eye(size) + &(&matrix / size as f64);
                let before = power(&base, size - 1);
                let value = before.dot(&base).diag().sum() - size as f64;
                Some((value, before.reversed_axes()))
            }
            Self::Exponential => {
                let exponential = exponential(matrix);
                Some((exponential.diag().sum() - size as f64, exponential.reversed_axes()))
            }
            Self::LogDeterminant(s) => {
                let shifted = Array2::from_diag_elem(size, s) - matrix;
                let (logarithm, inverse) = invert_m_matrix(shifted)?;
                Some((size as f64 * s.ln() - logarithm, inverse.reversed_axes()))
            }
        }
    }

    /// h and its gradient by W; where W_ij = 0, |W_ij| counts as having slope 0.
    pub fn evaluate_at(self, entries: Entries, weights: ArrayView2<f64>) -> Option<(f64, Array2<f64>)> {
        let matrix = match entries {
            Entries::Absolute => weights.mapv(f64::abs),
            Entries::Square => weights.mapv(|w| w * w),
        };
        let (value, mut gradient) = self.evaluate(matrix.view())?;
        Zip::from(&mut gradient).and(weights).for_each(|g, &w| match entries {
            Entries::Absolute if w == 0.0 => *g = 0.0,
            Entries::Absolute => *g *= w.signum(),
            Entries::Square => *g *= 2.0 * w,
        });
        Some((value, gradient))
    }
}

fn power(base: &Array2<f64>, mut exponent: usize) -> Array2<f64> {
    let mut result = Array2::eye(base.nrows());
    let mut square = base.clone();
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = result.dot(&square);
        }
        exponent /= 2;
        if exponent > 0 {
            square = square.dot(&square);
        }
    }
    result
}

/// exp A of a matrix without negative entries: nothing cancels in its series, so sixteen terms after scaling to norm ½ and squaring back are exact to rounding. Terms are taken four at a
/// time (Paterson and Stockmeyer 1973): six products instead of fifteen.
fn exponential(matrix: ArrayView2<f64>) -> Array2<f64> {
    let norm = matrix.rows().into_iter().map(|row| row.sum()).fold(0.0, f64::max);
    let halvings = if norm > 0.5 { (norm / 0.5).log2().ceil().min(1000.0) as i32 } else { 0 };
    let first = &matrix * 0.5f64.powi(halvings);
    let second = product(first.view(), first.view());
    let third = product(second.view(), first.view());
    let fourth = product(second.view(), second.view());
    // Σ_{k ≤ 15} Aᵏ/k! = B_0 + A⁴ (B_1 + A⁴ (B_2 + A⁴ B_3)) with B_j = Σ_{i ≤ 3} Aⁱ/(4j + i)!.
    let mut factorials = [1.0; 16];
    for k in 1..16 {
        factorials[k] = factorials[k - 1] * k as f64;
    }
    let mut result = Array2::<f64>::zeros(matrix.dim());
    for group in (0..4).rev() {
        if group < 3 {
            result = product(fourth.view(), result.view());
        }
        let weights = &factorials[4 * group..4 * group + 4];
        let (a, b, c) = (1.0 / weights[1], 1.0 / weights[2], 1.0 / weights[3]);
        Zip::from(&mut result).and(&first).and(&second).and(&third).for_each(|sum, x, y, z| {
            *sum += a * x + b * y + c * z;
        });
        result.diag_mut().mapv_inplace(|entry| entry + 1.0 / weights[0]);
    }
    for _ in 0..halvings {
        result = product(result.view(), result.view());
    }
    result
}

/// log det and inverse by Gauss–Jordan elimination without pivoting, which for sI − A with A ≥ 0 is stable and has positive pivots exactly if A has spectral radius
/// below s. `None` otherwise.
fn invert_m_matrix(mut matrix: Array2<f64>) -> Option<(f64, Array2<f64>)> {
    let size = matrix.nrows();
    let entries = matrix.as_slice_mut().expect("standard layout");
    let logarithm = Arch::new().dispatch(Elimination { entries, size })?;
    Some((logarithm, matrix))
}

/// Replaces a matrix by its inverse and gives log det.
struct Elimination<'a> {
    entries: &'a mut [f64],
    size: usize,
}

impl NullaryFnOnce for Elimination<'_> {
    type Output = Option<f64>;

    #[inline(always)]
    fn call(self) -> Option<f64> {
        let Self { entries, size } = self;
        let mut logarithm = 0.0;
        let mut row = vec![0.0; size];
        for k in 0..size {
            let of_pivot = &mut entries[k * size..(k + 1) * size];
            let pivot = of_pivot[k];
            if !(pivot > 0.0 && pivot.is_finite()) {
                return None;
            }
            logarithm += pivot.ln();
            of_pivot[k] = 1.0;
            of_pivot.iter_mut().for_each(|entry| *entry /= pivot);
            row.copy_from_slice(of_pivot);
            for (i, target) in entries.chunks_exact_mut(size).enumerate() {
                let multiple = target[k];
                if i != k && multiple != 0.0 {
                    target[k] = 0.0;
                    for (entry, from) in target.iter_mut().zip(&row) {
                        *entry = from.mul_add(-multiple, *entry);
                    }
                }
            }
        }
        Some(logarithm)
    }
}
