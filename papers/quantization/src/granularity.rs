//! How many weights share a scale.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::calibration::Calibration;
use crate::uniform::{Grid, Layout};

/// Which weights of a matrix (outputs × inputs) share a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Granularity {
    /// All of a layer.
    Tensor,
    /// So many neighbouring outputs together.
    ChannelGroup(usize),
    /// Each output.
    Channel,
    /// So many neighbouring inputs of each output; the last group may be smaller.
    Group(usize),
}

impl Granularity {
    /// Rows and columns of a block, for a matrix of this shape.
    fn block(self, (rows, columns): (usize, usize)) -> Result<(usize, usize), Error> {
        let positive = |size: usize| match size {
            0 => Err(Error::Setting { name: "the size of a group", value: 0.0, range: "at least 1" }),
            _ => Ok(size),
        };
        Ok(match self {
            Self::Tensor => (rows, columns),
            Self::ChannelGroup(size) => (positive(size)?, columns),
            Self::Channel => (1, columns),
            Self::Group(size) => (1, positive(size)?),
        })
    }
}

/// A quantised matrix: integers, and a grid for every block.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedMatrix {
    /// The integers, outputs × inputs.
    pub integers: Array2<i32>,
    /// The grids by blocks.
    pub grids: Array2<Grid>,
    block: (usize, usize),
}

impl QuantisedMatrix {
    /// Quantises weights by rounding to nearest.
    ///
    /// # Errors
    /// Weights that are empty or not finite, settings out of range.
    pub fn new(
        weights: ArrayView2<f64>,
        granularity: Granularity,
        layout: Layout,
        bits: u32,
        calibration: Calibration,
    ) -> Result<Self, Error> {
        Self::on_grids(weights, grids(weights, granularity, layout, bits, calibration)?, granularity)
    }

    /// Rounds weights to the nearest value of given grids.
    ///
    /// # Errors
    /// Grids of another number than the granularity asks for.
    pub fn on_grids(
        weights: ArrayView2<f64>,
        grids: Array2<Grid>,
        granularity: Granularity,
    ) -> Result<Self, Error> {
        let block = fitting_block(&grids, granularity, weights.dim())?;
        let integers = Array2::from_shape_fn(weights.dim(), |(i, j)| {
            grids[(i / block.0, j / block.1)].quantise(weights[(i, j)])
        });
        Ok(Self { integers, grids, block })
    }

    /// From integers that were found otherwise on the same grids.
    pub(crate) fn from_integers(integers: Array2<i32>, grids: Array2<Grid>, block: (usize, usize)) -> Self {
        Self { integers, grids, block }
    }

    /// Rows and columns of a block.
    pub fn block(&self) -> (usize, usize) {
        self.block
    }

    /// The grid of an entry.
    pub fn grid(&self, row: usize, column: usize) -> Grid {
        self.grids[(row / self.block.0, column / self.block.1)]
    }

    /// The values back.
    pub fn values(&self) -> Array2<f64> {
        Array2::from_shape_fn(self.integers.dim(), |(i, j)| self.grid(i, j).value(self.integers[(i, j)]))
    }

    /// Bits of all integers, and of scales (32 each) and zero points (of asymmetric grids, as wide as the integers).
    pub fn size_bits(&self) -> f64 {
        let bits = self.grids.first().map_or(0, Grid::bits) as f64;
        let asymmetric = self.grids.iter().any(|grid| grid.low == 0);
        self.integers.len() as f64 * bits
            + self.grids.len() as f64 * (32.0 + if asymmetric { bits } else { 0.0 })
    }
}

/// The grids of all blocks.
///
/// # Errors
/// As for [`QuantisedMatrix::new`].
pub fn grids(
    weights: ArrayView2<f64>,
    granularity: Granularity,
    layout: Layout,
    bits: u32,
    calibration: Calibration,
) -> Result<Array2<Grid>, Error> {
    let (rows, columns) = weights.dim();
    if weights.is_empty() {
        return Err(Error::Empty("the weight matrix".into()));
    }
    crate::error::check_finite(weights.iter().copied(), "the weights")?;
    let (height, width) = granularity.block((rows, columns))?;
    let shape = (rows.div_ceil(height), columns.div_ceil(width));
    let grids = (0..shape.0 * shape.1).map(|index| {
        let (top, left) = (index / shape.1 * height, index % shape.1 * width);
        let (bottom, right) = ((top + height).min(rows), (left + width).min(columns));
        let block = weights.slice(ndarray::s![top..bottom, left..right]);
        calibration.grid(layout, bits, &block.iter().copied().collect::<Vec<_>>())
    });
    let grids = grids.collect::<Result<Vec<_>, _>>()?;
    Array2::from_shape_vec(shape, grids).map_err(|fault| Error::Format(fault.to_string()))
}

/// Rows and columns of a granularity's blocks, if there is a grid for each.
pub(crate) fn fitting_block(
    grids: &Array2<Grid>,
    granularity: Granularity,
    shape: (usize, usize),
) -> Result<(usize, usize), Error> {
    let block = granularity.block(shape)?;
    let expected = (shape.0.div_ceil(block.0), shape.1.div_ceil(block.1));
    if grids.dim() != expected {
        let (rows, columns) = grids.dim();
        let expected = format!("{} × {}", expected.0, expected.1);
        return Err(Error::Shape { what: "the grids".into(), rows, columns, expected });
    }
    Ok(block)
}
