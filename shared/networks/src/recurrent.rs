//! Recurrent networks on sequences of tokens: passes, derivatives along a direction, Hessian products.
//!
//! | cell | gates, in the order of the parameters | step |
//! |---|---|---|
//! | [`Cell::Rnn`] | n | h = n, n = tanh(W_x\[token\] + h W_h + b) |
//! | [`Cell::Gru`] | r, u, n | h = (1 − u) n + u h, n = tanh(x_n + r (h W_n + b_n)), the others sigmoids |
//! | [`Cell::Lstm`] | i, f, g, o | c = f c + i g, h = o tanh c, g a tanh, the others sigmoids |
//!
//! States begin at zero; what leaves the network is the last state of each sequence. Parameters are one vector: W_x with a row a token and W_h with a row a unit, both with the gates side by side; b; and b_n of a GRU.
//! A one-hot token times W_x is a row of it, and no product is made.
//!
//! A pass forward costs 2 P G h² flops in products for P tokens and G gates, a pass back twice that, and a Hessian product at a point where both were made twice what the two cost together: with the derivative along the direction carried through both
//! passes (Pearlmutter 1994) by the very code of the passes, on numbers that carry a derivative. One thread; whoever has many batches takes them in parallel.

mod batch;
mod cell;
mod step;
mod weights;

pub use batch::Batch;

use std::ops::Range;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use numerics::elementary::{sigmoid_all, tanh_all};
use rand::Rng;
use rand::distr::Distribution;
use serde::{Deserialize, Serialize};

use crate::NetworkError;
use cell::{Gated, Kind, LongShort, Simple};
use weights::Weights;

/// A kind of recurrent cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cell {
    /// Elman's.
    Rnn,
    /// Gated recurrent unit, the reset after the product.
    Gru,
    /// Long short-term memory.
    Lstm,
}

/// All cells.
pub const CELLS: [Cell; 3] = [Cell::Rnn, Cell::Gru, Cell::Lstm];

/// Calls a function of a kind of cell.
macro_rules! of_cell {
    ($cell:expr, $kind:ident => $call:expr) => {
        match $cell {
            Cell::Rnn => {
                type $kind = Simple;
                $call
            }
            Cell::Gru => {
                type $kind = Gated;
                $call
            }
            Cell::Lstm => {
                type $kind = LongShort;
                $call
            }
        }
    };
}

impl Cell {
    /// G.
    pub fn gates(self) -> usize {
        of_cell!(self, K => K::GATES)
    }

    /// Whether a sigmoid, gate by gate.
    fn sigmoids(self) -> [bool; 4] {
        of_cell!(self, K => K::SIGMOID)
    }

    fn has_memory(self) -> bool {
        of_cell!(self, K => K::MEMORY)
    }

    fn has_reset(self) -> bool {
        of_cell!(self, K => K::RESET)
    }
}

/// A recurrent layer with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrent {
    cell: Cell,
    vocabulary: usize,
    hidden: usize,
    /// Changed freely, as long as its length stays.
    pub parameters: Vec<f64>,
}

/// A matrix of P rows and h columns for each gate, or for none.
type Gates = [Vec<f64>; 4];

/// A pass over a batch, kept for the way back.
#[derive(Clone, Debug, Default)]
pub struct Tape {
    /// A zero state a sequence, then those after each step.
    states: Vec<f64>,
    memories: Vec<f64>,
    gates: Gates,
    extra: Vec<f64>,
    /// Derivatives by the states after each step, laid out as the states.
    by_states: Vec<f64>,
    by_memories: Vec<f64>,
    /// Derivatives by the gates' arguments, and by the recurrent part of the last.
    deltas: Gates,
    recurrent: Vec<f64>,
}

impl Recurrent {
    /// Weights normal with deviation scale/√h, offsets 0.
    ///
    /// # Errors
    /// No token or no unit.
    pub fn new(
        cell: Cell,
        vocabulary: usize,
        hidden: usize,
        scale: f64,
        random: &mut impl Rng,
    ) -> Result<Self, NetworkError> {
        let mut made = Self::from_parameters(
            cell,
            vocabulary,
            hidden,
            vec![0.0; Self::count(cell, vocabulary, hidden)],
        )?;
        let weights = (vocabulary + hidden) * cell.gates() * hidden;
        let deviation = scale / (hidden as f64).sqrt();
        for weight in &mut made.parameters[..weights] {
            let normal: f64 = ndarray_rand::rand_distr::StandardNormal.sample(random);
            *weight = deviation * normal;
        }
        Ok(made)
    }

    /// Adds to the offsets of an LSTM's forget gates, which usually begin at 1; without effect on other cells.
    #[must_use]
    pub fn with_forget_offset(mut self, offset: f64) -> Self {
        if self.cell == Cell::Lstm {
            let start = (self.vocabulary + self.hidden) * 4 * self.hidden + self.hidden;
            self.parameters[start..start + self.hidden].iter_mut().for_each(|b| *b += offset);
        }
        self
    }

    /// From its vector of parameters.
    ///
    /// # Errors
    /// No token, no unit, or another length than [`count`](Self::count).
    pub fn from_parameters(
        cell: Cell,
        vocabulary: usize,
        hidden: usize,
        parameters: Vec<f64>,
    ) -> Result<Self, NetworkError> {
        if vocabulary == 0 || hidden == 0 {
            return Err(NetworkError::Widths(vec![vocabulary, hidden]));
        }
        let expected = Self::count(cell, vocabulary, hidden);
        if parameters.len() != expected {
            return Err(NetworkError::Parameters { expected, found: parameters.len() });
        }
        Ok(Self { cell, vocabulary, hidden, parameters })
    }

    /// Parameters of a network of this size.
    pub fn count(cell: Cell, vocabulary: usize, hidden: usize) -> usize {
        (vocabulary + hidden + 1) * cell.gates() * hidden + if cell.has_reset() { hidden } else { 0 }
    }

    /// The kind of cell.
    pub fn cell(&self) -> Cell {
        self.cell
    }

    /// Tokens that it knows.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// h.
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    fn weights<'a>(&self, parameters: &'a [f64]) -> Weights<'a> {
        let (g, h) = (self.cell.gates() * self.hidden, self.hidden);
        let (tokens, rest) = parameters.split_at(self.vocabulary * g);
        let (states, rest) = rest.split_at(h * g);
        let (offsets, last) = rest.split_at(g);
        let states = ArrayView2::from_shape((h, g), states).expect("rows of one length");
        Weights { tokens, states, offsets, last, hidden: h }
    }

    /// Runs over a batch, reusing what a tape has allocated.
    pub fn forward(&self, batch: &Batch, tape: &mut Tape) {
        let (h, gates) = (self.hidden, self.cell.gates());
        let weights = self.weights(&self.parameters);
        tape.states.clear();
        tape.states.resize((batch.len() + batch.places()) * h, 0.0);
        tape.memories.clear();
        tape.extra.clear();
        if self.cell.has_memory() {
            tape.memories.resize(tape.states.len(), 0.0);
        }
        if self.cell.has_memory() || self.cell.has_reset() {
            tape.extra.resize(batch.places() * h, 0.0);
        }
        for (g, gate) in tape.gates.iter_mut().enumerate() {
            gate.clear();
            if g < gates {
                weights.gather(batch, g, gate);
            }
        }
        let sigmoids = self.cell.sigmoids();
        for t in 0..batch.steps() {
            let (places, before) = (scaled(batch.step(t), h), scaled(batch.before(t), h));
            let states = &tape.states[before];
            for (g, sigmoid) in sigmoids.iter().copied().enumerate().take(gates) {
                let reset = self.cell.has_reset() && g + 1 == gates;
                if reset {
                    let extra = &mut tape.extra[places.clone()];
                    extra.chunks_exact_mut(h).for_each(|row| row.copy_from_slice(weights.last));
                    add_product(view(states, h), weights.of(g), extra, h);
                    let (first, gate) = tape.gates.split_at_mut(g);
                    let r = &first[0][places.clone()];
                    for ((gate, r), extra) in gate[0][places.clone()].iter_mut().zip(r).zip(extra) {
                        *gate += r * *extra;
                    }
                } else {
                    add_product(view(states, h), weights.of(g), &mut tape.gates[g][places.clone()], h);
                }
                let gate = &mut tape.gates[g][places.clone()];
                if sigmoid { sigmoid_all(gate) } else { tanh_all(gate) }
            }
            of_cell!(self.cell, K => tape.step::<K>(batch, t, h));
        }
    }

    /// The last state of each sequence, in the order in which they were given: n × h.
    pub fn last(&self, batch: &Batch, tape: &Tape) -> Array2<f64> {
        self.collect(batch, &tape.states)
    }

    fn collect(&self, batch: &Batch, states: &[f64]) -> Array2<f64> {
        let h = self.hidden;
        let mut last = Array2::zeros((batch.len(), h));
        for t in 0..batch.steps() {
            let after = batch.after(t).start;
            for row in batch.ending(t) {
                let state = &states[(after + row) * h..][..h];
                last.row_mut(batch.order()[row])
                    .as_slice_mut()
                    .expect("rows are in one piece")
                    .copy_from_slice(state);
            }
        }
        last
    }

    /// Writes rows of derivatives by last states to where those states lie, and zeros elsewhere.
    fn spread(&self, batch: &Batch, by_last: ArrayView2<f64>, by_states: &mut Vec<f64>) {
        let h = self.hidden;
        by_states.clear();
        by_states.resize((batch.len() + batch.places()) * h, 0.0);
        for t in 0..batch.steps() {
            let after = batch.after(t).start;
            for row in batch.ending(t) {
                let place = &mut by_states[(after + row) * h..][..h];
                place.iter_mut().zip(by_last.row(batch.order()[row])).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// Adds to `gradient` the derivative of Σ ⟨by_last, last states⟩ by the parameters, and keeps in the tape what Hessian products need. `by_last` is n × h, after [`forward`](Self::forward).
    pub fn pull(&self, batch: &Batch, tape: &mut Tape, by_last: ArrayView2<f64>, gradient: &mut [f64]) {
        let h = self.hidden;
        let weights = self.weights(&self.parameters);
        self.spread(batch, by_last, &mut tape.by_states);
        tape.by_memories.clear();
        if self.cell.has_memory() {
            tape.by_memories.resize(tape.by_states.len(), 0.0);
        }
        for (g, deltas) in tape.deltas.iter_mut().enumerate() {
            deltas.resize(if g < self.cell.gates() { batch.places() * h } else { 0 }, 0.0);
        }
        tape.recurrent.resize(if self.cell.has_reset() { batch.places() * h } else { 0 }, 0.0);
        for t in (0..batch.steps()).rev() {
            of_cell!(self.cell, K => tape.back::<K>(batch, t, h));
            let (places, before) = (scaled(batch.step(t), h), scaled(batch.before(t), h));
            for g in 0..self.cell.gates() {
                let deltas =
                    view(&recurrent_of(self.cell, g, &tape.deltas, &tape.recurrent)[places.clone()], h);
                add_product(deltas, weights.of(g).reversed_axes(), &mut tape.by_states[before.clone()], h);
            }
        }
        self.accumulate_offsets(batch, &tape.deltas, &tape.recurrent, gradient);
        let mut matrix = self.state_weights_mut(gradient);
        for (places, before) in batch.stretches() {
            let states = view(&tape.states[scaled(before, h)], h);
            for g in 0..self.cell.gates() {
                let deltas =
                    &recurrent_of(self.cell, g, &tape.deltas, &tape.recurrent)[scaled(places.clone(), h)];
                general_mat_mul(
                    1.0,
                    &states.t(),
                    &view(deltas, h),
                    1.0,
                    &mut matrix.slice_mut(s![.., g * h..(g + 1) * h]),
                );
            }
        }
    }

    fn state_weights_mut<'a>(&self, gradient: &'a mut [f64]) -> ArrayViewMut2<'a, f64> {
        let (g, h) = (self.cell.gates() * self.hidden, self.hidden);
        let start = self.vocabulary * g;
        ArrayViewMut2::from_shape((h, g), &mut gradient[start..start + h * g]).expect("rows of one length")
    }

    /// Adds the gradient by token rows and offsets.
    fn accumulate_offsets(&self, batch: &Batch, deltas: &Gates, recurrent: &[f64], gradient: &mut [f64]) {
        let h = self.hidden;
        let width = self.cell.gates() * h;
        let (tokens, rest) = gradient.split_at_mut((self.vocabulary + h) * width);
        let (offsets, last) = rest.split_at_mut(width);
        for (g, deltas) in deltas.iter().take(self.cell.gates()).enumerate() {
            let offset = &mut offsets[g * h..(g + 1) * h];
            for (token, delta) in batch.tokens().iter().zip(deltas.chunks_exact(h)) {
                let row = &mut tokens[*token as usize * width + g * h..][..h];
                for ((row, offset), delta) in row.iter_mut().zip(&mut *offset).zip(delta) {
                    *row += delta;
                    *offset += delta;
                }
            }
        }
        for delta in recurrent.chunks_exact(h) {
            last.iter_mut().zip(delta).for_each(|(last, delta)| *last += delta);
        }
    }

    /// The derivative of the last states along a direction of the parameters, n × h, after [`forward`](Self::forward); `tangent` keeps what [`pull_push`](Self::pull_push) needs.
    pub fn push(&self, batch: &Batch, tape: &Tape, direction: &[f64], tangent: &mut Tape) -> Array2<f64> {
        let (h, gates) = (self.hidden, self.cell.gates());
        let (weights, along) = (self.weights(&self.parameters), self.weights(direction));
        tangent.states.clear();
        tangent.states.resize(tape.states.len(), 0.0);
        tangent.memories.clear();
        tangent.memories.resize(tape.memories.len(), 0.0);
        tangent.extra.clear();
        tangent.extra.resize(tape.extra.len(), 0.0);
        for (g, gate) in tangent.gates.iter_mut().enumerate() {
            gate.clear();
            if g < gates {
                along.gather(batch, g, gate);
            }
        }
        let sigmoids = self.cell.sigmoids();
        for t in 0..batch.steps() {
            let (places, before) = (scaled(batch.step(t), h), scaled(batch.before(t), h));
            let (states, moving) = (view(&tape.states[before.clone()], h), view(&tangent.states[before], h));
            for (g, sigmoid) in sigmoids.iter().copied().enumerate().take(gates) {
                let reset = self.cell.has_reset() && g + 1 == gates;
                let target = if reset { &mut tangent.extra } else { &mut tangent.gates[g] };
                let target = &mut target[places.clone()];
                if reset {
                    target.chunks_exact_mut(h).for_each(|row| row.copy_from_slice(along.last));
                }
                add_product(moving, weights.of(g), target, h);
                add_product(states, along.of(g), target, h);
                if reset {
                    let (first, gate) = tangent.gates.split_at_mut(g);
                    for (k, gate) in places.clone().zip(&mut gate[0][places.clone()]) {
                        *gate += first[0][k] * tape.extra[k] + tape.gates[0][k] * tangent.extra[k];
                    }
                }
                for (moved, gate) in
                    tangent.gates[g][places.clone()].iter_mut().zip(&tape.gates[g][places.clone()])
                {
                    *moved *= if sigmoid { gate * (1.0 - gate) } else { 1.0 - gate * gate };
                }
            }
            of_cell!(self.cell, K => tangent.step_along::<K>(tape, batch, t, h));
        }
        self.collect(batch, &tangent.states)
    }

    /// Adds to `product` the derivative along `direction` of what [`pull`](Self::pull) adds to a gradient. `by_last_along` is how by_last itself changes along the direction; `tape` and `tangent` are those of pull and of [`push`](Self::push).
    pub fn pull_push(
        &self,
        batch: &Batch,
        tape: &Tape,
        direction: &[f64],
        tangent: &mut Tape,
        by_last_along: ArrayView2<f64>,
        product: &mut [f64],
    ) {
        let h = self.hidden;
        let (weights, along) = (self.weights(&self.parameters), self.weights(direction));
        self.spread(batch, by_last_along, &mut tangent.by_states);
        tangent.by_memories.clear();
        tangent.by_memories.resize(tape.by_memories.len(), 0.0);
        for (moved, deltas) in tangent.deltas.iter_mut().zip(&tape.deltas) {
            moved.resize(deltas.len(), 0.0);
        }
        tangent.recurrent.resize(tape.recurrent.len(), 0.0);
        for t in (0..batch.steps()).rev() {
            of_cell!(self.cell, K => tangent.back_along::<K>(tape, batch, t, h));
            let (places, before) = (scaled(batch.step(t), h), scaled(batch.before(t), h));
            for g in 0..self.cell.gates() {
                let deltas = &recurrent_of(self.cell, g, &tape.deltas, &tape.recurrent)[places.clone()];
                let moved = &recurrent_of(self.cell, g, &tangent.deltas, &tangent.recurrent)[places.clone()];
                let target = &mut tangent.by_states[before.clone()];
                add_product(view(moved, h), weights.of(g).reversed_axes(), target, h);
                add_product(view(deltas, h), along.of(g).reversed_axes(), target, h);
            }
        }
        self.accumulate_offsets(batch, &tangent.deltas, &tangent.recurrent, product);
        let mut matrix = self.state_weights_mut(product);
        for (places, before) in batch.stretches() {
            let (places, before) = (scaled(places, h), scaled(before, h));
            let (states, moving) = (view(&tape.states[before.clone()], h), view(&tangent.states[before], h));
            for g in 0..self.cell.gates() {
                let deltas = &recurrent_of(self.cell, g, &tape.deltas, &tape.recurrent)[places.clone()];
                let moved = &recurrent_of(self.cell, g, &tangent.deltas, &tangent.recurrent)[places.clone()];
                let mut target = matrix.slice_mut(s![.., g * h..(g + 1) * h]);
                general_mat_mul(1.0, &moving.t(), &view(deltas, h), 1.0, &mut target);
                general_mat_mul(1.0, &states.t(), &view(moved, h), 1.0, &mut target);
            }
        }
    }
}

/// Deltas that go through W_h: those by a gate's argument, for the last gate of a GRU those by its recurrent part.
fn recurrent_of<'a>(cell: Cell, gate: usize, deltas: &'a Gates, recurrent: &'a [f64]) -> &'a [f64] {
    if cell.has_reset() && gate + 1 == cell.gates() { recurrent } else { &deltas[gate] }
}

fn scaled(range: Range<usize>, h: usize) -> Range<usize> {
    range.start * h..range.end * h
}

fn view(numbers: &[f64], h: usize) -> ArrayView2<'_, f64> {
    ArrayView2::from_shape((numbers.len() / h, h), numbers).expect("whole rows")
}

/// out += a b.
fn add_product(a: ArrayView2<f64>, b: ArrayView2<f64>, out: &mut [f64], h: usize) {
    let mut out = ArrayViewMut2::from_shape((out.len() / h, h), out).expect("whole rows");
    general_mat_mul(1.0, &a, &b, 1.0, &mut out);
}
