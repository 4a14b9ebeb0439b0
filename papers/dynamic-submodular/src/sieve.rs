//! Sieve-streaming with deletions, and sieve-streaming++.
//!
//! For each guess γ = 1.3^j a sieve takes an element if it gains γ/(2k) on top of what the sieve holds, as long as that is fewer than k. One pass
//! over a stream of insertions is worth half of the optimum (Badanidiyuru et al. 2014). When an element that a sieve holds is deleted, the sieve is
//! run again over all that is available, which is how the published experiments on deletions use it; there is no bound on how often. The ++
//! variant (Kazemi et al. 2019) leaves sieves alone whose guess lies below the best value at hand; with deletions that value can fall again, and such a sieve
//! is then run anew.

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
    /// f(e) of each element that was ever inserted: it tells without a call that an element cannot gain a threshold above it.
    singletons: Vec<f64>,
    calls: u64,
}

struct Sieve<S> {
    state: S,
    chosen: Vec<usize>,
    /// Left alone while its guess was too low: what it holds is out of date.
    stale: bool,
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
        let singletons = vec![0.0; function.elements()];
        let sieves = Self { function, cardinality, pruned, sieves: BTreeMap::new(), singletons, calls: 0 };
        Ok(OneByOne::new(sieves, function.elements()))
    }

    fn threshold(&self, exponent: i32) -> f64 {
        GUESS_RATIO.powi(exponent) / (2.0 * self.cardinality as f64)
    }

    /// The best sieve that is up to date, and its value.
    fn best(&self) -> Option<(&Sieve<F::State>, f64)> {
        let current = self.sieves.values().filter(|sieve| !sieve.stale);
        current.map(|sieve| (sieve, self.function.value(&sieve.state))).max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// Whether a sieve is left alone now.
    fn is_pruned(&self, exponent: i32, best: f64) -> bool {
        self.pruned && GUESS_RATIO.powi(exponent) < best
    }

    fn offer(&mut self, exponent: i32, element: usize) {
        let threshold = self.threshold(exponent);
        if let Some(sieve) = self.sieves.get_mut(&exponent)
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

    fn run_again(&mut self, exponent: i32, available: &Available) {
        let fresh = Sieve { state: self.function.empty(), chosen: Vec::new(), stale: false };
        self.sieves.insert(exponent, fresh);
        for element in available.elements() {
            self.offer(exponent, element);
        }
    }

    /// Runs stale sieves again whose guess is no longer too low, from the highest down.
    fn revive(&mut self, available: &Available) {
        let stale: Vec<i32> = self.sieves.iter().filter(|(_, sieve)| sieve.stale).map(|(j, _)| *j).collect();
        for exponent in stale.into_iter().rev() {
            let best = self.best().map_or(0.0, |(_, value)| value);
            if !self.is_pruned(exponent, best) {
                self.run_again(exponent, available);
            }
        }
    }
}

impl<F: Function> Update for Sieves<'_, F> {
    fn insert(&mut self, element: usize, _: &Available) {
        self.calls += 1;
        let singleton = self.function.gain(&self.function.empty(), element);
        self.singletons[element] = singleton;
        if singleton.is_nan() || singleton <= 0.0 {
            return;
        }
        // Guesses from f(e) to 2k f(e) are those that e can be useful for and no other element has asked for yet.
        let logarithm = |value: f64| value.ln() / GUESS_RATIO.ln();
        let highest = logarithm(2.0 * self.cardinality as f64 * singleton).floor() as i32;
        for exponent in logarithm(singleton).ceil() as i32..=highest {
            let fresh = || Sieve { state: self.function.empty(), chosen: Vec::new(), stale: false };
            self.sieves.entry(exponent).or_insert_with(fresh);
        }
        let best = self.best().map_or(0.0, |(_, value)| value);
        let exponents: Vec<i32> = self.sieves.keys().copied().collect();
        for exponent in exponents {
            if self.is_pruned(exponent, best) {
                if let Some(sieve) = self.sieves.get_mut(&exponent) {
                    sieve.stale = true;
                }
            } else {
                self.offer(exponent, element);
            }
        }
    }

    fn delete(&mut self, element: usize, available: &Available) {
        let holding: Vec<i32> = self
            .sieves
            .iter()
            .filter(|(_, sieve)| !sieve.stale && sieve.chosen.contains(&element))
            .map(|(exponent, _)| *exponent)
            .collect();
        for exponent in holding {
            self.run_again(exponent, available);
        }
        self.revive(available);
    }

    fn solution(&self) -> (Vec<usize>, f64) {
        self.best().map_or((Vec::new(), 0.0), |(sieve, value)| (sieve.chosen.clone(), value))
    }

    fn calls(&self) -> u64 {
        self.calls
    }
}
