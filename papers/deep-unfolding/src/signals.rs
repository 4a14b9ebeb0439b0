//! Signals and matrices with known truth.

use ndarray::{Array2, ArrayView2, Axis};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::training::{Batch, Signals};

/// Sparse Gaussian signals and noisy measurements: an entry is zero with probability 1 − p, else normal with standard deviation `amplitude`; the noise has variance p · amplitude² · ‖A‖²_F/M · 10^(−SNR/10), so that the signal-to-noise ratio of measurements is `decibels` on average.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BernoulliGaussian {
    /// p in [0, 1].
    pub probability: f64,
    /// The signal-to-noise ratio, dB.
    pub decibels: f64,
    /// Standard deviation of entries that are not zero.
    pub amplitude: f64,
}

impl BernoulliGaussian {
    /// Signals in rows and their measurements through A.
    pub fn draw(
        &self,
        a: ArrayView2<f64>,
        count: usize,
        random: &mut impl Rng,
    ) -> (Array2<f64>, Array2<f64>) {
        let (rows, columns) = a.dim();
        let xs = Array2::from_shape_simple_fn((count, columns), || {
            let value: f64 = StandardNormal.sample(random);
            if random.random_bool(self.probability) { self.amplitude * value } else { 0.0 }
        });
        let power: f64 = a.iter().map(|entry| entry * entry).sum::<f64>() / rows as f64;
        let deviation =
            self.amplitude * (self.probability * power * 10.0_f64.powf(-self.decibels / 10.0)).sqrt();
        let mut ys = xs.dot(&a.t());
        ys.mapv_inplace(|y| {
            let noise: f64 = StandardNormal.sample(random);
            y + deviation * noise
        });
        (xs, ys)
    }
}

/// M × N independent entries with variance 1/M.
pub fn gaussian_matrix(rows: usize, columns: usize, random: &mut impl Rng) -> Array2<f64> {
    let scale = (rows as f64).sqrt().recip();
    Array2::from_shape_simple_fn((rows, columns), || {
        let value: f64 = StandardNormal.sample(random);
        scale * value
    })
}

/// A model as a source of batches, fresh ones without end.
pub struct Model<'a, R> {
    /// The signals.
    pub signals: BernoulliGaussian,
    /// A.
    pub matrix: ArrayView2<'a, f64>,
    /// Where they are drawn from.
    pub random: R,
}

impl<R: Rng> Signals for Model<'_, R> {
    fn draw(&mut self, size: usize) -> Batch {
        let (xs, ys) = self.signals.draw(self.matrix, size, &mut self.random);
        Batch { xs: Some(xs), ys }
    }
}

/// Rows of given samples, drawn with replacement.
pub struct Samples<'a, R> {
    /// Signals, where they are known.
    pub xs: Option<ArrayView2<'a, f64>>,
    /// Measurements.
    pub ys: ArrayView2<'a, f64>,
    /// Where rows are drawn from.
    pub random: R,
}

impl<R: Rng> Signals for Samples<'_, R> {
    fn draw(&mut self, size: usize) -> Batch {
        let rows: Vec<usize> = (0..size).map(|_| self.random.random_range(0..self.ys.nrows())).collect();
        Batch { xs: self.xs.map(|xs| xs.select(Axis(0), &rows)), ys: self.ys.select(Axis(0), &rows) }
    }
}

/// 10 log₁₀(Σ‖x̂ − x‖²/Σ‖x‖²): a ratio of sums, since a signal may be all zeros.
pub fn nmse_decibels(found: ArrayView2<f64>, truth: ArrayView2<f64>) -> f64 {
    let error: f64 = found.iter().zip(truth).map(|(a, b)| (a - b) * (a - b)).sum();
    10.0 * (error / truth.iter().map(|b| b * b).sum::<f64>()).log10()
}
