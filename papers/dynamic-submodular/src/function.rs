//! Monotone submodular functions, given by an oracle for marginal gains.
//!
//! f assigns a value to every set of elements 0, …, N − 1 of a *ground set*, with f(∅) = 0; it is monotone, and its gains
//! f(e | S) = f(S ∪ {e}) − f(S) fall as S grows. Implement [`Function`] for a function of your own; every algorithm here takes any.

mod coverage;
mod facility;
mod modular;

pub use coverage::{BitsetCoverage, Coverage, CoverageError};
pub use facility::{FacilityError, FacilityLocation, SparseFacilityLocation};
pub use modular::Modular;

/// A monotone submodular function with a state that grows.
///
/// What an implementation must keep: f(∅) = 0, gains are never negative, and gains of an element never grow as elements are added. Where they do,
/// every guarantee is void, but nothing panics.
pub trait Function: Sync {
    /// What is remembered of a set to answer gains fast, for instance which points it covers.
    type State: Clone + Send + Sync;

    /// The number N of elements of the ground set.
    fn elements(&self) -> usize;

    /// The state of the empty set.
    fn empty(&self) -> Self::State;

    /// f(S) of the state's set. Cost: O(1).
    fn value(&self, state: &Self::State) -> f64;

    /// f(e | S), at least 0; 0 for an element of S.
    fn gain(&self, state: &Self::State, element: usize) -> f64;

    /// Adds an element to the set.
    fn add(&self, state: &mut Self::State, element: usize);

    /// f of a set given by its elements.
    fn value_of(&self, set: &[usize]) -> f64 {
        let mut state = self.empty();
        for &element in set {
            self.add(&mut state, element);
        }
        self.value(&state)
    }
}
