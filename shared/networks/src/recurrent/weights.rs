//! A vector of parameters, read as matrices.

use ndarray::{ArrayView2, s};

use super::Batch;

/// Views of a vector of parameters.
pub(super) struct Weights<'a> {
    pub tokens: &'a [f64],
    pub states: ArrayView2<'a, f64>,
    pub offsets: &'a [f64],
    pub last: &'a [f64],
    pub hidden: usize,
}

impl Weights<'_> {
    /// W_h of a gate.
    pub fn of(&self, gate: usize) -> ArrayView2<'_, f64> {
        self.states.slice(s![.., gate * self.hidden..(gate + 1) * self.hidden])
    }

    /// W_x[token] + b of a gate at all places.
    pub fn gather(&self, batch: &Batch, gate: usize, out: &mut Vec<f64>) {
        let (h, width) = (self.hidden, self.states.ncols());
        let offsets = &self.offsets[gate * h..(gate + 1) * h];
        for token in batch.tokens() {
            let row = &self.tokens[*token as usize * width + gate * h..][..h];
            out.extend(row.iter().zip(offsets).map(|(row, offset)| row + offset));
        }
    }
}
