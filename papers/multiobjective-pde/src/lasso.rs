//! The Pareto set of ½|Ax − b|² and |x|₁, exactly: the lasso's path.
//!
//! x is linear in λ between kinks, where a coordinate leaves or enters zero. At a kink the active columns' Cholesky factor gains or loses one. What costs is finding the column that enters next:
//! a product with Aᵀ, 2mn flops a kink, of which most are not needed, since a correlation changes by no more than its column's length times the residual's way (module `screen`). As a function of s = |x|₁ the loss is convex, with derivative −λ, and quadratic between kinks, so that the area under the front is a finite sum.

use ndarray::{ArrayView1, ArrayView2};

mod homotopy;
mod screen;

use homotopy::Homotopy;

/// Why there is no path.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LassoError {
    /// Lengths differ.
    #[error("the matrix has {rows} rows, b has {right} numbers")]
    Shape {
        /// Of A.
        rows: usize,
        /// Of b.
        right: usize,
    },
    /// Not a number, or infinite.
    #[error("{0} has an entry that is not finite")]
    NotFinite(&'static str),
    /// There is nothing to choose.
    #[error("Aᵀb is zero: the path is the point 0")]
    Nothing,
}

/// A kink.
#[derive(Clone, Debug, PartialEq)]
pub struct Kink {
    /// λ.
    pub lambda: f64,
    /// The coordinates that are not zero, and their values, in ascending order of place.
    pub x: Vec<(usize, f64)>,
    /// ½|Ax − b|².
    pub loss: f64,
    /// |x|₁.
    pub l1: f64,
}

/// All kinks from λ = |Aᵀb|_∞ down to λ = 0, or to `most` of them.
///
/// # Errors
/// For shapes that do not fit, for entries that are not finite, and for Aᵀb = 0.
pub fn path(a: ArrayView2<f64>, b: ArrayView1<f64>, most: usize) -> Result<Vec<Kink>, LassoError> {
    if a.nrows() != b.len() {
        return Err(LassoError::Shape { rows: a.nrows(), right: b.len() });
    }
    if a.iter().any(|entry| !entry.is_finite()) {
        return Err(LassoError::NotFinite("the matrix"));
    }
    if b.iter().any(|entry| !entry.is_finite()) {
        return Err(LassoError::NotFinite("b"));
    }
    let mut homotopy = Homotopy::new(a, b);
    if homotopy.lambda == 0.0 {
        return Err(LassoError::Nothing);
    }
    let mut kinks = vec![homotopy.kink()];
    while kinks.len() < most && homotopy.advance() {
        kinks.push(homotopy.kink());
    }
    Ok(kinks)
}

/// ∫ loss d|x|₁ over the path: Simpson's rule, exact on each piece.
pub fn area(kinks: &[Kink]) -> f64 {
    let piece = |pair: &[Kink]| {
        let width = pair[1].l1 - pair[0].l1;
        let middle = 0.5 * (pair[0].loss + pair[1].loss) - width * (pair[0].lambda - pair[1].lambda) / 8.0;
        width / 6.0 * (pair[0].loss + 4.0 * middle + pair[1].loss)
    };
    kinks.windows(2).map(piece).sum()
}
