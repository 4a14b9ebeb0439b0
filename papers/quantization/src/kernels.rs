//! Products of 8-bit integer matrices, and of packed low-bit matrices with a vector.
//!
//! Every path gives the same integers: sums of products are exact in 32 bits up to [`LONGEST_SUM`] inputs, and nothing saturates on the way (the AVX2 instruction that
//! multiplies bytes does, so that path widens to 16 bits first). Which path runs is found at run time; [`Path::best`] says.
//!
//! Weights are packed once, in panels of 64 outputs and steps of four inputs: the layout that the VNNI instruction wants, one register for 16 outputs.

mod low_bit;
mod panels;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::fmt;

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use low_bit::{BinaryMatrix, LowBitMatrix, LowBits};

use crate::Error;
use panels::{PANEL, STEP, TILE};

/// Longest sums of products of an unsigned and a signed byte that stay within 32 bits: 2³¹/(255·128).
pub const LONGEST_SUM: usize = (1 << 31) / (255 * 128);

/// Rows of inputs that are packed together: small enough to stay in the second-level cache beside a panel of weights.
const ROWS_AT_ONCE: usize = 16 * TILE;

/// Instructions that compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Path {
    /// Plain Rust.
    Portable,
    /// 256-bit registers, bytes widened to 16 bits.
    Avx2,
    /// 512-bit registers, four products an instruction and lane.
    Avx512Vnni,
}

impl Path {
    /// The fastest path of this processor.
    pub fn best() -> Self {
        Self::available().into_iter().max().unwrap_or(Self::Portable)
    }

    /// All paths of this processor, slowest first.
    pub fn available() -> Vec<Self> {
        let mut paths = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                paths.push(Self::Avx2);
            }
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vnni")
                && is_x86_feature_detected!("avx512vpopcntdq")
            {
                paths.push(Self::Avx512Vnni);
            }
        }
        paths
    }

    /// This path, or the portable one where the processor does not have it: nothing unsafe runs by mistake.
    fn usable(self) -> Self {
        if Self::available().contains(&self) { self } else { Self::Portable }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "AVX2",
            Self::Avx512Vnni => "AVX-512 VNNI",
        })
    }
}

/// Signed 8-bit weights, outputs × inputs, packed for products.
#[derive(Clone, Debug)]
pub struct PackedWeights {
    outputs: usize,
    inputs: usize,
    /// For each panel and each step of four inputs, 64 × 4 bytes.
    panels: Vec<i8>,
    /// Σ of each output's weights.
    sums: Vec<i32>,
}

impl PackedWeights {
    /// Packs. Memory: inputs and outputs rounded up to multiples of 4 and 64.
    ///
    /// # Errors
    /// No weights; more inputs than [`LONGEST_SUM`].
    pub fn new(weights: ArrayView2<i8>) -> Result<Self, Error> {
        let (outputs, inputs) = weights.dim();
        if weights.is_empty() {
            return Err(Error::Empty("the weight matrix".into()));
        }
        if inputs > LONGEST_SUM {
            return Err(Error::AccumulatorOverflow { inputs, limit: LONGEST_SUM + 1 });
        }
        let sums = weights.rows().into_iter().map(|row| row.iter().map(|w| i32::from(*w)).sum()).collect();
        Ok(Self { outputs, inputs, panels: panels::pack_weights(weights), sums })
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Σ of each output's weights: what a zero point of the inputs is multiplied by.
    pub fn sums(&self) -> &[i32] {
        &self.sums
    }

    /// Bytes that the packed weights take.
    pub fn bytes(&self) -> usize {
        self.panels.len() + 4 * self.sums.len()
    }

    /// Σ_k a_ik w_jk for unsigned inputs (rows × inputs): rows × outputs. Panels of outputs run in parallel; the integers do not depend on that.
    ///
    /// # Errors
    /// Inputs of another length.
    pub fn multiply(&self, inputs: ArrayView2<u8>, path: Path) -> Result<Array2<i32>, Error> {
        self.convert(inputs, path, |_, sums, out| out.copy_from_slice(sums))
    }

    /// [`multiply`](Self::multiply) with each row's sums of neighbouring outputs converted at once: `convert` gets the number of the first output, the sums, and where the results go.
    ///
    /// # Errors
    /// Inputs of another length.
    pub fn convert<U: Copy + Default + Send>(
        &self,
        inputs: ArrayView2<u8>,
        path: Path,
        convert: impl Fn(usize, &[i32], &mut [U]) + Sync,
    ) -> Result<Array2<U>, Error> {
        self.check(inputs.dim())?;
        let inputs = inputs.as_standard_layout();
        Ok(self.product(inputs.as_slice().unwrap_or_default(), u32::from_le_bytes, path.usable(), convert))
    }

    /// The same as [`multiply`](Self::multiply) for signed inputs. Adding 128 makes them unsigned, and 128 Σ w is subtracted from the sums: hardly slower, where other libraries fall back to a slow path.
    ///
    /// # Errors
    /// Inputs of another length.
    pub fn multiply_signed(&self, inputs: ArrayView2<i8>, path: Path) -> Result<Array2<i32>, Error> {
        self.check(inputs.dim())?;
        let inputs = inputs.as_standard_layout();
        let four = |four: [i8; STEP]| u32::from_le_bytes(four.map(|value| value as u8)) ^ 0x8080_8080;
        let correct = |first: usize, sums: &[i32], out: &mut [i32]| {
            for ((to, sum), weights) in out.iter_mut().zip(sums).zip(&self.sums[first..]) {
                // Exact modulo 2³², and the true value fits.
                *to = sum.wrapping_sub(weights.wrapping_mul(128));
            }
        };
        Ok(self.product(inputs.as_slice().unwrap_or_default(), four, path.usable(), correct))
    }

    fn check(&self, (rows, columns): (usize, usize)) -> Result<(), Error> {
        match columns == self.inputs {
            true => Ok(()),
            false => Err(Error::Shape {
                what: "the inputs".into(),
                rows,
                columns,
                expected: format!("any number × {}", self.inputs),
            }),
        }
    }

    /// All sums, each row of a panel handed to `convert` with the number of its first output while it is in the cache. `four` makes four inputs the unsigned bytes of a word, the first lowest.
    pub(crate) fn product<T: Copy + Default + Sync, U: Copy + Default + Send>(
        &self,
        inputs: &[T],
        four: impl Fn([T; STEP]) -> u32 + Sync,
        path: Path,
        convert: impl Fn(usize, &[i32], &mut [U]) + Sync,
    ) -> Array2<U> {
        let rows = inputs.len() / self.inputs;
        let threads = rayon::current_num_threads();
        if rows < 2 * TILE * threads {
            return self.product_by_panels(inputs, four, path, convert);
        }
        // A task writes its rows where they belong, and each thread gets some.
        let at_once = rows.div_ceil(4 * threads).next_multiple_of(TILE).min(ROWS_AT_ONCE);
        let mut product = Array2::from_elem((rows, self.outputs), U::default());
        let targets = product.as_slice_mut().unwrap_or_default().par_chunks_mut(at_once * self.outputs);
        targets.zip(inputs.par_chunks(at_once * self.inputs)).for_each(|(targets, rows)| {
            let tiles = panels::pack_inputs(rows, self.inputs, &four);
            for first in (0..self.outputs).step_by(PANEL) {
                self.sums_of_panel(first, &tiles, rows.len() / self.inputs, path, |row, sums| {
                    convert(first, sums, &mut targets[row * self.outputs + first..][..sums.len()]);
                });
            }
        });
        product
    }

    /// [`product`](Self::product) for few rows: a task has a panel of outputs.
    fn product_by_panels<T: Copy + Default + Sync, U: Copy + Default + Send>(
        &self,
        inputs: &[T],
        four: impl Fn([T; STEP]) -> u32 + Sync,
        path: Path,
        convert: impl Fn(usize, &[i32], &mut [U]) + Sync,
    ) -> Array2<U> {
        let rows = inputs.len() / self.inputs;
        let tiles = panels::pack_inputs(inputs, self.inputs, &four);
        let blocks: Vec<Vec<U>> = (0..self.outputs.div_ceil(PANEL))
            .into_par_iter()
            .map(|index| {
                let first = index * PANEL;
                let width = PANEL.min(self.outputs - first);
                let mut block = vec![U::default(); rows * width];
                self.sums_of_panel(first, &tiles, rows, path, |row, sums| {
                    convert(first, sums, &mut block[row * width..][..width]);
                });
                block
            })
            .collect();
        let mut product = Array2::from_elem((rows, self.outputs), U::default());
        let targets = product.as_slice_mut().unwrap_or_default().chunks_exact_mut(self.outputs);
        for (row, target) in targets.enumerate() {
            for (target, block) in target.chunks_mut(PANEL).zip(&blocks) {
                target.copy_from_slice(&block[row * target.len()..][..target.len()]);
            }
        }
        product
    }

    /// The sums of each row with the panel that begins with output `first`.
    fn sums_of_panel(
        &self,
        first: usize,
        tiles: &[u8],
        rows: usize,
        path: Path,
        mut each: impl FnMut(usize, &[i32]),
    ) {
        let steps = self.inputs.div_ceil(STEP);
        let panel = &self.panels[first * steps * STEP..][..PANEL * steps * STEP];
        let width = PANEL.min(self.outputs - first);
        for (tile, first_row) in tiles.chunks_exact(steps * TILE * STEP).zip((0..rows).step_by(TILE)) {
            let sums = multiply_tile(panel, tile, steps, path);
            for (row, sums) in (first_row..rows.min(first_row + TILE)).zip(sums.chunks_exact(PANEL)) {
                each(row, &sums[..width]);
            }
        }
    }
}

/// A loop over plain numbers, to be compiled once for each kind of register.
pub(crate) trait Loop {
    /// Runs it. To be marked `#[inline(always)]`: only what is inlined is compiled for its caller's registers.
    fn run(self);
}

/// Runs `work` compiled for the registers of `path`; what comes out does not depend on it.
pub(crate) fn in_registers_of(path: Path, work: impl Loop) {
    match path {
        #[cfg(target_arch = "x86_64")]
        Path::Avx512Vnni => x86::in_wide_registers(work),
        _ => work.run(),
    }
}

/// Sums of products of six packed rows with a panel of 64 outputs.
fn multiply_tile(panel: &[i8], tile: &[u8], steps: usize, path: Path) -> [i32; TILE * PANEL] {
    let mut sums = [0; TILE * PANEL];
    match path {
        #[cfg(target_arch = "x86_64")]
        Path::Avx512Vnni => x86::tile_vnni(panel, tile, steps, &mut sums),
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => x86::tile_avx2(panel, tile, steps, &mut sums),
        _ => portable::tile(panel, tile, steps, &mut sums),
    }
    sums
}
