//! The layouts of packed operands.

use ndarray::ArrayView2;

/// Outputs of a panel: two registers of 16 lanes. A panel of a thousand inputs takes 32 KB.
pub(super) const PANEL: usize = 32;
/// Inputs that one instruction adds up in a lane.
pub(super) const STEP: usize = 4;
/// Both operands are filled up with zeros to multiples of this number of inputs: a tile register's row.
pub(super) const BLOCK: usize = 64;
/// The most rows that a kernel takes at once.
pub(super) const MOST_ROWS: usize = 32;

/// Tiles of rows that are multiplied with a panel before their sums are converted.
pub(super) const TILES_AT_ONCE: usize = 6;

/// A line of the cache: operands lie on whole ones, since a register that reads parts of two takes twice as long.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Line<T>(pub [T; 64]);

/// The sums of a tile of rows with a panel of outputs; a kernel of fewer rows writes the first ones.
#[repr(align(64))]
pub(super) struct Sums(pub [i32; MOST_ROWS * PANEL]);

/// Room for the sums of tiles.
pub(super) fn tiles() -> [Sums; TILES_AT_ONCE] {
    [const { Sums([0; MOST_ROWS * PANEL]) }; TILES_AT_ONCE]
}

/// Lines of a panel.
pub(super) fn panel_lines(inputs: usize) -> usize {
    inputs.div_ceil(BLOCK) * PANEL
}

/// Panels of 32 outputs; in a panel steps of four inputs; in a step the outputs, four bytes each. Missing outputs and inputs are 0.
pub(super) fn pack_weights(weights: ArrayView2<i8>) -> Vec<Line<i8>> {
    let (outputs, inputs) = weights.dim();
    let mut packed = vec![Line([0; 64]); outputs.div_ceil(PANEL) * panel_lines(inputs)];
    for ((output, input), &weight) in weights.indexed_iter() {
        let place = input / STEP * PANEL * STEP + output % PANEL * STEP + input % STEP;
        packed[output / PANEL * panel_lines(inputs) + place / 64].0[place % 64] = weight;
    }
    packed
}

/// Rows of unsigned bytes.
pub(super) struct Packed {
    /// Rows one after the other, each filled up with zeros.
    pub lines: Vec<Line<u8>>,
    /// Lines of a row: an odd number, so that rows do not compete for one set of the cache.
    pub stride: usize,
}

/// Copies rows of `inputs` numbers, made unsigned by `unsigned`; their number is filled up to a multiple of `multiple`.
pub(super) fn pack_inputs<T: Copy>(
    rows: &[T],
    inputs: usize,
    multiple: usize,
    unsigned: impl Fn(T) -> u8,
) -> Packed {
    let stride = inputs.div_ceil(BLOCK) | 1;
    let count = (rows.len() / inputs).next_multiple_of(multiple) * stride;
    // Appended line by line, so that nothing is filled with zeros only to be written over.
    let mut lines = Vec::with_capacity(count);
    for (row, end) in rows.chunks_exact(inputs).zip((stride..).step_by(stride)) {
        let (whole, rest) = row.as_chunks::<64>();
        lines.extend(whole.iter().map(|values| Line(std::array::from_fn(|i| unsigned(values[i])))));
        let byte = |i: usize| rest.get(i).map_or(0, |value| unsigned(*value));
        lines.extend((!rest.is_empty()).then(|| Line(std::array::from_fn(byte))));
        lines.resize(end, Line([0; 64]));
    }
    lines.resize(count, Line([0; 64]));
    Packed { lines, stride }
}
