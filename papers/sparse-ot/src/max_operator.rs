//! The two maxima over one column, and their gradients.
//!
//! For scores s (what a unit of mass earns in each row) and a column t ≥ 0 with at most k nonzeros,
//!
//! * δ_k(s) = max over t of ⟨s, t⟩ − (γ/2) ‖t‖² = (1/2γ) Σ_{i ≤ k} [s₍ᵢ₎]₊², the conjugate that the
//!   dual needs, and
//! * M_k(x; b) = the same maximum over columns of mass exactly b, that the semi-dual needs: t is the
//!   projection of the k largest x/γ onto the simplex of size b, tᵢ = [xᵢ − τ]₊/γ.
//!
//! Both are convex, and the maximising t is a subgradient; it is the gradient unless the k-th and
//! the next largest score are equal and matter, when any choice among the equal ones maximises. The
//! choice made here is that of the lowest rows.
//!
//! For a fixed support the second maximum is the minimum over τ of τ b + (1/2γ) Σ [xᵢ − τ]₊², and the
//! best support is the same for every τ. That is why dual and semi-dual have the same value, with
//! β = −τ.

use numerics::simplex::threshold_of_sorted;

use crate::regulariser::{Regulariser, SolverError};
use crate::top_k::{Entry, TopK};

/// Value and maximiser of δ_k or M_k.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnMaximum {
    /// The maximum.
    pub value: f64,
    /// The positive entries (row, mass) of the maximising column, by falling score.
    pub column: Vec<(usize, f64)>,
    /// The score at which a row begins to receive mass: tᵢ = [sᵢ − threshold]₊/γ on the k largest.
    /// Zero for δ_k, τ for M_k.
    pub threshold: f64,
}

/// δ_k(s), with k at most the number of scores. Cost O(m + k log k).
///
/// # Errors
///
/// k = 0, γ not positive, a score that is not finite, no scores.
pub fn conjugate(scores: &[f64], regulariser: Regulariser) -> Result<ColumnMaximum, SolverError> {
    let regulariser = checked(scores, regulariser)?;
    Ok(maximise(scores, &Conjugate { gamma: regulariser.gamma }, regulariser.k, 0.0))
}

/// M_k(x; mass), with k at most the number of scores. Cost O(m + k log k).
///
/// A column without mass has value 0, no entries, and τ = max x, the limit for vanishing mass.
///
/// # Errors
///
/// k = 0, γ not positive, a score that is not finite, no scores, a mass that is negative or not
/// finite.
pub fn max_operator(
    scores: &[f64],
    mass: f64,
    regulariser: Regulariser,
) -> Result<ColumnMaximum, SolverError> {
    let regulariser = checked(scores, regulariser)?;
    if !(mass >= 0.0 && mass.is_finite()) {
        return Err(SolverError::Option { option: "mass", value: mass, range: "finite and at least 0" });
    }
    let rule = ExactMass { gamma: regulariser.gamma };
    Ok(maximise(scores, &rule, regulariser.k, mass))
}

fn checked(scores: &[f64], regulariser: Regulariser) -> Result<Regulariser, SolverError> {
    crate::regulariser::check_potentials("rows", scores, scores.len().max(1))?;
    regulariser.checked(scores.len())
}

fn maximise(scores: &[f64], rule: &impl ColumnRule, k: usize, parameter: f64) -> ColumnMaximum {
    let costs = vec![0.0; scores.len()];
    let mut top = TopK::new(k, scores.len());
    top.start(rule.floor(parameter), rule.window(parameter));
    top.scan(scores, &costs, 0);
    let mut entries = Vec::new();
    let (value, threshold) = rule.maximise(top.finish(), parameter, &mut entries);
    let column = entries.into_iter().map(|(row, mass)| (row as usize, mass)).collect();
    ColumnMaximum { value, column, threshold }
}

/// One of the two maxima, as the pass over all columns needs it. Each column has one parameter: its
/// potential βⱼ, or its mass bⱼ.
pub(crate) trait ColumnRule: Sync {
    /// Scores up to here receive no mass.
    fn floor(&self, parameter: f64) -> f64;
    /// A better floor from at most k scores that are known to occur, in any order.
    fn floor_given(&self, known: &mut [f64], parameter: f64) -> f64;
    /// Scores that lie this far below the largest receive no mass.
    fn window(&self, parameter: f64) -> f64;
    /// Given the k largest scores in falling order, appends the entries of the maximising column
    /// and returns value and threshold.
    fn maximise(&self, top: &[Entry], parameter: f64, column: &mut Vec<(u32, f64)>) -> (f64, f64);
}

/// δ_k(α − cⱼ + βⱼ), given the scores α − cⱼ and the parameter βⱼ.
pub(crate) struct Conjugate {
    pub gamma: f64,
}

impl ColumnRule for Conjugate {
    fn floor(&self, beta: f64) -> f64 {
        -beta
    }

    fn floor_given(&self, _: &mut [f64], beta: f64) -> f64 {
        -beta
    }

    fn window(&self, _: f64) -> f64 {
        f64::INFINITY
    }

    fn maximise(&self, top: &[Entry], beta: f64, column: &mut Vec<(u32, f64)>) -> (f64, f64) {
        let mut squares = 0.0;
        for entry in top {
            let mass = (entry.score + beta) / self.gamma;
            squares += mass * mass;
            column.push((entry.row, mass));
        }
        (0.5 * self.gamma * squares, -beta)
    }
}

/// M_k(α − cⱼ; bⱼ), given the scores and the parameter bⱼ.
pub(crate) struct ExactMass {
    pub gamma: f64,
}

impl ColumnRule for ExactMass {
    fn floor(&self, _: f64) -> f64 {
        f64::NEG_INFINITY
    }

    /// τ of some scores is at most τ of all: more scores above it share the same mass. Lowered by
    /// its rounding error, so that the result does not depend on what was known.
    fn floor_given(&self, known: &mut [f64], mass: f64) -> f64 {
        if known.is_empty() {
            return f64::NEG_INFINITY;
        }
        known.sort_unstable_by(|x, y| y.total_cmp(x));
        let tau = threshold_of_sorted(known, self.gamma * mass);
        let size = tau.abs().max(known[0].abs());
        tau - 8.0 * f64::EPSILON * known.len() as f64 * size - f64::MIN_POSITIVE
    }

    fn window(&self, mass: f64) -> f64 {
        self.gamma * mass
    }

    fn maximise(&self, top: &[Entry], mass: f64, column: &mut Vec<(u32, f64)>) -> (f64, f64) {
        let Some(largest) = top.first().map(|entry| entry.score) else {
            return (0.0, 0.0);
        };
        // τ relative to the largest score: the differences are exact, so the masses sum to b
        // however large the scores are.
        let size = self.gamma * mass;
        let mut sum = 0.0;
        let mut threshold = -size;
        for (r, entry) in top.iter().enumerate().skip(1) {
            let below = entry.score - largest;
            if below <= threshold {
                break;
            }
            sum += below;
            threshold = (sum - size) / (r + 1) as f64;
        }
        let mut squares = 0.0;
        for entry in top {
            let share = ((entry.score - largest) - threshold) / self.gamma;
            if share <= 0.0 {
                break;
            }
            squares += share * share;
            column.push((entry.row, share));
        }
        let tau = largest + threshold;
        (tau * mass + 0.5 * self.gamma * squares, tau)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conjugate_by_hand() {
        // The two largest of (3, −1, 2, 1) with γ = 2: t = (1.5, 1), value (9 + 4)/4.
        let found = conjugate(&[3.0, -1.0, 2.0, 1.0], Regulariser::new(2, 2.0)).expect("valid");
        assert_eq!(found.column, [(0, 1.5), (2, 1.0)]);
        assert_eq!((found.value, found.threshold), (3.25, 0.0));
        // Only positive scores receive mass.
        let found = conjugate(&[-1.0, 0.0], Regulariser::new(2, 1.0)).expect("valid");
        assert_eq!((found.value, found.column.len()), (0.0, 0));
    }

    #[test]
    fn the_exact_mass_by_hand() {
        // x = (1, 0.5, 0.5), γ = 1, b = 1: without limit τ = 1/3; with k = 2, τ = 1/4 and the tie
        // goes to row 1; with k = 1 all mass to row 0.
        let x = [1.0, 0.5, 0.5];
        let two = max_operator(&x, 1.0, Regulariser::new(2, 1.0)).expect("valid");
        assert_eq!((two.column, two.threshold), (vec![(0, 0.75), (1, 0.25)], 0.25));
        // ⟨x, t⟩ − ½‖t‖² = 0.875 − 0.3125.
        assert_eq!(two.value, 0.5625);
        let one = max_operator(&x, 1.0, Regulariser::new(1, 1.0)).expect("valid");
        assert_eq!((one.column, one.threshold), (vec![(0, 1.0)], 0.0));
        let all = max_operator(&x, 1.0, Regulariser::new(9, 1.0)).expect("valid");
        assert_eq!(all.column.len(), 3);
        assert!((all.threshold - 1.0 / 3.0).abs() <= f64::EPSILON);
    }

    #[test]
    fn a_column_without_mass_stays_empty() {
        let found = max_operator(&[1.0, 4.0, 4.0], 0.0, Regulariser::new(2, 1.0)).expect("valid");
        assert_eq!((found.value, found.threshold), (0.0, 4.0));
        assert!(found.column.is_empty());
    }

    #[test]
    fn faults_are_named() {
        let text = |result: Result<ColumnMaximum, SolverError>| result.expect_err("a fault").to_string();
        let fine = Regulariser::new(1, 1.0);
        assert_eq!(
            text(conjugate(&[1.0], Regulariser::new(0, 1.0))),
            "k is 0; every column needs at least one nonzero"
        );
        assert_eq!(
            text(conjugate(&[1.0], Regulariser::new(1, -1.0))),
            "gamma is -1; it must be positive and finite"
        );
        assert_eq!(text(conjugate(&[], fine)), "0 potentials for 1 rows");
        assert!(text(conjugate(&[f64::NAN], fine)).contains("NaN"));
        assert!(text(max_operator(&[1.0], -1.0, fine)).contains("mass is -1"));
    }
}
