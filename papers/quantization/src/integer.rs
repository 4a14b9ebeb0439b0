//! Integer-only inference: no floating-point operation between the quantised input and the quantised output.
//!
//! With inputs Sa (a − Za) and weights Sw w, a layer is Sa Sw (Σ a w − Za Σ w + bias) with a bias in units of Sa Sw. Its output in units of So is that sum times M = Sa Sw / So, which integer arithmetic does by a
//! *dyadic* number m 2^−k: one multiplication, one rounding shift. A rectifier is the clip at the output's zero point.

use ndarray::{Array2, ArrayView2, Axis};
use pulp::NullaryFnOnce;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::kernels::{Conversion, PackedWeights, PanelOf, Path, in_registers_of};
use crate::network::Convolution;
use crate::quantise::Quantised;
use crate::uniform::{Grid, nearest};

/// How sums become outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requantisation {
    /// In single precision, rounded to even: what onnxruntime does, to the bit. Not integer-only.
    Float,
    /// One 64-bit product and one rounding shift.
    Dyadic,
    /// A doubling high product and a rounding shift, each rounded: gemmlowp's way, which can differ by one.
    DyadicTwice,
}

/// M ≈ m 2^−31 2^−shift with m from 2³⁰ to below 2³¹.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dyadic {
    /// m.
    pub multiplier: i32,
    /// Further places to shift; negative for M ≥ 1.
    pub shift: i32,
}

impl Dyadic {
    /// The nearest to M.
    ///
    /// # Errors
    /// M that is not positive, or beyond 2^±30.
    pub fn nearest(multiple: f64) -> Result<Self, Error> {
        if !(multiple > 2f64.powi(-30) && multiple < 2f64.powi(30)) {
            return Err(Error::Setting {
                name: "a requantisation factor",
                value: multiple,
                range: "between 2^-30 and 2^30",
            });
        }
        let mut shift = 0;
        let mut mantissa = multiple;
        while mantissa >= 1.0 {
            (mantissa, shift) = (mantissa / 2.0, shift - 1);
        }
        while mantissa < 0.5 {
            (mantissa, shift) = (mantissa * 2.0, shift + 1);
        }
        let rounded = (mantissa * 2f64.powi(31)).round();
        Ok(match rounded < 2f64.powi(31) {
            true => Self { multiplier: rounded as i32, shift },
            // 0.99… rounds up to 1.
            false => Self { multiplier: 1 << 30, shift: shift - 1 },
        })
    }

    /// ⌊sum · M⌉ with one rounding, halves up.
    // Without branches, so that a loop over outputs takes registers of many numbers.
    #[inline(always)]
    pub fn apply(self, sum: i32) -> i64 {
        let places = 31 + self.shift;
        let (left, right) = ((-places).max(0), places.max(0));
        let product = (i64::from(sum) * i64::from(self.multiplier)) << left;
        (product + ((1i64 << right) >> 1)) >> right
    }

    /// gemmlowp's: ⌊2 sum m / 2³²⌉, then ⌊· / 2^shift⌉ with halves away from zero.
    pub fn apply_twice(self, sum: i32) -> i64 {
        let (least, largest) = (i64::from(i32::MIN), i64::from(i32::MAX));
        let sum = (i64::from(sum) << (-self.shift).max(0)).clamp(least, largest);
        let product = sum * i64::from(self.multiplier);
        let nudge = if product >= 0 { 1i64 << 30 } else { 1 - (1i64 << 30) };
        let high = (product + nudge) / (1i64 << 31);
        let shift = self.shift.max(0);
        let (mask, rest) = ((1i64 << shift) - 1, high & ((1i64 << shift) - 1));
        let threshold = (mask >> 1) + i64::from(high < 0);
        (high >> shift) + i64::from(rest > threshold)
    }
}

/// A layer of integers.
#[derive(Clone, Debug)]
pub struct IntegerLayer {
    weights: PackedWeights,
    /// Bias minus the zero point's share.
    offsets: Vec<i32>,
    factors: Vec<f32>,
    dyadics: Vec<Dyadic>,
    output: Grid,
    convolution: Option<Convolution>,
}

impl IntegerLayer {
    /// From weights with a scale for each output (one for all if there is only one), biases in units of input scale times weight scale, and the grids of input and output.
    ///
    /// # Errors
    /// Sizes that differ; grids that are not 0 … 255; sums that could leave 32 bits.
    pub fn new(
        weights: ArrayView2<i8>,
        scales: &[f64],
        biases: &[i32],
        input: Grid,
        output: Grid,
        convolution: Option<Convolution>,
    ) -> Result<Self, Error> {
        let outputs = weights.nrows();
        let wrong = |what: &str, found: usize| Error::Shape {
            what: what.into(),
            rows: found,
            columns: 1,
            expected: format!("{outputs} × 1"),
        };
        if scales.len() != outputs && scales.len() != 1 {
            return Err(wrong("the scales", scales.len()));
        }
        if biases.len() != outputs {
            return Err(wrong("the biases", biases.len()));
        }
        for grid in [input, output] {
            if (grid.low, grid.high) != (0, 255) {
                return Err(Error::Setting {
                    name: "the largest integer of an activation",
                    value: grid.high.into(),
                    range: "255, from 0",
                });
            }
        }
        let matrix = weights;
        let weights = PackedWeights::new(matrix)?;
        let scale = |j: usize| scales[if scales.len() == 1 { 0 } else { j }];
        let reach = |j: usize| matrix.row(j).iter().map(|w| 255 * i64::from(w.unsigned_abs())).sum::<i64>();
        let offset = |j: usize| {
            let offset = i64::from(biases[j]) - i64::from(input.zero_point) * i64::from(weights.sums()[j]);
            match offset.abs() + reach(j) <= i64::from(i32::MAX) {
                true => Ok(offset as i32),
                false => Err(Error::SumOverflow { output: j }),
            }
        };
        let offsets = (0..outputs).map(offset).collect::<Result<_, _>>()?;
        // In single precision in onnxruntime's order of operations.
        let factors =
            (0..outputs).map(|j| input.scale as f32 * scale(j) as f32 / output.scale as f32).collect();
        let dyadics: Vec<Dyadic> = (0..outputs)
            .map(|j| Dyadic::nearest(input.scale * scale(j) / output.scale))
            .collect::<Result<_, _>>()?;
        Ok(Self { weights, offsets, factors, dyadics, output, convolution })
    }

    /// Outputs for rows of integers.
    ///
    /// # Errors
    /// Rows of another length.
    pub fn forward(
        &self,
        inputs: ArrayView2<u8>,
        requantisation: Requantisation,
        path: Path,
    ) -> Result<Array2<u8>, Error> {
        let rule = Requantise { layer: self, requantisation };
        let outputs = match self.convolution {
            Some(convolution) => self.weights.convert_by(convolution.patches(inputs).view(), path, &rule)?,
            None => self.weights.convert_by(inputs, path, &rule)?,
        };
        let rows = inputs.nrows();
        let shape = (rows, outputs.len() / rows.max(1));
        outputs.into_shape_with_order(shape).map_err(|fault| Error::Format(fault.to_string()))
    }
}

/// Outputs of sums.
struct Requantise<'a> {
    layer: &'a IntegerLayer,
    requantisation: Requantisation,
}

impl Conversion<u8> for Requantise<'_> {
    #[inline(always)]
    fn convert(&self, first: usize, sums: &PanelOf<i32>) -> PanelOf<u8> {
        let layer = self.layer;
        let mut outputs = [0; _];
        let zero = layer.output.zero_point;
        let shifted = sums.iter().zip(&layer.offsets[first..]).map(|(sum, offset)| sum.wrapping_add(*offset));
        let (low, high) = (i64::from(layer.output.low - zero), i64::from(layer.output.high - zero));
        match self.requantisation {
            Requantisation::Float => {
                // Clipped before rounding; then adding 1.5 · 2²³ rounds, ties to even, and leaves the integer in the last bits.
                const SHIFT: f32 = 1.5 * (1u32 << 23) as f32;
                for ((to, sum), factor) in outputs.iter_mut().zip(shifted).zip(&layer.factors[first..]) {
                    let clipped = (sum as f32 * factor).clamp(low as f32, high as f32);
                    let rounded = (clipped + SHIFT).to_bits().wrapping_sub(SHIFT.to_bits()) as i32;
                    *to = (rounded + zero) as u8;
                }
            }
            Requantisation::Dyadic => {
                for ((to, sum), dyadic) in outputs.iter_mut().zip(shifted).zip(&layer.dyadics[first..]) {
                    *to = (dyadic.apply(sum).clamp(low, high) as i32 + zero) as u8;
                }
            }
            Requantisation::DyadicTwice => {
                for ((to, sum), dyadic) in outputs.iter_mut().zip(shifted).zip(&layer.dyadics[first..]) {
                    *to = (dyadic.apply_twice(sum).clamp(low, high) as i32 + zero) as u8;
                }
            }
        }
        outputs
    }
}

/// Integers of real numbers.
struct Rounding<'a> {
    grid: Grid,
    values: &'a [f32],
    integers: &'a mut [u8],
}

impl NullaryFnOnce for Rounding<'_> {
    type Output = ();

    /// By the reciprocal of the scale, several times as fast as by division. On a grid of 8 bits the product is off by parts in 2⁵² of at most 255, so that only what is next to a half can round otherwise:
    /// values that have one in their midst are divided, and all where the scale is beyond reciprocals.
    #[inline(always)]
    fn call(self) {
        const NEIGHBOURS: usize = 64;
        let Self { grid, values, integers } = self;
        let reciprocal = 1.0 / grid.scale;
        for (integers, values) in integers.chunks_mut(NEIGHBOURS).zip(values.chunks(NEIGHBOURS)) {
            let mut next_to_half = !reciprocal.is_normal();
            for (to, value) in integers.iter_mut().zip(values) {
                let scaled = grid.clipped(f64::from(*value) * reciprocal);
                let integer = nearest(scaled);
                next_to_half |= (scaled - f64::from(integer)).abs() > 0.5 - 1e-9;
                *to = (integer + grid.zero_point) as u8;
            }
            if next_to_half {
                for (to, value) in integers.iter_mut().zip(values) {
                    *to = grid.quantise(f64::from(*value)) as u8;
                }
            }
        }
    }
}

/// A network of integers, with the grids of its input and output.
#[derive(Clone, Debug)]
pub struct IntegerNetwork {
    layers: Vec<IntegerLayer>,
    input: Grid,
    output: Grid,
}

impl IntegerNetwork {
    /// From layers whose grids fit together.
    pub fn from_layers(layers: Vec<IntegerLayer>, input: Grid, output: Grid) -> Self {
        Self { layers, input, output }
    }

    /// From a network quantised to symmetric weights of at most 8 bits by tensor or channel and 8-bit activations. `output` is the grid of the logits.
    ///
    /// # Errors
    /// Other weights or activations.
    pub fn new(quantised: &Quantised, output: Grid) -> Result<Self, Error> {
        let count = quantised.matrices.len();
        let grid = |l: usize| {
            let inputs = quantised
                .activations
                .get(l)
                .copied()
                .flatten()
                .filter(|grid| (grid.low, grid.high) == (0, 255));
            inputs.ok_or(Error::NotByIntegers("activations of 8 bits on asymmetric grids"))
        };
        let mut layers = Vec::new();
        for (l, matrix) in quantised.matrices.iter().enumerate() {
            let rows = matrix.integers.nrows();
            if matrix.grids.ncols() != 1 || (matrix.grids.nrows() != rows && matrix.grids.nrows() != 1) {
                return Err(Error::NotByIntegers("a scale for each layer or each output"));
            }
            if matrix.grids.iter().any(|grid| grid.zero_point != 0 || grid.low < -128 || grid.high > 127) {
                return Err(Error::NotByIntegers("symmetric weights of 8 bits at most"));
            }
            let scales: Vec<f64> = matrix.grids.iter().map(|grid| grid.scale).collect();
            let input = grid(l)?;
            let layer = &quantised.network.layers[l];
            let scale = |j: usize| input.scale * scales[if scales.len() == 1 { 0 } else { j }];
            let bias = |(j, b): (usize, &f32)| match (f64::from(*b) / scale(j)).round_ties_even() {
                bias if bias.abs() < f64::from(i32::MAX) => Ok(bias as i32),
                _ => Err(Error::SumOverflow { output: j }),
            };
            let biases = layer.biases.iter().enumerate().map(bias).collect::<Result<Vec<i32>, _>>()?;
            let after = if l + 1 < count { grid(l + 1)? } else { output };
            let weights = matrix.integers.mapv(|w| w as i8);
            layers.push(IntegerLayer::new(
                weights.view(),
                &scales,
                &biases,
                input,
                after,
                layer.convolution,
            )?);
        }
        Ok(Self { layers, input: grid(0)?, output })
    }

    /// Integers of real inputs.
    pub fn quantise(&self, inputs: ArrayView2<f32>) -> Array2<u8> {
        let path = Path::best();
        let mut integers = Array2::zeros(inputs.dim());
        for (mut integers, values) in integers.rows_mut().into_iter().zip(inputs.rows()) {
            match (integers.as_slice_mut(), values.as_slice()) {
                (Some(integers), Some(values)) => {
                    in_registers_of(path, Rounding { grid: self.input, values, integers });
                }
                _ => integers
                    .zip_mut_with(&values, |to, value| *to = self.input.quantise(f64::from(*value)) as u8),
            }
        }
        integers
    }

    /// Integer outputs of integer inputs.
    ///
    /// # Errors
    /// Rows of another length.
    pub fn forward(
        &self,
        inputs: ArrayView2<u8>,
        requantisation: Requantisation,
        path: Path,
    ) -> Result<Array2<u8>, Error> {
        by_blocks(inputs, |rows| self.through_layers(rows, requantisation, path))
    }

    fn through_layers(
        &self,
        rows: ArrayView2<u8>,
        requantisation: Requantisation,
        path: Path,
    ) -> Result<Array2<u8>, Error> {
        let Some((first, rest)) = self.layers.split_first() else { return Ok(rows.to_owned()) };
        let mut values = first.forward(rows, requantisation, path)?;
        for layer in rest {
            values = layer.forward(values.view(), requantisation, path)?;
        }
        Ok(values)
    }

    /// Real outputs of real inputs, by integers: [`quantise`](Self::quantise), [`forward`](Self::forward) and [`values`](Self::values).
    ///
    /// # Errors
    /// Rows of another length.
    pub fn logits(
        &self,
        inputs: ArrayView2<f32>,
        requantisation: Requantisation,
        path: Path,
    ) -> Result<Array2<f32>, Error> {
        by_blocks(inputs, |rows| {
            let outputs = self.through_layers(self.quantise(rows).view(), requantisation, path)?;
            Ok(self.values(&outputs))
        })
    }

    /// Real values of integer outputs.
    pub fn values(&self, outputs: &Array2<u8>) -> Array2<f32> {
        outputs.mapv(|integer| self.output.value(i32::from(integer)) as f32)
    }
}

/// Rows that go through a network together at most: their integers stay in the second-level cache.
const MOST_ROWS: usize = 256;

/// The results of blocks of rows, one below the other. A block goes through all layers on one thread: taken layer by layer, threads would wait for each other three times.
fn by_blocks<T: Sync, U: Clone + Send>(
    inputs: ArrayView2<T>,
    run: impl Fn(ArrayView2<T>) -> Result<Array2<U>, Error> + Sync,
) -> Result<Array2<U>, Error> {
    let rows = inputs.nrows();
    // A multiple of what every kernel takes at once.
    let block = rows.div_ceil(rayon::current_num_threads()).next_multiple_of(32).min(MOST_ROWS);
    if rows <= block {
        // Enters the pool once, not with every layer's product.
        return rayon::scope(|_| run(inputs));
    }
    let parts: Vec<Array2<U>> =
        inputs.axis_chunks_iter(Axis(0), block).into_par_iter().map(&run).collect::<Result<_, _>>()?;
    let parts: Vec<ArrayView2<U>> = parts.iter().map(|part| part.view()).collect();
    ndarray::concatenate(Axis(0), &parts).map_err(|fault| Error::Format(fault.to_string()))
}
