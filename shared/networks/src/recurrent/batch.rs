//! Sequences of unequal length, laid out step by step.

use std::ops::Range;

use crate::NetworkError;

/// Sequences of tokens, the longest first, so that those which go on at a step are the first rows: no step computes what is thrown away.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Row → number of the sequence as it was given.
    order: Vec<usize>,
    /// Rows that have a token at step t.
    alive: Vec<usize>,
    /// Where step t begins among all places; one more than there are steps.
    starts: Vec<usize>,
    /// The token at each place.
    tokens: Vec<u32>,
}

impl Batch {
    /// Lays sequences out. Cost: all tokens, and a sort by length.
    ///
    /// # Errors
    /// No sequence, an empty one, or a token that is not below `vocabulary`.
    pub fn new<S: AsRef<[u32]>>(
        sequences: impl IntoIterator<Item = S>,
        vocabulary: usize,
    ) -> Result<Self, NetworkError> {
        let sequences: Vec<S> = sequences.into_iter().collect();
        if sequences.is_empty() {
            return Err(NetworkError::NoSequence);
        }
        for (number, sequence) in sequences.iter().enumerate() {
            let sequence = sequence.as_ref();
            if sequence.is_empty() {
                return Err(NetworkError::EmptySequence(number));
            }
            if let Some(token) = sequence.iter().find(|token| **token as usize >= vocabulary) {
                return Err(NetworkError::Token { sequence: number, token: *token, vocabulary });
            }
        }
        let length = |number: usize| sequences[number].as_ref().len();
        let mut order: Vec<usize> = (0..sequences.len()).collect();
        order.sort_by_key(|number| std::cmp::Reverse(length(*number)));
        let steps = length(order[0]);
        let (mut alive, mut starts, mut tokens) = (Vec::with_capacity(steps), vec![0], Vec::new());
        for step in 0..steps {
            let count = order.partition_point(|number| length(*number) > step);
            tokens.extend(order[..count].iter().map(|number| sequences[*number].as_ref()[step]));
            alive.push(count);
            starts.push(tokens.len());
        }
        Ok(Self { order, alive, starts, tokens })
    }

    /// Sequences.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is none; a batch has at least one.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Tokens of the longest sequence.
    pub fn steps(&self) -> usize {
        self.alive.len()
    }

    /// Tokens of all sequences.
    pub fn places(&self) -> usize {
        self.tokens.len()
    }

    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }

    pub(super) fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Places of step t.
    pub(super) fn step(&self, t: usize) -> Range<usize> {
        self.starts[t]..self.starts[t + 1]
    }

    /// Where the states lie from which step t starts, in a list of states that begins with one zero state a sequence: the first rows of the step before.
    pub(super) fn before(&self, t: usize) -> Range<usize> {
        let start = if t == 0 { 0 } else { self.len() + self.starts[t - 1] };
        start..start + self.alive[t]
    }

    /// Where the states after step t lie in that list.
    pub(super) fn after(&self, t: usize) -> Range<usize> {
        self.len() + self.starts[t]..self.len() + self.starts[t + 1]
    }

    /// Rows whose last token is at step t.
    pub(super) fn ending(&self, t: usize) -> Range<usize> {
        self.alive.get(t + 1).copied().unwrap_or(0)..self.alive[t]
    }

    /// Stretches of steps over which places and the states before them are each in one piece, so that sums over them are one product.
    pub(super) fn stretches(&self) -> Vec<(Range<usize>, Range<usize>)> {
        let mut stretches: Vec<(Range<usize>, Range<usize>)> = Vec::new();
        for t in 0..self.steps() {
            let (places, before) = (self.step(t), self.before(t));
            match stretches.last_mut() {
                Some((last, states)) if states.end == before.start => {
                    last.end = places.end;
                    states.end = before.end;
                }
                _ => stretches.push((places, before)),
            }
        }
        stretches
    }
}
