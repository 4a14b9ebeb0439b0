//! The networks and data that experiments share.

use lab::{Failure, Random};
use ndarray::{Array2, ArrayView2, Axis};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::network::{Network, accuracy};
use crate::training::{Options, train};

/// Where images come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// 600 random strokes, for the tests.
    FewStrokes,
    /// 8000 random strokes of 14 × 14 pixels, a quarter for testing.
    Strokes,
    /// MNIST's 10,000 test images, 8000 of them for training.
    Mnist,
}

/// The shape of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Two hidden layers.
    Perceptron,
    /// Two convolutions.
    Convolutional,
    /// Six hidden layers, for mixed precision.
    Deep,
}

/// What names a trained network.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Key {
    /// Where images come from.
    pub source: Source,
    /// The network.
    pub shape: Shape,
    /// Which draw.
    pub replicate: u32,
}

/// Images with labels, and a network that was trained on them.
pub struct Problem {
    /// Training images, one a row.
    pub train: Array2<f32>,
    /// Their digits.
    pub train_labels: Vec<usize>,
    /// Test images.
    pub test: Array2<f32>,
    /// Their digits.
    pub test_labels: Vec<usize>,
    /// The trained network.
    pub network: Network,
    /// Its accuracy on test images.
    pub accuracy: f64,
}

impl Problem {
    /// Draws and trains; `None` where MNIST is not here.
    ///
    /// # Errors
    /// Files that are damaged, training that diverges.
    pub fn draw(key: Key, random: &Random) -> Result<Option<Self>, Failure> {
        let (mut images, mut weights) =
            (random.shared_stream("images", &key)?, random.shared_stream("weights", &key)?);
        Self::from_streams(key, &mut images, &mut weights)
    }

    /// The same with given random numbers.
    ///
    /// # Errors
    /// As for [`draw`](Self::draw).
    pub fn from_streams(
        key: Key,
        mut images: &mut impl Rng,
        mut weights: &mut impl Rng,
    ) -> Result<Option<Self>, Failure> {
        let (all, labels, testing) = match key.source {
            Source::FewStrokes => strokes(600, 200, &mut images),
            Source::Strokes => strokes(8_000, 2_000, &mut images),
            Source::Mnist => {
                let files = ["mnist/t10k-images-idx3-ubyte.gz", "mnist/t10k-labels-idx1-ubyte.gz"]
                    .map(lab::data_file);
                let [Some(images), Some(labels)] = files else { return Ok(None) };
                let images = digits::read(&images, 10_000)?.mapv(|pixel| pixel as f32);
                (images, digits::read_labels(&labels, 10_000)?, 2_000)
            }
        };
        let training = all.nrows() - testing;
        let (train_images, test) = all.view().split_at(Axis(0), training);
        let side = (all.ncols() as f64).sqrt() as usize;
        let mut network = match (key.shape, key.source) {
            (Shape::Perceptron, Source::Mnist) => Network::perceptron(&[784, 128, 64, 10], &mut weights)?,
            (Shape::Perceptron, _) => Network::perceptron(&[all.ncols(), 64, 32, 10], &mut weights)?,
            (Shape::Convolutional, _) => Network::convolutional(side, &[8, 16], 10, &mut weights)?,
            (Shape::Deep, _) => {
                Network::perceptron(&[all.ncols(), 64, 48, 48, 32, 32, 24, 10], &mut weights)?
            }
        };
        let epochs = if key.source == Source::FewStrokes { 20 } else { 12 };
        let options = Options { epochs, seed: key.replicate.into(), ..Options::default() };
        train(&mut network, train_images, &labels[..training], &options)?;
        let mut problem = Self {
            train: train_images.to_owned(),
            train_labels: labels[..training].to_vec(),
            test: test.to_owned(),
            test_labels: labels[training..].to_vec(),
            network,
            accuracy: f64::NAN,
        };
        problem.accuracy = problem.score(problem.network.forward(problem.test.view())?.view());
        Ok(Some(problem))
    }

    /// Share of test images that outputs classify right.
    pub fn score(&self, logits: ArrayView2<f32>) -> f64 {
        accuracy(logits, &self.test_labels)
    }

    /// The images that calibration sees: the first 500 of training.
    pub fn calibration(&self) -> ArrayView2<'_, f32> {
        self.train.slice(ndarray::s![..self.train.nrows().min(500), ..])
    }
}

/// Strokes that wobble much, averaged to half the side, with noise.
fn strokes(count: usize, testing: usize, random: &mut impl Rng) -> (Array2<f32>, Vec<usize>, usize) {
    let large = digits::strokes(count, 0.13, random);
    let side = digits::SIDE / 2;
    let images = Array2::from_shape_fn((count, side * side), |(i, place)| {
        let (row, column) = (place / side * 2, place % side * 2);
        let pixel = |r: usize, c: usize| large[(i, (row + r) * digits::SIDE + column + c)];
        let mean = (pixel(0, 0) + pixel(0, 1) + pixel(1, 0) + pixel(1, 1)) / 4.0;
        (mean + 0.15 * (random.random::<f64>() - 0.5)).clamp(0.0, 1.0) as f32
    });
    (images, (0..count).map(|i| i % 10).collect(), testing)
}
