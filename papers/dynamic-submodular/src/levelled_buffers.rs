//! The dynamic algorithm of Lattanzi, Mitrović, Norouzi-Fard, Tarnawski and Zadimoghaddam (NeurIPS 2020), after descriptions of its published code.
//!
//! For each guess γ = 1.3^j there are levels l = 0, …, L = ⌈log₂ N⌉ with a pool A_l, a part S_l of the solution, and a buffer B_l. An arriving element that
//! is worth γ/(2k) enters every buffer; the first level whose buffer holds 2^(L−l) elements is built again from A_l ∪ B_l, shuffled and filtered once. Building takes
//! elements one by one as long as at least 2^(L−l) of the pool still gain γ/(2k), filtering after each, and stops where k are chosen. After a deletion that leaves the
//! solution below (1 − ε) γ/2, the lowest level that lost an element is built again.
//!
//! The paper that this crate is about states that the analysis of this algorithm has gaps. Its trigger after deletions depends on the solution's own
//! sample.

use std::collections::{BTreeMap, BTreeSet};

use numerics::random::stream;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::function::Function;
use crate::maximiser::{OneByOne, OptionsError, Update};
use crate::stream::Available;

const GUESS_RATIO: f64 = 1.3;

/// The runs for all guesses.
pub struct LevelledBuffers<'f, F: Function> {
    function: &'f F,
    cardinality: usize,
    epsilon: f64,
    levels: usize,
    runs: BTreeMap<i32, Run>,
    random: ChaCha8Rng,
    calls: u64,
}

/// One guess.
#[derive(Clone, Default)]
struct Run {
    pool: Vec<BTreeSet<usize>>,
    chosen: Vec<Vec<usize>>,
    buffer: Vec<BTreeSet<usize>>,
    /// The lowest level that lost an element since it was built.
    touched: Option<usize>,
    value: f64,
}

impl Run {
    fn size(&self) -> usize {
        self.chosen.iter().map(Vec::len).sum()
    }
}

impl<'f, F: Function> LevelledBuffers<'f, F> {
    /// Begins with nothing available; ε ∈ [0, 1) says how far the value may fall before levels are built again (0 and 0.2 in the published experiments).
    ///
    /// # Errors
    /// For k = 0, and ε outside [0, 1).
    pub fn start(
        function: &'f F,
        cardinality: usize,
        epsilon: f64,
        seed: u64,
    ) -> Result<OneByOne<Self>, OptionsError> {
        if cardinality == 0 {
            return Err(OptionsError::Cardinality);
        }
        if !(0.0..1.0).contains(&epsilon) {
            return Err(OptionsError::Epsilon(epsilon));
        }
        let levels =
            function.elements().max(1).ilog2() as usize + usize::from(!function.elements().is_power_of_two());
        let random = stream(seed, &["dynamic-submodular", "levelled-buffers"]);
        let algorithm =
            Self { function, cardinality, epsilon, levels, runs: BTreeMap::new(), random, calls: 0 };
        Ok(OneByOne::new(algorithm, function.elements()))
    }

    fn threshold(&self, exponent: i32) -> f64 {
        GUESS_RATIO.powi(exponent) / (2.0 * self.cardinality as f64)
    }

    /// The level's share of elements from which on it is built.
    fn full(&self, level: usize) -> usize {
        1 << (self.levels - level)
    }

    /// Builds the levels from `from` on. Conditioning on what lies below counts no call, as in the published code.
    fn build(&mut self, exponent: i32, from: usize) {
        let threshold = self.threshold(exponent);
        let Some(run) = self.runs.get_mut(&exponent) else { return };
        let mut state = self.function.empty();
        for &element in run.chosen[..from].iter().flatten() {
            self.function.add(&mut state, element);
        }
        let mut size: usize = run.chosen[..from].iter().map(Vec::len).sum();
        let mut rest: Vec<usize> = run.pool[from].union(&run.buffer[from]).copied().collect();
        rest.shuffle(&mut self.random);
        for level in from..=self.levels {
            run.pool[level].clear();
            run.buffer[level].clear();
            run.chosen[level].clear();
        }
        let keep = |rest: &mut Vec<usize>, state: &F::State, calls: &mut u64| {
            *calls += rest.len() as u64;
            rest.retain(|element| self.function.gain(state, *element) >= threshold);
        };
        keep(&mut rest, &state, &mut self.calls);
        'levels: for level in from..=self.levels {
            run.pool[level] = rest.iter().copied().collect();
            while rest.len() >= 1 << (self.levels - level) {
                let element = rest[0];
                self.calls += 1;
                self.function.add(&mut state, element);
                run.chosen[level].push(element);
                size += 1;
                if size == self.cardinality {
                    break 'levels;
                }
                keep(&mut rest, &state, &mut self.calls);
            }
        }
        run.touched = run.touched.filter(|touched| *touched < from);
        self.calls += 1;
        run.value = self.function.value(&state);
    }
}

impl<F: Function> Update for LevelledBuffers<'_, F> {
    fn insert(&mut self, element: usize, _: &Available) {
        self.calls += 1;
        let singleton = self.function.gain(&self.function.empty(), element);
        if singleton.is_nan() || singleton <= 0.0 {
            return;
        }
        let logarithm = |value: f64| value.ln() / GUESS_RATIO.ln();
        let highest = logarithm(2.0 * self.cardinality as f64 * singleton).floor() as i32;
        let (levels, cardinality) = (self.levels, self.cardinality);
        for exponent in logarithm(singleton).ceil() as i32..=highest {
            let fresh = || Run {
                pool: vec![BTreeSet::new(); levels + 1],
                chosen: vec![Vec::new(); levels + 1],
                buffer: vec![BTreeSet::new(); levels + 1],
                ..Run::default()
            };
            self.runs.entry(exponent).or_insert_with(fresh);
        }
        let exponents: Vec<i32> = self.runs.keys().copied().collect();
        for exponent in exponents {
            if singleton < self.threshold(exponent) {
                continue;
            }
            let full: Vec<usize> = (0..=levels).map(|level| self.full(level)).collect();
            let Some(run) = self.runs.get_mut(&exponent) else { continue };
            for buffer in &mut run.buffer {
                buffer.insert(element);
            }
            let ready = (0..=levels).find(|level| run.buffer[*level].len() >= full[*level]);
            if let Some(level) = ready.filter(|_| run.size() < cardinality) {
                self.build(exponent, level);
            }
        }
    }

    fn delete(&mut self, element: usize, _: &Available) {
        let exponents: Vec<i32> = self.runs.keys().copied().collect();
        for exponent in exponents {
            let (function, limit) = (self.function, (1.0 - self.epsilon) * GUESS_RATIO.powi(exponent) / 2.0);
            let Some(run) = self.runs.get_mut(&exponent) else { continue };
            for set in run.pool.iter_mut().chain(&mut run.buffer) {
                set.remove(&element);
            }
            let Some(level) = run.chosen.iter().position(|chosen| chosen.contains(&element)) else {
                continue;
            };
            run.chosen[level].retain(|other| *other != element);
            run.touched = Some(run.touched.map_or(level, |touched| touched.min(level)));
            let left: Vec<usize> = run.chosen.iter().flatten().copied().collect();
            run.value = function.value_of(&left);
            self.calls += 1;
            if run.value < limit
                && let Some(touched) = run.touched
            {
                self.build(exponent, touched);
            }
        }
    }

    fn solution(&self) -> (Vec<usize>, f64) {
        let best = self.runs.values().max_by(|a, b| a.value.total_cmp(&b.value));
        best.map_or((Vec::new(), 0.0), |run| (run.chosen.iter().flatten().copied().collect(), run.value))
    }

    fn calls(&self) -> u64 {
        self.calls
    }
}
