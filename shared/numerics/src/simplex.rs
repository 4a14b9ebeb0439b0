//! Euclidean projection onto the scaled simplex {t ≥ 0, Σ tᵢ = s}.
//!
//! The projection of x is tᵢ = max(xᵢ − τ, 0), with the one threshold τ for which the sum is s
//! (Held, Wolfe and Crowder 1974). Over the entries sorted in falling order, τ is the largest of
//! (x₍₁₎ + … + x₍ᵣ₎ − s)/r over r; it is found from the largest r entries only, without sorting the
//! rest. All sums are taken of differences to the largest entry: a common shift of x costs no
//! accuracy.

use std::fmt;

/// Why no projection was computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SimplexError {
    /// The point has no entry.
    Empty,
    /// The entry of this index is NaN or infinite.
    NotFinite {
        /// Its index.
        index: usize,
        /// Its value.
        value: f64,
    },
    /// The size of the simplex is negative, NaN or infinite.
    Total(f64),
}

impl fmt::Display for SimplexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the point to project has no entry"),
            Self::NotFinite { index, value } => write!(f, "entry {index} of the point is {value}"),
            Self::Total(total) => {
                write!(f, "the size of the simplex is {total}; it must be finite and not negative")
            }
        }
    }
}

impl std::error::Error for SimplexError {}

/// Replaces `point` by its projection onto {t ≥ 0, Σ tᵢ = `total`} and returns the threshold τ.
///
/// For `total` = 0 the projection is zero and τ the largest entry. `scratch` is overwritten; it
/// grows to the length of `point` once and spares an allocation per call.
///
/// Expected cost O(n + r log r) for a result with r positive entries.
///
/// # Errors
///
/// An empty point, an entry or a total that is not finite, a negative total; `point` is then
/// unchanged.
pub fn project(point: &mut [f64], total: f64, scratch: &mut Vec<f64>) -> Result<f64, SimplexError> {
    if point.is_empty() {
        return Err(SimplexError::Empty);
    }
    if let Some(index) = point.iter().position(|x| !x.is_finite()) {
        return Err(SimplexError::NotFinite { index, value: point[index] });
    }
    if !(total.is_finite() && total >= 0.0) {
        return Err(SimplexError::Total(total));
    }
    // τ lies in [max − s, max): no other entry can be positive in the projection.
    let largest = point.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scratch.clear();
    scratch.extend(point.iter().map(|x| x - largest).filter(|&x| x >= -total));
    scratch.sort_unstable_by(|x, y| y.total_cmp(x));
    let below = threshold_of_sorted(scratch, total);
    for x in point.iter_mut() {
        *x = ((*x - largest) - below).max(0.0);
    }
    Ok(largest + below)
}

/// The threshold τ with Σ max(xᵢ − τ, 0) = `total`, for finite entries in falling order, at least
/// one, and `total` ≥ 0; for `total` = 0 it is the first entry. Reads the entries above τ and one
/// more.
pub fn threshold_of_sorted(falling: &[f64], total: f64) -> f64 {
    let largest = falling[0];
    let mut sum = 0.0;
    let mut threshold = largest - total;
    for (r, &x) in falling.iter().enumerate().skip(1) {
        if x <= threshold {
            break;
        }
        sum += x - largest;
        threshold = largest + (sum - total) / (r + 1) as f64;
    }
    threshold
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn projection(point: &[f64], total: f64) -> (Vec<f64>, f64) {
        let mut t = point.to_vec();
        let threshold = project(&mut t, total, &mut Vec::new()).expect("a valid point");
        (t, threshold)
    }

    #[test]
    fn two_entries_by_hand() {
        // τ = (1 + 0.5 − 1)/2.
        assert_eq!(projection(&[1.0, 0.5], 1.0), (vec![0.75, 0.25], 0.25));
        // The second entry lies below 3 − 1.
        assert_eq!(projection(&[3.0, 0.5], 1.0), (vec![1.0, 0.0], 2.0));
    }

    #[test]
    fn a_simplex_of_size_zero_is_the_origin() {
        assert_eq!(projection(&[1.0, 4.0, 4.0], 0.0), (vec![0.0; 3], 4.0));
    }

    #[test]
    fn faults_are_named() {
        let mut scratch = Vec::new();
        assert_eq!(project(&mut [], 1.0, &mut scratch), Err(SimplexError::Empty));
        assert!(matches!(
            project(&mut [0.0, f64::NAN], 1.0, &mut scratch),
            Err(SimplexError::NotFinite { index: 1, .. })
        ));
        assert_eq!(project(&mut [0.0], -1.0, &mut scratch), Err(SimplexError::Total(-1.0)));
    }

    #[test]
    fn a_large_common_shift_costs_nothing() {
        // Representable shift and differences: the result is exact.
        let shift = (1u64 << 40) as f64;
        let (t, _) = projection(&[shift + 1.0, shift + 0.5], 1.0);
        assert_eq!(t, vec![0.75, 0.25]);
    }

    proptest! {
        /// Feasible, and optimal by the first-order condition ⟨x − t, e_i − t/s⟩ ≤ 0: no vertex of
        /// the simplex lies in an ascent direction. Sums of up to 40 terms below 20: 1e-12.
        #[test]
        fn feasible_and_optimal(
            point in prop::collection::vec(-10.0f64..10.0, 1..40),
            total in 0.001f64..10.0,
        ) {
            let (t, threshold) = projection(&point, total);
            prop_assert!((t.iter().sum::<f64>() - total).abs() <= 1e-12);
            for (&x, &t) in point.iter().zip(&t) {
                prop_assert!(t >= 0.0);
                if t > 0.0 {
                    prop_assert!((x - t - threshold).abs() <= 1e-12);
                } else {
                    prop_assert!(x <= threshold + 1e-12);
                }
            }
        }

        /// Projecting twice changes nothing beyond rounding.
        #[test]
        fn idempotent(point in prop::collection::vec(-10.0f64..10.0, 1..40), total in 0.1f64..5.0) {
            let (once, _) = projection(&point, total);
            let (twice, _) = projection(&once, total);
            for (x, y) in once.iter().zip(&twice) {
                prop_assert!((x - y).abs() <= 1e-12);
            }
        }
    }
}
