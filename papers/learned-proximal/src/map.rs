//! Linear maps with weights, on rows of numbers: three methods, of which a network and its double backward are made.

use ndarray::{ArrayView2, ArrayViewMut2};
use numerics::product::add_product;
use serde::{Deserialize, Serialize};

/// A linear map. Images are rows, pixel by pixel with the channels of a pixel together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Map {
    /// x ↦ M x; weights are M, outputs × inputs.
    Dense {
        /// Numbers in.
        inputs: usize,
        /// Numbers out.
        outputs: usize,
    },
    /// 3 × 3 patches with a border of zeros; weights are (9 · channels) × filters, patches line by line.
    Convolution {
        /// Pixels along a side, a multiple of the stride.
        side: usize,
        /// Channels in.
        channels: usize,
        /// Channels out.
        filters: usize,
        /// 1 or 2.
        stride: usize,
    },
    /// An image of one channel made smaller, then a map: by 2, the mean of each 2 × 2 pixels; by 4, the mean of the central 2 × 2 of each 4 × 4, which is bilinear resizing without corners aligned.
    Resized {
        /// Pixels along a side before.
        side: usize,
        /// 2 or 4.
        factor: usize,
        /// What follows.
        map: Box<Map>,
    },
}

/// Numbers in or out of a dense map.
const MOST: usize = 1 << 28;
/// Images whose patches are laid out at a time, so that they stay in cache.
const IMAGES: usize = 4;

impl Map {
    /// Whether its sizes are those of a map: for what comes from a file.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Dense { inputs, outputs } => {
                [inputs, outputs].iter().all(|size| (1..=MOST).contains(*size))
            }
            Self::Convolution { side, channels, filters, stride } => {
                matches!(stride, 1 | 2)
                    && *side >= 2
                    && side.is_multiple_of(*stride)
                    && *side <= 16_384
                    && [channels, filters].iter().all(|size| (1..=65_536).contains(*size))
            }
            Self::Resized { side, factor, map } => {
                matches!(factor, 2 | 4)
                    && *side <= 65_536
                    && side.is_multiple_of(*factor)
                    && map.is_sound()
                    && !matches!(**map, Self::Resized { .. })
                    && map.inputs() == (side / factor) * (side / factor)
            }
        }
    }

    /// Numbers in a row that goes in.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Dense { inputs, .. } => *inputs,
            Self::Convolution { side, channels, .. } => side * side * channels,
            Self::Resized { side, .. } => side * side,
        }
    }

    /// Numbers in a row that comes out.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Dense { outputs, .. } => *outputs,
            Self::Convolution { side, filters, stride, .. } => (side / stride) * (side / stride) * filters,
            Self::Resized { map, .. } => map.outputs(),
        }
    }

    /// Numbers that repeat along a row that comes out: a bias has as many.
    pub fn features(&self) -> usize {
        match self {
            Self::Dense { outputs, .. } => *outputs,
            Self::Convolution { filters, .. } => *filters,
            Self::Resized { map, .. } => map.features(),
        }
    }

    /// Weights.
    pub fn weights(&self) -> usize {
        match self {
            Self::Dense { inputs, outputs } => inputs * outputs,
            Self::Convolution { channels, filters, .. } => 9 * channels * filters,
            Self::Resized { map, .. } => map.weights(),
        }
    }

    /// Numbers that meet in one number that comes out.
    pub fn fan_in(&self) -> usize {
        match self {
            Self::Dense { inputs, .. } => *inputs,
            Self::Convolution { channels, .. } => 9 * channels,
            Self::Resized { map, .. } => map.fan_in(),
        }
    }

    /// out ← out + M x, row by row. Cost: 2 flops a weight and row, for a convolution at each place.
    pub fn apply(&self, weights: &[f64], x: &[f64], out: &mut [f64]) {
        match self {
            Self::Dense { inputs, outputs } => {
                product(out, *outputs, rows(x, *inputs), rows(weights, *inputs).reversed_axes());
            }
            Self::Convolution { filters, .. } => {
                self.by_images(x.len() / self.inputs(), |images, patches| {
                    self.lay(&x[scaled(&images, self.inputs())], patches);
                    let out = &mut out[scaled(&images, self.outputs())];
                    product(out, *filters, rows(patches, self.fan_in()), rows(weights, *filters));
                })
            }
            Self::Resized { side, factor, map } => map.apply(weights, &smaller(x, *side, *factor), out),
        }
    }

    /// out ← out + Mᵀ u, row by row.
    pub fn adjoint(&self, weights: &[f64], u: &[f64], out: &mut [f64]) {
        match self {
            Self::Dense { inputs, outputs } => {
                product(out, *inputs, rows(u, *outputs), rows(weights, *inputs));
            }
            Self::Convolution { filters, .. } => {
                self.by_images(u.len() / self.outputs(), |images, patches| {
                    patches.fill(0.0);
                    let u = &u[scaled(&images, self.outputs())];
                    product(
                        patches,
                        self.fan_in(),
                        rows(u, *filters),
                        rows(weights, *filters).reversed_axes(),
                    );
                    self.gather(patches, &mut out[scaled(&images, self.inputs())]);
                })
            }
            Self::Resized { side, factor, map } => {
                let mut small = vec![0.0; u.len() / map.outputs() * map.inputs()];
                map.adjoint(weights, u, &mut small);
                add_larger(&small, *side, *factor, out);
            }
        }
    }

    /// out ← out + the derivative of Σ ⟨u, M x⟩ over rows by the weights.
    pub fn gradient(&self, u: &[f64], x: &[f64], out: &mut [f64]) {
        match self {
            Self::Dense { inputs, outputs } => {
                product(out, *inputs, rows(u, *outputs).reversed_axes(), rows(x, *inputs));
            }
            Self::Convolution { filters, .. } => {
                self.by_images(x.len() / self.inputs(), |images, patches| {
                    self.lay(&x[scaled(&images, self.inputs())], patches);
                    let u = &u[scaled(&images, self.outputs())];
                    product(out, *filters, rows(patches, self.fan_in()).reversed_axes(), rows(u, *filters));
                })
            }
            Self::Resized { side, factor, map } => map.gradient(u, &smaller(x, *side, *factor), out),
        }
    }

    /// A bound of the spectral norm: √(largest row sum · largest column sum) of absolute values, for small dense maps the norm itself.
    pub fn norm(&self, weights: &[f64]) -> f64 {
        match self {
            Self::Dense { inputs, outputs } => {
                let matrix = ArrayView2::from_shape((*outputs, *inputs), weights).expect("sizes fit");
                let gram = if inputs < outputs { matrix.t().dot(&matrix) } else { matrix.dot(&matrix.t()) };
                let exact = (gram.nrows() <= 512).then(|| numerics::symmetric::eigen(gram.view())).flatten();
                exact.and_then(|(values, _)| values.last().map(|value| value.max(0.0).sqrt())).unwrap_or_else(
                    || {
                        let sums = |axis| {
                            matrix
                                .mapv(f64::abs)
                                .sum_axis(ndarray::Axis(axis))
                                .iter()
                                .fold(0.0_f64, |a, b| a.max(*b))
                        };
                        (sums(0) * sums(1)).sqrt()
                    },
                )
            }
            Self::Convolution { channels, filters, .. } => {
                // A filter's weights are all of a row; a pixel's channel meets each of the nine weights at most once.
                let mut by_filter = vec![0.0; *filters];
                let mut by_channel = vec![0.0; *channels];
                for (place, weight) in weights.iter().enumerate() {
                    by_filter[place % filters] += weight.abs();
                    by_channel[place / filters % channels] += weight.abs();
                }
                let most = |sums: &[f64]| sums.iter().fold(0.0_f64, |a, b| a.max(*b));
                (most(&by_filter) * most(&by_channel)).sqrt()
            }
            // Disjoint means of four numbers have the norm ½.
            Self::Resized { map, .. } => 0.5 * map.norm(weights),
        }
    }

    fn by_images(&self, count: usize, mut each: impl FnMut(std::ops::Range<usize>, &mut [f64])) {
        let Self::Convolution { side, stride, .. } = self else { return };
        let places = (side / stride) * (side / stride);
        let mut patches = vec![0.0; IMAGES.min(count) * places * self.fan_in()];
        for start in (0..count).step_by(IMAGES) {
            let images = start..(start + IMAGES).min(count);
            each(images.clone(), &mut patches[..images.len() * places * self.fan_in()]);
        }
    }

    /// For each line of each patch: where it begins among the patches, how many numbers of it lie left of the image, where the rest lies in the image, and how many of them.
    fn lines(&self, images: usize, mut each: impl FnMut(usize, usize, usize, usize)) {
        let Self::Convolution { side, channels, stride, .. } = self else { return };
        let (positions, span) = (side / stride, 3 * channels);
        let mut patch = 0;
        for image in 0..images {
            for top in 0..positions {
                for left in 0..positions {
                    // The patch begins a pixel before its place; what lies outside is left out.
                    let first = left * stride;
                    let (skip, from) = if first == 0 { (*channels, 0) } else { (0, first - 1) };
                    let until = (first + 2).min(*side);
                    let length = (until - from) * channels;
                    for line in 0..3 {
                        let row = top * stride + line;
                        let inside = row >= 1 && row <= *side;
                        let source =
                            if inside { ((image * side + row - 1) * side + from) * channels } else { 0 };
                        each(patch + line * span, skip, source, if inside { length } else { 0 });
                    }
                    patch += 3 * span;
                }
            }
        }
    }

    fn lay(&self, images: &[f64], patches: &mut [f64]) {
        let span = self.fan_in() / 3;
        self.lines(images.len() / self.inputs(), |line, skip, from, length| {
            if length < span {
                patches[line..line + span].fill(0.0);
            }
            patches[line + skip..line + skip + length].copy_from_slice(&images[from..from + length]);
        });
    }

    fn gather(&self, patches: &[f64], images: &mut [f64]) {
        self.lines(images.len() / self.inputs(), |line, skip, to, length| {
            let from = &patches[line + skip..line + skip + length];
            images[to..to + length].iter_mut().zip(from).for_each(|(to, from)| *to += from);
        });
    }
}

fn scaled(range: &std::ops::Range<usize>, width: usize) -> std::ops::Range<usize> {
    range.start * width..range.end * width
}

fn rows(numbers: &[f64], width: usize) -> ArrayView2<'_, f64> {
    ArrayView2::from_shape((numbers.len() / width, width), numbers).expect("whole rows")
}

/// out ← out + a b.
fn product(out: &mut [f64], width: usize, a: ArrayView2<f64>, b: ArrayView2<f64>) {
    let mut out = ArrayViewMut2::from_shape((a.nrows(), width), out).expect("a row for each of a");
    add_product(1.0, a, b, &mut out);
}

/// Pixels whose mean a smaller image's pixel is, along one side.
fn sources(pixel: usize, factor: usize) -> [usize; 2] {
    let middle = pixel * factor + factor / 2;
    [middle - 1, middle]
}

fn smaller(x: &[f64], side: usize, factor: usize) -> Vec<f64> {
    let small = side / factor;
    let mut out = Vec::with_capacity(x.len() / (factor * factor));
    for image in x.chunks_exact(side * side) {
        for top in 0..small {
            for left in 0..small {
                let [a, b] = sources(top, factor).map(|row| {
                    let [c, d] = sources(left, factor);
                    image[row * side + c] + image[row * side + d]
                });
                out.push(0.25 * (a + b));
            }
        }
    }
    out
}

fn add_larger(small: &[f64], side: usize, factor: usize, out: &mut [f64]) {
    let width = side / factor;
    for (small, image) in small.chunks_exact(width * width).zip(out.chunks_exact_mut(side * side)) {
        for top in 0..width {
            for left in 0..width {
                for row in sources(top, factor) {
                    for column in sources(left, factor) {
                        image[row * side + column] += 0.25 * small[top * width + left];
                    }
                }
            }
        }
    }
}
