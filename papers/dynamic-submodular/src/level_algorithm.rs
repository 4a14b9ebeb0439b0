//! The fully dynamic algorithm: runs for all guesses of the optimal value, side by side.
//!
//! Guesses are γ_j = (1 + ε_g)^j. An element goes into the runs with f(e) ≤ γ_j ≤ 2k f(e): below, the guess is under what one element is worth;
//! above, the element is worth less than the run's threshold. The output is the best run's. Runs share nothing but the stream, so
//! they are worked on in parallel, each with coins of its own, and the output does not depend on the number of threads.
//!
//! DEVIATION: this is a reconstruction, the paper's full text was not at hand. The argument in src/run.rs gives E f ≥ (1/2 − O(ε + ε_g)) OPT after every
//! update, against streams fixed beforehand, for independent trials in the number that the analysis asks for; the default, fewer trials on prefixes of one random order, is cheaper and has no
//! proof. Constants and exponents of the paper were not seen.

use std::collections::BTreeMap;

use numerics::random::stream;
use rayon::prelude::*;

use crate::function::Function;
pub use crate::level_options::{BucketRule, LevelOptions, SMALLEST, Sampling};
use crate::maximiser::{Maximiser, OptionsError, Refused, Step, symmetric_difference};
use crate::run::{Moment, Run};
use crate::stream::{Available, Operation};

/// Maintains at most k elements of large value under insertions and deletions.
pub struct LevelAlgorithm<'f, F: Function> {
    function: &'f F,
    options: LevelOptions,
    available: Available,
    /// By instance: its element, its singleton value, and when it went.
    element: Vec<u32>,
    singleton: Vec<f64>,
    death: Vec<u64>,
    now: u64,
    /// By the exponent of the guess.
    runs: BTreeMap<i32, Run<'f, F>>,
    /// What each run put out last: value and elements.
    outputs: BTreeMap<i32, (f64, Vec<usize>)>,
    /// The best run, and its elements.
    best: Option<i32>,
    output: Vec<usize>,
}

/// What a run did in a batch of operations.
struct Log {
    /// By operation: oracle calls.
    calls: Vec<u64>,
    /// Operation, value and solution, where the output changed.
    changes: Vec<(usize, f64, Vec<usize>)>,
}

impl<'f, F: Function> LevelAlgorithm<'f, F> {
    /// Begins with nothing available. Memory: 20 bytes for each insertion ever made, kept for good; and, for each of about log(2k r)/log(1 + ε_g) runs (r: ratio of the
    /// largest singleton value to the smallest), its levels with their elements and a state of the function each. Runs are never dropped.
    ///
    /// Cost of an update: O(levels) gains for each run that the element is relevant for, and now and then the rebuilding of a level. A batch keeps a copy of every
    /// solution that changed in it.
    ///
    /// # Errors
    /// For options outside their ranges.
    pub fn new(function: &'f F, options: LevelOptions) -> Result<Self, OptionsError> {
        options.check()?;
        Ok(Self {
            function,
            options,
            available: Available::none(function.elements()),
            element: Vec::new(),
            singleton: Vec::new(),
            death: Vec::new(),
            now: 0,
            runs: BTreeMap::new(),
            outputs: BTreeMap::new(),
            best: None,
            output: Vec::new(),
        })
    }

    /// How many runs there are.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// How often levels were rebuilt, over all runs.
    pub fn rebuilds(&self) -> u64 {
        self.runs.values().map(|run| run.rebuilds).sum()
    }

    /// Of each run, by ascending guess, and of each of its levels: its elements, its bucket, arrivals and losses. Rebuilding depends on these alone.
    pub fn triggers(&self) -> Vec<Vec<[usize; 4]>> {
        self.runs.values().map(Run::triggers).collect()
    }

    /// Checks the invariants of every run by definition, at the cost of evaluating everything: for tests.
    ///
    /// # Errors
    /// The first that does not hold, in words.
    pub fn check(&self) -> Result<(), String> {
        let moment = Moment { element: &self.element, death: &self.death, now: self.now };
        for (&exponent, run) in &self.runs {
            let alive: Vec<(u32, f64)> = (0..self.element.len())
                .filter(|&instance| self.death[instance] > self.now)
                .map(|instance| (instance as u32, self.singleton[instance]))
                .filter(|(_, singleton)| self.is_relevant(*singleton, exponent))
                .collect();
            run.check(moment, &alive).map_err(|fault| format!("guess {exponent}: {fault}"))?;
            if run.solution.iter().any(|element| !self.available.has(*element)) {
                return Err(format!("guess {exponent}: an element of the output is gone"));
            }
        }
        Ok(())
    }

    fn guess(&self, exponent: i32) -> f64 {
        (1.0 + self.options.guess_ratio).powi(exponent)
    }

    /// Whether f(e) ≤ γ_j ≤ 2k f(e).
    fn is_relevant(&self, singleton: f64, exponent: i32) -> bool {
        let guess = self.guess(exponent);
        singleton <= guess && guess <= 2.0 * self.options.cardinality as f64 * singleton
    }

    /// The exponents j that an element of this value is relevant for.
    fn exponents(&self, singleton: f64) -> Vec<i32> {
        if singleton.is_nan() || singleton <= 0.0 {
            return Vec::new();
        }
        let logarithm = |value: f64| value.ln() / (1.0 + self.options.guess_ratio).ln();
        let twice = 2.0 * self.options.cardinality as f64;
        // One more on each side, against rounding.
        let (low, high) = (logarithm(singleton).floor() as i32, logarithm(twice * singleton).ceil() as i32);
        (low..=high).filter(|exponent| self.is_relevant(singleton, *exponent)).collect()
    }

    /// Enters operations into the books, up to one that makes no sense.
    fn enter(&mut self, operations: &[Operation]) -> (Vec<u32>, Option<crate::stream::UpdateError>) {
        let mut instances = Vec::with_capacity(operations.len());
        for (offset, &operation) in operations.iter().enumerate() {
            let instance = match self.available.update(operation) {
                Ok(instance) => instance,
                Err(fault) => return (instances, Some(fault)),
            };
            match operation {
                Operation::Insert(element) => {
                    let singleton = self.function.gain(&self.function.empty(), element);
                    self.element.push(element as u32);
                    self.singleton.push(singleton);
                    self.death.push(u64::MAX);
                    for exponent in self.exponents(singleton) {
                        let guess = self.guess(exponent);
                        self.runs.entry(exponent).or_insert_with(|| {
                            let coins = ["dynamic-submodular", "run", &exponent.to_string()];
                            Run::new(self.function, self.options, guess, stream(self.options.seed, &coins))
                        });
                    }
                }
                Operation::Delete(_) => self.death[instance as usize] = self.now + 1 + offset as u64,
            }
            instances.push(instance);
        }
        (instances, None)
    }
}

impl<F: Function> Maximiser for LevelAlgorithm<'_, F> {
    fn process(&mut self, operations: &[Operation]) -> Result<Vec<Step>, Refused> {
        let (instances, fault) = self.enter(operations);
        let operations = &operations[..instances.len()];
        let first = self.now + 1;
        let (element, singleton, death) = (&self.element, &self.singleton, &self.death);
        let twice = 2.0 * self.options.cardinality as f64;
        let base = 1.0 + self.options.guess_ratio;
        let work = |(&exponent, run): (&i32, &mut Run<'_, F>)| {
            let guess = base.powi(exponent);
            let mut log = Log { calls: vec![0; operations.len()], changes: Vec::new() };
            for (offset, (&operation, &instance)) in operations.iter().zip(&instances).enumerate() {
                let alone = singleton[instance as usize];
                if !(alone <= guess && guess <= twice * alone) {
                    continue;
                }
                let moment = Moment { element, death, now: first + offset as u64 };
                let before = run.calls;
                let changed = match operation {
                    Operation::Insert(_) => run.insert(instance, alone, moment),
                    Operation::Delete(_) => run.delete(instance, moment),
                };
                log.calls[offset] = run.calls - before;
                if changed {
                    log.changes.push((offset, run.value, run.solution.clone()));
                }
            }
            log
        };
        let logs: Vec<Log> = if operations.len() > 1 {
            self.runs.iter_mut().collect::<Vec<_>>().into_par_iter().map(work).collect()
        } else {
            self.runs.iter_mut().map(work).collect()
        };
        let exponents: Vec<i32> = self.runs.keys().copied().collect();
        let mut unread: Vec<std::vec::IntoIter<_>> = Vec::new();
        let mut calls = vec![0; operations.len()];
        for log in logs {
            for (sum, count) in calls.iter_mut().zip(&log.calls) {
                *sum += count;
            }
            unread.push(log.changes.into_iter());
        }
        let mut steps = Vec::with_capacity(operations.len());
        for (offset, operation) in operations.iter().enumerate() {
            let mut touched = false;
            for (exponent, changes) in exponents.iter().zip(&mut unread) {
                while changes.as_slice().first().is_some_and(|(at, ..)| *at == offset) {
                    if let Some((_, value, solution)) = changes.next() {
                        self.outputs.insert(*exponent, (value, solution));
                        touched = true;
                    }
                }
            }
            let mut changed = 0;
            if touched {
                let value = |exponent: i32| self.outputs.get(&exponent).map_or(0.0, |(value, _)| *value);
                let best = exponents.iter().copied().max_by(|a, b| value(*a).total_cmp(&value(*b)));
                // The run that was best stays so while no other is better: the output then changes less.
                let stays = self.best.filter(|old| best.is_some_and(|new| value(*old) >= value(new)));
                self.best = stays.or(best);
                let output = self
                    .best
                    .and_then(|best| self.outputs.get(&best))
                    .map(|(_, solution)| solution.as_slice());
                let output = output.unwrap_or_default();
                changed = symmetric_difference(&self.output, output);
                self.output = output.to_vec();
            }
            let singletons = u64::from(matches!(operation, Operation::Insert(_)));
            steps.push(Step {
                value: self.best.and_then(|best| self.outputs.get(&best)).map_or(0.0, |(value, _)| *value),
                size: self.output.len(),
                calls: calls[offset] + singletons,
                changes: changed,
            });
        }
        self.now += operations.len() as u64;
        match fault {
            None => Ok(steps),
            Some(fault) => Err(Refused { steps, fault }),
        }
    }

    fn solution(&self) -> Vec<usize> {
        self.output.clone()
    }

    fn available(&self) -> &Available {
        &self.available
    }

    fn levels(&self) -> Option<usize> {
        Some(self.runs.values().map(Run::levels).max().unwrap_or(0))
    }
}
