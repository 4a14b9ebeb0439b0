//! Matrix times vector with weights of 8, 4, 2 and 1 bit: batch size one, where the time is that of reading the weights.
//!
//! Fields of b bits are stored unsigned, with an offset of 2^{b−1} that the sum of the inputs corrects. In a chunk of 64 bytes, field f of byte i is input 64 f + i: shifting
//! and masking a register gives 64 consecutive inputs.

use ndarray::{ArrayView2, Zip};
use rayon::prelude::*;

use super::Path;
#[cfg(target_arch = "x86_64")]
use super::x86;
use crate::Error;

/// Width of packed weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LowBits {
    /// −128 … 127.
    Eight,
    /// −8 … 7.
    Four,
    /// −2 … 1.
    Two,
}

impl LowBits {
    /// As a number.
    pub fn bits(self) -> usize {
        match self {
            Self::Eight => 8,
            Self::Four => 4,
            Self::Two => 2,
        }
    }
}

const CHUNK: usize = 64;

/// Rows of packed weights, each with a scale.
#[derive(Clone, Debug)]
pub struct LowBitMatrix {
    outputs: usize,
    inputs: usize,
    width: LowBits,
    row_bytes: usize,
    packed: Vec<u8>,
    scales: Vec<f32>,
}

impl LowBitMatrix {
    /// Packs integers (outputs × inputs) with a scale for each output.
    ///
    /// # Errors
    /// No weights, an integer that does not fit, scales of another number.
    pub fn new(integers: ArrayView2<i32>, scales: &[f32], width: LowBits) -> Result<Self, Error> {
        let (outputs, inputs) = integers.dim();
        if integers.is_empty() {
            return Err(Error::Empty("the weight matrix".into()));
        }
        if scales.len() != outputs {
            return Err(Error::Shape {
                what: "the scales".into(),
                rows: scales.len(),
                columns: 1,
                expected: format!("{outputs} × 1"),
            });
        }
        if inputs > super::LONGEST_SUM {
            return Err(Error::AccumulatorOverflow { inputs, limit: super::LONGEST_SUM + 1 });
        }
        let (bits, half) = (width.bits(), 1i32 << (width.bits() - 1));
        if let Some(&value) = integers.iter().find(|value| !(-half..half).contains(*value)) {
            return Err(Error::Setting {
                name: "a weight",
                value: value.into(),
                range: "within the width of the matrix",
            });
        }
        let fields = 8 / bits;
        let row_bytes = inputs.div_ceil(CHUNK * fields) * CHUNK;
        let mut packed = vec![0u8; outputs * row_bytes];
        for ((output, input), &value) in integers.indexed_iter() {
            let (chunk, within) = (input / (CHUNK * fields), input % (CHUNK * fields));
            let byte = output * row_bytes + chunk * CHUNK + within % CHUNK;
            packed[byte] |= ((value + half) as u8) << (within / CHUNK * bits);
        }
        Ok(Self { outputs, inputs, width, row_bytes, packed, scales: scales.to_vec() })
    }

    /// Bytes of weights and scales.
    pub fn bytes(&self) -> usize {
        self.packed.len() + 4 * self.scales.len()
    }

    /// scale_j · input_scale · Σ_k w_jk x_k for 8-bit inputs. Rows run in parallel.
    ///
    /// # Errors
    /// Inputs of another number.
    pub fn multiply(&self, inputs: &[i8], input_scale: f32, path: Path) -> Result<Vec<f32>, Error> {
        let integers = self.sums(inputs, path)?;
        Ok(integers
            .iter()
            .zip(&self.scales)
            .map(|(sum, scale)| *sum as f32 * (scale * input_scale))
            .collect())
    }

    /// Σ_k w_jk x_k.
    ///
    /// # Errors
    /// Inputs of another number.
    pub fn sums(&self, inputs: &[i8], path: Path) -> Result<Vec<i32>, Error> {
        if inputs.len() != self.inputs {
            return Err(Error::Shape {
                what: "the inputs".into(),
                rows: inputs.len(),
                columns: 1,
                expected: format!("{} × 1", self.inputs),
            });
        }
        let mut padded = inputs.to_vec();
        padded.resize(self.row_bytes * 8 / self.width.bits(), 0);
        let half = 1i32 << (self.width.bits() - 1);
        let correction = half * inputs.iter().map(|x| i32::from(*x)).sum::<i32>();
        let path = path.usable();
        let rows = self.packed.par_chunks_exact(self.row_bytes).with_min_len(16);
        Ok(rows.map(|row| self.dot(row, &padded, path).wrapping_sub(correction)).collect())
    }

    fn dot(&self, row: &[u8], inputs: &[i8], path: Path) -> i32 {
        #[cfg(target_arch = "x86_64")]
        if path >= Path::Avx512Vnni {
            let sum = match self.width {
                LowBits::Eight => x86::dot_fields::<8>(row, inputs),
                LowBits::Four => x86::dot_fields::<4>(row, inputs),
                LowBits::Two => x86::dot_fields::<2>(row, inputs),
            };
            if let Some(sum) = sum {
                return sum;
            }
        }
        let _ = path;
        let (bits, fields) = (self.width.bits(), 8 / self.width.bits());
        let mask = ((1u16 << bits) - 1) as u8;
        let mut sum = 0i32;
        for (bytes, inputs) in row.chunks_exact(CHUNK).zip(inputs.chunks_exact(CHUNK * fields)) {
            for (field, inputs) in inputs.chunks_exact(CHUNK).enumerate() {
                let products = bytes.iter().zip(inputs).map(|(byte, x)| {
                    i32::from(byte.checked_shr((field * bits) as u32).unwrap_or(0) & mask) * i32::from(*x)
                });
                sum = sum.wrapping_add(products.sum::<i32>());
            }
        }
        sum
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }
}

/// Rows of ±1 with a scale each: XNOR-Net's weights.
#[derive(Clone, Debug)]
pub struct BinaryMatrix {
    inputs: usize,
    words: usize,
    signs: Vec<u64>,
    scales: Vec<f32>,
}

impl BinaryMatrix {
    /// Signs of weights (outputs × inputs), with the mean size of each row as its scale. Zero counts as positive.
    ///
    /// # Errors
    /// No weights, or one that is not finite.
    pub fn new(weights: ArrayView2<f64>) -> Result<Self, Error> {
        crate::error::check_finite(weights.iter().copied(), "the weights")?;
        if weights.is_empty() {
            return Err(Error::Empty("the weight matrix".into()));
        }
        let (outputs, inputs) = weights.dim();
        let words = inputs.div_ceil(64);
        let mut signs = vec![0u64; outputs * words];
        let mut scales = vec![0f32; outputs];
        Zip::indexed(weights.rows()).for_each(|row, values| {
            signs[row * words..(row + 1) * words].copy_from_slice(&sign_bits(values.iter().copied(), words));
            scales[row] = (values.iter().map(|value| value.abs()).sum::<f64>() / inputs as f64) as f32;
        });
        Ok(Self { inputs, words, signs, scales })
    }

    /// Bytes of signs and scales.
    pub fn bytes(&self) -> usize {
        8 * self.signs.len() + 4 * self.scales.len()
    }

    /// scale_j Σ_k ±1 ±1 with the signs of the inputs: n − 2 popcount(a XOR b).
    ///
    /// # Errors
    /// Inputs of another number.
    pub fn multiply(&self, inputs: &[f64], path: Path) -> Result<Vec<f32>, Error> {
        if inputs.len() != self.inputs {
            return Err(Error::Shape {
                what: "the inputs".into(),
                rows: inputs.len(),
                columns: 1,
                expected: format!("{} × 1", self.inputs),
            });
        }
        let bits = sign_bits(inputs.iter().copied(), self.words);
        let path = path.usable();
        let rows = self.signs.par_chunks_exact(self.words).with_min_len(64).zip(&self.scales);
        let value = |(row, scale): (&[u64], &f32)| {
            (self.inputs as i64 - 2 * differing(row, &bits, path) as i64) as f32 * scale
        };
        Ok(rows.map(value).collect())
    }
}

fn differing(a: &[u64], b: &[u64], path: Path) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if path >= Path::Avx512Vnni
        && let Some(count) = x86::differing_bits(a, b)
    {
        return count;
    }
    let _ = path;
    a.iter().zip(b).map(|(x, y)| u64::from((x ^ y).count_ones())).sum()
}

fn sign_bits(values: impl Iterator<Item = f64>, words: usize) -> Vec<u64> {
    let mut bits = vec![0u64; words];
    for (index, value) in values.enumerate() {
        bits[index / 64] |= u64::from(value >= 0.0) << (index % 64);
    }
    bits
}
