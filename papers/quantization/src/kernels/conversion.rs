//! What becomes of sums while they are in the cache.

use std::mem::MaybeUninit;

use ndarray::ArrayViewMut2;
use pulp::NullaryFnOnce;

use super::PanelOf;
use super::panels::{PANEL, Sums};

/// What becomes of the sums of a row with the outputs of a panel, of which `first` is the first.
pub(crate) trait Conversion<U>: Sync {
    /// To be marked `#[inline(always)]`: only what is inlined is compiled for the registers of a path.
    fn convert(&self, first: usize, sums: &PanelOf<i32>) -> PanelOf<U>;
}

/// The sums themselves.
pub(super) struct Unchanged;

impl Conversion<i32> for Unchanged {
    #[inline(always)]
    fn convert(&self, _: usize, sums: &PanelOf<i32>) -> PanelOf<i32> {
        *sums
    }
}

/// Sums with inputs to which 128 was added, without it.
pub(super) struct AfterShift<'a> {
    /// For all panels in full.
    pub sums_of_weights: &'a [i32],
}

impl Conversion<i32> for AfterShift<'_> {
    #[inline(always)]
    fn convert(&self, first: usize, sums: &PanelOf<i32>) -> PanelOf<i32> {
        let weights = &self.sums_of_weights[first..][..PANEL];
        // Exact modulo 2³², and the true value fits.
        std::array::from_fn(|i| sums[i].wrapping_sub(weights[i].wrapping_mul(128)))
    }
}

/// A rule that a caller gives.
pub(super) struct Given<F> {
    pub convert: F,
    pub outputs: usize,
}

impl<U: Copy + Default, F: Fn(usize, &[i32], &mut [U]) + Sync> Conversion<U> for Given<F> {
    #[inline(always)]
    fn convert(&self, first: usize, sums: &PanelOf<i32>) -> PanelOf<U> {
        let width = PANEL.min(self.outputs - first);
        let mut results = [U::default(); PANEL];
        (self.convert)(first, &sums[..width], &mut results[..width]);
        results
    }
}

/// Rows whose sums with a panel are converted.
pub(super) struct Rows<'a, U, C> {
    pub rule: &'a C,
    pub first: usize,
    pub tiles: &'a [Sums],
    /// How many rows of a tile hold sums.
    pub rows_of_tile: usize,
    /// A column for each output of the panel that there is.
    pub targets: ArrayViewMut2<'a, MaybeUninit<U>>,
}

impl<U: Copy, C: Conversion<U>> NullaryFnOnce for Rows<'_, U, C> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        // Tiles that are not there have no rows.
        let sums = self.tiles.iter().flat_map(|tile| tile.0.as_chunks().0.iter().take(self.rows_of_tile));
        for (targets, sums) in self.targets.rows_mut().into_iter().zip(sums) {
            let targets = targets.into_slice().expect("outputs are neighbours");
            // A copy of a length that is known is a few instructions, of another one a call. Where results are needed for one of both only, they stay in registers: written out for the
            // two of them, a product takes a quarter more time.
            if let Ok(panel) = <&mut PanelOf<MaybeUninit<U>>>::try_from(&mut *targets) {
                let results = self.rule.convert(self.first, sums);
                for (to, from) in panel.iter_mut().zip(&results) {
                    to.write(*from);
                }
            } else {
                targets.write_copy_of_slice(&self.rule.convert(self.first, sums)[..targets.len()]);
            }
        }
    }
}
