//! The reference path.

use super::panels::{Line, PANEL, STEP, Sums};

/// Rows at once.
pub(super) const ROWS: usize = 4;

/// Sums of products of a tile of rows with a panel of outputs.
pub(super) fn tile(panel: &[Line<i8>], rows: &[Line<u8>], stride: usize, sums: &mut Sums) {
    sums.0[..ROWS * PANEL].fill(0);
    for (row, sums) in rows.chunks_exact(stride).zip(sums.0.chunks_exact_mut(PANEL)).take(ROWS) {
        let steps = row.iter().flat_map(|line| line.0.chunks_exact(STEP));
        // Two lines of weights a step.
        for (inputs, weights) in steps.zip(panel.chunks_exact(PANEL * STEP / 64)) {
            let weights = weights.iter().flat_map(|line| line.0.chunks_exact(STEP));
            for (weight, sum) in weights.zip(&mut *sums) {
                *sum += inputs.iter().zip(weight).map(|(a, w)| i32::from(*a) * i32::from(*w)).sum::<i32>();
            }
        }
    }
}
