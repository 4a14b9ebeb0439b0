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
        self.check(inputs.dim())?;
        let inputs = inputs.as_standard_layout();
        Ok(self.product(inputs.as_slice().unwrap_or_default(), 0, path.usable()))
    }

    /// The same for signed inputs. Adding 128 makes them unsigned, and 128 Σ w is subtracted from the sums: no slower, where other libraries fall back to a slow path.
    ///
    /// # Errors
    /// Inputs of another length.
    pub fn multiply_signed(&self, inputs: ArrayView2<i8>, path: Path) -> Result<Array2<i32>, Error> {
        self.check(inputs.dim())?;
        let inputs = inputs.mapv(|value| value as u8);
        let inputs = inputs.as_standard_layout();
        let mut product = self.product(inputs.as_slice().unwrap_or_default(), 0x80, path.usable());
        for mut row in product.rows_mut() {
            for (value, sum) in row.iter_mut().zip(&self.sums) {
                // Exact modulo 2³², and the true value fits.
                *value = value.wrapping_sub(sum.wrapping_mul(128));
            }
        }
        Ok(product)
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

    fn product(&self, inputs: &[u8], flip: u8, path: Path) -> Array2<i32> {
        let steps = self.inputs.div_ceil(STEP);
        let rows = inputs.len() / self.inputs;
        let tiles: Vec<Vec<u8>> = inputs
            .par_chunks(ROWS_AT_ONCE * self.inputs)
            .map(|rows| panels::pack_inputs(rows, self.inputs, flip))
            .collect();
        // Columns of the result by panels: each panel's block is contiguous and belongs to one task.
        let blocks: Vec<Vec<i32>> = self
            .panels
            .par_chunks_exact(steps * PANEL * STEP)
            .map(|panel| {
                let mut block = vec![0; rows * PANEL];
                for (tiles, out) in tiles.iter().zip(block.chunks_mut(ROWS_AT_ONCE * PANEL)) {
                    multiply_panel(panel, tiles, steps, out, path);
                }
                block
            })
            .collect();
        let mut product = Array2::zeros((rows, self.outputs));
        for (index, block) in blocks.iter().enumerate() {
            let width = PANEL.min(self.outputs - index * PANEL);
            let targets = product.as_slice_mut().unwrap_or_default().chunks_exact_mut(self.outputs);
            for (target, values) in targets.zip(block.chunks_exact(PANEL)) {
                target[index * PANEL..index * PANEL + width].copy_from_slice(&values[..width]);
            }
        }
        product
    }
}

/// A panel of 64 outputs for rows that are packed in tiles of six; the last tile may be shorter in `out`.
fn multiply_panel(panel: &[i8], tiles: &[u8], steps: usize, out: &mut [i32], path: Path) {
    for (tile, out) in tiles.chunks_exact(steps * TILE * STEP).zip(out.chunks_mut(TILE * PANEL)) {
        let mut sums = [0; TILE * PANEL];
        match path {
            #[cfg(target_arch = "x86_64")]
            Path::Avx512Vnni => x86::tile_vnni(panel, tile, steps, &mut sums),
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => x86::tile_avx2(panel, tile, steps, &mut sums),
            _ => portable::tile(panel, tile, steps, &mut sums),
        }
        out.copy_from_slice(&sums[..out.len()]);
    }
}
