//! One step of all sequences that still run, elementwise: forward, back, and both along a direction.

use std::ops::Range;

use numerics::elementary::tanh_all;

use super::cell::{Dual, Kind, Scalar, Unit};
use super::{Batch, Gates, Tape, scaled};

/// A part of a list, or an empty one where the cell has none.
fn part(numbers: &[f64], range: Range<usize>) -> &[f64] {
    if numbers.is_empty() { numbers } else { &numbers[range] }
}

fn split(numbers: &mut [f64], before: Range<usize>, after: Range<usize>) -> (&[f64], &mut [f64]) {
    if numbers.is_empty() {
        return (&[], &mut []);
    }
    let (first, second) = numbers.split_at_mut(after.start);
    (&first[before], &mut second[..after.len()])
}

/// The k-th number, or zero where the cell has none.
#[inline(always)]
fn at<S: Scalar>(slice: S::Slice<'_>, k: usize, there: bool) -> S {
    if there { S::at(slice, k) } else { S::of(0.0) }
}

/// The units that a step starts from.
struct Units<'a, S: Scalar> {
    states: S::Slice<'a>,
    memories: S::Slice<'a>,
    gates: [S::Slice<'a>; 4],
    extra: S::Slice<'a>,
}

impl<S: Scalar> Units<'_, S> {
    #[inline(always)]
    fn at<K: Kind>(&self, k: usize) -> Unit<S> {
        Unit {
            state: S::at(self.states, k),
            memory: at(self.memories, k, K::MEMORY),
            gates: std::array::from_fn(|g| at(self.gates[g], k, g < K::GATES)),
            extra: at(self.extra, k, K::MEMORY || K::RESET),
        }
    }

    /// The way back of a step: derivatives by gates into `deltas` and `recurrent`, by states and memories before it into what is left.
    fn back<K: Kind>(
        &self,
        (by_states, by_memories): (S::Slice<'_>, S::Slice<'_>),
        (deltas, recurrent): ([&mut [f64]; 4], &mut [f64]),
        (before, memories_before): (&mut [f64], &mut [f64]),
    ) {
        let [first, second, third, fourth] = deltas;
        for k in 0..before.len() {
            let back = K::back(&self.at::<K>(k), S::at(by_states, k), at(by_memories, k, K::MEMORY));
            first[k] = back.gates[0].computed();
            if K::GATES > 1 {
                second[k] = back.gates[1].computed();
            }
            if K::GATES > 2 {
                third[k] = back.gates[2].computed();
            }
            if K::GATES > 3 {
                fourth[k] = back.gates[3].computed();
            }
            if K::RESET {
                recurrent[k] = back.recurrent.computed();
            }
            before[k] = back.state.computed();
            if K::MEMORY {
                memories_before[k] = back.memory.computed();
            }
        }
    }
}

fn parts_mut<'a>(numbers: &'a mut Gates, range: &Range<usize>) -> [&'a mut [f64]; 4] {
    numbers
        .each_mut()
        .map(|numbers| if numbers.is_empty() { &mut numbers[..] } else { &mut numbers[range.clone()] })
}

fn part_mut(numbers: &mut [f64], range: Range<usize>) -> &mut [f64] {
    if numbers.is_empty() { numbers } else { &mut numbers[range] }
}

/// Derivatives before a step to write, those after it to read.
fn split_back(numbers: &mut [f64], before: Range<usize>, after: Range<usize>) -> (&mut [f64], &[f64]) {
    if numbers.is_empty() {
        return (&mut [], &[]);
    }
    let (first, second) = numbers.split_at_mut(after.start);
    (&mut first[before], &second[..after.len()])
}

impl Tape {
    pub(super) fn step<K: Kind>(&mut self, batch: &Batch, t: usize, h: usize) {
        let (places, before, after) =
            (scaled(batch.step(t), h), scaled(batch.before(t), h), scaled(batch.after(t), h));
        let (states, next) = split(&mut self.states, before.clone(), after.clone());
        let (memories, next_memories) = split(&mut self.memories, before, after);
        let gates: [&[f64]; 4] = self.gates.each_ref().map(|gate| part(gate, places.clone()));
        let extra = part_mut(&mut self.extra, places);
        if K::MEMORY {
            let units = Units::<f64> { states, memories, gates, extra: &*extra };
            for (k, memory) in next_memories.iter_mut().enumerate() {
                *memory = K::memory(&units.at::<K>(k));
            }
            extra.copy_from_slice(next_memories);
            tanh_all(extra);
        }
        let units = Units::<f64> { states, memories, gates, extra: &*extra };
        for (k, state) in next.iter_mut().enumerate() {
            *state = K::state(&units.at::<K>(k));
        }
    }

    pub(super) fn step_along<K: Kind>(&mut self, tape: &Tape, batch: &Batch, t: usize, h: usize) {
        let (places, before, after) =
            (scaled(batch.step(t), h), scaled(batch.before(t), h), scaled(batch.after(t), h));
        let (states, next) = split(&mut self.states, before.clone(), after.clone());
        let (memories, next_memories) = split(&mut self.memories, before.clone(), after);
        let gates: [(&[f64], &[f64]); 4] = std::array::from_fn(|g| {
            (part(&tape.gates[g], places.clone()), part(&self.gates[g], places.clone()))
        });
        let extra = part_mut(&mut self.extra, places.clone());
        let values = (&tape.states[before.clone()], part(&tape.memories, before), part(&tape.extra, places));
        if K::MEMORY {
            let units = Units::<Dual> {
                states: (values.0, states),
                memories: (values.1, memories),
                gates,
                extra: (values.2, &*extra),
            };
            for (k, memory) in next_memories.iter_mut().enumerate() {
                *memory = K::memory(&units.at::<K>(k)).along;
            }
            for ((extra, tanh), memory) in extra.iter_mut().zip(values.2).zip(next_memories) {
                *extra = (1.0 - tanh * tanh) * *memory;
            }
        }
        let units = Units::<Dual> {
            states: (values.0, states),
            memories: (values.1, memories),
            gates,
            extra: (values.2, &*extra),
        };
        for (k, state) in next.iter_mut().enumerate() {
            *state = K::state(&units.at::<K>(k)).along;
        }
    }

    pub(super) fn back<K: Kind>(&mut self, batch: &Batch, t: usize, h: usize) {
        let (places, before, after) =
            (scaled(batch.step(t), h), scaled(batch.before(t), h), scaled(batch.after(t), h));
        let (by_before, by_after) = split_back(&mut self.by_states, before.clone(), after.clone());
        let (memories_before, memories_after) = split_back(&mut self.by_memories, before.clone(), after);
        let units = Units::<f64> {
            states: &self.states[before.clone()],
            memories: part(&self.memories, before),
            gates: self.gates.each_ref().map(|gate| part(gate, places.clone())),
            extra: part(&self.extra, places.clone()),
        };
        let deltas = parts_mut(&mut self.deltas, &places);
        let recurrent = part_mut(&mut self.recurrent, places);
        units.back::<K>((by_after, memories_after), (deltas, recurrent), (by_before, memories_before));
    }

    pub(super) fn back_along<K: Kind>(&mut self, tape: &Tape, batch: &Batch, t: usize, h: usize) {
        let (places, before, after) =
            (scaled(batch.step(t), h), scaled(batch.before(t), h), scaled(batch.after(t), h));
        let (by_before, by_after) = split_back(&mut self.by_states, before.clone(), after.clone());
        let (memories_before, memories_after) =
            split_back(&mut self.by_memories, before.clone(), after.clone());
        let units = Units::<Dual> {
            states: (&tape.states[before.clone()], &self.states[before.clone()]),
            memories: (part(&tape.memories, before.clone()), part(&self.memories, before)),
            gates: std::array::from_fn(|g| {
                (part(&tape.gates[g], places.clone()), part(&self.gates[g], places.clone()))
            }),
            extra: (part(&tape.extra, places.clone()), part(&self.extra, places.clone())),
        };
        let deltas = parts_mut(&mut self.deltas, &places);
        let recurrent = part_mut(&mut self.recurrent, places);
        let values = (&tape.by_states[after.clone()], part(&tape.by_memories, after));
        units.back::<K>(
            ((values.0, by_after), (values.1, memories_after)),
            (deltas, recurrent),
            (by_before, memories_before),
        );
    }
}
