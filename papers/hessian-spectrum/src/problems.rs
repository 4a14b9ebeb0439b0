//! Data of the authors' programs, drawn anew: blobs in two geometries, and digits pooled to 49 pixels; and their way of training.

use ndarray::{Array1, Array2, Axis};
use networks::{Activation, Initialisation, Loss, Network, NetworkError, Parametrisation, one_hot};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::point::{Point, PointError};

/// Where the centres of clusters lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Geometry {
    /// Uniform in [−10, 10]^d: the authors' program, scikit-learn's `make_blobs`.
    Box,
    /// 5 e_i: less separated.
    Axes,
}

/// Clusters of points with classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Blobs {
    /// Where the centres lie.
    pub geometry: Geometry,
    /// k, at most d for [`Geometry::Axes`].
    pub clusters: usize,
    /// C ≤ k: cluster c belongs to class c mod C.
    pub classes: usize,
    /// d.
    pub dimension: usize,
    /// N: points take turns among the clusters.
    pub points: usize,
    /// Standard deviation of a coordinate about its centre.
    pub deviation: f64,
}

impl Blobs {
    /// x, standardised by coordinate, and classes. Centres come before points from `random`, so that the same stream gives the same centres for every deviation.
    ///
    /// # Panics
    /// If there are more clusters than axes, or no class.
    pub fn draw(&self, random: &mut impl Rng) -> (Array2<f64>, Vec<usize>) {
        let d = self.dimension;
        assert!(
            self.classes > 0 && (self.geometry == Geometry::Box || self.clusters <= d),
            "clusters have centres and classes"
        );
        let centres = Array2::from_shape_fn((self.clusters, d), |(c, j)| match self.geometry {
            Geometry::Box => random.random_range(-10.0..10.0),
            Geometry::Axes => 5.0 * f64::from(u8::from(c == j)),
        });
        let mut x = Array2::from_shape_fn((self.points, d), |(i, j)| {
            let noise: f64 = StandardNormal.sample(random);
            centres[(i % self.clusters, j)] + self.deviation * noise
        });
        standardise(&mut x);
        (x, (0..self.points).map(|i| i % self.clusters % self.classes).collect())
    }
}

/// Every coordinate to mean 0 and deviation 1, at any scale; constant ones to 0.
pub fn standardise(x: &mut Array2<f64>) {
    for mut column in x.columns_mut() {
        // Neither squares of huge numbers nor those of tiny ones fit.
        let largest = column.iter().fold(0.0_f64, |m, a| m.max(a.abs()));
        if largest > 0.0 {
            column.mapv_inplace(|a| a / largest);
        }
        let (mean, deviation) = (column.mean().unwrap_or(0.0), column.std(0.0));
        column.mapv_inplace(|a| if deviation > 0.0 { (a - mean) / deviation } else { 0.0 });
    }
}

/// Weights and biases from 0.1 N(0, 1), as the authors' first program has them.
///
/// # Errors
/// For a width of 0.
pub fn small_network(
    widths: &[usize],
    activation: Activation,
    random: &mut impl Rng,
) -> Result<Network<f64>, PointError> {
    let mut network =
        Network::new(widths, activation, Parametrisation::Standard, Initialisation::Normal, random)?;
    network.parameters_mut().mapv_inplace(|p| 0.1 * p);
    Ok(network)
}

/// A point with cross-entropy from classes.
///
/// # Errors
/// As [`Point::new`].
///
/// # Panics
/// If a class is not below the network's outputs.
pub fn classified(network: Network<f64>, x: Array2<f64>, classes: &[usize]) -> Result<Point, PointError> {
    let y = one_hot(classes, network.outputs());
    Point::new(network, x, y, Loss::CrossEntropy)
}

/// Gradient descent over all rows until |g| ≤ `least` or the steps are spent; the point reached, the steps taken and |g| there.
///
/// # Errors
/// As soon as the gradient is not finite: the rate is too large.
pub fn descend(
    point: &Point,
    rate: f64,
    steps: usize,
    least: f64,
) -> Result<(Point, usize, f64), PointError> {
    let mut network = point.network().clone();
    let mut taken = 0;
    let size = loop {
        let (_, gradient) = network.loss_and_gradient(point.inputs(), point.targets(), point.loss())?;
        let size = gradient.dot(&gradient).sqrt();
        if !size.is_finite() {
            return Err(NetworkError::Diverged { step: taken }.into());
        }
        if size <= least || taken == steps {
            break size;
        }
        network.parameters_mut().scaled_add(-rate, &gradient);
        taken += 1;
    };
    Ok((point.at(network.parameters().to_owned())?, taken, size))
}

/// Steps on batches of consecutive rows, without shuffling, as the authors' first program; with momentum.
///
/// # Errors
/// As [`descend`].
///
/// # Panics
/// If the batch is empty.
pub fn descend_in_batches(
    point: &Point,
    (rate, momentum): (f64, f64),
    epochs: usize,
    batch: usize,
) -> Result<Point, PointError> {
    let mut network = point.network().clone();
    let mut velocity: Array1<f64> = Array1::zeros(network.parameters().len());
    let mut taken = 0;
    let rows: Vec<(Array2<f64>, Array2<f64>)> = point
        .inputs()
        .axis_chunks_iter(Axis(0), batch)
        .zip(point.targets().axis_chunks_iter(Axis(0), batch))
        .map(|(x, y)| (x.to_owned(), y.to_owned()))
        .collect();
    for _ in 0..epochs {
        for (x, y) in &rows {
            let (_, gradient) = network.loss_and_gradient(x.view(), y.view(), point.loss())?;
            velocity = velocity * momentum + gradient;
            network.parameters_mut().scaled_add(-rate, &velocity);
            taken += 1;
            if !velocity.sum().is_finite() {
                return Err(NetworkError::Diverged { step: taken }.into());
            }
        }
    }
    point.at(network.parameters().to_owned())
}

/// Images of 28 × 28 pixels pooled 4 × 4 to 49, less their mean, over their deviation.
///
/// # Panics
/// If the rows are not of 784 pixels.
pub fn pooled(images: &Array2<f64>) -> Array2<f64> {
    assert_eq!(images.ncols(), 784, "images of 28 × 28 pixels");
    let mut pooled = Array2::from_shape_fn((images.nrows(), 49), |(i, cell)| {
        let (top, left) = (cell / 7 * 4, cell % 7 * 4);
        (0..16).map(|k| images[(i, (top + k / 4) * 28 + left + k % 4)]).sum::<f64>() / 16.0
    });
    let (mean, deviation) = (pooled.mean().unwrap_or(0.0), pooled.std(0.0));
    pooled.mapv_inplace(|a| (a - mean) / deviation);
    pooled
}

/// The bulk of softmax regression at zero weights on normal data with γ = d/N, C classes: edges (1 ± √γ)²/C (Marchenko and Pastur).
pub fn bulk_edges(ratio: f64, classes: usize) -> (f64, f64) {
    let root = ratio.sqrt();
    ((1.0 - root).powi(2) / classes as f64, (1.0 + root).powi(2) / classes as f64)
}

/// Where cluster means ±μ add an outlier: (1 + |μ|²)(1 + γ/|μ|²)/C, if |μ|² > √γ (Baik, Ben Arous and Péché).
pub fn spike(square: f64, ratio: f64, classes: usize) -> Option<f64> {
    (square > ratio.sqrt()).then(|| (1.0 + square) * (1.0 + ratio / square) / classes as f64)
}
