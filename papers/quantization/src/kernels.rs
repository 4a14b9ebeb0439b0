//! Products of 8-bit integer matrices, and of packed low-bit matrices with a vector.
//!
//! Every path gives the same integers: sums of products are exact in 32 bits up to [`LONGEST_SUM`] inputs, and nothing saturates on the way (the AVX2 instruction that
//! multiplies bytes does, so that path widens to 16 bits first). Which path runs is found at run time; [`Path::best`] says.
//!
//! Weights are packed once, in panels of 32 outputs and steps of four inputs: the layout that the VNNI and AMX instructions want, one register for 16 outputs. Inputs are copied to rows of a width that suits the registers.

#[cfg(target_arch = "x86_64")]
mod amx;
mod conversion;
mod low_bit;
mod panels;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::fmt;
use std::mem::MaybeUninit;

use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2, Axis, s};
use numerics::registers::in_widest;
use pulp::NullaryFnOnce;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub(crate) use conversion::Conversion;
pub use low_bit::{BinaryMatrix, LowBitMatrix, LowBits};

use crate::Error;
use conversion::{AfterShift, Given, Rows, Unchanged};
use panels::{Line, MOST_ROWS, PANEL, Packed, Sums, TILES_AT_ONCE};

/// Longest sums of products of an unsigned and a signed byte that stay within 32 bits: 2³¹/(255·128).
pub const LONGEST_SUM: usize = (1 << 31) / (255 * 128);

/// Rows of inputs that are packed together, a multiple of what every kernel takes: small enough to stay in the second-level cache beside a panel of weights.
const ROWS_AT_ONCE: usize = TILES_AT_ONCE * MOST_ROWS;

/// Values of a row for the outputs of a panel; the last panel's may have some that there are not.
pub(crate) type PanelOf<T> = [T; PANEL];

/// Instructions that compute, each kind with all that stand before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Path {
    /// Plain Rust.
    Portable,
    /// 256-bit registers, bytes widened to 16 bits.
    Avx2,
    /// 512-bit registers, four products an instruction and lane.
    Avx512Vnni,
    /// Tile registers, 16,384 products an instruction; operations other than products of matrices use AVX-512 VNNI.
    Amx,
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
                if amx::is_available() {
                    paths.push(Self::Amx);
                }
            }
        }
        paths
    }

    /// This path, or the portable one where the processor does not have it: nothing unsafe runs by mistake.
    fn usable(self) -> Self {
        if Self::available().contains(&self) { self } else { Self::Portable }
    }

    /// Rows that the path's kernel takes at once.
    fn rows(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Amx => amx::ROWS,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni | Self::Avx2 => x86::ROWS,
            _ => portable::ROWS,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "AVX2",
            Self::Avx512Vnni => "AVX-512 VNNI",
            Self::Amx => "AMX",
        })
    }
}

/// Signed 8-bit weights, outputs × inputs, packed for products.
#[derive(Clone, Debug)]
pub struct PackedWeights {
    outputs: usize,
    inputs: usize,
    /// For each panel and each step of four inputs, 32 outputs × 4 bytes.
    panels: Vec<Line<i8>>,
    /// Σ of each output's weights, zero for those that fill up the last panel.
    sums: Vec<i32>,
}

impl PackedWeights {
    /// Packs. Memory: inputs and outputs rounded up to multiples of 64 and 32.
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
        let mut sums: Vec<i32> =
            weights.rows().into_iter().map(|row| row.iter().map(|w| i32::from(*w)).sum()).collect();
        sums.resize(outputs.next_multiple_of(PANEL), 0);
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
        &self.sums[..self.outputs]
    }

    /// Bytes that the packed weights take.
    pub fn bytes(&self) -> usize {
        64 * self.panels.len() + 4 * self.sums.len()
    }

    /// Σ_k a_ik w_jk for unsigned inputs (rows × inputs): rows × outputs. Rows run in parallel, panels of outputs where there are few rows; the integers do not depend on that.
    ///
    /// # Errors
    /// Inputs of another length.
    pub fn multiply(&self, inputs: ArrayView2<u8>, path: Path) -> Result<Array2<i32>, Error> {
        self.convert_by(inputs, path, &Unchanged)
    }

    /// [`multiply`](Self::multiply) with each row's sums of neighbouring outputs converted at once: `convert` gets the number of the first output, the sums, and where the results go.
    ///
    /// # Errors
    /// Inputs of another length.
    pub fn convert<U: Copy + Default + Send + Sync>(
        &self,
        inputs: ArrayView2<u8>,
        path: Path,
        convert: impl Fn(usize, &[i32], &mut [U]) + Sync,
    ) -> Result<Array2<U>, Error> {
        self.convert_by(inputs, path, &Given { convert, outputs: self.outputs })
    }

    /// [`convert`](Self::convert) by a rule whose loops are compiled for the registers of the path.
    pub(crate) fn convert_by<U: Copy + Default + Send + Sync>(
        &self,
        inputs: ArrayView2<u8>,
        path: Path,
        rule: &impl Conversion<U>,
    ) -> Result<Array2<U>, Error> {
        self.check(inputs.dim())?;
        let inputs = inputs.as_standard_layout();
        Ok(self.product(inputs.as_slice().unwrap_or_default(), |value| value, path.usable(), rule))
    }

    /// The same as [`multiply`](Self::multiply) for signed inputs. Adding 128 makes them unsigned, and 128 Σ w is subtracted from the sums: hardly slower, where other libraries fall back to a slow path.
    ///
    /// # Errors
    /// Inputs of another length.
    pub fn multiply_signed(&self, inputs: ArrayView2<i8>, path: Path) -> Result<Array2<i32>, Error> {
        self.check(inputs.dim())?;
        let inputs = inputs.as_standard_layout();
        let unsigned = |value: i8| value as u8 ^ 0x80;
        let rule = AfterShift { sums_of_weights: &self.sums };
        Ok(self.product(inputs.as_slice().unwrap_or_default(), unsigned, path.usable(), &rule))
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

    /// All sums, converted while they are in the cache. `unsigned` makes an input a byte.
    #[allow(unsafe_code)]
    fn product<T: Copy + Sync, U: Copy + Default + Send + Sync>(
        &self,
        inputs: &[T],
        unsigned: impl Fn(T) -> u8 + Sync,
        path: Path,
        rule: &impl Conversion<U>,
    ) -> Array2<U> {
        let rows = inputs.len() / self.inputs;
        let threads = rayon::current_num_threads();
        let mut product = on_whole_lines(rows, self.outputs);
        if rows < 2 * path.rows() * threads {
            // Few rows: a task has a panel of outputs.
            let packed = panels::pack_inputs(inputs, self.inputs, path.rows(), &unsigned);
            let targets = product.axis_chunks_iter_mut(Axis(1), PANEL).into_par_iter();
            targets.enumerate().for_each(|(panel, targets)| {
                self.multiply_panel(panel, &packed, path, &mut panels::tiles(), rule, targets);
            });
        } else {
            // A task has some rows, and each thread gets some tasks.
            let share = rows.div_ceil(4 * threads).next_multiple_of(path.rows()).min(ROWS_AT_ONCE);
            let targets = product.axis_chunks_iter_mut(Axis(0), share).into_par_iter();
            targets.zip(inputs.par_chunks(share * self.inputs)).for_each(|(mut targets, rows)| {
                let packed = panels::pack_inputs(rows, self.inputs, path.rows(), &unsigned);
                let mut tiles = panels::tiles();
                for (panel, targets) in targets.axis_chunks_iter_mut(Axis(1), PANEL).enumerate() {
                    self.multiply_panel(panel, &packed, path, &mut tiles, rule, targets);
                }
            });
        }
        // SAFETY: every row and every panel is in a task, `Rows` writes all outputs of a panel, and what lies before and behind was written beforehand.
        unsafe { product.assume_init() }
    }

    /// The product of packed rows with one panel, where it belongs; `tiles` are to work in.
    fn multiply_panel<U: Copy + Default>(
        &self,
        panel: usize,
        packed: &Packed,
        path: Path,
        tiles: &mut [Sums; TILES_AT_ONCE],
        rule: &impl Conversion<U>,
        mut targets: ArrayViewMut2<MaybeUninit<U>>,
    ) {
        let lines = panels::panel_lines(self.inputs);
        let weights = &self.panels[panel * lines..][..lines];
        let at_once = TILES_AT_ONCE * path.rows();
        let groups = packed.lines.chunks(at_once * packed.stride);
        for (group, targets) in groups.zip(targets.axis_chunks_iter_mut(Axis(0), at_once)) {
            multiply_tiles(path, weights, group, packed.stride, self.inputs, tiles);
            let (first, rows_of_tile) = (panel * PANEL, path.rows());
            in_registers_of(path, Rows { rule, first, tiles, rows_of_tile, targets });
        }
    }
}

/// An array to be written, not filled with zeros first (a twelfth of a product of 1024 × 1024 × 1024), that begins with a line of the cache. Where it begins elsewhere, as the
/// allocator likes it, each panel's sums in a row share lines with the next panel's and are brought to the cache twice: two fifths more time for the same product. Less than a line of
/// the memory lies before and behind the array.
fn on_whole_lines<U: Copy + Default>(rows: usize, columns: usize) -> Array2<MaybeUninit<U>> {
    const LINE: usize = align_of::<Line<u8>>();
    let length = rows * columns;
    let mut array = Array1::<U>::uninit(length + LINE / size_of::<U>().max(1));
    // Where no element begins with a line, any place does.
    let start =
        Some(array.as_ptr().align_offset(LINE)).filter(|start| *start <= array.len() - length).unwrap_or(0);
    array.slice_mut(s![..start]).fill(MaybeUninit::new(U::default()));
    array.slice_mut(s![start + length..]).fill(MaybeUninit::new(U::default()));
    array
        .slice_move(s![start..start + length])
        .into_shape_with_order((rows, columns))
        .expect("as many elements")
}

/// The sums of tiles of packed rows with a panel.
fn multiply_tiles(
    path: Path,
    panel: &[Line<i8>],
    rows: &[Line<u8>],
    stride: usize,
    inputs: usize,
    sums: &mut [Sums],
) {
    let tiles = rows.chunks_exact(path.rows() * stride).zip(&mut *sums);
    match path {
        #[cfg(target_arch = "x86_64")]
        Path::Amx => amx::tiles(panel, rows, stride, inputs, sums),
        #[cfg(target_arch = "x86_64")]
        Path::Avx512Vnni => {
            tiles.for_each(|(rows, sums)| x86::tile_vnni(panel, rows, stride, inputs, sums));
        }
        #[cfg(target_arch = "x86_64")]
        Path::Avx2 => tiles.for_each(|(rows, sums)| x86::tile_avx2(panel, rows, stride, inputs, sums)),
        _ => tiles.for_each(|(rows, sums)| portable::tile(panel, rows, stride, sums)),
    }
}

/// Runs a loop, compiled for 512-bit registers on the paths that have them; what comes out does not depend on it.
pub(crate) fn in_registers_of(path: Path, work: impl NullaryFnOnce<Output = ()>) {
    match path {
        Path::Avx512Vnni | Path::Amx => in_widest(work),
        _ => work.call(),
    }
}
