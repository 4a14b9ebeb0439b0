//! Products of matrices, on one thread.
//!
//! ndarray's own products stop at AVX2. faer's take the widest vectors that the processor has, and start sooner: 1.5 times as fast from 32 × 32
//! to 1,000 × 1,000, twice and more where one side is a few numbers long.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, CowArray, Ix2};

use crate::registers::clear_upper_parts;

pub use faer::traits::ComplexField as Number;

/// A B, for A with m × k entries and B with k × n: m × n. 2 m k n flops.
///
/// # Panics
/// If A has not as many columns as B has rows.
pub fn product<T: Number>(a: ArrayView2<T>, b: ArrayView2<T>) -> Array2<T> {
    let mut target = Array2::from_elem((a.nrows(), b.ncols()), T::zero_impl());
    into(Accum::Replace, T::one_impl(), a, b, &mut target.view_mut());
    target
}

/// Replaces `target` by `factor` A B; what it held is not read.
///
/// # Panics
/// If the shapes do not fit.
pub fn set_product<T: Number>(factor: T, a: ArrayView2<T>, b: ArrayView2<T>, target: &mut ArrayViewMut2<T>) {
    into(Accum::Replace, factor, a, b, target);
}

/// Adds `factor` A B to `target`.
///
/// # Panics
/// If the shapes do not fit.
pub fn add_product<T: Number>(factor: T, a: ArrayView2<T>, b: ArrayView2<T>, target: &mut ArrayViewMut2<T>) {
    into(Accum::Add, factor, a, b, target);
}

fn into<T: Number>(
    accumulation: Accum,
    factor: T,
    a: ArrayView2<T>,
    b: ArrayView2<T>,
    target: &mut ArrayViewMut2<T>,
) {
    let (rows, columns) = target.dim();
    assert!(
        a.nrows() == rows && b.ncols() == columns && a.ncols() == b.nrows(),
        "{} × {} times {} × {} is not {rows} × {columns}",
        a.nrows(),
        a.ncols(),
        b.nrows(),
        b.ncols()
    );
    let (a, b) = (contiguous(a), contiguous(b));
    let Some(entries) = target.as_slice_mut() else {
        let mut dense = target.to_owned().as_standard_layout().into_owned();
        into(accumulation, factor, a.view(), b.view(), &mut dense.view_mut());
        target.assign(&dense);
        return;
    };
    let target = MatMut::from_row_major_slice_mut(entries, rows, columns);
    matmul(target, accumulation, reading(&a), reading(&b), factor, Par::Seq);
    clear_upper_parts();
}

/// The matrix with its rows or its columns one after another, copied where neither are.
fn contiguous<T: Clone>(a: ArrayView2<'_, T>) -> CowArray<'_, T, Ix2> {
    if a.is_standard_layout() || a.t().is_standard_layout() {
        CowArray::from(a)
    } else {
        CowArray::from(a.as_standard_layout().into_owned())
    }
}

fn reading<'a, T>(a: &'a CowArray<T, Ix2>) -> MatRef<'a, T> {
    let (rows, columns) = a.dim();
    match a.as_slice() {
        Some(entries) => MatRef::from_row_major_slice(entries, rows, columns),
        None => {
            let entries = a.view().reversed_axes().to_slice().expect("rows or columns are contiguous");
            MatRef::from_column_major_slice(entries, rows, columns)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{array, s};

    #[test]
    fn every_layout_gives_the_product() {
        let a = Array2::from_shape_fn((7, 5), |(i, j)| (3 * i + j) as f64 - 4.0);
        let b = Array2::from_shape_fn((5, 9), |(i, j)| (i * i) as f64 - j as f64);
        let expected = a.dot(&b);
        assert_eq!(product(a.view(), b.view()), expected);
        // Transposed, and with gaps between rows, between columns and in both.
        let transposed = a.t().as_standard_layout().into_owned();
        assert_eq!(product(transposed.t(), b.view()), expected);
        let mut wide = Array2::from_elem((14, 10), f64::NAN);
        wide.slice_mut(s![..;2, ..;2]).assign(&a);
        assert_eq!(product(wide.slice(s![..;2, ..;2]), b.view()), expected);
        let mut target = Array2::from_elem((7, 18), f64::NAN);
        set_product(2.0, a.view(), b.view(), &mut target.slice_mut(s![.., ..;2]));
        add_product(-1.0, a.view(), b.view(), &mut target.slice_mut(s![.., ..;2]));
        assert_eq!(target.slice(s![.., ..;2]), expected);
        assert!(target.slice(s![.., 1..;2]).iter().all(|entry| entry.is_nan()));
    }

    #[test]
    fn an_empty_sum_is_zero() {
        let target = product(Array2::<f32>::zeros((2, 0)).view(), Array2::zeros((0, 3)).view());
        assert_eq!(target, Array2::zeros((2, 3)));
        assert_eq!(product(array![[2.0f32]].view(), array![[3.0]].view()), array![[6.0]]);
    }

    #[test]
    #[should_panic(expected = "2 × 1 times 2 × 1 is not 2 × 1")]
    fn shapes_that_do_not_fit_are_named() {
        let column = array![[1.0], [2.0]];
        product(column.view(), column.view());
    }
}
