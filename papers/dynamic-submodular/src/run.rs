//! One run: the algorithm for a known guess γ of the optimal value.
//!
//! Elements that gain at least τ = γ/(2k) are kept in *levels*. Level i holds the elements R_i that were worth τ on top of the sample of the
//! levels before it, puts them into buckets by their gain, takes one bucket, and adds a uniform sample S_i of it to the solution: as
//! many elements as keep, with probability 1 − ε, the gain that the bucket promises. Insertions are collected at each level they reach and
//! deletions counted; when either is a fixed share of the level, it is rebuilt with everything below it.
//!
//! **The invariant that carries the guarantee**: what triggers the rebuilding of level i (how many elements arrived, how many of its bucket went)
//! depends on the stream and on R_i, never on the sample S_i. Given that the level was not rebuilt, S_i is therefore still a uniform sample of its bucket,
//! and an adversary who fixed the stream beforehand has hit at most a share ε of it in the mean.
//!
//! # The argument, in outline
//!
//! *Value.* A sample of m elements of bucket b gains (1 − ε) m τ_b at least, in the mean, where the trials are right. If k are chosen, these sum to
//! (1 − O(ε)) kτ = (1 − O(ε)) γ/2. If fewer, nothing available gains τ any more, so f(G) ≥ OPT − kτ by submodularity. With OPT ≤ γ < (1 + ε_g) OPT both are (1/2 − O(ε + ε_g)) OPT.
//!
//! *Deletions.* Elements that went stay in G as ghosts until their level is rebuilt. Of a bucket at most a share ε went, and the sample is uniform, so ghosts are at most a share ε of it in the
//! mean, each worth (1 + ε) τ_b at most.
//!
//! *Calls.* A level takes a bucket that holds at least 1/(B + 1) of its elements and samples until a share ε of the bucket's gains fall below it, so that a share ε/(B + 1) of the
//! elements moves down a bucket; B = O(log k/ε), so there are O(B² log n/ε) levels. Building one costs a number of calls in proportion to its elements, and is paid by as many arrivals up to a
//! factor 2, or losses up to a factor (B + 1)/ε.

use rand::Rng;
use rand::seq::{SliceRandom, index::sample};
use rand_chacha::ChaCha8Rng;

use crate::function::Function;
use crate::level_options::{BucketRule, LevelOptions, Sampling};

/// What a run knows about instances at a moment of the stream.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    /// The element of each instance.
    pub element: &'a [u32],
    /// The step at which each instance goes; [`u64::MAX`] if it has not.
    pub death: &'a [u64],
    /// The step.
    pub now: u64,
}

impl Moment<'_> {
    fn alive(&self, instance: u32) -> bool {
        self.death[instance as usize] > self.now
    }

    fn element(&self, instance: u32) -> usize {
        self.element[instance as usize] as usize
    }
}

/// An instance with its gain on top of the levels before.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    instance: u32,
    gain: f64,
}

/// A level and what has happened to it since it was built.
struct Level<S> {
    /// G_{i−1}, the samples of the levels before.
    before: S,
    /// R_i in ascending order of instances.
    built: Vec<Candidate>,
    /// The bucket that was sampled, in ascending order.
    bucket: Vec<u32>,
    /// S_i.
    sample: Vec<u32>,
    /// What was inserted since and reached the level, in ascending order.
    inserted: Vec<Candidate>,
    /// How many of the bucket went since.
    deleted: usize,
}

/// One guess and its levels.
pub(crate) struct Run<'f, F: Function> {
    function: &'f F,
    options: LevelOptions,
    /// τ.
    threshold: f64,
    /// τ (1 + ε)^b for b = 0, …, B.
    bucket_thresholds: Vec<f64>,
    levels: Vec<Level<F::State>>,
    /// G_T with the ghosts of deleted elements.
    after: F::State,
    /// |G_T|.
    size: usize,
    random: ChaCha8Rng,
    /// Oracle calls so far.
    pub calls: u64,
    /// Elements of the output in ascending order.
    pub solution: Vec<usize>,
    /// f of the output.
    pub value: f64,
    /// Rebuilds so far.
    pub rebuilds: u64,
}

impl<'f, F: Function> Run<'f, F> {
    pub fn new(function: &'f F, options: LevelOptions, guess: f64, random: ChaCha8Rng) -> Self {
        let twice = 2.0 * options.cardinality as f64;
        let threshold = guess / twice;
        let buckets = (twice.ln() / (1.0 + options.epsilon).ln()).ceil() as i32;
        let bucket_threshold = |b: i32| threshold * (1.0 + options.epsilon).powi(b);
        Self {
            function,
            options,
            threshold,
            bucket_thresholds: (0..=buckets.max(0)).map(bucket_threshold).collect(),
            levels: Vec::new(),
            after: function.empty(),
            size: 0,
            random,
            calls: 0,
            solution: Vec::new(),
            value: 0.0,
            rebuilds: 0,
        }
    }

    pub fn levels(&self) -> usize {
        self.levels.len()
    }

    /// Takes in an instance whose singleton value is known; says whether the output changed.
    pub fn insert(&mut self, instance: u32, singleton: f64, moment: Moment<'_>) -> bool {
        let mut gain = singleton;
        for i in 0..self.levels.len() {
            if i > 0 {
                gain = self.gain_before(i, moment.element(instance));
            }
            if gain < self.threshold {
                return false;
            }
            let level = &mut self.levels[i];
            level.inserted.push(Candidate { instance, gain });
            if 2 * level.inserted.len() >= level.built.len() {
                return self.rebuild(i, moment);
            }
        }
        if self.size >= self.options.cardinality {
            return false;
        }
        if !self.levels.is_empty() {
            self.calls += 1;
            gain = self.function.gain(&self.after, moment.element(instance));
        }
        if gain < self.threshold {
            return false;
        }
        self.build(vec![Candidate { instance, gain }], moment);
        self.refresh(moment);
        true
    }

    /// Takes note that an instance went; says whether the output changed.
    pub fn delete(&mut self, instance: u32, moment: Moment<'_>) -> bool {
        for i in 0..self.levels.len() {
            let level = &mut self.levels[i];
            if level.bucket.binary_search(&instance).is_ok() {
                level.deleted += 1;
                if level.deleted as f64 > self.options.epsilon * level.bucket.len() as f64 {
                    return self.rebuild(i, moment);
                }
            }
        }
        let chosen = self.solution.binary_search(&moment.element(instance)).is_ok()
            && self.levels.iter().any(|level| level.sample.contains(&instance));
        if chosen {
            self.refresh(moment);
        }
        chosen
    }

    fn gain_before(&mut self, level: usize, element: usize) -> f64 {
        self.calls += 1;
        self.function.gain(&self.levels[level].before, element)
    }

    /// Builds level i and all below it anew from what is alive at level i.
    fn rebuild(&mut self, i: usize, moment: Moment<'_>) -> bool {
        self.rebuilds += 1;
        let mut dropped = self.levels.drain(i..);
        let Some(level) = dropped.next() else { return false };
        let lost: usize = level.sample.len() + dropped.map(|level| level.sample.len()).sum::<usize>();
        self.size -= lost;
        self.after = level.before;
        let alive = level.built.into_iter().chain(level.inserted);
        self.build(alive.filter(|candidate| moment.alive(candidate.instance)).collect(), moment);
        self.refresh(moment);
        true
    }

    /// Adds levels until the solution is full or nothing is left that gains τ. Gains of `rest` are known on top of what is chosen.
    fn build(&mut self, mut rest: Vec<Candidate>, moment: Moment<'_>) {
        rest.retain(|candidate| candidate.gain >= self.threshold);
        while self.size < self.options.cardinality && !rest.is_empty() {
            let (bucket, promised) = self.choose_bucket(&rest);
            let most = bucket.len().min(self.options.cardinality - self.size);
            let count = self.sample_count(&bucket, promised, most, moment);
            // Coins of its own, independent of those that decided how many.
            let mut places = sample(&mut self.random, bucket.len(), count).into_vec();
            places.sort_unstable();
            let chosen: Vec<u32> = places.into_iter().map(|place| bucket[place]).collect();
            let before = self.after.clone();
            for &instance in &chosen {
                self.function.add(&mut self.after, moment.element(instance));
            }
            self.size += count;
            let built = rest.clone();
            rest.retain(|candidate| chosen.binary_search(&candidate.instance).is_err());
            self.levels.push(Level {
                before,
                built,
                bucket,
                sample: chosen,
                inserted: Vec::new(),
                deleted: 0,
            });
            if self.size < self.options.cardinality {
                for candidate in &mut rest {
                    self.calls += 1;
                    candidate.gain = self.function.gain(&self.after, moment.element(candidate.instance));
                }
                rest.retain(|candidate| candidate.gain >= self.threshold);
            }
        }
    }

    /// The bucket to sample from, and the gain that it promises.
    fn choose_bucket(&self, rest: &[Candidate]) -> (Vec<u32>, f64) {
        let thresholds = &self.bucket_thresholds;
        let index = |gain: f64| thresholds.partition_point(|threshold| *threshold <= gain).max(1) - 1;
        let mut sizes = vec![0_usize; thresholds.len()];
        for candidate in rest {
            sizes[index(candidate.gain)] += 1;
        }
        let chosen = match self.options.bucket_rule {
            // Of equal ones the highest.
            BucketRule::Largest => (0..sizes.len()).max_by_key(|b| sizes[*b]),
            BucketRule::High => {
                let filled = sizes.iter().filter(|size| **size > 0).count();
                (0..sizes.len()).rev().find(|b| 2 * filled * sizes[*b] >= rest.len())
            }
        };
        let chosen = chosen.unwrap_or(0);
        let members = rest.iter().filter(|candidate| index(candidate.gain) == chosen);
        (members.map(|candidate| candidate.instance).collect(), thresholds[chosen])
    }

    /// The largest number m for which the m-th element of a random order of the bucket still gains what the bucket promises with probability
    /// 1 − ε, estimated from trials: the probability falls with m, so it is found by doubling and bisection.
    fn sample_count(&mut self, bucket: &[u32], promised: f64, most: usize, moment: Moment<'_>) -> usize {
        let mut order = bucket.to_vec();
        order.shuffle(&mut self.random);
        // `reached` is the state with the first `low` − 1 elements of the order.
        let (mut low, mut reached) = (1, self.after.clone());
        let mut high = most + 1;
        let mut next = 2;
        while low + 1 < high {
            let m = next.min(most).max(low + 1);
            let (passes, state) = self.passes(&order, low, &reached, m, promised, moment);
            if passes {
                (low, reached) = (m, state);
                next = if high > most { 2 * m } else { low + (high - low) / 2 };
            } else {
                high = m;
                next = low + (high - low) / 2;
            }
        }
        low
    }

    /// Whether enough of the trials for m gain what was promised; with the state after the first m − 1 elements of the order.
    fn passes(
        &mut self,
        order: &[u32],
        low: usize,
        reached: &F::State,
        m: usize,
        promised: f64,
        moment: Moment<'_>,
    ) -> (bool, F::State) {
        let trials = self.options.trials();
        let mut state = reached.clone();
        let mut good = 0;
        match self.options.sampling {
            Sampling::Permutation => {
                for &instance in &order[low - 1..m - 1] {
                    self.function.add(&mut state, moment.element(instance));
                }
                let left = &order[m - 1..];
                for _ in 0..trials {
                    let instance = left[self.random.random_range(0..left.len())];
                    let gain = self.function.gain(&state, moment.element(instance));
                    good += usize::from(gain >= promised);
                }
            }
            Sampling::IndependentTrials => {
                for _ in 0..trials {
                    let drawn = sample(&mut self.random, order.len(), m);
                    let mut trial = self.after.clone();
                    for place in drawn.iter().take(m - 1) {
                        self.function.add(&mut trial, moment.element(order[place]));
                    }
                    let last = moment.element(order[drawn.index(m - 1)]);
                    good += usize::from(self.function.gain(&trial, last) >= promised);
                }
            }
        }
        self.calls += trials as u64;
        (good as f64 >= (1.0 - self.options.epsilon) * trials as f64, state)
    }

    /// The output: what is chosen and alive. One oracle call.
    fn refresh(&mut self, moment: Moment<'_>) {
        let chosen = self.levels.iter().flat_map(|level| &level.sample);
        self.solution = chosen
            .filter(|instance| moment.alive(**instance))
            .map(|instance| moment.element(*instance))
            .collect();
        self.solution.sort_unstable();
        self.calls += 1;
        self.value = self.function.value_of(&self.solution);
    }

    /// Checks what must hold after every update, by definition and without counting calls.
    ///
    /// # Errors
    /// The first thing that does not hold, in words.
    pub fn check(&self, moment: Moment<'_>, alive: &[(u32, f64)]) -> Result<(), String> {
        let chosen: usize = self.levels.iter().map(|level| level.sample.len()).sum();
        if chosen != self.size || chosen > self.options.cardinality {
            return Err(format!("{chosen} elements are chosen, {} counted", self.size));
        }
        let mut state = self.function.empty();
        let mut previous: Option<Vec<u32>> = None;
        for (i, level) in self.levels.iter().enumerate() {
            if self.function.value(&state) != self.function.value(&level.before) {
                return Err(format!("level {i} remembers another state than the samples before it give"));
            }
            let members: Vec<u32> =
                level.built.iter().chain(&level.inserted).map(|candidate| candidate.instance).collect();
            if !members.is_sorted_by(|a, b| a < b) {
                return Err(format!("level {i} is not in order"));
            }
            if let Some(previous) = &previous
                && !members.iter().all(|instance| previous.binary_search(instance).is_ok())
            {
                return Err(format!("level {i} holds what the level above it does not"));
            }
            if !level.sample.iter().all(|instance| level.bucket.binary_search(instance).is_ok()) {
                return Err(format!("level {i} sampled outside its bucket"));
            }
            if level.deleted as f64 > self.options.epsilon * level.bucket.len() as f64
                || 2 * level.inserted.len() >= level.built.len()
            {
                return Err(format!("level {i} should have been rebuilt"));
            }
            for &(instance, _) in alive {
                let gain = self.function.gain(&level.before, moment.element(instance));
                if gain >= self.threshold
                    && members.binary_search(&instance).is_err()
                    && !self.is_chosen(instance, i)
                {
                    return Err(format!("instance {instance} gains {gain} at level {i} and is not in it"));
                }
            }
            for &instance in &level.sample {
                self.function.add(&mut state, moment.element(instance));
            }
            previous = Some(members);
        }
        if self.size < self.options.cardinality {
            for &(instance, _) in alive {
                let gain = self.function.gain(&self.after, moment.element(instance));
                if gain >= self.threshold && !self.is_chosen(instance, self.levels.len()) {
                    return Err(format!("instance {instance} still gains {gain} below the last level"));
                }
            }
        }
        let output = self.function.value_of(&self.solution);
        if output != self.value {
            return Err(format!("the output is worth {output}, {} is said", self.value));
        }
        Ok(())
    }

    fn is_chosen(&self, instance: u32, before: usize) -> bool {
        self.levels[..before].iter().any(|level| level.sample.contains(&instance))
    }

    /// The sizes on which rebuilding depends: of each level its elements, its bucket, arrivals and losses.
    pub fn triggers(&self) -> Vec<[usize; 4]> {
        let of = |level: &Level<F::State>| {
            [level.built.len(), level.bucket.len(), level.inserted.len(), level.deleted]
        };
        self.levels.iter().map(of).collect()
    }
}
