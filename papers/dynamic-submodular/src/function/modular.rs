//! Modular functions: sums of weights, for which greedy is exact.

use super::Function;

/// f(S) = Σ_{e ∈ S} w(e) with weights w ≥ 0.
#[derive(Clone, Debug)]
pub struct Modular {
    weights: Vec<f64>,
}

impl Modular {
    /// From one weight an element; negative and non-finite ones count as 0.
    pub fn new(weights: Vec<f64>) -> Self {
        let valid = |weight: f64| if weight.is_finite() { weight.max(0.0) } else { 0.0 };
        Self { weights: weights.into_iter().map(valid).collect() }
    }
}

impl Function for Modular {
    /// The elements in ascending order, and their weight.
    type State = (Vec<usize>, f64);

    fn elements(&self) -> usize {
        self.weights.len()
    }

    fn empty(&self) -> Self::State {
        (Vec::new(), 0.0)
    }

    fn value(&self, state: &Self::State) -> f64 {
        state.1
    }

    fn gain(&self, state: &Self::State, element: usize) -> f64 {
        if state.0.binary_search(&element).is_ok() { 0.0 } else { self.weights[element] }
    }

    fn add(&self, state: &mut Self::State, element: usize) {
        if let Err(place) = state.0.binary_search(&element) {
            state.0.insert(place, element);
            state.1 += self.weights[element];
        }
    }
}
