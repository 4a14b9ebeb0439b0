//! Greedy selections from a fixed set, and algorithms that select anew after every update.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rand::Rng;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;

use numerics::random::stream;

use crate::function::Function;
use crate::maximiser::{OneByOne, OptionsError, Update};
use crate::stream::Available;

/// A selected set.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// Elements in the order of their selection.
    pub elements: Vec<usize>,
    /// f of them.
    pub value: f64,
    /// Oracle calls.
    pub calls: u64,
}

/// Greedy (Nemhauser, Wolsey and Fisher 1978): k times the element of largest gain, of equal ones the smallest. At least 1 − 1/e of the optimum.
/// Cost: k calls for each candidate.
pub fn greedy<F: Function>(function: &F, candidates: &[usize], cardinality: usize) -> Selection {
    let mut state = function.empty();
    let mut left = candidates.to_vec();
    let (mut elements, mut calls) = (Vec::new(), 0);
    while elements.len() < cardinality && !left.is_empty() {
        calls += left.len() as u64;
        let gains =
            left.iter().map(|&element| Bound { gain: function.gain(&state, element), element, at: 0 });
        let Some(best) = gains.max().filter(|best| best.gain > 0.0) else { break };
        function.add(&mut state, best.element);
        left.retain(|element| *element != best.element);
        elements.push(best.element);
    }
    Selection { elements, value: function.value(&state), calls }
}

/// An upper bound on the gain of an element, from when `at` elements were chosen. Largest gain first, of equal ones the smallest element.
#[derive(Clone, Copy, PartialEq)]
struct Bound {
    gain: f64,
    element: usize,
    at: usize,
}

impl Eq for Bound {}

impl Ord for Bound {
    fn cmp(&self, other: &Self) -> Ordering {
        self.gain.total_cmp(&other.gain).then(other.element.cmp(&self.element))
    }
}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Lazy greedy (Minoux 1978): the same selection as [`greedy`]; gains only fall, so an old gain bounds the new one, and only the top of a heap
/// is computed again.
pub fn lazy_greedy<F: Function>(function: &F, candidates: &[usize], cardinality: usize) -> Selection {
    let mut state = function.empty();
    let first =
        candidates.iter().map(|&element| Bound { gain: function.gain(&state, element), element, at: 0 });
    let mut heap: BinaryHeap<Bound> = first.collect();
    let mut calls = candidates.len() as u64;
    let mut elements = Vec::new();
    while elements.len() < cardinality {
        let Some(mut top) = heap.peek_mut() else { break };
        if top.gain <= 0.0 {
            break;
        }
        if top.at == elements.len() {
            let element = top.element;
            std::collections::binary_heap::PeekMut::pop(top);
            function.add(&mut state, element);
            elements.push(element);
        } else {
            calls += 1;
            *top =
                Bound { gain: function.gain(&state, top.element), element: top.element, at: elements.len() };
        }
    }
    Selection { elements, value: function.value(&state), calls }
}

/// Stochastic greedy (Mirzasoleiman et al. 2015): k times the best of ⌈(n/k) ln(1/δ)⌉ random candidates. At least 1 − 1/e − δ in the mean.
pub fn stochastic_greedy<F: Function>(
    function: &F,
    candidates: &[usize],
    cardinality: usize,
    delta: f64,
    random: &mut impl Rng,
) -> Selection {
    let mut state = function.empty();
    let mut left = candidates.to_vec();
    let tried = (candidates.len() as f64 / cardinality as f64 * (1.0 / delta).ln()).ceil() as usize;
    let (mut elements, mut calls) = (Vec::new(), 0);
    while elements.len() < cardinality && !left.is_empty() {
        let places = sample(random, left.len(), tried.clamp(1, left.len()));
        calls += places.len() as u64;
        let gains = places.iter().map(|place| {
            (Bound { gain: function.gain(&state, left[place]), element: left[place], at: 0 }, place)
        });
        let Some((best, place)) = gains.max_by(|a, b| a.0.cmp(&b.0)) else { break };
        left.swap_remove(place);
        if best.gain > 0.0 {
            function.add(&mut state, best.element);
        }
        elements.push(best.element);
    }
    Selection { elements, value: function.value(&state), calls }
}

/// k random candidates: one call.
pub fn random_set<F: Function>(
    function: &F,
    candidates: &[usize],
    cardinality: usize,
    random: &mut impl Rng,
) -> Selection {
    let places = sample(random, candidates.len(), cardinality.min(candidates.len()));
    let elements: Vec<usize> = places.iter().map(|place| candidates[place]).collect();
    Selection { value: function.value_of(&elements), elements, calls: 1 }
}

/// How a recomputing algorithm selects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Selector {
    /// [`lazy_greedy`].
    LazyGreedy,
    /// [`stochastic_greedy`] with this δ.
    StochasticGreedy(f64),
    /// [`random_set`].
    Random,
}

/// Selects anew from all that is available after every update.
pub struct Recompute<'f, F: Function> {
    function: &'f F,
    cardinality: usize,
    selector: Selector,
    random: ChaCha8Rng,
    selection: Selection,
    calls: u64,
}

impl<'f, F: Function> Recompute<'f, F> {
    /// Begins with nothing available.
    ///
    /// # Errors
    /// For k = 0, and a δ outside (0, 1).
    pub fn start(
        function: &'f F,
        cardinality: usize,
        selector: Selector,
        seed: u64,
    ) -> Result<OneByOne<Self>, OptionsError> {
        if cardinality == 0 {
            return Err(OptionsError::Cardinality);
        }
        if let Selector::StochasticGreedy(delta) = selector
            && !(delta > 0.0 && delta < 1.0)
        {
            return Err(OptionsError::Epsilon(delta));
        }
        let selection = Selection { elements: Vec::new(), value: 0.0, calls: 0 };
        let random = stream(seed, &["dynamic-submodular", "recompute"]);
        let algorithm = Self { function, cardinality, selector, random, selection, calls: 0 };
        Ok(OneByOne::new(algorithm, function.elements()))
    }

    fn select(&mut self, available: &Available) {
        let candidates = available.elements();
        let (function, k, random) = (self.function, self.cardinality, &mut self.random);
        self.selection = match self.selector {
            Selector::LazyGreedy => lazy_greedy(function, &candidates, k),
            Selector::StochasticGreedy(delta) => stochastic_greedy(function, &candidates, k, delta, random),
            Selector::Random => random_set(function, &candidates, k, random),
        };
        self.calls += self.selection.calls;
    }
}

impl<F: Function> Update for Recompute<'_, F> {
    fn insert(&mut self, _: usize, available: &Available) {
        self.select(available);
    }

    fn delete(&mut self, _: usize, available: &Available) {
        self.select(available);
    }

    fn solution(&self) -> (Vec<usize>, f64) {
        (self.selection.elements.clone(), self.selection.value)
    }

    fn calls(&self) -> u64 {
        self.calls
    }
}
