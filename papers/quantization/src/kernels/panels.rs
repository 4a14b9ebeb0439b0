//! The layouts of packed operands.

use ndarray::ArrayView2;

/// Outputs of a panel: four registers of 16 lanes.
pub(super) const PANEL: usize = 64;
/// Inputs that one instruction adds up.
pub(super) const STEP: usize = 4;
/// Rows of a tile: with four registers of a panel, 24 accumulators of 32 registers.
pub(super) const TILE: usize = 6;

/// Panels of 64 outputs; in a panel steps of four inputs; in a step the outputs, four bytes each. Missing outputs and inputs are 0.
pub(super) fn pack_weights(weights: ArrayView2<i8>) -> Vec<i8> {
    let (outputs, inputs) = weights.dim();
    let steps = inputs.div_ceil(STEP);
    let mut packed = vec![0; outputs.div_ceil(PANEL) * steps * PANEL * STEP];
    for ((output, input), &weight) in weights.indexed_iter() {
        let panel = output / PANEL * steps * PANEL * STEP;
        packed[panel + input / STEP * PANEL * STEP + output % PANEL * STEP + input % STEP] = weight;
    }
    packed
}

/// Tiles of six rows; in a tile steps of four inputs; in a step the rows, four bytes each. Missing rows and inputs are what `four` makes of defaults or 0. `rows` holds the inputs row by row.
pub(super) fn pack_inputs<T: Copy + Default>(
    rows: &[T],
    inputs: usize,
    four: impl Fn([T; STEP]) -> u32,
) -> Vec<u8> {
    let steps = inputs.div_ceil(STEP);
    let mut packed = vec![0; rows.len().div_ceil(inputs * TILE) * steps * TILE * STEP];
    let tiles = packed.chunks_exact_mut(steps * TILE * STEP).zip(rows.chunks(TILE * inputs));
    for (packed, rows) in tiles {
        for (row, values) in rows.chunks_exact(inputs).enumerate() {
            let (whole, rest) = values.as_chunks::<STEP>();
            let steps = packed.chunks_exact_mut(TILE * STEP);
            for (step, values) in steps.zip(whole) {
                step[row * STEP..(row + 1) * STEP].copy_from_slice(&four(*values).to_le_bytes());
            }
            if !rest.is_empty() {
                // The weights of inputs that are not there are 0.
                let mut last = [T::default(); STEP];
                last[..rest.len()].copy_from_slice(rest);
                let at = whole.len() * TILE * STEP + row * STEP;
                packed[at..at + STEP].copy_from_slice(&four(last).to_le_bytes());
            }
        }
    }
    packed
}
