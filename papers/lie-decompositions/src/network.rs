//! Networks of group convolutions on images, forward and backward.
//!
//! Features live on samples g_1, …, g_N of the group. The lift correlates an image with kernels k(g_i⁻¹z), a convolution features with kernels k(g_i⁻¹z, ξ⁻¹(g_i⁻¹g_j)) and sums over j with weight 1/(N|g_j|).
//! Kernels are small sine networks of continuous coordinates, evaluated on a grid of K × K points z whose image g_i⁻¹z lies in the unit disc; so both layers are ordinary convolutions with N C channels, whose
//! weights are computed from few parameters. Norms are over all channels, samples and pixels of an image; behind everything is a maximum over samples and pixels.

use ndarray::{Array1, Array2, ArrayView2, Axis, Zip};
use networks::{Activation, Initialisation, Loss, Network, Parametrisation, Real};
use rand::Rng;

use crate::polar::Polar2;

pub mod convolution;
pub mod sampling;
pub mod training;

use convolution::{Geometry, Kernel};

/// What follows the lift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// So many times convolution, norm and GELU; what came in is added.
    Residual(usize),
    /// Convolution, norm, GELU.
    Convolution,
    /// The maximum of every 2 × 2 pixels.
    Pool,
}

/// A network's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Architecture {
    /// Pixels along a side.
    pub side: usize,
    /// C.
    pub channels: usize,
    /// K, odd.
    pub kernel: usize,
    /// Widths of hidden layers of the kernel networks.
    pub hidden: Vec<usize>,
    /// Whether kernels see the scale: GL⁺(2).
    pub scale: bool,
    /// Layers after the lift, which is followed by norm and GELU.
    pub stages: Vec<Stage>,
    /// Classes.
    pub classes: usize,
    /// Added to variances in norms.
    pub epsilon: f64,
}

/// Why there is no network.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ArchitectureError {
    /// Sizes that do not fit each other.
    #[error("{0}")]
    Shape(String),
    /// From a kernel network.
    #[error(transparent)]
    Kernel(#[from] networks::NetworkError),
}

impl Architecture {
    /// ξ has so many numbers.
    pub fn coordinates(&self) -> usize {
        if self.scale { 4 } else { 3 }
    }

    /// Convolutions after the lift.
    pub fn convolutions(&self) -> usize {
        let of = |stage: &Stage| match stage {
            Stage::Residual(count) => *count,
            Stage::Convolution => 1,
            Stage::Pool => 0,
        };
        self.stages.iter().map(of).sum()
    }

    /// Sides of the feature maps behind the lift and behind every stage.
    ///
    /// # Errors
    /// For an even or too large kernel, for pooling an odd side, for empty blocks, and where something is zero.
    pub fn sides(&self) -> Result<Vec<usize>, ArchitectureError> {
        let fault = |text: String| Err(ArchitectureError::Shape(text));
        if self.kernel.is_multiple_of(2) || self.kernel > self.side {
            return fault(format!(
                "a kernel of {} does not fit {} pixels: it is odd and no larger",
                self.kernel, self.side
            ));
        }
        if self.channels == 0 || self.classes < 2 || self.hidden.contains(&0) {
            return fault("channels, hidden widths and at least two classes are needed".into());
        }
        if self.stages.contains(&Stage::Residual(0)) {
            return fault("a residual block has no convolution".into());
        }
        let mut sides = vec![self.side + 1 - self.kernel];
        for stage in &self.stages {
            let side = sides[sides.len() - 1];
            if *stage == Stage::Pool && !side.is_multiple_of(2) {
                return fault(format!("a side of {side} cannot be pooled"));
            }
            sides.push(if *stage == Stage::Pool { side / 2 } else { side });
        }
        Ok(sides)
    }
}

/// A network.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupNetwork<T> {
    /// Its shape.
    pub architecture: Architecture,
    /// The kernel of the lift: from two coordinates.
    pub lift: Network<T>,
    /// Kernels of the convolutions.
    pub convolutions: Vec<Network<T>>,
    /// C × classes.
    pub head: Array2<T>,
    /// Classes.
    pub bias: Array1<T>,
}

/// Derivatives by everything that a network has.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients<T> {
    /// Of the lift's parameters.
    pub lift: Array1<T>,
    /// Of the convolutions'.
    pub convolutions: Vec<Array1<T>>,
    /// Of the head.
    pub head: Array2<T>,
    /// Of its bias.
    pub bias: Array1<T>,
}

/// Norms, for the way back: normalised values and one over deviations.
struct Normed<T> {
    values: Array2<T>,
    inverse: Array1<T>,
}

/// z Φ(z) and its derivative, for all entries.
///
/// In single precision Φ is Hastings's (Abramowitz and Stegun 7.1.26), right to 1.5·10⁻⁷, and shares its exponential with the density: computed in double precision Φ would take half of a training step.
fn gelu<T: Real>(z: &Array2<T>) -> (Array2<T>, Array2<T>) {
    let activation = Activation::Gelu;
    if T::epsilon() < T::of(1e-10) {
        return (activation.values(z), z.mapv(|z| activation.derivative(z)));
    }
    let [one, half, root, slope, peak] =
        [1.0, 0.5, std::f64::consts::FRAC_1_SQRT_2, 0.327_591_1, 0.398_942_280_401_432_7].map(T::of);
    let [a1, a2, a3, a4, a5] =
        [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429].map(T::of);
    let (mut values, mut slopes) = (Array2::zeros(z.raw_dim()), Array2::zeros(z.raw_dim()));
    Zip::from(&mut values).and(&mut slopes).and(z).for_each(|value, derivative, &z| {
        let x = z.abs() * root;
        let bell = (-x * x).exp();
        let t = one / (one + slope * x);
        let tail = half * bell * t * (a1 + t * (a2 + t * (a3 + t * (a4 + t * a5))));
        let below = if z > T::zero() { one - tail } else { tail };
        *value = z * below;
        *derivative = below + z * bell * peak;
    });
    (values, slopes)
}

/// What a stage leaves for the way back.
enum Trace<T> {
    Convolved(Box<Convolved<T>>),
    Pooled { from: Vec<usize>, before: usize },
}

/// Convolution, norm and GELU.
struct Convolved<T> {
    kernel: Kernel<T>,
    patches: Array2<T>,
    normed: Normed<T>,
    slopes: Array2<T>,
    /// At the end of a residual block, its convolutions.
    adds: Option<usize>,
}

impl<T: Real> GroupNetwork<T> {
    /// Draws one: kernels as sine networks with w₀ = 10 folded into their weights (first layer uniform in ±w₀/in, others so that variances stay, last ±√(6/width)/√(C K²)), a head like a rectifier network's.
    ///
    /// # Errors
    /// For sizes that do not fit.
    pub fn new(architecture: &Architecture, random: &mut impl Rng) -> Result<Self, ArchitectureError> {
        architecture.sides()?;
        let c = architecture.channels;
        let area = (architecture.kernel * architecture.kernel) as f64;
        let mut kernel = |inputs: usize, outputs: usize, fan: f64| -> Result<Network<T>, ArchitectureError> {
            let widths: Vec<usize> =
                [inputs].into_iter().chain(architecture.hidden.iter().copied()).chain([outputs]).collect();
            let mut network = Network::new(
                &widths,
                Activation::Sine,
                Parametrisation::Standard,
                Initialisation::FanIn,
                random,
            )?;
            let last = network.layers() - 1;
            for (l, width) in widths.iter().take(last + 1).enumerate() {
                let inside = *width as f64;
                // FanIn draws from ±1/√in.
                let factor = match l {
                    _ if l == last => (6.0 / fan).sqrt(),
                    0 => 10.0 / inside.sqrt(),
                    _ => 6.0_f64.sqrt(),
                };
                network.weights_mut(l).mapv_inplace(|w| w * T::of(factor));
                if l > 0 {
                    network.biases_mut(l).fill(T::zero());
                }
            }
            Ok(network)
        };
        let lift = kernel(2, c, area)?;
        let inputs = 2 + architecture.coordinates();
        let convolutions = (0..architecture.convolutions())
            .map(|_| kernel(inputs, c * c, c as f64 * area))
            .collect::<Result<_, _>>()?;
        let bound = (1.0 / c as f64).sqrt();
        let head = Array2::from_shape_simple_fn((c, architecture.classes), || {
            T::of(random.random_range(-bound..bound))
        });
        Ok(Self {
            architecture: architecture.clone(),
            lift,
            convolutions,
            head,
            bias: Array1::zeros(architecture.classes),
        })
    }

    /// Numbers that are trained.
    pub fn parameters(&self) -> usize {
        let kernels: usize = self.convolutions.iter().map(|kernel| kernel.parameters().len()).sum();
        self.lift.parameters().len() + kernels + self.head.len() + self.bias.len()
    }

    /// Outputs for images, one a row, with features on these samples.
    ///
    /// # Errors
    /// For rows of another length than side².
    pub fn logits(&self, images: ArrayView2<T>, samples: &[Polar2]) -> Result<Array2<T>, ArchitectureError> {
        Ok(self.run(images, samples)?.logits)
    }

    /// The maxima over samples and pixels before the head: images × C.
    ///
    /// # Errors
    /// As [`GroupNetwork::logits`].
    pub fn features(
        &self,
        images: ArrayView2<T>,
        samples: &[Polar2],
    ) -> Result<Array2<T>, ArchitectureError> {
        Ok(self.run(images, samples)?.pooled)
    }

    fn run(&self, images: ArrayView2<T>, samples: &[Polar2]) -> Result<Forward<T>, ArchitectureError> {
        let a = &self.architecture;
        if images.ncols() != a.side * a.side || samples.is_empty() {
            return Err(ArchitectureError::Shape(format!(
                "rows of {} numbers, expected {} for {} × {} pixels, and at least one sample",
                images.ncols(),
                a.side * a.side,
                a.side,
                a.side
            )));
        }
        let sides = a.sides()?;
        let width = samples.len() * a.channels;
        let geometry = Geometry { side: a.side, channels: 1, kernel: a.kernel, padding: 0 };
        let kernel = Kernel::lift(&self.lift, samples, a.kernel)?;
        let (mut values, first) = self.convolve(images, kernel, geometry, None);
        let mut traces = vec![first];
        let mut which = 0;
        for (stage, side) in a.stages.iter().zip(&sides) {
            let geometry = Geometry { side: *side, channels: width, kernel: a.kernel, padding: a.kernel / 2 };
            let count = match stage {
                Stage::Pool => {
                    let (pooled, from) = convolution::pool(&values, *side, width);
                    traces.push(Trace::Pooled { from, before: values.ncols() });
                    values = pooled;
                    continue;
                }
                Stage::Residual(count) => *count,
                Stage::Convolution => 1,
            };
            let before = values.clone();
            for step in 0..count {
                let kernel = Kernel::convolution(&self.convolutions[which], samples, a)?;
                which += 1;
                let adds = (matches!(stage, Stage::Residual(_)) && step + 1 == count).then_some(count);
                let (after, trace) = self.convolve(values.view(), kernel, geometry, adds);
                traces.push(trace);
                values = after;
            }
            if matches!(stage, Stage::Residual(_)) {
                values += &before;
            }
        }
        let (pooled, places) = convolution::largest(&values, samples.len(), a.channels);
        let logits = pooled.dot(&self.head) + &self.bias;
        Ok(Forward { traces, last: values.ncols(), pooled, places, logits })
    }

    fn convolve(
        &self,
        values: ArrayView2<T>,
        mut kernel: Kernel<T>,
        geometry: Geometry,
        adds: Option<usize>,
    ) -> (Array2<T>, Trace<T>) {
        let (product, patches) = geometry.forward(values, &kernel.weights);
        let normed = normalise(product, self.architecture.epsilon);
        let (after, slopes) = gelu(&normed.values);
        kernel.geometry = Some(geometry);
        (after, Trace::Convolved(Box::new(Convolved { kernel, patches, normed, slopes, adds })))
    }

    /// The mean cross-entropy and its derivatives.
    ///
    /// # Errors
    /// As [`GroupNetwork::logits`], and for labels beyond the classes.
    pub fn loss_and_gradients(
        &self,
        images: ArrayView2<T>,
        labels: &[usize],
        samples: &[Polar2],
    ) -> Result<(T, Gradients<T>), ArchitectureError> {
        let classes = self.architecture.classes;
        if labels.len() != images.nrows() || labels.iter().any(|label| *label >= classes) {
            return Err(ArchitectureError::Shape(format!(
                "{} labels for {} images, expected as many, below {classes}",
                labels.len(),
                images.nrows()
            )));
        }
        let forward = self.run(images, samples)?;
        let targets = networks::one_hot(labels, classes);
        let rows = T::of(labels.len() as f64);
        let loss = Loss::CrossEntropy.mean(forward.logits.view(), targets.view());
        let by_logits = Loss::CrossEntropy.by_outputs(forward.logits.view(), targets.view()) / rows;
        let head = forward.pooled.t().dot(&by_logits);
        let bias = by_logits.sum_axis(Axis(0));
        let by_pooled = by_logits.dot(&self.head.t());
        let mut delta = convolution::spread(&by_pooled, &forward.places, forward.last);
        let mut which = self.convolutions.len();
        let mut convolutions = vec![Array1::zeros(0); which];
        let mut lift = Array1::zeros(0);
        // What a residual adds waits for the beginning of its block: convolutions still to come, and the derivative.
        let mut waiting: Vec<(usize, Array2<T>)> = Vec::new();
        for (place, trace) in forward.traces.iter().enumerate().rev() {
            match trace {
                Trace::Pooled { from, before } => delta = convolution::spread(&delta, from, *before),
                Trace::Convolved(convolved) => {
                    let Convolved { kernel, patches, normed, slopes, adds } = &**convolved;
                    if let Some(count) = adds {
                        waiting.push((*count, delta.clone()));
                    }
                    delta *= slopes;
                    let by_product = through_norm(&delta, normed);
                    let (by_weights, by_inputs) = kernel.backward(&by_product, patches, place > 0);
                    let network = if place == 0 {
                        &self.lift
                    } else {
                        which -= 1;
                        &self.convolutions[which]
                    };
                    let gradient = kernel.by_parameters(network, &by_weights);
                    if place == 0 {
                        lift = gradient;
                    } else {
                        convolutions[which] = gradient;
                        delta = by_inputs;
                    }
                    if let Some((left, added)) = waiting.last_mut() {
                        *left -= 1;
                        if *left == 0 {
                            delta += &*added;
                            waiting.pop();
                        }
                    }
                }
            }
        }
        Ok((loss, Gradients { lift, convolutions, head, bias }))
    }
}

struct Forward<T> {
    traces: Vec<Trace<T>>,
    last: usize,
    pooled: Array2<T>,
    places: Vec<usize>,
    logits: Array2<T>,
}

/// Every row less its mean, over its deviation.
fn normalise<T: Real>(mut values: Array2<T>, epsilon: f64) -> Normed<T> {
    let count = T::of(values.ncols() as f64);
    let mut inverse = Array1::zeros(values.nrows());
    for (mut row, inverse) in values.rows_mut().into_iter().zip(&mut inverse) {
        let mean = row.sum() / count;
        row.mapv_inplace(|x| x - mean);
        let variance = row.fold(T::zero(), |sum, x| sum + *x * *x) / count;
        *inverse = T::one() / (variance + T::of(epsilon)).sqrt();
        let factor = *inverse;
        row.mapv_inplace(|x| x * factor);
    }
    Normed { values, inverse }
}

/// The derivative by what was normalised.
fn through_norm<T: Real>(delta: &Array2<T>, normed: &Normed<T>) -> Array2<T> {
    let count = T::of(delta.ncols() as f64);
    let mut out = delta.clone();
    for ((mut row, values), inverse) in
        out.rows_mut().into_iter().zip(normed.values.rows()).zip(&normed.inverse)
    {
        let mean = row.sum() / count;
        let along = row.dot(&values) / count;
        row.zip_mut_with(&values, |d, z| *d = (*d - mean - *z * along) * *inverse);
    }
    out
}
