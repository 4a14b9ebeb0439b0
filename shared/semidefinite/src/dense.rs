//! Dense linear algebra over any [`Scalar`]: Cholesky factors, triangular systems and products, in blocks of rows.
//!
//! faer knows `f64` only. Everything here is arranged so that its time goes into [`Scalar::accumulate`], C ± Aᵀ B with
//! rows contiguous: the factor is the upper one, C = Uᵀ U, whose rows are what the update of the remaining matrix needs.
//! Rows of results are shared out between threads; no sum depends on their number.

use ndarray::{Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::scalar::{Scalar, Sizes};

/// Rows that are eliminated together.
const BLOCK: usize = 24;

/// Rows that one task updates in a factorisation: fewer share out better, more use better what is prepared of the columns.
const PANEL: usize = 64;

/// Work below which a product is not worth sharing between threads, in multiplications.
const PARALLEL: usize = 40_000;

/// The entries of a matrix in standard layout.
fn entries<T>(matrix: &Array2<T>) -> &[T] {
    matrix.as_slice().expect("matrices here are in standard layout")
}

/// Adds `sign` · Aᵀ B to `c`, sharing out rows of the result.
pub fn accumulate<T: Scalar>(c: &mut Array2<T>, a: &Array2<T>, b: &Array2<T>, sign: f64) {
    let sizes = Sizes { depth: a.nrows(), rows: a.ncols(), columns: b.ncols() };
    assert!(b.nrows() == sizes.depth && c.dim() == (sizes.rows, sizes.columns), "sizes of a product");
    let work = sizes.depth * sizes.rows * sizes.columns;
    if work == 0 {
        return;
    }
    if work < PARALLEL || sizes.rows < 16 {
        T::accumulate(c.as_slice_mut().expect("standard layout"), entries(a), entries(b), sizes, sign);
        return;
    }
    let height = sizes.rows.div_ceil(4 * rayon::current_num_threads()).next_multiple_of(8);
    c.axis_chunks_iter_mut(Axis(0), height).into_par_iter().enumerate().for_each(|(chunk, mut part)| {
        let rows = chunk * height..chunk * height + part.nrows();
        let columns = a.slice(s![.., rows]).as_standard_layout().into_owned();
        let sizes = Sizes { rows: part.nrows(), ..sizes };
        T::accumulate(
            part.as_slice_mut().expect("standard layout"),
            entries(&columns),
            entries(b),
            sizes,
            sign,
        );
    });
}

/// Aᵀ B.
pub fn transposed_product<T: Scalar>(a: &Array2<T>, b: &Array2<T>) -> Array2<T> {
    let mut product = zeros(a.ncols(), b.ncols());
    accumulate(&mut product, a, b, 1.0);
    product
}

/// A B.
pub fn product<T: Scalar>(a: &Array2<T>, b: &Array2<T>) -> Array2<T> {
    transposed_product(&transposed(a), b)
}

/// Aᵀ in standard layout.
pub fn transposed<T: Scalar>(a: &Array2<T>) -> Array2<T> {
    a.t().as_standard_layout().into_owned()
}

/// A matrix of zeros.
pub fn zeros<T: Scalar>(rows: usize, columns: usize) -> Array2<T> {
    Array2::from_elem((rows, columns), T::zero())
}

/// `scale` times the identity.
pub fn scaled_identity<T: Scalar>(size: usize, scale: T) -> Array2<T> {
    Array2::from_shape_fn((size, size), |(i, j)| if i == j { scale } else { T::zero() })
}

/// Replaces a square matrix by the mean of itself and its transpose.
pub fn symmetrise<T: Scalar>(a: &mut Array2<T>) {
    for i in 0..a.nrows() {
        for j in 0..i {
            let mean = (a[[i, j]] + a[[j, i]]).times_power_of_two(-1);
            a[[i, j]] = mean;
            a[[j, i]] = mean;
        }
    }
}

/// ⟨A, B⟩, the sum of products of entries.
pub fn inner<T: Scalar>(a: &Array2<T>, b: &Array2<T>) -> T {
    let mut sum = T::zero();
    for (x, y) in a.iter().zip(b) {
        sum += *x * *y;
    }
    sum
}

/// The largest absolute value of the entries; NaN if one is not finite.
pub fn largest<T: Scalar>(values: impl IntoIterator<Item = T>) -> f64 {
    // f64::max would let a later number cover an earlier NaN.
    values
        .into_iter()
        .try_fold(0.0, |largest: f64, value| value.is_finite().then(|| largest.max(value.to_f64().abs())))
        .unwrap_or(f64::NAN)
}

/// The upper triangular U with A = Uᵀ U of a symmetric matrix; `None` unless all pivots are positive. Reads the upper
/// triangle. n³/6 multiplications.
pub fn cholesky<T: Scalar>(a: &Array2<T>) -> Option<Array2<T>> {
    let size = a.nrows();
    let mut u = a.clone();
    for first in (0..size).step_by(BLOCK) {
        let last = (first + BLOCK).min(size);
        for pivot in first..last {
            let value = u[[pivot, pivot]];
            if !value.is_finite() || value <= T::zero() {
                return None;
            }
            let root = value.sqrt();
            let inverse = T::one() / root;
            u[[pivot, pivot]] = root;
            for column in pivot + 1..size {
                u[[pivot, column]] *= inverse;
            }
            for row in pivot + 1..last {
                let factor = -u[[pivot, row]];
                for column in row..size {
                    let update = factor * u[[pivot, column]];
                    u[[row, column]] += update;
                }
            }
        }
        if last == size {
            break;
        }
        let panel = u.slice(s![first..last, last..]).as_standard_layout().into_owned();
        let mut rest = u.slice_mut(s![last.., last..]);
        let height = if (size - last) * (size - last) * BLOCK < PARALLEL { size } else { PANEL };
        rest.axis_chunks_iter_mut(Axis(0), height).into_par_iter().enumerate().for_each(
            |(chunk, mut part)| {
                let start = chunk * height;
                // Only columns from the diagonal on are needed.
                let columns = panel.slice(s![.., start..]).as_standard_layout().into_owned();
                let rows = panel.slice(s![.., start..start + part.nrows()]).as_standard_layout().into_owned();
                let mut target = part.slice(s![.., start..]).as_standard_layout().into_owned();
                let sizes = Sizes { depth: panel.nrows(), rows: rows.ncols(), columns: columns.ncols() };
                T::accumulate(
                    target.as_slice_mut().expect("standard layout"),
                    entries(&rows),
                    entries(&columns),
                    sizes,
                    -1.0,
                );
                part.slice_mut(s![.., start..]).assign(&target);
            },
        );
    }
    for row in 0..size {
        for column in 0..row {
            u[[row, column]] = T::zero();
        }
    }
    Some(u)
}

/// Z with Uᵀ Z = B.
pub fn solve_transposed<T: Scalar>(u: &Array2<T>, b: &Array2<T>) -> Array2<T> {
    let size = u.nrows();
    let mut z = b.clone();
    for first in (0..size).step_by(BLOCK) {
        let last = (first + BLOCK).min(size);
        if first > 0 {
            let above = u.slice(s![..first, first..last]).as_standard_layout().into_owned();
            let known = z.slice(s![..first, ..]).to_owned();
            let mut part = z.slice(s![first..last, ..]).to_owned();
            accumulate(&mut part, &above, &known, -1.0);
            z.slice_mut(s![first..last, ..]).assign(&part);
        }
        for row in first..last {
            for earlier in first..row {
                let factor = -u[[earlier, row]];
                subtract_row(&mut z, row, earlier, factor);
            }
            divide_row(&mut z, row, u[[row, row]]);
        }
    }
    z
}

/// Z with U Z = B.
pub fn solve<T: Scalar>(u: &Array2<T>, b: &Array2<T>) -> Array2<T> {
    let size = u.nrows();
    let mut z = b.clone();
    for first in (0..size).step_by(BLOCK).rev() {
        let last = (first + BLOCK).min(size);
        if last < size {
            let right = u.slice(s![first..last, last..]).reversed_axes().as_standard_layout().into_owned();
            let known = z.slice(s![last.., ..]).to_owned();
            let mut part = z.slice(s![first..last, ..]).to_owned();
            accumulate(&mut part, &right, &known, -1.0);
            z.slice_mut(s![first..last, ..]).assign(&part);
        }
        for row in (first..last).rev() {
            for later in row + 1..last {
                let factor = -u[[row, later]];
                subtract_row(&mut z, row, later, factor);
            }
            divide_row(&mut z, row, u[[row, row]]);
        }
    }
    z
}

/// Adds `factor` times row `source` to row `target`.
fn subtract_row<T: Scalar>(z: &mut Array2<T>, target: usize, source: usize, factor: T) {
    for column in 0..z.ncols() {
        let update = factor * z[[source, column]];
        z[[target, column]] += update;
    }
}

fn divide_row<T: Scalar>(z: &mut Array2<T>, row: usize, divisor: T) {
    let inverse = T::one() / divisor;
    z.row_mut(row).iter_mut().for_each(|value| *value *= inverse);
}

/// The inverse of Uᵀ U.
pub fn inverse<T: Scalar>(u: &Array2<T>) -> Array2<T> {
    let half = solve_transposed(u, &scaled_identity(u.nrows(), T::one()));
    transposed_product(&half, &half)
}

/// The solution of A x = b for a general square matrix, by elimination with row pivots; `None` if A is singular to
/// working precision. n³/3 multiplications.
pub fn solve_general<T: Scalar>(mut a: Array2<T>, b: &[T]) -> Option<Vec<T>> {
    let size = a.nrows();
    let mut x = b.to_vec();
    for pivot in 0..size {
        let best = (pivot..size).max_by(|i, j| {
            let (first, second) = (a[[*i, pivot]].abs(), a[[*j, pivot]].abs());
            first.partial_cmp(&second).unwrap_or(std::cmp::Ordering::Equal)
        })?;
        let value = a[[best, pivot]];
        if !value.is_finite() || value == T::zero() {
            return None;
        }
        if best != pivot {
            for column in pivot..size {
                a.swap([pivot, column], [best, column]);
            }
            x.swap(pivot, best);
        }
        let inverse = T::one() / value;
        let (above, mut below) = a.view_mut().split_at(Axis(0), pivot + 1);
        let row = above.row(pivot);
        let right = x[pivot];
        below.axis_iter_mut(Axis(0)).into_par_iter().zip(&mut x[pivot + 1..]).with_min_len(8).for_each(
            |(mut target, entry)| {
                let factor = -(target[pivot] * inverse);
                for (value, source) in target.iter_mut().zip(row).skip(pivot + 1) {
                    *value += factor * *source;
                }
                *entry += factor * right;
            },
        );
    }
    for row in (0..size).rev() {
        let mut sum = x[row];
        for column in row + 1..size {
            sum -= a[[row, column]] * x[column];
        }
        x[row] = sum / a[[row, row]];
    }
    Some(x)
}

/// The matrix rounded to `f64`.
pub fn rounded<T: Scalar>(a: ArrayView2<T>) -> Array2<f64> {
    a.mapv(Scalar::to_f64)
}
