//! Streams of insertions and deletions, fixed before any coin of an algorithm is flipped.

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// One update of the set of elements that may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// The element becomes available.
    Insert(usize),
    /// The element is no longer available.
    Delete(usize),
}

/// Why an update makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// The ground set has no such element.
    #[error("element {element} is unknown: the ground set has {elements}")]
    Unknown {
        /// The element.
        element: usize,
        /// Size of the ground set.
        elements: usize,
    },
    /// It is there already.
    #[error("element {0} is inserted, but it is there already")]
    InsertedTwice(usize),
    /// It is not there.
    #[error("element {0} is deleted, but it is not there")]
    Absent(usize),
}

/// The elements that are available now.
///
/// Every insertion makes a new *instance*, also of an element that was there before: the coins that an algorithm flipped for the old one
/// must not matter for the new one.
#[derive(Clone, Debug)]
pub struct Available {
    /// The instance of each element, while it is available.
    current: Vec<Option<u32>>,
    alive: usize,
    instances: u32,
}

impl Available {
    /// Nothing of a ground set of this size.
    pub fn none(elements: usize) -> Self {
        Self { current: vec![None; elements], alive: 0, instances: 0 }
    }

    /// Makes the update and returns the element's instance, new or gone.
    ///
    /// # Errors
    /// If the update makes no sense; nothing is changed then.
    ///
    /// # Panics
    /// After 2^32 insertions.
    pub fn update(&mut self, operation: Operation) -> Result<u32, UpdateError> {
        let elements = self.current.len();
        let (Operation::Insert(element) | Operation::Delete(element)) = operation;
        let slot = self.current.get_mut(element).ok_or(UpdateError::Unknown { element, elements })?;
        match operation {
            Operation::Insert(_) if slot.is_some() => Err(UpdateError::InsertedTwice(element)),
            Operation::Insert(_) => {
                let instance = self.instances;
                *slot = Some(instance);
                self.instances = instance.checked_add(1).expect("fewer than 2^32 insertions");
                self.alive += 1;
                Ok(instance)
            }
            Operation::Delete(_) => {
                let instance = slot.take().ok_or(UpdateError::Absent(element))?;
                self.alive -= 1;
                Ok(instance)
            }
        }
    }

    /// Whether an element is available.
    pub fn has(&self, element: usize) -> bool {
        self.current.get(element).is_some_and(Option::is_some)
    }

    /// How many elements are available.
    pub fn len(&self) -> usize {
        self.alive
    }

    /// Whether no element is available.
    pub fn is_empty(&self) -> bool {
        self.alive == 0
    }

    /// The available elements in ascending order. Cost: O(N).
    pub fn elements(&self) -> Vec<usize> {
        (0..self.current.len()).filter(|element| self.has(*element)).collect()
    }
}

/// How the streams of the experiments run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// All elements come in random order, then go, those with the largest singleton value first: the published hard case.
    LargestFirst,
    /// Elements come in random order; half of the ground set is kept, the oldest goes.
    SlidingWindow,
    /// Each step inserts a random absent element with probability 0.6 or deletes a random one.
    Random,
}

impl Order {
    /// Its name in figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::LargestFirst => "largest leave first",
            Self::SlidingWindow => "sliding window",
            Self::Random => "random",
        }
    }
}

/// All orders.
pub const ORDERS: [Order; 3] = [Order::LargestFirst, Order::SlidingWindow, Order::Random];

/// Random numbers to draw graphs and streams from, by seed.
pub fn coins(seed: u64) -> ChaCha8Rng {
    numerics::random::stream(seed, &["dynamic-submodular", "coins"])
}

/// A stream over elements 0, …, N − 1 with the given singleton values, of 2N operations (3N/2 for the sliding window).
pub fn generate(order: Order, singletons: &[f64], random: &mut impl Rng) -> Vec<Operation> {
    let elements = singletons.len();
    let mut arrival: Vec<usize> = (0..elements).collect();
    arrival.shuffle(random);
    match order {
        Order::LargestFirst => {
            let mut leaving = arrival.clone();
            leaving.sort_by(|a, b| singletons[*b].total_cmp(&singletons[*a]).then(a.cmp(b)));
            let inserted = arrival.into_iter().map(Operation::Insert);
            inserted.chain(leaving.into_iter().map(Operation::Delete)).collect()
        }
        Order::SlidingWindow => {
            let window = elements.div_ceil(2);
            let mut operations = Vec::with_capacity(elements + elements / 2);
            for (time, &element) in arrival.iter().enumerate() {
                if time >= window {
                    operations.push(Operation::Delete(arrival[time - window]));
                }
                operations.push(Operation::Insert(element));
            }
            operations
        }
        Order::Random => {
            let (mut absent, mut present) = (arrival, Vec::new());
            let mut operations = Vec::with_capacity(2 * elements);
            while operations.len() < 2 * elements {
                let insert = present.is_empty() || (!absent.is_empty() && random.random_bool(0.6));
                let (from, to) =
                    if insert { (&mut absent, &mut present) } else { (&mut present, &mut absent) };
                let element = from.swap_remove(random.random_range(0..from.len()));
                to.push(element);
                operations.push(if insert { Operation::Insert(element) } else { Operation::Delete(element) });
            }
            operations
        }
    }
}
