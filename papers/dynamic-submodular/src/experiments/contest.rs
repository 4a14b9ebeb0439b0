//! One algorithm on one stream, measured against greedy.

use lab::{Columns, Failure};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::function::Function;
use crate::graph::{Graph, barabasi_albert, erdos_renyi};
use crate::greedy::{Recompute, Selection, Selector, lazy_greedy, random_set, stochastic_greedy};
use crate::levelled_buffers::LevelledBuffers;
use crate::sieve::Sieves;
use crate::stream::{Available, Operation, Order, generate};
use crate::{BucketRule, LevelAlgorithm, LevelOptions, Maximiser};

/// An algorithm with its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Contender {
    /// The paper's algorithm, reconstructed; largest bucket.
    LevelsLargest,
    /// The same, high bucket.
    LevelsHigh,
    /// Sieve-streaming, run again on deletions.
    Sieve,
    /// Sieve-streaming++, likewise.
    SievePruned,
    /// Lattanzi et al. 2020, ε = 0.
    LevelledBuffers,
    /// Lazy greedy from scratch.
    LazyGreedy,
    /// Stochastic greedy from scratch, δ = 0.1.
    StochasticGreedy,
    /// A random set.
    Random,
}

/// All contenders in the order of the figures, with the names shown there.
pub const CONTENDERS: [(Contender, &str); 8] = [
    (Contender::LevelsLargest, "levels, largest bucket"),
    (Contender::LevelsHigh, "levels, high bucket"),
    (Contender::Sieve, "sieve-streaming"),
    (Contender::SievePruned, "sieve-streaming++"),
    (Contender::LevelledBuffers, "Lattanzi et al. 2020"),
    (Contender::LazyGreedy, "lazy greedy anew"),
    (Contender::StochasticGreedy, "stochastic greedy anew"),
    (Contender::Random, "random"),
];

impl Contender {
    /// Its place in the figures' order of colours and marks: the same in all of them.
    pub fn slot(self) -> usize {
        CONTENDERS.iter().position(|(contender, _)| *contender == self).unwrap_or(0)
    }
}

/// A random graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GraphFamily {
    /// Preferential attachment, 8 edges a node.
    BarabasiAlbert,
    /// Uniformly random, 16 neighbours in the mean.
    ErdosRenyi,
}

impl GraphFamily {
    /// A graph of this family.
    pub fn draw(self, nodes: usize, random: &mut ChaCha8Rng) -> Graph {
        match self {
            Self::BarabasiAlbert => barabasi_albert(nodes, 8, random),
            Self::ErdosRenyi => erdos_renyi(nodes, 16.0, random),
        }
    }
}

/// The stream of an order for a function.
pub fn operations<F: Function>(function: &F, order: Order, random: &mut ChaCha8Rng) -> Vec<Operation> {
    let singletons: Vec<f64> =
        (0..function.elements()).map(|element| function.value_of(&[element])).collect();
    generate(order, &singletons, random)
}

/// Settings of a contest.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// k.
    pub cardinality: usize,
    /// ε.
    pub epsilon: f64,
    /// ε_g.
    pub guess_ratio: f64,
    /// Seed of the contender's coins.
    pub seed: u64,
    /// Moments at which the value is compared with greedy's.
    pub checkpoints: usize,
}

/// What came out.
#[derive(Clone, Debug, Serialize, Deserialize, Columns)]
pub struct Outcome {
    /// Oracle calls an update in the mean.
    #[column(within = 0.05)]
    pub calls: f64,
    /// Value over lazy greedy's, mean over checkpoints.
    #[column(within = 0.05)]
    pub ratio: f64,
    /// Smallest value over lazy greedy's at a checkpoint.
    #[column(within = 0.2)]
    pub smallest_ratio: f64,
    /// Most oracle calls of one update.
    #[column(within = 0.5)]
    pub worst_update: u64,
    /// Elements that enter or leave the solution in an update, mean; unknown for what is only computed at
    /// checkpoints.
    #[column(within = 0.2)]
    pub changes: Option<f64>,
    /// The most levels of a run at a checkpoint; for the paper's algorithm.
    #[column(within = 0.5)]
    pub levels: Option<u64>,
}

/// A value of the solution at a moment.
pub struct Checkpoint {
    /// Updates done.
    pub step: usize,
    /// The contender's value.
    pub value: f64,
    /// Lazy greedy's.
    pub greedy: f64,
    /// Calls so far.
    pub calls: u64,
}

/// Runs a contender over a stream. What selects from scratch keeps no state, so it is run at the checkpoints only; its calls an update are
/// the mean of those.
///
/// # Errors
/// For settings out of range, and a stream that makes no sense.
pub fn contest<F: Function>(
    function: &F,
    operations: &[Operation],
    contender: Contender,
    settings: Settings,
) -> Result<(Outcome, Vec<Checkpoint>), Failure> {
    if selector(contender).is_some() {
        return from_scratch(function, operations, contender, settings);
    }
    let mut algorithm = start(function, contender, settings)?;
    let mut course = Course::default();
    for chunk in chunks(operations, settings.checkpoints) {
        course.take(function, algorithm.as_mut(), chunk, settings.cardinality)?;
    }
    Ok(course.finish())
}

fn from_scratch<F: Function>(
    function: &F,
    operations: &[Operation],
    contender: Contender,
    settings: Settings,
) -> Result<(Outcome, Vec<Checkpoint>), Failure> {
    let Settings { cardinality, seed, checkpoints, .. } = settings;
    let mut random = numerics::random::stream(seed, &["dynamic-submodular", "from-scratch"]);
    let mut available = Available::none(function.elements());
    let mut course = Course::default();
    let mut done = 0;
    for chunk in chunks(operations, checkpoints) {
        for operation in chunk {
            available.update(*operation)?;
        }
        done += chunk.len();
        let candidates = available.elements();
        let Selection { value, calls, .. } = match contender {
            Contender::StochasticGreedy => {
                stochastic_greedy(function, &candidates, cardinality, 0.1, &mut random)
            }
            Contender::Random => random_set(function, &candidates, cardinality, &mut random),
            _ => lazy_greedy(function, &candidates, cardinality),
        };
        let greedy = lazy_greedy(function, &candidates, cardinality).value;
        course.worst_update = course.worst_update.max(calls);
        course.calls += calls;
        course.updates += 1;
        course.points.push(Checkpoint { step: done, value, greedy, calls: course.calls });
    }
    let (outcome, points) = course.finish();
    Ok((Outcome { changes: None, ..outcome }, points))
}

/// The stream in as many pieces as there are checkpoints.
fn chunks(operations: &[Operation], checkpoints: usize) -> impl Iterator<Item = &[Operation]> {
    operations.chunks(operations.len().div_ceil(checkpoints.max(1)).max(1))
}

#[derive(Default)]
struct Course {
    calls: u64,
    updates: u64,
    changes: u64,
    worst_update: u64,
    levels: Option<usize>,
    points: Vec<Checkpoint>,
}

impl Course {
    fn take<F: Function>(
        &mut self,
        function: &F,
        algorithm: &mut dyn Maximiser,
        operations: &[Operation],
        cardinality: usize,
    ) -> Result<(), Failure> {
        let steps = algorithm.process(operations)?;
        for step in &steps {
            self.calls += step.calls;
            self.changes += step.changes as u64;
            self.worst_update = self.worst_update.max(step.calls);
        }
        self.updates += steps.len() as u64;
        self.levels = self.levels.max(algorithm.levels());
        let greedy = lazy_greedy(function, &algorithm.available().elements(), cardinality).value;
        let value = steps.last().map_or(0.0, |step| step.value);
        self.points.push(Checkpoint { step: self.updates as usize, value, greedy, calls: self.calls });
        Ok(())
    }

    fn finish(self) -> (Outcome, Vec<Checkpoint>) {
        let compared = self.points.iter().filter(|point| point.greedy > 0.0);
        let ratios: Vec<f64> = compared.map(|point| point.value / point.greedy).collect();
        let updates = self.updates.max(1) as f64;
        let outcome = Outcome {
            calls: self.calls as f64 / updates,
            ratio: numerics::bootstrap::mean(&ratios),
            smallest_ratio: ratios.iter().copied().fold(f64::INFINITY, f64::min),
            worst_update: self.worst_update,
            changes: Some(self.changes as f64 / updates),
            levels: self.levels.map(|levels| levels as u64),
        };
        (outcome, self.points)
    }
}

/// How a contender selects, if it does so from scratch.
pub fn selector(contender: Contender) -> Option<Selector> {
    match contender {
        Contender::LazyGreedy => Some(Selector::LazyGreedy),
        Contender::StochasticGreedy => Some(Selector::StochasticGreedy(0.1)),
        Contender::Random => Some(Selector::Random),
        Contender::LevelsLargest
        | Contender::LevelsHigh
        | Contender::Sieve
        | Contender::SievePruned
        | Contender::LevelledBuffers => None,
    }
}

/// A contender that is ready to take updates one at a time. ε and ε_g are those of the levels; the algorithm of 2020 runs with its ε = 0.
///
/// # Errors
/// For settings out of range.
pub fn start<'f, F: Function>(
    function: &'f F,
    contender: Contender,
    settings: Settings,
) -> Result<Box<dyn Maximiser + Send + 'f>, crate::OptionsError> {
    let Settings { cardinality, epsilon, guess_ratio, seed, .. } = settings;
    let levels = |bucket_rule| {
        let options =
            LevelOptions { epsilon, guess_ratio, bucket_rule, seed, ..LevelOptions::new(cardinality) };
        LevelAlgorithm::new(function, options)
    };
    let recompute = |selector| Recompute::start(function, cardinality, selector, seed);
    Ok(match contender {
        Contender::LevelsLargest => Box::new(levels(BucketRule::Largest)?),
        Contender::LevelsHigh => Box::new(levels(BucketRule::High)?),
        Contender::Sieve => Box::new(Sieves::start(function, cardinality, false)?),
        Contender::SievePruned => Box::new(Sieves::start(function, cardinality, true)?),
        Contender::LevelledBuffers => Box::new(LevelledBuffers::start(function, cardinality, 0.0, seed)?),
        Contender::LazyGreedy => Box::new(recompute(Selector::LazyGreedy)?),
        Contender::StochasticGreedy => Box::new(recompute(Selector::StochasticGreedy(0.1))?),
        Contender::Random => Box::new(recompute(Selector::Random)?),
    })
}
