//! Sieve-streaming with deletions, and sieve-streaming++.
//!
//! For each guess γ = 1.3^j a sieve takes an element if it gains γ/(2k) on top of what the sieve holds, as long as that is fewer than k. One pass
//! over a stream of insertions is worth half of the optimum (Badanidiyuru et al. 2014). When an element that a sieve holds is deleted, the sieve is
//! run again over all that is available, in the order of arrival, which is how the published experiments on deletions use it; there is no bound on how often. The output is the best set that any sieve has held and of which nothing was deleted.
//!
//! The ++ variant (Kazemi et al. 2019) takes the value of that set as a lower bound of the optimum and gives up sieves whose guess lies below it. How it should meet
//! deletions is not published; here, when the best set loses an element, the bound falls to what the remaining sieves hold, and sieves that were given up and lie above it are
//! run anew.

use std::collections::BTreeMap;

use crate::function::Function;
use crate::maximiser::{OneByOne, OptionsError, Update};
use crate::stream::Available;

/// Neighbouring guesses differ by this factor, as in the published experiments.
const GUESS_RATIO: f64 = 1.3;

/// All sieves.
pub struct Sieves<'f, F: Function> {
    function: &'f F,
    cardinality: usize,
    pruned: bool,
    sieves: BTreeMap<i32, Sieve<F::State>>,
    /// The best set, and its value: while nothing is deleted it never gets worse.
    best: (Vec<usize>, f64),
    /// f(e) of each element that was ever inserted: it tells without a call that an element cannot gain a threshold above it.
    singletons: Vec<f64>,
    /// What is available, in the order of arrival, and the place of each element in it.
    arrived: BTreeMap<u64, usize>,
    places: Vec<u64>,
    arrivals: u64,
    calls: u64,
}

struct Sieve<S> {
    state: S,
    chosen: Vec<usize>,
    /// Given up because its guess was too low: what it holds is out of date.
    given_up: bool,
}

impl<'f, F: Function> Sieves<'f, F> {
    /// Sieve-streaming, or with `pruned` sieve-streaming++. Begins with nothing available.
    ///
    /// # Errors
    /// For k = 0.
    pub fn start(function: &'f F, cardinality: usize, pruned: bool) -> Result<OneByOne<Self>, OptionsError> {
        if cardinality == 0 {
            return Err(OptionsError::Cardinality);
        }
        let elements = function.elements();
        let sieves = Self {
            function,
            cardinality,
            pruned,
            sieves: BTreeMap::new(),
            best: (Vec::new(), 0.0),
            singletons: vec![0.0; elements],
            arrived: BTreeMap::new(),
            places: vec![0; elements],
            arrivals: 0,
            calls: 0,
        };
        Ok(OneByOne::new(sieves, elements))
    }

    fn threshold(&self, exponent: i32) -> f64 {
        GUESS_RATIO.powi(exponent) / (2.0 * self.cardinality as f64)
    }

    /// Takes note of a sieve that is better than the best set.
    fn compare(&mut self, exponent: i32) {
        if let Some(sieve) = self.sieves.get(&exponent).filter(|sieve| !sieve.given_up) {
            let value = self.function.value(&sieve.state);
            if value > self.best.1 {
                self.best = (sieve.chosen.clone(), value);
            }
        }
    }

    /// Gives up sieves whose guess lies below the best value.
    fn prune(&mut self) {
        let best = self.best.1;
        for (exponent, sieve) in &mut self.sieves {
            sieve.given_up |= self.pruned && GUESS_RATIO.powi(*exponent) < best;
        }
    }

    fn offer(&mut self, exponent: i32, element: usize) {
        let threshold = self.threshold(exponent);
        if let Some(sieve) = self.sieves.get_mut(&exponent)
            && !sieve.given_up
            && self.singletons[element] >= threshold
            && sieve.chosen.len() < self.cardinality
        {
            self.calls += 1;
            if self.function.gain(&sieve.state, element) >= threshold {
                self.function.add(&mut sieve.state, element);
                sieve.chosen.push(element);
            }
        }
    }

    fn run_again(&mut self, exponent: i32) {
        self.sieves.insert(exponent, Sieve::empty(self.function));
        // Taken out for the pass, which changes nothing of it.
        let arrived = std::mem::take(&mut self.arrived);
        for &element in arrived.values() {
            self.offer(exponent, element);
            if self.sieves.get(&exponent).is_some_and(|sieve| sieve.chosen.len() == self.cardinality) {
                break;
            }
        }
        self.arrived = arrived;
        self.compare(exponent);
    }
}

impl<S> Sieve<S> {
    fn empty<F: Function<State = S>>(function: &F) -> Self {
        Self { state: function.empty(), chosen: Vec::new(), given_up: false }
    }
}

impl<F: Function> Update for Sieves<'_, F> {
    fn insert(&mut self, element: usize, _: &Available) {
        self.calls += 1;
        let singleton = self.function.gain(&self.function.empty(), element);
        self.singletons[element] = singleton;
        self.places[element] = self.arrivals;
        self.arrived.insert(self.arrivals, element);
        self.arrivals += 1;
        if singleton.is_nan() || singleton <= 0.0 {
            return;
        }
        // Guesses from f(e) to 2k f(e) are those that e can be useful for and no other element has asked for yet.
        let logarithm = |value: f64| value.ln() / GUESS_RATIO.ln();
        let highest = logarithm(2.0 * self.cardinality as f64 * singleton).floor() as i32;
        let function = self.function;
        for exponent in logarithm(singleton).ceil() as i32..=highest {
            self.sieves.entry(exponent).or_insert_with(|| Sieve::empty(function));
        }
        self.prune();
        let exponents: Vec<i32> = self.sieves.keys().copied().collect();
        for exponent in exponents {
            self.offer(exponent, element);
            self.compare(exponent);
        }
        self.prune();
    }

    fn delete(&mut self, element: usize, _: &Available) {
        self.arrived.remove(&self.places[element]);
        let best_is_hit = self.best.0.contains(&element);
        if best_is_hit {
            self.best = (Vec::new(), 0.0);
        }
        let exponents: Vec<i32> = self.sieves.keys().rev().copied().collect();
        for &exponent in &exponents {
            let held = |sieve: &Sieve<F::State>| !sieve.given_up && sieve.chosen.contains(&element);
            if self.sieves.get(&exponent).is_some_and(held) {
                self.run_again(exponent);
            } else if best_is_hit {
                self.compare(exponent);
            }
        }
        // From the highest down: what these find raises the bound for those below.
        for exponent in exponents {
            let given_up = self.sieves.get(&exponent).is_some_and(|sieve| sieve.given_up);
            if best_is_hit && given_up && GUESS_RATIO.powi(exponent) >= self.best.1 {
                self.run_again(exponent);
            }
        }
        self.prune();
    }

    fn solution(&self) -> (Vec<usize>, f64) {
        self.best.clone()
    }

    fn calls(&self) -> u64 {
        self.calls
    }
}
