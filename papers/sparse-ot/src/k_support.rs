//! The k-support norm: what "at most k nonzeros" becomes when the problem is made convex.
//!
//! δ_k is the conjugate of (γ/2) ‖t‖² restricted to columns t ≥ 0 with at most k nonzeros. The
//! conjugate of δ_k in turn, the largest convex function below, is (γ/2) (‖t‖ₖˢᵖ)² with the k-support
//! norm of Argyriou, Foygel and Srebro (2012). So the dual of the sparse problem is the dual of
//!
//! min ⟨C, T⟩ + (γ/2) Σⱼ (‖tⱼ‖ₖˢᵖ)² over T in U(a, b),
//!
//! and any transport plan gives an upper bound of the dual optimum through this objective.
//!
//! With the entries in falling order,
//!
//! (‖w‖ₖˢᵖ)² = Σ_{i < k−r} w_i² + (Σ_{i ≥ k−r} w_i)² / (r + 1)
//!
//! for the r in 0..k for which the mean over r + 1 of the rest lies between w_{k−r−1} and w_{k−r}. For
//! k = 1 it is the sum of the entries, for k ≥ the number of nonzeros the Euclidean norm.

use numerics::sum::sum;

use crate::plan::SparsePlan;
use crate::problem::Cost;
use crate::regulariser::Regulariser;

/// (‖w‖ₖˢᵖ)² of a vector given by its nonzeros, of any sign and in any order; they are overwritten.
/// k = 0 counts as 1. Cost O(s log s) for s nonzeros.
pub fn squared_k_support_norm(entries: &mut [f64], k: usize) -> f64 {
    for entry in entries.iter_mut() {
        *entry = entry.abs();
    }
    entries.sort_unstable_by(|x, y| y.total_cmp(x));
    let k = k.max(1);
    if entries.len() <= k {
        return sum(entries.iter().map(|w| w * w));
    }
    // Entries below the first k − r are spread over r + 1 places; r grows while the largest of them
    // exceeds the share of a place.
    let mut rest = sum(entries[k - 1..].iter().copied());
    let mut r = 0;
    while r + 1 < k && entries[k - r - 2] * (r + 1) as f64 <= rest {
        r += 1;
        rest += entries[k - r - 1];
    }
    let kept = sum(entries[..k - r - 1].iter().map(|w| w * w));
    kept + rest * rest / (r + 1) as f64
}

/// The objective ⟨C, T⟩ + (γ/2) Σⱼ (‖tⱼ‖ₖˢᵖ)² of the convex relaxation.
///
/// For a plan in U(a, b) it is an upper bound of the dual optimum; for a plan with at most k
/// nonzeros per column it equals the objective of the sparse problem.
pub fn relaxed_value(plan: &SparsePlan, cost: &Cost, regulariser: Regulariser) -> f64 {
    let mut column = Vec::new();
    let squares = sum((0..plan.columns()).map(|j| {
        column.clear();
        column.extend(plan.column(j).map(|(_, mass)| mass));
        squared_k_support_norm(&mut column, regulariser.k)
    }));
    plan.cost(cost) + 0.5 * regulariser.gamma * squares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        // k = 2, (3, 1, 1): r = 0 since 3 > 1 + 1, so 9 + 4.
        assert_eq!(squared_k_support_norm(&mut [1.0, 3.0, 1.0], 2), 13.0);
        // k = 2, (1, 1, 1): r = 1, so 3²/2.
        assert_eq!(squared_k_support_norm(&mut [1.0, 1.0, 1.0], 2), 4.5);
        assert_eq!(squared_k_support_norm(&mut [], 2), 0.0);
    }

    proptest! {
        /// k = 1 gives the sum, k = number of entries the Euclidean norm, and it falls with k.
        #[test]
        fn limits_and_order(entries in prop::collection::vec(0.0f64..10.0, 1..12)) {
            let norm = |k| squared_k_support_norm(&mut entries.clone(), k);
            let total: f64 = entries.iter().sum();
            let squares: f64 = entries.iter().map(|w| w * w).sum();
            let rounding = 1e-13 * (1.0 + total * total);
            prop_assert!((norm(1) - total * total).abs() <= rounding);
            prop_assert!((norm(entries.len()) - squares).abs() <= rounding);
            for k in 1..entries.len() {
                prop_assert!(norm(k + 1) <= norm(k) + rounding);
            }
        }

        /// ½‖w‖² ≥ ⟨u, w⟩ − ½ (sum of the k largest u²) for every u: the norm's square is the
        /// conjugate of that sum, so no u exceeds it.
        #[test]
        fn is_the_conjugate_of_the_largest_k(
            entries in prop::collection::vec(0.0f64..10.0, 1..10),
            directions in prop::collection::vec(0.0f64..10.0, 10),
            k in 1usize..10,
        ) {
            let mut sorted = directions[..entries.len()].to_vec();
            let inner: f64 = sorted.iter().zip(&entries).map(|(u, w)| u * w).sum();
            sorted.sort_by(|x, y| y.total_cmp(x));
            let largest: f64 = sorted.iter().take(k).map(|u| u * u).sum();
            let norm = squared_k_support_norm(&mut entries.clone(), k);
            prop_assert!(inner - 0.5 * largest <= 0.5 * norm + 1e-12 * (1.0 + norm));
        }
    }
}
