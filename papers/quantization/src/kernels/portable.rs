//! The reference path.

use super::panels::{PANEL, STEP, TILE};

/// Sums of products of a tile of rows with a panel of outputs.
pub(super) fn tile(panel: &[i8], tile: &[u8], steps: usize, sums: &mut [i32; TILE * PANEL]) {
    let pairs = panel.chunks_exact(PANEL * STEP).zip(tile.chunks_exact(TILE * STEP)).take(steps);
    for (weights, inputs) in pairs {
        for (row, sums) in inputs.chunks_exact(STEP).zip(sums.chunks_exact_mut(PANEL)) {
            for (weight, sum) in weights.chunks_exact(STEP).zip(sums) {
                *sum += row.iter().zip(weight).map(|(a, w)| i32::from(*a) * i32::from(*w)).sum::<i32>();
            }
        }
    }
}
