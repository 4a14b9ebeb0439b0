//! The derivative of a training loss by all steps and thresholds, in reverse mode.
//!
//! Backwards through x⁺ = P(x − g(Gx − b)) with P at t: from d = ∂loss/∂x⁺ come d at u = x − g(Gx − b), then the step's own derivative −Σ dᵤ(Gx − b), then d − gG dᵤ for the layer before. Soft thresholding has the derivative 1 where |u| > t. Hard thresholding
//! has it too **almost everywhere**, and a jump at |u| = t: as g moves, entries cross the threshold, and the expected loss changes by how much it jumps there times how densely entries stand there. Automatic differentiation misses that part ([`HardGradient`]).

use ndarray::{Array2, ArrayView2};
use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::network::Network;
use crate::problem::{Penalty, Problem, advance, product};

/// What a network is trained for.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// Supervised: ‖x_T − x‖² for the true signals in rows.
    Signals(ArrayView2<'a, f64>),
    /// Unsupervised: the objective at x_T.
    Objective,
}

/// What stands for the derivative of hard thresholding. Soft thresholding has one, and none of these matters there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum HardGradient {
    /// The derivative at almost every point, which is what automatic differentiation gives: the penalty λ‖x‖₀ and free thresholds do not enter.
    AlmostEverywhere,
    /// Hard thresholding forwards; backwards the derivative of u·q with the logistic function q of β(|u| − t), and of the count Σq in the last layer's penalty.
    Surrogate {
        /// β > 0, in units of one over the signals.
        beta: f64,
    },
    /// The almost-everywhere part and the missing one: entries within `width` of the threshold count with 1/(2·width) times the jump of the loss, for which the rest of the network is run once more. Its bias is of the order of the width's square, its variance of one over the width.
    Boundary {
        /// Half the window's width, in units of the signals.
        width: f64,
    },
}

/// A loss, the mean over the batch, with its derivatives.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradient {
    /// The loss itself.
    pub loss: f64,
    /// By each step; through tied thresholds too.
    pub steps: Vec<f64>,
    /// By each threshold, where they are free.
    pub thresholds: Option<Vec<f64>>,
}

/// Samples of one task. Sums are taken in this order whatever the number of threads.
const SAMPLES: usize = 8;

/// Loss and derivatives for measurements in rows. For each sample and layer 2 N flops for each entry of x and of dᵤ that is not zero; with [`HardGradient::Boundary`] the layers behind once more for each entry in its window. 16 N bytes of memory for each layer and thread.
///
/// # Panics
/// If the shapes do not fit, or the batch is empty.
pub fn gradient(
    network: &Network,
    problem: &Problem,
    ys: ArrayView2<f64>,
    target: Target,
    hard: HardGradient,
) -> Gradient {
    let (count, depth) = (ys.nrows(), network.depth());
    assert!(count > 0, "an empty batch");
    let correlations = problem.correlations(ys);
    let truth = match target {
        Target::Signals(xs) => {
            assert_eq!(xs.dim(), correlations.dim(), "signals of another shape");
            Some(xs.as_standard_layout().to_owned())
        }
        Target::Objective => None,
    };
    let thresholds: Vec<f64> = (0..depth).map(|layer| network.threshold(layer)).collect();
    let energies: Vec<f64> = ys.rows().into_iter().map(|y| y.dot(&y)).collect();
    let task = |first: usize| {
        let mut sums = Sums { loss: 0.0, steps: vec![0.0; depth], thresholds: vec![0.0; depth] };
        let mut tape = Tape::new(problem, depth);
        for (sample, energy) in energies.iter().enumerate().skip(first).take(SAMPLES) {
            let pass = Pass {
                network,
                gram: problem.gram_rows(),
                thresholds: &thresholds,
                b: row(&correlations, sample),
                energy: *energy,
                truth: truth.as_ref().map(|truth| row(truth, sample)),
                hard,
                tape: &mut tape,
                sums: &mut sums,
            };
            Arch::new().dispatch(pass);
        }
        sums
    };
    let starts = (0..count).step_by(SAMPLES).collect::<Vec<_>>();
    let parts: Vec<Sums> = starts.into_par_iter().map(task).collect();
    let mut total = Gradient { loss: 0.0, steps: vec![0.0; depth], thresholds: None };
    let mut by_threshold = vec![0.0; depth];
    let share = 1.0 / count as f64;
    for part in parts {
        total.loss += share * part.loss;
        total.steps.iter_mut().zip(&part.steps).for_each(|(sum, slope)| *sum += share * slope);
        by_threshold.iter_mut().zip(&part.thresholds).for_each(|(sum, slope)| *sum += share * slope);
    }
    if network.thresholds.is_some() {
        total.thresholds = Some(by_threshold);
    } else {
        for (layer, slope) in by_threshold.iter().enumerate() {
            total.steps[layer] +=
                slope * network.penalty.threshold_slope(network.weight, network.steps[layer]);
        }
    }
    total
}

fn row(matrix: &Array2<f64>, row: usize) -> &[f64] {
    let columns = matrix.ncols();
    &matrix.as_slice().unwrap_or_default()[row * columns..(row + 1) * columns]
}

struct Sums {
    loss: f64,
    steps: Vec<f64>,
    thresholds: Vec<f64>,
}

/// What the way forwards leaves for the way back: Gx − b and u of every layer.
struct Tape {
    slopes: Vec<f64>,
    inner: Vec<f64>,
    x: Vec<f64>,
    d: Vec<f64>,
    du: Vec<f64>,
    last: Vec<f64>,
    /// For the rest of the network from a changed point.
    other: Vec<f64>,
    product: Vec<f64>,
}

impl Tape {
    fn new(problem: &Problem, depth: usize) -> Self {
        let size = problem.dimensions().1;
        let zeros = || vec![0.0; size];
        Self {
            slopes: vec![0.0; size * depth],
            inner: vec![0.0; size * depth],
            x: zeros(),
            d: zeros(),
            du: zeros(),
            last: zeros(),
            other: zeros(),
            product: zeros(),
        }
    }
}

/// One sample forwards and backwards.
struct Pass<'a> {
    network: &'a Network,
    gram: &'a [f64],
    thresholds: &'a [f64],
    b: &'a [f64],
    /// ‖y‖².
    energy: f64,
    truth: Option<&'a [f64]>,
    hard: HardGradient,
    tape: &'a mut Tape,
    sums: &'a mut Sums,
}

impl NullaryFnOnce for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { network, gram, thresholds, b, energy, truth, hard, tape, sums } = self;
        let (size, depth, penalty) = (b.len(), network.depth(), network.penalty);
        let Tape { slopes, inner, x, d, du, last, other, product: scratch } = tape;
        x.fill(0.0);
        for layer in 0..depth {
            let slope = &mut slopes[layer * size..(layer + 1) * size];
            let u = &mut inner[layer * size..(layer + 1) * size];
            advance(gram, b, network.steps[layer], x, slope, u);
            penalty.shrink_all(thresholds[layer], u, x);
        }
        let judge = Judge { gram, b, energy, truth, penalty, weight: network.weight };
        let loss = judge.loss(x, last);
        sums.loss += loss;
        judge.slope(x, last, d);
        let mut extra = truth.is_none();
        for layer in (0..depth).rev() {
            let (step, threshold) = (network.steps[layer], thresholds[layer]);
            let u = &inner[layer * size..(layer + 1) * size];
            let mut by_threshold = 0.0;
            match (penalty, hard) {
                (Penalty::L1, _) => {
                    for (((du, signed), d), u) in du.iter_mut().zip(&mut *scratch).zip(&*d).zip(u) {
                        *du = if u.abs() > threshold { *d } else { 0.0 };
                        *signed = if *u < 0.0 { -*du } else { *du };
                    }
                    by_threshold -= sum(scratch);
                }
                (Penalty::L0, HardGradient::Surrogate { beta }) => {
                    let count = if extra { network.weight } else { 0.0 };
                    for ((du, d), u) in du.iter_mut().zip(&*d).zip(u) {
                        let open = 1.0 / (1.0 + (-beta * (u.abs() - threshold)).exp());
                        let slope = beta * open * (1.0 - open);
                        *du = d * (open + u.abs() * slope) + count * slope * u.signum();
                        by_threshold -= d * u * slope + count * slope;
                    }
                }
                (Penalty::L0, _) => {
                    for ((du, d), u) in du.iter_mut().zip(&*d).zip(u) {
                        *du = if u.abs() > threshold { *d } else { 0.0 };
                    }
                }
            }
            if let (Penalty::L0, HardGradient::Boundary { width }) = (penalty, hard) {
                for i in 0..size {
                    let distance = u[i].abs() - threshold;
                    if distance.abs() >= width {
                        continue;
                    }
                    penalty.shrink_all(threshold, u, other);
                    let kept = distance > 0.0;
                    other[i] = if kept { 0.0 } else { u[i] };
                    for (step, threshold) in network.steps.iter().zip(thresholds).skip(layer + 1) {
                        advance(gram, b, *step, other, last, scratch);
                        penalty.shrink_all(*threshold, scratch, other);
                    }
                    let alternative = judge.loss(other, last);
                    let jump = if kept { loss - alternative } else { alternative - loss } / (2.0 * width);
                    du[i] += jump * u[i].signum();
                    by_threshold -= jump;
                }
            }
            extra = false;
            let slope = &slopes[layer * size..(layer + 1) * size];
            sums.steps[layer] -= dot(du, slope);
            sums.thresholds[layer] += by_threshold;
            if layer > 0 {
                product(gram, du, scratch);
                for ((d, du), g) in d.iter_mut().zip(&*du).zip(&*scratch) {
                    *d = du - step * g;
                }
            }
        }
    }
}

/// The loss of a sample.
struct Judge<'a> {
    gram: &'a [f64],
    b: &'a [f64],
    energy: f64,
    truth: Option<&'a [f64]>,
    penalty: Penalty,
    weight: f64,
}

impl Judge<'_> {
    /// The loss at x; leaves Gx − b in `slope`, where the objective is the loss.
    #[inline(always)]
    fn loss(&self, x: &[f64], slope: &mut [f64]) -> f64 {
        if let Some(truth) = self.truth {
            return x.iter().zip(truth).map(|(x, t)| (x - t) * (x - t)).sum();
        }
        product(self.gram, x, slope);
        slope.iter_mut().zip(self.b).for_each(|(slope, b)| *slope -= b);
        let fit: f64 = x.iter().zip(&*slope).zip(self.b).map(|((x, slope), b)| x * (slope - b)).sum();
        0.5 * (self.energy + fit) + self.penalty.value(self.weight, x)
    }

    /// The loss's derivative by x, with 0 for the sign of 0.
    #[inline(always)]
    fn slope(&self, x: &[f64], slope: &[f64], d: &mut [f64]) {
        match self.truth {
            Some(truth) => {
                for ((d, x), t) in d.iter_mut().zip(x).zip(truth) {
                    *d = 2.0 * (x - t);
                }
            }
            None => {
                for ((d, x), slope) in d.iter_mut().zip(x).zip(slope) {
                    let sign = if *x == 0.0 { 0.0 } else { x.signum() };
                    *d = slope + if self.penalty == Penalty::L1 { self.weight * sign } else { 0.0 };
                }
            }
        }
    }
}

/// Eight sums side by side, which vector units take at once, always in the same order.
#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[inline(always)]
fn sum(a: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let chunks = a.chunks_exact(8);
    let rest: f64 = chunks.remainder().iter().sum();
    for a in chunks {
        for k in 0..8 {
            sums[k] += a[k];
        }
    }
    sums.iter().sum::<f64>() + rest
}
