//! What the algorithms have in common: operations in, one [`Step`] out for each.

use crate::stream::{Available, Operation, UpdateError};

/// The state of a solution after one update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// f of the solution.
    pub value: f64,
    /// Its number of elements.
    pub size: usize,
    /// Oracle calls that the update took.
    pub calls: u64,
    /// Elements that entered or left the solution.
    pub changes: usize,
}

/// An operation makes no sense; those before it were done.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("operation {}: {fault}", steps.len() + 1)]
pub struct Refused {
    /// The steps before it.
    pub steps: Vec<Step>,
    /// What is wrong with it.
    pub fault: UpdateError,
}

/// Options outside their ranges.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OptionsError {
    /// k = 0.
    #[error("a solution needs room for at least one element")]
    Cardinality,
    /// ε, or δ, outside its range.
    #[error(
        "expected a tolerance below 1 and of at least 0.001 (of at least 0 for the algorithm of 2020); found {0}"
    )]
    Epsilon(f64),
    /// ε_g outside its range.
    #[error("the ratio of guesses must be at least 0.001; found {0}")]
    GuessRatio(f64),
}

/// Keeps a solution of at most k elements while elements come and go.
pub trait Maximiser {
    /// Makes the operations, one after the other.
    ///
    /// # Errors
    /// At the first operation that makes no sense, with the steps before it; it and what follows it change nothing.
    fn process(&mut self, operations: &[Operation]) -> Result<Vec<Step>, Refused>;

    /// The elements of the solution in ascending order.
    fn solution(&self) -> Vec<usize>;

    /// What may be chosen now.
    fn available(&self) -> &Available;

    /// The most levels of a run now, for algorithms that have levels of elements.
    fn levels(&self) -> Option<usize> {
        None
    }
}

/// Elements that are in one of two ascending lists but not in both.
pub(crate) fn symmetric_difference(left: &[usize], right: &[usize]) -> usize {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < left.len() && j < right.len() {
        match left[i].cmp(&right[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                common += 1;
                i += 1;
                j += 1;
            }
        }
    }
    left.len() + right.len() - 2 * common
}

/// An algorithm that handles one update at a time.
pub(crate) trait Update {
    /// The element has become available.
    fn insert(&mut self, element: usize, available: &Available);
    /// The element is no longer available.
    fn delete(&mut self, element: usize, available: &Available);
    /// Elements of the solution in any order, and their value.
    fn solution(&self) -> (Vec<usize>, f64);
    /// Oracle calls so far.
    fn calls(&self) -> u64;
}

/// Makes a [`Maximiser`] of an algorithm that handles one update at a time.
pub struct OneByOne<A> {
    algorithm: A,
    available: Available,
    output: Vec<usize>,
}

impl<A> OneByOne<A> {
    pub(crate) fn new(algorithm: A, elements: usize) -> Self {
        Self { algorithm, available: Available::none(elements), output: Vec::new() }
    }
}

impl<A: Update> Maximiser for OneByOne<A> {
    fn process(&mut self, operations: &[Operation]) -> Result<Vec<Step>, Refused> {
        let mut steps = Vec::with_capacity(operations.len());
        for &operation in operations {
            if let Err(fault) = self.available.update(operation) {
                return Err(Refused { steps, fault });
            }
            let before = self.algorithm.calls();
            match operation {
                Operation::Insert(element) => self.algorithm.insert(element, &self.available),
                Operation::Delete(element) => self.algorithm.delete(element, &self.available),
            }
            let (mut solution, value) = self.algorithm.solution();
            solution.sort_unstable();
            let changes = symmetric_difference(&self.output, &solution);
            steps.push(Step { value, size: solution.len(), calls: self.algorithm.calls() - before, changes });
            self.output = solution;
        }
        Ok(steps)
    }

    fn solution(&self) -> Vec<usize> {
        self.output.clone()
    }

    fn available(&self) -> &Available {
        &self.available
    }
}
