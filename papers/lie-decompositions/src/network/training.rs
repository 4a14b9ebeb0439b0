//! Training with fresh samples at every step, and classification with several sets of samples.

use ndarray::{Array1, Array2, ArrayView2, Axis, Ix1, Ix2};
use networks::{Adam, Real};
use rand::Rng;
use rand::seq::SliceRandom;

use super::sampling::Sampling;
use super::{ArchitectureError, GroupNetwork};

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Training {
    /// Where features live.
    pub sampling: Sampling,
    /// N.
    pub samples: usize,
    /// Passes over the images.
    pub epochs: usize,
    /// Images of a step.
    pub batch: usize,
    /// Adam's rate at the beginning; it falls to zero along a cosine.
    pub rate: f64,
    /// Added to derivatives, times the parameter.
    pub decay: f64,
}

/// Trains; gives the mean loss of every epoch.
///
/// # Errors
/// For images or labels that do not fit, and [`ArchitectureError::Shape`] where the loss is no number.
pub fn train<T: Real>(
    network: &mut GroupNetwork<T>,
    images: ArrayView2<T>,
    labels: &[usize],
    training: &Training,
    random: &mut impl Rng,
) -> Result<Vec<f64>, ArchitectureError> {
    let floor = T::of(1e-8);
    let vector = |length: usize| Adam::<T, Ix1>::new(Ix1(length), floor);
    let mut lift = vector(network.lift.parameters().len());
    let mut convolutions: Vec<_> =
        network.convolutions.iter().map(|k| vector(k.parameters().len())).collect();
    let mut head = Adam::<T, Ix2>::new(network.head.raw_dim(), floor);
    let mut bias = vector(network.bias.len());
    let mut order: Vec<usize> = (0..images.nrows()).collect();
    let steps = (images.nrows().div_ceil(training.batch) * training.epochs) as f64;
    let decay = T::of(training.decay);
    let mut step = 0.0;
    let mut losses = Vec::with_capacity(training.epochs);
    for _ in 0..training.epochs {
        order.shuffle(random);
        let mut sum = 0.0;
        for chosen in order.chunks(training.batch) {
            let batch = images.select(Axis(0), chosen);
            let of_batch: Vec<usize> = chosen.iter().map(|k| labels[*k]).collect();
            let samples = training.sampling.draw(training.samples, random);
            let (loss, mut by) = network.loss_and_gradients(batch.view(), &of_batch, &samples)?;
            if !loss.is_finite() {
                return Err(ArchitectureError::Shape(
                    "the loss is no number: a smaller rate is needed".into(),
                ));
            }
            sum += loss.wide() * chosen.len() as f64;
            let rate = T::of(training.rate * 0.5 * (1.0 + (std::f64::consts::PI * step / steps).cos()));
            by.lift.zip_mut_with(&network.lift.parameters(), |g, p| *g += decay * *p);
            lift.step(network.lift.parameters_mut(), &by.lift, rate);
            for ((kernel, adam), by) in
                network.convolutions.iter_mut().zip(&mut convolutions).zip(&mut by.convolutions)
            {
                by.zip_mut_with(&kernel.parameters(), |g, p| *g += decay * *p);
                adam.step(kernel.parameters_mut(), by, rate);
            }
            head.step(network.head.view_mut(), &by.head, rate);
            bias.step(network.bias.view_mut(), &by.bias, rate);
            step += 1.0;
        }
        losses.push(sum / images.nrows() as f64);
    }
    Ok(losses)
}

/// Logits, averaged over several sets of samples.
///
/// # Errors
/// As [`GroupNetwork::logits`].
pub fn averaged<T: Real>(
    network: &GroupNetwork<T>,
    images: ArrayView2<T>,
    (sampling, samples, draws): (&Sampling, usize, usize),
    random: &mut impl Rng,
) -> Result<Array2<T>, ArchitectureError> {
    let mut sum = Array2::zeros((images.nrows(), network.architecture.classes));
    for _ in 0..draws {
        let elements = sampling.draw(samples, random);
        // In blocks, so that patches of many images do not have to fit into memory at once.
        for start in (0..images.nrows()).step_by(64) {
            let end = (start + 64).min(images.nrows());
            let logits = network.logits(images.slice(ndarray::s![start..end, ..]), &elements)?;
            let mut part = sum.slice_mut(ndarray::s![start..end, ..]);
            part += &logits;
        }
    }
    Ok(sum / T::of(draws as f64))
}

/// The class with the largest output of every row.
pub fn classes<T: Real>(logits: &Array2<T>) -> Vec<usize> {
    let best = |row: ndarray::ArrayView1<T>| {
        (0..row.len()).fold(0, |best, class| if row[class] > row[best] { class } else { best })
    };
    logits.rows().into_iter().map(best).collect()
}

/// The share of rows whose class is right.
pub fn accuracy<T: Real>(logits: &Array2<T>, labels: &[usize]) -> f64 {
    let right = classes(logits).iter().zip(labels).filter(|(a, b)| a == b).count();
    right as f64 / labels.len() as f64
}

/// Σ |a − b|² over Σ |b|², rooted: how much outputs change.
pub fn relative_change<T: Real>(changed: &Array2<T>, before: &Array2<T>) -> f64 {
    let square = |values: &Array1<T>| values.iter().map(|x| x.wide() * x.wide()).sum::<f64>();
    let flat = |values: &Array2<T>| -> Array1<T> { values.iter().copied().collect() };
    let (a, b) = (flat(changed), flat(before));
    (square(&(&a - &b)) / square(&b)).sqrt()
}
