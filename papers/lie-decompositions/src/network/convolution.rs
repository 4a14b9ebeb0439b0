//! Kernels from coordinates, convolutions as products with patches, and maxima.

use ndarray::{Array1, Array2, ArrayView2, s};
use networks::layered::Convolution;
use networks::{Network, NetworkError, Pass, Real};

use super::Architecture;
use crate::matrix::{apply2, determinant2, inverse2, product};
use crate::polar::Polar2;

/// Sizes of a convolution; pixels are rows of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Pixels along a side.
    pub side: usize,
    /// Channels that come in, samples included.
    pub channels: usize,
    /// K.
    pub kernel: usize,
    /// Zeros around.
    pub padding: usize,
}

impl Geometry {
    fn padded(&self) -> Convolution {
        Convolution {
            side: self.side + 2 * self.padding,
            channels: self.channels,
            patch: self.kernel,
            stride: 1,
        }
    }

    /// Values of patches times weights, and the patches.
    pub fn forward<T: Real>(&self, values: ArrayView2<T>, weights: &Array2<T>) -> (Array2<T>, Array2<T>) {
        let rows = values.nrows();
        let convolution = self.padded();
        let patches = if self.padding == 0 {
            convolution.patches(values)
        } else {
            let (line, wide) = (self.side * self.channels, convolution.side * self.channels);
            let mut padded = Array2::zeros((rows, convolution.side * wide));
            for y in 0..self.side {
                let to = (y + self.padding) * wide + self.padding * self.channels;
                padded
                    .slice_mut(s![.., to..to + line])
                    .assign(&values.slice(s![.., y * line..(y + 1) * line]));
            }
            convolution.patches(padded.view())
        };
        let positions = convolution.positions();
        let outputs = positions * positions * weights.nrows();
        let product = patches.dot(&weights.t());
        (product.into_shape_with_order((rows, outputs)).expect("positions times channels"), patches)
    }

    /// Patches' derivatives added where they came from, without the padding.
    fn gather<T: Real>(&self, by_patches: ArrayView2<T>, rows: usize) -> Array2<T> {
        let convolution = self.padded();
        let (line, wide) = (self.side * self.channels, convolution.side * self.channels);
        let padded = convolution.gather(by_patches, rows);
        let mut values = Array2::zeros((rows, self.side * line));
        for y in 0..self.side {
            let from = (y + self.padding) * wide + self.padding * self.channels;
            values
                .slice_mut(s![.., y * line..(y + 1) * line])
                .assign(&padded.slice(s![.., from..from + line]));
        }
        values
    }
}

/// Weights of a convolution that were computed by a network, with what takes derivatives back.
pub struct Kernel<T> {
    /// (N C) × (K² · channels that come in).
    pub weights: Array2<T>,
    /// Of the convolution that used it.
    pub geometry: Option<Geometry>,
    pass: Pass<T>,
    /// Factors of rows of the network's outputs: masks and measures.
    factors: Vec<T>,
    /// N, the samples that come in (one for an image), C, and channels of each that come in.
    shape: (usize, usize, usize, usize),
    size: usize,
}

/// The point of a place along an axis of the grid: centres of pixels of [−1, 1].
pub fn grid_point(place: usize, size: usize) -> f64 {
    (2.0 * place as f64 + 1.0 - size as f64) / size as f64
}

/// ξ⁻¹(h) as kernels see it: squeeze along two axes, the angle in (−π, π], and the scale for GL⁺.
pub fn coordinates(h: &Polar2, scale: bool) -> Vec<f64> {
    let (sine, cosine) = h.axis.sin_cos();
    let mut coordinates = vec![h.squeeze * cosine, h.squeeze * sine, h.angle];
    if scale {
        coordinates.push(h.scale);
    }
    coordinates
}

impl<T: Real> Kernel<T> {
    /// The lift's: k(g_i⁻¹z)/|g_i|.
    ///
    /// # Errors
    /// If the network takes other than two numbers.
    pub fn lift(network: &Network<T>, samples: &[Polar2], size: usize) -> Result<Self, NetworkError> {
        let (mut points, mut factors) = (Vec::new(), Vec::new());
        for element in samples {
            let g = element.matrix();
            let (inverse, measure) = (inverse2(&g), 1.0 / determinant2(&g));
            for v in 0..size {
                for u in 0..size {
                    let z = apply2(&inverse, [grid_point(u, size), grid_point(v, size)]);
                    let inside = z[0] * z[0] + z[1] * z[1] <= 1.0;
                    factors.push(T::of(if inside { measure } else { 0.0 }));
                    points.extend(z.map(T::of));
                }
            }
        }
        let points = Array2::from_shape_vec((factors.len(), 2), points).expect("two numbers a point");
        Self::of(network, points, factors, (samples.len(), 1, network.outputs(), 1), size)
    }

    /// A convolution's: k(g_i⁻¹z, ξ⁻¹(g_i⁻¹g_j))/(N|g_j|).
    ///
    /// # Errors
    /// If the network takes another number of coordinates.
    pub fn convolution(
        network: &Network<T>,
        samples: &[Polar2],
        architecture: &Architecture,
    ) -> Result<Self, NetworkError> {
        let (size, count, channels) = (architecture.kernel, samples.len(), architecture.channels);
        let matrices: Vec<_> = samples.iter().map(Polar2::matrix).collect();
        let (mut points, mut factors) = (Vec::new(), Vec::new());
        for g in &matrices {
            let inverse = inverse2(g);
            let relative: Vec<Vec<f64>> = matrices
                .iter()
                .map(|other| {
                    let h = Polar2::of(&product(&inverse, other)).unwrap_or(Polar2::IDENTITY);
                    coordinates(&h, architecture.scale)
                })
                .collect();
            for v in 0..size {
                for u in 0..size {
                    let z = apply2(&inverse, [grid_point(u, size), grid_point(v, size)]);
                    let inside = z[0] * z[0] + z[1] * z[1] <= 1.0;
                    for (other, coordinates) in matrices.iter().zip(&relative) {
                        let measure = 1.0 / (count as f64 * determinant2(other));
                        factors.push(T::of(if inside { measure } else { 0.0 }));
                        points.extend(z.iter().chain(coordinates).map(|x| T::of(*x)));
                    }
                }
            }
        }
        let inputs = 2 + architecture.coordinates();
        let points = Array2::from_shape_vec((factors.len(), inputs), points).expect("coordinates a point");
        Self::of(network, points, factors, (count, count, channels, channels), size)
    }

    fn of(
        network: &Network<T>,
        points: Array2<T>,
        factors: Vec<T>,
        shape: (usize, usize, usize, usize),
        size: usize,
    ) -> Result<Self, NetworkError> {
        let pass = network.pass(points.view())?;
        let (samples, inside, outputs, inputs) = shape;
        let area = size * size;
        let mut weights = Array2::zeros((samples * outputs, area * inside * inputs));
        let rows = pass.outputs();
        for i in 0..samples {
            for place in 0..area * inside {
                let row = i * area * inside + place;
                for c in 0..outputs {
                    for from in 0..inputs {
                        weights[(i * outputs + c, place * inputs + from)] =
                            rows[(row, c * inputs + from)] * factors[row];
                    }
                }
            }
        }
        Ok(Self { weights, geometry: None, pass, factors, shape, size })
    }

    /// Derivatives by the weights and, if they are asked for, by what came in.
    pub fn backward(
        &self,
        by_product: &Array2<T>,
        patches: &Array2<T>,
        inputs: bool,
    ) -> (Array2<T>, Array2<T>) {
        let channels = self.weights.nrows();
        let by_positions = by_product
            .view()
            .into_shape_with_order((patches.nrows(), channels))
            .expect("positions times channels");
        let by_weights = by_positions.t().dot(patches);
        let by_inputs = match self.geometry {
            Some(geometry) if inputs => {
                geometry.gather(by_positions.dot(&self.weights).view(), by_product.nrows())
            }
            _ => Array2::zeros((0, 0)),
        };
        (by_weights, by_inputs)
    }

    /// Derivatives by the network's parameters.
    pub fn by_parameters(&self, network: &Network<T>, by_weights: &Array2<T>) -> Array1<T> {
        let (samples, inside, outputs, inputs) = self.shape;
        let area = self.size * self.size;
        let mut by_outputs = Array2::zeros(self.pass.outputs().dim());
        for i in 0..samples {
            for place in 0..area * inside {
                let row = i * area * inside + place;
                for c in 0..outputs {
                    for from in 0..inputs {
                        by_outputs[(row, c * inputs + from)] =
                            by_weights[(i * outputs + c, place * inputs + from)] * self.factors[row];
                    }
                }
            }
        }
        let deltas = network.deltas(&self.pass, by_outputs);
        network.gradient_of(&self.pass, &deltas)
    }
}

/// The maximum of every 2 × 2 pixels, and where it was, row by row.
pub fn pool<T: Real>(values: &Array2<T>, side: usize, channels: usize) -> (Array2<T>, Vec<usize>) {
    let half = side / 2;
    let mut from = Vec::with_capacity(values.nrows() * half * half * channels);
    let pooled = Array2::from_shape_fn((values.nrows(), half * half * channels), |(row, place)| {
        let (pixel, channel) = (place / channels, place % channels);
        let (y, x) = (2 * (pixel / half), 2 * (pixel % half));
        let candidates =
            [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(dy, dx)| ((y + dy) * side + x + dx) * channels + channel);
        let best = first_largest(candidates, |place| values[(row, place)]);
        from.push(best);
        values[(row, best)]
    });
    (pooled, from)
}

/// The maximum over samples and pixels of every channel, and where it was.
pub fn largest<T: Real>(values: &Array2<T>, samples: usize, channels: usize) -> (Array2<T>, Vec<usize>) {
    let pixels = values.ncols() / (samples * channels);
    let mut from = Vec::with_capacity(values.nrows() * channels);
    let pooled = Array2::from_shape_fn((values.nrows(), channels), |(row, channel)| {
        let places = (0..pixels * samples).map(|place| place * channels + channel);
        let best = first_largest(places, |place| values[(row, place)]);
        from.push(best);
        values[(row, best)]
    });
    (pooled, from)
}

fn first_largest<T: Real>(places: impl IntoIterator<Item = usize>, value: impl Fn(usize) -> T) -> usize {
    let mut places = places.into_iter();
    let mut best = places.next().unwrap_or(0);
    for place in places {
        if value(place) > value(best) {
            best = place;
        }
    }
    best
}

/// Derivatives by maxima, put where the maxima were.
pub fn spread<T: Real>(by_maxima: &Array2<T>, from: &[usize], before: usize) -> Array2<T> {
    let mut values = Array2::zeros((by_maxima.nrows(), before));
    for (index, place) in from.iter().enumerate() {
        let (row, column) = (index / by_maxima.ncols(), index % by_maxima.ncols());
        values[(row, *place)] += by_maxima[(row, column)];
    }
    values
}
